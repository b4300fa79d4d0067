/* SPDX-License-Identifier: MIT */
#ifndef SIO_EIO_VERIFY_H
#define SIO_EIO_VERIFY_H

/* The checks of a request under the path, in the order of the protocol's
 * reference: the first failure wins. */

#include "eio/session.h"

enum sio__verdict_kind {
  VERDICT_HANDSHAKE,
  VERDICT_GET,
  VERDICT_POST,
  VERDICT_UPGRADE,
  VERDICT_METHOD,  /* a method that polling does not have */
  VERDICT_CLOSED,  /* the server is closing */
  VERDICT_FULL,    /* as many sessions as there may be */
  VERDICT_REFUSED, /* see `refusal` */
};

enum { VERDICT_CONTEXT = 2, VERDICT_TEXT = SIO__SESSION_ID_MAX + 1 };

struct sio__verdict {
  enum sio__verdict_kind kind;
  struct sio_session *session; /* of GET, POST, UPGRADE */

  /* Of a handshake. */
  bool websocket;   /* else polling */
  uint8_t protocol; /* 3 or 4; whether it is allowed is not checked yet */
  bool base64;      /* the client takes no binary */
  bool jsonp;
  uint32_t jsonp_index;

  /* Of a refusal. */
  sio_refusal_code code;
  const char *name; /* constant, or NULL */
  size_t n_context;
  sio_context context[VERDICT_CONTEXT];
  char text[VERDICT_TEXT]; /* what a context may point to */
};

/* Whether a request belongs to the engine: its path begins with the effective
 * path. */
bool sio__verify_is_ours(const struct sio__engine *engine,
                         const struct sio__http_head *head);

/* Check a request.  The verdict may point to itself: it is not to be moved. */
void sio__verify(const struct sio__engine *engine,
                 const struct sio__http_head *head,
                 struct sio__verdict *verdict);

/* Check the protocol revision of a handshake, after the host has agreed.
 * False: the verdict is a refusal now. */
bool sio__verify_protocol(const struct sio__engine *engine,
                          struct sio__verdict *verdict);

/* Make a verdict a refusal; context is added behind. */
void sio__verdict_refuse(struct sio__verdict *verdict, sio_refusal_code code,
                         const char *name);
void sio__verdict_add(struct sio__verdict *verdict, const char *key,
                      sio_str value);

/* The standard message of a refusal; constant. */
const char *sio__refusal_message(sio_refusal_code code);

#endif
