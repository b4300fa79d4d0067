/* SPDX-License-Identifier: MIT */
/*
 * Events on their way through middlewares.
 *
 *   arrived --> waiting --> its turn --> asked --> answered --> handled
 *                                          ^          |
 *                                          +----------+--> refused
 *
 * Each middleware gets a handle of its own, unless the one before has not
 * retained its: an answer that is given twice must not answer for the next.
 * What an event consists of is borrowed from the packet until it is known that
 * it has to be kept.
 */
#include "core/passage.h"

#include "base/mem.h"
#include "core/body.h"

/* What a middleware holds.  While there are references, it holds one to its
 * passage. */
struct sio_event {
  uint32_t refs; /* the host's, and that of the passage that waits for it */
  bool answered;
  struct sio__passage *passage;
};

struct sio__passage {
  uint32_t refs; /* its socket's while it is under way; those of handles; and
                    of whoever works with it */
  bool refused;
  bool kept;                 /* `memory` has all that it consists of */
  struct sio_event first;    /* a handle; its `refs` are 0: not in use */
  struct sio_event *handle;  /* whose answer counts; a reference; or NULL */
  size_t level, next;        /* the next middleware */
  uint32_t n[SIO__LEVELS];   /* those that there were when its turn came */
  struct sio__list link;     /* in own->waiting */
  struct sio_socket *socket; /* a reference */
  struct sio_ack *ack;       /* a reference, or NULL */
  sio_str name;
  struct sio_args args;
  void *memory;
  size_t size;
};

/* ---- What a socket has of its own ---- */

struct sio__own *sio__own_get(struct sio_socket *socket)
{
  if (socket->own != NULL)
    return socket->own;
  socket->own = sio__mem_zalloc(&socket->ns->server->mem, sizeof *socket->own);
  if (socket->own != NULL)
    sio__list_init(&socket->own->waiting);
  return socket->own;
}

void sio__own_free(struct sio_socket *socket)
{
  const sio_allocator *mem = &socket->ns->server->mem;
  struct sio__own *own = socket->own;

  if (own == NULL)
    return;
  socket->ns->n_watched -= own->watched;
  if (own->listeners != NULL) {
    sio__listeners_dispose(own->listeners);
    sio__mem_free(mem, own->listeners, sizeof *own->listeners);
  }
  sio__mem_free(mem, own, sizeof *own);
  socket->own = NULL;
}

/* ---- Memory ---- */

static struct sio__passage *new_passage(struct sio_socket *socket, sio_str name,
                                        const struct sio_args *args,
                                        struct sio_ack *ack)
{
  struct sio__passage *p = sio__mem_zalloc(&socket->ns->server->mem, sizeof *p);

  if (p == NULL)
    return NULL;
  p->refs = 1;
  sio__list_init(&p->link);
  p->socket = sio_socket_retain(socket);
  p->ack = ack;
  p->name = name;
  p->args = *args;
  return p;
}

static void unref(struct sio__passage *p)
{
  struct sio_socket *socket = p->socket;
  const sio_allocator *mem = &socket->ns->server->mem;

  if (--p->refs > 0)
    return;
  sio__document_dispose(&p->args.document);
  sio__mem_free(mem, p->memory, p->size);
  sio_ack_release(p->ack);
  sio__mem_free(mem, p, sizeof *p);
  sio_socket_release(socket);
}

/* One reference.  NULL: no memory. */
static struct sio_event *new_handle(struct sio__passage *p)
{
  struct sio_event *handle = &p->first;

  if (handle->refs > 0)
    handle = sio__mem_alloc(&p->socket->ns->server->mem, sizeof *handle);
  if (handle == NULL)
    return NULL;
  handle->refs = 1;
  handle->answered = false;
  handle->passage = p;
  p->refs++;
  return handle;
}

static void unref_handle(struct sio_event *handle)
{
  struct sio__passage *p = handle->passage;

  if (--handle->refs > 0)
    return;
  if (handle != &p->first)
    sio__mem_free(&p->socket->ns->server->mem, handle, sizeof *handle);
  unref(p);
}

/* Wait for no answer any more. */
static void give_up_handle(struct sio__passage *p)
{
  struct sio_event *handle = p->handle;

  p->handle = NULL;
  if (handle != NULL)
    unref_handle(handle);
}

/* ---- Contents ---- */

static sio_str args_text(const struct sio__passage *p)
{
  const sio_str text = {p->args.document.text, p->args.document.len};

  return text;
}

static uint64_t bytes_of(const struct sio__passage *p)
{
  uint64_t bytes = p->name.len + p->args.document.len;

  for (size_t i = 0; i < p->args.document.n_attachments; i++)
    bytes += p->args.document.attachments[i].len;
  return bytes;
}

static char *append(char *to, const void *data, size_t len)
{
  if (len > 0)
    memcpy(to, data, len);
  return to + len;
}

/* Let an event consist of copies: `| span span | name | json | bytes |`.  0,
 * SIO_ERR_NOMEM or SIO_ERR_RANGE; nothing has changed then. */
static int replace(struct sio__passage *p, sio_str name, sio_str json,
                   const struct sio__body *from)
{
  const sio_allocator *mem = &p->socket->ns->server->mem;
  size_t n = sio__body_attachments(from);
  size_t size = n * sizeof(sio_span) + name.len + json.len + 1; /* never 0 */
  struct sio_document document;
  sio_span *spans;
  char *memory, *to, *text;
  int rv = 0;

  for (size_t i = 0; i < n; i++)
    size += sio__body_attachment(from, i).len;
  memory = sio__mem_alloc(mem, size);
  if (memory == NULL)
    return SIO_ERR_NOMEM;
  spans = (sio_span *)(void *)memory;
  text = append(memory + n * sizeof *spans, name.data, name.len);
  to = append(text, json.data, json.len);
  for (size_t i = 0; i < n; i++) {
    const sio_span bytes = sio__body_attachment(from, i);

    spans[i].data = (const uint8_t *)to;
    spans[i].len = bytes.len;
    to = append(to, bytes.data, bytes.len);
  }
  sio__document_init(&document, text, json.len, mem);
  document.attachments = spans;
  document.n_attachments = n;
  if (n > 0)
    rv = sio__document_check_placeholders(&document);
  if (rv != 0) {
    sio__mem_free(mem, memory, size);
    return rv;
  }
  sio__document_dispose(&p->args.document);
  sio__mem_free(mem, p->memory, p->size);
  p->name.data = text - name.len;
  p->name.len = name.len;
  p->args.document = document;
  p->memory = memory;
  p->size = size;
  p->kept = true;
  return 0;
}

/* Copy what is borrowed.  False: no memory; then it consists of nothing, and
 * the session ends. */
static bool keep(struct sio__passage *p)
{
  static const sio_str nothing = {"", 0};
  const struct sio__body body = {.kind = BODY_ARGS, .args = &p->args};

  if (p->kept || replace(p, p->name, args_text(p), &body) == 0)
    return true;
  sio__document_dispose(&p->args.document);
  sio__document_init(&p->args.document, NULL, 0, &p->socket->ns->server->mem);
  p->name = nothing;
  p->kept = true;
  if (p->socket->client != NULL)
    sio__session_doom(p->socket->client->session, SIO_CAUSE_NOMEM, 0);
  return false;
}

/* ---- Moving on ---- */

/* The next middleware; false: it has passed all. */
static bool next_middleware(struct sio__passage *p, struct sio__handler *out)
{
  for (; p->level < SIO__LEVELS; p->level++, p->next = 0) {
    if (p->next < p->n[p->level]) {
      *out = sio__level(p->socket, p->level)->middlewares.items[p->next++];
      return true;
    }
  }
  return false;
}

/* Its turn has come: note whom to ask. */
static void begin_turn(struct sio__own *own, struct sio__passage *p)
{
  own->turn = p;
  for (size_t i = 0; i < SIO__LEVELS; i++) {
    const struct sio__listeners *listeners = sio__level(p->socket, i);

    p->n[i] = listeners != NULL ? listeners->middlewares.n : 0;
  }
}

/* An event that nobody can answer any more is refused. */
static void release_handle(struct sio_event *handle);

/* False: no memory. */
static bool ask(struct sio__passage *p, const struct sio__handler *middleware)
{
  struct sio_event *handle = p->handle;

  if (handle == NULL || handle->refs > 1) {
    give_up_handle(p);
    handle = p->handle = new_handle(p);
  }
  if (handle == NULL) {
    sio__session_doom(p->socket->client->session, SIO_CAUSE_NOMEM, 0);
    return false;
  }
  handle->answered = false;
  handle->refs++;
  ((sio_event_middleware_fn)middleware->fn)(p->socket, handle,
                                            middleware->user);
  release_handle(handle);
  return true;
}

/* Whether its turn is over: it has been handled, refused or dropped. */
static bool move(struct sio__own *own, struct sio__passage *p)
{
  struct sio__handler middleware;

  while (own->turn == p && !p->refused) {
    if (p->handle != NULL && !p->handle->answered)
      return false;
    if (!next_middleware(p, &middleware)) {
      give_up_handle(p);
      sio__listeners_handle(p->socket, p->name, &p->args, p->ack);
      return true;
    }
    if (!ask(p, &middleware))
      return true;
  }
  return true;
}

/* Let go of the event whose turn it was; the next one's has come. */
static void end_turn(struct sio__own *own, struct sio__passage *p)
{
  struct sio__list *link = sio__list_take(&own->waiting);

  own->turn = NULL;
  if (link != NULL) {
    struct sio__passage *next = SIO__CONTAINER(link, struct sio__passage, link);

    own->n_waiting--;
    own->waiting_bytes -= bytes_of(next);
    next->socket->ns->metrics.events_waiting_now--;
    begin_turn(own, next);
  }
  give_up_handle(p);
  unref(p);
}

/* Go on with the event whose turn it is, and then with those behind it. */
static void run(struct sio_socket *socket)
{
  struct sio__own *own = socket->own;
  struct sio__passage *p;
  bool over = true;

  if (own->running)
    return; /* goes on when what is being called has returned */
  own->running = true;
  (void)sio_socket_retain(socket);
  while (over && (p = own->turn) != NULL) {
    p->refs++;
    over = move(own, p);
    if (over && own->turn == p)
      end_turn(own, p);
    unref(p);
  }
  own->running = false;
  sio_socket_release(socket);
}

/* ---- Arriving, and leaving ---- */

bool sio__passage_is_needed(const struct sio_socket *socket)
{
  if (socket->own != NULL && socket->own->turn != NULL)
    return true;
  for (size_t i = 0; i < SIO__LEVELS; i++) {
    const struct sio__listeners *listeners = sio__level(socket, i);

    if (listeners != NULL && listeners->middlewares.n > 0)
      return true;
  }
  return false;
}

/* Let it wait behind the others. */
static void enqueue(struct sio__own *own, struct sio__passage *p)
{
  struct sio__client *client = p->socket->client;
  const sio_server_options *o = &client->server->options;
  uint64_t bytes = bytes_of(p);
  sio_end end = {SIO_REASON_FORCED_SERVER_CLOSE, SIO_CAUSE_WAITING_EVENTS, NULL,
                 o->max_waiting_events, (uint64_t)own->n_waiting + 1};

  if (own->n_waiting < o->max_waiting_events) {
    end.cause = SIO_CAUSE_WAITING_BYTES;
    end.limit = o->max_waiting_bytes;
    end.seen = own->waiting_bytes + bytes;
  }
  if (end.seen > end.limit) {
    sio__session_close(client->session, &end, false);
    return;
  }
  if (!keep(p))
    return;
  p->refs++;
  sio__list_insert(&own->waiting, &p->link);
  own->n_waiting++;
  own->waiting_bytes += bytes;
  p->socket->ns->metrics.events_waiting_now++;
}

void sio__passage_begin(struct sio_socket *socket, sio_str event,
                        const struct sio_args *args, struct sio_ack *ack)
{
  struct sio__own *own = sio__own_get(socket);
  struct sio__passage *p = NULL;

  if (own != NULL)
    p = new_passage(socket, event, args, ack);
  if (p == NULL) {
    struct sio_args lost = *args;

    sio__document_dispose(&lost.document);
    sio_ack_release(ack);
    if (socket->client != NULL)
      sio__session_doom(socket->client->session, SIO_CAUSE_NOMEM, 0);
    return;
  }
  if (socket->state == SOCKET_CONNECTED && own->turn != NULL) {
    enqueue(own, p);
  } else if (socket->state == SOCKET_CONNECTED) {
    p->refs++;
    begin_turn(own, p);
    run(socket);
  }
  if (p->refs > 1)
    (void)keep(p); /* or the session ends */
  unref(p);
}

static void drop(struct sio__passage *p)
{
  give_up_handle(p);
  unref(p);
}

void sio__passages_drop(struct sio_socket *socket)
{
  struct sio__own *own = socket->own;
  struct sio__passage *turn;
  struct sio__list *link;

  if (own == NULL)
    return;
  turn = own->turn;
  own->turn = NULL;
  socket->ns->metrics.events_waiting_now -= own->n_waiting;
  own->n_waiting = 0;
  own->waiting_bytes = 0;
  if (turn != NULL)
    drop(turn);
  while ((link = sio__list_take(&own->waiting)) != NULL)
    drop(SIO__CONTAINER(link, struct sio__passage, link));
}

/* ---- Handles ---- */

sio_str sio_event_name(const sio_event *event)
{
  return event->passage->name;
}

const sio_args *sio_event_args(const sio_event *event)
{
  return &event->passage->args;
}

sio_ack *sio_event_ack(const sio_event *event)
{
  return event->passage->ack;
}

sio_socket *sio_event_socket(const sio_event *event)
{
  return event->passage->socket;
}

/* Whether an answer may be given now: 0, SIO_ERR_STATE or
 * SIO_ERR_DISCONNECTED. */
static int check_turn(const struct sio_event *event)
{
  if (event->answered)
    return SIO_ERR_STATE;
  return event->passage->handle == event ? 0 : SIO_ERR_DISCONNECTED;
}

int sio_event_rewrite(sio_event *event, const char *name,
                      const sio_payload *args)
{
  struct sio__passage *p = event->passage;
  struct sio__body body = {.kind = BODY_ARGS, .args = &p->args};
  sio_str json = args_text(p);
  int rv = check_turn(event);

  if (rv == 0 && name != NULL && sio__event_is_reserved(sio_s(name)))
    rv = SIO_ERR_RESERVED;
  if (rv == 0 && args != NULL)
    rv = sio__payload_check(args);
  if (rv != 0)
    return rv;
  if (args != NULL) {
    body.kind = BODY_PAYLOAD;
    body.payload = args;
    json.data = (const char *)args->json.data;
    json.len = args->json.len;
  }
  return replace(p, name != NULL ? sio_s(name) : p->name, json, &body);
}

int sio_event_next(sio_event *event)
{
  struct sio_socket *socket = event->passage->socket;
  int rv = check_turn(event);

  if (rv != 0)
    return rv;
  event->answered = true;
  sio__engine_enter(&socket->ns->server->engine);
  run(socket);
  sio__engine_leave(&socket->ns->server->engine);
  return 0;
}

static void refuse(struct sio_event *event, const char *message)
{
  struct sio__passage *p = event->passage;
  struct sio_socket *socket = p->socket;
  struct sio__engine *engine = &socket->ns->server->engine;

  event->answered = true;
  p->refused = true;
  p->refs++; /* whatever the host does when it is told */
  sio__engine_enter(engine);
  sio__listeners_problem(socket, SIO_ERR_STATE, message, p->name);
  run(socket);
  unref(p);
  sio__engine_leave(engine);
}

int sio_event_refuse(sio_event *event, const char *message)
{
  int rv = check_turn(event);

  if (rv == 0)
    refuse(event, message);
  return rv;
}

sio_event *sio_event_retain(sio_event *event)
{
  if (event != NULL)
    event->refs++;
  return event;
}

static void release_handle(struct sio_event *handle)
{
  /* Only its passage would be left: nobody can answer any more. */
  if (handle->refs == 2 && check_turn(handle) == 0) {
    struct sio_ns *ns = handle->passage->socket->ns;

    sio__engine_log(&ns->server->engine, SIO_LOG_WARN, "host", 0,
                    "an event middleware of %s gave no answer", ns->name);
    refuse(handle, "a middleware gave no answer");
  }
  unref_handle(handle);
}

void sio_event_release(sio_event *event)
{
  if (event != NULL)
    release_handle(event);
}
