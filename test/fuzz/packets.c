/* SPDX-License-Identifier: MIT */
/*
 * What carries packets, and packets.  The first byte picks one:
 *
 *   3 b j   polling payloads of protocol 3: text, binary, and in a form
 *   4       those of protocol 4
 *   t m     packets of Socket.IO: text, MessagePack
 *   w       frames of a websocket, also compressed, in pieces
 */
#include <stdlib.h>

#include "base/mem.h"
#include "eio/jsonp.h"
#include "eio/payload.h"
#include "eio/payload3.h"
#include "json/read.h"
#include "json/scan.h"
#include "proto/msgpack.h"
#include "ws/deflate.h"
#include "ws/message.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct sio__packet_limits limits = {.max_attachments = 4,
                                                 .max_depth = 64};

static void must(bool holds)
{
  if (!holds)
    abort();
}

static bool is_within(const void *part, size_t len, const void *all,
                      size_t size)
{
  const char *at = part, *begin = all;

  return len == 0 || (at >= begin && at + len <= begin + size);
}

/* ---- Payloads ---- */

static void read_payload(char *text, size_t len)
{
  struct sio__payload_iter iter;
  size_t sum = 0, n = 0, packet_len;
  char *packet;

  for (sio__payload_begin(&iter, text, len);
       sio__payload_next(&iter, &packet, &packet_len); n++) {
    must(is_within(packet, packet_len, text, len));
    sum += packet_len;
  }
  must(n > 0 ? sum + n - 1 == len : len == 0);
}

static void read_payload3(char *text, size_t len, bool binary)
{
  struct sio__payload3_iter iter;
  enum sio__payload3_item item;
  size_t packet_len = 0;
  char *packet = NULL;

  sio__payload3_begin(&iter, text, len, binary);
  while ((item = sio__payload3_next(&iter, &packet, &packet_len)) !=
         PAYLOAD3_END) {
    if (item == PAYLOAD3_BAD)
      must(sio__payload3_next(&iter, &packet, &packet_len) == PAYLOAD3_END);
    if (item == PAYLOAD3_BAD)
      return;
    must(packet_len > 0 && is_within(packet, packet_len, text, len));
  }
}

static void read_form(char *text, size_t len)
{
  sio_str payload;

  if (sio__jsonp_read(text, len, &payload)) {
    must(is_within(payload.data, payload.len, text, len));
    read_payload3((char *)(uintptr_t)payload.data, payload.len, false);
  }
}

/* ---- Packets ---- */

/* Read all of a value. */
static void walk(sio_value value, unsigned depth)
{
  sio_iter iter = sio_value_iter(value);
  sio_value key, each;

  must(depth < 70);
  (void)sio_value_str(value);
  (void)sio_value_json(value);
  while (sio_iter_next(&iter, &key, &each))
    walk(each, depth + 1);
}

static void read_args(const struct sio__packet *packet,
                      const sio_span *attachments)
{
  struct sio_args args;

  sio__document_init(&args.document, packet->json.data, packet->json.len,
                     &sio__mem_default);
  args.document.attachments = attachments;
  args.document.n_attachments = packet->attachments;
  if (attachments == NULL ||
      sio__document_check_placeholders(&args.document) == 0) {
    for (size_t i = 0; sio_arg(&args, i).text != NULL; i++)
      walk(sio_arg(&args, i), 0);
  }
  sio__document_dispose(&args.document);
}

static void read_text(char *text, size_t len)
{
  static const uint8_t bytes[] = {1};
  static const sio_span attachments[] = {
      {bytes, 1}, {bytes, 1}, {NULL, 0}, {bytes, 1}};
  struct sio__packet packet;
  const char *why = NULL;
  sio_cause cause;

  if (sio__packet_decode(text, len, &limits, &packet, &why, &cause) != 0)
    must(why != NULL);
  else
    read_args(&packet, packet.attachments > 0 ? attachments : NULL);
}

/* What was read is written, and read again. */
static void read_msgpack(const uint8_t *data, size_t len)
{
  struct sio__packet packet, again;
  struct sio__msgpack_in in, second;
  const char *why = NULL;
  struct sio__buf out;
  sio_cause cause;

  sio__msgpack_in_init(&in, &sio__mem_default);
  sio__msgpack_in_init(&second, &sio__mem_default);
  sio__buf_init(&out, &sio__mem_default, SIZE_MAX);
  if (sio__msgpack_decode(data, len, &limits, &in, &packet, &why, &cause) !=
      0) {
    must(why != NULL);
  } else if (packet.type == PACKET_ACK) {
    read_args(&packet, in.attachments);
    sio__buf_byte(&second.text, '[');
    sio__buf_append(&second.text, packet.json.data, packet.json.len);
    sio__buf_byte(&second.text, ']');
    must(sio__json_check((char *)second.text.data, second.text.len, 64, NULL) ==
         0);
    sio__msgpack_encode(&out, packet.type, packet.nsp, packet.has_id, packet.id,
                        (sio_str){(char *)second.text.data, second.text.len},
                        in.attachments, in.n_attachments);
    must(out.error == 0);
    must(sio__msgpack_decode(out.data, out.len, &limits, &second, &again, &why,
                             &cause) == 0);
    must(again.json.len == packet.json.len && again.id == packet.id);
    must(again.attachments == packet.attachments);
  } else {
    read_args(&packet, in.attachments);
  }
  sio__buf_dispose(&out);
  sio__msgpack_in_dispose(&in);
  sio__msgpack_in_dispose(&second);
}

/* ---- Frames ---- */

static void read_piece(struct sio__ws_reader *reader, uint8_t *data, size_t len)
{
  struct sio__ws_event event;
  size_t used;

  do {
    sio__ws_read(reader, data, len, &used, &event);
    must(used <= len);
    data += used;
    len -= used;
    must(event.type == WS_MORE || event.type == WS_ERROR || event.len <= 4096);
  } while (event.type != WS_MORE && event.type != WS_ERROR);
}

/* The first byte tells the size of pieces, and whether messages may be
 * compressed, with a window that is kept or not. */
static void read_frames(uint8_t *data, size_t len)
{
  static const struct sio__ws_limits bounds = {4096, 8};
  struct sio__ws_deflate_params params = {false, false, 15, 15};
  sio_deflate_options options;
  struct sio__ws_deflate *deflate;
  struct sio__ws_codec *codec;
  struct sio__ws_reader reader;
  size_t piece;

  if (len == 0)
    return;
  sio_deflate_options_init(&options);
  codec = sio__ws_codec_new(&options, &sio__mem_default);
  params.client_takeover = (data[0] & 64) != 0;
  deflate = codec != NULL ? sio__ws_deflate_new(codec, &params) : NULL;
  must(deflate != NULL);
  sio__ws_reader_init(&reader, &sio__mem_default, &bounds);
  if ((data[0] & 128) != 0)
    sio__ws_reader_inflate(&reader, deflate);
  piece = data[0] & 63;
  for (size_t at = 1; at < len;) {
    size_t n = piece > 0 && piece < len - at ? piece : len - at;
    uint8_t *copy = malloc(n);

    must(copy != NULL);
    memcpy(copy, data + at, n);
    read_piece(&reader, copy, n);
    free(copy);
    at += n;
  }
  sio__ws_reader_dispose(&reader);
  sio__ws_deflate_free(deflate);
  sio__ws_codec_free(codec);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  char *copy;

  if (size == 0)
    return 0;
  copy = malloc(size - 1 + (size == 1));
  must(copy != NULL);
  memcpy(copy, data + 1, size - 1);
  switch (data[0]) {
  case '3':
  case 'b':
    read_payload3(copy, size - 1, data[0] == 'b');
    break;
  case 'j':
    read_form(copy, size - 1);
    break;
  case '4':
    read_payload(copy, size - 1);
    break;
  case 't':
    read_text(copy, size - 1);
    break;
  case 'm':
    read_msgpack((uint8_t *)copy, size - 1);
    break;
  default:
    read_frames((uint8_t *)copy, size - 1);
  }
  free(copy);
  return 0;
}
