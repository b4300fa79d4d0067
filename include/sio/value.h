/* SPDX-License-Identifier: MIT */
#ifndef SIO_VALUE_H
#define SIO_VALUE_H

/**
 * Reading what a client sent.
 *
 * A value is a view of validated JSON: nothing is parsed ahead and nothing is
 * allocated, except for strings that contain escapes.  Values are small and
 * passed by value.  Reading something that is not there gives an absent value,
 * of which everything else is absent too, so a path can be read without a
 * check at each step.
 *
 * Lifetime: a value and all that is read from it are borrowed from what it
 *           was read from: the arguments of an event until the callback
 *           returns, the auth payload as long as its socket.
 */

#include <sio/error.h>

#ifdef __cplusplus
extern "C" {
#endif

/** What a value is. */
typedef enum sio_type {
  SIO_ABSENT = 0, /**< there is no such argument, item or member */
  SIO_NULL = 1,
  SIO_BOOL = 2,
  SIO_NUMBER = 3,
  SIO_STRING = 4,
  SIO_BINARY = 5, /**< an attachment */
  SIO_ARRAY = 6,
  SIO_OBJECT = 7
} sio_type;

/** What values are read from: JSON text and the attachments it refers to. */
typedef struct sio_document sio_document;

/**
 * Read JSON text of your own: a file, the body of a request.  The text is
 * copied; numbers, strings and depth are limited as in packets.
 *
 * Ownership: the caller owns `*out` and ends it with sio_document_free().
 *            `allocator` is copied; NULL means malloc.
 * Errors:    SIO_ERR_JSON (it is not one JSON value), SIO_ERR_NOMEM; `*out`
 *            is then NULL.
 */
SIO_API SIO_MUST_USE int sio_document_new(sio_document **out, sio_str json,
                                          const sio_allocator *allocator);
/** End a document of sio_document_new(), and all that was read from it; NULL
 *  is ignored. */
SIO_API void sio_document_free(sio_document *document);

/** One JSON value, or an absent one.  The members are the library's. */
typedef struct sio_value {
  const char *text; /* NULL: absent */
  size_t len;
  sio_document *document;
} sio_value;

/** The value of a document of sio_document_new(). */
SIO_API sio_value sio_document_value(sio_document *document);

/** The arguments of an event or of an acknowledgement. */
typedef struct sio_args sio_args;

/** How many arguments there are. */
SIO_API size_t sio_args_count(const sio_args *args);

/** Argument `index`, counted from 0; absent if there are fewer. */
SIO_API sio_value sio_arg(const sio_args *args, size_t index);

/** Member `key` of argument `index`; absent if it is not there. */
SIO_API sio_value sio_get(const sio_args *args, size_t index, const char *key);

/** All arguments as JSON text, comma-separated, without brackets. */
SIO_API sio_str sio_args_json(const sio_args *args);

SIO_API sio_type sio_value_type(sio_value value);

/** The text of a string; empty with `data` NULL if it is not a string (that
 *  of an empty string is not NULL).  An unpaired surrogate reads as U+FFFD.
 *
 *  Errors: out of memory while resolving escapes also gives `data` NULL. */
SIO_API sio_str sio_value_str(sio_value value);

/** The bytes of an attachment.
 *
 *  Errors: SIO_ERR_TYPE, `*out` is then empty. */
SIO_API int sio_value_binary(sio_value value, sio_span *out);

/** A boolean.
 *
 *  Errors: SIO_ERR_TYPE, `*out` is then false. */
SIO_API int sio_value_bool(sio_value value, bool *out);

/** A number that is a whole one (1, 1.0 and 1e2 are).
 *
 *  Errors: SIO_ERR_TYPE, SIO_ERR_RANGE (a fraction, or too large); `*out` is
 *          then 0. */
SIO_API int sio_value_int64(sio_value value, int64_t *out);

/** As sio_value_int64(), for numbers from 0 to 2^64-1. */
SIO_API int sio_value_uint64(sio_value value, uint64_t *out);

/** A number as a double, rounded to nearest.
 *
 *  Errors: SIO_ERR_TYPE, SIO_ERR_RANGE (beyond the largest double); `*out`
 *          is then 0. */
SIO_API int sio_value_double(sio_value value, double *out);

/** How many items an array or members an object has; 0 for anything else. */
SIO_API size_t sio_value_count(sio_value value);

/** Item `index` of an array; absent if it is not there. */
SIO_API sio_value sio_value_at(sio_value value, size_t index);

/** Member `key` of an object; of duplicates the last.  Keys with escapes are
 *  found by what they mean. */
SIO_API sio_value sio_value_member(sio_value value, const char *key);

/** The value as it was received: JSON text. */
SIO_API sio_str sio_value_json(sio_value value);

/** A walk over the items of an array or the members of an object.  The
 *  members are the library's. */
typedef struct sio_iter {
  sio_value container;
  size_t offset;
} sio_iter;

/** Begin a walk; over anything but an array or object it is empty. */
SIO_API sio_iter sio_value_iter(sio_value value);

/**
 * The next item or member: false at the end.  `key` (which may be NULL) is
 * set to the member's name, or to an absent value for items.
 */
SIO_API bool sio_iter_next(sio_iter *iter, sio_value *key, sio_value *value);

#ifdef __cplusplus
}
#endif

#endif
