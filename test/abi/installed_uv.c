/* SPDX-License-Identifier: MIT */
/* A program that has nothing of libsio-uv but what is installed: it listens,
 * closes, and must be called back. */
#include <sio.h>
#include <sio/uv.h>

#include <stdio.h>
#include <uv.h>

static void on_closed(sio_uv *uv, void *user)
{
  (void)uv;
  *(bool *)user = true;
}

int main(void)
{
  uv_loop_t *loop = uv_default_loop();
  sio_server *server = sio_server_new(NULL);
  sio_uv *uv = server != NULL ? sio_uv_new(loop, server) : NULL;
  bool closed = false;

  if (uv == NULL)
    return 1;
  if (sio_uv_listen(uv, "127.0.0.1", 0) <= 0) {
    fprintf(stderr, "%s\n", sio_uv_error(uv));
    return 1;
  }
  sio_uv_close(uv, on_closed, &closed);
  uv_run(loop, UV_RUN_DEFAULT);
  sio_server_free(server);
  return closed && uv_loop_close(loop) == 0 ? 0 : 1;
}
