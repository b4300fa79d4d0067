/* SPDX-License-Identifier: MIT */
#ifndef SIO_TLS_SUBJECT_H
#define SIO_TLS_SUBJECT_H

/* Whom a client's certificate is about, for as long as anybody asks. */

#include "tls/compat.h"
#include <sio/types.h>

struct sio__subject {
  sio_allocator mem; /* a copy: it may outlive the server */
  uint32_t refs;
  bool verified;
  size_t len;
  char text[]; /* as RFC 4514, but in the order of the certificate */
};

enum { SIO__SUBJECT_MAX = 4096 };

/* One reference, the caller's.  0, SIO_ERR_NOMEM, or SIO_ERR_LIMIT: it is
 * longer than SIO__SUBJECT_MAX.  */
int sio__subject_new(const sio_allocator *mem, const mbedtls_x509_name *name,
                     bool verified, struct sio__subject **out);

struct sio__subject *sio__subject_ref(struct sio__subject *subject);
/* NULL is ignored. */
void sio__subject_unref(struct sio__subject *subject);

/* NULL: nobody, who is not verified. */
sio_str sio__subject_text(const struct sio__subject *subject);
bool sio__subject_is_verified(const struct sio__subject *subject);

#endif
