/* SPDX-License-Identifier: MIT */
#ifndef TEST_CLIENT_SERVER_H
#define TEST_CLIENT_SERVER_H

/*
 * The server that the real clients are tested against; README.md has its
 * contract.
 *
 *   server.c   options, start and end, what runs later
 *   events.c   namespaces, middlewares, events
 *   casts.c    /cast: every way to emit, and many sockets at once
 *   contracts.c  /typed: typed events
 *   dynamic.c  namespaces that clients ask for
 *   limits.c  /limits: rates, and what has no room
 *   listeners.c  /listeners and /go: handlers of every kind, middlewares
 *   control.c  /control and requests outside the Socket.IO path
 *   recovery.c  /recovery: clients that come back
 *   report.c   what happened, as JSON; report_socket.c: its entries
 */

#include "report.h"
#include <sio/broadcast.h>
#include <sio/http.h>

/* The longest namespace, event and room list that a test uses. */
enum { NAME_CAP = 128, MAX_ROOMS = 16 };

struct test_server;

/* ---- server.c ---- */

sio_server *test_sio(struct test_server *server);
struct report *test_report(struct test_server *server);

/* A payload for immediate use, emptied. */
sio_payload *test_scratch(struct test_server *server);

/* Close the server and end the program. */
void test_stop(struct test_server *server);

/* The same, slowly. */
void test_drain(struct test_server *server, const sio_drain_options *options);

/* Complain about an error that no test provokes.  A socket that has left in
 * the meantime is not one. */
void test_expect(int error, const char *what);

/* Acknowledge, or answer a middleware, after a while; both may be NULL.  The
 * payload, which may be NULL, is freed by then. */
typedef void (*later_fn)(sio_ack *ack, sio_next *next, sio_payload *payload);
int test_later(struct test_server *server, uint64_t delay_ms, later_fn fn,
               sio_ack *ack, sio_next *next, sio_payload *payload);

/* ---- events.c ---- */

/* Register everything of one namespace; 0 or an error. */
int events_serve(struct test_server *server, const char *name);
int events_guard(struct test_server *server, const char *name);

/* Append the arguments from the `first` one on. */
void events_append(sio_payload *payload, const sio_args *args, size_t first);

/* The text of a member, NUL-terminated and cut to fit; "" if missing. */
void events_text(char out[NAME_CAP], sio_value object, const char *key);

/* The texts of an array, behind those that `*n` counts already. */
void events_rooms(sio_str rooms[MAX_ROOMS], size_t *n, sio_value list);

/* ---- casts.c ---- */

int casts_serve(struct test_server *server);

/* ---- contracts.c ---- */

int contracts_serve(struct test_server *server);

/* ---- recovery.c ---- */

bool recovery_option(sio_server_options *options, const char *name,
                     const char *value);
int recovery_serve(struct test_server *server);

/* ---- control.c ---- */

int control_serve(struct test_server *server);

/* ---- dynamic.c ---- */

int dynamic_serve(struct test_server *server);

/* ---- limits.c ---- */

int limits_serve(struct test_server *server);

/* Set the option of this name; false: there is none. */
bool limits_option(sio_server_options *options, const char *name,
                   const char *value);

/* ---- listeners.c ---- */

int listeners_serve(struct test_server *server);

/* ---- report_socket.c ---- */

void report_socket(struct report *report, const char *what,
                   const sio_socket *socket);

/* As report_socket(), with one more member, a JSON value. */
void report_value(struct report *report, const char *what,
                  const sio_socket *socket, const char *key, sio_str json);
void report_answer(struct report *report, const sio_socket *socket,
                   const char *error, const sio_args *args);
void report_end(struct report *report, const char *what,
                const sio_socket *socket, const sio_end *end);

#endif
