/* SPDX-License-Identifier: MIT */
#ifndef SIO_EIO_VERIFY_H
#define SIO_EIO_VERIFY_H

/* The checks of a request under the path, in the order of the protocol's
 * reference: the first failure wins. */

#include "eio/session.h"

enum sio__verdict_kind {
  VERDICT_HANDSHAKE_POLLING,
  VERDICT_HANDSHAKE_WEBSOCKET,
  VERDICT_GET,
  VERDICT_POST,
  VERDICT_UPGRADE,
  VERDICT_METHOD,  /* a method that polling does not have */
  VERDICT_CLOSED,  /* the server is closing */
  VERDICT_FULL,    /* as many sessions as there may be */
  VERDICT_REFUSED, /* `code` */
};

/* The codes of Engine.IO; 0 is a failure like the others, and 4 is for a
 * host's own refusal. */
enum sio__refusal {
  REFUSAL_TRANSPORT = 0,
  REFUSAL_SID = 1,
  REFUSAL_METHOD = 2,
  REFUSAL_REQUEST = 3,
  REFUSAL_VERSION = 5,
};

struct sio__verdict {
  enum sio__verdict_kind kind;
  enum sio__refusal code;
  const char *context; /* of a refusal, for the log; constant */
  struct sio__session *session;
  bool base64; /* of a handshake: the client takes no binary */
};

/* Whether a request belongs to the engine: its path begins with the effective
 * path. */
bool sio__verify_is_ours(const struct sio__engine *engine,
                         const struct sio__http_head *head);

struct sio__verdict sio__verify(const struct sio__engine *engine,
                                const struct sio__http_head *head);

/* The standard message of a refusal; constant. */
const char *sio__refusal_message(enum sio__refusal code);

#endif
