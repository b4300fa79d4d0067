/* SPDX-License-Identifier: MIT */
#ifndef SIO_ADAPTER_BACKLOG_H
#define SIO_ADAPTER_BACKLOG_H

/*
 * The packets that were sent lately in one namespace, by the offsets that
 * their receivers remember (Socket.IO, "Connection state recovery").
 *
 *   stored      3   4   5   6   7   8      numbered; the oldest go first
 *   a client    got up to 5: missed 6 to 8, as far as they were for it
 *
 * The one thing to rely on: whatever is newer than a stored packet is stored,
 * too.  So if the offset of a client is found, nothing that it missed is
 * missing here.  A packet that cannot be stored leaves a hole, and whatever is
 * older than that is dropped.
 */

#include "adapter/rooms.h"
#include "adapter/roomset.h"
#include "base/chunk.h"
#include "base/list.h"

/* Two numbers of up to 11 characters and a dot. */
enum { SIO__OFFSET_MAX = 23 };

struct sio__backlog_limits {
  uint64_t max_age_ms;
  size_t max_packets;
  size_t max_bytes; /* of their chunks, filters and bookkeeping */
};

/* Bytes off..off+len of a chunk that nobody changes any more, and whatever the
 * caller wants to know of them. */
struct sio__backlog_part {
  struct sio__chunk *chunk;
  uint32_t off, len;
  unsigned flags;
};

struct sio__backlog {
  struct sio__backlog_limits limits;
  const sio_allocator *mem;
  const struct sio__hash_seed *seed;
  uint64_t now_ms; /* the latest time given */
  struct sio__map by_offset;
  struct sio__list packets; /* oldest first */
  struct sio__list dropped; /* while a replay may stand on one of them */
  size_t bytes;
  uint64_t newest; /* the number of the last packet, stored or not; 0: none */
  uint64_t hole;   /* the largest number of one that is not stored */
  unsigned replays;
  uint64_t offset_ms; /* of the last offset */
  uint64_t repeats;   /* how many have been made of it */
};

/* Allocates nothing.  `mem`, `seed` and the pools of the chunks are borrowed
 * as long as it lives; it must not move in memory. */
void sio__backlog_init(struct sio__backlog *log, const sio_allocator *mem,
                       const struct sio__hash_seed *seed,
                       const struct sio__backlog_limits *limits);
void sio__backlog_dispose(struct sio__backlog *log);

/* Write the next offset and a NUL; returns its length.  None is ever made
 * twice, even if time stands still or goes back. */
size_t sio__backlog_offset(struct sio__backlog *log, uint64_t now_ms,
                           char out[SIO__OFFSET_MAX + 1]);

/* Remember a packet of `n` parts (at least one), which are retained, and whom
 * it was for.  0; SIO_ERR_NOMEM or SIO_ERR_LIMIT (larger than all that may be
 * stored): then nothing is stored any more, and nobody who has not got this
 * packet can be told what is missing. */
int sio__backlog_add(struct sio__backlog *log, sio_str offset,
                     const struct sio__backlog_part *parts, size_t n,
                     const struct sio__selection *to, uint64_t now_ms);

/* A packet was sent that is not remembered: as if adding it had failed. */
void sio__backlog_miss(struct sio__backlog *log);

/* The number of the stored packet with this offset; 0: there is none. */
uint64_t sio__backlog_find(const struct sio__backlog *log, sio_str offset);

/* Whether all packets after this number are stored. */
static inline bool sio__backlog_is_whole(const struct sio__backlog *log,
                                         uint64_t after)
{
  return after >= log->hole;
}

/* False: enough. */
typedef bool (*sio__replay_fn)(const struct sio__backlog_part *parts, size_t n,
                               void *user);

/* Show the packets after this number that somebody who was in these rooms when
 * they were sent would have got, oldest first; those that are added meanwhile,
 * too.  What is stored at the beginning cannot be lost on the way.  0, or
 * SIO_ERR_NOT_FOUND: something is missing (nothing was shown, unless it is
 * adding that failed meanwhile). Inside `fn` everything is allowed but
 * sio__backlog_dispose(). */
int sio__backlog_replay(struct sio__backlog *log, uint64_t after,
                        const struct sio__roomset *rooms, sio__replay_fn fn,
                        void *user);

/* Drop what is too old; sio__backlog_add() does it, too. */
void sio__backlog_sweep(struct sio__backlog *log, uint64_t now_ms);

/* When that will be of use; SIO_NEVER: nothing gets too old. */
uint64_t sio__backlog_deadline(const struct sio__backlog *log);

#endif
