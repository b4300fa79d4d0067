/* SPDX-License-Identifier: MIT */
#ifndef SIO_WS_OFFER_H
#define SIO_WS_OFFER_H

/* permessage-deflate (RFC 7692): settings, and the answer to what a client
 * offers. */

#include "base/buf.h"
#include <sio/deflate.h>

/* zlib does not compress with a smaller window in a raw stream. */
enum { SIO__WS_MIN_BITS = 9 };

/* What both sides have agreed on. */
struct sio__ws_deflate_params {
  bool server_takeover; /* the server's messages may build on earlier ones */
  bool client_takeover;
  uint8_t server_bits; /* 9 to 15 */
  uint8_t client_bits; /* 8 to 15 */
};

/* The same as the response says it. */
struct sio__ws_deflate_answer {
  struct sio__ws_deflate_params params;
  bool names_server_bits, names_client_bits;
};

/* Name the first setting that is out of range, such as
 * "per_message_deflate.level"; NULL: there is none. */
const char *sio__ws_deflate_problem(const sio_deflate_options *options);

/* Complete settings: what `given` does not know gets its default. */
void sio__ws_deflate_complete(sio_deflate_options *out,
                              const sio_deflate_options *given);

enum sio__ws_offer {
  WS_OFFER_NONE,     /* nothing that is acceptable was offered */
  WS_OFFER_ACCEPTED, /* *answer is filled in */
  WS_OFFER_INVALID,  /* not values of Sec-WebSocket-Extensions */
};

/* Answer the offers of `n` Sec-WebSocket-Extensions fields, which are read as
 * if they were one (RFC 6455 section 9.1): the first acceptable one wins (RFC
 * 7692 section 5), if the rest is well-formed, too.  An empty value offers
 * nothing; more than 32 extensions are invalid.  Linear time.  `options` are
 * complete. */
enum sio__ws_offer
sio__ws_deflate_negotiate(const sio_deflate_options *options,
                          const sio_str *offers, size_t n,
                          struct sio__ws_deflate_answer *answer);

/* Append the value of the response header that says so. */
void sio__ws_deflate_respond(const struct sio__ws_deflate_answer *answer,
                             struct sio__buf *response);

#endif
