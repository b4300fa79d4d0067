/* SPDX-License-Identifier: MIT */
/* Work from other threads. */
#include "uv/adapter.h"

#include <stdlib.h>

/* Its memory comes from malloc: the host's allocator need not be fit for
 * other threads. */
struct sio__uv_post {
  struct sio__uv_post *next;
  sio_post_fn fn;
  void *arg;
};

int sio__uv_posts_init(struct sio_uv *uv)
{
  uv->posts_refused = uv_mutex_init(&uv->post_lock) != 0;
  return uv->posts_refused ? SIO_ERR_NOMEM : 0;
}

int sio_uv_post(sio_uv *uv, sio_post_fn fn, void *arg)
{
  struct sio__uv_post *post = malloc(sizeof *post);
  bool refused;

  if (post == NULL)
    return SIO_ERR_NOMEM;
  post->next = NULL;
  post->fn = fn;
  post->arg = arg;
  uv_mutex_lock(&uv->post_lock);
  refused = uv->posts_refused;
  if (!refused) {
    if (uv->last_post != NULL)
      uv->last_post->next = post;
    else
      uv->first_post = post;
    uv->last_post = post;
    /* Under the lock, so that the handle is not closed meanwhile. */
    (void)uv_async_send(&uv->wake);
  }
  uv_mutex_unlock(&uv->post_lock);
  if (refused)
    free(post);
  return refused ? SIO_ERR_CLOSED : 0;
}

static struct sio__uv_post *take_first(struct sio_uv *uv)
{
  struct sio__uv_post *post;

  uv_mutex_lock(&uv->post_lock);
  post = uv->first_post;
  if (post != NULL) {
    uv->first_post = post->next;
    if (uv->first_post == NULL)
      uv->last_post = NULL;
  }
  uv_mutex_unlock(&uv->post_lock);
  return post;
}

void sio__uv_run_posts(struct sio_uv *uv)
{
  struct sio__uv_post *post;

  /* One at a time, so that one that closes the adapter has the rest run in
   * their order. */
  while ((post = take_first(uv)) != NULL) {
    post->fn(uv->server, post->arg);
    free(post);
  }
}

void sio__uv_stop_posts(struct sio_uv *uv)
{
  uv_mutex_lock(&uv->post_lock);
  uv->posts_refused = true;
  uv_mutex_unlock(&uv->post_lock);
}

void sio__uv_posts_dispose(struct sio_uv *uv)
{
  uv_mutex_destroy(&uv->post_lock);
}
