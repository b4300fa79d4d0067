/* SPDX-License-Identifier: MIT */
/*
 * Users: who has which sockets, and who is online.
 *
 *            first socket                last one leaves
 *   OFFLINE --------------> ONLINE ------------------------> AWAY
 *      ^                      ^                               |
 *      |                      +---------- a socket -----------+
 *      +----------------------------- grace_ms ---------------+
 */
#include "core/guard.h"

#include "base/mem.h"

static uint64_t hash_of(const struct sio_auth *auth, sio_str id)
{
  return sio__hash(&auth->server->engine.seed, id.data, id.len);
}

static sio_str id_of(const struct sio__user *user)
{
  sio_str id = {user->id, user->len};

  return id;
}

struct sio__user *sio__user_find(const struct sio_auth *auth, sio_str id)
{
  struct sio__map_node *node = sio__map_first(&auth->users, hash_of(auth, id));

  for (; node != NULL; node = sio__map_next(node)) {
    struct sio__user *user = SIO__CONTAINER(node, struct sio__user, node);

    if (sio_str_equal(id_of(user), id))
      return user;
  }
  return NULL;
}

void sio__user_unref(struct sio__user *user)
{
  struct sio_auth *auth = user->auth;

  if (--user->refs > 0)
    return;
  sio__map_remove(&auth->users, &user->node);
  sio__mem_free(&auth->server->mem, user, sizeof *user + user->len);
}

/* ---- Coming and going ---- */

static void tell_offline(struct sio__user *user)
{
  struct sio_auth *auth = user->auth;

  user->online = false;
  auth->n_online--;
  if (auth->options.offline != NULL) {
    user->refs++;
    auth->options.offline(auth, id_of(user), auth->options.user);
    sio__user_unref(user);
  }
}

/* Not away any more, for whatever reason; the caller has a reference. */
static void end_grace(struct sio__user *user)
{
  sio__timer_stop(&user->grace);
  sio__list_remove(&user->away);
  sio__user_unref(user);
}

static void on_grace(struct sio__timer *timer)
{
  struct sio__user *user = SIO__CONTAINER(timer, struct sio__user, grace);

  user->refs++;
  end_grace(user);
  tell_offline(user);
  sio__user_unref(user);
}

struct sio__user *sio__user_get(struct sio_auth *auth, sio_str id)
{
  struct sio__user *user = sio__user_find(auth, id);

  if (user == NULL) {
    user = sio__mem_zalloc(&auth->server->mem, sizeof *user + id.len);
    if (user == NULL)
      return NULL;
    user->auth = auth;
    user->len = id.len;
    memcpy(user->id, id.data, id.len);
    sio__list_init(&user->passes);
    sio__list_init(&user->away);
    sio__timer_init(&user->grace, on_grace);
    sio__map_insert(&auth->users, &user->node, hash_of(auth, id));
  }
  user->refs++;
  return user;
}

void sio__user_joined(struct sio__user *user, struct sio__pass *pass)
{
  struct sio_auth *auth = user->auth;

  sio__list_insert(&user->passes, &pass->of_user);
  user->n++;
  if (!sio__list_is_empty(&user->away))
    end_grace(user);
  if (user->online)
    return;
  user->online = true;
  auth->n_online++;
  if (auth->options.online != NULL)
    auth->options.online(auth, id_of(user), pass->socket, auth->options.user);
}

void sio__user_leaves(struct sio__user *user, struct sio__pass *pass)
{
  sio__list_remove(&pass->of_user);
  user->n--;
}

void sio__user_left(struct sio__user *user)
{
  struct sio_auth *auth = user->auth;

  if (user->n > 0 || !user->online || !sio__list_is_empty(&user->away))
    return;
  if (auth->options.grace_ms == 0) {
    tell_offline(user);
    return;
  }
  user->refs++;
  sio__list_insert(&auth->away, &user->away);
  sio__timer_start(&auth->server->engine.clock, &user->grace,
                   auth->options.grace_ms);
}

void sio__users_end(struct sio_auth *auth)
{
  while (!sio__list_is_empty(&auth->away))
    on_grace(&SIO__CONTAINER(auth->away.next, struct sio__user, away)->grace);
}

/* ---- For the host ---- */

bool sio_auth_is_online(const sio_auth *auth, sio_str user_id)
{
  const struct sio__user *user = sio__user_find(auth, user_id);

  return user != NULL && user->online;
}

size_t sio_auth_user_count(const sio_auth *auth)
{
  return auth->n_online;
}

static const struct sio_ns *ns_of(const struct sio__list *link)
{
  return SIO__CONTAINER(link, struct sio__pass, of_user)->socket->ns;
}

size_t sio_auth_count(const sio_auth *auth, const sio_ns *ns, sio_str user_id)
{
  const struct sio__user *user = sio__user_find(auth, user_id);
  const struct sio__list *link;
  size_t n = 0;

  if (user == NULL || ns == NULL)
    return user != NULL ? user->n : 0;
  for (link = user->passes.next; link != &user->passes; link = link->next)
    n += ns_of(link) == ns || ns_of(link)->parent == ns;
  return n;
}

/* Those that are listed now, retained. */
static struct sio_socket **take_sockets(const struct sio__user *user)
{
  struct sio_socket **sockets =
      sio__mem_alloc(&user->auth->server->mem, user->n * sizeof(void *));
  const struct sio__list *link = user->passes.next;

  for (size_t i = 0; sockets != NULL && i < user->n; i++, link = link->next)
    sockets[i] = sio_socket_retain(
        SIO__CONTAINER(link, struct sio__pass, of_user)->socket);
  return sockets;
}

int sio_auth_each(sio_auth *auth, sio_str user_id, sio_each_fn fn, void *user)
{
  const struct sio__user *of = sio__user_find(auth, user_id);
  struct sio__engine *engine = &auth->server->engine;
  struct sio_socket **sockets;
  size_t n = of != NULL ? of->n : 0;
  bool more = true;

  if (n == 0)
    return 0;
  sockets = take_sockets(of);
  if (sockets == NULL)
    return SIO_ERR_NOMEM;
  sio__engine_enter(engine);
  for (size_t i = 0; i < n; i++) {
    if (more && sockets[i]->pass->listed)
      more = fn(sockets[i], user);
    sio_socket_release(sockets[i]);
  }
  sio__mem_free(&auth->server->mem, sockets, n * sizeof(void *));
  sio__engine_leave(engine);
  return 0;
}
