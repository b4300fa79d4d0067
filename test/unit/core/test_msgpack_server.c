/* SPDX-License-Identifier: MIT */
/* A server of SIO_PARSER_MSGPACK: every packet is one binary message. */
#include "msgpack_world.h"

/* ---- Packets ---- */

static void test_joining_is_answered_in_one_message(void **state)
{
  (void)state;
  begin();
  assert_non_null(sio_of(w.server, "/b"));
  assert_true(client_open(&w, &c));
  join(&c, "82 " ROOT("00"), "a1'/'");
  join(&c, "83 " IN("00", "a2'/b'") "a4'data' 80", "a2'/b'");
  assert_int_equal(sio_server_socket_count(w.server), 2);
  world_close(&w);
}

static void test_events_are_answered_and_acknowledged(void **state)
{
  (void)state;
  begin_joined();
  say(&c, ASK("92 " ECHO "a2'hi'", "07"));
  hears(&c, EVENT("92 " ECHOED "a2'hi'"), ACK("91 a2'hi'", "07"));
  say(&c, EVENT("91 " ECHO));
  hears(&c, EVENT("91 " ECHOED), NULL);
  say(&c, ASK("91 " ECHO, "cf ffffffffffffffff"));
  hears(&c, EVENT("91 " ECHOED), ACK("90", "cf ffffffffffffffff"));
  /* as browsers write it, with an option of theirs */
  say(&c, "84 " ROOT("02") "a4'data' 92 " ECHO "01 "
                           "a7'options' 81 a8'compress' c3");
  hears(&c, EVENT("92 " ECHOED "01"), NULL);
  world_close(&w);
}

static void test_values_keep_what_json_has_a_form_for(void **state)
{
  (void)state;
  begin_joined();
  say(&c, EVENT("98 " ECHO "d40000 c0 ca3fc00000 c3 81 01 a1'x' "
                "d70000000000000003e8 92 ff cd0100"));
  hears(&c,
        EVENT("98 " ECHOED "c0 c0 cb3ff8000000000000 c3 81 a1'1' a1'x' "
              "b8'1970-01-01T00:00:01.000Z' 92 ff cd0100"),
        NULL);
  world_close(&w);
}

static void test_binary_values_are_in_the_message(void **state)
{
  (void)state;
  begin_joined();
  say(&c, ASK("93 " ECHO "c403 010203 81 a1'x' 92 c702 00 ffff c400", "00"));
  hears(&c, EVENT("93 " ECHOED "c403 010203 81 a1'x' 92 c402 ffff c400"),
        ACK("92 c403 010203 81 a1'x' 92 c402 ffff c400", "00"));
  world_close(&w);
}

static void test_plain_data_is_no_placeholder(void **state)
{
  static const char forged[] = "82 ac'_placeholder' c3 a3'num' 00";
  char packet[256], want[256];

  (void)state;
  begin_joined();
  snprintf(packet, sizeof packet, EVENT("93 " ECHO "c402 0102 %s"), forged);
  snprintf(want, sizeof want, EVENT("93 " ECHOED "c402 0102 %s"), forged);
  say(&c, packet);
  hears(&c, want, NULL);
  snprintf(packet, sizeof packet, EVENT("92 " ECHO "%s"), forged);
  snprintf(want, sizeof want, EVENT("92 " ECHOED "%s"), forged);
  say(&c, packet);
  hears(&c, want, NULL);
  world_close(&w);
}

static void note_event(sio_socket *socket, const sio_args *args, sio_ack *ack,
                       void *user)
{
  sio_str json = sio_args_json(args);

  (void)socket;
  (void)ack;
  (void)user;
  world_note(&w, "event %.*s", (int)json.len, json.data);
}

static void test_numbers_may_name_events(void **state)
{
  (void)state;
  begin_joined();
  assert_int_equal(sio_on(w.root, "1", note_event, NULL), 0);
  assert_int_equal(sio_on(w.root, "-1.5", note_event, NULL), 0);
  say(&c, EVENT("92 01 07"));
  say(&c, EVENT("92 cb bff8000000000000 08"));
  assert_noted(&w, "event 7\nevent 8\n");
  world_close(&w);
}

static void test_leaving_goes_both_ways(void **state)
{
  (void)state;
  begin_joined();
  say(&c, LEAVE);
  assert_hears(&c, "");
  assert_noted(&w, "leaving /: client namespace disconnect, rooms 1\n"
                   "left /: client namespace disconnect, "
                   "the client left the namespace, rooms 0\n");
  join(&c, CONNECT, "a1'/'");
  assert_int_equal(sio_socket_disconnect(client_socket(&c, "/"), false), 0);
  hears(&c, "82 " ROOT("01"), NULL);
  world_close(&w);
}

static void test_text_by_polling_is_base64(void **state)
{
  static struct core_poller p;

  (void)state;
  begin();
  assert_true(poller_open(&w, &p));
  /* {type: 0, nsp: "/"} */
  poller_say(&p, "bgqR0eXBlAKNuc3ChLw==");
  poller_get(&p);
  if (strncmp(http_answer(&p.get), "200 bg6R0eXBlAKNuc3ChL6RkYXRh", 29) != 0)
    fail_msg("answered: %s", p.get.heard);
  /* EVENT("91 a4'echo'") */
  poller_say(&p, "bg6R0eXBlAqNuc3ChL6RkYXRhkaRlY2hv");
  poller_get(&p);
  assert_string_equal(http_answer(&p.get),
                      "200 bg6R0eXBlAqNuc3ChL6RkYXRhkaZlY2hvZWQ=");
  world_close(&w);
}

/* ---- What the host sends ---- */

static void test_a_broadcast_is_one_message_for_each(void **state)
{
  sio_payload *payload = sio_payload_new(NULL);

  (void)state;
  begin_joined();
  enter(&other);
  add_binary(payload, 2);
  assert_int_equal(sio_emit_payload(sio_everyone(w.root), "all", payload), 0);
  hears(&c, EVENT("93 a3'all' c40100 c40101"), NULL);
  hears(&other, EVENT("93 a3'all' c40100 c40101"), NULL);
  assert_int_equal(
      sio_emitf(sio_others(client_socket(&c, "/")), "x", "{a: %d}", 300), 0);
  assert_hears(&c, "");
  hears(&other, EVENT("92 a1'x' 81 a1'a' cd012c"), NULL);
  sio_payload_free(payload);
  world_close(&w);
}

static void test_many_attachments_fit_in_one_message(void **state)
{
  sio_payload *payload = sio_payload_new(NULL);
  sio_server_options options;

  (void)state;
  world_options(&w, &options);
  options.max_attachments = 20;
  begin_with(&options);
  enter(&c);
  add_binary(payload, 17);
  assert_int_equal(
      sio_emit_payload(sio_only(client_socket(&c, "/")), "e", payload), 0);
  hears(&c,
        EVENT("dc0012 a1'e' c40100 c40101 c40102 c40103 c40104 c40105 c40106 "
              "c40107 c40108 c40109 c4010a c4010b c4010c c4010d c4010e c4010f "
              "c40110"),
        NULL);
  add_binary(payload, 4);
  assert_int_equal(
      sio_emit_payload(sio_only(client_socket(&c, "/")), "e", payload),
      SIO_ERR_LIMIT);
  assert_hears(&c, "");
  sio_payload_free(payload);
  world_close(&w);
}

static void test_json_is_checked_before_it_is_sent(void **state)
{
  char deep[1200];
  sio_str json = {deep, 1023};

  (void)state;
  begin_joined();
  assert_int_equal(sio_emit_json(sio_everyone(w.root), "e", sio_s("1]")),
                   SIO_ERR_JSON);
  assert_int_equal(sio_emit_json(sio_everyone(w.root), "e", sio_s("[1 ] , 2")),
                   0);
  hears(&c, EVENT("93 a1'e' 91 01 02"), NULL);
  assert_int_equal(sio_emit_json(sio_everyone(w.root), "e", sio_s(" ")), 0);
  hears(&c, EVENT("91 a1'e'"), NULL);
  memset(deep, '[', 600);
  memset(deep + 600, ']', 600);
  json.len = 1200;
  assert_int_equal(sio_emit_json(sio_everyone(w.root), "e", json),
                   SIO_ERR_JSON);
  assert_hears(&c, "");
  world_close(&w);
}

static void note_answer(sio_socket *socket, int status, const sio_args *args,
                        void *user)
{
  sio_str json = sio_args_json(args);

  (void)socket;
  (void)user;
  world_note(&w, "answer %d %.*s", status, (int)json.len, json.data);
}

static void note_done(int status, size_t answered, size_t asked, void *user)
{
  (void)user;
  world_note(&w, "done %d %zu of %zu", status, answered, asked);
}

static void test_answers_come_back(void **state)
{
  (void)state;
  begin_joined();
  enter(&other);
  w.n_notes = 0;
  assert_int_equal(sio_emitf(sio_with_ack(sio_only(client_socket(&c, "/")), 99,
                                          note_answer, NULL),
                             "q", "%d", 1),
                   0);
  hears(&c, ASK("92 a1'q' 01", "00"), NULL);
  say(&c, ACK("92 c40155 a1'x'", "00"));
  assert_noted(&w, "answer 0 {\"_placeholder\":true,\"num\":0},\"x\"\n");
  say(&c, ACK("90", "00"));                /* once is enough */
  say(&c, "83 " ROOT("03") "a4'data' 90"); /* without an id */
  assert_noted(&w, "");
  assert_int_equal(sio_emitf(sio_with_acks(sio_everyone(w.root), 99,
                                           note_answer, note_done, NULL),
                             "r", NULL),
                   0);
  hears(&c, ASK("91 a1'r'", "01"), NULL);
  hears(&other, ASK("91 a1'r'", "01"), NULL);
  say(&other, ACK("91 02", "01"));
  say(&c, ACK("91 01", "cb 3ff0000000000000"));
  assert_noted(&w, "answer 0 2\nanswer 0 1\ndone 0 2 of 2\n");
  world_close(&w);
}

static void test_who_watches_sees_json(void **state)
{
  (void)state;
  begin_joined();
  assert_int_equal(sio_on_outgoing(w.root, note_outgoing, NULL), 0);
  assert_int_equal(
      sio_emitf(sio_only(client_socket(&c, "/")), "one", "{a: %d}", 1), 0);
  assert_int_equal(sio_emitf(sio_everyone(w.root), "all", "%s", "x"), 0);
  assert_noted(&w, "out one {\"a\":1}\nout all \"x\"\n");
  hears(&c, EVENT("92 a3'one' 81 a1'a' 01"), EVENT("92 a3'all' a1'x'"));
  world_close(&w);
}

static void refuse(sio_socket *socket, sio_next *next, void *user)
{
  int64_t code = 0;

  (void)user;
  assert_int_equal(
      sio_value_int64(sio_value_member(sio_socket_auth(socket), "code"), &code),
      0);
  (void)sio_next_refusef(next, "no", "{code: %d}", (int)code);
}

static void test_a_refusal_has_its_data(void **state)
{
  (void)state;
  begin();
  assert_int_equal(sio_use(sio_of(w.server, "/b"), refuse, NULL), 0);
  assert_true(client_open(&w, &c));
  say(&c, "83 " IN("00", "a2'/b'") "a4'data' 81 a4'code' cd0191");
  hears(&c,
        "83 " IN("04", "a2'/b'") "a4'data' 82 a7'message' a2'no' "
                                 "a4'data' 81 a4'code' cd0191",
        NULL);
  world_close(&w);
}

/* What it has got, as text, and the bytes of its member "token". */
static void note_auth(const char *who, sio_value auth)
{
  sio_str json = sio_value_json(auth);
  sio_span token;

  assert_int_equal(sio_value_binary(sio_value_member(auth, "token"), &token),
                   0);
  world_note(&w, "%s %.*s %.*s", who, (int)json.len, json.data, (int)token.len,
             (const char *)token.data);
}

static void let_in(sio_socket *socket, sio_next *next, void *user)
{
  *(sio_socket **)user = sio_socket_retain(socket);
  note_auth("guard", sio_socket_auth(socket));
  assert_int_equal(sio_next_ok(next), 0);
}

static void decide(sio_ns_request *request, void *user)
{
  sio_ns_request **kept = user;

  *kept = sio_ns_request_retain(request);
}

#define TOKENS                                                                 \
  "a4'data' 83 a4'name' a1'x' a5'token' c403'abc' a1'y' 81 ac'_placeholder' "  \
  "c3"
#define TOKENS_JSON                                                            \
  "{\"name\":\"x\",\"token\":{\"_placeholder\":true,\"num\":0},"               \
  "\"y\":{\"\\u005fplaceholder\":true}}"

static void test_auth_may_have_binary_values(void **state)
{
  sio_ns_request *request = NULL;
  sio_socket *socket = NULL;
  sio_ns *parent;

  (void)state;
  begin();
  assert_int_equal(sio_use(w.root, let_in, &socket), 0);
  assert_true(client_open(&w, &c));
  join(&c, "83 " ROOT("00") TOKENS, "a1'/'");
  assert_noted(&w, "guard " TOKENS_JSON " abc\njoined /\n");
  client_drop(&c);
  w.n_notes = 0;
  note_auth("gone", sio_socket_auth(socket)); /* as long as the handle */
  assert_noted(&w, "gone " TOKENS_JSON " abc\n");
  sio_socket_release(socket);

  parent = sio_of_dynamic(w.server, decide, &request);
  assert_non_null(parent);
  assert_int_equal(sio_use(parent, let_in, &socket), 0);
  assert_true(client_open(&w, &other));
  say(&other, "83 " IN("00", "a2'/d'") TOKENS);
  note_auth("parent", sio_ns_request_auth(request));
  assert_int_equal(sio_ns_request_accept(request), 0);
  sio_ns_request_release(request);
  assert_noted(&w, "parent " TOKENS_JSON " abc\nguard " TOKENS_JSON " abc\n");
  sio_socket_release(socket);
  world_close(&w);
}

static void test_auth_of_too_many_bytes_is_refused(void **state)
{
  sio_server_options options;

  (void)state;
  world_options(&w, &options);
  options.max_attachment_bytes = 2;
  begin_with(&options);
  assert_true(client_open(&w, &c));
  say(&c, "83 " ROOT("00") TOKENS);
  assert_hears(&c, "<close>\n");
  assert_noted(&w, "");
  assert_int_equal(sio_server_cause_count(w.server, SIO_CAUSE_ATTACHMENT_SIZE),
                   1);
  world_close(&w);
}

static void test_events_have_offsets_and_are_replayed(void **state)
{
  static const char *const ids = "a3736964b4"; /* before the id, and the pid */
  sio_recovery_options recovery;
  sio_server_options options;
  char pid[41], packet[256];

  (void)state;
  world_options(&w, &options);
  sio_recovery_options_init(&recovery);
  options.recovery = &recovery;
  begin_with(&options);
  assert_true(client_open(&w, &c));
  say(&c, CONNECT);
  memcpy(pid, strstr(client_hear(&c), ids) + 10 + 40 + 10, 40);
  pid[40] = '\0';
  assert_int_equal(sio_emitf(sio_everyone(w.root), "e", NULL), 0);
  hears(&c, EVENT("92 a1'e' a2'Fe'"), NULL);
  client_drop(&c);
  assert_int_equal(sio_emitf(sio_everyone(w.root), "e", "%d", 7), 0);
  snprintf(packet, sizeof packet,
           "83 " ROOT("00") "a4'data' 82 a3'pid' b4 %s a6'offset' a2'Fe'", pid);
  assert_true(client_open(&w, &other));
  say(&other, packet);
  write_message(packet, EVENT("93 a1'e' 07 a4'Fe.0'"));
  assert_memory_equal(client_hear(&other), packet, strlen(packet));
  assert_non_null(strstr(other.heard, pid)); /* in CONNECT, the same */
  world_close(&w);
}

static void join_short_of_memory(struct test_mem *mem, void *user)
{
  sio_server_options options;

  (void)user;
  sio_server_options_init(&options);
  options.parser = SIO_PARSER_MSGPACK;
  if (!world_try_open_with(&w, &options, mem))
    return;
  if (client_open(&w, &c))
    say(&c, "83 " ROOT("00") TOKENS);
  world_close(&w);
}

static void test_auth_of_a_client_may_find_no_memory(void **state)
{
  (void)state;
  assert_true(test_every_allocation(join_short_of_memory, NULL) > 10);
}

static void test_unknown_namespaces_are_refused(void **state)
{
  static const char *const names[] = {"a2'/x'", "a0", "a1'x'", "a4'/x,y'"};

  (void)state;
  begin();
  assert_true(client_open(&w, &c));
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    char packet[128], want[256];

    snprintf(packet, sizeof packet, "82 " IN("00", "%s"), names[i]);
    snprintf(want, sizeof want,
             "83 " IN("04", "%s") "a4'data' 81 a7'message' "
                                  "b1'Invalid namespace'",
             i == 1 ? "a1'/'" : names[i]);
    say(&c, packet);
    hears(&c, want, NULL);
  }
  join(&c, CONNECT, "a1'/'");
  world_close(&w);
}

/* ---- One within the other ---- */

static void on_outer(sio_socket *socket, const sio_args *args, sio_ack *ack,
                     void *user)
{
  sio_str json;
  sio_span bytes = {NULL, 0};

  (void)socket;
  (void)user;
  if (sio_args_count(args) == 2)
    say(&other, EVENT("93 " ECHO "c402 aaaa a4'diff'"));
  json = sio_args_json(args);
  world_note(&w, "%.*s", (int)json.len, json.data);
  assert_int_equal(sio_value_binary(sio_arg(args, 0), &bytes), 0);
  assert_int_equal(bytes.len, 1);
  assert_int_equal(bytes.data[0], 0x55);
  assert_int_equal(sio_ack_args(ack, args), 0);
}

static void test_a_handler_may_cause_another_packet_to_be_decoded(void **state)
{
  (void)state;
  begin_joined();
  enter(&other);
  w.n_notes = 0;
  assert_int_equal(sio_on(w.root, "outer", on_outer, NULL), 0);
  say(&c, ASK("93 a5'outer' c40155 a4'same'", "03"));
  assert_noted(&w, "{\"_placeholder\":true,\"num\":0},\"same\"\n");
  hears(&c, ACK("92 c40155 a4'same'", "03"), NULL);
  hears(&other, EVENT("93 " ECHOED "c402 aaaa a4'diff'"), NULL);
  world_close(&w);
}

static void close_all(sio_socket *socket, const sio_args *args, sio_ack *ack,
                      void *user)
{
  (void)args;
  (void)user;
  (void)sio_socket_disconnect(socket, true);
  assert_int_equal(sio_ack_args(ack, args), SIO_ERR_DISCONNECTED);
}

static void test_a_handler_may_close_the_connection(void **state)
{
  (void)state;
  begin_joined();
  assert_int_equal(sio_on(w.root, "bye", close_all, NULL), 0);
  say(&c, ASK("92 a3'bye' c40155", "00"));
  (void)client_hear(&c);
  assert_int_equal(sio_server_socket_count(w.server), 0);
  world_close(&w);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_joining_is_answered_in_one_message),
      cmocka_unit_test(test_events_are_answered_and_acknowledged),
      cmocka_unit_test(test_values_keep_what_json_has_a_form_for),
      cmocka_unit_test(test_binary_values_are_in_the_message),
      cmocka_unit_test(test_plain_data_is_no_placeholder),
      cmocka_unit_test(test_numbers_may_name_events),
      cmocka_unit_test(test_leaving_goes_both_ways),
      cmocka_unit_test(test_text_by_polling_is_base64),
      cmocka_unit_test(test_a_broadcast_is_one_message_for_each),
      cmocka_unit_test(test_many_attachments_fit_in_one_message),
      cmocka_unit_test(test_json_is_checked_before_it_is_sent),
      cmocka_unit_test(test_answers_come_back),
      cmocka_unit_test(test_who_watches_sees_json),
      cmocka_unit_test(test_a_refusal_has_its_data),
      cmocka_unit_test(test_auth_may_have_binary_values),
      cmocka_unit_test(test_auth_of_too_many_bytes_is_refused),
      cmocka_unit_test(test_auth_of_a_client_may_find_no_memory),
      cmocka_unit_test(test_events_have_offsets_and_are_replayed),
      cmocka_unit_test(test_unknown_namespaces_are_refused),
      cmocka_unit_test(test_a_handler_may_cause_another_packet_to_be_decoded),
      cmocka_unit_test(test_a_handler_may_close_the_connection),
  };

  return cmocka_run_group_tests_name("core/msgpack_server", tests, NULL, NULL);
}
