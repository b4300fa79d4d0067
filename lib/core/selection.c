/* SPDX-License-Identifier: MIT */
/* From a target to what the adapter walks over. */
#include "core/selection.h"

#include "base/mem.h"

/* Append two lists to one; returns the end. */
static sio_str *append(sio_str *out, const sio_str *a, size_t n_a,
                       const sio_str *b, size_t n_b)
{
  if (n_a > 0)
    memcpy(out, a, n_a * sizeof *a);
  if (n_b > 0)
    memcpy(out + n_a, b, n_b * sizeof *b);
  return out + n_a + n_b;
}

int sio__select(struct sio__selected *out, const sio_target *target)
{
  size_t n_rooms = target->n_rooms + target->n_more_rooms;
  size_t n_except = target->n_except + target->n_more_except;
  sio_str *names = out->few;

  out->many = NULL;
  out->n_many = 0;
  if (target->n_more_rooms + target->n_more_except > 0) {
    if (n_rooms + n_except > SIZE_MAX / sizeof *names)
      return SIO_ERR_NOMEM;
    out->n_many = n_rooms + n_except;
    out->many = sio__mem_alloc(&target->ns->server->mem,
                               out->n_many * sizeof *out->many);
    if (out->many == NULL)
      return SIO_ERR_NOMEM;
    names = out->many;
  }
  out->selection.rooms = names;
  out->selection.n_rooms = n_rooms;
  names = append(names, target->rooms, target->n_rooms, target->more_rooms,
                 target->n_more_rooms);
  out->selection.except = names;
  out->selection.n_except = n_except;
  (void)append(names, target->except, target->n_except, target->more_except,
               target->n_more_except); /* the end is not needed */
  return 0;
}

void sio__selected_dispose(struct sio__selected *selected,
                           const sio_allocator *mem)
{
  sio__mem_free(mem, selected->many, selected->n_many * sizeof(sio_str));
}
