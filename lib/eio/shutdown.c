/* SPDX-License-Identifier: MIT */
/* The end of everything that an engine serves. */
#include "eio/shutdown.h"

#include "eio/connection.h"
#include "eio/session.h"
#include "http/fields.h"

#include <stdio.h>

static void close_sessions(struct sio__engine *engine)
{
  static const sio_end end = {SIO_REASON_FORCED_CLOSE, SIO_CAUSE_SERVER_CLOSED,
                              NULL, 0, 0};
  struct sio__map_node *node;

  while ((node = sio__map_any(&engine->sessions)) != NULL)
    sio__session_close(SIO__CONTAINER(node, struct sio_session, node), &end,
                       true);
}

/* ---- Before the end ---- */

void sio__shutdown_announce(struct sio__engine *engine, uint32_t retry_after_s)
{
  uint8_t seed[sizeof engine->jitter];

  if (engine->ids.random(engine->ids.user, seed, sizeof seed) == 0)
    memcpy(&engine->jitter, seed, sizeof seed);
  engine->jitter |= 1; /* 0 would stay 0 */
  engine->retry_after_s = retry_after_s;
}

uint64_t sio__shutdown_pick(struct sio__engine *engine, uint64_t n)
{
  uint64_t x = engine->jitter; /* xorshift64* (Vigna, 2016) */

  x ^= x >> 12;
  x ^= x << 25;
  x ^= x >> 27;
  engine->jitter = x;
  return (x * UINT64_C(2685821657736338717) >> 32) % n;
}

void sio__shutdown_advise(struct sio__engine *engine,
                          struct sio_headers *fields)
{
  uint32_t least = engine->retry_after_s;
  uint64_t seconds = least + sio__shutdown_pick(engine, (uint64_t)least + 1);
  char text[24];
  int len = snprintf(text, sizeof text, "%llu", (unsigned long long)seconds);
  sio_str value = {text, (size_t)len};

  sio__fields_add(fields, sio_s("Retry-After"), value);
}

/* ---- The end ---- */

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
  engine->retry_after_s = 0;
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
