/* SPDX-License-Identifier: MIT */
#ifndef SIO_PAYLOAD_H
#define SIO_PAYLOAD_H

/**
 * Writing what a client receives.
 *
 * Arguments of an event or acknowledgement can be given as JSON text, by a
 * format string, or by a builder.  All end in the same encoded packet.
 *
 * **Format strings** describe the arguments, comma-separated, in JSON with
 * three liberties: member names that are C identifiers need no quotes,
 * strings may stand in single quotes, and values may be conversions.  The
 * conversions are printf's, so that the compiler checks the arguments:
 *
 * | conversion | writes |
 * | --- | --- |
 * | `%s`, `%.*s` | a quoted and escaped JSON string; NULL is `null` |
 * | `%d %i %u` with `hh h l ll j z t` or none | a number |
 * | `%f %g %e` | the shortest number that reads back the same, or `null` |
 * | `bool %d` | `true` or `false` |
 * | `raw %s`, `raw %.*s` | JSON text as it is; it is validated |
 *
 *     sio_emitf(target, "chat:message", "{from: %s, text: %.*s, at: %lld}",
 *               name, (int)text.len, text.data, when);
 */

#include <sio/value.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * A builder of arguments: values are appended in order; at the top level each
 * one is an argument.
 *
 * Errors are kept: after the first one everything is ignored, and
 * sio_payload_error() or the function that sends it reports it.  A payload
 * may be sent many times and reused after sio_payload_reset().
 */
typedef struct sio_payload sio_payload;

/**
 * Make an empty payload.
 *
 * Ownership: the caller owns it and ends it with sio_payload_free().
 *            `allocator` is copied; NULL means malloc.
 * Errors:    NULL when out of memory.
 */
SIO_API SIO_MUST_USE sio_payload *
sio_payload_new(const sio_allocator *allocator);

/** End a payload; NULL is ignored. */
SIO_API void sio_payload_free(sio_payload *payload);

/** Empty a payload and forget its error; its memory is kept for reuse. */
SIO_API void sio_payload_reset(sio_payload *payload);

/**
 * The first error: 0, SIO_ERR_NOMEM, SIO_ERR_UTF8 (a string), SIO_ERR_JSON
 * (raw text), or SIO_ERR_STATE (a key outside an object, a value without key
 * in one, an end without begin, nesting deeper than 64), SIO_ERR_FORMAT
 * (sio_payload_format()), or SIO_ERR_RANGE (a received value whose attachment
 * does not exist).
 */
SIO_API int sio_payload_error(const sio_payload *payload);

SIO_API void sio_payload_null(sio_payload *payload);
SIO_API void sio_payload_bool(sio_payload *payload, bool value);
SIO_API void sio_payload_int64(sio_payload *payload, int64_t value);
SIO_API void sio_payload_uint64(sio_payload *payload, uint64_t value);

/** The shortest number that reads back the same; not finite is `null`. */
SIO_API void sio_payload_double(sio_payload *payload, double value);

/** A string; copied and escaped.  It must be UTF-8. */
SIO_API void sio_payload_str(sio_payload *payload, sio_str value);

/** A NUL-terminated string; NULL is `null`. */
SIO_API void sio_payload_string(sio_payload *payload, const char *value);

/** Bytes, sent as an attachment; copied. */
SIO_API void sio_payload_binary(sio_payload *payload, sio_span value);

/** One JSON value as text; validated and copied. */
SIO_API void sio_payload_json(sio_payload *payload, sio_str json);

/** A value that was received, with its attachments; copied. */
SIO_API void sio_payload_value(sio_payload *payload, sio_value value);

SIO_API void sio_payload_array_begin(sio_payload *payload);
SIO_API void sio_payload_array_end(sio_payload *payload);
SIO_API void sio_payload_object_begin(sio_payload *payload);
SIO_API void sio_payload_object_end(sio_payload *payload);

/** The name of the next member of an object. */
SIO_API void sio_payload_key(sio_payload *payload, const char *key);

/** Append what a format string describes (see the top of this header). */
SIO_API void sio_payload_format(sio_payload *payload, const char *format, ...)
    SIO_PRINTF(2, 3);

#ifdef __cplusplus
}
#endif

#endif
