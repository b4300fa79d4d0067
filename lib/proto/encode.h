/* SPDX-License-Identifier: MIT */
#ifndef SIO_PROTO_ENCODE_H
#define SIO_PROTO_ENCODE_H

#include "base/buf.h"
#include "proto/packet.h"

/* Append what stands before the JSON of a packet: type, attachment count and
 * "-", namespace and ",", id.  EVENT and ACK with attachments become types 5
 * and 6. */
void sio__packet_write_head(struct sio__buf *out, enum sio__packet_type type,
                            size_t attachments, sio_str nsp, bool has_id,
                            uint64_t id);

#endif
