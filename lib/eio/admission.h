/* SPDX-License-Identifier: MIT */
#ifndef SIO_EIO_ADMISSION_H
#define SIO_EIO_ADMISSION_H

/*
 * Who may open a session: so many from one address, so many at a time, so many
 * that wait for the host's decision.
 *
 * Whoever may not is to be told so before anything is allocated: with HTTP 429
 * if that is because of its address, with 503 if it is because of all.
 */

#include "eio/throttle.h"
#include <sio/server.h>

struct sio__admission {
  const sio_server_options *options;
  struct sio__throttle arrivals; /* handshakes */
  uint32_t n_pending;            /* those that the host is asked about */
};

/* Why a handshake is refused, and when it may be tried again. */
struct sio__rejection {
  int status;
  sio_cause cause;
  uint64_t seen; /* of what there is a limit */
  uint64_t retry_s;
};

/* Allocates nothing; all is borrowed as long as it lives, and it must not move
 * in memory. */
void sio__admission_init(struct sio__admission *admission,
                         const sio_server_options *options,
                         const sio_allocator *mem,
                         const struct sio__hash_seed *seed,
                         struct sio__clock *clock);
/* All sessions have been closed before. */
void sio__admission_dispose(struct sio__admission *admission);

/* A handshake begins; `asks`: the host decides about it.  0, and it is
 * counted; or SIO_ERR_LIMIT, and `*why` is set. */
int sio__admission_begin(struct sio__admission *admission, const char *address,
                         bool asks, struct sio__rejection *why);

/* It opens a session.  0, and `*guest` is for sio__admission_left(); or
 * SIO_ERR_LIMIT: see sio__admission_too_late(). */
int sio__admission_enter(struct sio__admission *admission, const char *address,
                         struct sio__guest **guest);

/* Others have opened sessions while the host was deciding. */
struct sio__rejection
sio__admission_too_late(const struct sio__admission *admission);

/* The session has ended, or has not come about.  `guest` may be NULL. */
void sio__admission_left(struct sio__admission *admission,
                         struct sio__guest *guest);

#endif
