/* SPDX-License-Identifier: MIT */
/* A server with TLS: what README.md says of `secure`. */
#define _POSIX_C_SOURCE 200809L /* SIGTERM; <uv.h> wants it, too */

#include <sio.h>
#include <sio/uv.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <uv.h>

enum { MAX_PAIRS = 4, PATH = 512 };

struct secure {
  uv_loop_t loop;
  uv_signal_t signal;
  sio_server *server;
  sio_uv *uv;
  int port; /* with TLS */
  const char *folder;
  sio_tls_options options;
  const char *client_ca, *client_crl;
};

static void complain(const char *what, int rv)
{
  if (rv < 0)
    (void)fprintf(stderr, "%s: %s\n", what, sio_strerror(rv));
}

/* ---- Certificates ---- */

/* "ec,names" to a configuration of FOLDER/ec.pem, FOLDER/ec.key, ... */
static sio_tls_config *load(struct secure *s, const char *names)
{
  static char chains[MAX_PAIRS][PATH], keys[MAX_PAIRS][PATH];
  static char ca[PATH], crl[PATH];
  sio_uv_tls_pair pairs[MAX_PAIRS] = {{0}};
  sio_uv_tls_files files;
  sio_tls_config *config;
  size_t n = 0;

  for (; n < MAX_PAIRS && *names != '\0'; n++) {
    int len = (int)strcspn(names, ",");

    (void)snprintf(chains[n], PATH, "%s/%.*s.pem", s->folder, len, names);
    (void)snprintf(keys[n], PATH, "%s/%.*s.key", s->folder, len, names);
    pairs[n].chain = chains[n];
    pairs[n].key = keys[n];
    names += len + (names[len] == ',');
  }
  sio_uv_tls_files_init(&files);
  files.pairs = pairs;
  files.n_pairs = n;
  if (s->client_ca != NULL) {
    (void)snprintf(ca, PATH, "%s/%s", s->folder, s->client_ca);
    files.client_ca = ca;
  }
  if (s->client_crl != NULL) {
    (void)snprintf(crl, PATH, "%s/%s", s->folder, s->client_crl);
    files.client_crl = crl;
  }
  if (sio_uv_tls_config(s->uv, &files, &s->options, &config) != 0)
    (void)fprintf(stderr, "%s\n", sio_uv_error(s->uv));
  return config;
}

static int swap(struct secure *s, sio_str names)
{
  char text[64];
  sio_tls_config *config;
  int rv;

  (void)snprintf(text, sizeof text, "%.*s", SIO_STR_ARG(names));
  config = load(s, text);
  if (config == NULL)
    return 500;
  rv = sio_uv_set_tls(s->uv, s->port, config);
  sio_tls_config_release(config);
  complain("swap", rv);
  return rv == 0 ? 200 : 500;
}

/* ---- Requests ---- */

static void write_causes(const struct secure *s, char *out, size_t cap)
{
  sio_metrics m;

  sio_server_metrics(s->server, &m);
  (void)snprintf(
      out, cap,
      "{\"handshake\":%d,\"timeout\":%d,\"certificate\":%d,\"alert\":%d,"
      "\"record\":%d,\"handshakes\":%d,\"resumed\":%d,\"now\":%d,"
      "\"tooMany\":%d,\"has13\":%s}",
      (int)sio_server_cause_count(s->server, SIO_CAUSE_TLS_HANDSHAKE),
      (int)sio_server_cause_count(s->server, SIO_CAUSE_TLS_TIMEOUT),
      (int)sio_server_cause_count(s->server, SIO_CAUSE_TLS_CERTIFICATE),
      (int)sio_server_cause_count(s->server, SIO_CAUSE_TLS_ALERT),
      (int)sio_server_cause_count(s->server, SIO_CAUSE_TLS_RECORD),
      (int)m.tls_handshakes, (int)m.tls_resumed, (int)m.connections_now,
      (int)sio_server_cause_count(s->server, SIO_CAUSE_RATE_TLS_ADDRESS),
      sio_tls_newest_version() >= SIO_TLS_1_3 ? "true" : "false");
}

static void on_request(sio_request *request, void *user)
{
  struct secure *s = user;
  sio_str path = sio_request_path(request);
  char text[512] = "hello";
  int status = 200;

  if (sio_str_is(path, "/who"))
    (void)snprintf(text, sizeof text, "%.*s|%d",
                   SIO_STR_ARG(sio_request_client_subject(request)),
                   sio_request_client_is_verified(request));
  else if (sio_str_is(path, "/causes"))
    write_causes(s, text, sizeof text);
  else if (sio_str_is(path, "/swap"))
    status = swap(s, sio_request_query(request));
  else if (!sio_str_is(path, "/hello"))
    status = 404;
  complain("respond", sio_respond_text(request, status, "text/plain", text));
}

/* ---- Sockets ---- */

static void on_connect(sio_socket *socket, void *user)
{
  sio_str subject = sio_socket_client_subject(socket);

  (void)user;
  complain("who", sio_emitf(sio_only(socket), "who", "bool %d, %.*s, bool %d",
                            sio_socket_is_secure(socket), SIO_STR_ARG(subject),
                            sio_socket_client_is_verified(socket)));
}

static void on_echo(sio_socket *socket, const sio_args *args, sio_ack *ack,
                    void *user)
{
  (void)user;
  complain("echo", sio_emit_args(sio_only(socket), "echo", args));
  (void)sio_ack_args(ack, args); /* few want one */
}

static void on_all(sio_socket *socket, const sio_args *args, sio_ack *ack,
                   void *user)
{
  (void)ack;
  (void)user;
  complain("all",
           sio_emit_args(sio_everyone(sio_socket_ns(socket)), "all", args));
}

/* ---- Start and end ---- */

static void on_closed(sio_uv *uv, void *user)
{
  struct secure *s = user;

  (void)uv;
  uv_close((uv_handle_t *)&s->signal, NULL);
}

static void on_signal(uv_signal_t *handle, int signum)
{
  struct secure *s = handle->data;

  (void)signum;
  sio_uv_close(s->uv, on_closed, s);
}

static int listen_on(struct secure *s, const char *pairs)
{
  sio_tls_config *config = load(s, pairs);
  int plain = sio_uv_listen(s->uv, "127.0.0.1", 0);

  if (config == NULL || plain < 0)
    return -1;
  s->port = sio_uv_listen_tls(s->uv, "127.0.0.1", 0, config);
  sio_tls_config_release(config);
  (void)printf("plain on %d\nlistening on %d\n", plain, s->port);
  (void)fflush(stdout);
  return s->port;
}

int main(int argc, char **argv)
{
  struct secure s = {.folder = "test/fixture/tls"};
  const char *pairs = "ec";
  sio_server_options options;

  sio_server_options_init(&options);
  sio_tls_options_init(&s.options);
  for (int i = 1; i + 1 < argc; i += 2) {
    if (strcmp(argv[i], "--pairs") == 0)
      pairs = argv[i + 1];
    else if (strcmp(argv[i], "--folder") == 0)
      s.folder = argv[i + 1];
    else if (strcmp(argv[i], "--client-ca") == 0)
      s.client_ca = argv[i + 1];
    else if (strcmp(argv[i], "--client-crl") == 0)
      s.client_crl = argv[i + 1];
    else if (strcmp(argv[i], "--client-auth") == 0)
      s.options.client_auth = (uint32_t)atoi(argv[i + 1]);
    else if (strcmp(argv[i], "--tls-handshake-timeout") == 0)
      options.tls_handshake_timeout_ms = (uint64_t)atoi(argv[i + 1]);
    else if (strcmp(argv[i], "--tls-handshakes-per-address") == 0)
      options.tls_handshakes_per_address = (uint32_t)atoi(argv[i + 1]);
    else if (strcmp(argv[i], "--suites") == 0)
      s.options.cipher_suites = argv[i + 1];
  }
  if (uv_loop_init(&s.loop) != 0 || uv_signal_init(&s.loop, &s.signal) != 0)
    return 1;
  s.signal.data = &s;
  s.server = sio_server_new(&options);
  s.uv = sio_uv_new(&s.loop, s.server);
  if (s.uv == NULL)
    return 1;
  sio_server_on_http(s.server, on_request, &s);
  complain("handlers", sio_on_connect(sio_of(s.server, "/"), on_connect, NULL));
  complain("handlers", sio_on(sio_of(s.server, "/"), "echo", on_echo, NULL));
  complain("handlers", sio_on(sio_of(s.server, "/"), "all", on_all, NULL));
  if (uv_signal_start(&s.signal, on_signal, SIGTERM) != 0 ||
      listen_on(&s, pairs) < 0) {
    (void)fprintf(stderr, "%s\n", sio_uv_error(s.uv));
    return 1;
  }
  (void)uv_run(&s.loop, UV_RUN_DEFAULT);
  sio_server_free(s.server);
  return uv_loop_close(&s.loop) == 0 ? 0 : 1;
}
