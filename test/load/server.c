/* SPDX-License-Identifier: MIT */
/*
 * A server under load.  Who joins "/" gets `news(n, text)`, where n counts the
 * events that were ever sent, and `echo` acknowledged with its arguments;
 * /control has them sent, and asks for figures.
 */
#define _POSIX_C_SOURCE 200809L /* SIGTERM; <uv.h> wants it, too */

#include <sio.h>
#include <sio/recovery.h>
#include <sio/uv.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <uv.h>

enum { MAX_TEXT = 1 << 20 };

struct load {
  size_t heap_bytes; /* that the library has */
  sio_ns *ns;
  sio_uv *uv;
  sio_payload *figures;
  uv_timer_t timer; /* sends one event each time */
  uv_signal_t signal;
  int64_t sent;
  int64_t recovered;
  int64_t lost;
  int text_bytes;
  bool secure; /* there is a port with TLS, too */
  char text[MAX_TEXT];
};

static void *counted_alloc(size_t size, void *user)
{
  struct load *load = user;
  void *memory = malloc(size);

  if (memory != NULL)
    load->heap_bytes += size;
  return memory;
}

static void counted_free(void *memory, size_t size, void *user)
{
  struct load *load = user;

  if (memory != NULL)
    load->heap_bytes -= size;
  free(memory);
}

static void expect(int error, const char *what)
{
  if (error < 0 && error != SIO_ERR_DISCONNECTED)
    (void)fprintf(stderr, "%s: %s\n", what, sio_strerror(error));
}

/* ---- "/" ---- */

static void on_connect(sio_socket *socket, void *user)
{
  struct load *load = user;

  load->recovered += sio_socket_recovered(socket);
}

static void on_lost(sio_ns *ns, sio_str id, sio_value data, void *user)
{
  struct load *load = user;

  (void)ns;
  (void)id;
  (void)data;
  load->lost++;
}

enum way { TO_ALL, VOLATILE, ONE_BY_ONE };

static bool send_to_one(sio_socket *socket, void *user)
{
  struct load *load = user;
  int error = sio_emitf(sio_only(socket), "news", "%lld, %.*s",
                        (long long)load->sent, load->text_bytes, load->text);

  if (error != SIO_ERR_LIMIT) /* which sio_metrics counts */
    expect(error, "news to one");
  return true;
}

static void send_news(struct load *load, enum way way)
{
  sio_target all = sio_everyone(load->ns);

  load->sent++;
  if (way == ONE_BY_ONE)
    expect(sio_each(all, send_to_one, load), "each");
  else
    expect(sio_emitf(way == VOLATILE ? sio_volatile(all) : all, "news",
                     "%lld, %.*s", (long long)load->sent, load->text_bytes,
                     load->text),
           "news");
}

static void on_echo(sio_socket *socket, const sio_args *args, sio_ack *ack,
                    void *user)
{
  (void)socket;
  (void)user;
  expect(sio_ack_args(ack, args), "echo");
}

/* ---- /control ---- */

static int64_t number(const sio_args *args, size_t i, int64_t max)
{
  int64_t n = 0;

  if (sio_value_int64(sio_arg(args, i), &n) != 0 || n < 0)
    return 0;
  return n < max ? n : max;
}

/* send(events, bytes, way): at once; acknowledged with the last number. */
static void on_send(sio_socket *socket, const sio_args *args, sio_ack *ack,
                    void *user)
{
  struct load *load = user;
  int64_t events = number(args, 0, INT32_MAX);
  enum way way = (enum way)number(args, 2, ONE_BY_ONE);

  (void)socket;
  load->text_bytes = (int)number(args, 1, MAX_TEXT);
  while (events-- > 0)
    send_news(load, way);
  expect(sio_ackf(ack, "%lld", (long long)load->sent), "acknowledge");
}

static void on_timer(uv_timer_t *timer)
{
  send_news(timer->data, TO_ALL);
}

/* tick(ms, bytes): one event each so many ms, or no more if it is 0. */
static void on_tick(sio_socket *socket, const sio_args *args, sio_ack *ack,
                    void *user)
{
  struct load *load = user;
  uint64_t every = (uint64_t)number(args, 0, INT32_MAX);

  (void)socket;
  load->text_bytes = (int)number(args, 1, MAX_TEXT);
  (void)uv_timer_stop(&load->timer);
  if (every > 0 && uv_timer_start(&load->timer, on_timer, every, every) != 0)
    (void)fputs("no timer\n", stderr);
  expect(sio_ackf(ack, "%lld", (long long)load->sent), "acknowledge");
}

static void append(sio_payload *out, const char *key, int64_t value)
{
  sio_payload_key(out, key);
  sio_payload_int64(out, value);
}

/* figures(): an object; `causes` has the ends of sockets and sessions. */
static void on_figures(sio_socket *socket, const sio_args *args, sio_ack *ack,
                       void *user)
{
  struct load *load = user;
  sio_server *server = sio_ns_server(sio_socket_ns(socket));
  sio_payload *out = load->figures;
  sio_metrics metrics;
  sio_ns_metrics here;

  (void)args;
  sio_server_metrics(server, &metrics);
  sio_ns_metrics(load->ns, &here);
  sio_payload_reset(out);
  sio_payload_object_begin(out);
  append(out, "heap", (int64_t)load->heap_bytes);
  append(out, "sent", load->sent);
  append(out, "sockets", (int64_t)here.sockets_now);
  append(out, "recovered", load->recovered);
  append(out, "lost", load->lost);
  append(out, "dropped", (int64_t)metrics.messages_dropped);
  append(out, "refused", (int64_t)metrics.messages_refused);
  sio_payload_key(out, "causes");
  sio_payload_object_begin(out);
  for (int cause = 0; cause < SIO_CAUSE_COUNT_; cause++) {
    uint64_t count = sio_server_cause_count(server, (sio_cause)cause);

    if (count > 0)
      append(out, sio_cause_text((sio_cause)cause), (int64_t)count);
  }
  sio_payload_object_end(out);
  sio_payload_object_end(out);
  expect(sio_ack_payload(ack, out), "figures");
}

/* ---- Start and end ---- */

static void on_closed(sio_uv *uv, void *user)
{
  struct load *load = user;

  (void)uv;
  uv_close((uv_handle_t *)&load->timer, NULL);
  uv_close((uv_handle_t *)&load->signal, NULL);
}

static void on_signal(uv_signal_t *handle, int signum)
{
  struct load *load = handle->data;

  (void)signum;
  (void)uv_signal_stop(handle);
  sio_uv_close(load->uv, on_closed, load);
}

/* As many connections as the system allows. */
static void raise_limits(void)
{
  struct rlimit files;

  if (getrlimit(RLIMIT_NOFILE, &files) != 0)
    return;
  files.rlim_cur = files.rlim_max;
  (void)setrlimit(RLIMIT_NOFILE, &files); /* then with what there is */
}

static int listen_secure(struct load *load)
{
  static const sio_uv_tls_pair pair = {.chain = "test/fixture/tls/ec.pem",
                                       .key = "test/fixture/tls/ec.key"};
  sio_uv_tls_files files;
  sio_tls_config *config;
  int port;

  sio_uv_tls_files_init(&files);
  files.pairs = &pair;
  files.n_pairs = 1;
  port = sio_uv_tls_config(load->uv, &files, NULL, &config);
  if (port == 0)
    port = sio_uv_listen_tls(load->uv, "127.0.0.1", 0, config);
  sio_tls_config_release(config);
  if (port > 0)
    (void)printf("secure on %d\n", port);
  return port;
}

static int serve(struct load *load, sio_server *server)
{
  sio_ns *control = sio_of(server, "/control");
  int error;

  load->ns = sio_of(server, "/");
  error = sio_on_connect(load->ns, on_connect, load);
  if (error == 0)
    error = sio_on(load->ns, "echo", on_echo, load);
  if (error == 0)
    error = sio_on_recovery_lost(load->ns, on_lost, load);
  if (error == 0)
    error = sio_on(control, "send", on_send, load);
  if (error == 0)
    error = sio_on(control, "tick", on_tick, load);
  if (error == 0)
    error = sio_on(control, "figures", on_figures, load);
  if (error == 0 && load->secure)
    error = listen_secure(load);
  return error < 0 ? error : sio_uv_listen(load->uv, "127.0.0.1", 0);
}

/* Options as `--name value`; false: one is not known. */
static bool parse(struct load *load, sio_server_options *options,
                  sio_recovery_options *recovery, int argc, char **argv)
{
  for (int i = 1; i < argc; i += 2) {
    uint64_t value = i + 1 < argc ? strtoull(argv[i + 1], NULL, 10) : 0;

    if (strcmp(argv[i], "--output-policy") == 0) {
      options->output_policy = (uint32_t)value;
    } else if (strcmp(argv[i], "--max-output-bytes") == 0) {
      options->max_output_bytes = value;
      options->high_water_bytes = value / 2;
    } else if (strcmp(argv[i], "--patience") == 0) {
      options->header_timeout_ms = options->body_timeout_ms = value;
      options->message_timeout_ms = options->attachment_timeout_ms = value;
      options->tls_handshake_timeout_ms = value;
      options->close_timeout_ms = value / 4 + 1; /* they do not answer */
      options->max_kept_bytes = 0; /* the figures are what is in use */
    } else if (strcmp(argv[i], "--tls") == 0) {
      load->secure = value != 0;
    } else if (strcmp(argv[i], "--recovery") == 0) {
      recovery->max_disconnection_ms = value;
      options->recovery = recovery;
    } else {
      return false;
    }
  }
  return true;
}

static int run(struct load *load, sio_server *server)
{
  uv_loop_t *loop = uv_default_loop();
  int port;

  if (uv_timer_init(loop, &load->timer) != 0 ||
      uv_signal_init(loop, &load->signal) != 0 ||
      uv_signal_start(&load->signal, on_signal, SIGTERM) != 0)
    return EXIT_FAILURE;
  load->timer.data = load;
  load->signal.data = load;
  port = serve(load, server);
  if (port < 0) {
    (void)fprintf(stderr, "%s: %s\n", sio_strerror(port),
                  sio_uv_error(load->uv));
    return EXIT_FAILURE;
  }
  (void)printf("listening on %d\n", port);
  (void)fflush(stdout);
  (void)uv_run(loop, UV_RUN_DEFAULT); /* ends after on_closed() */
  return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
  struct load *load = calloc(1, sizeof(*load));
  const sio_allocator counted = {counted_alloc, counted_free, load};
  sio_recovery_options recovery;
  sio_server_options options;
  sio_server *server = NULL;
  int status = EXIT_FAILURE;

  raise_limits();
  sio_recovery_options_init(&recovery);
  sio_server_options_init(&options);
  options.allocator = &counted;
  if (load != NULL && parse(load, &options, &recovery, argc, argv))
    server = sio_server_new(&options);
  if (server != NULL) {
    memset(load->text, 'x', sizeof(load->text));
    load->figures = sio_payload_new(NULL);
    load->uv = sio_uv_new(uv_default_loop(), server);
  }
  if (server != NULL && load->figures != NULL && load->uv != NULL)
    status = run(load, server);
  else
    (void)fputs("out of memory, or an option is wrong\n", stderr);

  sio_server_free(server);
  if (load != NULL) {
    sio_payload_free(load->figures);
    if (load->heap_bytes != 0)
      (void)fprintf(stderr, "%zu bytes are left\n", load->heap_bytes);
  }
  free(load);
  return status;
}
