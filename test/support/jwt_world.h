/* SPDX-License-Identifier: MIT */
#ifndef SIO_TEST_JWT_WORLD_H
#define SIO_TEST_JWT_WORLD_H

/* Key sets and tokens, right and wrong ones. */

#include <sio/jwt.h>

#include "jwt_data.h"
#include "support.h"

/* As long as HS256 asks for, with all that a secret may have in it. */
#define JWT_SECRET "0123456789abcdef0123456789\x80\xff\x01\x02+-"

/* The second in which the tokens of most tests are verified. */
#define JWT_NOW 1000000

/* An empty set; the test fails if there is no memory. */
sio_jwt_keys *jwt_no_keys(const sio_allocator *mem);

/* A set with JWT_SECRET for HS256, and no id. */
sio_jwt_keys *jwt_one_secret(const sio_allocator *mem);

/* A token with any header and claims, signed with JWT_SECRET and HS256
 * whatever the header says; to be freed with free(). */
char *jwt_forge(const char *header, const char *claims);

/* The same of whole parts, which are not encoded. */
char *jwt_seal(const char *text);

/* base64url of a text; to be freed with free(). */
char *jwt_encode(const char *text);

/* Options with JWT_NOW, and tokens need not expire. */
sio_jwt_options jwt_lenient(void);

/* Verify a token in an exact block; the result, if any, is released. */
int jwt_verdict(const sio_jwt_keys *keys, const char *token,
                const sio_jwt_options *options);

/* Forge with the usual header, and judge it with jwt_one_secret(). */
int jwt_verdict_on(const char *claims, const sio_jwt_options *options);

/* A random source: that many bytes of a sequence, and then failures. */
struct jwt_source {
  size_t left;
  uint32_t state;
};
int jwt_source_fill(void *source, uint8_t *out, size_t len);

#endif
