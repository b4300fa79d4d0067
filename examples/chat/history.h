/* SPDX-License-Identifier: MIT */
#ifndef CHAT_HISTORY_H
#define CHAT_HISTORY_H

/* The last messages of a room, in memory. */

#include "contract.h"

enum { HISTORY_MESSAGES = 50 };

/* All zero: empty. */
struct history {
  message *ring[HISTORY_MESSAGES];
  size_t first;
  size_t count;
};

void history_dispose(struct history *history);

/*
 * Store a message; all is copied, and the oldest one gives way.  One with a
 * key that is there already is returned as it is, and `*is_new` is false.
 *
 * Returns NULL when out of memory.
 */
const message *history_add(struct history *history, const message *draft,
                           bool *is_new);

/* The i-th, oldest first; NULL: there are no more. */
const message *history_at(const struct history *history, size_t i);

#endif
