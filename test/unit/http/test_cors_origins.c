/* SPDX-License-Identifier: MIT */
/* CORS: which origins are allowed. */
#include "cors_world.h"

/* ---- Who may come ---- */

static bool allows(const sio_cors_options *options, const char *origin,
                   const char *host)
{
  const struct pair pairs[MAX_PAIRS] = {{"origin", origin}, {"host", host}};
  struct sio__http_head head = request("GET", pairs);
  struct sio_headers out;
  bool yes = false;

  sio__fields_init(&out, &sio__mem_default);
  if (sio__cors_apply(options, &head, &out, &yes) == CORS_FAILED)
    yes = false;
  sio__fields_dispose(&out);
  sio__http_head_free(&head, &sio__mem_default);
  return yes;
}

static void test_the_own_pages_may_always_come(void **state)
{
  static const struct {
    const char *origin, *host;
    bool own;
  } cases[] = {
      {NULL, "a.example", true},
      {NULL, NULL, true},
      {"http://a.example", "a.example", true},
      {"https://a.example", "a.example", true},
      {"ws://a.example", "a.example", true},
      {"wss://a.example", "a.example", true},
      {"HTTPS://A.Example", "a.eXample", true},
      {"http://a.example:80", "a.example", true},
      {"http://a.example", "a.example:80", true},
      {"http://a.example:80", "a.example:80", true},
      {"https://a.example", "a.example:443", true},
      {"https://a.example:443", "a.example", true},
      {"ws://a.example:80", "a.example", true},
      {"wss://a.example", "a.example:443", true},
      {"http://a.example:", "a.example", true},
      {"http://a.example", "a.example:", true},
      {"http://a.example:3000", "a.example:3000", true},
      {"http://[::1]:3000", "[::1]:3000", true},
      {"http://[::1]", "[::1]:80", true},
      {"http://[2001:DB8::1]", "[2001:db8::1]", true},
      {"http://a", "a", true},

      {"http://a.example", NULL, false},
      {"http://a.example", "", false},
      {"http://a.example", "b.example", false},
      {"http://a.example", "a.example.org", false},
      {"http://x.a.example", "a.example", false},
      {"http://a.example:443", "a.example", false},
      {"https://a.example:80", "a.example", false},
      {"http://a.example", "a.example:443", false},
      {"http://a.example:3000", "a.example", false},
      {"http://a.example", "a.example:3000", false},
      {"http://a.example:3000", "a.example:3001", false},
      {"http://a.example:300", "a.example:3000", false},
      {"http://a.example/", "a.example", false},
      {"http://a.example/a.example", "a.example", false},
      {"http://evil@a.example", "a.example", false},
      {"http://[::1]", "[::2]", false},
      {"http://[::1", "[::1", false},
      {"http://[::1]x", "[::1]x", false},
      {"http://::1", "[::1]", false},
      {"ftp://a.example", "a.example", false},
      {"file://a.example", "a.example", false},
      {"chrome-extension://abc", "abc", false},
      {"httpss://a.example", "a.example", false},
      {"http:/a.example", "a.example", false},
      {"http:a.example", "a.example", false},
      {"http:/-a.example", "a.example", false},
      {"http//a.example", "a.example", false},
      {"a.example", "a.example", false},
      {"://a.example", "a.example", false},
      {"http://", "", false},
      {"http://", "a.example", false},
      {"http://:80", ":80", false},
      {"http:", "a.example", false},
      {"http:/", "a.example", false},
      {"", "a.example", false},
      {"", "", false},
      {"null", "null", false},
      {"null", "a.example", false},
  };
  static const char *const none[] = {NULL};
  const sio_cors_options off = with_rule(SIO_ORIGIN_OFF, none);
  const sio_cors_options nobody = with_rule(SIO_ORIGIN_LIST, none);

  (void)state;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    const sio_cors_options *all[] = {NULL, &off, &nobody};

    for (size_t k = 0; k < 3; k++) {
      if (allows(all[k], cases[i].origin, cases[i].host) != cases[i].own)
        fail_msg("case %zu, rule %zu", i, k);
    }
  }
}

static void test_foreign_pages_may_come_as_the_rule_says(void **state)
{
  static const struct {
    uint32_t kind;
    const char *list[3];
    const char *origin;
    bool allowed;
  } cases[] = {
      {SIO_ORIGIN_ANY, {NULL}, "http://b", true},
      {SIO_ORIGIN_ANY, {NULL}, "null", true},
      {SIO_ORIGIN_ANY, {NULL}, "", true},
      {SIO_ORIGIN_REFLECT, {NULL}, "http://b", true},
      {SIO_ORIGIN_REFLECT, {NULL}, "null", true},
      {SIO_ORIGIN_FIXED, {"*"}, "http://b", true},
      {SIO_ORIGIN_FIXED, {"http://b"}, "http://b", true},
      {SIO_ORIGIN_FIXED, {"http://b"}, "HTTP://B", true},
      {SIO_ORIGIN_FIXED, {"http://b"}, "http://c", false},
      {SIO_ORIGIN_FIXED, {"http://b", "http://c"}, "http://c", false},
      {SIO_ORIGIN_FIXED, {"http://*"}, "http://c", false},
      {SIO_ORIGIN_FIXED, {"http://b"}, "null", false},
      {SIO_ORIGIN_LIST, {"http://b", "http://c"}, "http://c", true},
      {SIO_ORIGIN_LIST, {"http://b", "http://c"}, "http://d", false},
      {SIO_ORIGIN_LIST, {"http://b", "*"}, "null", false},
      {SIO_ORIGIN_LIST, {"n*l"}, "null", false},
      {SIO_ORIGIN_LIST, {"n*l"}, "NULL", false},
      {SIO_ORIGIN_LIST, {"http://b", "null"}, "null", true},
      {SIO_ORIGIN_OFF, {NULL}, "http://b", false},
      {SIO_ORIGIN_OFF, {NULL}, "null", false},
  };

  (void)state;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    sio_cors_options rule = with_rule(cases[i].kind, cases[i].list);
    struct decision d = {.rule = rule.origin,
                         .expected_origin = cases[i].origin};
    sio_cors_options asks = asking(&d);

    if (allows(&rule, cases[i].origin, "own") != cases[i].allowed)
      fail_msg("case %zu", i);
    assert_int_equal(allows(&asks, cases[i].origin, "own"), cases[i].allowed);
    assert_int_equal(d.asked, 1);
    d.expected_origin = ""; /* whatever the answer is */
    assert_true(allows(&asks, NULL, "own"));
    d.expected_origin = "http://own";
    assert_true(allows(&asks, "http://own", "own"));
    assert_int_equal(d.asked, 3);
  }
}

/* ---- Patterns ---- */

static bool pattern_allows(const char *pattern, const char *origin)
{
  const char *const list[] = {pattern, NULL};
  const sio_cors_options options = with_rule(SIO_ORIGIN_LIST, list);

  return allows(&options, origin, "own");
}

static void test_a_star_stands_for_anything_but_slashes(void **state)
{
  static const struct {
    const char *pattern, *origin;
    bool matches;
  } cases[] = {
      {"https://*.b.example", "https://a.b.example", true},
      {"https://*.b.example", "https://A.B.EXAMPLE", true},
      {"HTTPS://*.B.example", "https://x.y.b.example", true},
      {"https://*.b.example", "https://b.example", false},
      {"https://*.b.example", "http://a.b.example", false},
      {"https://*.b.example", "https://a.b.example.org", false},
      {"https://*.b.example", "https://a.b.example:8080", false},
      {"https://*.b.example", "https://evil/.b.example", false},
      {"https://*.b.example", "https://a.b.example/", false},
      {"http://localhost:*", "http://localhost:3000", true},
      {"http://localhost:*", "http://localhost:", true},
      {"http://localhost:*", "http://localhost", false},
      {"http://localhost:*", "http://localhost:3000/x", false},
      {"http://*:*", "http://a:1", true},
      {"http://*:*", "http://a", false},
      {"*://a", "https://a", true},
      {"*://a", "a", false},
      {"*", "http://a", false},
      {"**", "a", true},
      {"http://a**", "http://abc", true},
      {"http://a**c", "http://abc", true},
      {"http://*", "http://", true},
      {"http://a.b", "http://aXb", false},
      {"http://a?b", "http://aXb", false},
      {"http://a", "http://a*", false},
      {"http://a*", "http://a*b", true},
      {"http://a[*]", "http://a[b]", true},
      {"http://ab", "http://a", false},
      {"http://a", "http://ab", false},
      {"http://a", "", false},
      {"*", "", true},
  };

  (void)state;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    if (pattern_allows(cases[i].pattern, cases[i].origin) != cases[i].matches)
      fail_msg("\"%s\" and \"%s\"", cases[i].pattern, cases[i].origin);
  }
}

/* The same, by trying everything. */
static bool matches_plainly(const char *pattern, const char *text)
{
  if (*pattern == '\0')
    return *text == '\0';
  if (*pattern == '*')
    return matches_plainly(pattern + 1, text) ||
           (*text != '\0' && *text != '/' &&
            matches_plainly(pattern, text + 1));
  return *pattern == *text && matches_plainly(pattern + 1, text + 1);
}

static void test_random_patterns_match_as_when_all_is_tried(void **state)
{
  enum { ROUNDS = 20000 };
  static const char letters[] = "ab/*";
  uint32_t random = 4711;
  size_t n_matches = 0;

  (void)state;
  for (size_t round = 0; round < ROUNDS; round++) {
    char pattern[10], text[12];
    size_t pattern_len = 1 + test_random(&random) % (sizeof pattern - 1);
    size_t text_len = test_random(&random) % sizeof text;
    bool want;

    for (size_t i = 0; i < pattern_len; i++)
      pattern[i] = letters[(test_random(&random) >> 8) % 4];
    for (size_t i = 0; i < text_len; i++)
      text[i] = letters[(test_random(&random) >> 8) % 3];
    pattern[pattern_len] = text[text_len] = '\0';
    want = matches_plainly(pattern, text);
    n_matches += want;
    if (pattern_allows(pattern, text) != want)
      fail_msg("\"%s\" and \"%s\"", pattern, text);
  }
  assert_in_range(n_matches, ROUNDS / 100, ROUNDS / 2);
}

static void test_many_stars_do_not_cost_the_earth(void **state)
{
  enum { LEN = 8000 };
  char *origin = malloc(LEN + 1);

  (void)state;
  assert_non_null(origin);
  memset(origin, 'a', LEN);
  origin[LEN] = '\0';
  assert_false(
      pattern_allows("*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*b", origin));
  assert_true(
      pattern_allows("*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a", origin));
  free(origin);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_the_own_pages_may_always_come),
      cmocka_unit_test(test_foreign_pages_may_come_as_the_rule_says),
      cmocka_unit_test(test_a_star_stands_for_anything_but_slashes),
      cmocka_unit_test(test_random_patterns_match_as_when_all_is_tried),
      cmocka_unit_test(test_many_stars_do_not_cost_the_earth),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
