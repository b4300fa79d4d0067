/* SPDX-License-Identifier: MIT */
#include "schema_world.h"

#include <math.h>

#include "json/write.h"

static void assert_written(sio_payload *p, const sio_schema *schema,
                           const void *value, const char *want)
{
  sio_payload_reset(p);
  sio_payload_struct(p, schema, value);
  assert_int_equal(sio__payload_check(p), 0);
  assert_int_equal(p->json.len, strlen(want));
  assert_memory_equal(p->json.data, want, p->json.len);
}

static void assert_fails(sio_payload *p, const sio_schema *schema,
                         const void *value, int err)
{
  sio_payload_reset(p);
  sio_payload_struct(p, schema, value);
  assert_int_equal(sio_payload_error(p), err);
}

static void test_every_kind_and_mode_is_written(void **state)
{
  static const sio_str tags[] = {{"t", 1}, {"\n", 1}};
  static const point path[] = {{1, 0}, {2, 1}};
  static const char codes[][4] = {"abc", {'w', 'x', 'y', 'z'}};
  static const int32_t numbers[] = {-1, 2};
  static const colour hues[] = {COLOUR_RED, COLOUR_BLUE};
  static const sio_span blobs[] = {{(const uint8_t *)"b", 1}, {NULL, 0}};
  struct sio_document document;
  sio_payload *p = sio_payload_new(NULL);
  thing t = {
      .id = {"a", 1},
      .label = "L",
      .flag = true,
      .has_flag = true,
      .i32 = INT32_MIN,
      .has_i32 = true,
      .i64 = INT64_MIN,
      .has_i64 = true,
      .u32 = UINT32_MAX,
      .has_u32 = true,
      .u64 = UINT64_MAX,
      .has_u64 = true,
      .real = 0.5,
      .has_real = true,
      .hue = COLOUR_GREEN,
      .has_hue = true,
      .bytes = {(const uint8_t *)"one", 3},
      .has_bytes = true,
      .at = {1, -1},
      .has_at = true,
      .has_any = true,
      .when = 7,
      .has_when = true,
      .tags = {tags, 2},
      .path = {path, 2},
      .has_path = true,
      .codes = {codes, 2},
      .has_codes = true,
      .numbers = {numbers, 2},
      .has_numbers = true,
      .hues = {hues, 2},
      .has_hues = true,
      .blobs = {blobs, 2},
      .has_blobs = true,
      .rest = {NULL, 0},
      .has_rest = true,
  };

  (void)state;
  sio__document_init(&document, "[null]", 6, NULL);
  t.any = sio__document_value(&document);
  assert_written(
      p, thing_schema(), &t,
      "{\"id\":\"a\",\"label\":\"L\",\"flag\":true,\"i32\":-2147483648,"
      "\"i64\":-9223372036854775808,\"u32\":4294967295,"
      "\"u64\":18446744073709551615,\"real\":0.5,\"hue\":\"green\","
      "\"bytes\":{\"_placeholder\":true,\"num\":0},\"at\":{\"x\":1,\"y\":-1},"
      "\"any\":[null],\"when\":\"1970-01-01T00:00:00.007Z\","
      "\"tags\":[\"t\",\"\\n\"],\"path\":[{\"x\":1,\"y\":0},{\"x\":2,\"y\":1}],"
      "\"codes\":[\"abc\",\"wxyz\"],\"numbers\":[-1,2],"
      "\"hues\":[\"red\",\"blue\"],\"blobs\":[{\"_placeholder\":true,"
      "\"num\":1},{\"_placeholder\":true,\"num\":2}],\"rest\":[]}");
  assert_int_equal(p->n_attachments, 3);
  sio_payload_free(p);
}

static void test_what_is_not_there_is_not_written(void **state)
{
  sio_payload *p = sio_payload_new(NULL);
  thing t = {.i32 = 5};

  (void)state;
  assert_written(p, thing_schema(), &t,
                 "{\"id\":\"\",\"label\":\"\",\"tags\":[]}");
  assert_written(p, NULL, NULL, "");
  sio_payload_free(p);
}

static void test_arguments_are_written_one_by_one(void **state)
{
  static const sio_field fields[] = {
      {.name = "a",
       .kind = SIO_KIND_INT32,
       .mode = SIO_MODE_OPTIONAL,
       .item_size = 4,
       .has_offset = 8},
      {.name = "b",
       .kind = SIO_KIND_INT32,
       .mode = SIO_MODE_OPTIONAL,
       .item_size = 4,
       .offset = 4,
       .has_offset = 9},
  };
  static const sio_schema two = {.size = sizeof(sio_schema),
                                 .field_size = sizeof(sio_field),
                                 .name = "two",
                                 .shape = SIO_SHAPE_ARGUMENTS,
                                 .struct_size = 12,
                                 .fields = fields,
                                 .n_fields = 2};
  struct {
    int32_t a, b;
    bool has_a, has_b;
  } args = {1, 2, false, false};
  sio_payload *p = sio_payload_new(NULL);
  move m = {.who = {"me", 2}, .speed = 3, .has_speed = true};
  colour hue = COLOUR_BLUE;

  (void)state;
  assert_written(p, move_schema(), &m, "\"me\",{\"x\":0,\"y\":0},3");
  m.has_speed = false;
  assert_written(p, move_schema(), &m, "\"me\",{\"x\":0,\"y\":0}");
  assert_written(p, &two, &args, "");
  args.has_b = true;
  assert_written(p, &two, &args, "null,2");
  args.has_a = true;
  assert_written(p, &two, &args, "1,2");
  assert_written(p, colour_schema(), &hue, "\"blue\"");
  sio_payload_free(p);
}

static void test_what_cannot_be_written_is_an_error(void **state)
{
  sio_payload *p = sio_payload_new(NULL);
  colour none = (colour)77;
  point p1 = {NAN, 0};
  point p2 = {0, -INFINITY};
  thing t;

  (void)state;
  assert_fails(p, colour_schema(), &none, SIO_ERR_RANGE);
  assert_fails(p, point_schema(), &p1, SIO_ERR_RANGE);
  assert_fails(p, point_schema(), &p2, SIO_ERR_RANGE);
  memset(&t, 0, sizeof t);
  t.id = sio_s("\xFF");
  assert_fails(p, thing_schema(), &t, SIO_ERR_UTF8);
  t.id = sio_s("a");
  memcpy(t.label, "\xC3\xA9", 2);
  assert_fails(p, thing_schema(), &t, 0);
  memset(t.label, 'a', sizeof t.label - 1);
  t.label[11] = '\xC3'; /* cut off by the end of the field */
  assert_fails(p, thing_schema(), &t, SIO_ERR_UTF8);
  memset(t.label, 0, sizeof t.label);
  t.has_when = true;
  t.when = INT64_MAX;
  assert_fails(p, thing_schema(), &t, SIO_ERR_RANGE);
  t.when = INT64_MIN;
  assert_fails(p, thing_schema(), &t, SIO_ERR_RANGE);
  sio_payload_struct(p, colour_schema(), &none); /* the first error stays */
  assert_int_equal(sio_payload_error(p), SIO_ERR_RANGE);
  sio_payload_free(p);
}

static void test_nesting_has_an_end(void **state)
{
  node nodes[40];
  sio_payload *p = sio_payload_new(NULL);

  (void)state;
  memset(nodes, 0, sizeof nodes);
  for (size_t i = 0; i + 1 < 40; i++) {
    nodes[i].children.items = &nodes[i + 1];
    nodes[i].children.count = 1;
  }
  assert_fails(p, node_schema(), &nodes[8], 0);
  assert_fails(p, node_schema(), &nodes[7], SIO_ERR_STATE);
  nodes[39].children.items = &nodes[0]; /* round and round */
  nodes[39].children.count = 1;
  assert_fails(p, node_schema(), &nodes[0], SIO_ERR_STATE);
  sio_payload_free(p);
}

static void write(struct test_mem *mem, void *user)
{
  static const sio_span blobs[] = {{(const uint8_t *)"b", 1}, {NULL, 0}};
  sio_payload *p = sio_payload_new(&mem->allocator);
  thing t = {.id = {"some text that makes the buffer grow", 36},
             .blobs = {blobs, 2},
             .has_blobs = true};

  (void)user;
  if (p == NULL) {
    assert_true(mem->fired);
    return;
  }
  for (int i = 0; i < 5; i++)
    sio_payload_struct(p, thing_schema(), &t);
  assert_int_equal(sio_payload_error(p), mem->fired ? SIO_ERR_NOMEM : 0);
  sio_payload_free(p);
}

static void test_writing_survives_every_failed_allocation(void **state)
{
  (void)state;
  assert_true(test_every_allocation(write, NULL) > 3);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_every_kind_and_mode_is_written),
      cmocka_unit_test(test_what_is_not_there_is_not_written),
      cmocka_unit_test(test_arguments_are_written_one_by_one),
      cmocka_unit_test(test_what_cannot_be_written_is_an_error),
      cmocka_unit_test(test_nesting_has_an_end),
      cmocka_unit_test(test_writing_survives_every_failed_allocation),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
