/* SPDX-License-Identifier: MIT */
#ifndef SIO_EIO_BUNDLE_H
#define SIO_EIO_BUNDLE_H

/* Files under the path, served from memory: see <sio/bundle.h>.  What is sent
 * is never copied: responses share the blocks that are kept here. */

#include "eio/exchange.h"
#include <sio/bundle.h>

struct sio__bundle;

/* Serve a file, in place of one of that name.  0, SIO_ERR_INVALID or
 * SIO_ERR_NOMEM. */
int sio__bundle_add(struct sio__engine *engine, const sio_bundle *bundle);

/* Answer a request under the path, of which only the head has been read, if it
 * is for one of the files.  False: it is not. */
bool sio__bundle_serve(struct sio_request *request,
                       const struct sio__http_head *head);

/* Forget all of them; before the chunks of the engine. */
void sio__bundles_dispose(struct sio__engine *engine);

#endif
