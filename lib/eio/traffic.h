/* SPDX-License-Identifier: MIT */
#ifndef SIO_EIO_TRAFFIC_H
#define SIO_EIO_TRAFFIC_H

/* What goes in and out of a session: packets, counted and shown to the host.
 */

#include "eio/session.h"

/* ---- Out ---- */

/* Send a message.  `packet` begins with its type ('4'), unless `flags` has
 * SIO__SEND_BARE; a binary one (SIO_SEND_BINARY) is the bare bytes.  Nothing
 * is sent after close.  False: out of memory or over a limit, and the session
 * is being closed. */
bool sio__session_send(struct sio_session *session, const void *packet,
                       size_t len, unsigned flags);

/* The first half of sio__session_send(): count a packet and show it to the
 * host.  False: it is not open, or not any more.  What the transport then
 * does calls nobody. */
bool sio__session_will_send(struct sio_session *session, const void *packet,
                            size_t len, unsigned flags);

/* Count a packet and show it to the host, whatever the state. */
void sio__session_note_out(struct sio_session *session, const void *packet,
                           size_t len, unsigned flags);

enum { SIO__WINDOWS = 16 };

/* A message that many sessions get: its packet once, with room for a frame
 * header in front, so that both transports share the bytes; and compressed
 * once for each size of window, when first needed. */
struct sio__shared {
  struct sio__engine *engine;
  struct sio__chunk *chunk;
  uint32_t frame_off; /* where the websocket frame begins */
  unsigned flags;     /* SIO_SEND_BINARY, SIO_SEND_UNCOMPRESSED */
  /* Compressed frames, by window bits; `chunk` where that does not pay. */
  struct sio__chunk *frames[SIO__WINDOWS];
};

enum { SIO__SHARED_HEADROOM = SIO__WS_SERVER_HEADER_MAX };

/* Make a shared message of a packet; NULL chunk: no memory.  The caller holds
 * one reference. */
struct sio__shared sio__shared_new(struct sio__engine *engine,
                                   const void *packet, size_t len,
                                   unsigned flags);
void sio__shared_release(struct sio__shared *shared);
bool sio__session_send_shared(struct sio_session *session,
                              struct sio__shared *shared);

/* The first half of that: see sio__session_will_send(). */
bool sio__session_will_send_shared(struct sio_session *session,
                                   const struct sio__shared *shared);

/* Send several with nothing between them, whatever the host sends when it is
 * shown them; none if it closes the session then, or leaves no room for them.
 * 0; SIO_ERR_DISCONNECTED: not all have been sent, and the session ends;
 * SIO_ERR_LIMIT: there is no room any more. */
int sio__session_send_parts(struct sio_session *session,
                            struct sio__shared *parts, size_t n);

/* The packet itself. */
static inline sio_span sio__shared_packet(const struct sio__shared *shared)
{
  sio_span packet = {shared->chunk->data + SIO__SHARED_HEADROOM,
                     shared->chunk->len - SIO__SHARED_HEADROOM};

  return packet;
}

/* ---- In; on the current transport ---- */

/* A text packet, type first.  False: nothing after it is to be read. */
bool sio__session_text(struct sio_session *session, char *packet, size_t len);

/* A binary message.  False: likewise. */
bool sio__session_binary(struct sio_session *session, const uint8_t *data,
                         size_t len);

/* A binary packet of protocol 3: its first byte is the type.  One that is
 * empty or of no known type means nothing.  False: likewise. */
bool sio__session_typed(struct sio_session *session, uint8_t *packet,
                        size_t len);

#endif
