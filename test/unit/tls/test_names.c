/* SPDX-License-Identifier: MIT */
#include "tls_peer.h"

#include "tls/names.h"

#include <stdlib.h>

static void expect(const char *pattern, const char *name,
                   enum sio__name_match want)
{
  assert_int_equal(sio__name_match(sio_s(pattern), sio_s(name)), want);
}

static void test_case_does_not_matter(void **state)
{
  (void)state;
  expect("a.example", "a.example", NAME_EXACT);
  expect("A.Example", "a.eXample", NAME_EXACT);
  expect("a.example", "b.example", NAME_OTHER);
  expect("a.example", "a.example.org", NAME_OTHER);
  expect("", "", NAME_OTHER);
  expect("a", "", NAME_OTHER);
}

static void test_a_star_is_one_label(void **state)
{
  (void)state;
  expect("*.example", "a.example", NAME_WILDCARD);
  expect("*.Example", "A.eXAMPLE", NAME_WILDCARD);
  expect("*.example", "example", NAME_OTHER);
  expect("*.example", ".example", NAME_OTHER);
  expect("*.example", "a.b.example", NAME_OTHER);
  expect("*.example", "a.sample", NAME_OTHER);
  expect("*", "a", NAME_OTHER);
  expect("*.", "a.", NAME_OTHER);
  expect("a*.example", "ab.example", NAME_OTHER);
  expect("*a.example", "ba.example", NAME_OTHER);
}

static void test_names_are_taken_from_the_certificate(void **state)
{
  static const struct {
    const char *file, *name;
    enum sio__name_match want;
  } rows[] = {
      {"names.pem", "one.example", NAME_EXACT},
      {"names.pem", "x.two.example", NAME_WILDCARD},
      {"names.pem", "unused.example", NAME_OTHER},
      {"ec.pem", "localhost", NAME_EXACT},
      {"ec.pem", "127.0.0.1", NAME_OTHER}, /* an address is no host name */
      {"common.pem", "common.example", NAME_EXACT},
      {"common.pem", "first.example", NAME_OTHER},
  };

  (void)state;
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct tls_file file = tls_read(rows[i].file);
    mbedtls_x509_crt own;

    mbedtls_x509_crt_init(&own);
    assert_int_equal(mbedtls_x509_crt_parse(&own, file.data, file.len + 1), 0);
    assert_int_equal(sio__name_match_certificate(&own, sio_s(rows[i].name)),
                     rows[i].want);
    mbedtls_x509_crt_free(&own);
    free(file.data);
  }
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_case_does_not_matter),
      cmocka_unit_test(test_a_star_is_one_label),
      cmocka_unit_test(test_names_are_taken_from_the_certificate),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
