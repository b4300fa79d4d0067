/* SPDX-License-Identifier: MIT */
#ifndef SIO_WS_HANDSHAKE_H
#define SIO_WS_HANDSHAKE_H

/* The opening handshake (RFC 6455 section 4.2). */

#include <sio/types.h>

enum {
  SIO__WS_KEY_LEN = 24,
  SIO__WS_ACCEPT_LEN = 28,
  SIO__WS_MAX_PROTOCOLS = 32 /* in one offer: this keeps the check linear */
};

/* 22 characters of base64 and "==". */
bool sio__ws_key_is_valid(sio_str key);

/* Sec-WebSocket-Accept for a valid key: base64 of SHA-1 (by mbedtls) of the
 * key and a fixed text.  0 or SIO_ERR_STATE, if SHA-1 is not to be had. */
int sio__ws_accept(const char *key, char out[SIO__WS_ACCEPT_LEN]);

/* The first of the offered subprotocols; `*first` is empty if there are none
 * (`value` empty).  False: malformed, one is offered twice, or more than
 * SIO__WS_MAX_PROTOCOLS are; linear time. */
bool sio__ws_first_protocol(sio_str value, sio_str *first);

#endif
