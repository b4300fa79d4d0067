/* SPDX-License-Identifier: MIT */
#ifndef SIO_EIO_EXCHANGE_H
#define SIO_EIO_EXCHANGE_H

/*
 * An HTTP request and its answer.  Requests of one connection are handled as
 * they arrive, also while an earlier one waits; their answers leave in the
 * order of the requests (RFC 9112 section 9.3.2).
 */

#include "base/outq.h"
#include "eio/connection.h"
#include "eio/pieces.h"
#include "http/forwarded.h"
#include "tls/subject.h"

/* What the timer of a connection that speaks HTTP is for. */
enum sio__http_wait {
  HTTP_WAIT_HEAD, /* the rest of a head; from the beginning */
  HTTP_WAIT_BODY,
  HTTP_WAIT_NEXT,    /* another request */
  HTTP_WAIT_NOTHING, /* answers are owed */
  HTTP_WAIT_READER,  /* likewise, and the peer has to read what was written */
};

/* What only HTTP needs; freed by the websocket handshake. */
struct sio__http_side {
  struct sio__http_parser *parser;
  struct sio__list requests; /* unanswered, in the order of arrival */
  uint32_t n_requests;
  struct sio_request *arriving; /* its body is not complete; in `requests` */
  struct sio_request *spare;    /* kept for the next request */
  uint64_t mark; /* conn->sent when the timer for a reader was started */
  uint8_t wait;  /* enum sio__http_wait */
  bool failed;   /* the input is not HTTP: no more is read */
  /* A websocket's handshake waits for the host: what arrives meanwhile is
   * kept here, up to max_header_bytes. */
  bool holding;
  struct sio__buf held;
  bool secure;
  bool stranger;               /* never trusted, whatever its address is */
  struct sio__subject *client; /* a reference; NULL: no certificate */
  uint8_t address_len;
  uint8_t address_room; /* without the NUL */
  char address[];       /* NUL-terminated */
};

enum sio__request_kind {
  REQUEST_HOST,      /* outside the path */
  REQUEST_HANDSHAKE, /* the host decides about it */
  REQUEST_POLL,      /* GET of a session */
  REQUEST_POST,      /* POST of a session */
  REQUEST_REFUSED,   /* under the path, and not one of these (yet) */
};

struct sio_request {
  struct sio__list link; /* in conn->http->requests; in none once answered */
  uint32_t refs;         /* the connection's, and the host's */
  uint8_t kind;
  bool begun;      /* the head of its response has been written */
  bool answered;   /* its response is complete */
  bool keep_alive; /* may the connection go on after it? */
  bool is_head;    /* the method is HEAD: no bodies */
  bool ours;       /* under the path: CORS headers and hooks apply */
  bool initial;    /* it opens a session */
  bool choosing;   /* REQUEST_HOST: the handler of heads is being called */
  bool handed;     /* REQUEST_HOST: the host owes an answer */
  struct sio_conn *conn;      /* NULL: gone */
  struct sio__engine *engine; /* NULL: gone */
  /* Who waits for it: told once when it is answered (cause NONE), or will not
   * be because its connection has gone; NULL: nobody. */
  void (*released)(struct sio_request *request, sio_cause cause);
  void *owner;
  const sio_allocator *mem;
  sio_allocator own_mem;      /* a copy, for when the engine is gone */
  struct sio__http_head head; /* the parser's, unless it is packed */
  bool head_packed;
  struct sio__forwarded from;  /* the client, if a trusted proxy asks for it */
  char *address;               /* REQUEST_HOST: a copy; else NULL */
  struct sio__subject *client; /* a reference; NULL: no certificate */
  struct sio__outq held;       /* the response, until it is its turn */
  struct sio_headers extra; /* under the path: what middlewares and CORS add */
  struct sio__pending_handshake *handshake; /* REQUEST_HANDSHAKE */
  struct sio__pieces *pieces; /* REQUEST_HOST: NULL unless it comes in such */
  struct sio__buf body;
  sio_span whole; /* the body, when it lay in the input as a whole */
  struct sio__deferred deferred;
};

/* NULL: no memory.  The address of the peer is cut after 255 bytes. */
struct sio__http_side *sio__http_side_new(const sio_allocator *mem,
                                          const sio_peer *peer);
/* Of a connection, or of none yet. */
void sio__http_side_free(struct sio__http_side *http, const sio_allocator *mem,
                         sio_cause cause);

/* A request whose head has just arrived on `conn`; at the end of its list.
 * NULL: no memory. */
struct sio_request *sio__request_new(struct sio_conn *conn,
                                     const struct sio__http_head *head);

/* The address of the client, as far as it is known; "": it is not. */
const char *sio__request_address(const struct sio_request *request);

/* All references are gone. */
void sio__request_free(struct sio_request *request);

/* Its head is needed beyond the parser's next one: pack it, unless it is.
 * 0 or SIO_ERR_NOMEM. */
int sio__request_keep_head(struct sio_request *request);

/* What it needs for pieces; made when asked for.  NULL: no memory. */
struct sio__pieces *sio__request_pieces(struct sio_request *request);

/* Take part of the body.  0, SIO_ERR_NOMEM, or SIO_ERR_LIMIT. */
int sio__request_add_body(struct sio_request *request, sio_span piece,
                          uint64_t max);
sio_span sio__request_body(const struct sio_request *request);

/* The input buffer is about to go: keep what was borrowed from it.  0 or
 * SIO_ERR_NOMEM. */
int sio__request_keep_body(struct sio_request *request);

/* The input buffer goes, and what was borrowed from it is not needed. */
void sio__request_forget_input(struct sio_request *request);

/* Where its response goes now: the connection's output if it is its turn. */
struct sio__outq *sio__request_out(struct sio_request *request);

/* Bytes that have to be sent before more of its response can be; of a
 * request that is on a connection. */
size_t sio__request_waiting(const struct sio_request *request);

/* A short text as bytes. */
static inline sio_span sio__text_span(const char *text)
{
  sio_span span = {(const uint8_t *)text, strlen(text)};

  return span;
}

/* The fields of a response, to be added to; in use until sio__request_begin().
 * `type` may be NULL. */
struct sio_headers *sio__request_fields(struct sio_request *request,
                                        const char *type);

/* Let the host's hook look at them, if the answer is one that it sees. */
void sio__request_hook(struct sio_request *request);

/* Write the head of a response with the fields above; its body of `length`
 * bytes is put by the caller into what is returned, before
 * sio__request_done().  SIO_NEVER: in chunks, or for HTTP/1.0 up to the end of
 * the connection.  NULL: no memory, or an answer has begun already. */
struct sio__outq *sio__request_begin(struct sio_request *request, int status,
                                     uint64_t length);

/* A short response with a body of a type; `type` NULL: no body.  0 or
 * SIO_ERR_NOMEM, and the connection is aborted; as it is if another answer has
 * begun and cannot be completed. */
int sio__request_answer(struct sio_request *request, int status,
                        const char *type, sio_span body);

/* As sio__request_answer(), with the fields that were prepared. */
int sio__request_answer_fields(struct sio_request *request, int status,
                               sio_span body);

/* Only the head of a request has been read, and it is about to be answered:
 * what follows of it is not read any more, and its connection is closed if
 * anything does. */
void sio__request_turn_away(struct sio_request *request);

/* Likewise, and answer it. */
int sio__request_refuse(struct sio_request *request, int status,
                        const char *type, sio_span body);
/* The same with the fields of sio__request_fields(). */
int sio__request_refuse_fields(struct sio_request *request, int status,
                               sio_span body);

/* Its head has been read and its body is awaited; asks for it with 100, if
 * the client waits for that (RFC 9110 section 10.1.1). */
void sio__request_await_body(struct sio_request *request);

/* Count how it ended, and log it. */
void sio__request_note(const struct sio_request *request, const sio_end *end);

/* Answer 413 and hang up: `seen` bytes are more than a body may have. */
void sio__request_refuse_size(struct sio_request *request, uint64_t seen);

/* The response has been written to sio__request_out(): let the next one have
 * its turn; `ok` false: out of memory, the connection is aborted. */
void sio__request_done(struct sio_request *request, bool ok);

/* No answer will come: give the connection up. */
void sio__request_abandon(struct sio_request *request, sio_cause cause);

/* Part of an answer has been written, and the rest comes later: the peer has
 * keep_alive_timeout_ms to read any of it. */
void sio__exchange_await_reader(struct sio_conn *conn);
/* That time is over, or that for the next request: only a peer that takes
 * nothing is idle. */
void sio__exchange_on_idle(struct sio_conn *conn);

/* As members of a struct sio__conn_protocol that has requests. */
void sio__exchange_sent(struct sio_conn *conn);
void sio__exchange_lost(struct sio_conn *conn);

#endif
