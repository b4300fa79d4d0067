/* SPDX-License-Identifier: MIT */
#ifndef SIO_TEST_CONTRACT_KINDS_H
#define SIO_TEST_CONTRACT_KINDS_H

/* A contract with every kind, mode and constraint. */

#include <sio/contract.h>

#define COLOR(NAME)                                                            \
  NAME(COLOR_RED, "red")                                                       \
  NAME(COLOR_DARK_BLUE, "dark blue")
SIO_ENUM(color, COLOR);

#define POINT(FIELD)                                                           \
  FIELD(required, number, x, SIO_RANGE(-1.5, 1.5))                             \
  FIELD(required, number, y)
SIO_TYPE(point, POINT, .unknown = SIO_UNKNOWN_REFUSE);

#define ALL_KINDS(FIELD)                                                       \
  FIELD(required, string, name, SIO_LENGTH(1, 10))                             \
  FIELD(optional, text(9), nick, SIO_LENGTH(2, 0))                             \
  FIELD(optional, boolean, on)                                                 \
  FIELD(optional, int32, small)                                                \
  FIELD(optional, int64, large, SIO_RANGE(-5, 1000))                           \
  FIELD(optional, uint32, count)                                               \
  FIELD(optional, uint64, total, SIO_DOC("of all"))                            \
  FIELD(optional, number, ratio, SIO_RANGE(0, 1))                              \
  FIELD(optional, enumeration(color), paint, SIO_NULLABLE)                     \
  FIELD(optional, object(point), at)                                           \
  FIELD(optional, json, anything)                                              \
  FIELD(optional, timestamp, when)                                             \
  FIELD(optional, string, id, SIO_FORMAT(UUID))                                \
  FIELD(optional, string, mail, SIO_FORMAT(EMAIL))                             \
  FIELD(optional, string, date, SIO_FORMAT(DATETIME))                          \
  FIELD(optional, string, link, SIO_FORMAT(URI))                               \
  FIELD(optional_list, string, tags, SIO_LENGTH(1, 3), SIO_ITEMS(1, 4))        \
  FIELD(optional_list, object(point), path)                                    \
  FIELD(required, int32, level, SIO_RANGE(0, 9), SIO_DEFAULT("3"))
SIO_TYPE(all_kinds, ALL_KINDS, .doc = "Everything */ there is.");

#define FILE_SENT(FIELD)                                                       \
  FIELD(required, binary, bytes)                                               \
  FIELD(required, int32, level, SIO_DEFAULT("3"))
SIO_TYPE(file_sent, FILE_SENT);

#define MOVE(FIELD)                                                            \
  FIELD(required, int32, x)                                                    \
  FIELD(required, int32, y)                                                    \
  FIELD(optional, boolean, fast)
SIO_ARGUMENTS(move, MOVE);

#define STORED(FIELD) FIELD(required, int64, id)
SIO_TYPE(stored, STORED);

#define KINDS_EVENTS(CLIENT, SERVER)                                           \
  CLIENT(kinds_put, "put", all_kinds, stored, .doc = "Put it away.")           \
  CLIENT(kinds_move, "move:to", move, sio_none)                                \
  CLIENT(kinds_jump, "jump", move, move)                                       \
  CLIENT(kinds_rest, "rest", sio_none, sio_none)                               \
  SERVER(kinds_file, "file", file_sent, sio_none)                              \
  SERVER(kinds_quit, "quit", sio_none, stored)                                 \
  SERVER(kinds_moved, "moved", move, sio_none)
SIO_CONTRACT(kinds, "/kinds", KINDS_EVENTS, .doc = "All kinds.",
             .version = "1.2");

#define ECHO_EVENTS(CLIENT, SERVER)                                            \
  CLIENT(echo_put, "put", all_kinds, all_kinds)                                \
  SERVER(echo_point, "point", point, sio_none)
SIO_CONTRACT(echo, "/echo", ECHO_EVENTS);

#endif
