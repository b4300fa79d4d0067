/* SPDX-License-Identifier: MIT */
/* A growing byte buffer with a maximum. */
#include "base/buf.h"

#include <sio/error.h>

#include "base/mem.h"

enum {
  FIRST_CAP = 64,
  U64_DIGITS = 20 /* of UINT64_MAX */
};

/* The next capacity that holds `need` bytes, which is at most `max`: doubled,
 * so that appending costs the same per byte however long it gets. */
static size_t next_cap(const struct sio__buf *buf, size_t need)
{
  size_t cap = buf->cap <= buf->max / 2 ? buf->cap * 2 : buf->max;

  if (cap < FIRST_CAP)
    cap = FIRST_CAP;
  if (cap > buf->max)
    cap = buf->max;
  return cap > need ? cap : need;
}

void sio__buf_init(struct sio__buf *buf, const sio_allocator *mem, size_t max)
{
  buf->data = NULL;
  buf->len = 0;
  buf->cap = 0;
  buf->max = max;
  buf->mem = mem;
  buf->error = 0;
}

void sio__buf_dispose(struct sio__buf *buf)
{
  sio__buf_reset(buf, 0);
}

void sio__buf_reset(struct sio__buf *buf, size_t keep)
{
  buf->len = 0;
  buf->error = 0;
  if (buf->cap <= keep)
    return;
  sio__mem_free(buf->mem, buf->data, buf->cap);
  buf->data = NULL;
  buf->cap = 0;
}

uint8_t *sio__buf_grow(struct sio__buf *buf, size_t len)
{
  size_t cap;
  uint8_t *data;

  if (buf->error != 0)
    return NULL;
  if (buf->data != NULL && len <= buf->cap - buf->len)
    return buf->data + buf->len;
  if (len == 0)
    len = 1; /* room for nothing is not NULL, either */
  if (buf->len > buf->max || len > buf->max - buf->len) {
    buf->error = SIO_ERR_LIMIT;
    return NULL;
  }

  cap = next_cap(buf, buf->len + len);
  data = sio__mem_alloc(buf->mem, cap);
  if (data == NULL) {
    buf->error = SIO_ERR_NOMEM;
    return NULL;
  }
  if (buf->len > 0)
    memcpy(data, buf->data, buf->len); /* what is used, not the capacity */
  sio__mem_free(buf->mem, buf->data, buf->cap);
  buf->data = data;
  buf->cap = cap;
  return data + buf->len;
}

void sio__buf_text(struct sio__buf *buf, const char *text)
{
  sio__buf_append(buf, text, strlen(text));
}

void sio__buf_u64(struct sio__buf *buf, uint64_t number)
{
  char digits[U64_DIGITS];
  size_t at = sizeof digits;

  do {
    digits[--at] = (char)('0' + number % 10);
    number /= 10;
  } while (number > 0);
  sio__buf_append(buf, digits + at, sizeof digits - at);
}
