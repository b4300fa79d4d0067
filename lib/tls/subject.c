/* SPDX-License-Identifier: MIT */
/* Whom a client's certificate is about. */
#include "tls/subject.h"

#include "base/buf.h"
#include "base/mem.h"
#include "base/utf8.h"
#include <sio/error.h>

enum { OID_TEXT = 128 };

static void add_type(struct sio__buf *out, const mbedtls_asn1_buf *oid)
{
  const char *name;
  char number[OID_TEXT];

  if (mbedtls_oid_get_attr_short_name(oid, &name) == 0)
    sio__buf_text(out, name);
  else if (mbedtls_oid_get_numeric_string(number, sizeof number, oid) > 0)
    sio__buf_text(out, number);
  else
    sio__buf_text(out, "?");
}

static void add_hex(struct sio__buf *out, uint8_t c)
{
  static const char digits[] = "0123456789ABCDEF";

  sio__buf_byte(out, '\\');
  sio__buf_byte(out, (uint8_t)digits[c >> 4]);
  sio__buf_byte(out, (uint8_t)digits[c & 15]);
}

/* Nothing in a value may look like the beginning of another one, and no two
 * values alike. */
static void add_value(struct sio__buf *out, const mbedtls_asn1_buf *value)
{
  for (size_t at = 0, len; at < value->len; at += len) {
    const uint8_t *c = value->p + at;

    len = sio__utf8_sequence(c, value->len - at);
    if (len > 1) {
      sio__buf_append(out, c, len);
      continue;
    }
    len = 1;
    if (*c < 0x20 || *c >= 0x7f) {
      add_hex(out, *c);
      continue;
    }
    if (strchr(",+\"\\<>;=#", *c) != NULL)
      sio__buf_byte(out, '\\');
    sio__buf_byte(out, *c);
  }
}

static void render(struct sio__buf *out, const mbedtls_x509_name *name)
{
  const char *separator = "";

  for (; name != NULL; name = name->next) {
    if (name->oid.p == NULL)
      continue;
    sio__buf_text(out, separator);
    add_type(out, &name->oid);
    sio__buf_byte(out, '=');
    add_value(out, &name->val);
    separator = SIO__MBED_MERGED(name) != 0 ? " + " : ", ";
  }
}

int sio__subject_new(const sio_allocator *mem, const mbedtls_x509_name *name,
                     bool verified, struct sio__subject **out)
{
  struct sio__subject *subject = NULL;
  struct sio__buf text;
  int rv;

  sio__buf_init(&text, mem, SIO__SUBJECT_MAX);
  render(&text, name);
  rv = text.error;
  if (rv == 0) {
    subject = sio__mem_alloc(mem, sizeof *subject + text.len + 1);
    rv = subject != NULL ? 0 : SIO_ERR_NOMEM;
  }
  if (rv == 0) {
    *subject = (struct sio__subject){*mem, 1, verified, text.len};
    if (text.len > 0)
      memcpy(subject->text, text.data, text.len);
    subject->text[text.len] = '\0';
  }
  sio__buf_dispose(&text);
  *out = subject;
  return rv;
}

struct sio__subject *sio__subject_ref(struct sio__subject *subject)
{
  subject->refs++;
  return subject;
}

void sio__subject_unref(struct sio__subject *subject)
{
  sio_allocator mem;

  if (subject == NULL || --subject->refs > 0)
    return;
  mem = subject->mem;
  sio__mem_free(&mem, subject, sizeof *subject + subject->len + 1);
}

sio_str sio__subject_text(const struct sio__subject *subject)
{
  return subject != NULL ? (sio_str){subject->text, subject->len}
                         : (sio_str){NULL, 0};
}

bool sio__subject_is_verified(const struct sio__subject *subject)
{
  return subject != NULL && subject->verified;
}
