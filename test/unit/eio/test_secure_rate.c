/* SPDX-License-Identifier: MIT */
/* How many TLS handshakes may begin: refused before TLS does anything. */
#include "tls_peer.h"

#include <sio/conn.h>

#include "eio/secure.h"

#include <stdio.h>

struct street {
  struct test_mem mem;
  sio_server *server;
  sio_tls_config *config;
  unsigned lines; /* of the log, about refusals */
  char line[256]; /* the last of them */
};

static void log_line(const sio_log_entry *entry, void *user)
{
  struct street *s = user;

  if (strstr(entry->line, "too many TLS") == NULL)
    return;
  s->lines++;
  snprintf(s->line, sizeof s->line, "%s", entry->line);
}

static void begin(struct street *s, sio_server_options *o)
{
  static const struct tls_recipe usual = {.pairs = {"ec"}};

  memset(s, 0, sizeof *s);
  test_mem_init(&s->mem, TEST_MEM_NEVER);
  o->allocator = &s->mem.allocator;
  o->log = log_line;
  o->log_user = s;
  s->config = tls_config(&usual, NULL);
  s->server = sio_server_new(o);
  assert_non_null(s->server);
  sio_server_expire(s->server, 1000);
}

static void end(struct street *s)
{
  sio_server_free(s->server);
  sio_tls_config_release(s->config);
  test_mem_check(&s->mem);
}

static sio_conn *come(struct street *s, const char *address)
{
  const sio_peer peer = {
      .size = sizeof(sio_peer), .address = address, .tls = s->config};
  sio_conn *conn;

  assert_int_equal(sio_conn_open(s->server, &peer, NULL, &conn), 0);
  return conn;
}

/* Somebody comes, says the first byte, and goes; whether TLS has begun. */
static bool begins(struct street *s, const char *address)
{
  sio_conn *conn = come(s, address);
  uint8_t first = 0x16;
  sio_span span;
  bool fresh;

  assert_int_equal(sio_conn_feed(conn, &first, 1), 0);
  fresh = conn->tls->state == TLS_FRESH;
  assert_int_equal(sio_conn_wants_close(conn),
                   fresh ? SIO_CLOSE_NOW : SIO_CLOSE_NO);
  if (fresh) {
    assert_int_equal(sio_conn_output(conn, &span, 1), 0);
    assert_int_equal(sio_conn_feed(conn, &first, 1), SIO_ERR_CLOSED);
  }
  sio_conn_closed(conn, 0);
  return !fresh;
}

static uint64_t count(const struct street *s, sio_cause cause)
{
  return sio_server_cause_count(s->server, cause);
}

static void test_one_address_may_begin_so_often(void **state)
{
  sio_server_options o;
  struct street s;

  (void)state;
  sio_server_options_init(&o);
  o.tls_handshakes_per_address = 1;
  o.tls_handshakes_per_address_burst = 2;
  begin(&s, &o);
  assert_true(begins(&s, "192.0.2.7"));
  assert_true(begins(&s, "192.0.2.7"));
  assert_false(begins(&s, "192.0.2.7"));
  assert_int_equal(count(&s, SIO_CAUSE_RATE_TLS_ADDRESS), 1);
  assert_non_null(strstr(s.line, "too many TLS handshakes from one address "
                                 "(limit 2, seen 3)"));
  assert_true(begins(&s, "192.0.2.8"));
  sio_server_expire(s.server, 2000);
  assert_true(begins(&s, "192.0.2.7"));
  assert_false(begins(&s, "192.0.2.7"));
  assert_int_equal(count(&s, SIO_CAUSE_RATE_TLS_ADDRESS), 2);
  assert_int_equal(count(&s, SIO_CAUSE_RATE_TLS), 0);
  end(&s);
}

static void test_all_may_begin_so_often(void **state)
{
  char address[16];
  sio_server_options o;
  struct street s;

  (void)state;
  sio_server_options_init(&o);
  o.tls_handshakes_per_second = 5;
  begin(&s, &o);
  for (int i = 0; i < 20; i++) {
    snprintf(address, sizeof address, "192.0.2.%d", i);
    assert_int_equal(begins(&s, address), i < 5);
  }
  assert_int_equal(count(&s, SIO_CAUSE_RATE_TLS), 15);
  assert_int_equal(s.lines, 1); /* in this second */
  assert_non_null(strstr(s.line, "at a time (limit 5, seen 6)"));
  sio_server_expire(s.server, 1200);
  assert_true(begins(&s, "192.0.2.7"));
  assert_false(begins(&s, "192.0.2.7"));
  end(&s);
}

static void test_who_says_nothing_takes_nothing(void **state)
{
  sio_server_options o;
  struct street s;

  (void)state;
  sio_server_options_init(&o);
  o.tls_handshakes_per_second = 1;
  begin(&s, &o);
  for (int i = 0; i < 5; i++) {
    sio_conn *conn = come(&s, "192.0.2.7");

    assert_int_equal(sio_conn_feed(conn, NULL, 0), 0);
    sio_conn_closed(conn, 0);
  }
  assert_true(begins(&s, "192.0.2.7"));
  end(&s);
}

static void test_what_has_begun_goes_on(void **state)
{
  uint8_t hello[] = {0x16, 0x03, 0x01};
  sio_server_options o;
  struct street s;
  sio_conn *conn;

  (void)state;
  sio_server_options_init(&o);
  o.tls_handshakes_per_second = 1;
  begin(&s, &o);
  conn = come(&s, "192.0.2.7");
  for (size_t i = 0; i < sizeof hello; i++)
    assert_int_equal(sio_conn_feed(conn, hello + i, 1), 0);
  assert_int_equal(sio_conn_wants_close(conn), SIO_CLOSE_NO);
  sio_conn_closed(conn, 0);
  end(&s);
}

/* It passes TLS of many people on. */
static void test_trusted_proxies_count_only_among_all(void **state)
{
  sio_server_options o;
  struct street s;

  (void)state;
  sio_server_options_init(&o);
  o.tls_handshakes_per_address = 1;
  o.tls_handshakes_per_second = 4;
  o.trusted_proxies = "10.0.0.0/8";
  begin(&s, &o);
  for (int i = 0; i < 4; i++)
    assert_true(begins(&s, "10.1.2.3"));
  assert_false(begins(&s, "10.1.2.3"));
  assert_int_equal(count(&s, SIO_CAUSE_RATE_TLS), 1);
  assert_int_equal(count(&s, SIO_CAUSE_RATE_TLS_ADDRESS), 0);
  end(&s);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_one_address_may_begin_so_often),
      cmocka_unit_test(test_all_may_begin_so_often),
      cmocka_unit_test(test_who_says_nothing_takes_nothing),
      cmocka_unit_test(test_what_has_begun_goes_on),
      cmocka_unit_test(test_trusted_proxies_count_only_among_all),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
