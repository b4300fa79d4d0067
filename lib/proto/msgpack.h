/* SPDX-License-Identifier: MIT */
#ifndef SIO_PROTO_MSGPACK_H
#define SIO_PROTO_MSGPACK_H

/* Packets of socket.io-msgpack-parser: each one is a MessagePack map in one
 * binary message, attachments included. */

#include "proto/msgpack_json.h"

/* Decode a message.  `*out` is filled in as by sio__packet_decode(), but
 *
 *   - the types are 0 to 4; `attachments` tells how many there are, which may
 *     be in a CONNECT, too; they are in `in`;
 *   - `nsp` is any text, not only one that begins with a slash;
 *   - a number as event name is in out->number: the packet cannot be copied.
 *
 * Spans are parts of the input and of `in`, until that is used again.
 *
 * 0, or SIO_ERR_JSON with `*why` set to a constant ("Could not parse",
 * "trailing bytes", "too many keys", "invalid packet type", "invalid
 * namespace", "invalid payload", "invalid packet id", "too many attachments")
 * and `*cause` to what it counts as, or SIO_ERR_NOMEM. */
int sio__msgpack_decode(const uint8_t *data, size_t len,
                        const struct sio__packet_limits *limits,
                        struct sio__msgpack_in *in, struct sio__packet *out,
                        const char **why, sio_cause *cause);

/* Append a packet.  `json` is valid text (2 GiB at most) of the whole payload,
 * the brackets of an event or acknowledgement included; empty: there is none.
 * Types 5 and 6 are written as 2 and 3, an empty namespace as "/". */
void sio__msgpack_encode(struct sio__buf *out, enum sio__packet_type type,
                         sio_str nsp, bool has_id, uint64_t id, sio_str json,
                         const sio_span *attachments, size_t n);

#endif
