/* SPDX-License-Identifier: MIT */
/* The opening handshake: key, answer, subprotocols. */
#include "ws/handshake.h"

#include "base/ascii.h"
#include "base/base64.h"
#include <sio/error.h>

#include <mbedtls/sha1.h>
#include <mbedtls/version.h>

enum { SHA1_SIZE = 20 };

/* RFC 6455 section 1.3. */
static const char accept_suffix[] = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

static int sha1(const uint8_t *data, size_t len, uint8_t out[SHA1_SIZE])
{
#if MBEDTLS_VERSION_NUMBER >= 0x03000000
  return mbedtls_sha1(data, len, out);
#else
  return mbedtls_sha1_ret(data, len, out);
#endif
}

bool sio__ws_key_is_valid(sio_str key)
{
  if (key.len != SIO__WS_KEY_LEN)
    return false;
  for (size_t i = 0; i < SIO__WS_KEY_LEN - 2; i++) {
    char c = key.data[i];

    if (!sio__is_alphanumeric(c) && c != '+' && c != '/')
      return false;
  }
  return key.data[SIO__WS_KEY_LEN - 2] == '=' &&
         key.data[SIO__WS_KEY_LEN - 1] == '=';
}

int sio__ws_accept(const char *key, char out[SIO__WS_ACCEPT_LEN])
{
  uint8_t text[SIO__WS_KEY_LEN + sizeof accept_suffix - 1];
  uint8_t digest[SHA1_SIZE];

  memcpy(text, key, SIO__WS_KEY_LEN);
  memcpy(text + SIO__WS_KEY_LEN, accept_suffix, sizeof accept_suffix - 1);
  if (sha1(text, sizeof text, digest) != 0)
    return SIO_ERR_STATE;
  sio__base64_encode(digest, sizeof digest, out);
  return 0;
}

static size_t skip_blanks(sio_str s, size_t i)
{
  while (i < s.len && sio__is_blank(s.data[i]))
    i++;
  return i;
}

static bool was_seen(const sio_str *seen, size_t n, sio_str token)
{
  for (size_t i = 0; i < n; i++) {
    if (seen[i].len == token.len &&
        memcmp(seen[i].data, token.data, token.len) == 0)
      return true;
  }
  return false;
}

bool sio__ws_first_protocol(sio_str value, sio_str *first)
{
  sio_str seen[SIO__WS_MAX_PROTOCOLS];
  size_t n = 0;
  size_t i = skip_blanks(value, 0);

  *first = sio_s(NULL);
  if (i == value.len)
    return true;
  for (;;) {
    sio_str token = {value.data + i, 0};

    while (i < value.len && sio__is_token_char(value.data[i]))
      i++;
    token.len = (size_t)(value.data + i - token.data);
    if (token.len == 0 || n == SIO__WS_MAX_PROTOCOLS ||
        was_seen(seen, n, token))
      return false;
    seen[n++] = token;
    i = skip_blanks(value, i);
    if (i == value.len)
      break;
    if (value.data[i] != ',')
      return false;
    i = skip_blanks(value, i + 1);
  }
  *first = seen[0];
  return true;
}
