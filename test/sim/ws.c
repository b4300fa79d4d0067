/* SPDX-License-Identifier: MIT */
/* The clients' websockets: RFC 6455, section 5. */
#include "sim.h"

#include <string.h>

static void send_frame(struct wire *w, unsigned first, const uint8_t *data,
                       size_t len)
{
  uint8_t head[14];
  uint64_t key = sim_random(&w->client->net);
  struct bytes frame = {0};
  uint8_t *p;
  size_t n = 2;

  head[0] = (uint8_t)first;
  if (len < 126) {
    head[1] = (uint8_t)(0x80 | len);
  } else if (len < 65536) {
    head[1] = 0x80 | 126;
    head[2] = (uint8_t)(len >> 8);
    head[3] = (uint8_t)len;
    n = 4;
  } else {
    head[1] = 0x80 | 127;
    for (size_t i = 0; i < 8; i++)
      head[2 + i] = (uint8_t)((uint64_t)len >> (56 - 8 * i));
    n = 10;
  }
  memcpy(head + n, &key, 4);
  bytes_add(&frame, head, n + 4);
  bytes_add(&frame, data, len);
  p = bytes_at(&frame) + n + 4;
  for (size_t i = 0; i < len; i++)
    p[i] ^= head[n + i % 4];
  wire_write(w, bytes_at(&frame), frame.len);
  bytes_free(&frame);
}

/* Now and then in fragments, with a ping between them. */
void ws_send(struct wire *w, unsigned opcode, const void *data, size_t len)
{
  struct rng *rng = &w->client->net;
  size_t cut;

  if (opcode >= 8 || len < 2 || !chance(rng, 60)) {
    send_frame(w, 0x80 | opcode, data, len);
    return;
  }
  cut = pick(rng, (uint32_t)len);
  send_frame(w, opcode, data, cut);
  if (chance(rng, 300))
    send_frame(w, 0x89, (const uint8_t *)"between", 7);
  send_frame(w, 0x80, (const uint8_t *)data + cut, len - cut);
}

/* The length of the head, and of what follows; 0: more is needed. */
static size_t frame_head(const struct wire *w, uint64_t *len)
{
  const uint8_t *p = bytes_at(&w->in);
  size_t n = 2, more;

  if (w->in.len < 2)
    return 0;
  *len = p[1] & 0x7f;
  more = *len == 126 ? 2 : *len == 127 ? 8 : 0;
  if (w->in.len < n + more)
    return 0;
  if (more > 0)
    *len = 0;
  for (size_t i = 0; i < more; i++)
    *len = *len << 8 | p[n + i];
  return n + more;
}

void ws_receive(struct wire *w)
{
  struct sim *sim = w->client->sim;
  struct bytes copy = {0};
  uint64_t len;
  size_t n;

  while (w->client_open && (n = frame_head(w, &len)) > 0 &&
         w->in.len - n >= len) {
    unsigned first = bytes_at(&w->in)[0], second = bytes_at(&w->in)[1];

    if ((first & 0xf0) != 0x80 || (second & 0x80) != 0)
      sim_fail(sim, "frame", "a frame begins with %02x %02x", first, second);
    if ((first & 0x0f) > 10 || ((first & 0x0f) > 2 && (first & 0x0f) < 8))
      sim_fail(sim, "frame", "opcode %u", first & 0x0f);
    bytes_take(&copy, copy.len);
    bytes_add(&copy, bytes_at(&w->in) + n, len);
    bytes_add(&copy, "", 1);
    bytes_take(&w->in, n + len);
    client_message(w, first & 0x0f, bytes_at(&copy), len);
  }
  bytes_free(&copy);
}
