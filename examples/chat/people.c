/* SPDX-License-Identifier: MIT */
/* Who is here: names, and coming to and leaving rooms. */
#include "chat.h"

#include <stdlib.h>

enum { DEVICE_ROOMS = 20 };

/* Everybody may come who says a proper name. */
static void on_auth(sio_socket *socket, sio_next *next, void *user)
{
  sio_value value = sio_value_member(sio_socket_auth(socket), "name");
  sio_str name = sio_value_str(value);

  (void)user;
  if (sio_value_type(value) != SIO_STRING)
    sio_next_refusef(next, "Please say who you are.", "{field: 'name'}");
  else if (text_check_name(&name) != NULL)
    sio_next_refusef(next,
                     "A name has 1 to 24 characters to see, and no blanks at "
                     "its ends.",
                     "{field: 'name'}");
  else
    sio_next_ok(next);
}

static room_users users_of(const struct room *room)
{
  return (room_users){.roomId = sio_s(room->name),
                      .count = (uint32_t)room->n_members};
}

static void emit_rooms(const struct chat *chat, sio_target target)
{
  room_users all[ROOMS_MAX];
  room_list list = {.rooms = {all, chat->rooms.count}};

  for (size_t i = 0; i < list.rooms.count; i++)
    all[i] = users_of(chat->rooms.list[i]);
  sio_typed_emit(chat_rooms, target, &list);
}

static void on_connect(sio_socket *socket, void *user)
{
  struct chat *chat = user;
  struct device *device = calloc(1, sizeof *device);
  uint64_t now_ms = chat_now_ms(chat);
  sio_str name;

  if (device == NULL) {
    sio_socket_disconnect(socket, true);
    return;
  }
  name = sio_value_str(sio_value_member(sio_socket_auth(socket), "name"));
  memcpy(device->name, name.data, name.len); /* on_auth has seen that it fits */
  bucket_init(&device->joins, JOIN_BURST, now_ms);
  bucket_init(&device->messages, MESSAGE_BURST, now_ms);
  bucket_init(&device->typings, TYPING_BURST, now_ms);
  sio_socket_set_user(socket, device, free);
  emit_rooms(chat, sio_only(socket));
}

/* Somebody has come to a room or left it: tell everybody how many there are. */
static void announce(const struct chat *chat, const struct room *room)
{
  const room_users users = users_of(room);

  sio_typed_emit(chat_room_users, sio_everyone(chat->ns), &users);
}

/* Put a device into a room; NULL, or why not. */
static const struct refusal *enter(struct chat *chat, sio_socket *socket,
                                   sio_str name)
{
  struct device *device = sio_socket_user(socket);
  struct room_key key;
  struct room *room;
  bool forgot;
  int first;

  if (sio_socket_room_count(socket) > DEVICE_ROOMS) /* one is its own */
    return &refused_rooms;
  room = rooms_open(&chat->rooms, name, chat_now_ms(chat), &forgot);
  if (room == NULL)
    return &refused_room;
  if (forgot)
    emit_rooms(chat, sio_everyone(chat->ns));

  room_key_init(&key, name);
  first = room_enter(room, device->name);
  if (first >= 0 && sio_join(socket, key.s) != 0) {
    room_leave(room, device->name);
    first = -1;
  }
  if (first < 0)
    return &refused_memory;
  if (first > 0) {
    sio_typed_emit(chat_user_joined, sio_to(socket, key.s),
                   &(user_in_room){name, sio_s(device->name)});
    announce(chat, room);
  }
  return NULL;
}

/* Answer with who is in a room, and with what was said after a message.
 * False: no memory. */
static bool answer_join(sio_ack *ack, const struct room *room, uint64_t after)
{
  sio_str *users = malloc(room->n_members * sizeof *users);
  message recent[HISTORY_MESSAGES];
  joined_room answer = {.roomId = sio_s(room->name),
                        .users = {users, room->n_members},
                        .recentMessages = {recent, 0}};
  const message *m;
  int error;

  if (users == NULL)
    return false;
  for (size_t i = 0; i < room->n_members; i++)
    users[i] = sio_s(room->members[i].name);
  for (size_t i = 0; (m = history_at(&room->history, i)) != NULL; i++)
    if (m->id > after)
      recent[answer.recentMessages.count++] = *m;
  error = sio_typed_ack(chat_join_room, ack, &answer);
  free(users);
  return error != SIO_ERR_NOMEM;
}

static void on_join(sio_socket *socket, const join_room *wanted, sio_ack *ack,
                    void *user)
{
  struct chat *chat = user;
  struct device *device = sio_socket_user(socket);
  const struct refusal *why = NULL;
  struct room_key key;

  room_key_init(&key, wanted->roomId);
  if (!bucket_take(&device->joins, JOIN_BURST, JOINS_PER_SECOND,
                   chat_now_ms(chat)))
    why = &refused_rate;
  else if (!sio_socket_in(socket, key.s))
    why = enter(chat, socket, wanted->roomId);
  if (why == NULL && ack != NULL &&
      !answer_join(ack, rooms_find(&chat->rooms, wanted->roomId),
                   wanted->has_after ? wanted->after : 0))
    why = &refused_memory;
  if (why != NULL)
    chat_refuse(socket, ack, chat_join_room_event(), why);
}

/* A device is about to leave a room. */
static void depart(struct chat *chat, sio_socket *socket, sio_str name)
{
  const struct device *device = sio_socket_user(socket);
  struct room *room = rooms_find(&chat->rooms, name);
  struct room_key key;

  if (device == NULL || room == NULL)
    return;
  room->used_ms = chat_now_ms(chat);
  if (!room_leave(room, device->name))
    return;
  room_key_init(&key, name);
  sio_typed_emit(chat_user_left, sio_to(socket, key.s),
                 &(user_in_room){name, sio_s(device->name)});
  announce(chat, room);
}

static void on_leave(sio_socket *socket, const room_ref *left, sio_ack *ack,
                     void *user)
{
  struct room_key key;

  room_key_init(&key, left->roomId);
  if (sio_socket_in(socket, key.s)) {
    depart(user, socket, left->roomId);
    sio_leave(socket, key.s);
  }
  if (ack != NULL)
    sio_typed_ack(chat_leave_room, ack, left);
}

static void on_disconnecting(sio_socket *socket, const sio_end *end, void *user)
{
  (void)end;
  for (size_t i = 0; i < sio_socket_room_count(socket); i++) {
    sio_str name = room_of_key(sio_socket_room(socket, i));

    if (name.len > 0)
      depart(user, socket, name);
  }
}

int people_start(struct chat *chat)
{
  int error = sio_use(chat->ns, on_auth, NULL);

  if (error == 0)
    error = sio_on_connect(chat->ns, on_connect, chat);
  if (error == 0)
    error = sio_typed_on(chat_join_room, chat->ns, on_join, chat);
  if (error == 0)
    error = sio_typed_on(chat_leave_room, chat->ns, on_leave, chat);
  if (error == 0)
    error = sio_on_disconnecting(chat->ns, on_disconnecting, chat);
  return error;
}
