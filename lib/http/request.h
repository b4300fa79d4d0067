/* SPDX-License-Identifier: MIT */
#ifndef SIO_HTTP_REQUEST_H
#define SIO_HTTP_REQUEST_H

/* The head of a request (RFC 9112): request line and header fields. */

#include <sio/types.h>

/* Offsets into the text of the head; names are in lower case. */
struct sio__http_field {
  uint16_t name, name_len;
  uint16_t value, value_len;
};

/* A view: what it points to belongs to a parser or to a packed block. */
struct sio__http_head {
  const char *text; /* the request target is at its start */
  const struct sio__http_field *fields;
  uint16_t n_fields;
  uint16_t text_len;
  uint16_t target_len;
  uint16_t path_len;  /* of the target, up to '?' */
  const char *method; /* constant, upper case, NUL-terminated */
  uint8_t minor;      /* of HTTP/1.minor */
  bool keep_alive;
  bool wants_upgrade;    /* Connection: upgrade and an Upgrade header */
  bool wants_websocket;  /* likewise, and it names websocket */
  bool expects_continue; /* Expect: 100-continue, on HTTP/1.1 */
  bool has_length;       /* a Content-Length is given */
  uint64_t content_length;
};

static inline sio_str sio__http_target(const struct sio__http_head *head)
{
  sio_str s = {head->text, head->target_len};

  return s;
}

static inline sio_str sio__http_path(const struct sio__http_head *head)
{
  sio_str s = {head->text, head->path_len};

  return s;
}

/* What is behind '?', without it; empty if there is none. */
sio_str sio__http_query(const struct sio__http_head *head);

/* Whether bytes of a body follow. */
bool sio__http_has_body(const struct sio__http_head *head);

/* The value of a header; `name` in lower case.  Of several the first.  False
 * if it is missing. */
bool sio__http_header(const struct sio__http_head *head, const char *name,
                      sio_str *value);

/* Header `i` (from 0); false if there are no more. */
bool sio__http_header_at(const struct sio__http_head *head, size_t i,
                         sio_str *name, sio_str *value);

/* Whether a comma-separated header has the token, in any case. */
bool sio__http_has_token(sio_str value, const char *token);

/* Copy a head into one packed block that outlives the parser; `*view` shows
 * it and is ended by sio__http_head_free().  0 or SIO_ERR_NOMEM. */
int sio__http_head_pack(const struct sio__http_head *head,
                        const sio_allocator *mem, struct sio__http_head *view);
void sio__http_head_free(struct sio__http_head *view, const sio_allocator *mem);

/* Take the next parameter of the query from `*at` on (0 at first), as it is
 * written; false: no more. */
bool sio__http_param_next(sio_str query, size_t *at, sio_str *name,
                          sio_str *value);

/* Decode such a text into `out`, where there is room for its length; the
 * length of what is written. */
size_t sio__http_decode(sio_str text, char *out);

/* Find a parameter in application/x-www-form-urlencoded text ('+' is a space,
 * %XX is decoded, a malformed %-sequence stays as it is); of duplicates the
 * last.  Writes at most `cap` bytes into `out`, `*len` is the whole length.
 * False if it is missing. */
bool sio__http_param(sio_str query, const char *name, char *out, size_t cap,
                     size_t *len);

/* A parameter of the query as NUL-terminated text.  0; SIO_ERR_NOT_FOUND, or
 * SIO_ERR_LIMIT (it does not fit in `cap` bytes), and the text is empty. */
int sio__http_param_text(const struct sio__http_head *head, const char *name,
                         char *out, size_t cap);

#endif
