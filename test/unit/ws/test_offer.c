/* SPDX-License-Identifier: MIT */
#include "support.h"

#include "ws/offer.h"
#include <sio/error.h>

#include <stdio.h>
#include <stdlib.h>

#define PMD  "permessage-deflate"
#define BOTH PMD "; server_no_context_takeover; client_no_context_takeover"

enum { MAX_FIELDS = 3 };

/* Answers the lines of `value`, each of which is a field and lies in a block
 * of its own size. */
static enum sio__ws_offer answer(const sio_deflate_options *options,
                                 const char *value,
                                 struct sio__ws_deflate_params *params,
                                 char *response, size_t cap)
{
  struct test_mem mem;
  struct sio__buf buf;
  struct sio__ws_deflate_answer agreed;
  sio_str fields[MAX_FIELDS];
  size_t n = 0;
  enum sio__ws_offer result;

  while (value != NULL) {
    const char *end = strchr(value, '\n');

    assert_true(n < MAX_FIELDS);
    fields[n].len = end != NULL ? (size_t)(end - value) : strlen(value);
    fields[n].data = (char *)test_exact(value, fields[n].len);
    n++;
    value = end != NULL ? end + 1 : NULL;
  }
  test_mem_init(&mem, TEST_MEM_NEVER);
  sio__buf_init(&buf, &mem.allocator, SIZE_MAX);
  memset(&agreed, 0xee, sizeof agreed);
  result = sio__ws_deflate_negotiate(options, fields, n, &agreed);
  if (result == WS_OFFER_ACCEPTED)
    sio__ws_deflate_respond(&agreed, &buf);
  *params = agreed.params;
  assert_int_equal(buf.error, 0);
  assert_true(buf.len < cap);
  if (buf.len > 0)
    memcpy(response, buf.data, buf.len);
  response[buf.len] = '\0';
  if (result != WS_OFFER_ACCEPTED) {
    assert_string_equal(response, "");
    assert_int_equal(params->server_bits, 0xee); /* untouched */
  }
  sio__buf_dispose(&buf);
  test_mem_check(&mem);
  for (size_t i = 0; i < n; i++)
    free((char *)(uintptr_t)fields[i].data);
  return result;
}

/* Settings that restrict nothing, so that the answer shows the offer. */
static sio_deflate_options open_minded(void)
{
  sio_deflate_options o;

  sio_deflate_options_init(&o);
  o.server_takeover = 1;
  o.client_takeover = 1;
  return o;
}

static void check_answer(const sio_deflate_options *o, const char *offer,
                         const char *want)
{
  struct sio__ws_deflate_params params;
  char response[256];

  if (answer(o, offer, &params, response, sizeof response) != WS_OFFER_ACCEPTED)
    fail_msg("not accepted: %s", offer);
  assert_string_equal(response, want);
  assert_int_equal(params.server_takeover,
                   strstr(want, "server_no_context") == NULL);
  assert_int_equal(params.client_takeover,
                   strstr(want, "client_no_context") == NULL);
  assert_in_range(params.server_bits, 9, 15);
  assert_in_range(params.client_bits, 8, 15);
}

static void test_the_defaults_are_those_in_the_header(void **state)
{
  sio_deflate_options o;

  (void)state;
  sio_deflate_options_init(&o);
  assert_int_equal(o.size, sizeof o);
  assert_int_equal(o.threshold, 1024);
  assert_int_equal(o.level, 6);
  assert_int_equal(o.memory_level, 8);
  assert_int_equal(o.server_takeover, 0);
  assert_int_equal(o.client_takeover, 0);
  assert_int_equal(o.server_max_window_bits, 15);
  assert_int_equal(o.client_max_window_bits, 15);
  assert_null(sio__ws_deflate_problem(&o));
}

static void test_shorter_settings_of_older_programs_get_defaults(void **state)
{
  enum { OLD = offsetof(sio_deflate_options, memory_level) };
  sio_deflate_options o;
  sio_deflate_options *old = malloc(OLD);
  const uint32_t level = 9;

  (void)state;
  assert_non_null(old);
  sio_deflate_options_init_sized(old, OLD);
  memcpy((char *)old + offsetof(sio_deflate_options, level), &level, 4);
  assert_null(sio__ws_deflate_problem(old));
  sio__ws_deflate_complete(&o, old);
  free(old);
  assert_int_equal(o.size, sizeof o);
  assert_int_equal(o.level, 9);
  assert_int_equal(o.threshold, 1024);
  assert_int_equal(o.memory_level, 8);
  assert_int_equal(o.client_max_window_bits, 15);
}

static void test_longer_settings_of_newer_programs_are_cut(void **state)
{
  struct {
    sio_deflate_options known;
    uint64_t unknown;
  } newer;
  sio_deflate_options o;

  (void)state;
  sio_deflate_options_init_sized(&newer.known, sizeof newer);
  assert_int_equal(newer.known.size, sizeof newer);
  assert_int_equal(newer.unknown, 0);
  newer.unknown = 77;
  sio__ws_deflate_complete(&o, &newer.known);
  assert_int_equal(o.size, sizeof o);
  assert_int_equal(o.level, 6);
}

static void test_a_size_that_cannot_be_is_left_alone(void **state)
{
  sio_deflate_options o;

  (void)state;
  memset(&o, 0x55, sizeof o);
  sio_deflate_options_init_sized(&o, 3);
  assert_int_equal(o.level, 0x55555555);
  sio_deflate_options_init_sized(NULL, sizeof o);
  o.size = 3;
  assert_string_equal(sio__ws_deflate_problem(&o), "per_message_deflate.size");
}

static void test_each_setting_has_its_range(void **state)
{
  static const struct {
    const char *name;
    size_t at;
    uint32_t least, most;
  } fields[] = {
      {"level", offsetof(sio_deflate_options, level), 1, 9},
      {"memory_level", offsetof(sio_deflate_options, memory_level), 1, 9},
      {"server_takeover", offsetof(sio_deflate_options, server_takeover), 0, 1},
      {"client_takeover", offsetof(sio_deflate_options, client_takeover), 0, 1},
      {"server_max_window_bits",
       offsetof(sio_deflate_options, server_max_window_bits), 9, 15},
      {"client_max_window_bits",
       offsetof(sio_deflate_options, client_max_window_bits), 8, 15},
  };
  sio_deflate_options o;

  (void)state;
  for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
    const uint32_t tries[] = {fields[i].least - 1, fields[i].least,
                              fields[i].most, fields[i].most + 1};

    for (size_t k = 0; k < 4; k++) {
      const char *problem;

      sio_deflate_options_init(&o);
      memcpy((char *)&o + fields[i].at, &tries[k], sizeof tries[k]);
      problem = sio__ws_deflate_problem(&o);
      if (k == 1 || k == 2) {
        assert_null(problem);
        continue;
      }
      assert_non_null(problem);
      assert_memory_equal(problem, "per_message_deflate.", 20);
      assert_string_equal(problem + 20, fields[i].name);
    }
  }
  sio_deflate_options_init(&o);
  o.threshold = UINT32_MAX / 4;
  assert_null(sio__ws_deflate_problem(&o));
  o.threshold++;
  assert_string_equal(sio__ws_deflate_problem(&o),
                      "per_message_deflate.threshold");
}

static void test_the_first_acceptable_offer_is_taken(void **state)
{
  static const char *const cases[][2] = {
      {PMD, PMD},
      {"  " PMD "\t ", PMD},
      {"x, " PMD ", " PMD "; server_no_context_takeover", PMD},
      {"x-webkit-deflate-frame; a=b; c=\"d\"; a=b," PMD, PMD},
      {PMD "; server_max_window_bits=8, " PMD "; client_no_context_takeover",
       PMD "; client_no_context_takeover"},
      {PMD "; what, " PMD "; server_max_window_bits=10, " PMD,
       PMD "; server_max_window_bits=10"},
      {PMD "; server_no_context_takeover; client_no_context_takeover", BOTH},
      {PMD "; client_no_context_takeover; server_no_context_takeover", BOTH},
      {PMD "; client_max_window_bits", PMD},
      {PMD "; client_max_window_bits=15", PMD "; client_max_window_bits=15"},
      {PMD "; client_max_window_bits=8", PMD "; client_max_window_bits=8"},
      {PMD "; client_max_window_bits=\"10\"",
       PMD "; client_max_window_bits=10"},
      {PMD "; client_max_window_bits=\"1\\0\"",
       PMD "; client_max_window_bits=10"},
      {PMD "; server_max_window_bits=15", PMD "; server_max_window_bits=15"},
      {PMD "; server_max_window_bits=9", PMD "; server_max_window_bits=9"},
      {PMD " ;server_max_window_bits\t= 9 ; client_max_window_bits = \"9\" ",
       PMD "; server_max_window_bits=9; client_max_window_bits=9"},
  };
  const sio_deflate_options o = open_minded();

  (void)state;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
    check_answer(&o, cases[i][0], cases[i][1]);
}

static void test_settings_restrict_what_is_offered(void **state)
{
  sio_deflate_options o;

  (void)state;
  sio_deflate_options_init(&o);
  check_answer(&o, PMD, BOTH);
  check_answer(&o, PMD "; client_max_window_bits", BOTH);
  o = open_minded();
  o.server_takeover = 0;
  check_answer(&o, PMD, PMD "; server_no_context_takeover");
  o.server_takeover = 1;
  o.client_takeover = 0;
  check_answer(&o, PMD, PMD "; client_no_context_takeover");
  o.client_takeover = 1;
  o.server_max_window_bits = 11;
  check_answer(&o, PMD, PMD "; server_max_window_bits=11");
  check_answer(&o, PMD "; server_max_window_bits=15",
               PMD "; server_max_window_bits=11");
  check_answer(&o, PMD "; server_max_window_bits=10",
               PMD "; server_max_window_bits=10");
  o.server_max_window_bits = 15;
  o.client_max_window_bits = 12;
  check_answer(&o, PMD, PMD); /* it cannot be asked */
  check_answer(&o, PMD "; client_max_window_bits",
               PMD "; client_max_window_bits=12");
  check_answer(&o, PMD "; client_max_window_bits=15",
               PMD "; client_max_window_bits=12");
  check_answer(&o, PMD "; client_max_window_bits=9",
               PMD "; client_max_window_bits=9");
}

static void test_the_parameters_are_those_of_the_answer(void **state)
{
  struct sio__ws_deflate_params params;
  sio_deflate_options o = open_minded();
  char response[256];

  (void)state;
  o.server_max_window_bits = 14;
  o.client_max_window_bits = 13;
  assert_int_equal(answer(&o, PMD, &params, response, sizeof response),
                   WS_OFFER_ACCEPTED);
  assert_int_equal(params.server_bits, 14);
  assert_int_equal(params.client_bits, 15);
  assert_int_equal(answer(&o,
                          PMD "; client_max_window_bits;"
                              "server_max_window_bits=12",
                          &params, response, sizeof response),
                   WS_OFFER_ACCEPTED);
  assert_int_equal(params.server_bits, 12);
  assert_int_equal(params.client_bits, 13);
  assert_int_equal(answer(&o, PMD "; client_max_window_bits=8", &params,
                          response, sizeof response),
                   WS_OFFER_ACCEPTED);
  assert_int_equal(params.client_bits, 8);
}

static void test_what_is_unacceptable_is_declined(void **state)
{
  static const char *const offers[] = {
      "",
      "x",
      "constructor",
      "__proto__; a=b",
      "Permessage-Deflate",
      "permessage-deflat",
      PMD "x",
      PMD "; unknown",
      PMD "; server_no_context_takeover; server_no_context_takeover",
      PMD "; client_max_window_bits; client_max_window_bits=10",
      PMD "; server_no_context_takeover=1",
      PMD "; client_no_context_takeover=\"true\"",
      PMD "; server_max_window_bits",
      PMD "; server_max_window_bits=8",
      PMD "; server_max_window_bits=7",
      PMD "; server_max_window_bits=16",
      PMD "; server_max_window_bits=09",
      PMD "; server_max_window_bits=010",
      PMD "; server_max_window_bits=1",
      PMD "; server_max_window_bits=100",
      PMD "; server_max_window_bits=1x",
      PMD "; server_max_window_bits=+9",
      PMD "; client_max_window_bits=7",
      PMD "; client_max_window_bits=08",
      PMD "; client_max_window_bits=16",
      PMD "; client_max_window_bits=-1",
      PMD "; client_max_window_bits=4294967305",
      PMD "; client_max_window_bits=\"x\"",
      PMD "; Server_no_context_takeover",
  };
  struct sio__ws_deflate_params params;
  const sio_deflate_options o = open_minded();
  char response[256];

  (void)state;
  for (size_t i = 0; i < sizeof offers / sizeof *offers; i++) {
    if (answer(&o, offers[i], &params, response, sizeof response) !=
        WS_OFFER_NONE)
      fail_msg("not declined: %s", offers[i]);
  }
}

static void test_what_is_malformed_is_invalid_wherever_it_stands(void **state)
{
  static const char *const offers[] = {
      " ",
      ",",
      ";",
      "=",
      "\"x\"",
      "x,",
      "x,,x",
      ",x",
      "x;",
      "x;;a",
      "x; =a",
      "x; a=",
      "x; a=;b",
      "x; a==b",
      "x; a=b=c",
      "x; a=b c",
      "x y",
      "x; a=\"",
      "x; a=\"b",
      "x; a=\"\"",
      "x; a=\"b c\"",
      "x; a=\"b\\",
      "x; a=\"b\\\"",
      "x; a=\"b\\\"\"",
      "x; a=\"b\"c",
      "x; a=\"b,c\"",
      "x/y",
      "x; a=(b)",
      "\x7f",
      "x\x80",
      "x; a=\xc3\xa4",
      PMD "; client_max_window_bits=",
      PMD "; client_max_window_bits=10;",
  };
  struct sio__ws_deflate_params params;
  const sio_deflate_options o = open_minded();
  char response[256];
  char later[256];

  (void)state;
  for (size_t i = 0; i < sizeof offers / sizeof *offers; i++) {
    if (answer(&o, offers[i], &params, response, sizeof response) !=
        WS_OFFER_INVALID)
      fail_msg("not refused: %s", offers[i]);
    (void)snprintf(later, sizeof later, PMD ", %s", offers[i]);
    if (answer(&o, later, &params, response, sizeof response) !=
        WS_OFFER_INVALID)
      fail_msg("not refused: %s", later);
  }
}

static void test_a_nul_byte_is_no_character_of_a_token(void **state)
{
  struct sio__ws_deflate_answer agreed;
  const sio_deflate_options o = open_minded();
  const sio_str offers = {PMD "\0", sizeof PMD};

  (void)state;
  assert_int_equal(sio__ws_deflate_negotiate(&o, &offers, 1, &agreed),
                   WS_OFFER_INVALID);
}

static void test_there_may_be_32_offers(void **state)
{
  struct sio__ws_deflate_params params;
  const sio_deflate_options o = open_minded();
  char response[256];
  char offers[128] = "x";

  (void)state;
  for (int i = 0; i < 30; i++)
    (void)strcat(offers, ",x");
  (void)strcat(offers, "," PMD);
  check_answer(&o, offers, PMD);
  (void)strcat(offers, ",x");
  assert_int_equal(answer(&o, offers, &params, response, sizeof response),
                   WS_OFFER_INVALID);
}

static void test_fields_are_read_as_if_they_were_one(void **state)
{
  struct sio__ws_deflate_params params;
  const sio_deflate_options o = open_minded();
  char response[256];
  char offers[128] = "x";

  (void)state;
  check_answer(&o, "x\n" PMD, PMD);
  check_answer(&o, "\n" PMD "\n", PMD);
  check_answer(&o, PMD "; server_max_window_bits=9\n" PMD,
               PMD "; server_max_window_bits=9");
  check_answer(&o, PMD "; server_max_window_bits=7\n" PMD, PMD);
  assert_int_equal(answer(&o, PMD "\nx,", &params, response, sizeof response),
                   WS_OFFER_INVALID);
  assert_int_equal(answer(&o, "x\n;" PMD, &params, response, sizeof response),
                   WS_OFFER_INVALID);
  for (int i = 0; i < 30; i++)
    (void)strcat(offers, ",x");
  (void)strcat(offers, "\n" PMD);
  check_answer(&o, offers, PMD);
  (void)strcat(offers, "\nx");
  assert_int_equal(answer(&o, offers, &params, response, sizeof response),
                   WS_OFFER_INVALID);
}

static void test_no_memory_stays_in_the_response(void **state)
{
  struct sio__ws_deflate_answer agreed;
  const sio_deflate_options o = open_minded();
  struct test_mem mem;
  struct sio__buf buf;
  const sio_str offer = {PMD, sizeof PMD - 1};

  (void)state;
  test_mem_init(&mem, 0);
  sio__buf_init(&buf, &mem.allocator, SIZE_MAX);
  assert_int_equal(sio__ws_deflate_negotiate(&o, &offer, 1, &agreed),
                   WS_OFFER_ACCEPTED);
  sio__ws_deflate_respond(&agreed, &buf);
  assert_int_equal(buf.error, SIO_ERR_NOMEM);
  test_mem_check(&mem);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_the_defaults_are_those_in_the_header),
      cmocka_unit_test(test_shorter_settings_of_older_programs_get_defaults),
      cmocka_unit_test(test_longer_settings_of_newer_programs_are_cut),
      cmocka_unit_test(test_a_size_that_cannot_be_is_left_alone),
      cmocka_unit_test(test_each_setting_has_its_range),
      cmocka_unit_test(test_the_first_acceptable_offer_is_taken),
      cmocka_unit_test(test_settings_restrict_what_is_offered),
      cmocka_unit_test(test_the_parameters_are_those_of_the_answer),
      cmocka_unit_test(test_what_is_unacceptable_is_declined),
      cmocka_unit_test(test_what_is_malformed_is_invalid_wherever_it_stands),
      cmocka_unit_test(test_a_nul_byte_is_no_character_of_a_token),
      cmocka_unit_test(test_there_may_be_32_offers),
      cmocka_unit_test(test_fields_are_read_as_if_they_were_one),
      cmocka_unit_test(test_no_memory_stays_in_the_response),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
