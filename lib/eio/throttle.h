/* SPDX-License-Identifier: MIT */
#ifndef SIO_EIO_THROTTLE_H
#define SIO_EIO_THROTTLE_H

/*
 * How often something may begin, of one address and of all: two rates and the
 * peers that the first of them is about.
 *
 * Nothing is taken from an address for what is refused because of all, nor
 * from all for what is refused because of an address.
 */

#include "base/timer.h"
#include "eio/guests.h"

struct sio__throttle {
  struct sio__clock *clock;
  struct sio__guests guests;
  struct sio__timer sweep; /* runs while there is somebody to be forgotten */
  struct sio__rate rate;   /* of everybody */
  struct sio__bucket bucket;
  uint64_t told_ms; /* when the log was told of a refusal */
  bool told;        /* at some time */
};

/* Why something may not begin. */
struct sio__excess {
  bool by_address;  /* it is because of the address, not of all */
  uint64_t seen;    /* of what there is a limit; 0: sessions, not a rate */
  uint64_t wait_ms; /* no use in trying again before; SIO_NEVER: it does not
                       depend on time */
};

/* Allocates nothing; what is pointed to is borrowed as long as it lives, and
 * it must not move in memory. */
void sio__throttle_init(struct sio__throttle *throttle,
                        const sio_allocator *mem,
                        const struct sio__hash_seed *seed,
                        struct sio__clock *clock,
                        const struct sio__guest_limits *limits,
                        const struct sio__rate *rate);
/* All sessions have been closed before. */
void sio__throttle_dispose(struct sio__throttle *throttle);

/* It begins: 0, and it is counted; or SIO_ERR_LIMIT, and `*why` is set.
 * `address` as in eio/guests.h. */
int sio__throttle_take(struct sio__throttle *throttle, const char *address,
                       struct sio__excess *why);

/* See to it that nobody is remembered for longer than need be; after a guest
 * has had a session closed. */
void sio__throttle_sweep_later(struct sio__throttle *throttle);

/* Whether the log is to be told of another refusal: who is refused comes
 * again. */
bool sio__throttle_tells(struct sio__throttle *throttle);

#endif
