/* SPDX-License-Identifier: MIT */
/* What a server of SIO_PARSER_MSGPACK does not take, and lack of memory. */
#include "msgpack_world.h"

#include "core/objects.h"

static struct core_client fresh;

/* ---- What is not accepted ---- */

/* A client that has joined "/" says this and is closed. */
static void refuse_packet(const char *spec, const char *reason,
                          const char *cause, const char *detail)
{
  char want[256];

  begin_joined();
  say(&c, spec);
  if (strcmp(client_hear(&c), "<close>\n") != 0)
    fail_msg("%s was answered: %s", spec, c.heard);
  snprintf(want, sizeof want,
           "leaving /: %s, rooms 1\nleft /: %s, %s, rooms 0\n", reason, reason,
           cause);
  assert_noted(&w, want);
  if (strstr(w.logged, detail) == NULL)
    fail_msg("%s: \"%s\" is not in \"%s\"", spec, detail, w.logged);
  world_close(&w);
}

static void test_an_undecodable_packet_closes_the_connection(void **state)
{
  static const struct {
    const char *spec, *detail;
  } rows[] = {
      {"", "Could not parse"},
      {"c1", "Could not parse"},
      {"83 " ROOT("02") "a4'data' dd ffffffff", "Could not parse"},
      {"90", "invalid packet type"},
      {"82 " ROOT("05"), "invalid packet type"},
      {"82 " IN("00", "01"), "invalid namespace"},
      {EVENT("91 " ECHO) "00", "trailing bytes"},
      {EVENT("90"), "invalid payload"},
      {EVENT("91 c0"), "invalid payload"},
      {EVENT("91 80"), "invalid payload"},
      {EVENT("91 c404'echo'"), "invalid payload"},
      {EVENT("91 a7'connect'"), "invalid payload"},
      {EVENT("91 aa'disconnect'"), "invalid payload"},
      {EVENT("91 ad'disconnecting'"), "invalid payload"},
      {EVENT("91 ad'connect_error'"), "invalid payload"},
      {EVENT("91 ab'newListener'"), "invalid payload"},
      {EVENT("91 ae'removeListener'"), "invalid payload"},
      {EVENT("92 " ECHO "a1 ff"), "invalid payload"},
      {"83 " ROOT("01") "a4'data' 90", "invalid payload"},
      {ASK("91 " ECHO, "ff"), "invalid packet id"},
      {ASK("91 " ECHO, "a1'1'"), "invalid packet id"},
  };

  (void)state;
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
    refuse_packet(rows[i].spec, "forced close",
                  "an undecodable Socket.IO packet", rows[i].detail);
}

static void
test_a_packet_that_is_not_allowed_closes_the_connection(void **state)
{
  static const char *const packets[] = {
      CONNECT, "83 " ROOT("04") "a4'data' 80",
      "83 " IN("02", "a2'/b'") "a4'data' 91 " ECHO, "82 " IN("01", "a2'/b'")};

  (void)state;
  for (size_t i = 0; i < sizeof packets / sizeof *packets; i++)
    refuse_packet(packets[i], "forced server close",
                  "a packet that is not allowed in this state", "");
}

static void test_before_joining_nothing_but_connect_is_allowed(void **state)
{
  static const char *const packets[] = {EVENT("91 " ECHO), LEAVE,
                                        ACK("90", "00"), "c1",
                                        "83 " ROOT("00") "a4'data' c401 00"};

  (void)state;
  for (size_t i = 0; i < sizeof packets / sizeof *packets; i++) {
    begin();
    assert_true(client_open(&w, &c));
    say(&c, packets[i]);
    assert_hears(&c, "<close>\n");
    assert_noted(&w, "");
    world_close(&w);
  }
}

static void test_text_messages_are_errors(void **state)
{
  static const char *const texts[] = {"40", "42[\"echo\"]", "4",
                                      "451-[\"echo\"]"};

  (void)state;
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
    begin_joined();
    client_say(&c, texts[i]);
    assert_hears(&c, "<close>\n");
    assert_noted(&w, "leaving /: forced close, rooms 1\nleft /: forced close, "
                     "an undecodable Socket.IO packet, rooms 0\n");
    world_close(&w);
  }
}

static void note_problem(sio_socket *socket, const sio_problem *problem,
                         void *user)
{
  (void)socket;
  (void)user;
  world_note(&w, "problem %d %s", problem->error, problem->message);
}

static void test_sockets_are_told_what_is_wrong(void **state)
{
  (void)state;
  begin_joined();
  assert_int_equal(sio_on_problem(w.root, note_problem, NULL), 0);
  say(&c, "c1");
  w.notes[w.n_notes] = '\0';
  assert_non_null(strstr(w.notes, "Could not parse"));
  world_close(&w);
}

/* One that is allowed, then one that is not, and why. */
static void exceed(sio_server_options *options, const char *allowed,
                   const char *refused, const char *cause)
{
  char want[256];

  begin_with(options);
  enter(&c);
  say(&c, allowed);
  if (strncmp(client_hear(&c), "<83", 3) != 0)
    fail_msg("%s was answered: %s", allowed, c.heard);
  w.n_notes = 0;
  say(&c, refused);
  assert_hears(&c, "<close>\n");
  snprintf(want, sizeof want,
           "leaving /: forced close, rooms 1\n"
           "left /: forced close, %s, rooms 0\n",
           cause);
  assert_noted(&w, want);
  world_close(&w);
}

static void test_limits_hold(void **state)
{
  sio_server_options options;

  (void)state;
  world_options(&w, &options);
  options.max_attachments = 2;
  exceed(&options, EVENT("93 " ECHO "c400 c400"),
         EVENT("94 " ECHO "c400 c400 c400"), "too many attachments");
  world_options(&w, &options);
  options.max_attachment_bytes = 3;
  exceed(&options, EVENT("93 " ECHO "c401 00 c402 0000"),
         EVENT("93 " ECHO "c402 0000 c402 0000"),
         "too many bytes of attachments");
  world_options(&w, &options);
  options.max_json_depth = 2;
  exceed(&options, EVENT("92 " ECHO "90"), EVENT("92 " ECHO "9190"),
         "an undecodable Socket.IO packet");
}

static void test_a_server_of_text_takes_no_binary_packets(void **state)
{
  (void)state;
  world_open(&w, NULL);
  client_enter(&w, &c);
  say(&c, EVENT("91 " ECHO));
  assert_hears(&c, "<close>\n");
  world_close(&w);
}

/* ---- Out of memory ---- */

static bool try_begin(struct test_mem *mem)
{
  c.conn = other.conn = fresh.conn = NULL;
  if (!world_try_open(&w, mem))
    return false;
  w.server->options.parser = SIO_PARSER_MSGPACK;
  world_echo(w.root);
  return true;
}

/* After one refusal everything works again. */
static void try_end(struct test_mem *mem)
{
  if (mem->fired) {
    enter(&fresh);
    say(&fresh, ASK("92 " ECHO "c40100", "00"));
    hears(&fresh, EVENT("92 " ECHOED "c40100"), ACK("91 c40100", "00"));
  }
  world_close(&w);
}

static void talk(struct test_mem *mem, void *user)
{
  (void)user;
  if (!try_begin(mem))
    return;
  if (client_open(&w, &c)) {
    say(&c, "83 " ROOT("00") "a4'data' 81 a1'x' a1'y'");
    say(&c, "82 " IN("00", "a2'/x'"));
    say(&c, ASK("92 " ECHO "81 a1'x' a2'\"\"'", "00"));
    say(&c, ASK("94 " ECHO "c401 00 c400 c402 0101", "01"));
    (void)client_hear(&c);
    say(&c, LEAVE);
    (void)client_hear(&c);
  }
  try_end(mem);
}

static void broadcast(struct test_mem *mem, void *user)
{
  sio_payload *payload;
  int rv;

  (void)user;
  if (!try_begin(mem))
    return;
  w.server->options.max_attachments = 20;
  if (client_open(&w, &c) && client_open(&w, &other)) {
    say(&c, CONNECT);
    say(&other, CONNECT);
    payload = sio_payload_new(&mem->allocator);
    if (payload != NULL)
      add_binary(payload, 17);
    while (sio_on_outgoing(w.root, note_outgoing, NULL) != 0)
      ;
    rv = sio_emit_payload(sio_everyone(w.root), "bytes", payload);
    assert_true(rv == 0 || rv == SIO_ERR_NOMEM);
    sio_payload_free(payload);
    (void)client_hear(&c);
    (void)client_hear(&other);
  }
  try_end(mem);
}

static void test_out_of_memory_ends_one_connection_at_most(void **state)
{
  (void)state;
  assert_true(test_every_allocation(talk, NULL) > 15);
  assert_true(test_every_allocation(broadcast, NULL) > 15);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_an_undecodable_packet_closes_the_connection),
      cmocka_unit_test(test_a_packet_that_is_not_allowed_closes_the_connection),
      cmocka_unit_test(test_before_joining_nothing_but_connect_is_allowed),
      cmocka_unit_test(test_text_messages_are_errors),
      cmocka_unit_test(test_sockets_are_told_what_is_wrong),
      cmocka_unit_test(test_limits_hold),
      cmocka_unit_test(test_a_server_of_text_takes_no_binary_packets),
      cmocka_unit_test(test_out_of_memory_ends_one_connection_at_most),
  };

  return cmocka_run_group_tests_name("core/msgpack_refused", tests, NULL, NULL);
}
