/* SPDX-License-Identifier: MIT */
#include "chat_contract.h"
#include "written.h"

static struct written out;

static void begin(void)
{
  const sio_contract *const contracts[] = {talk_contract()};

  memset(&out, 0, sizeof out);
  assert_int_equal(
      sio_contract_write_typescript(contracts, 1, NULL, written_put, &out), 0);
}

static void test_types_become_interfaces(void **state)
{
  (void)state;
  begin();
  written_has(&out, "\n/** Something to be said. */\n"
                    "export interface Say {\n"
                    "  room: string;\n"
                    "  /** what is said */\n"
                    "  text: string;\n"
                    "  reply?: number;\n"
                    "  tags: string[];\n"
                    "  as?: Role;\n" /* it has a default */
                    "}\n");
  written_has(&out, "\nexport type Role = \"guest\" | \"owner\";\n");
  written_has(&out, "  picture?: SioBinary;\n");
  assert_null(strstr(out.text, "interface Move")); /* arguments are no object */
}

static void test_events_become_functions(void **state)
{
  (void)state;
  begin();
  written_has(&out, "export interface TalkClientToServerEvents {\n"
                    "  /** Say something in a room. */\n"
                    "  say: (payload: Say, ack: (answer: SioAnswer<Done>) => "
                    "void) => void;\n"
                    "  move: (x: number, y: number, fast?: boolean) => void;\n"
                    "  rest: () => void;\n"
                    "}\n");
  written_has(&out, "export interface TalkServerToClientEvents {\n"
                    "  said: (payload: Said) => void;\n"
                    "  quit: (ack: (answer: Done) => void) => void;\n"
                    "  moved: (x: number, y: number, fast?: boolean) => "
                    "void;\n"
                    "  exception: (error: SioException) => void;\n"
                    "}\n");
  written_has(&out, "export type ClientToServerEvents = "
                    "TalkClientToServerEvents;\n");
}

static void test_a_contract_of_the_server_alone_refuses_nothing(void **state)
{
  sio_contract contract = *talk_contract();
  const sio_contract *const contracts[] = {&contract};

  (void)state;
  memset(&out, 0, sizeof out);
  contract.events = &talk_contract()->events[5];
  contract.n_events = 1;
  assert_int_equal(
      sio_contract_write_typescript(contracts, 1, NULL, written_put, &out), 0);
  written_has(&out, "export interface TalkClientToServerEvents {\n}\n");
  assert_null(strstr(out.text, "SioException"));
  assert_null(strstr(out.text, "SioBinary"));
}

static void test_every_allocation_may_fail(void **state)
{
  (void)state;
  written_every_allocation(sio_contract_write_typescript);
}

static void test_errors(void **state)
{
  (void)state;
  written_errors(sio_contract_write_typescript);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_types_become_interfaces),
      cmocka_unit_test(test_events_become_functions),
      cmocka_unit_test(test_a_contract_of_the_server_alone_refuses_nothing),
      cmocka_unit_test(test_every_allocation_may_fail),
      cmocka_unit_test(test_errors),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
