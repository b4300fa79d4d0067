/* SPDX-License-Identifier: MIT */
/* Connections with TLS, driven as an adapter drives them. */
#include "tls_peer.h"

#include <sio/conn.h>
#include <sio/http.h>
#include <sio/metrics.h>

#include <stdio.h>
#include <stdlib.h>

struct door {
  struct test_mem *mem;
  sio_server *server;
  sio_tls_config *config;
  sio_conn *conn;
  struct tls_client client;
  size_t piece;
  bool stalled; /* reads nothing */
  char log[2048];
  size_t log_len;
  char seen[512];     /* what the request handler was told */
  size_t answer;      /* bytes of the answer */
  struct door *other; /* fed from inside the handler */
};

static uint32_t random_state = 12345;

static int weak_random(void *user, uint8_t *out, size_t len)
{
  (void)user;
  for (size_t i = 0; i < len; i++)
    out[i] = (uint8_t)(test_random(&random_state) >> 9);
  return 0;
}

static void log_line(const sio_log_entry *entry, void *user)
{
  struct door *d = user;

  d->log_len += (size_t)snprintf(
      d->log + d->log_len, sizeof d->log - d->log_len, "%s\n", entry->line);
}

static void run(struct door *d);

static void on_request(sio_request *request, void *user)
{
  static uint8_t page[300000];
  struct door *d = user;
  sio_str subject = sio_request_client_subject(request);

  snprintf(d->seen, sizeof d->seen, "%.*s %.*s %d",
           SIO_STR_ARG(sio_request_path(request)), SIO_STR_ARG(subject),
           sio_request_client_is_verified(request));
  if (d->other != NULL) {
    struct door *other = d->other;

    d->other = NULL;
    tls_client_say(&other->client, "GET /in HTTP/1.1\r\nHost: h\r\n\r\n", 30);
    run(other);
  }
  if (sio_respond(request, 200, NULL, 0, (sio_span){page, d->answer}) != 0)
    assert_true(d->mem->fired);
}

static bool is_off(const struct door *d)
{
  return d->mem->fired;
}

static void open_door(struct door *d, struct test_mem *mem,
                      const struct tls_recipe *recipe,
                      const struct tls_client_recipe *client)
{
  sio_peer peer = {.size = sizeof(sio_peer), .address = "192.0.2.7"};
  sio_server_options o;

  memset(d, 0, sizeof *d);
  d->mem = mem;
  d->answer = 5;
  d->config = tls_config(recipe, NULL);
  sio_server_options_init(&o);
  o.allocator = &mem->allocator;
  o.random = weak_random;
  o.log = log_line;
  o.log_user = d;
  o.log_level = SIO_LOG_DEBUG;
  o.max_kept_bytes = 0;
  o.tls_handshake_timeout_ms = 5000;
  d->server = sio_server_new(&o);
  tls_client_init(&d->client, client);
  if (d->server == NULL) {
    assert_true(is_off(d));
    return;
  }
  sio_server_expire(d->server, 1000);
  sio_server_on_http(d->server, on_request, d);
  peer.tls = d->config;
  if (sio_conn_open(d->server, &peer, NULL, &d->conn) != 0)
    assert_true(is_off(d));
}

static void close_door(struct door *d)
{
  if (d->conn != NULL)
    sio_conn_closed(d->conn, 0);
  sio_server_free(d->server);
  tls_client_dispose(&d->client);
  sio_tls_config_release(d->config);
}

static void feed(struct door *d, const uint8_t *data, size_t len)
{
  for (size_t at = 0; at < len && d->conn != NULL;) {
    size_t n = d->piece > 0 && d->piece < len - at ? d->piece : len - at;
    uint8_t *copy = test_exact(data + at, n);
    int rv = sio_conn_feed(d->conn, copy, n);

    assert_true(rv == 0 || rv == SIO_ERR_CLOSED);
    free(copy);
    at += n;
  }
}

static void up(struct door *d)
{
  uint8_t *data = d->client.out;
  size_t len = d->client.out_len;

  d->client.out = NULL;
  d->client.out_len = d->client.out_cap = 0;
  feed(d, data, len);
  free(data);
}

static size_t down(struct door *d)
{
  sio_span spans[8];
  size_t total = 0, n;

  while (!d->stalled && d->conn != NULL &&
         (n = sio_conn_output(d->conn, spans, 8)) > 0) {
    size_t sent = 0;

    for (size_t i = 0; i < n; i++) {
      tls_client_take(&d->client, spans[i].data, spans[i].len);
      sent += spans[i].len;
    }
    sio_conn_sent(d->conn, sent);
    total += sent;
  }
  return total;
}

static void run(struct door *d)
{
  tls_client_take(&d->client, NULL, 0);
  do
    up(d);
  while (down(d) > 0 || d->client.out_len > 0);
  if (d->conn != NULL && !d->stalled && sio_conn_pending(d->conn) == 0 &&
      sio_conn_wants_close(d->conn) == SIO_CLOSE_NOW) {
    sio_conn_closed(d->conn, 0);
    d->conn = NULL;
  }
}

static void say(struct door *d, const char *text)
{
  if (d->client.established && d->client.error == 0)
    tls_client_say(&d->client, text, strlen(text));
  run(d);
}

static void expect_cause(struct door *d, sio_cause cause, const char *line)
{
  assert_int_equal(sio_server_cause_count(d->server, cause), 1);
  if (strstr(d->log, line) == NULL)
    fail_msg("not in the log: %s\n%s", line, d->log);
}

static const struct tls_recipe usual = {.pairs = {"ec"}};
static const struct tls_client_recipe anybody = {0};

static struct test_mem plenty;

static void test_requests_are_answered_at_every_size_of_pieces(void **state)
{
  static const size_t sizes[] = {0, 1, 2, 5, 13, 100, 1000};

  (void)state;
  for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
    struct door d;
    sio_metrics metrics;

    test_mem_init(&plenty, TEST_MEM_NEVER);
    open_door(&d, &plenty, &usual, &anybody);
    d.piece = sizes[i];
    d.answer = 70000;
    run(&d);
    say(&d, "GET /a HTTP/1.1\r\nHost: h\r\n\r\n");
    assert_string_equal(d.seen, "/a  0");
    assert_true(d.client.plain_len > 70000);
    assert_memory_equal(d.client.plain, "HTTP/1.1 200", 12);
    sio_server_metrics(d.server, &metrics);
    assert_int_equal(metrics.tls_handshakes, 1);
    assert_int_equal(metrics.tls_resumed, 0);
    assert_true(metrics.bytes_out > d.client.plain_len);
    assert_non_null(strstr(d.log, "handshake finished: TLSv1."));
    close_door(&d);
    test_mem_check(&plenty);
  }
}

static void test_the_end_is_said(void **state)
{
  struct door d;

  (void)state;
  test_mem_init(&plenty, TEST_MEM_NEVER);
  open_door(&d, &plenty, &usual, &anybody);
  run(&d);
  say(&d, "GET /a HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
  assert_int_equal(d.client.error, MBEDTLS_ERR_SSL_PEER_CLOSE_NOTIFY);
  assert_memory_equal(d.client.plain, "HTTP/1.1 200", 12);
  assert_null(d.conn); /* it has wished so */
  close_door(&d);
  test_mem_check(&plenty);
}

static void test_a_peer_that_says_goodbye_is_gone(void **state)
{
  struct door d;

  (void)state;
  test_mem_init(&plenty, TEST_MEM_NEVER);
  open_door(&d, &plenty, &usual, &anybody);
  run(&d);
  assert_int_equal(mbedtls_ssl_close_notify(&d.client.ssl), 0);
  up(&d);
  assert_true(sio_conn_pending(d.conn) > 0); /* our own goodbye */
  run(&d);
  assert_null(d.conn);
  assert_int_equal(sio_server_cause_count(d.server, SIO_CAUSE_PEER_GONE), 1);
  close_door(&d);
  test_mem_check(&plenty);
}

static void test_a_handshake_has_its_time(void **state)
{
  struct door d;

  (void)state;
  test_mem_init(&plenty, TEST_MEM_NEVER);
  for (int hello = 0; hello < 2; hello++) {
    open_door(&d, &plenty, &usual, &anybody);
    d.stalled = true;
    if (hello)
      run(&d);
    sio_server_expire(d.server, 5999);
    assert_int_equal(sio_conn_wants_close(d.conn), SIO_CLOSE_NO);
    sio_server_expire(d.server, 6000);
    assert_int_equal(sio_conn_wants_close(d.conn), SIO_CLOSE_NOW);
    expect_cause(&d, SIO_CAUSE_TLS_TIMEOUT, "took too long (limit 5000)");
    close_door(&d);
    test_mem_check(&plenty);
  }
}

static void test_after_the_handshake_the_time_of_http_begins(void **state)
{
  struct door d;

  (void)state;
  test_mem_init(&plenty, TEST_MEM_NEVER);
  open_door(&d, &plenty, &usual, &anybody);
  run(&d);
  sio_server_expire(d.server, 60999);
  assert_int_equal(sio_conn_wants_close(d.conn), SIO_CLOSE_NO);
  sio_server_expire(d.server, 61000);
  run(&d);
  assert_memory_equal(d.client.plain, "HTTP/1.1 408", 12);
  assert_int_equal(d.client.error, MBEDTLS_ERR_SSL_PEER_CLOSE_NOTIFY);
  close_door(&d);
  test_mem_check(&plenty);
}

static void test_what_is_not_tls_gets_an_alert_and_is_counted(void **state)
{
  const uint8_t http[] = "GET / HTTP/1.1\r\nHost: h\r\n\r\n";
  sio_span span;
  struct door d;

  (void)state;
  test_mem_init(&plenty, TEST_MEM_NEVER);
  open_door(&d, &plenty, &usual, &anybody);
  feed(&d, http, sizeof http - 1);
  expect_cause(&d, SIO_CAUSE_TLS_HANDSHAKE, "the TLS handshake failed: not ");
  if (sio_conn_output(d.conn, &span, 1) == 1) {
    assert_int_equal(span.data[0], 21); /* an alert, and no HTTP */
    sio_conn_sent(d.conn, span.len);
  }
  assert_int_equal(sio_conn_pending(d.conn), 0);
  assert_int_equal(sio_conn_wants_close(d.conn), SIO_CLOSE_LINGER);
  sio_server_expire(d.server, 31000); /* close_timeout_ms */
  assert_int_equal(sio_conn_wants_close(d.conn), SIO_CLOSE_NOW);
  assert_string_equal(d.seen, "");
  close_door(&d);
  test_mem_check(&plenty);
}

static void test_a_broken_record_ends_a_connection(void **state)
{
  struct door d;

  (void)state;
  test_mem_init(&plenty, TEST_MEM_NEVER);
  open_door(&d, &plenty, &usual, &anybody);
  run(&d);
  tls_client_say(&d.client, "GET / HTTP/1.1\r\nHost: h\r\n\r\n", 28);
  d.client.out[20] ^= 1;
  run(&d);
  assert_string_equal(d.seen, "");
  expect_cause(&d, SIO_CAUSE_TLS_RECORD,
               "an invalid TLS record: a record was changed on the way");
  close_door(&d);
  test_mem_check(&plenty);
}

static void test_the_client_is_known_by_its_certificate(void **state)
{
  const struct tls_recipe may = {
      .pairs = {"ec"}, .ca = "ca.pem", .client_auth = SIO_TLS_CLIENT_OPTIONAL};
  static const struct {
    const char *pair, *seen;
  } rows[] = {
      {"client", "/a C=NO, O=Example\\, Inc., CN=\xc3\x85se + CN=alice 1"},
      {"client-stranger", "/a CN=alice 0"},
      {NULL, "/a  0"},
  };

  (void)state;
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    const struct tls_client_recipe client = {.pair = rows[i].pair};
    struct door d;

    test_mem_init(&plenty, TEST_MEM_NEVER);
    open_door(&d, &plenty, &may, &client);
    run(&d);
    say(&d, "GET /a HTTP/1.1\r\nHost: h\r\n\r\n");
    assert_string_equal(d.seen, rows[i].seen);
    close_door(&d);
    test_mem_check(&plenty);
  }
}

static void test_another_connection_may_be_fed_from_a_handler(void **state)
{
  struct test_mem more;
  struct door d, other;

  (void)state;
  test_mem_init(&plenty, TEST_MEM_NEVER);
  test_mem_init(&more, TEST_MEM_NEVER);
  open_door(&d, &plenty, &usual, &anybody);
  open_door(&other, &more, &usual, &anybody);
  run(&d);
  run(&other);
  sio_conn_closed(other.conn, 0);
  { /* the same server, so that both want the same room */
    const sio_peer peer = {.size = sizeof(sio_peer), .tls = d.config};

    tls_client_dispose(&other.client);
    tls_client_init(&other.client, &anybody);
    assert_int_equal(sio_conn_open(d.server, &peer, NULL, &other.conn), 0);
  }
  run(&other);
  d.other = &other;
  say(&d, "GET /out HTTP/1.1\r\nHost: h\r\n\r\n"
          "GET /next HTTP/1.1\r\nHost: h\r\n\r\n");
  assert_string_equal(d.seen, "/next  0");
  assert_memory_equal(other.client.plain, "HTTP/1.1 200", 12);
  sio_conn_closed(other.conn, 0);
  other.conn = NULL;
  close_door(&other);
  close_door(&d);
  test_mem_check(&plenty);
  test_mem_check(&more);
}

/* Who does not read makes us keep plaintext, and a little ciphertext. */
static void test_only_a_little_is_encrypted_for_who_does_not_read(void **state)
{
  sio_span spans[64];
  struct door d;
  size_t n, shown = 0;

  (void)state;
  test_mem_init(&plenty, TEST_MEM_NEVER);
  open_door(&d, &plenty, &usual, &anybody);
  d.answer = 300000;
  run(&d);
  d.stalled = true;
  say(&d, "GET /a HTTP/1.1\r\nHost: h\r\n\r\n");
  n = sio_conn_output(d.conn, spans, 64);
  for (size_t i = 0; i < n; i++)
    shown += spans[i].len;
  assert_in_range(shown, 65536, 90000);
  assert_in_range(sio_conn_pending(d.conn), 300000, 302000);
  assert_int_equal(sio_conn_output(d.conn, spans, 64), n);
  d.stalled = false;
  run(&d);
  assert_true(d.client.plain_len > 300000);
  assert_int_equal(sio_conn_pending(d.conn), 0);
  close_door(&d);
  test_mem_check(&plenty);
}

static void test_a_server_that_closes_says_goodbye(void **state)
{
  struct door d;

  (void)state;
  test_mem_init(&plenty, TEST_MEM_NEVER);
  open_door(&d, &plenty, &usual, &anybody);
  run(&d);
  assert_int_equal(sio_server_close(d.server, NULL, NULL), 0);
  run(&d);
  assert_int_equal(d.client.error, MBEDTLS_ERR_SSL_PEER_CLOSE_NOTIFY);
  close_door(&d);
  test_mem_check(&plenty);
}

/* ---- A session ---- */

static char host[256];

static void on_open(sio_session *session, void *user)
{
  struct door *d = user;

  (void)d;
  snprintf(host, sizeof host, "%d %.*s %d", sio_session_is_secure(session),
           SIO_STR_ARG(sio_session_client_subject(session)),
           sio_session_client_is_verified(session));
}

static void on_socket(sio_socket *socket, void *user)
{
  size_t len = strlen(host);

  (void)user;
  snprintf(host + len, sizeof host - len, "; %d %.*s %d",
           sio_socket_is_secure(socket),
           SIO_STR_ARG(sio_socket_client_subject(socket)),
           sio_socket_client_is_verified(socket));
}

static void go_through(struct test_mem *mem, void *user)
{
  const struct tls_client_recipe client = {.pair = "client-expired"};
  const sio_session_handlers handlers = {.size = sizeof handlers,
                                         .open = on_open};
  char sid[64] = "", text[256], answer[1024];
  const char *at;
  struct door d;

  host[0] = '\0';
  open_door(&d, mem, user, &client);
  if (d.server != NULL && d.conn != NULL) {
    (void)sio_server_on_sessions(d.server, &handlers, &d);
    if (sio_on_connect(sio_of(d.server, "/"), on_socket, &d) != 0)
      assert_true(is_off(&d));
    run(&d);
    say(&d, "GET /socket.io/?EIO=4&transport=polling HTTP/1.1\r\n"
            "Host: h\r\n\r\n");
    tls_client_take(&d.client, NULL, 0);
    snprintf(answer, sizeof answer, "%.*s", (int)d.client.plain_len,
             d.client.plain != NULL ? (const char *)d.client.plain : "");
    at = strchr(answer, '{');
    if (at != NULL && sscanf(at, "{\"sid\":\"%60[^\"]", sid) == 1) {
      snprintf(text, sizeof text,
               "POST /socket.io/?EIO=4&transport=polling&sid=%s HTTP/1.1\r\n"
               "Host: h\r\nContent-Length: 2\r\n\r\n40",
               sid);
      say(&d, text);
    }
  }
  if (!is_off(&d))
    assert_string_equal(host, "1 CN=late 0; 1 CN=late 0");
  close_door(&d);
}

static void test_sessions_and_sockets_know_the_client(void **state)
{
  struct tls_recipe may = {
      .pairs = {"ec"}, .ca = "ca.pem", .client_auth = SIO_TLS_CLIENT_OPTIONAL};

  (void)state;
  assert_true(test_every_allocation(go_through, &may) > 20);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_requests_are_answered_at_every_size_of_pieces),
      cmocka_unit_test(test_the_end_is_said),
      cmocka_unit_test(test_a_peer_that_says_goodbye_is_gone),
      cmocka_unit_test(test_a_handshake_has_its_time),
      cmocka_unit_test(test_after_the_handshake_the_time_of_http_begins),
      cmocka_unit_test(test_what_is_not_tls_gets_an_alert_and_is_counted),
      cmocka_unit_test(test_a_broken_record_ends_a_connection),
      cmocka_unit_test(test_the_client_is_known_by_its_certificate),
      cmocka_unit_test(test_another_connection_may_be_fed_from_a_handler),
      cmocka_unit_test(test_only_a_little_is_encrypted_for_who_does_not_read),
      cmocka_unit_test(test_a_server_that_closes_says_goodbye),
      cmocka_unit_test(test_sessions_and_sockets_know_the_client),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
