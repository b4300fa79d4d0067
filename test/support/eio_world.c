/* SPDX-License-Identifier: MIT */
/* The world of eio_world.h: how scenarios run, time, and the event log. */
#include "eio_world.h"

#include <stdio.h>
#include <stdlib.h>

enum { MAX_PIECES = 48, SLOW_INPUT = 4096 };

bool eio_is_off(const struct world *w)
{
  return w->mem->fired;
}

/* ---- What the server is given ---- */

static int fill_random(void *user, uint8_t *out, size_t len)
{
  struct world *w = user;

  for (size_t i = 0; i < len; i++)
    out[i] = (uint8_t)(test_random(&w->random) >> 8);
  return w->random_fails ? -1 : 0;
}

static void add_line(char *log, size_t *log_len, const char *line)
{
  size_t len = strlen(line);

  if (*log_len + len + 2 > WORLD_LOG)
    fail_msg("the log of the world is full");
  memcpy(log + *log_len, line, len);
  log[*log_len + len] = '\n';
  *log_len += len + 1;
  log[*log_len] = '\0';
}

static void take_log(const sio_log_entry *entry, void *user)
{
  struct world *w = user;

  if (w->log_len + strlen(entry->line) + 2 > WORLD_LOG)
    w->log_len = 0; /* tests look for what was said last */
  add_line(w->log, &w->log_len, entry->line);
}

static void event(struct world *w, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void event(struct world *w, const char *format, ...)
{
  char line[600];
  va_list args;

  va_start(args, format);
  vsnprintf(line, sizeof line, format, args);
  va_end(args);
  add_line(w->events, &w->events_len, line);
}

/* ---- Events of the engine: `user` is the server ---- */

static struct world *world_of(void *user)
{
  return sio_server_user(user);
}

static int on_opened(struct sio_session *session, void *user)
{
  struct world *w = world_of(user);

  event(w, "opened");
  if (w->n_sids < WORLD_SIDS) {
    memcpy(w->sids[w->n_sids], session->id, session->id_len + 1u);
    w->protocols[w->n_sids] = session->protocol;
    w->sessions[w->n_sids++] = session;
  }
  return w->opened_result;
}

static void on_text(struct sio_session *session, char *text, size_t len,
                    void *user)
{
  struct world *w = world_of(user);
  char *packet = malloc(len + 2);

  assert_non_null(packet);
  packet[0] = '4';
  if (len > 0)
    memcpy(packet + 1, text, len);
  packet[len + 1] = '\0';
  event(w, "text %.500s", packet + 1);
  if (w->on_text != NULL)
    w->on_text(w, session, packet + 1);
  if (w->echo)
    (void)sio__session_send(session, packet, len + 1, 0);
  free(packet);
}

static void on_binary(struct sio_session *session, const uint8_t *data,
                      size_t len, void *user)
{
  struct world *w = world_of(user);

  event(w, "binary %zu bytes %.*s", len, (int)(len < 500 ? len : 500),
        len > 0 ? (const char *)data : "");
  if (w->echo)
    (void)sio__session_send(session, data, len, SIO_SEND_BINARY);
}

static void on_closed(struct sio_session *session, const sio_end *end,
                      void *user)
{
  struct world *w = world_of(user);
  char more[64] = "";

  if (end->limit > 0)
    snprintf(more, sizeof more, ", limit %llu", (unsigned long long)end->limit);
  event(w, "closed %s, %s%s", sio_reason_text(end->reason),
        sio_cause_text(end->cause), more);
  for (int i = 0; i < w->n_sids; i++)
    if (w->sessions[i] == session)
      w->sessions[i] = NULL;
  if (w->on_closed != NULL)
    w->on_closed(w, session);
}

static bool on_request(struct sio_request *request, void *user)
{
  struct world *w = world_of(user);
  sio_str path = sio_request_path(request);

  event(w, "request %s %.*s", sio_request_method(request), (int)path.len,
        path.data);
  return sio__client_events.request(request, user);
}

static void on_empty(void *user)
{
  world_of(user)->emptied++;
  sio__client_events.empty(user);
}

static const struct sio__engine_events recorder = {
    .opened = on_opened,
    .text = on_text,
    .binary = on_binary,
    .closed = on_closed,
    .request = on_request,
    .empty = on_empty,
};

/* ---- What a host sees of sessions: `user` is the world ---- */

static void host(struct world *w, sio_session *session, const char *what,
                 const sio_message *message, const char *more)
{
  char line[160];
  int shown = message == NULL          ? 0
              : message->data.len < 60 ? (int)message->data.len
                                       : 60;

  snprintf(line, sizeof line, "%s%s%s%s%.*s", what, more,
           message == NULL   ? ""
           : message->binary ? " binary"
                             : " text",
           shown > 0 ? " " : "", shown,
           shown > 0 ? (const char *)message->data.data : "");
  add_line(w->events, &w->events_len, line);
  if (w->on_host != NULL)
    w->on_host(w, session, line);
}

static void host_open(sio_session *session, void *user)
{
  host(user, session, "host open", NULL, "");
}

static void host_message(sio_session *session, const sio_message *message,
                         void *user)
{
  host(user, session, "host message", message, "");
}

static void host_close(sio_session *session, const sio_end *end, void *user)
{
  host(user, session, "host close ", NULL, sio_reason_text(end->reason));
}

static void host_upgrade(sio_session *session, void *user)
{
  host(user, session, "host upgrade", NULL, "");
}

static void host_upgrading(sio_session *session, void *user)
{
  host(user, session, "host upgrading", NULL, "");
}

static void host_drain(sio_session *session, void *user)
{
  host(user, session, "host drain", NULL, "");
}

static void host_heartbeat(sio_session *session, void *user)
{
  host(user, session, "host heartbeat", NULL, "");
}

static void host_packet_in(sio_session *session, sio_packet_type type,
                           const sio_message *message, void *user)
{
  const char digit[2] = {(char)('0' + (int)type), '\0'};

  host(user, session, "in ", message, digit);
}

static void host_packet_out(sio_session *session, sio_packet_type type,
                            const sio_message *message, void *user)
{
  const char digit[2] = {(char)('0' + (int)type), '\0'};

  host(user, session, "out ", message, digit);
}

void eio_watch(struct world *w, unsigned what)
{
  sio_session_handlers handlers;

  sio_session_handlers_init(&handlers);
  if ((what & WATCH_LIFE) != 0) {
    handlers.open = host_open;
    handlers.message = host_message;
    handlers.close = host_close;
    handlers.upgrade = host_upgrade;
    handlers.upgrading = host_upgrading;
    handlers.drain = host_drain;
    handlers.heartbeat = host_heartbeat;
  }
  if ((what & WATCH_PACKETS) != 0) {
    handlers.packet_in = host_packet_in;
    handlers.packet_out = host_packet_out;
  }
  assert_int_equal(sio_server_on_sessions(w->server, &handlers, w), 0);
}

static void on_ready(sio_conn *conn, void *conn_user, void *user)
{
  struct peer *peer = conn_user;

  (void)conn;
  (void)user;
  /* Told once, until the output is looked at or there is a wish to close. */
  assert_true(!peer->ready || peer->sips ||
              sio_conn_wants_close(peer->conn) != SIO_CLOSE_NO);
  peer->ready = true;
  peer->calls++;
}

/* ---- Beginning and end ---- */

static void start(struct world *w, struct test_mem *mem,
                  const struct scenario *scenario, size_t piece)
{
  memset(w, 0, sizeof *w);
  w->mem = mem;
  w->piece = piece;
  w->random = 0x5eed;
  sio_server_options_init(&w->options);
  w->options.allocator = &mem->allocator;
  w->options.random = fill_random;
  w->options.random_user = w;
  w->options.log = take_log;
  w->options.log_user = w;
  w->options.log_level = SIO_LOG_DEBUG;
  w->options.max_kept_bytes = 0; /* so that every block is seen */
  if (scenario->tweak != NULL)
    scenario->tweak(&w->options);
  w->server = sio_server_new(&w->options);
  if (w->server == NULL)
    return;
  sio_server_set_user(w->server, w);
  sio__engine_on(&w->server->engine, &recorder, w->server);
  sio_server_on_ready(w->server, on_ready, NULL);
  sio_server_expire(w->server, w->now);
}

static void end(struct world *w)
{
  for (int p = 0; p < w->n_peers; p++) {
    w->peers[p].stalled = false;
    if (!eio_is_off(w) && w->peers[p].at != w->peers[p].len)
      fail_msg("peer %d got what nobody looked at:\n%.*s", p,
               (int)(w->peers[p].len - w->peers[p].at),
               (const char *)w->peers[p].out + w->peers[p].at);
    peer_close(w, p, 0);
  }
  assert_int_equal(sio_server_connection_count(w->server), 0);
  sio_server_free(w->server);
  for (int p = 0; p < WORLD_PEERS; p++)
    free(w->peers[p].out);
}

/* One run; the longest input of a call. */
static size_t run(const struct scenario *scenario, struct test_mem *mem,
                  size_t piece)
{
  struct world *w = malloc(sizeof *w);
  size_t longest;

  assert_non_null(w);
  start(w, mem, scenario, piece);
  if (w->server != NULL) {
    scenario->run(w);
    end(w);
  } else {
    assert_true(mem->fired);
  }
  longest = w->longest;
  free(w);
  return longest;
}

static void run_short_of_memory(struct test_mem *mem, void *user)
{
  (void)run(user, mem, 0);
}

void eio_run(void **state)
{
  const struct scenario *scenario = *state;
  struct test_mem mem;
  size_t longest, step;

  test_mem_init(&mem, TEST_MEM_NEVER);
  longest = run(scenario, &mem, 0);
  test_mem_check(&mem);
  if (scenario->once)
    return;
  step = longest > SLOW_INPUT ? longest / 7 : 1;
  for (size_t n = 0, piece = step; piece < longest; n++) {
    test_mem_init(&mem, TEST_MEM_NEVER);
    (void)run(scenario, &mem, piece);
    test_mem_check(&mem);
    piece += n < MAX_PIECES ? step : 1 + longest / 8;
  }
  (void)test_every_allocation(run_short_of_memory, *state);
}

/* ---- Output ---- */

/* The peer reads `len` bytes at most: how many there were. */
static size_t read_some(struct peer *peer, size_t len)
{
  sio_span spans[3];
  size_t n = sio_conn_output(peer->conn, spans, 3), sum = 0;

  for (size_t i = 0; i < n && sum < len; i++) {
    size_t part = len - sum < spans[i].len ? len - sum : spans[i].len;

    if (peer->len + part >= peer->cap) { /* tests may write a NUL behind it */
      peer->cap = 2 * (peer->len + part) + 256;
      peer->out = realloc(peer->out, peer->cap);
      assert_non_null(peer->out);
    }
    memcpy(peer->out + peer->len, spans[i].data, part);
    peer->len += part;
    sum += part;
  }
  if (sum > 0)
    sio_conn_sent(peer->conn, sum);
  return sum;
}

void peer_sip(struct world *w, int p, size_t len)
{
  struct peer *peer = &w->peers[p];

  peer->sips = true;
  if (peer->conn != NULL)
    (void)read_some(peer, len);
  eio_pump(w);
}

static void take_output(struct world *w, struct peer *peer)
{
  while (read_some(peer, SIZE_MAX) > 0)
    continue;
  assert_int_equal(sio_conn_pending(peer->conn), 0);
  if (sio_conn_wants_close(peer->conn) == SIO_CLOSE_LINGER) {
    peer->lingers = true;
  } else if (sio_conn_wants_close(peer->conn) == SIO_CLOSE_NOW) {
    sio_conn_closed(peer->conn, 0);
    peer->conn = NULL;
  }
  (void)w;
}

void eio_pump(struct world *w)
{
  bool again = true;

  while (again) {
    again = false;
    for (int p = 0; p < w->n_peers; p++) {
      struct peer *peer = &w->peers[p];

      if (peer->conn == NULL || !peer->ready ||
          (peer->stalled && sio_conn_pending(peer->conn) > 0))
        continue;
      again = true;
      peer->ready = false;
      take_output(w, peer);
    }
  }
  /* Whoever was not announced has nothing to say. */
  for (int p = 0; p < w->n_peers; p++) {
    const struct peer *peer = &w->peers[p];

    if (peer->conn == NULL || peer->stalled)
      continue;
    assert_int_equal(sio_conn_pending(peer->conn), 0);
    assert_int_equal(sio_conn_wants_close(peer->conn),
                     peer->lingers ? SIO_CLOSE_LINGER : SIO_CLOSE_NO);
  }
}

/* ---- Time ---- */

void eio_jump(struct world *w, uint64_t ms)
{
  w->now += ms;
  do
    sio_server_expire(w->server, w->now);
  while (sio_server_deadline(w->server) <= w->now);
  eio_pump(w);
}

void eio_sleep(struct world *w, uint64_t ms)
{
  uint64_t until = w->now + ms;

  while (sio_server_deadline(w->server) <= until) {
    w->now = sio_server_deadline(w->server);
    sio_server_expire(w->server, w->now);
    eio_pump(w);
  }
  w->now = until;
  sio_server_expire(w->server, w->now);
}

/* ---- What the application does ---- */

void eio_say(struct world *w, int sid, const char *packet)
{
  struct sio__engine *engine = &w->server->engine;

  if (w->sessions[sid] == NULL)
    return;
  sio__engine_enter(engine);
  (void)sio__session_send(w->sessions[sid], packet, strlen(packet), 0);
  sio__engine_leave(engine);
  eio_pump(w);
}

void eio_close(struct world *w, int sid, bool discard)
{
  static const sio_end end = {SIO_REASON_FORCED_CLOSE, SIO_CAUSE_HOST, NULL, 0,
                              0};
  struct sio__engine *engine = &w->server->engine;

  if (w->sessions[sid] == NULL)
    return;
  sio__engine_enter(engine);
  sio__session_close(w->sessions[sid], &end, discard);
  sio__engine_leave(engine);
  eio_pump(w);
}

/* ---- What has happened ---- */

void expect_events(struct world *w, const char *lines)
{
  if (!eio_is_off(w))
    assert_string_equal(w->events, lines);
  w->events_len = 0;
  w->events[0] = '\0';
}

void expect_cause(struct world *w, sio_cause cause, uint64_t times)
{
  if (!eio_is_off(w))
    assert_int_equal(sio_server_cause_count(w->server, cause), times);
}

void expect_sessions(struct world *w, size_t n)
{
  if (!eio_is_off(w))
    assert_int_equal(sio_server_session_count(w->server), n);
}

void expect_logged(struct world *w, const char *text)
{
  if (!eio_is_off(w) && strstr(w->log, text) == NULL)
    fail_msg("\"%s\" is not in the log:\n%s", text, w->log);
}
