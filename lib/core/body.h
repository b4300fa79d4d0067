/* SPDX-License-Identifier: MIT */
#ifndef SIO_CORE_BODY_H
#define SIO_CORE_BODY_H

/* The one way in which events and acknowledgements are encoded, whatever
 * their arguments were given as. */

#include "core/objects.h"
#include "json/write.h"

#include <stdarg.h>

enum sio__body_kind {
  BODY_FORMAT,  /* a format string and its arguments */
  BODY_JSON,    /* text that has to be validated */
  BODY_PAYLOAD, /* a builder's */
  BODY_ARGS,    /* what was received */
};

/* Arguments, in one of the forms in which a host gives them. */
struct sio__body {
  enum sio__body_kind kind;
  const char *format;
  va_list *list;
  sio_str json;
  const sio_payload *payload; /* or NULL: none */
  const sio_args *args;
  sio_str offset; /* empty, or one more argument of an event: the text of a
                     string that needs no escapes */
  size_t data_at; /* set by encoding: where in the packet the name of an event
                     begins; of an acknowledgement the same as: */
  size_t args_at; /* where the arguments do */
  size_t tail;    /* how much is behind them, offset and "]" */
};

/* How many attachments there are, and the i-th. */
size_t sio__body_attachments(const struct sio__body *body);
sio_span sio__body_attachment(const struct sio__body *body, size_t i);

/* How many messages it is: the packet, and each attachment, unless these are
 * in it. */
size_t sio__body_messages(const struct sio_server *server,
                          const struct sio__body *body);

/* All attachments as one list. */
enum { SIO__FEW_SPANS = 16 /* for which no memory is needed */ };
struct sio__spans {
  sio_span few[SIO__FEW_SPANS], *all;
  size_t n;
};

/* 0 or SIO_ERR_NOMEM. */
int sio__spans_take(struct sio__spans *out, const struct sio__body *body,
                    const sio_allocator *mem);
void sio__spans_dispose(struct sio__spans *spans, const sio_allocator *mem);

/* Write a whole packet into server->packet; `event` with NULL data: an
 * acknowledgement.
 * 0, or the error of the body.  The same body may be encoded again. */
int sio__body_encode(struct sio_server *server, struct sio__body *body,
                     sio_str nsp, sio_str event, bool has_id, uint64_t id);

/* Bytes of the arguments and attachments, once it has been encoded to a packet
 * of that length. */
uint64_t sio__body_bytes(const struct sio__body *body, size_t packet_len);

/* The arguments within a packet that this body was encoded to; with the name
 * of the event before them. */
sio_str sio__body_args(const struct sio__body *body, sio_span packet);
sio_str sio__body_data(const struct sio__body *body, sio_span packet);

/* Send the encoded packet and the attachments of its body to one client;
 * `flags` as for sio__session_send().  0; SIO_ERR_DISCONNECTED: also if its
 * connection has just failed; or SIO_ERR_LIMIT: the host has used up the room
 * when it was shown them, and nothing was sent. */
int sio__body_send(struct sio__client *client, const struct sio__body *body,
                   unsigned flags);

#endif
