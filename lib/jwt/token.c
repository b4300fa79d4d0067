/* SPDX-License-Identifier: MIT */
/* Tokens that are in the hands of the host. */
#include "jwt/token.h"

#include "base/mem.h"

struct sio_jwt *sio__jwt_new(const sio_allocator *mem, size_t len)
{
  struct sio_jwt *jwt = sio__mem_alloc(mem, sizeof *jwt + len);

  if (jwt == NULL)
    return NULL;
  memset(jwt, 0, sizeof *jwt);
  jwt->mem = *mem;
  jwt->references = 1;
  jwt->size = sizeof *jwt + len;
  sio__document_init(&jwt->header, NULL, 0, &jwt->mem);
  sio__document_init(&jwt->claims, NULL, 0, &jwt->mem);
  return jwt;
}

bool sio__jwt_split(sio_str token, struct sio__jwt_parts *parts)
{
  const char *end = token.data + token.len;
  const char *first;
  const char *second;

  if (token.len == 0)
    return false;
  first = memchr(token.data, '.', token.len);
  if (first == NULL || first == token.data)
    return false;
  second = memchr(first + 1, '.', (size_t)(end - first - 1));
  if (second == NULL || second == first + 1)
    return false;
  parts->header.data = token.data;
  parts->header.len = (size_t)(first - token.data);
  parts->claims.data = first + 1;
  parts->claims.len = (size_t)(second - first - 1);
  parts->signature.data = second + 1;
  parts->signature.len = (size_t)(end - second - 1);
  parts->text.data = token.data;
  parts->text.len = (size_t)(second - token.data);
  return memchr(second + 1, '.', parts->signature.len) == NULL;
}

/* Values need the document to keep resolved strings in; what the caller sees
 * of the token does not change. */
static sio_value value_of(const struct sio_document *document)
{
  return sio__document_value((sio_document *)(uintptr_t)document);
}

sio_jwt *sio_jwt_retain(sio_jwt *jwt)
{
  jwt->references++;
  return jwt;
}

void sio_jwt_release(sio_jwt *jwt)
{
  sio_allocator mem;

  if (jwt == NULL || --jwt->references > 0)
    return;
  sio__document_dispose(&jwt->header);
  sio__document_dispose(&jwt->claims);
  mem = jwt->mem; /* which goes with the token */
  sio__mem_free(&mem, jwt, jwt->size);
}

sio_value sio_jwt_claims(const sio_jwt *jwt)
{
  return value_of(&jwt->claims);
}

sio_value sio_jwt_header(const sio_jwt *jwt)
{
  return value_of(&jwt->header);
}

sio_str sio_jwt_subject(const sio_jwt *jwt)
{
  return jwt->subject;
}

sio_str sio_jwt_id(const sio_jwt *jwt)
{
  return jwt->id;
}

uint64_t sio_jwt_expires_s(const sio_jwt *jwt)
{
  if (!jwt->has_exp)
    return SIO_NEVER;
  return jwt->exp > 0 ? (uint64_t)jwt->exp : 0;
}

uint64_t sio_jwt_issued_s(const sio_jwt *jwt)
{
  return jwt->iat > 0 ? (uint64_t)jwt->iat : 0;
}

sio_str sio_jwt_token(const sio_jwt *jwt)
{
  return jwt->token;
}
