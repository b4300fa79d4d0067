/* SPDX-License-Identifier: MIT */
#ifndef SIO_TEST_CORE_WORLD_H
#define SIO_TEST_CORE_WORLD_H

/*
 * A server and its clients in memory: a counting allocator, a repeatable
 * random source, a clock that the test moves, and connections that are arrays
 * of bytes.
 *
 * What a client has received is read as text: frames, each followed by a
 * newline, a text frame as it is, a binary one as <0102ff>, a close frame as
 * <close> or <close 1009>, and the end of the transport as <end>.
 */

#include "support.h"

#include <sio.h>
#include <sio/conn.h>
#include <sio/http.h>

enum { CORE_HEARD_MAX = 16384, CORE_NOTES_MAX = 8192, CORE_SID_LEN = 20 };

struct core_client {
  struct core_world *world;
  struct core_client *next; /* in world->clients */
  sio_conn *conn;           /* NULL: the transport is gone */
  bool http;                /* no websocket: raw bytes are heard */
  bool ended;               /* the server wished the end */
  unsigned n_ready;         /* how often it was announced */
  char sid[CORE_SID_LEN + 1];
  size_t raw_len, heard_len;
  uint8_t raw[CORE_HEARD_MAX]; /* what makes no whole frame yet */
  char heard[CORE_HEARD_MAX];
};

struct core_world {
  struct test_mem own_mem, *mem;
  sio_server *server;
  sio_ns *root;
  uint64_t now_ms;
  uint32_t random_state;
  bool random_fails;
  struct core_client *clients;
  char logged[512]; /* the last line */
  size_t n_notes;
  char notes[CORE_NOTES_MAX];
};

/* ---- The world ---- */

/* Defaults, with what the world brings: allocator, random source, log. */
void world_options(struct core_world *w, sio_server_options *options);

/* Open; `options` come from world_options() and are NULL for defaults. */
void world_open(struct core_world *w, const sio_server_options *options);

/* Open with an allocator that may refuse; false: there is no server. */
bool world_try_open(struct core_world *w, struct test_mem *mem);

/* The same with these options, in which the world puts what it brings. */
bool world_try_open_with(struct core_world *w, sio_server_options *options,
                         struct test_mem *mem);

/* Let all clients go, free the server, and see that nothing is left. */
void world_close(struct core_world *w);

/* Let all transports go. */
void world_drop_clients(struct core_world *w);

/* Let time pass, with a stop at each deadline. */
void world_wait(struct core_world *w, uint64_t ms);

/* Write down what happened, for assert_noted(), which forgets it. */
void world_note(struct core_world *w, const char *format, ...) SIO_PRINTF(2, 3);
void world_assert_noted(struct core_world *w, const char *want,
                        const char *file, int line);
#define assert_noted(w, want)                                                  \
  world_assert_noted((w), (want), __FILE__, __LINE__)

/* Make a namespace and note who comes and goes: "joined /b",
 * "leaving /b: REASON, rooms 2", "left /b: REASON, CAUSE, rooms 0". */
sio_ns *world_watch(struct core_world *w, const char *nsp);

/* In that namespace "echo" is answered by "echoed" and an acknowledgement,
 * both with the arguments of the event. */
void world_echo(sio_ns *ns);

/* ---- Websocket clients ---- */

/* Connect, up to the open packet.  False: it was refused or cut. */
bool client_open(struct core_world *w, struct core_client *c);

/* The same with other header lines in the request. */
bool client_open_with(struct core_world *w, struct core_client *c,
                      const char *header_lines);

/* Bytes as they are; a text frame; a binary frame; a close frame. */
void client_feed(struct core_client *c, const void *data, size_t len);
void client_say(struct core_client *c, const char *text);
void client_say_bytes(struct core_client *c, const void *data, size_t len);
void client_say_close(struct core_client *c);

/* The transport is gone. */
void client_drop(struct core_client *c);

/* What has come since the last time. */
const char *client_hear(struct core_client *c);
void client_assert_hears(struct core_client *c, const char *want,
                         const char *file, int line);
#define assert_hears(c, want)                                                  \
  client_assert_hears((c), (want), __FILE__, __LINE__)

/* Join a namespace that lets everybody in. */
void client_join(struct core_client *c, const char *nsp);

/* Open and join "/". */
void client_enter(struct core_world *w, struct core_client *c);

/* The server's handle of a client that has joined; borrowed. */
sio_socket *client_socket(struct core_client *c, const char *nsp);

/* ---- HTTP ---- */

bool http_open(struct core_world *w, struct core_client *c);

/* Send a request: its target, and a body to be posted or NULL. */
void http_send(struct core_client *c, const char *target, const char *body);

/* "200 the body" of the next response; "" if there is none yet. */
const char *http_answer(struct core_client *c);

/* A polling session: two connections. */
struct core_poller {
  struct core_client get, post;
  char sid[CORE_SID_LEN + 1];
  char target[96];
};

bool poller_open(struct core_world *w, struct core_poller *p);
void poller_get(struct core_poller *p);
/* Post and see it accepted. */
void poller_say(struct core_poller *p, const char *payload);

#endif
