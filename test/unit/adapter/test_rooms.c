/* SPDX-License-Identifier: MIT */
#include "rooms_world.h"

/* The first `n` members enter and are active. */
static void enter(struct world *w, unsigned n)
{
  for (unsigned m = 0; m < n; m++) {
    sio__rooms_enter(&w->rooms, w->members[m], sio_s(w->ids[m]));
    assert_int_equal(sio__rooms_activate(&w->rooms, w->members[m]), 0);
  }
}

static void join(struct world *w, unsigned m, const char *name)
{
  assert_int_equal(sio__rooms_join(&w->rooms, w->members[m], sio_s(name)), 0);
}

static void leave(struct world *w, unsigned m, const char *name)
{
  sio__rooms_leave(&w->rooms, w->members[m], sio_s(name));
}

/* Members as digits and letters, in the order visited: "02b". */
static void expect_walk(struct world *w, const sio_str *rooms, size_t n_rooms,
                        const sio_str *except, size_t n_except,
                        const char *want)
{
  struct sio__selection sel = {.rooms = rooms,
                               .n_rooms = n_rooms,
                               .except = except,
                               .n_except = n_except};
  struct visits visits = {.n = 0};
  char got[MAX_SEEN + 1] = "";

  sio__rooms_each(&w->rooms, &sel, note, &visits);
  for (unsigned i = 0; i < visits.n; i++) {
    for (unsigned m = 0; m < N_MEMBERS; m++) {
      if (w->members[m] == visits.seen[i])
        got[i] = "0123456789abc"[m];
    }
  }
  assert_string_equal(got, want);
}

static void expect_room(struct world *w, const char *name, const char *want)
{
  sio_str room = sio_s(name);

  expect_walk(w, &room, 1, NULL, 0, want);
}

static void expect_places(const struct world *w, unsigned m, const char *want)
{
  char got[200] = "";
  size_t used = 0;

  for (size_t i = 0; i < sio__member_count(w->members[m]); i++) {
    sio_str name = sio__member_room(w->members[m], i);

    assert_true(used + name.len + 1 < sizeof got);
    memcpy(got + used, name.data, name.len);
    used += name.len;
    got[used++] = ' ';
  }
  got[used] = '\0';
  assert_string_equal(got, want);
}

static void test_a_member_is_alone_in_its_own_room(void **state)
{
  struct world w;

  (void)state;
  world_init(&w);
  sio__rooms_enter(&w.rooms, w.members[0], sio_s(w.ids[0]));
  assert_int_equal(w.mem.calls, 0);
  assert_string_equal(sio__member_id(w.members[0]).data, w.ids[0]);
  assert_ptr_equal(sio__rooms_find(&w.rooms, id_of(&w, 0)), w.members[0]);
  assert_true(sio__rooms_has(&w.rooms, w.members[0], id_of(&w, 0)));
  assert_int_equal(sio__rooms_size(&w.rooms, id_of(&w, 0)), 1);
  assert_int_equal(sio__rooms_count(&w.rooms), 0);
  expect_places(&w, 0, "member00000000000000 ");
  expect_room(&w, w.ids[0], ""); /* not active yet */
  expect_walk(&w, NULL, 0, NULL, 0, "");
  assert_int_equal(sio__rooms_activate(&w.rooms, w.members[0]), 0);
  assert_int_equal(sio__rooms_activate(&w.rooms, w.members[0]), 0);
  expect_room(&w, w.ids[0], "0");
  expect_walk(&w, NULL, 0, NULL, 0, "0");
  world_dispose(&w);
}

static void test_unknown_ids_are_not_found(void **state)
{
  struct world w;

  (void)state;
  world_init(&w);
  enter(&w, 2);
  assert_null(sio__rooms_find(&w.rooms, id_of(&w, 2)));
  assert_null(sio__rooms_find(&w.rooms, sio_s("")));
  assert_null(sio__rooms_find(&w.rooms, sio_s("member000000000000000")));
  sio__rooms_exit(&w.rooms, w.members[1]);
  assert_null(sio__rooms_find(&w.rooms, id_of(&w, 1)));
  sio__rooms_exit(&w.rooms, w.members[1]); /* once more does no harm */
  world_dispose(&w);
}

static void test_others_may_join_a_room_named_after_an_id(void **state)
{
  struct world w;

  (void)state;
  world_init(&w);
  enter(&w, 3);
  join(&w, 1, w.ids[0]);
  assert_int_equal(sio__rooms_size(&w.rooms, id_of(&w, 0)), 2);
  assert_int_equal(sio__rooms_count(&w.rooms), 1);
  expect_room(&w, w.ids[0], "01");
  expect_places(&w, 1, "member00000000000001 member00000000000000 ");

  leave(&w, 0, w.ids[0]); /* the owner can leave and come back */
  assert_false(sio__rooms_has(&w.rooms, w.members[0], id_of(&w, 0)));
  assert_int_equal(sio__rooms_size(&w.rooms, id_of(&w, 0)), 1);
  expect_room(&w, w.ids[0], "1");
  expect_places(&w, 0, "");
  join(&w, 0, w.ids[0]);
  join(&w, 0, w.ids[0]);
  expect_room(&w, w.ids[0], "01");

  leave(&w, 1, w.ids[0]);
  assert_int_equal(sio__rooms_count(&w.rooms), 0);
  expect_room(&w, w.ids[0], "0");
  world_dispose(&w);
}

static void test_a_member_enters_where_others_wait_in_its_room(void **state)
{
  struct world w;

  (void)state;
  world_init(&w);
  enter(&w, 2);
  join(&w, 1, w.ids[0]);
  sio__rooms_exit(&w.rooms, w.members[0]);
  expect_room(&w, w.ids[0], "1");
  enter(&w, 1); /* a restored session */
  assert_int_equal(sio__rooms_size(&w.rooms, id_of(&w, 0)), 2);
  expect_room(&w, w.ids[0], "01");
  world_dispose(&w);
}

static void test_places_keep_the_order_of_joining(void **state)
{
  static const char *const names[] = {"a", "b", "c", "d", "e",
                                      "f", "g", "h", "i"};
  struct world w;

  (void)state;
  world_init(&w);
  sio__rooms_enter(&w.rooms, w.members[0], sio_s(w.ids[0]));
  for (size_t i = 0; i < sizeof names / sizeof *names; i++)
    join(&w, 0, names[i]);
  join(&w, 0, "b"); /* it is there already */
  expect_places(&w, 0, "member00000000000000 a b c d e f g h i ");
  leave(&w, 0, "a");
  leave(&w, 0, "e");
  leave(&w, 0, "i");
  leave(&w, 0, "i");
  leave(&w, 0, "nowhere");
  join(&w, 0, "a");
  expect_places(&w, 0, "member00000000000000 b c d f g h a ");
  leave(&w, 0, w.ids[0]);
  expect_places(&w, 0, "b c d f g h a ");
  assert_int_equal(sio__rooms_count(&w.rooms), 7);
  world_dispose(&w);
}

static void test_the_last_seat_moves_to_the_one_left(void **state)
{
  struct world w;

  (void)state;
  world_init(&w);
  enter(&w, 6);
  for (unsigned m = 0; m < 6; m++) {
    join(&w, m, "x");
    join(&w, m, "y");
  }
  expect_room(&w, "x", "012345");
  leave(&w, 1, "x");
  expect_room(&w, "x", "05234");
  leave(&w, 5, "x"); /* found through the place that has moved */
  expect_room(&w, "x", "0423");
  leave(&w, 3, "x");
  expect_room(&w, "x", "042");
  leave(&w, 3, "x"); /* it is not in there */
  expect_room(&w, "x", "042");
  expect_room(&w, "y", "012345");
  world_dispose(&w);
}

static void test_empty_rooms_vanish(void **state)
{
  struct world w;
  size_t before;

  (void)state;
  world_init(&w);
  enter(&w, 2);
  before = w.mem.live_bytes;
  join(&w, 0, "x");
  join(&w, 1, "x");
  assert_int_equal(sio__rooms_size(&w.rooms, sio_s("x")), 2);
  leave(&w, 0, "x");
  assert_int_equal(sio__rooms_count(&w.rooms), 1);
  leave(&w, 1, "x");
  assert_int_equal(sio__rooms_count(&w.rooms), 0);
  assert_int_equal(sio__rooms_size(&w.rooms, sio_s("x")), 0);
  assert_int_equal(w.mem.live_bytes, before);
  world_dispose(&w);
}

static void test_who_left_all_rooms_is_still_known(void **state)
{
  struct world w;

  (void)state;
  world_init(&w);
  enter(&w, 3);
  join(&w, 0, "x");
  join(&w, 0, "y");
  join(&w, 0, "z");
  join(&w, 1, "x");
  sio__rooms_leave_all(&w.rooms, w.members[0]);
  assert_int_equal(sio__member_count(w.members[0]), 0);
  assert_false(w.members[0]->active);
  assert_ptr_equal(sio__rooms_find(&w.rooms, id_of(&w, 0)), w.members[0]);
  assert_int_equal(sio__rooms_size(&w.rooms, id_of(&w, 0)), 0);
  assert_int_equal(sio__rooms_count(&w.rooms), 1);
  expect_room(&w, "x", "1");
  expect_walk(&w, NULL, 0, NULL, 0, "21");
  sio__rooms_leave_all(&w.rooms, w.members[0]);
  expect_walk(&w, NULL, 0, NULL, 0, "21");
  world_dispose(&w);
}

static void test_a_walk_unites_rooms_without_duplicates(void **state)
{
  struct world w;
  sio_str rooms[5] = {sio_s("x"), sio_s("nowhere"), sio_s("y"), sio_s("x")};

  (void)state;
  world_init(&w);
  enter(&w, 6);
  rooms[4] = id_of(&w, 5);
  join(&w, 0, "y");
  join(&w, 1, "y");
  join(&w, 1, "x");
  join(&w, 2, "x");
  join(&w, 3, "z");
  expect_walk(&w, rooms, 5, NULL, 0, "1205");
  expect_walk(&w, rooms, 5, NULL, 0, "1205"); /* marks do not linger */
  expect_walk(&w, rooms + 1, 1, NULL, 0, "");
  world_dispose(&w);
}

static void test_a_walk_leaves_out_those_excepted(void **state)
{
  struct world w;
  sio_str rooms[2] = {sio_s("x"), sio_s("y")};
  sio_str except[3] = {sio_s("y"), sio_s("nowhere")};

  (void)state;
  world_init(&w);
  enter(&w, 4);
  except[2] = id_of(&w, 3);
  join(&w, 0, "x");
  join(&w, 1, "x");
  join(&w, 1, "y");
  join(&w, 2, "y");
  expect_walk(&w, NULL, 0, except, 3, "0");
  expect_walk(&w, NULL, 0, except + 2, 1, "012");
  expect_walk(&w, rooms, 2, except, 1, "0");
  expect_walk(&w, rooms, 2, rooms, 2, "");
  world_dispose(&w);
}

static void test_an_id_excludes_only_who_is_in_its_own_room(void **state)
{
  struct world w;
  sio_str except;

  (void)state;
  world_init(&w);
  enter(&w, 3);
  except = id_of(&w, 0);
  expect_walk(&w, NULL, 0, &except, 1, "12");
  join(&w, 1, w.ids[0]); /* who joins it is excluded with it */
  expect_walk(&w, NULL, 0, &except, 1, "2");
  leave(&w, 0, w.ids[0]);
  expect_walk(&w, NULL, 0, &except, 1, "02");
  world_dispose(&w);
}

static void test_a_walk_stops_when_told_to(void **state)
{
  struct world w;
  sio_str rooms[2];
  struct sio__selection sel = {.rooms = rooms};

  (void)state;
  world_init(&w);
  enter(&w, 4);
  rooms[0] = id_of(&w, 2);
  rooms[1] = sio_s("x");
  for (unsigned m = 0; m < 4; m++)
    join(&w, m, "x");
  for (sel.n_rooms = 0; sel.n_rooms <= 2; sel.n_rooms++) {
    for (unsigned stop = 1; stop <= (sel.n_rooms == 1 ? 1 : 4); stop++) {
      struct visits visits = {.stop_at = stop};

      sio__rooms_each(&w.rooms, &sel, note, &visits);
      assert_int_equal(visits.n, stop);
    }
  }
  world_dispose(&w);
}

static void test_any_bytes_can_name_a_room(void **state)
{
  struct world w;
  sio_str empty = sio_s(NULL);
  sio_str with_nul = {.data = "a\0b", .len = 3};
  char *name = (char *)test_exact("copied", 6);
  sio_str exact = {.data = name, .len = 6};

  (void)state;
  world_init(&w);
  enter(&w, 1);
  assert_int_equal(sio__rooms_join(&w.rooms, w.members[0], empty), 0);
  assert_int_equal(sio__rooms_join(&w.rooms, w.members[0], with_nul), 0);
  assert_int_equal(sio__rooms_join(&w.rooms, w.members[0], exact), 0);
  free(name);
  assert_true(sio__rooms_has(&w.rooms, w.members[0], empty));
  assert_true(sio__rooms_has(&w.rooms, w.members[0], with_nul));
  assert_true(sio__rooms_has(&w.rooms, w.members[0], sio_s("copied")));
  assert_false(sio__rooms_has(&w.rooms, w.members[0], sio_s("a")));
  sio__rooms_leave(&w.rooms, w.members[0], empty);
  assert_false(sio__rooms_has(&w.rooms, w.members[0], empty));
  world_dispose(&w);
}

static void join_many(struct test_mem *mem, void *user)
{
  static const char *const names[] = {"a", "b", "c", "d", "e"};
  struct sio__member members[6];
  struct sio__rooms rooms;
  int rv = 0;

  (void)user;
  memset(members, 0, sizeof members);
  sio__rooms_init(&rooms, &mem->allocator, &world_seed);
  for (unsigned m = 0; m < 6; m++) {
    char id[SIO__ID_LEN + 1];

    snprintf(id, sizeof id, "member%014u", m);
    sio__rooms_enter(&rooms, &members[m], sio_s(id));
    if (rv == 0)
      rv = sio__rooms_activate(&rooms, &members[m]);
    for (unsigned i = 0; i < 5 && rv == 0; i++)
      rv = sio__rooms_join(&rooms, &members[m], sio_s(names[i]));
  }
  assert_true(rv == 0 || (rv == SIO_ERR_NOMEM && mem->fired));
  for (unsigned m = 0; m < 6; m++)
    sio__rooms_exit(&rooms, &members[m]);
  sio__rooms_dispose(&rooms);
}

static void test_nothing_leaks_whichever_allocation_fails(void **state)
{
  (void)state;
  /* five rooms of two blocks that grow once, six members' places, the list */
  assert_true(test_every_allocation(join_many, NULL) >= 5 * 3 + 6 + 1);
}

static void test_a_room_exists_as_long_as_somebody_is_in_it(void **state)
{
  struct world w;

  (void)state;
  world_init(&w);
  enter(&w, 2);
  sio__rooms_enter(&w.rooms, w.members[2], sio_s(w.ids[2]));
  assert_false(sio__rooms_exists(&w.rooms, sio_s("x")));
  join(&w, 2, "x");
  assert_true(sio__rooms_exists(&w.rooms, sio_s("x"))); /* not active yet */
  leave(&w, 2, "x");
  assert_false(sio__rooms_exists(&w.rooms, sio_s("x")));

  assert_true(sio__rooms_exists(&w.rooms, id_of(&w, 0)));
  assert_false(sio__rooms_exists(&w.rooms, id_of(&w, 2)));
  join(&w, 1, w.ids[2]);
  assert_true(sio__rooms_exists(&w.rooms, id_of(&w, 2)));
  leave(&w, 0, w.ids[0]);
  assert_false(sio__rooms_exists(&w.rooms, id_of(&w, 0)));
  world_dispose(&w);
}

struct listing {
  size_t rooms, members, stop_at;
};

static bool list_room(sio_str name, size_t members, void *user)
{
  struct listing *listing = user;

  assert_int_equal(name.len > 3 ? 2 : name.data[1] - '0', members);
  listing->rooms++;
  listing->members += members;
  return listing->rooms != listing->stop_at;
}

static void test_rooms_are_listed_with_their_sizes(void **state)
{
  struct listing all = {0}, some = {.stop_at = 5}, none = {0};
  char name[8];
  struct world w;

  (void)state;
  world_init(&w);
  enter(&w, 9);
  sio__rooms_each_room(&w.rooms, list_room, &none);
  assert_int_equal(none.rooms, 0);
  for (unsigned room = 1; room <= 9; room++) {
    snprintf(name, sizeof name, "r%u", room);
    for (unsigned m = 0; m < room; m++)
      join(&w, m, name);
  }
  join(&w, 1, w.ids[0]); /* the owner is counted */
  sio__rooms_each_room(&w.rooms, list_room, &all);
  assert_int_equal(all.rooms, 10);
  assert_int_equal(all.members, 45 + 2);
  sio__rooms_each_room(&w.rooms, list_room, &some);
  assert_int_equal(some.rooms, 5);
  world_dispose(&w);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_a_member_is_alone_in_its_own_room),
      cmocka_unit_test(test_unknown_ids_are_not_found),
      cmocka_unit_test(test_others_may_join_a_room_named_after_an_id),
      cmocka_unit_test(test_a_member_enters_where_others_wait_in_its_room),
      cmocka_unit_test(test_places_keep_the_order_of_joining),
      cmocka_unit_test(test_the_last_seat_moves_to_the_one_left),
      cmocka_unit_test(test_empty_rooms_vanish),
      cmocka_unit_test(test_who_left_all_rooms_is_still_known),
      cmocka_unit_test(test_a_walk_unites_rooms_without_duplicates),
      cmocka_unit_test(test_a_walk_leaves_out_those_excepted),
      cmocka_unit_test(test_an_id_excludes_only_who_is_in_its_own_room),
      cmocka_unit_test(test_a_walk_stops_when_told_to),
      cmocka_unit_test(test_any_bytes_can_name_a_room),
      cmocka_unit_test(test_nothing_leaks_whichever_allocation_fails),
      cmocka_unit_test(test_a_room_exists_as_long_as_somebody_is_in_it),
      cmocka_unit_test(test_rooms_are_listed_with_their_sizes),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
