/* SPDX-License-Identifier: MIT */
#include "jwt_world.h"

#include <stdio.h>
#include <stdlib.h>

#include "jwt/claims.h"

static void test_a_token_expires_in_the_second_it_names(void **state)
{
  sio_jwt_options o = jwt_lenient();

  (void)state;
  assert_int_equal(jwt_verdict_on("{\"exp\":1000001}", &o), 0);
  assert_int_equal(jwt_verdict_on("{\"exp\":1000000}", &o), SIO_JWT_EXPIRED);
  assert_int_equal(jwt_verdict_on("{\"exp\":999999}", &o), SIO_JWT_EXPIRED);
  assert_int_equal(jwt_verdict_on("{\"exp\":0}", &o), SIO_JWT_EXPIRED);
  assert_int_equal(jwt_verdict_on("{\"exp\":-1}", &o), SIO_JWT_EXPIRED);
  o.leeway_s = 10;
  assert_int_equal(jwt_verdict_on("{\"exp\":999991}", &o), 0);
  assert_int_equal(jwt_verdict_on("{\"exp\":999990}", &o), SIO_JWT_EXPIRED);
}

static void test_a_token_has_to_expire_unless_told(void **state)
{
  sio_jwt_options o = jwt_lenient();

  (void)state;
  assert_int_equal(jwt_verdict_on("{}", &o), 0);
  o.allow_no_exp = 0;
  assert_int_equal(jwt_verdict_on("{}", &o), SIO_JWT_MISSING_CLAIM);
  assert_int_equal(jwt_verdict_on("{\"exp\":2e6}", &o), 0);
}

static void test_a_token_begins_in_the_second_it_names(void **state)
{
  sio_jwt_options o = jwt_lenient();

  (void)state;
  assert_int_equal(jwt_verdict_on("{\"nbf\":1000000}", &o), 0);
  assert_int_equal(jwt_verdict_on("{\"nbf\":1000001}", &o),
                   SIO_JWT_NOT_YET_VALID);
  assert_int_equal(jwt_verdict_on("{\"iat\":1000000}", &o), 0);
  assert_int_equal(jwt_verdict_on("{\"iat\":1000001}", &o),
                   SIO_JWT_ISSUED_LATER);
  o.leeway_s = 5;
  assert_int_equal(jwt_verdict_on("{\"nbf\":1000005,\"iat\":1000005}", &o), 0);
  assert_int_equal(jwt_verdict_on("{\"nbf\":1000006}", &o),
                   SIO_JWT_NOT_YET_VALID);
  assert_int_equal(jwt_verdict_on("{\"iat\":1000006}", &o),
                   SIO_JWT_ISSUED_LATER);
}

static void test_fractions_of_seconds_count(void **state)
{
  sio_jwt_options o = jwt_lenient();

  (void)state;
  assert_int_equal(jwt_verdict_on("{\"exp\":1000000.5}", &o), 0);
  assert_int_equal(jwt_verdict_on("{\"exp\":999999.9}", &o), SIO_JWT_EXPIRED);
  assert_int_equal(jwt_verdict_on("{\"exp\":1.0000001e6}", &o), 0);
  assert_int_equal(jwt_verdict_on("{\"nbf\":1000000.5}", &o),
                   SIO_JWT_NOT_YET_VALID);
  assert_int_equal(jwt_verdict_on("{\"nbf\":999999.5,\"iat\":-0.5}", &o), 0);
}

static void test_dates_that_are_none_are_refused(void **state)
{
  static const char *const wrong[] = {"\"1000001\"",
                                      "null",
                                      "true",
                                      "[1000001]",
                                      "{}",
                                      "1e400",
                                      "-1e99",
                                      "1e17",
                                      "9007199254740994",
                                      "\"\"",
                                      "1e309",
                                      "-1e400",
                                      "99999999999999999999999"};
  static const char *const names[] = {"exp", "nbf", "iat"};
  sio_jwt_options o = jwt_lenient();
  char claims[80];

  (void)state;
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
    for (size_t n = 0; n < 3; n++) {
      snprintf(claims, sizeof claims, "{\"%s\":%s}", names[n], wrong[i]);
      assert_int_equal(jwt_verdict_on(claims, &o), SIO_JWT_INVALID_CLAIM);
    }
  }
  assert_int_equal(jwt_verdict_on("{\"exp\":9007199254740992}", &o), 0);
}

static void test_the_age_is_limited(void **state)
{
  sio_jwt_options o = jwt_lenient();

  (void)state;
  o.max_age_s = 100;
  assert_int_equal(jwt_verdict_on("{\"iat\":999900}", &o), 0);
  assert_int_equal(jwt_verdict_on("{\"iat\":999899}", &o), SIO_JWT_TOO_OLD);
  assert_int_equal(jwt_verdict_on("{\"iat\":-9007199254740992}", &o),
                   SIO_JWT_TOO_OLD);
  assert_int_equal(jwt_verdict_on("{}", &o), SIO_JWT_MISSING_CLAIM);
  o.leeway_s = 10;
  assert_int_equal(jwt_verdict_on("{\"iat\":999890}", &o), 0);
  assert_int_equal(jwt_verdict_on("{\"iat\":999889}", &o), SIO_JWT_TOO_OLD);
}

static void test_the_issuer_is_one_of_those_expected(void **state)
{
  static const char *const issuers[] = {"https://a.example", "b"};
  sio_jwt_options o = jwt_lenient();

  (void)state;
  assert_int_equal(jwt_verdict_on("{\"iss\":\"x\"}", &o), 0);
  o.issuers = issuers;
  o.n_issuers = 2;
  assert_int_equal(jwt_verdict_on("{\"iss\":\"https://a.example\"}", &o), 0);
  assert_int_equal(jwt_verdict_on("{\"iss\":\"\\u0062\"}", &o), 0);
  assert_int_equal(jwt_verdict_on("{\"iss\":\"https://a.example/\"}", &o),
                   SIO_JWT_WRONG_ISSUER);
  assert_int_equal(jwt_verdict_on("{\"iss\":\"B\"}", &o), SIO_JWT_WRONG_ISSUER);
  assert_int_equal(jwt_verdict_on("{\"iss\":\"\"}", &o), SIO_JWT_WRONG_ISSUER);
  assert_int_equal(jwt_verdict_on("{}", &o), SIO_JWT_MISSING_CLAIM);
  assert_int_equal(jwt_verdict_on("{\"iss\":[\"b\"]}", &o),
                   SIO_JWT_INVALID_CLAIM);
}

static void test_the_audience_is_a_string_or_several(void **state)
{
  static const char *const audiences[] = {"chat", "mail"};
  sio_jwt_options o = jwt_lenient();

  (void)state;
  o.audiences = audiences;
  o.n_audiences = 2;
  assert_int_equal(jwt_verdict_on("{\"aud\":\"chat\"}", &o), 0);
  assert_int_equal(jwt_verdict_on("{\"aud\":[\"x\",\"mail\"]}", &o), 0);
  assert_int_equal(jwt_verdict_on("{\"aud\":[\"m\\u0061il\"]}", &o), 0);
  assert_int_equal(jwt_verdict_on("{\"aud\":\"chatter\"}", &o),
                   SIO_JWT_WRONG_AUDIENCE);
  assert_int_equal(jwt_verdict_on("{\"aud\":[\"x\"]}", &o),
                   SIO_JWT_WRONG_AUDIENCE);
  assert_int_equal(jwt_verdict_on("{\"aud\":[]}", &o), SIO_JWT_WRONG_AUDIENCE);
  assert_int_equal(jwt_verdict_on("{}", &o), SIO_JWT_MISSING_CLAIM);
  assert_int_equal(jwt_verdict_on("{\"aud\":[\"chat\",1]}", &o),
                   SIO_JWT_INVALID_CLAIM);
  assert_int_equal(jwt_verdict_on("{\"aud\":[[\"chat\"]]}", &o),
                   SIO_JWT_INVALID_CLAIM);
  assert_int_equal(jwt_verdict_on("{\"aud\":{\"chat\":1}}", &o),
                   SIO_JWT_INVALID_CLAIM);
  assert_int_equal(jwt_verdict_on("{\"aud\":null}", &o), SIO_JWT_INVALID_CLAIM);
}

/* RFC 7519 section 4.1.3 */
static void test_a_token_for_others_is_not_for_us(void **state)
{
  sio_jwt_options o = jwt_lenient();

  (void)state;
  assert_int_equal(jwt_verdict_on("{\"aud\":\"chat\"}", &o),
                   SIO_JWT_WRONG_AUDIENCE);
  o.allow_any_aud = 1;
  assert_int_equal(jwt_verdict_on("{\"aud\":\"chat\"}", &o), 0);
  assert_int_equal(jwt_verdict_on("{}", &o), 0);
  /* but it has to be one */
  assert_int_equal(jwt_verdict_on("{\"aud\":7}", &o), SIO_JWT_INVALID_CLAIM);
}

static void test_the_subject_can_be_given(void **state)
{
  sio_jwt_options o = jwt_lenient();

  (void)state;
  o.subject = "ann";
  assert_int_equal(jwt_verdict_on("{\"sub\":\"ann\"}", &o), 0);
  assert_int_equal(jwt_verdict_on("{\"sub\":\"anna\"}", &o),
                   SIO_JWT_WRONG_SUBJECT);
  assert_int_equal(jwt_verdict_on("{}", &o), SIO_JWT_MISSING_CLAIM);
}

/* "ann" and "ann\0x" are one to a host that counts on NUL, and two broken
 * surrogates read alike. */
static void test_names_that_could_be_mistaken_are_refused(void **state)
{
  static const char *const wrong[] = {
      "\"ann\\u0000\"", "\"\\ud800\"", "\"x\\udfffx\"", "\"\xef\xbf\xbd\"", "1",
      "null",           "[\"ann\"]",   "true"};
  static const char *const names[] = {"sub", "jti", "iss"};
  sio_jwt_options o = jwt_lenient();
  char claims[80];

  (void)state;
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
    for (size_t n = 0; n < 3; n++) {
      snprintf(claims, sizeof claims, "{\"%s\":%s}", names[n], wrong[i]);
      assert_int_equal(jwt_verdict_on(claims, &o), SIO_JWT_INVALID_CLAIM);
    }
  }
  assert_int_equal(jwt_verdict_on("{\"sub\":\"\\ud83d\\ude00\"}", &o), 0);
}

static void test_required_claims_are_there_and_not_null(void **state)
{
  static const char *const required[] = {"role", "sub"};
  sio_jwt_options o = jwt_lenient();

  (void)state;
  o.required = required;
  o.n_required = 2;
  assert_int_equal(jwt_verdict_on("{\"role\":0,\"sub\":\"\"}", &o), 0);
  assert_int_equal(jwt_verdict_on("{\"sub\":\"\"}", &o), SIO_JWT_MISSING_CLAIM);
  assert_int_equal(jwt_verdict_on("{\"role\":null,\"sub\":\"\"}", &o),
                   SIO_JWT_MISSING_CLAIM);
  assert_int_equal(jwt_verdict_on("{\"x\":{\"role\":1},\"sub\":\"\"}", &o),
                   SIO_JWT_MISSING_CLAIM);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_a_token_expires_in_the_second_it_names),
      cmocka_unit_test(test_a_token_has_to_expire_unless_told),
      cmocka_unit_test(test_a_token_begins_in_the_second_it_names),
      cmocka_unit_test(test_fractions_of_seconds_count),
      cmocka_unit_test(test_dates_that_are_none_are_refused),
      cmocka_unit_test(test_the_age_is_limited),
      cmocka_unit_test(test_the_issuer_is_one_of_those_expected),
      cmocka_unit_test(test_the_audience_is_a_string_or_several),
      cmocka_unit_test(test_a_token_for_others_is_not_for_us),
      cmocka_unit_test(test_the_subject_can_be_given),
      cmocka_unit_test(test_names_that_could_be_mistaken_are_refused),
      cmocka_unit_test(test_required_claims_are_there_and_not_null),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
