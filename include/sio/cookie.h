/* SPDX-License-Identifier: MIT */
#ifndef SIO_COOKIE_H
#define SIO_COOKIE_H

/**
 * The cookie that carries the session id (RFC 6265).  It is sent with the
 * answer to a polling handshake, for load balancers that keep a client on one
 * server; the server itself never reads it.
 */

#include <sio/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/** The SameSite attribute. */
typedef enum sio_same_site {
  SIO_SAME_SITE_UNSET = 0,
  SIO_SAME_SITE_LAX = 1,
  SIO_SAME_SITE_STRICT = 2,
  SIO_SAME_SITE_NONE = 3
} sio_same_site;

/** The Priority attribute, which some browsers know. */
typedef enum sio_cookie_priority {
  SIO_COOKIE_PRIORITY_UNSET = 0,
  SIO_COOKIE_PRIORITY_LOW = 1,
  SIO_COOKIE_PRIORITY_MEDIUM = 2,
  SIO_COOKIE_PRIORITY_HIGH = 3
} sio_cookie_priority;

/** Attributes of the cookie; the default is given behind each field. */
typedef struct sio_cookie_options {
  size_t size;      /**< set by sio_cookie_options_init() */
  const char *name; /**< a token (RFC 9110 section 5.6.2); "io" */
  /* Of printable ASCII characters but ";", at least one. */
  const char *path;       /**< NULL: no attribute; "/" */
  const char *domain;     /**< NULL: no attribute; NULL */
  int64_t max_age_s;      /**< -1: no attribute; -1 */
  int64_t expires_unix_s; /**< seconds since 1970, up to the year 9999; -1: no
                               attribute; -1 */
  uint32_t http_only;     /**< 1 */
  uint32_t secure;        /**< 0 */
  uint32_t partitioned;   /**< 0 */
  uint32_t priority;      /**< sio_cookie_priority; unset */
  uint32_t same_site;     /**< sio_same_site; SIO_SAME_SITE_LAX */
} sio_cookie_options;

#define sio_cookie_options_init(options)                                       \
  sio_cookie_options_init_sized((options), sizeof(*(options)))

/** Fill in the defaults of the first `size` bytes. */
SIO_API void sio_cookie_options_init_sized(sio_cookie_options *options,
                                           size_t size);

#ifdef __cplusplus
}
#endif

#endif
