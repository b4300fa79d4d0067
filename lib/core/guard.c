/* SPDX-License-Identifier: MIT */
/* Guards: their settings, and which namespaces they guard. */
#include "core/guard.h"

#include "base/mem.h"
#include "base/versioned.h"
#include "core/namespace.h"

static const sio_auth_options defaults = {
    .user_room = "user:",
    .renew_event = "auth:renew",
    .expiring_event = "auth:expiring",
    .expired_event = "auth:expired",
    .revoked_event = "auth:revoked",
    .grace_ms = 3000,
    .expiring_s = 60,
    .max_revoked = 10000,
};

/* ---- Options ---- */

void sio_auth_options_init_sized(sio_auth_options *options, size_t size)
{
  sio__versioned_init(options, size, &defaults, sizeof defaults);
}

static void complete(sio_auth_options *out, const sio_auth_options *given)
{
  sio__versioned_complete(out, given, &defaults, sizeof *out);
}

static void complete_token(sio_jwt_options *out, const sio_jwt_options *given)
{
  sio_jwt_options init;

  sio_jwt_options_init(&init);
  sio__versioned_complete(out, given, &init, sizeof *out);
}

/* What has to be asked first is whether the options are possible: a token of
 * no bytes is malformed. */
static bool is_possible(const sio_jwt_keys *keys, const sio_jwt_options *given)
{
  static const sio_str none = {NULL, 0};
  sio_jwt_options token;
  sio_jwt *jwt;

  if (given != NULL && given->size < sizeof given->size)
    return false;
  complete_token(&token, given);
  token.now_s = 1;
  return sio_jwt_verify(keys, none, &token, &jwt) != SIO_ERR_INVALID;
}

static bool is_event(const char *name)
{
  return name != NULL && !sio__event_is_reserved(sio_s(name));
}

static bool is_named(const char *name)
{
  return name == NULL || name[0] != '\0';
}

static const char *names_problem(const sio_auth_options *o)
{
  if (o->user_room == NULL || strlen(o->user_room) > SIO__ROOM_PREFIX_MAX)
    return "user_room";
  if (!is_event(o->renew_event))
    return "renew_event";
  if (!is_event(o->expiring_event))
    return "expiring_event";
  if (!is_event(o->expired_event))
    return "expired_event";
  if (!is_event(o->revoked_event))
    return "revoked_event";
  if (!is_named(o->cookie))
    return "cookie";
  return is_named(o->query) ? NULL : "query";
}

const char *sio_auth_options_problem(const sio_auth_options *options)
{
  sio_auth_options o;
  const char *problem;

  if (options == NULL || options->size < sizeof options->size)
    return "size";
  complete(&o, options);
  if (o.keys == NULL)
    return "keys";
  if (!is_possible(o.keys, o.token))
    return "token";
  problem = names_problem(&o);
  if (problem != NULL)
    return problem;
  if (o.grace_ms > UINT32_MAX)
    return "grace_ms";
  return o.no_header > 1 ? "no_header" : NULL;
}

/* ---- Copies ---- */

/* Lays out texts and lists of them; `at` NULL: only measures. */
struct packer {
  char *at;
  size_t size;
};

static void *pack(struct packer *p, const void *data, size_t size)
{
  void *copy = NULL;

  if (p->at != NULL)
    copy = memcpy(p->at + p->size, data, size);
  p->size += size;
  return copy;
}

static void pack_text(struct packer *p, const char **text)
{
  const char *copy;

  if (*text == NULL)
    return;
  copy = pack(p, *text, strlen(*text) + 1);
  if (copy != NULL)
    *text = copy;
}

/* The lists come first, so that they are aligned. */
static void pack_list(struct packer *p, const char *const **list, size_t n)
{
  const char *const *copy;

  if (n == 0)
    return;
  copy = pack(p, *list, n * sizeof **list);
  if (copy != NULL)
    *list = copy;
}

static void pack_items(struct packer *p, const char *const *list, size_t n)
{
  for (size_t i = 0; i < n; i++) {
    const char *text = list[i];

    pack_text(p, &text);
    if (p->at != NULL)
      memcpy((void *)(uintptr_t)&list[i], &text, sizeof text);
  }
}

static void pack_all(struct packer *p, struct sio_auth *auth)
{
  sio_auth_options *o = &auth->options;
  sio_jwt_options *t = &auth->token;

  pack_list(p, &t->issuers, t->n_issuers);
  pack_list(p, &t->audiences, t->n_audiences);
  pack_list(p, &t->required, t->n_required);
  pack_items(p, t->issuers, t->n_issuers);
  pack_items(p, t->audiences, t->n_audiences);
  pack_items(p, t->required, t->n_required);
  pack_text(p, &t->subject);
  pack_text(p, &t->typ);
  pack_text(p, &o->cookie);
  pack_text(p, &o->query);
  pack_text(p, &o->user_room);
  pack_text(p, &o->renew_event);
  pack_text(p, &o->expiring_event);
  pack_text(p, &o->expired_event);
  pack_text(p, &o->revoked_event);
}

static int copy_options(struct sio_auth *auth, const sio_auth_options *given)
{
  struct packer measure = {NULL, 0}, copy = {NULL, 0};

  complete(&auth->options, given);
  complete_token(&auth->token, auth->options.token);
  auth->options.token = &auth->token;
  pack_all(&measure, auth);
  auth->texts_size = measure.size;
  auth->texts = sio__mem_alloc(&auth->server->mem, measure.size);
  if (auth->texts == NULL)
    return SIO_ERR_NOMEM;
  copy.at = auth->texts;
  pack_all(&copy, auth);
  return 0;
}

/* ---- Beginning and end ---- */

static int refuse_option(struct sio_server *server, const char *name)
{
  sio__engine_log(&server->engine, SIO_LOG_ERROR, "host", 0,
                  "cannot guard: option out of range: %s", name);
  return SIO_ERR_INVALID;
}

int sio_auth_new(sio_server *server, const sio_auth_options *options,
                 sio_auth **out)
{
  const char *problem = sio_auth_options_problem(options);
  struct sio_auth *auth;

  *out = NULL;
  if (server->freed || server->plain)
    return server->freed ? SIO_ERR_CLOSED : SIO_ERR_INVALID;
  if (problem != NULL)
    return refuse_option(server, problem);
  auth = sio__mem_zalloc(&server->mem, sizeof *auth);
  if (auth == NULL)
    return SIO_ERR_NOMEM;
  auth->server = server;
  if (copy_options(auth, options) != 0) {
    sio__mem_free(&server->mem, auth, sizeof *auth);
    return SIO_ERR_NOMEM;
  }
  if (auth->options.cookie != NULL && server->options.check_origin == 0) {
    sio__mem_free(&server->mem, auth->texts, auth->texts_size);
    sio__mem_free(&server->mem, auth, sizeof *auth);
    return refuse_option(server, "cookie, without check_origin");
  }
  auth->keys = sio_jwt_keys_retain(auth->options.keys);
  sio__passes_init(auth);
  sio__map_init(&auth->users, &server->mem);
  sio__map_init(&auth->tokens, &server->mem);
  sio__map_init(&auth->revoked, &server->mem);
  sio__heap_init(&auth->forgetful);
  sio__list_init(&auth->away);
  sio__list_insert(&server->guards, &auth->link);
  *out = auth;
  return 0;
}

sio_server *sio_auth_server(const sio_auth *auth)
{
  return auth->server;
}

void sio__guards_end(struct sio_server *server)
{
  struct sio__list *link;

  for (link = server->guards.next; link != &server->guards; link = link->next) {
    struct sio_auth *auth = SIO__CONTAINER(link, struct sio_auth, link);

    sio__users_end(auth);
    sio__timer_stop(&auth->timer);
    sio_jwt_keys_release(auth->keys);
    auth->keys = NULL;
  }
}

void sio__guards_free(struct sio_server *server)
{
  struct sio__list *link;

  while ((link = sio__list_take(&server->guards)) != NULL) {
    struct sio_auth *auth = SIO__CONTAINER(link, struct sio_auth, link);

    sio__revoked_free(auth);
    sio__map_dispose(&auth->users);
    sio__map_dispose(&auth->tokens);
    sio__mem_free(&server->mem, auth->texts, auth->texts_size);
    sio__mem_free(&server->mem, auth, sizeof *auth);
  }
}

/* ---- Keys and namespaces ---- */

int sio_auth_set_keys(sio_auth *auth, sio_jwt_keys *keys)
{
  sio_jwt_keys *old = auth->keys;

  if (keys == NULL)
    return SIO_ERR_INVALID;
  if (auth->server->freed)
    return SIO_ERR_CLOSED;
  auth->keys = sio_jwt_keys_retain(keys);
  sio_jwt_keys_release(old);
  return 0;
}

/* A child has a guard of its own. */
static bool has_guarded_child(struct sio_ns *ns)
{
  struct sio_ns *child = NULL;
  bool found = false;

  sio__engine_enter(&ns->server->engine);
  while (!found && (child = sio__ns_next_child(ns, child)) != NULL)
    found = child->guard != NULL;
  sio__engine_leave(&ns->server->engine);
  return found;
}

int sio_auth_use(sio_auth *auth, sio_ns *ns)
{
  int rv;

  if (ns == NULL || ns->server != auth->server)
    return SIO_ERR_INVALID;
  if (sio__guard_of(ns) != NULL || (ns->is_parent && has_guarded_child(ns)))
    return SIO_ERR_STATE;
  rv = sio_use(ns, sio__checkpoint, auth);
  if (rv == 0)
    ns->guard = auth;
  return rv;
}
