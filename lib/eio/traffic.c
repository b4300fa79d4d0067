/* SPDX-License-Identifier: MIT */
/* What goes in and out of a session. */
#include "eio/traffic.h"

#include "base/base64.h"
#include "base/cold.h"
#include "eio/pressure.h"

enum { TYPES = 7 };

static bool is_type(uint8_t byte)
{
  return byte >= '0' && byte < '0' + TYPES;
}

/* ---- Out ---- */

static SIO__COLD void show_out(struct sio_session *session,
                               const uint8_t *packet, size_t len,
                               unsigned flags)
{
  const struct sio__hooks *hooks = &session->engine->hooks;
  sio_packet_type type = SIO_PACKET_MESSAGE;
  sio_message message = {{packet, len}, (flags & SIO_SEND_BINARY) != 0};

  if (!session->shown)
    return;
  if ((flags & (SIO_SEND_BINARY | SIO__SEND_BARE)) == 0) {
    type = (sio_packet_type)(packet[0] - '0');
    message.data.data++;
    message.data.len--;
  }
  hooks->sessions.packet_out(session, type, &message, hooks->sessions_user);
}

void sio__session_note_out(struct sio_session *session, const void *packet,
                           size_t len, unsigned flags)
{
  struct sio__engine *engine = session->engine;

  engine->metrics.packets_out++;
  if ((flags & (SIO_SEND_BINARY | SIO__SEND_BARE)) != 0 ||
      *(const char *)packet == '4')
    engine->metrics.messages_out++;
  if (engine->hooks.sessions.packet_out != NULL)
    show_out(session, packet, len, flags);
}

bool sio__session_will_send(struct sio_session *session, const void *packet,
                            size_t len, unsigned flags)
{
  if (!sio__session_is_open(session))
    return false;
  session->undrained = true;
  sio__session_note_out(session, packet, len, flags);
  return sio__session_is_open(session);
}

bool sio__session_send(struct sio_session *session, const void *packet,
                       size_t len, unsigned flags)
{
  return sio__session_will_send(session, packet, len, flags) &&
         session->transport->send(session, packet, len, flags);
}

struct sio__shared sio__shared_new(struct sio__engine *engine,
                                   const void *packet, size_t len,
                                   unsigned flags)
{
  size_t header = sio__ws_header_size(len);
  struct sio__shared shared = {.engine = engine, .flags = flags};

  if (len <= UINT32_MAX / 4)
    shared.chunk = sio__chunk_new(&engine->chunks, SIO__SHARED_HEADROOM + len);
  if (shared.chunk == NULL)
    return shared;
  shared.frame_off = (uint32_t)(SIO__SHARED_HEADROOM - header);
  (void)sio__ws_header_write(
      shared.chunk->data + shared.frame_off,
      (flags & SIO_SEND_BINARY) != 0 ? WS_OP_BINARY : WS_OP_TEXT, len);
  if (len > 0)
    memcpy(shared.chunk->data + SIO__SHARED_HEADROOM, packet, len);
  shared.chunk->len = (uint32_t)(SIO__SHARED_HEADROOM + len);
  return shared;
}

void sio__shared_release(struct sio__shared *shared)
{
  if (shared->chunk == NULL)
    return;
  sio__chunk_unref(shared->chunk);
  shared->chunk = NULL;
  if (shared->engine->codec == NULL)
    return;
  for (size_t bits = 0; bits < SIO__WINDOWS; bits++)
    if (shared->frames[bits] != NULL)
      sio__chunk_unref(shared->frames[bits]);
}

bool sio__session_will_send_shared(struct sio_session *session,
                                   const struct sio__shared *shared)
{
  sio_span packet = sio__shared_packet(shared);

  return sio__session_will_send(session, packet.data, packet.len,
                                shared->flags);
}

/* With somebody who wants to see them: all, before the first one leaves. */
static SIO__COLD int show_and_send(struct sio_session *session,
                                   struct sio__shared *parts, size_t n)
{
  uint64_t bytes = 0;
  bool sent = true;

  for (size_t i = 0; i < n; i++) {
    if (!sio__session_will_send_shared(session, &parts[i]))
      return SIO_ERR_DISCONNECTED;
    bytes += sio__shared_packet(&parts[i]).len;
  }
  if (!sio__pressure_has_room_still(session, bytes, n))
    return SIO_ERR_LIMIT;
  for (size_t i = 0; i < n && sent; i++)
    sent = session->transport->send_shared(session, &parts[i]);
  return sent ? 0 : SIO_ERR_DISCONNECTED;
}

bool sio__session_send_shared(struct sio_session *session,
                              struct sio__shared *shared)
{
  struct sio__engine *engine = session->engine;

  if (engine->hooks.sessions.packet_out != NULL)
    return show_and_send(session, shared, 1) == 0;
  if (!sio__session_is_open(session))
    return false;
  session->undrained = true;
  engine->metrics.packets_out++;
  engine->metrics.messages_out++;
  return session->transport->send_shared(session, shared);
}

int sio__session_send_parts(struct sio_session *session,
                            struct sio__shared *parts, size_t n)
{
  bool sent = true;

  if (session->engine->hooks.sessions.packet_out != NULL)
    return show_and_send(session, parts, n);
  for (size_t i = 0; i < n && sent; i++)
    sent = sio__session_send_shared(session, &parts[i]);
  return sent ? 0 : SIO_ERR_DISCONNECTED;
}

/* ---- In ---- */

/* A packet has arrived: false if the host has closed the session over it. */
static bool show_in(struct sio_session *session, sio_packet_type type,
                    const void *data, size_t len, bool binary)
{
  struct sio__engine *engine = session->engine;
  const struct sio__hooks *hooks = &engine->hooks;

  engine->metrics.packets_in++;
  if (hooks->sessions.packet_in != NULL) {
    const sio_message message = {{data, len}, binary};

    hooks->sessions.packet_in(session, type, &message, hooks->sessions_user);
  }
  return sio__session_is_open(session);
}

/* Likewise a message. */
static bool show_message(struct sio_session *session, const void *data,
                         size_t len, bool binary)
{
  const struct sio__hooks *hooks = &session->engine->hooks;

  session->engine->metrics.messages_in++;
  if (hooks->sessions.message != NULL) {
    const sio_message message = {{data, len}, binary};

    hooks->sessions.message(session, &message, hooks->sessions_user);
  }
  return sio__session_is_open(session);
}

static bool bad_packet(struct sio_session *session)
{
  static const sio_end end = {SIO_REASON_PARSE_ERROR, SIO_CAUSE_ENGINE_PACKET,
                              NULL, 0, 0};

  sio__session_fail(session, &end, "1");
  return false;
}

/* A heartbeat that only the other side sends. */
static void wrong_way(struct sio_session *session)
{
  static const sio_end end = {SIO_REASON_TRANSPORT_ERROR, SIO_CAUSE_HEARTBEAT,
                              NULL, 0, 0};

  sio__session_fail(session, &end, "1");
}

/* In protocol 4 the server pings, in protocol 3 the client. */
static void on_ping(struct sio_session *session)
{
  if (session->protocol != 3) {
    wrong_way(session);
    return;
  }
  sio__session_beat(session);
  (void)sio__session_send(session, "3", 1, 0); /* or it fails by itself */
}

static void on_pong(struct sio_session *session)
{
  if (session->protocol == 3)
    wrong_way(session);
  else
    sio__session_beat(session);
}

/* A packet but for messages; its data does not matter. */
static void on_control(struct sio_session *session, char type)
{
  static const sio_end goodbye = {SIO_REASON_TRANSPORT_CLOSE,
                                  SIO_CAUSE_CLOSE_PACKET, NULL, 0, 0};

  if (type == '1')
    sio__session_fail(session, &goodbye, "6");
  else if (type == '2')
    on_ping(session);
  else if (type == '3')
    on_pong(session);
}

static bool on_bytes(struct sio_session *session, char type,
                     const uint8_t *data, size_t len)
{
  struct sio__engine *engine = session->engine;

  if (!show_in(session, (sio_packet_type)(type - '0'), data, len, true))
    return false;
  if (type != '4')
    on_control(session, type);
  else if (show_message(session, data, len, true))
    engine->events->binary(session, data, len, engine->events_user);
  return sio__session_is_open(session);
}

/* What follows "b": in protocol 3 the type, and base64. */
static bool on_base64(struct sio_session *session, char *text, size_t len)
{
  char type = '4';
  size_t size;

  if (session->protocol == 3) {
    if (len == 0 || !is_type((uint8_t)*text))
      return bad_packet(session);
    type = *text++;
    len--;
  }
  if (!sio__base64_decode(text, len, (uint8_t *)text, &size))
    return bad_packet(session);
  return on_bytes(session, type, (const uint8_t *)text, size);
}

bool sio__session_text(struct sio_session *session, char *packet, size_t len)
{
  struct sio__engine *engine = session->engine;

  if (!sio__session_is_open(session))
    return false;
  if (len > 0 && *packet == 'b')
    return on_base64(session, packet + 1, len - 1);
  if (len == 0 || !is_type((uint8_t)*packet))
    return bad_packet(session);
  if (!show_in(session, (sio_packet_type)(*packet - '0'), packet + 1, len - 1,
               false))
    return false;
  if (*packet != '4')
    on_control(session, *packet);
  else if (show_message(session, packet + 1, len - 1, false))
    engine->events->text(session, packet + 1, len - 1, engine->events_user);
  return sio__session_is_open(session);
}

bool sio__session_binary(struct sio_session *session, const uint8_t *data,
                         size_t len)
{
  return sio__session_is_open(session) && on_bytes(session, '4', data, len);
}

bool sio__session_typed(struct sio_session *session, uint8_t *packet,
                        size_t len)
{
  if (!sio__session_is_open(session))
    return false;
  if (len == 0 || *packet >= TYPES)
    return true;
  return on_bytes(session, (char)('0' + *packet), packet + 1, len - 1);
}
