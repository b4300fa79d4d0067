/* SPDX-License-Identifier: MIT */
#ifndef SIO_DYNAMIC_H
#define SIO_DYNAMIC_H

/**
 * Namespaces that come into being when a client asks for them.
 *
 * A parent stands for all of them: it has no sockets of its own, and what is
 * registered with it - middlewares and handlers of every kind - holds for each
 * of its children, before what the child has itself.  Emitting to a parent
 * reaches all children.
 *
 * When a client wants to join a name that does not exist, the parents are
 * asked in the order in which they were made; the first that agrees gets the
 * child.  A name that exists is never asked about, also if it came to exist
 * while a parent was thinking: what is decided is whether there is such a
 * namespace, not who may join it.  For that there are middlewares.
 *
 * sio_of() makes a namespace whatever a function would say about its name, and
 * from then on every client finds it; sio_find() only looks.  What sio_of()
 * makes becomes a child if the name matches the pattern of a parent; it does
 * not count towards `max_dynamic_namespaces`, and stays when it is empty.
 */

#include <sio/engine.h>
#include <sio/namespace.h>

#ifdef __cplusplus
extern "C" {
#endif

/** A name that a client wants to join and that does not exist. */
typedef struct sio_ns_request sio_ns_request;

/**
 * Decides whether a namespace is made: it answers with sio_ns_request_accept()
 * or sio_ns_request_refuse(), now, or later if it retains the request.
 *
 * Lifetime: `request` is borrowed until the callback returns.
 */
typedef void (*sio_dynamic_fn)(sio_ns_request *request, void *user);

/**
 * A parent whose children are decided about by a function.
 *
 * Ownership: it belongs to the server.
 * Errors:    NULL: out of memory, or `server` or `fn` is NULL.
 */
SIO_API sio_ns *sio_of_dynamic(sio_server *server, sio_dynamic_fn fn,
                               void *user);

/**
 * A parent whose children match a pattern: a path in which "{name}" stands for
 * a part of one step, and "{*name}", at the end, for all that is left; neither
 * is ever empty: "/tenant/{id}", "/tenant/{id}/room-{number}",
 * "/files/{*rest}".  Between two "/" there is at most one; their names are
 * identifiers of C, each used once.  A missing leading "/" is added, and all
 * other text matches byte for byte.
 *
 * Any client makes as many of the children as it likes, up to
 * `max_namespaces` at a time: see `cleanup_empty_namespaces` and
 * `max_dynamic_namespaces` in <sio/server.h>.
 *
 * Ownership: it belongs to the server.
 * Errors:    NULL, as sio_of_dynamic(), or a malformed pattern, or more than
 *            255 bytes.
 */
SIO_API sio_ns *sio_of_pattern(sio_server *server, const char *pattern);

/** What a part of a pattern stands for in the name of a child; borrowed, as
 *  long as the namespace; empty with `data` NULL if there is no such part. */
SIO_API sio_str sio_ns_param(const sio_ns *ns, const char *name);

/** The parent, borrowed, as long as the namespace; NULL if it has none.
 *  Whether it is one. */
SIO_API sio_ns *sio_ns_parent(const sio_ns *ns);
SIO_API bool sio_ns_is_parent(const sio_ns *ns);

/** The name, who asks, and what it gives as `auth`; borrowed as long as the
 *  request.  The session is NULL once the client has gone. */
SIO_API const char *sio_ns_request_name(const sio_ns_request *request);
SIO_API sio_session *sio_ns_request_session(const sio_ns_request *request);
SIO_API sio_value sio_ns_request_auth(const sio_ns_request *request);

/*
 * Answers; only the first one counts.  Refusing asks the next parent; when
 * none is left the client gets the connect error "Invalid namespace".  Two
 * clients that ask for one name at the same time get one namespace, and a
 * client that asks again before it has an answer is asked about once.
 *
 * Errors: SIO_ERR_STATE (answered already), SIO_ERR_DISCONNECTED (the client
 *         has gone; no namespace is made).
 */
SIO_API int sio_ns_request_accept(sio_ns_request *request);
SIO_API int sio_ns_request_refuse(sio_ns_request *request);

/** Keep it beyond the callback; then release it.  One that is given up without
 *  an answer is refused. */
SIO_API sio_ns_request *sio_ns_request_retain(sio_ns_request *request);
SIO_API void sio_ns_request_release(sio_ns_request *request);

/** Called for each namespace, in the order in which they were made, until it
 *  returns false; parents, whose names are "/_0", "/_1" ..., are among them. It
 *  may do anything; namespaces that are made meanwhile are not shown. */
SIO_API void sio_server_each_ns(sio_server *server,
                                bool (*fn)(sio_ns *ns, void *user), void *user);

/** A namespace was made, by whomever, and is still empty: the place to register
 *  what is for this one child only.  It may do anything. */
typedef void (*sio_namespace_fn)(sio_ns *ns, void *user);

/** Set who is told about new namespaces (parents are none); NULL: nobody. */
SIO_API void sio_server_on_namespace(sio_server *server, sio_namespace_fn fn,
                                     void *user);

/**
 * Delete a namespace: nobody finds it any more, its sockets leave ("server
 * namespace disconnect"), and those that are about to join are told "Invalid
 * namespace".  Children of a parent go with it.  The pointer must not be used
 * when the callback that the call is made from has returned, or else when the
 * call returns; that of a child that the server removes because it is empty
 * (`cleanup_empty_namespaces`) likewise.  Its name may be used again at once.
 *
 * Errors: SIO_ERR_STATE ("/", which always exists, or it is being deleted),
 *         SIO_ERR_INVALID (NULL).
 */
SIO_API int sio_ns_delete(sio_ns *ns);

#ifdef __cplusplus
}
#endif

#endif
