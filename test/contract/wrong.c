/* SPDX-License-Identifier: MIT */
/* Compiled once for each WRONG, which must not compile, and once without. */
#include "kinds.h"

static void on_put(sio_socket *socket, const all_kinds *event, sio_ack *ack,
                   void *user)
{
  (void)socket;
  (void)user;
  (void)event->name;
  (void)sio_typed_ack(kinds_put, ack, &(stored){.id = 1});
#if WRONG == 1 /* an answer of another type */
  (void)sio_typed_ack(kinds_put, ack, &(point){.x = 1});
#elif WRONG == 2 /* no answer where there is one */
  (void)sio_typed_ack(kinds_put, ack, SIO_NONE);
#elif WRONG == 3 /* a field that there is not */
  (void)event->nothing;
#endif
}

static void on_answer(sio_socket *socket, int status, const stored *answer,
                      void *user)
{
  (void)socket;
  (void)status;
  (void)answer;
  (void)user;
}

int use(sio_ns *ns);

int use(sio_ns *ns)
{
  sio_target all = sio_everyone(ns);

  (void)sio_typed_on(kinds_put, ns, on_put, NULL);
  (void)sio_typed_emit(kinds_file, all, &(file_sent){.level = 1});
  (void)sio_typed_ask(kinds_quit, all, 1000, on_answer, NULL, SIO_NONE);
#if WRONG == 4 /* a handler of another type */
  (void)sio_typed_on(kinds_move, ns, on_put, NULL);
#elif WRONG == 5 /* a payload of another type */
  (void)sio_typed_emit(kinds_file, all, &(point){.x = 1});
#elif WRONG == 6 /* an event that clients send */
  (void)sio_typed_emit(kinds_put, all, &(all_kinds){.level = 1});
#elif WRONG == 7 /* an event that there is not */
  (void)sio_typed_emit(kinds_nothing, all, SIO_NONE);
#elif WRONG == 8 /* an answer of another type is expected */
  (void)sio_typed_ask(kinds_quit, all, 1000, on_put, NULL, SIO_NONE);
#endif
  return 0;
}
