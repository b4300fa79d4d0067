/* SPDX-License-Identifier: MIT */
/* Text that is ASCII, as far as it matters. */
#include "base/ascii.h"

sio_str sio__trim(sio_str s)
{
  while (s.len > 0 && sio__is_blank(*s.data)) {
    s.data++;
    s.len--;
  }
  while (s.len > 0 && sio__is_blank(s.data[s.len - 1]))
    s.len--;
  return s;
}

bool sio__same_in_any_case(sio_str a, sio_str b)
{
  if (a.len != b.len)
    return false;
  for (size_t i = 0; i < a.len; i++) {
    if (sio__lower(a.data[i]) != sio__lower(b.data[i]))
      return false;
  }
  return true;
}
