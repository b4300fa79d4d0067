/* SPDX-License-Identifier: MIT */
#ifndef SIO_CORE_SELECTION_H
#define SIO_CORE_SELECTION_H

#include "core/server.h"

/* The rooms of a target as the adapter wants them: one list of each kind. */
struct sio__selected {
  struct sio__selection selection;
  sio_str few[2 * SIO_TARGET_ROOMS];
  sio_str *many; /* allocated, if `few` was not enough */
  size_t n_many;
};

/* 0 or SIO_ERR_NOMEM.  The names stay where they are. */
int sio__select(struct sio__selected *out, const sio_target *target);
void sio__selected_dispose(struct sio__selected *selected,
                           const sio_allocator *mem);

#endif
