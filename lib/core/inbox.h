/* SPDX-License-Identifier: MIT */
#ifndef SIO_CORE_INBOX_H
#define SIO_CORE_INBOX_H

/* JSON values of another node, with attachments: copied and checked, for the
 * other node may be of any make. */

#include "core/objects.h"

struct sio__inbox {
  struct sio__buf text; /* the server's, as long as this is open */
  struct sio_args args;
};

/* 0, SIO_ERR_INVALID (spans that are nowhere), SIO_ERR_LIMIT
 * (`max_attachments`), SIO_ERR_JSON, SIO_ERR_RANGE (placeholders) or
 * SIO_ERR_NOMEM; only after 0 it has to be closed. */
int sio__inbox_open(struct sio__inbox *inbox, struct sio_server *server,
                    sio_str data, const sio_span *attachments, size_t n);
void sio__inbox_close(struct sio__inbox *inbox, struct sio_server *server);

#endif
