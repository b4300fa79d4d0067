/* SPDX-License-Identifier: MIT */
/* What a configuration asks of clients: SHA-256 of the settings that do, each
 * with its length in front. */
#include "tls/policy.h"

#include "tls/compat.h"
#include <sio/error.h>

static int add(mbedtls_md_context_t *md, const void *data, size_t len)
{
  uint8_t prefix[8];
  int rv;

  for (int i = 0; i < 8; i++)
    prefix[i] = (uint8_t)((uint64_t)len >> (56 - 8 * i));
  rv = mbedtls_md_update(md, prefix, sizeof prefix);
  return rv == 0 && len > 0 ? mbedtls_md_update(md, data, len) : rv;
}

static int add_number(mbedtls_md_context_t *md, uint32_t number)
{
  const uint8_t bytes[4] = {(uint8_t)(number >> 24), (uint8_t)(number >> 16),
                            (uint8_t)(number >> 8), (uint8_t)number};

  return add(md, bytes, sizeof bytes);
}

static int add_all(mbedtls_md_context_t *md, const sio_tls_options *o)
{
  sio_str suites = sio_s(o->cipher_suites);
  int rv = add_number(md, o->min_version);

  if (rv == 0)
    rv = add_number(md, o->max_version);
  if (rv == 0)
    rv = add_number(md, o->client_auth);
  if (rv == 0)
    rv = add(md, suites.data, suites.len);
  if (rv == 0)
    rv = add(md, o->client_ca.data, o->client_ca.len);
  return rv == 0 ? add(md, o->client_crl.data, o->client_crl.len) : rv;
}

int sio__policy_of(const sio_tls_options *o, uint8_t policy[SIO__POLICY])
{
  mbedtls_md_context_t md;
  int rv;

  mbedtls_md_init(&md);
  rv = mbedtls_md_setup(&md, mbedtls_md_info_from_type(MBEDTLS_MD_SHA256), 0);
  if (rv == 0)
    rv = mbedtls_md_starts(&md);
  if (rv == 0)
    rv = add_all(&md, o);
  if (rv == 0)
    rv = mbedtls_md_finish(&md, policy);
  mbedtls_md_free(&md);
  return rv == 0 ? 0 : SIO_ERR_NOMEM;
}
