/* SPDX-License-Identifier: MIT */
/* Which certificate is for which host name. */
#include "tls/names.h"

/* Of subjectAltName: RFC 5280 section 4.2.1.6. */
enum { TAG_NUMBER = 0x1f, TAG_DNS_NAME = 2 };

static char lower(char c)
{
  return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static bool equal(sio_str a, sio_str b)
{
  if (a.len != b.len)
    return false;
  for (size_t i = 0; i < a.len; i++) {
    if (lower(a.data[i]) != lower(b.data[i]))
      return false;
  }
  return true;
}

enum sio__name_match sio__name_match(sio_str pattern, sio_str name)
{
  const char *dot;
  size_t label;

  if (name.len == 0)
    return NAME_OTHER;
  if (equal(pattern, name))
    return NAME_EXACT;
  if (pattern.len < 3 || pattern.data[0] != '*' || pattern.data[1] != '.')
    return NAME_OTHER;
  dot = memchr(name.data, '.', name.len);
  if (dot == NULL || dot == name.data)
    return NAME_OTHER;
  label = (size_t)(dot - name.data);
  return equal((sio_str){pattern.data + 1, pattern.len - 1},
               (sio_str){dot, name.len - label})
             ? NAME_WILDCARD
             : NAME_OTHER;
}

static sio_str text_of(const mbedtls_x509_buf *buf)
{
  return (sio_str){(const char *)buf->p, buf->len};
}

/* Of several common names, the last is the most specific one. */
static sio_str common_name(const mbedtls_x509_crt *own)
{
  sio_str found = {NULL, 0};

  for (const mbedtls_x509_name *n = &own->subject; n != NULL; n = n->next) {
    if (n->oid.p != NULL && MBEDTLS_OID_CMP(MBEDTLS_OID_AT_CN, &n->oid) == 0)
      found = text_of(&n->val);
  }
  return found;
}

enum sio__name_match sio__name_match_certificate(const mbedtls_x509_crt *own,
                                                 sio_str name)
{
  const mbedtls_x509_sequence *san = &own->subject_alt_names;
  enum sio__name_match best = NAME_OTHER;

  if (san->buf.p == NULL)
    return sio__name_match(common_name(own), name);
  for (; san != NULL && best != NAME_EXACT; san = san->next) {
    enum sio__name_match match = NAME_OTHER;

    if ((san->buf.tag & TAG_NUMBER) == TAG_DNS_NAME)
      match = sio__name_match(text_of(&san->buf), name);
    if (match > best)
      best = match;
  }
  return best;
}
