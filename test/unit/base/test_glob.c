/* SPDX-License-Identifier: MIT */
#include "support.h"

#include "base/glob.h"

#include <stdlib.h>

/* Both in blocks of their exact size. */
static bool matches_by(enum sio__glob_rule rule, const char *pattern,
                       const char *text)
{
  sio_str p = sio_s(pattern), t = sio_s(text);
  uint8_t *own_p = test_exact(p.data, p.len);
  uint8_t *own_t = test_exact(t.data, t.len);
  bool answer;

  p.data = (const char *)own_p;
  t.data = (const char *)own_t;
  answer = sio__glob_matches(p, t, rule);
  free(own_p);
  free(own_t);
  return answer;
}

static bool matches(const char *pattern, const char *text)
{
  return matches_by(GLOB_PLAIN, pattern, text);
}

static void test_a_pattern_without_stars_is_itself(void **state)
{
  (void)state;
  assert_true(matches("", ""));
  assert_true(matches("chat", "chat"));
  assert_false(matches("chat", "cha"));
  assert_false(matches("chat", "chats"));
  assert_false(matches("", "a"));
  assert_false(matches("a", ""));
  assert_false(matches("Chat", "chat"));
}

static void test_a_star_stands_for_anything_and_for_nothing(void **state)
{
  static const struct {
    const char *pattern, *yes[4], *no[4];
  } cases[] = {
      {"*", {"", "a", "*", "a b"}, {NULL}},
      {"**", {"", "a", "ab"}, {NULL}},
      {"chat:*", {"chat:", "chat:x", "chat:*"}, {"chat", "xchat:", "Chat:x"}},
      {"*:end", {":end", "a:end", ":end:end"}, {"end", ":endx", "a:en"}},
      {"a*b*c", {"abc", "a1b2c", "abbcc", "abcbc"}, {"ab", "ac", "abcd", "bc"}},
      {"*a*", {"a", "xa", "ax", "xax"}, {"", "b"}},
      {"*aab", {"aab", "aaab", "aabaab"}, {"aaba", "ab"}},
      {"a**b", {"ab", "axb"}, {"a", "b", "abx"}},
  };

  (void)state;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    for (size_t k = 0; k < 4 && cases[i].yes[k] != NULL; k++)
      assert_true(matches(cases[i].pattern, cases[i].yes[k]));
    for (size_t k = 0; k < 4 && cases[i].no[k] != NULL; k++)
      assert_false(matches(cases[i].pattern, cases[i].no[k]));
  }
}

static void test_the_star_of_an_origin_ends_at_a_slash(void **state)
{
  (void)state;
  assert_true(matches_by(GLOB_ORIGIN, "https://*.a.com", "HTTPS://x.y.A.com"));
  assert_true(matches_by(GLOB_ORIGIN, "*://A", "http://a"));
  assert_true(matches_by(GLOB_ORIGIN, "*", "abc"));
  assert_false(matches_by(GLOB_ORIGIN, "*", "a/c"));
  assert_false(matches_by(GLOB_ORIGIN, "https://*.a.com", "https://e/.a.com"));
  assert_false(matches_by(GLOB_ORIGIN, "*a", "http://a"));
}

/* The definition: one star takes all it may. */
static bool by_definition(enum sio__glob_rule rule, const char *p,
                          const char *t)
{
  bool origin = rule == GLOB_ORIGIN;

  if (*p == '*')
    return by_definition(rule, p + 1, t) ||
           (*t != '\0' && !(origin && *t == '/') &&
            by_definition(rule, p, t + 1));
  return (*p == *t || (origin && *p == 'A' && *t == 'a')) &&
         (*p == '\0' || by_definition(rule, p + 1, t + 1));
}

static void fill(char *out, size_t n, const char *letters, uint32_t *random)
{
  for (size_t i = 0; i < n; i++)
    out[i] = letters[test_random(random) % strlen(letters)];
  out[n] = '\0';
}

static void test_random_patterns_match_as_they_are_defined(void **state)
{
  uint32_t random = 99;
  size_t matched[2] = {0, 0};

  (void)state;
  for (int i = 0; i < 20000; i++) {
    enum sio__glob_rule rule = i % 2 == 0 ? GLOB_PLAIN : GLOB_ORIGIN;
    char pattern[8], text[12];
    bool want;

    fill(pattern, test_random(&random) % 7,
         rule == GLOB_PLAIN ? "ab*" : "aA*/*", &random);
    fill(text, test_random(&random) % 11, rule == GLOB_PLAIN ? "ab" : "aa/",
         &random);
    want = by_definition(rule, pattern, text);
    matched[rule] += want;
    assert_int_equal(matches_by(rule, pattern, text), want);
  }
  assert_true(matched[GLOB_PLAIN] > 500 && matched[GLOB_PLAIN] < 9500);
  assert_true(matched[GLOB_ORIGIN] > 500 && matched[GLOB_ORIGIN] < 9500);
}

static void test_many_stars_and_a_long_text_take_no_long_time(void **state)
{
  enum { LEN = 100000 };
  char *text = malloc(LEN);
  sio_str t = {text, LEN};

  (void)state;
  assert_non_null(text);
  memset(text, 'a', LEN);
  assert_false(sio__glob_matches(sio_s("*a*a*a*a*a*a*a*a*b"), t, GLOB_PLAIN));
  text[LEN - 1] = 'b';
  assert_true(sio__glob_matches(sio_s("*a*a*a*a*a*a*a*a*b"), t, GLOB_PLAIN));
  free(text);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_a_pattern_without_stars_is_itself),
      cmocka_unit_test(test_a_star_stands_for_anything_and_for_nothing),
      cmocka_unit_test(test_the_star_of_an_origin_ends_at_a_slash),
      cmocka_unit_test(test_random_patterns_match_as_they_are_defined),
      cmocka_unit_test(test_many_stars_and_a_long_text_take_no_long_time),
  };

  return cmocka_run_group_tests_name("base/glob", tests, NULL, NULL);
}
