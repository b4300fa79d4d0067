/* SPDX-License-Identifier: MIT */
#ifndef SIO_HTTP_RESPONSE_H
#define SIO_HTTP_RESPONSE_H

/* Response heads (RFC 9112), written into a buffer. */

#include "base/buf.h"

enum { SIO__HTTP_STATUS_MOST = 64 }; /* bytes of a status line */

/* "OK" for 200; "Unknown" for what has no name. */
const char *sio__http_status_text(int status);

/* "HTTP/1.1 200 OK\r\n", for 100 to 999; the second into a place for
 * SIO__HTTP_STATUS_MOST bytes, and returns how many it took. */
void sio__http_write_status(struct sio__buf *out, int status);
size_t sio__http_put_status(uint8_t *out, int status);

/* "Name: value\r\n" */
void sio__http_write_header(struct sio__buf *out, const char *name,
                            const char *value);
void sio__http_write_header_str(struct sio__buf *out, sio_str name,
                                sio_str value);

/* "Content-Length: n\r\n" */
void sio__http_write_length(struct sio__buf *out, uint64_t length);

/* "\r\n" */
void sio__http_write_end(struct sio__buf *out);

/* Whether a name is an RFC 9110 token, and a value has no control character
 * but tabs: what a host may put into a header. */
bool sio__http_name_is_valid(sio_str name);
bool sio__http_value_is_valid(sio_str value);

#endif
