/* SPDX-License-Identifier: MIT */
#include "chat_contract.h"
#include "written.h"

static struct written out;

static void begin(void)
{
  const sio_contract *const contracts[] = {talk_contract()};

  memset(&out, 0, sizeof out);
  assert_int_equal(
      sio_contract_write_json_schema(contracts, 1, NULL, written_put, &out), 0);
}

static void test_types_are_definitions(void **state)
{
  (void)state;
  begin();
  written_has(&out, "{\n  \"$schema\": "
                    "\"https://json-schema.org/draft/2020-12/schema\",\n"
                    "  \"$defs\": {\n    \"Say\": {\n");
  written_has(&out, "        \"reply\": {\n          \"type\": \"integer\",\n"
                    "          \"minimum\": 1,\n"
                    "          \"maximum\": 100\n        },\n");
  written_has(&out, "          \"default\": \"guest\",\n"
                    "          \"allOf\": [\n            {\n"
                    "              \"$ref\": \"#/$defs/Role\"\n");
  written_has(&out, "      \"required\": [\n        \"room\",\n"
                    "        \"text\",\n        \"tags\"\n      ]\n");
  written_has(&out, "    \"Role\": {\n      \"type\": \"string\",\n"
                    "      \"enum\": [\n        \"guest\",\n"
                    "        \"owner\"\n      ]\n    },\n");
}

static void test_events_are_arrays_of_arguments(void **state)
{
  (void)state;
  begin();
  written_has(&out, "    \"/ say\": {\n      \"type\": \"array\",\n"
                    "      \"prefixItems\": [\n        {\n"
                    "          \"$ref\": \"#/$defs/Say\"\n        }\n"
                    "      ],\n      \"items\": false,\n"
                    "      \"minItems\": 1\n    },\n");
  written_has(&out, "    \"/ say ack\": {\n");
  written_has(&out, "    \"/ move\": {\n      \"$ref\": \"#/$defs/Move\"\n");
  written_has(&out, "    \"/ rest\": {\n      \"type\": \"array\",\n"
                    "      \"maxItems\": 0\n    }");
  written_has(&out, "    \"/ quit (server) ack\": {\n");
}

static void test_every_allocation_may_fail(void **state)
{
  (void)state;
  written_every_allocation(sio_contract_write_json_schema);
}

static void test_errors(void **state)
{
  (void)state;
  written_errors(sio_contract_write_json_schema);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_types_are_definitions),
      cmocka_unit_test(test_events_are_arrays_of_arguments),
      cmocka_unit_test(test_every_allocation_may_fail),
      cmocka_unit_test(test_errors),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
