/* SPDX-License-Identifier: MIT */
#ifndef CHAT_CHAT_H
#define CHAT_CHAT_H

/* What the parts of the chat share; contract.h has what clients see. */

#include "bucket.h"
#include "rooms.h"

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

void room_key_init(struct room_key *key, sio_str room);

/* What a room is called by its key; empty: it is not a room of ours. */
sio_str room_of_key(sio_str key);

uint64_t chat_now_ms(const struct chat *chat);
uint64_t chat_unix_us(void);

/* Why the chat does not do what a client asks for. */
struct refusal {
  const char *code; /* for programs */
  const char *sentence;
};

extern const struct refusal refused_rate;
extern const struct refusal refused_outside; /* of the room */
extern const struct refusal refused_rooms;   /* too many of one's own */
extern const struct refusal refused_room;    /* too many of all */
extern const struct refusal refused_memory;

/* Tell a client, as the contract does. */
void chat_refuse(sio_socket *socket, sio_ack *ack,
                 const sio_event_schema *event, const struct refusal *why);

/* Make the room that is always there. */
int chat_open_lobby(struct chat *chat);

/* Register the handlers: who comes and leaves; what is said. */
int people_start(struct chat *chat);
int talk_start(struct chat *chat);

#endif
