/* SPDX-License-Identifier: MIT */
#include "chat_contract.h"
#include "core_world.h"

#include <sio/event.h>

#include <stdio.h>

#define SAY_ONE "[\"say\",{\"room\":\"r\",\"text\":\"hi\",\"tags\":[]}]"

static struct core_world w;
static struct core_client c;

static void on_say(sio_socket *socket, const say *event, sio_ack *ack,
                   void *user)
{
  char tags[32] = "", reply[16] = "";

  (void)socket;
  for (size_t i = 0; i < event->tags.count; i++)
    (void)snprintf(tags + strlen(tags), sizeof tags - strlen(tags), " #%.*s",
                   SIO_STR_ARG(event->tags.items[i]));
  if (event->has_reply)
    (void)snprintf(reply, sizeof reply, " to %d", event->reply);
  world_note(&w, "%s%.*s says %.*s%s%s%s%s", (const char *)user,
             SIO_STR_ARG(event->room), SIO_STR_ARG(event->text), reply, tags,
             event->as == ROLE_OWNER ? ", owner" : "",
             ack != NULL ? ", asks" : "");
}

static void on_move(sio_socket *socket, const move *event, sio_ack *ack,
                    void *user)
{
  (void)socket;
  (void)ack;
  (void)user;
  world_note(&w, "moves %d %d%s", event->x, event->y,
             event->has_fast && event->fast ? " fast" : "");
}

static void on_rest(sio_socket *socket, const sio_none *event, sio_ack *ack,
                    void *user)
{
  (void)socket;
  (void)ack;
  (void)user;
  world_note(&w, "rests%s", event != NULL ? ", with something" : "");
}

static void on_plain(sio_socket *socket, const sio_args *args, sio_ack *ack,
                     void *user)
{
  (void)socket;
  (void)ack;
  world_note(&w, "%s %.*s", (const char *)user,
             SIO_STR_ARG(sio_args_json(args)));
}

static void begin_with(const sio_contract_options *options)
{
  static char nothing[] = "";

  world_open(&w, NULL);
  assert_int_equal(sio_ns_set_contract(w.root, talk_contract(), options), 0);
  assert_int_equal(sio_typed_on(talk_say, w.root, on_say, nothing), 0);
  assert_int_equal(sio_typed_on(talk_move, w.root, on_move, NULL), 0);
  assert_int_equal(sio_typed_on(talk_rest, w.root, on_rest, NULL), 0);
  client_enter(&w, &c);
}

static void begin(void)
{
  begin_with(NULL);
}

static uint64_t invalid(void)
{
  sio_ns_metrics metrics;

  sio_ns_metrics(w.root, &metrics);
  return metrics.events_invalid;
}

/* ---- What fits ---- */

static void test_handlers_get_the_struct(void **state)
{
  (void)state;
  begin();
  client_say(&c, "42[\"say\",{\"room\":\"r\",\"text\":\"h\\u0069\",\"reply\":7,"
                 "\"tags\":[\"a\",\"b\"],\"as\":\"owner\",\"more\":1}]");
  assert_noted(&w, "r says hi to 7 #a #b, owner\n");
  client_say(&c, "429" SAY_ONE);
  assert_noted(&w, "r says hi, asks\n");
  client_say(&c, "42[\"move\",1,-2]");
  client_say(&c, "42[\"move\",3,4,true]");
  assert_noted(&w, "moves 1 -2\nmoves 3 4 fast\n");
  client_say(&c, "42[\"rest\"]");
  assert_noted(&w, "rests\n");
  assert_hears(&c, "");
  assert_int_equal(invalid(), 0);
  world_close(&w);
}

static void test_typed_handlers_come_before_those_by_name(void **state)
{
  static char plain[] = "plain", second[] = "second: ";

  (void)state;
  begin();
  assert_int_equal(sio_on(w.root, "say", on_plain, plain), 0);
  assert_int_equal(sio_typed_on(talk_say, w.root, on_say, second), 0);
  client_say(&c, "42" SAY_ONE);
  assert_noted(&w, "r says hi\nsecond: r says hi\n"
                   "plain {\"room\":\"r\",\"text\":\"hi\",\"tags\":[]}\n");
  assert_int_equal(sio_typed_off(talk_say, w.root, on_say, second), 0);
  assert_int_equal(sio_typed_off(talk_say, w.root, on_say, second),
                   SIO_ERR_NOT_FOUND);
  client_say(&c, "42" SAY_ONE);
  assert_noted(&w, "r says hi\n"
                   "plain {\"room\":\"r\",\"text\":\"hi\",\"tags\":[]}\n");
  world_close(&w);
}

/* ---- What does not ---- */

static void test_a_client_learns_what_does_not_fit(void **state)
{
  (void)state;
  begin();
  client_say(&c, "427[\"say\",{\"room\":\"\",\"text\":5,\"tags\":[]}]");
  assert_hears(
      &c, "437[{\"error\":{\"event\":\"say\",\"code\":\"invalid_payload\","
          "\"message\":\"The payload of the event does not fit.\",\"errors\":["
          "{\"path\":\"args[0].room\",\"expected\":\"a string of 1 to 8 "
          "characters\",\"found\":\"0 characters\"},"
          "{\"path\":\"args[0].text\",\"expected\":\"a string of 1 to 20 "
          "characters\",\"found\":\"5\"}]}}]\n");
  client_say(&c, "42[\"move\",1]");
  assert_hears(
      &c,
      "42[\"exception\",{\"event\":\"move\",\"code\":\"invalid_payload\","
      "\"message\":\"The payload of the event does not fit.\",\"errors\":["
      "{\"path\":\"args[1]\",\"expected\":\"a whole number from -2147483648 to "
      "2147483647\",\"found\":\"nothing\"}]}]\n");
  assert_noted(&w, "");
  assert_int_equal(invalid(), 2);
  world_close(&w);
}

static void on_problem(sio_socket *socket, const sio_problem *problem,
                       void *user)
{
  (void)user;
  world_note(&w, "%d %s: %.*s", problem->error == SIO_ERR_TYPE,
             problem->message, SIO_STR_ARG(problem->event));
  if (sio_str_is(problem->event, "go"))
    sio_socket_disconnect(socket, false);
}

static void test_unknown_events_are_refused_passed_or_dropped(void **state)
{
  static char plain[] = "plain";
  sio_contract_options o;

  (void)state;
  begin();
  assert_int_equal(sio_on(w.root, "new", on_plain, plain), 0);
  assert_int_equal(sio_on_problem(w.root, on_problem, NULL), 0);
  client_say(&c, "42[\"new\",1]");
  assert_hears(&c,
               "42[\"exception\",{\"event\":\"new\",\"code\":\"unknown_event\","
               "\"message\":\"There is no such event.\",\"errors\":[]}]\n");
  assert_noted(&w, "1 There is no such event.: new\n");
  client_say(&c, "42[\"go\"]"); /* it is gone when it is to be told */
  assert_hears(&c, "41\n");
  world_close(&w);

  sio_contract_options_init(&o);
  assert_int_equal(o.max_decoded_bytes, 1024 * 1024);
  o.unknown_events = SIO_UNKNOWN_EVENT_PASS;
  begin_with(&o);
  assert_int_equal(sio_on(w.root, "new", on_plain, plain), 0);
  client_say(&c, "42[\"new\",1]");
  assert_noted(&w, "plain 1\n");
  world_close(&w);

  o.unknown_events = SIO_UNKNOWN_EVENT_IGNORE;
  begin_with(&o);
  assert_int_equal(sio_on(w.root, "new", on_plain, plain), 0);
  client_say(&c, "42[\"new\",1]");
  assert_hears(&c, "");
  assert_noted(&w, "");
  world_close(&w);
}

static void on_violation(sio_socket *socket, const sio_violation *violation,
                         sio_ack *ack, void *user)
{
  (void)socket;
  (void)user;
  world_note(
      &w, "%.*s: %s at %s", SIO_STR_ARG(violation->event), violation->code,
      violation->mismatches != NULL ? violation->mismatches->items[0].path
                                    : "-");
  (void)sio_ackf(ack, "%s", "no");
}

static void test_the_host_may_tell_the_client_itself(void **state)
{
  sio_contract_options o;

  (void)state;
  sio_contract_options_init(&o);
  o.on_violation = on_violation;
  o.max_decoded_bytes = 40;
  begin_with(&o);
  client_say(&c, "425[\"say\",{\"room\":1,\"text\":\"x\",\"tags\":[]}]");
  client_say(&c, "42[\"what\"]");
  assert_hears(&c, "435[\"no\"]\n");
  assert_noted(&w, "say: invalid_payload at args[0].room\n"
                   "what: unknown_event at -\n");
  client_say(&c, "42[\"say\",{\"room\":\"\\n\",\"text\":\"\\n\","
                 "\"tags\":[\"1\",\"2\",\"3\"]}]");
  assert_noted(&w, "say: payload_too_large at -\n");
  world_close(&w);
}

/* ---- Comings and goings ---- */

static void leave_contract(sio_socket *socket, const say *event, sio_ack *ack,
                           void *user)
{
  static char later[] = "later: ";

  (void)ack;
  (void)user;
  assert_int_equal(
      sio_ns_set_contract(sio_socket_ns(socket), talk_contract(), NULL), 0);
  assert_int_equal(sio_typed_on(talk_say, sio_socket_ns(socket), on_say, later),
                   0);
  world_note(&w, "was %.*s", SIO_STR_ARG(event->text));
}

static void test_a_contract_may_be_replaced_by_its_own_handler(void **state)
{
  (void)state;
  begin();
  assert_int_equal(sio_typed_on(talk_say, w.root, leave_contract, NULL), 0);
  client_say(&c, "42" SAY_ONE);
  assert_noted(&w, "r says hi\nwas hi\n");
  client_say(&c, "42" SAY_ONE);
  assert_noted(&w, "later: r says hi\n");
  assert_int_equal(sio_ns_set_contract(w.root, NULL, NULL), 0);
  client_say(&c, "42" SAY_ONE);
  assert_noted(&w, "");
  assert_int_equal(sio_typed_on(talk_say, w.root, on_say, NULL), SIO_ERR_STATE);
  world_close(&w);
}

static struct core_client other;

static void feed_other(sio_socket *socket, const say *event, sio_ack *ack,
                       void *user)
{
  (void)socket;
  (void)ack;
  (void)user;
  if (sio_str_is(event->text, "outer"))
    client_say(&other, "42[\"say\",{\"room\":\"r\",\"text\":\"i\\u006ener\","
                       "\"tags\":[\"x\"]}]");
  world_note(&w, "%.*s: %.*s", SIO_STR_ARG(event->text),
             SIO_STR_ARG(event->tags.items[0]));
}

static void test_another_client_may_be_fed_in_a_handler(void **state)
{
  (void)state;
  world_open(&w, NULL);
  assert_int_equal(sio_ns_set_contract(w.root, talk_contract(), NULL), 0);
  assert_int_equal(sio_typed_on(talk_say, w.root, feed_other, NULL), 0);
  client_enter(&w, &c);
  client_enter(&w, &other);
  client_say(&c, "42[\"say\",{\"room\":\"r\",\"text\":\"o\\u0075ter\","
                 "\"tags\":[\"y\"]}]");
  assert_noted(&w, "inner: x\nouter: y\n");
  world_close(&w);
}

static void test_a_parents_contract_goes_for_its_children(void **state)
{
  static char nothing[] = "", own[] = "own: ";
  sio_ns *parent, *child;

  (void)state;
  world_open(&w, NULL);
  parent = sio_of_pattern(w.server, "/room/{id}");
  assert_non_null(parent);
  assert_int_equal(sio_ns_set_contract(parent, talk_contract(), NULL), 0);
  assert_int_equal(sio_typed_on(talk_say, parent, on_say, nothing), 0);
  assert_true(client_open(&w, &c));
  client_join(&c, "/room/1");
  client_say(&c, "42/room/1," SAY_ONE);
  assert_noted(&w, "r says hi\n");
  child = sio_socket_ns(client_socket(&c, "/room/1"));
  assert_int_equal(sio_typed_on(talk_say, child, on_say, own), SIO_ERR_STATE);
  assert_int_equal(sio_ns_set_contract(child, talk_contract(), NULL), 0);
  assert_int_equal(sio_typed_on(talk_say, child, on_say, own), 0);
  client_say(&c, "42/room/1," SAY_ONE);
  assert_noted(&w, "own: r says hi\n");
  world_close(&w);
}

/* ---- Errors ---- */

static void test_what_is_no_contract_is_refused(void **state)
{
  sio_contract contract = *talk_contract();
  sio_contract_options o;

  (void)state;
  begin();
  assert_int_equal(sio_ns_set_contract(NULL, talk_contract(), NULL),
                   SIO_ERR_INVALID);
  contract.name = NULL;
  assert_int_equal(sio_ns_set_contract(w.root, &contract, NULL),
                   SIO_ERR_INVALID);
  memset(&o, 0, sizeof o);
  assert_int_equal(sio_ns_set_contract(w.root, talk_contract(), &o),
                   SIO_ERR_INVALID);
  assert_int_equal(sio_typed_add(w.root, talk_say_event(), NULL, NULL, NULL),
                   SIO_ERR_INVALID);
  assert_int_equal(sio_typed_on(talk_say, NULL, on_say, NULL), SIO_ERR_INVALID);
  assert_int_equal(sio_typed_remove(w.root, talk_said_event(), NULL, NULL),
                   SIO_ERR_STATE); /* clients do not send it */
  client_say(&c, "42" SAY_ONE);    /* nothing has changed */
  assert_noted(&w, "r says hi\n");
  world_close(&w);
}

/* Out of memory ends one connection, or one call. */
static void try_to_talk(struct test_mem *mem, void *user)
{
  static char nothing[] = "";

  (void)user;
  if (!world_try_open(&w, mem))
    return;
  if (sio_ns_set_contract(w.root, talk_contract(), NULL) == 0 &&
      sio_typed_on(talk_say, w.root, on_say, nothing) == 0 &&
      client_open(&w, &c)) {
    client_say(&c, "40");
    client_say(&c, "42[\"say\",{\"room\":\"r\",\"text\":\"h\\u0069\","
                   "\"tags\":[\"a\"]}]");
    client_say(&c, "421[\"say\",5]");
    client_say(&c, "42[\"say\"]");
  }
  (void)client_hear(&c);
  w.n_notes = 0;
  world_close(&w);
}

static void test_every_allocation_may_fail(void **state)
{
  (void)state;
  assert_true(test_every_allocation(try_to_talk, NULL) > 20);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_handlers_get_the_struct),
      cmocka_unit_test(test_typed_handlers_come_before_those_by_name),
      cmocka_unit_test(test_a_client_learns_what_does_not_fit),
      cmocka_unit_test(test_unknown_events_are_refused_passed_or_dropped),
      cmocka_unit_test(test_the_host_may_tell_the_client_itself),
      cmocka_unit_test(test_a_contract_may_be_replaced_by_its_own_handler),
      cmocka_unit_test(test_another_client_may_be_fed_in_a_handler),
      cmocka_unit_test(test_a_parents_contract_goes_for_its_children),
      cmocka_unit_test(test_what_is_no_contract_is_refused),
      cmocka_unit_test(test_every_allocation_may_fail),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
