/* SPDX-License-Identifier: MIT */
#ifndef CHAT_CONTRACT_H
#define CHAT_CONTRACT_H

/*
 * What the chat and its clients tell each other.  `make types` writes it down
 * for the page: web/contract.d.ts.
 *
 * A client that may not do something gets an error in the form in which the
 * library reports what does not fit: {event, code, message, errors}, in the
 * acknowledgement or as the event "exception".  The chat's own codes are in
 * chat.h.
 */

#include "text.h"

#include <sio/contract.h>

/* ---- Types ---- */

#define ROOM_ID(FIELD)                                                         \
  FIELD(required, string, roomId, SIO_LENGTH(1, ROOM_POINTS),                  \
        SIO_CHECK(text_check_room))
SIO_TYPE(room_ref, ROOM_ID);

#define MESSAGE(FIELD)                                                         \
  FIELD(required, uint64, id,                                                  \
        SIO_DOC("It grows with every message, of all rooms."))                 \
  FIELD(required, string, roomId)                                              \
  FIELD(required, string, from, SIO_DOC("The name of the sender."))            \
  FIELD(required, string, text)                                                \
  FIELD(optional, string, key, SIO_DOC("What the sender calls it."))           \
  FIELD(required, timestamp, sentAt)
SIO_TYPE(message, MESSAGE);

#define JOIN_ROOM(FIELD)                                                       \
  ROOM_ID(FIELD)                                                               \
  FIELD(optional, uint64, after,                                               \
        SIO_DOC("The last message that is known: those behind it are sent."))
SIO_TYPE(join_room, JOIN_ROOM);

#define JOINED_ROOM(FIELD)                                                     \
  FIELD(required, string, roomId)                                              \
  FIELD(list, string, users, SIO_DOC("Their names, each once."))               \
  FIELD(list, object(message), recentMessages, SIO_DOC("The oldest first."))
SIO_TYPE(joined_room, JOINED_ROOM);

#define SEND_MESSAGE(FIELD)                                                    \
  ROOM_ID(FIELD)                                                               \
  FIELD(required, string, text, SIO_LENGTH(1, MESSAGE_POINTS),                 \
        SIO_CHECK(text_check_message))                                         \
  FIELD(optional, string, key, SIO_LENGTH(1, 40),                              \
        SIO_DOC("Sent twice with the same key, it is stored once."))
SIO_TYPE(send_message, SEND_MESSAGE);

#define DELIVERY(NAME) NAME(DELIVERY_DELIVERED, "delivered")
SIO_ENUM(delivery, DELIVERY);

#define DELIVERED(FIELD)                                                       \
  FIELD(required, uint64, id)                                                  \
  FIELD(required, enumeration(delivery), status)                               \
  FIELD(required, timestamp, sentAt)
SIO_TYPE(delivered, DELIVERED);

#define USER_IN_ROOM(FIELD)                                                    \
  FIELD(required, string, roomId)                                              \
  FIELD(required, string, name)
SIO_TYPE(user_in_room, USER_IN_ROOM);

#define USER_TYPING(FIELD)                                                     \
  USER_IN_ROOM(FIELD)                                                          \
  FIELD(required, boolean, typing)
SIO_TYPE(user_typing, USER_TYPING);

#define ROOM_USERS(FIELD)                                                      \
  FIELD(required, string, roomId)                                              \
  FIELD(required, uint32, count)
SIO_TYPE(room_users, ROOM_USERS);

#define ROOM_LIST(FIELD) FIELD(list, object(room_users), rooms)
SIO_TYPE(room_list, ROOM_LIST);

/* ---- Events ---- */

#define CHAT_EVENTS(CLIENT, SERVER)                                            \
  CLIENT(chat_join_room, "chat:join-room", join_room, joined_room,             \
         .doc = "Enter a room, which is made if there is none; or ask for "    \
                "what was missed.")                                            \
  CLIENT(chat_leave_room, "chat:leave-room", room_ref, room_ref)               \
  CLIENT(chat_send_message, "chat:send-message", send_message, delivered,      \
         .doc = "Say something to everybody else in a room.")                  \
  CLIENT(chat_typing_start, "chat:typing-start", room_ref, sio_none)           \
  CLIENT(chat_typing_stop, "chat:typing-stop", room_ref, sio_none)             \
  SERVER(chat_message, "chat:message", message, sio_none)                      \
  SERVER(chat_user_joined, "chat:user-joined", user_in_room, sio_none)         \
  SERVER(chat_user_left, "chat:user-left", user_in_room, sio_none)             \
  SERVER(chat_typing, "chat:typing", user_typing, sio_none)                    \
  SERVER(chat_rooms, "chat:rooms", room_list, sio_none,                        \
         .doc = "All rooms: on connect, and when one has gone.")               \
  SERVER(chat_room_users, "chat:room-users", room_users, sio_none,             \
         .doc = "A new room, or somebody came to one or left it.")
SIO_CONTRACT(chat, "/chat", CHAT_EVENTS, .doc = "A chat with rooms.",
             .version = "1.0");

#endif
