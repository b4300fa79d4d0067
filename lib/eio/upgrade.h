/* SPDX-License-Identifier: MIT */
#ifndef SIO_EIO_UPGRADE_H
#define SIO_EIO_UPGRADE_H

/*
 * From polling to websocket while the session goes on.
 *
 *   client: opens a websocket, "2probe" ------------------> OPENED, PROBED
 *   server: "3probe"; answers the waiting GET with "6"
 *   client: "5", once no GET is under way -----------------> the session moves
 *
 * Until then polling carries everything.  Anything else on the candidate, its
 * loss, or the timeout ends the attempt and leaves the session as it was.
 */

#include "eio/connection.h"
#include "eio/session.h"

struct sio__upgrade {
  struct sio__candidate base; /* session->candidate */
  struct sio_session *session;
  struct sio_conn *conn; /* the candidate */
  struct sio__timer timeout;
  struct sio__timer noop; /* PROBED: a GET waits to be released */
  bool probed;
};

/* A websocket has opened for a polling session that has no candidate: `conn`
 * becomes it, and its messages come here.  0 or SIO_ERR_NOMEM. */
int sio__upgrade_begin(struct sio_session *session, struct sio_conn *conn);

#endif
