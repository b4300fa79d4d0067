/* SPDX-License-Identifier: MIT */
/*
 * Whole connections: whatever clients send, in pieces of any size, to servers
 * with namespaces, a contract, recovery, either parser, and an adapter between
 * them.  The host only answers.
 */
#include "stage.h"

#include "chat_contract.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void on_event(sio_socket *socket, const sio_args *args, sio_ack *ack,
                     void *user)
{
  (void)user;
  (void)sio_join(socket, sio_s("room"));
  (void)sio_emit_args(sio_to(socket, sio_s("room")), "said", args);
  (void)sio_emit_args(sio_only(socket), "echo", args);
  (void)sio_ack_args(ack, args);
}

static void on_say(sio_socket *socket, const say *event, sio_ack *ack,
                   void *user)
{
  (void)user;
  stage_must(event->room.len >= 1 && event->tags.count <= 3);
  (void)sio_typed_emit(talk_said, sio_everyone(sio_socket_ns(socket)),
                       &(said){.text = event->text});
  (void)sio_typed_ack(talk_say, ack, &(done){.id = event->reply});
}

static void on_done(sio_socket *socket, int status, const done *answer,
                    void *user)
{
  (void)socket;
  (void)user;
  stage_must((status == 0) == (answer != NULL));
}

static void on_connect(sio_socket *socket, void *user)
{
  (void)user;
  (void)sio_typed_ask(talk_quit, sio_only(socket), 100, on_done, NULL,
                      SIO_NONE);
}

static int publish(sio_ns *ns, const sio_operation *operation, void *user)
{
  sio_server *from = sio_ns_server(ns), *to = stage_other(from);

  (void)user;
  if (to == NULL)
    return SIO_ERR_CLOSED;
  (void)sio_adapter_receive(to, operation);
  if (operation->request.len > 0)
    (void)sio_adapter_expect(from, operation->request, 1);
  return 0;
}

static int answer(sio_ns *ns, const sio_answer *given, void *user)
{
  sio_server *to = stage_other(sio_ns_server(ns));

  (void)user;
  return to != NULL ? sio_adapter_answer(to, given) : SIO_ERR_CLOSED;
}

static void set_up(sio_server *server)
{
  sio_ns *spaces[] = {sio_of(server, "/"), sio_of(server, "/a"),
                      sio_of_pattern(server, "/p/{x}")};
  sio_adapter_ops ops;

  sio_adapter_ops_init(&ops);
  ops.publish = publish;
  ops.answer = answer;
  if ((stage.flags & STAGE_JOINED) != 0)
    stage_must(sio_server_set_adapter(server, &ops, NULL) == 0);
  for (size_t i = 0; i < 3; i++) {
    stage_must(sio_on(spaces[i], "e", on_event, NULL) == 0);
    stage_must(sio_on(spaces[i], "", on_event, NULL) == 0);
    stage_must(sio_on_connect(spaces[i], on_connect, NULL) == 0);
  }
  if ((stage.flags & STAGE_CONTRACT) != 0) {
    stage_must(sio_ns_set_contract(spaces[0], talk_contract(), NULL) == 0);
    stage_must(sio_typed_on(talk_say, spaces[0], on_say, NULL) == 0);
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  stage_open(data, size);
  for (int i = 0; i < STAGE_SERVERS; i++)
    set_up(stage.servers[i]);
  while (stage.left > 0)
    stage_act();
  stage_close();
  stage_must(stage.live == 0);
  return 0;
}
