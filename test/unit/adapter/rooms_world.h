/* SPDX-License-Identifier: MIT */
#ifndef SIO_TEST_ROOMS_WORLD_H
#define SIO_TEST_ROOMS_WORLD_H

/* Rooms and a dozen members, for the tests of rooms. */

#include "support.h"

#include <stdio.h>
#include <stdlib.h>

#include "adapter/rooms.h"
#include <sio/error.h>

enum { N_MEMBERS = 12, MAX_SEEN = 64 };

static const struct sio__hash_seed world_seed = {.k0 = 1, .k1 = 2};

/* Rooms and members, each in a heap block of its own. */
struct world {
  struct test_mem mem;
  struct sio__rooms rooms;
  struct sio__member *members[N_MEMBERS];
  char ids[N_MEMBERS][SIO__ID_LEN + 1];
};

static inline sio_str id_of(const struct world *w, unsigned m)
{
  return sio_s(w->ids[m]);
}

static inline void world_init(struct world *w)
{
  test_mem_init(&w->mem, TEST_MEM_NEVER);
  sio__rooms_init(&w->rooms, &w->mem.allocator, &world_seed);
  for (unsigned m = 0; m < N_MEMBERS; m++) {
    w->members[m] = calloc(1, sizeof *w->members[m]);
    snprintf(w->ids[m], sizeof w->ids[m], "member%014u", m);
  }
}

static inline void world_dispose(struct world *w)
{
  for (unsigned m = 0; m < N_MEMBERS; m++) {
    sio__rooms_exit(&w->rooms, w->members[m]);
    free(w->members[m]);
  }
  assert_int_equal(sio__rooms_count(&w->rooms), 0);
  sio__rooms_dispose(&w->rooms);
  test_mem_check(&w->mem);
}

struct visits {
  const struct sio__member *seen[MAX_SEEN];
  unsigned n;
  unsigned stop_at; /* 0: never */
};

static inline bool note(struct sio__member *member, void *user)
{
  struct visits *visits = user;

  assert_true(visits->n < MAX_SEEN);
  visits->seen[visits->n++] = member;
  return visits->n != visits->stop_at;
}

#endif
