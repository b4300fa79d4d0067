/* SPDX-License-Identifier: MIT */
#include "tls_peer.h"

#include "tls/subject.h"

#include <stdlib.h>

static void expect_subject(struct test_mem *mem, const char *file,
                           const char *text)
{
  struct tls_file pem = tls_read(file);
  struct sio__subject *subject;
  mbedtls_x509_crt crt;
  int rv;

  mbedtls_x509_crt_init(&crt);
  assert_int_equal(mbedtls_x509_crt_parse(&crt, pem.data, pem.len + 1), 0);
  rv = sio__subject_new(&mem->allocator, &crt.subject, true, &subject);
  mbedtls_x509_crt_free(&crt);
  free(pem.data);
  if (rv != 0) {
    assert_int_equal(rv, SIO_ERR_NOMEM);
    assert_true(mem->fired);
    assert_null(subject);
    return;
  }
  assert_string_equal(subject->text, text);
  assert_int_equal(subject->len, strlen(text));
  assert_true(sio__subject_is_verified(subject));
  assert_true(sio_str_is(sio__subject_text(subject), text));
  assert_ptr_equal(sio__subject_ref(subject), subject);
  sio__subject_unref(subject);
  sio__subject_unref(subject);
  sio__subject_unref(NULL);
}

static void read_all(struct test_mem *mem, void *user)
{
  (void)user;
  expect_subject(mem, "client.pem",
                 "C=NO, O=Example\\, Inc., CN=\xc3\x85se + CN=alice");
  expect_subject(mem, "common.pem", "CN=first.example, CN=common.example");
}

static void test_the_subject_is_written_in_its_order(void **state)
{
  (void)state;
  assert_true(test_every_allocation(read_all, NULL) > 3);
  assert_false(sio__subject_is_verified(NULL));
  assert_null(sio__subject_text(NULL).data);
}

static mbedtls_x509_name one_name(const char *oid, size_t oid_len,
                                  const char *value, size_t len)
{
  mbedtls_x509_name name;

  memset(&name, 0, sizeof name);
  name.oid.p = (unsigned char *)(uintptr_t)oid;
  name.oid.len = oid_len;
  name.val.p = (unsigned char *)(uintptr_t)value;
  name.val.len = len;
  return name;
}

static void check_value(const char *value, size_t len, const char *want)
{
  mbedtls_x509_name name = one_name("\x55\x04\x03", 3, value, len);
  struct sio__subject *subject;
  struct test_mem mem;

  test_mem_init(&mem, TEST_MEM_NEVER);
  assert_int_equal(sio__subject_new(&mem.allocator, &name, false, &subject), 0);
  assert_string_equal(subject->text, want);
  assert_false(subject->verified);
  sio__subject_unref(subject);
  test_mem_check(&mem);
}

static void test_no_value_can_look_like_another(void **state)
{
  (void)state;
  check_value("a, O=b", 6, "CN=a\\, O\\=b");
  check_value("a + CN=b", 8, "CN=a \\+ CN\\=b");
  check_value("\"<>;#\\", 6, "CN=\\\"\\<\\>\\;\\#\\\\");
  check_value("a\0b\n\x7f", 5, "CN=a\\00b\\0A\\7F");
  check_value("\xc3\xa5 \xc3 \xff", 6, "CN=\xc3\xa5 \\C3 \\FF");
  check_value("", 0, "CN=");
}

static void test_unknown_types_have_their_numbers(void **state)
{
  mbedtls_x509_name name = one_name("\x2a\x03\x04", 3, "x", 1);
  struct sio__subject *subject;
  struct test_mem mem;

  (void)state;
  test_mem_init(&mem, TEST_MEM_NEVER);
  assert_int_equal(sio__subject_new(&mem.allocator, &name, true, &subject), 0);
  assert_string_equal(subject->text, "1.2.3.4=x");
  sio__subject_unref(subject);
  test_mem_check(&mem);
}

static void test_a_subject_has_a_longest_length(void **state)
{
  char text[SIO__SUBJECT_MAX];
  mbedtls_x509_name name;
  struct sio__subject *subject;
  struct test_mem mem;

  (void)state;
  memset(text, 'x', sizeof text);
  name = one_name("\x55\x04\x03", 3, text, sizeof text - 2);
  test_mem_init(&mem, TEST_MEM_NEVER);
  assert_int_equal(sio__subject_new(&mem.allocator, &name, true, &subject),
                   SIO_ERR_LIMIT);
  assert_null(subject);
  test_mem_check(&mem);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_the_subject_is_written_in_its_order),
      cmocka_unit_test(test_no_value_can_look_like_another),
      cmocka_unit_test(test_unknown_types_have_their_numbers),
      cmocka_unit_test(test_a_subject_has_a_longest_length),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
