/* SPDX-License-Identifier: MIT */
#ifndef SIO_TEST_SCHEMA_TYPES_H
#define SIO_TEST_SCHEMA_TYPES_H

/* Types for tests: every kind, every mode, one of itself, and arguments. */

#include <sio/schema.h>

#define COLOUR(NAME)                                                           \
  NAME(COLOUR_RED, "red")                                                      \
  NAME(COLOUR_GREEN, "green")                                                  \
  NAME(COLOUR_BLUE, "blue")
SIO_ENUM(colour, COLOUR);

#define POINT(FIELD)                                                           \
  FIELD(required, number, x)                                                   \
  FIELD(required, number, y, SIO_RANGE(-1, 1))
SIO_TYPE(point, POINT, .doc = "a point");

#define NODE(FIELD)                                                            \
  FIELD(required, text(8), name)                                               \
  FIELD(list, object(node), children, SIO_DEFAULT("[]"))
SIO_TYPE(node, NODE);

static inline const char *check_even(const void *value)
{
  int32_t n;

  memcpy(&n, value, sizeof n);
  return n % 2 == 0 ? NULL : "an even number";
}

/* Every kind and every mode. */
#define THING(FIELD)                                                           \
  FIELD(required, string, id, SIO_LENGTH(1, 8))                                \
  FIELD(required, text(12), label, SIO_DEFAULT("\"none\""))                    \
  FIELD(optional, boolean, flag)                                               \
  FIELD(optional, int32, i32, SIO_CHECK(check_even))                           \
  FIELD(optional, int64, i64, SIO_NULLABLE)                                    \
  FIELD(optional, uint32, u32)                                                 \
  FIELD(optional, uint64, u64)                                                 \
  FIELD(optional, number, real, SIO_RANGE(-0.5, 1e6))                          \
  FIELD(optional, enumeration(colour), hue)                                    \
  FIELD(optional, binary, bytes, SIO_LENGTH(0, 64))                            \
  FIELD(optional, object(point), at)                                           \
  FIELD(optional, json, any)                                                   \
  FIELD(optional, timestamp, when)                                             \
  FIELD(list, string, tags, SIO_LENGTH(1, 20), SIO_ITEMS(0, 4),                \
        SIO_DEFAULT("[]"))                                                     \
  FIELD(optional_list, object(point), path)                                    \
  FIELD(optional_list, text(4), codes)                                         \
  FIELD(optional_list, int32, numbers, SIO_ITEMS(1, 0))                        \
  FIELD(optional_list, enumeration(colour), hues)                              \
  FIELD(optional_list, binary, blobs)                                          \
  FIELD(optional_list, json, rest)
SIO_TYPE(thing, THING);

#define MOVE(FIELD)                                                            \
  FIELD(required, string, who)                                                 \
  FIELD(required, object(point), to)                                           \
  FIELD(optional, int32, speed)
SIO_ARGUMENTS(move, MOVE);

#endif
