/* SPDX-License-Identifier: MIT */
#include "schema_world.h"

static void assert_bad(const sio_schema *schema, const char *part)
{
  const char *why = NULL;

  assert_int_equal(sio_schema_check(schema, &why), SIO_ERR_INVALID);
  assert_non_null(why);
  if (strstr(why, part) == NULL)
    fail_msg("%s, not %s", why, part);
  assert_int_equal(sio_schema_check(schema, NULL), SIO_ERR_INVALID);
}

static void test_what_the_macros_declare_is_sound(void **state)
{
  const char *why = "";

  (void)state;
  assert_int_equal(sio_schema_check(thing_schema(), &why), 0);
  assert_null(why);
  assert_int_equal(sio_schema_check(node_schema(), &why), 0);
  assert_int_equal(sio_schema_check(move_schema(), &why), 0);
  assert_int_equal(sio_schema_check(colour_schema(), &why), 0);
  assert_int_equal(sio_schema_check(NULL, &why), 0);
  assert_int_equal(sio_schema_check(sio_none_schema(), NULL), 0);
}

static void test_types_say_who_they_are(void **state)
{
  static const struct {
    size_t size, field_size;
    const char *name;
    uint32_t shape;
    const char *doc;
    uint32_t unknown;
    const char *why;
  } cases[] = {
      {0, sizeof(sio_field), "a", 1, NULL, 0, "size"},
      {sizeof(sio_schema), 0, "a", 1, NULL, 0, "size"},
      {sizeof(sio_schema), sizeof(sio_field) + 1, "a", 1, NULL, 0, "size"},
      {sizeof(sio_schema), sizeof(sio_field), NULL, 1, NULL, 0, "identifier"},
      {sizeof(sio_schema), sizeof(sio_field), "", 1, NULL, 0, "identifier"},
      {sizeof(sio_schema), sizeof(sio_field), "1a", 1, NULL, 0, "identifier"},
      {sizeof(sio_schema), sizeof(sio_field), "a-b", 1, NULL, 0, "identifier"},
      {sizeof(sio_schema), sizeof(sio_field), "a", 0, NULL, 0, "shape"},
      {sizeof(sio_schema), sizeof(sio_field), "a", 4, NULL, 0, "shape"},
      {sizeof(sio_schema), sizeof(sio_field), "a", 1, "\xFF", 0, "description"},
      {sizeof(sio_schema), sizeof(sio_field), "a", 1, NULL, 2, "unknown"},
  };

  (void)state;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    sio_schema s = {.size = cases[i].size,
                    .field_size = cases[i].field_size,
                    .name = cases[i].name,
                    .shape = cases[i].shape,
                    .doc = cases[i].doc,
                    .unknown = cases[i].unknown};

    assert_bad(&s, cases[i].why);
  }
}

static void test_names_of_enumerations_are_different_and_fit(void **state)
{
  static const sio_enum_name twice[] = {{"a", 1}, {"b", 2}, {"a", 3}};
  static const sio_enum_name empty[] = {{"", 1}};
  static const sio_enum_name large[] = {{"a", 40000}};
  sio_schema s = *colour_schema();

  (void)state;
  s.names = twice;
  assert_bad(&s, "two values");
  s.names = empty;
  s.n_names = 1;
  assert_bad(&s, "name is empty");
  s.names = large;
  assert_int_equal(sio_schema_check(&s, NULL), 0);
  s.struct_size = 2;
  assert_int_equal(sio_schema_check(&s, NULL), 0);
  s.struct_size = 1;
  assert_bad(&s, "no room");
  s.struct_size = 8;
  assert_bad(&s, "size");
  s.n_names = 0;
  assert_bad(&s, "without names");
}

/* Two numbers and what stands behind each. */
#define TWO                                                                    \
  {                                                                            \
    {                                                                          \
        .name = "a",                                                           \
        .kind = SIO_KIND_INT32,                                                \
        .mode = SIO_MODE_REQUIRED,                                             \
        .item_size = 4,                                                        \
    },                                                                         \
    {                                                                          \
      .name = "b", .kind = SIO_KIND_INT32, .mode = SIO_MODE_REQUIRED,          \
      .item_size = 4, .offset = 4                                              \
    }                                                                          \
  }

static sio_schema of_two(const sio_field fields[2], uint32_t shape)
{
  sio_schema s = {.size = sizeof(sio_schema),
                  .field_size = sizeof(sio_field),
                  .name = "two",
                  .shape = shape,
                  .struct_size = 16,
                  .fields = fields,
                  .n_fields = 2};

  return s;
}

static void test_fields_are_apart(void **state)
{
  sio_field fields[2] = TWO;
  sio_schema s = of_two(fields, SIO_SHAPE_OBJECT);

  (void)state;
  assert_int_equal(sio_schema_check(&s, NULL), 0);
  fields[1].name = "a";
  assert_bad(&s, "one name");
  fields[1].name = "b";
  fields[1].offset = 3;
  assert_bad(&s, "one place");
  fields[1].offset = 4;
  fields[0].mode = SIO_MODE_OPTIONAL;
  fields[0].has_offset = 7;
  assert_bad(&s, "one place");
  fields[0].has_offset = 8;
  assert_int_equal(sio_schema_check(&s, NULL), 0);
  fields[1].mode = SIO_MODE_OPTIONAL;
  fields[1].has_offset = 2;
  assert_bad(&s, "one place");
  s.n_names = 1;
  assert_bad(&s, "no enumeration");
  s.n_names = 0;
  s.fields = NULL;
  assert_bad(&s, "fields");
  s.n_fields = 257;
  assert_bad(&s, "256 fields");
}

static void test_arguments_that_may_be_missing_come_last(void **state)
{
  sio_field fields[2] = TWO;
  sio_schema s = of_two(fields, SIO_SHAPE_ARGUMENTS);

  (void)state;
  fields[1].mode = SIO_MODE_OPTIONAL;
  fields[1].has_offset = 8;
  assert_int_equal(sio_schema_check(&s, NULL), 0);
  fields[0].fallback = "1";
  assert_int_equal(sio_schema_check(&s, NULL), 0);
  fields[1].mode = SIO_MODE_REQUIRED;
  assert_bad(&s, "may be missing");
  fields[0].fallback = NULL;
  fields[0].mode = SIO_MODE_OPTIONAL;
  fields[0].has_offset = 8;
  assert_bad(&s, "may be missing");
  s.shape = SIO_SHAPE_OBJECT;
  assert_int_equal(sio_schema_check(&s, NULL), 0);
}

static void test_defaults_are_values_that_their_fields_take(void **state)
{
  static const struct {
    uint32_t mode;
    const char *text;
    bool fits;
  } cases[] = {
      {SIO_MODE_REQUIRED, "5", true},   {SIO_MODE_OPTIONAL, " 5 ", true},
      {SIO_MODE_REQUIRED, "", false},   {SIO_MODE_REQUIRED, "5 5", false},
      {SIO_MODE_REQUIRED, "{", false},  {SIO_MODE_REQUIRED, "5.5", false},
      {SIO_MODE_REQUIRED, "11", false}, {SIO_MODE_LIST, "[1,2,3]", true},
      {SIO_MODE_LIST, "[]", true},      {SIO_MODE_LIST, "[11]", false},
      {SIO_MODE_LIST, "3", false},      {SIO_MODE_OPTIONAL, "null", false},
  };
  sio_field fields[2] = TWO;
  sio_schema s = of_two(fields, SIO_SHAPE_OBJECT);
  char many[16384] = "[1";

  (void)state;
  s.struct_size = 40;
  fields[0].offset = 16;
  fields[0].has_offset = 32;
  fields[0].has_max = true;
  fields[0].max = 10;
  fields[0].nullable = false;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    fields[0].mode = cases[i].mode;
    fields[0].fallback = cases[i].text;
    if (cases[i].fits)
      assert_int_equal(sio_schema_check(&s, NULL), 0);
    else
      assert_bad(&s, "default");
  }
  for (size_t i = 2; i + 3 < sizeof many; i += 2)
    memcpy(many + i, ",1]", 4);
  fields[0].mode = SIO_MODE_LIST;
  fields[0].fallback = many;
  assert_bad(&s, "too large");
}

/* A type with one field of another. */
static void link_types(sio_schema *s, sio_field *field, const sio_schema *part,
                       uint32_t mode)
{
  memset(field, 0, sizeof *field);
  field->name = "part";
  field->kind = SIO_KIND_OBJECT;
  field->mode = mode;
  field->schema = part;
  field->item_size = 16;
  *s = of_two(field, SIO_SHAPE_OBJECT);
  s->n_fields = 1;
}

static void test_no_type_is_a_part_of_itself(void **state)
{
  sio_schema types[3];
  sio_field fields[3];

  (void)state;
  for (uint32_t mode = SIO_MODE_REQUIRED; mode <= SIO_MODE_LIST; mode += 2) {
    link_types(&types[0], &fields[0], &types[1], SIO_MODE_REQUIRED);
    link_types(&types[1], &fields[1], &types[2], mode);
    link_types(&types[2], &fields[2], &types[0], SIO_MODE_REQUIRED);
    if (mode == SIO_MODE_LIST)
      assert_int_equal(sio_schema_check(&types[0], NULL), 0);
    else
      assert_bad(&types[0], "part of itself");
  }
  /* A way around through a list does not make a direct one sound. */
  link_types(&types[0], &fields[0], &types[1], SIO_MODE_LIST);
  link_types(&types[1], &fields[1], &types[1], SIO_MODE_REQUIRED);
  assert_bad(&types[0], "part of itself");
}

static void test_defaults_do_not_go_round_in_circles(void **state)
{
  sio_schema type;
  sio_field field;

  (void)state;
  link_types(&type, &field, &type, SIO_MODE_LIST);
  field.fallback = "[{},{}]";
  assert_bad(&type, "default");
  field.fallback = "[]";
  assert_int_equal(sio_schema_check(&type, NULL), 0);
}

static void test_there_is_an_end_to_parts_and_types(void **state)
{
  enum { N = 300 };
  static sio_schema types[N];
  static sio_field fields[N];

  (void)state;
  for (size_t i = 0; i < N; i++)
    link_types(&types[i], &fields[i], &types[(i + 1) % N], SIO_MODE_LIST);
  assert_bad(&types[0], "256 types");
  fields[255].schema = &types[0];
  assert_int_equal(sio_schema_check(&types[0], NULL), 0);
  for (size_t i = 0; i < 40; i++)
    fields[i].mode = SIO_MODE_REQUIRED;
  assert_bad(&types[0], "too deep");
  fields[32].mode = SIO_MODE_LIST;
  assert_int_equal(sio_schema_check(&types[0], NULL), 0);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_what_the_macros_declare_is_sound),
      cmocka_unit_test(test_types_say_who_they_are),
      cmocka_unit_test(test_names_of_enumerations_are_different_and_fit),
      cmocka_unit_test(test_fields_are_apart),
      cmocka_unit_test(test_arguments_that_may_be_missing_come_last),
      cmocka_unit_test(test_defaults_are_values_that_their_fields_take),
      cmocka_unit_test(test_no_type_is_a_part_of_itself),
      cmocka_unit_test(test_defaults_do_not_go_round_in_circles),
      cmocka_unit_test(test_there_is_an_end_to_parts_and_types),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
