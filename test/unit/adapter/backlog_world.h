/* SPDX-License-Identifier: MIT */
#ifndef SIO_TEST_BACKLOG_WORLD_H
#define SIO_TEST_BACKLOG_WORLD_H

/* Packets and rooms for the tests of recovery.  A packet's text is its offset,
 * and the name of a room is one character: "ab" are two rooms. */

#include "support.h"

#include <stdio.h>
#include <stdlib.h>

#include "adapter/backlog.h"
#include <sio/error.h>

enum { MAX_LETTERS = 32, LOG_SIZE = 4096 };

static const struct sio__hash_seed world_seed = {.k0 = 1, .k1 = 2};

static inline size_t letters(const char *text, sio_str *names)
{
  size_t n = strlen(text);

  assert_true(n <= MAX_LETTERS);
  for (size_t i = 0; i < n; i++) {
    names[i].data = text + i;
    names[i].len = 1;
  }
  return n;
}

/* The rooms that somebody is in. */
struct member_of {
  struct sio__roomset set;
  sio_str names[MAX_LETTERS];
  uint32_t slots[4 * MAX_LETTERS];
};

static inline void be_in(struct member_of *who, const char *rooms)
{
  size_t n = letters(rooms, who->names);

  sio__roomset_init(&who->set, &world_seed, who->names, n, who->slots);
}

/* Add a packet of `n` parts that say its offset, then ".1" and so on, for
 * members of `rooms` but not of `except`. */
static inline int add_parts(struct sio__backlog *log,
                            struct sio__chunk_pool *pool, const char *offset,
                            size_t n, const char *rooms, const char *except,
                            uint64_t now_ms)
{
  struct sio__backlog_part parts[4];
  sio_str names[2 * MAX_LETTERS];
  struct sio__selection to = {.rooms = names, .except = names + MAX_LETTERS};
  char *exact = (char *)test_exact(offset, strlen(offset));
  sio_str key = {exact, strlen(offset)};
  size_t made = 0;
  int rv = SIO_ERR_NOMEM;

  to.n_rooms = letters(rooms, names);
  to.n_except = letters(except, names + MAX_LETTERS);
  for (; made < n; made++) {
    struct sio__chunk *chunk = sio__chunk_new(pool, 64);

    if (chunk == NULL)
      break;
    chunk->len = (uint32_t)snprintf((char *)chunk->data, 64, "??%s", offset);
    if (made > 0)
      chunk->len += (uint32_t)snprintf((char *)chunk->data + chunk->len, 16,
                                       ".%zu", made);
    parts[made].chunk = chunk;
    parts[made].off = 2;
    parts[made].len = chunk->len - 2;
    parts[made].flags = (unsigned)(made * 3);
  }
  if (made == n)
    rv = sio__backlog_add(log, key, parts, n, &to, now_ms);
  while (made > 0)
    sio__chunk_unref(parts[--made].chunk);
  free(exact);
  return rv;
}

/* What a replay has shown: "3 4 5+1", parts behind the first by number. */
struct shown {
  char text[LOG_SIZE];
  size_t len;
  unsigned packets;
  unsigned stop_at;                            /* packets; 0: never */
  void (*then)(struct shown *self, char name); /* after each; or NULL */
  void *user;
};

static inline bool show(const struct sio__backlog_part *parts, size_t n,
                        void *user)
{
  struct shown *shown = user;
  const char *text = (const char *)parts[0].chunk->data + parts[0].off;
  char name = text[0];

  assert_true(n >= 1);
  shown->len += (size_t)snprintf(
      shown->text + shown->len, LOG_SIZE - shown->len, "%s%.*s",
      shown->len > 0 ? " " : "", (int)parts[0].len, text);
  for (size_t i = 0; i < n; i++) {
    char want[64];
    int len = snprintf(want, sizeof want, "%.*s", (int)parts[0].len, text);

    if (i > 0)
      len += snprintf(want + len, 16, ".%zu", i);
    assert_int_equal(parts[i].len, len);
    assert_memory_equal(parts[i].chunk->data + parts[i].off, want, (size_t)len);
    assert_int_equal(parts[i].flags, i * 3);
  }
  if (n > 1)
    shown->len += (size_t)snprintf(shown->text + shown->len,
                                   LOG_SIZE - shown->len, "+%zu", n - 1);
  assert_true(shown->len < LOG_SIZE);
  shown->packets++;
  if (shown->then != NULL)
    shown->then(shown, name);
  return shown->packets != shown->stop_at;
}

#endif
