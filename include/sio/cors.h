/* SPDX-License-Identifier: MIT */
#ifndef SIO_CORS_H
#define SIO_CORS_H

/**
 * Cross-origin requests: which pages of other origins may read what the
 * server answers (Fetch standard, "CORS protocol"), for everything under the
 * path of the server.
 *
 * These headers keep browsers from showing answers to foreign pages; they do
 * not keep anybody from asking.  Refusing is `check_origin` of
 * sio_server_options.
 */

#include <sio/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Which origins are allowed. */
typedef enum sio_origin_kind {
  /** Any: `Access-Control-Allow-Origin: *`. */
  SIO_ORIGIN_ANY = 0,
  /** Always the first of the list, whatever the request's origin is; "*" is
   *  the same as SIO_ORIGIN_ANY. */
  SIO_ORIGIN_FIXED = 1,
  /** Any, by naming the request's own. */
  SIO_ORIGIN_REFLECT = 2,
  /** Those that match one of the list, by naming the request's own.  An entry
   *  is an origin, such as "https://example.com", in which "*" stands for any
   *  characters but "/": "https://app*.example.com", "http://localhost:*".
   *  Letters match in any case.  The origin "null", which sandboxed pages
   *  have, is only matched by an entry "null". */
  SIO_ORIGIN_LIST = 3,
  /** CORS is off for the request: no header, and no answer to a preflight. */
  SIO_ORIGIN_OFF = 4
} sio_origin_kind;

/** A rule about origins. */
typedef struct sio_origin_rule {
  uint32_t kind;           /**< sio_origin_kind */
  const char *const *list; /**< of FIXED and LIST; else not looked at */
  size_t n_list;
} sio_origin_rule;

/**
 * Decides about one request: fills in `*rule`, which is SIO_ORIGIN_OFF before.
 * What it points to has to stay until the callback is called again.
 *
 * Errors: not 0: the request is refused with HTTP 400, code 3.
 */
typedef int (*sio_origin_fn)(sio_str origin, sio_origin_rule *rule, void *user);

/** CORS settings; the default is given behind each field. */
typedef struct sio_cors_options {
  size_t size;             /**< set by sio_cors_options_init() */
  sio_origin_rule origin;  /**< SIO_ORIGIN_ANY */
  sio_origin_fn decide;    /**< asked instead of `origin`; NULL */
  void *decide_user;       /**< passed to `decide` */
  uint32_t credentials;    /**< 1: cookies may be sent; 0 */
  uint32_t success_status; /**< of a preflight, 200 to 299; 204 */
  const char *methods;     /**< "GET,HEAD,PUT,PATCH,POST,DELETE" */
  /** Request headers that are allowed, separated by commas; "": none; NULL:
   *  all that the browser asks for.  NULL */
  const char *allowed_headers;
  /** Response headers that pages may see, separated by commas; NULL. */
  const char *exposed_headers;
  /** Seconds for which a browser may remember the answer to a preflight;
   *  -1: it is not told.  -1 */
  int64_t max_age_s;
} sio_cors_options;

#define sio_cors_options_init(options)                                         \
  sio_cors_options_init_sized((options), sizeof(*(options)))

/** Fill in the defaults of the first `size` bytes. */
SIO_API void sio_cors_options_init_sized(sio_cors_options *options,
                                         size_t size);

#ifdef __cplusplus
}
#endif

#endif
