/* SPDX-License-Identifier: MIT */
#include "schema/catalog.h"

#include "chat_contract.h"
#include "written.h"

#include "base/mem.h"
#include "json/write.h"

static const struct sio__entry *find(const struct sio__catalog *catalog,
                                     const char *name)
{
  for (size_t i = 0; i < catalog->n; i++) {
    if (strcmp(catalog->entries[i].schema->name, name) == 0)
      return &catalog->entries[i];
  }
  fail_msg("no type %s", name);
  return NULL;
}

/* ---- Types ---- */

static void test_every_type_is_there_once_with_who_sends_it(void **state)
{
  const sio_contract *const contracts[] = {talk_contract(), talk_contract()};
  struct sio__catalog catalog;
  struct test_mem mem;

  (void)state;
  test_mem_init(&mem, TEST_MEM_NEVER);
  assert_int_equal(sio__catalog_init(&catalog, contracts, 2, &mem.allocator),
                   0);
  assert_int_equal(catalog.n, 5); /* say, role, done, move, said */
  assert_true(catalog.has_binary);
  assert_true(catalog.has_refusal);
  assert_true(find(&catalog, "say")->by_client);
  assert_false(find(&catalog, "say")->by_server);
  assert_true(find(&catalog, "role")->by_client); /* within say */
  assert_false(find(&catalog, "said")->by_client);
  assert_true(find(&catalog, "done")->by_client); /* both answer with it */
  assert_true(find(&catalog, "done")->by_server);
  assert_ptr_equal(sio__catalog_find(&catalog, said_schema()),
                   find(&catalog, "said"));
  sio__catalog_dispose(&catalog);
  test_mem_check(&mem);
}

static const sio_schema *tree_schema(void);

struct tree {
  struct {
    const struct tree *items;
    size_t count;
  } branches;
  int64_t leaf;
};

static const sio_schema *tree_schema(void)
{
  static const sio_field fields[] = {{.name = "branches",
                                      .kind = SIO_KIND_OBJECT,
                                      .mode = SIO_MODE_LIST,
                                      .offset = offsetof(struct tree, branches),
                                      .item_size = sizeof(struct tree),
                                      .type = tree_schema},
                                     {.name = "leaf",
                                      .kind = SIO_KIND_INT64,
                                      .mode = SIO_MODE_REQUIRED,
                                      .offset = offsetof(struct tree, leaf),
                                      .item_size = sizeof(int64_t),
                                      .fallback = "1"}};
  static const sio_schema schema = {.size = sizeof schema,
                                    .field_size = sizeof fields[0],
                                    .name = "tree",
                                    .shape = SIO_SHAPE_OBJECT,
                                    .struct_size = sizeof(struct tree),
                                    .fields = fields,
                                    .n_fields = 2};

  return &schema;
}

static void test_a_type_may_contain_itself(void **state)
{
  sio_event_schema event = {
      .name = "grow", .sender = SIO_SENT_BY_SERVER, .payload = tree_schema};
  sio_contract contract = *talk_contract();
  const sio_contract *const contracts[] = {&contract};
  const sio_field *leaf = &tree_schema()->fields[1];
  struct sio__catalog catalog;

  (void)state;
  contract.events = &event;
  contract.n_events = 1;
  assert_int_equal(sio__catalog_init(&catalog, contracts, 1, &sio__mem_default),
                   0);
  assert_int_equal(catalog.n, 1);
  assert_false(sio__catalog_may_miss(&catalog.entries[0], leaf));
  sio__catalog_dispose(&catalog);
  event.answer = tree_schema; /* now clients send it, too */
  assert_int_equal(sio__catalog_init(&catalog, contracts, 1, &sio__mem_default),
                   0);
  assert_true(sio__catalog_may_miss(&catalog.entries[0], leaf));
  sio__catalog_dispose(&catalog);
}

/* ---- Text ---- */

static void test_names_begin_with_capitals(void **state)
{
  struct sio__buf out;

  (void)state;
  sio__buf_init(&out, &sio__mem_default, 100);
  sio__catalog_write_name(&out, "send_message2_x");
  sio__buf_byte(&out, '\0');
  assert_string_equal((const char *)out.data, "SendMessage2X");
  sio__buf_dispose(&out);
}

static void test_json_is_indented(void **state)
{
  static struct written written;
  sio_payload *payload = sio_payload_new(NULL);

  (void)state;
  written.len = 0;
  assert_non_null(payload);
  sio_payload_json(payload,
                   sio_s("{\"a\":[],\"b\":{},\"c\":[1,{\"d\":\"]\"}]}"));
  assert_int_equal(sio__catalog_write_json(payload, written_put, &written), 0);
  assert_string_equal(written.text, "{\n  \"a\": [],\n  \"b\": {},\n"
                                    "  \"c\": [\n    1,\n    {\n"
                                    "      \"d\": \"]\"\n    }\n  ]\n}\n");
  sio_payload_array_begin(payload); /* and never ended */
  assert_int_equal(sio__catalog_write_json(payload, written_put, &written),
                   SIO_ERR_STATE);
  sio_payload_free(payload);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_every_type_is_there_once_with_who_sends_it),
      cmocka_unit_test(test_a_type_may_contain_itself),
      cmocka_unit_test(test_names_begin_with_capitals),
      cmocka_unit_test(test_json_is_indented),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
