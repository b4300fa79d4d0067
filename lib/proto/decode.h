/* SPDX-License-Identifier: MIT */
#ifndef SIO_PROTO_DECODE_H
#define SIO_PROTO_DECODE_H

#include "proto/packet.h"
#include <sio/error.h>

struct sio__packet_limits {
  unsigned max_attachments;
  unsigned max_depth; /* of JSON */
};

/* A decoded text message.  Spans are parts of the input. */
struct sio__packet {
  enum sio__packet_type type; /* as sent: 5 and 6 stay 5 and 6 */
  bool has_id;
  bool has_payload;
  unsigned attachments; /* of types 5 and 6: at least 1 */
  uint64_t id;
  sio_str nsp;   /* "/" when the packet names none */
  sio_str json;  /* CONNECT: the object, or empty; ACK and EVENT: the values
                    between the brackets, without the event's name */
  sio_str event; /* EVENT: its name, escapes resolved in place; a number as
                    JavaScript would write it, in `number` */
  char number[32];
};

/* Decode the text of a Socket.IO packet (behind the Engine.IO type).  The
 * input is changed where an event name has escapes.  0, or SIO_ERR_JSON with
 * `*why` set to one of the standard messages ("invalid payload", "Illegal
 * attachments", "too many attachments", "unknown packet type N"; constant)
 * and `*cause` to what it counts as. */
int sio__packet_decode(char *text, size_t len,
                       const struct sio__packet_limits *limits,
                       struct sio__packet *out, const char **why,
                       sio_cause *cause);

#endif
