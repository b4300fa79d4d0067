/* SPDX-License-Identifier: MIT */
#ifndef SIO_SCHEMA_READER_H
#define SIO_SCHEMA_READER_H

/* The state of reading validated JSON text into a struct, in one pass.
 * Functions that step over a value return where it ends; NULL: give up. */

#include "json/scan.h"
#include "schema/arena.h"
#include "schema/mismatch.h"

struct sio__reader {
  const char *end; /* of the text */
  sio_document *document;
  sio_arena *arena;
  sio_mismatches *mismatches; /* or NULL */
  size_t count;               /* of mismatches */
  int error;                  /* why it was given up, or 0 */
  unsigned depth;             /* of objects and arrays that are being read */
  bool stop_at_first;         /* one mismatch is enough: SIO_ERR_TYPE */
  bool is_careful;            /* of duplicate members only the last is read */
  bool has_duplicates;        /* one has been read that another has replaced */
};

/* The first byte that is no blank, inside of a container. */
static inline const char *sio__reader_blank(const struct sio__reader *r,
                                            const char *at)
{
  return (uint8_t)*at <= ' ' ? sio__json_skip_blank(at, r->end) : at;
}

/* A mismatch; false: give up. */
bool sio__reader_complain(struct sio__reader *r,
                          const struct sio__complaint *c);

/* The value at `at` is not what it should be: `found` says how, or NULL. */
const char *sio__reader_refuse(struct sio__reader *r, const char *at,
                               const sio_field *field,
                               const struct sio__place *place,
                               const char *found);

/* Take memory; NULL: give up. */
void *sio__reader_memory(struct sio__reader *r, size_t size);

/* Behind an argument: where the next one is; `r->end` if there is none. */
const char *sio__reader_next(const struct sio__reader *r, const char *at);

/* Arguments from the `n`th on, which nobody has asked for. */
void sio__reader_no_more(struct sio__reader *r, const char *at, size_t n,
                         const struct sio__place *args);

#endif
