/* SPDX-License-Identifier: MIT */
/* The public functions about sessions, see <sio/engine.h>. */
#include "eio/handle.h"

#include "base/utf8.h"
#include "eio/connection.h"
#include "eio/payload.h"
#include "eio/pressure.h"
#include "eio/receipts.h"
#include "eio/traffic.h"
#include <sio/tls.h>

enum {
  ALL_FLAGS = SIO_SEND_BINARY | SIO_SEND_UNCOMPRESSED | SIO_SEND_VOLATILE
};

/* ---- Sending ---- */

/* Whether text may be sent in payloads of packets. */
static int check_text(sio_span text)
{
  if (!sio__utf8_is_valid(text.data, text.len))
    return SIO_ERR_UTF8;
  if (text.len > 0 &&
      memchr(text.data, SIO__PAYLOAD_SEPARATOR, text.len) != NULL)
    return SIO_ERR_INVALID;
  return 0;
}

/* Why a message could not be sent. */
static int failure_of(const struct sio_session *session)
{
  sio_cause cause = SIO_CAUSE_NONE;

  if (session->doomed)
    cause = (sio_cause)session->cause;
  else if (session->ws != NULL)
    cause = session->ws->cause;
  if (cause == SIO_CAUSE_OUTPUT_SIZE || cause == SIO_CAUSE_OUTPUT_PACKETS)
    return SIO_ERR_LIMIT;
  return cause == SIO_CAUSE_NOMEM ? SIO_ERR_NOMEM : SIO_ERR_DISCONNECTED;
}

/* Where the message that was sent last ends. */
static uint64_t last_place(const struct sio_session *session)
{
  const struct sio_conn *conn = session->ws;

  if (conn != NULL)
    return conn->sent + conn->out.bytes;
  return session->receipts->left + session->queue.count;
}

static int send_open(struct sio_session *session, sio_span data, unsigned flags,
                     sio_sent_fn sent, void *user)
{
  if ((flags & SIO_SEND_VOLATILE) != 0 && !sio__session_is_writable(session)) {
    session->engine->metrics.messages_dropped++;
    return SIO_DROPPED;
  }
  if (session->engine->options->output_policy != SIO_OUTPUT_CUT &&
      !sio__pressure_has_room(session, data.len, 1)) {
    session->engine->metrics.messages_refused++;
    return SIO_ERR_LIMIT;
  }
  flags &= ~(unsigned)SIO_SEND_VOLATILE;
  if ((flags & SIO_SEND_BINARY) == 0)
    flags |= SIO__SEND_BARE;
  if (!sio__session_will_send(session, data.data, data.len, flags))
    return SIO_ERR_DISCONNECTED;
  if (!sio__pressure_has_room_still(session, data.len, 1)) {
    session->engine->metrics.messages_refused++;
    return SIO_ERR_LIMIT;
  }
  if (sent != NULL &&
      sio__receipts_reserve(&session->receipts, session->engine->mem) != 0) {
    sio__session_doom(session, SIO_CAUSE_NOMEM, 0);
    return SIO_ERR_NOMEM;
  }
  if (!session->transport->send(session, data.data, data.len, flags))
    return failure_of(session);
  if (sent != NULL) {
    sio__receipts_add(session->receipts, last_place(session), sent, user);
    if (session->ws != NULL)
      session->ws->watched = true;
  }
  return 0;
}

int sio_session_send_then(sio_session *session, sio_span data, unsigned flags,
                          sio_sent_fn sent, void *user)
{
  int rv = (flags & SIO_SEND_BINARY) == 0 ? check_text(data) : 0;

  if ((flags & ~(unsigned)ALL_FLAGS) != 0)
    return SIO_ERR_INVALID;
  if (rv != 0)
    return rv;
  if (!sio__session_is_open(session))
    return SIO_ERR_DISCONNECTED;
  sio__engine_enter(session->engine);
  rv = send_open(session, data, flags, sent, user);
  sio__engine_leave(session->engine);
  return rv;
}

int sio_session_send(sio_session *session, sio_span data, unsigned flags)
{
  return sio_session_send_then(session, data, flags, NULL, NULL);
}

bool sio_session_is_writable(const sio_session *session)
{
  return sio__session_is_writable(session);
}

size_t sio_session_pending(const sio_session *session)
{
  return sio__session_pending(session);
}

void sio_session_close(sio_session *session, bool discard)
{
  static const sio_end end = {SIO_REASON_FORCED_CLOSE, SIO_CAUSE_HOST, NULL, 0,
                              0};
  struct sio__engine *engine = session->engine;

  sio__engine_enter(engine);
  sio__session_close(session, &end, discard);
  sio__engine_leave(engine);
}

/* ---- What it is ---- */

uint64_t sio_session_connection(const sio_session *session)
{
  return session->connection;
}

const char *sio_session_id(const sio_session *session)
{
  return session->id;
}

const char *sio_session_transport(const sio_session *session)
{
  return session->transport->name;
}

int sio_session_protocol(const sio_session *session)
{
  return session->protocol;
}

bool sio_session_is_open(const sio_session *session)
{
  return sio__session_is_open(session);
}

void sio_session_set_user(sio_session *session, void *user)
{
  session->host_user = user;
}

void *sio_session_user(const sio_session *session)
{
  return session->host_user;
}

/* ---- The request that opened it ---- */

const char *sio_session_address(const sio_session *session)
{
  return session->snapshot->address;
}

bool sio_session_is_secure(const sio_session *session)
{
  return session->snapshot->secure;
}

sio_str sio_session_client_subject(const sio_session *session)
{
  return sio__subject_text(session->snapshot->client);
}

bool sio_session_client_is_verified(const sio_session *session)
{
  return sio__subject_is_verified(session->snapshot->client);
}

sio_str sio_session_url(const sio_session *session)
{
  return sio__http_target(&session->snapshot->head);
}

sio_str sio_session_header(const sio_session *session, const char *name)
{
  sio_str value = {NULL, 0};

  (void)sio__http_header(&session->snapshot->head, name, &value); /* missing */
  return value;
}

int sio_session_query(const sio_session *session, const char *name, char *out,
                      size_t cap)
{
  return sio__snapshot_query(session->snapshot, name, out, cap);
}
