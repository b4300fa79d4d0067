/* SPDX-License-Identifier: MIT */
/* lib/eio/respond.c: answers in pieces. */
#include "respond_world.h"

static void test_an_answer_of_unknown_length_is_chunked(struct world *w)
{
  static const sio_header type = {"Content-Type", "text/plain"};
  struct host host;
  int p = peer_open(w);

  start_host(w, &host);
  peer_text(w, p, GET);
  if (host.n_kept == 1) {
    int rv = sio_respond_begin(host.kept[0], 200, &type, 1, SIO_NEVER);

    expect_result(&host, rv, 0);
    host.streams[0] = rv == 0;
    eio_pump(w);
  }
  expect_text(w, p,
              "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n"
              "Transfer-Encoding: chunked\r\n\r\n");
  write_text(&host, 0, "abc", 0);
  write_text(&host, 0, "", 0); /* not the end */
  write_text(&host, 0, "0123456789abcdefghij", 0);
  expect_text(w, p, "3\r\nabc\r\n14\r\n0123456789abcdefghij\r\n");
  end_stream(&host, 0);
  expect_text(w, p, "0\r\n\r\n");
  expect_open(w, p);
  end_host(&host);
}

static void test_sizes_of_chunks_are_hexadecimal(struct world *w)
{
  static const size_t sizes[] = {1, 15, 16, 255, 256, 4096, 65537};
  static const char *const texts[] = {"1",   "f",    "10",   "ff",
                                      "100", "1000", "10001"};
  static uint8_t block[65537];
  struct host host;
  int p = peer_open(w);

  memset(block, 'x', sizeof block);
  start_host(w, &host);
  peer_text(w, p, GET);
  begin(&host, 0, 200, SIO_NEVER);
  expect_text(w, p, CHUNKED);
  for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
    sio_span piece = {block, sizes[i]};

    if (host.streams[0])
      expect_result(&host, sio_respond_write(host.kept[0], piece), 0);
    eio_pump(w);
    expect_start(w, p, texts[i]);
    expect_start(w, p, "\r\n");
    expect_start_bytes(w, p, block, sizes[i]);
    expect_text(w, p, "\r\n");
  }
  end_stream(&host, 0);
  expect_text(w, p, "0\r\n\r\n");
  end_host(&host);
}

static void test_an_answer_of_known_length_has_its_length(struct world *w)
{
  struct host host;
  int p = peer_open(w);

  start_host(w, &host);
  peer_text(w, p, GET);
  begin(&host, 0, 201, 5);
  write_text(&host, 0, "abc", 0);
  write_text(&host, 0, "def", SIO_ERR_RANGE);
  write_text(&host, 0, "de", 0);
  write_text(&host, 0, "f", SIO_ERR_RANGE);
  end_stream(&host, 0);
  expect_text(w, p, "HTTP/1.1 201 Created\r\nContent-Length: 5\r\n\r\nabcde");
  expect_open(w, p);
  end_host(&host);
}

static void test_an_answer_that_is_too_short_closes(struct world *w)
{
  struct host host;
  int p = peer_open(w);

  start_host(w, &host);
  peer_text(w, p, GET);
  begin(&host, 0, 200, 5);
  write_text(&host, 0, "abc", 0);
  end_stream(&host, 0);
  expect_text(w, p, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nabc");
  expect_ended(w, p);
  end_host(&host);
}

static void test_an_old_client_gets_the_end_of_the_connection(struct world *w)
{
  struct host host;
  int p = peer_open(w);

  start_host(w, &host);
  peer_text(w, p, "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  begin(&host, 0, 200, SIO_NEVER);
  write_text(&host, 0, "abc", 0);
  expect_text(w, p, "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nabc");
  expect_open(w, p);
  end_stream(&host, 0);
  expect_nothing(w, p);
  expect_ended(w, p);
  end_host(&host);
}

static void test_answers_without_bodies_leave_them_out(struct world *w)
{
  struct host host;
  int p = peer_open(w);

  start_host(w, &host);
  peer_text(w, p,
            "HEAD /1 HTTP/1.1\r\nHost: h\r\n\r\n"
            "HEAD /2 HTTP/1.1\r\nHost: h\r\n\r\n" GET GET);
  begin(&host, 0, 200, SIO_NEVER);
  begin(&host, 1, 200, 7);
  begin(&host, 2, 204, SIO_NEVER);
  begin(&host, 3, 304, 3);
  for (int i = 0; i < 4; i++) {
    write_text(&host, i, "abc", 0);
    end_stream(&host, i);
  }
  expect_text(w, p,
              CHUNKED "HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n"
                      "HTTP/1.1 204 No Content\r\n\r\n"
                      "HTTP/1.1 304 Not Modified\r\n\r\n");
  expect_open(w, p);
  end_host(&host);
}

static void test_pieces_wait_for_their_turn(struct world *w)
{
  struct host host;
  int p = peer_open(w);

  start_host(w, &host);
  peer_text(w, p, GET GET GET);
  begin(&host, 1, 200, SIO_NEVER);
  write_text(&host, 1, "ab", 0);
  begin(&host, 2, 200, 1);
  write_text(&host, 2, "z", 0);
  end_stream(&host, 2);
  expect_nothing(w, p);
  begin(&host, 0, 200, 3);
  expect_text(w, p, "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n");
  write_text(&host, 0, "xyz", 0);
  expect_text(w, p, "xyz");
  end_stream(&host, 0);
  expect_text(w, p, CHUNKED "2\r\nab\r\n");
  write_text(&host, 1, "c", 0);
  expect_text(w, p, "1\r\nc\r\n");
  end_stream(&host, 1);
  expect_text(w, p, "0\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nz");
  expect_open(w, p);
  end_host(&host);
}

static void test_an_answer_begins_and_ends_once(struct world *w)
{
  struct host host;
  int p = peer_open(w);

  start_host(w, &host);
  peer_text(w, p, GET);
  if (host.n_kept == 1) {
    sio_request *r = host.kept[0];

    assert_int_equal(sio_respond_write(r, none), SIO_ERR_STATE);
    assert_int_equal(sio_respond_on_drain(r, on_http, NULL), SIO_ERR_STATE);
    assert_int_equal(sio_respond_end(r), SIO_ERR_STATE);
    assert_int_equal(sio_respond_begin(r, 600, NULL, 0, 0), SIO_ERR_INVALID);
    begin(&host, 0, 200, 0);
    if (host.streams[0]) {
      assert_int_equal(sio_respond_begin(r, 200, NULL, 0, 0), SIO_ERR_STATE);
      assert_int_equal(sio_respond(r, 200, NULL, 0, none), SIO_ERR_STATE);
    }
    end_stream(&host, 0);
    assert_int_equal(sio_respond_end(r), SIO_ERR_STATE);
    assert_int_equal(sio_respond_write(r, none), SIO_ERR_STATE);
    assert_int_equal(sio_respond_on_drain(r, on_http, NULL), SIO_ERR_STATE);
  }
  expect_text(w, p, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
  end_host(&host);
}

static void test_a_request_is_kept_until_its_answer_ends(struct world *w)
{
  struct host host;
  int p = peer_open(w);

  start_host(w, &host);
  peer_text(w, p, GET);
  begin(&host, 0, 200, SIO_NEVER);
  if (host.streams[0])
    sio_request_release(host.kept[0]); /* what `begin` holds is enough */
  write_text(&host, 0, "a", 0);
  if (host.streams[0]) {
    expect_result(&host, sio_respond_end(host.kept[0]), 0);
    host.streams[0] = false;
    host.kept[0] = NULL;
    eio_pump(w);
  }
  expect_text(w, p, CHUNKED "1\r\na\r\n0\r\n\r\n");
  end_host(&host);
}

/* ---- How fast ---- */

static void narrow(sio_server_options *options)
{
  options->max_output_bytes = 1024;
}

static void test_the_reader_sets_the_pace(struct world *w)
{
  static char text[1001];
  struct host host;
  int p = peer_open(w);

  memset(text, 'x', sizeof text - 1);
  start_host(w, &host);
  peer_text(w, p, GET);
  peer_stall(w, p, true);
  begin(&host, 0, 200, 5000);
  write_text(&host, 0, text, SIO_ERR_LIMIT); /* the head waits */
  text[900] = '\0';
  write_text(&host, 0, text, 0);
  write_text(&host, 0, text, SIO_ERR_LIMIT);
  ask_drain(&host, on_drain);
  peer_sip(w, p, 200);
  assert_true(host.drained == 0 || eio_is_off(w));
  peer_stall(w, p, false);
  if (!eio_is_off(w))
    assert_int_equal(host.drained, 1);
  expect_result(&host, host.rv, 0);
  expect_open(w, p);
  end_stream(&host, 0);
  expect_start(w, p, "HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n");
  expect_start(w, p, text);
  expect_text(w, p, "more");
  expect_ended(w, p); /* too short */
  end_host(&host);
}

static void test_a_piece_may_be_long_if_nothing_waits(struct world *w)
{
  static char text[3001];
  struct host host;
  int p = peer_open(w);

  memset(text, 'x', sizeof text - 1);
  start_host(w, &host);
  peer_text(w, p, GET);
  begin(&host, 0, 200, 3000);
  expect_start(w, p, "HTTP/1.1 200 OK\r\nContent-Length: 3000\r\n\r\n");
  write_text(&host, 0, text, 0);
  expect_text(w, p, "%s", text);
  end_stream(&host, 0);
  expect_open(w, p);
  end_host(&host);
}

static void test_what_waits_for_its_turn_is_bounded(struct world *w)
{
  static char text[601];
  struct host host;
  int p = peer_open(w);

  memset(text, 'x', sizeof text - 1);
  start_host(w, &host);
  peer_text(w, p, GET GET GET);
  begin(&host, 1, 200, 600);
  begin(&host, 2, 200, 600);
  write_text(&host, 1, text, 0);
  write_text(&host, 2, text, SIO_ERR_LIMIT); /* both are held */
  begin(&host, 0, 200, 600);
  write_text(&host, 0, text, 0); /* it is its turn: those do not matter */
  end_stream(&host, 0);
  end_stream(&host, 1);
  write_text(&host, 2, text, 0);
  end_stream(&host, 2);
  for (int i = 0; i < 3; i++) {
    expect_start(w, p, "HTTP/1.1 200 OK\r\nContent-Length: 600\r\n\r\n");
    expect_start(w, p, text);
  }
  expect_nothing(w, p);
  end_host(&host);
}

static void test_no_answer_begins_behind_too_much(struct world *w)
{
  static char text[2001];
  struct host host;
  int p = peer_open(w);

  memset(text, 'x', sizeof text - 1);
  start_host(w, &host);
  peer_text(w, p, GET GET);
  peer_stall(w, p, true);
  if (host.n_kept == 2) {
    (void)sio_respond_text(host.kept[0], 200, "a/b", text);
    expect_result(&host, sio_respond_begin(host.kept[1], 200, NULL, 0, 0),
                  SIO_ERR_DISCONNECTED);
    eio_pump(w);
  }
  expect_nothing(w, p);
  expect_ended(w, p);
  expect_cause(w, SIO_CAUSE_OUTPUT_SIZE, 1);
  end_host(&host);
}

/* ---- Who leaves ---- */

static void test_the_client_may_leave_in_the_middle(struct world *w)
{
  struct host host;
  int p = peer_open(w);

  start_host(w, &host);
  peer_text(w, p, GET);
  begin(&host, 0, 200, SIO_NEVER);
  peer_stall(w, p, true);
  write_text(&host, 0, "lost", 0);
  ask_drain(&host, on_drain);
  expect_text(w, p, CHUNKED);
  peer_close(w, p, 0);
  if (host.streams[0] && !eio_is_off(w)) {
    assert_int_equal(host.drained, 1);
    assert_int_equal(host.rv, SIO_ERR_DISCONNECTED);
    assert_int_equal(sio_respond_write(host.kept[0], none),
                     SIO_ERR_DISCONNECTED);
    assert_int_equal(sio_respond_on_drain(host.kept[0], on_drain, &host),
                     SIO_ERR_DISCONNECTED);
    assert_null(sio_request_server(host.kept[0]));
  }
  end_stream(&host, 0);
  assert_in_range(host.drained, 0, 1);
  end_host(&host);
}

static void test_an_answer_may_end_when_the_client_has_left(struct world *w)
{
  struct host host;
  int p = peer_open(w);

  start_host(w, &host);
  peer_text(w, p, GET);
  peer_stall(w, p, true);
  begin(&host, 0, 200, SIO_NEVER);
  ask_drain(&host, on_drain_end);
  peer_close(w, p, 0);
  assert_false(host.streams[0]);
  expect_result(&host, host.rv, 0);
  end_host(&host);
}

static void test_a_broken_request_ends_answers_that_have_begun(struct world *w)
{
  struct host host;
  int p = peer_open(w);

  start_host(w, &host);
  peer_text(w, p, GET);
  begin(&host, 0, 200, SIO_NEVER);
  peer_text(w, p, "BREW / HTTP/1.1\r\n\r\n");
  write_text(&host, 0, "x", 0); /* that one comes behind */
  expect_text(w, p, CHUNKED "1\r\nx\r\n");
  end_stream(&host, 0);
  expect_text(w, p,
              "0\r\n\r\nHTTP/1.1 400 Bad Request\r\n"
              "Content-Length: 0\r\nConnection: close\r\n\r\n");
  expect_ended(w, p);
  end_host(&host);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      SCENARIO(test_an_answer_of_unknown_length_is_chunked),
      SCENARIO(test_sizes_of_chunks_are_hexadecimal),
      SCENARIO(test_an_answer_of_known_length_has_its_length),
      SCENARIO(test_an_answer_that_is_too_short_closes),
      SCENARIO(test_an_old_client_gets_the_end_of_the_connection),
      SCENARIO(test_answers_without_bodies_leave_them_out),
      SCENARIO(test_pieces_wait_for_their_turn),
      SCENARIO(test_an_answer_begins_and_ends_once),
      SCENARIO(test_a_request_is_kept_until_its_answer_ends),
      SCENARIO_WITH(test_the_reader_sets_the_pace, narrow),
      SCENARIO_WITH(test_a_piece_may_be_long_if_nothing_waits, narrow),
      SCENARIO_WITH(test_what_waits_for_its_turn_is_bounded, narrow),
      SCENARIO_WITH(test_no_answer_begins_behind_too_much, narrow),
      SCENARIO(test_the_client_may_leave_in_the_middle),
      SCENARIO(test_an_answer_may_end_when_the_client_has_left),
      SCENARIO(test_a_broken_request_ends_answers_that_have_begun),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
