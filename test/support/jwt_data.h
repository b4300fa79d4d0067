/* SPDX-License-Identifier: MIT */
#ifndef SIO_TEST_JWT_DATA_H
#define SIO_TEST_JWT_DATA_H

#include <stdbool.h>

enum { JWT_VECTORS = 8 };

/* A key, and a token that it has signed.  The tokens of RFC 7520 and that of
 * RFC 7515 A.4 have a payload that is no JSON. */
struct jwt_vector {
  const char *name;
  const char *alg;
  const char *jwk; /* private */
  const char *token;
  bool is_deterministic; /* signing again gives the same */
};

extern const struct jwt_vector jwt_vectors[JWT_VECTORS];

/* One RSA key with 2048 bits, and one EC key on P-256, in several forms. */
extern const char jwt_rsa_pem[];
extern const char jwt_rsa_pkcs1_pem[];
extern const char jwt_rsa_public_pem[];
extern const char jwt_rsa_public_pkcs1_pem[];
extern const char jwt_p256_pem[];
extern const char jwt_p256_sec1_pem[];
extern const char jwt_p256_public_pem[];

/* Others, and what is not supported. */
extern const char jwt_rsa_1024_pem[];
extern const char jwt_p384_pem[];
extern const char jwt_p521_pem[];
extern const char jwt_secp256k1_pem[];
extern const char jwt_ed25519_pem[];
extern const char jwt_encrypted_pem[];
extern const char jwt_certificate_pem[];

#endif
