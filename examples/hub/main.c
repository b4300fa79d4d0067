/* SPDX-License-Identifier: MIT */
/* Three servers on three ports, joined: what is said to one is heard at all of
 * them.  Port 0 lets the system choose. */
#include "hub.h"

#include <sio/uv.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <uv.h>

enum { SERVERS = 3 };

static struct {
  struct hub hub;
  sio_server *servers[SERVERS];
  sio_uv *uvs[SERVERS];
} program;

/* To everybody but who says it, on whatever server. */
static void on_say(sio_socket *socket, const sio_args *args, sio_ack *ack,
                   void *user)
{
  (void)user;
  sio_emit_args(sio_others(socket), "said", args);
  sio_ackf(ack, NULL);
}

static void on_join(sio_socket *socket, const sio_args *args, sio_ack *ack,
                    void *user)
{
  (void)user;
  sio_ackf(ack, "%d", sio_join(socket, sio_value_str(sio_arg(args, 0))));
}

static void on_say_in(sio_socket *socket, const sio_args *args, sio_ack *ack,
                      void *user)
{
  sio_str room = sio_value_str(sio_arg(args, 0));

  (void)user;
  sio_emit_args(sio_to(socket, room), "said in", args);
  sio_ackf(ack, NULL);
}

/* Put everybody into a room, or everybody out. */
static void on_move(sio_socket *socket, const sio_args *args, sio_ack *ack,
                    void *user)
{
  sio_str room = sio_value_str(sio_arg(args, 0));

  (void)user;
  sio_sockets_join(sio_everyone(sio_socket_ns(socket)), &room, 1);
  sio_ackf(ack, NULL);
}

static void on_clear(sio_socket *socket, const sio_args *args, sio_ack *ack,
                     void *user)
{
  (void)args;
  (void)user;
  sio_sockets_disconnect(sio_others(socket), false);
  sio_ackf(ack, NULL);
}

/* ---- Questions: their end acknowledges ---- */

static void on_done(int status, size_t answered, size_t asked, void *user)
{
  sio_ack *ack = user;

  sio_ackf(ack, "%d, %zu, %zu", status, answered, asked);
  sio_ack_release(ack);
}

static void on_ask(sio_socket *socket, const sio_args *args, sio_ack *ack,
                   void *user)
{
  sio_target everyone = sio_everyone(sio_socket_ns(socket));

  (void)user;
  if (sio_emit_args(
          sio_with_acks(everyone, 2000, NULL, on_done, sio_ack_retain(ack)),
          "question", args) != 0)
    sio_ack_release(ack);
}

static void on_server_question(sio_ns *ns, const sio_args *args, sio_ack *ack,
                               void *user)
{
  (void)args;
  (void)user;
  sio_ackf(ack, "%zu", sio_ns_socket_count(ns));
}

static void on_ask_servers(sio_socket *socket, const sio_args *args,
                           sio_ack *ack, void *user)
{
  (void)user;
  if (sio_emit_args(sio_with_acks(sio_nodes(sio_socket_ns(socket)), 2000, NULL,
                                  on_done, sio_ack_retain(ack)),
                    "question", args) != 0)
    sio_ack_release(ack);
}

struct list {
  sio_ack *ack;
  sio_payload *ids;
};

static void on_found(const sio_socket_info *info, void *user)
{
  struct list *list = user;

  sio_payload_str(list->ids, info->id);
}

static void on_listed(int status, size_t answered, size_t asked, void *user)
{
  struct list *list = user;

  (void)status; /* what has come is told in any case */
  (void)answered;
  (void)asked;
  sio_ack_payload(list->ack, list->ids);
  sio_ack_release(list->ack);
  sio_payload_free(list->ids);
  free(list);
}

/* The ids of all sockets. */
static void on_list(sio_socket *socket, const sio_args *args, sio_ack *ack,
                    void *user)
{
  struct list *list = malloc(sizeof *list);

  (void)args;
  (void)user;
  if (list == NULL)
    return;
  list->ack = sio_ack_retain(ack);
  list->ids = sio_payload_new(NULL);
  if (list->ids != NULL && sio_fetch(sio_everyone(sio_socket_ns(socket)), 2000,
                                     on_found, on_listed, list) == 0)
    return;
  sio_ack_release(list->ack);
  sio_payload_free(list->ids);
  free(list);
}

/* ---- Beginning and end ---- */

static int serve(sio_server *server)
{
  sio_ns *ns = sio_of(server, "/");
  int rv = hub_add(&program.hub, server);

  rv = rv != 0 ? rv : sio_on(ns, "say", on_say, NULL);
  rv = rv != 0 ? rv : sio_on(ns, "join", on_join, NULL);
  rv = rv != 0 ? rv : sio_on(ns, "say in", on_say_in, NULL);
  rv = rv != 0 ? rv : sio_on(ns, "move", on_move, NULL);
  rv = rv != 0 ? rv : sio_on(ns, "clear", on_clear, NULL);
  rv = rv != 0 ? rv : sio_on(ns, "ask", on_ask, NULL);
  rv = rv != 0 ? rv : sio_on(ns, "ask servers", on_ask_servers, NULL);
  rv = rv != 0 ? rv : sio_on(ns, "list", on_list, NULL);
  return rv != 0
             ? rv
             : sio_on_server_event(ns, "question", on_server_question, NULL);
}

static void on_signal(uv_signal_t *handle, int number)
{
  (void)handle;
  (void)number;
  for (int i = 0; i < SERVERS; i++)
    sio_uv_close(program.uvs[i], NULL, NULL);
}

int main(int argc, char **argv)
{
  int port = argc > 2 && strcmp(argv[1], "--port") == 0 ? atoi(argv[2]) : 3000;
  uv_loop_t *loop = uv_default_loop();
  uv_signal_t signals[2];
  int got[SERVERS];

  hub_init(&program.hub);
  for (int i = 0; i < SERVERS; i++) {
    program.servers[i] = sio_server_new(NULL);
    program.uvs[i] = sio_uv_new(loop, program.servers[i]);
    if (program.uvs[i] == NULL || serve(program.servers[i]) != 0)
      return 1;
    got[i] = sio_uv_listen(program.uvs[i], NULL, port > 0 ? port + i : 0);
    if (got[i] < 0) {
      fprintf(stderr, "%s\n", sio_uv_error(program.uvs[i]));
      return 1;
    }
  }
  for (int i = 0; i < 2; i++) {
    uv_signal_init(loop, &signals[i]);
    uv_signal_start(&signals[i], on_signal, i == 0 ? SIGINT : SIGTERM);
    uv_unref((uv_handle_t *)&signals[i]);
  }
  for (int i = 1; i < SERVERS; i++)
    printf("also on %d\n", got[i]);
  printf("listening on %d\n", got[0]);
  fflush(stdout);

  uv_run(loop, UV_RUN_DEFAULT);
  for (int i = 0; i < SERVERS; i++)
    sio_server_free(program.servers[i]);
  return 0;
}
