/* SPDX-License-Identifier: MIT */
#ifndef SIO_EIO_GUESTS_H
#define SIO_EIO_GUESTS_H

/*
 * What is known about the peers by their address: how many sessions they have
 * open, and how many handshakes they may make.
 *
 * An address is numeric text.  IPv6 peers count as one if they agree in the
 * first 64 bits, which is what one subscriber has; an IPv4 address within an
 * IPv6 one (::ffff:192.0.2.7) is that IPv4 address; zones (%eth0) do not
 * count.  Any other text stands for itself.  NULL or "" is unknown and never
 * limited.
 *
 * A guest is remembered while it has an open session or has not all of its
 * handshakes back.  Where there is no memory for one, or there are `max`
 * others of which none can be forgotten, it is let in without being counted
 * (`uncounted` says how often that was): to turn everybody away would do what
 * an attacker wants, and the limits of the whole server still hold.  For the
 * same reason the guests that have no session open are forgotten, the one that
 * was seen longest ago first, when there are too many.
 */

#include "base/list.h"
#include "base/map.h"
#include "base/rate.h"

struct sio__guest;

struct sio__guest_limits {
  size_t max;                  /* addresses remembered at the same time */
  uint32_t max_sessions;       /* open ones of one address; 0: any number */
  struct sio__rate handshakes; /* of one address */
};

struct sio__guests {
  struct sio__guest_limits limits;
  const sio_allocator *mem;
  const struct sio__hash_seed *seed;
  struct sio__map by_address;
  struct sio__list idle; /* no open session; seen longest ago first */
  uint64_t uncounted;
};

/* Allocates nothing; `mem` and `seed` are borrowed as long as it lives, and it
 * must not move in memory. */
void sio__guests_init(struct sio__guests *guests, const sio_allocator *mem,
                      const struct sio__hash_seed *seed,
                      const struct sio__guest_limits *limits);
/* All sessions have been closed before. */
void sio__guests_dispose(struct sio__guests *guests);

/* A handshake begins: 0, and it is counted; or SIO_ERR_LIMIT, and it is not.
 * `*wait_ms` is then how long there is no use in trying again; SIO_NEVER: it
 * depends on its sessions, not on time.  (0 otherwise.) */
int sio__guests_admit(struct sio__guests *guests, const char *address,
                      uint64_t now_ms, uint64_t *wait_ms);

/* A session opens: 0 or SIO_ERR_LIMIT (others have opened since its handshake
 * was admitted).  `*guest` is for sio__guests_closed(); NULL: not counted. */
int sio__guests_opened(struct sio__guests *guests, const char *address,
                       struct sio__guest **guest);

/* One has closed, or has not come about.  `guest` may be NULL. */
void sio__guests_closed(struct sio__guests *guests, struct sio__guest *guest,
                        uint64_t now_ms);

/* Forget those of whom nothing has to be remembered any more.  A few of them
 * are forgotten by every sio__guests_admit() anyway. */
void sio__guests_sweep(struct sio__guests *guests, uint64_t now_ms);

/* When that will be of use; SIO_NEVER: as things are, never. */
uint64_t sio__guests_deadline(const struct sio__guests *guests,
                              uint64_t now_ms);

#endif
