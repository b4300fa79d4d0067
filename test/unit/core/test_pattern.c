/* SPDX-License-Identifier: MIT */
#include "support.h"

#include <stdio.h>
#include <stdlib.h>

#include "core/pattern.h"

static const sio_str none = {NULL, 0};

static struct sio__pattern *compile(struct test_mem *mem, const char *text)
{
  size_t len = strlen(text);
  uint8_t *exact = test_exact(text, len);
  sio_str s = {(const char *)exact, len};
  struct sio__pattern *pattern = sio__pattern_new(s, &mem->allocator);

  free(exact);
  return pattern;
}

/* "name=value name=value" of a name that matches, "no" if it does not. */
static void expect(const char *text, const char *name, const char *want)
{
  struct test_mem mem;
  struct sio__pattern *pattern;
  size_t len = strlen(name);
  uint8_t *exact = test_exact(name, len);
  sio_str s = {(const char *)exact, len};
  static const char *const names[] = {"a", "b", "rest"};
  char got[256] = "";

  test_mem_init(&mem, TEST_MEM_NEVER);
  pattern = compile(&mem, text);
  assert_non_null(pattern);
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    sio_str value = sio__pattern_param(pattern, s, sio_s(names[i]));
    size_t used = strlen(got);

    if (value.data != NULL)
      (void)snprintf(got + used, sizeof got - used, "%s%s=%.*s",
                     used > 0 ? " " : "", names[i], SIO_STR_ARG(value));
  }
  if (!sio__pattern_match(pattern, s)) {
    assert_string_equal(got, "");
    (void)snprintf(got, sizeof got, "no");
  }
  assert_string_equal(got, want);
  assert_null(sio__pattern_param(pattern, s, sio_s("c")).data);
  assert_null(sio__pattern_param(pattern, s, none).data);
  sio__pattern_free(pattern, &mem.allocator);
  free(exact);
  test_mem_check(&mem);
}

static void test_static_text_matches_byte_for_byte(void **state)
{
  (void)state;
  expect("/a", "/a", "");
  expect("/a", "/b", "no");
  expect("/a", "/A", "no");
  expect("/a", "/a/", "no");
  expect("/a", "/ab", "no");
  expect("/a/", "/a", "no");
  expect("/%7B", "/%7B", "");
  expect("/a.c*", "/abc*", "no");
  expect("/\xc3\xa9{a}", "/\xc3\xa9\xc3\xa9", "a=\xc3\xa9");
}

static void test_a_part_stands_for_one_step(void **state)
{
  (void)state;
  expect("/t/{a}", "/t/1", "a=1");
  expect("/t/{a}", "/t/x-y_z", "a=x-y_z");
  expect("/t/{a}", "/t/", "no");
  expect("/t/{a}", "/t", "no");
  expect("/t/{a}", "/t/1/", "no");
  expect("/t/{a}", "/t/1/2", "no");
  expect("/t/{a}", "/u/1", "no");
  expect("/t/{a}/", "/t/1/", "a=1");
  expect("/t/{a}/", "/t/1", "no");
  expect("/{a}", "/{a}", "a={a}");
  expect("/{a}", "//", "no");
  expect("/{a}/{b}", "/1/2", "a=1 b=2");
  expect("/{a}/{b}", "/1//", "no");
  expect("/{b}/x/{a}", "/1/x/2", "a=2 b=1");
  expect("/{b}/x/{a}", "/1/y/2", "no");
}

static void test_text_may_stand_around_a_part(void **state)
{
  (void)state;
  expect("/dynamic-{a}", "/dynamic-101", "a=101");
  expect("/dynamic-{a}", "/dynamic-", "no");
  expect("/dynamic-{a}", "/dynamic", "no");
  expect("/{a}.json", "/x.json", "a=x");
  expect("/{a}.json", "/.json.json", "a=.json");
  expect("/{a}.json", "/.json", "no");
  expect("/{a}.json", "/x.jsonp", "no");
  expect("/{a}.json", "/x/y.json", "no");
  expect("/x{a}y/z{b}", "/x1y/z2", "a=1 b=2");
  expect("/x{a}y/z{b}", "/xyy/zz", "a=y b=z");
  expect("/x{a}y/z{b}", "/xy/zz", "no");
  expect("/x{a}y/z{b}", "/x1/y/z2", "no");
  expect("/aa{a}aa", "/aaaaa", "a=a");
  expect("/aa{a}aa", "/aaaa", "no");
}

static void test_the_rest_is_all_that_is_left(void **state)
{
  (void)state;
  expect("/{*rest}", "/a", "rest=a");
  expect("/{*rest}", "/a/b/", "rest=a/b/");
  expect("/{*rest}", "/", "no");
  expect("/f/{*rest}", "/f//", "rest=/");
  expect("/f/{*rest}", "/f/", "no");
  expect("/f{*rest}", "/fg/h", "rest=g/h");
  expect("/{a}/{*rest}", "/1/2/3", "a=1 rest=2/3");
  expect("/{a}/{*rest}", "/1", "no");
}

static void test_what_is_malformed_is_refused(void **state)
{
  static const char *const texts[] = {
      "",          "/{",           "/}",          "/{}",     "/{*}",
      "/{a",       "/a}",          "/{a}}",       "/{{a}}",  "/{a{b}",
      "/{1}",      "/{a-b}",       "/{a b}",      "/{ a}",   "/{\xc3\xa9}",
      "/{a}{b}",   "/{a}-{b}",     "/{a}{*rest}", "/{*r}/x", "/{*r}x",
      "/{*r}{*s}", "/{a}/{a}",     "/{a}/x/{*a}", "/{**a}",  "/{a*}",
      "/{a}/{",    "/{a}/{b}/{a}", "/{*r}/{a}",
  };
  struct test_mem mem;

  (void)state;
  test_mem_init(&mem, TEST_MEM_NEVER);
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
    if (compile(&mem, texts[i]) != NULL)
      fail_msg("accepted: %s", texts[i]);
  }
  test_mem_check(&mem);
}

static void test_all_identifiers_are_names(void **state)
{
  static const char *const texts[] = {"/{a}", "/{_}", "/{Az_09}", "/{*_1}",
                                      "/{a}/{A}/{aa}"};
  struct test_mem mem;

  (void)state;
  test_mem_init(&mem, TEST_MEM_NEVER);
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
    struct sio__pattern *pattern = compile(&mem, texts[i]);

    assert_non_null(pattern);
    sio__pattern_free(pattern, &mem.allocator);
  }
  sio__pattern_free(NULL, &mem.allocator);
  test_mem_check(&mem);
}

static void compile_one(struct test_mem *mem, void *user)
{
  struct sio__pattern *pattern = compile(mem, "/{a}");

  (void)user;
  assert_true((pattern == NULL) == mem->fired);
  sio__pattern_free(pattern, &mem->allocator);
}

static void test_no_memory_is_no_pattern(void **state)
{
  (void)state;
  assert_int_equal(test_every_allocation(compile_one, NULL), 2);
}

/* One step of a pattern has one part at most: what it stands for is told by
 * its first and last byte, so a random name can be taken apart by hand. */
static void test_random_names_match_as_a_plain_search_says(void **state)
{
  static const char alphabet[] = "ab/";
  uint32_t random = 7;
  struct test_mem mem;
  struct sio__pattern *pattern;

  (void)state;
  test_mem_init(&mem, TEST_MEM_NEVER);
  pattern = compile(&mem, "/a{a}b/{*rest}");
  for (int n = 0; n < 20000; n++) {
    char name[10] = "/";
    size_t len = 1 + test_random(&random) % 8;
    const char *slash;
    bool want;

    for (size_t i = 1; i < len; i++)
      name[i] = alphabet[test_random(&random) % 3];
    slash = strchr(name + 1, '/');
    want = slash != NULL && slash - name >= 4 && name[1] == 'a' &&
           slash[-1] == 'b' && slash[1] != '\0';
    if (sio__pattern_match(pattern, sio_s(name)) != want)
      fail_msg("%s: not %d", name, want);
  }
  sio__pattern_free(pattern, &mem.allocator);
  test_mem_check(&mem);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_static_text_matches_byte_for_byte),
      cmocka_unit_test(test_a_part_stands_for_one_step),
      cmocka_unit_test(test_text_may_stand_around_a_part),
      cmocka_unit_test(test_the_rest_is_all_that_is_left),
      cmocka_unit_test(test_what_is_malformed_is_refused),
      cmocka_unit_test(test_all_identifiers_are_names),
      cmocka_unit_test(test_no_memory_is_no_pattern),
      cmocka_unit_test(test_random_names_match_as_a_plain_search_says),
  };

  return cmocka_run_group_tests_name("core/pattern", tests, NULL, NULL);
}
