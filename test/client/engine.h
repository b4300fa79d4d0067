/* SPDX-License-Identifier: MIT */
#ifndef TEST_CLIENT_ENGINE_H
#define TEST_CLIENT_ENGINE_H

/*
 * An Engine.IO server without Socket.IO that echoes; README.md has its
 * contract.
 *
 *   engine.c            start and end, what runs later, sessions
 *   engine_options.c    the command line
 *   engine_hooks.c      handshakes, ids, headers, middlewares, refusals
 *   engine_control.c    /control: what tests ask of the server
 *   engine_outside.c    other requests outside the path
 *   engine_handover.c   a second port, whose connections are handed over
 */

#include "report.h"
#include <sio/bundle.h>
#include <sio/engine.h>
#include <sio/handshake.h>
#include <sio/metrics.h>
#include <sio/uv.h>

#include <uv.h>

/* The longest parameter and the most list entries that a test uses. */
enum { PARAM_CAP = 256, MAX_LIST = 16 };

struct engine_options {
  sio_server_options server;
  sio_cors_options cors;
  sio_cookie_options cookie;
  sio_deflate_options deflate;
  const char *origins[MAX_LIST];
  const char *middlewares[MAX_LIST];
  size_t n_middlewares;
  uint64_t port;
  uint64_t at_open;      /* messages that are sent to a new session */
  uint64_t at_open_size; /* bytes of each */
  const char *ids;       /* how ids are made */
  const char *headers;   /* what the headers hook does */
  const char *client;    /* folder of the browser client */
  const char *client_version;
  const char *files; /* folder of /files/ */
  uint32_t handshake;
  uint32_t handover;
  uint32_t packets; /* report each of them */
  uint32_t log;
};

/* A middleware. */
struct step {
  struct engine *engine;
  const char *kind; /* "add=NAME", "end" or "fail" */
};

struct engine {
  struct engine_options *options;
  uv_loop_t *loop;
  uv_signal_t signal;
  sio_server *sio;
  sio_uv *uv;
  struct report *report;
  struct later *laters;
  struct handover *handover; /* NULL: none */
  struct step steps[MAX_LIST];
  unsigned ids; /* made so far */
  bool stopping;
};

/* ---- engine.c ---- */

/* Close the server and end the program. */
void engine_stop(struct engine *engine);

/* Complain about an error that no test provokes. */
void engine_expect(int error, const char *what);

/* Have `fn` called after a while, with a request that is retained until then.
 * At the end of the program it is released without the call. */
void engine_later(struct engine *engine, uint64_t delay_ms, sio_http_fn fn,
                  sio_request *request);

/* The session's part of an entry. */
void engine_begin(struct engine *engine, const char *what,
                  const sio_session *session);

/* ---- engine_options.c ---- */

/* Read the command line; the word that is not understood, or NULL. */
const char *options_parse(struct engine_options *options, int argc,
                          char **argv);

/* ---- engine_hooks.c ---- */

int hooks_serve(struct engine *engine);

/* Decides about origins by what is in their names; no `user`. */
int hooks_origin(sio_str origin, sio_origin_rule *rule, void *user);

/* ---- engine_control.c ---- */

/* A parameter of the query, NUL-terminated; "" if it is missing. */
void control_param(char out[PARAM_CAP], const sio_request *request,
                   const char *name);

/* The same as a number; `otherwise` if it is missing. */
uint64_t control_number(const sio_request *request, const char *name,
                        uint64_t otherwise);

/* Whether a path under /control has been answered. */
bool control_request(struct engine *engine, sio_request *request);

/* All that is to be reported, as JSON; NULL: out of memory.  The caller frees
 * it. */
char *control_report(struct engine *engine);

/* ---- engine_outside.c ---- */

void outside_serve(struct engine *engine);

/* ---- engine_handover.c ---- */

/* Listen on a port of its own; the port, or negative. */
int handover_listen(struct engine *engine);
void handover_stop(struct engine *engine);

#endif
