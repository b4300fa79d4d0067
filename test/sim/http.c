/* SPDX-License-Identifier: MIT */
/* The clients' HTTP: requests, and the answers to them. */
#include "sim.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { MAX_HEAD = 4096 };

static int target(const struct client *c, char *out, size_t size,
                  const char *transport, const char *sid)
{
  return snprintf(out, size, "/socket.io/?EIO=4&transport=%s&c=%zu&l=%u%s%s",
                  transport, c->index, c->life, sid[0] != '\0' ? "&sid=" : "",
                  sid);
}

void http_get(struct client *c, struct wire *w)
{
  char path[200], head[400];
  int n;

  (void)target(c, path, sizeof path, "polling", c->sid);
  n = snprintf(head, sizeof head, "GET %s HTTP/1.1\r\nHost: sim\r\n%s\r\n",
               path, chance(&c->net, 100) ? "Connection: close\r\n" : "");
  w->busy = true;
  wire_write(w, head, (size_t)n);
}

void http_post(struct client *c, struct wire *w, const uint8_t *body,
               size_t len)
{
  char path[200], head[400];
  struct bytes all = {0};
  int n;

  (void)target(c, path, sizeof path, "polling", c->sid);
  if (chance(&c->net, 150)) { /* in chunks, in two of them */
    size_t first = 1 + pick(&c->net, (uint32_t)len);

    n = snprintf(head, sizeof head,
                 "POST %s HTTP/1.1\r\nHost: sim\r\n"
                 "Content-Type: text/plain;charset=UTF-8\r\n"
                 "Transfer-Encoding: chunked\r\n\r\n%zx\r\n",
                 path, first);
    bytes_add(&all, head, (size_t)n);
    bytes_add(&all, body, first);
    if (first < len) {
      n = snprintf(head, sizeof head, "\r\n%zx\r\n", len - first);
      bytes_add(&all, head, (size_t)n);
      bytes_add(&all, body + first, len - first);
    }
    bytes_add(&all, "\r\n0\r\n\r\n", 7);
  } else {
    n = snprintf(head, sizeof head,
                 "POST %s HTTP/1.1\r\nHost: sim\r\n"
                 "Content-Type: text/plain;charset=UTF-8\r\n"
                 "Content-Length: %zu\r\n\r\n",
                 path, len);
    bytes_add(&all, head, (size_t)n);
    bytes_add(&all, body, len);
  }
  w->busy = true;
  wire_write(w, bytes_at(&all), all.len);
  bytes_free(&all);
}

void http_upgrade(struct client *c, struct wire *w, const char *sid)
{
  char path[200], head[500];
  int n;

  (void)target(c, path, sizeof path, "websocket", sid);
  n = snprintf(head, sizeof head,
               "GET %s HTTP/1.1\r\nHost: sim\r\nUpgrade: websocket\r\n"
               "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
               "Sec-WebSocket-Key: c2ltdWxhdGVkIGNsaWVudA==\r\n\r\n",
               path);
  w->busy = true;
  wire_write(w, head, (size_t)n);
}

/* ---- Answers ---- */

struct head {
  int status;
  size_t len; /* of the head */
  size_t body;
  bool closes;
};

static bool is_field(const char *line, size_t len, const char *name,
                     const char **value)
{
  size_t n = strlen(name);

  if (len <= n || strncasecmp(line, name, n) != 0 || line[n] != ':')
    return false;
  *value = line + n + 1;
  while (**value == ' ')
    (*value)++;
  return true;
}

/* 1: a head is there; 0: not yet. */
static int read_head(struct wire *w, struct head *head)
{
  struct sim *sim = w->client->sim;
  const char *text = (const char *)bytes_at(&w->in), *line, *end, *value;
  size_t n = 3;

  while (n < w->in.len && memcmp(text + n - 3, "\r\n\r\n", 4) != 0)
    n++;
  if (n >= w->in.len) {
    if (w->in.len > MAX_HEAD)
      sim_fail(sim, "http", "a head of %zu bytes", w->in.len);
    return 0;
  }
  *head = (struct head){.len = n + 1};
  if (strncmp(text, "HTTP/1.1 ", 9) != 0)
    sim_fail(sim, "http", "no status line: %.20s", text);
  head->status = atoi(text + 9);
  for (line = strstr(text, "\r\n") + 2; line < text + n - 1; line = end + 2) {
    end = strstr(line, "\r\n");
    if (is_field(line, (size_t)(end - line), "Content-Length", &value))
      head->body = (size_t)strtoul(value, NULL, 10);
    if (is_field(line, (size_t)(end - line), "Connection", &value))
      head->closes = strncasecmp(value, "close", 5) == 0;
    if (is_field(line, (size_t)(end - line), "Transfer-Encoding", &value))
      sim_fail(sim, "http", "an answer in chunks");
  }
  return 1;
}

static void take_switch(struct wire *w, const struct head *head)
{
  struct sim *sim = w->client->sim;
  const char *text = (const char *)bytes_at(&w->in), *accept;

  if (w->answered_upgrade || w->role == WIRE_GET || w->role == WIRE_POST)
    sim_fail(sim, "http", "101, but nobody has asked for it");
  /* What RFC 6455, 4.2.2 makes of the key above. */
  accept = strstr(text, "XieUO2wT0Ujh/9dpqVde3FUUuPM=");
  if (accept == NULL || accept > text + head->len)
    sim_fail(sim, "http", "not the key that belongs to ours");
  bytes_take(&w->in, head->len);
  w->answered_upgrade = true;
  w->is_ws = true;
  w->busy = false;
  client_switched(w);
  if (w->in.len > 0)
    ws_receive(w);
}

/* A copy, as the client may ask for more while it reads. */
static void take_body(struct wire *w, const struct head *head)
{
  struct bytes body = {0};

  bytes_add(&body, bytes_at(&w->in) + head->len, head->body);
  bytes_add(&body, "", 1);
  bytes_take(&w->in, head->len + head->body);
  client_response(w, head->status, bytes_at(&body), head->body);
  bytes_free(&body);
}

void http_receive(struct wire *w)
{
  struct head head;

  while (w->in.len > 0 && w->client_open) {
    if (read_head(w, &head) == 0)
      return;
    if (head.status == 101) {
      take_switch(w, &head);
      return;
    }
    if (w->in.len < head.len + head.body)
      return;
    if (!w->busy && w->role != WIRE_EXTRA && head.status != 408)
      sim_fail(w->client->sim, "http", "%d, but nothing was asked",
               head.status);
    w->busy = false;
    w->idle_since = w->client->sim->now;
    if (head.closes)
      w->closes = true;
    take_body(w, &head);
  }
}
