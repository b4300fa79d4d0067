/* SPDX-License-Identifier: MIT */
/* What an error of mbedtls means, in our words. */
#include "tls/cause.h"

#include "tls/compat.h"

/* An error has a part of a high level and one of a low level. */
enum { LOW_PART = 0x7f };

struct meaning {
  int code;
  const char *text;
};

/* What is wrong with the client's certificate, the gravest first. */
static const struct {
  uint32_t flag;
  const char *text;
} verdicts[] = {
    {MBEDTLS_X509_BADCERT_REVOKED, "the client certificate is revoked"},
    {MBEDTLS_X509_BADCERT_NOT_TRUSTED,
     "the client certificate is not signed by a trusted CA"},
    {MBEDTLS_X509_BADCERT_EXPIRED, "the client certificate has expired"},
    {MBEDTLS_X509_BADCERT_FUTURE, "the client certificate is not valid yet"},
    {MBEDTLS_X509_BADCRL_EXPIRED, "the revocation list has expired"},
    {MBEDTLS_X509_BADCRL_NOT_TRUSTED,
     "the revocation list is not signed by the CA"},
    {MBEDTLS_X509_BADCERT_EXT_KEY_USAGE | MBEDTLS_X509_BADCERT_KEY_USAGE |
         MBEDTLS_X509_BADCERT_NS_CERT_TYPE,
     "the client certificate is for another use"},
    {MBEDTLS_X509_BADCERT_BAD_MD | MBEDTLS_X509_BADCERT_BAD_PK |
         MBEDTLS_X509_BADCERT_BAD_KEY,
     "the client certificate is of a weak kind"},
};

/* Alerts (RFC 8446 section 6) that tell what the peer did not like. */
static const struct meaning alerts[] = {
    {40, "the peer found nothing in common"},
    {42, "the peer finds our certificate bad"},
    {43, "the peer does not support our certificate"},
    {44, "the peer says that our certificate is revoked"},
    {45, "the peer says that our certificate has expired"},
    {46, "the peer does not accept our certificate"},
    {48, "the peer does not know the CA of our certificate"},
    {51, "the peer cannot check a signature"},
    {70, "the peer does not speak this version of TLS"},
    {71, "the peer finds this too weak"},
    {80, "the peer has an internal error"},
    {90, "the peer has cancelled the handshake"},
};

static const struct meaning meanings[] = {
    {SIO__MBED_ERR_CERTIFICATE, "a malformed certificate"},
    {MBEDTLS_ERR_SSL_NO_CLIENT_CERTIFICATE,
     "the client has shown no certificate"},
    {MBEDTLS_ERR_SSL_INVALID_RECORD, "not a TLS record"},
    {MBEDTLS_ERR_SSL_INVALID_MAC, "a record was changed on the way"},
    {MBEDTLS_ERR_SSL_UNEXPECTED_MESSAGE, "a message out of turn"},
    {MBEDTLS_ERR_SSL_UNEXPECTED_RECORD, "a record of an unexpected type"},
#if defined(MBEDTLS_ERR_SSL_DECODE_ERROR)
    {MBEDTLS_ERR_SSL_DECODE_ERROR, "a malformed message"},
    {MBEDTLS_ERR_SSL_HANDSHAKE_FAILURE, "nothing in common with the client"},
    {MBEDTLS_ERR_SSL_BAD_PROTOCOL_VERSION,
     "the client does not speak a version of TLS that is allowed"},
    {MBEDTLS_ERR_SSL_ILLEGAL_PARAMETER, "an impossible value"},
#else
    {MBEDTLS_ERR_SSL_BAD_HS_CLIENT_HELLO,
     "not TLS, or a malformed ClientHello"},
    {MBEDTLS_ERR_SSL_BAD_HS_CLIENT_KEY_EXCHANGE, "a malformed key exchange"},
    {MBEDTLS_ERR_SSL_BAD_HS_CERTIFICATE_VERIFY,
     "the client has not proved that it has the key of its certificate"},
    {MBEDTLS_ERR_SSL_BAD_HS_FINISHED, "the handshake was changed on the way"},
    {MBEDTLS_ERR_SSL_BAD_HS_PROTOCOL_VERSION,
     "the client does not speak a version of TLS that is allowed"},
    {MBEDTLS_ERR_SSL_NO_CIPHER_CHOSEN, "no cipher suite in common"},
    {MBEDTLS_ERR_SSL_NO_USABLE_CIPHERSUITE,
     "no cipher suite in common that the certificate is for"},
#endif
    {MBEDTLS_ERR_SSL_CONN_EOF, "the peer has gone in the middle of it"},
    {MBEDTLS_ERR_SSL_BUFFER_TOO_SMALL, "too much to answer"},
};

static const char *look_up(const struct meaning *list, size_t n, int code)
{
  for (size_t i = 0; i < n; i++) {
    if (list[i].code == code)
      return list[i].text;
  }
  return NULL;
}

static const char *judge(uint32_t verdict)
{
  if (verdict == UINT32_MAX) /* it did not come to that */
    return NULL;
  for (size_t i = 0; i < sizeof verdicts / sizeof *verdicts; i++) {
    if ((verdict & verdicts[i].flag) != 0)
      return verdicts[i].text;
  }
  return NULL;
}

bool sio__tls_is_nomem(int error)
{
  int high = -(-error & ~LOW_PART), low = -(-error & LOW_PART);

  switch (high) {
  case MBEDTLS_ERR_SSL_ALLOC_FAILED:
  case MBEDTLS_ERR_X509_ALLOC_FAILED:
  case MBEDTLS_ERR_PK_ALLOC_FAILED:
  case MBEDTLS_ERR_PEM_ALLOC_FAILED:
  case MBEDTLS_ERR_ECP_ALLOC_FAILED:
  case MBEDTLS_ERR_MD_ALLOC_FAILED:
  case MBEDTLS_ERR_CIPHER_ALLOC_FAILED:
    return true;
  default:
    return low == MBEDTLS_ERR_MPI_ALLOC_FAILED ||
           low == MBEDTLS_ERR_ASN1_ALLOC_FAILED;
  }
}

struct sio__tls_failure sio__tls_explain(int error, uint32_t verdict,
                                         uint8_t alert, bool established)
{
  struct sio__tls_failure failure = {
      established ? SIO_CAUSE_TLS_RECORD : SIO_CAUSE_TLS_HANDSHAKE, NULL};
  /* A malformed message has a part that says where. */
  int code = -(-error & ~LOW_PART);

  if (sio__tls_is_nomem(error)) {
    failure.cause = SIO_CAUSE_NOMEM;
  } else if (code == MBEDTLS_ERR_X509_CERT_VERIFY_FAILED) {
    failure.cause = SIO_CAUSE_TLS_CERTIFICATE;
    failure.detail = judge(verdict);
    if (failure.detail == NULL)
      failure.detail = "the client certificate is not valid";
  } else if (code == SIO__MBED_ERR_CERTIFICATE && judge(verdict) != NULL) {
    failure.cause = SIO_CAUSE_TLS_CERTIFICATE;
    failure.detail = judge(verdict);
  } else if (code == MBEDTLS_ERR_SSL_FATAL_ALERT_MESSAGE) {
    failure.cause = SIO_CAUSE_TLS_ALERT;
    failure.detail = look_up(alerts, sizeof alerts / sizeof *alerts, alert);
  } else {
    if (code == MBEDTLS_ERR_SSL_NO_CLIENT_CERTIFICATE)
      failure.cause = SIO_CAUSE_TLS_CERTIFICATE;
    failure.detail =
        look_up(meanings, sizeof meanings / sizeof *meanings, code);
  }
  return failure;
}
