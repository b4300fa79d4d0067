/* SPDX-License-Identifier: MIT */
#ifndef SIO_CORE_SERVER_H
#define SIO_CORE_SERVER_H

/* What the files of the core share: the objects behind the public handles.
 *
 *   sio_server 1--n sio_ns 1--n sio_socket n--1 sio__client 1--1 session
 */

#include "adapter/rooms.h"
#include "base/handlers.h"
#include "base/random.h"
#include "eio/engine.h"
#include "eio/traffic.h"
#include "json/read.h"
#include "proto/binary.h"
#include <sio/broadcast.h>
#include <sio/http.h>
#include <sio/socket.h>

/* ---- Server ---- */

struct sio_server {
  uint32_t refs; /* the host's, and those of handles that it retains */
  bool freed;    /* by the host: only handles are left */
  bool closing;
  bool plain; /* without Socket.IO: there are no namespaces */
  sio_allocator mem;
  sio_server_options options; /* complete; `path` points to `path_text` */
  char *path_text;            /* as effective */
  char *initial_text;         /* NULL: none */
  struct sio__random *random; /* NULL: the host's own is used */
  struct sio__engine engine;
  struct sio__map namespaces; /* by name */
  struct sio_ns *root;        /* "/" */
  struct sio__list sockets;   /* all that are not gone */
  size_t n_sockets;           /* those that are connected */
  void *user;
  sio_http_fn on_http;
  void *on_http_user;
  sio_closed_fn on_closed;
  void *on_closed_user;
  struct sio__deferred deferred; /* calls on_closed */
  struct sio__buf packet;        /* where packets are encoded */
  struct sio_ack *spare_acks;    /* kept for reuse */
  struct sio__pending *spare_pendings;
  uint32_t n_spare_acks, n_spare_pendings;
};

/* As sio_server_new(), but what happens on sessions goes to `events`, and
 * there are no namespaces yet. */
struct sio_server *sio__server_new(const sio_server_options *given,
                                   const struct sio__engine_events *events);

void sio__server_ref(struct sio_server *server);
void sio__server_unref(struct sio_server *server);

/* The last connection is gone: if the server is closing, it has closed. */
void sio__server_empty(struct sio_server *server);

/* ---- Namespaces ---- */

struct sio_ns {
  struct sio__map_node node; /* in server->namespaces */
  struct sio_server *server;
  struct sio__rooms rooms; /* its sockets, by id and by room */
  struct sio__map events;  /* struct sio__event, by name */
  struct sio__map pending; /* struct sio__pending, by ack id */
  uint64_t next_ack;
  struct sio__handlers middlewares, connects, disconnectings, disconnects;
  uint16_t name_len;
  char name[]; /* NUL-terminated */
};

/* The handlers of one event. */
struct sio__event {
  struct sio__map_node node;
  struct sio__handlers handlers;
  size_t name_len;
  char name[];
};

struct sio_ns *sio__ns_find(const struct sio_server *server, sio_str name);
void sio__ns_free(struct sio_ns *ns);

/* NULL: nobody listens. */
struct sio__event *sio__ns_event(const struct sio_ns *ns, sio_str name);

static inline sio_str sio__ns_str(const struct sio_ns *ns)
{
  sio_str s = {ns->name, ns->name_len};

  return s;
}

/* ---- Clients: what one Engine.IO session has joined ---- */

struct sio__client {
  struct sio_server *server;
  struct sio_session *session; /* alive as long as the client */
  struct sio__list sockets;    /* in the order of joining */
  uint32_t n_sockets;
  bool joined;                        /* some namespace, at some time */
  struct sio__reassembly *reassembly; /* of a packet with attachments */
  struct sio__timer timer;            /* to join; then for attachments */
  struct sio__deferred deferred;      /* frees it */
};

extern const struct sio__engine_events sio__client_events;

/* The client must go: what it sent is not allowed. */
void sio__client_violation(struct sio__client *client, sio_reason reason,
                           sio_cause cause, const char *detail);

/* ---- Sockets ---- */

enum sio__socket_state {
  SOCKET_JOINING, /* in middleware */
  SOCKET_CONNECTED,
  SOCKET_LEAVING, /* its disconnecting handlers run */
  SOCKET_GONE,
};

/* A copy of the auth payload. */
struct sio__auth {
  struct sio_document document;
  size_t size;
  char text[];
};

struct sio_socket {
  struct sio__member member;
  uint32_t refs; /* the client's while it is known, and the host's */
  uint8_t state;
  bool accepting; /* its middlewares are being run right now */
  uint32_t next_middleware, n_middlewares; /* JOINING */
  struct sio_ns *ns;
  struct sio__client *client; /* NULL: GONE */
  struct sio__list of_client, of_server;
  struct sio__snapshot *snapshot;
  struct sio__auth *auth;   /* NULL: none was given */
  struct sio_next *answer;  /* JOINING: what is awaited; a reference */
  struct sio__list pending; /* struct sio__pending */
  uint32_t n_pending;
  uint64_t issued_ms;
  void *user;
  sio_release_fn release_user;   /* or NULL */
  struct sio__deferred deferred; /* frees it */
};

/* Every socket of a list leaves, also those that come to it meanwhile; a
 * socket that is leaving already is left to whoever makes it. */
void sio__sockets_leave(struct sio__list *list, size_t link_offset,
                        const sio_end *end);

/* A client asks to join; `auth` is the JSON of its payload, or empty. */
void sio__socket_join(struct sio__client *client, struct sio_ns *ns,
                      sio_str auth);

/* The client's socket in a namespace; NULL if there is none. */
struct sio_socket *sio__client_socket(const struct sio__client *client,
                                      const struct sio_ns *ns);

/* Leave: the handlers are told.  A socket that is still joining just goes. */
void sio__socket_leave(struct sio_socket *socket, const sio_end *end);

/* Go on with the middlewares of a joining socket. */
void sio__socket_advance(struct sio_socket *socket);

static inline bool sio__socket_is_live(const struct sio_socket *socket)
{
  return socket->state == SOCKET_CONNECTED || socket->state == SOCKET_LEAVING;
}

/* ---- Acknowledgements ---- */

/* An answer that a client owes. */
struct sio__pending {
  struct sio__map_node node; /* in ns->pending, by id */
  struct sio__list link;     /* in socket->pending */
  struct sio__timer timer;
  struct sio_socket *socket; /* a reference */
  struct sio__pending *next_spare;
  sio_response_fn fn;
  void *user;
};

/* Expect an answer of a socket; `*id` goes into the packet.  0, SIO_ERR_NOMEM
 * or SIO_ERR_LIMIT. */
int sio__pending_new(struct sio_socket *socket, const sio_target *target,
                     uint64_t *id);
/* The packet could not be sent after all: nobody is told. */
void sio__pending_cancel(struct sio_socket *socket, uint64_t id);

/* An answer has come; unknown ids are ignored. */
void sio__pending_answer(struct sio_socket *socket, uint64_t id,
                         const sio_args *args);
/* The socket leaves: none will come. */
void sio__pending_fail_all(struct sio_socket *socket);

/* An answer that the host may give to a client's event. */
struct sio_ack {
  uint32_t refs;
  bool answered;
  uint64_t id;
  struct sio_socket *socket; /* a reference */
  struct sio_ack *next_spare;
};

/* One reference, the caller's.  NULL: no memory. */
struct sio_ack *sio__ack_new(struct sio_socket *socket, uint64_t id);
void sio__acks_dispose(struct sio_server *server);

/* An answer that a middleware owes. */
struct sio_next {
  uint32_t refs;
  bool answered;
  struct sio_socket *socket; /* a reference */
};

/* ---- Encoding ---- */

/* Begin a packet in server->packet; returns the buffer. */
struct sio__buf *sio__packet_begin(struct sio_server *server,
                                   enum sio__packet_type type,
                                   size_t attachments, sio_str nsp, bool has_id,
                                   uint64_t id);

/* Send the packet that was begun. */
bool sio__packet_send(struct sio__client *client);

/* A packet without payload, such as DISCONNECT. */
void sio__send_bare(struct sio__client *client, enum sio__packet_type type,
                    sio_str nsp);

#endif
