/* SPDX-License-Identifier: MIT */
/* Another server beside the Engine.IO test server: it accepts connections on
 * a port of its own, reads their first bytes, and hands them over. */
#define _POSIX_C_SOURCE 200809L /* <uv.h> wants it */

#include "engine.h"

#include <stdlib.h>
#include <unistd.h>

/* A connection that nothing has been read from yet. */
struct guest {
  uv_tcp_t tcp;
  struct handover *handover;
  struct guest *next;
  struct guest **link; /* what points at this one */
  char bytes[4096];
};

struct handover {
  uv_tcp_t listener;
  struct engine *engine;
  struct guest *guests;
};

static void free_data(uv_handle_t *handle)
{
  free(handle->data);
}

static void dismiss(struct guest *guest)
{
  *guest->link = guest->next;
  if (guest->next != NULL)
    guest->next->link = guest->link;
  uv_close((uv_handle_t *)&guest->tcp, free_data);
}

static void on_alloc(uv_handle_t *handle, size_t size, uv_buf_t *buf)
{
  struct guest *guest = handle->data;

  (void)size;
  *buf = uv_buf_init(guest->bytes, sizeof(guest->bytes));
}

static void report_result(struct engine *engine, int result)
{
  report_begin(engine->report, "handed over");
  report_number(engine->report, "result", result);
  report_finish(engine->report);
}

static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
  struct guest *guest = stream->data;
  sio_span received = {(const uint8_t *)buf->base, 0};
  uv_os_fd_t fd;

  if (n == 0)
    return;
  if (n > 0 && uv_fileno((uv_handle_t *)stream, &fd) == 0) {
    received.len = (size_t)n;
    report_result(
        guest->handover->engine,
        sio_uv_accept_fd(guest->handover->engine->uv, dup(fd), received));
  }
  dismiss(guest);
}

static void on_guest(uv_stream_t *listener, int status)
{
  struct handover *handover = listener->data;
  struct guest *guest = calloc(1, sizeof(*guest));

  if (status != 0 || guest == NULL ||
      uv_tcp_init(handover->engine->loop, &guest->tcp) != 0) {
    free(guest);
    return;
  }
  guest->tcp.data = guest;
  guest->handover = handover;
  guest->next = handover->guests;
  guest->link = &handover->guests;
  if (handover->guests != NULL)
    handover->guests->link = &guest->next;
  handover->guests = guest;
  if (uv_accept(listener, (uv_stream_t *)&guest->tcp) != 0 ||
      uv_read_start((uv_stream_t *)&guest->tcp, on_alloc, on_read) != 0)
    dismiss(guest);
}

int handover_listen(struct engine *engine)
{
  struct handover *handover = calloc(1, sizeof(*handover));
  struct sockaddr_storage storage;
  struct sockaddr_in *address = (struct sockaddr_in *)&storage;
  int len = sizeof(storage);
  int rv;

  if (handover == NULL || uv_tcp_init(engine->loop, &handover->listener) != 0) {
    free(handover);
    return SIO_ERR_NOMEM;
  }
  handover->listener.data = handover;
  handover->engine = engine;
  engine->handover = handover;
  rv = uv_ip4_addr("127.0.0.1", 0, address);
  if (rv == 0)
    rv = uv_tcp_bind(&handover->listener, (struct sockaddr *)&storage, 0);
  if (rv == 0)
    rv = uv_listen((uv_stream_t *)&handover->listener, 16, on_guest);
  if (rv == 0)
    rv = uv_tcp_getsockname(&handover->listener, (struct sockaddr *)&storage,
                            &len);
  return rv == 0 ? ntohs(address->sin_port) : SIO_ERR_IO;
}

void handover_stop(struct engine *engine)
{
  struct handover *handover = engine->handover;

  if (handover == NULL)
    return;
  while (handover->guests != NULL)
    dismiss(handover->guests);
  uv_close((uv_handle_t *)&handover->listener, free_data);
}
