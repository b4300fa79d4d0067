/* SPDX-License-Identifier: MIT */
#ifndef SIO_TEST_RECOVER_WORLD_H
#define SIO_TEST_RECOVER_WORLD_H

/* A store of packets and sessions, and who was lost from it. */

#include "backlog_world.h"

#include "adapter/recover.h"

static const struct sio__recover_limits roomy = {
    .packets = {.max_age_ms = 2000, .max_packets = 100, .max_bytes = 1 << 20},
    .max_age_ms = 1000,
    .max_sessions = 100,
    .max_bytes = 1 << 20};

struct world {
  struct test_mem mem;
  struct sio__chunk_pool pool;
  struct sio__recover store;
  char lost[512]; /* "pid/sid/data " of each */
  size_t len;
  void (*then)(struct world *w); /* when one is lost; or NULL */
};

static inline void on_lost(const struct sio__recover_session *session,
                           void *user)
{
  struct world *w = user;

  w->len +=
      (size_t)snprintf(w->lost + w->len, sizeof w->lost - w->len,
                       "%.*s/%.*s/%.*s ", SIO_STR_ARG(session->pid),
                       SIO_STR_ARG(session->sid), SIO_STR_ARG(session->data));
  assert_true(w->len < sizeof w->lost);
  if (w->then != NULL)
    w->then(w);
}

static inline void begin_at(struct world *w,
                            const struct sio__recover_limits *limits,
                            struct test_mem *mem)
{
  memset(w, 0, sizeof *w);
  if (mem == NULL) {
    test_mem_init(&w->mem, TEST_MEM_NEVER);
    mem = &w->mem;
  }
  sio__chunk_pool_init(&w->pool, &mem->allocator, 0);
  sio__recover_init(&w->store, &mem->allocator, &world_seed, limits, on_lost,
                    w);
}

static inline void begin(struct world *w,
                         const struct sio__recover_limits *limits)
{
  begin_at(w, limits, NULL);
}

static inline void end(struct world *w)
{
  sio__recover_dispose(&w->store);
  assert_int_equal(w->store.bytes, 0);
  sio__chunk_pool_dispose(&w->pool);
  test_mem_check(&w->mem);
}

/* Everybody who was lost since the last time. */
static inline void expect_lost(struct world *w, const char *want)
{
  assert_string_equal(w->lost, want);
  w->len = 0;
  w->lost[0] = '\0';
}

static inline void put_for(struct world *w, const char *offset,
                           const char *rooms, const char *except)
{
  assert_int_equal(add_parts(&w->store.backlog, &w->pool, offset, 1, rooms,
                             except, w->store.now_ms),
                   0);
}

static inline void put(struct world *w, const char *offset)
{
  put_for(w, offset, "", "");
}

/* Save a session whose pid is a word, sid "s" and data the same in quotes; all
 * that is handed over is gone afterwards. */
static inline int save_since(struct world *w, const char *pid,
                             const char *rooms, uint64_t since, uint64_t now_ms)
{
  char *pid_text = (char *)test_exact(pid, strlen(pid));
  char *room_text = (char *)test_exact(rooms, strlen(rooms) + 1);
  sio_str *names = malloc(MAX_LETTERS * sizeof *names);
  struct sio__recover_session session = {.sid = sio_s("s"), .since = since};
  char data[64];
  int rv;

  assert_non_null(names);
  snprintf(data, sizeof data, "\"%s\"", pid);
  session.pid.data = pid_text;
  session.pid.len = strlen(pid);
  session.data = sio_s(data);
  session.rooms = names;
  session.n_rooms = letters(room_text, names);
  rv = sio__recover_save(&w->store, &session, now_ms);
  free(names);
  free(room_text);
  free(pid_text);
  return rv;
}

static inline int save(struct world *w, const char *pid, const char *rooms,
                       uint64_t now_ms)
{
  return save_since(w, pid, rooms, 0, now_ms);
}

static inline struct sio__recovered *take(struct world *w, const char *pid,
                                          const char *offset, uint64_t now_ms)
{
  struct sio__recovered *taken;
  int rv =
      sio__recover_take(&w->store, sio_s(pid), sio_s(offset), now_ms, &taken);

  assert_int_equal(rv, taken != NULL ? 0 : SIO_ERR_NOT_FOUND);
  return taken;
}

static inline void expect_replay(struct world *w,
                                 const struct sio__recovered *taken,
                                 const char *want)
{
  struct shown shown = {.len = 0};

  assert_true(sio__recover_is_whole(&w->store, taken));
  assert_int_equal(sio__recover_replay(&w->store, taken, show, &shown), 0);
  assert_string_equal(shown.text, want);
}

/* Take, replay, free. */
static inline void expect_recovery(struct world *w, const char *pid,
                                   const char *offset, const char *want)
{
  struct sio__recovered *taken = take(w, pid, offset, w->store.now_ms);

  assert_non_null(taken);
  expect_replay(w, taken, want);
  sio__recovered_free(taken, w->store.backlog.mem);
}

#endif
