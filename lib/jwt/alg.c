/* SPDX-License-Identifier: MIT */
/* The table of algorithms. */
#include "jwt/alg.h"

static const struct sio__jwt_alg algs[] = {
    {"HS256", SIO_JWT_HS256, FAMILY_HMAC, 32, 0},
    {"HS384", SIO_JWT_HS384, FAMILY_HMAC, 48, 0},
    {"HS512", SIO_JWT_HS512, FAMILY_HMAC, 64, 0},
    {"RS256", SIO_JWT_RS256, FAMILY_RSA, 32, 0},
    {"RS384", SIO_JWT_RS384, FAMILY_RSA, 48, 0},
    {"RS512", SIO_JWT_RS512, FAMILY_RSA, 64, 0},
    {"PS256", SIO_JWT_PS256, FAMILY_RSA_PSS, 32, 0},
    {"PS384", SIO_JWT_PS384, FAMILY_RSA_PSS, 48, 0},
    {"PS512", SIO_JWT_PS512, FAMILY_RSA_PSS, 64, 0},
    {"ES256", SIO_JWT_ES256, FAMILY_ECDSA, 32, 256},
    {"ES384", SIO_JWT_ES384, FAMILY_ECDSA, 48, 384},
    {"ES512", SIO_JWT_ES512, FAMILY_ECDSA, 64, 521},
};

enum { COUNT = sizeof algs / sizeof *algs };

const struct sio__jwt_alg *sio__jwt_alg_named(sio_str name)
{
  for (size_t i = 0; i < COUNT; i++) {
    if (sio_str_is(name, algs[i].name))
      return &algs[i];
  }
  return NULL;
}

const struct sio__jwt_alg *sio__jwt_alg_of(uint32_t flag)
{
  for (size_t i = 0; i < COUNT; i++) {
    if (algs[i].flag == flag)
      return &algs[i];
  }
  return NULL;
}

const struct sio__jwt_alg *sio__jwt_alg_first(uint32_t flags)
{
  return sio__jwt_alg_of(flags & (~flags + 1));
}
