/* SPDX-License-Identifier: MIT */
/* CORS: the headers that requests get. */
#include "cors_world.h"

/* What a request gets.  The head is used up. */
static void expect(const sio_cors_options *options, struct sio__http_head head,
                   enum sio__cors_result result, const char *want)
{
  struct test_mem mem;
  struct sio_headers out;
  sio_cors_options *copy;
  bool allowed;

  test_mem_init(&mem, TEST_MEM_NEVER);
  sio__fields_init(&out, &mem.allocator);
  assert_null(sio__cors_problem(options));
  assert_int_equal(sio__cors_copy(options, &mem.allocator, &copy), 0);
  assert_int_equal(sio__cors_apply(copy, &head, &out, &allowed), result);
  assert_int_equal(out.lines.error, 0);
  sio__buf_byte(&out.lines, 0);
  assert_string_equal(out.lines.data, want);
  sio__cors_free(copy, &mem.allocator);
  sio__fields_dispose(&out);
  test_mem_check(&mem);
  sio__http_head_free(&head, &sio__mem_default);
}

#define ALLOW_ORIGIN  "Access-Control-Allow-Origin: "
#define VARY_ORIGIN   "Vary: Origin\r\n"
#define ALLOW_METHODS "Access-Control-Allow-Methods: "
#define ALLOW_HEADERS "Access-Control-Allow-Headers: "
#define ALL_METHODS   "GET,HEAD,PUT,PATCH,POST,DELETE"

/* ---- Headers ---- */

/* The second table of the CORS section of the reference. */
static const struct {
  uint32_t kind;
  const char *list[4];
  const char *origin; /* of the request */
  const char *allowed;
  bool varies;
} origin_forms[] = {
    {SIO_ORIGIN_ANY, {NULL}, "http://a.example", "*", false},
    {SIO_ORIGIN_ANY, {NULL}, NULL, "*", false},
    {SIO_ORIGIN_ANY, {NULL}, "null", "*", false},
    {SIO_ORIGIN_FIXED, {"*"}, "http://a.example", "*", false},
    {SIO_ORIGIN_FIXED, {"http://f"}, "http://f", "http://f", true},
    {SIO_ORIGIN_FIXED, {"http://f"}, "http://other", "http://f", true},
    {SIO_ORIGIN_FIXED, {"http://f"}, NULL, "http://f", true},
    {SIO_ORIGIN_FIXED, {"http://f", "http://g"}, "http://g", "http://f", true},
    {SIO_ORIGIN_REFLECT, {NULL}, "http://A.example", "http://A.example", true},
    {SIO_ORIGIN_REFLECT, {NULL}, "null", "null", true},
    {SIO_ORIGIN_REFLECT, {NULL}, NULL, NULL, true},
    {SIO_ORIGIN_REFLECT, {NULL}, "", NULL, true},
    {SIO_ORIGIN_LIST, {"http://a", "http://b"}, "http://b", "http://b", true},
    {SIO_ORIGIN_LIST, {"http://a", "http://b"}, "http://B", "http://B", true},
    {SIO_ORIGIN_LIST, {"http://a", "http://b"}, "http://c", NULL, true},
    {SIO_ORIGIN_LIST, {"http://a", "http://b"}, NULL, NULL, true},
    {SIO_ORIGIN_LIST, {"http://a:*"}, "http://a:81", "http://a:81", true},
    {SIO_ORIGIN_LIST, {"http://a:*", "null"}, "null", "null", true},
    {SIO_ORIGIN_LIST, {NULL}, "http://a", NULL, true},
};

static void expect_form(size_t i, const char *method,
                        enum sio__cors_result result)
{
  sio_cors_options options =
      with_rule(origin_forms[i].kind, origin_forms[i].list);
  bool is_preflight = strcmp(method, "OPTIONS") == 0;
  char want[300] = "";

  options.allowed_headers = ""; /* which leaves Vary to the origin */
  if (origin_forms[i].allowed != NULL)
    strcat(strcat(strcat(want, ALLOW_ORIGIN), origin_forms[i].allowed), "\r\n");
  if (origin_forms[i].varies)
    strcat(want, VARY_ORIGIN);
  if (is_preflight)
    strcat(want, ALLOW_METHODS ALL_METHODS "\r\n");
  expect(&options, from(method, origin_forms[i].origin, NULL), result, want);
}

static void test_each_form_of_origin_has_its_answer(void **state)
{
  (void)state;
  for (size_t i = 0; i < sizeof origin_forms / sizeof *origin_forms; i++) {
    expect_form(i, "GET", CORS_GO_ON);
    expect_form(i, "POST", CORS_GO_ON);
    expect_form(i, "OPTIONS", CORS_PREFLIGHT);
  }
}

static void test_no_options_and_origins_that_are_off_are_passed_by(void **state)
{
  static const char *const none[] = {NULL};
  sio_cors_options options = with_rule(SIO_ORIGIN_OFF, none);

  (void)state;
  options.credentials = 1;
  options.exposed_headers = "X-A";
  for (size_t i = 0; i < 2; i++) {
    const sio_cors_options *o = i == 0 ? NULL : &options;

    expect(o, from("GET", "http://a", NULL), CORS_OFF, "");
    expect(o, from("OPTIONS", "http://a", "X-B"), CORS_OFF, "");
    expect(o, from("OPTIONS", NULL, NULL), CORS_OFF, "");
  }
}

static void test_by_default_everything_is_allowed(void **state)
{
  sio_cors_options options;

  (void)state;
  sio_cors_options_init(&options);
  assert_int_equal(options.size, sizeof options);
  assert_int_equal(options.success_status, 204);
  expect(&options, from("GET", "http://a", NULL), CORS_GO_ON,
         ALLOW_ORIGIN "*\r\n");
  expect(&options, from("OPTIONS", "http://a", "X-One, x-two"), CORS_PREFLIGHT,
         ALLOW_ORIGIN
         "*\r\n"
         "Vary: Access-Control-Request-Headers\r\n" ALLOW_METHODS ALL_METHODS
         "\r\n" ALLOW_HEADERS "X-One, x-two\r\n");
  /* A preflight is one without the headers of one, too. */
  expect(&options, request("OPTIONS", (const struct pair[MAX_PAIRS]){{0}}),
         CORS_PREFLIGHT,
         ALLOW_ORIGIN
         "*\r\n"
         "Vary: Access-Control-Request-Headers\r\n" ALLOW_METHODS ALL_METHODS
         "\r\n");
}

static void test_all_options_are_written(void **state)
{
  static const char *const list[] = {"http://app.example", NULL};
  sio_cors_options options = with_rule(SIO_ORIGIN_LIST, list);

  (void)state;
  options.credentials = 1;
  options.methods = "GET,PUT";
  options.allowed_headers = "X-Custom,X-Other";
  options.exposed_headers = "X-Seen, X-Too";
  options.max_age_s = 123;
  options.success_status = 200;
  expect(&options, from("OPTIONS", "http://app.example", "X-Unasked"),
         CORS_PREFLIGHT,
         ALLOW_ORIGIN "http://app.example\r\n" VARY_ORIGIN
                      "Access-Control-Allow-Credentials: true\r\n" ALLOW_METHODS
                      "GET,PUT\r\n" ALLOW_HEADERS "X-Custom,X-Other\r\n"
                      "Access-Control-Max-Age: 123\r\n"
                      "Access-Control-Expose-Headers: X-Seen, X-Too\r\n");
  expect(&options, from("GET", "http://app.example", "X-Unasked"), CORS_GO_ON,
         ALLOW_ORIGIN "http://app.example\r\n" VARY_ORIGIN
                      "Access-Control-Allow-Credentials: true\r\n"
                      "Access-Control-Expose-Headers: X-Seen, X-Too\r\n");
  /* Who does not match gets all but the permission. */
  expect(&options, from("GET", "http://bad.example", NULL), CORS_GO_ON,
         VARY_ORIGIN "Access-Control-Allow-Credentials: true\r\n"
                     "Access-Control-Expose-Headers: X-Seen, X-Too\r\n");
}

static void test_credentials_do_not_change_what_any_origin_gets(void **state)
{
  sio_cors_options options;

  (void)state;
  sio_cors_options_init(&options);
  options.credentials = 1;
  expect(&options, from("GET", "http://a", NULL), CORS_GO_ON,
         ALLOW_ORIGIN "*\r\nAccess-Control-Allow-Credentials: true\r\n");
}

static void test_a_max_age_of_zero_is_told(void **state)
{
  sio_cors_options options;

  (void)state;
  sio_cors_options_init(&options);
  options.allowed_headers = "X-A";
  options.max_age_s = 0;
  expect(&options, from("OPTIONS", NULL, NULL), CORS_PREFLIGHT,
         ALLOW_ORIGIN "*\r\n" ALLOW_METHODS ALL_METHODS "\r\n" ALLOW_HEADERS
                      "X-A\r\nAccess-Control-Max-Age: 0\r\n");
  options.max_age_s = INT64_MAX;
  expect(&options, from("OPTIONS", NULL, NULL), CORS_PREFLIGHT,
         ALLOW_ORIGIN "*\r\n" ALLOW_METHODS ALL_METHODS "\r\n" ALLOW_HEADERS
                      "X-A\r\nAccess-Control-Max-Age: 9223372036854775807\r\n");
}

static void test_all_that_varies_is_one_header(void **state)
{
  static const char *const none[] = {NULL};
  sio_cors_options options = with_rule(SIO_ORIGIN_REFLECT, none);
  struct sio__http_head head = from("OPTIONS", "http://a", "X-A");
  struct sio_headers out;
  sio_str vary;
  bool allowed;

  (void)state;
  expect(&options, from("OPTIONS", "http://a", "X-A"), CORS_PREFLIGHT,
         ALLOW_ORIGIN
         "http://a\r\n"
         "Vary: Origin, Access-Control-Request-Headers\r\n" ALLOW_METHODS
             ALL_METHODS "\r\n" ALLOW_HEADERS "X-A\r\n");
  sio__fields_init(&out, &sio__mem_default);
  sio__fields_add(&out, sio_s("vary"), sio_s("Accept-Encoding"));
  sio__fields_add(&out, sio_s("Access-control-allow-origin"), sio_s("old"));
  for (int i = 0; i < 2; i++) /* nothing is there twice */
    assert_int_equal(sio__cors_apply(&options, &head, &out, &allowed),
                     CORS_PREFLIGHT);
  assert_true(sio__fields_get(&out, sio_s("Vary"), &vary));
  assert_true(sio_str_is(
      vary, "Accept-Encoding, Origin, Access-Control-Request-Headers"));
  assert_int_equal(out.lines.len,
                   strlen("Vary: \r\n" ALLOW_ORIGIN
                          "http://a\r\n" ALLOW_METHODS ALL_METHODS
                          "\r\n" ALLOW_HEADERS "X-A\r\n") +
                       vary.len);
  sio__fields_dispose(&out);
  sio__http_head_free(&head, &sio__mem_default);
}

static void test_what_cannot_stand_in_a_header_is_not_echoed(void **state)
{
  static const char *const list[] = {"http://a*", NULL};

  (void)state;
  for (unsigned c = 1; c < 256; c++) {
    const char bad[] = {'h', 't', 't',     'p', ':', '/',
                        '/', 'a', (char)c, 'b', '\0'};
    bool echoed = c == '\t' || (c >= 0x20 && c != 0x7f);
    const uint32_t kinds[] = {SIO_ORIGIN_REFLECT, SIO_ORIGIN_LIST};
    char want[300] = "";

    for (size_t i = 0; i < 2; i++) {
      sio_cors_options options = with_rule(kinds[i], list);

      options.methods = "GET";
      want[0] = '\0';
      if (echoed && (i == 0 || c != '/'))
        strcat(strcat(strcat(want, ALLOW_ORIGIN), bad), "\r\n");
      strcat(want, "Vary: Origin, Access-Control-Request-Headers\r\n");
      strcat(want, ALLOW_METHODS "GET\r\n");
      if (echoed)
        strcat(strcat(strcat(want, ALLOW_HEADERS), bad), "\r\n");
      expect(&options, from("OPTIONS", bad, bad), CORS_PREFLIGHT, want);
    }
  }
}

/* ---- With a callback ---- */

static void test_a_callback_decides_about_each_request(void **state)
{
  (void)state;
  for (size_t i = 0; i < sizeof origin_forms / sizeof *origin_forms; i++) {
    const char *origin = origin_forms[i].origin;
    sio_cors_options rule =
        with_rule(origin_forms[i].kind, origin_forms[i].list);
    struct decision d = {.rule = rule.origin,
                         .expected_origin = origin != NULL ? origin : ""};
    sio_cors_options options = asking(&d);
    char want[300] = "";

    if (origin_forms[i].allowed != NULL)
      strcat(strcat(strcat(want, ALLOW_ORIGIN), origin_forms[i].allowed),
             "\r\n");
    if (origin_forms[i].varies)
      strcat(want, VARY_ORIGIN);
    expect(&options, from("GET", origin, NULL), CORS_GO_ON, want);
    assert_int_equal(d.asked, 1);
  }
}

static void test_a_callback_that_says_nothing_passes_by(void **state)
{
  struct decision d = {.keeps_rule = true, .expected_origin = "http://a"};
  sio_cors_options options = asking(&d);

  (void)state;
  expect(&options, from("OPTIONS", "http://a", NULL), CORS_OFF, "");
  assert_int_equal(d.asked, 1);
}

static void test_a_failing_callback_fails_the_request(void **state)
{
  static const char *const bad_entry[] = {"http://a\r\nX: 1"};
  static const char *const no_entry[] = {"http://a", NULL};
  static const char *const empty_entry[] = {""};
  const struct decision cases[] = {
      {.rule = {SIO_ORIGIN_ANY, NULL, 0}, .rv = -1},
      {.rule = {SIO_ORIGIN_ANY, NULL, 0}, .rv = 1},
      {.rule = {SIO_ORIGIN_OFF + 1, NULL, 0}},
      {.rule = {UINT32_MAX, NULL, 0}},
      {.rule = {SIO_ORIGIN_FIXED, NULL, 0}},
      {.rule = {SIO_ORIGIN_FIXED, NULL, 1}},
      {.rule = {SIO_ORIGIN_FIXED, bad_entry, 1}},
      {.rule = {SIO_ORIGIN_FIXED, empty_entry, 1}},
      {.rule = {SIO_ORIGIN_LIST, NULL, 1}},
      {.rule = {SIO_ORIGIN_LIST, no_entry, 2}},
      {.rule = {SIO_ORIGIN_LIST, bad_entry, 1}},
  };

  (void)state;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    struct decision d = cases[i];
    sio_cors_options options = asking(&d);

    d.expected_origin = "http://a";
    expect(&options, from("GET", "http://a", NULL), CORS_FAILED, "");
    expect(&options, from("OPTIONS", "http://a", NULL), CORS_FAILED, "");
    assert_int_equal(d.asked, 2);
  }
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_each_form_of_origin_has_its_answer),
      cmocka_unit_test(test_no_options_and_origins_that_are_off_are_passed_by),
      cmocka_unit_test(test_by_default_everything_is_allowed),
      cmocka_unit_test(test_all_options_are_written),
      cmocka_unit_test(test_credentials_do_not_change_what_any_origin_gets),
      cmocka_unit_test(test_a_max_age_of_zero_is_told),
      cmocka_unit_test(test_all_that_varies_is_one_header),
      cmocka_unit_test(test_what_cannot_stand_in_a_header_is_not_echoed),
      cmocka_unit_test(test_a_callback_decides_about_each_request),
      cmocka_unit_test(test_a_callback_that_says_nothing_passes_by),
      cmocka_unit_test(test_a_failing_callback_fails_the_request),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
