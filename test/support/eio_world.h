/* SPDX-License-Identifier: MIT */
#ifndef SIO_TEST_EIO_WORLD_H
#define SIO_TEST_EIO_WORLD_H

/*
 * A server with its peers, all in memory: time by hand, a repeatable random
 * source, and an allocator that counts.
 *
 * The server is an ordinary sio_server, but what happens on its Engine.IO
 * sessions goes to the world's event log instead of to Socket.IO.
 *
 * A test is a scenario and runs many times:
 *  - as it is, all input in one piece;
 *  - with the input of every call cut into pieces of 1, 2, 3 ... bytes;
 *  - with each allocation refused in turn.  From the refusal on nothing is
 *    expected any more but that all memory comes back.
 */

#include "support.h"

#include "core/objects.h"
#include "eio/traffic.h"
#include <sio/conn.h>
#include <sio/http.h>

enum { WORLD_PEERS = 40, WORLD_LOG = 8192, WORLD_SIDS = 24 };

/* One connection, seen from the other end. */
struct peer {
  sio_conn *conn; /* NULL: closed */
  uint8_t *out;   /* what has arrived */
  size_t len, cap;
  size_t at;      /* up to where it was looked at */
  bool ready;     /* announced, and not served yet */
  bool lingers;   /* the server has shut down its side */
  bool stalled;   /* reads nothing */
  bool sips;      /* but for a few bytes now and then */
  uint32_t calls; /* of the ready callback */
};

struct world {
  struct test_mem *mem;
  sio_server_options options;
  sio_server *server;
  struct peer peers[WORLD_PEERS];
  int n_peers;
  size_t piece;   /* cut the input into pieces of so many bytes; 0: do not */
  size_t longest; /* input of one call */
  uint64_t now;
  uint32_t random;
  bool random_fails;
  char events[WORLD_LOG]; /* lines */
  size_t events_len;
  char log[WORLD_LOG]; /* lines of the server */
  size_t log_len;
  /* In the order of opening. */
  char sids[WORLD_SIDS][SIO__SESSION_ID_MAX + 1];
  int protocols[WORLD_SIDS];
  struct sio_session *sessions[WORLD_SIDS]; /* NULL: closed */
  int n_sids;
  bool echo; /* send every message back */
  /* Called for each message, before the echo. */
  void (*on_text)(struct world *w, struct sio_session *session,
                  const char *text);
  void (*on_closed)(struct world *w, struct sio_session *session);
  /* Called for each line that eio_watch() writes. */
  void (*on_host)(struct world *w, sio_session *session, const char *line);
  int opened_result; /* what `opened` returns */
  int emptied;       /* how often the last connection has gone */
  int n_closed;      /* for tests: how often the server has closed */
};

struct scenario {
  void (*run)(struct world *w);
  void (*tweak)(sio_server_options *options); /* may be NULL */
  bool once;                                  /* only as it is */
};

/* A row of a cmocka group: the test function gets the world. */
#define SCENARIO(fn)                                                           \
  {                                                                            \
#fn, eio_run, NULL, NULL, &(struct scenario)                               \
    {                                                                          \
      fn, NULL, false                                                          \
    }                                                                          \
  }
#define SCENARIO_WITH(fn, tweak)                                               \
  {                                                                            \
#fn, eio_run, NULL, NULL, &(struct scenario)                               \
    {                                                                          \
      fn, tweak, false                                                         \
    }                                                                          \
  }
#define SCENARIO_ONCE(fn, tweak)                                               \
  {                                                                            \
#fn, eio_run, NULL, NULL, &(struct scenario)                               \
    {                                                                          \
      fn, tweak, true                                                          \
    }                                                                          \
  }

void eio_run(void **state);

/* Whether an allocation was refused, so that anything may be missing. */
bool eio_is_off(const struct world *w);

/* Let time pass, stopping at every deadline on the way. */
void eio_sleep(struct world *w, uint64_t ms);

/* Let time pass as a loop that was late would notice it: at once. */
void eio_jump(struct world *w, uint64_t ms);

/* Take what the server has to say and act on its wishes. */
void eio_pump(struct world *w);

/* What the application does: send a packet (its type is the first byte), or
 * close the session.  Nothing happens if it is closed already. */
void eio_say(struct world *w, int sid, const char *packet);
void eio_close(struct world *w, int sid, bool discard);

/* The events since the last call, a line each:
 *   opened | text T | binary N bytes T | closed REASON, CAUSE |
 *   request METHOD PATH */
void expect_events(struct world *w, const char *lines);

/* Let the handlers of sessions that a host may set write events, too:
 *   WATCH_LIFE: host open | host message KIND DATA | host close REASON |
 *     host upgrading | host upgrade | host drain | host heartbeat
 *   WATCH_PACKETS: in TYPE KIND DATA | out TYPE KIND DATA
 * KIND is "text" or "binary"; of data 60 bytes are shown. */
enum { WATCH_LIFE = 1, WATCH_PACKETS = 2 };
void eio_watch(struct world *w, unsigned what);

/* How many connections, sessions and requests this has ended. */
void expect_cause(struct world *w, sio_cause cause, uint64_t times);

void expect_sessions(struct world *w, size_t n);

/* Whether the log of the server has the text. */
void expect_logged(struct world *w, const char *text);

/* ---- Peers; p is what peer_open() returned ---- */

/* Its number is w->n_peers, which a test may set back if they are closed. */
int peer_open(struct world *w);
/* Likewise one that is not the usual. */
int peer_open_as(struct world *w, const sio_peer *who);
/* The peer closes; `error` is for sio_conn_closed(). */
void peer_close(struct world *w, int p, int error);
void peer_stall(struct world *w, int p, bool stalled);
/* A stalled peer reads so many bytes after all. */
void peer_sip(struct world *w, int p, size_t len);

/* Send bytes, or text as of printf. */
void peer_send(struct world *w, int p, const void *data, size_t len);
void peer_text(struct world *w, int p, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* A new session by polling on connection p: its number, to be used as in
 * w->sids[]; everything is checked. */
int peer_handshake(struct world *w, int p);
void peer_get(struct world *w, int p, int sid);
void peer_post(struct world *w, int p, int sid, const char *body);

/* Ask for a session with a query such as "EIO=3&transport=polling" and further
 * header lines ("" or each with its end): its number, or that of any session
 * once memory was refused; the answer is still to be looked at. */
int peer_ask(struct world *w, int p, const char *query, const char *headers);
/* Likewise for a websocket, on a connection of its own (*p). */
int peer_ask_websocket(struct world *w, int *p, const char *query,
                       const char *headers);
/* A GET with further header lines; a POST of bytes with a type. */
void peer_get_with(struct world *w, int p, int sid, const char *headers);
void peer_post_bytes(struct world *w, int p, int sid, const char *type,
                     const void *body, size_t len);
/* The open packet of a session, with its type. */
void eio_open_packet(const struct world *w, int sid, bool polling, char *out,
                     size_t cap);

/* Ask for a websocket; sid -1: for a new session. */
void peer_upgrade(struct world *w, int p, int sid);
/* A session by websocket, checked, on a connection of its own (*p). */
int peer_websocket(struct world *w, int *p);
/* A session that has moved from polling to a websocket (*p). */
int peer_upgraded(struct world *w, int *polling, int *p);

/* Send a masked frame; `first` is its first byte, FIN included. */
void peer_frame(struct world *w, int p, uint8_t first, const void *data,
                size_t len);
/* Likewise a text message. */
void peer_message(struct world *w, int p, const char *text);

/* ---- What must have arrived, exactly, since the last look ---- */

void expect_bytes(struct world *w, int p, const void *data, size_t len);
void expect_text(struct world *w, int p, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* Whatever it is, it does not matter. */
void peer_look_away(struct world *w, int p);
/* Text at the beginning of it; what follows is still to be looked at. */
void expect_start(struct world *w, int p, const char *text);
void expect_start_bytes(struct world *w, int p, const void *data, size_t len);
void expect_nothing(struct world *w, int p);
/* 200 and a payload: the answer to a poll. */
void expect_poll(struct world *w, int p, const char *payload);
/* Likewise, of any type and with further header lines behind it. */
void expect_payload(struct world *w, int p, const char *type,
                    const char *headers, const void *payload, size_t len);
/* 200 "ok": the answer to a POST. */
void expect_ok(struct world *w, int p);
/* Such as "400 Bad Request"; no body, and the connection goes on. */
void expect_status(struct world *w, int p, const char *status);
/* Likewise, but with "Connection: close" and the end of the connection. */
void expect_last_status(struct world *w, int p, const char *status);
/* A frame of the server: first byte and payload. */
void expect_frame(struct world *w, int p, uint8_t first, const void *data,
                  size_t len);
void expect_message(struct world *w, int p, const char *text);
/* A compressed message: first byte and what comes out.  `inflater` is the
 * z_stream that has read the ones before (RFC 7692), or NULL: none have to be
 * known.  Returns the length of its payload. */
size_t expect_deflated(struct world *w, int p, uint8_t first, const void *data,
                       size_t len, void *inflater);
/* The 101 for the key that peer_upgrade() sends. */
void expect_switch(struct world *w, int p);
/* Whether the server has closed or shut down; or still listens. */
void expect_ended(struct world *w, int p);
void expect_open(struct world *w, int p);

#endif
