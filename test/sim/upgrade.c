/* SPDX-License-Identifier: MIT */
/*
 * Every interleaving, to a depth, of what can happen to one session that
 * moves from polling to a websocket: polls, posts in two halves, probes,
 * commits, packets, closes, resets, messages of the server, and time.
 *
 * A path is a list of choices among what is possible.  After the last one the
 * choice before it that has alternatives takes the next, and the path is gone
 * again from the beginning.
 *
 * usage: upgrade [DEPTH] [prune]
 *
 * With `prune`, a path ends where the session is as it was on another path
 * with as many steps to go, as far as can be seen from outside.
 */
#include "upgrade_line.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_DEPTH = 20, TABLE = 1 << 22 };

enum action {
  POLL,
  POLL_AGAIN, /* while one waits */
  POLL_ABORT,
  POST,
  POST_HALF,
  POST_REST,
  POST_ABORT,
  POST_CLOSE, /* the close packet */
  WS_OPEN,
  WS_PROBE,
  WS_COMMIT,
  WS_MESSAGE, /* before the commit it is a stray */
  WS_CLOSE,
  WS_RESET,
  WS_SECOND, /* another websocket, which may come to nothing */
  SEND,
  PONG,
  HOST_CLOSE,
  TIME,
  N_ACTIONS
};

static const char *const names[N_ACTIONS] = {
    "poll",      "poll again", "poll abort", "post",     "post half",
    "post rest", "post abort", "post close", "ws open",  "ws probe",
    "ws commit", "ws message", "ws close",   "ws reset", "ws second",
    "send",      "pong",       "host close", "time"};

struct world {
  sio_server *server;
  sio_session *session; /* NULL: not yet, or closed */
  uint64_t now;
  char sid[64];
  size_t live;
  struct line get;
  struct line second_get;
  struct line post;
  struct line ws;
  struct line second_ws;
  bool half;      /* a post lacks its end */
  bool probed;    /* the client has heard "3probe" */
  bool committed; /* it has sent "5" */
  bool broken;    /* a rule was broken: the session has to end */
  unsigned ends;
  unsigned upgrades;
  unsigned sent, heard; /* messages of the server */
  unsigned said, got;   /* of the client; said: those that must arrive */
  unsigned maybe;       /* one that need not */
  bool counts;          /* it does, if the answer is ok */
};

struct search {
  unsigned choice[MAX_DEPTH];
  unsigned options[MAX_DEPTH];
  enum action taken[MAX_DEPTH];
  unsigned depth;
  unsigned at;
  unsigned fresh; /* steps from here on have not been taken before */
  bool prune;
  uint64_t paths, steps, states;
  uint64_t *seen;
};

static _Noreturn void fail(const struct search *s, const char *what)
{
  printf("upgrade: %s, after:", what);
  for (unsigned i = 0; i < s->at; i++)
    printf(" %s;", names[s->taken[i]]);
  printf("\n");
  exit(1);
}

/* ---- The host ---- */

static void *on_alloc(size_t size, void *user)
{
  ((struct world *)user)->live += size;
  return malloc(size);
}

static void on_free(void *memory, size_t size, void *user)
{
  ((struct world *)user)->live -= size;
  free(memory);
}

static int on_random(void *user, uint8_t *out, size_t len)
{
  static const uint8_t some[] = {0x3a, 0x91, 0x5c, 0x77, 0xe2};
  const struct world *w = user;

  for (size_t i = 0; i < len; i++)
    out[i] = (uint8_t)(some[i % sizeof some] * (i + 1) + w->now);
  return 0;
}

static void on_open(sio_session *session, void *user)
{
  struct world *w = user;

  w->session = session;
  snprintf(w->sid, sizeof w->sid, "%s", sio_session_id(session));
}

static void on_close(sio_session *session, const sio_end *end, void *user)
{
  struct world *w = user;

  (void)session;
  (void)end;
  w->session = NULL;
  w->ends++;
}

static void on_upgrade(sio_session *session, void *user)
{
  (void)session;
  ((struct world *)user)->upgrades++;
}

/* Messages of the client are 'm' and their number, one byte. */
static void on_message(sio_session *session, const sio_message *m, void *user)
{
  struct world *w = user;

  (void)session;
  if (m->data.len != 2 || m->data.data[0] != 'm' ||
      m->data.data[1] != 'A' + w->got)
    w->got = 1000; /* told as soon as the callback has returned */
  w->got++;
}

static void ws_open(struct world *w, struct line *l)
{
  request(w->server, w->sid, l, "GET", "websocket",
          "Upgrade: websocket\r\nConnection: Upgrade\r\n"
          "Sec-WebSocket-Version: 13\r\n"
          "Sec-WebSocket-Key: c2ltdWxhdGVkIGNsaWVudA==\r\n\r\n");
}

/* ---- What the client hears ---- */

static void hear(const struct search *s, struct world *w, const char *packet,
                 size_t len)
{
  if (len < 2 || packet[0] != '4')
    return;
  if (len != 3 || packet[1] != 's' || packet[2] != (char)('A' + w->heard))
    fail(s, "a message is lost, doubled or out of order");
  w->heard++;
}

static void hear_poll(const struct search *s, struct world *w, struct line *l)
{
  char *body = strstr(l->out, "\r\n\r\n"), *packet;

  if (body == NULL)
    return;
  l->asked = false;
  if (strncmp(l->out, "HTTP/1.1 200", 12) == 0)
    for (packet = strtok(body + 4, "\x1e"); packet != NULL;
         packet = strtok(NULL, "\x1e"))
      hear(s, w, packet, strlen(packet));
  l->n = 0;
  line_close(l);
}

static void hear_ws(const struct search *s, struct world *w, struct line *l)
{
  char *at = l->out, *end = l->out + l->n;

  if (!l->upgraded) {
    at = strstr(l->out, "\r\n\r\n");
    if (at == NULL)
      return;
    l->asked = false;
    l->upgraded = strncmp(l->out, "HTTP/1.1 101", 12) == 0;
    at = l->upgraded ? at + 4 : end;
  }
  while (end - at >= 2) {
    size_t len = (size_t)at[1];

    if (len == 6 && memcmp(at + 2, "3probe", 6) == 0)
      w->probed = w->probed || l == &w->ws;
    else if (len > 1 && at[2] == '4' && (l != &w->ws || !w->committed))
      fail(s, "a message on a websocket that is not in use");
    else if ((at[0] & 15) == 8)
      l->dead = true;
    else if ((at[0] & 15) == 1)
      hear(s, w, at + 2, len);
    at += 2 + len;
  }
  l->n = 0;
}

static void settle(const struct search *s, struct world *w)
{
  for (int i = 0; i < 2; i++) {
    line_flush(&w->get);
    line_flush(&w->second_get);
    line_flush(&w->post);
    line_flush(&w->ws);
    line_flush(&w->second_ws);
  }
  hear_poll(s, w, &w->get);
  hear_poll(s, w, &w->second_get);
  if (strstr(w->post.out, "\r\n\r\n") != NULL && w->post.n > 0) {
    if (w->maybe > 0 && w->counts &&
        strncmp(w->post.out, "HTTP/1.1 200", 12) == 0)
      w->said += w->maybe; /* acknowledged: it has arrived */
    w->maybe = 0;
    w->half = false;
    w->post.n = 0;
    line_close(&w->post);
  }
  hear_ws(s, w, &w->ws);
  hear_ws(s, w, &w->second_ws);
}

/* ---- Actions ---- */

static bool can(const struct world *w, enum action a)
{
  bool ws = w->ws.conn != NULL && w->ws.upgraded && !w->ws.dead;

  switch (a) {
  case POLL:
    return w->get.conn == NULL && !w->committed;
  case POLL_AGAIN:
    return w->get.conn != NULL && w->second_get.conn == NULL;
  case POLL_ABORT:
    return w->get.conn != NULL;
  case POST:
  case POST_HALF:
  case POST_CLOSE:
    return w->post.conn == NULL && !w->committed;
  case POST_REST:
  case POST_ABORT:
    return w->post.conn != NULL && w->half;
  case WS_OPEN:
    return (w->ws.conn == NULL || w->ws.dead) && !w->committed;
  case WS_PROBE:
    return ws && !w->committed;
  case WS_COMMIT:
    return ws && !w->committed;
  case WS_MESSAGE:
  case WS_CLOSE:
    return ws;
  case WS_RESET:
    return w->ws.conn != NULL;
  case WS_SECOND:
    return w->second_ws.conn == NULL;
  case PONG:
    return w->committed ? ws : w->post.conn == NULL;
  case SEND:
  case HOST_CLOSE:
    return w->session != NULL;
  default:
    return true;
  }
}

static void post(struct world *w, const char *body, size_t now)
{
  char rest[100];

  snprintf(rest, sizeof rest, "Content-Length: %zu\r\n\r\n%.*s", strlen(body),
           (int)now, body);
  request(w->server, w->sid, &w->post, "POST", "polling", rest);
}

static void commit(struct world *w)
{
  bool moves = w->session != NULL; /* one that is closing does, too */

  frame(w->server, &w->ws, 0x81, "5");
  w->committed = w->ws.conn != NULL && moves;
  if (w->half) { /* the server gives such a post up */
    w->maybe = 0;
  }
}

static void do_post(struct world *w, enum action a)
{
  char body[4] = {'4', 'm', (char)('A' + w->said), '\0'};

  if (a == POST || a == POST_HALF) {
    w->maybe = 1;
    w->counts = w->session != NULL && sio_session_is_open(w->session);
    w->half = a == POST_HALF;
    post(w, body, a == POST ? 3 : 1);
  } else if (a == POST_REST) {
    body[2] = (char)('A' + w->got);
    w->half = false;
    w->counts = w->session != NULL && sio_session_is_open(w->session);
    line_say(w->server, &w->post, body + 1, 2);
  } else if (a == POST_ABORT) {
    w->half = false;
    w->maybe = 0;
    line_close(&w->post);
  } else {
    post(w, "1", 1);
  }
}

static void do_ws(struct world *w, enum action a)
{
  char text[4] = {'4', 'm', (char)('A' + w->said), '\0'};

  if (a == WS_OPEN) {
    w->probed = false;
    ws_open(w, &w->ws);
  } else if (a == WS_PROBE) {
    frame(w->server, &w->ws, 0x81, "2probe");
  } else if (a == WS_COMMIT) {
    commit(w);
  } else if (a == WS_MESSAGE) {
    bool counts =
        w->committed && w->session != NULL && sio_session_is_open(w->session);

    frame(w->server, &w->ws, 0x81, text);
    w->said += counts;
  } else if (a == WS_CLOSE) {
    frame(w->server, &w->ws, 0x88, "");
  } else {
    line_close(&w->ws);
  }
}

static void act(struct world *w, enum action a)
{
  char text[3] = {'s', (char)('A' + w->sent), '\0'};
  sio_span data = {(uint8_t *)text, 2};

  if (a >= POST && a <= POST_CLOSE) {
    do_post(w, a);
  } else if (a >= WS_OPEN && a <= WS_RESET) {
    do_ws(w, a);
  } else if (a == POLL) {
    request(w->server, w->sid, &w->get, "GET", "polling", "\r\n");
  } else if (a == POLL_AGAIN) {
    request(w->server, w->sid, &w->second_get, "GET", "polling", "\r\n");
  } else if (a == POLL_ABORT) {
    line_close(&w->get);
  } else if (a == WS_SECOND) {
    ws_open(w, &w->second_ws);
  } else if (a == SEND) {
    w->sent += sio_session_send(w->session, data, 0) == 0;
  } else if (a == HOST_CLOSE) {
    sio_session_close(w->session, false);
  } else if (a == PONG && w->committed) {
    frame(w->server, &w->ws, 0x81, "3");
  } else if (a == PONG) {
    post(w, "3", 1);
  } else if (sio_server_deadline(w->server) != SIO_NEVER) {
    w->now = sio_server_deadline(w->server);
    sio_server_expire(w->server, w->now);
    if (sio_server_deadline(w->server) <= w->now)
      w->broken = true;
  }
}

/* ---- What has to hold ---- */

static void check(const struct search *s, struct world *w)
{
  if (w->broken)
    fail(s, "a timer is due after it was fired");
  if (w->ends > 1 || w->upgrades > 1)
    fail(s, "a session ends twice, or moves twice");
  if (w->got > w->said + w->maybe)
    fail(s, "the server has got what was not sent");
  if (w->session != NULL && w->got < w->said)
    fail(s, "a message of the client is lost");
  if (w->heard > w->sent)
    fail(s, "the client has heard what was not sent");
  if (w->session != NULL && (w->upgrades > 0) != w->committed)
    fail(s, "client and server do not agree about the upgrade");
  if (w->session == NULL && (w->get.asked || w->second_get.asked))
    fail(s, "the session has ended, and a poll waits");
}

/* All that was sent arrives, if the session still lives. */
static void finish(const struct search *s, struct world *w)
{
  bool lives = w->session != NULL && sio_session_is_open(w->session);

  if (lives && !w->committed && w->get.conn == NULL) {
    request(w->server, w->sid, &w->get, "GET", "polling", "\r\n");
    settle(s, w);
  }
  if (lives && w->session != NULL && w->heard != w->sent)
    fail(s, "a message of the server is lost");
  line_close(&w->get);
  line_close(&w->second_get);
  line_close(&w->post);
  line_close(&w->ws);
  line_close(&w->second_ws);
  for (int i = 0; i < 40 && w->session != NULL; i++) {
    w->now = sio_server_deadline(w->server);
    if (w->now == SIO_NEVER)
      fail(s, "a session without a timer");
    sio_server_expire(w->server, w->now);
  }
  if (w->ends != 1 || sio_server_session_count(w->server) != 0 ||
      sio_server_connection_count(w->server) != 0)
    fail(s, "a silent session does not end");
}

/* ---- The search ---- */

static bool is_new(struct search *s, const struct world *w)
{
  uint64_t h = 1469598103934665603u, deadline = sio_server_deadline(w->server);
  const uint64_t parts[] = {
      w->session != NULL,
      w->get.conn != NULL,
      w->second_get.conn != NULL,
      w->post.conn != NULL,
      w->half,
      w->ws.conn != NULL,
      w->ws.upgraded,
      w->second_ws.conn != NULL,
      w->second_ws.upgraded,
      w->probed,
      w->committed,
      w->sent - w->heard,
      w->maybe,
      w->ends,
      deadline == SIO_NEVER ? deadline : deadline - w->now,
      w->session != NULL ? sio_session_pending(w->session) : 0,
      w->session != NULL && sio_session_is_open(w->session),
      w->session != NULL && sio_session_is_writable(w->session),
      s->prune ? s->at : 0};

  for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
    h = (h ^ (parts[i] + 1)) * 1099511628211u ^ h >> 29;
  h |= 1;
  for (uint64_t i = h % TABLE;; i = (i + 1) % TABLE) {
    if (s->seen[i] == h)
      return false;
    if (s->seen[i] == 0) {
      if (s->states++ > TABLE / 2)
        fail(s, "too many states");
      s->seen[i] = h;
      return true;
    }
  }
}

static bool step(struct search *s, struct world *w)
{
  unsigned n = 0;

  s->options[s->at] = 0;
  for (unsigned a = 0; a < N_ACTIONS; a++) {
    if (!can(w, (enum action)a))
      continue;
    if (n++ == s->choice[s->at])
      s->taken[s->at] = (enum action)a;
  }
  s->options[s->at] = n;
  s->steps++;
  act(w, s->taken[s->at++]);
  settle(s, w);
  check(s, w);
  return s->at <= s->fresh || is_new(s, w) || !s->prune;
}

static void go(struct search *s)
{
  struct world w = {.now = 1000};
  sio_allocator allocator = {on_alloc, on_free, &w};
  sio_session_handlers handlers;
  sio_server_options options;

  sio_session_handlers_init(&handlers);
  handlers.open = on_open;
  handlers.close = on_close;
  handlers.message = on_message;
  handlers.upgrade = on_upgrade;
  sio_engine_options_init(&options);
  options.allocator = &allocator;
  options.random = on_random;
  options.random_user = &w;
  w.server = sio_engine_new(&options, &handlers, &w);
  s->at = 0;
  s->paths++;
  if (w.server == NULL)
    fail(s, "no server");
  sio_server_expire(w.server, w.now);
  request(w.server, w.sid, &w.get, "GET", "polling", "\r\n");
  settle(s, &w);
  if (w.session == NULL)
    fail(s, "no session");
  while (s->at < s->depth && step(s, &w))
    continue;
  finish(s, &w);
  sio_server_free(w.server);
  if (w.live != 0)
    fail(s, "memory is left");
}

/* The next path; false: that was the last. */
static bool next(struct search *s)
{
  while (s->at > 0) {
    s->at--;
    s->fresh = s->at;
    if (++s->choice[s->at] < s->options[s->at])
      return true;
    s->choice[s->at] = 0;
  }
  return false;
}

int main(int argc, char **argv)
{
  struct search s = {.depth = argc > 1 ? (unsigned)atoi(argv[1]) : 5,
                     .prune = argc > 2};

  s.seen = calloc(TABLE, sizeof *s.seen);
  if (s.seen == NULL || s.depth == 0 || s.depth > MAX_DEPTH)
    return 2;
  do {
    go(&s);
  } while (next(&s));
  printf("upgrade: depth %u%s: %llu paths, %llu steps, %llu states: all well\n",
         s.depth, s.prune ? ", pruned" : "", (unsigned long long)s.paths,
         (unsigned long long)s.steps, (unsigned long long)s.states);
  free(s.seen);
  return 0;
}
