/* SPDX-License-Identifier: MIT */
/* What is done with all sockets that a target reaches, and the list of
 * rooms. */
#include "core/cluster.h"

#include <sio/rooms.h>

/* Call for one socket.  A target like this needs no memory. */
static void visit_one(struct sio_socket *socket, sio_each_fn fn, void *user)
{
  struct sio__engine *engine = &socket->ns->server->engine;

  sio__engine_enter(engine);
  if (sio__socket_is_live(socket))
    (void)fn(socket, user); /* there is no other to stop before */
  sio__engine_leave(engine);
}

int sio_each(sio_target target, sio_each_fn fn, void *user)
{
  struct sio__recipients to;
  struct sio_server *server;
  bool more = true;
  int rv;

  rv = sio__target_error(&target);
  if (rv != 0)
    return rv;
  if (target.only != NULL) {
    visit_one(target.only, fn, user);
    return 0;
  }
  server = target.ns->server;
  sio__engine_enter(&server->engine);
  rv = sio__recipients_take(&to, &target, NULL);
  if (rv == 0) {
    for (size_t i = 0; more && i < to.n; i++) {
      if (sio__socket_is_live(to.sockets[i]))
        more = fn(to.sockets[i], user);
    }
    sio__recipients_dispose(&to, &server->mem);
  }
  sio__engine_leave(&server->engine);
  return rv;
}

/* ---- All at once ---- */

struct bulk {
  const sio_str *rooms;
  size_t n;
  bool close;
  int error; /* the first one */
};

static bool join_all(sio_socket *socket, void *user)
{
  struct bulk *bulk = user;
  int rv = sio_join_rooms(socket, bulk->rooms, bulk->n);

  /* One that has begun to leave meanwhile is not to be joined any more. */
  if (bulk->error == 0 && rv != SIO_ERR_DISCONNECTED)
    bulk->error = rv;
  return true;
}

static bool leave_all(sio_socket *socket, void *user)
{
  const struct bulk *bulk = user;

  (void)sio_leave_rooms(socket, bulk->rooms, bulk->n); /* it is connected */
  return true;
}

static bool disconnect(sio_socket *socket, void *user)
{
  const struct bulk *bulk = user;

  (void)sio_socket_disconnect(socket, bulk->close); /* or it does so already */
  return true;
}

/* To the sockets of all nodes. */
static int bulk_each(const sio_target *target, sio_operation_type type,
                     sio_each_fn fn, struct bulk *bulk)
{
  sio_operation operation = {.size = sizeof operation,
                             .type = type,
                             .flags = bulk->close ? SIO_OPERATION_CLOSE : 0,
                             .names = bulk->rooms,
                             .n_names = bulk->n};
  struct sio__engine *engine;
  int rv = sio__target_error(target);

  if (rv != 0)
    return rv;
  engine = &target->ns->server->engine;
  sio__engine_enter(engine);
  rv = sio__cluster_tell(target, &operation, NULL);
  if (rv == 0)
    rv = sio_each(*target, fn, bulk);
  sio__engine_leave(engine);
  return rv;
}

int sio_sockets_join(sio_target target, const sio_str *rooms, size_t n)
{
  struct bulk bulk = {.rooms = rooms, .n = n};
  int rv = bulk_each(&target, SIO_OPERATION_JOIN, join_all, &bulk);

  return rv != 0 ? rv : bulk.error;
}

int sio_sockets_leave(sio_target target, const sio_str *rooms, size_t n)
{
  struct bulk bulk = {.rooms = rooms, .n = n};

  return bulk_each(&target, SIO_OPERATION_LEAVE, leave_all, &bulk);
}

int sio_sockets_disconnect(sio_target target, bool close)
{
  struct bulk bulk = {.close = close};

  return bulk_each(&target, SIO_OPERATION_DISCONNECT, disconnect, &bulk);
}

/* ---- Counting ---- */

static bool count_one(struct sio__member *member, void *user)
{
  int64_t *count = user;

  (void)member;
  ++*count;
  return true;
}

int64_t sio_count(sio_target target)
{
  struct sio_ns *ns = NULL;
  struct sio__engine *engine;
  int64_t count = 0;
  int rv = 0;

  rv = sio__target_error(&target);
  if (rv != 0)
    return rv;
  if (target.only != NULL)
    return sio__socket_is_live(target.only) ? 1 : 0;
  engine = &target.ns->server->engine;
  sio__engine_enter(engine);
  while (rv == 0 && (ns = sio__target_next_ns(&target, ns)) != NULL)
    rv = sio__target_each(&target, ns, count_one, &count);
  sio__engine_leave(engine);
  return rv != 0 ? rv : count;
}

void sio_ns_each_room(const sio_ns *ns,
                      bool (*fn)(sio_str room, size_t sockets, void *user),
                      void *user)
{
  sio__rooms_each_room(&ns->rooms, fn, user);
}
