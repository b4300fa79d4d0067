/* SPDX-License-Identifier: MIT */
#include "schema_world.h"

#include <stdio.h>

#include "json/write.h"

/* The fields of a macro's type added one by one. */
static int rebuild(sio_schema *schema, const sio_schema *like,
                   const sio_schema *colours, const sio_schema *points)
{
  int err = 0;

  for (size_t i = 0; i < like->n_fields && err == 0; i++) {
    const sio_field *f = &like->fields[i];
    const sio_schema *type = f->kind == SIO_KIND_ENUMERATION ? colours
                             : f->kind == SIO_KIND_OBJECT    ? points
                                                             : NULL;

    err = sio_schema_add_field(schema, f->name, (sio_mode)f->mode,
                               (sio_kind)f->kind, type, f->item_size);
    if (err == 0)
      err = sio_schema_set_format(schema, (sio_format)f->format);
    if (err == 0)
      err = sio_schema_set_length(schema, f->min_length, f->max_length);
    if (err == 0)
      err = sio_schema_set_items(schema, f->min_items, f->max_items);
    if (err == 0 && f->has_min)
      err = sio_schema_set_min(schema, f->min);
    if (err == 0 && f->has_max)
      err = sio_schema_set_max(schema, f->max);
    if (err == 0)
      err = sio_schema_set_nullable(schema, f->nullable);
    if (err == 0)
      err = sio_schema_set_default(schema, f->fallback);
    if (err == 0)
      err = sio_schema_set_field_doc(schema, f->doc);
    if (err == 0)
      err = sio_schema_set_field_check(schema, f->check);
  }
  return err;
}

struct types {
  sio_schema *colours, *points, *things;
};

static int build_types(struct types *t, const sio_allocator *mem)
{
  int err = SIO_ERR_NOMEM;

  t->colours = sio_schema_new(mem, "colour", SIO_SHAPE_ENUMERATION);
  t->points = sio_schema_new(mem, "point", SIO_SHAPE_OBJECT);
  t->things = sio_schema_new(mem, "thing", SIO_SHAPE_OBJECT);
  if (t->colours != NULL && t->points != NULL && t->things != NULL)
    err = sio_schema_add_name(t->colours, "red", COLOUR_RED);
  if (err == 0)
    err = sio_schema_add_name(t->colours, "green", COLOUR_GREEN);
  if (err == 0)
    err = sio_schema_add_name(t->colours, "blue", COLOUR_BLUE);
  if (err == 0)
    err = sio_schema_set_doc(t->points, "a point");
  if (err == 0)
    err = rebuild(t->points, point_schema(), NULL, NULL);
  if (err == 0)
    err = rebuild(t->things, thing_schema(), t->colours, t->points);
  return err;
}

static void free_types(struct types *t)
{
  sio_schema_free(t->things);
  sio_schema_free(t->points);
  sio_schema_free(t->colours);
}

static void test_the_layout_is_that_of_c(void **state)
{
  struct types t;

  (void)state;
  assert_int_equal(build_types(&t, NULL), 0);
  assert_int_equal(sio_schema_struct_size(t.things), sizeof(thing));
  assert_int_equal(sio_schema_struct_size(t.points), sizeof(point));
  assert_int_equal(sio_schema_struct_size(thing_schema()), sizeof(thing));
  for (size_t i = 0; i < thing_schema()->n_fields; i++) {
    const sio_field *f = &thing_schema()->fields[i];
    size_t has;

    assert_int_equal(sio_schema_offset(t.things, f->name, &has), f->offset);
    if (f->mode == SIO_MODE_OPTIONAL || f->mode == SIO_MODE_OPTIONAL_LIST)
      assert_int_equal(has, f->has_offset);
    else
      assert_true(has == SIZE_MAX);
  }
  assert_true(sio_schema_offset(t.things, "other", NULL) == SIZE_MAX);
  assert_int_equal(sio_schema_check(t.things, NULL), 0);
  assert_string_equal(t.points->doc, "a point");
  free_types(&t);
  sio_schema_free(NULL);
}

static void test_built_types_are_read_and_written_as_declared_ones(void **state)
{
  static const char text[] =
      "{\"id\":\"a\",\"label\":\"none\",\"hue\":\"blue\",\"tags\":[],"
      "\"path\":[{\"x\":1,\"y\":0},{\"x\":2,\"y\":1}]}";
  sio_payload *p = sio_payload_new(NULL);
  struct reading r;
  struct types t;
  thing got;

  (void)state;
  reading_begin(&r);
  assert_int_equal(build_types(&t, NULL), 0);
  assert_int_equal(
      read_args(&r, t.things,
                "{\"id\":\"a\",\"hue\":\"blue\",\"path\":[{\"x\":1,\"y\":0},"
                "{\"x\":2,\"y\":1}]}",
                &got),
      0);
  assert_int_equal(got.hue, COLOUR_BLUE);
  assert_true(got.path.items[1].x == 2);
  sio_payload_struct(p, t.things, &got);
  assert_int_equal(sio_payload_error(p), 0);
  assert_int_equal(p->json.len, sizeof text - 1);
  assert_memory_equal(p->json.data, text, sizeof text - 1);
  assert_refused(&r, t.things, "{\"id\":\"a\",\"i32\":3}", &got, "args[0].i32",
                 "an even number", "3");
  sio_payload_free(p);
  free_types(&t);
  reading_end(&r);
}

static void test_a_type_may_have_items_of_itself(void **state)
{
  sio_schema *tree = sio_schema_new(NULL, "tree", SIO_SHAPE_OBJECT);
  sio_arena *arena = sio_arena_new(NULL, 10000);
  struct sio_document document;
  static const char text[] = "{\"n\":1,\"sub\":[{\"n\":2,\"sub\":[]},"
                             "{\"n\":3,\"sub\":[{\"n\":4}]}]}";
  struct tree {
    struct {
      const struct tree *items;
      size_t count;
    } sub;
    int32_t n;
  } got;

  (void)state;
  assert_int_equal(sio_schema_add_field(tree, "sub", SIO_MODE_LIST,
                                        SIO_KIND_OBJECT, tree, 0),
                   0);
  assert_int_equal(sio_schema_set_default(tree, "[]"), 0);
  assert_int_equal(sio_schema_add_field(tree, "n", SIO_MODE_REQUIRED,
                                        SIO_KIND_INT32, NULL, 0),
                   0);
  assert_int_equal(sio_schema_check(tree, NULL), 0);
  assert_int_equal(sio_schema_struct_size(tree), sizeof(struct tree));
  sio__document_init(&document, text, sizeof text - 1, NULL);
  assert_int_equal(
      sio_schema_read(tree, sio__document_value(&document), &got, arena, NULL),
      0);
  assert_int_equal(got.sub.items[1].sub.items[0].n, 4);
  sio_arena_free(arena);
  sio_schema_free(tree);
}

static void test_what_does_not_go_together_is_refused(void **state)
{
  struct types t;
  sio_schema *s = sio_schema_new(NULL, "s", SIO_SHAPE_ARGUMENTS);

  (void)state;
  assert_int_equal(build_types(&t, NULL), 0);
  assert_null(sio_schema_new(NULL, NULL, SIO_SHAPE_OBJECT));
  assert_null(sio_schema_new(NULL, "a", (sio_shape)0));
  assert_null(sio_schema_new(NULL, "a", (sio_shape)4));
  assert_int_equal(sio_schema_set_format(s, SIO_FORMAT_URI), SIO_ERR_INVALID);
  assert_int_equal(sio_schema_set_length(s, 1, 1), SIO_ERR_INVALID);
  assert_int_equal(sio_schema_set_items(s, 1, 1), SIO_ERR_INVALID);
  assert_int_equal(sio_schema_set_min(s, 1), SIO_ERR_INVALID);
  assert_int_equal(sio_schema_set_max(s, 1), SIO_ERR_INVALID);
  assert_int_equal(sio_schema_set_nullable(s, true), SIO_ERR_INVALID);
  assert_int_equal(sio_schema_set_default(s, "1"), SIO_ERR_INVALID);
  assert_int_equal(sio_schema_set_field_doc(s, "a"), SIO_ERR_INVALID);
  assert_int_equal(sio_schema_set_field_check(s, NULL), SIO_ERR_INVALID);
  assert_int_equal(sio_schema_add_name(s, "a", 1), SIO_ERR_INVALID);
  assert_int_equal(sio_schema_add_name(t.colours, NULL, 1), SIO_ERR_INVALID);
#define ADD(name, mode, kind, type, size)                                      \
  sio_schema_add_field(s, (name), (sio_mode)(mode), (sio_kind)(kind), (type),  \
                       (size))
  assert_int_equal(ADD(NULL, 1, SIO_KIND_INT32, NULL, 0), SIO_ERR_INVALID);
  assert_int_equal(ADD("a", 0, SIO_KIND_INT32, NULL, 0), SIO_ERR_INVALID);
  assert_int_equal(ADD("a", 5, SIO_KIND_INT32, NULL, 0), SIO_ERR_INVALID);
  assert_int_equal(ADD("a", 1, 0, NULL, 0), SIO_ERR_INVALID);
  assert_int_equal(ADD("a", 1, 14, NULL, 0), SIO_ERR_INVALID);
  assert_int_equal(ADD("a", 1, SIO_KIND_INT32, t.points, 0), SIO_ERR_INVALID);
  assert_int_equal(ADD("a", 1, SIO_KIND_OBJECT, NULL, 0), SIO_ERR_INVALID);
  assert_int_equal(ADD("a", 1, SIO_KIND_OBJECT, t.colours, 0), SIO_ERR_INVALID);
  assert_int_equal(ADD("a", 1, SIO_KIND_ENUMERATION, t.points, 0),
                   SIO_ERR_INVALID);
  assert_int_equal(ADD("a", 1, SIO_KIND_TEXT, NULL, 0), SIO_ERR_INVALID);
  assert_int_equal(ADD("a", 1, SIO_KIND_TEXT, NULL, SIZE_MAX), SIO_ERR_INVALID);
  assert_int_equal(sio_schema_add_field(t.points, "self", SIO_MODE_REQUIRED,
                                        SIO_KIND_OBJECT, t.points, 0),
                   SIO_ERR_INVALID);
  assert_int_equal(sio_schema_add_field(t.colours, "a", SIO_MODE_REQUIRED,
                                        SIO_KIND_INT32, NULL, 0),
                   SIO_ERR_INVALID);
  assert_int_equal(ADD("a", 1, SIO_KIND_TEXT, NULL, UINT32_MAX / 2), 0);
  assert_int_equal(ADD("b", 1, SIO_KIND_TEXT, NULL, UINT32_MAX / 2),
                   SIO_ERR_INVALID);
  assert_int_equal(s->n_fields, 1);
  sio_schema_free(s);
  free_types(&t);
}

/* A type that grows after it has become a part of another. */
static void test_a_part_that_has_grown_is_found_out(void **state)
{
  struct types t;
  const char *why;

  (void)state;
  assert_int_equal(build_types(&t, NULL), 0);
  assert_int_equal(sio_schema_add_field(t.points, "z", SIO_MODE_REQUIRED,
                                        SIO_KIND_NUMBER, NULL, 0),
                   0);
  assert_int_equal(sio_schema_check(t.things, &why), SIO_ERR_INVALID);
  assert_non_null(strstr(why, "size"));
  free_types(&t);
}

static const char *refuse(const void *value)
{
  (void)value;
  return "something else";
}

static void test_a_type_as_a_whole_has_settings_too(void **state)
{
  struct reading r;
  struct types t;
  point p;

  (void)state;
  reading_begin(&r);
  assert_int_equal(build_types(&t, NULL), 0);
  sio_schema_set_unknown(t.points, SIO_UNKNOWN_REFUSE);
  assert_refused(&r, t.points, "{\"x\":1,\"y\":1,\"z\":1}", &p, "args[0].z",
                 "no such member", "1");
  sio_schema_set_check(t.points, refuse);
  assert_refused(&r, t.points, "{\"x\":1,\"y\":1}", &p, "args[0]",
                 "something else", "an object");
  assert_int_equal(sio_schema_set_doc(t.points, NULL), 0);
  assert_null(t.points->doc);
  free_types(&t);
  reading_end(&r);
}

static void test_a_type_has_up_to_256_fields(void **state)
{
  sio_schema *s = sio_schema_new(NULL, "many", SIO_SHAPE_OBJECT);
  struct reading r;
  int32_t out[256];
  char name[8];

  (void)state;
  reading_begin(&r);
  for (int i = 0; i < 256; i++) {
    (void)snprintf(name, sizeof name, "f%d", i);
    assert_int_equal(sio_schema_add_field(s, name, SIO_MODE_REQUIRED,
                                          SIO_KIND_INT32, NULL, 0),
                     0);
    assert_int_equal(sio_schema_set_default(s, "9"), 0);
  }
  assert_int_equal(
      sio_schema_add_field(s, "f", SIO_MODE_REQUIRED, SIO_KIND_INT32, NULL, 0),
      SIO_ERR_INVALID);
  assert_int_equal(sio_schema_check(s, NULL), 0);
  assert_int_equal(
      read_args(&r, s, "{\"f255\":1,\"f64\":2,\"f63\":3,\"f0\":4}", out), 0);
  assert_int_equal(out[255], 1);
  assert_int_equal(out[64], 2);
  assert_int_equal(out[63], 3);
  assert_int_equal(out[0], 4);
  assert_int_equal(out[1], 9);
  sio_schema_free(s);
  reading_end(&r);
}

static void build(struct test_mem *mem, void *user)
{
  struct types t;
  int err = build_types(&t, &mem->allocator);

  (void)user;
  assert_int_equal(err, mem->fired ? SIO_ERR_NOMEM : 0);
  free_types(&t);
}

static void test_building_survives_every_failed_allocation(void **state)
{
  (void)state;
  assert_true(test_every_allocation(build, NULL) > 20);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_the_layout_is_that_of_c),
      cmocka_unit_test(test_built_types_are_read_and_written_as_declared_ones),
      cmocka_unit_test(test_a_type_may_have_items_of_itself),
      cmocka_unit_test(test_what_does_not_go_together_is_refused),
      cmocka_unit_test(test_a_part_that_has_grown_is_found_out),
      cmocka_unit_test(test_a_type_as_a_whole_has_settings_too),
      cmocka_unit_test(test_a_type_has_up_to_256_fields),
      cmocka_unit_test(test_building_survives_every_failed_allocation),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
