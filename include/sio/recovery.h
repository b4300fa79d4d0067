/* SPDX-License-Identifier: MIT */
#ifndef SIO_RECOVERY_H
#define SIO_RECOVERY_H

/**
 * Connection state recovery: a client that has lost its connection for a
 * while gets back its id, its rooms, its data, and what it has missed.
 *
 * It is off unless `recovery` of the server's options says how.  Then the
 * server remembers what was sent lately in each namespace, and the sockets
 * whose connection was lost lately.  When such a client comes back, its
 * middlewares run (sio_socket_recovered() is true), and if they let it in it
 * is sent first what it has missed.  If anything of that is not remembered any
 * more, or the client is not known, it joins as a new one.
 *
 * Remembered are events that are neither volatile nor ask for an
 * acknowledgement; clients get them with one more argument at the end, a
 * string, by which they can tell what they have got.  A socket can come back
 * unless the client or the server has disconnected it from its namespace, or
 * the client has sent what is no packet of Engine.IO.
 */

#include <sio/socket.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Settings, for each namespace by itself; the default is given behind each
 *  field. */
typedef struct sio_recovery_options {
  size_t size; /**< set by sio_recovery_options_init() */
  /** How long a client may be away, counted from when that was noticed;
   *  1..UINT32_MAX; 120000 */
  uint64_t max_disconnection_ms;
  /** How long events are remembered; 0: twice `max_disconnection_ms`.  A client
   *  cannot come back if the last one that it has got was sent longer ago. */
  uint64_t max_packet_age_ms;
  uint64_t max_session_bytes; /**< of those who are away; 16777216 */
  uint64_t max_bytes;         /**< of events; 4194304 */
  uint32_t max_sessions;      /**< who are away; 10000 */
  uint32_t max_packets;       /**< events; 10000 */
  uint32_t skip_middlewares;  /**< 1: they do not run for clients that come
                                   back; 0 */
  /** 1: volatile events have an offset, too: that of the last event that is
   *  remembered.  Without it a client that gets a volatile event whose last
   *  argument is a string cannot come back until the next other one.  0 */
  uint32_t volatile_offsets;
} sio_recovery_options;

#define sio_recovery_options_init(options)                                     \
  sio_recovery_options_init_sized((options), sizeof(*(options)))

/** Fill in the defaults of the first `size` bytes. */
SIO_API void sio_recovery_options_init_sized(sio_recovery_options *options,
                                             size_t size);

/** Whether a socket has come back, with all that it has missed.  Middlewares
 *  may ask, too. */
SIO_API bool sio_socket_recovered(const sio_socket *socket);

/**
 * Attach a JSON value to a socket, in place of the one before; it is copied,
 * and a socket that comes back has it again.  Empty text: none.
 *
 * Errors: SIO_ERR_JSON (it is not one JSON value), SIO_ERR_NOMEM,
 *         SIO_ERR_DISCONNECTED (the socket has left).
 */
SIO_API int sio_socket_set_data(sio_socket *socket, sio_str json);

/**
 * The value that was attached; absent if there is none.
 *
 * Lifetime: until another one takes its place, or as long as the socket.
 */
SIO_API sio_value sio_socket_data(const sio_socket *socket);

/**
 * Told that a socket that could have come back will not: it has been away for
 * too long, was refused when it came, there are too many, memory was short, or
 * its namespace goes.  So each socket that has left and may come back has a
 * connect handler called for it, or this, once.
 *
 * Lifetime: `id` and `data` are borrowed until the callback returns.
 */
typedef void (*sio_recovery_lost_fn)(sio_ns *ns, sio_str id, sio_value data,
                                     void *user);

/**
 * Set who is told, in place of the one before; NULL: nobody.  The function of a
 * parent is called for its children, before the child's own.
 *
 * Errors: SIO_ERR_INVALID (no namespace).
 */
SIO_API int sio_on_recovery_lost(sio_ns *ns, sio_recovery_lost_fn fn,
                                 void *user);

#ifdef __cplusplus
}
#endif

#endif
