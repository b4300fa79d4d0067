/* SPDX-License-Identifier: MIT */
/* What is said, and who is about to say something. */
#include "chat.h"

/* A new message: everybody else in the room hears of it. */
static void publish(sio_socket *socket, const struct room_key *key,
                    const struct room *room, const struct message *m)
{
  sio_emitf(sio_to(socket, key->s), "message",
            "{room: %s, id: %llu, at: %llu, from: %.*s, text: %.*s, key: %.*s}",
            room->name, (unsigned long long)m->id, (unsigned long long)m->at_ms,
            SIO_STR_ARG(m->from), SIO_STR_ARG(m->text), SIO_STR_ARG(m->key));
}

/* Store a message in the room of that name and hand it on. */
static void say(struct chat *chat, sio_socket *socket, sio_str room_name,
                struct message *draft, sio_ack *ack)
{
  struct room *room = rooms_find(&chat->rooms, room_name);
  const struct message *m;
  uint64_t now_us = chat_unix_us();
  struct room_key key;
  bool is_new;

  room_key_init(&key, room_name);
  if (room == NULL || !sio_socket_in(socket, key.s)) {
    chat_refuse(ack, "You are not in this room.");
    return;
  }
  /* Taken from the clock, so that they grow over restarts as well. */
  draft->id = now_us > chat->last_id ? now_us : chat->last_id + 1;
  draft->at_ms = now_us / 1000;
  m = history_add(&room->history, draft, &is_new);
  if (m == NULL) {
    chat_refuse(ack, "The server is short of memory.");
    return;
  }
  if (is_new) {
    chat->last_id = m->id;
    room->used_ms = chat_now_ms(chat);
    publish(socket, &key, room, m);
  }
  sio_ackf(ack, "{id: %llu, at: %llu}", (unsigned long long)m->id,
           (unsigned long long)m->at_ms);
}

static void on_message(sio_socket *socket, const sio_args *args, sio_ack *ack,
                       void *user)
{
  struct chat *chat = user;
  struct device *device = sio_socket_user(socket);
  struct message draft = {.from = sio_s(device->name)};
  sio_str room;
  const char *problem = text_read(&text_room, sio_get(args, 0, "room"), &room);

  if (problem == NULL)
    problem = text_read(&text_message, sio_get(args, 0, "text"), &draft.text);
  if (problem == NULL)
    problem = text_read(&text_key, sio_get(args, 0, "key"), &draft.key);
  if (problem == NULL && !bucket_take(&device->messages, MESSAGE_BURST,
                                      MESSAGES_PER_SECOND, chat_now_ms(chat)))
    problem = "That was quick. Please wait a moment.";
  if (problem != NULL)
    chat_refuse(ack, problem);
  else
    say(chat, socket, room, &draft, ack);
}

/* Not worth an answer: what is wrong or too much is passed over. */
static void on_typing(sio_socket *socket, const sio_args *args, sio_ack *ack,
                      void *user)
{
  struct device *device = sio_socket_user(socket);
  struct room_key key;
  sio_str room;
  bool typing;

  (void)ack;
  if (text_read(&text_room, sio_get(args, 0, "room"), &room) != NULL ||
      sio_value_bool(sio_get(args, 0, "typing"), &typing) != 0 ||
      !bucket_take(&device->typings, TYPING_BURST, TYPINGS_PER_SECOND,
                   chat_now_ms(user)))
    return;
  room_key_init(&key, room);
  if (sio_socket_in(socket, key.s))
    sio_emitf(sio_to(socket, key.s), "typing",
              "{room: %.*s, name: %s, typing: bool %d}", SIO_STR_ARG(room),
              device->name, typing);
}

int talk_start(struct chat *chat)
{
  int error = sio_on(chat->ns, "message", on_message, chat);

  return error == 0 ? sio_on(chat->ns, "typing", on_typing, chat) : error;
}
