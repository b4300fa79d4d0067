/* SPDX-License-Identifier: MIT */
#include "ws/closing.h"

bool sio__ws_code_is_valid(uint16_t code)
{
  return (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014) ||
         (code >= 3000 && code <= 4999);
}
