/* SPDX-License-Identifier: MIT */
#ifndef HUB_H
#define HUB_H

/*
 * An adapter for servers of one thread: what one publishes the others get at
 * once, by a function call.
 *
 * Servers of several threads need the same with a queue for each of them: copy
 * the operation, hand it over by sio_uv_post(), and receive it there.
 */

#include <sio.h>

enum { HUB_MAX = 8 };

struct hub;

/* One server's part in it: the `user` of its adapter. */
struct hub_node {
  struct hub *hub;
  sio_server *server; /* NULL: free */
};

struct hub {
  struct hub_node nodes[HUB_MAX];
};

void hub_init(struct hub *hub);

/* 0 or an error.  A server leaves by sio_server_set_adapter(server, NULL,
 * NULL), or when it is freed. */
int hub_add(struct hub *hub, sio_server *server);

#endif
