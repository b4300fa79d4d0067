/* SPDX-License-Identifier: MIT */
/* Namespaces of clients of Socket.IO 2, which are URLs. */
#include "core/v2.h"

#include "support.h"

#include <stdio.h>
#include <stdlib.h>

/* What a namespace is resolved to: "path auth". */
static int resolve(const sio_allocator *mem, enum sio__packet_type type,
                   const char *nsp, char out[512])
{
  char *copy = (char *)test_exact(nsp, strlen(nsp));
  struct sio__packet packet = {.type = type, .nsp = {copy, strlen(nsp)}};
  struct sio__buf text;
  int rv;

  sio__buf_init(&text, mem, SIZE_MAX);
  rv = sio__v2_resolve(&packet, &text);
  if (rv == 0)
    snprintf(out, 512, "%.*s %.*s", (int)packet.nsp.len, packet.nsp.data,
             (int)packet.json.len, packet.json.len > 0 ? packet.json.data : "");
  sio__buf_dispose(&text);
  free(copy);
  return rv;
}

static void assert_resolved(const char *nsp, const char *want)
{
  struct test_mem mem;
  char out[512];

  test_mem_init(&mem, TEST_MEM_NEVER);
  assert_int_equal(resolve(&mem.allocator, PACKET_CONNECT, nsp, out), 0);
  assert_string_equal(out, want);
  test_mem_check(&mem);
}

static void test_a_plain_name_costs_nothing(void **state)
{
  struct test_mem mem;
  char out[512];

  (void)state;
  test_mem_init(&mem, TEST_MEM_NEVER);
  assert_int_equal(resolve(&mem.allocator, PACKET_EVENT, "/", out), 0);
  assert_string_equal(out, "/ ");
  assert_int_equal(resolve(&mem.allocator, PACKET_CONNECT, "/a-B_9:/c", out),
                   0);
  assert_string_equal(out, "/a-B_9:/c {}");
  assert_int_equal(mem.calls, 0);
}

static void test_dot_segments_are_removed(void **state)
{
  static const char *const same[] = {
      "/b",         "/./b",      "/a/../b", "/a/%2E%2e/b",  "/../../b",
      "/.%2e/x/..", "/a/.%2E/b", "/%2e/b",  "/x/y/../../b", "/x/..\\b",
  };

  (void)state;
  for (size_t i = 0; i < sizeof same / sizeof *same; i++)
    assert_resolved(same[i], i == 5 ? "/ {}" : "/b {}");
  assert_resolved("/a/b/..", "/a/ {}");
  assert_resolved("/a/.", "/a/ {}");
  assert_resolved("/..", "/ {}");
  assert_resolved("/a//..", "/a/ {}");
  assert_resolved("/a/...", "/a/... {}");
  assert_resolved("/a/.b./..c", "/a/.b./..c {}");
  assert_resolved("/a/%2/%2", "/a/%2/%2 {}");
  assert_resolved("/a//b/", "/a//b/ {}");
}

static void test_a_path_is_percent_encoded(void **state)
{
  (void)state;
  assert_resolved("/a b", "/a%20b {}");
  assert_resolved("/\xc3\xa9", "/%C3%A9 {}");
  assert_resolved("/a\"<>`{}", "/a%22%3C%3E%60%7B%7D {}");
  assert_resolved("/a\x7f\x01z", "/a%7F%01z {}");
  assert_resolved("/a^b|c[d]'e", "/a^b|c[d]'e {}");
  assert_resolved("/a%zz%20", "/a%zz%20 {}");
  assert_resolved("/a\\b", "/a/b {}");
  assert_resolved("/a \t", "/a {}");
}

static void test_a_fragment_is_cut(void **state)
{
  (void)state;
  assert_resolved("/b#f?x=1", "/b {}");
  assert_resolved("/b?x=1#y=2", "/b {\"x\":\"1\"}");
  assert_resolved("/#", "/ {}");
}

static void test_a_query_is_an_object_of_strings(void **state)
{
  (void)state;
  assert_resolved("/b?token=123", "/b {\"token\":\"123\"}");
  assert_resolved("/?a=1&b=", "/ {\"a\":\"1\",\"b\":\"\"}");
  assert_resolved("/b?", "/b {}");
  assert_resolved("/b?&&c&=z&", "/b {\"c\":\"\",\"\":\"z\"}");
  assert_resolved("/b?d=a+b%20c=%26%3d", "/b {\"d\":\"a b c=&=\"}");
  assert_resolved("/b?q=%22%5C%0a", "/b {\"q\":\"\\\"\\\\\\n\"}");
  assert_resolved("/b?e=%c3%a9\xc3\xa9", "/b {\"e\":\"\xc3\xa9\xc3\xa9\"}");
  assert_resolved("/b?e=%4%zz%", "/b {\"e\":\"%4%zz%\"}");
  assert_resolved("/b?a=?x/../y", "/b {\"a\":\"?x/../y\"}");
  assert_resolved("/b?z=%00", "/b {\"z\":\"\\u0000\"}");
}

static void test_what_is_no_text_is_replaced(void **state)
{
  (void)state;
  assert_resolved("/b?a=%ffx%C3", "/b {\"a\":\"\xef\xbf\xbdx\xef\xbf\xbd\"}");
  assert_resolved("/b?%80=\"", "/b {\"\xef\xbf\xbd\":\"\\\"\"}");
}

static void test_only_a_connect_has_a_query(void **state)
{
  struct test_mem mem;
  char out[512];

  (void)state;
  test_mem_init(&mem, TEST_MEM_NEVER);
  assert_int_equal(resolve(&mem.allocator, PACKET_EVENT, "/b?x=1", out), 0);
  assert_string_equal(out, "/b ");
  test_mem_check(&mem);
}

static void resolve_somehow(struct test_mem *mem, void *user)
{
  char out[512];
  int rv = resolve(&mem->allocator, PACKET_CONNECT, "/b/./c?a=%ff&b=2", out);

  (void)user;
  assert_int_equal(rv, mem->fired ? SIO_ERR_NOMEM : 0);
}

static void test_resolving_out_of_memory_is_told(void **state)
{
  (void)state;
  assert_true(test_every_allocation(resolve_somehow, NULL) > 4);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_a_plain_name_costs_nothing),
      cmocka_unit_test(test_dot_segments_are_removed),
      cmocka_unit_test(test_a_path_is_percent_encoded),
      cmocka_unit_test(test_a_fragment_is_cut),
      cmocka_unit_test(test_a_query_is_an_object_of_strings),
      cmocka_unit_test(test_what_is_no_text_is_replaced),
      cmocka_unit_test(test_only_a_connect_has_a_query),
      cmocka_unit_test(test_resolving_out_of_memory_is_told),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
