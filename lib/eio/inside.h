/* SPDX-License-Identifier: MIT */
#ifndef SIO_EIO_INSIDE_H
#define SIO_EIO_INSIDE_H

/*
 * Requests under the path, from the head on.
 *
 *   middlewares -> CORS -> bundles -> origin -> verify --+--> GET, POST,
 * upgrade
 *                                                        |
 *     session <- id <- protocol <- websocket's key <- host's decision
 *
 * A handshake that waits for the host's decision keeps its place among the
 * answers of its connection; what arrives behind a websocket's is kept aside.
 */

#include "eio/exchange.h"

/* The head of a request under the path has arrived. */
void sio__inside_request(struct sio_request *request);

/* The host has given up a handshake (REQUEST_HANDSHAKE) without a decision. */
void sio__inside_forgotten(struct sio_request *request);

#endif
