/* SPDX-License-Identifier: MIT */
/* Response heads, and what may stand in a header. */
#include "http/response.h"

#include "base/ascii.h"

/* Of each hundred the texts in order (RFC 9110 section 15, RFC 6585). */
static const char *const texts_1xx[] = {"Continue", "Switching Protocols"};
static const char *const texts_2xx[] = {
    "OK",
    "Created",
    "Accepted",
    "Non-Authoritative Information",
    "No Content",
    "Reset Content",
    "Partial Content",
};
static const char *const texts_3xx[] = {
    "Multiple Choices",   "Moved Permanently", "Found", "See Other",
    "Not Modified",       "Use Proxy",         NULL,    "Temporary Redirect",
    "Permanent Redirect",
};
static const char *const texts_4xx[] = {
    "Bad Request",
    "Unauthorized",
    "Payment Required",
    "Forbidden",
    "Not Found",
    "Method Not Allowed",
    "Not Acceptable",
    "Proxy Authentication Required",
    "Request Timeout",
    "Conflict",
    "Gone",
    "Length Required",
    "Precondition Failed",
    "Payload Too Large",
    "URI Too Long",
    "Unsupported Media Type",
    "Range Not Satisfiable",
    "Expectation Failed",
    NULL,
    NULL,
    NULL,
    "Misdirected Request",
    "Unprocessable Content",
    "Locked",
    "Failed Dependency",
    "Too Early",
    "Upgrade Required",
    NULL,
    "Precondition Required",
    "Too Many Requests",
    NULL,
    "Request Header Fields Too Large",
};
static const char *const texts_5xx[] = {
    "Internal Server Error",
    "Not Implemented",
    "Bad Gateway",
    "Service Unavailable",
    "Gateway Timeout",
    "HTTP Version Not Supported",
    NULL,
    "Insufficient Storage",
};

#define HUNDRED(texts)                                                         \
  {                                                                            \
    texts, sizeof texts / sizeof *texts                                        \
  }

static const struct {
  const char *const *texts;
  size_t n;
} hundreds[] = {
    HUNDRED(texts_1xx), HUNDRED(texts_2xx), HUNDRED(texts_3xx),
    HUNDRED(texts_4xx), HUNDRED(texts_5xx),
};

const char *sio__http_status_text(int status)
{
  const char *text = NULL;

  if (status == 451)
    return "Unavailable For Legal Reasons";
  if (status >= 100 && status < 600) {
    size_t hundred = (size_t)status / 100 - 1, i = (size_t)status % 100;

    if (i < hundreds[hundred].n)
      text = hundreds[hundred].texts[i];
  }
  return text != NULL ? text : "Unknown";
}

size_t sio__http_put_status(uint8_t *out, int status)
{
  static const char version[] = "HTTP/1.1 ";
  const char *text = sio__http_status_text(status);
  size_t len = strlen(text);
  uint8_t *at = out + sizeof version - 1;

  memcpy(out, version, sizeof version - 1);
  *at++ = (uint8_t)('0' + status / 100);
  *at++ = (uint8_t)('0' + status / 10 % 10);
  *at++ = (uint8_t)('0' + status % 10);
  *at++ = ' ';
  memcpy(at, text, len);
  memcpy(at + len, "\r\n", 2);
  return (size_t)(at - out) + len + 2;
}

void sio__http_write_status(struct sio__buf *out, int status)
{
  uint8_t line[SIO__HTTP_STATUS_MOST];

  sio__buf_append(out, line, sio__http_put_status(line, status));
}

void sio__http_write_header(struct sio__buf *out, const char *name,
                            const char *value)
{
  sio__http_write_header_str(out, sio_s(name), sio_s(value));
}

void sio__http_write_header_str(struct sio__buf *out, sio_str name,
                                sio_str value)
{
  sio__buf_append(out, name.data, name.len);
  sio__buf_append(out, ": ", 2);
  sio__buf_append(out, value.data, value.len);
  sio__http_write_end(out);
}

void sio__http_write_length(struct sio__buf *out, uint64_t length)
{
  sio__buf_append(out, "Content-Length: ", 16);
  sio__buf_u64(out, length);
  sio__http_write_end(out);
}

void sio__http_write_end(struct sio__buf *out)
{
  sio__buf_append(out, "\r\n", 2);
}

bool sio__http_name_is_valid(sio_str name)
{
  for (size_t i = 0; i < name.len; i++) {
    if (!sio__is_token_char(name.data[i]))
      return false;
  }
  return name.len > 0;
}

bool sio__http_value_is_valid(sio_str value)
{
  for (size_t i = 0; i < value.len; i++) {
    unsigned char c = (unsigned char)value.data[i];

    if ((c < 0x20 && c != '\t') || c == 0x7f)
      return false;
  }
  return true;
}
