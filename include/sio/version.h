/* SPDX-License-Identifier: MIT */
#ifndef SIO_VERSION_H
#define SIO_VERSION_H

#include <sio/types.h>

#ifdef __cplusplus
extern "C" {
#endif

#define SIO_VERSION_MAJOR 0
#define SIO_VERSION_MINOR 1
#define SIO_VERSION_PATCH 0
#define SIO_VERSION       "0.1.0"

/** The version of the library that is linked, such as "0.1.0"; constant. */
SIO_API const char *sio_version(void);

#ifdef __cplusplus
}
#endif

#endif
