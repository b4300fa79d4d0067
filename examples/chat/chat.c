/* SPDX-License-Identifier: MIT */
#include "chat.h"

#include <stdio.h>
#include <uv.h>

static const char prefix[] = "room:";

void room_key_init(struct room_key *key, sio_str room)
{
  int len = snprintf(key->text, sizeof key->text, "%s%.*s", prefix,
                     SIO_STR_ARG(room));

  key->s.data = key->text;
  key->s.len = (size_t)len;
}

sio_str room_of_key(sio_str key)
{
  size_t len = sizeof prefix - 1;

  if (key.len <= len || memcmp(key.data, prefix, len) != 0)
    return sio_s(NULL);
  key.data += len;
  key.len -= len;
  return key;
}

uint64_t chat_now_ms(const struct chat *chat)
{
  return uv_now(chat->loop);
}

uint64_t chat_unix_us(void)
{
  uv_timeval64_t now = {0, 0};

  uv_gettimeofday(&now);
  return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_usec;
}

const struct refusal refused_rate = {"too_fast",
                                     "That was quick. Please wait a moment."};
const struct refusal refused_outside = {"not_in_room",
                                        "You are not in this room."};
const struct refusal refused_rooms = {
    "too_many_rooms", "You are in too many rooms. Please leave one first."};
const struct refusal refused_room = {"no_place",
                                     "There is no place for another room."};
const struct refusal refused_memory = {"no_memory",
                                       "The server is short of memory."};

void chat_refuse(sio_socket *socket, sio_ack *ack,
                 const sio_event_schema *event, const struct refusal *why)
{
  if (ack != NULL)
    sio_ackf(ack, "{error: {event: %s, code: %s, message: %s, errors: []}}",
             event->name, why->code, why->sentence);
  else
    sio_emitf(sio_only(socket), "exception",
              "{event: %s, code: %s, message: %s, errors: []}", event->name,
              why->code, why->sentence);
}

int chat_open_lobby(struct chat *chat)
{
  bool forgot;
  struct room *lobby =
      rooms_open(&chat->rooms, sio_s("Lobby"), chat_now_ms(chat), &forgot);

  if (lobby == NULL)
    return SIO_ERR_NOMEM;
  lobby->permanent = true;
  return 0;
}
