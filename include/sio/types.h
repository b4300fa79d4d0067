/* SPDX-License-Identifier: MIT */
#ifndef SIO_TYPES_H
#define SIO_TYPES_H

/**
 * Types that every other header uses: spans, strings, the allocator, and the
 * attributes of public functions.
 *
 * Ownership is told in one of four words throughout these headers:
 * *borrowed* (valid during the call or callback), *copied* (yours again when
 * the call returns), *owned by the caller*, and *retained* (counted
 * references).
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#if defined(_WIN32)
#define SIO_API
#elif defined(__GNUC__)
#define SIO_API __attribute__((visibility("default")))
#else
#define SIO_API
#endif

#if defined(__GNUC__)
#define SIO_MUST_USE            __attribute__((warn_unused_result))
#define SIO_PRINTF(text, first) __attribute__((format(printf, text, first)))
#define SIO_UNUSED              __attribute__((unused))
#else
#define SIO_MUST_USE
#define SIO_PRINTF(text, first)
#define SIO_UNUSED
#endif

#ifdef __cplusplus
extern "C" {
#endif

/** A point in time that never comes. */
#define SIO_NEVER UINT64_MAX

/** Bytes; `data` may be NULL when `len` is 0. */
typedef struct sio_span {
  const uint8_t *data;
  size_t len;
} sio_span;

/** UTF-8 text, not NUL-terminated; `data` may be NULL when `len` is 0. */
typedef struct sio_str {
  const char *data;
  size_t len;
} sio_str;

/** The text of a NUL-terminated string; NULL gives an empty one. */
static inline sio_str sio_s(const char *text)
{
  sio_str s;

  s.data = text;
  s.len = text != NULL ? strlen(text) : 0;
  return s;
}

/** Whether a text equals a NUL-terminated string, byte for byte. */
static inline bool sio_str_is(sio_str s, const char *text)
{
  size_t len = strlen(text);

  return s.len == len && (len == 0 || memcmp(s.data, text, len) == 0);
}

/** Whether two texts are equal, byte for byte. */
static inline bool sio_str_equal(sio_str a, sio_str b)
{
  return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

/** The two arguments that a printf conversion `%.*s` takes. */
#define SIO_STR_ARG(s) (int)(s).len, (s).data

/**
 * Where memory comes from.  Both functions are required; the size given to
 * `free` is the one that was asked of `alloc`.
 *
 * Errors: `alloc` returns NULL when there is no memory; the library then
 *         fails the one call or closes the one connection concerned.
 */
typedef struct sio_allocator {
  void *(*alloc)(size_t size, void *user_data);
  void (*free)(void *memory, size_t size, void *user_data);
  void *user_data; /**< passed back, never followed */
} sio_allocator;

/** Fills `out` with `len` unpredictable bytes; 0, or negative: it cannot. */
typedef int (*sio_random_fn)(void *user, uint8_t *out, size_t len);

#ifdef __cplusplus
}
#endif

#endif
