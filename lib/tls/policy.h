/* SPDX-License-Identifier: MIT */
#ifndef SIO_TLS_POLICY_H
#define SIO_TLS_POLICY_H

/* What a configuration asks of clients, as a few bytes. */

#include <sio/tls.h>

enum { SIO__POLICY = 32 };

/* Complete options.  Two configurations have the same policy if whoever was
 * let in by one would have been let in by the other.  0, or SIO_ERR_NOMEM. */
int sio__policy_of(const sio_tls_options *o, uint8_t policy[SIO__POLICY]);

#endif
