/* SPDX-License-Identifier: MIT */
#include "support.h"

#include <sio/error.h>
#include <stdio.h>
#include <stdlib.h>

#include "eio/guests.h"

static const struct sio__hash_seed seed = {.k0 = 3, .k1 = 4};

/* Two sessions, and three handshakes with one more each second. */
static const struct sio__guest_limits usual = {
    .max = 10, .max_sessions = 2, .handshakes = {1, 3}};

struct world {
  struct test_mem mem;
  struct sio__guests guests;
};

static void begin(struct world *w, const struct sio__guest_limits *limits)
{
  test_mem_init(&w->mem, TEST_MEM_NEVER);
  sio__guests_init(&w->guests, &w->mem.allocator, &seed, limits);
}

static void end(struct world *w)
{
  sio__guests_dispose(&w->guests);
  test_mem_check(&w->mem);
}

static size_t known(const struct world *w)
{
  return w->guests.by_address.count;
}

static int admit(struct world *w, const char *address, uint64_t now_ms)
{
  uint64_t wait_ms = 77;
  int rv = sio__guests_admit(&w->guests, address, now_ms, &wait_ms);

  assert_true(rv == 0 || rv == SIO_ERR_LIMIT);
  assert_int_equal(wait_ms > 0, rv != 0);
  return rv;
}

static struct sio__guest *open_one(struct world *w, const char *address)
{
  struct sio__guest *guest;

  assert_int_equal(sio__guests_opened(&w->guests, address, &guest), 0);
  return guest;
}

static void close_one(struct world *w, struct sio__guest *guest, uint64_t now)
{
  sio__guests_closed(&w->guests, guest, now);
}

/* Whether two addresses are one guest. */
static bool are_one(const char *a, const char *b)
{
  struct sio__guest *first, *second;
  struct world w;
  bool same;

  begin(&w, &usual);
  first = open_one(&w, a);
  second = open_one(&w, b);
  assert_non_null(first);
  assert_non_null(second);
  same = first == second;
  close_one(&w, first, 0);
  close_one(&w, second, 0);
  end(&w);
  return same;
}

static void test_handshakes_of_an_address_are_limited(void **state)
{
  uint64_t wait_ms;
  struct world w;

  (void)state;
  begin(&w, &usual);
  for (int i = 0; i < 3; i++)
    assert_int_equal(admit(&w, "192.0.2.7", 1000), 0);
  assert_int_equal(sio__guests_admit(&w.guests, "192.0.2.7", 1100, &wait_ms),
                   SIO_ERR_LIMIT);
  assert_int_equal(wait_ms, 900);
  assert_int_equal(admit(&w, "192.0.2.8", 1100), 0); /* another one's */
  assert_int_equal(admit(&w, "192.0.2.7", 1999), SIO_ERR_LIMIT);
  assert_int_equal(admit(&w, "192.0.2.7", 2000), 0);
  assert_int_equal(admit(&w, "192.0.2.7", 2000), SIO_ERR_LIMIT);
  end(&w);
}

static void test_open_sessions_of_an_address_are_limited(void **state)
{
  struct sio__guest *a, *b, *c;
  uint64_t wait_ms;
  struct world w;

  (void)state;
  begin(&w, &usual);
  a = open_one(&w, "192.0.2.7");
  b = open_one(&w, "192.0.2.7");
  assert_int_equal(sio__guests_opened(&w.guests, "192.0.2.7", &c),
                   SIO_ERR_LIMIT);
  assert_null(c);
  assert_int_equal(sio__guests_admit(&w.guests, "192.0.2.7", 0, &wait_ms),
                   SIO_ERR_LIMIT);
  assert_int_equal(wait_ms, SIO_NEVER);
  c = open_one(&w, "192.0.2.8");
  close_one(&w, c, 0);
  close_one(&w, a, 0);
  assert_int_equal(admit(&w, "192.0.2.7", 0), 0);
  a = open_one(&w, "192.0.2.7");
  close_one(&w, b, 0);
  close_one(&w, a, 0);
  end(&w);
}

/* One who is refused for his sessions has not used up a handshake. */
static void test_a_refusal_costs_no_handshake(void **state)
{
  struct sio__guest *a, *b;
  struct world w;

  (void)state;
  begin(&w, &usual);
  a = open_one(&w, "192.0.2.7");
  b = open_one(&w, "192.0.2.7");
  for (int i = 0; i < 10; i++)
    assert_int_equal(admit(&w, "192.0.2.7", 0), SIO_ERR_LIMIT);
  close_one(&w, a, 0);
  for (int i = 0; i < 3; i++)
    assert_int_equal(admit(&w, "192.0.2.7", 0), 0);
  for (int i = 0; i < 10; i++)
    assert_int_equal(admit(&w, "192.0.2.7", 0), SIO_ERR_LIMIT);
  assert_int_equal(admit(&w, "192.0.2.7", 1000), 0);
  close_one(&w, b, 0);
  end(&w);
}

static void test_addresses_are_compared_by_what_they_mean(void **state)
{
  static const struct {
    const char *a, *b;
    bool one;
  } rows[] = {
      {"192.0.2.7", "192.0.2.7", true},
      {"192.0.2.7", "192.0.2.70", false},
      {"192.0.2.7", "::ffff:192.0.2.7", true},
      {"192.0.2.7", "::FFFF:c000:0207", true},
      {"192.0.2.7", "0:0:0:0:0:ffff:c000:207", true},
      {"192.0.2.7", "::192.0.2.7", false},
      {"192.0.2.7", "::ffff:192.0.2.8", false},
      {"255.255.255.255", "::ffff:ffff:ffff", true},
      {"0.0.0.0", "::ffff:0.0.0.0", true},
      {"::ffff:192.0.2.7%eth0", "192.0.2.7", true},
      {"2001:db8::1", "2001:db8::2", true},
      {"2001:db8::1", "2001:0DB8:0:0:ffff:ffff:ffff:ffff", true},
      {"2001:db8::1", "2001:db8:0:1::1", false},
      {"2001:db8::1", "2001:db8:0:0:1:2:3:4", true},
      {"2001:db8:1:2:3:4:5:6", "2001:db8:1:2::", true},
      {"1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0", true},
      {"::2:3:4:5:6:7:8", "0:2:3:4::", true},
      {"1:2:3:4:5:6:1.2.3.4", "1:2:3:4::9", true},
      {"1:2:3::1.2.3.4", "1:2:3::", true},
      {"::", "::1", true},
      {"fe80::1%eth0", "fe80::2%eth1", true},
      /* What is none stands for itself. */
      {"192.0.2.07", "192.0.2.7", false},
      {"192.0.2.256", "192.0.2.256", true},
      {"192.0.2.256", "192.0.2.0", false},
      {"192.0.2", "192.0.2.0", false},
      {"192.0.2.", "192.0.2.0", false},
      {"192.0.2.7.", "192.0.2.7", false},
      {"192.0.2.7 ", "192.0.2.7", false},
      {"192.0.2.0007", "192.0.2.7", false},
      {"192.0.2.7%1", "192.0.2.7", false},
      {"1:2:3:4:5:6:7", "1:2:3:4:5:6:7:0", false},
      {"1:2:3:4:5:6:7:8:9", "1:2:3:4::", false},
      {"1:2:3:4:5:6:7:8::", "1:2:3:4::", false},
      {"::1:2:3:4:5:6:7:8", "0:1:2:3::", false},
      {"1:2:3:4:5:6:7:1.2.3.4", "1:2:3:4::", false},
      {"::1.2.3.4:5", "::", false},
      {"1::2::3", "1::", false},
      {":1:2:3:4:5:6:7:8", "1:2:3:4::", false},
      {"1:2:3:4:5:6:7:8:", "1:2:3:4::", false},
      {":::", "::", false},
      {"1:::2", "1::", false},
      {":", "::", false},
      {"12345::", "1234::", false},
      {"g::", "::", false},
      {"::1.2.3", "::", false},
      {"/run/sio.sock", "/run/sio.sock", true},
      {"/run/sio.sock", "/run/sio.sock2", false},
      {"a", "b", false},
      {"%eth0", "%eth0", true},
      {"%eth0", "%eth1", false},
  };

  (void)state;
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    char *a = (char *)test_exact(rows[i].a, strlen(rows[i].a) + 1);
    char *b = (char *)test_exact(rows[i].b, strlen(rows[i].b) + 1);

    if (are_one(a, b) != rows[i].one || are_one(b, a) != rows[i].one)
      fail_msg("%s and %s", rows[i].a, rows[i].b);
    free(a);
    free(b);
  }
}

/* Four and eight characters might be the bytes of an address. */
static void test_a_text_is_not_taken_for_a_number(void **state)
{
  (void)state;
  assert_false(are_one("abcd", "97.98.99.100"));
  assert_false(are_one("abcdefgh", "6162:6364:6566:6768::"));
}

static void test_long_texts_are_cut(void **state)
{
  char a[1000], b[1000];

  (void)state;
  memset(a, 'x', sizeof a);
  memset(b, 'x', sizeof b);
  a[999] = b[999] = '\0';
  b[254] = 'y';
  assert_true(are_one(a, b));
  b[253] = 'y';
  assert_false(are_one(a, b));
  b[253] = '\0';
  assert_false(are_one(a, b));
}

static void test_an_unknown_address_is_not_limited(void **state)
{
  struct sio__guest *guest;
  struct world w;

  (void)state;
  begin(&w, &usual);
  for (int i = 0; i < 20; i++) {
    assert_int_equal(admit(&w, i % 2 != 0 ? "" : NULL, 0), 0);
    assert_int_equal(sio__guests_opened(&w.guests, "", &guest), 0);
    assert_null(guest);
    assert_int_equal(sio__guests_opened(&w.guests, NULL, &guest), 0);
    assert_null(guest);
    close_one(&w, guest, 0);
  }
  assert_int_equal(known(&w), 0);
  assert_int_equal(w.mem.calls, 0);
  end(&w);
}

static void test_without_limits_nothing_is_remembered(void **state)
{
  static const struct sio__guest_limits none = {.max = 10};
  struct world w;

  (void)state;
  begin(&w, &none);
  for (int i = 0; i < 20; i++) {
    assert_int_equal(admit(&w, "192.0.2.7", 0), 0);
    assert_null(open_one(&w, "192.0.2.7"));
  }
  assert_int_equal(w.mem.calls, 0);
  end(&w);
}

static void test_each_limit_works_without_the_other(void **state)
{
  static const struct sio__guest_limits sessions = {.max = 10,
                                                    .max_sessions = 1};
  static const struct sio__guest_limits handshakes = {.max = 10,
                                                      .handshakes = {1, 1}};
  struct sio__guest *guest, *other;
  struct world w;

  (void)state;
  begin(&w, &sessions);
  for (int i = 0; i < 20; i++)
    assert_int_equal(admit(&w, "192.0.2.7", 0), 0);
  assert_int_equal(known(&w), 0);
  guest = open_one(&w, "192.0.2.7");
  assert_int_equal(sio__guests_opened(&w.guests, "192.0.2.7", &other),
                   SIO_ERR_LIMIT);
  close_one(&w, guest, 0);
  assert_int_equal(known(&w), 0);
  end(&w);

  begin(&w, &handshakes);
  assert_int_equal(admit(&w, "192.0.2.7", 0), 0);
  assert_int_equal(admit(&w, "192.0.2.7", 0), SIO_ERR_LIMIT);
  for (int i = 0; i < 20; i++)
    assert_null(open_one(&w, "192.0.2.7"));
  end(&w);
}

/* No handshake is ever allowed: nobody has to be remembered for that. */
static void test_a_burst_of_nothing_admits_nobody(void **state)
{
  static const struct sio__guest_limits limits = {.max = 10,
                                                  .handshakes = {1, 0}};
  uint64_t wait_ms;
  struct world w;

  (void)state;
  begin(&w, &limits);
  assert_int_equal(sio__guests_admit(&w.guests, "192.0.2.7", 9, &wait_ms),
                   SIO_ERR_LIMIT);
  assert_int_equal(wait_ms, SIO_NEVER);
  assert_int_equal(known(&w), 0);
  end(&w);
}

static void test_a_guest_is_forgotten_when_nothing_is_left(void **state)
{
  struct sio__guest *guest;
  struct world w;

  (void)state;
  begin(&w, &usual);
  assert_int_equal(sio__guests_deadline(&w.guests, 0), SIO_NEVER);
  assert_int_equal(admit(&w, "192.0.2.7", 5000), 0);
  guest = open_one(&w, "192.0.2.7");
  assert_int_equal(sio__guests_deadline(&w.guests, 5000), SIO_NEVER);
  sio__guests_sweep(&w.guests, 9999); /* it is open */
  assert_int_equal(known(&w), 1);
  close_one(&w, guest, 5999);
  assert_int_equal(known(&w), 1); /* not all of its handshakes are back */
  assert_int_equal(sio__guests_deadline(&w.guests, 5999), 6000);
  sio__guests_sweep(&w.guests, 5999);
  assert_int_equal(known(&w), 1);
  sio__guests_sweep(&w.guests, 6000);
  assert_int_equal(known(&w), 0);

  assert_int_equal(admit(&w, "192.0.2.7", 7000), 0);
  guest = open_one(&w, "192.0.2.7");
  close_one(&w, guest, 8000); /* all is back */
  assert_int_equal(known(&w), 0);
  assert_int_equal(w.mem.live_blocks, 0);
  end(&w);
}

static void test_others_that_come_push_the_forgotten_out(void **state)
{
  char address[32];
  struct world w;

  (void)state;
  begin(&w, &usual);
  for (int i = 0; i < 1000; i++) {
    snprintf(address, sizeof address, "10.0.%d.%d", i / 250, i % 250);
    assert_int_equal(admit(&w, address, (uint64_t)i * 500), 0);
    assert_true(known(&w) <= 3);
  }
  assert_int_equal(w.guests.uncounted, 0);
  end(&w);
}

static void test_the_idle_one_seen_longest_ago_makes_room(void **state)
{
  static const struct sio__guest_limits three = {
      .max = 3, .max_sessions = 2, .handshakes = {1, 1}};
  struct sio__guest *guest;
  struct world w;

  (void)state;
  begin(&w, &three);
  assert_int_equal(admit(&w, "192.0.2.1", 0), 0);
  guest = open_one(&w, "192.0.2.1");
  assert_int_equal(admit(&w, "192.0.2.2", 0), 0);
  assert_int_equal(admit(&w, "192.0.2.3", 0), 0);
  assert_int_equal(admit(&w, "192.0.2.4", 0), 0); /* for 192.0.2.2 */
  assert_int_equal(known(&w), 3);
  assert_int_equal(admit(&w, "192.0.2.1", 0), SIO_ERR_LIMIT);
  assert_int_equal(admit(&w, "192.0.2.3", 0), SIO_ERR_LIMIT);
  assert_int_equal(admit(&w, "192.0.2.4", 0), SIO_ERR_LIMIT);
  assert_int_equal(admit(&w, "192.0.2.2", 0), 0); /* for 192.0.2.3 */
  assert_int_equal(admit(&w, "192.0.2.4", 0), SIO_ERR_LIMIT);
  assert_int_equal(w.guests.uncounted, 0);
  close_one(&w, guest, 0);
  end(&w);
}

static void test_whoever_comes_again_is_not_the_oldest(void **state)
{
  static const struct sio__guest_limits two = {.max = 2, .handshakes = {1, 2}};
  struct world w;

  (void)state;
  begin(&w, &two);
  assert_int_equal(admit(&w, "192.0.2.1", 0), 0);
  assert_int_equal(admit(&w, "192.0.2.2", 0), 0);
  assert_int_equal(admit(&w, "192.0.2.1", 0), 0);
  assert_int_equal(admit(&w, "192.0.2.3", 0), 0); /* for 192.0.2.2 */
  assert_int_equal(admit(&w, "192.0.2.1", 0), SIO_ERR_LIMIT);
  end(&w);
}

static void test_where_all_have_sessions_open_others_go_uncounted(void **state)
{
  static const struct sio__guest_limits two = {
      .max = 2, .max_sessions = 1, .handshakes = {1, 1}};
  struct sio__guest *a, *b;
  struct world w;

  (void)state;
  begin(&w, &two);
  a = open_one(&w, "192.0.2.1");
  b = open_one(&w, "192.0.2.2");
  for (int i = 0; i < 5; i++) {
    assert_int_equal(admit(&w, "192.0.2.3", 0), 0);
    assert_null(open_one(&w, "192.0.2.3"));
  }
  assert_int_equal(w.guests.uncounted, 10);
  assert_int_equal(admit(&w, "192.0.2.1", 0), SIO_ERR_LIMIT);
  close_one(&w, a, 0);
  assert_int_equal(admit(&w, "192.0.2.3", 0), 0);
  assert_int_equal(admit(&w, "192.0.2.3", 0), SIO_ERR_LIMIT);
  assert_int_equal(w.guests.uncounted, 10);
  close_one(&w, b, 0);
  end(&w);
}

static void test_time_may_be_at_its_ends(void **state)
{
  static const uint64_t times[] = {0, UINT64_MAX - 1, UINT64_MAX};
  struct world w;

  (void)state;
  for (size_t i = 0; i < sizeof times / sizeof *times; i++) {
    begin(&w, &usual);
    for (int j = 0; j < 3; j++)
      assert_int_equal(admit(&w, "192.0.2.7", times[i]), 0);
    assert_int_equal(admit(&w, "192.0.2.7", times[i]), SIO_ERR_LIMIT);
    assert_int_equal(sio__guests_deadline(&w.guests, times[i]),
                     times[i] == 0 ? 3000 : SIO_NEVER);
    sio__guests_sweep(&w.guests, times[i]);
    assert_int_equal(known(&w), 1);
    end(&w);
  }
}

/* Whoever cannot be remembered is let in, and this can be seen. */
static void visit_without_memory(struct test_mem *mem, void *user)
{
  struct sio__guest *guest[2];
  struct sio__guests guests;
  size_t *uncounted = user;
  uint64_t wait_ms;

  sio__guests_init(&guests, &mem->allocator, &seed, &usual);
  for (int i = 0; i < 2; i++) {
    const char *address = i == 0 ? "192.0.2.7" : "2001:db8::1";

    assert_int_equal(sio__guests_admit(&guests, address, 0, &wait_ms), 0);
    assert_int_equal(wait_ms, 0);
    assert_int_equal(sio__guests_opened(&guests, address, &guest[i]), 0);
  }
  assert_true(guests.uncounted <= 1);
  assert_true(guests.uncounted == 0 || mem->fired);
  *uncounted += (size_t)guests.uncounted;
  sio__guests_closed(&guests, guest[0], 0);
  sio__guests_closed(&guests, guest[1], 0);
  sio__guests_dispose(&guests);
}

static void test_without_memory_guests_are_let_in(void **state)
{
  size_t uncounted = 0;

  (void)state;
  assert_true(test_every_allocation(visit_without_memory, &uncounted) > 2);
  assert_int_equal(uncounted, 2); /* each of them once */
}

static void test_a_guest_that_memory_was_refused_for_can_leave(void **state)
{
  struct sio__guest *guest;
  struct world w;

  (void)state;
  begin(&w, &usual);
  w.mem.fail_at = 0;
  w.mem.fail_forever = true;
  for (int i = 0; i < 5; i++) {
    assert_int_equal(admit(&w, "192.0.2.7", 0), 0);
    guest = open_one(&w, "192.0.2.7");
    assert_null(guest);
    close_one(&w, guest, 0);
  }
  assert_int_equal(w.guests.uncounted, 10);
  end(&w);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_handshakes_of_an_address_are_limited),
      cmocka_unit_test(test_open_sessions_of_an_address_are_limited),
      cmocka_unit_test(test_a_refusal_costs_no_handshake),
      cmocka_unit_test(test_addresses_are_compared_by_what_they_mean),
      cmocka_unit_test(test_a_text_is_not_taken_for_a_number),
      cmocka_unit_test(test_long_texts_are_cut),
      cmocka_unit_test(test_an_unknown_address_is_not_limited),
      cmocka_unit_test(test_without_limits_nothing_is_remembered),
      cmocka_unit_test(test_each_limit_works_without_the_other),
      cmocka_unit_test(test_a_burst_of_nothing_admits_nobody),
      cmocka_unit_test(test_a_guest_is_forgotten_when_nothing_is_left),
      cmocka_unit_test(test_others_that_come_push_the_forgotten_out),
      cmocka_unit_test(test_the_idle_one_seen_longest_ago_makes_room),
      cmocka_unit_test(test_whoever_comes_again_is_not_the_oldest),
      cmocka_unit_test(test_where_all_have_sessions_open_others_go_uncounted),
      cmocka_unit_test(test_time_may_be_at_its_ends),
      cmocka_unit_test(test_without_memory_guests_are_let_in),
      cmocka_unit_test(test_a_guest_that_memory_was_refused_for_can_leave),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
