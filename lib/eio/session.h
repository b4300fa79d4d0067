/* SPDX-License-Identifier: MIT */
#ifndef SIO_EIO_SESSION_H
#define SIO_EIO_SESSION_H

/*
 * Engine.IO sessions.
 *
 *   OPEN --close()--> CLOSING --buffer sent--> CLOSED
 *     '----- peer, error, timeout, discard -----^
 *
 * A session is carried by polling (a waiting GET, or none at the moment) or
 * by a websocket connection, and may move from the former to the latter.
 */

#include "eio/engine.h"
#include "eio/packetq.h"
#include "eio/snapshot.h"

struct sio_conn;
struct sio__shared;
struct sio__session;

/* What carries a session. */
struct sio__transport {
  const char *name;
  /* As sio__session_send() and sio__session_send_shared(); it is open. */
  bool (*send)(struct sio__session *session, const void *packet, size_t len,
               bool binary);
  bool (*send_shared)(struct sio__session *session,
                      const struct sio__shared *shared);
  size_t (*pending)(const struct sio__session *session);
  /* CLOSING: finish the session when everything is on its way. */
  void (*drain)(struct sio__session *session);
  /* The session has ended: a waiting GET is answered with `farewell`. */
  void (*close)(struct sio__session *session, const char *farewell);
};

/* A transport that may take the session over: part of a larger struct. */
struct sio__candidate {
  /* The session has ended, or has no use for it. */
  void (*cancel)(struct sio__session *session);
  /* A GET has begun to wait. */
  void (*poll)(struct sio__session *session);
};

enum sio__session_state { SESSION_OPEN, SESSION_CLOSING, SESSION_CLOSED };

struct sio__session {
  struct sio__map_node node; /* in engine->sessions */
  struct sio__engine *engine;
  char id[SIO__ID_LEN + 1];
  uint8_t state;
  uint8_t reason; /* CLOSING and CLOSED: the end, in pieces */
  uint8_t cause;
  bool announced; /* the floor above knows it */
  bool doomed;    /* it fails when the bracket closes */
  bool pinged;    /* a pong is awaited */
  bool base64;    /* the client takes no binary */
  const char *detail;
  uint64_t seen;
  void *user; /* of the floor above */
  const struct sio__transport *transport;
  struct sio_conn *ws;              /* its websocket; NULL: polling */
  struct sio_request *poll;         /* the GET that waits */
  struct sio_request *post;         /* the POST whose body arrives */
  struct sio__candidate *candidate; /* a websocket that probes, or NULL */
  struct sio__packetq queue;        /* polling: what no GET has taken */
  struct sio__deferred flush;       /* polling: answers the waiting GET */
  struct sio__timer heartbeat;
  struct sio__timer grace;        /* CLOSING on polling: until the last GET */
  struct sio__snapshot *snapshot; /* a reference */
  struct sio__deferred deferred;
};

/* A message that many sessions get: its packet once, with room for a frame
 * header in front, so that both transports share the bytes. */
struct sio__shared {
  struct sio__chunk *chunk;
  uint32_t frame_off; /* where the websocket frame begins */
  bool binary;
};

enum { SIO__SHARED_HEADROOM = SIO__WS_SERVER_HEADER_MAX };

/* Make a session for a handshake request: registered, not announced yet.
 * 0, SIO_ERR_NOMEM or SIO_ERR_RANDOM. */
int sio__session_new(struct sio__engine *engine,
                     const struct sio__http_head *head, const char *address,
                     bool secure, const struct sio__transport *transport,
                     struct sio__session **out);

/* Drop a session that was never announced. */
void sio__session_drop(struct sio__session *session);

/* Write the open packet's text (with its type) into `out`. */
void sio__session_write_open(const struct sio__session *session, bool websocket,
                             struct sio__buf *out);

/* The open packet is out: start the heartbeat and tell the floor above. */
void sio__session_announce(struct sio__session *session);

/* The session with this id; NULL if there is none. */
struct sio__session *sio__session_find(const struct sio__engine *engine,
                                       const char *id, size_t len);

/* Send a message.  `packet` begins with its type ('4'); a binary one is the
 * bare bytes.  Nothing is sent after close.  False: out of memory or over a
 * limit, and the session is being closed. */
bool sio__session_send(struct sio__session *session, const void *packet,
                       size_t len, bool binary);

/* Make a shared message of a packet; NULL chunk: no memory.  The caller holds
 * one reference. */
struct sio__shared sio__shared_new(struct sio__engine *engine,
                                   const void *packet, size_t len, bool binary);
void sio__shared_release(struct sio__shared *shared);
bool sio__session_send_shared(struct sio__session *session,
                              const struct sio__shared *shared);

/* Close it.  With `discard` at once; otherwise what is queued is sent first.
 * The floor above is told when it is closed. */
void sio__session_close(struct sio__session *session, const sio_end *end,
                        bool discard);

/* Its transport has failed or its peer has left: closed at once.  A waiting
 * GET is answered with the packet `farewell`; NULL is "1". */
void sio__session_fail(struct sio__session *session, const sio_end *end,
                       const char *farewell);

/* As sio__session_fail(), for a limit, and once the bracket closes: callers
 * may be in the middle of a broadcast. */
void sio__session_doom(struct sio__session *session, sio_cause cause,
                       uint64_t seen);

/* CLOSING, and everything is on its way: it ends. */
void sio__session_finish(struct sio__session *session);

/* A text packet, type first, has arrived on the current transport.  False:
 * nothing after it is to be read. */
bool sio__session_text(struct sio__session *session, char *packet, size_t len);

/* A binary message has arrived. */
void sio__session_binary(struct sio__session *session, const uint8_t *data,
                         size_t len);

/* Bytes that wait to be sent. */
size_t sio__session_pending(const struct sio__session *session);

#endif
