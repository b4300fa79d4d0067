/* SPDX-License-Identifier: MIT */
/* lib/core/attach.c: how a server gets its adapter, and what that is told of
 * namespaces and rooms. */
#include "joined_world.h"

#include <sio/dynamic.h>

#include <stdlib.h>

static struct core_world w;
static struct core_client a;
static sio_adapter_ops ops;

static void on_opened(sio_ns *ns, void *user)
{
  world_note(user, "opened %s", sio_ns_name(ns));
}

static void on_closed(sio_ns *ns, void *user)
{
  world_note(user, "closed %s with %zu", sio_ns_name(ns),
             sio_ns_socket_count(ns));
}

static void on_created(sio_ns *ns, sio_str room, void *user)
{
  (void)ns;
  if (room.len != CORE_SID_LEN)
    world_note(user, "created %.*s", SIO_STR_ARG(room));
  else
    world_note(user, "created own");
}

static void on_deleted(sio_ns *ns, sio_str room, void *user)
{
  (void)ns;
  if (room.len != CORE_SID_LEN)
    world_note(user, "deleted %.*s", SIO_STR_ARG(room));
  else
    world_note(user, "deleted own");
}

static void open_world(void)
{
  world_open(&w, NULL);
  sio_adapter_ops_init(&ops);
}

static void set(void)
{
  assert_int_equal(sio_server_set_adapter(w.server, &ops, &w), 0);
}

/* ---- Beginning and end ---- */

static void test_each_namespace_is_opened_and_closed_once(void **state)
{
  (void)state;
  open_world();
  assert_non_null(sio_of(w.server, "/one"));
  assert_non_null(sio_of_pattern(w.server, "/p/{x}"));
  ops.opened = on_opened;
  ops.closed = on_closed;
  set();
  assert_noted(&w, "opened /\nopened /one\n");
  assert_non_null(sio_of(w.server, "/p/1"));
  assert_non_null(sio_of(w.server, "/p/1"));
  assert_noted(&w, "opened /p/1\n");
  client_enter(&w, &a);
  client_join(&a, "/one");
  assert_int_equal(sio_ns_delete(sio_find(w.server, "/one")), 0);
  assert_noted(&w, "closed /one with 0\n");
  world_close(&w);
  assert_noted(&w, "closed / with 0\nclosed /p/1 with 0\n");
}

static void test_an_adapter_comes_once_and_before_sockets(void **state)
{
  sio_server *plain;

  (void)state;
  open_world();
  assert_int_equal(sio_server_set_adapter(w.server, NULL, NULL), 0);
  client_enter(&w, &a);
  assert_int_equal(sio_server_set_adapter(w.server, &ops, &w), SIO_ERR_STATE);
  client_drop(&a);
  set();
  assert_int_equal(sio_server_set_adapter(w.server, &ops, &w), SIO_ERR_STATE);
  assert_int_equal(sio_server_set_adapter(w.server, NULL, NULL), 0);
  set();
  ops.size = sizeof ops.size - 1;
  assert_int_equal(sio_server_set_adapter(w.server, &ops, &w), SIO_ERR_INVALID);
  world_close(&w);
  plain = sio_engine_new(NULL, NULL, NULL);
  ops.size = sizeof ops;
  assert_int_equal(sio_server_set_adapter(plain, &ops, &w),
                   SIO_ERR_UNSUPPORTED);
  sio_server_free(plain);
}

static void test_a_short_table_of_functions_is_completed(void **state)
{
  sio_adapter_ops *few;

  (void)state;
  open_world();
  few = (sio_adapter_ops *)(void *)test_exact(
      &ops, offsetof(sio_adapter_ops, publish));
  few->size = offsetof(sio_adapter_ops, publish);
  few->opened = on_opened;
  assert_int_equal(sio_server_set_adapter(w.server, few, &w), 0);
  assert_noted(&w, "opened /\n");
  assert_int_equal(sio_emitf(sio_everyone(w.root), "e", NULL), 0);
  free(few);
  world_close(&w);
}

static void set_again(int status, size_t answered, size_t asked, void *user)
{
  (void)answered;
  (void)asked;
  world_note(&w, "done %d", status);
  assert_int_equal(sio_server_set_adapter(w.server, &ops, user), SIO_ERR_STATE);
}

static int say_nothing(sio_ns *ns, const sio_operation *operation, void *user)
{
  (void)ns;
  (void)operation;
  (void)user;
  return 0;
}

static void see_nothing(const sio_socket_info *info, void *user)
{
  (void)info;
  (void)user;
}

static void test_a_server_that_is_freed_gets_no_adapter(void **state)
{
  (void)state;
  open_world();
  ops.opened = on_opened;
  ops.closed = on_closed;
  ops.publish = say_nothing;
  set();
  assert_int_equal(
      sio_fetch(sio_everyone(w.root), 100, see_nothing, set_again, &w), 0);
  assert_noted(&w, "opened /\n");
  world_close(&w);
  assert_noted(&w, "closed / with 0\ndone -500\n");
}

/* ---- Rooms ---- */

static void test_rooms_are_told_when_they_come_and_go(void **state)
{
  sio_str room = sio_s("r");

  (void)state;
  open_world();
  ops.room_created = on_created;
  ops.room_deleted = on_deleted;
  set();
  client_enter(&w, &a);
  assert_noted(&w, "created own\n");
  assert_int_equal(sio_join(client_socket(&a, "/"), room), 0);
  assert_int_equal(sio_leave(client_socket(&a, "/"), room), 0);
  assert_int_equal(sio_join(client_socket(&a, "/"), room), 0);
  assert_noted(&w, "created r\ndeleted r\ncreated r\n");
  client_drop(&a);
  assert_noted(&w, "deleted own\ndeleted r\n");
  world_close(&w);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_each_namespace_is_opened_and_closed_once),
      cmocka_unit_test(test_an_adapter_comes_once_and_before_sockets),
      cmocka_unit_test(test_a_server_that_is_freed_gets_no_adapter),
      cmocka_unit_test(test_a_short_table_of_functions_is_completed),
      cmocka_unit_test(test_rooms_are_told_when_they_come_and_go),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
