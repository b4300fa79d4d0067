/* SPDX-License-Identifier: MIT */
#ifndef SIO_EIO_ENGINE_H
#define SIO_EIO_ENGINE_H

/*
 * An Engine.IO server: connections, sessions, time.
 *
 * What calls into it from outside is bracketed by sio__engine_enter() and
 * sio__engine_leave().  Whatever must not happen while callbacks are on the
 * stack - freeing, answering waiting polls - is done when the outermost
 * bracket closes.
 */

#include "base/chunk.h"
#include "base/id.h"
#include "base/map.h"
#include "base/timer.h"
#include "base/buf.h"
#include "eio/admission.h"
#include "eio/hookset.h"
#include "http/compress.h"
#include "http/cookie.h"
#include "http/cors.h"
#include "http/parse.h"
#include "http/trust.h"
#include "ws/deflate.h"
#include "ws/message.h"
#include <sio/conn.h>
#include <sio/metrics.h>

/* Something to be done when the outermost bracket closes. */
struct sio__deferred {
  struct sio__list link;
  void (*run)(struct sio__deferred *deferred);
};

/* What the floor above wants to know; all are set, but for
 * `drained` where nobody waits for that.  They may call anything
 * but sio__engine_dispose(). */
struct sio__engine_events {
  /* A session has opened.  Its `user` may be set; not 0: close it again. */
  int (*opened)(struct sio_session *session, void *user);
  /* A message.  It may be changed in place, and is gone afterwards. */
  void (*text)(struct sio_session *session, char *text, size_t len, void *user);
  void (*binary)(struct sio_session *session, const uint8_t *data, size_t len,
                 void *user);
  /* Less is unsent now; only called after sio__pressure_await(). */
  void (*drained)(struct sio_session *session, void *user);
  /* The end; nothing is called after it. */
  void (*closed)(struct sio_session *session, const sio_end *end, void *user);
  /* A request outside the path, whole.  False: nobody handles it. */
  bool (*request)(struct sio_request *request, void *user);
  /* The last connection is gone. */
  void (*empty)(void *user);
};

struct sio__engine {
  const sio_allocator *mem;
  const sio_server_options *options; /* borrowed; checked by its owner */
  sio_str path;                      /* effective: "/socket.io/" */
  struct sio__http_limits http_limits;
  struct sio__ws_limits ws_limits;
  struct sio__clock clock;
  uint64_t unix_offset_ms; /* wall-clock time - clock time; 0: unknown */
  struct sio__chunk_pool chunks;
  struct sio__ids ids;
  struct sio__hash_seed seed;
  struct sio__map sessions;      /* by id */
  struct sio__list all_sessions; /* and those that are being freed */
  struct sio__list conns;
  size_t n_conns;
  uint64_t last_conn;        /* number of the latest connection */
  struct sio__list deferred; /* struct sio__deferred */
  unsigned depth;            /* of brackets */
  uint32_t turn;             /* how often the outermost one has closed */
  bool closing;
  uint32_t retry_after_s;      /* not 0: no session is opened any more, see
                                  sio__shutdown_announce() */
  uint64_t jitter;             /* behind sio__shutdown_pick() */
  sio_message initial;         /* sent with each handshake; borrowed, as it is
                                  in protocol 4; data NULL: none */
  struct sio_headers fields;   /* of the response that is being made */
  struct sio__buf body;        /* of the poll that is being answered */
  uint8_t *plain_room;         /* for what is decrypted; NULL: there is none,
                                  or it is in use; see eio/secure.c */
  sio_cors_options *cors;      /* NULL: off */
  sio_cookie_options *cookie;  /* NULL: off */
  struct sio__trust *trust;    /* NULL: nobody */
  sio_deflate_options deflate; /* complete */
  struct sio__ws_codec *codec; /* NULL: no permessage-deflate */
  struct sio__compressor *compressor;
  struct sio__map bundles; /* struct sio__bundle, by name */
  struct sio__hooks hooks;
  struct sio__admission admission;
  struct sio__throttle tls_arrivals; /* handshakes of TLS */
  uint64_t strangers_since_ms;       /* of the minute in which */
  uint32_t strangers;                /* so many unknown session ids were seen */
  sio_metrics metrics; /* what counts; what is "now" is filled in later */
  sio_ready_fn ready;
  void *ready_user;
  const struct sio__engine_events *events;
  void *events_user;
  uint64_t causes[SIO_CAUSE_COUNT_];
};

/* 0, SIO_ERR_NOMEM or SIO_ERR_RANDOM.  All that is given is borrowed, except
 * that what the options say of CORS, cookies, compression and proxies is
 * copied.  It is to be disposed of in any case. */
int sio__engine_init(struct sio__engine *engine,
                     const sio_server_options *options,
                     const sio_allocator *mem, sio_str path,
                     sio_random_fn random, void *random_user);

void sio__engine_on(struct sio__engine *engine,
                    const struct sio__engine_events *events, void *user);

/* Every session and connection is gone: see eio/shutdown.h; and the bundles,
 * see eio/bundle.h. */
void sio__engine_dispose(struct sio__engine *engine);

void sio__engine_enter(struct sio__engine *engine);
void sio__engine_leave(struct sio__engine *engine);

/* Do `deferred` when the outermost bracket closes.  A bracket is open. */
void sio__engine_defer(struct sio__engine *engine,
                       struct sio__deferred *deferred,
                       void (*run)(struct sio__deferred *));

/* The configured limit that a cause is about; 0 if it is about none. */
uint64_t sio__engine_limit(const struct sio__engine *engine, sio_cause cause);

/* What the log is told about. */
struct sio__about {
  const char *area;    /* as in sio_log_entry */
  uint64_t connection; /* 0: none */
  const char *what;    /* such as "session" */
  const char *id;      /* which one; NULL: it has none, or a secret one */
};

/* Count what ended, and log it with its figures. */
void sio__engine_note_end(struct sio__engine *engine,
                          const struct sio__about *about, const sio_end *end);

/* As sio__engine_note_end(), for what has no standard reason. */
void sio__engine_note(struct sio__engine *engine,
                      const struct sio__about *about, sio_cause cause,
                      const char *detail, uint64_t seen);

/* What is no character of a line is replaced by "?". */
void sio__engine_log(struct sio__engine *engine, sio_log_level level,
                     const char *area, uint64_t connection, const char *format,
                     ...) SIO_PRINTF(5, 6);

static inline bool sio__engine_logs(const struct sio__engine *engine,
                                    sio_log_level level)
{
  return engine->options->log != NULL &&
         (uint32_t)level <= engine->options->log_level;
}

#endif
