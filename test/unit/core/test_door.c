/* SPDX-License-Identifier: MIT */
#include "auth_world.h"

#include <sio/handshake.h>

static void begin(void)
{
  guard_begin();
  sio_server_on_handshake(w.server, sio_auth_on_handshake, auth);
}

/* What a request is answered, head and all. */
static const char *ask(const char *target, const char *header_lines)
{
  static char heard[8192];
  char text[5000];
  sio_span span;

  assert_true(http_open(&w, &a));
  snprintf(text, sizeof text, "GET %s HTTP/1.1\r\nHost: h\r\n%s\r\n", target,
           header_lines);
  client_feed(&a, text, strlen(text));
  heard[0] = '\0';
  while (sio_conn_output(a.conn, &span, 1) > 0) {
    assert_true(strlen(heard) + span.len < sizeof heard);
    strncat(heard, (const char *)span.data, span.len);
    sio_conn_sent(a.conn, span.len);
  }
  world_drop_clients(&w);
  return heard;
}

#define HANDSHAKE "/socket.io/?EIO=4&transport=polling"

static void test_who_shows_nothing_gets_no_session(void **state)
{
  const char *heard;

  (void)state;
  begin();
  heard = ask(HANDSHAKE, "");
  assert_memory_equal(heard, "HTTP/1.1 401 ", 13);
  assert_non_null(strstr(heard, "\r\nWWW-Authenticate: Bearer\r\n"));
  assert_non_null(
      strstr(heard, "{\"code\":4,\"message\":\"a token is required\"}"));
  heard = ask("/socket.io/?EIO=4&transport=websocket",
              "Connection: Upgrade\r\nUpgrade: websocket\r\n"
              "Sec-WebSocket-Version: 13\r\n"
              "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n");
  assert_memory_equal(heard, "HTTP/1.1 401 ", 13);
  assert_non_null(strstr(heard, "\r\nWWW-Authenticate: Bearer\r\n"));
  assert_int_equal(sio_server_session_count(w.server), 0);
  world_close(&w);
}

static void test_a_bad_token_is_explained(void **state)
{
  char line[4200];
  const char *heard;

  (void)state;
  begin();
  snprintf(line, sizeof line, "Authorization: Bearer %s\r\n",
           token_of(claims_of("ann", 0)));
  heard = ask(HANDSHAKE, line);
  assert_memory_equal(heard, "HTTP/1.1 401 ", 13);
  assert_non_null(strstr(heard, "\r\nWWW-Authenticate: Bearer "
                                "error=\"invalid_token\", error_description="
                                "\"the token has expired\"\r\n"));
  world_close(&w);
}

static void test_a_good_token_opens_a_session(void **state)
{
  char line[4200];

  (void)state;
  begin();
  snprintf(line, sizeof line, "Authorization: Bearer %s\r\n",
           token_of(claims_of("ann", 1000)));
  assert_memory_equal(ask(HANDSHAKE, line), "HTTP/1.1 200 ", 13);
  sio_server_set_unix_time(w.server, w.now_ms); /* as if it were not known */
  assert_memory_equal(ask(HANDSHAKE, line), "HTTP/1.1 503 ", 13);
  world_close(&w);
}

/* An API beside the sockets. */
static void api(sio_request *request, void *user)
{
  sio_jwt *jwt;
  int rv = sio_auth_check_request(auth, request, &jwt);
  sio_str sub = {"nobody", 6};

  if (rv == 0)
    sub = sio_jwt_subject(jwt);
  world_note(user, "%s %.*s", sio_auth_error_word(rv), SIO_STR_ARG(sub));
  if (rv == 0)
    assert_int_equal(sio_respond_text(request, 200, "text/plain", "hello"), 0);
  else
    assert_int_equal(sio_auth_refuse_request(request, rv), 0);
  sio_jwt_release(jwt);
}

static void test_other_requests_may_ask_for_tokens_as_well(void **state)
{
  char line[4200];
  const char *heard;

  (void)state;
  begin();
  sio_server_on_http(w.server, api, &w);
  snprintf(line, sizeof line, "Authorization: Bearer %s\r\n",
           token_of(claims_of("ann", 1000)));
  assert_memory_equal(ask("/me", line), "HTTP/1.1 200 ", 13);
  heard = ask("/me", "");
  assert_memory_equal(heard, "HTTP/1.1 401 ", 13);
  assert_non_null(strstr(heard, "\r\nWWW-Authenticate: Bearer\r\n"));
  assert_noted(&w, "ok ann\nmissing_token nobody\n");
  world_close(&w);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_who_shows_nothing_gets_no_session),
      cmocka_unit_test(test_a_bad_token_is_explained),
      cmocka_unit_test(test_a_good_token_opens_a_session),
      cmocka_unit_test(test_other_requests_may_ask_for_tokens_as_well),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
