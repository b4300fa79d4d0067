/* SPDX-License-Identifier: MIT */
/* lib/eio/poll_answer.c: what the answers to polls look like. */
#include "eio_world.h"

#include <stdio.h>
#include <zlib.h>

#define SEP        "\x1e"
#define TEXT_TYPE  "text/plain; charset=UTF-8"
#define BYTES_TYPE "application/octet-stream"

static void say_bytes(struct world *w, int sid, const void *data, size_t len,
                      unsigned flags)
{
  const sio_span span = {data, len};

  if (w->sessions[sid] != NULL)
    (void)sio_session_send(w->sessions[sid], span, flags);
  eio_pump(w);
}

/* ---- Protocol 3 ---- */

static void old(sio_server_options *options)
{
  options->allow_eio3 = 1;
  options->allow_jsonp = 1;
}

/* A session of protocol 3 by polling; `more` is further query. */
static int begin_old(struct world *w, int p, const char *more)
{
  char query[64], open[256], payload[300];
  int sid;

  snprintf(query, sizeof query, "EIO=3&transport=polling%s", more);
  sid = peer_ask(w, p, query, "");
  eio_open_packet(w, sid, true, open, sizeof open);
  snprintf(payload, sizeof payload, "%zu:%s", strlen(open), open);
  expect_poll(w, p, payload);
  expect_events(w, "opened\n");
  return sid;
}

static void test_texts_of_protocol_3_are_counted_in_utf16(struct world *w)
{
  int p = peer_open(w), sid = begin_old(w, p, "");

  eio_say(w, sid, "4\xe2\x82\xac");
  eio_say(w, sid, "4\xf0\x9f\x98\x80");
  peer_get(w, p, sid);
  expect_poll(w, p,
              "2:4\xe2\x82\xac"
              "3:4\xf0\x9f\x98\x80");
}

static void test_a_binary_message_makes_a_binary_payload(struct world *w)
{
  static const uint8_t payload[] = {0x00, 0x04, 0xff, 0x34, 0xe2,
                                    0x82, 0xac, 0x01, 0x05, 0xff,
                                    0x04, 0x01, 0x02, 0x03, 0x04};
  int p = peer_open(w), sid = begin_old(w, p, "");

  eio_say(w, sid, "4\xe2\x82\xac");
  say_bytes(w, sid, "\1\2\3\4", 4, SIO_SEND_BINARY);
  peer_get(w, p, sid);
  expect_payload(w, p, BYTES_TYPE, "", payload, sizeof payload);
}

static void test_who_takes_no_bytes_gets_base64(struct world *w)
{
  int p = peer_open(w), sid = begin_old(w, p, "&b64=1");

  eio_say(w, sid, "4hello");
  say_bytes(w, sid, "\1\2\3\4", 4, SIO_SEND_BINARY);
  peer_get(w, p, sid);
  expect_poll(w, p, "6:4hello10:b4AQIDBA==");
}

static void test_farewells_of_protocol_3_have_lengths(struct world *w)
{
  int p = peer_open(w), sid = begin_old(w, p, "");

  peer_get(w, p, sid);
  eio_close(w, sid, false);
  expect_poll(w, p, "1:1");
  expect_events(w, "closed forced close, the host closed the connection\n");
  sid = begin_old(w, p, "");
  eio_close(w, sid, false);
  peer_get(w, p, sid);
  expect_poll(w, p, "1:61:1");
}

static void test_jsonp_gets_scripts(struct world *w)
{
  int p = peer_open(w), sid;
  char open[256], script[400], *out = script;

  sid = peer_ask(w, p, "EIO=3&transport=polling&j=7", "");
  eio_open_packet(w, sid, true, open, sizeof open);
  out += snprintf(out, 64, "___eio[7](\"%zu:", strlen(open));
  for (const char *c = open; *c != '\0'; c++) {
    if (*c == '"')
      *out++ = '\\';
    *out++ = *c;
  }
  memcpy(out, "\");", 4);
  expect_poll(w, p, script);
  eio_say(w, sid, "4\"</script>");
  say_bytes(w, sid, "\1\2\3\4", 4, SIO_SEND_BINARY); /* never bytes */
  peer_get(w, p, sid);
  expect_poll(w, p, "___eio[7](\"11:4\\\"<\\/script>10:b4AQIDBA==\");");
  peer_get(w, p, sid);
  eio_close(w, sid, false);
  expect_poll(w, p, "___eio[7](\"1:1\");");
}

/* ---- The first message ---- */

static void greet(sio_server_options *options)
{
  options->allow_eio3 = 1;
  options->initial_message = "hello";
}

static void test_the_initial_message_is_behind_the_open_packet(struct world *w)
{
  int p = peer_open(w), sid, ws;
  char open[256], payload[300];

  sid = peer_ask(w, p, "EIO=4&transport=polling", "");
  eio_open_packet(w, sid, true, open, sizeof open);
  snprintf(payload, sizeof payload, "%s" SEP "4hello", open);
  expect_poll(w, p, payload);
  sid = peer_ask(w, p, "EIO=3&transport=polling", "");
  eio_open_packet(w, sid, true, open, sizeof open);
  snprintf(payload, sizeof payload, "%zu:%s6:4hello", strlen(open), open);
  expect_poll(w, p, payload);
  sid = peer_ask_websocket(w, &ws, "EIO=4&transport=websocket", "");
  eio_open_packet(w, sid, false, open, sizeof open);
  expect_switch(w, ws);
  expect_message(w, ws, open);
  expect_message(w, ws, "4hello");
}

static void test_the_initial_message_is_shown_to_the_host(struct world *w)
{
  int p = peer_open(w), sid;
  char open[256], events[200];

  eio_watch(w, WATCH_LIFE | WATCH_PACKETS);
  sid = peer_ask(w, p, "EIO=4&transport=polling", "");
  w->peers[p].at = w->peers[p].len;
  eio_open_packet(w, sid, true, open, sizeof open);
  snprintf(events, sizeof events,
           "host open\nout 0 text %.60s\nout 4 text hello\nopened\n", open + 1);
  expect_events(w, events);
}

/* ---- Fields ---- */

static void with_cookie(sio_server_options *options)
{
  static sio_cookie_options cookie;

  sio_cookie_options_init(&cookie);
  options->cookie = &cookie;
}

static void test_the_cookie_goes_with_the_handshake_only(struct world *w)
{
  int p = peer_open(w), sid = peer_ask(w, p, "EIO=4&transport=polling", "");
  char open[256], cookie[128];

  eio_open_packet(w, sid, true, open, sizeof open);
  snprintf(cookie, sizeof cookie,
           "Set-Cookie: io=%s; Path=/; HttpOnly; SameSite=Lax\r\n",
           w->sids[sid]);
  expect_payload(w, p, TEXT_TYPE, cookie, open, strlen(open));
  eio_say(w, sid, "4x");
  peer_get(w, p, sid);
  expect_poll(w, p, "4x");
  peer_post(w, p, sid, "4x");
  expect_ok(w, p);
}

static void test_old_browsers_are_told_not_to_look_for_scripts(struct world *w)
{
  static const char *const agents[] = {
      "Mozilla/4.0 (compatible;MSIE 8.0; Windows NT 6.0)",
      "Mozilla/5.0 (Windows NT 6.3; Trident/7.0; rv:11.0) like Gecko"};
  static const char xss[] = "X-XSS-Protection: 0\r\n";
  int p = peer_open(w), sid = peer_handshake(w, p);
  char agent[128];

  for (size_t i = 0; i < 2; i++) {
    snprintf(agent, sizeof agent, "User-Agent: %s\r\n", agents[i]);
    peer_get_with(w, p, sid, agent);
    eio_say(w, sid, "4x"); /* the head is gone by now */
    expect_payload(w, p, TEXT_TYPE, xss, "4x", 2);
    peer_text(w, p,
              "POST /socket.io/?EIO=4&transport=polling&sid=%s HTTP/1.1\r\n"
              "Host: h\r\nContent-Length: 1\r\n%s\r\n6",
              w->sids[sid], agent);
    expect_payload(w, p, "text/html", xss, "ok", 2);
  }
  peer_get_with(w, p, sid, "User-Agent: Mozilla MSIE; Triden\r\n");
  eio_say(w, sid, "4x");
  expect_poll(w, p, "4x");
  peer_post(w, p, sid, "6");
  expect_ok(w, p);
}

/* ---- The host's hook ---- */

static struct world *hooked;

/* What the hook does once: 'd' or 'c' closes the first session, 'x' another
 * one, 's' sends. */
static char action;

static void on_headers(sio_headers *headers, const sio_request *request,
                       bool initial, void *user)
{
  static const sio_span text = {(const uint8_t *)"late", 4};
  sio_session *first = hooked->sessions[0], *other = hooked->sessions[1];
  char what = action;

  (void)request;
  (void)user;
  (void)sio_headers_set(headers, "X-Initial", sio_s(initial ? "yes" : "no"));
  action = 0;
  if (what == 's' && first != NULL)
    (void)sio_session_send(first, text, 0);
  if ((what == 'd' || what == 'c') && first != NULL)
    sio_session_close(first, what == 'd');
  if (what == 'x' && other != NULL)
    sio_session_close(other, true);
}

static int begin_hooked(struct world *w, int p)
{
  char open[256];
  int sid;

  hooked = w;
  action = 0;
  sio_server_on_headers(w->server, on_headers, NULL);
  sid = peer_ask(w, p, "EIO=4&transport=polling", "");
  eio_open_packet(w, sid, true, open, sizeof open);
  expect_payload(w, p, TEXT_TYPE, "X-Initial: yes\r\n", open, strlen(open));
  return sid;
}

#define NOT_INITIAL "X-Initial: no\r\n"

static void test_the_hook_may_send_what_waits_for_the_next_poll(struct world *w)
{
  int p = peer_open(w), sid = begin_hooked(w, p);

  eio_say(w, sid, "4a");
  action = 's';
  peer_get(w, p, sid);
  expect_payload(w, p, TEXT_TYPE, NOT_INITIAL, "4a", 2);
  peer_get(w, p, sid);
  expect_payload(w, p, TEXT_TYPE, NOT_INITIAL, "4late", 5);
}

static void
test_the_hook_may_close_the_session_that_is_answered(struct world *w)
{
  int p = peer_open(w), sid = begin_hooked(w, p);

  expect_events(w, "opened\n");
  eio_say(w, sid, "4a");
  action = 'd'; /* which answers the poll by itself */
  peer_get(w, p, sid);
  expect_payload(w, p, TEXT_TYPE, NOT_INITIAL, "1", 1);
  expect_events(w, "closed forced close, the host closed the connection\n");
}

static void test_the_hook_may_close_the_session_in_order(struct world *w)
{
  int p = peer_open(w), sid = begin_hooked(w, p);

  eio_say(w, sid, "4a");
  action = 'c';
  peer_get(w, p, sid);
  expect_payload(w, p, TEXT_TYPE, NOT_INITIAL, "4a", 2);
  expect_sessions(w, 1);
  peer_get(w, p, sid);
  expect_payload(w, p, TEXT_TYPE, NOT_INITIAL, "6" SEP "1", 3);
  expect_sessions(w, 0);
}

static void test_the_hook_may_have_another_poll_answered(struct world *w)
{
  int p = peer_open(w), q = peer_open(w), sid = begin_hooked(w, p), other;

  other = begin_hooked(w, q);
  peer_get(w, q, other);
  eio_say(w, sid, "4a");
  action = 'x';
  peer_get(w, p, sid);
  expect_payload(w, p, TEXT_TYPE, NOT_INITIAL, "4a", 2);
  expect_payload(w, q, TEXT_TYPE, NOT_INITIAL, "1", 1);
}

static void test_the_hook_may_close_the_session_that_posts(struct world *w)
{
  int p = peer_open(w), sid = begin_hooked(w, p);

  action = 'd';
  peer_post(w, p, sid, "4x");
  expect_payload(w, p, "text/html", NOT_INITIAL, "ok", 2);
  expect_sessions(w, 0);
}

/* ---- Compression ---- */

enum { LONG = 1200 };

static void make_long(char text[LONG + 1], size_t len)
{
  memset(text, 'x', len);
  text[0] = '4';
  text[len] = '\0';
}

/* A compressed answer; `wrap` is for inflateInit2(). */
static void expect_coded(struct world *w, int p, const char *coding, int wrap,
                         const char *payload)
{
  static const char start[] = "HTTP/1.1 200 OK\r\n";
  struct peer *peer = &w->peers[p];
  char field[64], *body, out[2 * LONG];
  z_stream z = {0};

  if (eio_is_off(w)) {
    peer->at = peer->len;
    return;
  }
  expect_start(w, p, start);
  snprintf(field, sizeof field, "Content-Encoding: %s\r\n", coding);
  peer->out[peer->len] = '\0';
  assert_non_null(strstr((char *)peer->out + peer->at, field));
  body = strstr((char *)peer->out + peer->at, "\r\n\r\n");
  assert_non_null(body);
  assert_int_equal(inflateInit2(&z, wrap), Z_OK);
  z.next_in = (Bytef *)body + 4;
  z.avail_in = (uInt)((char *)peer->out + peer->len - body - 4);
  z.next_out = (Bytef *)out;
  z.avail_out = sizeof out;
  assert_int_equal(inflate(&z, Z_FINISH), Z_STREAM_END);
  assert_int_equal(z.avail_in, 0);
  assert_int_equal(z.total_out, strlen(payload));
  assert_memory_equal(out, payload, strlen(payload));
  (void)inflateEnd(&z);
  peer->at = peer->len;
}

#define TAKES(codings) "Accept-Encoding: " codings "\r\n"

static void test_long_answers_are_compressed(struct world *w)
{
  int p = peer_open(w), sid = peer_handshake(w, p);
  char text[LONG + 1];

  make_long(text, 1024);
  peer_get_with(w, p, sid, TAKES("gzip, deflate, br"));
  eio_say(w, sid, text); /* decided when the head was there */
  expect_coded(w, p, "gzip", 31, text);
  eio_say(w, sid, text);
  peer_get_with(w, p, sid, TAKES("gzip;q=0, deflate;q=0.1"));
  expect_coded(w, p, "deflate", 15, text);
  eio_say(w, sid, text);
  peer_get_with(w, p, sid, TAKES("br"));
  expect_poll(w, p, text);
  eio_say(w, sid, text);
  peer_get(w, p, sid);
  expect_poll(w, p, text);
  make_long(text, 1023); /* one byte too short */
  eio_say(w, sid, text);
  peer_get_with(w, p, sid, TAKES("gzip"));
  expect_poll(w, p, text);
}

static void test_binary_messages_are_compressed_as_base64(struct world *w)
{
  int p = peer_open(w), sid = peer_handshake(w, p);
  char payload[LONG + 1];
  uint8_t data[768] = {0};

  payload[0] = 'b';
  memset(payload + 1, 'A', 1024);
  memcpy(payload + 1025, SEP "4x", 4);
  say_bytes(w, sid, data, sizeof data, SIO_SEND_BINARY);
  eio_say(w, sid, "4x");
  peer_get_with(w, p, sid, TAKES("gzip"));
  expect_coded(w, p, "gzip", 31, payload);
}

static void
test_messages_that_are_not_worth_it_stay_as_they_are(struct world *w)
{
  int p = peer_open(w), sid = peer_handshake(w, p);
  char text[LONG + 1], payload[2 * LONG];

  make_long(text, 1100);
  say_bytes(w, sid, text + 1, 1099, SIO_SEND_UNCOMPRESSED);
  peer_get_with(w, p, sid, TAKES("gzip"));
  expect_poll(w, p, text);
  /* One that is makes up for the others. */
  say_bytes(w, sid, text + 1, 1099, SIO_SEND_UNCOMPRESSED);
  eio_say(w, sid, "4x");
  peer_get_with(w, p, sid, TAKES("gzip"));
  snprintf(payload, sizeof payload, "%s" SEP "4x", text);
  expect_coded(w, p, "gzip", 31, payload);
}

static void uncompressed(sio_server_options *options)
{
  options->no_http_compression = 1;
  options->http_compression_threshold = 0;
}

static void test_compression_may_be_off(struct world *w)
{
  int p = peer_open(w), sid = peer_handshake(w, p);

  eio_say(w, sid, "4x");
  peer_get_with(w, p, sid, TAKES("gzip"));
  expect_poll(w, p, "4x");
}

static void eager(sio_server_options *options)
{
  options->http_compression_threshold = 0;
}

static void
test_without_a_threshold_all_but_farewells_is_compressed(struct world *w)
{
  int p = peer_open(w), sid;
  char open[256];

  sid = peer_ask(w, p, "EIO=4&transport=polling", TAKES("gzip"));
  eio_open_packet(w, sid, true, open, sizeof open);
  expect_coded(w, p, "gzip", 31, open);
  eio_say(w, sid, "4x");
  peer_get_with(w, p, sid, TAKES("gzip"));
  expect_coded(w, p, "gzip", 31, "4x");
  peer_get_with(w, p, sid, TAKES("gzip"));
  eio_close(w, sid, false);
  expect_poll(w, p, "1");
}

/* ---- How much is in an answer ---- */

static void little(sio_server_options *options)
{
  options->allow_eio3 = 1;
  options->max_poll_bytes = 30;
}

static void test_an_answer_has_as_many_packets_as_fit(struct world *w)
{
  int p = peer_open(w), sid = peer_handshake(w, p);

  eio_watch(w, WATCH_LIFE);
  eio_say(w, sid, "4aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"); /* 40 bytes */
  eio_say(w, sid, "4bbbbbbbbbbbbbbbbbb");                      /* 19 */
  eio_say(w, sid, "4ccccccccc");                               /* 10 */
  eio_say(w, sid, "4");
  peer_get(w, p, sid);
  expect_poll(w, p, "4aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa");
  peer_get(w, p, sid);
  expect_poll(w, p, "4bbbbbbbbbbbbbbbbbb" SEP "4ccccccccc");
  expect_events(w, "");
  peer_get(w, p, sid);
  expect_poll(w, p, "4");
  expect_events(w, "host drain\n");
}

static void test_closing_takes_as_many_answers_as_it_needs(struct world *w)
{
  int p = peer_open(w), sid = peer_handshake(w, p);

  eio_say(w, sid, "4bbbbbbbbbbbbbbbbbb");
  eio_say(w, sid, "4cccccccccc"); /* one byte too many */
  eio_close(w, sid, false);
  peer_get(w, p, sid);
  expect_poll(w, p, "4bbbbbbbbbbbbbbbbbb");
  peer_get(w, p, sid);
  expect_poll(w, p, "4cccccccccc");
  expect_sessions(w, 1);
  peer_get(w, p, sid);
  expect_poll(w, p, "6" SEP "1");
  expect_sessions(w, 0);
}

static void test_old_payloads_are_limited_too(struct world *w)
{
  int p = peer_open(w), sid = begin_old(w, p, "");

  eio_say(w, sid, "4aaa");
  eio_say(w, sid, "4bbbbbbbbb");
  peer_get(w, p, sid);
  expect_poll(w, p, "4:4aaa");
  peer_get(w, p, sid);
  expect_poll(w, p, "10:4bbbbbbbbb");
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      SCENARIO_WITH(test_texts_of_protocol_3_are_counted_in_utf16, old),
      SCENARIO_WITH(test_a_binary_message_makes_a_binary_payload, old),
      SCENARIO_WITH(test_who_takes_no_bytes_gets_base64, old),
      SCENARIO_WITH(test_farewells_of_protocol_3_have_lengths, old),
      SCENARIO_WITH(test_jsonp_gets_scripts, old),
      SCENARIO_WITH(test_the_initial_message_is_behind_the_open_packet, greet),
      SCENARIO_WITH(test_the_initial_message_is_shown_to_the_host, greet),
      SCENARIO_WITH(test_the_cookie_goes_with_the_handshake_only, with_cookie),
      SCENARIO(test_old_browsers_are_told_not_to_look_for_scripts),
      SCENARIO(test_the_hook_may_send_what_waits_for_the_next_poll),
      SCENARIO(test_the_hook_may_close_the_session_that_is_answered),
      SCENARIO(test_the_hook_may_close_the_session_in_order),
      SCENARIO(test_the_hook_may_have_another_poll_answered),
      SCENARIO(test_the_hook_may_close_the_session_that_posts),
      SCENARIO(test_long_answers_are_compressed),
      SCENARIO(test_binary_messages_are_compressed_as_base64),
      SCENARIO(test_messages_that_are_not_worth_it_stay_as_they_are),
      SCENARIO_WITH(test_compression_may_be_off, uncompressed),
      SCENARIO_WITH(test_without_a_threshold_all_but_farewells_is_compressed,
                    eager),
      SCENARIO_WITH(test_an_answer_has_as_many_packets_as_fit, little),
      SCENARIO_WITH(test_closing_takes_as_many_answers_as_it_needs, little),
      SCENARIO_WITH(test_old_payloads_are_limited_too, little),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
