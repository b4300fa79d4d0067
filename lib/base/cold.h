/* SPDX-License-Identifier: MIT */
#ifndef SIO_BASE_COLD_H
#define SIO_BASE_COLD_H

/* For functions that are the exception: kept out of the callers' way, so that
 * the usual path saves no registers for them. */
#if defined(__GNUC__)
#define SIO__COLD __attribute__((cold, noinline))
#else
#define SIO__COLD
#endif

#endif
