/* SPDX-License-Identifier: MIT */
#ifndef SIO_WS_CLOSING_H
#define SIO_WS_CLOSING_H

/* Close codes (RFC 6455 section 7.4). */

#include <sio/types.h>

enum sio__ws_code {
  WS_CODE_NONE = 0, /* a close frame without a body */
  WS_CODE_PROTOCOL = 1002,
  WS_CODE_TEXT = 1007,
  WS_CODE_POLICY = 1008,
  WS_CODE_SIZE = 1009,
  WS_CODE_INTERNAL = 1011, /* no memory */
};

/* Whether a peer may send this code: 1000-1003, 1007-1014, 3000-4999. */
bool sio__ws_code_is_valid(uint16_t code);

#endif
