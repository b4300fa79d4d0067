/* SPDX-License-Identifier: MIT */
/*
 * The simulation: a server, its host, and many clients in one process, on
 * virtual time, where one seed decides everything.  See README.md.
 *
 *   main    seeds, workers, shrinking        run     one seed
 *   world   time, chance, memory             net     what is between the two
 *   http ws packets                          the clients' model of the protocol
 *   client  one client's life                script  what it does, and the
 * mischief host    the server's handlers            deeds   what they do ledger
 * who is owed what                 check   what has to hold
 */
#ifndef SIM_H
#define SIM_H

#include <sio.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
  SIM_NSPS = 4,
  SIM_ROOMS = 8,
  SIM_SID = 32,
  SIM_OFFSET = 48,
  SIM_MAX_CLIENTS = 256,
  SIM_ANSWERS = 32 /* questions that a client is thinking about */
};

/* Kinds of trouble, which a run may be told to leave out. */
enum {
  TROUBLE_SPLIT = 1,    /* delivery in pieces */
  TROUBLE_RESET = 2,    /* connections that break */
  TROUBLE_SLOW = 4,     /* readers that take their time, or stop */
  TROUBLE_JUMP = 8,     /* the machine sleeps, and time goes on */
  TROUBLE_NAUGHTY = 16, /* clients that break the rules */
  TROUBLE_UPGRADE = 32, /* odd ways to upgrade, which hurt nobody */
  TROUBLE_DEEDS = 64,   /* callbacks that do what they like */
  TROUBLE_NOMEM = 128,  /* allocations that fail */
  TROUBLE_CLOSE = 256,  /* the server is closed, and goes on */
  TROUBLE_ALL = 511
};

/* Why the session of a client may end. */
enum {
  EXCUSE_NET = 1,     /* a connection was broken or given up */
  EXCUSE_SILENT = 2,  /* it does not answer, or too late */
  EXCUSE_NAUGHTY = 4, /* it has broken a rule */
  EXCUSE_LEFT = 8,    /* it has said goodbye */
  EXCUSE_HOST = 16,   /* the host has closed it */
  EXCUSE_TWIN = 32    /* its next life has taken its place */
};

struct rng {
  uint64_t state;
};

/* Bytes that come in at the end and go at the front. */
struct bytes {
  uint8_t *data;
  size_t from;
  size_t len; /* from `from` on */
  size_t cap;
};

struct sim;
struct client;
struct seat;

typedef void (*event_fn)(struct sim *sim, void *object, uint64_t value);

struct event {
  uint64_t at;
  uint64_t seq;
  event_fn fn;
  void *object;
  uint64_t value;
};

/* ---- What is between a client and the server ---- */

/* Finds websocket frames in what a server sends, handshake included. */
struct framer {
  unsigned head;      /* of the four bytes that end the handshake */
  uint8_t header[12]; /* and the first two bytes of the payload */
  unsigned have;
  unsigned size; /* of the header; 0: it is not complete */
  uint64_t left; /* of the payload */
};

enum wire_role { WIRE_GET, WIRE_POST, WIRE_WS, WIRE_EXTRA };

struct wire {
  struct wire *next; /* of all, until the run ends */
  struct client *client;
  enum wire_role role;
  unsigned life; /* the client's, when it was opened */
  sio_conn *conn;
  struct bytes up;
  struct bytes down;
  uint64_t up_last; /* nothing that is sent arrives before what was sent */
  uint64_t down_last;
  struct wire *next_ready;
  bool is_ready;
  bool arrived;     /* at the server, which may have refused it */
  bool client_open; /* the client still reads */
  bool up_ended;    /* the client has shut its side */
  bool down_ended;  /* the server has */
  bool ended;       /* the peer's end was seen while output was left */
  bool is_ws;       /* frames, both ways */
  bool answered_upgrade;
  bool busy;          /* a request is unanswered */
  bool closes;        /* the server has said so */
  bool extra_upgrade; /* a second websocket of the session */
  bool fragile;       /* it does what the server may cut it for */
  uint64_t idle_since;
  struct bytes in;      /* what the client has not understood yet */
  struct framer framer; /* where in the frames what was sent ends */
};

/* ---- Clients ---- */

enum client_state { CLIENT_AWAY, CLIENT_OPENING, CLIENT_OPEN };
enum nsp_state { NSP_NONE, NSP_JOINING, NSP_JOINED };
enum upgrade_state {
  UPGRADE_NONE,
  UPGRADE_PROBING,
  UPGRADE_PAUSING,
  UPGRADE_DONE
};

struct membership {
  enum nsp_state state;
  struct seat *seat; /* who it is, or was */
  char pid[SIM_SID];
  char offset[SIM_OFFSET]; /* of the last event that had one */
  uint64_t offset_id;
  bool comes_back;
  uint64_t next_n;   /* of the next event to be sent */
  uint64_t next_ack; /* of the next question */
};

struct answer {
  bool used;
  int nsp;
  uint64_t ack;
  uint64_t id;
};

struct client {
  struct sim *sim;
  size_t index;
  struct rng rng; /* what it does */
  struct rng net; /* what becomes of its bytes */
  unsigned life;
  enum client_state state;
  unsigned excuse;
  bool present; /* not left out of the run */

  /* Its ways. */
  uint32_t latency_ms;
  uint32_t rate;   /* bytes per second that it reads; 0: any */
  size_t capacity; /* what is on the way to it at most */
  bool bytewise;   /* everything arrives byte by byte */
  bool wants_ws;
  bool wants_upgrade;

  char sid[SIM_SID];
  bool polling;
  enum upgrade_state upgrade;
  struct wire *get;
  struct wire *post;
  struct wire *ws;
  uint64_t ping_interval_ms;
  uint64_t ping_timeout_ms;
  uint64_t last_ping;
  uint64_t pinged_jumps;
  uint64_t stalled_until;
  bool silent;
  bool deaf; /* what it is sent may have gone to a poll of its own mischief */
  struct bytes out; /* records of packets that wait for a POST */

  struct membership nsps[SIM_NSPS];
  struct answer answers[SIM_ANSWERS];

  /* A packet whose attachments are on their way. */
  bool half;
  unsigned half_left;
  unsigned half_have;
  struct bytes half_text;
  uint8_t half_type;
  struct bytes half_data; /* their lengths and bytes */
};

/* ---- What the model knows of the server ---- */

enum owed_kind { OWED_EVENT, OWED_ACK };

struct owed {
  uint64_t id;
  uint8_t kind;
  bool maybe; /* it may be missing: volatile, or refused */
  bool late;  /* emitted by a callback while its socket was sent away */
};

/* A socket of the server, from joining to the end of its last life. */
struct seat {
  struct seat *next; /* of all */
  struct client *client;
  unsigned life;
  int nsp;
  char sid[SIM_SID];
  sio_socket *socket; /* while it is connected */
  bool disconnecting; /* those handlers have run */
  bool parting;       /* the host is sending it away */
  bool farewell;      /* its client was told to leave */
  uint32_t rooms;
  uint64_t got;  /* events of the client */
  uint64_t sent; /* that the client has sent */
  uint64_t connects;
  uint64_t disconnects;
  sio_reason reason;
  uint64_t asked_id; /* the offset that the client comes back with */
  uint64_t *heard;   /* what recovery remembers for it */
  size_t n_heard;
  size_t cap_heard;
  size_t away_from; /* in the log: from then on it was away */
  struct owed *owed;
  size_t owed_from;
  size_t n_owed;
  size_t cap_owed;
  uint32_t questions; /* unanswered ones of the host */
  size_t place;       /* among those who are in the namespace */
};

/* Who is in a namespace, in no order. */
struct crowd {
  struct seat **items;
  size_t n;
  size_t cap;
};

/* What the host answers later. */
struct held {
  struct held *next;
  struct seat *seat; /* of an ack */
  sio_ack *ack;
  sio_next *passage;
  sio_event *event;
  uint64_t id;
};

/* An event that recovery remembers. */
struct logged {
  uint64_t id;
  uint32_t rooms; /* 0: everybody, unless `only` */
  uint32_t except;
  struct seat *only;
  struct seat *but;
  bool failed; /* it was not sent */
};

struct log {
  struct logged *items;
  size_t n;
  size_t cap;
};

/* A session of the server. */
struct seen_session {
  struct seen_session *next;
  struct client *client;
  unsigned life;
  sio_session *session; /* NULL: closed */
  uint64_t beat_ms;     /* opened, or the last heartbeat */
  uint64_t beat_jumps;
};

/* Something that is answered once. */
struct question {
  struct sim *sim;
  struct question *next;
  struct seat *seat;
  uint64_t id;
  uint64_t due_ms;
  uint64_t jumps;
  unsigned calls;
  unsigned each; /* of a round: answers so far */
  bool failed;   /* the emit: nobody calls */
  size_t asked;
};

struct totals {
  uint64_t connections;
  uint64_t bytes_in;
  uint64_t bytes_out;
  uint64_t sessions;
  uint64_t closes;
  uint64_t sockets[SIM_NSPS];
  uint64_t left[SIM_NSPS];
  uint64_t events_in[SIM_NSPS];
  uint64_t acks_in[SIM_NSPS];
  uint64_t acks_out[SIM_NSPS];
  uint64_t ack_timeouts[SIM_NSPS];
  uint64_t delivered;
  uint64_t recovered;
  uint64_t upgrades;
  uint64_t refusals;
  uint64_t calm; /* clients who were looked at when all was calm */
};

/* ---- The run ---- */

struct config {
  uint64_t seed;
  size_t n_clients;
  uint64_t run_ms;
  unsigned troubles;    /* that are allowed */
  const bool *left_out; /* SIM_MAX_CLIENTS of them, or NULL */
  bool traced;          /* notes are kept, for the report of a failure */
  bool verbose;         /* and printed as they come */
};

struct memory {
  size_t live;
  size_t blocks;
  uint64_t calls;
  uint64_t failures;
  uint32_t fail_per_million; /* 0: none fails */
  struct rng rng;
  void *quarantine[256];
  unsigned next;
};

/* How the deed of a callback is to be limited. */
struct budget {
  unsigned depth;
  uint64_t second;
  unsigned left;
};

struct sim {
  struct config config;
  unsigned troubles; /* of this seed, and allowed */
  struct rng rng;    /* what the host does */
  struct rng check;  /* what is looked at, and when time jumps */
  struct memory memory;
  sio_allocator allocator;

  uint64_t now;
  uint64_t began;
  uint64_t jumps; /* by how much time has jumped in all */
  uint64_t jumped_at;
  uint64_t seq;
  struct event *events;
  size_t n_events;
  size_t cap_events;
  uint64_t steps;

  sio_server *server;
  sio_server_options options;
  sio_recovery_options recovery;
  bool closing; /* the host has asked for it */
  unsigned closed_due;
  unsigned closed_calls;
  bool freeing; /* the server, at the end */
  bool calm;    /* the end is near: no more mischief */
  bool silence; /* nobody does anything any more */
  struct wire *ready;
  struct wire *wires;
  struct client clients[SIM_MAX_CLIENTS];
  struct seat *seats;
  struct seen_session *sessions;
  struct question *questions;
  struct held *held;
  struct crowd crowds[SIM_NSPS];
  struct log logs[SIM_NSPS];
  uint64_t next_id;
  uint32_t pad_max;
  struct budget budget;
  struct totals totals;

  char (*trace)[256];
  unsigned n_trace;
};

/* ---- world ---- */

uint64_t sim_random(struct rng *rng);
uint32_t pick(struct rng *rng, uint32_t n);
bool chance(struct rng *rng, uint32_t per_mille);
struct rng rng_of(uint64_t seed, uint64_t stream);

void *sim_alloc(size_t size);
void *sim_grow(void *items, size_t *cap, size_t n, size_t size);
void bytes_add(struct bytes *b, const void *data, size_t len);
void bytes_take(struct bytes *b, size_t len);
void bytes_free(struct bytes *b);
static inline uint8_t *bytes_at(const struct bytes *b)
{
  return b->data + b->from;
}

void sim_at(struct sim *sim, uint64_t at, event_fn fn, void *object,
            uint64_t value);
bool sim_next(struct sim *sim, struct event *event);
void memory_init(struct sim *sim);
void memory_flush(struct sim *sim);

/* Exit codes of runs that have broken a rule begin with this. */
enum { SIM_BROKEN = 10 };
_Noreturn void sim_fail(struct sim *sim, const char *rule, const char *format,
                        ...) SIO_PRINTF(3, 4);
void sim_note(struct sim *sim, const char *format, ...) SIO_PRINTF(2, 3);
#define NOTE(sim, ...)                                                         \
  do {                                                                         \
    if ((sim)->trace != NULL)                                                  \
      sim_note((sim), __VA_ARGS__);                                            \
  } while (0)

/* ---- net ---- */

struct wire *wire_open(struct client *client, enum wire_role role);
void wire_write(struct wire *wire, const void *data, size_t len);
void wire_finish(struct wire *wire, bool still_reads);
void wire_reset(struct wire *wire);
void net_ready(sio_conn *conn, void *conn_user, void *user);
void net_settle(struct sim *sim);
void net_free(struct sim *sim);

/* ---- http, ws, packets ---- */

void http_get(struct client *c, struct wire *w);
void http_post(struct client *c, struct wire *w, const uint8_t *body,
               size_t len);
void http_upgrade(struct client *c, struct wire *w, const char *sid);
void http_receive(struct wire *w);

void ws_send(struct wire *w, unsigned opcode, const void *data, size_t len);
void ws_receive(struct wire *w);

/* A Socket.IO packet as the client sees it. */
struct packet {
  unsigned type;
  unsigned n_attachments;
  int nsp; /* -1: another one */
  bool has_ack;
  uint64_t ack;
  const char *json;
  size_t json_len;
};

extern const char *const sim_nsps[SIM_NSPS];

bool packet_parse(struct packet *p, const char *text, size_t len);
/* Splits a JSON array at its top level; false: it is none. */
bool json_split(const char *json, size_t len, sio_str *items, size_t max,
                size_t *n);
bool json_member(const char *json, size_t len, const char *key, char *out,
                 size_t size);
bool json_number(sio_str item, uint64_t *out);
size_t base64_write(uint8_t *out, const uint8_t *data, size_t len);
bool base64_read(uint8_t *out, size_t *n, const uint8_t *text, size_t len);
void payload_receive(struct client *c, const uint8_t *body, size_t len);

/* What belongs to a number: text and bytes that both sides can make. */
size_t filler_len(const struct sim *sim, uint64_t id);
void filler_text(char *out, size_t len, uint64_t id);
void filler_bytes(uint8_t *out, size_t len, uint64_t id);
bool filler_is(const struct sim *sim, uint64_t id, sio_str text);
bool filler_is_bytes(const struct sim *sim, uint64_t id, sio_span data);

/* ---- client ---- */

void client_init(struct sim *sim, struct client *c, size_t index);
void client_start(struct sim *sim, void *object, uint64_t value);
void client_end(struct client *c, const char *why);
void client_response(struct wire *w, int status, const uint8_t *body,
                     size_t len);
void client_switched(struct wire *w);
void client_message(struct wire *w, unsigned opcode, const uint8_t *data,
                    size_t len);
void client_wire_ended(struct wire *w, bool reset);
void client_packet(struct client *c, uint8_t type, const uint8_t *data,
                   size_t len);
void client_binary(struct client *c, const uint8_t *data, size_t len);
void client_send(struct client *c, const void *text, size_t len);
void client_sendf(struct client *c, const char *format, ...) SIO_PRINTF(2, 3);
void client_send_binary(struct client *c, const void *data, size_t len);
void client_pump(struct client *c);
void client_join(struct client *c, int nsp);
bool client_is_fine(const struct client *c);

/* ---- receive ---- */

void receive_text(struct client *c, const char *text, size_t len);
void receive_binary(struct client *c, const uint8_t *data, size_t len);

/* ---- script ---- */

void script_start(struct client *c);
void script_event(struct client *c, int nsp);

/* ---- ledger ---- */

struct seat *seat_new(struct sim *sim, struct client *c, int nsp,
                      const char *sid);
struct seat *seat_find(struct sim *sim, const char *sid);
void ledger_add(struct seat *seat, enum owed_kind kind, uint64_t id,
                bool maybe);
void ledger_drop(struct seat *seat, uint64_t id);
void ledger_excuse(struct seat *seat, uint64_t id);
void ledger_take(struct sim *sim, struct seat *seat, enum owed_kind kind,
                 uint64_t id);
void ledger_log(struct sim *sim, int nsp, const struct logged *entry);
void ledger_hear(struct seat *seat, uint64_t id);
void ledger_unhear(struct seat *seat, uint64_t id);
void ledger_unlog(struct sim *sim, int nsp, uint64_t id);
void ledger_recover(struct sim *sim, struct seat *seat);
void ledger_free(struct sim *sim);

void crowd_add(struct sim *sim, struct seat *seat);
void crowd_remove(struct sim *sim, struct seat *seat);

/* ---- host, deeds ---- */

void host_start(struct sim *sim);
sio_ns *host_ns(struct sim *sim, int nsp);
void host_close(struct sim *sim);
void host_answer(struct sim *sim, struct seat *seat, sio_ack *ack, uint64_t id);
void host_release(struct sim *sim);
struct client *host_client(struct sim *sim, const char *c, const char *l,
                           unsigned *life);
void deeds_maybe(struct sim *sim, struct seat *seat, uint32_t per_mille);
void deeds_emit(struct sim *sim, int nsp, struct seat *seat);
void deeds_tick(struct sim *sim, void *object, uint64_t value);

/* ---- check ---- */

void check_deadline(struct sim *sim);
void check_sweep(struct sim *sim);
void check_calm(struct sim *sim);
void check_over(struct sim *sim);
void check_end(struct sim *sim, struct client *c, const sio_end *end,
               const char *what);
void check_queue(struct sim *sim, struct wire *w, const sio_span *spans,
                 size_t n);
void check_sent(struct sim *sim, struct wire *w, const uint8_t *data,
                size_t len);

/* ---- run ---- */

struct outcome {
  uint64_t client_ms;
  uint64_t steps;
  uint64_t delivered;
  uint64_t events_in;
  uint64_t sessions;
  uint64_t upgrades;
  uint64_t recovered;
  uint64_t calm;
  uint64_t alloc_failures;
};

void run_seed(const struct config *config, struct outcome *outcome);

#endif
