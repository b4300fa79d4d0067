/* SPDX-License-Identifier: MIT */
#ifndef SIO_EIO_PRESSURE_H
#define SIO_EIO_PRESSURE_H

/*
 * How much of a session waits to be sent: bytes and packets, and whether there
 * is room for more (max_output_bytes, max_output_packets).
 *
 * Websocket frames lie in the output of their connection without borders.  They
 * are counted in two lots, and a lot is gone when its last byte is: so there
 * may seem to be more of them than there are, by the part of the first lot
 * that has gone, but never fewer.
 */

#include "eio/session.h"

/* ---- Websockets ---- */

/* Count a frame that is about to be queued; nothing is counted without a
 * limit.  False: there are too many, and the connection is aborted.  With
 * SIO_OUTPUT_REFUSE it never is. */
bool sio__pressure_frame(struct sio_conn *conn);

/* ---- Sessions ---- */

/* Packets that wait; 0 if there is no limit on them. */
uint32_t sio__pressure_packets(const struct sio_session *session);

/* Whether `n` messages of `bytes` bytes in all can be sent without going
 * beyond a limit.  Part of it is left for what the protocols themselves have to
 * say: they are not asked whether there is room, and end the session if there
 * is none. */
bool sio__pressure_has_room(const struct sio_session *session, uint64_t bytes,
                            size_t n);

/* Whether that is still so when the host has been shown the messages
 * (packet_out): it may have sent others meanwhile.  With SIO_OUTPUT_CUT nobody
 * asks. */
bool sio__pressure_has_room_still(const struct sio_session *session,
                                  uint64_t bytes, size_t n);

/* The floor above waits: it is told by engine->events->drained() when less
 * than half of high_water_bytes, and of max_output_packets, waits to be sent.
 * If nothing waits at all, nobody is told. */
void sio__pressure_await(struct sio_session *session);

/* Something has been sent. */
void sio__pressure_sent(struct sio_session *session);

#endif
