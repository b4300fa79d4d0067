/* SPDX-License-Identifier: MIT */
#include "support.h"

#include "base/address.h"

#include <stdlib.h>

/* Read out of a block of exactly that size. */
static bool read_exact(const char *text, struct sio__address *out)
{
  uint8_t *block = test_exact(text, strlen(text));
  sio_str exact = {(const char *)block, strlen(text)};
  bool is = sio__address_read(exact, out);

  free(block);
  return is;
}

static struct sio__network network(const char *text)
{
  struct sio__network out;

  assert_true(sio__network_read(sio_s(text), &out));
  return out;
}

static bool has(const char *net, const char *text)
{
  struct sio__network n = network(net);
  struct sio__address address;

  assert_true(read_exact(text, &address));
  return sio__network_has(&n, &address);
}

static void test_addresses_are_written_in_one_form(void **state)
{
  static const char *const rows[][2] = {
      {"192.0.2.7", "192.0.2.7"},
      {"0.0.0.0", "0.0.0.0"},
      {"255.255.255.255", "255.255.255.255"},
      {"::ffff:192.0.2.7", "192.0.2.7"},
      {"::FFFF:c000:207", "192.0.2.7"},
      {"::", "::"},
      {"::1", "::1"},
      {"1::", "1::"},
      {"0:0:0:0:0:0:0:1", "::1"},
      {"2001:DB8:0:0:1:0:0:1", "2001:db8::1:0:0:1"},
      {"2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"},
      {"1:0:0:2:0:0:0:3", "1:0:0:2::3"},
      {"0001:0:0:0:0:0:0:0", "1::"},
      {"0:0:1::", "0:0:1::"},
      {"::192.0.2.7", "::c000:207"},
      {"64:ff9b::192.0.2.7", "64:ff9b::c000:207"},
      {"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
       "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"},
  };

  (void)state;
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    char *text = malloc(SIO__ADDRESS_TEXT);
    struct sio__address address, again;

    assert_non_null(text);
    assert_true(read_exact(rows[i][0], &address));
    sio__address_write(&address, text);
    assert_string_equal(text, rows[i][1]);
    assert_true(read_exact(text, &again));
    assert_memory_equal(&again, &address, sizeof again);
    free(text);
  }
}

static void test_what_is_no_address_is_refused(void **state)
{
  static const char *const wrong[] = {"",
                                      "1",
                                      "1.2.3",
                                      "1.2.3.4.5",
                                      "1.2.3.256",
                                      "01.2.3.4",
                                      "1.2.3.4 ",
                                      " 1.2.3.4",
                                      "1.2.3.",
                                      "1.2.3.4:80",
                                      ":",
                                      ":::",
                                      "1:",
                                      ":1",
                                      "1::2::3",
                                      "12345::",
                                      "g::",
                                      "::1%lo",
                                      "[::1]",
                                      "1:2:3:4:5:6:7",
                                      "1.2.3.4::",
                                      "::1.2.3",
                                      "1:2:3:4:5:6:7:8:9",
                                      "1:2:3:4:5:6:7:8::",
                                      "1:2:3:4:5:6:7:1.2.3.4",
                                      "::1.2.3.4:5"};
  struct sio__address address;

  (void)state;
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
    if (read_exact(wrong[i], &address))
      fail_msg("\"%s\" is an address", wrong[i]);
  }
}

static void test_networks_have_what_agrees_in_their_bits(void **state)
{
  (void)state;
  assert_true(has("10.0.0.0/8", "10.255.0.1"));
  assert_false(has("10.0.0.0/8", "11.0.0.1"));
  assert_true(has("10.0.0.0/8", "::ffff:10.1.2.3"));
  assert_true(has("192.0.2.128/25", "192.0.2.129"));
  assert_false(has("192.0.2.128/25", "192.0.2.127"));
  assert_true(has("192.0.2.7", "192.0.2.7"));
  assert_false(has("192.0.2.7", "192.0.2.6"));
  assert_true(has("::ffff:10.0.0.0/104", "10.1.2.3"));
  assert_true(has("2001:db8::/33", "2001:db8:7fff::1"));
  assert_false(has("2001:db8::/33", "2001:db8:8000::1"));
  assert_true(has("::1", "::1"));
  assert_false(has("::1/128", "::2"));
}

static void test_everything_is_everything_of_one_kind(void **state)
{
  (void)state;
  assert_true(has("0.0.0.0/0", "192.0.2.7"));
  assert_false(has("0.0.0.0/0", "::1"));
  assert_true(has("::/0", "2001:db8::1"));
  assert_false(has("::/0", "192.0.2.7"));
  assert_false(has("::/0", "::ffff:192.0.2.7"));
  assert_false(has("::/90", "192.0.2.7"));
}

static void test_what_is_no_network_is_refused(void **state)
{
  static const char *const wrong[] = {"",
                                      "/8",
                                      "10.0.0.0/",
                                      "10.0.0.0/33",
                                      "10.0.0.0/-1",
                                      "10.0.0.0/08",
                                      "10.0.0.0/8 ",
                                      "10.0.0.0/8/8",
                                      "10.0.0.1/8",
                                      "10.0.0.0/0x8",
                                      "::/129",
                                      "2001:db8::1/64",
                                      "2001:db8::/1000",
                                      "192.0.2.1/31",
                                      "10.0.0.0/256",
                                      "example.com"};
  struct sio__network out;

  (void)state;
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
    if (sio__network_read(sio_s(wrong[i]), &out))
      fail_msg("\"%s\" is a network", wrong[i]);
  }
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_addresses_are_written_in_one_form),
      cmocka_unit_test(test_what_is_no_address_is_refused),
      cmocka_unit_test(test_networks_have_what_agrees_in_their_bits),
      cmocka_unit_test(test_everything_is_everything_of_one_kind),
      cmocka_unit_test(test_what_is_no_network_is_refused),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
