/* SPDX-License-Identifier: MIT */
#ifndef SIO_HTTP_COMPRESS_H
#define SIO_HTTP_COMPRESS_H

/* Content codings of responses (RFC 9110 section 8.4.1), by zlib. */

#include "base/buf.h"
#include "http/request.h"

/* To be combined by |. */
enum sio__coding {
  CODING_IDENTITY = 0,
  CODING_GZIP = 1,
  CODING_DEFLATE = 2, /* the zlib format (RFC 1950) */
  CODING_BR = 4,      /* only what was compressed elsewhere */
};

/* "gzip" */
const char *sio__coding_name(enum sio__coding coding);

/* The coding that a client likes best of those in `available` (RFC 9110
 * section 12.5.3): by weight, then br, gzip, deflate; "*" stands for what is
 * not named.  Identity if there is no Accept-Encoding or nothing fits. */
enum sio__coding sio__coding_choose(const struct sio__http_head *head,
                                    unsigned available);

/* Compressors, kept for reuse. */
struct sio__compressor;

/* NULL: no memory.  `level` is 1 to 9; `mem` is borrowed. */
struct sio__compressor *sio__compressor_new(const sio_allocator *mem,
                                            int level);
void sio__compressor_free(struct sio__compressor *compressor);

/* Append the compressed bytes (gzip or deflate) to `out`; they may be more
 * than before.  0 or SIO_ERR_NOMEM (also out->error). */
int sio__compress(struct sio__compressor *compressor, enum sio__coding coding,
                  sio_span in, struct sio__buf *out);

#endif
