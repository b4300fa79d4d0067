/* SPDX-License-Identifier: MIT */
/* lib/core/cast.c: one event to many, as whoever watches sees it. */
#include "emit_world.h"

static void watch(sio_socket *socket, sio_str event, sio_str json, void *user)
{
  size_t i = 0;

  while (i < N && strcmp(sio_socket_id(socket), c[i].sid) != 0)
    i++;
  world_note(user, "%zu %.*s(%.*s)", i, SIO_STR_ARG(event), SIO_STR_ARG(json));
}

static void test_each_recipient_is_shown_to_whoever_watches(void **state)
{
  sio_payload *payload = sio_payload_new(NULL);
  sio_span bytes = {(const uint8_t *)"a", 1};

  (void)state;
  begin();
  assert_int_equal(sio_on_outgoing(w.root, watch, &w), 0);
  assert_int_equal(sio_emitf(sio_only(at(3)), "e", "%d, {a: 1}", 7), 0);
  assert_int_equal(sio_emitf(sio_only(at(3)), "none", NULL), 0);
  sio_payload_binary(payload, bytes);
  assert_int_equal(sio_emit_payload(sio_in(w.root, sio_s("x")), "b", payload),
                   0);
  assert_noted(&w, "3 e(7,{\"a\":1})\n3 none()\n0 b(" PLACE0 ")\n"
                   "1 b(" PLACE0 ")\n");
  assert_hears(&c[3], "42[\"e\",7,{\"a\":1}]\n42[\"none\"]\n");
  assert_hears(&c[0], "451-[\"b\"," PLACE0 "]\n<61>\n");
  assert_int_equal(sio_emitf(sio_only(at(3)), "e", "{"), SIO_ERR_FORMAT);
  assert_noted(&w, "");
  sio_payload_free(payload);
  world_close(&w);
}

static void test_a_volatile_event_is_shown_even_if_it_is_dropped(void **state)
{
  (void)state;
  begin();
  assert_int_equal(sio_on_outgoing(w.root, watch, &w), 0);
  assert_int_equal(sio_emitf(sio_only(at(1)), "a", NULL), 0);
  assert_int_equal(sio_emitf(sio_volatile(sio_only(at(1))), "b", NULL),
                   SIO_DROPPED);
  assert_int_equal(
      sio_emitf(sio_volatile(sio_in(w.root, sio_s("x"))), "c", NULL), 0);
  assert_noted(&w, "1 a()\n1 b()\n0 c()\n1 c()\n");
  assert_hears(&c[0], "42[\"c\"]\n");
  assert_hears(&c[1], "42[\"a\"]\n");
  world_close(&w);
}

static void interfere(sio_socket *socket, sio_str event, sio_str json,
                      void *user)
{
  (void)json;
  (void)user;
  if (sio_str_is(event, "inner"))
    return;
  assert_int_equal(sio_emitf(sio_only(socket), "inner", NULL), 0);
  if (sio_str_is(event, "last"))
    assert_int_equal(sio_socket_disconnect(socket, false), 0);
}

static void test_whoever_watches_may_emit_and_disconnect(void **state)
{
  sio_target one;

  (void)state;
  begin();
  one = sio_only(at(0));
  assert_int_equal(sio_on_outgoing(w.root, interfere, NULL), 0);
  assert_int_equal(sio_emitf(one, "outer", "%d", 1), 0);
  assert_int_equal(sio_emitf(one, "last", "%d", 2), SIO_ERR_DISCONNECTED);
  assert_hears(&c[0], "42[\"inner\"]\n42[\"outer\",1]\n42[\"inner\"]\n41\n");
  assert_int_equal(sio_emitf(sio_in(w.root, sio_s("y")), "last", NULL), 0);
  assert_hears(&c[1], "42[\"inner\"]\n41\n");
  assert_hears(&c[2], "42[\"inner\"]\n41\n");
  world_close(&w);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_each_recipient_is_shown_to_whoever_watches),
      cmocka_unit_test(test_a_volatile_event_is_shown_even_if_it_is_dropped),
      cmocka_unit_test(test_whoever_watches_may_emit_and_disconnect),
  };

  return cmocka_run_group_tests_name("core/cast", tests, NULL, NULL);
}
