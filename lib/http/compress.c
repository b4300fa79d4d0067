/* SPDX-License-Identifier: MIT */
/* Content codings: which one a client likes best, and how it is made. */
#include "http/compress.h"

#include "base/ascii.h"
#include "base/mem.h"
#include "base/sized.h"
#include <sio/error.h>

#include <assert.h>

#define ZLIB_CONST
#include <zlib.h>

enum {
  N_CODINGS = 3,
  MAX_WEIGHT = 1000, /* weights are in thousandths */
  NOT_NAMED = -1,
  WINDOW_BITS = 15,
  GZIP_FORMAT = 16, /* to be added to the window bits */
  MEMORY_LEVEL = 8,
  SLICE = 1 << 20, /* of input and output: zlib counts in 32 bits */
  ROOM = 4096,     /* at first */
  LEAST_ROOM = 64,
};

/* In the order of preference. */
static const struct {
  enum sio__coding coding;
  const char *name;
} codings[N_CODINGS] = {
    {CODING_BR, "br"}, /* has taken its time already, and is the shortest */
    {CODING_GZIP, "gzip"},
    {CODING_DEFLATE, "deflate"},
};

/* What Accept-Encoding says, 0 to MAX_WEIGHT or NOT_NAMED. */
struct weights {
  int of[N_CODINGS];
  int star; /* of what is not named */
};

struct sio__compressor {
  const sio_allocator *mem;
  int level;
  z_stream gzip; /* made when they are first needed */
  z_stream deflate;
};

static size_t least(size_t a, size_t b)
{
  return a < b ? a : b;
}

/* Take what is before the next `mark`, or all of it, without the blanks
 * around it. */
static sio_str cut(sio_str *rest, char mark)
{
  const char *at = rest->len > 0 ? memchr(rest->data, mark, rest->len) : NULL;
  sio_str piece = *rest;

  if (at == NULL) {
    rest->len = 0;
    return sio__trim(piece);
  }
  piece.len = (size_t)(at - rest->data);
  rest->data += piece.len + 1;
  rest->len -= piece.len + 1;
  return sio__trim(piece);
}

/* "0.5" in thousandths (RFC 9110 section 12.4.2); digits behind the third do
 * not count.  What is malformed is taken for a refusal: a plain answer is
 * always understood. */
static int read_weight(sio_str s)
{
  int weight;
  int unit = MAX_WEIGHT / 10;

  if (s.len == 0 || (s.data[0] != '0' && s.data[0] != '1') ||
      (s.len > 1 && s.data[1] != '.'))
    return 0;
  weight = s.data[0] == '1' ? MAX_WEIGHT : 0;
  for (size_t i = 2; i < s.len; i++, unit /= 10) {
    if (!sio__is_digit(s.data[i]))
      return 0;
    weight += (s.data[i] - '0') * unit;
  }
  return weight <= MAX_WEIGHT ? weight : 0;
}

/* The weight among the parameters of a coding; others mean nothing. */
static int find_weight(sio_str params)
{
  while (params.len > 0) {
    sio_str value = cut(&params, ';');
    sio_str name = cut(&value, '=');

    if (sio__same_in_any_case(name, sio_s("q")))
      return read_weight(sio__trim(value));
  }
  return MAX_WEIGHT;
}

/* Of a coding that is named twice the higher weight counts. */
static void read_codings(sio_str value, struct weights *weights)
{
  while (value.len > 0) {
    sio_str params = cut(&value, ',');
    sio_str name = cut(&params, ';');
    int weight = find_weight(params);

    if (sio_str_is(name, "*") && weight > weights->star)
      weights->star = weight;
    if (sio__same_in_any_case(name,
                              sio_s("x-gzip"))) /* RFC 9110 section 8.4.1.3 */
      name = sio_s("gzip");
    for (size_t i = 0; i < N_CODINGS; i++) {
      if (sio__same_in_any_case(name, sio_s(codings[i].name)) &&
          weight > weights->of[i])
        weights->of[i] = weight;
    }
  }
}

/* The stream of a coding, ready; NULL: no memory. */
static z_stream *get_stream(struct sio__compressor *compressor,
                            enum sio__coding coding)
{
  bool is_gzip = coding == CODING_GZIP;
  z_stream *z = is_gzip ? &compressor->gzip : &compressor->deflate;

  if (z->state != NULL)
    return deflateReset(z) == Z_OK ? z : NULL;
  memset(z, 0, sizeof *z);
  z->zalloc = sio__sized_alloc;
  z->zfree = sio__sized_free;
  z->opaque = (void *)compressor->mem;
  return deflateInit2(z, compressor->level, Z_DEFLATED,
                      WINDOW_BITS + (is_gzip ? GZIP_FORMAT : 0), MEMORY_LEVEL,
                      Z_DEFAULT_STRATEGY) == Z_OK
             ? z
             : NULL;
}

/* Compress a slice of the input, and end the stream after the last one. */
static int compress_slice(z_stream *z, int flush, struct sio__buf *out)
{
  do {
    size_t room;
    int rc;

    z->next_out = sio__buf_reserve(out, LEAST_ROOM);
    if (z->next_out == NULL)
      return out->error;
    room = least(out->cap - out->len, SLICE);
    z->avail_out = (uInt)room;
    rc = deflate(z, flush);
    assert(rc != Z_STREAM_ERROR);
    (void)rc;
    sio__buf_commit(out, room - z->avail_out);
  } while (z->avail_out == 0);
  return 0;
}

const char *sio__coding_name(enum sio__coding coding)
{
  for (size_t i = 0; i < N_CODINGS; i++) {
    if (codings[i].coding == coding)
      return codings[i].name;
  }
  return "identity";
}

enum sio__coding sio__coding_choose(const struct sio__http_head *head,
                                    unsigned available)
{
  struct weights weights = {{NOT_NAMED, NOT_NAMED, NOT_NAMED}, NOT_NAMED};
  enum sio__coding best = CODING_IDENTITY;
  int best_weight = 0;
  sio_str name;
  sio_str value;

  for (size_t i = 0; sio__http_header_at(head, i, &name, &value); i++) {
    if (sio_str_is(name, "accept-encoding"))
      read_codings(value, &weights);
  }
  for (size_t i = 0; i < N_CODINGS; i++) {
    int weight = weights.of[i] != NOT_NAMED ? weights.of[i] : weights.star;

    if ((available & codings[i].coding) != 0 && weight > best_weight) {
      best = codings[i].coding;
      best_weight = weight;
    }
  }
  return best;
}

struct sio__compressor *sio__compressor_new(const sio_allocator *mem, int level)
{
  struct sio__compressor *compressor = sio__mem_zalloc(mem, sizeof *compressor);

  if (compressor == NULL)
    return NULL;
  compressor->mem = mem;
  compressor->level = level;
  return compressor;
}

void sio__compressor_free(struct sio__compressor *compressor)
{
  if (compressor == NULL)
    return;
  /* What was not made, zlib refuses to end: no matter. */
  (void)deflateEnd(&compressor->gzip);
  (void)deflateEnd(&compressor->deflate);
  sio__mem_free(compressor->mem, compressor, sizeof *compressor);
}

int sio__compress(struct sio__compressor *compressor, enum sio__coding coding,
                  sio_span in, struct sio__buf *out)
{
  z_stream *z;

  assert(coding == CODING_GZIP || coding == CODING_DEFLATE);
  z = get_stream(compressor, coding);
  if (z == NULL) {
    out->error = SIO_ERR_NOMEM;
    return SIO_ERR_NOMEM;
  }
  (void)sio__buf_reserve(out, least(in.len, ROOM) + LEAST_ROOM);
  z->next_in = in.data;
  do {
    size_t n = least(in.len, SLICE);
    int rc;

    in.len -= n;
    z->avail_in = (uInt)n;
    rc = compress_slice(z, in.len > 0 ? Z_NO_FLUSH : Z_FINISH, out);
    if (rc != 0)
      return rc;
  } while (in.len > 0);
  return 0;
}
