/* SPDX-License-Identifier: MIT */
/* Memory back at its baseline: see baseline.h. */
#include "baseline.h"

#include <stdlib.h>

enum {
  ROUNDS = 10000,
  WARM = 700 /* everything, whatever differs from round to round */
};

/* Under sanitizers and valgrind (which the Makefile tells) everything is slow;
 * leaks show in fewer rounds, too. */
static size_t count_rounds(void)
{
#ifdef __SANITIZE_ADDRESS__
  return ROUNDS / 7;
#else
  return getenv("TEST_IS_SLOW") != NULL ? ROUNDS / 40 : ROUNDS;
#endif
}

/* One failure; everything it has left is closed. */
static void run_once(struct baseline *t, const struct baseline_kind *kind,
                     size_t round)
{
  struct wire *w = &t->wire;

  kind->once(t, round);
  wire_drop(&t->a, 0);
  wire_drop(&t->b, 0);
  if (w->session != NULL)
    sio_session_close(w->session, true);
  wire_settle(w);
  if (sio_server_connection_count(w->server) != 0 ||
      sio_server_session_count(w->server) != 0 || w->opened != w->closed)
    fail_msg("%s, round %zu: %zu connections and %zu sessions are left",
             kind->name, round, sio_server_connection_count(w->server),
             sio_server_session_count(w->server));
}

static void run_kind(struct baseline *t, const struct baseline_kind *kind,
                     size_t bytes, size_t blocks)
{
  const struct test_mem *mem = &t->wire.mem;
  uint64_t before = sio_server_cause_count(t->wire.server, kind->cause);
  size_t rounds = count_rounds();
  uint64_t times;

  for (size_t round = 0; round < rounds; round++)
    run_once(t, kind, round);
  times = sio_server_cause_count(t->wire.server, kind->cause) - before;
  if (kind->cause != SIO_CAUSE_NONE && times < rounds)
    fail_msg("%s: only %u times \"%s\"", kind->name, (unsigned)times,
             sio_cause_text(kind->cause));
  if (mem->live_bytes != bytes || mem->live_blocks != blocks)
    fail_msg("%s: %zu bytes in %zu blocks before, %zu in %zu after", kind->name,
             bytes, blocks, mem->live_bytes, mem->live_blocks);
}

void baseline_run(struct baseline *t, const struct baseline_kind *kinds,
                  size_t n, const char *server)
{
  const struct test_mem *mem = &t->wire.mem;
  size_t bytes, blocks;

  for (size_t i = 0; i < n; i++)
    for (size_t round = 0; round < WARM; round++)
      run_once(t, &kinds[i], round);
  bytes = mem->live_bytes;
  blocks = mem->live_blocks;
  for (size_t i = 0; i < n; i++)
    run_kind(t, &kinds[i], bytes, blocks);
  print_message("%s: %zu kinds of failure, %zu times each; %zu bytes in "
                "%zu blocks before and after\n",
                server, n, count_rounds(), bytes, blocks);
}

void baseline_stop(struct baseline *t)
{
  wire_peer_dispose(&t->a);
  wire_peer_dispose(&t->b);
  wire_stop(&t->wire);
}
