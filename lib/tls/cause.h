/* SPDX-License-Identifier: MIT */
#ifndef SIO_TLS_CAUSE_H
#define SIO_TLS_CAUSE_H

/* What an error of mbedtls means, in our words. */

#include <sio/error.h>

struct sio__tls_failure {
  sio_cause cause;
  const char *detail; /* constant, or NULL */
};

/* Whether an error code, of any part of mbedtls, is about memory. */
bool sio__tls_is_nomem(int error);

/* An error on a connection.  `verdict`: flags about the client's certificate;
 * `alert`: the one that the peer has sent last, if the error is about that;
 * `established`: the handshake was finished. */
struct sio__tls_failure sio__tls_explain(int error, uint32_t verdict,
                                         uint8_t alert, bool established);

#endif
