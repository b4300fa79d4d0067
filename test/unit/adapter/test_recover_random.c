/* SPDX-License-Identifier: MIT */
/* Recovery under random operations, against a model too simple to be wrong. */
#include "backlog_world.h"

#include "adapter/recover.h"

enum { STEPS = 3000, ROOMS = 6, PIDS = 10, MAX_STORED = 12 };
enum { WINDOW = 3 * MAX_STORED }; /* older packets are never stored */

static const struct sio__recover_limits limits = {
    .packets = {.max_age_ms = 900,
                .max_packets = MAX_STORED,
                .max_bytes = 4500},
    .max_age_ms = 500,
    .max_sessions = 6,
    .max_bytes = 1 << 20};

struct model_packet {
  char offset[SIO__OFFSET_MAX + 1];
  char rooms[3], except[3];
  uint64_t at_ms;
  size_t bytes;
  bool stored;
};

struct model_session {
  char pid;
  char rooms[ROOMS + 1];
  uint64_t since, at_ms;
};

struct world {
  struct test_mem mem;
  struct sio__chunk_pool pool;
  struct sio__recover store;
  uint32_t random;
  uint64_t now_ms;
  char lost[STEPS + 1], model_lost[STEPS + 1]; /* pids */
  size_t n_lost, n_model_lost;

  struct model_packet packets[STEPS]; /* the one with number i + 1 */
  size_t n_packets;
  struct model_session sessions[PIDS + 1]; /* oldest first */
  size_t n_sessions;

  struct sio__recovered *taken; /* or NULL */
  struct model_session taken_model;
  size_t taken_after;
  unsigned recoveries, holes;
};

static unsigned pick(struct world *w, unsigned n)
{
  return test_random(&w->random) % n;
}

static void on_lost(const struct sio__recover_session *session, void *user)
{
  struct world *w = user;

  w->lost[w->n_lost++] = session->pid.data[0];
}

/* ---- The model ---- */

/* Where the packets begin that are worth looking at. */
static size_t window(const struct world *w)
{
  return w->n_packets > WINDOW ? w->n_packets - WINDOW : 0;
}

static void model_drop(struct world *w, size_t n)
{
  for (size_t i = window(w); i < n; i++)
    w->packets[i].stored = false;
}

static void model_trim_packets(struct world *w)
{
  for (size_t first = window(w); first < w->n_packets; first++) {
    size_t count = 0, bytes = 0;

    for (size_t i = first; i < w->n_packets; i++) {
      count += w->packets[i].stored;
      bytes += w->packets[i].stored ? w->packets[i].bytes : 0;
    }
    if (count > limits.packets.max_packets ||
        bytes > limits.packets.max_bytes ||
        w->now_ms - w->packets[first].at_ms > limits.packets.max_age_ms)
      model_drop(w, first + 1);
  }
}

static void model_forget(struct world *w, size_t at)
{
  w->n_sessions--;
  memmove(&w->sessions[at], &w->sessions[at + 1],
          (w->n_sessions - at) * sizeof *w->sessions);
}

static void model_lose(struct world *w, size_t at)
{
  w->model_lost[w->n_model_lost++] = w->sessions[at].pid;
  model_forget(w, at);
}

static void model_trim_sessions(struct world *w)
{
  while (w->n_sessions > 0 &&
         (w->n_sessions > limits.max_sessions ||
          w->now_ms - w->sessions[0].at_ms > limits.max_age_ms))
    model_lose(w, 0);
}

static size_t model_find(const struct world *w, char pid)
{
  size_t i = 0;

  while (i < w->n_sessions && w->sessions[i].pid != pid)
    i++;
  return i; /* n_sessions: it is not there */
}

static bool share_a_room(const char *a, const char *b)
{
  return strpbrk(a, b) != NULL;
}

/* What the member of these rooms gets after so many packets; false: one of
 * them is not stored. */
static bool model_replay(const struct world *w, const char *rooms, size_t after,
                         char *out)
{
  out[0] = '\0';
  for (size_t i = after; i < w->n_packets; i++) {
    const struct model_packet *packet = &w->packets[i];

    if (!packet->stored)
      return false;
    if ((packet->rooms[0] == '\0' || share_a_room(rooms, packet->rooms)) &&
        !share_a_room(rooms, packet->except)) {
      if (out[0] != '\0')
        strcat(out, " ");
      strcat(out, packet->offset);
    }
  }
  return true;
}

/* ---- Operations ---- */

static void pick_rooms(struct world *w, char *out, unsigned max)
{
  unsigned n = pick(w, max + 1);

  for (unsigned i = 0; i < n; i++)
    out[i] = (char)('a' + pick(w, ROOMS));
  out[n] = '\0';
}

/* How many bytes it counts for, in a backlog of its own. */
static size_t weigh(const struct model_packet *packet)
{
  static const struct sio__backlog_limits none = {
      .max_age_ms = 1, .max_packets = 1, .max_bytes = SIZE_MAX};
  struct sio__chunk_pool pool;
  struct sio__backlog log;
  struct test_mem mem;
  size_t bytes;

  test_mem_init(&mem, TEST_MEM_NEVER);
  sio__chunk_pool_init(&pool, &mem.allocator, 0);
  sio__backlog_init(&log, &mem.allocator, &world_seed, &none);
  assert_int_equal(add_parts(&log, &pool, packet->offset, 1, packet->rooms,
                             packet->except, 0),
                   0);
  bytes = log.bytes;
  sio__backlog_dispose(&log);
  return bytes;
}

static void add(struct world *w, bool fails)
{
  struct model_packet *packet = &w->packets[w->n_packets];
  int rv;

  (void)sio__backlog_offset(&w->store.backlog, w->now_ms, packet->offset);
  pick_rooms(w, packet->rooms, 2);
  pick_rooms(w, packet->except, pick(w, 3) == 0 ? 2 : 0);
  packet->bytes = weigh(packet);
  packet->at_ms = w->now_ms;
  if (fails)
    w->mem.fail_at = w->mem.calls + 1; /* the chunk is there */
  rv = add_parts(&w->store.backlog, &w->pool, packet->offset, 1, packet->rooms,
                 packet->except, w->now_ms);
  assert_int_equal(rv, fails ? SIO_ERR_NOMEM : 0);
  w->n_packets++;
  packet->stored = !fails;
  if (fails) {
    model_drop(w, w->n_packets);
    w->holes++;
  } else {
    model_trim_packets(w);
  }
}

static void save(struct world *w, bool fails)
{
  struct model_session *model = &w->sessions[w->n_sessions];
  struct sio__recover_session session = {.sid = sio_s("sid")};
  char pid = (char)('A' + pick(w, PIDS));
  size_t old = model_find(w, pid);
  sio_str names[ROOMS];
  int rv;

  if (old < w->n_sessions) {
    model_lose(w, old);
    model--;
  }
  model->pid = pid;
  pick_rooms(w, model->rooms, ROOMS);
  model->since = pick(w, 4) == 0 ? w->store.backlog.newest : 0;
  model->at_ms = w->now_ms;
  session.pid.data = &model->pid;
  session.pid.len = 1;
  session.rooms = names;
  session.n_rooms = letters(model->rooms, names);
  session.since = model->since;
  if (fails)
    w->mem.fail_at = w->mem.calls;
  rv = sio__recover_save(&w->store, &session, w->now_ms);
  assert_int_equal(rv, fails ? SIO_ERR_NOMEM : 0);
  if (fails)
    return;
  w->n_sessions++;
  model_trim_sessions(w);
}

static void check_replay(struct world *w)
{
  static char want[STEPS * (SIO__OFFSET_MAX + 1)];
  struct shown shown = {.len = 0};
  bool whole = model_replay(w, w->taken_model.rooms, w->taken_after, want);

  assert_int_equal(sio__recover_is_whole(&w->store, w->taken), whole);
  assert_int_equal(sio__recover_replay(&w->store, w->taken, show, &shown),
                   whole ? 0 : SIO_ERR_NOT_FOUND);
  assert_string_equal(shown.text, whole ? want : "");
}

static void take(struct world *w)
{
  char pid = (char)('A' + pick(w, PIDS));
  size_t at = model_find(w, pid), back = pick(w, MAX_STORED + 3);
  size_t of = back < w->n_packets ? w->n_packets - back : 0; /* number */
  const char *offset = of > 0 ? w->packets[of - 1].offset : "nonsense";
  sio_str pid_str = {&pid, 1};
  bool fits = at < w->n_sessions && of > 0 && w->packets[of - 1].stored &&
              w->now_ms - w->sessions[at].at_ms <= limits.max_age_ms;

  sio__recovered_free(w->taken, &w->mem.allocator);
  assert_int_equal(sio__recover_take(&w->store, pid_str, sio_s(offset),
                                     w->now_ms, &w->taken),
                   fits ? 0 : SIO_ERR_NOT_FOUND);
  if (!fits) {
    assert_null(w->taken);
    return;
  }
  w->taken_model = w->sessions[at];
  w->taken_after = of;
  if (w->taken_after < w->taken_model.since)
    w->taken_after = w->taken_model.since;
  model_forget(w, at);
  check_replay(w);
  w->recoveries++;
}

static void compare(struct world *w)
{
  uint64_t deadline = SIO_NEVER;
  size_t count = 0, bytes = 0;

  for (size_t i = w->n_packets; i-- > window(w);) {
    const struct model_packet *packet = &w->packets[i];

    assert_int_equal(
        sio__backlog_find(&w->store.backlog, sio_s(packet->offset)),
        packet->stored ? i + 1 : 0);
    if (!packet->stored)
      continue;
    count++;
    bytes += packet->bytes;
    deadline = packet->at_ms + limits.packets.max_age_ms + 1;
  }
  if (w->n_sessions > 0 &&
      w->sessions[0].at_ms + limits.max_age_ms + 1 < deadline)
    deadline = w->sessions[0].at_ms + limits.max_age_ms + 1;
  assert_int_equal(w->store.backlog.by_offset.count, count);
  assert_int_equal(w->store.backlog.bytes, bytes);
  assert_int_equal(w->store.by_pid.count, w->n_sessions);
  assert_int_equal(sio__recover_deadline(&w->store), deadline);
  assert_int_equal(w->n_lost, w->n_model_lost);
  assert_memory_equal(w->lost, w->model_lost, w->n_lost);
}

static void step(struct world *w, bool may_fail)
{
  unsigned what = pick(w, 12);
  bool fails = may_fail && pick(w, 8) == 0;

  w->mem.fail_at = TEST_MEM_NEVER;
  w->now_ms += pick(w, 3) == 0 ? pick(w, 120) : 0;
  if (what < 5) {
    add(w, fails);
  } else if (what < 8) {
    save(w, fails);
  } else if (what < 10) {
    take(w);
  } else if (what < 11 && w->taken != NULL) {
    check_replay(w);
  } else {
    w->now_ms += pick(w, 12) == 0 ? 1000 : 0;
    sio__recover_sweep(&w->store, w->now_ms);
    model_trim_packets(w);
    model_trim_sessions(w);
  }
  compare(w);
}

static void run_random_operations(uint32_t random, bool may_fail)
{
  struct world *w = calloc(1, sizeof *w);

  assert_non_null(w);
  w->random = random;
  test_mem_init(&w->mem, TEST_MEM_NEVER);
  sio__chunk_pool_init(&w->pool, &w->mem.allocator, 0);
  sio__recover_init(&w->store, &w->mem.allocator, &world_seed, &limits, on_lost,
                    w);
  for (unsigned i = 0; i < STEPS; i++)
    step(w, may_fail);
  assert_true(w->recoveries > 30);
  assert_int_equal(w->holes > 30, may_fail);
  sio__recovered_free(w->taken, &w->mem.allocator);
  sio__recover_dispose(&w->store);
  sio__chunk_pool_dispose(&w->pool);
  test_mem_check(&w->mem);
  free(w);
}

static void test_random_operations_agree_with_the_model(void **state)
{
  (void)state;
  for (uint32_t n = 1; n <= 5; n++)
    run_random_operations(n * 7919, false);
}

static void test_failed_allocations_are_holes_in_the_model_too(void **state)
{
  (void)state;
  for (uint32_t n = 1; n <= 5; n++)
    run_random_operations(n * 104729, true);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_random_operations_agree_with_the_model),
      cmocka_unit_test(test_failed_allocations_are_holes_in_the_model_too),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
