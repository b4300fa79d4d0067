/* SPDX-License-Identifier: MIT */
/* lib/eio/accept.c: the 101, and what is agreed on in it. */
#include "eio_world.h"

#include <stdio.h>

#include <sio/handshake.h>

#define REQUEST                                                                \
  "GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: h\r\n"          \
  "Connection: keep-alive, Upgrade\r\nUpgrade: WebSocket\r\n"                  \
  "Sec-WebSocket-Version: 13\r\n"                                              \
  "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"

#define SWITCHING                                                              \
  "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"                 \
  "Connection: Upgrade\r\n"                                                    \
  "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"

static sio_deflate_options deflate;

static void with_deflate(sio_server_options *options)
{
  sio_deflate_options_init(&deflate);
  options->per_message_deflate = &deflate;
}

static void test_the_first_subprotocol_is_taken(struct world *w)
{
  int p = peer_open(w);

  peer_text(w, p, REQUEST "Sec-WebSocket-Protocol: b , a\r\n\r\n");
  expect_start(w, p, SWITCHING "Sec-WebSocket-Protocol: b\r\n\r\n");
  peer_look_away(w, p);
}

static void test_extensions_are_ignored_by_default(struct world *w)
{
  int p = peer_open(w), q = peer_open(w);

  peer_text(w, p,
            REQUEST "Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n");
  expect_start(w, p, SWITCHING "\r\n");
  peer_look_away(w, p);
  peer_text(w, q, REQUEST "Sec-WebSocket-Extensions: ;;;\r\n\r\n");
  expect_start(w, q, SWITCHING "\r\n");
  peer_look_away(w, q);
}

static void test_an_offer_of_deflate_is_taken(struct world *w)
{
  int p = peer_open(w);

  peer_text(w, p,
            REQUEST "Sec-WebSocket-Extensions: x-other, permessage-deflate; "
                    "client_max_window_bits\r\n\r\n");
  expect_start(w, p,
               SWITCHING "Sec-WebSocket-Extensions: permessage-deflate; "
                         "server_no_context_takeover; "
                         "client_no_context_takeover\r\n\r\n");
  peer_look_away(w, p);
}

static void test_extensions_may_stand_in_several_fields(struct world *w)
{
  static const char more[] = "Sec-WebSocket-Extensions: x-other\r\n";
  int p = peer_open(w), q = peer_open(w), r = peer_open(w);

  peer_text(w, p,
            REQUEST "%s%sSec-WebSocket-Extensions: permessage-deflate\r\n\r\n",
            more, more);
  expect_start(w, p,
               SWITCHING "Sec-WebSocket-Extensions: permessage-deflate; "
                         "server_no_context_takeover; "
                         "client_no_context_takeover\r\n\r\n");
  peer_look_away(w, p);
  peer_text(w, q, REQUEST "%sSec-WebSocket-Extensions: ;\r\n\r\n", more);
  expect_start(w, q, "HTTP/1.1 400 Bad Request\r\n");
  peer_look_away(w, q);
  peer_text(w, r, REQUEST "%s%s%s%s%s%s%s%s%s\r\n", more, more, more, more,
            more, more, more, more, more);
  expect_start(w, r, "HTTP/1.1 400 Bad Request\r\n");
  peer_look_away(w, r);
  expect_sessions(w, 1);
}

static void test_an_offer_that_cannot_be_taken_is_passed_over(struct world *w)
{
  int p = peer_open(w);

  peer_text(w, p,
            REQUEST "Sec-WebSocket-Extensions: permessage-deflate; "
                    "constructor\r\n\r\n");
  expect_start(w, p, SWITCHING "\r\n");
  peer_look_away(w, p);
}

static void test_malformed_extensions_are_refused(struct world *w)
{
  int p = peer_open(w);

  peer_text(w, p, REQUEST "Sec-WebSocket-Extensions: ;;;\r\n\r\n");
  expect_text(w, p,
              "HTTP/1.1 400 Bad Request\r\nContent-Type: text/html\r\n"
              "Content-Length: 55\r\nConnection: close\r\n\r\n"
              "Invalid or unacceptable Sec-WebSocket-Extensions header");
  expect_ended(w, p);
  expect_sessions(w, 0);
}

/* ---- Header hooks ---- */

static void add_headers(sio_headers *headers, const sio_request *request,
                        bool initial, void *user)
{
  int *calls = user;

  (*calls)++;
  assert_true(sio_request_path(request).len > 0);
  assert_int_equal(sio_headers_set(headers, "Connection", sio_s("x")),
                   SIO_ERR_INVALID);
  (void)sio_headers_set(headers, "X-Initial", sio_s(initial ? "yes" : "no"));
}

static void test_hooks_change_the_101(struct world *w)
{
  int calls = 0, p = peer_open(w), q = peer_open(w), ws = peer_open(w), sid;

  sio_server_on_headers(w->server, add_headers, &calls);
  peer_upgrade(w, p, -1);
  expect_start(w, p, SWITCHING "X-Initial: yes\r\n\r\n");
  expect_events(w, "opened\n");
  peer_look_away(w, p);
  sio_server_on_headers(w->server, NULL, NULL);
  sid = peer_handshake(w, q);
  sio_server_on_headers(w->server, add_headers, &calls);
  peer_upgrade(w, ws, sid);
  expect_start(w, ws, SWITCHING "X-Initial: no\r\n\r\n");
  if (!eio_is_off(w))
    assert_int_equal(calls, 2);
}

static void test_hooks_see_no_refusals(struct world *w)
{
  int calls = 0, p = peer_open(w);

  sio_server_on_headers(w->server, add_headers, &calls);
  peer_text(w, p, "GET /socket.io/ HTTP/1.1\r\nHost: h\r\n\r\n");
  expect_start(w, p, "HTTP/1.1 400 Bad Request\r\n");
  assert_int_equal(calls, 0);
  peer_look_away(w, p);
}

static sio_request *kept;

static int keep(sio_request *request, sio_headers *headers, void *user)
{
  (void)headers;
  (void)user;
  kept = sio_request_retain(request);
  return 0;
}

static void answer_kept(sio_headers *headers, const sio_request *request,
                        bool initial, void *user)
{
  (void)headers;
  (void)initial;
  (void)user;
  assert_ptr_equal(request, kept);
  (void)sio_respond_text(kept, 200, "text/plain", "no websocket");
  sio_request_release(kept);
  kept = NULL;
}

static void answer_instead(struct world *w, bool upgrade)
{
  int p = peer_open(w), q = peer_open(w);
  int sid = upgrade ? peer_handshake(w, q) : -1;

  kept = NULL;
  if (sio_server_use_http(w->server, keep, NULL) != 0)
    return;
  sio_server_on_headers(w->server, answer_kept, NULL);
  peer_upgrade(w, p, sid);
  expect_nothing(w, p); /* it is cut off: nobody knows what it would be */
  expect_ended(w, p);
  expect_sessions(w, upgrade ? 1 : 0);
  sio_request_release(kept);
}

static void test_no_101_follows_an_answer_that_a_hook_gives(struct world *w)
{
  answer_instead(w, false);
}

static void test_nor_does_one_for_an_upgrade(struct world *w)
{
  answer_instead(w, true);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      SCENARIO(test_the_first_subprotocol_is_taken),
      SCENARIO(test_extensions_are_ignored_by_default),
      SCENARIO_WITH(test_an_offer_of_deflate_is_taken, with_deflate),
      SCENARIO_WITH(test_extensions_may_stand_in_several_fields, with_deflate),
      SCENARIO_WITH(test_an_offer_that_cannot_be_taken_is_passed_over,
                    with_deflate),
      SCENARIO_WITH(test_malformed_extensions_are_refused, with_deflate),
      SCENARIO(test_hooks_change_the_101),
      SCENARIO(test_hooks_see_no_refusals),
      SCENARIO(test_no_101_follows_an_answer_that_a_hook_gives),
      SCENARIO(test_nor_does_one_for_an_upgrade),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
