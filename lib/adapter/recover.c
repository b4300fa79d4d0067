/* SPDX-License-Identifier: MIT */
/* Connection state recovery of one namespace: the sessions. */
#include "adapter/recover.h"

#include <sio/error.h>

#include "adapter/pack.h"
#include "base/mem.h"

static struct sio__recovered *oldest(const struct sio__recover *store)
{
  return SIO__CONTAINER(store->sessions.next, struct sio__recovered, link);
}

static const sio_allocator *mem_of(const struct sio__recover *store)
{
  return store->backlog.mem;
}

static uint64_t hash_of(const struct sio__recover *store, sio_str pid)
{
  return sio__hash(store->backlog.seed, pid.data, pid.len);
}

static void set_time(struct sio__recover *store, uint64_t now_ms)
{
  if (now_ms > store->now_ms)
    store->now_ms = now_ms;
}

static struct sio__recovered *find(const struct sio__recover *store,
                                   sio_str pid)
{
  struct sio__map_node *node =
      sio__map_first(&store->by_pid, hash_of(store, pid));

  for (; node != NULL; node = sio__map_next(node)) {
    struct sio__recovered *saved =
        SIO__CONTAINER(node, struct sio__recovered, by_pid);

    if (sio_str_equal(saved->session.pid, pid))
      return saved;
  }
  return NULL;
}

/* The size of the block for a session; false: too much. */
static bool measure(const struct sio__recover *store,
                    const struct sio__recover_session *session, size_t *size)
{
  uint32_t n_slots = sio__roomset_slots(session->n_rooms);

  *size = sizeof(struct sio__recovered);
  return n_slots > 0 &&
         sio__pack_add(size, session->n_rooms, sizeof(sio_str)) &&
         sio__pack_add(size, n_slots, sizeof(uint32_t)) &&
         sio__pack_add_texts(size, session->rooms, session->n_rooms) &&
         sio__pack_add(size, session->pid.len, 1) &&
         sio__pack_add(size, session->sid.len, 1) &&
         sio__pack_add(size, session->data.len, 1) &&
         sio__pack_add(size, session->changes.len, 1) &&
         sio__pack_add(size, session->subject.len, 1) &&
         *size <= store->limits.max_bytes && store->limits.max_sessions > 0;
}

static int copy_session(const struct sio__recover *store,
                        const struct sio__recover_session *session,
                        struct sio__recovered **out)
{
  size_t n = session->n_rooms, size;
  struct sio__recovered *saved;
  sio_str *rooms;
  uint32_t *slots;
  char *text;

  if (!measure(store, session, &size))
    return SIO_ERR_LIMIT;
  saved = sio__mem_alloc(mem_of(store), size);
  if (saved == NULL)
    return SIO_ERR_NOMEM;
  rooms = (void *)(saved + 1);
  slots = (void *)(rooms + n);
  text = (char *)(slots + sio__roomset_slots(n));
  for (size_t i = 0; i < n; i++)
    rooms[i] = sio__pack_text(&text, session->rooms[i]);
  saved->session.pid = sio__pack_text(&text, session->pid);
  saved->session.sid = sio__pack_text(&text, session->sid);
  saved->session.data = sio__pack_text(&text, session->data);
  saved->session.changes = sio__pack_text(&text, session->changes);
  saved->session.blurred = session->blurred;
  saved->session.subject = sio__pack_text(&text, session->subject);
  saved->session.rooms = rooms;
  saved->session.n_rooms = n;
  saved->session.since = session->since;
  saved->session.passed = session->passed;
  saved->after = 0;
  saved->size = size;
  sio__roomset_init(&saved->rooms, store->backlog.seed, rooms, n, slots);
  saved->rooms.changes = saved->session.changes;
  *out = saved;
  return 0;
}

static void attach(struct sio__recover *store, struct sio__recovered *saved)
{
  saved->saved_ms = store->now_ms;
  store->bytes += saved->size;
  sio__list_insert(&store->sessions, &saved->link);
  sio__map_insert(&store->by_pid, &saved->by_pid,
                  hash_of(store, saved->session.pid));
}

static void detach(struct sio__recover *store, struct sio__recovered *saved)
{
  store->bytes -= saved->size;
  sio__list_remove(&saved->link);
  sio__map_remove(&store->by_pid, &saved->by_pid);
}

/* Drop a session and tell the host, who may do anything to the store. */
static void lose(struct sio__recover *store, struct sio__recovered *saved)
{
  detach(store, saved);
  if (store->lost != NULL)
    store->lost(&saved->session, store->user);
  sio__recovered_free(saved, mem_of(store));
}

static bool is_too_old(const struct sio__recover *store,
                       const struct sio__recovered *saved)
{
  return store->now_ms - saved->saved_ms > store->limits.max_age_ms;
}

static void trim(struct sio__recover *store)
{
  const struct sio__recover_limits *limits = &store->limits;

  while (!sio__list_is_empty(&store->sessions) &&
         (store->by_pid.count > limits->max_sessions ||
          store->bytes > limits->max_bytes || is_too_old(store, oldest(store))))
    lose(store, oldest(store));
}

void sio__recover_init(struct sio__recover *store, const sio_allocator *mem,
                       const struct sio__hash_seed *seed,
                       const struct sio__recover_limits *limits,
                       sio__recover_lost_fn lost, void *user)
{
  sio__backlog_init(&store->backlog, mem, seed, &limits->packets);
  store->limits = *limits;
  store->lost = lost;
  store->user = user;
  store->now_ms = 0;
  sio__map_init(&store->by_pid, mem);
  sio__list_init(&store->sessions);
  store->bytes = 0;
}

void sio__recover_dispose(struct sio__recover *store)
{
  store->lost = NULL;
  while (!sio__list_is_empty(&store->sessions))
    lose(store, oldest(store));
  sio__map_dispose(&store->by_pid);
  sio__backlog_dispose(&store->backlog);
}

int sio__recover_save(struct sio__recover *store,
                      const struct sio__recover_session *session,
                      uint64_t now_ms)
{
  struct sio__recovered *saved = find(store, session->pid);
  int rv;

  if (saved != NULL)
    lose(store, saved);
  rv = copy_session(store, session, &saved);
  if (rv != 0)
    return rv;
  set_time(store, now_ms);
  attach(store, saved);
  trim(store);
  return 0;
}

int sio__recover_take(struct sio__recover *store, sio_str pid, sio_str offset,
                      uint64_t now_ms, struct sio__recovered **out)
{
  struct sio__recovered *saved = find(store, pid);
  uint64_t number, after;

  *out = NULL;
  set_time(store, now_ms);
  if (saved == NULL || is_too_old(store, saved))
    return SIO_ERR_NOT_FOUND;
  number = sio__backlog_find(&store->backlog, offset);
  if (number == 0 ||
      (saved->session.passed > 0 && number >= saved->session.passed))
    return SIO_ERR_NOT_FOUND;
  after = number > saved->session.since ? number : saved->session.since;
  if (after < saved->session.blurred)
    return SIO_ERR_NOT_FOUND;
  detach(store, saved);
  saved->after = after;
  *out = saved;
  return 0;
}

bool sio__recover_is_whole(const struct sio__recover *store,
                           const struct sio__recovered *taken)
{
  return sio__backlog_is_whole(&store->backlog, taken->after);
}

int sio__recover_replay(struct sio__recover *store,
                        const struct sio__recovered *taken, sio__replay_fn fn,
                        void *user)
{
  return sio__backlog_replay(&store->backlog, taken->after, &taken->rooms, fn,
                             user);
}

void sio__recovered_free(struct sio__recovered *taken, const sio_allocator *mem)
{
  if (taken != NULL)
    sio__mem_free(mem, taken, taken->size);
}

void sio__recover_sweep(struct sio__recover *store, uint64_t now_ms)
{
  set_time(store, now_ms);
  sio__backlog_sweep(&store->backlog, now_ms);
  trim(store);
}

uint64_t sio__recover_deadline(const struct sio__recover *store)
{
  uint64_t packets = sio__backlog_deadline(&store->backlog);
  uint64_t max_ms = store->limits.max_age_ms, sessions = SIO_NEVER, saved_ms;

  if (!sio__list_is_empty(&store->sessions)) {
    saved_ms = oldest(store)->saved_ms;
    if (max_ms < SIO_NEVER - saved_ms)
      sessions = saved_ms + max_ms + 1;
  }
  return packets < sessions ? packets : sessions;
}
