/* SPDX-License-Identifier: MIT */
/*
 * Whole scenarios in which one allocation after the other is refused: nothing
 * leaks, nothing breaks, the connection concerned goes at most, and the next
 * client is served.
 */
#include "core_world.h"

#include <stdio.h>

#define PLACE0 "{\"_placeholder\":true,\"num\":0}"

static struct core_world w;
static struct core_client a, b, fresh;
static struct core_poller poller;
static int joined, left;

static void on_connect(sio_socket *socket, void *user)
{
  (void)user;
  joined++;
  (void)sio_join(socket, sio_s("room")); /* out of memory: it is not in it */
  (void)sio_join(socket, sio_s("second"));
  (void)sio_join(socket, sio_s("third"));
}

static void on_disconnect(sio_socket *socket, const sio_end *end, void *user)
{
  (void)socket;
  (void)user;
  left++;
  assert_int_not_equal(end->cause, SIO_CAUSE_NONE);
}

static void let_in(sio_socket *socket, sio_next *next, void *user)
{
  sio_str token =
      sio_value_str(sio_value_member(sio_socket_auth(socket), "token"));

  (void)user;
  if (token.data != NULL && sio_str_is(token, "no\n"))
    (void)sio_next_refusef(next, "refused", "{why: %s}", "bad token");
  else
    (void)sio_next_ok(next);
}

static void hold_on(sio_socket *socket, sio_next *next, void *user)
{
  (void)socket;
  *(sio_next **)user = sio_next_retain(next);
}

/* A server with everything registered; NULL: the allocation that was to fail
 * was one of the server's own. */
static bool begin(struct test_mem *mem)
{
  joined = left = 0;
  a.conn = b.conn = fresh.conn = NULL;
  if (!world_try_open(&w, mem))
    return false;
  while (sio_on_connect(w.root, on_connect, NULL) != 0)
    ; /* an allocation that is to fail fails once */
  while (sio_on_disconnect(w.root, on_disconnect, NULL) != 0)
    ;
  world_echo(w.root);
  return true;
}

/* After one refusal everything works again. */
static void end(struct test_mem *mem)
{
  if (mem->fired) {
    client_enter(&w, &fresh);
    client_say(&fresh, "425[\"echo\",1]");
    assert_hears(&fresh, "42[\"echoed\",1]\n435[1]\n");
  }
  world_close(&w);
  assert_int_equal(joined, left);
}

static void sweep(void (*body)(struct test_mem *mem, void *user), size_t least)
{
  size_t runs = test_every_allocation(body, NULL);

  if (runs < least)
    fail_msg("only %zu allocations were refused", runs);
}

static void talk(struct test_mem *mem, void *user)
{
  (void)user;
  if (!begin(mem))
    return;
  while (sio_use(w.root, let_in, NULL) != 0)
    ;
  if (client_open(&w, &a)) {
    client_say(&a, "40{\"token\":\"no\\n\"}");
    client_say(&a, "40{\"token\":\"yes\\n\"}");
    client_say(&a, "40/nope,");
    client_say(&a, "421[\"echo\",{\"text\":\"hello\\u0021\"}]");
    client_say(&a, "451-2[\"echo\"," PLACE0 "]");
    client_say_bytes(&a, "bytes", 5);
    (void)client_hear(&a);
    client_say(&a, "41");
    client_say_close(&a);
    (void)client_hear(&a);
  }
  end(mem);
}

static void test_talking(void **state)
{
  (void)state;
  sweep(talk, 15);
}

static void talk_by_polling(struct test_mem *mem, void *user)
{
  (void)user;
  if (!begin(mem))
    return;
  if (poller_open(&w, &poller)) {
    http_send(&poller.post, poller.target, "40");
    (void)http_answer(&poller.post);
    poller_get(&poller);
    (void)http_answer(&poller.get);
    http_send(&poller.post, poller.target,
              "421[\"echo\",1]\x1e"
              "451-2[\"echo\"," PLACE0 "]\x1e"
              "bAQIDBA==");
    (void)http_answer(&poller.post);
    poller_get(&poller);
    (void)http_answer(&poller.get);
    http_send(&poller.post, poller.target, "41");
    (void)http_answer(&poller.post);
  }
  end(mem);
}

static void test_talking_by_polling(void **state)
{
  (void)state;
  sweep(talk_by_polling, 15);
}

/* What a broadcast reports: nobody got it, or everybody who is left. */
static void broadcast_all(struct test_mem *mem, void *user)
{
  static const uint8_t bytes[] = {1, 2, 3};
  sio_span span = {bytes, sizeof bytes};
  sio_str rooms[] = {sio_s("room"), sio_s("second")};
  sio_payload *payload;
  int rv;

  (void)user;
  if (!begin(mem))
    return;
  if (client_open(&w, &a) && client_open(&w, &b)) {
    client_say(&a, "40");
    client_say(&b, "40");
    (void)client_hear(&a);
    (void)client_hear(&b);
    payload = sio_payload_new(&mem->allocator);
    if (payload != NULL)
      sio_payload_binary(payload, span);
    rv = sio_emit_payload(sio_everyone(w.root), "bytes", payload);
    assert_true(rv == 0 || rv == SIO_ERR_NOMEM);
    sio_payload_free(payload);
    rv = sio_emitf(sio_and_rooms(sio_everyone(w.root), rooms, 2), "text", "%s",
                   "hello");
    assert_true(rv == 0 || rv == SIO_ERR_NOMEM);
    (void)client_hear(&a);
    (void)client_hear(&b);
  }
  end(mem);
}

static void test_broadcasting(void **state)
{
  (void)state;
  sweep(broadcast_all, 15);
}

static void count_answer(sio_socket *socket, int status, const sio_args *args,
                         void *user)
{
  (void)socket;
  (void)status;
  (void)args;
  ++*(int *)user;
}

static bool count_visit(sio_socket *socket, void *user)
{
  (void)socket;
  ++*(int *)user;
  return true;
}

static void ask(struct test_mem *mem, void *user)
{
  int answers = 0, asked = 0, visits = 0, rv = 0;
  sio_socket *socket;

  (void)user;
  if (!begin(mem))
    return;
  if (client_open(&w, &a)) {
    client_say(&a, "40");
    rv = sio_each(sio_everyone(w.root), count_visit, &visits);
    assert_true(rv == 0 || rv == SIO_ERR_NOMEM);
    for (int i = 0; i < 3 && left == 0 && joined == 1; i++) {
      const char *sid = strstr(client_hear(&a), "\"sid\":\"");

      if (sid != NULL)
        memcpy(a.sid, sid + 7, CORE_SID_LEN);
      socket = sio_ns_socket(w.root, sio_s(a.sid));
      if (socket == NULL)
        continue;
      rv = sio_emitf(sio_with_ack(sio_only(socket), 10, count_answer, &answers),
                     "q", NULL);
      asked += rv == 0;
      assert_true(rv == 0 || rv == SIO_ERR_NOMEM || rv == SIO_ERR_DISCONNECTED);
    }
    client_say(&a, "430[1]");
    client_say(&a, "461-1[" PLACE0 "]");
    client_say_bytes(&a, "x", 1);
    world_wait(&w, 20);
  }
  end(mem);
  assert_int_equal(answers, asked);
  assert_true(mem->fired || (answers == 3 && visits == 1));
}

static void test_asking(void **state)
{
  (void)state;
  sweep(ask, 10);
}

static void join_later(struct test_mem *mem, void *user)
{
  sio_next *next = NULL;
  sio_payload *payload;

  (void)user;
  if (!begin(mem))
    return;
  while (sio_use(w.root, hold_on, &next) != 0)
    ;
  if (client_open(&w, &a)) {
    client_say(&a, "40{\"token\":1}");
    payload = sio_payload_new(&mem->allocator);
    if (payload != NULL)
      sio_payload_format(payload, "{code: %d}", 1);
    if (next != NULL && payload != NULL)
      (void)sio_next_refuse(next, "later", payload);
    sio_next_release(next);
    next = NULL;
    sio_payload_free(payload);
    client_say(&a, "40");
    if (next != NULL)
      (void)sio_next_ok(next);
    sio_next_release(next);
    next = NULL;
    (void)client_hear(&a);
  }
  world_close(&w);
  assert_int_equal(joined, left);
  assert_true(mem->fired || joined == 1);
}

static void test_joining_later(void **state)
{
  (void)state;
  sweep(join_later, 15);
}

static void note_closed(sio_server *server, void *user)
{
  (void)server;
  ++*(int *)user;
}

static void close_and_serve_again(struct test_mem *mem, void *user)
{
  int closed = 0;

  (void)user;
  if (!begin(mem))
    return;
  for (int i = 0; i < 2; i++) {
    if (client_open(&w, &a))
      client_say(&a, "40");
    if (client_open(&w, &b))
      client_say(&b, "40");
    (void)client_hear(&a);
    assert_int_equal(sio_server_close(w.server, note_closed, &closed), 0);
    world_drop_clients(&w);
    assert_int_equal(closed, i + 1);
  }
  end(mem);
}

static void test_closing_and_serving_again(void **state)
{
  (void)state;
  sweep(close_and_serve_again, 15);
}

static void leave_and_close(struct test_mem *mem, void *user)
{
  sio_socket *socket;
  sio_ns *other;

  (void)user;
  if (!begin(mem))
    return;
  do
    other = sio_of(w.server, "/b");
  while (other == NULL);
  if (client_open(&w, &a)) {
    const char *sid;

    client_say(&a, "40");
    sid = strstr(client_hear(&a), "\"sid\":\"");
    if (sid != NULL)
      memcpy(a.sid, sid + 7, CORE_SID_LEN + 1);
    a.sid[CORE_SID_LEN] = '\0';
    client_say(&a, "40/b,");
    socket = sio_ns_socket(w.root, sio_s(a.sid));
    if (socket != NULL)
      assert_int_equal(sio_socket_disconnect(socket, true), 0);
    assert_int_equal(sio_ns_socket_count(other), 0);
    (void)client_hear(&a);
  }
  end(mem);
}

static void test_leaving_with_close(void **state)
{
  (void)state;
  sweep(leave_and_close, 10);
}

/* From some allocation on there is no memory at all. */
static void test_memory_that_does_not_come_back(void **state)
{
  struct test_mem mem;

  (void)state;
  for (size_t run = 0;; run += 3) {
    test_mem_init(&mem, TEST_MEM_NEVER);
    assert_true(begin(&mem));
    mem.fail_at = mem.calls + run;
    mem.fail_forever = true;
    if (client_open(&w, &a)) {
      client_say(&a, "40");
      client_say(&a, "421[\"echo\",\"\\u0061\"]");
      client_say(&a, "451-2[\"echo\"," PLACE0 "]");
      client_say_bytes(&a, "bytes", 5);
      (void)sio_emitf(sio_everyone(w.root), "e", "%d", 1);
      (void)client_hear(&a);
    }
    world_close(&w);
    assert_int_equal(joined, left);
    test_mem_check(&mem);
    if (!mem.fired)
      return;
    assert_in_range(run, 0, 1000);
  }
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_talking),
      cmocka_unit_test(test_talking_by_polling),
      cmocka_unit_test(test_broadcasting),
      cmocka_unit_test(test_asking),
      cmocka_unit_test(test_joining_later),
      cmocka_unit_test(test_closing_and_serving_again),
      cmocka_unit_test(test_leaving_with_close),
      cmocka_unit_test(test_memory_that_does_not_come_back),
  };

  return cmocka_run_group_tests_name("core/memory", tests, NULL, NULL);
}
