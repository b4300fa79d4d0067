/* SPDX-License-Identifier: MIT */
/* Clients that read, do not read, vanish and come back at random: who comes
 * back has missed nothing, and has got nothing twice. */
#include "recovery_world.h"

#include <stdlib.h>

enum { CLIENTS = 4, STEPS = 4000, SEEDS = 6, WAITING = 4096, FILLER = 700 };

/* What a client has still to get; some of it was refused, so it may. */
struct due {
  int serial;
  bool refused;
};

struct guest {
  struct core_client client;
  char pid[CORE_SID_LEN + 1], offset[32]; /* "": it has got nothing yet */
  bool gap;                               /* it has missed what was refused */
  size_t first, n;
  struct due due[WAITING];
};

static struct guest guests[CLIENTS], *coming;
static uint32_t state_of_random;
static int serial, n_back, n_new, n_refused;
static char filler[FILLER + 1];

static uint32_t any(uint32_t n)
{
  return test_random(&state_of_random) % n;
}

static bool is_in_room(size_t i)
{
  return i % 2 == 0;
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

/* To everybody, to the room, or to one that is there. */
static void emit_any(void)
{
  uint32_t kind = any(3), one = any(CLIENTS), len = any(FILLER);
  sio_target target = sio_everyone(w.root);
  uint64_t before[CLIENTS];
  int rv;

  if (kind == 1)
    target = sio_in(w.root, sio_s("room"));
  if (kind == 2 && socket_of(&guests[one]) == NULL)
    return;
  if (kind == 2)
    target = sio_only(socket_of(&guests[one]));
  for (size_t i = 0; i < CLIENTS; i++)
    before[i] = refused(&guests[i]);
  serial++;
  rv = sio_emitf(target, "e", "%d, %s", serial, filler + FILLER - len);
  assert_true(rv >= 0 || (kind == 2 && rv == SIO_ERR_LIMIT));
  if (kind == 0) /* one who always reads is never passed over */
    assert_int_equal(atoi(client_hear(&a) + 7), serial);
  for (size_t i = 0; i < CLIENTS && rv >= 0; i++) {
    if ((kind == 1 && !is_in_room(i)) || (kind == 2 && i != one))
      continue;
    expect_it(&guests[i], refused(&guests[i]) > before[i]);
  }
}

static void on_connect(sio_socket *socket, void *user)
{
  (void)user;
  if (is_in_room((size_t)(coming - guests)) && !sio_socket_recovered(socket))
    assert_int_equal(sio_join(socket, sio_s("room")), 0);
}

static void step(void)
{
  struct guest *g = &guests[any(CLIENTS)];

  if (g->client.conn == NULL) {
    if (any(4) == 0)
      come(g);
  } else if (any(3) == 0) {
    read_all(g);
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
  for (uint32_t seed = 1; seed <= SEEDS; seed++)
    play(seed);
  assert_true(n_back > 100 && n_new > 100 && n_refused > 100);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_whoever_comes_back_has_all_of_it),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
