/* SPDX-License-Identifier: MIT */
/* Who may open a session. */
#include "eio/admission.h"

enum {
  RETRY_S = 5, /* where it does not depend on time alone */
  SECOND_MS = 1000
};

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
  const struct sio__rate rate =
      sio__rate_of(options->handshakes_per_second, options->handshakes_burst);

  admission->options = options;
  sio__throttle_init(&admission->arrivals, mem, seed, clock, &limits, &rate);
  admission->n_pending = 0;
}

void sio__admission_dispose(struct sio__admission *admission)
{
  sio__throttle_dispose(&admission->arrivals);
}

/* ---- Deciding ---- */

/* In whole seconds, rounded up. */
static uint64_t retry_after(uint64_t wait_ms)
{
  if (wait_ms == SIO_NEVER)
    return RETRY_S;
  return wait_ms / SECOND_MS + (wait_ms % SECOND_MS > 0);
}

struct sio__rejection
sio__admission_too_late(const struct sio__admission *admission)
{
  uint64_t max = admission->options->max_sessions_per_address;
  struct sio__rejection why = {429, SIO_CAUSE_SESSIONS_ADDRESS, max + 1,
                               RETRY_S};

  return why;
}

/* Too many have come of late, or one of them has too many sessions. */
static struct sio__rejection
rejection_of(const struct sio__admission *admission,
             const struct sio__excess *excess)
{
  struct sio__rejection why = {503, SIO_CAUSE_RATE_HANDSHAKES, excess->seen,
                               retry_after(excess->wait_ms)};

  if (!excess->by_address)
    return why;
  if (excess->wait_ms == SIO_NEVER)
    return sio__admission_too_late(admission);
  why.status = 429;
  why.cause = SIO_CAUSE_RATE_ADDRESS;
  return why;
}

int sio__admission_begin(struct sio__admission *admission, const char *address,
                         bool asks, struct sio__rejection *why)
{
  uint32_t max = admission->options->max_handshakes_pending;
  struct sio__excess excess;

  if (asks && max > 0 && admission->n_pending >= max) {
    *why = (struct sio__rejection){503, SIO_CAUSE_HANDSHAKES_PENDING,
                                   (uint64_t)admission->n_pending + 1, RETRY_S};
    return SIO_ERR_LIMIT;
  }
  if (sio__throttle_take(&admission->arrivals, address, &excess) != 0) {
    *why = rejection_of(admission, &excess);
    return SIO_ERR_LIMIT;
  }
  return 0;
}

int sio__admission_enter(struct sio__admission *admission, const char *address,
                         struct sio__guest **guest)
{
  return sio__guests_opened(&admission->arrivals.guests, address, guest);
}

void sio__admission_left(struct sio__admission *admission,
                         struct sio__guest *guest)
{
  struct sio__throttle *arrivals = &admission->arrivals;

  sio__guests_closed(&arrivals->guests, guest, arrivals->clock->now_ms);
  sio__throttle_sweep_later(arrivals);
}
