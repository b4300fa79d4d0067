/* SPDX-License-Identifier: MIT */
#ifndef SIO_CORE_ASKING_H
#define SIO_CORE_ASKING_H

/*
 * Clients that want to join a namespace that does not exist.
 *
 *   client 1--n wish 1--n request, one for each parent that is asked
 */

#include "core/objects.h"

/* What a client wants; kept while parents take their time to answer. */
struct sio__wish {
  uint32_t refs; /* one until it is decided, and one of each request */
  bool decided;
  bool asking;    /* the parent's function is being called right now */
  uint8_t answer; /* ASKING: what it says */
  struct sio_server *server;  /* a reference */
  struct sio__client *client; /* NULL: it has gone */
  struct sio__list of_client;
  struct sio_ns *parent;  /* the one that is asked; a reference; or NULL */
  struct sio__auth *auth; /* NULL: none was given */
  uint16_t name_len;
  char name[]; /* NUL-terminated */
};

/* The question to one parent. */
struct sio_ns_request {
  uint32_t refs;
  bool answered;
  struct sio__wish *wish; /* a reference */
};

/* A client wants to join what does not exist: ask the parents.  A bracket is
 * open. */
void sio__wish(struct sio__client *client, sio_str name,
               const struct sio__given *auth);

/* Whether it has said so already, and no answer is there yet. */
bool sio__client_wishes(const struct sio__client *client, sio_str name);

/* The client goes: nobody needs an answer any more. */
void sio__wishes_drop(struct sio__client *client);

#endif
