/* SPDX-License-Identifier: MIT */
/* The random source of hosts that bring none. */
#include "base/random.h"

#include <mbedtls/ctr_drbg.h>
#include <mbedtls/entropy.h>
#include <sio/error.h>

#include "base/mem.h"

struct sio__random {
  const sio_allocator *mem;
  mbedtls_entropy_context entropy;
  mbedtls_ctr_drbg_context drbg;
};

struct sio__random *sio__random_new(const sio_allocator *mem)
{
  static const unsigned char purpose[] = "libsio";
  struct sio__random *random = sio__mem_zalloc(mem, sizeof *random);

  if (random == NULL)
    return NULL;
  random->mem = mem;
  mbedtls_entropy_init(&random->entropy);
  mbedtls_ctr_drbg_init(&random->drbg);
  if (mbedtls_ctr_drbg_seed(&random->drbg, mbedtls_entropy_func,
                            &random->entropy, purpose,
                            sizeof purpose - 1) != 0) {
    sio__random_free(random);
    return NULL;
  }
  return random;
}

void sio__random_free(struct sio__random *random)
{
  if (random == NULL)
    return;
  /* both wipe what they held */
  mbedtls_ctr_drbg_free(&random->drbg);
  mbedtls_entropy_free(&random->entropy);
  sio__mem_free(random->mem, random, sizeof *random);
}

int sio__random_fill(void *user, uint8_t *out, size_t len)
{
  struct sio__random *random = user;

  while (len > 0) {
    size_t n =
        len < MBEDTLS_CTR_DRBG_MAX_REQUEST ? len : MBEDTLS_CTR_DRBG_MAX_REQUEST;

    if (mbedtls_ctr_drbg_random(&random->drbg, out, n) != 0)
      return SIO_ERR_RANDOM;
    out += n;
    len -= n;
  }
  return 0;
}
