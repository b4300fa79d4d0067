/* SPDX-License-Identifier: MIT */
#ifndef SIO_CORE_OPTIONS_H
#define SIO_CORE_OPTIONS_H

#include <sio/server.h>

/* All options: what was given (NULL: nothing), and defaults for the fields
 * that the caller's version of the struct does not have. */
void sio__options_complete(sio_server_options *out,
                           const sio_server_options *given);

#endif
