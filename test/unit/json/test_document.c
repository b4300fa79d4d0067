/* SPDX-License-Identifier: MIT */
#include "support.h"

#include <sio/value.h>

#include <stdlib.h>

static void test_text_is_copied_and_read(void **state)
{
  char text[] = " {\"a\":[1,\"\\u0078\"]} ";
  struct test_mem mem;
  sio_document *document;
  sio_value list;

  (void)state;
  test_mem_init(&mem, TEST_MEM_NEVER);
  assert_int_equal(sio_document_new(&document, sio_s(text), &mem.allocator), 0);
  memset(text, 'x', sizeof text);
  list = sio_value_member(sio_document_value(document), "a");
  assert_int_equal(sio_value_count(list), 2);
  assert_true(sio_str_is(sio_value_str(sio_value_at(list, 1)), "x"));
  sio_document_free(document);
  test_mem_check(&mem);
}

static void refused(const char *text)
{
  size_t len = strlen(text);
  uint8_t *exact = test_exact(text, len);
  sio_str json = {(const char *)exact, len};
  sio_document *document = (sio_document *)(void *)exact;

  assert_int_equal(sio_document_new(&document, json, NULL), SIO_ERR_JSON);
  assert_null(document);
  free(exact);
}

static void test_what_is_no_value_is_refused(void **state)
{
  (void)state;
  refused("");
  refused(" ");
  refused("{");
  refused("1 2");
  refused("1,2");
  refused("\"\xff\"");
  sio_document_free(NULL);
}

static void try_to_read(struct test_mem *mem, void *user)
{
  sio_document *document;
  int rv = sio_document_new(&document, sio_s("\"\\n\""), &mem->allocator);

  (void)user;
  if (rv == 0)
    (void)sio_value_str(sio_document_value(document));
  else
    assert_int_equal(rv, SIO_ERR_NOMEM);
  sio_document_free(document);
}

static void test_every_allocation_may_fail(void **state)
{
  (void)state;
  assert_true(test_every_allocation(try_to_read, NULL) > 2);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_text_is_copied_and_read),
      cmocka_unit_test(test_what_is_no_value_is_refused),
      cmocka_unit_test(test_every_allocation_may_fail),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
