/* SPDX-License-Identifier: MIT */
#ifndef SIO_BUNDLE_H
#define SIO_BUNDLE_H

/**
 * Files under the path of the server, such as the client library
 * ("/socket.io/socket.io.min.js"): served from memory, with ETag, gzip,
 * deflate and the server's CORS headers, by GET and HEAD. sio_uv_serve_client()
 * of <sio/uv.h> reads them from a folder.
 */

#include <sio/server.h>

#ifdef __cplusplus
extern "C" {
#endif

/** A file; all is copied.  Fields are only added at the end. */
typedef struct sio_bundle {
  size_t size; /**< set by sio_bundle_init() */
  /** Behind the path: letters, digits, "-", "_" and ".".  The type follows from
   *  its end: .js, .mjs, .map, .json, .css, .html, .txt, else bytes. */
  const char *name;
  sio_span content;
  sio_span brotli;     /**< the content in brotli, or empty */
  const char *version; /**< for the ETag; NULL: made of the content */
} sio_bundle;

#define sio_bundle_init(bundle)                                                \
  sio_bundle_init_sized((bundle), sizeof(*(bundle)))

/** Fill in the first `size` bytes with nothing. */
SIO_API void sio_bundle_init_sized(sio_bundle *bundle, size_t size);

/**
 * Serve a file; in place of one of that name.
 *
 * Errors: SIO_ERR_INVALID (the name, no size, or a version that is not
 * printable ASCII without quotes), SIO_ERR_NOMEM.
 */
SIO_API int sio_server_serve_bundle(sio_server *server,
                                    const sio_bundle *bundle);

#ifdef __cplusplus
}
#endif

#endif
