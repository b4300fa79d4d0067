/* SPDX-License-Identifier: MIT */
#ifndef SIO_PROTO_PACKET_H
#define SIO_PROTO_PACKET_H

/* Socket.IO packets, protocol revision 5, default parser. */

#include <sio/types.h>

enum sio__packet_type {
  PACKET_CONNECT = 0,
  PACKET_DISCONNECT = 1,
  PACKET_EVENT = 2,
  PACKET_ACK = 3,
  PACKET_CONNECT_ERROR = 4,
  PACKET_BINARY_EVENT = 5,
  PACKET_BINARY_ACK = 6,
};

/* Names that no client may send and no host may emit: connect, connect_error,
 * disconnect, disconnecting, newListener, removeListener. */
bool sio__event_is_reserved(sio_str name);

#endif
