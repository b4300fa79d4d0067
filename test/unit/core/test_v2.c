/* SPDX-License-Identifier: MIT */
#include "core_world.h"

#include <sio/engine.h>
#include <sio/handshake.h>

#include "core/recovery.h"

#include <stdio.h>

#define PLACE0 "{\"_placeholder\":true,\"num\":0}"

enum { LONG_ID = 128 };

static struct core_world w;
static struct core_client a, b;

/* ---- Clients ---- */

static sio_ns *begin(void)
{
  sio_server_options options;
  sio_ns *ns;

  world_options(&w, &options);
  options.allow_eio3 = 1;
  world_open(&w, &options);
  world_echo(world_watch(&w, "/"));
  ns = world_watch(&w, "/b");
  world_echo(ns);
  return ns;
}

/* Open a websocket of Engine.IO 3, up to the open packet. */
static bool open_v2(struct core_client *c)
{
  static const char request[] =
      "GET /socket.io/?EIO=3&transport=websocket HTTP/1.1\r\n"
      "Host: test\r\n"
      "Connection: Upgrade\r\n"
      "Upgrade: websocket\r\n"
      "Sec-WebSocket-Version: 13\r\n"
      "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
  char *end, *sid;
  size_t head, len;

  if (!http_open(&w, c))
    return false;
  client_feed(c, request, sizeof request - 1);
  (void)client_hear(c); /* adds to the raw bytes */
  c->raw[c->raw_len] = '\0';
  end = strstr((char *)c->raw, "\r\n\r\n");
  if (end == NULL || memcmp(c->raw, "HTTP/1.1 101", 12) != 0)
    return false;
  head = (size_t)(end + 4 - (char *)c->raw);
  len = c->raw[head + 1];
  head += 2;
  if (len == 126) {
    len = (size_t)c->raw[head] << 8 | c->raw[head + 1];
    head += 2;
  }
  sid = strstr((char *)c->raw + head, "\"sid\":\"");
  if (sid != NULL)
    memcpy(c->sid, sid + 7, CORE_SID_LEN);
  c->sid[CORE_SID_LEN] = '\0';
  c->raw_len -= head + len;
  memmove(c->raw, c->raw + head + len, c->raw_len);
  c->http = false;
  return sid != NULL;
}

/* Open, and see it in "/". */
static void enter_v2(struct core_client *c)
{
  assert_true(open_v2(c));
  assert_hears(c, "40\n");
  assert_noted(&w, "joined /\n");
}

static void test_old_clients_are_refused_by_default(void **state)
{
  (void)state;
  world_open(&w, NULL);
  assert_false(open_v2(&a));
  world_close(&w);
}

static void test_it_is_in_the_main_namespace_at_once(void **state)
{
  sio_socket *socket;

  (void)state;
  begin();
  enter_v2(&a);
  socket = client_socket(&a, "/");
  assert_string_equal(sio_socket_id(socket), a.sid);
  assert_string_equal(sio_session_id(sio_socket_session(socket)), a.sid);
  assert_true(sio_socket_in(socket, sio_s(a.sid)));
  assert_true(sio_str_is(sio_value_json(sio_socket_auth(socket)), "{}"));
  world_wait(&w, 44000); /* it is not waited for any more */
  client_say(&a, "2");
  world_wait(&w, 10000);
  assert_hears(&a, "3\n");
  world_close(&w);
}

static void test_events_and_acks_are_as_ever(void **state)
{
  (void)state;
  begin();
  enter_v2(&a);
  client_say(&a, "427[\"echo\",1,{\"a\":[]}]");
  assert_hears(&a, "42[\"echoed\",1,{\"a\":[]}]\n437[1,{\"a\":[]}]\n");
  client_say(&a, "451-8[\"echo\"," PLACE0 "]");
  client_say_bytes(&a, "\x04xyz", 4);
  assert_hears(&a, "451-[\"echoed\"," PLACE0 "]\n<0478797a>\n"
                   "461-8[" PLACE0 "]\n<0478797a>\n");
  world_close(&w);
}

static void test_a_connect_for_the_main_namespace_is_not_allowed(void **state)
{
  static const char *const packets[] = {"40", "40/", "40/?x=1,", "40/b/.."};

  (void)state;
  for (size_t i = 0; i < sizeof packets / sizeof *packets; i++) {
    begin();
    enter_v2(&a);
    client_say(&a, packets[i]);
    assert_hears(&a, "<close>\n");
    assert_int_equal(sio_server_cause_count(w.server, SIO_CAUSE_NOT_ALLOWED),
                     1);
    world_close(&w);
  }
}

static void test_too_many_joins_are_refused_as_they_know_it(void **state)
{
  sio_server_options options;

  (void)state;
  world_options(&w, &options);
  options.allow_eio3 = 1;
  options.joins_per_second = 1;
  options.rate_policy = SIO_RATE_DROP;
  world_open(&w, &options);
  world_watch(&w, "/");
  enter_v2(&a);
  client_say(&a, "40/nope?x=1,");
  assert_hears(&a, "44/nope,{\"message\":\"Invalid namespace\"}\n");
  client_say(&a, "40/b?x=1,");
  assert_hears(&a, "44/b,\"Too many joins\"\n");
  world_close(&w);
}

static void lose(sio_ns *ns, sio_str id, sio_value data, void *user)
{
  (void)ns;
  (void)id;
  (void)data;
  (void)user;
  fail_msg("nobody could have come back");
}

static void test_they_have_nothing_to_come_back_with(void **state)
{
  sio_server_options options;
  sio_recovery_options recovery;
  size_t bytes;

  (void)state;
  world_options(&w, &options);
  sio_recovery_options_init(&recovery);
  options.allow_eio3 = 1;
  options.recovery = &recovery;
  world_open(&w, &options);
  world_watch(&w, "/");
  assert_int_equal(sio_on_recovery_lost(w.root, lose, NULL), 0);
  enter_v2(&a);
  assert_null(client_socket(&a, "/")->lifeline);
  assert_int_equal(sio_emitf(sio_everyone(w.root), "e", NULL), 0);
  (void)client_hear(&a); /* with the offset that all get */
  bytes = w.root->recovery->store.bytes;
  client_drop(&a);
  assert_int_equal(w.root->recovery->store.by_pid.count, 0);
  assert_int_equal(w.root->recovery->store.bytes, bytes);
  world_close(&w);
}

static void hold_on(sio_socket *socket, sio_next *next, void *user)
{
  (void)socket;
  *(sio_next **)user = sio_next_retain(next);
}

static void test_nor_while_it_waits_to_join_it(void **state)
{
  sio_next *next = NULL;

  (void)state;
  begin();
  assert_int_equal(sio_use(w.root, hold_on, &next), 0);
  assert_true(open_v2(&a));
  assert_hears(&a, "");
  client_say(&a, "40");
  assert_hears(&a, "<close>\n");
  sio_next_release(next);
  world_close(&w);
}

static void test_a_late_middleware_lets_it_in_later(void **state)
{
  sio_next *next = NULL;

  (void)state;
  begin();
  assert_int_equal(sio_use(w.root, hold_on, &next), 0);
  assert_true(open_v2(&a));
  assert_hears(&a, "");
  assert_int_equal(sio_next_ok(next), 0);
  assert_hears(&a, "40\n");
  sio_next_release(next);
  client_say(&a, "421[\"echo\"]");
  assert_hears(&a, "42[\"echoed\"]\n431[]\n");
  world_close(&w);
}

static void on_handshake(sio_socket *socket, void *user)
{
  sio_value auth = sio_socket_auth(socket);
  sio_str json = sio_value_json(auth);
  sio_str token = sio_value_str(sio_value_member(auth, "token"));

  world_note(user, "%s %.*s token %.*s", sio_socket_id(socket), (int)json.len,
             json.data, (int)token.len, token.len > 0 ? token.data : "");
}

static void test_another_namespace_is_a_url(void **state)
{
  char want[256];
  sio_socket *socket;
  sio_ns *ns;

  (void)state;
  ns = begin();
  enter_v2(&a);
  assert_int_equal(sio_on_connect(ns, on_handshake, &w), 0);
  client_say(&a, "40/x/../b?token=1&token=123#f,");
  assert_hears(&a, "40/b,\n");
  snprintf(want, sizeof want,
           "joined /b\n/b#%s {\"token\":\"1\",\"token\":\"123\"} token 123\n",
           a.sid);
  assert_noted(&w, want);
  snprintf(want, sizeof want, "/b#%s", a.sid);
  socket = sio_ns_socket(ns, sio_s(want));
  assert_non_null(socket);
  assert_true(sio_socket_in(socket, sio_s(want)));
  assert_string_equal(sio_socket_room(socket, 0).data, want);
  assert_null(sio_ns_socket(ns, sio_s(a.sid)));

  client_say(&a, "42/b?any=thing,3[\"echo\",2]");
  assert_hears(&a, "42/b,[\"echoed\",2]\n43/b,3[2]\n");
  client_say(&a, "451-/./b,[\"echo\"," PLACE0 "]");
  client_say_bytes(&a, "\x04z", 2);
  assert_hears(&a, "451-/b,[\"echoed\"," PLACE0 "]\n<047a>\n");
  client_say(&a, "41/b?,");
  assert_noted(&w, "leaving /b: client namespace disconnect, rooms 1\n"
                   "left /b: client namespace disconnect, the client left the "
                   "namespace, rooms 0\n");
  client_say(&a, "41/b,");
  assert_hears(&a, "<close>\n");
  world_close(&w);
}

static void test_its_payload_is_not_its_auth(void **state)
{
  char want[128];
  sio_ns *ns;

  (void)state;
  ns = begin();
  enter_v2(&a);
  assert_int_equal(sio_on_connect(ns, on_handshake, &w), 0);
  client_say(&a, "40/b,{\"token\":1}");
  assert_hears(&a, "40/b,\n");
  snprintf(want, sizeof want, "joined /b\n/b#%s {} token \n", a.sid);
  assert_noted(&w, want);
  world_close(&w);
}

static void test_an_unknown_namespace_is_an_object(void **state)
{
  (void)state;
  begin();
  enter_v2(&a);
  client_say(&a, "40/nope,");
  assert_hears(&a, "44/nope,{\"message\":\"Invalid namespace\"}\n");
  client_say(&a, "40/a/../no pe?x=1");
  assert_hears(&a, "44/no%20pe,{\"message\":\"Invalid namespace\"}\n");
  client_say(&a, "42[\"echo\"]");
  assert_hears(&a, "42[\"echoed\"]\n");
  world_close(&w);
}

static void refuse(sio_socket *socket, sio_next *next, void *user)
{
  (void)socket;
  if (user == NULL)
    (void)sio_next_refuse(next, "not \"you\"", NULL);
  else
    (void)sio_next_refusef(next, "unused", "{a: %d}", 1);
}

static void test_a_refusal_is_data_or_a_message(void **state)
{
  sio_ns *ns;

  (void)state;
  ns = begin();
  assert_int_equal(sio_use(ns, refuse, NULL), 0);
  assert_int_equal(sio_use(w.root, refuse, &w), 0);
  assert_true(open_v2(&a));
  assert_hears(&a, "44{\"a\":1}\n");
  client_say(&a, "40/b,");
  assert_hears(&a, "44/b,\"not \\\"you\\\"\"\n");
  assert_noted(&w, "");
  client_say(&a, "2"); /* it stays for a while */
  assert_hears(&a, "3\n");
  world_wait(&w, 45001);
  assert_hears(&a, "<close>\n");
  world_close(&w);
}

static void test_leaving_the_main_namespace_leaves_nothing_else(void **state)
{
  (void)state;
  begin();
  enter_v2(&a);
  client_say(&a, "40/b,");
  assert_hears(&a, "40/b,\n");
  assert_noted(&w, "joined /b\n");
  client_say(&a, "41");
  assert_noted(&w, "leaving /: client namespace disconnect, rooms 1\n"
                   "left /: client namespace disconnect, the client left the "
                   "namespace, rooms 0\n");
  client_say(&a, "42/b,[\"echo\"]");
  assert_hears(&a, "42/b,[\"echoed\"]\n");
  client_say(&a, "40"); /* it may come back, but has to say so */
  assert_hears(&a, "40\n");
  assert_string_equal(sio_socket_id(client_socket(&a, "/")), a.sid);
  world_close(&w);
}

static void test_the_server_disconnects_it(void **state)
{
  (void)state;
  begin();
  enter_v2(&a);
  assert_int_equal(sio_socket_disconnect(client_socket(&a, "/"), false), 0);
  assert_hears(&a, "41\n");
  client_say(&a, "2");
  assert_hears(&a, "3\n");
  world_close(&w);
}

/* ---- Both kinds ---- */

static void test_a_broadcast_is_encoded_once_for_both_kinds(void **state)
{
  static const sio_span bytes = {(const uint8_t *)"\x01\x02", 2};
  sio_payload *payload = sio_payload_new(NULL);
  size_t calls;

  (void)state;
  begin();
  enter_v2(&a);
  client_enter(&w, &b);
  assert_int_equal(sio_emitf(sio_everyone(w.root), "news", "%s", "all"), 0);
  assert_hears(&a, "42[\"news\",\"all\"]\n");
  assert_hears(&b, "42[\"news\",\"all\"]\n");
  sio_payload_binary(payload, bytes);
  calls = w.mem->calls;
  assert_int_equal(sio_emit_payload(sio_everyone(w.root), "news", payload), 0);
  assert_true(w.mem->calls - calls <= 8);
  assert_hears(&a, "451-[\"news\"," PLACE0 "]\n<040102>\n");
  assert_hears(&b, "451-[\"news\"," PLACE0 "]\n<0102>\n");
  /* Each by its id. */
  assert_int_equal(
      sio_emit_json(sio_in(w.root, sio_s(a.sid)), "one", sio_s("")), 0);
  assert_int_equal(
      sio_emit_json(sio_others(client_socket(&a, "/")), "others", sio_s("")),
      0);
  assert_hears(&a, "42[\"one\"]\n");
  assert_hears(&b, "42[\"others\"]\n");
  sio_payload_free(payload);
  world_close(&w);
}

static void send_bytes(sio_socket *socket, const sio_args *args, sio_ack *ack,
                       void *user)
{
  static const sio_span bytes = {(const uint8_t *)"\x01\x02", 2};
  sio_payload *payload = sio_payload_new(NULL);

  (void)args;
  (void)ack;
  (void)user;
  sio_payload_binary(payload, bytes);
  assert_int_equal(sio_emit_payload(sio_only(socket), "news", payload), 0);
  sio_payload_free(payload);
}

static void test_polling_frames_are_those_of_protocol_3(void **state)
{
  char sid[CORE_SID_LEN + 1] = "", target[128];
  struct core_client get, post;
  const char *found;

  (void)state;
  begin();
  assert_true(http_open(&w, &get));
  assert_true(http_open(&w, &post));
  http_send(&get, "/socket.io/?EIO=3&transport=polling&b64=1", NULL);
  found = strstr(http_answer(&get), "\"sid\":\"");
  assert_non_null(found);
  memcpy(sid, found + 7, CORE_SID_LEN);
  snprintf(target, sizeof target,
           "/socket.io/?EIO=3&transport=polling&b64=1&sid=%s", sid);
  http_send(&get, target, NULL);
  assert_string_equal(http_answer(&get), "200 2:40");
  http_send(&post, target, "12:42[\"echo\",1]");
  assert_string_equal(http_answer(&post), "200 ok");
  http_send(&get, target, NULL);
  assert_string_equal(http_answer(&get), "200 14:42[\"echoed\",1]");
  assert_int_equal(sio_on(w.root, "bytes", send_bytes, NULL), 0);
  http_send(&post, target, "11:42[\"bytes\"]");
  assert_string_equal(http_answer(&post), "200 ok");
  http_send(&get, target, NULL);
  assert_string_equal(http_answer(&get),
                      "200 42:451-[\"news\"," PLACE0 "]6:b4AQI=");
  world_close(&w);
}

/* ---- Ids ---- */

static int long_id(const sio_request *request, char *out, size_t cap,
                   void *user)
{
  size_t len = *(const size_t *)user;

  (void)request;
  assert_true(cap >= len);
  memset(out, 'i', len);
  return (int)len;
}

static void test_ids_may_be_of_any_length(void **state)
{
  static const size_t lengths[] = {1, 19, 20, 21, LONG_ID};

  (void)state;
  for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
    char id[LONG_ID + 1] = "", other[LONG_ID + 4];
    sio_socket *socket, *kept;
    sio_ns *ns = begin();

    memset(id, 'i', lengths[i]);
    snprintf(other, sizeof other, "/b#%s", id);
    sio_server_on_session_id(w.server, long_id, (void *)(uintptr_t)&lengths[i]);
    assert_true(open_v2(&a));
    assert_hears(&a, "40\n");
    client_say(&a, "40/b,");
    assert_hears(&a, "40/b,\n");
    socket = sio_ns_socket(w.root, sio_s(id));
    assert_non_null(socket);
    assert_string_equal(sio_socket_id(socket), id);
    kept = sio_socket_retain(sio_ns_socket(ns, sio_s(other)));
    assert_int_equal(sio_ns_room_size(ns, sio_s(other)), 1);
    assert_int_equal(sio_emit_json(sio_in(ns, sio_s(other)), "x", sio_s("")),
                     0);
    assert_hears(&a, "42/b,[\"x\"]\n");
    client_drop(&a);
    assert_null(sio_ns_socket(ns, sio_s(other)));
    assert_string_equal(sio_socket_id(kept), other);
    sio_socket_release(kept);
    w.n_notes = 0;
    world_close(&w);
  }
}

static void test_whoever_is_new_has_an_id_of_its_own(void **state)
{
  (void)state;
  begin();
  enter_v2(&a);
  client_enter(&w, &b);
  assert_null(sio_ns_socket(w.root, sio_s("")));
  assert_string_not_equal(
      sio_socket_id(client_socket(&b, "/")),
      sio_session_id(sio_socket_session(client_socket(&b, "/"))));
  world_close(&w);
}

/* ---- Memory ---- */

static void test_out_of_memory_costs_the_client_at_most(void **state)
{
  size_t n = 0;
  bool fired;

  (void)state;
  do {
    begin();
    w.own_mem.fail_at = w.own_mem.calls + n++;
    if (open_v2(&a)) {
      client_say(&a, "40/./b?a=%ff,");
      client_say(&a, "451-/b?,1[\"echo\"," PLACE0 "]");
      client_say_bytes(&a, "\x04z", 2);
      (void)client_hear(&a);
    }
    fired = w.own_mem.fired;
    if (fired) {
      w.n_notes = 0;
      enter_v2(&b);
    }
    w.n_notes = 0;
    world_close(&w);
  } while (fired);
  assert_true(n > 12);
}

static void test_a_query_that_is_too_large_is_refused(void **state)
{
  sio_server_options options;

  (void)state;
  world_options(&w, &options);
  options.allow_eio3 = 1;
  options.max_auth_bytes = 12;
  world_open(&w, &options);
  assert_non_null(sio_of(w.server, "/b"));
  assert_true(open_v2(&a));
  (void)client_hear(&a); /* "/" has no payload that could be too large */
  client_say(&a, "40/b?t=123456,"); /* {"t":"123456"} */
  assert_hears(&a, "44/b,\"Auth payload too large\"\n");
  client_say(&a, "40/b?t=1234,");
  assert_hears(&a, "40/b,\n");
  world_close(&w);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_old_clients_are_refused_by_default),
      cmocka_unit_test(test_it_is_in_the_main_namespace_at_once),
      cmocka_unit_test(test_events_and_acks_are_as_ever),
      cmocka_unit_test(test_a_connect_for_the_main_namespace_is_not_allowed),
      cmocka_unit_test(test_too_many_joins_are_refused_as_they_know_it),
      cmocka_unit_test(test_they_have_nothing_to_come_back_with),
      cmocka_unit_test(test_nor_while_it_waits_to_join_it),
      cmocka_unit_test(test_a_late_middleware_lets_it_in_later),
      cmocka_unit_test(test_another_namespace_is_a_url),
      cmocka_unit_test(test_its_payload_is_not_its_auth),
      cmocka_unit_test(test_an_unknown_namespace_is_an_object),
      cmocka_unit_test(test_a_refusal_is_data_or_a_message),
      cmocka_unit_test(test_leaving_the_main_namespace_leaves_nothing_else),
      cmocka_unit_test(test_the_server_disconnects_it),
      cmocka_unit_test(test_a_broadcast_is_encoded_once_for_both_kinds),
      cmocka_unit_test(test_polling_frames_are_those_of_protocol_3),
      cmocka_unit_test(test_ids_may_be_of_any_length),
      cmocka_unit_test(test_whoever_is_new_has_an_id_of_its_own),
      cmocka_unit_test(test_out_of_memory_costs_the_client_at_most),
      cmocka_unit_test(test_a_query_that_is_too_large_is_refused),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
