/* SPDX-License-Identifier: MIT */
/* Resumed sessions: TLS 1.2, where a client has its ticket with the
 * handshake. */
#include "pair.h"

enum { LIFETIME = 100000 };

static const struct tls_client_recipe old_client = {.max_version = SIO_TLS_1_2};

struct kept {
  sio_tls_config *config;
  mbedtls_ssl_session session;
};

static void kept_init(struct kept *k, const struct tls_recipe *recipe)
{
  k->config = tls_config(recipe, NULL);
  mbedtls_ssl_session_init(&k->session);
}

static void kept_free(struct kept *k)
{
  mbedtls_ssl_session_free(&k->session);
  sio_tls_config_release(k->config);
}

/* Connect, with the ticket that is there, if any; whether it was resumed. */
static bool connect_at(struct kept *k, uint64_t now,
                       const struct tls_client_recipe *recipe, bool has_ticket)
{
  struct pair p;
  bool resumed;

  pair_open(&p, sio_tls_config_retain(k->config), recipe);
  p.now = now;
  if (has_ticket)
    assert_int_equal(mbedtls_ssl_set_session(&p.client.ssl, &k->session), 0);
  pair_run(&p);
  assert_true(p.client.established);
  tls_client_say(&p.client, "text", 4);
  pair_run(&p);
  assert_memory_equal(p.arrived, "text", 4);
  resumed = p.tls->resumed;
  mbedtls_ssl_session_free(&k->session);
  mbedtls_ssl_session_init(&k->session);
  assert_int_equal(mbedtls_ssl_get_session(&p.client.ssl, &k->session), 0);
  pair_close(&p);
  return resumed;
}

static void test_a_ticket_resumes_within_its_lifetime(void **state)
{
  const struct tls_recipe server = {.pairs = {"ec"}, .lifetime_ms = LIFETIME};
  struct kept k;

  (void)state;
  kept_init(&k, &server);
  assert_false(connect_at(&k, 1000, &old_client, false));
  assert_true(connect_at(&k, 1000 + LIFETIME - 1, &old_client, true));
  /* resuming makes no new ticket, and does not renew the old one */
  assert_false(connect_at(&k, 1000 + LIFETIME, &old_client, true));
  assert_true(connect_at(&k, 1000 + 2 * LIFETIME - 1, &old_client, true));
  assert_false(connect_at(&k, 1000 + 4 * LIFETIME, &old_client, true));
  kept_free(&k);
}

static void test_a_clock_that_goes_back_does_no_harm(void **state)
{
  const struct tls_recipe server = {.pairs = {"ec"}, .lifetime_ms = LIFETIME};
  struct kept k;

  (void)state;
  kept_init(&k, &server);
  assert_false(connect_at(&k, 5000, &old_client, false));
  assert_true(connect_at(&k, 10, &old_client, true));
  kept_free(&k);
}

static void test_keys_are_changed_and_forgotten(void **state)
{
  struct sio__tickets *tickets;
  const struct tls_recipe server = {.pairs = {"ec"}, .lifetime_ms = LIFETIME};
  struct sio__ticket_key first;
  struct kept k;

  (void)state;
  kept_init(&k, &server);
  tickets = &k.config->tickets;
  assert_false(tickets->now.set);
  (void)connect_at(&k, 0, &old_client, false);
  first = tickets->now;
  assert_true(first.set);
  (void)connect_at(&k, LIFETIME - 1, &old_client, false);
  assert_memory_equal(tickets->now.secret, first.secret, SIO__TICKET_KEY);
  (void)connect_at(&k, LIFETIME, &old_client, false);
  assert_memory_not_equal(tickets->now.secret, first.secret, SIO__TICKET_KEY);
  assert_memory_equal(tickets->before.secret, first.secret, SIO__TICKET_KEY);
  (void)connect_at(&k, 2 * LIFETIME, &old_client, false);
  assert_memory_not_equal(tickets->before.secret, first.secret,
                          SIO__TICKET_KEY);
  kept_free(&k);
}

static void test_without_tickets_nothing_is_resumed(void **state)
{
  const struct tls_recipe server = {.pairs = {"ec"}, .no_tickets = 1};
  struct kept k;

  (void)state;
  kept_init(&k, &server);
  assert_false(connect_at(&k, 0, &old_client, false));
  assert_false(connect_at(&k, 0, &old_client, true));
  kept_free(&k);
}

/* What one configuration has let in, another does not take over: it may ask
 * for more. */
static void test_tickets_are_those_of_one_configuration(void **state)
{
  const struct tls_recipe server = {.pairs = {"ec"}};
  struct kept one, two;

  (void)state;
  kept_init(&one, &server);
  kept_init(&two, &server);
  assert_false(connect_at(&one, 0, &old_client, false));
  sio_tls_config_release(one.config);
  one.config = sio_tls_config_retain(two.config);
  assert_false(connect_at(&one, 0, &old_client, true));
  kept_free(&one);
  kept_free(&two);
}

static void test_a_resumed_client_is_who_it_was(void **state)
{
  const struct tls_recipe server = {
      .pairs = {"ec"}, .ca = "ca.pem", .client_auth = SIO_TLS_CLIENT_REQUIRED};
  const struct tls_client_recipe client = {.pair = "client",
                                           .max_version = SIO_TLS_1_2};
  struct pair p;
  struct kept k;

  (void)state;
  kept_init(&k, &server);
  assert_false(connect_at(&k, 0, &client, false));
  pair_open(&p, sio_tls_config_retain(k.config), &client);
  assert_int_equal(mbedtls_ssl_set_session(&p.client.ssl, &k.session), 0);
  pair_run(&p);
  assert_true(p.tls->resumed);
  assert_non_null(p.tls->client);
  assert_true(p.tls->client->verified);
  assert_non_null(strstr(p.tls->client->text, "CN=alice"));
  pair_close(&p);
  kept_free(&k);
}

/* ---- Keys of the host's ---- */

static uint8_t material[SIO_TLS_TICKET_KEYS_MAX + 1][SIO_TLS_TICKET_KEY];

static void share(sio_tls_config *config, size_t first, size_t n)
{
  sio_span keys[SIO_TLS_TICKET_KEYS_MAX + 1];

  for (size_t i = 0; i < n; i++) {
    memset(material[first + i], (int)(first + i + 1), SIO_TLS_TICKET_KEY);
    keys[i] = (sio_span){material[first + i], SIO_TLS_TICKET_KEY};
  }
  assert_int_equal(sio_tls_config_set_ticket_keys(config, keys, n), 0);
}

/* Whether a ticket of one is good for the other. */
static bool goes_over(const struct tls_recipe *from, size_t from_key,
                      const struct tls_recipe *to, size_t to_key, size_t n)
{
  struct kept one, two;
  bool resumed;

  kept_init(&one, from);
  kept_init(&two, to);
  share(one.config, from_key, 1);
  share(two.config, to_key, n);
  assert_false(connect_at(&one, 5000000, &old_client, false));
  sio_tls_config_release(one.config);
  one.config = sio_tls_config_retain(two.config);
  /* another clock, at which no age can be told */
  resumed = connect_at(&one, 3, &old_client, true);
  kept_free(&one);
  kept_free(&two);
  return resumed;
}

static void test_with_the_same_keys_tickets_go_over(void **state)
{
  static const struct tls_recipe server = {.pairs = {"ec"}};
  static const struct tls_recipe renewed = {.pairs = {"names", "ec"}};

  (void)state;
  assert_true(goes_over(&server, 0, &server, 0, 1));
  assert_true(goes_over(&server, 2, &renewed, 0, SIO_TLS_TICKET_KEYS_MAX));
  assert_false(goes_over(&server, 0, &server, 1, 2));
}

static void test_tickets_of_another_policy_do_not_go_over(void **state)
{
  static const struct tls_recipe open = {.pairs = {"ec"}};
  static const struct tls_recipe asking = {
      .pairs = {"ec"}, .ca = "ca.pem", .client_auth = SIO_TLS_CLIENT_OPTIONAL};

  (void)state;
  assert_true(goes_over(&asking, 0, &asking, 0, 1));
  assert_false(goes_over(&open, 0, &asking, 0, 1));
}

static void test_keys_of_the_host_change_when_it_says_so(void **state)
{
  static const struct tls_recipe server = {.pairs = {"ec"},
                                           .lifetime_ms = LIFETIME};
  struct kept k;

  (void)state;
  kept_init(&k, &server);
  (void)connect_at(&k, 0, &old_client, false);
  share(k.config, 0, 1);
  assert_false(k.config->tickets.now.set); /* its own are gone */
  assert_false(connect_at(&k, 0, &old_client, true));
  assert_true(connect_at(&k, 3 * LIFETIME, &old_client, true));
  share(k.config, 1, 1);
  assert_false(connect_at(&k, 3 * LIFETIME, &old_client, true));
  kept_free(&k);
}

static void test_keys_have_their_length_and_number(void **state)
{
  static const struct tls_recipe server = {.pairs = {"ec"}};
  sio_span keys[SIO_TLS_TICKET_KEYS_MAX + 1];
  struct kept k;

  (void)state;
  kept_init(&k, &server);
  for (size_t i = 0; i < SIO_TLS_TICKET_KEYS_MAX + 1; i++)
    keys[i] = (sio_span){material[i], SIO_TLS_TICKET_KEY};
  assert_int_equal(sio_tls_config_set_ticket_keys(k.config, keys, 0),
                   SIO_ERR_INVALID);
  assert_int_equal(sio_tls_config_set_ticket_keys(k.config, keys,
                                                  SIO_TLS_TICKET_KEYS_MAX + 1),
                   SIO_ERR_INVALID);
  keys[1].len--;
  assert_int_equal(sio_tls_config_set_ticket_keys(k.config, keys, 2),
                   SIO_ERR_INVALID);
  assert_int_equal(k.config->tickets.n_shared, 0);
  kept_free(&k);
}

/* ---- The callbacks themselves ---- */

static int weak_random(void *user, uint8_t *out, size_t len)
{
  uint32_t *left = user;

  if (*left == 0)
    return -1;
  --*left;
  memset(out, 0x5a, len);
  return 0;
}

static void test_no_changed_ticket_is_taken(void **state)
{
  uint32_t left = 100;
  struct sio__tickets tickets;
  mbedtls_ssl_session session, copy;
  uint8_t ticket[2048], *changed;
  uint32_t lifetime;
  size_t len;

  (void)state;
  mbedtls_ssl_session_init(&session);
  sio__tickets_init(&tickets, weak_random, &left, LIFETIME);
#if MBEDTLS_VERSION_NUMBER >= 0x03020000
  session.MBEDTLS_PRIVATE(tls_version) = MBEDTLS_SSL_VERSION_TLS1_2;
#endif
  assert_int_equal(sio__tickets_write(&tickets, &session, ticket,
                                      ticket + sizeof ticket, &len, &lifetime),
                   0);
  assert_int_equal(lifetime, LIFETIME / 1000);
  for (size_t i = 0; i <= len; i++) {
    changed = test_exact(ticket, len);
    mbedtls_ssl_session_init(&copy);
    if (i < len)
      changed[i] ^= 1;
    assert_int_equal(sio__tickets_parse(&tickets, &copy, changed, len),
                     i < len ? MBEDTLS_ERR_SSL_INVALID_MAC : 0);
    assert_int_equal(tickets.resumed, i == len);
    mbedtls_ssl_session_free(&copy);
    free(changed);
  }
  for (size_t cut = 0; cut < len; cut++) {
    changed = test_exact(ticket, cut);
    assert_int_equal(sio__tickets_parse(&tickets, &session, changed, cut),
                     MBEDTLS_ERR_SSL_INVALID_MAC);
    free(changed);
  }
  tickets.now_ms = LIFETIME;
  assert_int_equal(sio__tickets_parse(&tickets, &session, ticket, len),
                   MBEDTLS_ERR_SSL_SESSION_TICKET_EXPIRED);
  sio__tickets_dispose(&tickets);
  mbedtls_ssl_session_free(&session);
}

static void test_without_random_numbers_or_room_no_ticket_is_made(void **state)
{
  mbedtls_ssl_session session;
  uint8_t ticket[2048];
  uint32_t lifetime;
  size_t len = 1, room;

  (void)state;
  mbedtls_ssl_session_init(&session);
#if MBEDTLS_VERSION_NUMBER >= 0x03020000
  session.MBEDTLS_PRIVATE(tls_version) = MBEDTLS_SSL_VERSION_TLS1_2;
#endif
  for (uint32_t left = 0; left < 3; left++) {
    uint32_t some = left;
    struct sio__tickets tickets;

    sio__tickets_init(&tickets, weak_random, &some, LIFETIME);
    assert_int_not_equal(sio__tickets_write(&tickets, &session, ticket,
                                            ticket + sizeof ticket, &len,
                                            &lifetime),
                         0);
    assert_int_equal(len, 0);
    sio__tickets_dispose(&tickets);
  }
  for (room = 0; room < sizeof ticket; room++) {
    uint32_t some = 100;
    struct sio__tickets tickets;
    uint8_t *block = malloc(room > 0 ? room : 1);
    int rv;

    assert_non_null(block);
    sio__tickets_init(&tickets, weak_random, &some, LIFETIME);
    rv = sio__tickets_write(&tickets, &session, block, block + room, &len,
                            &lifetime);
    sio__tickets_dispose(&tickets);
    free(block);
    if (rv == 0)
      break;
  }
  assert_int_equal(room, len);
  mbedtls_ssl_session_free(&session);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_a_ticket_resumes_within_its_lifetime),
      cmocka_unit_test(test_a_clock_that_goes_back_does_no_harm),
      cmocka_unit_test(test_keys_are_changed_and_forgotten),
      cmocka_unit_test(test_without_tickets_nothing_is_resumed),
      cmocka_unit_test(test_tickets_are_those_of_one_configuration),
      cmocka_unit_test(test_a_resumed_client_is_who_it_was),
      cmocka_unit_test(test_with_the_same_keys_tickets_go_over),
      cmocka_unit_test(test_tickets_of_another_policy_do_not_go_over),
      cmocka_unit_test(test_keys_of_the_host_change_when_it_says_so),
      cmocka_unit_test(test_keys_have_their_length_and_number),
      cmocka_unit_test(test_no_changed_ticket_is_taken),
      cmocka_unit_test(test_without_random_numbers_or_room_no_ticket_is_made),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
