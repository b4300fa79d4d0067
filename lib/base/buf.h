/* SPDX-License-Identifier: MIT */
#ifndef SIO_BASE_BUF_H
#define SIO_BASE_BUF_H

/* A growing byte buffer with a maximum.  The first error sticks: later
 * appends do nothing, and whoever uses the bytes asks for `error` once. */

#include <sio/types.h>

struct sio__buf {
  uint8_t *data;
  size_t len;
  size_t cap;
  size_t max; /* it never grows beyond this */
  const sio_allocator *mem;
  int error; /* 0, SIO_ERR_NOMEM, or SIO_ERR_LIMIT: more than `max` */
};

/* Allocates nothing.  `mem` is borrowed as long as the buffer lives. */
void sio__buf_init(struct sio__buf *buf, const sio_allocator *mem, size_t max);
void sio__buf_dispose(struct sio__buf *buf);

/* Make it empty and forget the error; keeps at most `keep` bytes of memory. */
void sio__buf_reset(struct sio__buf *buf, size_t keep);

/* Room for `len` more bytes behind the end, or NULL (`error` is set).  What
 * was written there counts after sio__buf_commit().  sio__buf_grow() is what
 * sio__buf_reserve() does when the place at hand may not be enough. */
uint8_t *sio__buf_grow(struct sio__buf *buf, size_t len);

static inline uint8_t *sio__buf_reserve(struct sio__buf *buf, size_t len)
{
  if (buf->cap - buf->len > len && buf->error == 0)
    return buf->data + buf->len;
  return sio__buf_grow(buf, len);
}

static inline void sio__buf_commit(struct sio__buf *buf, size_t len)
{
  buf->len += len;
}

static inline void sio__buf_append(struct sio__buf *buf, const void *data,
                                   size_t len)
{
  uint8_t *room = len > 0 ? sio__buf_reserve(buf, len) : NULL;

  if (room != NULL) {
    memcpy(room, data, len);
    buf->len += len;
  }
}

static inline void sio__buf_byte(struct sio__buf *buf, uint8_t byte)
{
  uint8_t *room = sio__buf_reserve(buf, 1);

  if (room != NULL) {
    *room = byte;
    buf->len++;
  }
}

/* Append a NUL-terminated string, without the NUL. */
void sio__buf_text(struct sio__buf *buf, const char *text);

/* Append a number in decimal. */
void sio__buf_u64(struct sio__buf *buf, uint64_t number);

#endif
