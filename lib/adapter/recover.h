/* SPDX-License-Identifier: MIT */
#ifndef SIO_ADAPTER_RECOVER_H
#define SIO_ADAPTER_RECOVER_H

/*
 * Connection state recovery of one namespace: what was sent lately, and who
 * has lost the connection lately (Socket.IO, "Connection state recovery").
 *
 *   connected --save--> remembered --take--> taken --replay--> connected again
 *                           |                  |
 *                           +-- lost           +-- freed
 *
 * What is sent goes to `backlog`, by the functions of adapter/backlog.h.  Its
 * packets should be kept longer than sessions: the last packet that a client
 * has got was sent before it lost the connection.
 */

#include "adapter/backlog.h"
#include "adapter/journal.h"

struct sio__recover_limits {
  struct sio__backlog_limits packets;
  uint64_t max_age_ms; /* a session can be taken that long */
  size_t max_sessions;
  size_t max_bytes; /* of their data, rooms and bookkeeping */
};

/* A socket that has lost its connection. */
struct sio__recover_session {
  sio_str pid; /* a secret of the client; the caller draws them at random */
  sio_str sid;
  sio_str data;    /* JSON text, or empty */
  sio_str subject; /* whose it is; or empty */
  const sio_str *rooms;
  size_t n_rooms;
  /* backlog.newest when it joined the namespace for the first time, or 0.
   * What was sent before is not replayed, whatever offset is shown. */
  uint64_t since;
  /* The number of a packet that passed it over while it was connected; 0:
   * none.  Whoever has got a later one cannot be told any more what it has
   * missed. */
  uint64_t passed;
  /* How `rooms` have changed, see adapter/journal.h: whoever has got nothing
   * behind `blurred` cannot be told what it has missed. */
  sio_str changes;
  uint64_t blurred;
};

/* A session that is remembered, in one block. */
struct sio__recovered {
  struct sio__recover_session session; /* all within the block */
  uint64_t after; /* taken: the number of the last packet it has got */
  /* For recover.c: */
  struct sio__map_node by_pid;
  struct sio__list link;
  struct sio__roomset rooms;
  uint64_t saved_ms;
  size_t size;
};

/* A session will not come back: it has become too old, has been pushed out by
 * newer ones, or another one was saved under its pid.  It is borrowed.  Inside
 * everything is allowed but sio__recover_dispose(). */
typedef void (*sio__recover_lost_fn)(const struct sio__recover_session *session,
                                     void *user);

struct sio__recover {
  struct sio__backlog backlog;
  struct sio__recover_limits limits;
  sio__recover_lost_fn lost; /* or NULL */
  void *user;
  uint64_t now_ms; /* the latest time given */
  struct sio__map by_pid;
  struct sio__list sessions; /* oldest first */
  size_t bytes;              /* of sessions */
};

/* Allocates nothing.  `mem`, `seed` and the pools of the chunks are borrowed
 * as long as the store lives; it must not move in memory. */
void sio__recover_init(struct sio__recover *store, const sio_allocator *mem,
                       const struct sio__hash_seed *seed,
                       const struct sio__recover_limits *limits,
                       sio__recover_lost_fn lost, void *user);
/* `lost` is not called. */
void sio__recover_dispose(struct sio__recover *store);

/* Remember a session, which is copied.  0; SIO_ERR_NOMEM or SIO_ERR_LIMIT
 * (larger than all that may be stored): it will not come back, and `lost` is
 * not called for it. */
int sio__recover_save(struct sio__recover *store,
                      const struct sio__recover_session *session,
                      uint64_t now_ms);

/* Take the session with this pid whose client has last got the packet with
 * this offset.  0 and `*out`, owned by the caller, whether or not the store
 * lives on; or SIO_ERR_NOT_FOUND: there is none, it is too old, the packet is
 * not stored, an older one has passed it over, or it is not known for whom
 * later ones were.  `lost` is not called. */
int sio__recover_take(struct sio__recover *store, sio_str pid, sio_str offset,
                      uint64_t now_ms, struct sio__recovered **out);

/* Whether all that a taken session has missed is still stored: time may have
 * passed since. */
bool sio__recover_is_whole(const struct sio__recover *store,
                           const struct sio__recovered *taken);

/* Show the packets that a taken session has missed; see
 * sio__backlog_replay().  `taken` is not freed inside `fn`. */
int sio__recover_replay(struct sio__recover *store,
                        const struct sio__recovered *taken, sio__replay_fn fn,
                        void *user);

/* `taken` may be NULL; `mem` is that of the store it comes from. */
void sio__recovered_free(struct sio__recovered *taken,
                         const sio_allocator *mem);

/* Drop what is too old.  A session that is cannot be taken anyway: this frees
 * memory and has `lost` called, and needs no precise timer. */
void sio__recover_sweep(struct sio__recover *store, uint64_t now_ms);

/* When that will be of use; SIO_NEVER: nothing gets too old. */
uint64_t sio__recover_deadline(const struct sio__recover *store);

#endif
