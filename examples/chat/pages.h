/* SPDX-License-Identifier: MIT */
#ifndef CHAT_PAGES_H
#define CHAT_PAGES_H

/*
 * Serving the page: what is in its folder, and the browsers' part of Socket.IO,
 * which npm has put next to it.
 */

#include <sio/uv.h>

struct pages;

/*
 * Answer all requests outside the Socket.IO path from the folder `dir`, which
 * is borrowed.
 *
 * The caller owns the result and ends it with pages_free() after the adapter
 * has closed.  NULL: a file is missing, which has been told on stderr.
 */
struct pages *pages_new(sio_server *server, sio_uv *uv, const char *dir);

void pages_free(struct pages *pages);

#endif
