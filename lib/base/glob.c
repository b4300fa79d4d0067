/* SPDX-License-Identifier: MIT */
/* Patterns with "*". */
#include "base/glob.h"

bool sio__glob_matches(sio_str pattern, sio_str text)
{
  size_t p = 0, t = 0;
  size_t star = SIZE_MAX; /* behind the last one that was passed */
  size_t from = 0;        /* where the text behind it is supposed to begin */

  while (t < text.len) {
    if (p < pattern.len && pattern.data[p] == '*') {
      star = ++p;
      from = t;
      if (p == pattern.len)
        return true;
    } else if (p < pattern.len && pattern.data[p] == text.data[t]) {
      p++;
      t++;
    } else if (star != SIZE_MAX) {
      p = star; /* earlier stars have taken as little as they can */
      t = ++from;
    } else {
      return false;
    }
  }
  while (p < pattern.len && pattern.data[p] == '*')
    p++;
  return p == pattern.len;
}
