/* SPDX-License-Identifier: MIT */
/* Bodies and answers in pieces: telling the host. */
#include "eio/pieces.h"

enum { PAUSE_MS = 1 };

static void on_turn(struct sio__timer *timer)
{
  struct sio__pieces *pieces = SIO__CONTAINER(timer, struct sio__pieces, turn);

  sio__pieces_drain_later(pieces, pieces->engine);
}

void sio__pieces_init(struct sio__pieces *pieces, struct sio_request *request)
{
  memset(pieces, 0, sizeof *pieces);
  pieces->request = request;
  sio__list_init(&pieces->finish.link);
  sio__list_init(&pieces->drain.link);
  sio__timer_init(&pieces->turn, on_turn);
}

void sio__pieces_dispose(struct sio__pieces *pieces)
{
  sio__list_remove(&pieces->finish.link);
  sio__list_remove(&pieces->drain.link);
  sio__timer_stop(&pieces->turn);
}

/* Whether the host still waits for the body or its end. */
static bool is_reading(const struct sio__pieces *pieces)
{
  return pieces->end != NULL && sio__list_is_empty(&pieces->finish.link);
}

bool sio__pieces_take(struct sio__pieces *pieces, sio_span piece)
{
  struct sio_request *request = pieces->request;

  if (!is_reading(pieces) || piece.len == 0)
    return true;
  if (piece.len > pieces->max - pieces->taken)
    return false;
  pieces->taken += piece.len;
  /* The end may be told meanwhile, and the request given up with it. */
  (void)sio_request_retain(request);
  pieces->piece(request, piece, pieces->body_user);
  sio_request_release(request);
  return true;
}

void sio__pieces_finish(struct sio__pieces *pieces, int error)
{
  sio_body_end_fn end = pieces->end;

  if (!is_reading(pieces))
    return; /* the first reason counts */
  pieces->end = NULL;
  end(pieces->request, error, pieces->body_user);
  sio_request_release(pieces->request);
}

static void finish(struct sio__deferred *deferred)
{
  struct sio__pieces *pieces =
      SIO__CONTAINER(deferred, struct sio__pieces, finish);

  sio__pieces_finish(pieces, pieces->error);
}

void sio__pieces_finish_later(struct sio__pieces *pieces,
                              struct sio__engine *engine, int error)
{
  if (!is_reading(pieces))
    return; /* likewise */
  pieces->error = error;
  sio__engine_defer(engine, &pieces->finish, finish);
}

static void drain(struct sio__deferred *deferred)
{
  struct sio__pieces *pieces =
      SIO__CONTAINER(deferred, struct sio__pieces, drain);
  struct sio_request *request = pieces->request;
  sio_http_fn fn = pieces->on_drain;

  pieces->on_drain = NULL;
  (void)sio_request_retain(request); /* the answer may end */
  fn(request, pieces->drain_user);
  sio_request_release(request);
}

void sio__pieces_drain_later(struct sio__pieces *pieces,
                             struct sio__engine *engine)
{
  sio__timer_stop(&pieces->turn);
  if (pieces->on_drain != NULL && sio__list_is_empty(&pieces->drain.link))
    sio__engine_defer(engine, &pieces->drain, drain);
}

void sio__pieces_drain_next(struct sio__pieces *pieces,
                            struct sio__engine *engine)
{
  pieces->engine = engine;
  sio__timer_start(&engine->clock, &pieces->turn, PAUSE_MS);
}

void sio__pieces_drain_never(struct sio__pieces *pieces)
{
  pieces->on_drain = NULL;
  sio__list_remove(&pieces->drain.link);
  sio__timer_stop(&pieces->turn);
}
