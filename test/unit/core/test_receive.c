/* SPDX-License-Identifier: MIT */
/* lib/core/receive.c: what other nodes want done here, be it well formed or
 * not. */
#include "joined_world.h"

#include <stdlib.h>

static struct core_world w;
static struct core_client a, b;
static sio_operation operation;

static int never_publish(sio_ns *ns, const sio_operation *published, void *user)
{
  (void)ns;
  (void)published;
  (void)user;
  fail_msg("published again");
  return 0;
}

static void begin(void)
{
  sio_adapter_ops ops;

  world_open(&w, NULL);
  sio_adapter_ops_init(&ops);
  ops.publish = never_publish;
  assert_int_equal(sio_server_set_adapter(w.server, &ops, &w), 0);
  client_enter(&w, &a);
  client_enter(&w, &b);
  assert_int_equal(sio_join(client_socket(&a, "/"), sio_s("r")), 0);
}

static sio_operation *make(sio_operation_type type)
{
  sio_operation_init(&operation);
  operation.type = type;
  operation.ns = sio_s("/");
  return &operation;
}

static int receive(void)
{
  return sio_adapter_receive(w.server, &operation);
}

/* An event of this text, in a block of its own. */
static int receive_data(sio_operation_type type, const char *data)
{
  uint8_t *exact = test_exact(data, strlen(data));
  int rv;

  make(type);
  operation.data.data = (const char *)exact;
  operation.data.len = strlen(data);
  rv = receive();
  free(exact);
  return rv;
}

/* ---- What is done ---- */

static void test_an_event_goes_to_the_sockets_that_are_meant(void **state)
{
  sio_str r = sio_s("r");

  (void)state;
  begin();
  make(SIO_OPERATION_EMIT)->data = sio_s("\"e\" , 1,{\"a\":[]}");
  assert_int_equal(receive(), 0);
  assert_hears(&a, "42[\"e\", 1,{\"a\":[]}]\n");
  assert_hears(&b, "42[\"e\", 1,{\"a\":[]}]\n");
  operation.rooms = &r;
  operation.n_rooms = 1;
  operation.data = sio_s("\"\\u0065\\u0000\"");
  assert_int_equal(receive(), 0);
  assert_hears(&a, "42[\"e\\u0000\"]\n");
  assert_hears(&b, "");
  operation.except = &r;
  operation.n_except = 1;
  assert_int_equal(receive(), 0);
  operation.n_rooms = 0;
  operation.flags = SIO_OPERATION_UNCOMPRESSED | 0x80;
  assert_int_equal(receive(), 0);
  assert_hears(&a, "");
  assert_hears(&b, "42[\"e\\u0000\"]\n");
  world_close(&w);
}

static void test_attachments_go_on_to_clients(void **state)
{
  const sio_span two[] = {{(const uint8_t *)"ab", 2}, {NULL, 0}};

  (void)state;
  begin();
  make(SIO_OPERATION_EMIT)->data = sio_s(
      "\"e\",{\"_placeholder\":true,\"num\":1},{\"_placeholder\":true,\"num\":"
      "0}");
  operation.attachments = two;
  operation.n_attachments = 2;
  assert_int_equal(receive(), 0);
  assert_hears(&a, "452-[\"e\",{\"_placeholder\":true,\"num\":1},"
                   "{\"_placeholder\":true,\"num\":0}]\n<6162>\n<>\n");
  world_close(&w);
}

static void test_volatile_events_are_dropped_where_they_cannot_go(void **state)
{
  (void)state;
  begin();
  make(SIO_OPERATION_EMIT)->data = sio_s("\"e\"");
  operation.flags = SIO_OPERATION_VOLATILE;
  assert_int_equal(receive(), 0);
  assert_int_equal(receive(), 0); /* behind the first */
  assert_hears(&a, "42[\"e\"]\n");
  world_close(&w);
}

static void test_sockets_join_leave_and_go(void **state)
{
  sio_str names[] = {sio_s("x"), sio_s("y")}, r = sio_s("r");
  sio_socket *socket;

  (void)state;
  begin();
  socket = client_socket(&a, "/");
  make(SIO_OPERATION_JOIN)->names = names;
  operation.n_names = 2;
  operation.rooms = &r;
  operation.n_rooms = 1;
  assert_int_equal(receive(), 0);
  assert_true(sio_socket_in(socket, names[1]));
  assert_int_equal(sio_ns_room_size(w.root, names[0]), 1);
  operation.type = SIO_OPERATION_LEAVE;
  assert_int_equal(receive(), 0);
  assert_false(sio_socket_in(socket, names[0]));
  operation.type = SIO_OPERATION_DISCONNECT;
  assert_int_equal(receive(), 0);
  assert_hears(&a, "41\n");
  operation.n_rooms = 0;
  operation.flags = SIO_OPERATION_CLOSE;
  assert_int_equal(receive(), 0);
  assert_non_null(strstr(client_hear(&b), "<close"));
  assert_int_equal(sio_ns_socket_count(w.root), 0);
  world_close(&w);
}

/* ---- What is not ---- */

static void test_what_is_no_operation_is_refused(void **state)
{
  static const char long_request[SIO_REQUEST_MAX + 2] = {0};

  (void)state;
  world_open(&w, NULL);
  make(SIO_OPERATION_EMIT)->data = sio_s("\"e\"");
  assert_int_equal(receive(), SIO_ERR_STATE);
  world_close(&w);
  begin();
  assert_int_equal(sio_adapter_receive(w.server, NULL), SIO_ERR_INVALID);
  operation.size = 4;
  assert_int_equal(receive(), SIO_ERR_INVALID);
  assert_int_equal(make(0)->type, 0);
  assert_int_equal(receive(), SIO_ERR_INVALID);
  make((sio_operation_type)7);
  assert_int_equal(receive(), SIO_ERR_INVALID);
  make(SIO_OPERATION_DISCONNECT)->ns = sio_s("/no");
  assert_int_equal(receive(), SIO_ERR_NOT_FOUND);
  operation.ns = sio_s(NULL);
  assert_int_equal(receive(), SIO_ERR_NOT_FOUND);
  make(SIO_OPERATION_FETCH);
  assert_int_equal(receive(), SIO_ERR_INVALID);
  operation.request = sio_s("x");
  assert_int_equal(receive(), SIO_ERR_INVALID); /* no timeout */
  operation.timeout_ms = (uint64_t)UINT32_MAX + 1;
  assert_int_equal(receive(), SIO_ERR_INVALID);
  operation.timeout_ms = 1;
  operation.request.data = long_request;
  operation.request.len = SIO_REQUEST_MAX + 1;
  assert_int_equal(receive(), SIO_ERR_INVALID);
  operation.request.data = NULL;
  operation.request.len = 1;
  assert_int_equal(receive(), SIO_ERR_INVALID);
  assert_int_equal(sio_ns_socket_count(w.root), 2);
  world_close(&w);
}

static void test_an_operation_of_an_older_adapter_is_completed(void **state)
{
  sio_operation *few;

  (void)state;
  begin();
  make(SIO_OPERATION_DISCONNECT);
  operation.size = offsetof(sio_operation, rooms);
  few = (sio_operation *)(void *)test_exact(&operation, operation.size);
  assert_int_equal(sio_adapter_receive(w.server, few), 0);
  assert_int_equal(sio_ns_socket_count(w.root), 0);
  free(few);
  world_close(&w);
}

static void test_names_that_cannot_be_are_refused(void **state)
{
  static char big[1025];
  const sio_str bad[] = {{NULL, 1}, {big, sizeof big}, {"\xff", 1}};
  const int want[] = {SIO_ERR_INVALID, SIO_ERR_INVALID, SIO_ERR_UTF8};

  (void)state;
  memset(big, 'x', sizeof big);
  begin();
  for (size_t i = 0; i < 3; i++) {
    make(SIO_OPERATION_JOIN)->names = &bad[i];
    operation.n_names = 1;
    assert_int_equal(receive(), want[i]);
    make(SIO_OPERATION_DISCONNECT)->rooms = &bad[i];
    operation.n_rooms = 1;
    assert_int_equal(receive(), want[i]);
    make(SIO_OPERATION_DISCONNECT)->except = &bad[i];
    operation.n_except = 1;
    assert_int_equal(receive(), want[i]);
  }
  make(SIO_OPERATION_DISCONNECT)->n_rooms = 1;
  assert_int_equal(receive(), SIO_ERR_INVALID);
  assert_int_equal(sio_ns_socket_count(w.root), 2);
  world_close(&w);
}

static void test_events_that_are_none_reach_nobody(void **state)
{
  static const struct {
    const char *data;
    int want;
  } cases[] = {
      {"", SIO_ERR_INVALID},          {"1", SIO_ERR_INVALID},
      {"null,1", SIO_ERR_INVALID},    {"[\"e\"]", SIO_ERR_INVALID},
      {"\"e\",", SIO_ERR_JSON},       {"\"e\"],[1", SIO_ERR_JSON},
      {"\"e", SIO_ERR_JSON},          {"\"e\" 1", SIO_ERR_JSON},
      {"\"\xff\"", SIO_ERR_JSON},     {"\"connect\"", SIO_ERR_RESERVED},
      {",\"e\"", SIO_ERR_JSON},       {"\"disconnecting\"", SIO_ERR_RESERVED},
      {"\"e\",{\"a\"}", SIO_ERR_JSON}};

  (void)state;
  begin();
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    assert_int_equal(receive_data(SIO_OPERATION_EMIT, cases[i].data),
                     cases[i].want);
    assert_int_equal(receive_data(SIO_OPERATION_EVENT, cases[i].data),
                     cases[i].want);
  }
  assert_hears(&a, "");
  world_close(&w);
}

static void test_values_that_are_too_deep_are_no_json(void **state)
{
  char deep[2000] = "\"e\",";

  (void)state;
  begin();
  memset(deep + 4, '[', 900);
  memset(deep + 904, ']', 900);
  assert_int_equal(receive_data(SIO_OPERATION_EMIT, deep), SIO_ERR_JSON);
  world_close(&w);
}

static void test_attachments_have_to_fit(void **state)
{
  sio_span many[11];

  (void)state;
  begin();
  memset(many, 0, sizeof many);
  make(SIO_OPERATION_EMIT)->data =
      sio_s("\"e\",{\"_placeholder\":true,\"num\":1}");
  operation.n_attachments = 1;
  assert_int_equal(receive(), SIO_ERR_INVALID);
  operation.attachments = many;
  assert_int_equal(receive(), SIO_ERR_RANGE);
  operation.n_attachments = 11;
  assert_int_equal(receive(), SIO_ERR_LIMIT);
  operation.n_attachments = 2;
  many[1].len = 1;
  assert_int_equal(receive(), SIO_ERR_INVALID);
  assert_hears(&a, "");
  operation.data = (sio_str){NULL, 5};
  operation.n_attachments = 0;
  assert_int_equal(receive(), SIO_ERR_INVALID);
  world_close(&w);
}

static void test_a_socket_with_too_many_rooms_is_told(void **state)
{
  sio_server_options options;
  sio_adapter_ops ops;
  sio_str names[] = {sio_s("1"), sio_s("2"), sio_s("3")};

  (void)state;
  world_options(&w, &options);
  options.max_rooms = 2;
  world_open(&w, &options);
  sio_adapter_ops_init(&ops);
  assert_int_equal(sio_server_set_adapter(w.server, &ops, &w), 0);
  client_enter(&w, &a);
  make(SIO_OPERATION_JOIN)->names = names;
  operation.n_names = 3;
  assert_int_equal(receive(), SIO_ERR_LIMIT);
  world_close(&w);
}

/* Whatever the members say, within what they point to: no crash. */
static void test_random_operations_do_no_harm(void **state)
{
  static const char *const data[] = {
      "\"e\"",   "\"e\",{\"_placeholder\":true,\"num\":0}", "1", "", "[",
      "\"q\",[]"};
  sio_str names[3] = {{"r", 1}, {"", 0}, {"long enough", 11}};
  sio_span spans[3] = {{(const uint8_t *)"x", 1}, {NULL, 0}, {NULL, 0}};
  uint32_t seed = 4711;

  (void)state;
  begin();
  for (int i = 0; i < 20000; i++) {
    make((sio_operation_type)(test_random(&seed) % 8));
    operation.flags = test_random(&seed) % 4; /* they stay connected mostly */
    operation.rooms = names;
    operation.n_rooms = test_random(&seed) % 4;
    operation.except = test_random(&seed) % 8 == 0 ? NULL : names;
    operation.n_except = test_random(&seed) % 4;
    operation.names = names;
    operation.n_names = test_random(&seed) % 4;
    operation.data = sio_s(data[test_random(&seed) % 6]);
    operation.attachments = spans;
    operation.n_attachments = test_random(&seed) % 4;
    operation.request = sio_s(test_random(&seed) % 2 == 0 ? "" : "abc");
    operation.timeout_ms = test_random(&seed) % 50;
    assert_true(receive() <= 0);
    if (i % 64 == 0) {
      world_wait(&w, 60);
      (void)client_hear(&a);
      (void)client_hear(&b);
    }
  }
  world_close(&w);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_an_event_goes_to_the_sockets_that_are_meant),
      cmocka_unit_test(test_attachments_go_on_to_clients),
      cmocka_unit_test(test_volatile_events_are_dropped_where_they_cannot_go),
      cmocka_unit_test(test_sockets_join_leave_and_go),
      cmocka_unit_test(test_what_is_no_operation_is_refused),
      cmocka_unit_test(test_an_operation_of_an_older_adapter_is_completed),
      cmocka_unit_test(test_names_that_cannot_be_are_refused),
      cmocka_unit_test(test_events_that_are_none_reach_nobody),
      cmocka_unit_test(test_values_that_are_too_deep_are_no_json),
      cmocka_unit_test(test_attachments_have_to_fit),
      cmocka_unit_test(test_a_socket_with_too_many_rooms_is_told),
      cmocka_unit_test(test_random_operations_do_no_harm),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
