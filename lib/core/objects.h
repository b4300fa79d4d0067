/* SPDX-License-Identifier: MIT */
#ifndef SIO_CORE_OBJECTS_H
#define SIO_CORE_OBJECTS_H

/* What the files of the core share: the objects behind the public handles.
 *
 *   sio_server 1--n sio_ns 1--n sio_socket n--1 sio__client 1--1 session
 */

#include "adapter/rooms.h"
#include "base/handlers.h"
#include "base/id.h"
#include "base/random.h"
#include "core/listeners.h"
#include "eio/engine.h"
#include "eio/traffic.h"
#include "json/read.h"
#include "json/write.h"
#include "proto/binary.h"
#include "proto/msgpack_json.h"
#include <sio/adapter.h>
#include <sio/broadcast.h>
#include <sio/dynamic.h>
#include <sio/http.h>
#include <sio/metrics.h>
#include <sio/recovery.h>
#include <sio/socket.h>

/* ---- Server ---- */

/* What joins it to others; core/cluster.h. */
struct sio__cluster {
  sio_adapter_ops ops; /* `size` 0: there is no adapter */
  void *user;
  struct sio__map questions; /* struct sio__question, by id */
  struct sio__buf inbox;     /* where what other nodes send is checked */
};

/* What stands in a packet besides its payload. */
struct sio__head {
  enum sio__packet_type type;
  bool has_id;
  uint64_t id;
  sio_str nsp; /* borrowed */
};

struct sio_server {
  uint32_t refs; /* the host's, and those of handles that it retains */
  bool ending;   /* sio_server_free() has begun */
  bool freed;    /* by the host: only handles are left */
  bool closing;
  struct sio__server_drain *draining; /* NULL: it is not */
  bool plain; /* without Socket.IO: there are no namespaces */
  sio_allocator mem;
  sio_server_options options;    /* complete; `path` points to `path_text` */
  char *path_text;               /* as effective */
  char *initial_text;            /* NULL: none */
  struct sio__buf initial;       /* of SIO_PARSER_MSGPACK, see core/initial.h */
  sio_recovery_options recovery; /* complete, if options.recovery says so */
  struct sio__random *random;    /* NULL: the host's own is used */
  struct sio__engine engine;
  struct sio__map namespaces; /* by name; those that clients can join */
  struct sio__list all_ns;    /* every one, in the order of creation */
  struct sio__list parents;   /* those that stand for others, likewise */
  uint32_t n_parents;         /* made so far: the next one's number */
  uint32_t n_dynamic;         /* children that were made for clients */
  sio_ns_metrics gone;        /* of namespaces without a parent */
  struct sio_ns *root;        /* "/" */
  struct sio__list guards;    /* struct sio_auth */
  sio_namespace_fn on_namespace;
  void *on_namespace_user;
  struct sio__cluster cluster;
  size_t n_sockets; /* those that are connected */
  void *user;
  sio_http_fn on_http;
  void *on_http_user;
  sio_closed_fn on_closed;
  void *on_closed_user;
  struct sio__deferred deferred; /* calls on_closed */
  struct sio__buf packet;        /* where packets are encoded */
  struct sio_payload scratch;    /* where structs are; core/typed.c */
  /* Of SIO_PARSER_MSGPACK, which has only payloads in `packet`: */
  struct sio__head head;      /* while a packet is being encoded */
  struct sio__buf message;    /* the packet as it is sent */
  struct sio__msgpack_in in;  /* the one that is being handled */
  struct sio_ack *spare_acks; /* kept for reuse */
  struct sio__pending *spare_pendings;
  uint32_t n_spare_acks, n_spare_pendings;
};

static inline bool sio__is_msgpack(const struct sio_server *server)
{
  return server->options.parser == SIO_PARSER_MSGPACK;
}

/* As sio_server_new(), but what happens on sessions goes to `events`, and
 * there are no namespaces yet. */
struct sio_server *sio__server_new(const sio_server_options *given,
                                   const struct sio__engine_events *events);

void sio__server_ref(struct sio_server *server);
void sio__server_unref(struct sio_server *server);

/* The last connection is gone: if the server is closing, it has closed. */
void sio__server_empty(struct sio_server *server);

/* ---- Namespaces ---- */

/* One that is not listed any more has been deleted, and is gone when its last
 * socket has left.  It keeps its place among the others until its memory goes,
 * which happens while no bracket is open: see core/namespace.h for walking. */
struct sio_ns {
  struct sio__map_node node; /* in server->namespaces; parents are not */
  struct sio__list link;     /* in server->all_ns */
  struct sio__list of_kin;   /* in parent->children, or server->parents */
  struct sio__list children;
  struct sio__list sockets; /* all that are not gone, in the order of joining */
  uint32_t n_sockets;       /* and those whose disconnect handlers run */
  uint32_t refs;         /* the server's while listed, sockets', children's */
  struct sio_ns *parent; /* NULL: none; a reference */
  struct sio_server *server;
  bool listed;
  bool is_parent;
  bool dynamic;                 /* made for a client */
  bool opened;                  /* the adapter knows of it */
  bool tells_rooms;             /* and wants to know of its rooms */
  struct sio__pattern *pattern; /* parent: of its children, or NULL: */
  sio_dynamic_fn decide;        /* who decides about them */
  void *decide_user;
  struct sio__deferred deferred;      /* frees it */
  struct sio__rooms rooms;            /* its sockets, by id and by room */
  struct sio__room_watch *room_watch; /* NULL: nobody watches its rooms */
  struct sio__vanishing *vanishing;   /* rooms that are about to be deleted */
  struct sio__listeners listeners;
  struct sio__listeners *of_nodes; /* NULL: none are for other nodes' events */
  struct sio__map pending;         /* struct sio__pending, by ack id */
  uint64_t next_ack;
  struct sio__handlers middlewares, connects, disconnectings, disconnects;
  struct sio__handlers drains;
  uint32_t n_watched; /* sockets with functions for what is emitted to them */
  struct sio__contract *contract; /* NULL: there is none; core/enforce.h */
  struct sio__recovery *recovery; /* NULL: it is off; core/recovery.h */
  struct sio_auth *guard;         /* NULL: none of its own; core/guard.h */
  sio_recovery_lost_fn on_lost;   /* or NULL */
  void *on_lost_user;
  sio_ns_metrics metrics; /* what counts; parent: of children that are gone */
  uint16_t name_len;
  char name[]; /* NUL-terminated */
};

struct sio_ns *sio__ns_find(const struct sio_server *server, sio_str name);

/* Delete it if it was made for clients, nobody is left, and the options say
 * so.  A bracket is open. */
void sio__ns_tidy(struct sio_ns *ns);

/* The one that was made after `after` (NULL: the first one), parents included;
 * NULL: no more.  A bracket is open. */
struct sio_ns *sio__ns_next(const struct sio_server *server,
                            const struct sio_ns *after);

/* Free all of a server; no handle of a socket is left. */
void sio__ns_free_all(struct sio_server *server);

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
  struct sio__list wishes;     /* struct sio__wish, see core/asking.h */
  uint32_t n_sockets;
  uint32_t n_wishes;                  /* those that are undecided */
  bool joined;                        /* some namespace, at some time */
  struct sio__reassembly *reassembly; /* of a packet with attachments */
  struct sio__farewells *farewells;   /* NULL: none; core/farewell.h */
  struct sio__rates *rates;      /* NULL: none are limited; see core/rates.h */
  struct sio__timer timer;       /* to join; then for attachments */
  struct sio__deferred deferred; /* frees it */
};

extern const struct sio__engine_events sio__client_events;

/* Answer that a namespace cannot be joined. */
void sio__client_no_namespace(struct sio__client *client, sio_str name);

/* The client must go, for a reason of its own. */
void sio__client_end(struct sio__client *client, const sio_end *end);

/* Likewise: what it sent is not allowed. */
void sio__client_violation(struct sio__client *client, sio_reason reason,
                           sio_cause cause, const char *detail);

/* ---- Sockets ---- */

enum sio__socket_state {
  SOCKET_JOINING, /* in middleware */
  SOCKET_CONNECTED,
  SOCKET_LEAVING, /* its disconnecting handlers run */
  SOCKET_GONE,
};

/* Whether the drain handlers are to be told; see core/drain.h. */
enum sio__socket_drain { DRAIN_NONE, DRAIN_AWAITED, DRAIN_DUE };

/* The payload of a CONNECT; borrowed. */
struct sio__given {
  sio_str json; /* empty: there is none */
  const sio_span *attachments;
  size_t n_attachments;
};

/* A copy of it. */
struct sio__auth {
  struct sio_document document;
  size_t size;
  sio_span attachments[]; /* then their bytes, and the text */
};

/* NULL: no memory. */
struct sio__auth *sio__auth_new(const sio_allocator *mem,
                                const struct sio__given *given);
/* What it is a copy of; of NULL, nothing. */
struct sio__given sio__auth_given(const struct sio__auth *auth);
void sio__auth_free(struct sio__auth *auth, const sio_allocator *mem);

struct sio_socket {
  struct sio__member member;
  uint32_t refs; /* the client's while it is known, and the host's */
  uint8_t state;
  bool accepting;  /* its middlewares are being run right now */
  bool told;       /* that its client has sent what is not a packet */
  uint8_t parting; /* its client is being told that it is disconnected (1), or
                      that its connection is closed (2) */
  uint8_t drain;   /* enum sio__socket_drain */
  /* JOINING: how many of them, the parent's first. */
  uint32_t next_middleware, n_parent_middlewares, n_middlewares;
  struct sio_ns *ns;          /* a reference */
  struct sio__client *client; /* NULL: GONE */
  struct sio__list of_client, of_ns;
  struct sio__own *own; /* NULL: none; see core/passage.h */
  struct sio__snapshot *snapshot;
  struct sio__auth *auth;         /* NULL: none was given */
  struct sio__auth *data;         /* NULL: none; a JSON value of the host's */
  struct sio__lifeline *lifeline; /* NULL: it cannot come back */
  struct sio__pass *pass;         /* NULL: no token; see core/guard.h */
  struct sio_next *answer;        /* JOINING: what is awaited; a reference */
  struct sio__list pending;       /* struct sio__pending */
  uint32_t n_pending;
  uint64_t n_refused;   /* events that there was no room for */
  uint32_t joined_turn; /* of the engine: when it was connected */
  uint64_t issued_ms;
  void *user;
  sio_release_fn release_user;   /* or NULL */
  struct sio__deferred deferred; /* frees it */
};

/* Every socket of a list leaves, also those that come to it meanwhile; a
 * socket that is leaving already is left to whoever makes it. */
void sio__sockets_leave(struct sio__list *list, size_t link_offset,
                        const sio_end *end);

/* A client asks to join. */
void sio__socket_join(struct sio__client *client, struct sio_ns *ns,
                      const struct sio__given *auth);

/* The client's socket in a namespace; NULL if there is none. */
struct sio_socket *sio__client_socket(const struct sio__client *client,
                                      const struct sio_ns *ns);

/* Leave: the handlers are told.  A socket that is still joining just goes. */
void sio__socket_leave(struct sio_socket *socket, const sio_end *end);

/* Tell the client that a connected socket leaves, and let it.  0 or
 * SIO_ERR_DISCONNECTED: it does so already. */
int sio__socket_dismiss(struct sio_socket *socket, const sio_end *end);

/* Go on with the middlewares of a joining socket. */
void sio__socket_advance(struct sio_socket *socket);

static inline bool sio__socket_is_live(const struct sio_socket *socket)
{
  return socket->state == SOCKET_CONNECTED || socket->state == SOCKET_LEAVING;
}

/* ---- Acknowledgements ---- */

struct sio__gather;

/* An answer that a client owes. */
struct sio__pending {
  struct sio__map_node node; /* in ns->pending, by id and socket */
  struct sio__list link;     /* in socket->pending */
  struct sio__timer timer;   /* of a round: its link is in gather->owed */
  struct sio_socket *socket; /* a reference */
  struct sio__pending *next_spare;
  struct sio__gather *gather; /* the round that it belongs to, or NULL: */
  sio_response_fn fn;         /* who is told */
  void *user;
};

/* Expect an answer of a socket to what has this id, which is the next one of
 * its namespace.  `gather` is told of it, or if that is NULL whom `target`
 * names, which is not looked at otherwise.  0, SIO_ERR_NOMEM or
 * SIO_ERR_LIMIT. */
int sio__pending_new(struct sio_socket *socket, uint64_t id,
                     const sio_target *target, struct sio__gather *gather);
/* The packet could not be sent after all: nobody is told. */
void sio__pending_cancel(struct sio_socket *socket, uint64_t id);
/* It is not expected any more: nobody is told. */
void sio__pending_drop(struct sio__pending *pending);

/* Whether an answer with this id is owed. */
bool sio__pending_is_expected(const struct sio_socket *socket, uint64_t id);
/* An answer has come; unknown ids are ignored. */
void sio__pending_answer(struct sio_socket *socket, uint64_t id,
                         const sio_args *args);
/* The socket leaves: none will come. */
void sio__pending_fail_all(struct sio_socket *socket);

/* An answer that other nodes owe; see core/question.h. */
struct sio__question {
  struct sio__map_node node; /* in cluster.questions, by id */
  struct sio__list link;     /* in gather->questions */
  struct sio__gather *gather;
  struct sio_server *server;
  sio_operation_type type;
  bool counted;              /* `nodes` is how many there are; until then it
                                is how many have answered */
  uint64_t nodes, heard;     /* of those, how many have answered */
  uint64_t clients, settled; /* EMIT: clients asked; those that have answered
                                or will not */
  char id[SIO__ID_LEN + 1];
};

/* It is not asked any more: the round goes on by itself. */
void sio__question_drop(struct sio__question *question);

/* An answer that the host may give to a client's event. */
struct sio_ack {
  uint32_t refs;
  bool answered;
  uint64_t id;
  struct sio_socket *socket;  /* a reference; NULL: a node has asked: */
  struct sio__origin *origin; /* owned; see core/cluster.h */
  struct sio_ack *next_spare;
};

/* One reference, the caller's.  NULL: no memory. */
struct sio_ack *sio__ack_new(struct sio_socket *socket, uint64_t id);
/* The same for an event of another node; it takes `origin`, also when there is
 * no memory. */
struct sio_ack *sio__ack_for_node(struct sio_server *server,
                                  struct sio__origin *origin);
struct sio_server *sio__ack_server(const struct sio_ack *ack);
void sio__acks_dispose(struct sio_server *server);

/* An answer that a middleware owes. */
struct sio_next {
  uint32_t refs;
  bool answered;
  struct sio_socket *socket; /* a reference */
};

/* ---- Encoding ---- */

/* Begin a packet in server->packet; returns the buffer, for the JSON text of
 * its payload.  `nsp` is borrowed until that is sent, or encoded as a body. */
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
