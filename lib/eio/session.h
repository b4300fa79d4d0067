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
struct sio__receipts;
struct sio__shared;

/* What carries a session. */
struct sio__transport {
  const char *name;
  bool polls;
  /* As sio__session_send() and sio__session_send_shared(), see eio/traffic.h;
   * it is open, and `flags` may have SIO__SEND_BARE. */
  bool (*send)(struct sio_session *session, const void *packet, size_t len,
               unsigned flags);
  bool (*send_shared)(struct sio_session *session, struct sio__shared *shared);
  size_t (*pending)(const struct sio_session *session);
  bool (*writable)(const struct sio_session *session);
  /* CLOSING: finish the session when everything is on its way. */
  void (*drain)(struct sio_session *session);
  /* The session has ended: a waiting GET is answered with `farewell`. */
  void (*close)(struct sio_session *session, const char *farewell);
};

/* A transport that may take the session over: part of a larger struct. */
struct sio__candidate {
  /* The session has ended, or has no use for it. */
  void (*cancel)(struct sio_session *session);
  /* A GET has begun to wait. */
  void (*poll)(struct sio_session *session);
};

enum sio__session_state { SESSION_OPEN, SESSION_CLOSING, SESSION_CLOSED };

struct sio_session {
  struct sio__map_node node; /* in engine->sessions, until it is closed */
  struct sio__list link;     /* in engine->all_sessions */
  struct sio__engine *engine;
  uint8_t protocol; /* of Engine.IO: 3 or 4 */
  uint8_t state;
  uint8_t reason; /* CLOSING and CLOSED: the end, in pieces */
  uint8_t cause;
  bool announced; /* the floor above knows it */
  bool shown;     /* the host knows it */
  bool doomed;    /* it fails when the bracket closes */
  bool pinged;    /* a pong is awaited; protocol 3: a ping is overdue */
  bool base64;    /* the client takes no binary */
  bool jsonp;     /* polling: answers are scripts */
  bool undrained; /* something was sent, and `drain` is owed */
  bool awaited;   /* the floor above waits until less is unsent */
  uint8_t id_len;
  uint8_t poll_coding; /* enum sio__coding: what the waiting GET takes */
  bool poll_from_ie;   /* and whether an old browser has sent it */
  bool post_from_ie;   /* likewise the POST */
  bool post_bytes;     /* protocol 3: it is a binary payload */
  uint32_t jsonp_index;
  const char *detail;
  uint64_t seen;
  void *user;      /* of the floor above */
  void *host_user; /* of the host */
  const struct sio__transport *transport;
  struct sio_conn *ws;              /* its websocket; NULL: polling */
  uint64_t connection;              /* its websocket's, or what asked last */
  struct sio_request *poll;         /* the GET that waits */
  struct sio_request *post;         /* the POST whose body arrives */
  struct sio__candidate *candidate; /* a websocket that probes, or NULL */
  struct sio__packetq queue;        /* polling: what no GET has taken */
  struct sio__deferred flush;       /* polling: answers the waiting GET */
  struct sio__timer heartbeat;
  struct sio__timer grace;        /* CLOSING on polling: until the last GET */
  struct sio__snapshot *snapshot; /* a reference */
  struct sio__guest *guest;       /* NULL: it is not counted */
  /* Who waits for messages to go out; NULL: nobody ever has. */
  struct sio__receipts *receipts;
  struct sio__deferred deferred;
  char id[]; /* NUL-terminated */
};

enum { SIO__SESSION_ID_MAX = 128 };

/* What a handshake request has asked for. */
struct sio__session_spec {
  const struct sio__http_head *head; /* copied */
  const char *address;               /* copied */
  bool secure;
  struct sio__subject *client; /* NULL: no certificate */
  const struct sio__transport *transport;
  sio_str id; /* not in use; copied */
  uint8_t protocol;
  bool base64;
  bool jsonp;
  uint32_t jsonp_index;
  uint64_t connection; /* that has asked for it */
};

/* Make a session: registered, not announced yet.  0, SIO_ERR_NOMEM, or
 * SIO_ERR_LIMIT: too many of this address. */
int sio__session_new(struct sio__engine *engine,
                     const struct sio__session_spec *spec,
                     struct sio_session **out);

/* Drop a session that was never announced. */
void sio__session_drop(struct sio_session *session);

/* Write the open packet's text (with its type) into `out`. */
void sio__session_write_open(const struct sio_session *session, bool websocket,
                             struct sio__buf *out);

/* The host knows it from now on: it counts. */
void sio__session_show(struct sio_session *session);

/* The session with this id; NULL if there is none. */
struct sio_session *sio__session_find(const struct sio__engine *engine,
                                      const char *id, size_t len);

/* Whether messages go in and out. */
static inline bool sio__session_is_open(const struct sio_session *session)
{
  return session->state == SESSION_OPEN && !session->doomed;
}

/* Whether what is sent now is the next to leave: nothing waits before it. */
bool sio__session_is_writable(const struct sio_session *session);

/* Bytes that wait to be sent. */
size_t sio__session_pending(const struct sio_session *session);

/* Everything that was sent has gone out: tell the host. */
void sio__session_drained(struct sio_session *session);

/* Wait for the next beat of the heart: until the server has to ping; or, with
 * protocol 3, until the client must have. */
void sio__session_await_beat(struct sio_session *session);

/* A pong has come, or with protocol 3 a ping. */
void sio__session_beat(struct sio_session *session);

/* Another transport carries it from now on. */
void sio__session_move(struct sio_session *session,
                       const struct sio__transport *transport);

/* Close it.  With `discard` at once; otherwise what is queued is sent first.
 * The floor above is told when it is closed. */
void sio__session_close(struct sio_session *session, const sio_end *end,
                        bool discard);

/* Its transport has failed or its peer has left: closed at once.  A waiting
 * GET is answered with the packet `farewell`; NULL is "1". */
void sio__session_fail(struct sio_session *session, const sio_end *end,
                       const char *farewell);

/* As sio__session_fail(), for a limit, and once the bracket closes: callers
 * may be in the middle of a broadcast. */
void sio__session_doom(struct sio_session *session, sio_cause cause,
                       uint64_t seen);

/* CLOSING, and everything is on its way: it ends. */
void sio__session_finish(struct sio_session *session);

#endif
