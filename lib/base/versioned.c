/* SPDX-License-Identifier: MIT */
/* Structs that begin with their size. */
#include "base/versioned.h"

void sio__versioned_init(void *out, size_t size, const void *defaults,
                         size_t known)
{
  if (out == NULL || size < sizeof size)
    return;
  memset(out, 0, size);
  if (defaults != NULL)
    memcpy(out, defaults, size < known ? size : known);
  memcpy(out, &size, sizeof size);
}

void sio__versioned_complete(void *out, const void *given, const void *defaults,
                             size_t known)
{
  size_t size = 0;

  if (given != NULL)
    memcpy(&size, given, sizeof size);
  memcpy(out, defaults, known);
  if (size > 0)
    memcpy(out, given, size < known ? size : known);
  memcpy(out, &known, sizeof known);
}
