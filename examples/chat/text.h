/* SPDX-License-Identifier: MIT */
#ifndef CHAT_TEXT_H
#define CHAT_TEXT_H

/* What people may type: something to see, and no invisible tricks. */

#include <sio.h>

/* The longest texts, in code points, and a name in bytes. */
enum {
  NAME_POINTS = 24,
  NAME_BYTES = 4 * NAME_POINTS,
  ROOM_POINTS = 32,
  MESSAGE_POINTS = 2000
};

/*
 * Checks of a sio_str, for the contract: NULL, or what was expected.  The
 * library hands over valid UTF-8 only, and has looked at the length of rooms
 * and messages before.
 */
const char *text_check_name(const void *str);
const char *text_check_room(const void *str);
const char *text_check_message(const void *str);

#endif
