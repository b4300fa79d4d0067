/* SPDX-License-Identifier: MIT */
/* The filter against a client of mbedtls. */
#include "pair.h"

static const struct tls_recipe plain_server = {.pairs = {"ec"}};
static const struct tls_client_recipe plain_client = {0};

static void open_plain(struct pair *p)
{
  pair_open(p, tls_config(&plain_server, NULL), &plain_client);
}

static void expect_failure(struct pair *p, sio_cause cause, const char *detail)
{
  assert_int_equal(p->tls->state, TLS_FAILED);
  assert_int_equal(p->tls->failure.cause, cause);
  if (detail == NULL)
    assert_null(p->tls->failure.detail);
  else
    assert_string_equal(p->tls->failure.detail, detail);
}

/* One exchange of large messages both ways. */
static void exchange(struct pair *p)
{
  enum { LEN = 40000 };
  uint8_t *text = malloc(LEN);

  assert_non_null(text);
  for (size_t i = 0; i < LEN; i++)
    text[i] = (uint8_t)(i * 7 + i / 251);
  pair_run(p);
  assert_true(sio__tls_is_established(p->tls));
  assert_true(p->client.established);
  tls_client_say(&p->client, text, LEN);
  pair_say(p, text, LEN);
  pair_run(p);
  assert_int_equal(p->n_arrived, LEN);
  assert_memory_equal(p->arrived, text, LEN);
  assert_int_equal(p->client.plain_len, LEN);
  assert_memory_equal(p->client.plain, text, LEN);
  assert_int_equal(p->plain.bytes, 0);
  free(text);
}

static void test_it_works_at_every_size_of_pieces(void **state)
{
  static const size_t sizes[] = {1,  2,  3,  4,   5,   6,    7,    11,
                                 29, 64, 97, 255, 256, 1000, 5000, 0};

  (void)state;
  for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
    struct pair p;

    open_plain(&p);
    p.piece = sizes[i];
    exchange(&p);
    assert_null(p.tls->client);
    assert_false(p.tls->resumed);
    pair_close(&p);
  }
}

static void test_it_works_with_rsa_and_small_fragments(void **state)
{
  const struct tls_recipe server = {.pairs = {"rsa"}};
  const struct tls_client_recipe client = {
      .max_version = SIO_TLS_1_2, .fragment = MBEDTLS_SSL_MAX_FRAG_LEN_512};
  struct pair p;

  (void)state;
  pair_open(&p, tls_config(&server, NULL), &client);
  exchange(&p);
  assert_non_null(strstr(sio__tls_suite(p.tls), "GCM"));
  assert_memory_equal(sio__tls_version(p.tls), "TLSv1.", 6);
  pair_close(&p);
}

static void test_who_says_nothing_costs_nothing(void **state)
{
  uint8_t byte;
  struct pair p;

  (void)state;
  open_plain(&p);
  assert_int_equal(sio__tls_read(p.tls, 0, &byte, 1), 0);
  assert_int_equal(p.tls->state, TLS_FRESH);
  pair_say(&p, "x", 1);
  assert_int_equal(sio__tls_write(p.tls, &p.plain), 0);
  sio__tls_say_goodbye(p.tls);
  assert_int_equal(p.tls->out.bytes, 0);
  pair_close(&p);
}

/* Small pieces share a record. */
static void test_small_pieces_share_a_record(void **state)
{
  struct pair p;
  struct sio__chunk *chunk;
  size_t before;

  (void)state;
  open_plain(&p);
  pair_run(&p);
  chunk = sio__chunk_new(&p.pool, 100);
  assert_non_null(chunk);
  memset(chunk->data, 'a', 100);
  chunk->len = 100;
  for (int i = 0; i < 10; i++)
    assert_int_equal(sio__outq_push(&p.plain, chunk, 0, 100), 0);
  sio__chunk_unref(chunk);
  before = p.tls->out.bytes;
  assert_int_equal(sio__tls_write(p.tls, &p.plain), 1000);
  assert_in_range(p.tls->out.bytes - before, 1001, 1100);
  pair_run(&p);
  assert_int_equal(p.client.plain_len, 1000);
  for (size_t i = 0; i < 1000; i++)
    assert_int_equal(p.client.plain[i], 'a');
  pair_close(&p);
}

/* A large piece between small ones: order is what matters. */
static void test_the_order_of_pieces_is_kept(void **state)
{
  enum { N = 60, LEN = 3000 };
  uint8_t *expected = malloc(N * LEN);
  size_t at = 0;
  struct pair p;

  (void)state;
  assert_non_null(expected);
  open_plain(&p);
  pair_run(&p);
  for (int i = 0; i < N; i++) {
    size_t len = (size_t)(i * 53 % LEN) + 1;
    struct sio__chunk *chunk = sio__chunk_new(&p.pool, len);

    assert_non_null(chunk);
    memset(chunk->data, 'A' + i, len);
    chunk->len = (uint32_t)len;
    assert_int_equal(sio__outq_push(&p.plain, chunk, 0, (uint32_t)len), 0);
    sio__chunk_unref(chunk);
    memset(expected + at, 'A' + i, len);
    at += len;
  }
  pair_run(&p);
  assert_int_equal(p.client.plain_len, at);
  assert_memory_equal(p.client.plain, expected, at);
  free(expected);
  pair_close(&p);
}

static void test_only_so_much_is_encrypted_ahead(void **state)
{
  enum { LEN = 250000 };
  uint8_t *data = calloc(1, LEN);
  struct pair p;
  size_t taken;

  (void)state;
  assert_non_null(data);
  open_plain(&p);
  pair_run(&p);
  pair_say(&p, data, LEN);
  taken = sio__tls_write(p.tls, &p.plain);
  assert_in_range(taken, SIO__TLS_AHEAD - 1000, SIO__TLS_AHEAD + 16384);
  assert_in_range(p.tls->out.bytes, SIO__TLS_AHEAD, SIO__TLS_AHEAD + 17000);
  assert_int_equal(p.plain.bytes, LEN - taken);
  assert_int_equal(sio__tls_write(p.tls, &p.plain), 0);
  pair_run(&p);
  assert_int_equal(p.client.plain_len, LEN);
  free(data);
  pair_close(&p);
}

static void test_the_peer_ends_with_close_notify(void **state)
{
  struct pair p;

  (void)state;
  open_plain(&p);
  pair_run(&p);
  tls_client_say(&p.client, "last", 4);
  assert_int_equal(mbedtls_ssl_close_notify(&p.client.ssl), 0);
  pair_up(&p);
  assert_true(p.over);
  assert_int_equal(p.tls->state, TLS_ENDED);
  assert_memory_equal(p.arrived, "last", 4);
  pair_say(&p, "answer", 6); /* it may still read */
  assert_int_equal(sio__tls_write(p.tls, &p.plain), 6);
  pair_down(&p);
  assert_memory_equal(p.client.plain, "answer", 6);
  pair_close(&p);
}

static void test_goodbye_is_said_once(void **state)
{
  struct pair p;

  (void)state;
  open_plain(&p);
  pair_run(&p);
  assert_true(sio__tls_owes_goodbye(p.tls));
  sio__tls_say_goodbye(p.tls);
  assert_false(sio__tls_owes_goodbye(p.tls));
  assert_true(p.tls->out.bytes > 0);
  pair_down(&p);
  assert_int_equal(p.client.error, MBEDTLS_ERR_SSL_PEER_CLOSE_NOTIFY);
  sio__tls_say_goodbye(p.tls);
  pair_say(&p, "late", 4);
  assert_int_equal(sio__tls_write(p.tls, &p.plain), 0);
  assert_int_equal(p.tls->out.bytes, 0);
  pair_close(&p);
}

static void test_renegotiation_is_refused(void **state)
{
  const struct tls_client_recipe client = {.max_version = SIO_TLS_1_2,
                                           .renegotiates = true};
  struct pair p;

  (void)state;
  pair_open(&p, tls_config(&plain_server, NULL), &client);
  pair_run(&p);
  assert_int_equal(mbedtls_ssl_renegotiate(&p.client.ssl),
                   MBEDTLS_ERR_SSL_WANT_READ);
  pair_up(&p);
  assert_false(p.over);
  assert_true(p.tls->out.bytes > 0); /* an alert: no_renegotiation */
  pair_say(&p, "still here", 10);
  assert_int_equal(sio__tls_write(p.tls, &p.plain), 10);
  pair_close(&p);
}

#if defined(MBEDTLS_SSL_PROTO_TLS1_1) /* that clients may still speak it */
static void test_old_versions_are_refused(void **state)
{
  const struct tls_client_recipe client = {.max_version = 0x0302};
  struct pair p;

  (void)state;
  pair_open(&p, tls_config(&plain_server, NULL), &client);
  pair_run(&p);
  expect_failure(&p, SIO_CAUSE_TLS_HANDSHAKE,
                 "the client does not speak a version of TLS that is allowed");
  assert_int_equal(p.client.error, MBEDTLS_ERR_SSL_FATAL_ALERT_MESSAGE);
  assert_int_equal(SIO__MBED_ALERT(&p.client.ssl), 70);
  pair_close(&p);
}
#endif

static void test_without_a_suite_in_common_there_is_an_alert(void **state)
{
  const struct tls_client_recipe client = {
      .max_version = SIO_TLS_1_2, .suite = "TLS-RSA-WITH-AES-128-CBC-SHA256"};
  struct pair p;

  (void)state;
  pair_open(&p, tls_config(&plain_server, NULL), &client);
  pair_run(&p);
  assert_int_equal(p.tls->state, TLS_FAILED);
  assert_int_equal(p.tls->failure.cause, SIO_CAUSE_TLS_HANDSHAKE);
  assert_non_null(p.tls->failure.detail);
  assert_int_equal(SIO__MBED_ALERT(&p.client.ssl), 40);
  pair_close(&p);
}

static void test_other_protocols_are_refused_by_alpn(void **state)
{
  const struct tls_client_recipe h2 = {.alpn = "h2"};
  const struct tls_client_recipe http = {.alpn = "http/1.1"};
  struct pair p;

  (void)state;
  pair_open(&p, tls_config(&plain_server, NULL), &h2);
  pair_run(&p);
  assert_int_equal(p.tls->state, TLS_FAILED);
  assert_int_equal(SIO__MBED_ALERT(&p.client.ssl), 120);
  pair_close(&p);
  pair_open(&p, tls_config(&plain_server, NULL), &http);
  exchange(&p);
  assert_string_equal(mbedtls_ssl_get_alpn_protocol(&p.client.ssl), "http/1.1");
  pair_close(&p);
}

static void test_an_alert_of_the_peer_is_explained(void **state)
{
  static const struct {
    struct tls_recipe server;
    struct tls_client_recipe client;
    const char *detail;
  } rows[] = {
      {{.pairs = {"stranger"}},
       {.max_version = SIO_TLS_1_2},
       "the peer does not know the CA of our certificate"},
      {{.pairs = {"expired"}},
       {.max_version = SIO_TLS_1_2},
       "the peer says that our certificate has expired"},
      {{.pairs = {"ec"}},
       {.host = "elsewhere.example", .max_version = SIO_TLS_1_2},
       "the peer finds our certificate bad"},
  };

  (void)state;
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct pair p;

    pair_open(&p, tls_config(&rows[i].server, NULL), &rows[i].client);
    pair_run(&p);
    expect_failure(&p, SIO_CAUSE_TLS_ALERT, rows[i].detail);
    pair_close(&p);
  }
}

static void test_what_is_not_tls_is_refused(void **state)
{
  struct pair p;

  (void)state;
  open_plain(&p);
  pair_feed(&p, "GET / HTTP/1.1\r\nHost: h\r\n\r\n", 27);
  assert_true(p.over);
  assert_int_equal(p.tls->state, TLS_FAILED);
  assert_int_equal(p.tls->failure.cause, SIO_CAUSE_TLS_HANDSHAKE);
  assert_memory_equal(p.tls->failure.detail, "not ", 4);
  pair_feed(&p, "more", 4);
  assert_int_equal(p.tls->state, TLS_FAILED);
  assert_int_equal(p.n_arrived, 0);
  pair_close(&p);
}

static void test_a_changed_record_ends_it(void **state)
{
  struct pair p;

  (void)state;
  open_plain(&p);
  pair_run(&p);
  tls_client_say(&p.client, "text", 4);
  p.client.out[p.client.out_len - 1] ^= 1;
  pair_up(&p);
  assert_true(p.over);
  expect_failure(&p, SIO_CAUSE_TLS_RECORD, "a record was changed on the way");
  assert_null(sio__tls_suite(p.tls)); /* mbedtls holds nothing any more */
  assert_int_equal(p.n_arrived, 0);
  pair_say(&p, "x", 1);
  assert_int_equal(sio__tls_write(p.tls, &p.plain), 0);
  pair_close(&p);
}

/* Each byte of the client's first flight, and of a record, in turn. */
static void test_mutated_input_never_arrives_as_text(void **state)
{
  uint8_t *record;
  size_t len;
  struct pair p;

  (void)state;
  open_plain(&p);
  tls_client_take(&p.client, NULL, 0);
  len = p.client.out_len;
  record = test_exact(p.client.out, len);
  pair_close(&p);
  for (size_t i = 0; i < len; i++) {
    open_plain(&p);
    record[i] ^= (uint8_t)(1 << i % 8);
    pair_feed(&p, record, len);
    record[i] ^= (uint8_t)(1 << i % 8);
    assert_int_equal(p.n_arrived, 0);
    assert_false(sio__tls_is_established(p.tls));
    pair_close(&p);
  }
  for (size_t cut = 0; cut < len; cut += 7) {
    open_plain(&p);
    pair_feed(&p, record, cut);
    assert_int_equal(p.tls->state, cut > 0 ? TLS_HANDSHAKE : TLS_FRESH);
    pair_close(&p);
  }
  free(record);
}

static void test_a_record_with_any_byte_changed_is_refused(void **state)
{
  (void)state;
  for (size_t i = 0; i < 5 + 8 + 4 + 16; i++) {
    struct pair p;

    open_plain(&p);
    pair_run(&p);
    tls_client_say(&p.client, "text", 4);
    if (i < p.client.out_len) {
      p.client.out[i] ^= 0x40;
      pair_up(&p);
      assert_int_equal(p.n_arrived, 0);
    }
    pair_close(&p);
  }
}

/* Renegotiation is asked for again and again, and the answers are not read. */
static void test_answers_that_nobody_reads_have_an_end(void **state)
{
  enum { LEN = SIO__TLS_AHEAD };
  uint8_t *data = calloc(1, LEN);
  struct pair p;
  size_t before;

  (void)state;
  assert_non_null(data);
  open_plain(&p);
  pair_run(&p);
  assert_int_equal(sio__outq_append(&p.tls->out, data, LEN), 0);
  assert_int_equal(sio__outq_append(&p.tls->out, data, LEN), 0);
  assert_int_equal(sio__outq_append(&p.tls->out, data, 1), 0);
  before = p.tls->out.bytes;
  sio__tls_say_goodbye(p.tls);
  assert_int_equal(p.tls->out.bytes, before);
  free(data);
  pair_close(&p);
}

/* ---- Out of memory, as far as it is ours ---- */

static void go_through(struct test_mem *mem, void *user)
{
  sio_tls_config *config = tls_config(user, NULL);
  struct sio__chunk_pool pool;
  struct sio__outq plain;
  struct tls_client client;
  const struct tls_client_recipe recipe = {.pair = "client"};
  struct sio__tls *tls;
  uint8_t room[512];
  sio_span span;

  sio__chunk_pool_init(&pool, &mem->allocator, 0);
  sio__outq_init(&plain, &pool);
  tls_client_init(&client, &recipe);
  tls = sio__tls_new(config, &pool, &mem->allocator);
  tls_client_take(&client, NULL, 0);
  while (tls != NULL && tls->state < TLS_ENDED && client.out_len > 0) {
    sio__tls_feed(tls, client.out, client.out_len);
    while (sio__tls_read(tls, 0, room, sizeof room) > 0)
      ;
    client.out_len = 0;
    if (sio__tls_is_established(tls) &&
        sio__outq_append(&plain, "text", 4) == 0)
      (void)sio__tls_write(tls, &plain);
    while (sio__outq_spans(&tls->out, &span, 1) == 1) {
      tls_client_take(&client, span.data, span.len);
      sio__outq_sent(&tls->out, span.len);
    }
  }
  if (tls == NULL)
    assert_true(mem->fired);
  else if (tls->state == TLS_FAILED)
    assert_int_equal(tls->failure.cause, SIO_CAUSE_NOMEM);
  else if (!mem->fired)
    assert_memory_equal(client.plain, "text", 4);
  sio__tls_free(tls);
  sio__outq_dispose(&plain);
  sio__chunk_pool_dispose(&pool);
  tls_client_dispose(&client);
  sio_tls_config_release(config);
}

static void test_without_memory_it_fails_for_that(void **state)
{
  struct tls_recipe server = {
      .pairs = {"ec"}, .ca = "ca.pem", .client_auth = SIO_TLS_CLIENT_REQUIRED};

  (void)state;
  assert_true(test_every_allocation(go_through, &server) > 5);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_it_works_at_every_size_of_pieces),
    cmocka_unit_test(test_it_works_with_rsa_and_small_fragments),
    cmocka_unit_test(test_who_says_nothing_costs_nothing),
    cmocka_unit_test(test_small_pieces_share_a_record),
    cmocka_unit_test(test_the_order_of_pieces_is_kept),
    cmocka_unit_test(test_only_so_much_is_encrypted_ahead),
    cmocka_unit_test(test_the_peer_ends_with_close_notify),
    cmocka_unit_test(test_goodbye_is_said_once),
    cmocka_unit_test(test_renegotiation_is_refused),
#if defined(MBEDTLS_SSL_PROTO_TLS1_1)
    cmocka_unit_test(test_old_versions_are_refused),
#endif
    cmocka_unit_test(test_without_a_suite_in_common_there_is_an_alert),
    cmocka_unit_test(test_other_protocols_are_refused_by_alpn),
    cmocka_unit_test(test_an_alert_of_the_peer_is_explained),
    cmocka_unit_test(test_what_is_not_tls_is_refused),
    cmocka_unit_test(test_a_changed_record_ends_it),
    cmocka_unit_test(test_mutated_input_never_arrives_as_text),
    cmocka_unit_test(test_a_record_with_any_byte_changed_is_refused),
    cmocka_unit_test(test_answers_that_nobody_reads_have_an_end),
    cmocka_unit_test(test_without_memory_it_fails_for_that),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
