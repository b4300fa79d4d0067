/* SPDX-License-Identifier: MIT */
/* Types of payloads and a contract, declared in C and, with the same macros,
 * in C++20. */
#include <sio/contract.h>

#define MEMBER_ROLE(NAME)                                                      \
  NAME(ROLE_GUEST, "guest")                                                    \
  NAME(ROLE_OWNER, "owner")
SIO_ENUM(member_role, MEMBER_ROLE);

#define POINT(FIELD)                                                           \
  FIELD(required, number, x, SIO_RANGE(-1, 1))                                 \
  FIELD(required, text(8), name, SIO_DOC("what it is called"))
SIO_TYPE(point, POINT, .doc = "a point");

#define MESSAGE(FIELD)                                                         \
  FIELD(required, string, id, SIO_FORMAT(UUID), SIO_LENGTH(1, 64))             \
  FIELD(optional, int64, replyTo, SIO_NULLABLE)                                \
  FIELD(required, enumeration(member_role), as, SIO_DEFAULT("\"guest\""))      \
  FIELD(required, object(point), at)                                           \
  FIELD(list, object(point), path, SIO_ITEMS(0, 8), SIO_DEFAULT("[]"))         \
  FIELD(list, object(message), answers, SIO_DEFAULT("[]"))                     \
  FIELD(optional_list, text(8), codes)
SIO_TYPE(message, MESSAGE, .unknown = SIO_UNKNOWN_REFUSE);

#define MOVE(FIELD)                                                            \
  FIELD(required, object(point), to)                                           \
  FIELD(optional, timestamp, at)
SIO_ARGUMENTS(move, MOVE);

#define TALK_EVENTS(CLIENT, SERVER)                                            \
  CLIENT(talk_send, "send", message, point, .doc = "Say something.")           \
  CLIENT(talk_rest, "rest", sio_none, sio_none)                                \
  SERVER(talk_moved, "moved", move, sio_none)                                  \
  SERVER(talk_where, "where", sio_none, point)
SIO_CONTRACT(talk, "/talk", TALK_EVENTS, .doc = "A talk.", .version = "1.0");

static void on_send(sio_socket *socket, const message *event, sio_ack *ack,
                    void *user)
{
  point answer = event->at;

  (void)socket;
  (void)user;
  answer.x = 0;
  (void)sio_typed_ack(talk_send, ack, &answer);
}

static void on_where(sio_socket *socket, int status, const point *answer,
                     void *user)
{
  (void)socket;
  (void)user;
  (void)(status == 0 && answer->x > 0);
}

/* Whether a namespace takes the contract. */
static bool serve(sio_ns *ns)
{
  sio_target all = sio_everyone(ns);
  move moved;

  memset(&moved, 0, sizeof moved);
  return sio_ns_set_contract(ns, talk_contract(), NULL) == 0 &&
         sio_typed_on(talk_send, ns, on_send, NULL) == 0 &&
         sio_typed_emit(talk_moved, all, &moved) == 0 &&
         sio_typed_ask(talk_where, all, 1000, on_where, NULL, SIO_NONE) != 0 &&
         sio_typed_off(talk_send, ns, on_send, NULL) == 0;
}

int main(void)
{
  sio_server *server = sio_server_new(NULL);
  const char *why;
  bool good = sio_schema_check(message_schema(), &why) == 0 &&
              sio_schema_check(move_schema(), &why) == 0 && server != NULL &&
              serve(sio_of(server, "/talk"));

  sio_server_free(server);
  return good ? 0 : 1;
}
