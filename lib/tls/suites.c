/* SPDX-License-Identifier: MIT */
/* Cipher suites by their names. */
#include "tls/suites.h"

#include "tls/compat.h"

enum { MAX_NAME = 64 };

/* With forward secrecy and AEAD; the order is that of RFC 8446 section 9.1 and
 * of what processors do fastest. */
static const char *const defaults[] = {
    "TLS1-3-AES-128-GCM-SHA256",
    "TLS1-3-AES-256-GCM-SHA384",
    "TLS1-3-CHACHA20-POLY1305-SHA256",
    "TLS-ECDHE-ECDSA-WITH-AES-128-GCM-SHA256",
    "TLS-ECDHE-RSA-WITH-AES-128-GCM-SHA256",
    "TLS-ECDHE-ECDSA-WITH-AES-256-GCM-SHA384",
    "TLS-ECDHE-RSA-WITH-AES-256-GCM-SHA384",
    "TLS-ECDHE-ECDSA-WITH-CHACHA20-POLY1305-SHA256",
    "TLS-ECDHE-RSA-WITH-CHACHA20-POLY1305-SHA256",
};

/* mbedtls writes "-" where the registry has "_", and "TLS1-3-" in front of
 * those of TLS 1.3, whose names have no "WITH". */
static int number_of(const char *name, size_t len)
{
  static const char newer[] = "TLS1-3-";
  char text[MAX_NAME + sizeof newer];
  int number;

  if (len <= 4 || len > MAX_NAME)
    return 0;
  memcpy(text, name, len);
  text[len] = '\0';
  for (char *c = text; *c != '\0'; c++) {
    if (*c == '_')
      *c = '-';
  }
  number = mbedtls_ssl_get_ciphersuite_id(text);
  if (number != 0 || memcmp(text, "TLS-", 4) != 0)
    return number;
  memmove(text + sizeof newer - 1, text + 4, len - 3);
  memcpy(text, newer, sizeof newer - 1);
  return mbedtls_ssl_get_ciphersuite_id(text);
}

static size_t take_defaults(int *numbers)
{
  size_t n = 0;

  for (size_t i = 0; i < sizeof defaults / sizeof *defaults; i++) {
    int number = number_of(defaults[i], strlen(defaults[i]));

    if (number != 0)
      numbers[n++] = number;
  }
  numbers[n] = 0;
  return n;
}

size_t sio__suites_parse(const char *names, int numbers[SIO__SUITES_MAX + 1])
{
  size_t n = 0;

  if (names == NULL)
    return take_defaults(numbers);
  for (;;) {
    size_t len = strcspn(names, ":");

    if (n == SIO__SUITES_MAX)
      return 0;
    numbers[n] = number_of(names, len);
    if (numbers[n++] == 0)
      return 0;
    if (names[len] == '\0')
      break;
    names += len + 1;
  }
  numbers[n] = 0;
  return n;
}
