/* SPDX-License-Identifier: MIT */
/* Who may open a session. */
#include "eio/admission.h"

enum {
  SWEEP_MS = 10000,
  QUIET_MS = 1000, /* between two lines of the log */
  RETRY_S = 5,     /* where it does not depend on time alone */
  SECOND_MS = 1000
};

static struct sio__rate arrivals_of(const struct sio__admission *admission)
{
  const sio_server_options *o = admission->options;

  return sio__rate_of(o->handshakes_per_second, o->handshakes_burst);
}

/* ---- Who is remembered ---- */

/* Nobody is remembered for longer than need be, even if nobody comes. */
static void sweep_later(struct sio__admission *admission)
{
  if (!sio__list_is_empty(&admission->guests.idle) &&
      !sio__timer_is_running(&admission->sweep))
    sio__timer_start(admission->clock, &admission->sweep, SWEEP_MS);
}

static void on_sweep(struct sio__timer *timer)
{
  struct sio__admission *admission =
      SIO__CONTAINER(timer, struct sio__admission, sweep);

  sio__guests_sweep(&admission->guests, admission->clock->now_ms);
  sweep_later(admission);
}

void sio__admission_init(struct sio__admission *admission,
                         const sio_server_options *options,
                         const sio_allocator *mem,
                         const struct sio__hash_seed *seed,
                         struct sio__clock *clock)
{
  const struct sio__guest_limits limits = {
      options->max_addresses, options->max_sessions_per_address,
      sio__rate_of(options->handshakes_per_address,
                   options->handshakes_per_address_burst)};

  admission->options = options;
  admission->clock = clock;
  sio__guests_init(&admission->guests, mem, seed, &limits);
  sio__timer_init(&admission->sweep, on_sweep);
  sio__bucket_init(&admission->arrivals);
  admission->n_pending = 0;
  admission->told_ms = 0;
  admission->told = false;
}

void sio__admission_dispose(struct sio__admission *admission)
{
  sio__timer_stop(&admission->sweep);
  sio__guests_dispose(&admission->guests);
}

/* ---- Deciding ---- */

/* In whole seconds, rounded up. */
static uint64_t retry_after(uint64_t wait_ms)
{
  if (wait_ms == SIO_NEVER)
    return RETRY_S;
  return wait_ms / SECOND_MS + (wait_ms % SECOND_MS > 0);
}

/* Whether the server as a whole has no room for a handshake. */
static bool is_full(const struct sio__admission *admission, bool asks,
                    struct sio__rejection *why)
{
  const struct sio__rate rate = arrivals_of(admission);
  uint64_t now_ms = admission->clock->now_ms, wait_ms;
  uint32_t max = admission->options->max_handshakes_pending;

  why->status = 503;
  if (asks && max > 0 && admission->n_pending >= max) {
    why->cause = SIO_CAUSE_HANDSHAKES_PENDING;
    why->seen = (uint64_t)admission->n_pending + 1;
    why->retry_s = RETRY_S;
    return true;
  }
  wait_ms = sio__bucket_wait_ms(&admission->arrivals, &rate, 1, now_ms);
  if (wait_ms == 0)
    return false;
  why->cause = SIO_CAUSE_RATE_HANDSHAKES;
  why->seen = sio__bucket_taken(&admission->arrivals, &rate, now_ms) + 1;
  why->retry_s = retry_after(wait_ms);
  return true;
}

struct sio__rejection
sio__admission_too_late(const struct sio__admission *admission)
{
  uint64_t max = admission->options->max_sessions_per_address;
  struct sio__rejection why = {429, SIO_CAUSE_SESSIONS_ADDRESS, max + 1,
                               RETRY_S};

  return why;
}

int sio__admission_begin(struct sio__admission *admission, const char *address,
                         bool asks, struct sio__rejection *why)
{
  const struct sio__rate rate = arrivals_of(admission);
  struct sio__guests *guests = &admission->guests;
  uint64_t now_ms = admission->clock->now_ms, wait_ms;

  /* Nothing is taken from an address for what is refused because of all, nor
   * from all for what is refused because of an address. */
  if (is_full(admission, asks, why))
    return SIO_ERR_LIMIT;
  if (sio__guests_admit(guests, address, now_ms, &wait_ms) != 0) {
    *why = sio__admission_too_late(admission);
    if (wait_ms != SIO_NEVER) {
      why->cause = SIO_CAUSE_RATE_ADDRESS;
      why->seen = guests->limits.handshakes.burst + 1;
      why->retry_s = retry_after(wait_ms);
    }
    return SIO_ERR_LIMIT;
  }
  (void)sio__bucket_take(&admission->arrivals, &rate, 1,
                         now_ms); /* it is there: see is_full() */
  sweep_later(admission);
  return 0;
}

int sio__admission_enter(struct sio__admission *admission, const char *address,
                         struct sio__guest **guest)
{
  return sio__guests_opened(&admission->guests, address, guest);
}

void sio__admission_left(struct sio__admission *admission,
                         struct sio__guest *guest)
{
  sio__guests_closed(&admission->guests, guest, admission->clock->now_ms);
  sweep_later(admission);
}

bool sio__admission_tells(struct sio__admission *admission)
{
  uint64_t now_ms = admission->clock->now_ms;

  if (admission->told && now_ms - admission->told_ms < QUIET_MS)
    return false;
  admission->told = true;
  admission->told_ms = now_ms;
  return true;
}
