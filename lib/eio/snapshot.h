/* SPDX-License-Identifier: MIT */
#ifndef SIO_EIO_SNAPSHOT_H
#define SIO_EIO_SNAPSHOT_H

/* What a host may ask about the handshake of a session later on: kept as long
 * as the session or one of its sockets. */

#include "http/request.h"
#include "tls/subject.h"

struct sio__snapshot {
  const sio_allocator *mem;
  uint32_t refs;
  bool secure;
  uint8_t address_len;
  struct sio__subject *client; /* a reference; NULL: no certificate */
  struct sio__http_head head;  /* packed */
  char address[];              /* of the peer; NUL-terminated */
};

/* One reference, the caller's.  NULL: no memory.  `mem` is borrowed; an
 * address is cut after 255 bytes; `client` may be NULL, and else it gets a
 * reference. */
struct sio__snapshot *sio__snapshot_new(const sio_allocator *mem,
                                        const struct sio__http_head *head,
                                        const char *address, bool secure,
                                        struct sio__subject *client);

/* A parameter of the query, as sio_socket_query(). */
int sio__snapshot_query(const struct sio__snapshot *snapshot, const char *name,
                        char *out, size_t cap);

struct sio__snapshot *sio__snapshot_ref(struct sio__snapshot *snapshot);
void sio__snapshot_unref(struct sio__snapshot *snapshot);

#endif
