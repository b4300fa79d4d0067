/* SPDX-License-Identifier: MIT */
#ifndef SIO_EIO_ADMIT_H
#define SIO_EIO_ADMIT_H

/* Opening what a request asks for: a session, or a websocket for one. */

#include "eio/exchange.h"
#include "eio/verify.h"

/* Open a session for a handshake (VERDICT_HANDSHAKE) that the host agrees
 * with; or refuse it after all.  `id` empty: one is made.  The request may be
 * gone afterwards. */
void sio__admit(struct sio_request *request, const struct sio__verdict *wish,
                sio_str id);

/* Open a websocket for a session that may move to it. */
void sio__admit_upgrade(struct sio_request *request,
                        struct sio_session *session);

/* Turn a request away because the server is closing or full, by the verdict:
 * 503. */
void sio__admit_nobody(struct sio_request *request,
                       enum sio__verdict_kind kind);

/* Turn a handshake away: 429 or 503, and when to come again. */
void sio__admit_refuse(struct sio_request *request,
                       const struct sio__rejection *why);

/* Whether a host may name a session so: 1 to 128 bytes of UTF-8 without
 * control characters, and not in use. */
bool sio__admit_id_is_valid(const struct sio__engine *engine, sio_str id);

#endif
