/* SPDX-License-Identifier: MIT */
/* Clients that read, do not read, join, leave, vanish and come back at random:
 * who comes back has got what was for it when it was sent, once, and nothing
 * else. */
#include "recovery_world.h"

#include <stdlib.h>

enum { CLIENTS = 4, STEPS = 4000, SEEDS = 6, WAITING = 4096, FILLER = 700 };
enum { ROOMS = 4, LONG_NAME = 900 }; /* the last two: history is forgotten */

/* What a client has still to get; some of it was refused, so it may. */
struct due {
  int serial;
  bool refused;
};

struct guest {
  struct core_client client;
  char pid[CORE_SID_LEN + 1], offset[32]; /* "": it has got nothing yet */
  bool gap;                               /* it has missed what was refused */
  bool in[ROOMS];
  size_t first, n;
  struct due due[WAITING];
};

static struct guest guests[CLIENTS], *coming;
static uint32_t state_of_random;
static int serial, n_back, n_new, n_refused, n_moved;
static char names[ROOMS][LONG_NAME + 2];
static char filler[FILLER + 1];

static uint32_t any(uint32_t n)
{
  return test_random(&state_of_random) % n;
}

static sio_str name_of(size_t room)
{
  return sio_s(names[room]);
}

/* ---- What is heard ---- */

static void take_event(struct guest *g, const char *line)
{
  int got = atoi(line + 7); /* 42["e",N,"...","OFFSET"] */
  const char *end = strrchr(line, '"');
  const char *at = end;
  size_t len;

  while (g->first < g->n && g->due[g->first].serial != got) {
    if (!g->due[g->first].refused)
      fail_msg("%d is missing before %d", g->due[g->first].serial, got);
    g->gap = true;
    g->first++;
  }
  if (g->first == g->n)
    fail_msg("%d was not for it, or comes again", got);
  g->first++;
  while (at[-1] != '"')
    at--;
  len = (size_t)(end - at);
  assert_in_range(len, 1, sizeof g->offset - 1);
  memcpy(g->offset, at, len);
  g->offset[len] = '\0';
}

static void take_connect(struct guest *g, const char *line, bool first)
{
  char sid[CORE_SID_LEN + 1], pid[CORE_SID_LEN + 1], text[128];

  snprintf(text, sizeof text, "%s\n", line);
  assert_true(read_connect(text, sid, pid));
  if (strcmp(pid, g->pid) == 0) {
    assert_string_equal(sid, g->client.sid);
    assert_false(g->gap);
    n_back++;
    return;
  }
  assert_true(first); /* nothing was replayed */
  n_new++;
  memcpy(g->pid, pid, sizeof pid);
  memcpy(g->client.sid, sid, sizeof sid);
  g->offset[0] = '\0';
  g->gap = false;
  g->first = g->n = 0;
}

static void read_all(struct guest *g)
{
  static char lines[CORE_HEARD_MAX];
  bool first = true;

  snprintf(lines, sizeof lines, "%s", client_hear(&g->client));
  for (char *line = strtok(lines, "\n"); line != NULL;
       line = strtok(NULL, "\n")) {
    if (strncmp(line, "42", 2) == 0)
      take_event(g, line);
    else if (strncmp(line, "40", 2) == 0)
      take_connect(g, line, first);
    else
      assert_string_equal(line, "<close>");
    first = false;
  }
}

/* ---- What happens ---- */

static void come(struct guest *g)
{
  char packet[128] = "40";

  coming = g;
  assert_true(reopen(&g->client));
  if (g->offset[0] != '\0')
    snprintf(packet, sizeof packet, "40{\"pid\":\"%s\",\"offset\":\"%s\"}",
             g->pid, g->offset);
  client_say(&g->client, packet);
  read_all(g);
}

static sio_socket *socket_of(struct guest *g)
{
  return g->client.conn != NULL ? client_socket(&g->client, "/") : NULL;
}

static uint64_t refused(struct guest *g)
{
  sio_socket *socket = socket_of(g);

  return socket != NULL ? sio_socket_refused(socket) : 0;
}

static void expect_it(struct guest *g, bool was_refused)
{
  if (g->pid[0] == '\0')
    return;
  if (g->n == WAITING) {
    memmove(g->due, g->due + g->first, (g->n - g->first) * sizeof *g->due);
    g->n -= g->first;
    g->first = 0;
  }
  assert_true(g->n < WAITING);
  g->due[g->n].serial = serial;
  g->due[g->n++].refused = was_refused;
  n_refused += was_refused;
}

/* Whom an event is for: everybody, two rooms, or one that is there. */
struct kind {
  uint32_t to, one, rooms[2], except; /* `except` ROOMS: none */
};

static sio_target aim(const struct kind *kind)
{
  sio_target target = sio_everyone(w.root);

  if (kind->to == 2)
    return sio_only(socket_of(&guests[kind->one]));
  if (kind->to == 1) {
    target = sio_in(w.root, name_of(kind->rooms[0]));
    target = sio_and(target, name_of(kind->rooms[1]));
  }
  if (kind->except < ROOMS)
    target = sio_except(target, name_of(kind->except));
  return target;
}

static bool is_meant(const struct kind *kind, size_t i)
{
  const bool *in = guests[i].in;

  if (kind->to == 2)
    return i == kind->one;
  if (kind->except < ROOMS && in[kind->except])
    return false;
  return kind->to == 0 || in[kind->rooms[0]] || in[kind->rooms[1]];
}

static void emit_any(void)
{
  const struct kind kind = {
      any(3), any(CLIENTS), {any(ROOMS), any(ROOMS)}, any(2 * ROOMS)};
  uint64_t before[CLIENTS];
  uint32_t len = any(FILLER);
  int rv;

  if (kind.to == 2 && socket_of(&guests[kind.one]) == NULL)
    return;
  for (size_t i = 0; i < CLIENTS; i++)
    before[i] = refused(&guests[i]);
  serial++;
  rv = sio_emitf(aim(&kind), "e", "%d, %s", serial, filler + FILLER - len);
  assert_true(rv >= 0 || (kind.to == 2 && rv == SIO_ERR_LIMIT));
  if (kind.to == 0) /* one who always reads is never passed over */
    assert_int_equal(atoi(client_hear(&a) + 7), serial);
  for (size_t i = 0; i < CLIENTS && rv >= 0; i++) {
    if (is_meant(&kind, i))
      expect_it(&guests[i], refused(&guests[i]) > before[i]);
  }
}

/* Somebody who is there joins a room, or leaves it; some come back to one. */
static void move(struct guest *g, size_t room)
{
  sio_socket *socket = socket_of(g);
  int rv;

  if (socket == NULL)
    return;
  assert_int_equal(sio_socket_in(socket, name_of(room)), g->in[room]);
  rv = g->in[room] ? sio_leave(socket, name_of(room))
                   : sio_join(socket, name_of(room));
  assert_int_equal(rv, 0);
  g->in[room] = !g->in[room];
  n_moved++;
}

/* A new one is in the first room; one that comes back leaves or joins it. */
static void on_connect(sio_socket *socket, void *user)
{
  (void)user;
  if (!sio_socket_recovered(socket))
    memset(coming->in, 0, sizeof coming->in);
  for (size_t i = 0; i < ROOMS; i++)
    assert_int_equal(sio_socket_in(socket, name_of(i)), coming->in[i]);
  coming->in[0] = !coming->in[0];
  assert_int_equal(coming->in[0] ? sio_join(socket, name_of(0))
                                 : sio_leave(socket, name_of(0)),
                   0);
}

static void step(void)
{
  struct guest *g = &guests[any(CLIENTS)];

  if (g->client.conn == NULL) {
    if (any(4) == 0)
      come(g);
  } else if (any(3) == 0) {
    read_all(g);
  } else if (any(4) == 0) {
    move(g, any(8) == 0 ? 2 + any(2) : any(2));
  } else if (any(8) == 0) {
    client_drop(&g->client); /* what it has not read is lost on the way */
  } else {
    emit_any();
  }
  if (any(50) == 0)
    world_wait(&w, any(3000));
}

static void play(uint32_t seed)
{
  char pid[CORE_SID_LEN + 1];

  state_of_random = seed;
  set_options();
  options.log = NULL;
  options.max_output_bytes = 8192;
  options.high_water_bytes = 4096;
  options.output_policy = SIO_OUTPUT_REFUSE;
  options.ping_interval_ms = UINT32_MAX;
  recovery.max_packets = 60;
  recovery.max_disconnection_ms = 8000;
  world_open(&w, &options);
  memset(guests, 0, sizeof guests);
  enter(&a, pid);
  assert_int_equal(sio_on_connect(w.root, on_connect, NULL), 0);
  for (int i = 0; i < STEPS; i++)
    step();
  world_close(&w);
}

static void test_whoever_comes_back_has_all_of_it(void **state)
{
  (void)state;
  memset(filler, 'x', FILLER);
  for (size_t i = 0; i < ROOMS; i++) {
    memset(names[i], 'r', i < 2 ? 4 : LONG_NAME);
    names[i][i < 2 ? 4 : LONG_NAME] = (char)('0' + i);
  }
  for (uint32_t seed = 1; seed <= SEEDS; seed++)
    play(seed);
  assert_true(n_back > 100 && n_new > 100 && n_refused > 100);
  assert_true(n_moved > 1000);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_whoever_comes_back_has_all_of_it),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
