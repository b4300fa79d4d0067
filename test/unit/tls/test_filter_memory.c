/* SPDX-License-Identifier: MIT */
/* Out of memory within mbedtls, which has its own allocator: this program
 * brings a calloc() that can refuse.  Where a sanitizer has one already, or
 * with another C library, nothing is refused. */
#include "pair.h"

#include <errno.h>

static size_t left = SIZE_MAX; /* calls until one is refused */
static bool counting, fired;

#if defined(__GLIBC__) && !defined(__SANITIZE_ADDRESS__)
void *__libc_calloc(size_t n, size_t size);

SIO_API void *calloc(size_t n, size_t size)
{
  if (counting && left-- == 0) {
    fired = true;
    errno = ENOMEM;
    return NULL;
  }
  return __libc_calloc(n, size);
}
#endif

/* Whether that function is the one that is called: sanitizers and valgrind
 * have their own. */
static bool refuses(void)
{
  void *volatile memory;

  left = 0;
  fired = false;
  counting = true;
  memory = calloc(1, 1);
  counting = false;
  free(memory);
  return fired;
}

static const struct tls_recipe server = {
    .pairs = {"ec"}, .ca = "ca.pem", .client_auth = SIO_TLS_CLIENT_REQUIRED};

/* The server's side of a handshake and an echo, in which one call of calloc()
 * is refused; false: there were fewer. */
static bool refuse_one(struct pair *p, size_t at)
{
  left = at;
  fired = false;
  tls_client_take(&p->client, NULL, 0);
  do {
    counting = true;
    pair_up(p);
    if (sio__tls_is_established(p->tls) && p->plain.bytes == 0 &&
        p->client.plain_len == 0)
      pair_say(p, "text", 4);
    (void)sio__tls_write(p->tls, &p->plain);
    counting = false;
    pair_down(p);
  } while (p->client.out_len > 0 || p->tls->out.bytes > 0);
  return fired;
}

static void test_what_mbedtls_lacks_ends_the_connection(void **state)
{
  const struct tls_client_recipe client = {.pair = "client"};
  size_t refused = 0;
  bool again = true;

  (void)state;
  for (size_t at = 0; again; at += at < 50 ? 1 : 37) {
    struct pair p;

    pair_open(&p, tls_config(&server, NULL), &client);
    again = refuse_one(&p, at);
    refused += again;
    if (p.tls->state == TLS_FAILED)
      assert_true(again);
    if (!again) {
      assert_true(sio__tls_is_established(p.tls));
      assert_memory_equal(p.client.plain, "text", 4);
    }
    pair_close(&p);
  }
  assert_true(!refuses() || refused > 20);
}

static void test_what_mbedtls_lacks_makes_no_configuration(void **state)
{
  struct test_mem mem;
  bool again = true;

  (void)state;
  for (size_t at = 0; again; at++) {
    struct tls_file chain = tls_read("ec.pem"), key = tls_read("ec.key");
    const sio_tls_certificate certificate = {.chain = tls_span(chain),
                                             .key = tls_span(key)};
    sio_tls_config *config;
    sio_tls_options o;
    int rv;

    test_mem_init(&mem, TEST_MEM_NEVER);
    sio_tls_options_init(&o);
    o.allocator = &mem.allocator;
    o.certificates = &certificate;
    o.n_certificates = 1;
    left = at;
    fired = false;
    counting = true;
    rv = sio_tls_config_new(&config, &o, NULL);
    counting = false;
    again = fired;
    if (rv != 0)
      assert_true(again && config == NULL);
    sio_tls_config_release(config);
    test_mem_check(&mem);
    free(chain.data);
    free(key.data);
  }
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_what_mbedtls_lacks_ends_the_connection),
      cmocka_unit_test(test_what_mbedtls_lacks_makes_no_configuration),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
