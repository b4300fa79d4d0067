/* SPDX-License-Identifier: MIT */
#ifndef SIO_TLS_SUITES_H
#define SIO_TLS_SUITES_H

/* Cipher suites by their names. */

#include <sio/types.h>

enum { SIO__SUITES_MAX = 64 };

/* The numbers of the suites in a list such as "TLS_X:TLS_Y" (NULL: the
 * defaults that there are), with a 0 behind them.  How many; 0: one of them is
 * unknown, or there are too many or none. */
size_t sio__suites_parse(const char *names, int numbers[SIO__SUITES_MAX + 1]);

#endif
