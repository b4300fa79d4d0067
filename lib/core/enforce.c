/* SPDX-License-Identifier: MIT */
/* Contracts at work. */
#include "core/enforce.h"

#include "base/mem.h"
#include "base/versioned.h"
#include "schema/contract.h"
#include <sio/event.h>

/* An event that clients may send. */
struct sio__promise {
  struct sio__map_node node; /* in contract->by_name */
  sio_event_schema event;
  const sio_schema *payload;     /* NULL: none */
  struct sio__handlers handlers; /* `user`: struct registration */
};

/* A handler. */
struct registration {
  sio_typed_call call;
  sio_any_function fn;
  void *user;
};

struct sio__contract {
  uint32_t refs; /* the namespace's, and that of events under way */
  bool busy;     /* `value` and `arena` are in use */
  struct sio_server *server;
  sio_contract_options options;
  struct sio__map by_name;
  struct sio__promise *promises;
  size_t n_promises;
  void *value; /* where events are read to: `value_size` bytes */
  size_t value_size;
  sio_arena *arena;
};

/* ---- Options ---- */

static const sio_contract_options defaults = {
    .size = sizeof defaults,
    .max_decoded_bytes = 1024 * 1024,
};

void sio_contract_options_init_sized(sio_contract_options *options, size_t size)
{
  sio__versioned_init(options, size, &defaults, sizeof defaults);
}

/* ---- Memory ---- */

static void remove_all(struct sio__contract *contract,
                       struct sio__promise *promise)
{
  const sio_allocator *mem = &contract->server->mem;

  for (uint32_t i = 0; i < promise->handlers.n; i++) {
    const struct sio__handler *each = &promise->handlers.items[i];

    if (each->fn != NULL) /* or it was removed */
      sio__mem_free(mem, each->user, sizeof(struct registration));
  }
  sio__handlers_dispose(&promise->handlers, mem);
}

static void unref(struct sio__contract *contract)
{
  const sio_allocator *mem = &contract->server->mem;

  if (--contract->refs > 0)
    return;
  for (size_t i = 0; i < contract->n_promises; i++)
    remove_all(contract, &contract->promises[i]);
  sio__map_dispose(&contract->by_name);
  sio__mem_free(mem, contract->promises,
                contract->n_promises * sizeof *contract->promises);
  sio__mem_free(mem, contract->value, contract->value_size);
  sio_arena_free(contract->arena);
  sio__mem_free(mem, contract, sizeof *contract);
}

static uint64_t hash_of(const struct sio__contract *contract, sio_str name)
{
  return sio__hash(&contract->server->engine.seed, name.data, name.len);
}

/* Note the events of clients.  False: no memory. */
static bool take_events(struct sio__contract *contract,
                        const sio_contract *described)
{
  const sio_allocator *mem = &contract->server->mem;
  size_t n = described->n_events;

  contract->promises =
      sio__mem_zalloc(mem, (n > 0 ? n : 1) * sizeof *contract->promises);
  if (contract->promises == NULL)
    return false;
  contract->n_promises = n > 0 ? n : 1;
  for (size_t i = 0; i < n; i++) {
    struct sio__promise *promise = &contract->promises[i];

    sio__contract_event(described, i, &promise->event);
    promise->payload = sio__event_payload(&promise->event);
    if (promise->event.sender != SIO_SENT_BY_CLIENT)
      continue;
    if (promise->payload != NULL &&
        promise->payload->struct_size > contract->value_size)
      contract->value_size = promise->payload->struct_size;
    sio__map_insert(&contract->by_name, &promise->node,
                    hash_of(contract, sio_s(promise->event.name)));
  }
  return true;
}

/* NULL: no memory. */
static struct sio__contract *new_contract(struct sio_server *server,
                                          const sio_contract *described,
                                          const sio_contract_options *options)
{
  const sio_allocator *mem = &server->mem;
  struct sio__contract *contract = sio__mem_zalloc(mem, sizeof *contract);

  if (contract == NULL)
    return NULL;
  contract->refs = 1;
  contract->server = server;
  sio__versioned_complete(&contract->options, options, &defaults,
                          sizeof defaults);
  sio__map_init(&contract->by_name, mem);
  if (take_events(contract, described)) {
    contract->value_size += contract->value_size == 0;
    contract->value = sio__mem_alloc(mem, contract->value_size);
    contract->arena = sio_arena_new(mem, contract->options.max_decoded_bytes);
  }
  if (contract->value == NULL || contract->arena == NULL) {
    unref(contract);
    return NULL;
  }
  return contract;
}

int sio_ns_set_contract(sio_ns *ns, const sio_contract *contract,
                        const sio_contract_options *options)
{
  struct sio__contract *made = NULL;

  if (ns == NULL || (options != NULL && options->size < sizeof(size_t)))
    return SIO_ERR_INVALID;
  if (contract != NULL) {
    if (sio_contract_check(contract, NULL) != 0)
      return SIO_ERR_INVALID;
    made = new_contract(ns->server, contract, options);
    if (made == NULL)
      return SIO_ERR_NOMEM;
  }
  sio__contract_drop(ns);
  ns->contract = made;
  ns->listeners.has_contract = made != NULL;
  sio__listeners_changed(&ns->listeners);
  return 0;
}

void sio__contract_drop(struct sio_ns *ns)
{
  if (ns->contract != NULL)
    unref(ns->contract);
  ns->contract = NULL;
}

/* ---- Handlers ---- */

/* That of clients by this name, or NULL. */
static struct sio__promise *find(const struct sio__contract *contract,
                                 sio_str name)
{
  struct sio__map_node *node =
      sio__map_first(&contract->by_name, hash_of(contract, name));

  for (; node != NULL; node = sio__map_next(node)) {
    struct sio__promise *promise =
        SIO__CONTAINER(node, struct sio__promise, node);

    if (sio_str_is(name, promise->event.name))
      return promise;
  }
  return NULL;
}

static bool is_same_type(const sio_schema *a, const sio_schema *b)
{
  if (a == b)
    return true;
  return a != NULL && b != NULL && a->shape == b->shape &&
         a->struct_size == b->struct_size && a->n_fields == b->n_fields &&
         strcmp(a->name, b->name) == 0;
}

/* What the contract of a namespace says of an event that handlers are for.  0,
 * SIO_ERR_INVALID or SIO_ERR_STATE. */
static int find_promise(const sio_ns *ns, const sio_event_schema *event,
                        struct sio__promise **out)
{
  if (ns == NULL || event == NULL || event->name == NULL)
    return SIO_ERR_INVALID;
  *out = ns->contract != NULL ? find(ns->contract, sio_s(event->name)) : NULL;
  return *out != NULL &&
                 is_same_type((*out)->payload, sio__event_payload(event))
             ? 0
             : SIO_ERR_STATE;
}

int sio_typed_add(sio_ns *ns, const sio_event_schema *event,
                  sio_typed_call call, sio_any_function fn, void *user)
{
  struct registration *registration;
  struct sio__promise *promise;
  int rv = call != NULL && fn != NULL ? find_promise(ns, event, &promise)
                                      : SIO_ERR_INVALID;

  if (rv != 0)
    return rv;
  registration = sio__mem_alloc(&ns->server->mem, sizeof *registration);
  if (registration == NULL)
    return SIO_ERR_NOMEM;
  registration->call = call;
  registration->fn = fn;
  registration->user = user;
  rv =
      sio__handlers_add(&promise->handlers, &ns->server->mem, fn, registration);
  if (rv != 0)
    sio__mem_free(&ns->server->mem, registration, sizeof *registration);
  return rv;
}

int sio_typed_remove(sio_ns *ns, const sio_event_schema *event,
                     sio_any_function fn, void *user)
{
  const struct sio__handler *each;
  struct sio__promise *promise;
  struct sio__walk walk;
  int rv = find_promise(ns, event, &promise);

  if (rv != 0)
    return rv;
  rv = SIO_ERR_NOT_FOUND;
  sio__walk_begin(&walk, &promise->handlers);
  while ((each = sio__walk_next(&walk)) != NULL) {
    struct registration *registration = each->user;

    if (fn != NULL && (registration->fn != fn || registration->user != user))
      continue;
    sio__handlers_remove_at(&promise->handlers, walk.i - 1);
    sio__mem_free(&ns->server->mem, registration, sizeof *registration);
    rv = 0;
  }
  sio__walk_end(&walk);
  return rv;
}

/* ---- What does not fit ---- */

static void write_text(sio_payload *out, const char *key, const char *text)
{
  sio_payload_key(out, key);
  sio_payload_string(out, text);
}

/* `{event, code, message, errors}` */
static void write_violation(sio_payload *out, const sio_violation *violation)
{
  const sio_mismatches *mismatches = violation->mismatches;

  sio_payload_object_begin(out);
  sio_payload_key(out, "event");
  sio_payload_str(out, violation->event);
  write_text(out, "code", violation->code);
  write_text(out, "message", violation->message);
  sio_payload_key(out, "errors");
  sio_payload_array_begin(out);
  for (size_t i = 0; mismatches != NULL && i < mismatches->kept; i++) {
    sio_payload_object_begin(out);
    write_text(out, "path", mismatches->items[i].path);
    write_text(out, "expected", mismatches->items[i].expected);
    write_text(out, "found", mismatches->items[i].found);
    sio_payload_object_end(out);
  }
  sio_payload_array_end(out);
  sio_payload_object_end(out);
}

/* 0, or why it could not be said. */
static int say_violation(struct sio_socket *socket,
                         const sio_violation *violation, struct sio_ack *ack)
{
  sio_payload *payload = sio_payload_new(&socket->ns->server->mem);
  int rv;

  if (payload == NULL)
    return SIO_ERR_NOMEM;
  if (ack == NULL) {
    write_violation(payload, violation);
    rv = sio_emit_payload(sio_only(socket), "exception", payload);
  } else {
    sio_payload_object_begin(payload);
    sio_payload_key(payload, "error");
    write_violation(payload, violation);
    sio_payload_object_end(payload);
    rv = sio_ack_payload(ack, payload);
  }
  sio_payload_free(payload);
  return rv;
}

static void tell_violation(const struct sio__contract *contract,
                           struct sio_socket *socket,
                           const sio_violation *violation, struct sio_ack *ack)
{
  struct sio_ns *ns = socket->ns;

  ns->metrics.events_invalid++;
  sio__listeners_problem(socket, SIO_ERR_TYPE, violation->message,
                         violation->event);
  if (!sio__socket_is_live(socket))
    return;
  if (contract->options.on_violation != NULL)
    contract->options.on_violation(socket, violation, ack,
                                   contract->options.user);
  else if (say_violation(socket, violation, ack) == SIO_ERR_NOMEM &&
           socket->client != NULL)
    sio__session_doom(socket->client->session, SIO_CAUSE_NOMEM, 0);
}

/* ---- Events ---- */

/* That of a namespace, else that of its parent; NULL: none. */
static struct sio__contract *contract_of(const struct sio_ns *ns)
{
  if (ns->contract != NULL || ns->parent == NULL)
    return ns->contract;
  return ns->parent->contract;
}

/* What is read goes where it always goes, or if that is in use, since another
 * client is fed in a handler, to a place of its own.  False: no memory. */
static bool make_place(struct sio__typed *typed)
{
  struct sio__contract *contract = typed->contract;
  const sio_allocator *mem = &contract->server->mem;

  typed->value = contract->value;
  typed->arena = contract->arena;
  if (!contract->busy) {
    contract->busy = true;
    return true;
  }
  typed->memory = sio__mem_alloc(mem, contract->value_size);
  typed->value = typed->memory;
  typed->arena = sio_arena_new(mem, contract->options.max_decoded_bytes);
  return typed->memory != NULL && typed->arena != NULL;
}

static void leave_place(struct sio__typed *typed)
{
  struct sio__contract *contract = typed->contract;

  if (typed->arena == contract->arena) {
    sio_arena_reset(contract->arena);
    contract->busy = false;
    return;
  }
  sio__mem_free(&contract->server->mem, typed->memory, contract->value_size);
  sio_arena_free(typed->arena);
}

/* Read the struct; 0, or what sio_schema_read_args() answers. */
static int read_event(struct sio__typed *typed, const sio_args *args,
                      sio_mismatches *mismatches)
{
  int rv = make_place(typed)
               ? sio_schema_read_args(typed->promise->payload, args,
                                      typed->value, typed->arena, mismatches)
               : SIO_ERR_NOMEM;

  if (rv != 0)
    leave_place(typed);
  else if (typed->promise->payload == NULL)
    typed->value = NULL;
  return rv;
}

static bool admit_unknown(const struct sio__contract *contract,
                          struct sio_socket *socket, sio_str event,
                          struct sio_ack *ack)
{
  const sio_violation violation = {"unknown_event", "There is no such event.",
                                   event, NULL};

  if (contract->options.unknown_events == SIO_UNKNOWN_EVENT_PASS)
    return true;
  if (contract->options.unknown_events == SIO_UNKNOWN_EVENT_IGNORE)
    socket->ns->metrics.events_unhandled++;
  else
    tell_violation(contract, socket, &violation, ack);
  return false;
}

static bool admit_known(struct sio__typed *typed, struct sio_socket *socket,
                        sio_str event, const sio_args *args,
                        struct sio_ack *ack)
{
  sio_violation violation = {
      "invalid_payload", "The payload of the event does not fit.", event, NULL};
  sio_mismatches mismatches;
  int rv = read_event(typed, args, &mismatches);

  if (rv == 0) {
    sio__walk_begin(&typed->walk, &typed->promise->handlers);
    return true;
  }
  if (rv == SIO_ERR_NOMEM) {
    sio__session_doom(socket->client->session, SIO_CAUSE_NOMEM, 0);
    return false;
  }
  if (rv == SIO_ERR_TYPE) {
    violation.mismatches = &mismatches;
  } else {
    violation.code = "payload_too_large";
    violation.message = "The payload of the event is too large.";
  }
  tell_violation(typed->contract, socket, &violation, ack);
  return false;
}

bool sio__contract_admit(struct sio__typed *typed, struct sio_socket *socket,
                         sio_str event, const sio_args *args,
                         struct sio_ack *ack)
{
  struct sio__contract *contract = contract_of(socket->ns);
  bool admitted;

  typed->contract = contract;
  typed->promise = NULL;
  typed->memory = NULL;
  if (contract == NULL)
    return true;
  contract->refs++;
  typed->promise = find(contract, event);
  admitted = typed->promise != NULL
                 ? admit_known(typed, socket, event, args, ack)
                 : admit_unknown(contract, socket, event, ack);
  if (!admitted)
    unref(contract);
  return admitted;
}

bool sio__typed_call(struct sio__typed *typed, struct sio_socket *socket,
                     struct sio_ack *ack)
{
  const struct sio__handler *each;
  bool found = false;

  if (typed->promise == NULL)
    return false;
  while (sio__socket_is_live(socket) &&
         (each = sio__walk_next(&typed->walk)) != NULL) {
    const struct registration *registration = each->user;

    found = true;
    registration->call(registration->fn, socket, typed->value, ack,
                       registration->user);
  }
  sio__walk_end(&typed->walk);
  leave_place(typed);
  return found;
}

void sio__typed_end(struct sio__typed *typed)
{
  if (typed->contract != NULL)
    unref(typed->contract);
}
