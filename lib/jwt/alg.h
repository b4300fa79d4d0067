/* SPDX-License-Identifier: MIT */
#ifndef SIO_JWT_ALG_H
#define SIO_JWT_ALG_H

/* What the algorithms of RFC 7518 section 3 are made of. */

#include <sio/jwt.h>

enum sio__jwt_family {
  FAMILY_HMAC,
  FAMILY_RSA,     /* PKCS #1 v1.5 */
  FAMILY_RSA_PSS, /* the salt is as long as the hash */
  FAMILY_ECDSA
};

/* What keys are. */
enum sio__jwt_kind { KIND_SECRET, KIND_RSA, KIND_EC };

struct sio__jwt_alg {
  const char *name;
  uint32_t flag; /* sio_jwt_alg */
  enum sio__jwt_family family;
  uint32_t hash_bytes;
  uint32_t curve_bits; /* 0: not ECDSA */
};

/* Sets of algorithms. */
enum {
  SIO__JWT_ALL = 0xfff,
  SIO__JWT_WITH_SECRET = SIO_JWT_HS256 | SIO_JWT_HS384 | SIO_JWT_HS512,
  SIO__JWT_WITH_RSA = SIO_JWT_RS256 | SIO_JWT_RS384 | SIO_JWT_RS512 |
                      SIO_JWT_PS256 | SIO_JWT_PS384 | SIO_JWT_PS512,
  SIO__JWT_WITH_EC = SIO_JWT_ES256 | SIO_JWT_ES384 | SIO_JWT_ES512
};

/* NULL: there is none of that name ("none" is none), or not exactly one. */
const struct sio__jwt_alg *sio__jwt_alg_named(sio_str name);
const struct sio__jwt_alg *sio__jwt_alg_of(uint32_t flag);

/* The first of a set that is not empty. */
const struct sio__jwt_alg *sio__jwt_alg_first(uint32_t flags);

#endif
