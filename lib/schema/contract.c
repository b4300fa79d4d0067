/* SPDX-License-Identifier: MIT */
/* Contracts: checking them, and making them at run time. */
#include "schema/contract.h"

#include "base/mem.h"
#include "proto/packet.h"

void sio__contract_event(const sio_contract *contract, size_t i,
                         sio_event_schema *out)
{
  size_t size = contract->event_size;

  memset(out, 0, sizeof *out);
  memcpy(out, (const char *)contract->events + i * size,
         size < sizeof *out ? size : sizeof *out);
}

/* ---- Checking ---- */

/* What is wrong with one event; NULL: nothing. */
static const char *check_event(const sio_event_schema *event)
{
  const sio_schema *payload, *answer;
  const char *why = NULL;

  if (event->name == NULL)
    return "an event has no name";
  if (event->sender != SIO_SENT_BY_CLIENT &&
      event->sender != SIO_SENT_BY_SERVER)
    return "an event has no sender";
  if (sio__event_is_reserved(sio_s(event->name)))
    return "the name of an event is reserved";
  payload = sio__event_payload(event);
  answer = sio__event_answer(event);
  if ((payload != NULL && payload->shape == SIO_SHAPE_ENUMERATION) ||
      (answer != NULL && answer->shape == SIO_SHAPE_ENUMERATION))
    return "the payload of an event is an enumeration";
  if (payload != NULL && sio_schema_check(payload, &why) != 0)
    return why;
  if (answer != NULL && sio_schema_check(answer, &why) != 0)
    return why;
  return NULL;
}

static bool is_same_event(const sio_event_schema *a, const sio_event_schema *b)
{
  return a->sender == b->sender && strcmp(a->name, b->name) == 0;
}

static const char *find_fault(const sio_contract *contract)
{
  sio_event_schema event, other;

  if (contract == NULL || contract->size < offsetof(sio_contract, doc) ||
      contract->name == NULL || contract->nsp == NULL)
    return "a contract has no size, name or namespace";
  if (contract->n_events > 0 &&
      (contract->events == NULL ||
       contract->event_size < offsetof(sio_event_schema, doc)))
    return "the events of a contract are missing";
  for (size_t i = 0; i < contract->n_events; i++) {
    const char *why;

    sio__contract_event(contract, i, &event);
    why = check_event(&event);
    if (why != NULL)
      return why;
    for (size_t j = 0; j < i; j++) {
      sio__contract_event(contract, j, &other);
      if (is_same_event(&event, &other))
        return "two events have one name";
    }
  }
  return NULL;
}

int sio_contract_check(const sio_contract *contract, const char **why)
{
  const char *fault = find_fault(contract);

  if (fault != NULL && why != NULL)
    *why = fault;
  return fault == NULL ? 0 : SIO_ERR_INVALID;
}

/* ---- At run time ---- */

/* What sio_contract_new() makes; texts are blocks of their own. */
struct built {
  sio_contract contract; /* first: what the host has */
  sio_allocator mem;
  sio_event_schema *events;
  size_t cap;
};

sio_contract *sio_contract_new(const sio_allocator *allocator, const char *name,
                               const char *nsp)
{
  const sio_allocator *mem = sio__mem_or_default(allocator);
  struct built *built;

  if (name == NULL || nsp == NULL)
    return NULL;
  built = sio__mem_zalloc(mem, sizeof *built);
  if (built == NULL)
    return NULL;
  built->mem = *mem;
  built->contract.size = sizeof built->contract;
  built->contract.event_size = sizeof *built->events;
  built->contract.name = sio__text_copy(&built->mem, name);
  built->contract.nsp = sio__text_copy(&built->mem, nsp);
  if (built->contract.name == NULL || built->contract.nsp == NULL) {
    sio_contract_free(&built->contract);
    return NULL;
  }
  return &built->contract;
}

void sio_contract_free(sio_contract *contract)
{
  struct built *built = (struct built *)contract;
  sio_allocator mem;

  if (contract == NULL)
    return;
  mem = built->mem;
  for (size_t i = 0; i < contract->n_events; i++) {
    sio__text_free(&mem, built->events[i].name);
    sio__text_free(&mem, built->events[i].doc);
  }
  sio__mem_free(&mem, built->events, built->cap * sizeof *built->events);
  sio__text_free(&mem, contract->name);
  sio__text_free(&mem, contract->nsp);
  sio__mem_free(&mem, built, sizeof *built);
}

/* Room for one more; false: no memory. */
static bool make_room(struct built *built)
{
  size_t n = built->contract.n_events, cap = n > 0 ? 2 * n : 8;
  sio_event_schema *events;

  if (n < built->cap)
    return true;
  events = sio__mem_resize(&built->mem, built->events,
                           built->cap * sizeof *events, cap * sizeof *events);
  if (events == NULL)
    return false;
  built->events = events;
  built->cap = cap;
  built->contract.events = events;
  return true;
}

int sio_contract_add(sio_contract *contract, sio_sender sender,
                     const char *name, const sio_schema *payload,
                     const sio_schema *answer, const char *doc)
{
  struct built *built = (struct built *)contract;
  sio_event_schema event = {
      .sender = sender, .payload_schema = payload, .answer_schema = answer};

  if (contract == NULL || name == NULL)
    return SIO_ERR_INVALID;
  if (!make_room(built))
    return SIO_ERR_NOMEM;
  event.name = sio__text_copy(&built->mem, name);
  event.doc = doc != NULL ? sio__text_copy(&built->mem, doc) : NULL;
  if (event.name == NULL || (doc != NULL && event.doc == NULL)) {
    sio__text_free(&built->mem, event.name);
    sio__text_free(&built->mem, event.doc);
    return SIO_ERR_NOMEM;
  }
  built->events[contract->n_events++] = event;
  return 0;
}
