/* SPDX-License-Identifier: MIT */
#include "support.h"

#include <stdlib.h>

#include <sio/error.h>

#include "json/placeholder.h"

#define PLACE(num) "{\"_placeholder\":true,\"num\":" num "}"

static int check(const char *text, size_t n_attachments)
{
  size_t len = strlen(text);
  uint8_t *exact = test_exact(text, len);
  struct sio_document document;
  int error;

  sio__document_init(&document, (char *)exact, len, NULL);
  document.n_attachments = n_attachments;
  error = sio__document_check_placeholders(&document);
  free(exact);
  return error;
}

static void test_a_placeholder_must_name_an_attachment(void **state)
{
  static const struct {
    const char *text;
    bool ok; /* with two attachments */
  } cases[] = {
      {"", true},
      {"1,\"x\",[],{}", true},
      {PLACE("0") "," PLACE("1"), true},
      {PLACE("2"), false},
      {PLACE("1.0"), true},
      {PLACE("0.5"), false},
      {PLACE("-1"), false},
      {PLACE("1e400"), false},
      {PLACE("\"0\""), false},
      {PLACE("\"splice\""), false},
      {PLACE("null"), false},
      {PLACE("[0]"), false},
      {PLACE("18446744073709551615"), false},
      {"{\"_placeholder\":true}", false},
      {"{\"_placeholder\" : true , \"num\" : 1 }", true},
      {"{\"num\":7,\"_placeholder\":true}", false},
      {"{\"num\":7,\"_placeholder\":true,\"num\":1}", true},
      {"{\"num\":1,\"_placeholder\":true,\"num\":[]}", false},
      {"{\"_placeholder\":true,\"_placeholder\":1,\"num\":7}", true},
      {"{\"_placeholder\":\"true\",\"num\":7}", true},
      {"{\"_placeholder\":1,\"num\":7}", true},
      {"{\"_placeholder\":true,\"\\u006eum\":7}", false},
      {"{\"\\u005fplaceholder\":true,\"num\":7}", true},
      {"{\"a\":\"_placeholder\",\"num\":7}", true},
      {"[\"_placeholder\",true,\"num\",7]", true},
      {"[[{\"a\":[" PLACE("9") "]}]]", false},
      {"[[{\"a\":[" PLACE("0") "]}]]," PLACE("9"), false},
      {"{\"_placeholder\":true,\"x\":{\"num\":0}}", false},
      {"{\"_placeholder\":true,\"x\":{\"num\":9},\"num\":0}", true},
      {"{\"x\":{\"_placeholder\":true,\"num\":0},\"num\":9}", true},
  };

  (void)state;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    if (check(cases[i].text, 2) != (cases[i].ok ? 0 : SIO_ERR_RANGE))
      fail_msg("%s", cases[i].text);
    assert_int_equal(check(cases[i].text, 0), 0); /* all are plain data */
  }
}

static void test_the_walk_reports_objects_with_their_depth(void **state)
{
  static const char text[] = "[{\"a\":{\"_placeholder\":true,\"num\":5}},[{}]]";
  static const struct {
    enum sio__object_event event;
    unsigned depth;
  } want[] = {{OBJECT_OPEN, 2},  {OBJECT_OPEN, 3}, {OBJECT_CLOSE, 2},
              {OBJECT_CLOSE, 1}, {OBJECT_OPEN, 3}, {OBJECT_CLOSE, 2},
              {OBJECT_NONE, 0},  {OBJECT_NONE, 0}};
  struct sio__object_walk walk;

  (void)state;
  sio__object_walk_init(&walk, text, sizeof text - 1);
  for (size_t i = 0; i < sizeof want / sizeof *want; i++) {
    assert_int_equal(sio__object_walk_next(&walk), want[i].event);
    assert_int_equal(walk.depth, want[i].depth);
    if (want[i].event == OBJECT_CLOSE) {
      assert_int_equal(walk.is_placeholder, i == 2);
      assert_true(walk.num == (i == 2 ? 5 : SIO__NO_NUM));
      assert_int_equal(walk.at[-1], '}');
    }
  }
}

static void test_the_deepest_text_is_walked(void **state)
{
  char text[512 * 6 + 1];
  char *to = text;

  (void)state;
  for (int i = 0; i < 511; i++, to += 5)
    memcpy(to, "{\"a\":", 5);
  memcpy(to, "[0]", 3);
  memset(to + 3, '}', 511);
  to[3 + 511] = '\0';
  assert_int_equal(check(text, 1), 0);
}

/* `depth` times {"num":, in the middle `inner`, then `tail` behind each. */
static int check_nested(int depth, const char *inner, const char *tail)
{
  size_t tail_len = strlen(tail), inner_len = strlen(inner);
  size_t len = (size_t)depth * (7 + tail_len) + inner_len;
  char *text = malloc(len + 1), *to = text;
  int error;

  assert_non_null(text);
  for (int i = 0; i < depth; i++, to += 7)
    memcpy(to, "{\"num\":", 7);
  memcpy(to, inner, inner_len);
  to += inner_len;
  for (int i = 0; i < depth; i++, to += tail_len)
    memcpy(to, tail, tail_len);
  text[len] = '\0';
  error = check(text, 2);
  free(text);
  return error;
}

static void test_nums_may_be_nested_in_nums(void **state)
{
  static const int depths[] = {1, 2, 3, 511};

  (void)state;
  for (size_t i = 0; i < sizeof depths / sizeof *depths; i++) {
    int n = depths[i];

    assert_int_equal(check_nested(n, PLACE("1"), "}"), 0);
    assert_int_equal(check_nested(n, PLACE("2"), "}"), SIO_ERR_RANGE);
    assert_int_equal(check_nested(n, "9", "}"), 0); /* plain data */
    /* each level is one whose number comes last */
    assert_int_equal(
        check_nested(n, PLACE("1"), ",\"_placeholder\":true,\"num\":0}"), 0);
    /* each level has no number but an object */
    assert_int_equal(check_nested(n, PLACE("1"), ",\"_placeholder\":true}"),
                     SIO_ERR_RANGE);
    assert_int_equal(check_nested(n, "1", ",\"_placeholder\":true}"),
                     n == 1 ? 0 : SIO_ERR_RANGE);
  }
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_a_placeholder_must_name_an_attachment),
      cmocka_unit_test(test_the_walk_reports_objects_with_their_depth),
      cmocka_unit_test(test_the_deepest_text_is_walked),
      cmocka_unit_test(test_nums_may_be_nested_in_nums),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
