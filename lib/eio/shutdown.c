/* SPDX-License-Identifier: MIT */
/* The end of everything that an engine serves. */
#include "eio/shutdown.h"

#include "eio/connection.h"
#include "eio/session.h"

static void close_sessions(struct sio__engine *engine)
{
  static const sio_end end = {SIO_REASON_FORCED_CLOSE, SIO_CAUSE_SERVER_CLOSED,
                              NULL, 0, 0};
  struct sio__map_node *node;

  while ((node = sio__map_any(&engine->sessions)) != NULL)
    sio__session_close(SIO__CONTAINER(node, struct sio_session, node), &end,
                       true);
}

void sio__shutdown_begin(struct sio__engine *engine)
{
  struct sio__list *link, *next;

  sio__engine_enter(engine);
  engine->closing = true;
  close_sessions(engine);
  for (link = engine->conns.next; link != &engine->conns; link = next) {
    struct sio_conn *conn = SIO__CONTAINER(link, struct sio_conn, link);

    next = link->next;
    if (conn->http != NULL)
      sio__conn_end(conn, SIO_CAUSE_SERVER_CLOSED, false);
  }
  sio__engine_leave(engine);
}

void sio__shutdown_over(struct sio__engine *engine)
{
  engine->closing = false;
}

void sio__shutdown_now(struct sio__engine *engine)
{
  sio__engine_enter(engine);
  engine->closing = true;
  close_sessions(engine);
  while (!sio__list_is_empty(&engine->conns))
    sio_conn_closed(SIO__CONTAINER(engine->conns.next, struct sio_conn, link),
                    0);
  sio__engine_leave(engine);
}
