/* SPDX-License-Identifier: MIT */
/* What everything that reads a struct needs: mismatches, and memory. */
#include "schema/reader.h"

#include <sio/error.h>

#include "base/cold.h"

SIO__COLD bool sio__reader_complain(struct sio__reader *r,
                                    const struct sio__complaint *c)
{
  r->count++;
  sio__mismatch_add(r->mismatches, c, r->end, r->document);
  if (r->stop_at_first)
    r->error = SIO_ERR_TYPE;
  return !r->stop_at_first;
}

SIO__COLD const char *sio__reader_refuse(struct sio__reader *r, const char *at,
                                         const sio_field *field,
                                         const struct sio__place *place,
                                         const char *found)
{
  struct sio__complaint c = {place, field, false, NULL, found, at};

  return sio__reader_complain(r, &c) ? sio__json_skip_value(at, r->end) : NULL;
}

void *sio__reader_memory(struct sio__reader *r, size_t size)
{
  void *memory;
  int err = sio__arena_alloc(r->arena, size, &memory);

  if (err != 0)
    r->error = err;
  return memory;
}

const char *sio__reader_next(const struct sio__reader *r, const char *at)
{
  at = sio__json_skip_blank(at, r->end);
  return at < r->end ? sio__json_skip_blank(at + 1, r->end) : at;
}

void sio__reader_no_more(struct sio__reader *r, const char *at, size_t n,
                         const struct sio__place *args)
{
  struct sio__place here = {args, NULL, n};
  struct sio__complaint c = {&here, NULL, false, "no more arguments", NULL, at};

  while (at < r->end) {
    c.at = at;
    if (!sio__reader_complain(r, &c))
      return;
    at = sio__reader_next(r, sio__json_skip_value(at, r->end));
    here.n++;
  }
}
