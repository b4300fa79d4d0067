/* SPDX-License-Identifier: MIT */
#include "chat_contract.h"
#include "support.h"

#include <stdlib.h>

/* ---- Checking ---- */

static void test_a_good_contract_passes(void **state)
{
  const char *why = "nothing";

  (void)state;
  assert_int_equal(sio_contract_check(talk_contract(), &why), 0);
  assert_string_equal(why, "nothing");
  assert_int_equal(sio_contract_check(talk_contract(), NULL), 0);
}

static void refused(const sio_contract *contract, const char *want)
{
  const char *why = NULL;

  assert_int_equal(sio_contract_check(contract, &why), SIO_ERR_INVALID);
  assert_string_equal(why, want);
}

static void refused_event(sio_event_schema event, const char *want)
{
  sio_contract contract = *talk_contract();

  contract.events = &event;
  contract.n_events = 1;
  refused(&contract, want);
}

static void test_faults_are_named(void **state)
{
  const sio_event_schema good = talk_contract()->events[0];
  sio_contract contract = *talk_contract();
  sio_event_schema event, twice[2];

  (void)state;
  refused(NULL, "a contract has no size, name or namespace");
  contract.nsp = NULL;
  refused(&contract, "a contract has no size, name or namespace");
  contract = *talk_contract();
  contract.events = NULL;
  refused(&contract, "the events of a contract are missing");

  event = good;
  event.name = NULL;
  refused_event(event, "an event has no name");
  event = good;
  event.sender = 0;
  refused_event(event, "an event has no sender");
  event = good;
  event.name = "disconnect";
  refused_event(event, "the name of an event is reserved");
  event = good;
  event.answer = role_schema;
  refused_event(event, "the payload of an event is an enumeration");

  twice[0] = twice[1] = good;
  contract = *talk_contract();
  contract.events = twice;
  contract.n_events = 2;
  refused(&contract, "two events have one name");
  twice[1].sender = SIO_SENT_BY_SERVER; /* these may have one name */
  assert_int_equal(sio_contract_check(&contract, NULL), 0);
}

static const sio_schema *bad_schema(void)
{
  static sio_field field;
  static sio_schema schema;

  field = said_schema()->fields[0];
  field.fallback = "1"; /* of a string */
  schema = *said_schema();
  schema.fields = &field;
  schema.n_fields = 1;
  return &schema;
}

static void test_types_are_checked_too(void **state)
{
  sio_event_schema event = talk_contract()->events[0];
  sio_contract contract = *talk_contract();

  (void)state;
  contract.events = &event;
  contract.n_events = 1;
  event.payload = bad_schema;
  assert_int_equal(sio_contract_check(&contract, NULL), SIO_ERR_INVALID);
  event.payload = NULL;
  event.answer = bad_schema;
  assert_int_equal(sio_contract_check(&contract, NULL), SIO_ERR_INVALID);
}

/* ---- Older headers ---- */

static void test_events_of_an_older_header_are_read_by_their_size(void **state)
{
  struct old_event {
    const char *name;
    uint32_t sender;
    const sio_schema *(*payload)(void);
    const sio_schema *payload_schema;
    const sio_schema *(*answer)(void);
    const sio_schema *answer_schema;
  };
  const struct old_event old[] = {
      {"a", SIO_SENT_BY_CLIENT, NULL, NULL, NULL, NULL},
      {"b", SIO_SENT_BY_SERVER, NULL, said_schema(), NULL, NULL},
  };
  sio_contract contract = *talk_contract();
  uint8_t *exact = test_exact(old, sizeof old);

  (void)state;
  contract.events = (const sio_event_schema *)(const void *)exact;
  contract.event_size = sizeof old[0];
  contract.n_events = 2;
  assert_int_equal(sio_contract_check(&contract, NULL), 0);
  free(exact);
}

/* ---- At run time ---- */

static void test_a_contract_is_made_by_functions(void **state)
{
  struct test_mem mem;
  sio_contract *contract;
  char name[] = "talk", event[] = "said 00";

  (void)state;
  test_mem_init(&mem, TEST_MEM_NEVER);
  contract = sio_contract_new(&mem.allocator, name, "/talk");
  assert_non_null(contract);
  name[0] = 'x';
  for (int i = 0; i < 20; i++) {
    event[5] = (char)('a' + i);
    assert_int_equal(sio_contract_add(contract, SIO_SENT_BY_CLIENT, event,
                                      said_schema(), done_schema(),
                                      i % 2 == 0 ? "a sentence" : NULL),
                     0);
  }
  assert_int_equal(sio_contract_check(contract, NULL), 0);
  assert_string_equal(contract->name, "talk");
  assert_string_equal(contract->nsp, "/talk");
  assert_int_equal(contract->n_events, 20);
  assert_string_equal(contract->events[19].name, "said t0");
  assert_string_equal(contract->events[18].doc, "a sentence");
  assert_ptr_equal(contract->events[3].payload_schema, said_schema());
  assert_int_equal(
      sio_contract_add(contract, SIO_SENT_BY_CLIENT, NULL, NULL, NULL, NULL),
      SIO_ERR_INVALID);
  assert_int_equal(
      sio_contract_add(NULL, SIO_SENT_BY_CLIENT, "x", NULL, NULL, NULL),
      SIO_ERR_INVALID);
  sio_contract_free(contract);
  sio_contract_free(NULL);
  test_mem_check(&mem);
  assert_null(sio_contract_new(NULL, NULL, "/"));
}

static void try_to_make(struct test_mem *mem, void *user)
{
  sio_contract *contract = sio_contract_new(&mem->allocator, "talk", "/");
  int rv = contract != NULL ? 0 : SIO_ERR_NOMEM;

  (void)user;
  for (int i = 0; rv == 0 && i < 10; i++)
    rv = sio_contract_add(contract, SIO_SENT_BY_SERVER, "said", NULL, NULL,
                          "a sentence");
  assert_true(rv == 0 || rv == SIO_ERR_NOMEM);
  sio_contract_free(contract);
}

static void test_every_allocation_may_fail(void **state)
{
  (void)state;
  assert_true(test_every_allocation(try_to_make, NULL) > 10);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_a_good_contract_passes),
      cmocka_unit_test(test_faults_are_named),
      cmocka_unit_test(test_types_are_checked_too),
      cmocka_unit_test(test_events_of_an_older_header_are_read_by_their_size),
      cmocka_unit_test(test_a_contract_is_made_by_functions),
      cmocka_unit_test(test_every_allocation_may_fail),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
