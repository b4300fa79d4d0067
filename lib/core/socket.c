/* SPDX-License-Identifier: MIT */
/* Sockets: joining, leaving, and what can be asked of them. */
#include "core/namespace.h"

#include "base/mem.h"
#include "core/farewell.h"
#include "core/guard.h"
#include "core/passage.h"
#include "core/membership.h"
#include "core/recovery.h"
#include "core/v2.h"
#include <sio/tls.h>

/* ---- Memory ---- */

static char *append(char *to, const void *data, size_t len)
{
  if (len > 0)
    memcpy(to, data, len);
  return to + len;
}

struct sio__auth *sio__auth_new(const sio_allocator *mem,
                                const struct sio__given *given)
{
  size_t n = given->n_attachments;
  size_t size = sizeof(struct sio__auth) + n * sizeof(sio_span);
  size_t spans = size;
  struct sio__auth *auth;
  char *to;

  size += given->json.len;
  for (size_t i = 0; i < n; i++)
    size += given->attachments[i].len;
  auth = sio__mem_alloc(mem, size);
  if (auth == NULL)
    return NULL;
  auth->size = size;
  to = (char *)auth + spans;
  for (size_t i = 0; i < n; i++) {
    auth->attachments[i].data = (const uint8_t *)to;
    auth->attachments[i].len = given->attachments[i].len;
    to = append(to, given->attachments[i].data, given->attachments[i].len);
  }
  sio__document_init(&auth->document, to, given->json.len, mem);
  (void)append(to, given->json.data, given->json.len); /* up to the end */
  auth->document.attachments = auth->attachments;
  auth->document.n_attachments = n;
  return auth;
}

struct sio__given sio__auth_given(const struct sio__auth *auth)
{
  struct sio__given given = {{NULL, 0}, NULL, 0};

  if (auth == NULL)
    return given;
  given.json.data = auth->document.text;
  given.json.len = auth->document.len;
  given.attachments = auth->attachments;
  given.n_attachments = auth->document.n_attachments;
  return given;
}

void sio__auth_free(struct sio__auth *auth, const sio_allocator *mem)
{
  if (auth == NULL)
    return;
  sio__document_dispose(&auth->document);
  sio__mem_free(mem, auth, auth->size);
}

/* An id that is too long for the member stands behind the socket. */
static size_t socket_size(size_t id_len)
{
  return sizeof(struct sio_socket) + (id_len > SIO__ID_LEN ? id_len + 1 : 0);
}

static void destroy(struct sio__deferred *deferred)
{
  struct sio_socket *socket =
      SIO__CONTAINER(deferred, struct sio_socket, deferred);
  struct sio_server *server = socket->ns->server;

  if (socket->refs > 0)
    return; /* retained again, while it could still be seen */
  if (socket->release_user != NULL) {
    socket->refs++; /* whatever the host does with the handle meanwhile */
    sio_socket_set_user(socket, NULL, NULL);
    if (--socket->refs > 0)
      return;
  }
  sio__auth_free(socket->auth, &server->mem);
  sio__auth_free(socket->data, &server->mem);
  sio__lifeline_free(socket);
  sio__pass_free(socket);
  sio__own_free(socket);
  sio__snapshot_unref(socket->snapshot);
  sio__ns_unref(socket->ns);
  sio__mem_free(&server->mem, socket, socket_size(socket->member.id_len));
  sio__server_unref(server);
}

sio_socket *sio_socket_retain(sio_socket *socket)
{
  socket->refs++;
  return socket;
}

void sio_socket_release(sio_socket *socket)
{
  struct sio__engine *engine;

  if (socket == NULL || --socket->refs > 0)
    return;
  engine = &socket->ns->server->engine;
  if (engine->depth > 0)
    sio__engine_defer(engine, &socket->deferred, destroy);
  else
    destroy(&socket->deferred);
}

static struct sio_socket *make(struct sio__client *client, struct sio_ns *ns,
                               const struct sio__given *auth, sio_str id)
{
  struct sio_server *server = client->server;
  size_t size = socket_size(id.len);
  struct sio_socket *socket = sio__mem_zalloc(&server->mem, size);

  if (socket == NULL)
    return NULL;
  if (auth->json.len > 0) {
    socket->auth = sio__auth_new(&server->mem, auth);
    if (socket->auth == NULL) {
      sio__mem_free(&server->mem, socket, size);
      return NULL;
    }
  }
  if (size > sizeof *socket)
    id.data = memcpy(socket + 1, id.data, id.len); /* NUL-terminated */
  socket->refs = 1;
  socket->state = SOCKET_JOINING;
  socket->ns = sio__ns_ref(ns);
  socket->client = client;
  socket->snapshot = sio__snapshot_ref(client->session->snapshot);
  if (ns->parent != NULL)
    socket->n_parent_middlewares = ns->parent->middlewares.n;
  socket->n_middlewares = socket->n_parent_middlewares + ns->middlewares.n;
  if (server->engine.unix_offset_ms != 0)
    socket->issued_ms =
        server->engine.clock.now_ms + server->engine.unix_offset_ms;
  sio__list_init(&socket->pending);
  sio__list_init(&socket->deferred.link);
  sio__list_insert(&client->sockets, &socket->of_client);
  sio__list_insert(&ns->sockets, &socket->of_ns);
  ns->n_sockets++;
  client->n_sockets++;
  sio__rooms_enter(&ns->rooms, &socket->member, id);
  sio__server_ref(server);
  return socket;
}

/* ---- Joining ---- */

void sio__socket_join(struct sio__client *client, struct sio_ns *ns,
                      const struct sio__given *auth)
{
  struct sio_server *server = client->server;
  char text[SIO__V2_ID_MAX + 1];
  sio_str id = {text, 0};
  struct sio_socket *socket = NULL;
  struct sio__recovered *taken = NULL;

  if (ns->recovery != NULL && !sio__v2_is(client) &&
      !sio__revival_take(client, ns, auth->json, &taken)) {
    sio__ns_tidy(ns);
    return;
  }
  if (sio__v2_is(client))
    id.len = sio__v2_id(client, ns, text);
  else if (taken != NULL)
    id = taken->session.sid;
  else if (sio__ids_next(&server->engine.ids, text) == 0)
    id.len = SIO__ID_LEN;
  if (id.len > 0)
    socket = make(client, ns, auth, id);
  if (socket == NULL) {
    if (taken != NULL)
      sio__revival_put_back(ns, taken);
    sio__session_doom(client->session, SIO_CAUSE_NOMEM, 0);
    sio__ns_tidy(ns);
    return;
  }
  if (ns->recovery == NULL || sio__revival_begin(socket, taken))
    sio__socket_advance(socket);
}

/* ---- Leaving ---- */

static void call_each(struct sio_socket *socket,
                      const struct sio__handlers *handlers, const sio_end *end)
{
  uint32_t n = handlers->n;

  for (uint32_t i = 0; i < n; i++) {
    const struct sio__handler *handler = &handlers->items[i];

    ((sio_disconnect_fn)handler->fn)(socket, end, handler->user);
  }
}

static void call_disconnecting(struct sio_socket *socket, const sio_end *end)
{
  if (socket->ns->parent != NULL)
    call_each(socket, &socket->ns->parent->disconnectings, end);
  call_each(socket, &socket->ns->disconnectings, end);
}

static void call_disconnect(struct sio_socket *socket, const sio_end *end)
{
  if (socket->ns->parent != NULL)
    call_each(socket, &socket->ns->parent->disconnects, end);
  call_each(socket, &socket->ns->disconnects, end);
}

/* Out of its rooms, its namespace and its client. */
static void detach(struct sio_socket *socket)
{
  struct sio_next *answer = socket->answer;

  socket->answer = NULL;
  sio__rooms_exit(&socket->ns->rooms, &socket->member);
  sio__list_remove(&socket->of_client);
  sio__list_remove(&socket->of_ns);
  socket->client->n_sockets--;
  socket->client = NULL;
  socket->state = SOCKET_GONE;
  if (answer != NULL)
    sio_next_release(answer);
}

/* It has left for good. */
static void let_go(struct sio_socket *socket)
{
  struct sio_ns *ns = socket->ns;

  ns->n_sockets--;
  sio__ns_tidy(ns);
  sio_socket_release(socket);
}

/* Whether it could have come back, but what it has cannot be remembered. */
static bool is_lost(struct sio_socket *socket, const sio_end *end)
{
  return socket->lifeline != NULL && !sio__revival_save(socket, end);
}

void sio__socket_leave(struct sio_socket *socket, const sio_end *end)
{
  struct sio_server *server = socket->ns->server;
  bool alone =
      socket->client != NULL && socket->client->session->state == SESSION_OPEN;
  struct sio__about about = {"socket", 0, "socket", NULL};
  bool lost = false;

  if (socket->state == SOCKET_LEAVING || socket->state == SOCKET_GONE)
    return;
  sio__engine_enter(&server->engine);
  if (socket->state == SOCKET_JOINING) {
    lost = is_lost(socket, end);
    socket->state = SOCKET_GONE; /* it joins no room any more */
    sio__membership_end(socket);
    detach(socket);
    sio__pending_fail_all(socket);
  } else {
    socket->state = SOCKET_LEAVING;
    sio__pass_leave(socket);
    sio__passages_drop(socket);
    call_disconnecting(socket, end);
    lost = is_lost(socket, end);
    sio__membership_end(socket);
    about.connection = sio_session_connection(socket->client->session);
    if (!sio__v2_is(socket->client)) /* whose ids are those of sessions */
      about.id = sio_socket_id(socket);
    detach(socket);
    server->n_sockets--;
    socket->ns->metrics.left[end->reason]++;
    if (alone) /* else its session tells how it ended */
      sio__engine_note_end(&server->engine, &about, end);
    sio__pending_fail_all(socket);
    call_disconnect(socket, end);
    sio__pass_left(socket);
  }
  if (lost)
    sio__revival_tell(socket);
  let_go(socket);
  sio__engine_leave(&server->engine);
}

void sio__sockets_leave(struct sio__list *list, size_t link_offset,
                        const sio_end *end)
{
  struct sio__list todo, *link;

  sio__list_init(&todo);
  sio__list_move(&todo, list);
  while ((link = sio__list_take(&todo)) != NULL) {
    struct sio_socket *socket =
        (struct sio_socket *)(void *)((char *)link - link_offset);

    sio__list_insert(list, link);
    sio__socket_leave(socket, end);
  }
}

/* A DISCONNECT for every namespace; the host is shown each, and sockets may
 * leave meanwhile. */
static void say_goodbye(struct sio__client *client)
{
  struct sio__list todo, *link;

  sio__list_init(&todo);
  sio__list_move(&todo, &client->sockets);
  while ((link = sio__list_take(&todo)) != NULL) {
    const struct sio_socket *each =
        SIO__CONTAINER(link, struct sio_socket, of_client);

    sio__list_insert(&client->sockets, link);
    if (each->state == SOCKET_CONNECTED)
      sio__send_bare(client, PACKET_DISCONNECT, sio__ns_str(each->ns));
  }
}

int sio__socket_dismiss(struct sio_socket *socket, const sio_end *end)
{
  struct sio__engine *engine = &socket->ns->server->engine;

  /* Whoever is shown that packet may want the same. */
  if (socket->state != SOCKET_CONNECTED || socket->parting >= 1)
    return SIO_ERR_DISCONNECTED;
  sio__engine_enter(engine);
  socket->parting = 1;
  sio__farewell_note(socket->client, sio__ns_str(socket->ns));
  sio__send_bare(socket->client, PACKET_DISCONNECT, sio__ns_str(socket->ns));
  sio__socket_leave(socket, end);
  sio__engine_leave(engine);
  return 0;
}

int sio_socket_disconnect(sio_socket *socket, bool close)
{
  static const sio_end end = {SIO_REASON_SERVER_DISCONNECT,
                              SIO_CAUSE_SERVER_LEFT, NULL, 0, 0};
  static const sio_end closed = {SIO_REASON_FORCED_CLOSE, SIO_CAUSE_HOST, NULL,
                                 0, 0};
  struct sio__client *client = socket->client;
  struct sio__engine *engine = &socket->ns->server->engine;

  if (!close)
    return sio__socket_dismiss(socket, &end);
  if (socket->state != SOCKET_CONNECTED || socket->parting >= 2)
    return SIO_ERR_DISCONNECTED;
  sio__engine_enter(engine);
  socket->parting = 2;
  say_goodbye(client);
  sio__sockets_leave(&client->sockets, offsetof(struct sio_socket, of_client),
                     &end);
  sio__session_close(client->session, &closed, false);
  sio__engine_leave(engine);
  return 0;
}

/* ---- Getters ---- */

const char *sio_socket_id(const sio_socket *socket)
{
  return sio__member_id(&socket->member).data;
}

sio_ns *sio_socket_ns(const sio_socket *socket)
{
  const struct sio_ns *ns = socket->ns;
  bool gone = !ns->listed && ns->n_sockets == 0;

  return gone || ns->server->freed ? NULL : socket->ns;
}

bool sio_socket_is_connected(const sio_socket *socket)
{
  return sio__socket_is_live(socket);
}

void sio_socket_set_user(sio_socket *socket, void *user, sio_release_fn release)
{
  void *old = socket->user;
  sio_release_fn release_old = socket->release_user;

  socket->user = user;
  socket->release_user = release;
  if (release_old != NULL)
    release_old(old);
}

void *sio_socket_user(const sio_socket *socket)
{
  return socket->user;
}

sio_value sio_socket_auth(const sio_socket *socket)
{
  static const sio_value absent = {NULL, 0, NULL};

  return socket->auth != NULL ? sio__document_value(&socket->auth->document)
                              : absent;
}

sio_str sio_socket_header(const sio_socket *socket, const char *name)
{
  sio_str value = {NULL, 0};

  (void)sio__http_header(&socket->snapshot->head, name, &value); /* or empty */
  return value;
}

bool sio_socket_header_at(const sio_socket *socket, size_t i, sio_str *name,
                          sio_str *value)
{
  return sio__http_header_at(&socket->snapshot->head, i, name, value);
}

sio_str sio_socket_url(const sio_socket *socket)
{
  return sio__http_target(&socket->snapshot->head);
}

int sio_socket_query(const sio_socket *socket, const char *name, char *out,
                     size_t cap)
{
  return sio__snapshot_query(socket->snapshot, name, out, cap);
}

const char *sio_socket_address(const sio_socket *socket)
{
  return socket->snapshot->address;
}

bool sio_socket_is_secure(const sio_socket *socket)
{
  return socket->snapshot->secure;
}

sio_str sio_socket_client_subject(const sio_socket *socket)
{
  return sio__subject_text(socket->snapshot->client);
}

bool sio_socket_client_is_verified(const sio_socket *socket)
{
  return sio__subject_is_verified(socket->snapshot->client);
}

bool sio_socket_is_cross_domain(const sio_socket *socket)
{
  return sio_socket_header(socket, "origin").data != NULL;
}

uint64_t sio_socket_issued_ms(const sio_socket *socket)
{
  return socket->issued_ms;
}

const char *sio_socket_transport(const sio_socket *socket)
{
  if (socket->client == NULL)
    return "";
  return socket->client->session->transport->name;
}

sio_session *sio_socket_session(const sio_socket *socket)
{
  return socket->client != NULL ? socket->client->session : NULL;
}

size_t sio_socket_pending(const sio_socket *socket)
{
  return socket->client != NULL ? sio__session_pending(socket->client->session)
                                : 0;
}
