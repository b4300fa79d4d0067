/* SPDX-License-Identifier: MIT */
#ifndef SIO_AUTH_H
#define SIO_AUTH_H

/**
 * Who may come in, by tokens: whoever joins a guarded namespace shows a JSON
 * Web Token (<sio/jwt.h>), and is there for as long as that is valid.
 *
 * The subject (`sub`) of the token is the user, who may have many sockets:
 * sio_user() reaches all of them.
 *
 * Nothing of a token is ever logged.
 */

#include <sio/broadcast.h>
#include <sio/http.h>
#include <sio/jwt.h>

#ifdef __cplusplus
extern "C" {
#endif

/** What guards namespaces of one server, to which it belongs. */
typedef struct sio_auth sio_auth;

/** The longest id of a user, in bytes.  Tokens with a longer or an empty `sub`
 *  are refused: SIO_JWT_INVALID_CLAIM. */
enum { SIO_USER_ID_MAX = 512 };

/**
 * What can be wrong besides SIO_JWT_ERROR_LIST: name, value, machine word,
 * text.  The words are stable: clients are told them.
 */
#define SIO_AUTH_ERROR_LIST(X)                                                 \
  X(MISSING, -260, "missing_token", "a token is required")                     \
  X(REVOKED, -261, "revoked", "the token has been revoked")                    \
  X(LONG_LIVED, -262, "lifetime_too_long", "the token is valid for too long")  \
  X(BUSY, -263, "busy", "another token is being looked at")

/** What is wrong; see SIO_AUTH_ERROR_LIST. */
enum sio_auth_error {
#define SIO_AUTH_ERROR_ENUM(name, value, word, text) SIO_AUTH_##name = value,
  SIO_AUTH_ERROR_LIST(SIO_AUTH_ERROR_ENUM)
#undef SIO_AUTH_ERROR_ENUM
};

/** The machine word of an error, also of those of <sio/jwt.h>; constant. */
SIO_API const char *sio_auth_error_word(int error);

/** Explain an error, also those of <sio/jwt.h> and <sio/error.h>; constant. */
SIO_API const char *sio_auth_strerror(int error);

/* ---- Settings ---- */

/** The answer that a check owes. */
typedef struct sio_auth_answer sio_auth_answer;

/**
 * Decides about a token that has been verified: of a socket that joins, or a
 * new one of a socket that has joined.  It answers with sio_auth_accept() or
 * sio_auth_refuse(), now, or later if it retains `answer`.
 *
 * Lifetime: all are borrowed until the callback returns; all may be retained.
 */
typedef void (*sio_auth_check_fn)(sio_socket *socket, sio_jwt *token,
                                  sio_auth_answer *answer, void *user);

/** The token of a socket expires in `left_s` seconds, unless the client shows
 *  a new one. */
typedef void (*sio_auth_expiring_fn)(sio_socket *socket, uint64_t left_s,
                                     void *user);

/** A user had no socket, and `socket` is one now; before its connect
 *  handlers. */
typedef void (*sio_auth_online_fn)(sio_auth *auth, sio_str user_id,
                                   sio_socket *socket, void *user);

/** A user has no socket any more, and has had none for `grace_ms`; after the
 *  disconnect handlers of the last one. */
typedef void (*sio_auth_offline_fn)(sio_auth *auth, sio_str user_id,
                                    void *user);

/** Settings; the default is given behind each field. */
typedef struct sio_auth_options {
  size_t size;                  /**< set by sio_auth_options_init() */
  sio_jwt_keys *keys;           /**< retained; required */
  const sio_jwt_options *token; /**< what tokens have to be; copied; `now_s` is
                                     not looked at; NULL: the defaults */

  /* Where tokens are looked for, besides `auth.token` and the header
   * `Authorization: Bearer`; copied. */
  const char *cookie; /**< a cookie; needs `check_origin` of the server; NULL */
  const char *query;  /**< a parameter of the query, which ends up in the logs
                           of proxies; NULL */

  /* Names, copied; "": none. */
  const char *user_room;      /**< a user's room is this and the id; "user:" */
  const char *renew_event;    /**< by which clients show new tokens;
                                   "auth:renew" */
  const char *expiring_event; /**< sent ahead of the end; "auth:expiring" */
  const char *expired_event;  /**< sent at the end; "auth:expired" */
  const char *revoked_event;  /**< likewise; "auth:revoked" */

  sio_auth_check_fn check;       /**< NULL: all valid tokens are good */
  sio_auth_expiring_fn expiring; /**< NULL */
  sio_auth_online_fn online;     /**< NULL */
  sio_auth_offline_fn offline;   /**< NULL */
  void *user;                    /**< passed to them */

  uint64_t grace_ms;       /**< before a user is offline; 0..UINT32_MAX; 3000 */
  uint32_t no_header;      /**< 1: `Authorization` is not looked at; 0 */
  uint32_t expiring_s;     /**< how far ahead; 0: not at all; 60 */
  uint32_t max_lifetime_s; /**< from `iat` to `exp`, which are then required;
                                0: any; 0 */
  uint32_t max_revoked;    /**< what is remembered as revoked; 10000 */
} sio_auth_options;

#define sio_auth_options_init(options)                                         \
  sio_auth_options_init_sized((options), sizeof(*(options)))

/** Fill in the defaults of the first `size` bytes. */
SIO_API void sio_auth_options_init_sized(sio_auth_options *options,
                                         size_t size);

/** Name the first option that is not possible, such as "keys"; NULL: there is
 *  none.  Constant. */
SIO_API const char *sio_auth_options_problem(const sio_auth_options *options);

/* ---- Guarding ---- */

/**
 * Make one.  A server may have several, for different issuers; users and
 * revocations of each are its own.
 *
 * The server needs to know the time of the day: sio_server_set_unix_time(),
 * which <sio/uv.h> sees to.  Without it every token is refused.
 *
 * Ownership: it belongs to the server, and lives as long.
 * Errors:    SIO_ERR_INVALID (an option, which the log names),
 *            SIO_ERR_NOMEM, SIO_ERR_CLOSED; `*out` is then NULL.
 */
SIO_API SIO_MUST_USE int sio_auth_new(sio_server *server,
                                      const sio_auth_options *options,
                                      sio_auth **out);

/** The server that it belongs to. */
SIO_API sio_server *sio_auth_server(const sio_auth *auth);

/**
 * Other keys for tokens to come, retained.  Sockets stay as they are: see
 * sio_auth_revoke_user() for those that should not.
 *
 * Errors: SIO_ERR_INVALID (`keys` is NULL).
 */
SIO_API int sio_auth_set_keys(sio_auth *auth, sio_jwt_keys *keys);

/**
 * Guard a namespace, or the children of a parent, with a middleware that
 * comes behind those that were added so far.  Whoever is refused gets a connect
 * error whose data is `{code}`, of sio_auth_error_word().
 *
 * Sockets that have joined already stay; those that are joining are refused.
 * The middleware runs for clients that come back by recovery, too, whatever
 * `skip_middlewares` says; one that shows the token of another user joins as a
 * new one.
 *
 * Errors: SIO_ERR_INVALID (no namespace, or of another server), SIO_ERR_STATE
 *         (it is guarded already, or its parent or a child is),
 *         SIO_ERR_NOMEM.
 */
SIO_API int sio_auth_use(sio_auth *auth, sio_ns *ns);

/**
 * The token of a socket, from its middlewares on; NULL: it has shown none.
 *
 * Lifetime: until another one takes its place, or as long as the socket; it may
 *           be retained.
 */
SIO_API sio_jwt *sio_socket_token(const sio_socket *socket);

/** The subject of that; empty with `data` NULL if there is none.  Borrowed, as
 *  long as the socket. */
SIO_API sio_str sio_socket_user_id(const sio_socket *socket);

/**
 * All sockets of a user in a namespace, or in the children of a parent: those
 * in the room whose name is `user_room` and the id.  Nobody is in that room
 * but by a token, or by sio_join() of yours: do not let clients choose the
 * names of rooms.  The id is borrowed like the name of a room.
 *
 * Errors: when it is used: SIO_ERR_STATE: the namespace is not guarded, or
 *         `user_room` is "".
 */
SIO_API sio_target sio_user(sio_ns *ns, sio_str user_id);

/* What checks answer.  Only the first answer counts: later ones get
 * SIO_ERR_STATE.  SIO_ERR_DISCONNECTED: the client has gone meanwhile. */

/** The token is good.
 *
 *  Errors: also SIO_ERR_NOMEM, and what has become of the token meanwhile:
 *          SIO_JWT_EXPIRED, SIO_AUTH_REVOKED; the client is refused then. */
SIO_API int sio_auth_accept(sio_auth_answer *answer);

/** It is not.  The client is told both, as of any other refusal; `code` is a
 *  machine word; NULL: "forbidden"; `message` NULL: "Forbidden". */
SIO_API int sio_auth_refuse(sio_auth_answer *answer, const char *code,
                            const char *message);

/** Keep it beyond the callback; to be released after the answer.  One that is
 *  given up without an answer refuses. */
SIO_API sio_auth_answer *sio_auth_answer_retain(sio_auth_answer *answer);
SIO_API void sio_auth_answer_release(sio_auth_answer *answer);

/* ---- Presence ----
 *
 * A user is online from the first socket in any namespace that `auth` guards
 * to the last, and `grace_ms` longer: who reloads a page, or comes back by
 * recovery, has not been offline.  Calls of `online` and `offline` alternate
 * for each user; sio_server_free() calls `offline` for those who are left.
 */

/** Whether a user is online, as the callbacks have it. */
SIO_API bool sio_auth_is_online(const sio_auth *auth, sio_str user_id);

/** How many sockets a user has now in a namespace, or in the children of a
 *  parent; NULL: in all.  One that is leaving does not count. */
SIO_API size_t sio_auth_count(const sio_auth *auth, const sio_ns *ns,
                              sio_str user_id);

/** How many users are online. */
SIO_API size_t sio_auth_user_count(const sio_auth *auth);

/** Call `fn` for each of a user's sockets, in the order of joining; false
 *  stops.  It may do anything; sockets that have left meanwhile are skipped.
 *
 *  Errors: SIO_ERR_NOMEM. */
SIO_API int sio_auth_each(sio_auth *auth, sio_str user_id, sio_each_fn fn,
                          void *user);

/* ---- Revocation ----
 *
 * Sockets concerned are sent `revoked_event` and are disconnected (cause
 * SIO_CAUSE_TOKEN_REVOKED) before these return, and what was revoked is refused
 * from then on.
 *
 * It is remembered until `until_s`, in seconds since 1970: when the last of the
 * tokens that are meant will have expired, leeway not counted.  0: as long as
 * `max_lifetime_s` lets any of them live, or if there is no such limit as long
 * as `auth` lives.
 *
 * Errors: SIO_ERR_LIMIT: `max_revoked` are remembered, and none of them can be
 *         forgotten; SIO_ERR_INVALID (no id, or one of more than 512 bytes),
 *         SIO_ERR_STATE (the time of the day is unknown), SIO_ERR_NOMEM,
 *         SIO_ERR_CLOSED.  Nothing has happened then.
 */

/** All tokens of a user that were issued up to now, leeway included, and those
 *  that do not say when. */
SIO_API int sio_auth_revoke_user(sio_auth *auth, sio_str user_id,
                                 uint64_t until_s);

/** The tokens with this id (`jti`). */
SIO_API int sio_auth_revoke_token(sio_auth *auth, sio_str id, uint64_t until_s);

/** How many are remembered. */
SIO_API size_t sio_auth_revoked_count(const sio_auth *auth);

/* ---- At the HTTP door ---- */

/**
 * Verify the token of a request: of `Authorization`, of the cookie or the
 * query.  The `check` is not asked.
 *
 * Ownership: `*out` is for sio_jwt_release(); NULL on any error.
 * Errors:    SIO_AUTH_..., SIO_JWT_..., SIO_ERR_NOMEM, SIO_ERR_STATE (the time
 *            of the day is unknown).
 */
SIO_API SIO_MUST_USE int sio_auth_check_request(sio_auth *auth,
                                                const sio_request *request,
                                                sio_jwt **out);

/**
 * Answer a request, or a handshake that waits for a decision, with 401 and what
 * RFC 6750 section 3 asks for; where the fault is ours, with 503.
 *
 * Errors: as sio_respond() or sio_handshake_refuse().
 */
SIO_API int sio_auth_refuse_request(sio_request *request, int error);

/** For sio_server_on_handshake(), with the sio_auth as `user`: who has no valid
 *  token gets no session.  Clients that show it as `auth.token` alone do not
 *  come in then. */
SIO_API void sio_auth_on_handshake(sio_request *request, void *auth);

#ifdef __cplusplus
}
#endif

#endif
