/* SPDX-License-Identifier: MIT */
#include "jwt_world.h"

#include <stdio.h>
#include <stdlib.h>

static int judge_with(const sio_jwt_keys *keys, const char *header,
                      const char *claims, const sio_jwt_options *options)
{
  char *token = jwt_forge(header, claims);
  int verdict = jwt_verdict(keys, token, options);

  free(token);
  return verdict;
}

/* What becomes of a header, whose signature is right. */
static int judge(const char *header, const sio_jwt_options *options)
{
  sio_jwt_keys *keys = jwt_one_secret(NULL);
  int verdict = judge_with(keys, header, "{}", options);

  sio_jwt_keys_release(keys);
  return verdict;
}

static int judge_text(const char *text, const sio_jwt_options *options)
{
  sio_jwt_keys *keys = jwt_one_secret(NULL);
  int verdict = jwt_verdict(keys, text, options);

  sio_jwt_keys_release(keys);
  return verdict;
}

static void test_the_form_has_to_be_right(void **state)
{
  static const char *const wrong[] = {
      "",
      ".",
      "..",
      "a.b.c",
      "eyJhbGciOiJIUzI1NiJ9",
      "eyJhbGciOiJIUzI1NiJ9.e30",
      "eyJhbGciOiJIUzI1NiJ9.e30.A.B",
      "eyJhbGciOiJIUzI1NiJ9.A.B.C.D",
      "{\"payload\":\"e30\",\"signatures\":[]}",
      "Bearer eyJhbGciOiJIUzI1NiJ9.e30.AAAA",
  };
  sio_jwt_options o = jwt_lenient();

  (void)state;
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
    assert_int_equal(judge_text(wrong[i], &o), SIO_JWT_MALFORMED);
}

/* The signature is right over each of these texts. */
static void test_base64url_has_one_form_only(void **state)
{
  static const char *const wrong[] = {
      "eyJhbGciOiJIUzI1NiJ9.e30=",
      "eyJhbGciOiJIUzI1NiJ9=.e30",
      "eyJhbGciOiJIUzI1NiJ9.e31",
      "eyJhbGciOiJIUzI1NiJ9.e3",
      "eyJhbGciOiJIUzI1NiJ9.e30A",
      "eyJhbGciOiJIUzI1NiJ9.e 30",
      "eyJhbGciOiJIUzI1NiJ9\n.e30",
      "eyJhbGciOiJIUzI1NiJ9.e30A=",
      "eyJhbGciOiJIUzI1NiIsIng_IjoxfQ.eyIvIjo/fQ",
  };
  sio_jwt_options o = jwt_lenient();
  char *token = jwt_seal("eyJhbGciOiJIUzI1NiJ9.e30");
  size_t len = strlen(token);

  (void)state;
  assert_int_equal(judge_text(token, &o), 0);
  token[len - 1]++; /* bits that are not looked at elsewhere */
  assert_int_equal(judge_text(token, &o), SIO_JWT_MALFORMED);
  free(token);
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
    token = jwt_seal(wrong[i]);
    assert_int_equal(judge_text(token, &o), SIO_JWT_MALFORMED);
    free(token);
  }
}

static void test_the_header_has_to_be_an_object(void **state)
{
  static const char *const wrong[] = {
      "[]",
      "\"x\"",
      "null",
      "1",
      "{",
      "{\"alg\":\"HS256\"}x",
      "{\"alg\":1}",
      "{}",
      "{\"typ\":\"JWT\"}",
      "{\"alg\":[\"HS256\"]}",
      "{\"alg\":null}",
      "{\"alg\":\"HS256\",\"kid\":1}",
      "{\"alg\":\"HS256\",\"typ\":1}",
      "{\"alg\":\"HS256\",\"kid\":\"a\\u0000\"}"};
  sio_jwt_options o = jwt_lenient();

  (void)state;
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
    assert_int_equal(judge(wrong[i], &o), SIO_JWT_MALFORMED);
  assert_int_equal(judge(" {\"\\u0061lg\" : \"HS\\u003256\", \"x\": {}} ", &o),
                   0);
}

static void test_the_claims_have_to_be_an_object(void **state)
{
  static const char *const wrong[] = {"[]",      "\"x\"", "null",
                                      "1",       "{",     "{}x",
                                      "Payload", "{{}}",  "{\"a\":\"\xff\"}"};
  sio_jwt_options o = jwt_lenient();

  (void)state;
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
    assert_int_equal(jwt_verdict_on(wrong[i], &o), SIO_JWT_MALFORMED);
}

static void test_the_type_is_checked(void **state)
{
  sio_jwt_options o = jwt_lenient();

  (void)state;
  assert_int_equal(judge("{\"alg\":\"HS256\",\"typ\":\"jwt\"}", &o), 0);
  assert_int_equal(judge("{\"alg\":\"HS256\",\"typ\":\"application/JWT\"}", &o),
                   0);
  assert_int_equal(judge("{\"alg\":\"HS256\",\"typ\":\"at+jwt\"}", &o),
                   SIO_JWT_WRONG_TYPE);
  assert_int_equal(judge("{\"alg\":\"HS256\",\"typ\":\"\"}", &o),
                   SIO_JWT_WRONG_TYPE);
  assert_int_equal(judge("{\"alg\":\"HS256\",\"typ\":\"application/\"}", &o),
                   SIO_JWT_WRONG_TYPE);
  o.typ = "at+jwt";
  assert_int_equal(judge("{\"alg\":\"HS256\",\"typ\":\"at+JWT\"}", &o), 0);
  assert_int_equal(
      judge("{\"alg\":\"HS256\",\"typ\":\"Application/at+jwt\"}", &o), 0);
  assert_int_equal(judge("{\"alg\":\"HS256\",\"typ\":\"JWT\"}", &o),
                   SIO_JWT_WRONG_TYPE);
  assert_int_equal(judge("{\"alg\":\"HS256\"}", &o), SIO_JWT_WRONG_TYPE);
}

static void test_critical_extensions_are_refused(void **state)
{
  sio_jwt_options o = jwt_lenient();

  (void)state;
  assert_int_equal(
      judge("{\"alg\":\"HS256\",\"crit\":[\"b64\"],\"b64\":false}", &o),
      SIO_JWT_CRITICAL);
  assert_int_equal(judge("{\"alg\":\"HS256\",\"crit\":[\"exp\"]}", &o),
                   SIO_JWT_CRITICAL);
  assert_int_equal(judge("{\"alg\":\"HS256\",\"crit\":[]}", &o),
                   SIO_JWT_MALFORMED);
  assert_int_equal(judge("{\"alg\":\"HS256\",\"crit\":\"exp\"}", &o),
                   SIO_JWT_MALFORMED);
  assert_int_equal(judge("{\"alg\":\"HS256\",\"crit\":null}", &o),
                   SIO_JWT_MALFORMED);
}

static void test_sizes_and_depths_are_limited(void **state)
{
  sio_jwt_options o = jwt_lenient();
  char *token = jwt_forge("{\"alg\":\"HS256\"}", "{\"a\":[[[1]]]}");
  char header[33 * 12 + 30] = "{\"alg\":\"HS256\"";

  (void)state;
  o.max_bytes = strlen(token);
  assert_int_equal(judge_text(token, &o), 0);
  o.max_bytes--;
  assert_int_equal(judge_text(token, &o), SIO_JWT_TOO_LARGE);
  o = jwt_lenient();
  o.max_depth = 4;
  assert_int_equal(judge_text(token, &o), 0);
  o.max_depth = 3;
  assert_int_equal(judge_text(token, &o), SIO_JWT_TOO_DEEP);
  o.max_depth = 1;
  assert_int_equal(judge("{\"alg\":\"HS256\",\"x\":[]}", &o), SIO_JWT_TOO_DEEP);
  free(token);
  o = jwt_lenient();
  for (int i = 0; i < 32; i++)
    sprintf(header + strlen(header), ",\"x%d\":1", i);
  strcat(header, "}");
  assert_int_equal(judge(header, &o), SIO_JWT_TOO_DEEP);
  *strrchr(header, ',') = '}';
  strchr(header, '}')[1] = '\0';
  assert_int_equal(judge(header, &o), 0);
}

static void test_the_default_limit_is_8_kilobytes(void **state)
{
  sio_jwt_options o = jwt_lenient();
  char *token = malloc(8194);

  (void)state;
  memset(token, 'A', 8193);
  token[8193] = '\0';
  assert_int_equal(judge_text(token, &o), SIO_JWT_TOO_LARGE);
  token[8192] = '\0';
  assert_int_equal(judge_text(token, &o), SIO_JWT_MALFORMED);
  free(token);
}

static void test_options_have_ranges(void **state)
{
  static const char *const with_null[] = {"a", NULL};
  sio_jwt_keys *keys = jwt_one_secret(NULL);
  sio_jwt_options bad[16];
  size_t n = 0;
  sio_jwt *jwt;

  (void)state;
  for (size_t i = 0; i < 16; i++)
    bad[i] = jwt_lenient();
  bad[n++].now_s = 0;
  bad[n++].now_s = UINT64_C(1) << 53;
  bad[n++].max_bytes = 0;
  bad[n++].max_depth = 0;
  bad[n++].max_depth = 65;
  bad[n++].leeway_s = 86401;
  bad[n++].allow_no_exp = 2;
  bad[n++].allow_any_aud = 2;
  bad[n++].algorithms = 0x1000;
  bad[n++].n_issuers = 1;
  bad[n++].n_audiences = 1;
  bad[n++].n_required = 1;
  bad[n].issuers = with_null;
  bad[n++].n_issuers = 2;
  bad[n].audiences = with_null;
  bad[n++].n_audiences = 2;
  bad[n].required = with_null;
  bad[n++].n_required = 2;
  for (size_t i = 0; i < n; i++)
    assert_int_equal(sio_jwt_verify(keys, sio_s(""), &bad[i], &jwt),
                     SIO_ERR_INVALID);
  /* without options nobody has said what time it is */
  assert_int_equal(sio_jwt_verify(keys, sio_s(""), NULL, &jwt),
                   SIO_ERR_INVALID);
  assert_int_equal(sio_jwt_verify(keys, sio_s(""), &bad[15], &jwt),
                   SIO_JWT_MALFORMED);
  sio_jwt_keys_release(keys);
}

static void add_secret(sio_jwt_keys *keys, const char *kid, const char *secret,
                       uint32_t algorithms)
{
  sio_span bytes = {(const uint8_t *)secret, strlen(secret)};
  sio_jwt_key_options options;

  sio_jwt_key_options_init(&options);
  options.kid = kid;
  options.algorithms = algorithms;
  assert_int_equal(sio_jwt_keys_add_secret(keys, bytes, &options), 0);
}

#define WRONG_SECRET                                                           \
  "wrong wrong wrong wrong wrong wrong wrong wrong wrong wrong wrong wrong"

static void test_keys_are_chosen_by_their_id(void **state)
{
  sio_jwt_options o = jwt_lenient();
  sio_jwt_keys *keys = jwt_no_keys(NULL);

  (void)state;
  add_secret(keys, "old", WRONG_SECRET, 0);
  add_secret(keys, "new", JWT_SECRET, 0);
  assert_int_equal(
      judge_with(keys, "{\"alg\":\"HS256\",\"kid\":\"new\"}", "{}", &o), 0);
  assert_int_equal(
      judge_with(keys, "{\"alg\":\"HS256\",\"kid\":\"old\"}", "{}", &o),
      SIO_JWT_BAD_SIGNATURE);
  assert_int_equal(
      judge_with(keys, "{\"alg\":\"HS256\",\"kid\":\"NEW\"}", "{}", &o),
      SIO_JWT_UNKNOWN_KEY);
  assert_int_equal(
      judge_with(keys, "{\"alg\":\"HS256\",\"kid\":\"\"}", "{}", &o),
      SIO_JWT_UNKNOWN_KEY);
  assert_int_equal(
      judge_with(keys, "{\"alg\":\"HS384\",\"kid\":\"new\"}", "{}", &o),
      SIO_JWT_ALGORITHM);
  /* one that says nothing may have been signed by any of them */
  assert_int_equal(judge_with(keys, "{\"alg\":\"HS256\"}", "{}", &o), 0);
  sio_jwt_keys_release(keys);
}

static void test_keys_without_id_take_any_token(void **state)
{
  sio_jwt_options o = jwt_lenient();
  sio_jwt_keys *keys = jwt_one_secret(NULL);

  (void)state;
  assert_int_equal(
      judge_with(keys, "{\"alg\":\"HS256\",\"kid\":\"any\"}", "{}", &o), 0);
  assert_int_equal(
      judge_with(keys, "{\"alg\":\"RS256\",\"kid\":\"any\"}", "{}", &o),
      SIO_JWT_ALGORITHM);
  /* but not if another one has that name */
  add_secret(keys, "any", WRONG_SECRET, 0);
  assert_int_equal(
      judge_with(keys, "{\"alg\":\"HS256\",\"kid\":\"any\"}", "{}", &o),
      SIO_JWT_BAD_SIGNATURE);
  /* where keys have names, a new one may be of any kind */
  assert_int_equal(
      judge_with(keys, "{\"alg\":\"RS256\",\"kid\":\"new\"}", "{}", &o),
      SIO_JWT_UNKNOWN_KEY);
  sio_jwt_keys_release(keys);
}

static void test_several_keys_may_share_an_id(void **state)
{
  sio_jwt_options o = jwt_lenient();
  sio_jwt_keys *keys = jwt_no_keys(NULL);

  (void)state;
  add_secret(keys, "k", WRONG_SECRET, 0);
  add_secret(keys, "k", WRONG_SECRET, SIO_JWT_HS512);
  add_secret(keys, "k", JWT_SECRET, 0);
  assert_int_equal(
      judge_with(keys, "{\"alg\":\"HS256\",\"kid\":\"k\"}", "{}", &o), 0);
  assert_int_equal(
      judge_with(keys, "{\"alg\":\"HS512\",\"kid\":\"k\"}", "{}", &o),
      SIO_JWT_BAD_SIGNATURE);
  sio_jwt_keys_release(keys);
}

static void test_at_most_four_keys_are_tried(void **state)
{
  sio_jwt_options o = jwt_lenient();
  sio_jwt_keys *keys = jwt_no_keys(NULL);

  (void)state;
  for (int i = 0; i < 3; i++)
    add_secret(keys, NULL, WRONG_SECRET, 0);
  add_secret(keys, NULL, WRONG_SECRET, SIO_JWT_HS512);
  add_secret(keys, NULL, JWT_SECRET, 0);
  assert_int_equal(judge_with(keys, "{\"alg\":\"HS256\"}", "{}", &o), 0);
  sio_jwt_keys_release(keys);
  keys = jwt_no_keys(NULL);
  for (int i = 0; i < 4; i++)
    add_secret(keys, NULL, WRONG_SECRET, 0);
  add_secret(keys, NULL, JWT_SECRET, 0);
  assert_int_equal(judge_with(keys, "{\"alg\":\"HS256\"}", "{}", &o),
                   SIO_JWT_BAD_SIGNATURE);
  sio_jwt_keys_release(keys);
}

static void test_an_empty_set_knows_nobody(void **state)
{
  sio_jwt_options o = jwt_lenient();
  sio_jwt_keys *keys = jwt_no_keys(NULL);

  (void)state;
  assert_int_equal(judge_with(keys, "{\"alg\":\"HS256\"}", "{}", &o),
                   SIO_JWT_UNKNOWN_KEY);
  sio_jwt_keys_release(keys);
}

static void test_algorithms_can_be_narrowed(void **state)
{
  sio_jwt_options o = jwt_lenient();

  (void)state;
  o.algorithms = SIO_JWT_HS256 | SIO_JWT_ES256;
  assert_int_equal(judge("{\"alg\":\"HS256\"}", &o), 0);
  o.algorithms = SIO_JWT_ES256;
  assert_int_equal(judge("{\"alg\":\"HS256\"}", &o), SIO_JWT_ALGORITHM);
}

/* Who cannot sign is not told what claims would have to look like. */
static void test_claims_are_not_read_before_the_signature(void **state)
{
  char *token = jwt_forge("{\"alg\":\"HS256\"}", "{\"exp\":1}");
  sio_jwt_options o = jwt_lenient();

  (void)state;
  assert_int_equal(judge_text(token, &o), SIO_JWT_EXPIRED);
  token[22] ^= 1;
  assert_int_equal(judge_text(token, &o), SIO_JWT_BAD_SIGNATURE);
  free(token);
}

/* A set with other keys is given to the next call; what was verified stays. */
static void test_keys_are_changed_by_another_set(void **state)
{
  char *token = jwt_forge("{\"alg\":\"HS256\"}", "{\"sub\":\"ann\"}");
  sio_jwt_options o = jwt_lenient();
  sio_jwt_keys *keys = jwt_one_secret(NULL);
  sio_jwt *jwt;

  (void)state;
  assert_int_equal(sio_jwt_verify(keys, sio_s(token), &o, &jwt), 0);
  sio_jwt_keys_release(keys);
  keys = jwt_no_keys(NULL);
  add_secret(keys, NULL, WRONG_SECRET, 0);
  assert_int_equal(jwt_verdict(keys, token, &o), SIO_JWT_BAD_SIGNATURE);
  sio_jwt_keys_release(keys);
  assert_true(sio_str_is(sio_jwt_subject(jwt), "ann"));
  sio_jwt_release(jwt);
  free(token);
}

static void test_options_may_be_shorter(void **state)
{
  char *token = jwt_forge("{\"alg\":\"HS256\"}", "{\"exp\":1000001}");
  sio_jwt_options now = jwt_lenient();
  size_t size = offsetof(sio_jwt_options, issuers);
  uint8_t *old = malloc(size);
  sio_jwt_keys *keys = jwt_one_secret(NULL);
  sio_jwt *jwt;

  (void)state;
  memcpy(old, &now, size);
  memcpy(old, &size, sizeof size);
  assert_int_equal(sio_jwt_verify(keys, sio_s(token), (void *)old, &jwt), 0);
  sio_jwt_release(jwt);
  sio_jwt_keys_release(keys);
  free(old);
  free(token);
}

static void verify(struct test_mem *mem, void *user)
{
  static const char *const list[] = {"a"};
  sio_jwt_options o = jwt_lenient();
  sio_jwt_keys *keys;
  sio_jwt *jwt;
  int error;

  o.issuers = o.audiences = o.required = list;
  o.n_issuers = o.n_audiences = o.n_required = 1;
  mem->calls = SIZE_MAX / 2; /* the keys are not what is tested */
  keys = jwt_one_secret(&mem->allocator);
  mem->calls = 0;
  error = sio_jwt_verify(keys, sio_s(user), &o, &jwt);
  assert_int_equal(error, mem->fired ? SIO_ERR_NOMEM : 0);
  sio_jwt_release(jwt);
  sio_jwt_keys_release(keys);
}

static void test_out_of_memory_is_told(void **state)
{
  char *token =
      jwt_forge("{\"\\u0061lg\":\"HS25\\u0036\",\"k\\u0069d\":\"\\u0061\","
                "\"typ\":\"\\u004aWT\"}",
                "{\"\\u0061\":1,\"sub\":\"\\u0061\",\"jti\":\"\\u0061\","
                "\"iss\":\"\\u0061\",\"aud\":[\"\\u0062\",\"\\u0061\"]}");

  (void)state;
  assert_true(test_every_allocation(verify, token) > 11);
  free(token);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_the_form_has_to_be_right),
      cmocka_unit_test(test_base64url_has_one_form_only),
      cmocka_unit_test(test_the_header_has_to_be_an_object),
      cmocka_unit_test(test_the_claims_have_to_be_an_object),
      cmocka_unit_test(test_the_type_is_checked),
      cmocka_unit_test(test_critical_extensions_are_refused),
      cmocka_unit_test(test_sizes_and_depths_are_limited),
      cmocka_unit_test(test_the_default_limit_is_8_kilobytes),
      cmocka_unit_test(test_options_have_ranges),
      cmocka_unit_test(test_keys_are_chosen_by_their_id),
      cmocka_unit_test(test_keys_without_id_take_any_token),
      cmocka_unit_test(test_several_keys_may_share_an_id),
      cmocka_unit_test(test_at_most_four_keys_are_tried),
      cmocka_unit_test(test_an_empty_set_knows_nobody),
      cmocka_unit_test(test_algorithms_can_be_narrowed),
      cmocka_unit_test(test_claims_are_not_read_before_the_signature),
      cmocka_unit_test(test_keys_are_changed_by_another_set),
      cmocka_unit_test(test_options_may_be_shorter),
      cmocka_unit_test(test_out_of_memory_is_told),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
