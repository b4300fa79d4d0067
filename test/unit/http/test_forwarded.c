/* SPDX-License-Identifier: MIT */
#include "support.h"

#include "http/forwarded.h"
#include "http/parse.h"

#include <stdio.h>
#include <stdlib.h>

#define TRUSTED "10.0.0.0/8, 2001:db8:1::/48"

/* What a request with these header lines gives; `secure` is the transport's. */
struct row {
  const char *fields;
  const char *address;
  bool secure;
};

static void look(const char *header, const char *peer, bool transport,
                 const struct row *row)
{
  static const struct sio__http_limits limits = {65535, 1000};
  struct test_mem mem;
  struct sio__trust *trust;
  struct sio__http_parser *parser;
  struct sio__forwarded out;
  uint8_t *input;
  size_t used, len = strlen(row->fields) + 64;
  char *text = malloc(len);
  sio_span body;

  assert_non_null(text);
  len = (size_t)snprintf(text, len, "GET / HTTP/1.1\r\nHost: h\r\n%s\r\n",
                         row->fields);
  test_mem_init(&mem, TEST_MEM_NEVER);
  trust = sio__trust_new(TRUSTED, header, &mem.allocator);
  parser = sio__http_parser_new(&mem.allocator, &limits);
  assert_non_null(trust);
  assert_non_null(parser);
  input = test_exact(text, len);
  assert_int_equal(sio__http_parse(parser, input, len, &used, &body),
                   HTTP_HEAD);
  sio__forwarded_read(sio__http_parser_head(parser), trust, peer, transport,
                      &out);
  if (strcmp(out.address, row->address) != 0 || out.secure != row->secure)
    fail_msg("%s is from \"%s\", %d", row->fields, out.address, out.secure);
  free(input);
  free(text);
  sio__http_parser_free(parser);
  sio__trust_free(trust);
  test_mem_check(&mem);
}

static void look_at_all(const char *header, const struct row *rows, size_t n)
{
  for (size_t i = 0; i < n; i++)
    look(header, "10.0.0.1", false, &rows[i]);
}

#define LOOK(header, rows) look_at_all(header, rows, sizeof rows / sizeof *rows)

static void
test_the_last_address_that_is_not_trusted_is_the_client(void **state)
{
  static const struct row rows[] = {
      {"", "", false},
      {"X-Forwarded-For: 192.0.2.7\r\n", "192.0.2.7", false},
      {"X-Forwarded-For: 198.51.100.1, 192.0.2.7\r\n", "192.0.2.7", false},
      {"X-Forwarded-For: 192.0.2.7, 10.0.0.2\r\n", "192.0.2.7", false},
      {"X-Forwarded-For: 1.1.1.1,192.0.2.7,10.0.0.2,2001:db8:1::5\r\n",
       "192.0.2.7", false},
      {"X-Forwarded-For: ::ffff:192.0.2.7, ::ffff:10.0.0.2\r\n", "192.0.2.7",
       false},
      {"X-Forwarded-For: 2001:DB8::0007\r\n", "2001:db8::7", false},
      /* All of them are proxies: the first is as far as it goes. */
      {"X-Forwarded-For: 10.0.0.3, 10.0.0.2\r\n", "10.0.0.3", false},
  };

  (void)state;
  LOOK("x-forwarded-for", rows);
}

static void test_several_fields_are_one_list(void **state)
{
  static const struct row rows[] = {
      {"X-Forwarded-For: 192.0.2.7\r\nX-Forwarded-For: 10.0.0.2\r\n",
       "192.0.2.7", false},
      {"X-Forwarded-For: 10.0.0.2\r\nA: b\r\nX-Forwarded-For: 192.0.2.7\r\n",
       "192.0.2.7", false},
      {"Forwarded: for=1.1.1.1\r\nX-Forwarded-For: 192.0.2.7\r\n"
       "X-Forwarded-Fort: 2.2.2.2\r\n",
       "192.0.2.7", false},
  };

  (void)state;
  LOOK("x-forwarded-for", rows);
}

static void test_ports_do_not_count(void **state)
{
  static const struct row rows[] = {
      {"X-Forwarded-For: 192.0.2.7:4711\r\n", "192.0.2.7", false},
      {"X-Forwarded-For: [2001:db8::7]:4711\r\n", "2001:db8::7", false},
      {"X-Forwarded-For: [2001:db8::7]\r\n", "2001:db8::7", false},
      {"X-Forwarded-For: 192.0.2.7:_gazonk\r\n", "192.0.2.7", false},
      {"X-Forwarded-For: 192.0.2.7:\r\n", "", false},
      {"X-Forwarded-For: 192.0.2.7: 1\r\n", "", false},
      {"X-Forwarded-For: [2001:db8::7]4711\r\n", "", false},
      {"X-Forwarded-For: [192.0.2.7]\r\n", "", false},
      {"X-Forwarded-For: [2001:db8::7\r\n", "", false},
      {"X-Forwarded-For: []\r\n", "", false},
      {"X-Forwarded-For: [\r\n", "", false},
  };

  (void)state;
  LOOK("x-forwarded-for", rows);
}

static void test_what_is_no_address_ends_the_walk(void **state)
{
  static const struct row rows[] = {
      {"X-Forwarded-For: unknown\r\n", "", false},
      {"X-Forwarded-For:\r\n", "", false},
      {"X-Forwarded-For: ,\r\n", "", false},
      {"X-Forwarded-For: 192.0.2.7,\r\n", "", false},
      {"X-Forwarded-For: 192.0.2.7, unknown, 10.0.0.2\r\n", "10.0.0.2", false},
      {"X-Forwarded-For: 192.0.2.7, , 10.0.0.2\r\n", "10.0.0.2", false},
      {"X-Forwarded-For: 192.0.2.07\r\n", "", false},
      {"X-Forwarded-For: fe80::1%eth0\r\n", "", false},
      {"X-Forwarded-For: \"192.0.2.7\r\n", "", false},
      {"X-Forwarded-For: 192.0.2.7 10.0.0.2\r\n", "", false},
  };

  (void)state;
  LOOK("x-forwarded-for", rows);
}

static void test_who_is_not_trusted_is_not_believed(void **state)
{
  static const struct row row = {
      "X-Forwarded-For: 203.0.113.9\r\nForwarded: for=203.0.113.9;proto=https"
      "\r\nX-Forwarded-Proto: https\r\nX-Real-IP: 203.0.113.9\r\n",
      "", false};
  static const char *const peers[] = {"192.0.2.7", "::1",       "",
                                      "nobody",    "10.0.0.1x", "11.0.0.1"};
  static const char *const headers[] = {"x-forwarded-for", "forwarded",
                                        "x-real-ip"};

  (void)state;
  for (size_t i = 0; i < 3; i++) {
    for (size_t j = 0; j < sizeof peers / sizeof *peers; j++)
      look(headers[i], peers[j], false, &row);
  }
}

static void test_pairs_name_the_client(void **state)
{
  static const struct row rows[] = {
      {"Forwarded: for=192.0.2.7\r\n", "192.0.2.7", false},
      {"Forwarded: For=\"[2001:db8::7]:4711\"\r\n", "2001:db8::7", false},
      {"Forwarded: for=192.0.2.7;proto=https;by=203.0.113.43\r\n", "192.0.2.7",
       true},
      {"Forwarded: by=203.0.113.43; PROTO=\"HTTPS\" ; FOR=192.0.2.7:80\r\n",
       "192.0.2.7", true},
      {"Forwarded: for=1.1.1.1, for=192.0.2.7, for=10.0.0.2\r\n", "192.0.2.7",
       false},
      {"Forwarded: for=192.0.2.7;host=\"a,b;c\\\"d\", for=10.0.0.2\r\n",
       "192.0.2.7", false},
      {"Forwarded: for=unknown\r\n", "", false},
      {"Forwarded: for=_hidden, for=10.0.0.2\r\n", "10.0.0.2", false},
      {"Forwarded: proto=http\r\n", "", false},
      {"Forwarded: for\r\n", "", false},
      {"Forwarded: for=192.0.2.7;for=198.51.100.1\r\n", "", false},
      {"Forwarded: for=\"192.0.2.7\r\n", "", false},
      {"Forwarded: for=\"192\\.0.2.7\"\r\n", "", false},
      {"Forwarded: for=\"\"\r\n", "", false},
      {"Forwarded: for=\"\r\n", "", false},
      {"Forwarded: xfor=192.0.2.7\r\n", "", false},
  };

  (void)state;
  LOOK("forwarded", rows);
}

static void test_quotes_that_a_client_leaves_open_swallow_nothing(void **state)
{
  static const struct row rows[] = {
      {"Forwarded: for=\", for=192.0.2.7\r\n", "192.0.2.7", false},
      {"Forwarded: a=\"for=1.1.1.1;proto=https, for=192.0.2.7\r\n", "192.0.2.7",
       false},
      {"Forwarded: for=\"1.1.1.1\\\r\nForwarded: for=192.0.2.7\r\n",
       "192.0.2.7", false},
      {"Forwarded: for=\"1.1.1.1\\\"\", for=192.0.2.7;proto=http\r\n",
       "192.0.2.7", false},
  };

  (void)state;
  LOOK("forwarded", rows);
}

static void test_any_header_may_have_the_address(void **state)
{
  static const struct row rows[] = {
      {"X-Real-IP: 192.0.2.7\r\n", "192.0.2.7", false},
      {"X-Real-IP: 192.0.2.7\r\nX-Forwarded-For: 1.1.1.1\r\n", "192.0.2.7",
       false},
      {"X-Forwarded-For: 1.1.1.1\r\n", "", false},
  };

  (void)state;
  LOOK("x-real-ip", rows);
}

static void test_the_nearest_proxy_tells_how_the_client_came(void **state)
{
  static const struct row rows[] = {
      {"X-Forwarded-Proto: https\r\n", "", true},
      {"X-Forwarded-Proto: WSS\r\n", "", true},
      {"X-Forwarded-Proto: http\r\n", "", false},
      {"X-Forwarded-Proto: ftp\r\n", "", false},
      {"X-Forwarded-Proto: https, http\r\n", "", false},
      {"X-Forwarded-Proto: https\r\nX-Forwarded-Proto: http\r\n", "", false},
      {"X-Forwarded-Proto: http, https\r\n", "", true},
      {"X-Forwarded-Proto: https,\r\n", "", false},
      {"Forwarded: for=192.0.2.7;proto=https\r\n", "", false},
  };

  (void)state;
  LOOK("x-forwarded-for", rows);
  look("x-forwarded-for", "10.0.0.1", true,
       &(struct row){"X-Forwarded-Proto: http\r\n", "", false});
  look("x-forwarded-for", "10.0.0.1", true,
       &(struct row){"X-Forwarded-Proto: gopher\r\n", "", true});
  look("x-forwarded-for", "192.0.2.7", true,
       &(struct row){"X-Forwarded-Proto: http\r\n", "", true});
}

static void test_an_entry_tells_only_of_its_own_leg(void **state)
{
  static const struct row rows[] = {
      {"Forwarded: for=192.0.2.7;proto=https, for=10.0.0.2;proto=http\r\n",
       "192.0.2.7", true},
      {"Forwarded: for=192.0.2.7, for=10.0.0.2;proto=https\r\n", "192.0.2.7",
       false},
      {"Forwarded: for=1.1.1.1;proto=https, for=192.0.2.7;proto=http\r\n",
       "192.0.2.7", false},
      {"X-Forwarded-Proto: https\r\nForwarded: for=192.0.2.7\r\n", "192.0.2.7",
       false},
  };

  (void)state;
  LOOK("forwarded", rows);
}

static void test_long_lists_take_linear_time(void **state)
{
  enum { N = 60000 };
  char *fields = malloc(N + 64);
  struct row row = {fields, "", false};

  (void)state;
  assert_non_null(fields);
  (void)snprintf(fields, 64, "Forwarded: ");
  for (size_t i = 0; i < N; i += 2)
    memcpy(fields + 11 + i, "\\\"", 2);
  memcpy(fields + 11 + N, "\r\n", 3);
  look("forwarded", "10.0.0.1", false, &row);
  for (size_t i = 0; i < N; i += 2)
    memcpy(fields + 11 + i, "\",", 2);
  look("forwarded", "10.0.0.1", false, &row);
  free(fields);
}

static void test_random_values_do_no_harm(void **state)
{
  static const char letters[] = "for=10.2,;\"\\[]: p:roto_a1f";
  uint32_t random = 77;

  (void)state;
  for (int i = 0; i < 3000; i++) {
    char fields[96] = "Forwarded: ";
    size_t at = strlen(fields), end = at + test_random(&random) % 60;
    struct row row = {fields, "", false};

    while (at < end)
      fields[at++] = letters[test_random(&random) % (sizeof letters - 1)];
    memcpy(fields + at, "\r\n", 3);
    look("forwarded", "192.0.2.7", false, &row);
    /* Whatever a client has sent, the proxy's entry behind it counts. */
    memcpy(fields + at, ", for=192.0.2.9\r\n", 18);
    row.address = "192.0.2.9";
    look("forwarded", "10.0.0.1", false, &row);
  }
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_the_last_address_that_is_not_trusted_is_the_client),
      cmocka_unit_test(test_several_fields_are_one_list),
      cmocka_unit_test(test_ports_do_not_count),
      cmocka_unit_test(test_what_is_no_address_ends_the_walk),
      cmocka_unit_test(test_who_is_not_trusted_is_not_believed),
      cmocka_unit_test(test_pairs_name_the_client),
      cmocka_unit_test(test_quotes_that_a_client_leaves_open_swallow_nothing),
      cmocka_unit_test(test_any_header_may_have_the_address),
      cmocka_unit_test(test_the_nearest_proxy_tells_how_the_client_came),
      cmocka_unit_test(test_an_entry_tells_only_of_its_own_leg),
      cmocka_unit_test(test_long_lists_take_linear_time),
      cmocka_unit_test(test_random_values_do_no_harm),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
