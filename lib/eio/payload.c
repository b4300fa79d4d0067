/* SPDX-License-Identifier: MIT */
/* Polling payloads: taking them apart and putting them together. */
#include "eio/payload.h"

#include "base/base64.h"
#include <sio/error.h>

enum { COPY_BELOW = 1024 }; /* smaller packets are gathered */

void sio__payload_begin(struct sio__payload_iter *iter, char *data, size_t len)
{
  iter->at = data;
  iter->end = len > 0 ? data + len : data;
  iter->more = true;
}

bool sio__payload_next(struct sio__payload_iter *iter, char **packet,
                       size_t *len)
{
  size_t left = (size_t)(iter->end - iter->at);
  char *stop = left > 0 ? memchr(iter->at, SIO__PAYLOAD_SEPARATOR, left) : NULL;

  if (!iter->more)
    return false;
  iter->more = stop != NULL;
  *packet = iter->at;
  *len = stop != NULL ? (size_t)(stop - iter->at) : left;
  iter->at = stop != NULL ? stop + 1 : iter->end;
  return true;
}

static int write_binary(const struct sio__queued *item, struct sio__outq *out)
{
  size_t size = 1 + sio__base64_size(item->len);
  uint8_t *room = sio__outq_reserve(out, size);

  if (room == NULL)
    return SIO_ERR_NOMEM;
  room[0] = 'b';
  sio__base64_encode(item->chunk->data + item->off, item->len,
                     (char *)room + 1);
  sio__outq_commit(out, size);
  return 0;
}

static int write_text(const struct sio__queued *item, struct sio__outq *out)
{
  if (item->len < COPY_BELOW)
    return sio__outq_append(out, item->chunk->data + item->off, item->len);
  return sio__outq_push(out, item->chunk, item->off, item->len);
}

int sio__payload_write(const struct sio__packetq *q, uint32_t count,
                       struct sio__outq *out)
{
  static const char separator = SIO__PAYLOAD_SEPARATOR;

  for (uint32_t i = 0; i < count; i++) {
    const struct sio__queued *item = &q->items[i];
    bool binary = (item->flags & SIO_SEND_BINARY) != 0;

    if (i > 0 && sio__outq_append(out, &separator, 1) != 0)
      return SIO_ERR_NOMEM;
    if ((binary ? write_binary(item, out) : write_text(item, out)) != 0)
      return SIO_ERR_NOMEM;
  }
  return 0;
}

void sio__payload_collect(const struct sio__packetq *q, uint32_t count,
                          struct sio__buf *out)
{
  for (uint32_t i = 0; i < count; i++) {
    const struct sio__queued *item = &q->items[i];
    const uint8_t *data = item->chunk->data + item->off;
    size_t size = sio__base64_size(item->len);
    uint8_t *room;

    if (i > 0)
      sio__buf_byte(out, SIO__PAYLOAD_SEPARATOR);
    if ((item->flags & SIO_SEND_BINARY) == 0) {
      sio__buf_append(out, data, item->len);
      continue;
    }
    sio__buf_byte(out, 'b');
    room = sio__buf_reserve(out, size);
    if (room == NULL)
      return;
    sio__base64_encode(data, item->len, (char *)room);
    sio__buf_commit(out, size);
  }
}
