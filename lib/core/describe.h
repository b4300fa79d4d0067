/* SPDX-License-Identifier: MIT */
#ifndef SIO_CORE_DESCRIBE_H
#define SIO_CORE_DESCRIBE_H

/* What other nodes are told about a socket. */

#include "core/objects.h"
#include "json/write.h"

enum { SIO__DESCRIBED_MAX = UINT32_MAX / 4 };

/* Append an object with `id`, `handshake`, `rooms` and `data`; errors are
 * kept in the payload. */
void sio__describe(sio_payload *out, const struct sio_socket *socket);

/* The next of those that a document has, comma-separated; absent: no more.
 * `*at` begins with its text.  There may be very many: each step is as long
 * as one of them. */
sio_value sio__described_next(sio_document *document, const char **at);

/* Whether all of these are descriptions.  0 or SIO_ERR_INVALID. */
int sio__described_check(sio_document *sockets);

#endif
