/* SPDX-License-Identifier: MIT */
/*
 * Calling what is registered.
 *
 * Nothing that is walked is freed meanwhile: whoever calls these functions
 * keeps the socket, a socket keeps its namespace, and that one its parent.
 */
#include "core/passage.h"

#include "base/glob.h"
#include "core/enforce.h"
#include "core/metrics.h"

/* ---- Events ---- */

/* What is added while an event is being handled is for the next one: all walks
 * begin before the first function is called. */

void sio__listeners_any(struct sio_socket *socket, sio_str event,
                        const sio_args *args, struct sio_ack *ack)
{
  struct sio__walk walks[SIO__LEVELS];
  const struct sio__handler *each;
  size_t n = 0;

  for (size_t i = 0; i < SIO__LEVELS; i++) {
    struct sio__listeners *listeners = sio__level(socket, i);

    if (listeners != NULL)
      sio__walk_begin(&walks[n++], &listeners->any);
  }
  for (size_t i = 0; i < n; i++) {
    while (sio__socket_is_live(socket) &&
           (each = sio__walk_next(&walks[i])) != NULL)
      ((sio_any_fn)each->fn)(socket, event, args, ack, each->user);
    sio__walk_end(&walks[i]);
  }
}

/* Whether there was any. */
static bool call_named(struct sio__walk *walk, struct sio_socket *socket,
                       const sio_args *args, struct sio_ack *ack)
{
  const struct sio__handler *each;
  bool found = false;

  while (sio__socket_is_live(socket) && (each = sio__walk_next(walk)) != NULL) {
    found = true;
    ((sio_event_fn)each->fn)(socket, args, ack, each->user);
  }
  sio__walk_end(walk);
  return found;
}

static bool call_matching(struct sio__walk *walk, struct sio_socket *socket,
                          sio_str event, const sio_args *args,
                          struct sio_ack *ack)
{
  const struct sio__handler *each;
  bool found = false;

  while (sio__socket_is_live(socket) && (each = sio__walk_next(walk)) != NULL) {
    const struct sio__matcher *matcher = each->user;
    const sio_str pattern = {matcher->pattern, matcher->len};

    if (sio__glob_matches(pattern, event, GLOB_PLAIN)) {
      found = true;
      matcher->fn(socket, event, args, ack, matcher->user);
    }
  }
  sio__walk_end(walk);
  return found;
}

/* Those of one level that handle an event. */
struct party {
  struct sio__listeners *listeners; /* NULL: there are none */
  struct sio__named *named;         /* NULL: likewise */
  struct sio__walk by_name, matching;
};

static void gather(struct party *party, struct sio__listeners *listeners,
                   sio_str event)
{
  party->listeners = listeners;
  if (listeners == NULL)
    return;
  party->named = sio__listeners_find(listeners, event);
  if (party->named != NULL)
    sio__walk_begin(&party->by_name, &party->named->handlers);
  sio__walk_begin(&party->matching, &listeners->matching);
}

/* Whether there was any. */
static bool call_party(struct party *party, struct sio_socket *socket,
                       sio_str event, const sio_args *args, struct sio_ack *ack)
{
  bool found = false;

  if (party->listeners == NULL)
    return false;
  if (party->named != NULL) {
    found = call_named(&party->by_name, socket, args, ack);
    sio__listeners_tidy(party->listeners, party->named);
  }
  return call_matching(&party->matching, socket, event, args, ack) || found;
}

static void handle(struct sio_socket *socket, sio_str event,
                   const sio_args *args, struct sio_ack *ack)
{
  struct sio_ns *ns = socket->ns;
  const struct sio__handler *fallback = &ns->listeners.fallback;
  struct party parties[SIO__LEVELS];
  struct sio__typed typed;
  bool found;

  if (!sio__socket_is_live(socket) ||
      !sio__contract_admit(&typed, socket, event, args, ack))
    return;
  for (size_t i = 0; i < SIO__LEVELS; i++)
    gather(&parties[i], sio__level(socket, i), event);
  found = sio__typed_call(&typed, socket, ack);
  for (size_t i = 0; i < SIO__LEVELS; i++) {
    if (call_party(&parties[i], socket, event, args, ack))
      found = true;
  }
  sio__typed_end(&typed);
  if (found || !sio__socket_is_live(socket))
    return;
  if (fallback->fn == NULL && ns->parent != NULL)
    fallback = &ns->parent->listeners.fallback;
  if (fallback->fn != NULL)
    ((sio_any_fn)fallback->fn)(socket, event, args, ack, fallback->user);
  else
    ns->metrics.events_unhandled++;
}

void sio__listeners_handle(struct sio_socket *socket, sio_str event,
                           const sio_args *args, struct sio_ack *ack)
{
  struct sio_ns *ns = socket->ns;
  uint64_t begun_us = sio__metrics_time(ns->server);

  handle(socket, event, args, ack);
  sio__metrics_handled(ns, begun_us);
}

/* ---- What is emitted ---- */

bool sio__listeners_wants_outgoing(const struct sio_ns *ns)
{
  return ns->listeners.outgoing.n > 0 || ns->n_watched > 0 ||
         (ns->parent != NULL && ns->parent->listeners.outgoing.n > 0);
}

void sio__listeners_outgoing(struct sio_socket *socket, sio_str event,
                             sio_str json)
{
  for (size_t i = 0; i < SIO__LEVELS; i++) {
    struct sio__listeners *listeners = sio__level(socket, i);
    const struct sio__handler *each;
    struct sio__walk walk;

    if (listeners == NULL)
      continue;
    sio__walk_begin(&walk, &listeners->outgoing);
    while ((each = sio__walk_next(&walk)) != NULL)
      ((sio_outgoing_fn)each->fn)(socket, event, json, each->user);
    sio__walk_end(&walk);
  }
}

/* ---- Problems ---- */

void sio__listeners_problem(struct sio_socket *socket, int error,
                            const char *message, sio_str event)
{
  const sio_problem problem = {error, message != NULL ? message : "", event};

  for (size_t i = 0; i < SIO__LEVELS - 1; i++) {
    struct sio__listeners *listeners = sio__level(socket, i);
    const struct sio__handler *each;
    struct sio__walk walk;

    if (listeners == NULL)
      continue;
    sio__walk_begin(&walk, &listeners->problems);
    while ((each = sio__walk_next(&walk)) != NULL)
      ((sio_problem_fn)each->fn)(socket, &problem, each->user);
    sio__walk_end(&walk);
  }
}
