/* SPDX-License-Identifier: MIT */
/* lib/core/inbox.c: values of other nodes are copied and checked. */
#include "core_world.h"

#include "core/inbox.h"

#include <stdlib.h>

static struct core_world w;
static struct sio__inbox one, two;

static int open_text(struct sio__inbox *inbox, const char *text)
{
  uint8_t *exact = test_exact(text, strlen(text));
  sio_str data = {(const char *)exact, strlen(text)};
  int rv = sio__inbox_open(inbox, w.server, data, NULL, 0);

  free(exact); /* it is copied */
  return rv;
}

static void test_values_are_copied_one_inside_the_other(void **state)
{
  (void)state;
  world_open(&w, NULL);
  assert_int_equal(open_text(&one, "1,[2]"), 0);
  assert_int_equal(open_text(&two, ""), 0);
  assert_int_equal(sio_args_count(&one.args), 2);
  assert_int_equal(sio_args_count(&two.args), 0);
  assert_true(sio_str_is(sio_args_json(&one.args), "1,[2]"));
  sio__inbox_close(&two, w.server);
  sio__inbox_close(&one, w.server);
  world_close(&w);
}

static void test_what_is_no_list_of_values_is_refused(void **state)
{
  static const char *const wrong[] = {",",     "1,", "1 2", "]",
                                      "1],[2", "\"", "{"};

  (void)state;
  world_open(&w, NULL);
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
    assert_int_equal(open_text(&one, wrong[i]), SIO_ERR_JSON);
  assert_int_equal(sio__inbox_open(&one, w.server, (sio_str){NULL, 1}, NULL, 0),
                   SIO_ERR_INVALID);
  world_close(&w);
}

static void test_a_long_text_keeps_no_memory(void **state)
{
  char *text = malloc(200001);

  (void)state;
  world_open(&w, NULL);
  memset(text, ' ', 200000);
  text[200000] = '\0';
  assert_int_equal(open_text(&one, text), 0);
  sio__inbox_close(&one, w.server);
  assert_int_equal(open_text(&one, "1"), 0);
  assert_true(one.text.cap < 100000);
  sio__inbox_close(&one, w.server);
  free(text);
  world_close(&w);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_values_are_copied_one_inside_the_other),
      cmocka_unit_test(test_what_is_no_list_of_values_is_refused),
      cmocka_unit_test(test_a_long_text_keeps_no_memory),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
