/* SPDX-License-Identifier: MIT */
/*
 * Coming back while one allocation after the other is refused: nothing leaks,
 * and whoever comes back has missed nothing.
 */
#include "recovery_world.h"

#include <stdlib.h>

static struct core_client b;
static size_t n_back;

static bool open_with(struct test_mem *mem)
{
  a.conn = b.conn = NULL;
  sio_server_options_init(&options);
  sio_recovery_options_init(&recovery);
  options.recovery = &recovery;
  return world_try_open_with(&w, &options, mem);
}

/* What was heard of the event "n" in its order: how many, or that one is
 * missing. */
static int count_events(const char *heard, int first)
{
  int n = 0;

  for (const char *at = heard; (at = strstr(at, "[\"n\",")) != NULL; at++) {
    assert_int_equal(atoi(at + 5), first + n);
    n++;
  }
  return n;
}

static void last_offset(const char *heard, char offset[32])
{
  const char *at = heard, *next;

  while ((next = strstr(at, ",\"Fe")) != NULL)
    at = next + 2;
  snprintf(offset, 32, "%.*s", (int)strcspn(at, "\""), at);
}

static void emit_numbers(int from, int to)
{
  sio_payload *payload = sio_payload_new(NULL);
  sio_span bytes = {(const uint8_t *)"ab", 2};

  for (int i = from; i < to; i++) {
    sio_payload_reset(payload);
    sio_payload_int64(payload, i);
    if (i % 2 == 0)
      sio_payload_binary(payload, bytes);
    /* An allocation that is to fail fails once. */
    while (sio_emit_payload(sio_everyone(w.root), "n", payload) ==
           SIO_ERR_NOMEM)
      ;
  }
  sio_payload_free(payload);
}

static void go_and_come_back(struct test_mem *mem, void *user)
{
  char sid[CORE_SID_LEN + 1], pid[CORE_SID_LEN + 1], offset[32], text[200];
  int got;

  (void)user;
  if (!open_with(mem))
    return;
  if (reopen(&a)) {
    client_say(&a, "40");
    if (read_connect(client_hear(&a), a.sid, pid)) {
      sio_socket *socket = sio_ns_socket(w.root, sio_s(a.sid));

      (void)sio_join(socket, sio_s("a room"));
      (void)sio_socket_set_data(socket, sio_s("{\"n\":1}"));
      emit_numbers(0, 3);
      got = count_events(client_hear(&a), 0);
      last_offset(a.heard, offset);
      if (a.conn != NULL)
        client_drop(&a);
      emit_numbers(3, 6);
      snprintf(text, sizeof text, "40{\"pid\":\"%s\",\"offset\":\"%s\"}", pid,
               offset);
      if (reopen(&b)) {
        client_say(&b, text);
        if (read_connect(client_hear(&b), sid, text) &&
            strcmp(pid, text) == 0) {
          assert_string_equal(sid, a.sid);
          assert_int_equal(got + count_events(b.heard, got), 6);
          n_back++;
        }
      }
    }
  }
  world_close(&w);
}

static void test_whoever_comes_back_has_missed_nothing(void **state)
{
  size_t runs;

  (void)state;
  n_back = 0;
  runs = test_every_allocation(go_and_come_back, NULL);
  assert_true(runs > 30);
  assert_true(n_back > 5);
  assert_true(n_back < runs);
}

/* Its memory is given back with the server, not with the last handle. */
static void test_what_a_deleted_namespace_is_sent_is_forgotten(void **state)
{
  char pid[CORE_SID_LEN + 1];
  sio_socket *socket;
  sio_ns *ns;

  (void)state;
  begin();
  ns = sio_of(w.server, "/b");
  assert_non_null(ns);
  assert_true(client_open(&w, &a));
  join_new(&a, "/b,", pid);
  socket = sio_socket_retain(client_socket(&a, "/b"));
  assert_int_equal(sio_ns_delete(ns), 0);
  (void)sio_emitf(sio_others(socket), "e", NULL); /* to nobody */
  world_drop_clients(&w);
  sio_server_free(w.server);
  w.server = NULL;
  sio_socket_release(socket);
  world_close(&w);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_whoever_comes_back_has_missed_nothing),
      cmocka_unit_test(test_what_a_deleted_namespace_is_sent_is_forgotten),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
