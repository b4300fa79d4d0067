/* SPDX-License-Identifier: MIT */
#ifndef SIO_JWT_KEYSET_H
#define SIO_JWT_KEYSET_H

/* Behind sio_jwt_keys. */

#include "base/random.h"
#include "jwt/material.h"

enum { SIO__JWT_MAX_KEYS = 64, SIO__JWT_MAX_KID = 256 };

struct sio__jwt_key {
  struct sio__jwt_material *material;
  char *kid; /* kid_len bytes; NULL: none */
  size_t kid_len;
  uint32_t algorithms; /* what it may be used with; never 0 */
  bool can_verify;
  bool can_sign;
};

struct sio_jwt_keys {
  sio_allocator mem; /* a copy */
  size_t references;
  uint32_t min_secret_bytes; /* 0: as many as the hash has */
  uint32_t min_rsa_bits;
  struct sio__jwt_random random; /* fn NULL: not needed so far */
  struct sio__random *own_random;
  struct sio__jwt_key *keys;
  size_t n;
  size_t cap;
};

/* What is known of a key that is to be added. */
struct sio__jwt_offer {
  struct sio__jwt_material *material; /* taken over, whatever happens */
  sio_str kid;                        /* `data` NULL: none */
  uint32_t algorithms;                /* 0: those of its kind */
  bool can_verify;
  bool can_sign; /* if it is private */
};

/* The options of a key, complete; whether the set may be added to. */
int sio__jwt_keys_open(struct sio_jwt_keys *keys,
                       const sio_jwt_key_options *given,
                       sio_jwt_key_options *options);

/* Random numbers for private keys.  0, or SIO_ERR_RANDOM. */
int sio__jwt_keys_need_random(struct sio_jwt_keys *keys);

/* Add a key, if it is strong enough and fits its algorithms. */
int sio__jwt_keys_put(struct sio_jwt_keys *keys,
                      const struct sio__jwt_offer *offer);

/* Take back all but the first `n`. */
void sio__jwt_keys_cut(struct sio_jwt_keys *keys, size_t n);

/* Whether the key is of that id; `data` NULL is that of keys without one. */
bool sio__jwt_key_is(const struct sio__jwt_key *key, sio_str kid);

#endif
