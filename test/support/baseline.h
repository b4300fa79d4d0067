/* SPDX-License-Identifier: MIT */
#ifndef SIO_TEST_BASELINE_H
#define SIO_TEST_BASELINE_H

/*
 * Memory back at its baseline: each way to fail happens thousands of times,
 * and then as many bytes and blocks are allocated as before.
 */

#include "wire.h"

struct baseline {
  struct wire wire;
  struct wire_peer a, b; /* dropped after each round */
};

struct baseline_kind {
  const char *name;
  void (*once)(struct baseline *t, size_t round);
  sio_cause cause; /* each round has ended something for it; NONE: any */
};

/* Run all kinds, on a server that has been started; prints what was done. */
void baseline_run(struct baseline *t, const struct baseline_kind *kinds,
                  size_t n, const char *server);

/* End the server and what belongs to the peers. */
void baseline_stop(struct baseline *t);

#endif
