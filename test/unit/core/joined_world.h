/* SPDX-License-Identifier: MIT */
#ifndef SIO_TEST_JOINED_WORLD_H
#define SIO_TEST_JOINED_WORLD_H

/*
 * Two servers joined by an adapter that calls the other one at once, each with
 * two clients in "/"; or one with an adapter that only writes down what it is
 * told.  Notes are those of the first world.
 */

#include "core_world.h"

#include "core/objects.h"

#include <sio/adapter.h>
#include <sio/nodes.h>
#include <sio/rooms.h>

#include <stdio.h>

enum { NODES = 2, CLIENTS = 2 };

struct node {
  struct core_world w;
  struct core_client c[CLIENTS];
  struct node *other;
  int received;     /* what the last operation of the other one has met */
  int answered;     /* likewise, the last answer */
  bool mute, quiet; /* it gets operations but does not answer; neither */
};

static struct node node[NODES];

static inline sio_socket *at(int i, int j)
{
  return client_socket(&node[i].c[j], "/");
}

/* ---- An adapter for two ---- */

static inline int pass_operation(sio_ns *ns, const sio_operation *operation,
                                 void *user)
{
  struct node *from = user, *to = from->other;

  (void)ns;
  if (!to->quiet)
    to->received = sio_adapter_receive(to->w.server, operation);
  if (operation->request.len > 0)
    (void)sio_adapter_expect(from->w.server, operation->request,
                             to->received != SIO_ERR_NOT_FOUND);
  return 0;
}

static inline int pass_answer(sio_ns *ns, const sio_answer *answer, void *user)
{
  struct node *from = user, *to = from->other;

  (void)ns;
  if (!from->mute)
    to->answered = sio_adapter_answer(to->w.server, answer);
  return 0;
}

static inline void set_ops(sio_adapter_ops *ops)
{
  sio_adapter_ops_init(ops);
  ops->publish = pass_operation;
  ops->answer = pass_answer;
}

/* Two open worlds get their adapters. */
static inline void join_nodes(void)
{
  sio_adapter_ops ops;

  set_ops(&ops);
  for (int i = 0; i < NODES; i++) {
    node[i].other = &node[1 - i];
    node[i].received = node[i].answered = 0;
    node[i].mute = node[i].quiet = false;
    assert_int_equal(sio_server_set_adapter(node[i].w.server, &ops, &node[i]),
                     0);
  }
}

static inline void begin_joined(const sio_server_options *options)
{
  for (int i = 0; i < NODES; i++) {
    world_open(&node[i].w, options);
    node[i].w.random_state += (uint32_t)i * 77; /* other ids on each */
  }
  join_nodes();
  for (int i = 0; i < NODES; i++) {
    for (int j = 0; j < CLIENTS; j++)
      client_enter(&node[i].w, &node[i].c[j]);
  }
}

static inline void end_joined(void)
{
  for (int i = 0; i < NODES; i++)
    world_close(&node[i].w);
}

static inline void assert_all_hear(const char *first, const char *second,
                                   const char *third, const char *fourth)
{
  assert_hears(&node[0].c[0], first);
  assert_hears(&node[0].c[1], second);
  assert_hears(&node[1].c[0], third);
  assert_hears(&node[1].c[1], fourth);
}

/* ---- Notes ---- */

static inline void note_names(char *out, size_t size, const sio_str *names,
                              size_t n)
{
  size_t len = 0;

  out[0] = '\0';
  for (size_t i = 0; i < n && len < size; i++)
    len += (size_t)snprintf(out + len, size - len, "%s%.*s", i > 0 ? "," : "",
                            SIO_STR_ARG(names[i]));
}

/* "TYPE NAMESPACE in ROOMS not EXCEPT flags F names NAMES data DATA+N", and
 * "? TIMEOUT" if an answer is wanted. */
static inline void note_operation(struct core_world *w,
                                  const sio_operation *operation)
{
  char rooms[256], except[256], names[256], asked[32] = "";

  note_names(rooms, sizeof rooms, operation->rooms, operation->n_rooms);
  note_names(except, sizeof except, operation->except, operation->n_except);
  note_names(names, sizeof names, operation->names, operation->n_names);
  if (operation->request.len > 0)
    snprintf(asked, sizeof asked, " ? %u", (unsigned)operation->timeout_ms);
  world_note(w, "%d %.*s in %s not %s flags %u names %s data %.*s+%zu%s",
             operation->type, SIO_STR_ARG(operation->ns), rooms, except,
             operation->flags, names, SIO_STR_ARG(operation->data),
             operation->n_attachments, asked);
}

static inline void note_each(sio_socket *socket, int status,
                             const sio_args *args, void *user)
{
  sio_str json = sio_args_json(args);

  assert_int_equal(status, 0);
  world_note(user, "%s: %.*s", socket != NULL ? "here" : "there",
             SIO_STR_ARG(json));
}

static inline void note_done(int status, size_t answered, size_t asked,
                             void *user)
{
  world_note(user, "done %d, %zu of %zu", status, answered, asked);
}

static inline sio_target ask(sio_target target)
{
  return sio_with_acks(target, 100, note_each, note_done, &node[0].w);
}

#endif
