/* SPDX-License-Identifier: MIT */
/* The first message of each session. */
#include "core/initial.h"

#include "base/mem.h"
#include "json/string.h"
#include "proto/decode.h"
#include "proto/msgpack.h"

/* The whole payload of a packet. */
static void write_payload(struct sio__buf *out,
                          const struct sio__packet *packet)
{
  bool is_event = packet->type == PACKET_EVENT;
  bool is_list = is_event || packet->type == PACKET_ACK;

  if (is_list)
    sio__buf_byte(out, '[');
  if (is_event) /* it is valid UTF-8 */
    (void)sio__json_quote(out, packet->event.data, packet->event.len);
  if (is_event && packet->json.len > 0)
    sio__buf_byte(out, ',');
  sio__buf_append(out, packet->json.data, packet->json.len);
  if (is_list)
    sio__buf_byte(out, ']');
}

static int pack(struct sio_server *server, const struct sio__packet *packet)
{
  struct sio__buf *out = &server->initial;
  struct sio__buf payload;
  sio_str json;

  sio__buf_init(&payload, &server->mem, SIZE_MAX);
  write_payload(&payload, packet);
  json.data = (const char *)payload.data;
  json.len = payload.len;
  out->error = payload.error;
  sio__msgpack_encode(out, packet->type, packet->nsp, packet->has_id,
                      packet->id, json, NULL, 0);
  sio__buf_dispose(&payload);
  return out->error;
}

int sio__initial_pack(struct sio_server *server)
{
  const sio_server_options *options = &server->options;
  const struct sio__packet_limits limits = {options->max_attachments,
                                            options->max_json_depth};
  size_t len = strlen(options->initial_message);
  char *text = sio__mem_alloc(&server->mem, len + 1);
  sio_message *initial = &server->engine.initial;
  struct sio__packet packet;
  const char *why;
  sio_cause cause;
  int rv = SIO_ERR_INVALID;

  if (text == NULL)
    return SIO_ERR_NOMEM;
  memcpy(text, options->initial_message, len + 1);
  if (sio__packet_decode(text, len, &limits, &packet, &why, &cause) == 0 &&
      packet.attachments == 0)
    rv = pack(server, &packet);
  sio__mem_free(&server->mem, text, len + 1);
  if (rv != 0)
    return rv;
  initial->binary = true;
  initial->data.data = server->initial.data;
  initial->data.len = server->initial.len;
  return 0;
}
