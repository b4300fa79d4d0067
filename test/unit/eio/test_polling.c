/* SPDX-License-Identifier: MIT */
/* lib/eio/polling.c: GETs and POSTs of a session. */
#include "eio_world.h"

#include <stdio.h>

#define SEP "\x1e"

static void
test_a_post_is_answered_ok_and_its_echo_comes_by_poll(struct world *w)
{
  int p = peer_open(w), q = peer_open(w);
  int sid = peer_handshake(w, p);

  w->echo = true;
  peer_post(w, q, sid, "4hello");
  expect_ok(w, q);
  expect_nothing(w, p);
  peer_get(w, p, sid);
  expect_poll(w, p, "4hello");
  expect_events(w, "text hello\n");
  expect_open(w, p);
  expect_open(w, q);
}

static void
test_packets_of_a_payload_are_echoed_in_one_payload_in_order(struct world *w)
{
  int p = peer_open(w), q = peer_open(w);
  int sid = peer_handshake(w, p);

  w->echo = true;
  peer_get(w, p, sid);
  expect_nothing(w, p);
  peer_post(w, q, sid, "4a" SEP "bAQIDBA==" SEP "4" SEP "4\xe2\x82\xac");
  expect_ok(w, q);
  expect_poll(w, p, "4a" SEP "bAQIDBA==" SEP "4" SEP "4\xe2\x82\xac");
  expect_events(w, "text a\nbinary 4 bytes \x01\x02\x03\x04\ntext \n"
                   "text \xe2\x82\xac\n");
}

static void
test_a_waiting_poll_is_answered_when_there_is_something(struct world *w)
{
  int p = peer_open(w);
  int sid = peer_handshake(w, p);

  peer_get(w, p, sid);
  expect_nothing(w, p);
  eio_sleep(w, 1000);
  expect_nothing(w, p);
  eio_say(w, sid, "4x");
  expect_poll(w, p, "4x");
  eio_say(w, sid, "4y");
  eio_say(w, sid, "4z");
  expect_nothing(w, p);
  peer_get(w, p, sid);
  expect_poll(w, p, "4y" SEP "4z");
}

static void test_missing_padding_of_base64_is_accepted(struct world *w)
{
  int p = peer_open(w);
  int sid = peer_handshake(w, p);

  peer_post(w, p, sid, "bYWI" SEP "b");
  expect_ok(w, p);
  expect_events(w, "binary 2 bytes ab\nbinary 0 bytes \n");
}

static void test_a_second_poll_ends_the_session(struct world *w)
{
  int p = peer_open(w), q = peer_open(w);
  int sid = peer_handshake(w, p);

  peer_get(w, p, sid);
  peer_get(w, q, sid);
  expect_poll(w, p, "1");
  expect_status(w, q, "400 Bad Request");
  expect_events(w, "closed transport error, overlap from client\n");
  expect_cause(w, SIO_CAUSE_POLL_OVERLAP, 1);
  peer_get(w, q, sid);
  expect_text(w, q,
              "HTTP/1.1 400 Bad Request\r\nContent-Type: application/json\r\n"
              "Content-Length: 41\r\n\r\n"
              "{\"code\":1,\"message\":\"Session ID unknown\"}");
}

static void
test_a_second_poll_on_the_same_connection_ends_the_session(struct world *w)
{
  int p = peer_open(w);
  int sid = peer_handshake(w, p);

  peer_get(w, p, sid);
  peer_get(w, p, sid);
  expect_text(w, p,
              "HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=UTF-8\r\n"
              "cache-control: no-store\r\nContent-Length: 1\r\n\r\n1"
              "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n");
  expect_events(w, "closed transport error, overlap from client\n");
}

static void
test_a_second_post_ends_the_session_and_both_connections(struct world *w)
{
  int p = peer_open(w), q = peer_open(w), r = peer_open(w);
  int sid = peer_handshake(w, p);

  peer_get(w, p, sid);
  peer_text(
      w, q,
      "POST /socket.io/?EIO=4&transport=polling&sid=%s HTTP/1.1\r\nHost: h\r\n"
      "Content-Length: 10\r\n\r\n4half",
      w->sids[sid]);
  peer_post(w, r, sid, "4whole");
  expect_poll(w, p, "1");
  expect_nothing(w, q);
  expect_ended(w, q);
  expect_last_status(w, r, "400 Bad Request");
  expect_events(w,
                "closed transport error, data request overlap from client\n");
}

static void test_leaving_a_waiting_poll_ends_the_session(struct world *w)
{
  int p = peer_open(w), q = peer_open(w);
  int sid = peer_handshake(w, p);

  peer_get(w, q, sid);
  peer_close(w, q, 0);
  expect_events(w, "closed transport error, "
                   "poll connection closed prematurely\n");
  expect_sessions(w, 0);
}

static void test_a_reset_while_a_poll_waits_ends_the_session(struct world *w)
{
  int p = peer_open(w), q = peer_open(w);
  int sid = peer_handshake(w, p);

  peer_get(w, q, sid);
  peer_close(w, q, -1);
  expect_events(w, "closed transport error, "
                   "poll connection closed prematurely\n");
}

static void test_leaving_between_polls_does_not_matter(struct world *w)
{
  int p = peer_open(w), q;
  int sid = peer_handshake(w, p);

  peer_close(w, p, 0);
  expect_events(w, "");
  q = peer_open(w);
  eio_say(w, sid, "4x");
  peer_get(w, q, sid);
  expect_poll(w, q, "4x");
}

static void
test_leaving_in_the_middle_of_a_post_ends_the_session(struct world *w)
{
  int p = peer_open(w), q = peer_open(w);
  int sid = peer_handshake(w, p);

  peer_get(w, p, sid);
  peer_text(
      w, q,
      "POST /socket.io/?EIO=4&transport=polling&sid=%s HTTP/1.1\r\nHost: h\r\n"
      "Content-Length: 10\r\n\r\n4half",
      w->sids[sid]);
  peer_close(w, q, 0);
  expect_poll(w, p, "1");
  expect_events(w, "closed transport error, "
                   "data request connection closed prematurely\n");
}

static void test_octet_streams_end_the_session(struct world *w)
{
  int p = peer_open(w), q = peer_open(w);
  int sid = peer_handshake(w, p);

  peer_get(w, p, sid);
  peer_text(
      w, q,
      "POST /socket.io/?EIO=4&transport=polling&sid=%s HTTP/1.1\r\nHost: h\r\n"
      "Content-Type: application/octet-stream\r\n"
      "Content-Length: 2\r\n\r\n4x",
      w->sids[sid]);
  expect_last_status(w, q, "400 Bad Request");
  expect_poll(w, p, "1");
  expect_events(w, "closed transport error, invalid content\n");
}

/* The answer to the poll makes the refused request the first of its
 * connection while it is being refused. */
static void
test_an_octet_stream_pipelined_behind_its_poll_ends_both(struct world *w)
{
  int p = peer_open(w);
  int sid = peer_handshake(w, p);

  peer_text(
      w, p,
      "GET /socket.io/?EIO=4&transport=polling&sid=%s HTTP/1.1\r\nHost: "
      "h\r\n\r\n"
      "POST /socket.io/?EIO=4&transport=polling&sid=%s HTTP/1.1\r\nHost: h\r\n"
      "Content-Type: application/octet-stream\r\n"
      "Expect: 100-continue\r\nContent-Length: 2\r\n\r\n4x",
      w->sids[sid], w->sids[sid]);
  expect_text(w, p,
              "HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=UTF-8\r\n"
              "cache-control: no-store\r\nContent-Length: 1\r\n\r\n1"
              "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n"
              "Connection: close\r\n\r\n");
  expect_events(w, "closed transport error, invalid content\n");
  expect_ended(w, p);
}

static void expect_bad_payload(struct world *w, const char *body,
                               const char *events)
{
  int p = peer_open(w), q = peer_open(w);
  int sid = peer_handshake(w, p);

  peer_get(w, p, sid);
  peer_post(w, q, sid, body);
  expect_status(w, q, "400 Bad Request");
  expect_poll(w, p, "1");
  expect_events(w, events);
}

static void
test_payloads_that_cannot_be_decoded_are_parse_errors(struct world *w)
{
  static const char closed[] =
      "closed parse error, an undecodable Engine.IO packet\n";
  static const char *const bad[] = {
      "abc", "", SEP, SEP "6", "7", "\xef\xbb\xbf\x34x", "b%%%", "bA", " 4x",
  };

  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
    expect_bad_payload(w, bad[i], closed);
}

static void test_packets_before_a_bad_one_are_delivered(struct world *w)
{
  expect_bad_payload(w, "4a" SEP "4b" SEP SEP "4c",
                     "text a\ntext b\n"
                     "closed parse error, an undecodable Engine.IO packet\n");
}

static void test_a_payload_that_is_not_utf8_is_a_parse_error(struct world *w)
{
  expect_bad_payload(w, "4a" SEP "4\xc0\x80",
                     "closed parse error, invalid UTF-8\n");
}

static void test_a_ping_of_the_client_ends_the_session(struct world *w)
{
  expect_bad_payload(w, "2",
                     "closed transport error, invalid heartbeat direction\n");
  expect_bad_payload(w, "4a" SEP "2probe" SEP "4b",
                     "text a\n"
                     "closed transport error, invalid heartbeat direction\n");
}

static void test_packets_that_mean_nothing_are_ignored(struct world *w)
{
  int p = peer_open(w);
  int sid = peer_handshake(w, p);

  peer_post(w, p, sid, "0" SEP "5" SEP "6" SEP "0{}" SEP "4x");
  expect_ok(w, p);
  expect_events(w, "text x\n");
}

static void test_a_close_packet_is_answered_by_a_noop(struct world *w)
{
  int p = peer_open(w), q = peer_open(w);
  int sid = peer_handshake(w, p);

  peer_get(w, p, sid);
  peer_post(w, q, sid, "4a" SEP "1" SEP "4b");
  expect_poll(w, p, "6");
  expect_ok(w, q);
  expect_events(w, "text a\nclosed transport close, "
                   "the client sent a close packet\n");
  expect_sessions(w, 0);
}

static void test_a_close_packet_pipelined_behind_its_poll(struct world *w)
{
  int p = peer_open(w);
  int sid = peer_handshake(w, p);

  peer_text(
      w, p,
      "GET /socket.io/?transport=polling&sid=%s HTTP/1.1\r\nHost: h\r\n\r\n"
      "POST /socket.io/?transport=polling&sid=%s HTTP/1.1\r\nHost: h\r\n"
      "Content-Length: 1\r\n\r\n1",
      w->sids[sid], w->sids[sid]);
  expect_text(w, p,
              "HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=UTF-8\r\n"
              "cache-control: no-store\r\nContent-Length: 1\r\n\r\n6"
              "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n"
              "cache-control: no-store\r\nContent-Length: 2\r\n\r\nok");
  expect_open(w, p);
  expect_events(w, "closed transport close, the client sent a close packet\n");
}

static void small(sio_server_options *options)
{
  options->max_payload = 128;
  options->max_payload_packets = 3;
}

static void fill(char *body, size_t len)
{
  memset(body, 'x', len);
  body[0] = '4';
  body[len] = '\0';
}

static void test_a_post_may_be_as_long_as_max_payload(struct world *w)
{
  int p = peer_open(w);
  int sid = peer_handshake(w, p);
  char body[129], line[160];

  fill(body, 128);
  snprintf(line, sizeof line, "text %s\n", body + 1);
  peer_post(w, p, sid, body);
  expect_ok(w, p);
  expect_events(w, line);
  peer_text(w, p,
            "POST /socket.io/?transport=polling&sid=%s HTTP/1.1\r\nHost: h\r\n"
            "Transfer-Encoding: chunked\r\n\r\n"
            "40\r\n%.64s\r\n40\r\n%s\r\n0\r\n\r\n",
            w->sids[sid], body, body + 64);
  expect_ok(w, p);
  expect_events(w, line);
}

static void
test_one_byte_more_is_refused_and_the_session_goes_on(struct world *w)
{
  int p = peer_open(w), q = peer_open(w), r = peer_open(w);
  int sid = peer_handshake(w, p);
  char body[130];

  fill(body, 129);
  peer_post(w, q, sid, body);
  expect_last_status(w, q, "413 Payload Too Large");
  peer_text(w, r,
            "POST /socket.io/?transport=polling&sid=%s HTTP/1.1\r\nHost: h\r\n"
            "Transfer-Encoding: chunked\r\n\r\n"
            "40\r\n%.64s\r\n41\r\n%s\r\n0\r\n\r\n",
            w->sids[sid], body, body + 64);
  expect_last_status(w, r, "413 Payload Too Large");
  expect_events(w, "");
  peer_post(w, p, sid, "4x");
  expect_ok(w, p);
  expect_events(w, "text x\n");
}

static void test_too_many_packets_in_a_payload_end_the_session(struct world *w)
{
  int p = peer_open(w);
  int sid = peer_handshake(w, p);

  peer_post(w, p, sid, "4a" SEP "4b" SEP "4c");
  expect_ok(w, p);
  peer_post(w, p, sid, "4d" SEP "4e" SEP "4f" SEP "4g");
  expect_status(w, p, "400 Bad Request");
  expect_events(w, "text a\ntext b\ntext c\ntext d\ntext e\ntext f\n"
                   "closed parse error, too many packets in one payload, "
                   "limit 3\n");
}

static void test_a_post_waits_for_its_continue(struct world *w)
{
  int p = peer_open(w);
  int sid = peer_handshake(w, p);

  peer_text(w, p,
            "POST /socket.io/?transport=polling&sid=%s HTTP/1.1\r\nHost: h\r\n"
            "Expect: 100-continue\r\nContent-Length: 2\r\n\r\n",
            w->sids[sid]);
  expect_text(w, p, "HTTP/1.1 100 Continue\r\n\r\n");
  peer_text(w, p, "4x");
  expect_ok(w, p);
  expect_events(w, "text x\n");
}

static void test_other_methods_leave_the_session_alone(struct world *w)
{
  static const char *const methods[] = {"PUT", "OPTIONS", "DELETE", "HEAD"};
  int p = peer_open(w);
  int sid = peer_handshake(w, p);

  for (size_t i = 0; i < sizeof methods / sizeof methods[0]; i++) {
    peer_text(
        w, p,
        "%s /socket.io/?transport=polling&sid=%s HTTP/1.1\r\nHost: h\r\n\r\n",
        methods[i], w->sids[sid]);
    expect_text(w, p,
                "HTTP/1.1 405 Method Not Allowed\r\nAllow: GET, POST\r\n"
                "Content-Length: 0\r\n\r\n");
  }
  expect_events(w, "");
  expect_sessions(w, 1);
}

static void test_a_body_of_many_pieces_is_one_payload(struct world *w)
{
  static char text[100000];
  int p = peer_open(w);
  int sid = peer_handshake(w, p);
  char head[160];

  memset(text, 'm', sizeof text);
  text[0] = '4';
  w->echo = true;
  snprintf(head, sizeof head,
           "POST /socket.io/?transport=polling&sid=%s HTTP/1.1\r\nHost: h\r\n"
           "Content-Length: %zu\r\n\r\n",
           w->sids[sid], sizeof text);
  peer_text(w, p, "%s", head);
  peer_send(w, p, text, sizeof text);
  expect_ok(w, p);
  peer_get(w, p, sid);
  expect_start(w, p,
               "HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=UTF-8"
               "\r\ncache-control: no-store\r\n"
               "Content-Length: 100000\r\n\r\n");
  expect_bytes(w, p, text, sizeof text);
}

/* RFC 9112 section 9.6: nothing is done that will not be answered. */
static void test_nothing_is_done_behind_an_answer_that_closes(struct world *w)
{
  int p = peer_open(w), sid = peer_handshake(w, p);
  char body[130];

  fill(body, 129);
  peer_get(w, p, sid);
  peer_post(w, p, sid, body);
  peer_post(w, p, sid, "4x");
  expect_nothing(w, p);
  expect_events(w, "");
  eio_sleep(w, 24000);
  eio_say(w, sid, "4y");
  expect_text(w, p,
              "HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=UTF-8\r\n"
              "cache-control: no-store\r\nContent-Length: 2\r\n\r\n4y"
              "HTTP/1.1 413 Payload Too Large\r\nContent-Length: 0\r\n"
              "Connection: close\r\n\r\n");
  expect_ended(w, p);
  expect_events(w, "");
}

static void narrow(sio_server_options *options)
{
  options->max_output_bytes = 1024;
}

static void test_polls_whose_answers_nobody_reads_are_bounded(struct world *w)
{
  int p = peer_open(w), sid = peer_handshake(w, p);
  char text[1001];

  memset(text, 'x', sizeof text);
  text[0] = '4';
  text[1000] = '\0';
  peer_stall(w, p, true);
  for (int i = 0; i < 2; i++) {
    expect_events(w, "");
    eio_say(w, sid, text);
    peer_get(w, p, sid);
  }
  expect_nothing(w, p);
  expect_ended(w, p);
  expect_events(w, "closed transport error, too many unsent bytes, "
                   "limit 1024\n");
}

static void two_pipelined(sio_server_options *options)
{
  options->max_pipelined = 2;
}

/* Not in pieces: the poll would be answered before the limit is hit. */
static void
test_what_was_not_sent_on_a_cut_connection_is_not_lost_silently(struct world *w)
{
  int p = peer_open(w), sid = peer_handshake(w, p);

  w->echo = true;
  peer_text(
      w, p,
      "GET /socket.io/?transport=polling&sid=%s HTTP/1.1\r\nHost: h\r\n\r\n"
      "POST /socket.io/?transport=polling&sid=%s HTTP/1.1\r\nHost: h\r\n"
      "Content-Length: 2\r\n\r\n4x"
      "GET / HTTP/1.1\r\nHost: h\r\n\r\n",
      w->sids[sid], w->sids[sid]);
  expect_nothing(w, p);
  expect_ended(w, p);
  expect_events(w, "text x\n"
                   "closed transport error, too many pipelined requests, "
                   "limit 2\n");
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      SCENARIO(test_a_post_is_answered_ok_and_its_echo_comes_by_poll),
      SCENARIO(test_packets_of_a_payload_are_echoed_in_one_payload_in_order),
      SCENARIO(test_a_waiting_poll_is_answered_when_there_is_something),
      SCENARIO(test_missing_padding_of_base64_is_accepted),
      SCENARIO(test_a_second_poll_ends_the_session),
      SCENARIO(test_a_second_poll_on_the_same_connection_ends_the_session),
      SCENARIO(test_a_second_post_ends_the_session_and_both_connections),
      SCENARIO(test_leaving_a_waiting_poll_ends_the_session),
      SCENARIO(test_a_reset_while_a_poll_waits_ends_the_session),
      SCENARIO(test_leaving_between_polls_does_not_matter),
      SCENARIO(test_leaving_in_the_middle_of_a_post_ends_the_session),
      SCENARIO(test_octet_streams_end_the_session),
      SCENARIO(test_an_octet_stream_pipelined_behind_its_poll_ends_both),
      SCENARIO(test_payloads_that_cannot_be_decoded_are_parse_errors),
      SCENARIO(test_packets_before_a_bad_one_are_delivered),
      SCENARIO(test_a_payload_that_is_not_utf8_is_a_parse_error),
      SCENARIO(test_a_ping_of_the_client_ends_the_session),
      SCENARIO(test_packets_that_mean_nothing_are_ignored),
      SCENARIO(test_a_close_packet_is_answered_by_a_noop),
      SCENARIO(test_a_close_packet_pipelined_behind_its_poll),
      SCENARIO_WITH(test_a_post_may_be_as_long_as_max_payload, small),
      SCENARIO_WITH(test_one_byte_more_is_refused_and_the_session_goes_on,
                    small),
      SCENARIO_WITH(test_too_many_packets_in_a_payload_end_the_session, small),
      SCENARIO(test_a_post_waits_for_its_continue),
      SCENARIO(test_other_methods_leave_the_session_alone),
      SCENARIO(test_a_body_of_many_pieces_is_one_payload),
      SCENARIO_WITH(test_nothing_is_done_behind_an_answer_that_closes, small),
      SCENARIO_WITH(test_polls_whose_answers_nobody_reads_are_bounded, narrow),
      SCENARIO_ONCE(
          test_what_was_not_sent_on_a_cut_connection_is_not_lost_silently,
          two_pipelined),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
