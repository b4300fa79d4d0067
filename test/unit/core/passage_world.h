/* SPDX-License-Identifier: MIT */
#ifndef SIO_TEST_PASSAGE_WORLD_H
#define SIO_TEST_PASSAGE_WORLD_H

/* A server whose clients' events go through middlewares. */

#include "core_world.h"

#include "core/passage.h"

#define PLACE(n) "{\"_placeholder\":true,\"num\":" #n "}"

static struct core_world w;
static struct core_client a;
static sio_event *held[8]; /* retained, in the order of arrival */
static size_t n_held;

static inline void note(sio_socket *socket, const sio_args *args, sio_ack *ack,
                        void *user)
{
  sio_str json = sio_args_json(args);

  (void)socket;
  world_note(&w, "%s %.*s%s", (const char *)user, (int)json.len, json.data,
             ack != NULL ? " ack" : "");
}

static inline void note_any(sio_socket *socket, sio_str event,
                            const sio_args *args, sio_ack *ack, void *user)
{
  (void)socket;
  (void)args;
  (void)ack;
  world_note(&w, "%s %.*s", (const char *)user, (int)event.len, event.data);
}

static inline void note_problem(sio_socket *socket, const sio_problem *problem,
                                void *user)
{
  (void)socket;
  (void)user;
  world_note(&w, "problem %d %s: %.*s", problem->error, problem->message,
             (int)problem->event.len, problem->event.data);
}

static inline void acknowledge(sio_socket *socket, const sio_args *args,
                               sio_ack *ack, void *user)
{
  note(socket, args, ack, user);
  assert_int_equal(sio_ack_args(ack, args), 0);
}

static inline void pass(sio_socket *socket, sio_event *event, void *user)
{
  (void)socket;
  world_note(&w, "%s", (const char *)user);
  assert_int_equal(sio_event_next(event), 0);
  assert_int_equal(sio_event_next(event), SIO_ERR_STATE);
  assert_int_equal(sio_event_refuse(event, "late"), SIO_ERR_STATE);
  assert_int_equal(sio_event_rewrite(event, "late", NULL), SIO_ERR_STATE);
}

static inline void refuse(sio_socket *socket, sio_event *event, void *user)
{
  (void)socket;
  assert_int_equal(sio_event_refuse(event, user), 0);
  assert_int_equal(sio_event_next(event), SIO_ERR_STATE);
}

/* Answers later. */
static inline void hold(sio_socket *socket, sio_event *event, void *user)
{
  sio_str name = sio_event_name(event);

  assert_ptr_equal(sio_event_socket(event), socket);
  world_note(&w, "%s %.*s", (const char *)user, (int)name.len, name.data);
  held[n_held++] = sio_event_retain(event);
}

static inline void release(size_t i)
{
  sio_event_release(held[i]);
  held[i] = NULL;
}

static inline void begin_with(const sio_server_options *options)
{
  n_held = 0;
  world_open(&w, options);
  client_enter(&w, &a);
  assert_int_equal(sio_on(w.root, "e", note, "e"), 0);
  assert_int_equal(sio_on(w.root, "f", note, "f"), 0);
  assert_int_equal(sio_on(w.root, "ask", acknowledge, "ask"), 0);
  assert_int_equal(sio_on_problem(w.root, note_problem, NULL), 0);
}

static inline void begin(void)
{
  begin_with(NULL);
}

#endif
