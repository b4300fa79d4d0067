/* SPDX-License-Identifier: MIT */
/*
 * Reassembly.  One block holds the struct, the packet's text, and the spans
 * of the attachments; each attachment is a block of its own:
 *
 *   | struct | nsp event json | pad | span span span |
 */
#include "proto/binary.h"

#include <stdalign.h>

#include "base/mem.h"

/* Copy a text to `*to` and let the span point there. */
static void move_in(sio_str *s, char **to)
{
  if (s->len > 0)
    memcpy(*to, s->data, s->len);
  s->data = *to;
  *to += s->len;
}

struct sio__reassembly *sio__reassembly_new(const sio_allocator *mem,
                                            const struct sio__packet *packet)
{
  size_t text = packet->nsp.len + packet->event.len + packet->json.len;
  size_t spans = offsetof(struct sio__reassembly, text) + text;
  struct sio__reassembly *r;
  char *to;

  spans = (spans + alignof(sio_span) - 1) & ~(alignof(sio_span) - 1);
  if (packet->attachments > (SIZE_MAX - spans) / sizeof(sio_span))
    return NULL;
  r = sio__mem_alloc(mem, spans + packet->attachments * sizeof(sio_span));
  if (r == NULL)
    return NULL;

  r->mem = mem;
  r->size = spans + packet->attachments * sizeof(sio_span);
  r->packet = *packet;
  r->bytes = 0;
  r->have = 0;
  r->attachments = (sio_span *)(void *)((char *)r + spans);
  to = r->text;
  move_in(&r->packet.nsp, &to);
  move_in(&r->packet.event, &to);
  move_in(&r->packet.json, &to);
  return r;
}

void sio__reassembly_free(struct sio__reassembly *r)
{
  if (r == NULL)
    return;
  for (unsigned i = 0; i < r->have; i++) {
    if (r->attachments[i].len > 0)
      sio__mem_free(r->mem, (void *)r->attachments[i].data,
                    r->attachments[i].len);
  }
  sio__mem_free(r->mem, r, r->size);
}

int sio__reassembly_add(struct sio__reassembly *r, const uint8_t *data,
                        size_t len, uint64_t max_bytes)
{
  uint8_t *copy = NULL;

  if (sio__reassembly_is_whole(r))
    return SIO_ERR_STATE;
  if (r->bytes > max_bytes || len > max_bytes - r->bytes)
    return SIO_ERR_LIMIT;
  if (len > 0) {
    copy = sio__mem_alloc(r->mem, len);
    if (copy == NULL)
      return SIO_ERR_NOMEM;
    memcpy(copy, data, len);
  }
  r->attachments[r->have].data = copy;
  r->attachments[r->have].len = len;
  r->have++;
  r->bytes += len;
  return 0;
}
