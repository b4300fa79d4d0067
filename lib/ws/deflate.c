/* SPDX-License-Identifier: MIT */
/*
 * permessage-deflate: the streams of zlib.
 *
 * A stream is made when it is first needed and then reset for every message,
 * or, with context takeover, goes on from message to message.  Nothing here
 * calls back, so that a shared stream is never in use twice.
 */
#include "ws/deflate.h"

#include "base/mem.h"
#include "base/sized.h"

#include <assert.h>

#define ZLIB_CONST
#include <zlib.h>

enum {
  MIN_BITS = SIO__WS_MIN_BITS,
  MAX_BITS = 15,
  SLICE = 1 << 20, /* of input and output: zlib counts in 32 bits */
  ROOM = 4096,     /* at first, for a compressed message */
  LEAST_ROOM = 64, /* more than 6, or zlib repeats the end of a flush */
  LIKELY_RATIO = 4,
  AT_BLOCK = 128, /* z_stream.data_type: before a block, at a byte's start */
};

/* What a message is sent without. */
static const uint8_t tail[4] = {0x00, 0x00, 0xff, 0xff};

struct sio__ws_codec {
  const sio_allocator *mem;
  sio_deflate_options options;
  z_stream deflaters[MAX_BITS - MIN_BITS + 1]; /* by window bits */
  z_stream inflater;                           /* of MAX_BITS: takes all */
};

struct sio__ws_deflate {
  struct sio__ws_codec *codec;
  z_stream *deflater; /* with context takeover, once it was needed */
  z_stream *inflater; /* likewise */
  struct sio__ws_deflate_params params;
};

static size_t least(size_t a, size_t b)
{
  return a < b ? a : b;
}

static void hook(z_stream *z, const sio_allocator *mem)
{
  memset(z, 0, sizeof *z);
  z->zalloc = sio__sized_alloc;
  z->zfree = sio__sized_free;
  z->opaque = (void *)mem;
}

/* The settings are known to be valid: what fails is the memory. */
static int make_deflater(const struct sio__ws_codec *codec, z_stream *z,
                         uint8_t bits)
{
  const sio_deflate_options *o = &codec->options;

  if (z->state != NULL)
    return 0;
  hook(z, codec->mem);
  if (deflateInit2(z, (int)o->level, Z_DEFLATED, -bits, (int)o->memory_level,
                   Z_DEFAULT_STRATEGY) != Z_OK)
    return SIO_ERR_NOMEM;
  return 0;
}

static int make_inflater(const struct sio__ws_codec *codec, z_stream *z,
                         uint8_t bits)
{
  if (z->state != NULL)
    return 0;
  hook(z, codec->mem);
  return inflateInit2(z, -bits) == Z_OK ? 0 : SIO_ERR_NOMEM;
}

/* The stream of a connection of its own; NULL: no memory. */
static z_stream *own(struct sio__ws_deflate *deflate, z_stream **stream)
{
  if (*stream == NULL)
    *stream = sio__mem_zalloc(deflate->codec->mem, sizeof **stream);
  return *stream;
}

static int compress_empty(struct sio__buf *out)
{
  sio__buf_byte(out, 0); /* section 7.2.3.6: zlib would flush nothing */
  return out->error;
}

/* Compress a message that is not empty. */
static int run_deflater(z_stream *z, const uint8_t *data, size_t len,
                        struct sio__buf *out)
{
  (void)sio__buf_reserve(out, least(len, ROOM) + LEAST_ROOM);
  z->next_in = data;
  do {
    size_t n = least(len, SLICE);

    z->avail_in = (uInt)n;
    len -= n;
    do {
      size_t room;
      int rc;

      z->next_out = sio__buf_reserve(out, LEAST_ROOM);
      if (z->next_out == NULL)
        return out->error;
      room = least(out->cap - out->len, SLICE);
      z->avail_out = (uInt)room;
      rc = deflate(z, len > 0 ? Z_NO_FLUSH : Z_SYNC_FLUSH);
      assert(rc != Z_STREAM_ERROR);
      (void)rc;
      sio__buf_commit(out, room - z->avail_out);
    } while (z->avail_out == 0);
  } while (len > 0);
  out->len -= sizeof tail;
  return 0;
}

/* A message on its way out of a stream. */
struct inflation {
  z_stream *z;
  struct sio__buf *out;
  size_t left;  /* how many bytes it may still have */
  bool is_over; /* the last thing read was the end of a final block */
};

/* Where zlib writes next; `spare` when the message may not grow: a byte that
 * is written there is one too many.  NULL: see out->error. */
static uint8_t *make_room(struct inflation *f, uint8_t *spare, size_t *room)
{
  uint8_t *place = spare;

  *room = 1;
  if (f->left == 0)
    return place;
  place = sio__buf_reserve(f->out, 1);
  if (place != NULL)
    *room = least(least(f->out->cap - f->out->len, f->left), SLICE);
  return place;
}

static int inflate_some(struct inflation *f)
{
  uint8_t spare;
  size_t room;
  size_t n;
  int rc;

  f->z->next_out = make_room(f, &spare, &room);
  if (f->z->next_out == NULL)
    return f->out->error;
  f->z->avail_out = (uInt)room;
  rc = inflate(f->z, Z_SYNC_FLUSH);
  n = room - f->z->avail_out;
  if (n > f->left)
    return SIO_ERR_LIMIT;
  sio__buf_commit(f->out, n);
  f->left -= n;

  f->is_over = rc == Z_STREAM_END;
  if (rc == Z_STREAM_END) /* further blocks may follow, section 7.2.1 */
    return inflateReset(f->z) == Z_OK ? 0 : SIO_ERR_FORMAT;
  if (rc == Z_OK || rc == Z_BUF_ERROR)
    return 0;
  return rc == Z_MEM_ERROR ? SIO_ERR_NOMEM : SIO_ERR_FORMAT;
}

static int inflate_all(struct inflation *f, const uint8_t *data, size_t len)
{
  z_stream *z = f->z;

  z->next_in = data;
  z->avail_in = 0;
  do {
    int rc;

    if (z->avail_in == 0) {
      z->avail_in = (uInt)least(len, SLICE);
      len -= z->avail_in;
    }
    rc = inflate_some(f);
    if (rc != 0)
      return rc;
  } while (z->avail_in > 0 || len > 0 || (z->avail_out == 0 && !f->is_over));
  return 0;
}

/* The message without its tail, then the tail.  After it zlib must stand
 * between two blocks, or the message was cut off.
 *
 * A message may end with a final block and nothing behind it (some peers
 * finish their stream instead of flushing it): then there is no tail. */
static int run_inflater(struct inflation *f, const uint8_t *data, size_t len)
{
  int rc = inflate_all(f, data, len);

  if (rc != 0 || f->is_over)
    return rc;
  rc = inflate_all(f, tail, sizeof tail);
  if (rc == 0 && f->z->data_type != AT_BLOCK)
    rc = SIO_ERR_FORMAT;
  return rc;
}

/* The stream for the next message of a client, ready; NULL: no memory. */
static z_stream *get_inflater(struct sio__ws_deflate *deflate)
{
  struct sio__ws_codec *codec = deflate->codec;
  z_stream *z;

  if (deflate->params.client_takeover) {
    z = own(deflate, &deflate->inflater);
    if (z == NULL || make_inflater(codec, z, deflate->params.client_bits) != 0)
      return NULL;
    return z;
  }
  z = &codec->inflater;
  if (make_inflater(codec, z, MAX_BITS) != 0 || inflateReset(z) != Z_OK)
    return NULL;
  return z;
}

struct sio__ws_codec *sio__ws_codec_new(const sio_deflate_options *options,
                                        const sio_allocator *mem)
{
  struct sio__ws_codec *codec = sio__mem_zalloc(mem, sizeof *codec);

  if (codec == NULL)
    return NULL;
  codec->mem = mem;
  sio__ws_deflate_complete(&codec->options, options);
  return codec;
}

void sio__ws_codec_free(struct sio__ws_codec *codec)
{
  if (codec == NULL)
    return;
  /* What was not made, zlib refuses to end: no matter. */
  for (size_t i = 0; i < sizeof codec->deflaters / sizeof *codec->deflaters;
       i++)
    (void)deflateEnd(&codec->deflaters[i]);
  (void)inflateEnd(&codec->inflater);
  sio__mem_free(codec->mem, codec, sizeof *codec);
}

struct sio__ws_deflate *
sio__ws_deflate_new(struct sio__ws_codec *codec,
                    const struct sio__ws_deflate_params *params)
{
  struct sio__ws_deflate *deflate =
      sio__mem_zalloc(codec->mem, sizeof *deflate);

  if (deflate == NULL)
    return NULL;
  deflate->codec = codec;
  deflate->params = *params;
  return deflate;
}

void sio__ws_deflate_free(struct sio__ws_deflate *deflate)
{
  const sio_allocator *mem;

  if (deflate == NULL)
    return;
  mem = deflate->codec->mem;
  if (deflate->deflater != NULL)
    (void)deflateEnd(deflate->deflater); /* complains of unread output */
  if (deflate->inflater != NULL)
    (void)inflateEnd(deflate->inflater);
  sio__mem_free(mem, deflate->deflater, sizeof *deflate->deflater);
  sio__mem_free(mem, deflate->inflater, sizeof *deflate->inflater);
  sio__mem_free(mem, deflate, sizeof *deflate);
}

const struct sio__ws_deflate_params *
sio__ws_deflate_params(const struct sio__ws_deflate *deflate)
{
  return &deflate->params;
}

bool sio__ws_deflate_wants(const struct sio__ws_deflate *deflate, size_t len)
{
  return len >= deflate->codec->options.threshold;
}

int sio__ws_deflate_message(struct sio__ws_deflate *deflate, const void *data,
                            size_t len, struct sio__buf *out)
{
  uint8_t bits = deflate->params.server_bits;
  z_stream *z;

  if (!deflate->params.server_takeover)
    return sio__ws_codec_message(deflate->codec, bits, data, len, out);
  if (len == 0)
    return compress_empty(out);
  z = own(deflate, &deflate->deflater);
  if (z == NULL || make_deflater(deflate->codec, z, bits) != 0)
    return SIO_ERR_NOMEM;
  return run_deflater(z, data, len, out);
}

int sio__ws_codec_message(struct sio__ws_codec *codec, uint8_t server_bits,
                          const void *data, size_t len, struct sio__buf *out)
{
  z_stream *z = &codec->deflaters[server_bits - MIN_BITS];

  if (len == 0)
    return compress_empty(out);
  if (make_deflater(codec, z, server_bits) != 0 || deflateReset(z) != Z_OK)
    return SIO_ERR_NOMEM;
  return run_deflater(z, data, len, out);
}

int sio__ws_inflate_message(struct sio__ws_deflate *deflate, const void *data,
                            size_t len, size_t max, struct sio__buf *out)
{
  struct inflation f = {NULL, out, max, false};
  size_t likely = len < max / LIKELY_RATIO ? len * LIKELY_RATIO : max;

  if (len == 0) /* not even a byte: peers that take a short cut mean "" */
    return 0;
  f.z = get_inflater(deflate);
  if (f.z == NULL)
    return SIO_ERR_NOMEM;
  if (likely > 0 && sio__buf_reserve(out, likely) == NULL)
    return out->error;
  return run_inflater(&f, data, len);
}
