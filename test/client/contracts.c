/* SPDX-License-Identifier: MIT */
/* /typed: a contract, with typed handlers; and the same with other options:
 * /typed-pass, /typed-ignore, /typed-own, /typed-small. */
#include "contracts.h"
#include "server.h"

#include <sio/event.h>

/* What comes is sent back, as an event and as the answer. */
static void on_put(sio_socket *socket, const parcel *event, sio_ack *ack,
                   void *user)
{
  (void)user;
  test_expect(sio_typed_emit(typed_got, sio_only(socket), event), "got");
  if (ack != NULL)
    test_expect(sio_typed_ack(typed_put, ack, event), "put");
}

static void on_move(sio_socket *socket, const move *event, sio_ack *ack,
                    void *user)
{
  (void)user;
  test_expect(sio_typed_emit(typed_moved, sio_only(socket), event), "moved");
  if (ack != NULL)
    test_expect(sio_typed_ack(typed_move, ack, event), "move");
}

static void on_rest(sio_socket *socket, const sio_none *nothing, sio_ack *ack,
                    void *user)
{
  (void)socket;
  (void)nothing;
  (void)user;
  if (ack != NULL)
    test_expect(sio_typed_ack(typed_rest, ack, SIO_NONE), "rest");
}

static void on_tell(sio_socket *socket, const part *event, sio_ack *ack,
                    void *user)
{
  (void)ack;
  (void)user;
  test_expect(
      sio_typed_emit(typed_told, sio_everyone(sio_socket_ns(socket)), event),
      "told");
}

/* ---- Questions ---- */

static void on_answer(sio_socket *socket, int status, const part *answer,
                      void *user)
{
  outcome said = {.status = sio_s("answered"), .has_part = answer != NULL};

  (void)user;
  if (status == SIO_ERR_DISCONNECTED)
    return;
  if (answer != NULL)
    said.part = *answer;
  if (status == SIO_ERR_TYPE)
    said.status = sio_s("of another type");
  else if (status != 0)
    said.status = sio_s(sio_strerror(status));
  test_expect(sio_typed_emit(typed_outcome, sio_only(socket), &said),
              "outcome");
}

static void on_inquire(sio_socket *socket, const inquiry *event, sio_ack *ack,
                       void *user)
{
  (void)ack;
  test_expect(sio_typed_ask(typed_question, sio_only(socket), event->timeout,
                            on_answer, user, &event->part),
              "question");
}

/* ---- What does not fit ---- */

static void on_problem(sio_socket *socket, const sio_problem *problem,
                       void *user)
{
  struct report *report = test_report(user);

  (void)socket;
  report_begin(report, "problem");
  report_text(report, "event", problem->event);
  report_text(report, "message", sio_s(problem->message));
  report_finish(report);
}

/* The host's own words: where it is wrong first. */
static void on_violation(sio_socket *socket, const sio_violation *violation,
                         sio_ack *ack, void *user)
{
  const char *path = violation->mismatches != NULL
                         ? violation->mismatches->items[0].path
                         : violation->code;

  (void)user;
  if (ack != NULL)
    test_expect(sio_ackf(ack, "'no', %s", path), "violation");
  else
    test_expect(sio_emitf(sio_only(socket), "no", "%.*s, %s",
                          SIO_STR_ARG(violation->event), path),
                "violation");
}

/* What a contract lets pass. */
static void on_extra(sio_socket *socket, const sio_args *args, sio_ack *ack,
                     void *user)
{
  sio_payload *payload = test_scratch(user);

  (void)socket;
  sio_payload_string(payload, "extra");
  events_append(payload, args, 0);
  if (ack != NULL)
    test_expect(sio_ack_payload(ack, payload), "extra");
}

/* ---- Serving ---- */

static int serve(struct test_server *server, const char *name,
                 const sio_contract_options *options)
{
  sio_ns *ns = sio_of(test_sio(server), name);
  int error = sio_ns_set_contract(ns, typed_contract(), options);

  if (error == 0)
    error = sio_typed_on(typed_put, ns, on_put, NULL);
  if (error == 0)
    error = sio_typed_on(typed_move, ns, on_move, NULL);
  if (error == 0)
    error = sio_typed_on(typed_rest, ns, on_rest, NULL);
  if (error == 0)
    error = sio_typed_on(typed_tell, ns, on_tell, NULL);
  if (error == 0)
    error = sio_typed_on(typed_inquire, ns, on_inquire, NULL);
  if (error == 0)
    error = sio_on(ns, "extra", on_extra, server);
  return error == 0 ? sio_on_problem(ns, on_problem, server) : error;
}

int contracts_serve(struct test_server *server)
{
  sio_contract_options options;
  int error = serve(server, "/typed", NULL);

  sio_contract_options_init(&options);
  options.unknown_events = SIO_UNKNOWN_EVENT_PASS;
  if (error == 0)
    error = serve(server, "/typed-pass", &options);
  options.unknown_events = SIO_UNKNOWN_EVENT_IGNORE;
  if (error == 0)
    error = serve(server, "/typed-ignore", &options);

  sio_contract_options_init(&options);
  options.on_violation = on_violation;
  if (error == 0)
    error = serve(server, "/typed-own", &options);

  sio_contract_options_init(&options);
  options.max_decoded_bytes = 4096;
  return error == 0 ? serve(server, "/typed-small", &options) : error;
}
