/* SPDX-License-Identifier: MIT */
#include "schema_world.h"

#include <stdio.h>

#include "schema/object.h"

#define PLACE(num) "{\"_placeholder\":true,\"num\":" num "}"

/* All that a thing can have, in the order of its fields. */
#define FULL                                                                   \
  "{\"id\":\"a\",\"label\":\"L\",\"flag\":true,\"i32\":-4,\"i64\":5,"          \
  "\"u32\":6,\"u64\":7,\"real\":0.5,\"hue\":\"green\",\"bytes\":" PLACE(       \
      "1") ",\"at\":{\"x\":1,\"y\":-1},\"any\":[null],"                        \
           "\"when\":\"1970-01-01T00:00:00.007Z\",\"tags\":[\"t\",\"\\n\"],"   \
           "\"path\":[{\"x\":1,\"y\":0},{\"x\":2,\"y\":1}],"                   \
           "\"codes\":[\"abc\"],\"numbers\":[1,2,3,4,5,6,7,8,9,10],"           \
           "\"hues\":[\"red\",\"blue\"],\"blobs\":[" PLACE("0") "],"           \
                                                                "\"rest\":[1," \
                                                                "{}]}"

static void assert_full(const thing *t)
{
  assert_true(sio_str_is(t->id, "a"));
  assert_string_equal(t->label, "L");
  assert_true(t->has_flag && t->flag);
  assert_true(t->has_i32 && t->i32 == -4);
  assert_true(t->has_i64 && t->i64 == 5);
  assert_true(t->has_u32 && t->u32 == 6);
  assert_true(t->has_u64 && t->u64 == 7);
  assert_true(t->has_real && t->real == 0.5);
  assert_true(t->has_hue && t->hue == COLOUR_GREEN);
  assert_true(t->has_bytes && t->bytes.len == 3);
  assert_true(t->has_at && t->at.x == 1 && t->at.y == -1);
  assert_true(t->has_any && sio_value_count(t->any) == 1);
  assert_true(t->has_when && t->when == 7);
  assert_int_equal(t->tags.count, 2);
  assert_true(sio_str_is(t->tags.items[0], "t"));
  assert_true(sio_str_is(t->tags.items[1], "\n"));
  assert_true(t->has_path && t->path.count == 2 && t->path.items[1].x == 2);
  assert_true(t->has_codes && t->codes.count == 1);
  assert_string_equal(t->codes.items[0], "abc");
  assert_true(t->has_numbers && t->numbers.count == 10);
  for (int32_t i = 0; i < 10; i++)
    assert_int_equal(t->numbers.items[i], i + 1);
  assert_true(t->has_hues && t->hues.count == 2);
  assert_int_equal(t->hues.items[1], COLOUR_BLUE);
  assert_true(t->has_blobs && t->blobs.count == 1);
  assert_memory_equal(t->blobs.items[0].data, "zero", 4);
  assert_true(t->has_rest && t->rest.count == 2);
  assert_int_equal(sio_value_type(t->rest.items[1]), SIO_OBJECT);
}

static void test_every_kind_and_mode_is_read(void **state)
{
  struct reading r;
  thing t;

  (void)state;
  reading_begin(&r);
  memset(&t, 0x55, sizeof t);
  assert_int_equal(read_args(&r, thing_schema(), FULL, &t), 0);
  assert_full(&t);
  assert_int_equal(r.mismatches.count, 0);
  reading_end(&r);
}

static void test_what_is_missing_has_its_default_or_nothing(void **state)
{
  struct reading r;
  thing t;

  (void)state;
  reading_begin(&r);
  memset(&t, 0x55, sizeof t);
  assert_int_equal(read_args(&r, thing_schema(), " { \"id\" : \"x\" } ", &t),
                   0);
  assert_string_equal(t.label, "none");
  assert_false(t.has_flag || t.has_i32 || t.has_i64 || t.has_at || t.has_path);
  assert_false(t.flag);
  assert_int_equal(t.i64, 0);
  assert_int_equal(t.tags.count, 0);
  assert_int_equal(t.path.count, 0);
  assert_refused(&r, thing_schema(), "{}", &t, "args[0].id",
                 "a string of 1 to 8 characters", "nothing");
  reading_end(&r);
}

static void test_members_may_come_in_any_order_among_others(void **state)
{
  struct reading r;
  point p;

  (void)state;
  reading_begin(&r);
  assert_int_equal(
      read_args(&r, point_schema(),
                "{\"z\":[{\"y\":5}], \"y\" : 0.25 ,\"\":{},\"x\":3,\"yy\":1}",
                &p),
      0);
  assert_true(p.x == 3 && p.y == 0.25);
  assert_int_equal(
      read_args(&r, point_schema(), "{\"\\u0079\":0.5,\"\\u0078\":4}", &p), 0);
  assert_true(p.x == 4 && p.y == 0.5);
  reading_end(&r);
}

static void test_of_duplicates_the_last_one_counts(void **state)
{
  static const struct {
    const char *text;
    int err;
    bool has;
    int64_t i64;
  } cases[] = {
      {"{\"id\":\"a\",\"i64\":1,\"i64\":2}", 0, true, 2},
      {"{\"id\":\"a\",\"i64\":1,\"\\u0069\\u00364\":3}", 0, true, 3},
      {"{\"id\":\"a\",\"i64\":1,\"i64\":null}", 0, false, 0},
      {"{\"id\":\"a\",\"i64\":null,\"i64\":4}", 0, true, 4},
      {"{\"id\":\"a\",\"i64\":\"x\",\"i64\":5}", 0, true, 5},
      {"{\"id\":5,\"i64\":\"x\",\"id\":\"a\",\"i64\":6}", 0, true, 6},
      {"{\"id\":\"a\",\"i64\":7,\"i64\":\"x\"}", SIO_ERR_TYPE, false, 0},
      {"{\"id\":\"a\",\"i64\":\"x\",\"i64\":8,\"i64\":null}", 0, false, 0},
      {"{\"id\":\"a\",\"i64\":9,\"at\":{\"x\":1,\"y\":8,\"y\":0}}", 0, true, 9},
      {"{\"id\":\"a\",\"i64\":1,\"at\":{},\"at\":{\"y\":0,\"x\":1}}", 0, true,
       1},
      {"{\"id\":\"a\",\"i64\":1,\"at\":{\"y\":0,\"x\":1},\"at\":{\"y\":0}}",
       SIO_ERR_TYPE, false, 0},
  };
  struct reading r;
  thing t;

  (void)state;
  reading_begin(&r);
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    int err = read_args(&r, thing_schema(), cases[i].text, &t);

    if (err != cases[i].err)
      fail_msg("%s: %d", cases[i].text, err);
    if (err == 0) {
      assert_int_equal(t.has_i64, cases[i].has);
      assert_int_equal(t.i64, cases[i].i64);
    } else {
      assert_int_equal(r.mismatches.count, 1);
    }
    /* Without anyone to report to, it is all the same. */
    assert_int_equal(
        sio_schema_read_args(thing_schema(), &r.args, &t, r.arena, NULL), err);
  }
  reading_end(&r);
}

static void test_null_is_nothing_only_where_it_may_be(void **state)
{
  struct reading r;
  thing t;

  (void)state;
  reading_begin(&r);
  assert_int_equal(
      read_args(&r, thing_schema(), "{\"id\":\"a\",\"i64\":null}", &t), 0);
  assert_false(t.has_i64);
  assert_refused(&r, thing_schema(), "{\"id\":\"a\",\"i32\":null}", &t,
                 "args[0].i32", "a whole number from -2147483648 to 2147483647",
                 "null");
  assert_refused(&r, thing_schema(), "{\"id\":\"a\",\"i64\":\"\"}", &t,
                 "args[0].i64",
                 "a whole number from -9223372036854775808 to "
                 "9223372036854775807 or null",
                 "a string");
  assert_int_equal(
      read_args(&r, thing_schema(), "{\"id\":\"a\",\"any\":null}", &t), 0);
  assert_true(t.has_any);
  reading_end(&r);
}

static void test_arrays_have_bounds(void **state)
{
  struct reading r;
  thing t;

  (void)state;
  reading_begin(&r);
  assert_refused(&r, thing_schema(), "{\"id\":\"a\",\"tags\":3}", &t,
                 "args[0].tags", "an array of up to 4 items", "3");
  assert_refused(&r, thing_schema(),
                 "{\"id\":\"a\",\"tags\":[\"1\",\"2\",\"3\",\"4\", 5, {}]}", &t,
                 "args[0].tags", "an array of up to 4 items", "6 items");
  assert_refused(&r, thing_schema(), "{\"id\":\"a\",\"numbers\":[ ]}", &t,
                 "args[0].numbers", "an array of at least 1 item", "0 items");
  assert_refused(&r, thing_schema(), "{\"id\":\"a\",\"tags\":[\"1\",\"\"]}", &t,
                 "args[0].tags[1]", "a string of 1 to 20 characters",
                 "0 characters");
  assert_refused(
      &r, thing_schema(),
      "{\"id\":\"a\",\"path\":[{\"x\":1,\"y\":1},{\"x\":1,\"y\":2}]}", &t,
      "args[0].path[1].y", "a number from -1 to 1", "2");
  assert_int_equal(read_args(&r, thing_schema(),
                             "{\"id\":\"a\",\"tags\":[\"1\",\"2\",\"3\",\"4\"]"
                             ",\"path\" : [ ] }",
                             &t),
                   0);
  assert_int_equal(t.tags.count, 4);
  assert_true(t.has_path);
  assert_int_equal(t.path.count, 0);
  reading_end(&r);
}

static void test_checks_of_the_host_come_last(void **state)
{
  struct reading r;
  thing t;

  (void)state;
  reading_begin(&r);
  assert_refused(&r, thing_schema(), "{\"id\":\"a\",\"i32\":3}", &t,
                 "args[0].i32", "an even number", "3");
  assert_refused(&r, thing_schema(), "{\"id\":\"a\",\"i32\":\"3\"}", &t,
                 "args[0].i32", "a whole number from -2147483648 to 2147483647",
                 "a string");
  reading_end(&r);
}

static const char *check_order(const void *value)
{
  const point *p = value;

  return p->x <= p->y ? NULL : "x up to y";
}

static void test_types_that_know_all_members_refuse_others(void **state)
{
  sio_schema strict = *point_schema();
  struct reading r;
  point p;

  (void)state;
  reading_begin(&r);
  strict.unknown = SIO_UNKNOWN_REFUSE;
  strict.check = check_order;
  assert_int_equal(read_args(&r, &strict, "{\"x\":0,\"y\":1},5", &p),
                   SIO_ERR_TYPE);
  assert_int_equal(read_args(&r, &strict, "{\"x\":0,\"y\":1}", &p), 0);
  assert_refused(&r, &strict, "{\"x\":0,\"y\":1,\"zed\":\"\"}", &p,
                 "args[0].zed", "no such member", "a string");
  assert_refused(&r, &strict, "{\"x\":1,\"y\":0}", &p, "args[0]", "x up to y",
                 "an object");
  reading_end(&r);
}

static void test_attachments_are_no_objects(void **state)
{
  struct reading r;
  point p;

  (void)state;
  reading_begin(&r);
  assert_refused(&r, point_schema(), PLACE("1"), &p, "args[0]", "an object",
                 "binary data");
  assert_refused(&r, point_schema(),
                 "{\"x\":\"\",\"_placeholder\":true,\"num\":0,\"y\":0}", &p,
                 "args[0]", "an object", "binary data");
  assert_int_equal(read_args(&r, point_schema(),
                             "{\"x\":0,\"_placeholder\":true,\"y\":0,"
                             "\"_placeholder\":false}",
                             &p),
                   0);
  assert_int_equal(read_args(&r, point_schema(),
                             "{\"x\":0,\"\\u005fplaceholder\":true,\"y\":0}",
                             &p),
                   0);
  reading_end(&r);
}

/* A tree as deep as `depth`, each level of which is an object in an array. */
static void grow_tree(char *text, int depth)
{
  *text = '\0';
  for (int i = 0; i < depth; i++)
    text += sprintf(text, "{\"name\":\"%d\",\"children\":[", i);
  for (int i = 0; i < depth; i++)
    text += sprintf(text, "]}");
}

static void test_nesting_ends_at_64(void **state)
{
  static char text[4096];
  struct reading r;
  node n;

  (void)state;
  reading_begin(&r);
  grow_tree(text, 32);
  assert_int_equal(read_args(&r, node_schema(), text, &n), 0);
  for (const node *at = &n; at->children.count > 0; at = at->children.items)
    assert_int_equal(at->children.count, 1);
  grow_tree(text, 33);
  assert_int_equal(read_args(&r, node_schema(), text, &n), SIO_ERR_TYPE);
  assert_int_equal(r.mismatches.count, 1);
  assert_string_equal(r.mismatches.items[0].found, "deeper nesting");
  /* The path is cut, and still ends properly. */
  assert_int_equal(strlen(r.mismatches.items[0].path),
                   sizeof r.mismatches.items[0].path - 1);
  reading_end(&r);
}

static void test_an_array_of_nothing_much_meets_the_cap(void **state)
{
  enum { ITEMS = 30000 };
  static char text[ITEMS * 3 + 32];
  struct reading r;
  char *at = text;
  node n;

  (void)state;
  reading_begin(&r);
  at += sprintf(at, "{\"name\":\"\",\"children\":[");
  for (int i = 0; i < ITEMS; i++)
    at += sprintf(at, "%s{}", i == 0 ? "" : ",");
  (void)sprintf(at, "]}");
  assert_int_equal(read_args(&r, node_schema(), text, &n), SIO_ERR_LIMIT);
  assert_true(r.mem.live_bytes < 4 * 65536);
  reading_end(&r);
}

static void read_twice(struct test_mem *mem, void *user)
{
  struct sio_document document;
  sio_arena *arena = sio_arena_new(&mem->allocator, 65536);
  static const char text[] = "{\"id\":5,\"id\":\"\\u0061\",\"tags\":[\"\\n\"],"
                             "\"label\":\"\\t\",\"numbers\":[1,2,3,4,5,6,7,8,9,"
                             "10,11,12,13,14,15,16,17],\"path\":[{\"x\":1,"
                             "\"y\":0}]}";
  thing t;
  int err;

  (void)user;
  if (arena == NULL) {
    assert_true(mem->fired);
    return;
  }
  sio__document_init(&document, text, sizeof text - 1, &mem->allocator);
  err = sio_schema_read(thing_schema(), sio__document_value(&document), &t,
                        arena, NULL);
  assert_int_equal(err, mem->fired ? SIO_ERR_NOMEM : 0);
  sio__document_dispose(&document);
  sio_arena_free(arena);
}

static void test_reading_survives_every_failed_allocation(void **state)
{
  (void)state;
  assert_true(test_every_allocation(read_twice, NULL) > 1);
}

/* What an older header did not know of fields and types is not looked at. */
static void test_shorter_declarations_of_older_headers_are_read(void **state)
{
  enum { OLD_FIELD = offsetof(sio_field, doc) };
  unsigned char *fields = malloc(2 * OLD_FIELD);
  sio_schema *old = malloc(offsetof(sio_schema, doc));
  struct reading r;
  point p;

  (void)state;
  reading_begin(&r);
  assert_non_null(fields);
  assert_non_null(old);
  memcpy(old, point_schema(), offsetof(sio_schema, doc));
  for (size_t i = 0; i < 2; i++)
    memcpy(fields + i * OLD_FIELD, &point_schema()->fields[i], OLD_FIELD);
  old->size = offsetof(sio_schema, doc);
  old->field_size = OLD_FIELD;
  old->fields = (const sio_field *)(const void *)fields;
  assert_int_equal(sio_schema_check(old, NULL), 0);
  assert_int_equal(read_args(&r, old, "{\"x\":1,\"z\":0,\"y\":1}", &p), 0);
  assert_true(p.x == 1 && p.y == 1);
  assert_int_equal(read_args(&r, old, "{\"x\":1,\"y\":2}", &p), SIO_ERR_TYPE);
  reading_end(&r);
  free(old);
  free(fields);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_every_kind_and_mode_is_read),
      cmocka_unit_test(test_what_is_missing_has_its_default_or_nothing),
      cmocka_unit_test(test_members_may_come_in_any_order_among_others),
      cmocka_unit_test(test_of_duplicates_the_last_one_counts),
      cmocka_unit_test(test_null_is_nothing_only_where_it_may_be),
      cmocka_unit_test(test_arrays_have_bounds),
      cmocka_unit_test(test_checks_of_the_host_come_last),
      cmocka_unit_test(test_types_that_know_all_members_refuse_others),
      cmocka_unit_test(test_attachments_are_no_objects),
      cmocka_unit_test(test_nesting_ends_at_64),
      cmocka_unit_test(test_an_array_of_nothing_much_meets_the_cap),
      cmocka_unit_test(test_reading_survives_every_failed_allocation),
      cmocka_unit_test(test_shorter_declarations_of_older_headers_are_read),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
