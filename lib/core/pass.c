/* SPDX-License-Identifier: MIT */
/* Passes: the token of a socket, from its joining to its expiry. */
#include "core/guard.h"

#include "base/mem.h"

enum {
  AT_ONCE = 1000,           /* sockets whose time has come, in one go */
  LONGEST_MS = 24 * 3600000 /* that the timer is set for */
};

/* ---- Its making ---- */

static int join_room(struct sio_socket *socket, const struct sio_auth *auth,
                     const struct sio__user *user)
{
  size_t prefix = strlen(auth->options.user_room);
  char text[SIO__USER_ROOM_MAX];
  sio_str room = {text, prefix + user->len};

  if (prefix == 0)
    return 0;
  memcpy(text, auth->options.user_room, prefix);
  memcpy(text + prefix, user->id, user->len);
  return sio_join(socket, room);
}

static void drop(struct sio__pass *pass)
{
  const sio_allocator *mem = &pass->auth->server->mem;

  if (pass->user != NULL)
    sio__user_unref(pass->user);
  sio_jwt_release(pass->jwt);
  sio__mem_free(mem, pass, sizeof *pass);
}

int sio__pass_new(struct sio_socket *socket, struct sio_auth *auth,
                  sio_jwt *jwt)
{
  struct sio__pass *pass = sio__mem_zalloc(&auth->server->mem, sizeof *pass);
  sio_str sub = sio_jwt_subject(jwt);
  int rv = 0;

  if (pass == NULL)
    return SIO_ERR_NOMEM;
  pass->auth = auth;
  pass->socket = socket;
  pass->jwt = sio_jwt_retain(jwt);
  sio__list_init(&pass->of_user);
  sio__heap_node_init(&pass->deadline);
  if (sub.data != NULL) {
    pass->user = sio__user_get(auth, sub);
    rv = pass->user != NULL ? join_room(socket, auth, pass->user)
                            : SIO_ERR_NOMEM;
  }
  if (rv != 0) {
    drop(pass);
    return rv;
  }
  socket->pass = pass;
  return 0;
}

void sio__pass_free(struct sio_socket *socket)
{
  if (socket->pass != NULL)
    drop(socket->pass);
}

/* ---- Time ---- */

/* Set the timer for whatever is due first. */
static void arm(struct sio_auth *auth)
{
  const struct sio__heap_node *top = auth->deadlines.top;
  uint64_t now_ms = sio__guard_unix_ms(auth), wait_ms = 0;

  if (top == NULL) {
    sio__timer_stop(&auth->timer);
    return;
  }
  if (top->key > now_ms)
    wait_ms = top->key - now_ms;
  if (wait_ms > LONGEST_MS)
    wait_ms = LONGEST_MS;
  auth->armed_ms = top->key;
  sio__timer_start(&auth->server->engine.clock, &auth->timer, wait_ms);
}

/* When the host or the client wants to be warned; SIO_NEVER. */
static uint64_t warning_ms(const struct sio__pass *pass)
{
  const sio_auth_options *o = &pass->auth->options;
  uint64_t exp_s = sio_jwt_expires_s(pass->jwt);

  if (pass->warned || o->expiring_s == 0 ||
      (o->expiring == NULL && o->expiring_event[0] == '\0'))
    return SIO_NEVER;
  return exp_s > o->expiring_s ? (exp_s - o->expiring_s) * 1000 : 0;
}

/* Wait for what comes next: the warning, or the end. */
static void schedule(struct sio__pass *pass)
{
  struct sio_auth *auth = pass->auth;
  uint64_t end_ms = sio__credential_end_ms(auth, pass->jwt);
  uint64_t warn_ms = warning_ms(pass);

  sio__heap_remove(&auth->deadlines, &pass->deadline);
  if (end_ms == SIO_NEVER)
    return;
  sio__heap_insert(&auth->deadlines, &pass->deadline,
                   warn_ms < end_ms ? warn_ms : end_ms);
  if (!sio__timer_is_running(&auth->timer) ||
      auth->deadlines.top->key < auth->armed_ms)
    arm(auth);
}

/* ---- Its end ---- */

/* Tell the client, and let its socket leave. */
static void disconnect(struct sio__pass *pass, const char *event,
                       sio_cause cause)
{
  const sio_end end = {SIO_REASON_SERVER_DISCONNECT, cause, NULL, 0, 0};
  struct sio_socket *socket = pass->socket;
  struct sio__engine *engine = &pass->auth->server->engine;

  sio__engine_enter(engine);
  (void)sio_socket_retain(socket);
  sio__pass_leave(socket);
  if (event[0] != '\0')
    (void)sio_emitf(sio_only(socket), event, NULL); /* or it is not told */
  (void)sio__socket_dismiss(socket, &end);          /* or it leaves already */
  sio_socket_release(socket);
  sio__engine_leave(engine);
}

void sio__pass_revoke(struct sio__pass *pass)
{
  disconnect(pass, pass->auth->options.revoked_event, SIO_CAUSE_TOKEN_REVOKED);
}

static void warn(struct sio__pass *pass, uint64_t now_ms)
{
  const sio_auth_options *o = &pass->auth->options;
  struct sio_socket *socket = pass->socket;
  uint64_t exp_s = sio_jwt_expires_s(pass->jwt), now_s = now_ms / 1000;
  uint64_t left_s = exp_s > now_s ? exp_s - now_s : 0;

  pass->warned = true;
  schedule(pass);
  (void)sio_socket_retain(socket);
  if (o->expiring_event[0] != '\0')
    (void)sio_emitf(sio_only(socket), o->expiring_event,
                    "{exp: %llu, left: %llu}", (unsigned long long)exp_s,
                    (unsigned long long)left_s); /* or it is not told */
  if (o->expiring != NULL && pass->listed)
    o->expiring(socket, left_s, o->user);
  sio_socket_release(socket);
}

static void on_timer(struct sio__timer *timer)
{
  struct sio_auth *auth = SIO__CONTAINER(timer, struct sio_auth, timer);
  uint64_t now_ms = sio__guard_unix_ms(auth);
  const struct sio__heap_node *top;

  for (unsigned n = 0; n < AT_ONCE; n++) {
    struct sio__pass *pass;

    top = auth->deadlines.top;
    if (top == NULL || top->key > now_ms)
      break;
    pass = SIO__CONTAINER(top, struct sio__pass, deadline);
    if (now_ms >= sio__credential_end_ms(auth, pass->jwt))
      disconnect(pass, auth->options.expired_event, SIO_CAUSE_TOKEN_EXPIRED);
    else
      warn(pass, now_ms);
  }
  arm(auth);
}

void sio__passes_init(struct sio_auth *auth)
{
  sio__heap_init(&auth->deadlines);
  sio__timer_init(&auth->timer, on_timer);
}

void sio__passes_retime(struct sio_server *server)
{
  struct sio__list *link;

  for (link = server->guards.next; link != &server->guards; link = link->next)
    arm(SIO__CONTAINER(link, struct sio_auth, link));
}

/* ---- By the id of the token ---- */

static uint64_t hash_of(const struct sio_auth *auth, sio_str id)
{
  return sio__hash(&auth->server->engine.seed, id.data, id.len);
}

static void enlist(struct sio__pass *pass)
{
  sio_str id = sio_jwt_id(pass->jwt);

  if (id.data != NULL)
    sio__map_insert(&pass->auth->tokens, &pass->by_id, hash_of(pass->auth, id));
}

static void delist(struct sio__pass *pass)
{
  if (sio_jwt_id(pass->jwt).data != NULL)
    sio__map_remove(&pass->auth->tokens, &pass->by_id);
}

struct sio__pass *sio__pass_by_id(const struct sio_auth *auth, sio_str id)
{
  struct sio__map_node *node = sio__map_first(&auth->tokens, hash_of(auth, id));

  for (; node != NULL; node = sio__map_next(node)) {
    struct sio__pass *pass = SIO__CONTAINER(node, struct sio__pass, by_id);

    if (sio_str_equal(sio_jwt_id(pass->jwt), id))
      return pass;
  }
  return NULL;
}

/* ---- With its socket ---- */

void sio__pass_begin(struct sio_socket *socket)
{
  struct sio__pass *pass = socket->pass;

  if (pass == NULL)
    return;
  pass->listed = true;
  enlist(pass);
  schedule(pass);
  if (pass->user != NULL)
    sio__user_joined(pass->user, pass);
}

void sio__pass_leave(struct sio_socket *socket)
{
  struct sio__pass *pass = socket->pass;

  if (pass == NULL || !pass->listed)
    return;
  pass->listed = false;
  delist(pass);
  sio__heap_remove(&pass->auth->deadlines, &pass->deadline);
  if (pass->user != NULL)
    sio__user_leaves(pass->user, pass);
}

void sio__pass_left(struct sio_socket *socket)
{
  if (socket->pass != NULL && socket->pass->user != NULL)
    sio__user_left(socket->pass->user);
}

void sio__pass_renew(struct sio__pass *pass, sio_jwt *jwt)
{
  sio_jwt *old = pass->jwt;

  delist(pass);
  pass->jwt = sio_jwt_retain(jwt);
  pass->warned = false;
  enlist(pass);
  schedule(pass);
  sio_jwt_release(old);
}

sio_jwt *sio_socket_token(const sio_socket *socket)
{
  return socket->pass != NULL ? socket->pass->jwt : NULL;
}

sio_str sio_socket_user_id(const sio_socket *socket)
{
  sio_str id = {NULL, 0};

  if (socket->pass != NULL && socket->pass->user != NULL) {
    id.data = socket->pass->user->id;
    id.len = socket->pass->user->len;
  }
  return id;
}
