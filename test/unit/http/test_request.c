/* SPDX-License-Identifier: MIT */
#include "support.h"

#include "http/request.h"
#include <sio/error.h>

#include <stdlib.h>

/* "/a?b=c" and the fields "host: x" "cookie: 1" "cookie: 2" "empty:". */
static const char text[] = "/a?b=chostxcookie1cookie2empty";
static const struct sio__http_field fields[] = {
    {6, 4, 10, 1}, {11, 6, 17, 1}, {18, 6, 24, 1}, {25, 5, 30, 0}};

static struct sio__http_head sample(void)
{
  struct sio__http_head head = {0};

  head.text = text;
  head.text_len = sizeof text - 1;
  head.fields = fields;
  head.n_fields = 4;
  head.target_len = 6;
  head.path_len = 2;
  head.method = "GET";
  head.keep_alive = true;
  return head;
}

static void test_the_target_has_a_path_and_a_query(void **state)
{
  struct sio__http_head head = sample();

  (void)state;
  assert_true(sio_str_is(sio__http_target(&head), "/a?b=c"));
  assert_true(sio_str_is(sio__http_path(&head), "/a"));
  assert_true(sio_str_is(sio__http_query(&head), "b=c"));
  head.target_len = 3; /* "/a?" */
  assert_true(sio_str_is(sio__http_query(&head), ""));
  head.target_len = 2;
  assert_true(sio_str_is(sio__http_query(&head), ""));
}

static void test_a_length_or_a_coding_makes_a_body(void **state)
{
  static const char coding_text[] = "/transfer-encodingchunked";
  static const struct sio__http_field coding[] = {{1, 17, 18, 7}};
  struct sio__http_head head = sample();

  (void)state;
  assert_false(sio__http_has_body(&head));
  head.has_length = true;
  assert_false(sio__http_has_body(&head));
  head.content_length = 1;
  assert_true(sio__http_has_body(&head));
  head = (struct sio__http_head){.text = coding_text,
                                 .text_len = sizeof coding_text - 1,
                                 .fields = coding,
                                 .n_fields = 1,
                                 .target_len = 1,
                                 .path_len = 1};
  assert_true(sio__http_has_body(&head));
}

static void test_headers_are_found_by_name_the_first_one(void **state)
{
  const struct sio__http_head head = sample();
  sio_str value = sio_s("untouched");

  (void)state;
  assert_false(sio__http_header(&head, "origin", &value));
  assert_false(sio__http_header(&head, "cooki", &value));
  assert_false(sio__http_header(&head, "cookies", &value));
  assert_false(sio__http_header(&head, "", &value));
  assert_true(sio_str_is(value, "untouched"));
  assert_true(sio__http_header(&head, "cookie", &value));
  assert_true(sio_str_is(value, "1"));
  assert_true(sio__http_header(&head, "empty", &value));
  assert_true(sio_str_is(value, ""));
}

static void test_headers_are_counted_in_order(void **state)
{
  static const char *const want[][2] = {
      {"host", "x"}, {"cookie", "1"}, {"cookie", "2"}, {"empty", ""}};
  const struct sio__http_head head = sample();
  sio_str name;
  sio_str value;

  (void)state;
  for (size_t i = 0; i < 4; i++) {
    assert_true(sio__http_header_at(&head, i, &name, &value));
    assert_true(sio_str_is(name, want[i][0]));
    assert_true(sio_str_is(value, want[i][1]));
  }
  assert_false(sio__http_header_at(&head, 4, &name, &value));
  assert_false(sio__http_header_at(&head, SIZE_MAX, &name, &value));
}

static void test_tokens_are_found_in_lists_in_any_case(void **state)
{
  static const char *const yes[] = {
      "upgrade",       "UPGRADE",    "keep-alive, Upgrade", "upgrade,close",
      " \tupgrade\t ", "a,,upgrade", ",upgrade,",           "a , upgrade , b"};
  static const char *const no[] = {"",         "upgrad",      "upgrades",
                                   "up grade", "upgrade;q=1", "\"upgrade\"",
                                   ",,,",      "a b upgrade", "xupgrade"};

  (void)state;
  for (size_t i = 0; i < sizeof yes / sizeof *yes; i++)
    assert_true(sio__http_has_token(sio_s(yes[i]), "upgrade"));
  for (size_t i = 0; i < sizeof no / sizeof *no; i++)
    assert_false(sio__http_has_token(sio_s(no[i]), "upgrade"));
  assert_false(sio__http_has_token(sio_s(NULL), "upgrade"));
  assert_true(sio__http_has_token(sio_s("A-1"), "a-1"));
  assert_false(sio__http_has_token(sio_s("A-1"), "a\r1")); /* not '-' ^ ' ' */
}

static void test_a_packed_head_outlives_its_source(void **state)
{
  struct test_mem mem;
  struct sio__http_head head = sample();
  char *moved_text = (char *)test_exact(text, sizeof text - 1);
  struct sio__http_field *moved_fields =
      (void *)test_exact(fields, sizeof fields);
  struct sio__http_head view;
  sio_str value;

  (void)state;
  test_mem_init(&mem, TEST_MEM_NEVER);
  head.text = moved_text;
  head.fields = moved_fields;
  assert_int_equal(sio__http_head_pack(&head, &mem.allocator, &view), 0);
  free(moved_text);
  free(moved_fields);
  assert_int_equal(mem.live_blocks, 1);
  assert_int_equal(mem.live_bytes, sizeof fields + sizeof text - 1);
  assert_true(sio_str_is(sio__http_query(&view), "b=c"));
  assert_true(sio__http_header(&view, "host", &value));
  assert_true(sio_str_is(value, "x"));
  assert_string_equal(view.method, "GET");
  assert_true(view.keep_alive);
  sio__http_head_free(&view, &mem.allocator);
  test_mem_check(&mem);
  sio__http_head_free(&view, &mem.allocator); /* nothing is left to free */
}

static void test_a_head_without_fields_is_packed(void **state)
{
  struct test_mem mem;
  struct sio__http_head head = sample();
  struct sio__http_head view;

  (void)state;
  test_mem_init(&mem, TEST_MEM_NEVER);
  head.n_fields = 0;
  head.fields = NULL;
  head.text_len = head.target_len;
  assert_int_equal(sio__http_head_pack(&head, &mem.allocator, &view), 0);
  assert_true(sio_str_is(sio__http_target(&view), "/a?b=c"));
  sio__http_head_free(&view, &mem.allocator);
  test_mem_check(&mem);
}

static void test_packing_without_memory_is_an_error(void **state)
{
  struct test_mem mem;
  const struct sio__http_head head = sample();
  struct sio__http_head view;

  (void)state;
  test_mem_init(&mem, 0);
  assert_int_equal(sio__http_head_pack(&head, &mem.allocator, &view),
                   SIO_ERR_NOMEM);
  test_mem_check(&mem);
}

/* Look `name` up in a query that lies in a block of exactly its size; a
 * `want` of NULL: it is missing. */
static void expect_param(const char *query, const char *name, const char *want)
{
  size_t query_len = strlen(query);
  uint8_t *copy = test_exact(query, query_len);
  const sio_str s = {(const char *)copy, query_len};
  char out[32];
  size_t len = 99;
  bool found = sio__http_param(s, name, out, sizeof out, &len);

  assert_int_equal(found, want != NULL);
  if (want != NULL) {
    assert_int_equal(len, strlen(want));
    assert_memory_equal(out, want, len);
  }
  free(copy);
}

static void test_parameters_are_found(void **state)
{
  static const char query[] = "EIO=4&transport=polling&t=a1&&b64&=x&sid=";

  (void)state;
  expect_param(query, "EIO", "4");
  expect_param(query, "transport", "polling");
  expect_param(query, "t", "a1");
  expect_param(query, "b64", "");
  expect_param(query, "sid", "");
  expect_param(query, "", "x");
  expect_param(query, "eio", NULL);
  expect_param(query, "transpor", NULL);
  expect_param(query, "transports", NULL);
  expect_param("", "a", NULL);
  expect_param("", "", NULL);
  expect_param("&&&", "", NULL);
  expect_param("a", "a", "");
  expect_param("a=b=c", "a", "b=c");
  expect_param("a;b=c", "b", NULL);
}

static void test_of_duplicate_parameters_the_last_counts(void **state)
{
  (void)state;
  expect_param("a=1&b=2&a=3", "a", "3");
  expect_param("a=1&a", "a", "");
  expect_param("a=1&%61=2", "a", "2");
}

static void test_parameters_are_decoded(void **state)
{
  (void)state;
  expect_param("a=x+y%20z", "a", "x y z");
  expect_param("a=%41%6a%4B", "a", "AjK");
  expect_param("a=%2B%26%3d", "a", "+&=");
  expect_param("a+b=1", "a b", "1");
  expect_param("%74ransport=%70olling", "transport", "polling");
  expect_param("a=caf%C3%A9", "a", "caf\xc3\xa9");
}

static void test_malformed_sequences_stay_as_they_are(void **state)
{
  (void)state;
  expect_param("a=%", "a", "%");
  expect_param("a=%4", "a", "%4");
  expect_param("a=%zz", "a", "%zz");
  expect_param("a=%4g%41", "a", "%4gA");
  expect_param("a=%%41", "a", "%A");
  expect_param("a=1%4&b=1", "a", "1%4"); /* not joined with the next pair */
  expect_param("%=1", "%", "1");
}

static void test_a_value_that_is_too_long_tells_its_length(void **state)
{
  char out[4] = "????";
  size_t len;

  (void)state;
  assert_true(sio__http_param(sio_s("a=12%3356"), "a", out, 3, &len));
  assert_int_equal(len, 5);
  assert_memory_equal(out, "123?", 4);
  assert_true(sio__http_param(sio_s("a=1"), "a", NULL, 0, &len));
  assert_int_equal(len, 1);
}

static void test_a_decoded_zero_is_a_character(void **state)
{
  char out[4];
  size_t len;

  (void)state;
  assert_true(sio__http_param(sio_s("sid=a%00b"), "sid", out, 4, &len));
  assert_int_equal(len, 3);
  assert_memory_equal(out, "a\0b", 3);
  assert_false(sio__http_param(sio_s("sid%00=a"), "sid", out, 4, &len));
}

static void test_parameters_are_walked_and_decoded(void **state)
{
  sio_str query = sio_s("&a=1&&b%20c+=%41%zz&d&=e&"), name, value;
  char out[32];
  size_t at = 0, n;

  (void)state;
  assert_true(sio__http_param_next(query, &at, &name, &value));
  assert_true(sio_str_is(name, "a") && sio_str_is(value, "1"));
  assert_true(sio__http_param_next(query, &at, &name, &value));
  assert_true(sio_str_is(name, "b%20c+") && sio_str_is(value, "%41%zz"));
  n = sio__http_decode(name, out);
  assert_int_equal(n, 4);
  assert_memory_equal(out, "b c ", 4);
  n = sio__http_decode(value, out);
  assert_int_equal(n, 4);
  assert_memory_equal(out, "A%zz", 4);
  assert_true(sio__http_param_next(query, &at, &name, &value));
  assert_true(sio_str_is(name, "d") && value.len == 0);
  assert_true(sio__http_param_next(query, &at, &name, &value));
  assert_true(name.len == 0 && sio_str_is(value, "e"));
  assert_false(sio__http_param_next(query, &at, &name, &value));
  assert_false(sio__http_param_next(query, &at, &name, &value));
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_the_target_has_a_path_and_a_query),
      cmocka_unit_test(test_a_length_or_a_coding_makes_a_body),
      cmocka_unit_test(test_headers_are_found_by_name_the_first_one),
      cmocka_unit_test(test_headers_are_counted_in_order),
      cmocka_unit_test(test_tokens_are_found_in_lists_in_any_case),
      cmocka_unit_test(test_a_packed_head_outlives_its_source),
      cmocka_unit_test(test_a_head_without_fields_is_packed),
      cmocka_unit_test(test_packing_without_memory_is_an_error),
      cmocka_unit_test(test_parameters_are_found),
      cmocka_unit_test(test_of_duplicate_parameters_the_last_counts),
      cmocka_unit_test(test_parameters_are_decoded),
      cmocka_unit_test(test_malformed_sequences_stay_as_they_are),
      cmocka_unit_test(test_a_value_that_is_too_long_tells_its_length),
      cmocka_unit_test(test_a_decoded_zero_is_a_character),
      cmocka_unit_test(test_parameters_are_walked_and_decoded),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
