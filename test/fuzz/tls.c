/* SPDX-License-Identifier: MIT */
/*
 * TLS: bytes in pieces to a connection that has it.  The bits of the first
 * byte say how it begins: 1 with a whole handshake of a client that knows
 * what it does (2 and resumes a session), 4 with client certificates asked
 * for.  Then come steps: ciphertext of the input, plaintext that the client
 * encrypts and that may be damaged on its way, output that is taken in part,
 * and the end.
 */
#include "stage.h"

#include <stdio.h>
#include <stdlib.h>

#include "tls/compat.h"
#include <sio/tls.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { PIPE = 65536 };

static sio_tls_config *configs[2]; /* the second asks for certificates */
static mbedtls_ssl_config client_config;

/* Who speaks to the server. */
static struct {
  mbedtls_ssl_context ssl;
  uint8_t to_server[PIPE], to_client[PIPE];
  size_t n_to_server, n_to_client;
} client;

/* ---- Configurations, made once ---- */

static int draw(void *user, unsigned char *out, size_t len)
{
  static uint32_t state = 1;

  (void)user;
  for (size_t i = 0; i < len; i++) {
    state = state * 1664525 + 1013904223;
    out[i] = (uint8_t)(state >> 24);
  }
  return 0;
}

static int fill_random(void *user, uint8_t *out, size_t len)
{
  return draw(user, out, len);
}

static sio_span load(const char *path)
{
  static uint8_t room[4][4096];
  static size_t next;
  FILE *in = fopen(path, "rb");
  sio_span file = {room[next % 4], 0};

  stage_must(in != NULL);
  file.len = fread(room[next++ % 4], 1, sizeof room[0] - 1, in);
  (void)fclose(in);
  stage_must(file.len > 0);
  return file;
}

static void configure(void)
{
  sio_tls_certificate own = {load("test/fixture/tls/ec.pem"),
                             load("test/fixture/tls/ec.key"),
                             {NULL, 0},
                             NULL,
                             0};
  sio_tls_options o;

  for (int i = 0; i < 2; i++) {
    sio_tls_options_init(&o);
    o.random = fill_random;
    o.certificates = &own;
    o.n_certificates = 1;
    o.client_auth = i == 0 ? SIO_TLS_CLIENT_NONE : SIO_TLS_CLIENT_OPTIONAL;
    if (i == 1)
      o.client_ca = load("test/fixture/tls/ca.pem");
    stage_must(sio_tls_config_new(&configs[i], &o, NULL) == 0);
  }
  mbedtls_ssl_config_init(&client_config);
  stage_must(mbedtls_ssl_config_defaults(&client_config, MBEDTLS_SSL_IS_CLIENT,
                                         MBEDTLS_SSL_TRANSPORT_STREAM,
                                         MBEDTLS_SSL_PRESET_DEFAULT) == 0);
  mbedtls_ssl_conf_rng(&client_config, draw, NULL);
  mbedtls_ssl_conf_authmode(&client_config, MBEDTLS_SSL_VERIFY_NONE);
}

/* ---- The client ---- */

static int on_send(void *user, const unsigned char *data, size_t len)
{
  (void)user;
  if (len > PIPE - client.n_to_server)
    return MBEDTLS_ERR_SSL_WANT_WRITE;
  memcpy(client.to_server + client.n_to_server, data, len);
  client.n_to_server += len;
  return (int)len;
}

static int on_receive(void *user, unsigned char *out, size_t len)
{
  size_t n = len < client.n_to_client ? len : client.n_to_client;

  (void)user;
  if (n == 0)
    return MBEDTLS_ERR_SSL_WANT_READ;
  memcpy(out, client.to_client, n);
  client.n_to_client -= n;
  memmove(client.to_client, client.to_client + n, client.n_to_client);
  return (int)n;
}

static void feed(const void *data, size_t len)
{
  sio_conn *conn = stage.conns[0].conn;
  uint8_t *copy = malloc(len + (len == 0));

  stage_must(copy != NULL);
  if (len > 0)
    memcpy(copy, data, len);
  if (conn != NULL)
    (void)sio_conn_feed(conn, copy, len);
  free(copy);
}

/* At most `most` bytes of what the server says. */
static void take(size_t most)
{
  sio_conn *conn = stage.conns[0].conn;
  sio_span spans[3];
  size_t n, sent = 0;

  if (conn == NULL)
    return;
  n = sio_conn_output(conn, spans, 3);
  for (size_t i = 0; i < n && sent < most; i++) {
    size_t len = spans[i].len < most - sent ? spans[i].len : most - sent;

    if (len > PIPE - client.n_to_client)
      len = PIPE - client.n_to_client;
    memcpy(client.to_client + client.n_to_client, spans[i].data, len);
    client.n_to_client += len;
    sent += len;
  }
  if (sent > 0)
    sio_conn_sent(conn, sent);
}

static void flush(void)
{
  feed(client.to_server, client.n_to_server);
  client.n_to_server = 0;
}

static void connect_peer(void)
{
  sio_peer peer = {.address = "192.0.2.7"};

  if (stage.conns[0].conn != NULL)
    sio_conn_closed(stage.conns[0].conn, 0);
  stage.conns[0].conn = NULL;
  peer.tls = configs[(stage.flags & 4) != 0];
  (void)sio_conn_open(stage.servers[0], &peer, &stage.conns[0],
                      &stage.conns[0].conn);
}

/* False: it was not finished. */
static bool shake_hands(const mbedtls_ssl_session *session)
{
  int rv = MBEDTLS_ERR_SSL_WANT_READ;

  mbedtls_ssl_init(&client.ssl);
  stage_must(mbedtls_ssl_setup(&client.ssl, &client_config) == 0);
  mbedtls_ssl_set_bio(&client.ssl, NULL, on_send, on_receive, NULL);
  if (session != NULL)
    (void)mbedtls_ssl_set_session(&client.ssl, session);
  for (int i = 0; i < 12 && rv == MBEDTLS_ERR_SSL_WANT_READ; i++) {
    rv = mbedtls_ssl_handshake(&client.ssl);
    flush();
    take(PIPE);
  }
  return rv == 0;
}

static void begin(void)
{
  mbedtls_ssl_session session;

  stage_must(shake_hands(NULL));
  if ((stage.flags & 2) == 0)
    return;
  mbedtls_ssl_session_init(&session);
  if (mbedtls_ssl_get_session(&client.ssl, &session) == 0) {
    mbedtls_ssl_free(&client.ssl);
    client.n_to_client = client.n_to_server = 0;
    connect_peer();
    stage_must(shake_hands(&session));
  }
  mbedtls_ssl_session_free(&session);
}

/* ---- Steps ---- */

static void say(bool damaged)
{
  sio_span bytes = stage_bytes();

  if ((stage.flags & 1) == 0)
    return;
  (void)mbedtls_ssl_write(&client.ssl, bytes.data, bytes.len);
  if (damaged && client.n_to_server > 0)
    client.to_server[stage_byte() % client.n_to_server] ^=
        (uint8_t)(1 + stage_below(255));
  flush();
}

static void ask(void)
{
  static const char request[] =
      "GET /socket.io/?EIO=4&transport=polling HTTP/1.1\r\nHost: a\r\n\r\n";

  if ((stage.flags & 1) == 0)
    return;
  (void)mbedtls_ssl_write(&client.ssl, (const uint8_t *)request,
                          sizeof request - 1);
  flush();
}

static void listen(void)
{
  uint8_t plain[1024];

  take(stage_byte() * 8u);
  if ((stage.flags & 1) != 0)
    (void)mbedtls_ssl_read(&client.ssl, plain, sizeof plain);
}

static void step(void)
{
  static const uint64_t pauses[] = {1, 5000, 30000, 8000000};
  sio_span bytes;

  switch (stage_below(8)) {
  case 0:
  case 1:
    bytes = stage_bytes();
    feed(bytes.data, bytes.len);
    break;
  case 2:
    say(false);
    break;
  case 3:
    say(true);
    break;
  case 4:
    ask();
    break;
  case 5:
    if ((stage.flags & 1) != 0)
      (void)mbedtls_ssl_close_notify(&client.ssl);
    flush();
    break;
  case 6:
    stage.now_ms += pauses[stage_below(4)];
    sio_server_expire(stage.servers[0], stage.now_ms);
    break;
  default:
    listen();
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  uint8_t plain[] = {0};

  if (configs[0] == NULL)
    configure();
  if (size == 0)
    return 0;
  stage_open(plain, 0);
  stage.data = data;
  stage.left = size;
  stage.flags = stage_byte();
  client.n_to_client = client.n_to_server = 0;
  connect_peer();
  if ((stage.flags & 1) != 0)
    begin();
  while (stage.left > 0)
    step();
  stage_close();
  if ((stage.flags & 1) != 0)
    mbedtls_ssl_free(&client.ssl);
  stage_must(stage.live == 0);
  return 0;
}
