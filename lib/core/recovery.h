/* SPDX-License-Identifier: MIT */
#ifndef SIO_CORE_RECOVERY_H
#define SIO_CORE_RECOVERY_H

/*
 * Connection state recovery (Socket.IO): what a namespace remembers.
 *
 *   emit --stamp, keep--> backlog --------------------------.
 *   a socket leaves --save--> session --take--> JOINING --replay--> CONNECTED
 *                               |                  |
 *                               '------ lost ------'
 *
 * ns->recovery is NULL where it is off, and so is socket->lifeline of sockets
 * that cannot come back.  The stores are those of adapter/recover.h; how
 * sockets come back is in core/revival.c.
 *
 * What is sent to one socket alone is kept for a room named after its pid,
 * which nobody can join or leave: it is the first one of each session.
 */

#include "adapter/recover.h"
#include "core/body.h"

#include <sio/recovery.h>

/* Of a namespace. */
struct sio__recovery {
  struct sio__recover store;
  struct sio__map live; /* struct sio__lifeline, by pid */
  struct sio__timer sweep;
  struct sio_ns *ns;
  size_t latest_len;
  char latest[SIO__OFFSET_MAX + 1]; /* offset of the last packet kept */
};

/* Of a socket, as long as it lives. */
struct sio__lifeline {
  struct sio__map_node by_pid; /* in `live`, until the socket leaves */
  struct sio_socket *socket;
  char pid[SIO__ID_LEN + 1];
  bool recovered;
  bool busy;       /* `taken` is in use, whatever becomes of the socket */
  bool replayed;   /* JOINING: what was missed has been sent */
  bool noting;     /* changes of its rooms matter */
  uint64_t since;  /* see struct sio__recover_session */
  uint64_t passed; /* likewise, since the host was told that it has drained */
  struct sio__recovered *taken; /* JOINING: the session that it comes from */
  struct sio__journal journal;
};

/* ---- Options ---- */

/* The name of the first field that is out of range, "recovery.x"; NULL: there
 * is none.  `given` may be NULL. */
const char *sio__recovery_problem(const sio_recovery_options *given);
void sio__recovery_complete(sio_recovery_options *out,
                            const sio_recovery_options *given);

/* ---- Namespaces ---- */

/* Begin to remember, if the options say so.  0 or SIO_ERR_NOMEM. */
int sio__recovery_new(struct sio_ns *ns);
void sio__recovery_free(struct sio_ns *ns);

/* Nobody can come back any more: the host is told.  A bracket is open. */
void sio__recovery_end(struct sio_ns *ns);

/* Whether somebody may still come back. */
static inline bool sio__recovery_awaits(const struct sio_ns *ns)
{
  return ns->recovery != NULL && ns->recovery->store.by_pid.count > 0;
}

/* Tell the host that a session is lost. */
void sio__recovery_lost(struct sio_ns *ns, sio_str id, sio_str data);

/* Remember a session: 0, or it is lost, and nobody has been told. */
int sio__recovery_remember(struct sio__recovery *recovery,
                           const struct sio__recover_session *session);

/* ---- Events ---- */

/* Room for the offset of a packet while it is encoded. */
struct sio__stamp {
  char text[SIO__OFFSET_MAX + 1];
};

/* Have the body encoded with an offset of its own. */
void sio__recovery_stamp(struct sio_ns *ns, struct sio__body *body,
                         struct sio__stamp *stamp);

/* A volatile event: with the latest offset, if the options say so. */
void sio__recovery_stamp_volatile(const struct sio_ns *ns,
                                  struct sio__body *body);

/* Remember a packet with its stamp, and for whom it is; what cannot be
 * remembered leaves a hole that nobody comes back across. */
void sio__recovery_keep(struct sio_ns *ns, sio_str offset,
                        const struct sio__shared *parts, size_t n,
                        const struct sio__selection *to);

/* Likewise, for one socket that has a lifeline. */
void sio__recovery_keep_for(struct sio_socket *socket, sio_str offset,
                            const struct sio__shared *parts, size_t n);

/* Write down a change of its rooms. */
void sio__lifeline_note(const struct sio_socket *socket, sio_str room,
                        bool joins);

/* The packet with this number was not sent to a socket, as it had no room. */
static inline void sio__recovery_passed(const struct sio_socket *socket,
                                        uint64_t number)
{
  struct sio__lifeline *line = socket->lifeline;

  if (line != NULL && line->passed == 0)
    line->passed = number;
}

/* Whether what is kept for a socket now is sent when it has come back. */
static inline bool sio__recovery_holds(const struct sio_socket *socket)
{
  const struct sio__lifeline *line = socket->lifeline;

  return line != NULL && line->taken != NULL && !line->replayed;
}

/* It joins a room that it is not in, or leaves one that it is in. */
static inline void sio__recovery_moves(const struct sio_socket *socket,
                                       sio_str room, bool joins)
{
  if (socket->lifeline != NULL && socket->lifeline->noting)
    sio__lifeline_note(socket, room, joins);
}

/* ---- Sockets (core/revival.c) ---- */

/* Take the session that a client shows with its payload, if there is one; a
 * socket that still has it leaves before.  False: the client or the namespace
 * has gone meanwhile.  A bracket is open. */
bool sio__revival_take(struct sio__client *client, struct sio_ns *ns,
                       sio_str auth, struct sio__recovered **taken);

/* A session was taken in vain: it can be taken again. */
void sio__revival_put_back(struct sio_ns *ns, struct sio__recovered *taken);

/* Give a new socket its lifeline, and what it had; `taken` is NULL for one that
 * is new.  False: it does not go on.  A bracket is open, and the socket is
 * retained. */
bool sio__revival_begin(struct sio_socket *socket,
                        struct sio__recovered *taken);

/* The middlewares have let it in: send what it has missed.  False: it does not
 * go on; if something is missing it begins anew as another socket. */
bool sio__revival_replay(struct sio_socket *socket);

/* Something is missing, or the session is another user's: the client joins as a
 * new one, and the middlewares are asked again. */
void sio__revival_anew(struct sio_socket *socket);

/* Whether its middlewares are not asked; guards are (core/guard.h). */
bool sio__revival_skips(const struct sio_socket *socket);

/* It is CONNECTED. */
void sio__revival_done(struct sio_socket *socket);

/* A socket leaves, and is still in its rooms: its session is remembered.
 * False: it will not come back, and the host has to be told by
 * sio__revival_tell() when the socket has left. */
bool sio__revival_save(struct sio_socket *socket, const sio_end *end);
void sio__revival_tell(struct sio_socket *socket);

void sio__lifeline_free(struct sio_socket *socket);

#endif
