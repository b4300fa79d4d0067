/* SPDX-License-Identifier: MIT */
/* How much of a session waits to be sent. */
#include "eio/pressure.h"

#include "eio/connection.h"

enum {
  /* Of max_output_bytes a part is kept for heartbeats, for control packets of
   * the floor above, and for what ends a session. */
  KEPT_PART = 8,
  LEAST_KEPT = 512,
  MOST_KEPT = 16384,
  EXPANSION = 1024, /* deflate adds less than a byte to as many */
  FRAME_BYTES = SIO__WS_SERVER_HEADER_MAX
};

/* ---- Websockets ---- */

static uint32_t frames_of(const struct sio_conn *conn)
{
  const struct sio__frames *frames = &conn->frames;

  if (conn->out.bytes == 0)
    return 0;
  return conn->sent >= frames->mark ? frames->second
                                    : frames->first + frames->second;
}

bool sio__pressure_frame(struct sio_conn *conn)
{
  const sio_server_options *options = conn->engine->options;
  struct sio__frames *frames = &conn->frames;
  uint32_t n;

  if (options->max_output_packets == 0)
    return true;
  n = frames_of(conn);
  if (n >= options->max_output_packets &&
      options->output_policy == SIO_OUTPUT_CUT) {
    conn->seen = (uint64_t)n + 1;
    sio__conn_abort(conn, SIO_CAUSE_OUTPUT_PACKETS);
    return false;
  }
  if (conn->out.bytes == 0 || conn->sent >= frames->mark) {
    frames->first = n;
    frames->second = 0;
    frames->mark = conn->sent + conn->out.bytes;
  }
  frames->second++;
  return true;
}

/* ---- Sessions ---- */

uint32_t sio__pressure_packets(const struct sio_session *session)
{
  if (session->engine->options->max_output_packets == 0)
    return 0;
  return session->ws != NULL ? frames_of(session->ws) : session->queue.count;
}

/* As it counts towards max_output_bytes. */
static uint64_t output_of(const struct sio_session *session)
{
  const struct sio_conn *conn = session->ws;
  uint64_t bytes = conn != NULL ? conn->out.bytes : session->queue.bytes;
  uint32_t pieces = conn != NULL ? conn->out.count : session->queue.pieces;

  return bytes + (uint64_t)pieces * SIO__CHUNK_SMALLEST;
}

static uint64_t kept_of(uint64_t max)
{
  uint64_t kept = max / KEPT_PART;

  if (kept < LEAST_KEPT)
    return LEAST_KEPT;
  return kept < MOST_KEPT ? kept : MOST_KEPT;
}

bool sio__pressure_has_room(const struct sio_session *session, uint64_t bytes,
                            size_t n)
{
  const sio_server_options *options = session->engine->options;
  uint64_t max = options->max_output_bytes;
  uint64_t packets = options->max_output_packets, more = bytes;

  if (packets > 0 && sio__pressure_packets(session) + (uint64_t)n > packets)
    return false;
  more += (uint64_t)n * (FRAME_BYTES + SIO__CHUNK_SMALLEST);
  more += bytes / EXPANSION + kept_of(max);
  if (session->base64 && session->ws != NULL)
    more += bytes / 2; /* a third, and what it is rounded up to */
  return more <= max && output_of(session) <= max - more;
}

bool sio__pressure_has_room_still(const struct sio_session *session,
                                  uint64_t bytes, size_t n)
{
  const struct sio__engine *engine = session->engine;

  return engine->options->output_policy == SIO_OUTPUT_CUT ||
         engine->hooks.sessions.packet_out == NULL ||
         sio__pressure_has_room(session, bytes, n);
}

void sio__pressure_await(struct sio_session *session)
{
  if (sio__session_pending(session) == 0)
    return;
  session->awaited = true;
  if (session->ws != NULL)
    session->ws->watched = true;
}

/* Whether so little waits that more is welcome. */
static bool is_low(const struct sio_session *session)
{
  const sio_server_options *options = session->engine->options;
  uint64_t bytes = sio__session_pending(session);

  return bytes == 0 ||
         (bytes < options->high_water_bytes / 2 &&
          sio__pressure_packets(session) <= options->max_output_packets / 2);
}

void sio__pressure_sent(struct sio_session *session)
{
  struct sio__engine *engine = session->engine;

  if (!session->awaited || !sio__session_is_open(session) || !is_low(session))
    return;
  session->awaited = false;
  if (session->ws != NULL)
    session->ws->watched = session->receipts != NULL;
  engine->events->drained(session, engine->events_user);
}
