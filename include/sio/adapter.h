/* SPDX-License-Identifier: MIT */
#ifndef SIO_ADAPTER_H
#define SIO_ADAPTER_H

/**
 * Several servers as one: what carries operations from node to node.
 *
 * A node is one server.  Who is in which room of this node is known here; an
 * adapter, which the host brings, tells the other nodes what is to be done
 * there, and does here what they tell:
 *
 *     emit --> publish() ~~~~> sio_adapter_receive() --> clients over there
 *     done <-- sio_adapter_answer() <~~~~ answer() <-- their answers
 *
 * An operation or an answer is shown as a plain struct, so that an adapter may
 * write it in any form; what it has read it hands over in the same struct, and
 * it is checked like what clients send.  Each namespace is a group of its own:
 * those nodes that have opened it.
 *
 * Whoever calls sio_adapter_receive() and sio_adapter_answer() speaks for all
 * clients: nodes trust one another.
 */

#include <sio/broadcast.h>

#ifdef __cplusplus
extern "C" {
#endif

/** What is to be done. */
typedef enum sio_operation_type {
  SIO_OPERATION_EMIT = 1,       /**< an event for clients */
  SIO_OPERATION_JOIN = 2,       /**< sockets join rooms */
  SIO_OPERATION_LEAVE = 3,      /**< sockets leave rooms */
  SIO_OPERATION_DISCONNECT = 4, /**< sockets are disconnected */
  SIO_OPERATION_FETCH = 5,      /**< sockets are described */
  SIO_OPERATION_EVENT = 6       /**< an event for the nodes themselves */
} sio_operation_type;

/** Bits of sio_operation.flags; others are not looked at. */
enum {
  SIO_OPERATION_VOLATILE = 1,     /**< EMIT: see sio_volatile() */
  SIO_OPERATION_UNCOMPRESSED = 2, /**< EMIT: see sio_uncompressed() */
  SIO_OPERATION_CLOSE = 4         /**< DISCONNECT: the whole connection */
};

/** Longest `request` that is received. */
enum { SIO_REQUEST_MAX = 255 };

/**
 * An operation; all that it points to is borrowed until the function that it
 * is given to returns.
 *
 * Whom it is about (all but EVENT): the sockets in any of `rooms`, or all if
 * there are none, but not those in any of `except`.
 */
typedef struct sio_operation {
  size_t size;             /**< set by sio_operation_init() */
  sio_operation_type type; /**< says which of the members below count */
  uint32_t flags;
  sio_str ns; /**< name of the namespace, with its "/" */
  const sio_str *rooms;
  size_t n_rooms;
  const sio_str *except;
  size_t n_except;
  const sio_str *names; /**< JOIN, LEAVE: the rooms that are joined or left */
  size_t n_names;
  /** EMIT, EVENT: the name of the event and its arguments, as JSON values,
   *  comma-separated, without brackets around them.  Binary values are
   *  {"_placeholder":true,"num":i}, which means attachment i. */
  sio_str data;
  const sio_span *attachments;
  size_t n_attachments;
  /** Empty: no answer is wanted.  Else what answers have to show: of an
   *  operation that is published 20 characters of A-Z a-z 0-9 - _ that nobody
   *  can guess; of one that is received whatever the adapter wants to see
   *  again in answer(), up to SIO_REQUEST_MAX bytes. */
  sio_str request;
  uint64_t timeout_ms; /**< with `request`: how long answers are of use */
} sio_operation;

#define sio_operation_init(operation)                                          \
  sio_operation_init_sized((operation), sizeof(*(operation)))
SIO_API void sio_operation_init_sized(sio_operation *operation, size_t size);

/** What an answer says. */
typedef enum sio_answer_type {
  /** EMIT: `count` clients were asked.  One from each node, before the answers
   *  of its clients, also if it is 0. */
  SIO_ANSWER_ASKED = 1,
  SIO_ANSWER_ACK = 2,     /**< EMIT: a client has answered `data` */
  SIO_ANSWER_LOST = 3,    /**< EMIT: `count` clients will not answer; who cannot
                               carry this lets the time run out */
  SIO_ANSWER_SOCKETS = 4, /**< FETCH: `data` are objects, one for each socket:
                               see sio_fetch() */
  SIO_ANSWER_EVENT = 5    /**< EVENT: a node has answered `data` */
} sio_answer_type;

/** An answer; borrowed likewise. */
typedef struct sio_answer {
  size_t size; /**< set by sio_answer_init() */
  sio_answer_type type;
  uint32_t reserved; /**< 0 */
  sio_str ns;        /**< answer(): the namespace; else not looked at */
  sio_str request;   /**< that of the operation */
  uint64_t count;
  sio_str data; /**< as of an operation */
  const sio_span *attachments;
  size_t n_attachments;
} sio_answer;

#define sio_answer_init(answer)                                                \
  sio_answer_init_sized((answer), sizeof(*(answer)))
SIO_API void sio_answer_init_sized(sio_answer *answer, size_t size);

/**
 * An adapter; each member may be NULL.  They may call anything but
 * sio_server_free() of this server.
 */
typedef struct sio_adapter_ops {
  size_t size; /**< set by sio_adapter_ops_init() */

  /** A namespace exists (parents are none), or is no more: from the first to
   *  the second this node has to answer, and what others publish in between is
   *  to be received.  `ns` may be used until `closed` has returned. */
  void (*opened)(sio_ns *ns, void *user);
  void (*closed)(sio_ns *ns, void *user);

  /**
   * Tell the other nodes.  If `operation->request` is not empty the adapter
   * also finds out how many others there are, and says so by
   * sio_adapter_expect(), now or later.
   *
   * Errors: negative: it has gone to nobody.  This is logged, and no answers
   *         are waited for; what is to be done here is done.
   */
  int (*publish)(sio_ns *ns, const sio_operation *operation, void *user);

  /** Bring an answer to whoever has asked.  Errors: as above. */
  int (*answer)(sio_ns *ns, const sio_answer *answer, void *user);

  /** A room has got its first member here, or lost its last one; those that
   *  sockets have for themselves are among them. */
  void (*room_created)(sio_ns *ns, sio_str room, void *user);
  void (*room_deleted)(sio_ns *ns, sio_str room, void *user);
} sio_adapter_ops;

#define sio_adapter_ops_init(ops)                                              \
  sio_adapter_ops_init_sized((ops), sizeof(*(ops)))
SIO_API void sio_adapter_ops_init_sized(sio_adapter_ops *ops, size_t size);

/**
 * Join a server to others.  The functions are copied; `opened` is called for
 * each namespace that there is.  NULL takes the adapter away: `closed` is
 * called for each, and what is still asked ends with SIO_ERR_DISCONNECTED.
 * sio_server_free() does the same, after all sockets have left.
 *
 * Errors: SIO_ERR_INVALID (`size` is not set), SIO_ERR_STATE (there is one
 *         already, some namespace has sockets, or it is being freed),
 *         SIO_ERR_UNSUPPORTED (a server without Socket.IO).
 */
SIO_API int sio_server_set_adapter(sio_server *server,
                                   const sio_adapter_ops *ops, void *user);

/**
 * Do here what another node has published: it is not published again.  If an
 * answer is wanted the adapter's `answer` is called, now and later.
 *
 * Errors: SIO_ERR_INVALID (a type that is not known, no event name, names that
 *         are not there or too long, `request` or `timeout_ms` out of range),
 *         SIO_ERR_STATE (no adapter was set), SIO_ERR_NOT_FOUND (no such
 *         namespace), SIO_ERR_JSON, SIO_ERR_UTF8, SIO_ERR_RANGE (placeholders
 *         that fit no attachment), SIO_ERR_RESERVED (the event name),
 *         SIO_ERR_LIMIT (`max_attachments`, or `max_rooms` of a socket),
 *         SIO_ERR_NOMEM.
 */
SIO_API int sio_adapter_receive(sio_server *server,
                                const sio_operation *operation);

/**
 * So many other nodes have got what was published with this request.  May be
 * called again with less, when one of them is gone.
 *
 * Errors: SIO_ERR_NOT_FOUND (it is not awaited, or not any more).
 */
SIO_API int sio_adapter_expect(sio_server *server, sio_str request,
                               uint64_t nodes);

/**
 * Another node has answered.
 *
 * Errors: SIO_ERR_NOT_FOUND (it is not awaited, or not any more),
 *         SIO_ERR_INVALID (a type that does not belong to what was asked, a
 *         count above UINT32_MAX, or what is no description of a socket),
 *         SIO_ERR_STATE (more answers than were announced), SIO_ERR_JSON,
 *         SIO_ERR_RANGE, SIO_ERR_LIMIT, SIO_ERR_NOMEM: as above.  Nobody is
 *         told of such an answer, and it does not count.
 */
SIO_API int sio_adapter_answer(sio_server *server, const sio_answer *answer);

#ifdef __cplusplus
}
#endif

#endif
