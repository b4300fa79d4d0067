/* SPDX-License-Identifier: MIT */
#ifndef SIO_TEST_EMIT_WORLD_H
#define SIO_TEST_EMIT_WORLD_H

/* Four clients, to be emitted to. */

#include "core_world.h"

#include <sio/event.h>

#include <stdio.h>

#define PLACE0 "{\"_placeholder\":true,\"num\":0}"
#define PLACE1 "{\"_placeholder\":true,\"num\":1}"

enum { N = 4 };

static struct core_world w;
static struct core_client c[N];

static inline sio_socket *at(size_t i)
{
  return client_socket(&c[i], "/");
}

/* Four clients: 0 and 1 are in "x", 1 and 2 in "y". */
static inline void begin(void)
{
  world_open(&w, NULL);
  world_echo(w.root);
  for (size_t i = 0; i < N; i++)
    client_enter(&w, &c[i]);
  assert_int_equal(sio_join(at(0), sio_s("x")), 0);
  assert_int_equal(sio_join(at(1), sio_s("x")), 0);
  assert_int_equal(sio_join(at(1), sio_s("y")), 0);
  assert_int_equal(sio_join(at(2), sio_s("y")), 0);
}

#endif
