/* SPDX-License-Identifier: MIT */
/* What is true of packets in both directions. */
#include "proto/packet.h"

bool sio__event_is_reserved(sio_str name)
{
  switch (name.len) {
  case 7:
    return memcmp(name.data, "connect", 7) == 0;
  case 10:
    return memcmp(name.data, "disconnect", 10) == 0;
  case 11:
    return memcmp(name.data, "newListener", 11) == 0;
  case 13:
    return memcmp(name.data, "connect_error", 13) == 0 ||
           memcmp(name.data, "disconnecting", 13) == 0;
  case 14:
    return memcmp(name.data, "removeListener", 14) == 0;
  default:
    return false;
  }
}
