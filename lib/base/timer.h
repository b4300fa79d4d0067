/* SPDX-License-Identifier: MIT */
#ifndef SIO_BASE_TIMER_H
#define SIO_BASE_TIMER_H

/* Deadlines.  Timers of one duration stand in one list, oldest first, so
 * that starting and stopping costs the same however many there are.  The
 * lists are few and part of the clock: starting a timer cannot fail. */

#include "base/list.h"
#include <sio/types.h>

struct sio__timer {
  struct sio__list link; /* in a list of the clock, or in none */
  uint64_t at_ms;
  void (*fire)(struct sio__timer *timer); /* set at init */
};

enum { SIO__CLOCK_QUEUES = 24 };

struct sio__clock_queue {
  uint64_t duration_ms;
  struct sio__list timers; /* in the order of at_ms */
};

struct sio__clock {
  uint64_t now_ms; /* never goes back */
  /* The last queue takes whatever duration finds no queue of its own. */
  struct sio__clock_queue queues[SIO__CLOCK_QUEUES];
};

void sio__clock_init(struct sio__clock *clock, uint64_t now_ms);

static inline void sio__timer_init(struct sio__timer *timer,
                                   void (*fire)(struct sio__timer *))
{
  sio__list_init(&timer->link);
  timer->at_ms = SIO_NEVER;
  timer->fire = fire;
}

static inline bool sio__timer_is_running(const struct sio__timer *timer)
{
  return !sio__list_is_empty(&timer->link);
}

/* Fire `duration_ms` from now.  A running timer is started anew. */
void sio__timer_start(struct sio__clock *clock, struct sio__timer *timer,
                      uint64_t duration_ms);

/* Fire `duration_ms` after `from_ms`, which is not later than now. */
void sio__timer_start_from(struct sio__clock *clock, struct sio__timer *timer,
                           uint64_t from_ms, uint64_t duration_ms);

static inline void sio__timer_stop(struct sio__timer *timer)
{
  sio__list_remove(&timer->link);
}

/* When the next timer is due; SIO_NEVER if none runs. */
uint64_t sio__clock_deadline(const struct sio__clock *clock);

/* Set the time and fire, in the order of their deadlines, what was due when
 * this was called; a timer started meanwhile waits for the next call.
 * A `now_ms` earlier than the last one counts as the last one. */
void sio__clock_expire(struct sio__clock *clock, uint64_t now_ms);

#endif
