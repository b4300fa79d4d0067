/* SPDX-License-Identifier: MIT */
/* Rooms under random operations, against a model too simple to be wrong. */
#include "rooms_world.h"

enum { N_NAMES = N_MEMBERS + 12 };

struct model {
  bool known[N_MEMBERS], active[N_MEMBERS];
  unsigned names[N_MEMBERS][N_NAMES]; /* in the order of joining */
  unsigned n[N_MEMBERS];
};

/* Names 0 to N_MEMBERS - 1 are the ids. */
static sio_str name_of(const struct world *w, unsigned name)
{
  static const char *const others[N_NAMES - N_MEMBERS] = {
      "",  "a", "b", "c", "a room", "a longer name of a room, for once",
      "d", "e", "f", "g", "h",      "member00000000000099"};

  return name < N_MEMBERS ? id_of(w, name) : sio_s(others[name - N_MEMBERS]);
}

static unsigned model_find(const struct model *model, unsigned m, unsigned name)
{
  unsigned i = 0;

  while (i < model->n[m] && model->names[m][i] != name)
    i++;
  return i; /* n: it is not in there */
}

static bool model_has(const struct model *model, unsigned m, unsigned name)
{
  return model_find(model, m, name) < model->n[m];
}

static void model_join(struct model *model, unsigned m, unsigned name)
{
  unsigned at = name == m ? 0 : model->n[m]; /* its own room comes first */

  if (model_has(model, m, name))
    return;
  memmove(&model->names[m][at + 1], &model->names[m][at],
          (model->n[m] - at) * sizeof **model->names);
  model->names[m][at] = name;
  model->n[m]++;
}

static void model_leave(struct model *model, unsigned m, unsigned name)
{
  unsigned at = model_find(model, m, name);

  if (at == model->n[m])
    return;
  model->n[m]--;
  memmove(&model->names[m][at], &model->names[m][at + 1],
          (model->n[m] - at) * sizeof **model->names);
}

static void compare_rooms(const struct world *w, const struct model *model)
{
  size_t count = 0;

  for (unsigned name = 0; name < N_NAMES; name++) {
    size_t size = 0;
    bool shared = false;

    for (unsigned m = 0; m < N_MEMBERS; m++) {
      bool has = model_has(model, m, name);

      if (model->known[m])
        assert_int_equal(
            sio__rooms_has(&w->rooms, w->members[m], name_of(w, name)), has);
      size += has;
      shared = shared || (has && m != name);
    }
    assert_int_equal(sio__rooms_size(&w->rooms, name_of(w, name)), size);
    count += shared;
  }
  assert_int_equal(sio__rooms_count(&w->rooms), count);
}

static void compare_members(const struct world *w, const struct model *model)
{
  for (unsigned m = 0; m < N_MEMBERS; m++) {
    struct sio__member *member = w->members[m];

    assert_ptr_equal(sio__rooms_find(&w->rooms, id_of(w, m)),
                     model->known[m] ? member : NULL);
    assert_int_equal(member->known, model->known[m]);
    assert_int_equal(member->active, model->active[m]);
    assert_int_equal(sio__member_count(member), model->n[m]);
    for (unsigned i = 0; i < model->n[m]; i++) {
      sio_str want = name_of(w, model->names[m][i]);
      sio_str got = sio__member_room(member, i);

      assert_int_equal(got.len, want.len);
      assert_true(want.len == 0 || memcmp(got.data, want.data, want.len) == 0);
    }
  }
}

static void compare_walk(struct world *w, const struct model *model,
                         uint32_t *random)
{
  unsigned picks[8];
  sio_str names[8];
  struct sio__selection sel = {.rooms = names,
                               .n_rooms = test_random(random) % 4,
                               .except = names + 4,
                               .n_except = test_random(random) % 4};
  struct visits visits = {.n = 0};

  for (unsigned i = 0; i < 8; i++) {
    picks[i] = test_random(random) % N_NAMES;
    names[i] = name_of(w, picks[i]);
  }
  sio__rooms_each(&w->rooms, &sel, note, &visits);
  for (unsigned m = 0; m < N_MEMBERS; m++) {
    bool want = sel.n_rooms == 0;
    unsigned times = 0;

    for (unsigned i = 0; i < sel.n_rooms; i++)
      want = want || model_has(model, m, picks[i]);
    for (unsigned i = 0; i < sel.n_except; i++)
      want = want && !model_has(model, m, picks[4 + i]);
    for (unsigned i = 0; i < visits.n; i++)
      times += visits.seen[i] == w->members[m];
    assert_int_equal(times, want && model->active[m] ? 1 : 0);
  }
}

/* Enter, activate, leave all, or exit. */
static void change_member(struct world *w, struct model *model, unsigned m,
                          uint32_t what)
{
  struct sio__member *member = w->members[m];

  if (!model->known[m]) {
    sio__rooms_enter(&w->rooms, member, sio_s(w->ids[m]));
    model->known[m] = true;
    model_join(model, m, m);
  } else if (!model->active[m] && what > 1) {
    int rv = sio__rooms_activate(&w->rooms, member);

    assert_true(rv == 0 || (rv == SIO_ERR_NOMEM && w->mem.fired));
    model->active[m] = rv == 0;
  } else if (what == 0) {
    sio__rooms_leave_all(&w->rooms, member);
    model->active[m] = false;
    model->n[m] = 0;
  } else if (what == 1) {
    sio__rooms_exit(&w->rooms, member);
    model->known[m] = model->active[m] = false;
    model->n[m] = 0;
  }
}

static void change_room(struct world *w, struct model *model, unsigned m,
                        unsigned name, bool joins)
{
  if (!model->known[m])
    return;
  if (joins) {
    int rv = sio__rooms_join(&w->rooms, w->members[m], name_of(w, name));

    assert_true(rv == 0 || (rv == SIO_ERR_NOMEM && w->mem.fired));
    if (rv == 0)
      model_join(model, m, name);
  } else {
    sio__rooms_leave(&w->rooms, w->members[m], name_of(w, name));
    model_leave(model, m, name);
  }
}

static void run_random_operations(uint32_t random, bool may_fail)
{
  struct model model = {.n = {0}};
  unsigned fired = 0;
  struct world w;

  world_init(&w);
  for (unsigned step = 0; step < 4000; step++) {
    unsigned m = test_random(&random) % N_MEMBERS;
    uint32_t what = test_random(&random) % 16;

    w.mem.fired = false;
    w.mem.fail_at = TEST_MEM_NEVER;
    if (may_fail && test_random(&random) % 3 == 0)
      w.mem.fail_at = w.mem.calls + test_random(&random) % 3;

    if (what < 4)
      change_member(&w, &model, m, what);
    else
      change_room(&w, &model, m, test_random(&random) % N_NAMES,
                  test_random(&random) % 9 < (step / 500 % 2 != 0 ? 3u : 6u));
    fired += w.mem.fired;
    compare_members(&w, &model);
    compare_rooms(&w, &model);
    compare_walk(&w, &model, &random);
  }
  assert_int_equal(fired > 20, may_fail);
  world_dispose(&w);
}

static void test_random_operations_agree_with_the_model(void **state)
{
  (void)state;
  for (uint32_t n = 1; n <= 5; n++)
    run_random_operations(n * 7919, false);
}

static void test_failed_allocations_leave_all_as_it_was(void **state)
{
  (void)state;
  for (uint32_t n = 1; n <= 5; n++)
    run_random_operations(n * 104729, true);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_random_operations_agree_with_the_model),
      cmocka_unit_test(test_failed_allocations_leave_all_as_it_was),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
