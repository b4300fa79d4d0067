/* SPDX-License-Identifier: MIT */
#include "support.h"

#include <math.h>

#include "schema/check_field.h"

static const sio_enum_name names[] = {{"a", 1}};
static const sio_schema letters = {.size = sizeof(sio_schema),
                                   .field_size = sizeof(sio_field),
                                   .name = "letters",
                                   .shape = SIO_SHAPE_ENUMERATION,
                                   .struct_size = 4,
                                   .names = names,
                                   .n_names = 1};

static const sio_schema *letters_schema(void)
{
  return &letters;
}

static const sio_schema *nothing_schema(void)
{
  return NULL;
}

static const sio_schema owner = {.struct_size = 64};

#define FIELD(...)                                                             \
  {                                                                            \
    .name = "f", .kind = SIO_KIND_INT32, .mode = SIO_MODE_OPTIONAL,            \
    .item_size = 4, .has_offset = 60, __VA_ARGS__                              \
  }

/* Each initializer may come twice here: the second one is what the case is
 * about. */
#if defined(__clang__)
#pragma clang diagnostic ignored "-Winitializer-overrides"
#else
#pragma GCC diagnostic ignored "-Woverride-init"
#endif

static void test_sound_fields_pass(void **state)
{
  static const sio_field good[] = {
      FIELD(.min = 1, .max = 1, .has_min = true, .has_max = true),
      FIELD(.nullable = true, .doc = "a f\xC3\xA9"),
      FIELD(.name = "a.b-c d", .offset = 56),
      FIELD(.kind = SIO_KIND_TEXT, .item_size = 60, .min_length = 59),
      FIELD(.kind = SIO_KIND_STRING, .item_size = sizeof(sio_str),
            .min_length = 3, .max_length = 3, .format = SIO_FORMAT_URI),
      FIELD(.kind = SIO_KIND_ENUMERATION, .type = letters_schema),
      FIELD(.kind = SIO_KIND_ENUMERATION, .schema = &letters),
      FIELD(.mode = SIO_MODE_LIST, .min_items = 2, .max_items = 2),
      FIELD(.mode = SIO_MODE_REQUIRED, .has_offset = 1000, .offset = 60),
  };

  (void)state;
  for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
    const char *why = sio__check_field(&owner, &good[i]);

    if (why != NULL)
      fail_msg("case %d: %s", (int)i, why);
  }
}

static void test_contradictions_are_named(void **state)
{
  static const struct {
    sio_field field;
    const char *why; /* a part of it */
  } cases[] = {
      {FIELD(.name = NULL), "name"},
      {FIELD(.name = ""), "name"},
      {FIELD(.name = "\xFF"), "UTF-8"},
      {FIELD(.name = "a\"b"), "escapes"},
      {FIELD(.name = "a\\b"), "escapes"},
      {FIELD(.name = "a\nb"), "escapes"},
      {FIELD(.name = "_placeholder"), "attachments"},
      {FIELD(.kind = 0), "kind"},
      {FIELD(.kind = 14), "kind"},
      {FIELD(.mode = 0), "mode"},
      {FIELD(.mode = 5), "mode"},
      {FIELD(.doc = "\x80"), "description"},
      {FIELD(.type = letters_schema), "has none"},
      {FIELD(.schema = &letters), "has none"},
      {FIELD(.kind = SIO_KIND_ENUMERATION), "without its type"},
      {FIELD(.kind = SIO_KIND_OBJECT, .type = nothing_schema),
       "without its type"},
      {FIELD(.kind = SIO_KIND_OBJECT, .type = letters_schema), "shape"},
      {FIELD(.kind = SIO_KIND_ENUMERATION, .type = letters_schema,
             .item_size = 2),
       "size"},
      {FIELD(.item_size = 8), "size"},
      {FIELD(.kind = SIO_KIND_TEXT, .item_size = 0), "size"},
      {FIELD(.offset = 61), "outside"},
      {FIELD(.offset = UINT32_MAX), "outside"},
      {FIELD(.has_offset = 64), "outside"},
      {FIELD(.mode = SIO_MODE_LIST, .offset = 49), "outside"},
      {FIELD(.offset = 57), "inside"},
      {FIELD(.min_length = 1), "length"},
      {FIELD(.kind = SIO_KIND_STRING, .item_size = sizeof(sio_str),
             .min_length = 2, .max_length = 1),
       "least length"},
      {FIELD(.kind = SIO_KIND_TEXT, .item_size = 4, .min_length = 4), "room"},
      {FIELD(.max_items = 1), "items"},
      {FIELD(.mode = SIO_MODE_LIST, .min_items = 2, .max_items = 1), "items"},
      {FIELD(.format = SIO_FORMAT_UUID), "format"},
      {FIELD(.kind = SIO_KIND_STRING, .item_size = sizeof(sio_str),
             .format = 5),
       "format"},
      {FIELD(.kind = SIO_KIND_TIMESTAMP, .item_size = 8, .has_min = true),
       "range"},
      {FIELD(.has_min = true, .min = NAN), "finite"},
      {FIELD(.has_max = true, .max = INFINITY), "finite"},
      {FIELD(.has_min = true, .min = 2, .has_max = true, .max = 1),
       "least value"},
      {FIELD(.mode = SIO_MODE_REQUIRED, .nullable = true), "null"},
  };

  (void)state;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    const char *why = sio__check_field(&owner, &cases[i].field);

    if (why == NULL || strstr(why, cases[i].why) == NULL)
      fail_msg("case %d: %s", (int)i, why != NULL ? why : "nothing");
  }
}

static void test_kinds_have_the_sizes_of_their_types(void **state)
{
  (void)state;
  assert_int_equal(sio__check_kind_size(SIO_KIND_STRING), sizeof(sio_str));
  assert_int_equal(sio__check_kind_size(SIO_KIND_UINT32), 4);
  assert_int_equal(sio__check_kind_size(SIO_KIND_JSON), sizeof(sio_value));
  assert_int_equal(sio__check_kind_size(SIO_KIND_TEXT), 0);
  assert_int_equal(sio__check_kind_size(SIO_KIND_OBJECT), 0);
  assert_int_equal(sio__check_kind_size(1000), 0);
  assert_false(sio__check_name(NULL));
  assert_true(sio__check_name("\xE2\x82\xAC"));
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_sound_fields_pass),
      cmocka_unit_test(test_contradictions_are_named),
      cmocka_unit_test(test_kinds_have_the_sizes_of_their_types),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
