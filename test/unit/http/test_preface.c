/* SPDX-License-Identifier: MIT */
#include "support.h"

#include "http/preface.h"

#include <stdio.h>
#include <stdlib.h>

#define SIGNATURE "\r\n\r\n\0\r\nQUIT\n"

struct row {
  const char *bytes;
  size_t len;
  enum sio__preface_client client;
  const char *address; /* or the detail */
};

#define ROW(bytes, client, address)                                            \
  {                                                                            \
    bytes, sizeof(bytes) - 1, client, address                                  \
  }

/* Read in pieces of exactly that size, with the client's bytes behind it. */
static enum sio__preface_result read_in(size_t piece, const struct row *row,
                                        struct sio__preface *p, size_t *used)
{
  static const char rest[] = "GET / HTTP/1.1\r\n";
  size_t total = row->len + sizeof rest - 1;
  enum sio__preface_result result = PREFACE_MORE;
  char *all = malloc(total);

  assert_non_null(all);
  memcpy(all, row->bytes, row->len);
  memcpy(all + row->len, rest, sizeof rest - 1);
  memset(p, 0, sizeof *p);
  for (*used = 0; result == PREFACE_MORE && *used < total;) {
    size_t n = total - *used < piece ? total - *used : piece, one;
    uint8_t *block = test_exact(all + *used, n);

    result = sio__preface_read(p, block, n, &one);
    if (result == PREFACE_MORE)
      assert_int_equal(one, n);
    *used += one;
    free(block);
  }
  free(all);
  return result;
}

static void expect_all(const struct row *rows, size_t n,
                       enum sio__preface_result want)
{
  for (size_t i = 0; i < n; i++) {
    for (size_t piece = 1; piece < rows[i].len + 20; piece++) {
      char address[SIO__ADDRESS_TEXT] = "";
      struct sio__preface p;
      size_t used;

      if (read_in(piece, &rows[i], &p, &used) != want)
        fail_msg("row %zu in pieces of %zu", i, piece);
      if (want == PREFACE_BAD) {
        assert_string_equal(p.detail, rows[i].address);
        continue;
      }
      assert_int_equal(used, rows[i].len);
      assert_int_equal(p.client, rows[i].client);
      if (p.client == PREFACE_ADDRESS)
        sio__address_write(&p.address, address);
      assert_string_equal(address, rows[i].address);
    }
  }
}

#define V4_BYTES "\300\0\2\7\306\063\144\1\0\120\1\273"
#define V6_BYTES                                                               \
  " \1\r\270\0\0\0\0\0\0\0\0\0\0\0\7 \1\r\270\0\0\0\0\0\0\0\0\0\0\0\1"         \
  "\0\120\1\273"
#define FILL27     "abcdefghijklmnopqrstuvwxyz."
#define UNIX_BYTES FILL27 FILL27 FILL27 FILL27 FILL27 FILL27 FILL27 FILL27

static void test_the_binary_form_names_the_client(void **state)
{
  static const struct row rows[] = {
      ROW(SIGNATURE "\x21\x11\0\x0c" V4_BYTES, PREFACE_ADDRESS, "192.0.2.7"),
      ROW(SIGNATURE "\x21\x21\0\x24" V6_BYTES, PREFACE_ADDRESS, "2001:db8::7"),
      /* Behind the addresses there may be anything. */
      ROW(SIGNATURE "\x21\x11\0\x14" V4_BYTES "\4\0\5hello", PREFACE_ADDRESS,
          "192.0.2.7"),
      ROW(SIGNATURE "\x21\x21\0\x29" V6_BYTES "\x20\0\2hi", PREFACE_ADDRESS,
          "2001:db8::7"),
      ROW(SIGNATURE "\x21\x31\0\xd8" UNIX_BYTES, PREFACE_UNKNOWN, ""),
      ROW(SIGNATURE "\x21\x12\0\x0c" V4_BYTES, PREFACE_UNKNOWN, ""),
      ROW(SIGNATURE "\x21\0\0\0", PREFACE_UNKNOWN, ""),
      ROW(SIGNATURE "\x21\0\0\3abc", PREFACE_UNKNOWN, ""),
  };

  (void)state;
  expect_all(rows, sizeof rows / sizeof *rows, PREFACE_DONE);
}

static void test_a_health_check_is_the_proxy_itself(void **state)
{
  static const struct row rows[] = {
      ROW(SIGNATURE "\x20\0\0\0", PREFACE_SELF, ""),
      ROW(SIGNATURE "\x20\x11\0\x0c" V4_BYTES, PREFACE_SELF, ""),
      ROW(SIGNATURE "\x20\xff\0\1x", PREFACE_SELF, ""),
  };

  (void)state;
  expect_all(rows, sizeof rows / sizeof *rows, PREFACE_DONE);
}

static void test_the_line_names_the_client(void **state)
{
  static const struct row rows[] = {
      ROW("PROXY TCP4 192.0.2.7 198.51.100.1 4711 443\r\n", PREFACE_ADDRESS,
          "192.0.2.7"),
      ROW("PROXY TCP6 2001:db8::7 ::1 0 65535\r\n", PREFACE_ADDRESS,
          "2001:db8::7"),
      ROW("PROXY UNKNOWN\r\n", PREFACE_UNKNOWN, ""),
      ROW("PROXY UNKNOWN ffff::1 what ever it is\r\n", PREFACE_UNKNOWN, ""),
  };

  (void)state;
  expect_all(rows, sizeof rows / sizeof *rows, PREFACE_DONE);
}

static void test_what_is_not_the_binary_form_is_refused(void **state)
{
  static const struct row rows[] = {
      ROW("\r\n\r\n\0\r\nQUIT\r", 0, "no PROXY header"),
      ROW("\r\n\r\nGET / HTTP/1.1", 0, "no PROXY header"),
      ROW("\x16\3\1\2\0", 0, "no PROXY header"),
      ROW(SIGNATURE "\x11\x11\0\x0c" V4_BYTES, 0,
          "an unknown version of PROXY"),
      ROW(SIGNATURE "\x22\x11\0\x0c" V4_BYTES, 0,
          "an unknown command of PROXY"),
      ROW(SIGNATURE "\x21\x41\0\x0c" V4_BYTES, 0, "an unknown family of PROXY"),
      ROW(SIGNATURE "\x21\x13\0\x0c" V4_BYTES, 0, "an unknown family of PROXY"),
      ROW(SIGNATURE "\x21\x11\0\x0b" V4_BYTES, 0,
          "too few bytes of PROXY addresses"),
      ROW(SIGNATURE "\x21\x21\0\x23" V6_BYTES, 0,
          "too few bytes of PROXY addresses"),
      ROW(SIGNATURE "\x21\x31\0\xd7" UNIX_BYTES, 0,
          "too few bytes of PROXY addresses"),
  };

  (void)state;
  expect_all(rows, sizeof rows / sizeof *rows, PREFACE_BAD);
}

static void test_what_is_not_the_line_is_refused(void **state)
{
  static const char none[] = "a PROXY line that is none";
  static const char no_address[] = "a PROXY line without addresses";
  static const struct row rows[] = {
      ROW("GET / HTTP/1.1\r\n", 0, "no PROXY header"),
      ROW("PROXy TCP4 ", 0, "no PROXY header"),
      ROW("PROXY \r\n", 0, none),
      ROW("PROXY\r\n", 0, "no PROXY header"),
      ROW("PROXY TCP4\r\n", 0, none),
      ROW("PROXY TCP4 192.0.2.7 198.51.100.1 4711 443\n", 0, none),
      ROW("PROXY TCP4 192.0.2.7 198.51.100.1 4711 443 \r\n", 0, none),
      ROW("PROXY TCP4 192.0.2.7 198.51.100.1 4711\r\n", 0, none),
      ROW("PROXY TCP4  192.0.2.7 198.51.100.1 4711 443\r\n", 0, none),
      ROW("PROXY TCP4 192.0.2.7 198.51.100.1 65536 443\r\n", 0, none),
      ROW("PROXY TCP4 192.0.2.7 198.51.100.1 -1 443\r\n", 0, none),
      ROW("PROXY UDP4 192.0.2.7 198.51.100.1 4711 443\r\n", 0, none),
      ROW("PROXY TCP4 ::1 ::1 4711 443\r\n", 0, no_address),
      ROW("PROXY TCP6 192.0.2.7 ::1 4711 443\r\n", 0, no_address),
      ROW("PROXY TCP4 192.0.2 198.51.100.1 4711 443\r\n", 0, no_address),
      ROW("PROXY TCP4 192.0.2.7 nobody 4711 443\r\n", 0, no_address),
      ROW("PROXY TCP6 ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff "
          "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 65535 0000000065535\r\n",
          0, "too long a PROXY line"),
  };

  (void)state;
  expect_all(rows, sizeof rows / sizeof *rows, PREFACE_BAD);
}

static void test_every_beginning_waits_for_more(void **state)
{
  static const char whole[] = SIGNATURE "\x21\x11\0\x14" V4_BYTES "\4\0\5hello";

  (void)state;
  for (size_t len = 0; len < sizeof whole - 1; len++) {
    uint8_t *block = test_exact(whole, len);
    struct sio__preface p = {0};
    size_t used;

    assert_int_equal(sio__preface_read(&p, block, len, &used), PREFACE_MORE);
    assert_int_equal(used, len);
    free(block);
  }
}

static void test_random_bytes_do_no_harm(void **state)
{
  uint32_t random = 5;

  (void)state;
  for (int i = 0; i < 20000; i++) {
    uint8_t bytes[80] = SIGNATURE "\x21\x11\0\x0c";
    size_t len = test_random(&random) % sizeof bytes, used;
    struct sio__preface p = {0};
    uint8_t *block;

    if (i % 2 != 0)
      memcpy(bytes, "PROXY TCP4 1.2.3.4 5.6.7.8 9 10\r\n", 34);
    for (size_t j = test_random(&random) % 16; j < sizeof bytes; j += 7)
      bytes[j] = (uint8_t)test_random(&random);
    block = test_exact(bytes, len);
    (void)sio__preface_read(&p, block, len, &used);
    assert_true(used <= len);
    free(block);
  }
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_the_binary_form_names_the_client),
      cmocka_unit_test(test_a_health_check_is_the_proxy_itself),
      cmocka_unit_test(test_the_line_names_the_client),
      cmocka_unit_test(test_what_is_not_the_binary_form_is_refused),
      cmocka_unit_test(test_what_is_not_the_line_is_refused),
      cmocka_unit_test(test_every_beginning_waits_for_more),
      cmocka_unit_test(test_random_bytes_do_no_harm),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
