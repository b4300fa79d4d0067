/* SPDX-License-Identifier: MIT */
/* lib/eio/snapshot.c: what is kept of a handshake. */
#include "support.h"

#include <stdlib.h>

#include "eio/snapshot.h"
#include "http/parse.h"
#include <sio/error.h>

static const struct sio__http_limits limits = {4096, 100};

/* A snapshot of a request, whose parser and bytes are gone afterwards. */
static struct sio__snapshot *take(struct test_mem *mem, const char *request,
                                  const char *address, bool secure,
                                  struct sio__subject *client)
{
  uint8_t *data = test_exact(request, strlen(request));
  struct sio__http_parser *parser =
      sio__http_parser_new(&mem->allocator, &limits);
  struct sio__snapshot *snapshot = NULL;
  size_t used = 0;
  sio_span body;

  if (parser != NULL &&
      sio__http_parse(parser, data, strlen(request), &used, &body) == HTTP_HEAD)
    snapshot = sio__snapshot_new(&mem->allocator, sio__http_parser_head(parser),
                                 address, secure, client);
  sio__http_parser_free(parser);
  free(data);
  return snapshot;
}

static const char request[] =
    "GET /socket.io/?EIO=4&token=a%20b HTTP/1.1\r\nHost: h\r\n"
    "X-Forwarded-For: 198.51.100.1\r\n\r\n";

static void test_it_outlives_the_request(void **state)
{
  struct sio__snapshot *snapshot;
  struct test_mem mem;
  char value[8];
  sio_str text;
  size_t len;

  (void)state;
  test_mem_init(&mem, TEST_MEM_NEVER);
  snapshot = take(&mem, request, "192.0.2.7", true, NULL);
  assert_non_null(snapshot);
  assert_string_equal(snapshot->address, "192.0.2.7");
  assert_true(snapshot->secure);
  assert_string_equal(snapshot->head.method, "GET");
  assert_true(sio_str_is(sio__http_target(&snapshot->head),
                         "/socket.io/?EIO=4&token=a%20b"));
  assert_true(sio__http_header(&snapshot->head, "x-forwarded-for", &text));
  assert_true(sio_str_is(text, "198.51.100.1"));
  assert_true(sio__http_param(sio__http_query(&snapshot->head), "token", value,
                              sizeof value, &len));
  assert_int_equal(len, 3);
  assert_memory_equal(value, "a b", 3);
  sio__snapshot_unref(snapshot);
  test_mem_check(&mem);
}

static void test_it_lives_as_long_as_a_reference(void **state)
{
  struct sio__snapshot *snapshot;
  struct test_mem mem;

  (void)state;
  test_mem_init(&mem, TEST_MEM_NEVER);
  snapshot = take(&mem, request, "", false, NULL);
  assert_non_null(snapshot);
  assert_false(snapshot->secure);
  assert_ptr_equal(sio__snapshot_ref(snapshot), snapshot);
  sio__snapshot_unref(snapshot);
  assert_string_equal(snapshot->address, "");
  assert_string_equal(snapshot->head.method, "GET");
  sio__snapshot_unref(snapshot);
  test_mem_check(&mem);
}

static void test_long_addresses_are_cut(void **state)
{
  struct sio__snapshot *snapshot;
  struct test_mem mem;
  char address[400];

  (void)state;
  memset(address, '1', sizeof address);
  address[sizeof address - 1] = '\0';
  test_mem_init(&mem, TEST_MEM_NEVER);
  snapshot = take(&mem, request, address, false, NULL);
  assert_non_null(snapshot);
  assert_int_equal(strlen(snapshot->address), 255);
  sio__snapshot_unref(snapshot);
  test_mem_check(&mem);
}

static void take_short_of_memory(struct test_mem *mem, void *user)
{
  struct sio__snapshot *snapshot = take(mem, request, "192.0.2.7", false, NULL);

  (void)user;
  if (snapshot == NULL)
    assert_true(mem->fired);
  else
    sio__snapshot_unref(snapshot);
}

static void test_without_memory_there_is_none(void **state)
{
  (void)state;
  assert_true(test_every_allocation(take_short_of_memory, NULL) > 3);
}

static void test_parameters_are_decoded(void **state)
{
  struct sio__snapshot *snapshot;
  struct test_mem mem;
  char value[8] = "before";

  (void)state;
  test_mem_init(&mem, TEST_MEM_NEVER);
  snapshot = take(&mem, request, "", false, NULL);
  assert_non_null(snapshot);
  assert_int_equal(sio__snapshot_query(snapshot, "token", value, 4), 0);
  assert_string_equal(value, "a b");
  assert_int_equal(sio__snapshot_query(snapshot, "token", value, 3),
                   SIO_ERR_LIMIT);
  assert_string_equal(value, "");
  value[0] = 'x';
  assert_int_equal(sio__snapshot_query(snapshot, "t", value, sizeof value),
                   SIO_ERR_NOT_FOUND);
  assert_string_equal(value, "");
  assert_int_equal(sio__snapshot_query(snapshot, "token", NULL, 0),
                   SIO_ERR_LIMIT);
  sio__snapshot_unref(snapshot);
  test_mem_check(&mem);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_it_outlives_the_request),
      cmocka_unit_test(test_it_lives_as_long_as_a_reference),
      cmocka_unit_test(test_long_addresses_are_cut),
      cmocka_unit_test(test_without_memory_there_is_none),
      cmocka_unit_test(test_parameters_are_decoded),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
