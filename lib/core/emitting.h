/* SPDX-License-Identifier: MIT */
#ifndef SIO_CORE_EMITTING_H
#define SIO_CORE_EMITTING_H

/* What emitting to one socket and to many have in common. */

#include "core/body.h"
#include "core/drain.h"
#include "core/selection.h"

static inline unsigned sio__send_flags(const sio_target *target)
{
  return (target->flags & TARGET_UNCOMPRESSED) != 0 ? SIO_SEND_UNCOMPRESSED : 0;
}

/* Whether a volatile event is lost on this socket, which is counted. */
static inline bool sio__is_dropped(const sio_target *target,
                                   const struct sio_socket *socket)
{
  struct sio_session *session = socket->client->session;

  if ((target->flags & TARGET_VOLATILE) == 0 ||
      sio__session_is_writable(session))
    return false;
  session->engine->metrics.messages_dropped++;
  socket->ns->metrics.events_dropped++;
  return true;
}

/* What an emit that has sent something to one socket answers.  The host may
 * have let the socket go when it was shown the packet. */
static inline int sio__answer_of(struct sio_socket *socket)
{
  if (socket->client == NULL)
    return 0;
  if (sio__session_pending(socket->client->session) <=
      socket->ns->server->options.high_water_bytes)
    return 0;
  sio__drain_await(socket);
  return SIO_BUFFERED;
}

/* What is encoded, out of the way while the host is called, who may have
 * another packet encoded meanwhile. */
struct sio__encoded {
  struct sio__buf packet, message;
};

static inline struct sio__encoded sio__encoded_take(struct sio_server *server)
{
  struct sio__encoded encoded = {server->packet, server->message};

  sio__buf_init(&server->packet, encoded.packet.mem, encoded.packet.max);
  sio__buf_init(&server->message, encoded.message.mem, encoded.message.max);
  return encoded;
}

static inline void sio__encoded_put_back(struct sio_server *server,
                                         const struct sio__encoded *encoded)
{
  sio__buf_dispose(&server->packet);
  sio__buf_dispose(&server->message);
  server->packet = encoded->packet;
  server->message = encoded->message;
}

static inline sio_str sio__encoded_args(const struct sio__body *body,
                                        const struct sio__encoded *encoded)
{
  sio_span packet = {encoded->packet.data, encoded->packet.len};

  return sio__body_args(body, packet);
}

static inline bool sio__is_sent(int rv)
{
  return rv == 0 || rv == SIO_BUFFERED;
}

#endif
