/* SPDX-License-Identifier: MIT */
/* The libuv adapter: its beginning and end, and what it does every turn. */
#include "uv/adapter.h"

#include <signal.h>
#include <stdarg.h>
#include <stdio.h>

void *sio__uv_alloc(struct sio_uv *uv, size_t size)
{
  void *memory = uv->mem->alloc(size, uv->mem->user_data);

  if (memory != NULL)
    memset(memory, 0, size);
  return memory;
}

void sio__uv_free(struct sio_uv *uv, void *memory, size_t size)
{
  uv->mem->free(memory, size, uv->mem->user_data);
}

int sio__uv_fail(struct sio_uv *uv, int rv, const char *format, ...)
{
  va_list args;

  va_start(args, format);
  vsnprintf(uv->error, sizeof uv->error, format, args);
  va_end(args);
  return rv;
}

const char *sio_uv_error(const sio_uv *uv)
{
  return uv->error;
}

/* ---- Every turn ---- */

static void tell_unix_time(struct sio_uv *uv, uint64_t now)
{
  enum { INTERVAL_MS = 1000 };
  uv_timeval64_t wall;

  if (uv->unix_time_at != 0 && now - uv->unix_time_at < INTERVAL_MS)
    return;
  uv->unix_time_at = now;
  if (uv_gettimeofday(&wall) == 0)
    sio_server_set_unix_time(uv->server, (uint64_t)wall.tv_sec * 1000 +
                                             (uint64_t)wall.tv_usec / 1000);
}

void sio__uv_tick(struct sio_uv *uv)
{
  uint64_t now = uv_now(uv->loop);

  if (now == uv->told_now)
    return;
  uv->told_now = now;
  sio_server_expire(uv->server, now);
  tell_unix_time(uv, now);
}

static void on_timer(uv_timer_t *timer)
{
  struct sio_uv *uv = timer->data;

  uv->timer_at = SIO_NEVER;
  uv->told_now = SIO_NEVER; /* something is due, maybe since this very ms */
  sio__uv_tick(uv);
}

static void arm_timer(struct sio_uv *uv)
{
  uint64_t deadline = sio_server_deadline(uv->server);
  uint64_t now = uv_now(uv->loop);

  if (deadline == uv->timer_at)
    return;
  uv->timer_at = deadline;
  if (deadline == SIO_NEVER)
    uv_timer_stop(&uv->timer);
  else /* cannot fail: the handle is not closing */
    (void)uv_timer_start(&uv->timer, on_timer,
                         deadline > now ? deadline - now : 0, 0);
}

static void on_prepare(uv_prepare_t *prepare)
{
  struct sio_uv *uv = prepare->data;

  sio__uv_accept_starving(uv);
  sio__uv_flush_ready(uv);
  arm_timer(uv);
}

static void on_check(uv_check_t *check)
{
  sio__uv_flush_ready(check->data);
}

static void on_wake(uv_async_t *wake)
{
  struct sio_uv *uv = wake->data;

  sio__uv_tick(uv);
  sio__uv_run_posts(uv);
}

/* ---- Beginning ---- */

/* libuv writes in a way that raises SIGPIPE when the peer has gone, and its
 * default is to end the process.  A host's own choice is left alone. */
static void survive_broken_pipes(void)
{
  struct sigaction action;

  if (sigaction(SIGPIPE, NULL, &action) != 0 || action.sa_handler != SIG_DFL)
    return;
  action.sa_handler = SIG_IGN;
  (void)sigaction(SIGPIPE, &action, NULL); /* cannot fail with this signal */
}

sio_uv *sio_uv_new(struct uv_loop_s *loop, sio_server *server)
{
  const sio_allocator *mem;
  struct sio_uv *uv;

  if (server == NULL)
    return NULL;
  mem = sio_server_allocator(server);
  uv = mem->alloc(sizeof *uv, mem->user_data);
  if (uv == NULL)
    return NULL;
  memset(uv, 0, offsetof(struct sio_uv, inbox));
  survive_broken_pipes();
  uv->loop = loop;
  uv->server = server;
  uv->mem = mem;
  uv->timer_at = uv->told_now = SIO_NEVER;
  sio__list_init(&uv->streams);
  sio__list_init(&uv->ready);
  sio__list_init(&uv->listeners);
  if (sio__uv_posts_init(uv) != 0)
    goto fail_memory;
  if (uv_async_init(loop, &uv->wake, on_wake) != 0)
    goto fail_posts;
  /* These cannot fail.  They do not keep the loop alive: listeners and
   * connections do. */
  (void)uv_prepare_init(loop, &uv->prepare);
  (void)uv_check_init(loop, &uv->check);
  (void)uv_timer_init(loop, &uv->timer);
  (void)uv_prepare_start(&uv->prepare, on_prepare);
  (void)uv_check_start(&uv->check, on_check);
  uv->open_handles = 4;
  uv->prepare.data = uv->check.data = uv->timer.data = uv->wake.data = uv;
  uv_unref((uv_handle_t *)&uv->prepare);
  uv_unref((uv_handle_t *)&uv->check);
  uv_unref((uv_handle_t *)&uv->timer);
  uv_unref((uv_handle_t *)&uv->wake);
  sio_server_on_ready(server, sio__uv_on_ready, uv);
  sio__uv_tick(uv);
  return uv;

fail_posts:
  sio__uv_posts_dispose(uv);
fail_memory:
  mem->free(uv, sizeof *uv, mem->user_data);
  return NULL;
}

/* ---- End ---- */

static void on_handle_closed(uv_handle_t *handle)
{
  struct sio_uv *uv = handle->data;
  sio_uv_closed_fn done = uv->on_closed;

  if (--uv->open_handles > 0)
    return;
  sio__uv_free_writes(uv);
  sio__uv_posts_dispose(uv);
  if (done != NULL)
    done(uv, uv->on_closed_user);
  /* The server, and its allocator with it, may be gone now: the memory is
   * given back through a copy taken before. */
  uv->closing_mem.free(uv, sizeof *uv, uv->closing_mem.user_data);
}

void sio__uv_check_closed(struct sio_uv *uv)
{
  if (!uv->closing || uv->finishing || uv->busy_files > 0 ||
      !sio__list_is_empty(&uv->streams) || !sio__list_is_empty(&uv->listeners))
    return;
  uv->finishing = true;
  sio_server_on_ready(uv->server, NULL, NULL);
  uv->closing_mem = *uv->mem;
  uv_close((uv_handle_t *)&uv->prepare, on_handle_closed);
  uv_close((uv_handle_t *)&uv->check, on_handle_closed);
  uv_close((uv_handle_t *)&uv->timer, on_handle_closed);
  uv_close((uv_handle_t *)&uv->wake, on_handle_closed);
}

void sio_uv_close(sio_uv *uv, sio_uv_closed_fn done, void *user)
{
  if (uv->closing)
    return;
  sio__uv_stop_posts(uv);
  sio__uv_run_posts(uv);
  uv->closing = true;
  uv->on_closed = done;
  uv->on_closed_user = user;
  sio__uv_close_listeners(uv);
  /* A server that is closing already ends its connections all the same. */
  (void)sio_server_close(uv->server, NULL, NULL);
  sio__uv_check_closed(uv);
}

static void on_drained(sio_server *server, void *user)
{
  struct sio_uv *uv = user;

  (void)server;
  sio_uv_close(uv, uv->on_closed, uv->on_closed_user);
}

int sio_uv_drain(sio_uv *uv, const sio_drain_options *options,
                 sio_uv_closed_fn done, void *user)
{
  int rv;

  if (uv->closing)
    return sio__uv_fail(uv, SIO_ERR_CLOSED, "the adapter is closing");
  if (sio_server_is_closing(uv->server))
    return SIO_ERR_STATE;
  uv->on_closed = done;
  uv->on_closed_user = user;
  rv = sio_server_drain(uv->server, options, on_drained, uv);
  if (rv != 0)
    uv->on_closed = NULL;
  return rv;
}
