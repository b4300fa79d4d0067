/* SPDX-License-Identifier: MIT */
/* Servers and connections that do what an input says. */
#include "stage.h"

#include <stdio.h>
#include <stdlib.h>

enum { PLAIN_MAX = 2000 };

struct stage stage;

/* A block with bytes of the input, or what was made of them. */
struct kept {
  struct kept *next;
  char *bytes;
};

static struct kept *all_kept;

void stage_must(bool holds)
{
  if (!holds)
    abort();
}

/* ---- Input ---- */

unsigned stage_byte(void)
{
  if (stage.left == 0)
    return 0;
  stage.left--;
  return *stage.data++;
}

unsigned stage_below(unsigned n)
{
  return stage_byte() % n;
}

/* A block of its own; `more` bytes of it are zero. */
static char *keep(sio_span bytes, size_t more)
{
  struct kept *kept = malloc(sizeof *kept);

  stage_must(kept != NULL);
  kept->bytes = malloc(bytes.len + more + (bytes.len + more == 0));
  stage_must(kept->bytes != NULL);
  kept->next = all_kept;
  all_kept = kept;
  if (bytes.len > 0)
    memcpy(kept->bytes, bytes.data, bytes.len);
  memset(kept->bytes + bytes.len, 0, more);
  return kept->bytes;
}

static sio_span take(void)
{
  sio_span bytes;

  bytes.len = stage_byte();
  if (bytes.len > stage.left)
    bytes.len = stage.left;
  bytes.data = stage.data;
  stage.data += bytes.len;
  stage.left -= bytes.len;
  return bytes;
}

sio_span stage_bytes(void)
{
  sio_span bytes = take();

  bytes.data = (const uint8_t *)keep(bytes, 0);
  return bytes;
}

sio_str stage_str(void)
{
  sio_span bytes = stage_bytes();

  return (sio_str){(const char *)bytes.data, bytes.len};
}

const char *stage_text(void)
{
  return keep(take(), 1);
}

/* ---- What the servers are brought ---- */

static void *allocate(size_t size, void *user)
{
  (void)user;
  if (stage.refusal > 0 && --stage.refusal == 0)
    return NULL;
  stage.live += size;
  return malloc(size);
}

static void release(void *memory, size_t size, void *user)
{
  (void)user;
  stage_must(stage.live >= size);
  stage.live -= size;
  free(memory);
}

static int fill_random(void *user, uint8_t *out, size_t len)
{
  (void)user;
  for (size_t i = 0; i < len; i++) {
    stage.random = stage.random * 1664525 + 1013904223;
    out[i] = (uint8_t)(stage.random >> 24);
  }
  return 0;
}

/* It need not be called in debug builds only: all lines are composed. */
static void look_at(const sio_log_entry *entry, void *user)
{
  (void)user;
  for (const char *at = entry->line; *at != '\0'; at++)
    stage_must((uint8_t)*at >= ' ');
}

static void on_ready(sio_conn *conn, void *conn_user, void *user)
{
  struct stage_conn *c = conn_user;

  (void)conn;
  (void)user;
  c->touched = true;
}

static sio_server *make_server(void)
{
  sio_recovery_options recovery;
  sio_deflate_options deflate;
  sio_server_options o;
  sio_server *server;

  sio_server_options_init(&o);
  sio_recovery_options_init(&recovery);
  sio_deflate_options_init(&deflate);
  recovery.max_packets = 8;
  deflate.threshold = 8;
  deflate.server_takeover = deflate.client_takeover = 1;
  o.allocator = &stage.mem;
  o.random = fill_random;
  o.log = look_at;
  o.log_level = SIO_LOG_DEBUG;
  o.parser = (stage.flags & STAGE_MSGPACK) != 0;
  o.allow_eio3 = o.allow_jsonp = (stage.flags & STAGE_OLD) != 0 && !o.parser;
  o.recovery = (stage.flags & STAGE_RECOVERY) != 0 ? &recovery : NULL;
  o.per_message_deflate = (stage.flags & STAGE_DEFLATE) != 0 ? &deflate : NULL;
  if ((stage.flags & STAGE_REFUSE) != 0) {
    o.output_policy = SIO_OUTPUT_REFUSE;
    o.max_output_bytes = 4096;
  }
  o.cleanup_empty_namespaces = (stage.flags & STAGE_CLEANUP) != 0;
  o.max_payload = 4096;
  o.max_waiting_events = 4;
  o.max_pending_acks = 8;
  o.max_rooms = 8;
  o.trusted_proxies = "192.0.2.0/24, ::1";
  server = sio_server_new(&o);
  stage_must(server != NULL);
  sio_server_on_ready(server, on_ready, NULL);
  sio_server_expire(server, stage.now_ms);
  return server;
}

void stage_open(const uint8_t *data, size_t size)
{
  memset(&stage, 0, sizeof stage);
  stage.data = data;
  stage.left = size;
  stage.flags = stage_byte();
  stage.now_ms = 1000;
  stage.random = 1;
  stage.mem.alloc = allocate;
  stage.mem.free = release;
  for (int i = 0; i < STAGE_SERVERS; i++)
    stage.servers[i] = make_server();
}

/* ---- Connections ---- */

static void feed(struct stage_conn *c, const void *data, size_t len)
{
  const sio_span bytes = {data, len};

  if (c->conn != NULL)
    (void)sio_conn_feed(c->conn, (uint8_t *)keep(bytes, 0), len);
}

static void feed_text(struct stage_conn *c, const char *text)
{
  feed(c, text, strlen(text));
}

static void frame(struct stage_conn *c, unsigned first, const void *data,
                  size_t len)
{
  uint8_t bytes[8 + 600] = {(uint8_t)first, (uint8_t)(0x80 | len)};
  size_t at = 2;

  stage_must(len <= 600);
  if (len > 125) {
    bytes[1] = 0x80 | 126;
    bytes[at++] = (uint8_t)(len >> 8);
    bytes[at++] = (uint8_t)len;
  }
  at += 4; /* a mask of zeros */
  if (len > 0)
    memcpy(bytes + at, data, len);
  feed(c, bytes, at + len);
}

static void gone(struct stage_conn *c)
{
  sio_conn *conn = c->conn;

  c->conn = NULL;
  if (conn != NULL)
    sio_conn_closed(conn, (int)stage_below(2) - 1);
}

/* The text of 20 characters behind a key, if it is there. */
static void note(sio_span bytes, const char *key, char out[21])
{
  size_t len = strlen(key);

  for (size_t i = 0; i + len + 20 <= bytes.len; i++) {
    if (memcmp(bytes.data + i, key, len) == 0)
      memcpy(out, bytes.data + i + len, 20);
  }
}

static void read_some(struct stage_conn *c)
{
  sio_span spans[4];
  size_t n, len = 0, most = stage_byte();

  if (c->conn == NULL)
    return;
  n = sio_conn_output(c->conn, spans, 4);
  for (size_t i = 0; i < n; i++) {
    note(spans[i], "\"sid\":\"", stage.sid);
    note(spans[i], "\"pid\":\"", stage.pid);
    note(spans[i], "\xa3pid\xb4", stage.pid);
    len += spans[i].len;
  }
  if (most < 128 && len > most)
    len = most;
  if (len > 0)
    sio_conn_sent(c->conn, len);
  if (sio_conn_pending(c->conn) == 0 &&
      sio_conn_wants_close(c->conn) == SIO_CLOSE_NOW)
    gone(c);
}

static void come(struct stage_conn *c)
{
  static const sio_peer peer = {.address = "192.0.2.7"};

  if (c->conn != NULL)
    return;
  c->server = (int)stage_below(STAGE_SERVERS);
  c->websocket = c->touched = false;
  /* NULL if memory is refused, or the server is closing. */
  (void)sio_conn_open(stage.servers[c->server], &peer, c, &c->conn);
}

static void upgrade(struct stage_conn *c, const char *query)
{
  char text[PLAIN_MAX];

  snprintf(text, sizeof text,
           "GET /socket.io/?transport=websocket&%s HTTP/1.1\r\n"
           "Host: test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
           "Sec-WebSocket-Version: 13\r\n"
           "Sec-WebSocket-Extensions: permessage-deflate\r\n"
           "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
           query);
  c->websocket = true;
  feed_text(c, text);
}

/* ---- Actions ---- */

static void open_websocket(struct stage_conn *c)
{
  char query[128];

  come(c);
  switch (stage_below(4)) {
  case 0:
    upgrade(c, "EIO=3");
    break;
  case 1:
    snprintf(query, sizeof query, "EIO=4&sid=%s", stage.sid);
    upgrade(c, query);
    break;
  default:
    upgrade(c, "EIO=4");
    if ((stage.flags & STAGE_MSGPACK) != 0)
      frame(c, 0x82, "\x82\xa4type\x00\xa3nsp\xa1/", 13);
    else
      frame(c, 0x81, "40", 2);
  }
}

static void send_raw(struct stage_conn *c)
{
  sio_span bytes = stage_bytes();

  come(c);
  feed(c, bytes.data, bytes.len);
}

/* What the server understands; "%" stands for bytes of the input, "$" for what
 * a socket may come back by. */
static const char *const packets[] = {
    "40",
    "40/a,{\"token\":%}",
    "40/p/1,",
    "41",
    "41/a,",
    "42[\"say\",{\"room\":\"r\",\"text\":\"hi\",\"tags\":[]}]",
    "427[\"say\",{\"room\":\"r\",\"text\":\"hi\",\"tags\":[%]}]",
    "42[\"move\",1,%]",
    "421[\"e\",%]",
    "42/a,9[\"e\"]",
    "430[%]",
    "431[]",
    "432[{\"id\":1}]",
    "451-[\"e\",{\"_placeholder\":true,\"num\":0}]",
    ("452-3[\"e\",{\"_placeholder\":true,\"num\":0},"
     "{\"_placeholder\":true,\"num\":1}]"),
    "461-0[{\"_placeholder\":true,\"num\":0}]",
    "42[%]",
    "4%",
    "2probe",
    "5",
    "3",
    "40{\"pid\":\"$\",\"offset\":\"Fe\"}",
    "40{\"pid\":\"$\",\"offset\":\"Fe.0\"}",
    "40/a,{\"pid\":\"$\",\"offset\":\"%\"}",
    "%",
};

static size_t add(char *out, size_t size, size_t len, const void *more,
                  size_t n)
{
  if (n > size - len)
    n = size - len;
  if (n > 0)
    memcpy(out + len, more, n);
  return len + n;
}

static size_t compose(char *out, size_t size)
{
  const char *form = packets[stage_below(sizeof packets / sizeof *packets)];
  size_t len = 0;

  for (; *form != '\0'; form++) {
    if (*form == '%') {
      sio_span bytes = stage_bytes();

      len = add(out, size, len, bytes.data, bytes.len);
    } else if (*form == '$') {
      len = add(out, size, len, stage.pid, strlen(stage.pid));
    } else {
      len = add(out, size, len, form, 1);
    }
  }
  return len;
}

/* The same for the other parser. */
static void send_packed(struct stage_conn *c, unsigned which)
{
  static const char begin[] = "\x84\xa4type";
  static const struct {
    char type;
    const char *nsp, *data; /* with the header of the text before it */
  } forms[] = {
      {0, "\xa1/", "\x80"},
      {0, "\xa2/a", "\x81\xa1x\xc4\x01y"},
      {0, "\xa1/",
       "\x82\xa3pid\xb4$\xa6offset\xa2"
       "Fe"},
      {1, "\xa1/", "\xc0"},
      {2, "\xa1/",
       "\x92\xa1"
       "e\xc4\x02"
       "ab"},
      {2, "\xa2/a",
       "\x91\xa1"
       "e"},
      {2, "\xa1/", "\x92\xa3say\x83\xa4room\xa1r\xa4text\xa1t\xa4tags\x90"},
      {2, "\xa1/", "\x93\xa4move\x01\x02"},
      {3, "\xa1/", "\x91\xc4\x01z"},
      {3, "\xa1/", "\x91\x81\xa2id\x05"},
  };
  char bytes[STAGE_SENDS];
  size_t i = which % (sizeof forms / sizeof *forms), len;

  len = add(bytes, sizeof bytes, 0, begin, sizeof begin - 1);
  len = add(bytes, sizeof bytes, len, &forms[i].type, 1);
  len = add(bytes, sizeof bytes, len, "\xa3nsp", 4);
  len = add(bytes, sizeof bytes, len, forms[i].nsp, strlen(forms[i].nsp));
  len = add(bytes, sizeof bytes, len,
            "\xa4"
            "data",
            5);
  for (const char *at = forms[i].data; *at != '\0'; at++)
    len = *at == '$' ? add(bytes, sizeof bytes, len, stage.pid, 20)
                     : add(bytes, sizeof bytes, len, at, 1);
  len = add(bytes, sizeof bytes, len, "\xa2id", 3);
  bytes[len++] = (char)(which / 16 % 4);
  frame(c, 0x82, bytes, len);
}

static void send_packet(struct stage_conn *c)
{
  char text[STAGE_SENDS];

  if ((stage.flags & STAGE_MSGPACK) != 0)
    send_packed(c, stage_byte());
  else
    frame(c, 0x81, text, compose(text, sizeof text));
}

static void send_frame(struct stage_conn *c)
{
  unsigned first = stage_byte();
  sio_span bytes = stage_bytes();

  frame(c, first, bytes.data, bytes.len);
}

static void send_bytes(struct stage_conn *c)
{
  sio_span bytes = stage_bytes();

  frame(c, 0x82, bytes.data, bytes.len);
}

static void poll_server(struct stage_conn *c)
{
  unsigned kind = stage_byte();
  int protocol = (kind & 8) != 0 ? 3 : 4;
  char text[PLAIN_MAX], body[STAGE_SENDS], query[128] = "";
  size_t len;

  come(c);
  if ((kind & 1) != 0)
    snprintf(query, sizeof query, "&sid=%s%s", stage.sid,
             (kind & 16) != 0 ? "&j=0" : "");
  if ((kind & 2) == 0) {
    snprintf(text, sizeof text,
             "GET /socket.io/?EIO=%d&transport=polling%s HTTP/1.1\r\n"
             "Host: test\r\nCookie: a=b\r\nX-Forwarded-For: 198.51.100.1\r\n"
             "Accept-Encoding: gzip\r\n\r\n",
             protocol, query);
    feed_text(c, text);
    return;
  }
  len = compose(body, sizeof body);
  snprintf(text, sizeof text,
           "POST /socket.io/?EIO=%d&transport=polling%s HTTP/1.1\r\n"
           "Host: test\r\nContent-Type: %s\r\nContent-Length: %zu\r\n\r\n",
           protocol, query,
           (kind & 4) != 0 ? "application/octet-stream" : "text/plain", len);
  feed_text(c, text);
  feed(c, body, len);
}

static void pass_time(struct stage_conn *c)
{
  static const uint64_t steps[] = {0, 1, 100, 25000, 50000, 400000};

  stage.now_ms += steps[stage_below(6)];
  sio_server_expire(stage.servers[c->server], stage.now_ms);
}

static void refuse_memory(struct stage_conn *c)
{
  (void)c;
  stage.refusal = 1 + stage_below(64);
}

void stage_act(void)
{
  static void (*const actions[])(struct stage_conn *) = {
      open_websocket, open_websocket, send_packet, send_packet,
      send_packet,    send_packet,    send_bytes,  send_raw,
      send_frame,     read_some,      read_some,   gone,
      poll_server,    poll_server,    pass_time,   refuse_memory,
  };
  unsigned what = stage_byte();

  actions[what & 15](&stage.conns[(what >> 4) % STAGE_CONNS]);
}

sio_server *stage_other(const sio_server *server)
{
  return stage.servers[server == stage.servers[0]];
}

static void free_server(int i)
{
  sio_server_free(stage.servers[i]);
  stage.servers[i] = NULL;
}

void stage_close(void)
{
  stage.refusal = 0;
  for (size_t i = 0; i < STAGE_CONNS; i++)
    gone(&stage.conns[i]);
  for (int i = 0; i < STAGE_SERVERS; i++)
    free_server(i);
  while (all_kept != NULL) {
    struct kept *kept = all_kept;

    all_kept = kept->next;
    free(kept->bytes);
    free(kept);
  }
}
