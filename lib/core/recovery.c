/* SPDX-License-Identifier: MIT */
/* Connection state recovery: its options, and what a namespace remembers. */
#include "core/recovery.h"

#include "base/mem.h"
#include "base/versioned.h"

enum {
  FEW_PARTS = 16,  /* of a packet, for which no memory is needed */
  COARSE_MS = 1000 /* sweeps are not made more often */
};

/* ---- Options ---- */

static const sio_recovery_options defaults = {
    .max_disconnection_ms = 120000,
    .max_session_bytes = 16777216,
    .max_bytes = 4194304, /* well below max_output_bytes */
    .max_sessions = 10000,
    .max_packets = 10000,
};

void sio_recovery_options_init_sized(sio_recovery_options *options, size_t size)
{
  sio__versioned_init(options, size, &defaults, sizeof defaults);
}

void sio__recovery_complete(sio_recovery_options *out,
                            const sio_recovery_options *given)
{
  sio__versioned_complete(out, given, &defaults, sizeof *out);
}

const char *sio__recovery_problem(const sio_recovery_options *given)
{
  sio_recovery_options all;

  if (given == NULL)
    return NULL;
  if (given->size < sizeof given->size)
    return "recovery.size";
  sio__recovery_complete(&all, given);
  if (all.max_disconnection_ms < 1 || all.max_disconnection_ms > UINT32_MAX)
    return "recovery.max_disconnection_ms";
  if (all.max_packet_age_ms > UINT32_MAX)
    return "recovery.max_packet_age_ms";
  if (all.skip_middlewares > 1)
    return "recovery.skip_middlewares";
  return all.volatile_offsets > 1 ? "recovery.volatile_offsets" : NULL;
}

/* ---- Time ---- */

static uint64_t now(const struct sio__recovery *recovery)
{
  return recovery->ns->server->engine.clock.now_ms;
}

/* Sweep when that will be of use, but not sooner than in `least_ms`. */
static void schedule(struct sio__recovery *recovery, uint64_t least_ms)
{
  uint64_t deadline = sio__recover_deadline(&recovery->store);
  uint64_t now_ms = now(recovery), wait_ms = least_ms;

  if (deadline == SIO_NEVER)
    return;
  if (deadline > now_ms && deadline - now_ms > wait_ms)
    wait_ms = deadline - now_ms;
  if (!sio__timer_is_running(&recovery->sweep) ||
      recovery->sweep.at_ms > now_ms + wait_ms)
    sio__timer_start(&recovery->ns->server->engine.clock, &recovery->sweep,
                     wait_ms);
}

static void on_sweep(struct sio__timer *timer)
{
  struct sio__recovery *recovery =
      SIO__CONTAINER(timer, struct sio__recovery, sweep);

  sio__recover_sweep(&recovery->store, now(recovery));
  schedule(recovery, COARSE_MS);
  sio__ns_tidy(recovery->ns);
}

/* ---- Namespaces ---- */

static void on_lost(const struct sio__recover_session *session, void *user)
{
  sio__recovery_lost(user, session->sid, session->data);
}

static size_t as_size(uint64_t bytes)
{
  return bytes < SIZE_MAX ? (size_t)bytes : SIZE_MAX;
}

int sio__recovery_new(struct sio_ns *ns)
{
  const sio_recovery_options *options = ns->server->options.recovery;
  struct sio__recover_limits limits;

  if (options == NULL)
    return 0;
  ns->recovery = sio__mem_zalloc(&ns->server->mem, sizeof *ns->recovery);
  if (ns->recovery == NULL)
    return SIO_ERR_NOMEM;
  limits.packets.max_age_ms = options->max_packet_age_ms > 0
                                  ? options->max_packet_age_ms
                                  : 2 * options->max_disconnection_ms;
  limits.packets.max_packets = options->max_packets;
  limits.packets.max_bytes = as_size(options->max_bytes);
  limits.max_age_ms = options->max_disconnection_ms;
  limits.max_sessions = options->max_sessions;
  limits.max_bytes = as_size(options->max_session_bytes);
  sio__recover_init(&ns->recovery->store, &ns->server->mem,
                    &ns->server->engine.seed, &limits, on_lost, ns);
  sio__map_init(&ns->recovery->live, &ns->server->mem);
  sio__timer_init(&ns->recovery->sweep, on_sweep);
  ns->recovery->ns = ns;
  return 0;
}

void sio__recovery_free(struct sio_ns *ns)
{
  if (ns->recovery == NULL)
    return;
  sio__timer_stop(&ns->recovery->sweep);
  sio__recover_dispose(&ns->recovery->store);
  sio__map_dispose(&ns->recovery->live);
  sio__mem_free(&ns->server->mem, ns->recovery, sizeof *ns->recovery);
  ns->recovery = NULL;
}

void sio__recovery_end(struct sio_ns *ns)
{
  if (ns->recovery == NULL)
    return;
  sio__timer_stop(&ns->recovery->sweep);
  /* What is still emitted, such as by handles that the host retains, is not to
   * be remembered; and all that there is is too old. */
  ns->recovery->store.backlog.limits.max_packets = 0;
  sio__recover_sweep(&ns->recovery->store, SIO_NEVER);
}

void sio__recovery_lost(struct sio_ns *ns, sio_str id, sio_str data)
{
  struct sio_ns *parent = ns->parent;
  struct sio_document document;
  sio_value value;

  sio__document_init(&document, data.data, data.len, &ns->server->mem);
  value = sio__document_value(&document);
  if (parent != NULL && parent->on_lost != NULL)
    parent->on_lost(ns, id, value, parent->on_lost_user);
  if (ns->on_lost != NULL)
    ns->on_lost(ns, id, value, ns->on_lost_user);
  sio__document_dispose(&document);
}

int sio__recovery_remember(struct sio__recovery *recovery,
                           const struct sio__recover_session *session)
{
  int rv = sio__recover_save(&recovery->store, session, now(recovery));

  if (rv == 0)
    schedule(recovery, 1);
  return rv;
}

int sio_on_recovery_lost(sio_ns *ns, sio_recovery_lost_fn fn, void *user)
{
  if (ns == NULL)
    return SIO_ERR_INVALID;
  ns->on_lost = fn;
  ns->on_lost_user = user;
  return 0;
}

/* ---- Events ---- */

void sio__recovery_stamp(struct sio_ns *ns, struct sio__body *body,
                         struct sio__stamp *stamp)
{
  struct sio__recovery *recovery = ns->recovery;

  body->offset.data = stamp->text;
  body->offset.len = sio__backlog_offset(
      &recovery->store.backlog,
      now(recovery) + ns->server->engine.unix_offset_ms, stamp->text);
}

void sio__recovery_stamp_volatile(const struct sio_ns *ns,
                                  struct sio__body *body)
{
  body->offset.data = ns->recovery->latest;
  body->offset.len = 0;
  if (ns->server->options.recovery->volatile_offsets != 0)
    body->offset.len = ns->recovery->latest_len;
}

static void remember_offset(struct sio__recovery *recovery, sio_str offset)
{
  memcpy(recovery->latest, offset.data, offset.len);
  recovery->latest_len = offset.len;
}

void sio__recovery_keep(struct sio_ns *ns, sio_str offset,
                        const struct sio__shared *parts, size_t n,
                        const struct sio__selection *to)
{
  struct sio__recovery *recovery = ns->recovery;
  struct sio__backlog *log = &recovery->store.backlog;
  struct sio__backlog_part few[FEW_PARTS], *all = few;
  size_t i = 0;

  if (n > FEW_PARTS)
    all = sio__mem_alloc(&ns->server->mem, n * sizeof *all);
  if (all == NULL) {
    sio__backlog_miss(log);
    return;
  }
  do { /* there is at least one */
    all[i].chunk = parts[i].chunk;
    all[i].off = parts[i].frame_off;
    all[i].len = parts[i].chunk->len - parts[i].frame_off;
    all[i].flags = parts[i].flags;
  } while (++i < n);
  if (sio__backlog_add(log, offset, all, n, to, now(recovery)) == 0) {
    remember_offset(recovery, offset);
    if (!sio__timer_is_running(&recovery->sweep))
      schedule(recovery, COARSE_MS);
  }
  if (n > FEW_PARTS)
    sio__mem_free(&ns->server->mem, all, n * sizeof *all);
}

void sio__recovery_keep_for(struct sio_socket *socket, sio_str offset,
                            const struct sio__shared *parts, size_t n)
{
  sio_str pid = {socket->lifeline->pid, SIO__ID_LEN};
  struct sio__selection to = {&pid, 1, NULL, 0};

  sio__recovery_keep(socket->ns, offset, parts, n, &to);
}
