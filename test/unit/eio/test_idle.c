/* SPDX-License-Identifier: MIT */
/* What a session costs while nothing happens: bytes of heap, as asked for. */
#include "wire.h"

#include <sio.h>

#include <stdlib.h>

enum { N = 200, MOST = 2048, LEAST = 300 };

static struct wire w;
static struct wire_peer peers[N];
static sio_deflate_options deflate;

static void begin(bool socketio, uint32_t takeover)
{
  memset(peers, 0, sizeof peers);
  wire_init(&w);
  sio_deflate_options_init(&deflate);
  deflate.server_takeover = deflate.client_takeover = takeover;
  w.options.per_message_deflate = &deflate;
  if (socketio)
    wire_start_socketio(&w);
  else
    wire_start(&w);
}

static void end(void)
{
  for (size_t i = 0; i < N; i++)
    wire_peer_dispose(&peers[i]);
  wire_stop(&w);
}

static void say(struct wire_peer *peer, uint8_t first, const char *text)
{
  wire_send_frame(peer, first, text, strlen(text));
}

/* Messages both ways, compressed if that was agreed on. */
static void talk(struct wire_peer *peer, bool packed)
{
  static const uint8_t hello[] = {0x32, 0xf1, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0};
  unsigned before = w.messages;
  char *text = malloc(5001);

  assert_non_null(text);
  memset(text, 'x', 5000);
  text[0] = '4';
  text[5000] = '\0';
  say(peer, 0x81, text);
  say(peer, 0x01, "4a text ");
  say(peer, 0x89, "ping");
  say(peer, 0x80, "in parts");
  if (packed)
    wire_send_frame(peer, 0xc1, hello, sizeof hello);
  assert_int_equal(w.messages, before + 2 + packed);
  free(text);
}

static void one(size_t i, const char *offer, bool talks)
{
  wire_websocket(&w, &peers[i], offer);
  if (talks)
    talk(&peers[i], offer != NULL);
}

static size_t report(const char *what, size_t before)
{
  size_t each = (w.mem.live_bytes - before) / N;

  print_message("%s: %zu bytes for each of %d sessions\n", what, each, N);
  assert_true(each >= LEAST);
  return each;
}

/* The cost of a websocket; the first one pays for what all share. */
static size_t measure(const char *what, const char *offer, uint32_t takeover,
                      bool talks)
{
  struct wire_peer first = {0};
  size_t before, each;

  begin(false, takeover);
  wire_websocket(&w, &first, offer);
  talk(&first, offer != NULL);
  wire_peer_dispose(&first);
  before = w.mem.live_bytes;
  for (size_t i = 0; i < N; i++)
    one(i, offer, talks);
  wire_wait(&w, 20000); /* less than until the first ping */
  each = report(what, before);
  end();
  return each;
}

static void test_hazard_an_idle_websocket_is_small(void **state)
{
  (void)state;
  assert_in_range(measure("websocket", NULL, 0, false), 1, MOST);
  assert_in_range(measure("websocket after messages", NULL, 0, true), 1, MOST);
}

static void test_hazard_permessage_deflate_adds_little(void **state)
{
  (void)state;
  assert_in_range(
      measure("with permessage-deflate", "permessage-deflate", 0, false), 1,
      MOST);
  assert_in_range(measure("with permessage-deflate after messages",
                          "permessage-deflate", 0, true),
                  1, MOST);
}

/* As <sio/deflate.h> tells: about 256 KiB and 40 KiB, once they are needed. */
static void test_context_takeover_costs_what_the_header_says(void **state)
{
  (void)state;
  assert_in_range(measure("with context takeover, before messages",
                          "permessage-deflate", 1, false),
                  1, MOST);
  assert_in_range(measure("with context takeover, after messages",
                          "permessage-deflate", 1, true),
                  200 * 1024, 320 * 1024);
}

static void test_a_polling_session_is_small_too(void **state)
{
  size_t before;

  (void)state;
  begin(false, 0);
  before = w.mem.live_bytes;
  for (size_t i = 0; i < N; i++) {
    wire_polling(&w, &peers[i]);
    wire_drop(&peers[i], 0);
  }
  assert_in_range(report("polling, between polls, no connection", before), 1,
                  MOST);
  end();

  begin(false, 0);
  before = w.mem.live_bytes;
  for (size_t i = 0; i < N; i++) {
    wire_polling(&w, &peers[i]);
    wire_text(&peers[i],
              "GET %s?EIO=4&transport=polling&sid=%s HTTP/1.1\r\n"
              "Host: h\r\nAccept-Encoding: gzip\r\n\r\n",
              sio_server_path(w.server), sio_session_id(w.session));
  }
  /* The connection that waits has its HTTP parser. */
  (void)report("polling, with the waiting GET", before);
  end();
}

static void test_an_idle_socket_with_permessage_deflate_is_small(void **state)
{
  size_t before = 0;

  (void)state;
  begin(true, 0);
  for (size_t i = 0; i < N; i++) {
    wire_websocket(&w, &peers[i], "permessage-deflate");
    say(&peers[i], 0x81, "40");
    say(&peers[i], 0x81, "42[\"event\",\"argument\"]");
    if (i == 0)
      before = w.mem.live_bytes;
  }
  assert_int_equal(sio_server_socket_count(w.server), N);
  assert_in_range(report("a Socket.IO socket with permessage-deflate", before),
                  1, MOST);
  end();
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_hazard_an_idle_websocket_is_small),
      cmocka_unit_test(test_hazard_permessage_deflate_adds_little),
      cmocka_unit_test(test_context_takeover_costs_what_the_header_says),
      cmocka_unit_test(test_a_polling_session_is_small_too),
      cmocka_unit_test(test_an_idle_socket_with_permessage_deflate_is_small),
  };

  return cmocka_run_group_tests_name("eio/idle", tests, NULL, NULL);
}
