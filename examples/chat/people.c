/* SPDX-License-Identifier: MIT */
/* Who is here: names, and coming to and leaving rooms. */
#include "chat.h"

#include <stdlib.h>

enum { DEVICE_ROOMS = 20 };

/* Everybody may come who says a proper name. */
static void on_auth(sio_socket *socket, sio_next *next, void *user)
{
  sio_value value = sio_value_member(sio_socket_auth(socket), "name");
  sio_str name;
  const char *problem = text_read(&text_name, value, &name);

  (void)user;
  if (problem != NULL)
    sio_next_refusef(next, problem, "{field: 'name'}");
  else
    sio_next_ok(next);
}

static void emit_rooms(const struct chat *chat, sio_target target)
{
  sio_payload *list = sio_payload_new(NULL);

  if (list == NULL)
    return;
  sio_payload_array_begin(list);
  for (size_t i = 0; i < chat->rooms.count; i++) {
    const struct room *room = chat->rooms.list[i];

    sio_payload_format(list, "{room: %s, people: %zu}", room->name,
                       room->n_members);
  }
  sio_payload_array_end(list);
  sio_emit_payload(target, "rooms", list);
  sio_payload_free(list);
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

/* Tell everybody how many people are in a room. */
static void announce(const struct chat *chat, const struct room *room)
{
  sio_emitf(sio_everyone(chat->ns), "room", "{room: %s, people: %zu}",
            room->name, room->n_members);
}

/* Put a device into a room; NULL, or a sentence that says why not. */
static const char *enter(struct chat *chat, sio_socket *socket, sio_str name)
{
  struct device *device = sio_socket_user(socket);
  struct room_key key;
  struct room *room;
  bool forgot;
  int first;

  if (sio_socket_room_count(socket) > DEVICE_ROOMS) /* one is its own */
    return "You are in too many rooms. Please leave one first.";
  room = rooms_open(&chat->rooms, name, chat_now_ms(chat), &forgot);
  if (room == NULL)
    return "There is no place for another room.";
  if (forgot)
    emit_rooms(chat, sio_everyone(chat->ns));

  room_key_init(&key, name);
  first = room_enter(room, device->name);
  if (first >= 0 && sio_join(socket, key.s) != 0) {
    room_leave(room, device->name);
    first = -1;
  }
  if (first < 0)
    return "The server is short of memory.";
  if (first > 0) {
    sio_emitf(sio_to(socket, key.s), "joined", "{room: %s, name: %s}",
              room->name, device->name);
    announce(chat, room);
  }
  return NULL;
}

/* Answer with who is in a room, and with what was said after a message. */
static void answer_join(sio_ack *ack, const struct room *room, uint64_t after)
{
  sio_payload *answer = sio_payload_new(NULL);
  const struct message *m;

  if (answer == NULL) {
    chat_refuse(ack, "The server is short of memory.");
    return;
  }
  sio_payload_object_begin(answer);
  sio_payload_key(answer, "people");
  sio_payload_array_begin(answer);
  for (size_t i = 0; i < room->n_members; i++)
    sio_payload_string(answer, room->members[i].name);
  sio_payload_array_end(answer);

  sio_payload_key(answer, "messages");
  sio_payload_array_begin(answer);
  for (size_t i = 0; (m = history_at(&room->history, i)) != NULL; i++)
    if (m->id > after)
      sio_payload_format(
          answer, "{id: %llu, at: %llu, from: %.*s, text: %.*s, key: %.*s}",
          (unsigned long long)m->id, (unsigned long long)m->at_ms,
          SIO_STR_ARG(m->from), SIO_STR_ARG(m->text), SIO_STR_ARG(m->key));
  sio_payload_array_end(answer);
  sio_payload_object_end(answer);

  if (sio_ack_payload(ack, answer) != 0)
    chat_refuse(ack, "The server is short of memory.");
  sio_payload_free(answer);
}

static void on_join(sio_socket *socket, const sio_args *args, sio_ack *ack,
                    void *user)
{
  struct chat *chat = user;
  struct device *device = sio_socket_user(socket);
  sio_value after_value = sio_get(args, 0, "after");
  uint64_t after = 0;
  struct room_key key;
  sio_str name;
  const char *problem = text_read(&text_room, sio_get(args, 0, "room"), &name);

  if (problem == NULL && sio_value_type(after_value) != SIO_ABSENT &&
      sio_value_uint64(after_value, &after) != 0)
    problem = "The number of a message is a whole number.";
  if (problem == NULL && !bucket_take(&device->joins, JOIN_BURST,
                                      JOINS_PER_SECOND, chat_now_ms(chat)))
    problem = "That was quick. Please wait a moment.";
  if (problem == NULL) {
    room_key_init(&key, name);
    if (!sio_socket_in(socket, key.s))
      problem = enter(chat, socket, name);
  }
  if (problem != NULL)
    chat_refuse(ack, problem);
  else
    answer_join(ack, rooms_find(&chat->rooms, name), after);
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
  sio_emitf(sio_to(socket, key.s), "left", "{room: %s, name: %s}", room->name,
            device->name);
  announce(chat, room);
}

static void on_leave(sio_socket *socket, const sio_args *args, sio_ack *ack,
                     void *user)
{
  struct room_key key;
  sio_str name;
  const char *problem = text_read(&text_room, sio_get(args, 0, "room"), &name);

  if (problem != NULL) {
    chat_refuse(ack, problem);
    return;
  }
  room_key_init(&key, name);
  if (sio_socket_in(socket, key.s)) {
    depart(user, socket, name);
    sio_leave(socket, key.s);
  }
  sio_ackf(ack, "{}");
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
    error = sio_on(chat->ns, "join", on_join, chat);
  if (error == 0)
    error = sio_on(chat->ns, "leave", on_leave, chat);
  if (error == 0)
    error = sio_on_disconnecting(chat->ns, on_disconnecting, chat);
  return error;
}
