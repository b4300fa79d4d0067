/* SPDX-License-Identifier: MIT */
/* lib/eio/pieces.c: what is told when.  What becomes of requests meanwhile is
 * in test_respond.c and test_outside.c. */
#include "eio_world.h"

#include "eio/exchange.h"

/* A request that is kept, and pieces of its own. */
struct bench {
  struct world *w;
  struct sio_request *request; /* held once here, and once by the host */
  struct sio__pieces pieces;
  size_t bytes;
  int n_pieces, n_ends, n_drains;
  int error;         /* what the end was told */
  bool ends_at_once; /* a piece puts the end off */
  bool asks_again;   /* for another drain */
};

static struct sio__engine *engine_of(const struct bench *b)
{
  return &b->w->server->engine;
}

static void on_http(sio_request *request, void *user)
{
  struct bench *b = user;

  b->request = sio_request_retain(request);
}

static void on_piece(sio_request *request, sio_span piece, void *user)
{
  struct bench *b = user;

  assert_ptr_equal(request, b->request);
  b->n_pieces++;
  b->bytes += piece.len;
  if (b->ends_at_once)
    sio__pieces_finish_later(&b->pieces, engine_of(b), SIO_ERR_LIMIT);
}

static void on_end(sio_request *request, int error, void *user)
{
  struct bench *b = user;

  assert_ptr_equal(request, b->request);
  b->n_ends++;
  b->error = error;
}

static void on_drain(sio_request *request, void *user)
{
  struct bench *b = user;

  assert_ptr_equal(request, b->request);
  b->n_drains++;
  if (b->asks_again && b->n_drains == 1)
    b->pieces.on_drain = on_drain;
}

/* False: memory was refused. */
static bool start(struct bench *b, struct world *w)
{
  int p = peer_open(w);

  memset(b, 0, sizeof *b);
  b->w = w;
  sio_server_on_http(w->server, on_http, b);
  peer_text(w, p, "GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  if (b->request == NULL)
    return false;
  sio__pieces_init(&b->pieces, b->request);
  b->pieces.piece = on_piece;
  b->pieces.end = on_end;
  b->pieces.body_user = b;
  b->pieces.max = 5;
  b->pieces.on_drain = on_drain;
  b->pieces.drain_user = b;
  (void)sio_request_retain(b->request); /* until the end */
  return true;
}

static void finish(struct bench *b)
{
  uint32_t held = b->pieces.end != NULL ? 3 : 2;

  assert_int_equal(b->request->refs, held);
  sio__pieces_dispose(&b->pieces);
  if (held == 3)
    sio_request_release(b->request);
  (void)sio_respond_text(b->request, 200, "a/b", "");
  sio_request_release(b->request);
  eio_pump(b->w);
  b->w->peers[0].at = b->w->peers[0].len;
}

static bool take(struct bench *b, const char *text)
{
  return sio__pieces_take(&b->pieces, sio__text_span(text));
}

static void test_pieces_are_counted(struct world *w)
{
  struct bench b;

  if (!start(&b, w))
    return;
  assert_true(take(&b, "abc"));
  assert_true(take(&b, ""));
  assert_int_equal(b.n_pieces, 1); /* nothing is no piece */
  assert_false(take(&b, "def"));
  assert_int_equal(b.bytes, 3);
  assert_true(take(&b, "de"));
  assert_int_equal(b.bytes, 5);
  assert_false(take(&b, "f"));
  assert_int_equal(b.n_ends, 0); /* that is the caller's business */
  finish(&b);
}

static void test_the_end_is_told_once(struct world *w)
{
  struct bench b;

  if (!start(&b, w))
    return;
  sio__pieces_finish(&b.pieces, SIO_ERR_TIMEOUT);
  assert_int_equal(b.n_ends, 1);
  assert_int_equal(b.error, SIO_ERR_TIMEOUT);
  sio__pieces_finish(&b.pieces, 0);
  sio__pieces_finish_later(&b.pieces, engine_of(&b), 0);
  assert_true(take(&b, "too late"));
  assert_int_equal(b.n_ends, 1);
  assert_int_equal(b.n_pieces, 0);
  finish(&b);
}

static void test_the_end_may_be_put_off(struct world *w)
{
  struct bench b;

  if (!start(&b, w))
    return;
  sio__engine_enter(engine_of(&b));
  sio__pieces_finish_later(&b.pieces, engine_of(&b), SIO_ERR_TIMEOUT);
  sio__pieces_finish_later(&b.pieces, engine_of(&b), SIO_ERR_LIMIT);
  sio__pieces_finish(&b.pieces, 0);
  assert_true(take(&b, "too late"));
  assert_int_equal(b.n_ends, 0);
  sio__engine_leave(engine_of(&b));
  assert_int_equal(b.n_ends, 1);
  assert_int_equal(b.n_pieces, 0);
  assert_int_equal(b.error, SIO_ERR_TIMEOUT); /* the first reason */
  finish(&b);
}

static void test_a_piece_may_bring_the_end(struct world *w)
{
  struct bench b;

  if (!start(&b, w))
    return;
  b.ends_at_once = true;
  sio__engine_enter(engine_of(&b));
  assert_true(take(&b, "a"));
  assert_true(take(&b, "b"));
  sio__engine_leave(engine_of(&b));
  assert_int_equal(b.n_pieces, 1);
  assert_int_equal(b.n_ends, 1);
  assert_int_equal(b.error, SIO_ERR_LIMIT);
  finish(&b);
}

static void test_a_drain_is_told_once_for_each_wish(struct world *w)
{
  struct bench b;

  if (!start(&b, w))
    return;
  b.asks_again = true;
  sio__engine_enter(engine_of(&b));
  sio__pieces_drain_later(&b.pieces, engine_of(&b));
  sio__pieces_drain_later(&b.pieces, engine_of(&b));
  assert_int_equal(b.n_drains, 0);
  sio__engine_leave(engine_of(&b));
  assert_int_equal(b.n_drains, 1);
  for (int i = 0; i < 2; i++) {
    sio__engine_enter(engine_of(&b));
    sio__pieces_drain_later(&b.pieces, engine_of(&b));
    sio__engine_leave(engine_of(&b));
    assert_int_equal(b.n_drains, 2); /* it has asked once more */
  }
  finish(&b);
}

static void test_disposing_takes_back_what_was_put_off(struct world *w)
{
  struct bench b;

  if (!start(&b, w))
    return;
  sio__engine_enter(engine_of(&b));
  sio__pieces_finish_later(&b.pieces, engine_of(&b), 0);
  sio__pieces_drain_later(&b.pieces, engine_of(&b));
  sio__pieces_dispose(&b.pieces);
  sio__engine_leave(engine_of(&b));
  assert_int_equal(b.n_ends, 0);
  assert_int_equal(b.n_drains, 0);
  finish(&b);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      SCENARIO(test_pieces_are_counted),
      SCENARIO(test_the_end_is_told_once),
      SCENARIO(test_the_end_may_be_put_off),
      SCENARIO(test_a_piece_may_bring_the_end),
      SCENARIO(test_a_drain_is_told_once_for_each_wish),
      SCENARIO(test_disposing_takes_back_what_was_put_off),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
