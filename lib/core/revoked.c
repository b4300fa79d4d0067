/* SPDX-License-Identifier: MIT */
/* What was revoked: users up to a time, and tokens by their id. */
#include "core/guard.h"

#include "base/mem.h"

enum kind { REVOKED_USER, REVOKED_TOKEN };

struct sio__revoked {
  struct sio__map_node node;   /* in auth->revoked */
  struct sio__heap_node until; /* in auth->forgetful, unless it is for ever */
  enum kind kind;
  uint64_t until_s;  /* it may be forgotten afterwards; SIO_NEVER */
  uint64_t issued_s; /* user: tokens up to this `iat` */
  size_t len;
  char id[];
};

static uint64_t hash_of(const struct sio_auth *auth, enum kind kind, sio_str id)
{
  return sio__hash(&auth->server->engine.seed, id.data, id.len) ^
         (uint64_t)kind;
}

static struct sio__revoked *find(const struct sio_auth *auth, enum kind kind,
                                 sio_str id)
{
  struct sio__map_node *node =
      sio__map_first(&auth->revoked, hash_of(auth, kind, id));

  for (; node != NULL; node = sio__map_next(node)) {
    struct sio__revoked *entry =
        SIO__CONTAINER(node, struct sio__revoked, node);
    sio_str its = {entry->id, entry->len};

    if (entry->kind == kind && sio_str_equal(its, id))
      return entry;
  }
  return NULL;
}

bool sio__revoked_has(const struct sio_auth *auth, const sio_jwt *jwt)
{
  sio_str id = sio_jwt_id(jwt), sub = sio_jwt_subject(jwt);
  const struct sio__revoked *entry = NULL;

  if (auth->revoked.count == 0)
    return false;
  if (id.data != NULL && find(auth, REVOKED_TOKEN, id) != NULL)
    return true;
  if (sub.data != NULL)
    entry = find(auth, REVOKED_USER, sub);
  return entry != NULL && sio_jwt_issued_s(jwt) <= entry->issued_s;
}

static void forget(struct sio_auth *auth, struct sio__revoked *entry)
{
  sio__map_remove(&auth->revoked, &entry->node);
  sio__heap_remove(&auth->forgetful, &entry->until);
  sio__mem_free(&auth->server->mem, entry, sizeof *entry + entry->len);
}

/* Forget what no token can be meant by any more. */
static void tidy(struct sio_auth *auth, uint64_t now_s)
{
  struct sio__heap_node *top;

  while ((top = auth->forgetful.top) != NULL && top->key < now_s)
    forget(auth, SIO__CONTAINER(top, struct sio__revoked, until));
}

void sio__revoked_free(struct sio_auth *auth)
{
  struct sio__map_node *node;

  while ((node = sio__map_any(&auth->revoked)) != NULL)
    forget(auth, SIO__CONTAINER(node, struct sio__revoked, node));
  sio__map_dispose(&auth->revoked);
}

/* Until when to remember it. */
static uint64_t until(const struct sio_auth *auth, uint64_t given_s,
                      uint64_t now_s)
{
  if (given_s == 0) {
    if (auth->options.max_lifetime_s == 0)
      return SIO_NEVER;
    /* One more of leeway: `iat` may be that much later than now. */
    given_s = now_s + auth->options.max_lifetime_s + auth->token.leeway_s;
  }
  return given_s < SIO_NEVER - auth->token.leeway_s
             ? given_s + auth->token.leeway_s
             : SIO_NEVER;
}

static struct sio__revoked *add(struct sio_auth *auth, enum kind kind,
                                sio_str id)
{
  struct sio__revoked *entry =
      sio__mem_zalloc(&auth->server->mem, sizeof *entry + id.len);

  if (entry == NULL)
    return NULL;
  entry->kind = kind;
  entry->len = id.len;
  memcpy(entry->id, id.data, id.len);
  sio__heap_node_init(&entry->until);
  sio__map_insert(&auth->revoked, &entry->node, hash_of(auth, kind, id));
  return entry;
}

/* Remember it; what is known already is remembered for longer. */
static int remember(struct sio_auth *auth, enum kind kind, sio_str id,
                    uint64_t until_s)
{
  uint64_t now_ms = sio__guard_unix_ms(auth), now_s = now_ms / 1000;
  struct sio__revoked *entry;

  if (id.len == 0 || id.len > SIO_USER_ID_MAX)
    return SIO_ERR_INVALID;
  if (auth->server->freed || now_ms == 0)
    return auth->server->freed ? SIO_ERR_CLOSED : SIO_ERR_STATE;
  tidy(auth, now_s);
  until_s = until(auth, until_s, now_s);
  entry = find(auth, kind, id);
  if (entry == NULL && auth->revoked.count >= auth->options.max_revoked)
    return SIO_ERR_LIMIT;
  if (entry == NULL)
    entry = add(auth, kind, id);
  if (entry == NULL)
    return SIO_ERR_NOMEM;
  /* `iat` in a token is rounded up as well. */
  entry->issued_s = (now_ms + 999) / 1000 + auth->token.leeway_s;
  if (until_s > entry->until_s) {
    entry->until_s = until_s;
    sio__heap_remove(&auth->forgetful, &entry->until);
    if (until_s != SIO_NEVER)
      sio__heap_insert(&auth->forgetful, &entry->until, until_s);
  }
  return 0;
}

int sio_auth_revoke_user(sio_auth *auth, sio_str user_id, uint64_t until_s)
{
  int rv = remember(auth, REVOKED_USER, user_id, until_s);
  struct sio__user *user;

  if (rv != 0)
    return rv;
  sio__engine_enter(&auth->server->engine);
  user = sio__user_find(auth, user_id);
  if (user != NULL) {
    user->refs++;
    while (!sio__list_is_empty(&user->passes))
      sio__pass_revoke(
          SIO__CONTAINER(user->passes.next, struct sio__pass, of_user));
    sio__user_unref(user);
  }
  sio__engine_leave(&auth->server->engine);
  return 0;
}

int sio_auth_revoke_token(sio_auth *auth, sio_str id, uint64_t until_s)
{
  int rv = remember(auth, REVOKED_TOKEN, id, until_s);
  struct sio__pass *pass;

  if (rv != 0)
    return rv;
  sio__engine_enter(&auth->server->engine);
  while ((pass = sio__pass_by_id(auth, id)) != NULL)
    sio__pass_revoke(pass);
  sio__engine_leave(&auth->server->engine);
  return 0;
}

size_t sio_auth_revoked_count(const sio_auth *auth)
{
  return auth->revoked.count;
}
