/* SPDX-License-Identifier: MIT */
#ifndef SIO_CORE_GUARD_H
#define SIO_CORE_GUARD_H

/*
 * Guarded namespaces (<sio/auth.h>).
 *
 *   CONNECT --guard--> token --verify, check--> pass --admit--> CONNECTED
 *                                                |                 |
 *                                             revoked      renewed, expiring,
 *                                                           expired, revoked
 *
 * A socket has its pass from the middleware on until its memory goes; it is
 * "listed" while the socket is connected and has not begun to leave: counted as
 * one of its user's, found by the id of its token, and due to expire.
 */

#include "base/heap.h"
#include "core/objects.h"

#include <sio/auth.h>

enum {
  SIO__ROOM_PREFIX_MAX = 64,
  SIO__USER_ROOM_MAX = SIO__ROOM_PREFIX_MAX + SIO_USER_ID_MAX
};

struct sio_auth {
  struct sio_server *server;
  struct sio__list link;      /* in server->guards */
  sio_auth_options options;   /* complete; its texts are in `texts` */
  sio_jwt_options token;      /* likewise */
  sio_jwt_keys *keys;         /* NULL: the server was freed */
  struct sio__heap deadlines; /* struct sio__pass, by unix time in ms */
  struct sio__timer timer;    /* for the first of them */
  uint64_t armed_ms;          /* unix time for which it is set */
  struct sio__map users;      /* struct sio__user, by id */
  struct sio__map tokens;     /* struct sio__pass that are listed, by jti */
  struct sio__list away;      /* struct sio__user: online without a socket */
  size_t n_online;
  struct sio__map revoked;    /* struct sio__revoked, by kind and id */
  struct sio__heap forgetful; /* likewise, by when they may be forgotten */
  void *texts;
  size_t texts_size;
};

/* Somebody who has a pass, or is not offline yet. */
struct sio__user {
  struct sio__map_node node; /* in auth->users */
  struct sio__list passes;   /* that are listed, in the order of joining */
  struct sio__list away;     /* in auth->away, or in none */
  struct sio__timer grace;
  struct sio_auth *auth;
  uint32_t refs;
  uint32_t n; /* of `passes` */
  bool online;
  size_t len;
  char id[];
};

struct sio__pass {
  struct sio_auth *auth;
  struct sio_socket *socket;
  sio_jwt *jwt;                   /* a reference */
  struct sio__user *user;         /* a reference; NULL: the token has no sub */
  struct sio__list of_user;       /* in user->passes */
  struct sio__map_node by_id;     /* in auth->tokens, if it has a jti */
  struct sio__heap_node deadline; /* in auth->deadlines, if it expires */
  bool listed;
  bool warned;   /* that it is expiring */
  bool renewing; /* the host looks at another token */
};

/* Who guards a namespace; NULL: nobody. */
static inline struct sio_auth *sio__guard_of(const struct sio_ns *ns)
{
  if (ns->guard != NULL || ns->parent == NULL)
    return ns->guard;
  return ns->parent->guard;
}

/* The time of the day; 0: unknown. */
static inline uint64_t sio__guard_unix_ms(const struct sio_auth *auth)
{
  const struct sio__engine *engine = &auth->server->engine;

  if (engine->unix_offset_ms == 0)
    return 0;
  return engine->clock.now_ms + engine->unix_offset_ms;
}

/* ---- core/guard.c ---- */

/* The server goes: users are told to be offline; then all that is left. */
void sio__guards_end(struct sio_server *server);
void sio__guards_free(struct sio_server *server);

/* ---- core/credential.c ---- */

/* Verify a token, and that it has not been revoked.  0 and `*out`, or what is
 * wrong with it. */
int sio__credential_verify(const struct sio_auth *auth, sio_str token,
                           sio_jwt **out);
/* Whether a token that was good still is: 0 or what is wrong. */
int sio__credential_recheck(const struct sio_auth *auth, const sio_jwt *jwt);

/* Find the token that a socket, or a request, has shown, and verify it. */
int sio__credential_of_socket(const struct sio_auth *auth,
                              const struct sio_socket *socket, sio_jwt **out);
int sio__credential_of_request(const struct sio_auth *auth,
                               const sio_request *request, sio_jwt **out);

/* When a token is over, leeway included, in unix time; SIO_NEVER. */
uint64_t sio__credential_end_ms(const struct sio_auth *auth,
                                const sio_jwt *jwt);

/* ---- core/pass.c ---- */

/* Of a new guard: no socket has a pass. */
void sio__passes_init(struct sio_auth *auth);

/* Give a joining socket its pass, and its user's room.  0, or an error, and it
 * has none.  The token is retained. */
int sio__pass_new(struct sio_socket *socket, struct sio_auth *auth,
                  sio_jwt *jwt);
/* The memory of a socket goes. */
void sio__pass_free(struct sio_socket *socket);

/* The socket has connected: its pass is listed.  It is retained. */
void sio__pass_begin(struct sio_socket *socket);
/* It begins to leave: not any more.  It has left, and its handlers were
 * called. */
void sio__pass_leave(struct sio_socket *socket);
void sio__pass_left(struct sio_socket *socket);

/* Another token takes the place of that of a listed pass. */
void sio__pass_renew(struct sio__pass *pass, sio_jwt *jwt);

/* Disconnect a socket, with an event and a cause. */
void sio__pass_revoke(struct sio__pass *pass);

/* The time of the day has been set. */
void sio__passes_retime(struct sio_server *server);

/* A pass with a token of that id; NULL: there is none. */
struct sio__pass *sio__pass_by_id(const struct sio_auth *auth, sio_str id);

/* ---- core/checkpoint.c ---- */

/* The middleware; `user` is the struct sio_auth. */
void sio__checkpoint(sio_socket *socket, sio_next *next, void *user);

/* Whether a middleware is that one, which nobody gets past. */
bool sio__checkpoint_is(const struct sio__handler *middleware);

/* Whether a socket that has passed its middlewares may come in: 0, or what is
 * wrong with its token by now. */
int sio__checkpoint_admits(const struct sio_socket *socket);

/* Whether an event shows a new token, which is then to be handled here. */
bool sio__renewal_is(const struct sio_socket *socket, sio_str event);
void sio__renewal_handle(struct sio_socket *socket, const struct sio_args *args,
                         struct sio_ack *ack);

/* ---- core/presence.c ---- */

/* The user with this id, made if need be: a reference; NULL: no memory. */
struct sio__user *sio__user_get(struct sio_auth *auth, sio_str id);
void sio__user_unref(struct sio__user *user);
struct sio__user *sio__user_find(const struct sio_auth *auth, sio_str id);

/* A socket has connected, begins to leave, and has left. */
void sio__user_joined(struct sio__user *user, struct sio__pass *pass);
void sio__user_leaves(struct sio__user *user, struct sio__pass *pass);
void sio__user_left(struct sio__user *user);

/* Nobody comes back. */
void sio__users_end(struct sio_auth *auth);

/* ---- core/revoked.c ---- */

bool sio__revoked_has(const struct sio_auth *auth, const sio_jwt *jwt);
void sio__revoked_free(struct sio_auth *auth);

#endif
