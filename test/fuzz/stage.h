/* SPDX-License-Identifier: MIT */
#ifndef SIO_FUZZ_STAGE_H
#define SIO_FUZZ_STAGE_H

/*
 * Two servers, their connections, time, and memory that may be refused: what
 * targets act with, all of it decided by the bytes of one input.
 *
 * An input that has come to its end gives zeros.
 */

#include <sio.h>
#include <sio/adapter.h>
#include <sio/conn.h>
#include <sio/contract.h>
#include <sio/dynamic.h>
#include <sio/engine.h>
#include <sio/event.h>
#include <sio/handshake.h>
#include <sio/http.h>
#include <sio/nodes.h>
#include <sio/recovery.h>
#include <sio/rooms.h>

enum { STAGE_SERVERS = 2, STAGE_CONNS = 8, STAGE_SENDS = 400 };

/* What is set up, bits of the first byte. */
enum {
  STAGE_MSGPACK = 1,
  STAGE_RECOVERY = 2,
  STAGE_CONTRACT = 4,
  STAGE_OLD = 8, /* protocol 3, too */
  STAGE_DEFLATE = 16,
  STAGE_REFUSE = 32, /* little output is kept, and more is refused */
  STAGE_JOINED = 64, /* both servers, by an adapter */
  STAGE_CLEANUP = 128
};

struct stage_conn {
  sio_conn *conn; /* NULL: closed */
  int server;
  bool websocket; /* frames can be sent */
  bool touched;
};

struct stage {
  const uint8_t *data;
  size_t left;
  unsigned flags;
  uint64_t now_ms;
  uint32_t random;
  sio_allocator mem;
  size_t live;    /* bytes that are allocated */
  size_t refusal; /* after so many allocations one is refused; 0: none */
  sio_server *servers[STAGE_SERVERS];
  struct stage_conn conns[STAGE_CONNS];
  char sid[21]; /* of the last session that was seen */
  char pid[21]; /* by which a socket may come back */
};

extern struct stage stage;

/* ---- Input ---- */

unsigned stage_byte(void);
unsigned stage_below(unsigned n);
/* Bytes, of which a byte before them tells the number; `data` is in a block of
 * exactly that size, which lives as long as the stage. */
sio_span stage_bytes(void);
sio_str stage_str(void);
/* Likewise, with a NUL behind it. */
const char *stage_text(void);

/* ---- The stage ---- */

void stage_must(bool holds);

/* Begin with an input: its first byte is `flags`. */
void stage_open(const uint8_t *data, size_t size);
/* Close all connections, free the servers, and see that nothing is left. */
void stage_close(void);

/* The other one; NULL: it has been freed. */
sio_server *stage_other(const sio_server *server);

/* Something that happens to a server: a connection that comes, sends, reads
 * or goes, or time that passes. */
void stage_act(void);

#endif
