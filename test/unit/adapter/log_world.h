/* SPDX-License-Identifier: MIT */
#ifndef SIO_TEST_LOG_WORLD_H
#define SIO_TEST_LOG_WORLD_H

/* A backlog, and what it shows to somebody. */

#include "backlog_world.h"

static const struct sio__backlog_limits roomy = {
    .max_age_ms = 1000, .max_packets = 100, .max_bytes = 1 << 20};

struct world {
  struct test_mem mem;
  struct sio__chunk_pool pool;
  struct sio__backlog log;
};

static inline void begin(struct world *w,
                         const struct sio__backlog_limits *limits)
{
  test_mem_init(&w->mem, TEST_MEM_NEVER);
  sio__chunk_pool_init(&w->pool, &w->mem.allocator, 0);
  sio__backlog_init(&w->log, &w->mem.allocator, &world_seed, limits);
}

static inline void end(struct world *w)
{
  sio__backlog_dispose(&w->log);
  assert_int_equal(w->log.bytes, 0);
  sio__chunk_pool_dispose(&w->pool);
  test_mem_check(&w->mem);
}

static inline int put_at(struct world *w, const char *offset, uint64_t now_ms)
{
  return add_parts(&w->log, &w->pool, offset, 1, "", "", now_ms);
}

static inline void put(struct world *w, const char *offset)
{
  assert_int_equal(put_at(w, offset, 0), 0);
}

/* A packet for each of the letters. */
static inline void put_each(struct world *w, const char *offsets)
{
  for (; *offsets != '\0'; offsets++) {
    char one[2] = {*offsets, '\0'};

    put(w, one);
  }
}

static inline uint64_t number(const struct world *w, const char *offset)
{
  return sio__backlog_find(&w->log, sio_s(offset));
}

/* What somebody in these rooms is shown. */
static inline void expect(struct world *w, uint64_t after, const char *rooms,
                          const char *want)
{
  struct shown shown = {.len = 0};
  struct member_of who;

  be_in(&who, rooms);
  assert_true(sio__backlog_is_whole(&w->log, after));
  assert_int_equal(sio__backlog_replay(&w->log, after, &who.set, show, &shown),
                   0);
  assert_string_equal(shown.text, want);
}

static inline void expect_gone(struct world *w, uint64_t after)
{
  struct shown shown = {.len = 0};
  struct member_of who;

  be_in(&who, "");
  assert_false(sio__backlog_is_whole(&w->log, after));
  assert_int_equal(sio__backlog_replay(&w->log, after, &who.set, show, &shown),
                   SIO_ERR_NOT_FOUND);
  assert_int_equal(shown.packets, 0);
}

#endif
