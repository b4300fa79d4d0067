/* SPDX-License-Identifier: MIT */
/* Objects in which each name is there once. */
#include "jwt/unique.h"

#include "json/scan.h"
#include "json/string.h"
#include <sio/jwt.h>

/* Whether a member that follows `at` has the name, whose escapes are
 * resolved. */
static bool comes_again(sio_iter at, sio_str name)
{
  sio_value key;
  sio_value value;

  while (sio_iter_next(&at, &key, &value)) {
    if (sio__json_string_equals(key.text + 1, key.len - 2, name.data, name.len))
      return true;
  }
  return false;
}

static int check_members(sio_value object, size_t max_members)
{
  sio_iter iter = sio_value_iter(object);
  sio_value key;
  sio_value value;

  if (sio_value_count(object) > max_members)
    return SIO_JWT_TOO_DEEP;
  while (sio_iter_next(&iter, &key, &value)) {
    sio_str name = sio_value_str(key);

    if (name.data == NULL)
      return SIO_ERR_NOMEM;
    if (comes_again(iter, name))
      return SIO_JWT_DUPLICATE;
  }
  return 0;
}

/* Every object of the text, without recursion. */
static int check_objects(struct sio_document *document, size_t max_members)
{
  const char *at = document->text;
  const char *end = at + document->len;

  while (at < end) {
    const char *next;
    int error;

    if (*at == '"') {
      at = sio__json_skip_value(at, end);
      continue;
    }
    if (*at == '{') {
      error = check_members(sio__value_begin(document, at, end, &next),
                            max_members);
      if (error != 0)
        return error;
    }
    at++;
  }
  return 0;
}

int sio__jwt_object(struct sio_document *document, const char *text, size_t len,
                    uint32_t max_depth, size_t max_members,
                    const sio_allocator *mem)
{
  int error;

  sio__document_init(document, text, len, mem);
  error = sio__json_check(text, len, max_depth, NULL);
  if (error != 0)
    return error == SIO_ERR_LIMIT ? SIO_JWT_TOO_DEEP : error;
  if (sio_value_type(sio__document_value(document)) != SIO_OBJECT)
    return SIO_ERR_JSON;
  return check_objects(document, max_members);
}
