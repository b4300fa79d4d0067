/* SPDX-License-Identifier: MIT */
/* Errors of tokens and keys, in words. */
#include <sio/jwt.h>

const char *sio_jwt_error_word(int error)
{
  switch (error) {
  case SIO_OK:
    return "ok";
  case SIO_ERR_NOMEM:
    return "out_of_memory";
#define WORD(name, value, word, text)                                          \
  case value:                                                                  \
    return word;
    SIO_JWT_ERROR_LIST(WORD)
#undef WORD
  default:
    return "failed";
  }
}

const char *sio_jwt_strerror(int error)
{
  switch (error) {
#define TEXT(name, value, word, text)                                          \
  case value:                                                                  \
    return text;
    SIO_JWT_ERROR_LIST(TEXT)
#undef TEXT
  default:
    return sio_strerror(error);
  }
}
