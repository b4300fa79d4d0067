/* SPDX-License-Identifier: MIT */
/* Deadlines, in lists by duration. */
#include "base/timer.h"

enum { CATCH_ALL = SIO__CLOCK_QUEUES - 1 };

static struct sio__timer *timer_of(const struct sio__list *link)
{
  return SIO__CONTAINER(link, struct sio__timer, link);
}

static struct sio__clock_queue *queue_for(struct sio__clock *clock,
                                          uint64_t duration_ms)
{
  struct sio__clock_queue *queue;

  for (size_t i = 0; i < CATCH_ALL; i++)
    if (clock->queues[i].duration_ms == duration_ms)
      return &clock->queues[i];
  for (size_t i = 0; i < CATCH_ALL; i++) {
    queue = &clock->queues[i];
    if (sio__list_is_empty(&queue->timers)) {
      queue->duration_ms = duration_ms;
      return queue;
    }
  }
  return &clock->queues[CATCH_ALL];
}

/* Which queue's first timer is due next; SIO__CLOCK_QUEUES if none ever is.
 * `*at_ms` is when. */
static size_t next_queue(const struct sio__clock *clock, uint64_t *at_ms)
{
  size_t best = SIO__CLOCK_QUEUES;

  *at_ms = SIO_NEVER;
  for (size_t i = 0; i < SIO__CLOCK_QUEUES; i++) {
    const struct sio__list *timers = &clock->queues[i].timers;

    if (!sio__list_is_empty(timers) && timer_of(timers->next)->at_ms < *at_ms) {
      best = i;
      *at_ms = timer_of(timers->next)->at_ms;
    }
  }
  return best;
}

void sio__clock_init(struct sio__clock *clock, uint64_t now_ms)
{
  clock->now_ms = now_ms;
  for (size_t i = 0; i < SIO__CLOCK_QUEUES; i++) {
    clock->queues[i].duration_ms = SIO_NEVER;
    sio__list_init(&clock->queues[i].timers);
  }
}

void sio__timer_start(struct sio__clock *clock, struct sio__timer *timer,
                      uint64_t duration_ms)
{
  sio__timer_start_from(clock, timer, clock->now_ms, duration_ms);
}

void sio__timer_start_from(struct sio__clock *clock, struct sio__timer *timer,
                           uint64_t from_ms, uint64_t duration_ms)
{
  struct sio__list *place;
  struct sio__list *timers;

  sio__timer_stop(timer);
  timer->at_ms =
      duration_ms < SIO_NEVER - from_ms ? from_ms + duration_ms : SIO_NEVER;
  timers = &queue_for(clock, duration_ms)->timers;
  /* Nearly always the end is the right place: only an earlier beginning, or
   * the catch-all with its mixed durations, has to look further ahead. */
  place = timers;
  while (place->prev != timers && timer_of(place->prev)->at_ms > timer->at_ms)
    place = place->prev;
  sio__list_insert(place, &timer->link);
}

uint64_t sio__clock_deadline(const struct sio__clock *clock)
{
  uint64_t at_ms;

  (void)next_queue(clock, &at_ms); /* only the time is asked for */
  return at_ms;
}

void sio__clock_expire(struct sio__clock *clock, uint64_t now_ms)
{
  struct sio__list due;
  struct sio__list *link;
  uint64_t at_ms;

  if (now_ms > clock->now_ms)
    clock->now_ms = now_ms;

  /* All that is due is collected before anything fires: what is started
   * meanwhile waits, and what is stopped meanwhile leaves this list. */
  sio__list_init(&due);
  for (;;) {
    size_t i = next_queue(clock, &at_ms);

    if (i == SIO__CLOCK_QUEUES || at_ms > clock->now_ms)
      break;
    sio__list_insert(&due, sio__list_take(&clock->queues[i].timers));
  }

  while ((link = sio__list_take(&due)) != NULL) {
    struct sio__timer *timer = timer_of(link);

    timer->fire(timer);
  }
}
