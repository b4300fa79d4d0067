/* SPDX-License-Identifier: MIT */
#ifndef SIO_CORE_GATHER_H
#define SIO_CORE_GATHER_H

/*
 * Rounds: an event that asks many for an acknowledgement.
 *
 * Each recipient owes an answer of its own (struct sio__pending), and other
 * nodes answer questions (core/question.h); the round counts them and is over
 * when nothing is owed any more, or in time.  It is
 * held while sockets are being asked and while the host is told of an answer,
 * so that it does not end in the middle of either.
 */

#include "core/objects.h"
#include <sio/nodes.h>

struct sio__gather {
  struct sio__engine *engine;
  struct sio__list owed;      /* struct sio__pending, by its timer's link */
  struct sio__list questions; /* struct sio__question, of other nodes */
  struct sio__timer timer;
  struct sio__deferred deferred; /* ends it */
  uint32_t held;
  bool late;    /* the time is over */
  size_t asked; /* sockets that the event was sent to */
  size_t answered;
  size_t left;            /* without an answer */
  size_t unheard;         /* whose answer is not waited for: max_pending_acks */
  int error;              /* 0, or why other nodes have not been asked */
  sio_response_fn each;   /* or NULL */
  sio_fetched_fn fetched; /* of a round that fetches sockets */
  sio_done_fn done;
  void *user;
};

/* A round that nobody is asked in yet, held.  NULL: no memory. */
struct sio__gather *sio__gather_new(const sio_target *target);

/* This socket gets the event, by this id.  0, or SIO_ERR_LIMIT and
 * SIO_ERR_NOMEM: its answer is not waited for. */
int sio__gather_add(struct sio__gather *gather, struct sio_socket *socket,
                    uint64_t id);

/* It was not sent to this one after all, and nobody is told. */
void sio__gather_retract(struct sio__gather *gather, struct sio_socket *socket,
                         uint64_t id);

/* All have been asked; `done` is called in any case from now on, but not
 * before this bracket closes. */
void sio__gather_begin(struct sio__gather *gather, uint64_t timeout_ms);

/* Nothing was sent: nobody is told, and it is freed. */
void sio__gather_cancel(struct sio__gather *gather);

/* Hold it while something is done with it, which may end it then. */
void sio__gather_hold(struct sio__gather *gather);
void sio__gather_let_go(struct sio__gather *gather);

/* Show an answer that came from another node. */
void sio__gather_show(const struct sio__gather *gather, const sio_args *args);

/* Likewise the description of a socket, NULL if it is of another node; those
 * of several, none of which is here. */
void sio__gather_show_socket(struct sio__gather *gather, sio_value described,
                             struct sio_socket *socket);
void sio__gather_show_sockets(struct sio__gather *gather,
                              sio_document *sockets);

/* A socket has answered (`status` 0), or will not any more. */
void sio__gather_settle(struct sio__gather *gather, struct sio_socket *socket,
                        int status, const sio_args *args);

#endif
