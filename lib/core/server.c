/* SPDX-License-Identifier: MIT */
/* The server: its beginning and end, its clock, and its door. */
#include "core/objects.h"

#include "base/mem.h"
#include "base/versioned.h"
#include "core/attach.h"
#include "core/guard.h"
#include "core/initial.h"
#include "core/options.h"
#include "core/server_drain.h"
#include "core/recovery.h"
#include "eio/bundle.h"
#include "eio/exchange.h"
#include "eio/route.h"
#include "eio/shutdown.h"

#include <stdio.h>

enum { PACKET_MAX = UINT32_MAX / 4 };

static const char out_of_range[] = "option out of range: ";

static void log_without_server(const sio_server_options *options,
                               const char *what, const char *which)
{
  char line[128];
  const sio_log_entry entry = {sizeof entry, SIO_LOG_ERROR, "host", 0, line};

  if (options->log == NULL)
    return;
  snprintf(line, sizeof line, "cannot make a server: %s%s", what, which);
  options->log(&entry, options->log_user);
}

/* ---- Beginning ---- */

/* One slash at the end or, if so wished, none, whatever was given; "/" is
 * what it is. */
static char *effective_path(const sio_allocator *mem, const char *path,
                            bool no_slash)
{
  size_t len = strlen(path), end;
  char *text;

  if (path[len - 1] == '/')
    len--;
  end = no_slash && len > 0 ? len : len + 1;
  text = sio__mem_alloc(mem, end + 1);
  if (text == NULL)
    return NULL;
  memcpy(text, path, len);
  if (end > len)
    text[len] = '/';
  text[end] = '\0';
  return text;
}

/* Copy the texts among the options. */
static int copy_texts(struct sio_server *server)
{
  sio_server_options *o = &server->options;

  server->path_text =
      effective_path(&server->mem, o->path, o->no_trailing_slash != 0);
  o->path = server->path_text;
  if (o->initial_message != NULL) {
    server->initial_text = sio__text_copy(&server->mem, o->initial_message);
    o->initial_message = server->initial_text;
    if (server->initial_text == NULL)
      return SIO_ERR_NOMEM;
  }
  return server->path_text != NULL ? 0 : SIO_ERR_NOMEM;
}

static int start_engine(struct sio_server *server)
{
  sio_random_fn random = server->options.random;
  void *random_user = server->options.random_user;
  int rv;

  if (random == NULL) {
    server->random = sio__random_new(&server->mem);
    if (server->random == NULL)
      return SIO_ERR_RANDOM;
    random = sio__random_fill;
    random_user = server->random;
  }
  rv = sio__engine_init(&server->engine, &server->options, &server->mem,
                        sio_s(server->path_text), random, random_user);
  if (rv != 0)
    sio__engine_dispose(&server->engine);
  return rv;
}

static void end_engine(struct sio_server *server)
{
  sio__bundles_dispose(&server->engine);
  sio__engine_dispose(&server->engine);
}

static void destroy(struct sio_server *server)
{
  sio_allocator mem = server->mem;

  sio__guards_free(server);
  sio__ns_free_all(server);
  sio__map_dispose(&server->namespaces);
  sio__map_dispose(&server->cluster.questions);
  sio__buf_dispose(&server->cluster.inbox);
  sio__acks_dispose(server);
  sio__buf_dispose(&server->packet);
  sio__buf_dispose(&server->message);
  sio__buf_dispose(&server->initial);
  sio__payload_dispose(&server->scratch);
  sio__msgpack_in_dispose(&server->in);
  sio__random_free(server->random);
  sio__text_free(&mem, server->path_text);
  sio__text_free(&mem, server->initial_text);
  sio__mem_free(&mem, server, sizeof *server);
}

struct sio_server *sio__server_new(const sio_server_options *given,
                                   const struct sio__engine_events *events)
{
  const char *problem = sio_server_options_problem(given);
  sio_server_options options;
  const sio_allocator *mem;
  struct sio_server *server;
  int rv;

  sio__options_complete(&options, given);
  if (problem != NULL) {
    log_without_server(&options, out_of_range, problem);
    return NULL;
  }
  mem = sio__mem_or_default(options.allocator);
  server = sio__mem_zalloc(mem, sizeof *server);
  if (server == NULL) {
    log_without_server(&options, sio_strerror(SIO_ERR_NOMEM), "");
    return NULL;
  }
  server->refs = 1;
  server->mem = *mem;
  server->options = options;
  if (options.recovery != NULL) {
    sio__recovery_complete(&server->recovery, options.recovery);
    server->options.recovery = &server->recovery;
  }
  sio__map_init(&server->namespaces, &server->mem);
  sio__map_init(&server->cluster.questions, &server->mem);
  sio__buf_init(&server->cluster.inbox, &server->mem, PACKET_MAX);
  sio__list_init(&server->all_ns);
  sio__list_init(&server->parents);
  sio__list_init(&server->guards);
  sio__list_init(&server->deferred.link);
  sio__buf_init(&server->packet, &server->mem, PACKET_MAX);
  sio__payload_init(&server->scratch, &server->mem, SIZE_MAX);
  sio__buf_init(&server->message, &server->mem, PACKET_MAX);
  sio__buf_init(&server->initial, &server->mem, PACKET_MAX);
  sio__msgpack_in_init(&server->in, &server->mem);
  rv = copy_texts(server);
  if (rv == 0)
    rv = start_engine(server);
  if (rv != 0) {
    log_without_server(&options, sio_strerror(rv), "");
    destroy(server);
    return NULL;
  }
  sio__engine_on(&server->engine, events, server);
  return server;
}

/* What only a server of Socket.IO has. */
static int begin_core(struct sio_server *server)
{
  int rv = 0;

  if (sio__is_msgpack(server) && server->options.initial_message != NULL)
    rv = sio__initial_pack(server);
  if (rv != 0)
    return rv;
  server->root = sio_of(server, "/");
  return server->root != NULL ? 0 : SIO_ERR_NOMEM;
}

sio_server *sio_server_new(const sio_server_options *given)
{
  struct sio_server *server = sio__server_new(given, &sio__client_events);
  int rv = server != NULL ? begin_core(server) : SIO_ERR_NOMEM;

  if (rv == 0 || server == NULL)
    return server;
  if (rv == SIO_ERR_INVALID)
    log_without_server(&server->options, out_of_range, "initial_message");
  else
    log_without_server(&server->options, sio_strerror(rv), "");
  end_engine(server);
  destroy(server);
  return NULL;
}

/* ---- End ---- */

void sio__server_ref(struct sio_server *server)
{
  server->refs++;
}

void sio__server_unref(struct sio_server *server)
{
  if (--server->refs == 0)
    destroy(server);
}

/* Every socket of every namespace leaves. */
static void leave_all(struct sio_server *server)
{
  static const sio_end end = {SIO_REASON_SHUTTING_DOWN, SIO_CAUSE_SERVER_CLOSED,
                              NULL, 0, 0};
  struct sio_ns *ns = NULL;

  while ((ns = sio__ns_next(server, ns)) != NULL)
    sio__sockets_leave(&ns->sockets, offsetof(struct sio_socket, of_ns), &end);
}

/* Whoever waits for the end of a drain or a close. */
static void tell_closed(struct sio_server *server)
{
  sio_closed_fn done = server->on_closed;
  void *user = server->on_closed_user;

  server->on_closed = NULL;
  sio__server_drained(server);
  if (done != NULL)
    done(server, user);
}

void sio_server_free(sio_server *server)
{
  struct sio_ns *ns = NULL;

  if (server == NULL)
    return;
  sio__engine_enter(&server->engine);
  server->ending = true;
  server->closing = true; /* nobody is to close it any more */
  server->engine.closing = true;
  leave_all(server);
  sio__cluster_end(server);
  while ((ns = sio__ns_next(server, ns)) != NULL)
    sio__recovery_end(ns);
  sio__guards_end(server);
  server->freed = true;
  sio__engine_leave(&server->engine);
  sio__shutdown_now(&server->engine);
  server->closing = false; /* it has closed, and nothing begins any more */
  tell_closed(server);
  end_engine(server);
  sio__server_unref(server);
}

static void call_closed(struct sio__deferred *deferred)
{
  struct sio_server *server =
      SIO__CONTAINER(deferred, struct sio_server, deferred);

  server->closing = false;
  sio__shutdown_over(&server->engine);
  tell_closed(server);
}

void sio__server_empty(struct sio_server *server)
{
  if (server->closing && !server->freed)
    sio__engine_defer(&server->engine, &server->deferred, call_closed);
}

int sio_server_close(sio_server *server, sio_closed_fn done, void *user)
{
  if (server->closing || server->freed)
    return SIO_ERR_STATE;
  sio__engine_enter(&server->engine);
  server->closing = true;
  server->on_closed = done;
  server->on_closed_user = user;
  server->engine.closing = true; /* nobody joins while the others leave */
  leave_all(server);
  sio__shutdown_begin(&server->engine);
  if (server->engine.n_conns == 0)
    sio__server_empty(server);
  sio__engine_leave(&server->engine);
  return 0;
}

bool sio_server_is_closing(const sio_server *server)
{
  return server->closing || server->draining != NULL;
}

/* ---- Getters ---- */

void sio_server_set_user(sio_server *server, void *user)
{
  server->user = user;
}

void *sio_server_user(const sio_server *server)
{
  return server->user;
}

size_t sio_server_connection_count(const sio_server *server)
{
  return server->engine.n_conns;
}

size_t sio_server_session_count(const sio_server *server)
{
  return server->engine.sessions.count;
}

size_t sio_server_socket_count(const sio_server *server)
{
  return server->n_sockets;
}

uint64_t sio_server_cause_count(const sio_server *server, sio_cause cause)
{
  return (unsigned)cause < SIO_CAUSE_COUNT_ ? server->engine.causes[cause] : 0;
}

const sio_allocator *sio_server_allocator(const sio_server *server)
{
  return &server->mem;
}

const char *sio_server_path(const sio_server *server)
{
  return server->path_text;
}

/* ---- HTTP outside the path ---- */

void sio_server_on_http(sio_server *server, sio_http_fn fn, void *user)
{
  server->on_http = fn;
  server->on_http_user = user;
}

sio_server *sio_request_server(const sio_request *request)
{
  struct sio__engine *engine = request->engine;

  return engine != NULL ? SIO__CONTAINER(engine, struct sio_server, engine)
                        : NULL;
}

/* ---- Driving ---- */

void sio_server_on_ready(sio_server *server, sio_ready_fn ready, void *user)
{
  server->engine.ready = ready;
  server->engine.ready_user = user;
}

void sio_peer_init_sized(sio_peer *peer, size_t size)
{
  sio__versioned_init(peer, size, NULL, 0);
}

int sio_conn_open(sio_server *server, const sio_peer *peer, void *user,
                  sio_conn **out)
{
  static const sio_peer nobody = {0};
  sio_peer whole;

  *out = NULL;
  if (peer != NULL && peer->size < sizeof peer->size)
    return SIO_ERR_INVALID;
  sio__versioned_complete(&whole, peer, &nobody, sizeof whole);
  return sio__route_open(&server->engine, &whole, user, out);
}

uint64_t sio_server_deadline(const sio_server *server)
{
  return sio__clock_deadline(&server->engine.clock);
}

void sio_server_expire(sio_server *server, uint64_t now_ms)
{
  sio__engine_enter(&server->engine);
  sio__clock_expire(&server->engine.clock, now_ms);
  sio__engine_leave(&server->engine);
}

void sio_server_set_unix_time(sio_server *server, uint64_t unix_ms)
{
  server->engine.unix_offset_ms = unix_ms - server->engine.clock.now_ms;
  sio__passes_retime(server);
}
