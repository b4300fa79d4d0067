/* SPDX-License-Identifier: MIT */
#ifndef CHAT_HISTORY_H
#define CHAT_HISTORY_H

/* The last messages of a room, in memory. */

#include <sio.h>

enum { HISTORY_MESSAGES = 50 };

struct message {
  uint64_t id;    /* grows with every message of the program */
  uint64_t at_ms; /* milliseconds since 1970 */
  sio_str from;   /* the name of the sender */
  sio_str text;
  sio_str key; /* what the sender calls it: sent twice, it is stored once */
};

/* All zero: empty. */
struct history {
  struct message *ring[HISTORY_MESSAGES];
  size_t first;
  size_t count;
};

void history_dispose(struct history *history);

/*
 * Store a message; all is copied, and the oldest one gives way.  A message
 * that is there already is returned as it is, and `*is_new` is false.
 *
 * Returns NULL when out of memory.
 */
const struct message *history_add(struct history *history,
                                  const struct message *message, bool *is_new);

/* The i-th, oldest first; NULL: there are no more. */
const struct message *history_at(const struct history *history, size_t i);

#endif
