/* SPDX-License-Identifier: MIT */
#ifndef SIO_CORE_INITIAL_H
#define SIO_CORE_INITIAL_H

/* The first message of each session (`initial_message`), where clients take
 * text for an error: with SIO_PARSER_MSGPACK. */

#include "core/objects.h"

/* Have it sent in the form of that parser.  0, SIO_ERR_INVALID (it is no
 * packet, or one with attachments) or SIO_ERR_NOMEM. */
int sio__initial_pack(struct sio_server *server);

#endif
