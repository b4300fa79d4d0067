/* SPDX-License-Identifier: MIT */
/*
 * What has broken servers of this kind elsewhere, through the whole engine.
 * What a single part proves is tested there: see also test_baseline.c,
 * test_idle.c, test_hazards_callbacks.c, test_conformance*.c.
 */
#include "eio_world.h"

#include <stdio.h>

#define UPGRADE_HEADERS                                                        \
  "Host: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"                   \
  "Sec-WebSocket-Version: 13\r\n"                                              \
  "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
#define UPGRADE_LINE "GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\n"

/* The session still answers, by polling on p or on a websocket. */
static void expect_alive(struct world *w, int p, int sid, bool polls)
{
  eio_say(w, sid, "4alive");
  if (polls) {
    peer_get(w, p, sid);
    expect_poll(w, p, "4alive");
  } else {
    expect_message(w, p, "4alive");
  }
  expect_nothing(w, p);
}

/* Forget what a peer has got; the next one may take its number. */
static void forget(struct world *w, int p)
{
  w->peers[p].at = w->peers[p].len;
  peer_close(w, p, 0);
  w->n_peers = p;
}

static bool got(const struct world *w, int p, const char *text)
{
  const struct peer *peer = &w->peers[p];
  size_t len = strlen(text);

  for (size_t at = peer->at; at + len <= peer->len; at++)
    if (memcmp(peer->out + at, text, len) == 0)
      return true;
  return false;
}

static void expect_got(struct world *w, int p, const char *text)
{
  if (!eio_is_off(w) && !got(w, p, text))
    fail_msg("pieces of %zu: not in what peer %d got: %s\n%.*s", w->piece, p,
             text, (int)(w->peers[p].len - w->peers[p].at),
             (const char *)w->peers[p].out + w->peers[p].at);
}

/* ---- Upgrades ---- */

/* Frames with reserved bits that come in the same packet as the request. */
static void test_hazard_bad_frames_right_behind_the_upgrade_hurt_nobody_else(
    struct world *w)
{
  int p = peer_open(w), polling = peer_handshake(w, p), q;
  int other = peer_websocket(w, &q);

  for (unsigned rsv = 1; rsv < 8; rsv++) {
    char input[512];
    int len = snprintf(input, sizeof input,
                       UPGRADE_LINE UPGRADE_HEADERS "\r\n"
                                                    "%c%c",
                       (char)(0x81 | rsv << 4), (char)0x80);
    int bad = peer_open(w);

    memset(input + len, 0, 4); /* the mask */
    peer_send(w, bad, input, (size_t)len + 4);
    expect_got(w, bad, "\x88\x02\x03\xea");
    expect_ended(w, bad);
    forget(w, bad);
    w->n_sids = other + 1;
  }
  w->events_len = 0;
  expect_sessions(w, 2);
  expect_alive(w, p, polling, true);
  expect_alive(w, q, other, false);
}

/* Requests for a websocket that are refused, and where they are cut. */
static void
test_hazard_a_refused_upgrade_may_be_reset_at_any_byte(struct world *w)
{
  static const char *const requests[] = {
      "GET /socket.io/?EIO=4&transport=none HTTP/1.1\r\n" UPGRADE_HEADERS
      "\r\nrest",
      "GET /socket.io/?EIO=4&transport=websocket&sid=none "
      "HTTP/1.1\r\n" UPGRADE_HEADERS "\r\nrest",
      "POST /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\n" UPGRADE_HEADERS
      "\r\nrest",
      "GET /socket.io/?EIO=3&transport=websocket HTTP/1.1\r\n" UPGRADE_HEADERS
      "\r\nrest",
      "GET /other HTTP/1.1\r\n" UPGRADE_HEADERS "\r\nrest",
      UPGRADE_LINE "Host: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
                   "Sec-WebSocket-Version: 13\r\n\r\nrest",
  };

  for (size_t i = 0; i < sizeof requests / sizeof *requests; i++) {
    size_t len = strlen(requests[i]);

    for (size_t n = 0; n <= len; n++) {
      int p = peer_open(w);

      peer_send(w, p, requests[i], n);
      if (n == len && strstr(requests[i], "/other") == NULL)
        expect_start(w, p, "HTTP/1.1 400 Bad Request\r\n");
      w->peers[p].at = w->peers[p].len;
      peer_close(w, p, n % 2 == 0 ? 0 : -1);
      w->n_peers = p;
      w->log_len = 0;
      w->events_len = 0;
    }
  }
  expect_sessions(w, 0);
}

/* The parser and the heartbeat follow from the protocol of the session. */
static void test_hazard_an_upgrade_keeps_the_protocol(struct world *w)
{
  static const char *const queries[] = {"EIO=3&", "", "EIO=5&", "EIO=44&"};
  int p = peer_open(w), sid = peer_handshake(w, p);

  for (size_t i = 0; i < sizeof queries / sizeof *queries; i++) {
    int q = peer_open(w);

    peer_text(w, q,
              "GET /socket.io/?%stransport=websocket&sid=%s "
              "HTTP/1.1\r\n" UPGRADE_HEADERS "\r\n",
              queries[i], w->sids[sid]);
    expect_start(w, q, "HTTP/1.1 400 Bad Request\r\n");
    expect_ended(w, q);
    forget(w, q);
  }
  expect_alive(w, p, sid, true);
}

static void ten_headers(sio_server_options *options)
{
  options->max_headers = 10;
}

/* A field that decides what a request is must not get lost. */
static void test_hazard_headers_count_up_to_their_limit(struct world *w)
{
  for (int extra = 0; extra < 8; extra++) { /* besides 5 of the upgrade */
    int p = peer_open(w);
    char input[600] = UPGRADE_LINE;

    for (int i = 0; i < extra; i++)
      strcat(input, "X: y\r\n");
    strcat(input, UPGRADE_HEADERS "\r\n");
    peer_text(w, p, "%s", input);
    expect_start(w, p,
                 extra <= 5 ? "HTTP/1.1 101 Switching Protocols\r\n"
                            : "HTTP/1.1 431 Request Header Fields Too Large");
    forget(w, p);
    w->n_sids = 0;
  }
  w->events_len = 0;
  expect_cause(w, SIO_CAUSE_HEADER_COUNT, 2);
}

static void small_head(sio_server_options *options)
{
  options->max_header_bytes = 400;
}

static void test_hazard_header_bytes_count_up_to_their_limit(struct world *w)
{
  size_t refused = 0, accepted = 0;

  for (int len = 150; len < 260; len++) {
    int p = peer_open(w);

    peer_text(w, p, UPGRADE_LINE "X: %0*d\r\n" UPGRADE_HEADERS "\r\n", len, 0);
    if (got(w, p, "HTTP/1.1 431 ")) {
      expect_ended(w, p);
      refused++;
    } else if (got(w, p, "HTTP/1.1 101 ")) {
      if (refused > 0 && !eio_is_off(w))
        fail_msg("a longer head was accepted");
      accepted++;
    } else if (!eio_is_off(w)) {
      fail_msg("neither accepted nor refused");
    }
    forget(w, p);
    w->n_sids = 0;
    w->events_len = w->log_len = 0;
  }
  if (!eio_is_off(w))
    assert_true(refused > 10 && accepted > 10);
}

static sio_deflate_options deflate;

static void with_deflate(sio_server_options *options)
{
  sio_deflate_options_init(&deflate);
  options->per_message_deflate = &deflate;
}

static void test_hazard_extensions_with_odd_names_and_values(struct world *w)
{
  static const struct {
    const char *offer;
    const char *status; /* and no extension is agreed on */
  } cases[] = {
      {"constructor", "101"},
      {"__proto__; constructor=1", "101"},
      {"permessage-deflate; constructor", "101"},
      {"permessage-deflate; server_max_window_bits=0", "101"},
      {"permessage-deflate; server_max_window_bits=7", "101"},
      {"permessage-deflate; server_max_window_bits=16", "101"},
      {"permessage-deflate; server_max_window_bits=999999999999", "101"},
      {"permessage-deflate; client_max_window_bits=0", "101"},
      {"permessage-deflate; client_max_window_bits=16", "101"},
      {"permessage-deflate; client_max_window_bits=1000000000000000", "101"},
      {"permessage-deflate; server_max_window_bits=\"1", "400"},
      {"permessage-deflate; server_no_context_takeover=1", "101"},
      {"permessage-deflate; server_no_context_takeover; "
       "server_no_context_takeover",
       "101"},
      {"permessage-deflate;;", "400"},
      {",", "400"},
      {"=", "400"},
  };

  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    int p = peer_open(w);
    char start[16];

    peer_text(w, p,
              UPGRADE_LINE UPGRADE_HEADERS
              "Sec-WebSocket-Extensions: %s\r\n\r\n",
              cases[i].offer);
    snprintf(start, sizeof start, "HTTP/1.1 %s ", cases[i].status);
    expect_start(w, p, start);
    if (!eio_is_off(w))
      assert_false(got(w, p, "permessage-deflate"));
    forget(w, p);
    w->n_sids = 0;
  }
  w->events_len = 0;
}

/* Time that grows with the square of their number would be too much. */
static void test_hazard_subprotocols_are_bounded(struct world *w)
{
  static const int counts[] = {1, 32, 33, 400};

  for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
    int p = peer_open(w);
    char list[2400] = "p0";

    for (int k = 1; k < counts[i]; k++)
      snprintf(list + strlen(list), sizeof list - strlen(list), ",p%d", k);
    peer_text(w, p,
              UPGRADE_LINE UPGRADE_HEADERS "Sec-WebSocket-Protocol: %s\r\n\r\n",
              list);
    expect_start(w, p, counts[i] <= 32 ? "HTTP/1.1 101 " : "HTTP/1.1 400 ");
    forget(w, p);
    w->n_sids = 0;
  }
  w->events_len = 0;
}

/* ---- Sessions that are not there ---- */

static void ask_everywhere(struct world *w, const char *sid, const char *status)
{
  int p = peer_open(w), q = peer_open(w);

  peer_text(w, p,
            "GET /socket.io/?EIO=4&transport=polling&sid=%s HTTP/1.1\r\n"
            "Host: h\r\n\r\n",
            sid);
  expect_start(w, p, status);
  w->peers[p].at = w->peers[p].len;
  peer_text(w, p,
            "POST /socket.io/?EIO=4&transport=polling&sid=%s HTTP/1.1\r\n"
            "Host: h\r\nContent-Length: 1\r\n\r\n4",
            sid);
  expect_start(w, p, status);
  peer_text(w, q,
            "GET /socket.io/?EIO=4&transport=websocket&sid=%s "
            "HTTP/1.1\r\n" UPGRADE_HEADERS "\r\n",
            sid);
  expect_start(w, q, status);
  expect_ended(w, q);
  forget(w, q);
  forget(w, p);
}

static void test_hazard_any_session_id_is_a_plain_lookup(struct world *w)
{
  static const char *const ids[] = {
      "__proto__",    "constructor", "toString", "%00", "%ff%fe",
      "%F0%9F%98%80", "../../x",     "%",        "%2",  "0"};
  static const char no[] = "HTTP/1.1 400 Bad Request\r\n";
  int p = peer_open(w), sid = peer_handshake(w, p);
  char id[2000];

  for (size_t i = 0; i < sizeof ids / sizeof *ids; i++)
    ask_everywhere(w, ids[i], no);
  for (size_t len = 120; len < sizeof id; len += 467) {
    memset(id, 'a', len);
    id[len] = '\0';
    ask_everywhere(w, id, no);
  }
  snprintf(id, sizeof id, "%s%%00", w->sids[sid]); /* longer by a zero byte */
  ask_everywhere(w, id, no);
  expect_alive(w, p, sid, true);
}

/* ---- Origins ---- */

static void test_hazard_no_page_is_let_in_unless_it_is_said(struct world *w)
{
  int p = peer_open(w), sid;

  peer_text(w, p,
            "GET /socket.io/?EIO=4&transport=polling HTTP/1.1\r\nHost: h\r\n"
            "Origin: https://evil.example\r\n\r\n");
  if (!eio_is_off(w))
    assert_false(got(w, p, "ccess-") || got(w, p, "CCESS-"));
  w->peers[p].at = w->peers[p].len;
  sid = w->n_sids - 1;
  peer_text(w, p,
            "OPTIONS /socket.io/?EIO=4&transport=polling HTTP/1.1\r\n"
            "Host: h\r\nOrigin: https://evil.example\r\n"
            "Access-Control-Request-Method: POST\r\n\r\n");
  expect_start(w, p, "HTTP/1.1 400 Bad Request\r\n");
  if (!eio_is_off(w))
    assert_false(got(w, p, "ccess-") || sid < 0);
  w->peers[p].at = w->peers[p].len;
  w->events_len = 0;
}

static void own_origin_only(sio_server_options *options)
{
  options->check_origin = 1;
}

/* The same check for a handshake, a poll, a post, and both websockets. */
static void test_hazard_a_foreign_origin_is_refused_everywhere(struct world *w)
{
  static const char foreign[] = "Origin: https://evil.example\r\n\r\n";
  int p = peer_open(w), sid = peer_handshake(w, p), q;

  for (int i = 0; i < 5; i++) {
    bool upgrade = i == 1 || i == 2;

    q = peer_open(w);
    peer_text(w, q, "%s /socket.io/?EIO=4&transport=%s%s%s HTTP/1.1\r\n%s%s",
              i == 4 ? "POST" : "GET", upgrade ? "websocket" : "polling",
              i >= 2 ? "&sid=" : "", i >= 2 ? w->sids[sid] : "",
              upgrade ? UPGRADE_HEADERS : "Host: h\r\n", foreign);
    expect_start(w, q,
                 upgrade ? "HTTP/1.1 400 " : "HTTP/1.1 403 Forbidden\r\n");
    expect_got(w, q, "Forbidden");
    forget(w, q);
    expect_logged(w, "https://evil.example");
    w->log_len = 0;
  }
  expect_sessions(w, 1);
  expect_events(w, "");
  expect_alive(w, p, sid, true);
  q = peer_open(w); /* the server's own is none of a stranger */
  peer_text(w, q,
            "GET /socket.io/?EIO=4&transport=polling HTTP/1.1\r\nHost: h\r\n"
            "Origin: http://h\r\n\r\n");
  expect_start(w, q, "HTTP/1.1 200 OK\r\n");
  forget(w, q);
  w->events_len = 0;
}

/* ---- POSTs ---- */

/* Whatever is not accepted: none waits for a body that never comes. */
static void
test_hazard_a_post_that_is_not_accepted_is_answered_and_closed(struct world *w)
{
  static const struct {
    const char *query, *headers, *status;
    bool has_sid;
  } cases[] = {
      {"EIO=4&transport=polling&sid=",
       "Content-Type: application/octet-stream"
       "\r\nContent-Length: 100\r\n",
       "400", true},
      {"EIO=4&transport=polling&sid=", "Content-Length: 1000001\r\n", "413",
       true},
      {"EIO=3&transport=polling&sid=", "Content-Length: 100\r\n", "400", true},
      {"EIO=4&transport=websocket&sid=", "Content-Length: 100\r\n", "400",
       true},
      {"EIO=4&transport=none&sid=", "Content-Length: 100\r\n", "400", true},
      {"EIO=4&transport=polling&sid=none", "Content-Length: 100\r\n", "400",
       false},
      {"EIO=4&transport=polling", "Content-Length: 100\r\n", "400", false},
      {"EIO=4&transport=polling", "Transfer-Encoding: chunked\r\n", "400",
       false},
      {"EIO=4&transport=polling&sid=none",
       "Transfer-Encoding: chunked\r\nExpect: 100-continue\r\n", "400", false},
  };

  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    int p = peer_open(w), sid, q;
    char start[16];

    w->n_sids = 0;
    sid = peer_handshake(w, p);
    q = peer_open(w);
    peer_text(w, q, "POST /socket.io/?%s%s HTTP/1.1\r\nHost: h\r\n%s\r\n",
              cases[i].query, cases[i].has_sid ? w->sids[sid] : "",
              cases[i].headers);
    snprintf(start, sizeof start, "HTTP/1.1 %s ", cases[i].status);
    expect_start(w, q, start);
    expect_got(w, q, "Connection: close\r\n");
    expect_ended(w, q);
    forget(w, q);
    eio_close(w, sid, true);
    w->events_len = 0;
    forget(w, p);
  }
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      SCENARIO(
          test_hazard_bad_frames_right_behind_the_upgrade_hurt_nobody_else),
      SCENARIO_ONCE(test_hazard_a_refused_upgrade_may_be_reset_at_any_byte,
                    NULL),
      SCENARIO(test_hazard_an_upgrade_keeps_the_protocol),
      SCENARIO_WITH(test_hazard_headers_count_up_to_their_limit, ten_headers),
      SCENARIO_ONCE(test_hazard_header_bytes_count_up_to_their_limit,
                    small_head),
      SCENARIO_WITH(test_hazard_extensions_with_odd_names_and_values,
                    with_deflate),
      SCENARIO(test_hazard_subprotocols_are_bounded),
      SCENARIO(test_hazard_any_session_id_is_a_plain_lookup),
      SCENARIO(test_hazard_no_page_is_let_in_unless_it_is_said),
      SCENARIO_WITH(test_hazard_a_foreign_origin_is_refused_everywhere,
                    own_origin_only),
      SCENARIO(test_hazard_a_post_that_is_not_accepted_is_answered_and_closed),
  };

  return cmocka_run_group_tests_name("eio/hazards", tests, NULL, NULL);
}
