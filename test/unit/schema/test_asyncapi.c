/* SPDX-License-Identifier: MIT */
#include "chat_contract.h"
#include "written.h"

static struct written out;

static void begin(void)
{
  const sio_contract *const contracts[] = {talk_contract()};

  memset(&out, 0, sizeof out);
  assert_int_equal(
      sio_contract_write_asyncapi(contracts, 1, NULL, written_put, &out), 0);
}

static void test_a_namespace_is_a_channel(void **state)
{
  (void)state;
  begin();
  written_has(&out, "{\n  \"asyncapi\": \"3.0.0\",\n  \"info\": {\n"
                    "    \"title\": \"talk\",\n    \"version\": \"1.0\",\n"
                    "    \"description\": \"People talk.\"\n  },\n");
  written_has(&out, "  \"channels\": {\n    \"talk\": {\n"
                    "      \"address\": \"/\",\n");
  written_has(&out, "        \"talk.in.say\": {\n"
                    "          \"name\": \"say\",\n"
                    "          \"title\": \"say\",\n"
                    "          \"summary\": \"Say something in a room.\",\n");
}

static void test_events_are_operations(void **state)
{
  (void)state;
  begin();
  written_has(&out, "    \"talk.in.say\": {\n"
                    "      \"action\": \"receive\",\n");
  written_has(&out, "      \"reply\": {\n        \"channel\": {\n"
                    "          \"$ref\": \"#/channels/talk\"\n");
  written_has(&out, "\"#/channels/talk/messages/talk.in.say.ack\"");
  written_has(&out, "    \"talk.out.said\": {\n"
                    "      \"action\": \"send\",\n");
  written_has(&out, "          \"$ref\": \"#/components/schemas/Role\"\n");
}

static void test_names_are_made_of_safe_characters(void **state)
{
  sio_event_schema event = {.name = "a:b c_d/\xc3\xa9",
                            .sender = SIO_SENT_BY_SERVER};
  sio_contract contract = *talk_contract();
  const sio_contract *const contracts[] = {&contract};

  (void)state;
  memset(&out, 0, sizeof out);
  contract.events = &event;
  contract.n_events = 1;
  contract.version = NULL;
  assert_int_equal(
      sio_contract_write_asyncapi(contracts, 1, NULL, written_put, &out), 0);
  written_has(&out, "\"talk.out.a_b_20c_d_2f_c3_a9\": {\n");
  written_has(&out, "\"version\": \"0\"");
}

static void test_every_allocation_may_fail(void **state)
{
  (void)state;
  written_every_allocation(sio_contract_write_asyncapi);
}

static void test_errors(void **state)
{
  (void)state;
  written_errors(sio_contract_write_asyncapi);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_a_namespace_is_a_channel),
      cmocka_unit_test(test_events_are_operations),
      cmocka_unit_test(test_names_are_made_of_safe_characters),
      cmocka_unit_test(test_every_allocation_may_fail),
      cmocka_unit_test(test_errors),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
