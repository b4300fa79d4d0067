/* SPDX-License-Identifier: MIT */
#include "support.h"

#include <stdlib.h>

#include <sio/error.h>
#include <sio/value.h>

#include "json/read.h"
#include "json/scan.h"

/* A document over a block of its own, with an allocator and two attachments
 * that it does not use unless told. */
struct fixture {
  struct test_mem mem;
  struct sio_document document;
  uint8_t *text;
};

static const sio_span attachments[2] = {{(const uint8_t *)"one", 3},
                                        {(const uint8_t *)"two!", 4}};

static sio_value begin(struct fixture *f, const char *text)
{
  size_t len = strlen(text);

  f->text = test_exact(text, len);
  assert_int_equal(sio__json_check((char *)f->text, len, 512, NULL), 0);
  test_mem_init(&f->mem, TEST_MEM_NEVER);
  sio__document_init(&f->document, (char *)f->text, len, &f->mem.allocator);
  return sio__document_value(&f->document);
}

static void end(struct fixture *f)
{
  sio__document_dispose(&f->document);
  test_mem_check(&f->mem);
  free(f->text);
}

static void assert_json(sio_value value, const char *want)
{
  sio_str json = sio_value_json(value);

  assert_int_equal(json.len, strlen(want));
  assert_memory_equal(json.data, want, json.len);
}

static const sio_value nothing = {NULL, 0, NULL};

/* Everything that can be asked of a value of another type. */
static void test_each_type_answers_only_its_own_questions(void **state)
{
  static const struct {
    const char *text;
    sio_type type;
  } cases[] = {
      {"null", SIO_NULL},     {"true", SIO_BOOL}, {"false", SIO_BOOL},
      {"-1", SIO_NUMBER},     {"0", SIO_NUMBER},  {"\"s\"", SIO_STRING},
      {"[1,2,3]", SIO_ARRAY}, {"[]", SIO_ARRAY},  {"{\"a\":1}", SIO_OBJECT},
      {" { } ", SIO_OBJECT},  {NULL, SIO_ABSENT},
  };

  (void)state;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    struct fixture f;
    sio_value value = begin(&f, cases[i].text != NULL ? cases[i].text : "0");
    sio_type type = cases[i].type;
    bool flag = true;
    int64_t number = 9;
    uint64_t positive = 9;
    double real = 9;
    sio_span bytes = attachments[0];
    sio_iter iter;

    if (type == SIO_ABSENT)
      value = nothing;
    assert_int_equal(sio_value_type(value), type);
    assert_int_equal(sio_value_bool(value, &flag),
                     type == SIO_BOOL ? 0 : SIO_ERR_TYPE);
    assert_int_equal(flag, type == SIO_BOOL && cases[i].text[0] == 't');
    assert_int_equal(sio_value_int64(value, &number),
                     type == SIO_NUMBER ? 0 : SIO_ERR_TYPE);
    assert_int_equal(sio_value_double(value, &real),
                     type == SIO_NUMBER ? 0 : SIO_ERR_TYPE);
    assert_true(number == (int64_t)real);
    if (type != SIO_NUMBER) {
      assert_int_equal(sio_value_uint64(value, &positive), SIO_ERR_TYPE);
      assert_true(positive == 0 && number == 0);
    }
    assert_int_equal(sio_value_str(value).data != NULL, type == SIO_STRING);
    assert_int_equal(sio_value_binary(value, &bytes), SIO_ERR_TYPE);
    assert_true(bytes.data == NULL && bytes.len == 0);
    if (type != SIO_ARRAY)
      assert_int_equal(sio_value_type(sio_value_at(value, 0)), SIO_ABSENT);
    if (type != SIO_OBJECT)
      assert_int_equal(sio_value_type(sio_value_member(value, "a")),
                       SIO_ABSENT);
    if (type != SIO_ARRAY && type != SIO_OBJECT) {
      sio_value item = value;

      iter = sio_value_iter(value);
      assert_int_equal(sio_value_count(value), 0);
      assert_false(sio_iter_next(&iter, &item, &item));
      assert_null(item.text);
    }
    end(&f);
  }
}

static void test_a_path_can_be_read_without_checks(void **state)
{
  struct fixture f;
  sio_value value = begin(&f, "{ \"a\" : [ 1 , { \"b\" : [ true ] } ] }");
  sio_value a = sio_value_member(value, "a");
  bool flag;

  (void)state;
  assert_json(a, "[ 1 , { \"b\" : [ true ] } ]");
  a = sio_value_at(sio_value_member(sio_value_at(a, 1), "b"), 0);
  assert_int_equal(sio_value_bool(a, &flag), 0);
  assert_true(flag);
  a = sio_value_member(sio_value_at(sio_value_member(value, "x"), 3), "y");
  assert_int_equal(sio_value_type(a), SIO_ABSENT);
  assert_null(sio_value_json(a).data);
  assert_int_equal(sio_value_type(sio_value_member(value, NULL)), SIO_ABSENT);
  end(&f);
}

static void test_items_are_found_and_counted(void **state)
{
  struct fixture f;
  sio_value value = begin(&f, "[10,\"],[\",[],{},[[1,2],3],null ]");

  (void)state;
  assert_int_equal(sio_value_count(value), 6);
  assert_json(sio_value_at(value, 0), "10");
  assert_json(sio_value_at(value, 1), "\"],[\"");
  assert_json(sio_value_at(value, 4), "[[1,2],3]");
  assert_json(sio_value_at(value, 5), "null");
  assert_null(sio_value_at(value, 6).text);
  assert_null(sio_value_at(value, SIZE_MAX).text);
  assert_int_equal(sio_value_count(sio_value_at(value, 2)), 0);
  assert_int_equal(sio_value_count(sio_value_at(value, 3)), 0);
  assert_int_equal(sio_value_count(sio_value_at(value, 4)), 2);
  end(&f);
}

static void test_of_duplicate_members_the_last_counts(void **state)
{
  struct fixture f;
  sio_value value = begin(&f, "{\"a\":1,\"b\":2,\"\\u0061\":3,\"ab\":4}");

  (void)state;
  assert_json(sio_value_member(value, "a"), "3");
  assert_json(sio_value_member(value, "b"), "2");
  assert_null(sio_value_member(value, "").text);
  assert_null(sio_value_member(value, "abc").text);
  assert_null(sio_value_member(value, "\\u0061").text);
  assert_int_equal(sio_value_count(value), 4);
  end(&f);
}

static void test_a_walk_gives_every_member_in_order(void **state)
{
  static const char *const keys[] = {"x", "y\n", "", "x"};
  static const char *const values[] = {"[1,{\"x\":0}]", "\"}\"", "{}", "2"};
  struct fixture f;
  sio_value value =
      begin(&f, "{\"x\" :[1,{\"x\":0}] , \"y\\n\": \"}\",\"\":{},\"x\":2}");
  sio_iter iter = sio_value_iter(value);
  sio_value key;
  sio_value item;

  (void)state;
  for (size_t i = 0; i < 4; i++) {
    sio_str name;

    assert_true(sio_iter_next(&iter, &key, &item));
    name = sio_value_str(key);
    assert_true(sio_str_is(name, keys[i]));
    assert_json(item, values[i]);
  }
  for (int i = 0; i < 2; i++) { /* the end stays the end */
    assert_false(sio_iter_next(&iter, &key, &item));
    assert_true(key.text == NULL && item.text == NULL);
  }
  iter = sio_value_iter(value);
  for (size_t i = 0; i < 4; i++)
    assert_true(sio_iter_next(&iter, NULL, &item));
  assert_false(sio_iter_next(&iter, NULL, &item));
  end(&f);
}

static void test_a_walk_over_an_array_has_no_keys(void **state)
{
  struct fixture f;
  sio_value key;
  sio_value item;
  sio_iter iter = sio_value_iter(begin(&f, "[ \"a\" , 2 ]"));

  (void)state;
  key = iter.container;
  assert_true(sio_iter_next(&iter, &key, &item));
  assert_null(key.text);
  assert_json(item, "\"a\"");
  assert_true(sio_iter_next(&iter, &key, &item));
  assert_json(item, "2");
  assert_false(sio_iter_next(&iter, &key, &item));
  end(&f);
}

static void test_numbers_out_of_range_are_zero(void **state)
{
  struct fixture f;
  sio_value value = begin(&f, "[1.5,1e400,-1]");
  int64_t i = 9;
  uint64_t u = 9;
  double d = 9;

  (void)state;
  assert_int_equal(sio_value_int64(sio_value_at(value, 0), &i), SIO_ERR_RANGE);
  assert_int_equal(sio_value_double(sio_value_at(value, 1), &d), SIO_ERR_RANGE);
  assert_int_equal(sio_value_uint64(sio_value_at(value, 2), &u), SIO_ERR_RANGE);
  assert_true(i == 0 && u == 0 && d == 0);
  assert_int_equal(sio_value_double(sio_value_at(value, 0), &d), 0);
  assert_true(d == 1.5);
  end(&f);
}

static void test_an_empty_string_has_an_address(void **state)
{
  struct fixture f;
  sio_str s = sio_value_str(begin(&f, "\"\""));

  (void)state;
  assert_non_null(s.data);
  assert_int_equal(s.len, 0);
  end(&f);
}

static void
test_placeholders_are_binary_where_there_are_attachments(void **state)
{
  static const struct {
    const char *text;
    sio_type type;
    int index; /* -1: type, but no such attachment */
  } cases[] = {
      {"{\"_placeholder\":true,\"num\":0}", SIO_BINARY, 0},
      {"{\"num\":1,\"_placeholder\":true}", SIO_BINARY, 1},
      {"{\"x\":[1],\"_placeholder\": true ,\"num\":1.0}", SIO_BINARY, 1},
      {"{\"_placeholder\":true,\"\\u006eum\":0}", SIO_BINARY, 0},
      {"{\"\\u005fplaceholder\":true,\"num\":0}", SIO_OBJECT, 0},
      {"{\"_placeholder\":false,\"_placeholder\":true,\"num\":9,\"num\":1}",
       SIO_BINARY, 1},
      {"{\"_placeholder\":true,\"_placeholder\":1,\"num\":0}", SIO_OBJECT, 0},
      {"{\"_placeholder\":1,\"num\":0}", SIO_OBJECT, 0},
      {"{\"_placeholder\":\"true\",\"num\":0}", SIO_OBJECT, 0},
      {"{\"a\":{\"_placeholder\":true,\"num\":0}}", SIO_OBJECT, 0},
      {"{}", SIO_OBJECT, 0},
      {"{\"_placeholder\":true}", SIO_BINARY, -1},
      {"{\"_placeholder\":true,\"num\":2}", SIO_BINARY, -1},
      {"{\"_placeholder\":true,\"num\":-1}", SIO_BINARY, -1},
      {"{\"_placeholder\":true,\"num\":0.5}", SIO_BINARY, -1},
      {"{\"_placeholder\":true,\"num\":\"0\"}", SIO_BINARY, -1},
  };

  (void)state;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    struct fixture f;
    sio_value value = begin(&f, cases[i].text);
    sio_value key;
    sio_value item;
    sio_iter iter;
    sio_span got = attachments[0];

    assert_int_equal(sio_value_type(value), SIO_OBJECT); /* none as yet */
    assert_int_equal(sio_value_binary(value, &got), SIO_ERR_TYPE);
    f.document.attachments = attachments;
    f.document.n_attachments = 2;
    assert_int_equal(sio_value_type(value), cases[i].type);
    if (cases[i].type == SIO_BINARY && cases[i].index >= 0) {
      assert_int_equal(sio_value_binary(value, &got), 0);
      assert_ptr_equal(got.data, attachments[cases[i].index].data);
      assert_int_equal(got.len, attachments[cases[i].index].len);
    } else {
      assert_int_equal(sio_value_binary(value, &got), SIO_ERR_TYPE);
      assert_null(got.data);
    }
    if (cases[i].type == SIO_BINARY) { /* then it is no object */
      iter = sio_value_iter(value);
      assert_false(sio_iter_next(&iter, &key, &item));
      assert_null(sio_value_member(value, "num").text);
      assert_int_equal(sio_value_count(value), 0);
    }
    end(&f);
  }
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_each_type_answers_only_its_own_questions),
      cmocka_unit_test(test_a_path_can_be_read_without_checks),
      cmocka_unit_test(test_items_are_found_and_counted),
      cmocka_unit_test(test_of_duplicate_members_the_last_counts),
      cmocka_unit_test(test_a_walk_gives_every_member_in_order),
      cmocka_unit_test(test_a_walk_over_an_array_has_no_keys),
      cmocka_unit_test(test_numbers_out_of_range_are_zero),
      cmocka_unit_test(test_an_empty_string_has_an_address),
      cmocka_unit_test(
          test_placeholders_are_binary_where_there_are_attachments),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
