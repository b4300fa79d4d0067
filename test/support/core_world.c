/* SPDX-License-Identifier: MIT */
/* A server and its clients in memory. */
#include "core_world.h"

#include <stdio.h>
#include <stdlib.h>

static const uint8_t mask[4] = {0x12, 0x34, 0x56, 0x78};

/* ---- The world ---- */

static int fill_random(void *user, uint8_t *out, size_t len)
{
  struct core_world *w = user;

  if (w->random_fails)
    return -1;
  for (size_t i = 0; i < len; i++)
    out[i] = (uint8_t)test_random(&w->random_state);
  return 0;
}

static void keep_log(const sio_log_entry *entry, void *user)
{
  struct core_world *w = user;

  snprintf(w->logged, sizeof w->logged, "%d %s", (int)entry->level,
           entry->line);
}

static void on_ready(sio_conn *conn, void *conn_user, void *user)
{
  struct core_client *c = conn_user;

  (void)conn;
  (void)user;
  c->n_ready++;
}

static void begin(struct core_world *w, struct test_mem *mem)
{
  memset(w, 0, sizeof *w);
  w->random_state = 20240229;
  w->mem = mem;
}

void world_options(struct core_world *w, sio_server_options *options)
{
  begin(w, &w->own_mem);
  test_mem_init(&w->own_mem, TEST_MEM_NEVER);
  sio_server_options_init(options);
  options->allocator = &w->mem->allocator;
  options->random = fill_random;
  options->random_user = w;
  options->log = keep_log;
  options->log_user = w;
}

static bool make_server(struct core_world *w, const sio_server_options *options)
{
  w->now_ms = 1000;
  w->server = sio_server_new(options);
  if (w->server == NULL)
    return false;
  w->root = sio_find(w->server, "/");
  sio_server_on_ready(w->server, on_ready, w);
  sio_server_expire(w->server, w->now_ms);
  return true;
}

void world_open(struct core_world *w, const sio_server_options *options)
{
  sio_server_options defaults;

  if (options == NULL) {
    world_options(w, &defaults);
    options = &defaults;
  }
  if (!make_server(w, options))
    fail_msg("no server: %s", w->logged);
}

bool world_try_open_with(struct core_world *w, sio_server_options *options,
                         struct test_mem *mem)
{
  begin(w, mem);
  options->allocator = &mem->allocator;
  options->random = fill_random;
  options->random_user = w;
  return make_server(w, options);
}

bool world_try_open(struct core_world *w, struct test_mem *mem)
{
  sio_server_options options;

  sio_server_options_init(&options);
  return world_try_open_with(w, &options, mem);
}

void world_drop_clients(struct core_world *w)
{
  while (w->clients != NULL) {
    struct core_client *c = w->clients;

    w->clients = c->next;
    client_drop(c);
  }
}

void world_close(struct core_world *w)
{
  world_drop_clients(w);
  sio_server_free(w->server);
  w->server = NULL;
  if (w->mem == &w->own_mem)
    test_mem_check(w->mem);
}

void world_wait(struct core_world *w, uint64_t ms)
{
  uint64_t until = w->now_ms + ms, next;

  while ((next = sio_server_deadline(w->server)) < until) {
    if (next > w->now_ms)
      w->now_ms = next;
    sio_server_expire(w->server, w->now_ms);
  }
  w->now_ms = until;
  sio_server_expire(w->server, w->now_ms);
}

void world_note(struct core_world *w, const char *format, ...)
{
  size_t room = sizeof w->notes - w->n_notes;
  va_list args;
  int len;

  va_start(args, format);
  len = vsnprintf(w->notes + w->n_notes, room, format, args);
  va_end(args);
  if (len < 0 || (size_t)len + 1 >= room)
    fail_msg("too many notes");
  w->n_notes += (size_t)len;
  w->notes[w->n_notes++] = '\n';
  w->notes[w->n_notes] = '\0';
}

void world_assert_noted(struct core_world *w, const char *want,
                        const char *file, int line)
{
  w->notes[w->n_notes] = '\0';
  w->n_notes = 0;
  _assert_string_equal(w->notes, want, file, line);
}

/* ---- Host functions ---- */

static void on_joined(sio_socket *socket, void *user)
{
  world_note(user, "joined %s", sio_ns_name(sio_socket_ns(socket)));
}

static const char *name_of(sio_socket *socket)
{
  sio_ns *ns = sio_socket_ns(socket);

  return ns != NULL ? sio_ns_name(ns) : "?";
}

static void on_leaving(sio_socket *socket, const sio_end *end, void *user)
{
  assert_true(sio_socket_is_connected(socket));
  world_note(user, "leaving %s: %s, rooms %zu", name_of(socket),
             sio_reason_text(end->reason), sio_socket_room_count(socket));
}

static void on_left(sio_socket *socket, const sio_end *end, void *user)
{
  assert_false(sio_socket_is_connected(socket));
  world_note(user, "left %s: %s, %s, rooms %zu", name_of(socket),
             sio_reason_text(end->reason), sio_cause_text(end->cause),
             sio_socket_room_count(socket));
}

sio_ns *world_watch(struct core_world *w, const char *nsp)
{
  sio_ns *ns = sio_of(w->server, nsp);

  assert_non_null(ns);
  assert_int_equal(sio_on_connect(ns, on_joined, w), 0);
  assert_int_equal(sio_on_disconnecting(ns, on_leaving, w), 0);
  assert_int_equal(sio_on_disconnect(ns, on_left, w), 0);
  return ns;
}

static void on_echo(sio_socket *socket, const sio_args *args, sio_ack *ack,
                    void *user)
{
  (void)user;
  /* Out of memory is for the tests to find. */
  (void)sio_emit_args(sio_only(socket), "echoed", args);
  (void)sio_ack_args(ack, args);
}

void world_echo(sio_ns *ns)
{
  while (sio_on(ns, "echo", on_echo, NULL) != 0)
    ; /* an allocation that is to fail fails once */
}

/* ---- Transports ---- */

static bool open_transport(struct core_world *w, struct core_client *c)
{
  static const sio_peer peer = {.size = sizeof(sio_peer),
                                .address = "192.0.2.7"};

  memset(c, 0, offsetof(struct core_client, raw));
  c->heard[0] = '\0';
  c->world = w;
  if (sio_conn_open(w->server, &peer, c, &c->conn) != 0)
    return false;
  c->next = w->clients;
  w->clients = c;
  return true;
}

void client_drop(struct core_client *c)
{
  sio_conn *conn = c->conn;

  c->conn = NULL;
  if (conn != NULL)
    sio_conn_closed(conn, 0);
}

void client_feed(struct core_client *c, const void *data, size_t len)
{
  uint8_t *copy;

  if (c->conn == NULL || len == 0)
    return;
  copy = test_exact(data, len);
  (void)sio_conn_feed(c->conn, copy,
                      len); /* what comes after the end is lost */
  free(copy);
}

static void add_heard(struct core_client *c, const char *text, size_t len)
{
  if (c->heard_len + len >= sizeof c->heard)
    fail_msg("too much to be heard");
  memcpy(c->heard + c->heard_len, text, len);
  c->heard_len += len;
  c->heard[c->heard_len] = '\0';
}

/* Take the output, as a slow socket would: some bytes, then all. */
static void receive(struct core_client *c)
{
  sio_span spans[4];
  size_t n, i;

  while (c->conn != NULL && (n = sio_conn_output(c->conn, spans, 4)) > 0) {
    size_t total = 0;

    for (i = 0; i < n; i++) {
      if (c->raw_len + spans[i].len > sizeof c->raw)
        fail_msg("too much output");
      memcpy(c->raw + c->raw_len, spans[i].data, spans[i].len);
      c->raw_len += spans[i].len;
      total += spans[i].len;
    }
    sio_conn_sent(c->conn, total);
  }
}

/* Add one whole frame to what was heard; its size, or 0. */
static size_t hear_frame(struct core_client *c, const uint8_t *p, size_t have)
{
  size_t head = 2, len, i;
  char text[24];

  if (have < 2)
    return 0;
  len = p[1];
  if (len == 126) {
    head = 4;
    len = have < 4 ? SIZE_MAX / 2 : (size_t)p[2] << 8 | p[3];
  } else if (len > 126) {
    fail_msg("a frame that is masked or very long");
  }
  if (have < head + len)
    return 0;
  p += head;
  switch (p[-(ptrdiff_t)head]) {
  case 0x81:
    add_heard(c, (const char *)p, len);
    break;
  case 0x82:
    add_heard(c, "<", 1);
    for (i = 0; i < len; i++) {
      snprintf(text, sizeof text, "%02x", p[i]);
      add_heard(c, text, 2);
    }
    add_heard(c, ">", 1);
    break;
  case 0x88:
    snprintf(text, sizeof text, len < 2 ? "<close>" : "<close %d>",
             len < 2 ? 0 : p[0] << 8 | p[1]);
    add_heard(c, text, strlen(text));
    break;
  default:
    fail_msg("a frame that begins with %02x", p[-(ptrdiff_t)head]);
  }
  add_heard(c, "\n", 1);
  return head + len;
}

static void hear_frames(struct core_client *c)
{
  size_t used = 0, n;

  while ((n = hear_frame(c, c->raw + used, c->raw_len - used)) > 0)
    used += n;
  memmove(c->raw, c->raw + used, c->raw_len - used);
  c->raw_len -= used;
}

const char *client_hear(struct core_client *c)
{
  c->heard_len = 0;
  c->heard[0] = '\0';
  receive(c);
  if (!c->http)
    hear_frames(c);
  if (c->conn != NULL && sio_conn_pending(c->conn) == 0 &&
      sio_conn_wants_close(c->conn) != SIO_CLOSE_NO) {
    client_drop(c);
    c->ended = true;
    if (!c->http)
      add_heard(c, "<end>\n", 6);
  }
  return c->heard;
}

void client_assert_hears(struct core_client *c, const char *want,
                         const char *file, int line)
{
  _assert_string_equal(client_hear(c), want, file, line);
}

/* ---- Websocket clients ---- */

static void say_frame(struct core_client *c, uint8_t first, const void *data,
                      size_t len)
{
  size_t head = len < 126 ? 2 : 4;
  uint8_t *frame = malloc(head + sizeof mask + len), *p = frame + head;

  if (frame == NULL)
    fail_msg("no memory");
  frame[0] = first;
  frame[1] = (uint8_t)(0x80 | (len < 126 ? len : 126));
  if (head == 4) {
    frame[2] = (uint8_t)(len >> 8);
    frame[3] = (uint8_t)len;
  }
  memcpy(p, mask, sizeof mask);
  for (size_t i = 0; i < len; i++)
    p[sizeof mask + i] = ((const uint8_t *)data)[i] ^ mask[i % sizeof mask];
  client_feed(c, frame, head + sizeof mask + len);
  free(frame);
}

void client_say(struct core_client *c, const char *text)
{
  say_frame(c, 0x81, text, strlen(text));
}

void client_say_bytes(struct core_client *c, const void *data, size_t len)
{
  say_frame(c, 0x82, data, len);
}

void client_say_close(struct core_client *c)
{
  say_frame(c, 0x88, NULL, 0);
}

/* The end of the response's head; 0: it has not come. */
static size_t head_size(const struct core_client *c)
{
  for (size_t i = 4; i <= c->raw_len; i++) {
    if (memcmp(c->raw + i - 4, "\r\n\r\n", 4) == 0)
      return i;
  }
  return 0;
}

bool client_open_with(struct core_world *w, struct core_client *c,
                      const char *header_lines)
{
  char request[4096];
  size_t head;

  if (!open_transport(w, c))
    return false;
  snprintf(request, sizeof request,
           "GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\n"
           "Host: test\r\n"
           "Connection: Upgrade\r\n"
           "Upgrade: websocket\r\n"
           "Sec-WebSocket-Version: 13\r\n"
           "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
           "%s\r\n",
           header_lines);
  client_feed(c, request, strlen(request));
  receive(c);
  head = head_size(c);
  if (head == 0 || memcmp(c->raw, "HTTP/1.1 101", 12) != 0) {
    (void)client_hear(c); /* takes note of the end */
    return false;
  }
  memmove(c->raw, c->raw + head, c->raw_len - head);
  c->raw_len -= head;
  return strncmp(client_hear(c), "0{", 2) == 0 && c->conn != NULL;
}

bool client_open(struct core_world *w, struct core_client *c)
{
  return client_open_with(w, c, "");
}

void client_join(struct core_client *c, const char *nsp)
{
  bool root = strcmp(nsp, "/") == 0;
  char text[300], want[340];
  const char *sid;

  snprintf(text, sizeof text, root ? "40" : "40%s,", nsp);
  client_say(c, text);
  sid = strstr(client_hear(c), "\"sid\":\"");
  if (sid == NULL)
    fail_msg("%s was not joined but answered: %s", nsp, c->heard);
  memcpy(c->sid, sid + 7, CORE_SID_LEN);
  c->sid[CORE_SID_LEN] = '\0';
  snprintf(want, sizeof want, "%s{\"sid\":\"%s\"}\n", text, c->sid);
  assert_string_equal(c->heard, want);
}

void client_enter(struct core_world *w, struct core_client *c)
{
  if (!client_open(w, c))
    fail_msg("a client was refused: %s", c->heard);
  client_join(c, "/");
}

sio_socket *client_socket(struct core_client *c, const char *nsp)
{
  sio_socket *socket =
      sio_ns_socket(sio_find(c->world->server, nsp), sio_s(c->sid));

  if (socket == NULL)
    fail_msg("there is no socket %s", c->sid);
  return socket;
}

/* ---- HTTP ---- */

bool http_open(struct core_world *w, struct core_client *c)
{
  if (!open_transport(w, c))
    return false;
  c->http = true;
  return true;
}

void http_send(struct core_client *c, const char *target, const char *body)
{
  char request[2048];

  if (body == NULL)
    snprintf(request, sizeof request, "GET %s HTTP/1.1\r\nHost: test\r\n\r\n",
             target);
  else
    snprintf(request, sizeof request,
             "POST %s HTTP/1.1\r\nHost: test\r\nContent-Length: %zu\r\n\r\n%s",
             target, strlen(body), body);
  client_feed(c, request, strlen(request));
}

const char *http_answer(struct core_client *c)
{
  const char *length;
  size_t head, body;

  (void)client_hear(c); /* adds to the raw bytes */
  head = head_size(c);
  if (head == 0)
    return "";
  c->raw[head - 1] = '\0';
  length = strstr((const char *)c->raw, "Content-Length: ");
  body = length != NULL ? strtoul(length + 16, NULL, 10) : 0;
  if (c->raw_len < head + body)
    fail_msg("a response whose body is cut");
  add_heard(c, (const char *)c->raw + 9, 4);
  add_heard(c, (const char *)c->raw + head, body);
  memmove(c->raw, c->raw + head + body, c->raw_len - head - body);
  c->raw_len -= head + body;
  return c->heard;
}

bool poller_open(struct core_world *w, struct core_poller *p)
{
  const char *sid;

  if (!http_open(w, &p->get) || !http_open(w, &p->post))
    return false;
  http_send(&p->get, "/socket.io/?EIO=4&transport=polling", NULL);
  sid = strstr(http_answer(&p->get), "\"sid\":\"");
  if (sid == NULL)
    return false;
  memcpy(p->sid, sid + 7, CORE_SID_LEN);
  p->sid[CORE_SID_LEN] = '\0';
  snprintf(p->target, sizeof p->target,
           "/socket.io/?EIO=4&transport=polling&sid=%s", p->sid);
  return true;
}

void poller_get(struct core_poller *p)
{
  http_send(&p->get, p->target, NULL);
}

void poller_say(struct core_poller *p, const char *payload)
{
  http_send(&p->post, p->target, payload);
  assert_string_equal(http_answer(&p->post), "200 ok");
}
