/* SPDX-License-Identifier: MIT */
#ifndef SIO_ADAPTER_PACK_H
#define SIO_ADAPTER_PACK_H

/* Putting an object and all its texts into one block: first add up how large
 * it has to be, then copy the texts to its end. */

#include <sio/types.h>

/* Add n times `each` (not 0) bytes; false: the sum does not fit. */
static inline bool sio__pack_add(size_t *sum, size_t n, size_t each)
{
  if (n > (SIZE_MAX - *sum) / each)
    return false;
  *sum += n * each;
  return true;
}

/* Likewise, the lengths of texts. */
static inline bool sio__pack_add_texts(size_t *sum, const sio_str *texts,
                                       size_t n)
{
  for (size_t i = 0; i < n; i++) {
    if (!sio__pack_add(sum, texts[i].len, 1))
      return false;
  }
  return true;
}

/* Copy a text to `*at`, which moves on. */
static inline sio_str sio__pack_text(char **at, sio_str text)
{
  sio_str copy;

  copy.data = *at;
  copy.len = text.len;
  if (text.len > 0)
    memcpy(*at, text.data, text.len);
  *at += text.len;
  return copy;
}

#endif
