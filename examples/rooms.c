/* SPDX-License-Identifier: MIT */
/*
 * A chat with rooms, by the untyped functions.  Clients connect with their
 * name: io(url, {auth: {name: "Ada"}}).
 *
 *   a client sends               and gets, or the others in the room get
 *   chat:join {room}             chat:joined, chat:history; chat:userJoined
 *   chat:message {room, text}    chat:message, all of them
 *   chat:typing {room}           chat:typing, the others
 *   chat:leave {room}            chat:userLeft, the others
 *
 * What cannot be is answered by the event "error".
 */
#include <sio.h>
#include <sio/uv.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <uv.h>

enum { NAME_MAX_BYTES = 64, TEXT_MAX_BYTES = 1000, HISTORY = 50, ROOMS = 20 };

static const char prefix[] = "room:"; /* no socket has such an id */
static char typing[] = "chat:typing", left[] = "chat:userLeft";

struct message {
  char from[NAME_MAX_BYTES + 1];
  char text[TEXT_MAX_BYTES + 1];
};

struct room {
  char key[sizeof prefix + NAME_MAX_BYTES]; /* the prefix and its name */
  size_t n; /* messages so far; the last ones are kept, at n % HISTORY */
  struct message messages[HISTORY];
};

static struct room rooms[ROOMS];
static size_t n_rooms;

static void refuse(sio_socket *socket, const char *message)
{
  sio_emitf(sio_only(socket), "error", "{message: %s}", message);
}

/* Copy a text of 1 to `max` bytes; false: it is another. */
static bool take_text(char *to, sio_value value, size_t max)
{
  sio_str text = sio_value_str(value);

  if (text.len == 0 || text.len > max)
    return false;
  memcpy(to, text.data, text.len);
  to[text.len] = '\0';
  return true;
}

static sio_str name_of(const sio_socket *socket)
{
  return sio_value_str(sio_value_member(sio_socket_auth(socket), "name"));
}

/* The room of an event, made if it is new.  NULL, and the client knows why. */
static struct room *room_of(sio_socket *socket, const sio_args *args, bool make)
{
  char key[sizeof prefix + NAME_MAX_BYTES];
  size_t i = 0;

  memcpy(key, prefix, sizeof prefix);
  if (take_text(key + sizeof prefix - 1, sio_get(args, 0, "room"),
                NAME_MAX_BYTES) &&
      (make || sio_socket_in(socket, sio_s(key)))) {
    while (i < n_rooms && strcmp(rooms[i].key, key) != 0)
      i++;
    if (i == n_rooms && n_rooms < ROOMS)
      memcpy(rooms[n_rooms++].key, key, sizeof key);
    if (i < n_rooms)
      return &rooms[i];
  }
  refuse(socket, make ? "There is no such room." : "You are not in it.");
  return NULL;
}

/* Tell the others in a room of what this one does there. */
static void tell(sio_socket *socket, const char *event, sio_str key)
{
  sio_emitf(sio_to(socket, key), event, "{room: %s, name: %.*s}",
            key.data + sizeof prefix - 1, SIO_STR_ARG(name_of(socket)));
}

static void send_history(sio_socket *socket, const struct room *room)
{
  sio_payload *payload = sio_payload_new(NULL);

  if (payload == NULL)
    return;
  sio_payload_array_begin(payload);
  for (size_t i = room->n > HISTORY ? room->n - HISTORY : 0; i < room->n; i++) {
    const struct message *m = &room->messages[i % HISTORY];

    sio_payload_format(payload, "{from: %s, text: %s}", m->from, m->text);
  }
  sio_payload_array_end(payload);
  sio_emit_payload(sio_only(socket), "chat:history", payload);
  sio_payload_free(payload);
}

static void on_join(sio_socket *socket, const sio_args *args, sio_ack *ack,
                    void *user)
{
  struct room *room = room_of(socket, args, true);

  (void)ack;
  (void)user;
  if (room == NULL)
    return;
  if (sio_join(socket, sio_s(room->key)) != 0) {
    refuse(socket, "You are in too many rooms.");
    return;
  }
  sio_emitf(sio_only(socket), "chat:joined", "{room: %s, users: %zu}",
            room->key + sizeof prefix - 1,
            sio_ns_room_size(sio_socket_ns(socket), sio_s(room->key)));
  send_history(socket, room);
  tell(socket, "chat:userJoined", sio_s(room->key));
}

static void on_message(sio_socket *socket, const sio_args *args, sio_ack *ack,
                       void *user)
{
  struct room *room = room_of(socket, args, false);
  struct message *m;

  (void)ack;
  (void)user;
  if (room == NULL)
    return;
  m = &room->messages[room->n % HISTORY];
  if (!take_text(m->text, sio_get(args, 0, "text"), TEXT_MAX_BYTES)) {
    refuse(socket, "A message has up to 1000 bytes.");
    return;
  }
  room->n++;
  snprintf(m->from, sizeof m->from, "%.*s", SIO_STR_ARG(name_of(socket)));
  sio_emitf(sio_in(sio_socket_ns(socket), sio_s(room->key)), "chat:message",
            "{room: %s, from: %s, text: %s}", room->key + sizeof prefix - 1,
            m->from, m->text);
}

/* The others are told by the event `user`. */
static void on_sign(sio_socket *socket, const sio_args *args, sio_ack *ack,
                    void *user)
{
  const struct room *room = room_of(socket, args, false);

  (void)ack;
  if (room != NULL &&
      (user == typing || sio_leave(socket, sio_s(room->key)) == 0))
    tell(socket, user, sio_s(room->key));
}

static void on_disconnecting(sio_socket *socket, const sio_end *end, void *user)
{
  (void)end;
  (void)user;
  for (size_t i = 0; i < n_rooms; i++) {
    if (sio_socket_in(socket, sio_s(rooms[i].key)))
      tell(socket, left, sio_s(rooms[i].key));
  }
}

static void check_name(sio_socket *socket, sio_next *next, void *user)
{
  size_t len = name_of(socket).len;

  (void)user;
  if (len > 0 && len <= NAME_MAX_BYTES)
    sio_next_ok(next);
  else
    sio_next_refuse(next, "Connect with a name of up to 64 bytes.", NULL);
}

static void on_signal(uv_signal_t *handle, int number)
{
  (void)number;
  sio_uv_close(handle->data, NULL, NULL);
}

int main(int argc, char **argv)
{
  int port = argc > 2 && strcmp(argv[1], "--port") == 0 ? atoi(argv[2]) : 3000;
  uv_loop_t *loop = uv_default_loop();
  sio_server *server = sio_server_new(NULL);
  sio_uv *uv = sio_uv_new(loop, server);
  sio_ns *ns = sio_of(server, "/");
  uv_signal_t signal;

  if (uv == NULL || sio_use(ns, check_name, NULL) != 0 ||
      sio_on(ns, "chat:join", on_join, NULL) != 0 ||
      sio_on(ns, "chat:message", on_message, NULL) != 0 ||
      sio_on(ns, typing, on_sign, typing) != 0 ||
      sio_on(ns, "chat:leave", on_sign, left) != 0 ||
      sio_on_disconnecting(ns, on_disconnecting, NULL) != 0)
    return 1;
  uv_signal_init(loop, &signal);
  uv_signal_start(&signal, on_signal, SIGTERM);
  uv_unref((uv_handle_t *)&signal);
  signal.data = uv;

  port = sio_uv_listen(uv, "127.0.0.1", port);
  if (port < 0) {
    fprintf(stderr, "%s\n", sio_uv_error(uv));
    return 1;
  }
  printf("listening on %d\n", port);
  fflush(stdout);

  uv_run(loop, UV_RUN_DEFAULT); /* until a signal has closed everything */
  sio_server_free(server);
  return 0;
}
