/* SPDX-License-Identifier: MIT */
#ifndef SIO_DEFLATE_H
#define SIO_DEFLATE_H

/**
 * Compression of websocket messages: permessage-deflate (RFC 7692).
 *
 * By default each message is compressed on its own ("no context takeover"),
 * in both directions: then a connection that negotiated it costs next to
 * nothing while it is idle, and a broadcast is compressed once for all.  With
 * context takeover messages shrink more, but each connection keeps a
 * compressor (about 256 KiB at the defaults of zlib) and a decompressor (about
 * 40 KiB) of its own, and everything is compressed for each recipient.
 */

#include <sio/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Settings of permessage-deflate; the default is given behind each field. */
typedef struct sio_deflate_options {
  size_t size;              /**< set by sio_deflate_options_init() */
  uint64_t threshold;       /**< shorter messages stay as they are; 1024 */
  uint32_t level;           /**< of zlib, 1 (fast) to 9 (small); 6 */
  uint32_t memory_level;    /**< of zlib, 1 to 9; 8 */
  uint32_t server_takeover; /**< 1: server messages may build on earlier
                                 ones, if the client allows it; 0 */
  uint32_t client_takeover; /**< 1: likewise client messages; 0 */
  /** The largest window of the server's messages, 9 to 15; a client may ask
   *  for less.  15 */
  uint32_t server_max_window_bits;
  /** The largest window of the client's messages, 8 to 15; it is only asked
   *  for of clients that offer to take it.  15 */
  uint32_t client_max_window_bits;
} sio_deflate_options;

#define sio_deflate_options_init(options)                                      \
  sio_deflate_options_init_sized((options), sizeof(*(options)))

/** Fill in the defaults of the first `size` bytes. */
SIO_API void sio_deflate_options_init_sized(sio_deflate_options *options,
                                            size_t size);

#ifdef __cplusplus
}
#endif

#endif
