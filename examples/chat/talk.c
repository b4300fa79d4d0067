/* SPDX-License-Identifier: MIT */
/* What is said, and who is about to say something. */
#include "chat.h"

/* Store a message, and let everybody else in the room hear of it; NULL: no
 * memory. */
static const message *publish(struct chat *chat, sio_socket *socket,
                              const struct room_key *key, struct room *room,
                              message *draft)
{
  uint64_t now_us = chat_unix_us();
  const message *m;
  bool is_new;

  /* Taken from the clock, so that they grow over restarts as well. */
  draft->id = now_us > chat->last_id ? now_us : chat->last_id + 1;
  draft->sentAt = (int64_t)(now_us / 1000);
  m = history_add(&room->history, draft, &is_new);
  if (m == NULL || !is_new)
    return m;
  chat->last_id = m->id;
  room->used_ms = chat_now_ms(chat);
  sio_typed_emit(chat_message, sio_to(socket, key->s), m);
  return m;
}

static void on_send(sio_socket *socket, const send_message *sent, sio_ack *ack,
                    void *user)
{
  struct chat *chat = user;
  struct device *device = sio_socket_user(socket);
  struct room *room = rooms_find(&chat->rooms, sent->roomId);
  message draft = {.roomId = sent->roomId,
                   .from = sio_s(device->name),
                   .text = sent->text,
                   .key = sent->key,
                   .has_key = sent->has_key};
  const struct refusal *why = NULL;
  const message *m = NULL;
  struct room_key key;

  room_key_init(&key, sent->roomId);
  if (!bucket_take(&device->messages, MESSAGE_BURST, MESSAGES_PER_SECOND,
                   chat_now_ms(chat)))
    why = &refused_rate;
  else if (room == NULL || !sio_socket_in(socket, key.s))
    why = &refused_outside;
  else if ((m = publish(chat, socket, &key, room, &draft)) == NULL)
    why = &refused_memory;

  if (why != NULL)
    chat_refuse(socket, ack, chat_send_message_event(), why);
  else if (ack != NULL)
    sio_typed_ack(chat_send_message, ack,
                  &(delivered){.id = m->id,
                               .status = DELIVERY_DELIVERED,
                               .sentAt = m->sentAt});
}

/* Not worth an answer: what is too much is passed over. */
static void tell_typing(struct chat *chat, sio_socket *socket,
                        const room_ref *where, bool typing)
{
  struct device *device = sio_socket_user(socket);
  struct room_key key;

  room_key_init(&key, where->roomId);
  if (sio_socket_in(socket, key.s) &&
      bucket_take(&device->typings, TYPING_BURST, TYPINGS_PER_SECOND,
                  chat_now_ms(chat)))
    sio_typed_emit(chat_typing, sio_to(socket, key.s),
                   &(user_typing){.roomId = where->roomId,
                                  .name = sio_s(device->name),
                                  .typing = typing});
}

static void on_typing_start(sio_socket *socket, const room_ref *where,
                            sio_ack *ack, void *user)
{
  (void)ack;
  tell_typing(user, socket, where, true);
}

static void on_typing_stop(sio_socket *socket, const room_ref *where,
                           sio_ack *ack, void *user)
{
  (void)ack;
  tell_typing(user, socket, where, false);
}

int talk_start(struct chat *chat)
{
  int error = sio_typed_on(chat_send_message, chat->ns, on_send, chat);

  if (error == 0)
    error = sio_typed_on(chat_typing_start, chat->ns, on_typing_start, chat);
  if (error == 0)
    error = sio_typed_on(chat_typing_stop, chat->ns, on_typing_stop, chat);
  return error;
}
