/* SPDX-License-Identifier: MIT */
/* TLS on a loop: configurations of files, listeners, and changing them. */
#include "uv_world.h"

#include "tls_peer.h"

static struct uv_world w;
static struct peer a, b;

#define FILE_AT(name) TEST_FIXTURE_DIR "/tls/" name

static sio_uv_tls_pair pair = {FILE_AT("ec.pem"), FILE_AT("ec.key"), NULL, NULL,
                               0};
static sio_uv_tls_files files;

static void set_pair(const char *chain, const char *key)
{
  pair.chain = chain;
  pair.key = key;
  sio_uv_tls_files_init(&files);
  files.pairs = &pair;
  files.n_pairs = 1;
}

static sio_tls_config *load(const char *chain, const char *key)
{
  sio_tls_config *config;

  set_pair(chain, key);
  assert_int_equal(sio_uv_tls_config(w.uv, &files, NULL, &config), 0);
  return config;
}

/* Go on with a handshake over a socket, and see who answers. */
static void go_on(struct peer *p, struct tls_client *client, const char *server)
{
  char name[64];
  size_t at = p->len;

  for (int i = 0; i < PATIENCE_MS && !client->established; i++) {
    if (client->out_len > 0)
      peer_send(p, client->out, client->out_len);
    client->out_len = 0;
    world_turn(&w);
    (void)peer_read(p);
    tls_client_take(client, p->in + at, p->len - at);
    at = p->len;
    assert_int_equal(client->error, 0);
  }
  p->len = 0; /* taken */
  tls_client_server_name(client, name, sizeof name);
  assert_string_equal(name, server);
}

static void shake_hands(struct peer *p, struct tls_client *client,
                        const char *server)
{
  tls_client_init(client, &(struct tls_client_recipe){0});
  tls_client_take(client, NULL, 0);
  go_on(p, client, server);
}

static void get(struct peer *p, struct tls_client *client)
{
  tls_client_say(client, "GET /none HTTP/1.1\r\nHost: h\r\n\r\n", 32);
  client->plain_len = 0;
  peer_send(p, client->out, client->out_len);
  client->out_len = 0;
  p->len = 0;
  for (int i = 0; i < PATIENCE_MS && client->plain_len == 0; i++) {
    world_turn(&w);
    (void)peer_read(p);
    tls_client_take(client, p->in, p->len);
    p->len = 0;
  }
  assert_memory_equal(client->plain, "HTTP/1.1 404", 12);
}

static void test_a_new_configuration_is_for_new_connections(void **state)
{
  struct tls_client before, after;
  sio_tls_config *first, *second;
  int plain;

  (void)state;
  world_open(&w, NULL);
  world_listen(&w);
  plain = w.port;
  first = load(FILE_AT("ec.pem"), FILE_AT("ec.key"));
  second = load(FILE_AT("new.pem"), FILE_AT("new.key"));
  assert_int_equal(sio_uv_listen_tls(w.uv, "127.0.0.1", 0, NULL),
                   SIO_ERR_INVALID);
  w.port = sio_uv_listen_tls(w.uv, "127.0.0.1", 0, first);
  assert_in_range(w.port, 1, 65535);
  sio_tls_config_release(first);
  peer_dial(&w, &a);
  shake_hands(&a, &before, "localhost");

  assert_int_equal(sio_uv_set_tls(w.uv, plain, second), SIO_ERR_NOT_FOUND);
  assert_int_equal(sio_uv_set_tls(w.uv, w.port, NULL), SIO_ERR_INVALID);
  assert_int_equal(sio_uv_set_tls(w.uv, w.port, second), 0);
  assert_int_equal(sio_uv_set_tls(w.uv, w.port, second), 0);
  sio_tls_config_release(second);
  peer_dial(&w, &b);
  shake_hands(&b, &after, "renewed");
  get(&a, &before);
  get(&b, &after);
  peer_close(&a);
  peer_close(&b);
  tls_client_dispose(&before);
  tls_client_dispose(&after);

  w.port = plain; /* which still is */
  peer_enter(&w, &a);
  peer_close(&a);
  world_close(&w);
}

/* Part of the ClientHello has been read by whoever has accepted it. */
static void test_a_descriptor_may_have_tls(void **state)
{
  sio_tls_config *config;
  struct tls_client client;
  sio_span received;
  int fds[2];

  (void)state;
  world_open(&w, NULL);
  config = load(FILE_AT("ec.pem"), FILE_AT("ec.key"));
  tls_client_init(&client, &(struct tls_client_recipe){0});
  tls_client_take(&client, NULL, 0);
  assert_true(client.out_len > 50);
  received = (sio_span){client.out, 50};
  assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
  assert_int_equal(sio_uv_accept_fd_tls(w.uv, fds[0], received, config), 0);
  peer_adopt(&w, &a, fds[1]);
  memmove(client.out, client.out + 50, client.out_len -= 50);
  go_on(&a, &client, "localhost");
  get(&a, &client);
  peer_close(&a);
  tls_client_dispose(&client);

  assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
  assert_int_equal(sio_uv_accept_fd_tls(w.uv, fds[0], received, NULL),
                   SIO_ERR_INVALID);
  peer_adopt(&w, &a, fds[1]);
  peer_expect_end(&a);
  peer_close(&a);
  sio_tls_config_release(config);
  world_close(&w);
}

static void expect_error(int code, const char *text)
{
  sio_tls_config *config = (sio_tls_config *)&code;

  assert_int_equal(sio_uv_tls_config(w.uv, &files, NULL, &config), code);
  assert_null(config);
  if (strstr(sio_uv_error(w.uv), text) == NULL)
    fail_msg("%s, not %s", sio_uv_error(w.uv), text);
}

static void test_what_is_wrong_with_files_is_told(void **state)
{
  sio_tls_config *config;
  sio_tls_options o;

  (void)state;
  world_open(&w, NULL);
  set_pair(FILE_AT("none.pem"), FILE_AT("ec.key"));
  expect_error(SIO_ERR_NOT_FOUND, "none.pem is not there");
  set_pair(FILE_AT("ec.pem"), FILE_AT("new.key"));
  expect_error(SIO_ERR_INVALID,
               "certificates.key of pair 0: not the key of the certificate");
  set_pair(FILE_AT("ec.pem"), NULL);
  expect_error(SIO_ERR_INVALID, "lacks the name");
  set_pair(FILE_AT("ec.pem"), FILE_AT("ec.key"));
  files.client_ca = FILE_AT("none.pem");
  expect_error(SIO_ERR_NOT_FOUND, "none.pem");
  files.client_ca = FILE_AT("ec.key");
  expect_error(SIO_ERR_INVALID, "client_ca");
  files.client_ca = FILE_AT("ca.pem");
  files.client_crl = FILE_AT("ca.pem");
  expect_error(SIO_ERR_INVALID, "client_crl");
  files.n_pairs = 0;
  expect_error(SIO_ERR_INVALID, "0 pairs");
  files.size = 0;
  expect_error(SIO_ERR_INVALID, "no files");

  set_pair(FILE_AT("rsa.pem"), FILE_AT("rsa-secret.key"));
  pair.password = "wrong";
  expect_error(SIO_ERR_INVALID, "certificates.password");
  pair.password = "secret";
  sio_tls_options_init(&o);
  o.client_auth = SIO_TLS_CLIENT_REQUIRED;
  files.client_ca = FILE_AT("ca.pem");
  files.client_crl = FILE_AT("crl.pem");
  assert_int_equal(sio_uv_tls_config(w.uv, &files, &o, &config), 0);
  sio_tls_config_release(config);
  pair.password = NULL;
  world_close(&w);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_a_new_configuration_is_for_new_connections),
      cmocka_unit_test(test_a_descriptor_may_have_tls),
      cmocka_unit_test(test_what_is_wrong_with_files_is_told),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
