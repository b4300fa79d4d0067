/* SPDX-License-Identifier: MIT */
/* Patterns with "*".  Where a text is not what follows a star, only the last
 * star is tried with one byte more: what an earlier one could take as well,
 * the last one can, too, also if none of them may go beyond a "/". */
#include "base/glob.h"

#include "base/ascii.h"

static bool are_equal(char a, char b, enum sio__glob_rule rule)
{
  return a == b || (rule == GLOB_ORIGIN && sio__lower(a) == sio__lower(b));
}

bool sio__glob_matches(sio_str pattern, sio_str text, enum sio__glob_rule rule)
{
  size_t p = 0, t = 0;
  size_t star = SIZE_MAX; /* behind the last one that was passed */
  size_t from = 0;        /* where the text behind it is supposed to begin */

  while (t < text.len) {
    if (p < pattern.len && pattern.data[p] == '*') {
      star = ++p;
      from = t;
      if (p == pattern.len && rule == GLOB_PLAIN)
        return true;
    } else if (p < pattern.len &&
               are_equal(pattern.data[p], text.data[t], rule)) {
      p++;
      t++;
    } else if (star != SIZE_MAX &&
               (rule == GLOB_PLAIN || text.data[from] != '/')) {
      p = star;
      t = ++from;
    } else {
      return false;
    }
  }
  while (p < pattern.len && pattern.data[p] == '*')
    p++;
  return p == pattern.len;
}
