/* SPDX-License-Identifier: MIT */
#ifndef CHAT_CHAT_H
#define CHAT_CHAT_H

/*
 * What the parts of the chat share.
 *
 * From a client                   answer (or {error: a sentence})
 *   auth {name}                     connect error {field: "name"}
 *   join {room, after}              {people: [name], messages: [message]}
 *   leave {room}                    {}
 *   message {room, text, key}       {id, at}
 *   typing {room, typing}           none
 * To clients
 *   rooms [{room, people}]          all of them: on connect, and when one went
 *   room {room, people}             a new one, or somebody came or left
 *   joined, left {room, name}       in one's rooms
 *   message {room, id, at, from, text, key}
 *   typing {room, name, typing}
 */

#include "bucket.h"
#include "rooms.h"
#include "text.h"

struct uv_loop_s;

struct chat {
  sio_ns *ns;
  struct uv_loop_s *loop; /* tells the time */
  struct rooms rooms;
  uint64_t last_id; /* of a message */
};

/* What a device may do: so often at once, and per second in the long run. */
enum {
  JOIN_BURST = 40,
  JOINS_PER_SECOND = 2,
  MESSAGE_BURST = 20,
  MESSAGES_PER_SECOND = 3,
  TYPING_BURST = 10,
  TYPINGS_PER_SECOND = 4
};

/* One connected socket: a browser window, a phone. */
struct device {
  char name[NAME_BYTES + 1]; /* whose it is; several may share one */
  struct bucket joins;
  struct bucket messages;
  struct bucket typings;
};

/* The library's name for a room: a prefix keeps it apart from socket ids,
 * which share their space with room names. */
struct room_key {
  char text[8 + 128];
  sio_str s; /* of `text`; a key must not be copied */
};

/* For a name that text_room has found to be fine. */
void room_key_init(struct room_key *key, sio_str room);

/* What a room is called by its key; empty: it is not a room of ours. */
sio_str room_of_key(sio_str key);

uint64_t chat_now_ms(const struct chat *chat);
uint64_t chat_unix_us(void);

/* Tell a client in an acknowledgement what is wrong. */
void chat_refuse(sio_ack *ack, const char *sentence);

/* Make the room that is always there. */
int chat_open_lobby(struct chat *chat);

/* Register the handlers: who comes and leaves; what is said. */
int people_start(struct chat *chat);
int talk_start(struct chat *chat);

#endif
