/* SPDX-License-Identifier: MIT */
/* Servers of plain Engine.IO, and what a host sees of the sessions of any. */
#include "core/objects.h"

#include "base/versioned.h"
#include "core/options.h"

/* ---- A server without Socket.IO ---- */

/* The session has called the host's handlers by itself: nothing is left to
 * do. */

static int on_opened(struct sio_session *session, void *user)
{
  (void)session;
  (void)user;
  return 0;
}

static void on_text(struct sio_session *session, char *text, size_t len,
                    void *user)
{
  (void)session;
  (void)text;
  (void)len;
  (void)user;
}

static void on_binary(struct sio_session *session, const uint8_t *data,
                      size_t len, void *user)
{
  (void)session;
  (void)data;
  (void)len;
  (void)user;
}

static void on_closed(struct sio_session *session, const sio_end *end,
                      void *user)
{
  (void)session;
  (void)end;
  (void)user;
}

static bool on_request(struct sio_request *request, void *user)
{
  return sio__client_events.request(request, user);
}

static void on_empty(void *user)
{
  sio__client_events.empty(user);
}

static const struct sio__engine_events plain_events = {
    .opened = on_opened,
    .text = on_text,
    .binary = on_binary,
    .closed = on_closed,
    .request = on_request,
    .empty = on_empty,
};

void sio_engine_options_init_sized(sio_server_options *options, size_t size)
{
  sio_server_options_init_sized(options, size);
  if (options != NULL &&
      size >= offsetof(sio_server_options, path) + sizeof options->path)
    options->path = "/engine.io";
}

sio_server *sio_engine_new(const sio_server_options *given,
                           const sio_session_handlers *handlers, void *user)
{
  sio_server_options options;
  struct sio_server *server;

  if (handlers != NULL && handlers->size < sizeof handlers->size)
    return NULL;
  sio_engine_options_init(&options);
  server = sio__server_new(given != NULL ? given : &options, &plain_events);
  if (server == NULL)
    return NULL;
  server->plain = true;
  (void)sio_server_on_sessions(server, handlers, user); /* `size` is set */
  return server;
}

/* ---- Sessions of any server ---- */

void sio_session_handlers_init_sized(sio_session_handlers *handlers,
                                     size_t size)
{
  sio__versioned_init(handlers, size, NULL, 0);
}

int sio_server_on_sessions(sio_server *server,
                           const sio_session_handlers *handlers, void *user)
{
  struct sio__hooks *hooks = &server->engine.hooks;
  sio_session_handlers complete;

  if (handlers != NULL && handlers->size < sizeof handlers->size)
    return SIO_ERR_INVALID;
  sio_session_handlers_init(&complete);
  if (handlers != NULL)
    memcpy(&complete, handlers,
           handlers->size < sizeof complete ? handlers->size : sizeof complete);
  complete.size = sizeof complete;
  hooks->sessions = complete;
  hooks->sessions_user = user;
  return 0;
}

void sio_server_each_session(sio_server *server,
                             bool (*fn)(sio_session *session, void *user),
                             void *user)
{
  struct sio__engine *engine = &server->engine;
  struct sio__list *link, *all = &engine->all_sessions;
  bool more = true;

  /* What ends meanwhile stays in the list until the bracket closes. */
  sio__engine_enter(engine);
  for (link = all->next; link != all && more; link = link->next) {
    struct sio_session *session =
        SIO__CONTAINER(link, struct sio_session, link);

    if (session->shown && session->state != SESSION_CLOSED)
      more = fn(session, user);
  }
  sio__engine_leave(engine);
}

sio_server *sio_session_server(const sio_session *session)
{
  return SIO__CONTAINER(session->engine, struct sio_server, engine);
}
