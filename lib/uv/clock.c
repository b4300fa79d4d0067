/* SPDX-License-Identifier: MIT */
/* A clock for hosts on libuv. */
#include <sio/uv.h>

#include <uv.h>

uint64_t sio_uv_clock_us(void *user)
{
  (void)user;
  return uv_hrtime() / 1000;
}
