/* SPDX-License-Identifier: MIT */
#ifndef SIO_TEST_CHAT_CONTRACT_H
#define SIO_TEST_CHAT_CONTRACT_H

/* A small contract, for whoever tests what contracts do. */

#include <sio/contract.h>

#define ROLE(NAME)                                                             \
  NAME(ROLE_GUEST, "guest")                                                    \
  NAME(ROLE_OWNER, "owner")
SIO_ENUM(role, ROLE);

#define SAY(FIELD)                                                             \
  FIELD(required, string, room, SIO_LENGTH(1, 8))                              \
  FIELD(required, string, text, SIO_LENGTH(1, 20), SIO_DOC("what is said"))    \
  FIELD(optional, int32, reply, SIO_RANGE(1, 100))                             \
  FIELD(list, string, tags, SIO_ITEMS(0, 3))                                   \
  FIELD(required, enumeration(role), as, SIO_DEFAULT("\"guest\""))
SIO_TYPE(say, SAY, .doc = "Something to be said.");

#define SAID(FIELD)                                                            \
  FIELD(required, string, text)                                                \
  FIELD(optional, binary, picture)
SIO_TYPE(said, SAID);

#define DONE(FIELD) FIELD(required, int64, id)
SIO_TYPE(done, DONE);

#define MOVE(FIELD)                                                            \
  FIELD(required, int32, x)                                                    \
  FIELD(required, int32, y)                                                    \
  FIELD(optional, boolean, fast)
SIO_ARGUMENTS(move, MOVE);

#define TALK_EVENTS(CLIENT, SERVER)                                            \
  CLIENT(talk_say, "say", say, done, .doc = "Say something in a room.")        \
  CLIENT(talk_move, "move", move, sio_none)                                    \
  CLIENT(talk_rest, "rest", sio_none, sio_none)                                \
  SERVER(talk_said, "said", said, sio_none)                                    \
  SERVER(talk_quit, "quit", sio_none, done)                                    \
  SERVER(talk_moved, "moved", move, sio_none)
SIO_CONTRACT(talk, "/", TALK_EVENTS, .doc = "People talk.", .version = "1.0");

#endif
