/* SPDX-License-Identifier: MIT */
#ifndef SIO_JWT_TOKEN_H
#define SIO_JWT_TOKEN_H

/* Behind sio_jwt. */

#include "json/read.h"
#include <sio/jwt.h>

enum {
  SIO__JWT_HEADER_MEMBERS = 32, /* read before anything is authentic */
  SIO__JWT_CLAIMS_MEMBERS = 1024
};

struct sio_jwt {
  sio_allocator mem; /* a copy */
  size_t references;
  size_t size; /* of this allocation */
  struct sio_document header;
  struct sio_document claims;
  sio_str subject; /* `data` NULL: none; so with the next two */
  sio_str id;
  sio_str token;
  /* Seconds, fractions rounded up, so that a whole second is compared as the
   * claim itself would be. */
  int64_t exp;
  int64_t nbf;
  int64_t iat;
  bool has_exp;
  bool has_nbf;
  bool has_iat;
  char text[]; /* what the documents and `token` are views of */
};

/* A token with `len` bytes of text, which are not set; NULL: no memory. */
struct sio_jwt *sio__jwt_new(const sio_allocator *mem, size_t len);

/* The parts of the compact form (RFC 7515 section 7.1). */
struct sio__jwt_parts {
  sio_str header;
  sio_str claims;
  sio_str signature;
  sio_str text; /* what is signed: the first two and the dot */
};

/* Whether there are three, the first two not empty. */
bool sio__jwt_split(sio_str token, struct sio__jwt_parts *parts);

#endif
