/* SPDX-License-Identifier: MIT */
/* Sending what C structs hold, and reading answers into them. */
#include "core/enforce.h"

#include "base/mem.h"
#include "json/write.h"
#include "schema/contract.h"

enum {
  KEPT_PAYLOAD = 65536,
  ANSWER_MAX = 1024 * 1024 /* lists and unescaped strings of one answer */
};

/* ---- Sending ---- */

/* The payload that is kept for this, out of the way while the host is called,
 * who may send something else meanwhile. */
static struct sio_payload take_scratch(struct sio_server *server)
{
  struct sio_payload scratch = server->scratch;

  sio__payload_init(&server->scratch, &server->mem, SIZE_MAX);
  return scratch;
}

static void put_scratch_back(struct sio_server *server,
                             struct sio_payload *scratch)
{
  sio__payload_dispose(&server->scratch);
  if (scratch->json.cap + scratch->attachments.cap > KEPT_PAYLOAD) {
    sio__payload_dispose(scratch);
    /* Where it stays: its buffers point at the allocator in it. */
    sio__payload_init(&server->scratch, &server->mem, SIZE_MAX);
    return;
  }
  sio_payload_reset(scratch);
  server->scratch = *scratch;
}

/* Write the struct; 0, or what is wrong with it. */
static int write_struct(struct sio_payload *payload, const sio_schema *schema,
                        const void *value)
{
  if (schema == NULL)
    return 0;
  if (value == NULL)
    return SIO_ERR_INVALID;
  sio_payload_struct(payload, schema, value);
  return sio_payload_error(payload);
}

int sio_emit_struct(sio_target target, const char *event,
                    const sio_schema *schema, const void *value)
{
  struct sio_server *server;
  struct sio_payload payload;
  int rv;

  if (target.error != 0)
    return target.error;
  server = target.ns->server;
  if (server->freed)
    return target.only != NULL ? SIO_ERR_DISCONNECTED : SIO_ERR_CLOSED;
  payload = take_scratch(server);
  rv = write_struct(&payload, schema, value);
  if (rv == 0)
    rv = sio_emit_payload(target, event, &payload);
  put_scratch_back(server, &payload);
  return rv;
}

int sio_ack_struct(sio_ack *ack, const sio_schema *schema, const void *value)
{
  struct sio_server *server;
  struct sio_payload payload;
  int rv;

  if (ack == NULL)
    return 0;
  server = sio__ack_server(ack);
  if (server->freed)
    return SIO_ERR_DISCONNECTED;
  payload = take_scratch(server);
  rv = write_struct(&payload, schema, value);
  if (rv == 0)
    rv = sio_ack_payload(ack, &payload);
  put_scratch_back(server, &payload);
  return rv;
}

/* ---- Asking ---- */

/* Whoever waits for an answer. */
struct question {
  const sio_schema *answer; /* NULL: none */
  sio_typed_answer_call call;
  sio_any_function fn;
  void *user;
};

/* Read it, and tell. */
static int tell_answer(const struct question *question, sio_socket *socket,
                       const sio_args *args)
{
  const sio_allocator *mem = &socket->ns->server->mem;
  size_t size = question->answer != NULL ? question->answer->struct_size : 1;
  void *value = sio__mem_alloc(mem, size);
  sio_arena *arena = sio_arena_new(mem, ANSWER_MAX);
  int rv = value != NULL && arena != NULL ? 0 : SIO_ERR_NOMEM;

  if (rv == 0)
    rv = sio_schema_read_args(question->answer, args, value, arena, NULL);
  question->call(question->fn, socket, rv,
                 rv == 0 && question->answer != NULL ? value : NULL,
                 question->user);
  sio_arena_free(arena);
  sio__mem_free(mem, value, size);
  return rv;
}

static void on_answer(sio_socket *socket, int status, const sio_args *args,
                      void *user)
{
  struct question *question = user;

  if (status == 0)
    (void)tell_answer(question, socket, args); /* also of what went wrong */
  else
    question->call(question->fn, socket, status, NULL, question->user);
  sio__mem_free(&socket->ns->server->mem, question, sizeof *question);
}

int sio_ask_struct(sio_target target, const sio_event_schema *event,
                   const void *value, uint64_t timeout_ms,
                   sio_typed_answer_call call, sio_any_function fn, void *user)
{
  struct question *question;
  int rv;

  if (event == NULL || call == NULL || fn == NULL)
    return SIO_ERR_INVALID;
  if (target.error != 0)
    return target.error;
  question = sio__mem_alloc(&target.ns->server->mem, sizeof *question);
  if (question == NULL)
    return SIO_ERR_NOMEM;
  question->answer = sio__event_answer(event);
  question->call = call;
  question->fn = fn;
  question->user = user;
  rv = sio_emit_struct(sio_with_ack(target, timeout_ms, on_answer, question),
                       event->name, sio__event_payload(event), value);
  if (rv != 0 && rv != SIO_BUFFERED)
    sio__mem_free(&target.ns->server->mem, question, sizeof *question);
  return rv;
}
