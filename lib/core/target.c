/* SPDX-License-Identifier: MIT */
/* Targets: who gets an event. */
#include "core/selection.h"

#include "core/guard.h"

static sio_target make(sio_ns *ns, sio_socket *only)
{
  sio_target target;

  memset(&target, 0, sizeof target);
  target.ns = ns;
  target.only = only;
  if (ns == NULL)
    target.error = SIO_ERR_INVALID;
  return target;
}

static sio_str own_id(const sio_socket *socket)
{
  return sio__member_id(&socket->member);
}

sio_target sio_only(sio_socket *socket)
{
  return make(socket != NULL ? socket->ns : NULL, socket);
}

sio_target sio_everyone(sio_ns *ns)
{
  return make(ns, NULL);
}

sio_target sio_others(sio_socket *socket)
{
  if (socket == NULL)
    return make(NULL, NULL);
  return sio_except(make(socket->ns, NULL), own_id(socket));
}

sio_target sio_in(sio_ns *ns, sio_str room)
{
  return sio_and(make(ns, NULL), room);
}

sio_target sio_user(sio_ns *ns, sio_str user_id)
{
  sio_target target = sio_in(ns, user_id);
  const struct sio_auth *auth = ns != NULL ? sio__guard_of(ns) : NULL;

  if (ns != NULL && (auth == NULL || auth->options.user_room[0] == '\0'))
    target.error = SIO_ERR_STATE;
  target.flags |= TARGET_USER;
  return target;
}

sio_target sio_to(sio_socket *socket, sio_str room)
{
  return sio_and(sio_others(socket), room);
}

sio_target sio_and(sio_target target, sio_str room)
{
  if (target.n_rooms == SIO_TARGET_ROOMS)
    target.error = SIO_ERR_LIMIT;
  else
    target.rooms[target.n_rooms++] = room;
  return target;
}

sio_target sio_except(sio_target target, sio_str room)
{
  if (target.n_except == SIO_TARGET_ROOMS)
    target.error = SIO_ERR_LIMIT;
  else
    target.except[target.n_except++] = room;
  return target;
}

sio_target sio_and_rooms(sio_target target, const sio_str *rooms, size_t n)
{
  if (n == 0)
    return target;
  if (target.n_more_rooms > 0)
    target.error = SIO_ERR_LIMIT;
  target.more_rooms = rooms;
  target.n_more_rooms = n;
  return target;
}

sio_target sio_except_rooms(sio_target target, const sio_str *rooms, size_t n)
{
  if (n == 0)
    return target;
  if (target.n_more_except > 0)
    target.error = SIO_ERR_LIMIT;
  target.more_except = rooms;
  target.n_more_except = n;
  return target;
}

sio_target sio_with_ack(sio_target target, uint64_t timeout_ms,
                        sio_response_fn fn, void *user)
{
  if (fn == NULL || target.only == NULL)
    target.error = SIO_ERR_INVALID;
  target.response = fn;
  target.response_user = user;
  target.done = NULL;
  target.timeout_ms = timeout_ms;
  return target;
}

sio_target sio_with_acks(sio_target target, uint64_t timeout_ms,
                         sio_response_fn each, sio_done_fn done, void *user)
{
  if (done == NULL || timeout_ms == 0 || timeout_ms > UINT32_MAX)
    target.error = SIO_ERR_INVALID;
  target.response = each;
  target.response_user = user;
  target.done = done;
  target.timeout_ms = timeout_ms;
  return target;
}

sio_target sio_volatile(sio_target target)
{
  target.flags |= TARGET_VOLATILE;
  return target;
}

sio_target sio_uncompressed(sio_target target)
{
  target.flags |= TARGET_UNCOMPRESSED;
  return target;
}

sio_target sio_local(sio_target target)
{
  target.flags |= TARGET_LOCAL;
  return target;
}
