/* SPDX-License-Identifier: MIT */
#ifndef TEST_CLIENT_CONTRACTS_H
#define TEST_CLIENT_CONTRACTS_H

/* The contract of /typed and its sisters. */

#include <sio/contract.h>

#define LEVEL(NAME)                                                            \
  NAME(LEVEL_LOW, "low")                                                       \
  NAME(LEVEL_HIGH, "high")
SIO_ENUM(level, LEVEL);

#define PART(FIELD)                                                            \
  FIELD(required, string, name, SIO_LENGTH(1, 8))                              \
  FIELD(required, binary, data, SIO_LENGTH(0, 100000))
SIO_TYPE(part, PART);

#define PARCEL(FIELD)                                                          \
  FIELD(required, string, title)                                               \
  FIELD(required, int64, count, SIO_RANGE(-10, 1e12))                          \
  FIELD(required, number, ratio)                                               \
  FIELD(required, boolean, ok)                                                 \
  FIELD(required, enumeration(level), level, SIO_DEFAULT("\"low\""))           \
  FIELD(optional, timestamp, sent, SIO_NULLABLE)                               \
  FIELD(optional, binary, data)                                                \
  FIELD(list, object(part), parts, SIO_ITEMS(0, 3))                            \
  FIELD(optional_list, string, tags)                                           \
  FIELD(optional, json, more)
SIO_TYPE(parcel, PARCEL);

#define MOVE(FIELD)                                                            \
  FIELD(required, int32, x)                                                    \
  FIELD(required, binary, data)                                                \
  FIELD(optional, boolean, fast)
SIO_ARGUMENTS(move, MOVE);

#define INQUIRY(FIELD)                                                         \
  FIELD(required, object(part), part)                                          \
  FIELD(required, uint32, timeout)
SIO_TYPE(inquiry, INQUIRY);

#define OUTCOME(FIELD)                                                         \
  FIELD(required, string, status)                                              \
  FIELD(optional, object(part), part)
SIO_TYPE(outcome, OUTCOME);

#define TYPED_EVENTS(CLIENT, SERVER)                                           \
  CLIENT(typed_put, "put", parcel, parcel)                                     \
  CLIENT(typed_move, "move", move, move)                                       \
  CLIENT(typed_rest, "rest", sio_none, sio_none)                               \
  CLIENT(typed_tell, "tell", part, sio_none)                                   \
  CLIENT(typed_inquire, "inquire", inquiry, sio_none)                          \
  SERVER(typed_got, "got", parcel, sio_none)                                   \
  SERVER(typed_moved, "moved", move, sio_none)                                 \
  SERVER(typed_told, "told", part, sio_none)                                   \
  SERVER(typed_question, "question", part, part)                               \
  SERVER(typed_outcome, "outcome", outcome, sio_none)
SIO_CONTRACT(typed, "/typed", TYPED_EVENTS);

#endif
