/* SPDX-License-Identifier: MIT */
/* Texts of error codes, reasons and causes, from the lists in the header. */
#include <sio/error.h>
#include <sio/version.h>

const char *sio_strerror(int error)
{
  switch (error) {
  case SIO_OK:
    return "no error";
#define TEXT(name, value, text)                                                \
  case value:                                                                  \
    return text;
    SIO_ERROR_LIST(TEXT)
  default:
    return "unknown error";
  }
}

const char *sio_reason_text(sio_reason reason)
{
  switch ((int)reason) {
    SIO_REASON_LIST(TEXT)
  default:
    return "";
  }
}

const char *sio_cause_text(sio_cause cause)
{
  switch ((int)cause) {
    SIO_CAUSE_LIST(TEXT)
#undef TEXT
  default:
    return "unknown cause";
  }
}

const char *sio_version(void)
{
  return SIO_VERSION;
}
