/* SPDX-License-Identifier: MIT */
/* Response heads, and what may stand in a header. */
#include "http/response.h"

const char *sio__http_status_text(int status)
{
  switch (status) {
  case 100:
    return "Continue";
  case 101:
    return "Switching Protocols";
  case 200:
    return "OK";
  case 204:
    return "No Content";
  case 304:
    return "Not Modified";
  case 400:
    return "Bad Request";
  case 401:
    return "Unauthorized";
  case 403:
    return "Forbidden";
  case 404:
    return "Not Found";
  case 405:
    return "Method Not Allowed";
  case 408:
    return "Request Timeout";
  case 413:
    return "Payload Too Large";
  case 426:
    return "Upgrade Required";
  case 429:
    return "Too Many Requests";
  case 431:
    return "Request Header Fields Too Large";
  case 500:
    return "Internal Server Error";
  case 501:
    return "Not Implemented";
  case 503:
    return "Service Unavailable";
  default:
    return "Unknown";
  }
}

void sio__http_write_status(struct sio__buf *out, int status)
{
  sio__buf_append(out, "HTTP/1.1 ", 9);
  sio__buf_u64(out, status > 0 ? (uint64_t)status : 0);
  sio__buf_byte(out, ' ');
  sio__buf_text(out, sio__http_status_text(status));
  sio__http_write_end(out);
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

static bool is_token_char(char c)
{
  return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') ||
         (c >= 'a' && c <= 'z') ||
         (c != '\0' && strchr("!#$%&'*+-.^_`|~", c) != NULL);
}

bool sio__http_name_is_valid(sio_str name)
{
  for (size_t i = 0; i < name.len; i++) {
    if (!is_token_char(name.data[i]))
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
