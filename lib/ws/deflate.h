/* SPDX-License-Identifier: MIT */
#ifndef SIO_WS_DEFLATE_H
#define SIO_WS_DEFLATE_H

/* permessage-deflate (RFC 7692): messages through zlib. */

#include "base/buf.h"
#include "ws/offer.h"
#include <sio/error.h>

/* What connections without context takeover share. */
struct sio__ws_codec;

/* NULL: no memory.  Streams are made when they are first needed. */
struct sio__ws_codec *sio__ws_codec_new(const sio_deflate_options *options,
                                        const sio_allocator *mem);
void sio__ws_codec_free(struct sio__ws_codec *codec);

/* The compression of one connection: small, and owns streams only with
 * context takeover, once they are needed. */
struct sio__ws_deflate;

/* NULL: no memory. */
struct sio__ws_deflate *
sio__ws_deflate_new(struct sio__ws_codec *codec,
                    const struct sio__ws_deflate_params *params);
void sio__ws_deflate_free(struct sio__ws_deflate *deflate);

const struct sio__ws_deflate_params *
sio__ws_deflate_params(const struct sio__ws_deflate *deflate);

/* Whether a message of this size is to be compressed at all. */
bool sio__ws_deflate_wants(const struct sio__ws_deflate *deflate, size_t len);

/* Append the compressed message, without the 00 00 FF FF at its end (section
 * 7.2.1).  0 or SIO_ERR_NOMEM; then the connection must be given up. */
int sio__ws_deflate_message(struct sio__ws_deflate *deflate, const void *data,
                            size_t len, struct sio__buf *out);

/* As sio__ws_deflate_message(), for everybody without server takeover and
 * with these window bits. */
int sio__ws_codec_message(struct sio__ws_codec *codec, uint8_t server_bits,
                          const void *data, size_t len, struct sio__buf *out);

/* Append the inflated message, which has at most `max` bytes.  0,
 * SIO_ERR_NOMEM, SIO_ERR_LIMIT (it stops as soon as it is passed), or
 * SIO_ERR_FORMAT: not deflate data. */
int sio__ws_inflate_message(struct sio__ws_deflate *deflate, const void *data,
                            size_t len, size_t max, struct sio__buf *out);

#endif
