/* SPDX-License-Identifier: MIT */
/* How often something may begin, of one address and of all. */
#include "eio/throttle.h"

#include <sio/error.h>

enum {
  SWEEP_MS = 10000,
  QUIET_MS = 1000 /* between two lines of the log */
};

/* Nobody is remembered for longer than need be, even if nobody comes. */
void sio__throttle_sweep_later(struct sio__throttle *throttle)
{
  if (!sio__list_is_empty(&throttle->guests.idle) &&
      !sio__timer_is_running(&throttle->sweep))
    sio__timer_start(throttle->clock, &throttle->sweep, SWEEP_MS);
}

static void on_sweep(struct sio__timer *timer)
{
  struct sio__throttle *throttle =
      SIO__CONTAINER(timer, struct sio__throttle, sweep);

  sio__guests_sweep(&throttle->guests, throttle->clock->now_ms);
  sio__throttle_sweep_later(throttle);
}

void sio__throttle_init(struct sio__throttle *throttle,
                        const sio_allocator *mem,
                        const struct sio__hash_seed *seed,
                        struct sio__clock *clock,
                        const struct sio__guest_limits *limits,
                        const struct sio__rate *rate)
{
  throttle->clock = clock;
  sio__guests_init(&throttle->guests, mem, seed, limits);
  sio__timer_init(&throttle->sweep, on_sweep);
  throttle->rate = *rate;
  sio__bucket_init(&throttle->bucket);
  throttle->told_ms = 0;
  throttle->told = false;
}

void sio__throttle_dispose(struct sio__throttle *throttle)
{
  sio__timer_stop(&throttle->sweep);
  sio__guests_dispose(&throttle->guests);
}

int sio__throttle_take(struct sio__throttle *throttle, const char *address,
                       struct sio__excess *why)
{
  struct sio__guests *guests = &throttle->guests;
  const struct sio__rate *rate = &throttle->rate;
  uint64_t now_ms = throttle->clock->now_ms;

  why->by_address = false;
  why->wait_ms = sio__bucket_wait_ms(&throttle->bucket, rate, 1, now_ms);
  if (why->wait_ms > 0) {
    why->seen = sio__bucket_taken(&throttle->bucket, rate, now_ms) + 1;
    return SIO_ERR_LIMIT;
  }
  if (sio__guests_admit(guests, address, now_ms, &why->wait_ms) != 0) {
    why->by_address = true;
    why->seen =
        why->wait_ms == SIO_NEVER ? 0 : guests->limits.handshakes.burst + 1;
    return SIO_ERR_LIMIT;
  }
  (void)sio__bucket_take(&throttle->bucket, rate, 1,
                         now_ms); /* it is there: see above */
  sio__throttle_sweep_later(throttle);
  return 0;
}

bool sio__throttle_tells(struct sio__throttle *throttle)
{
  uint64_t now_ms = throttle->clock->now_ms;

  if (throttle->told && now_ms - throttle->told_ms < QUIET_MS)
    return false;
  throttle->told = true;
  throttle->told_ms = now_ms;
  return true;
}
