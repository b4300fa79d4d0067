/* SPDX-License-Identifier: MIT */
/* One connection: reading into the server, writing what it shows. */
#include "uv/adapter.h"

#include <unistd.h>

struct sio__uv_stream {
  struct sio__list link;  /* in uv->streams */
  struct sio__list ready; /* in uv->ready, or in none */
  struct sio_uv *uv;
  sio_conn *conn;
  int error;    /* why it is being closed, if writing failed */
  bool writing; /* the kernel has not taken everything yet */
  bool ended;   /* the peer has shut down its side; some output is left */
  bool shut;    /* our side is shut down, the peer's is not */
  bool closing;
  uint8_t *received; /* what was read elsewhere, until it is fed; or NULL */
  size_t n_received;
  size_t size; /* of this allocation */
  union {
    uv_handle_t handle;
    uv_stream_t stream;
    uv_tcp_t tcp;
  } as; /* a uv_pipe_t may be larger: see new_stream() */
};

static void flush(struct sio__uv_stream *s);

/* ---- End ---- */

static void forget_received(struct sio__uv_stream *s)
{
  if (s->received != NULL)
    sio__uv_free(s->uv, s->received, s->n_received);
  s->received = NULL;
}

static void on_closed(uv_handle_t *handle)
{
  struct sio__uv_stream *s = handle->data;
  struct sio_uv *uv = s->uv;

  if (s->conn != NULL)
    sio_conn_closed(s->conn, s->error);
  forget_received(s);
  sio__list_remove(&s->link);
  sio__list_remove(&s->ready);
  sio__uv_free(uv, s, s->size);
  sio__uv_check_closed(uv);
}

static void close_stream(struct sio__uv_stream *s, int error)
{
  if (s->closing)
    return;
  s->closing = true;
  s->error = error;
  uv_close(&s->as.handle, on_closed);
}

/* ---- What was read elsewhere ---- */

static bool keep_received(struct sio__uv_stream *s, sio_span received)
{
  if (received.len == 0)
    return true;
  s->received = sio__uv_alloc(s->uv, received.len);
  if (s->received == NULL)
    return false;
  memcpy(s->received, received.data, received.len);
  s->n_received = received.len;
  return true;
}

/* Before anything else is read: the loop prepares each time before it polls,
 * and whoever passed the descriptor is not on the stack any more. */
static void feed_received(struct sio__uv_stream *s)
{
  sio__uv_tick(s->uv);
  (void)sio_conn_feed(s->conn, s->received, s->n_received); /* as on_read() */
  forget_received(s);
}

/* ---- Writing ---- */

static struct sio__uv_pending_write *new_write(struct sio_uv *uv)
{
  struct sio__uv_pending_write *w = uv->free_writes;

  if (w == NULL)
    return sio__uv_alloc(uv, sizeof *w);
  uv->free_writes = w->next_free;
  uv->n_free_writes--;
  return w;
}

static void free_write(struct sio_uv *uv, struct sio__uv_pending_write *w)
{
  if (uv->n_free_writes == UV_KEPT_WRITES) {
    sio__uv_free(uv, w, sizeof *w);
    return;
  }
  w->next_free = uv->free_writes;
  uv->free_writes = w;
  uv->n_free_writes++;
}

void sio__uv_free_writes(struct sio_uv *uv)
{
  struct sio__uv_pending_write *w;

  while ((w = uv->free_writes) != NULL) {
    uv->free_writes = w->next_free;
    sio__uv_free(uv, w, sizeof *w);
  }
}

static void on_written(uv_write_t *request, int status)
{
  struct sio__uv_pending_write *w = (struct sio__uv_pending_write *)request;
  struct sio__uv_stream *s = request->handle->data;
  size_t len = w->len;

  free_write(s->uv, w);
  s->writing = false;
  if (s->closing)
    return;
  if (status < 0) {
    close_stream(s, status);
    return;
  }
  sio_conn_sent(s->conn, len);
  flush(s);
}

/* Leave the rest to the loop. */
static void write_later(struct sio__uv_stream *s, const uv_buf_t *bufs,
                        unsigned n)
{
  struct sio__uv_pending_write *w = new_write(s->uv);
  int rv;

  if (w == NULL) {
    close_stream(s, SIO_ERR_NOMEM);
    return;
  }
  w->len = 0;
  for (unsigned i = 0; i < n; i++)
    w->len += bufs[i].len;
  rv = uv_write(&w->request, &s->as.stream, bufs, n, on_written);
  if (rv != 0) {
    free_write(s->uv, w);
    close_stream(s, rv);
    return;
  }
  s->writing = true;
}

static unsigned show(struct sio__uv_stream *s, uv_buf_t *bufs, size_t *total)
{
  sio_span spans[UV_MAX_SPANS];
  size_t n = sio_conn_output(s->conn, spans, UV_MAX_SPANS);

  *total = 0;
  for (size_t i = 0; i < n; i++) {
    bufs[i].base = (char *)(uintptr_t)spans[i].data; /* only read from */
    bufs[i].len = spans[i].len;
    *total += spans[i].len;
  }
  return (unsigned)n;
}

/* Write what there is.  False: the rest has to wait, or it has failed. */
static bool write_now(struct sio__uv_stream *s)
{
  uv_buf_t bufs[UV_MAX_SPANS];
  size_t total;
  unsigned n;

  while ((n = show(s, bufs, &total)) > 0) {
    int rv = uv_try_write(&s->as.stream, bufs, n);

    if (rv == UV_EAGAIN) {
      write_later(s, bufs, n);
      return false;
    }
    if (rv < 0) {
      close_stream(s, rv);
      return false;
    }
    sio_conn_sent(s->conn, (size_t)rv);
  }
  return true;
}

static void on_shut(uv_shutdown_t *request, int status)
{
  struct sio__uv_stream *s = request->handle->data;
  struct sio_uv *uv = s->uv;

  sio__uv_free(uv, request, sizeof *request);
  if (status < 0 && !s->closing)
    close_stream(s, 0);
}

/* Say that we are done; what the peer still sends is thrown away. */
static void shut(struct sio__uv_stream *s)
{
  uv_shutdown_t *request;

  if (s->shut)
    return;
  s->shut = true;
  request = sio__uv_alloc(s->uv, sizeof *request);
  if (request == NULL) {
    close_stream(s, 0);
  } else if (uv_shutdown(request, &s->as.stream, on_shut) != 0) {
    sio__uv_free(s->uv, request, sizeof *request);
    close_stream(s, 0);
  }
}

static void flush(struct sio__uv_stream *s)
{
  if (s->closing)
    return;
  if (s->received != NULL)
    feed_received(s);
  if (sio_conn_wants_close(s->conn) == SIO_CLOSE_NOW &&
      sio_conn_pending(s->conn) == 0) {
    close_stream(s, 0);
    return;
  }
  if (s->writing || !write_now(s))
    return;
  if (s->ended) {
    close_stream(s, 0);
    return;
  }
  switch (sio_conn_wants_close(s->conn)) {
  case SIO_CLOSE_NO:
    break;
  case SIO_CLOSE_NOW:
    close_stream(s, 0);
    break;
  case SIO_CLOSE_LINGER:
    shut(s);
    break;
  }
}

void sio__uv_on_ready(sio_conn *conn, void *conn_user, void *user)
{
  struct sio__uv_stream *s = conn_user;
  struct sio_uv *uv = user;

  (void)conn;
  if (sio__list_is_empty(&s->ready))
    sio__list_insert(&uv->ready, &s->ready);
}

void sio__uv_flush_ready(struct sio_uv *uv)
{
  struct sio__list *link;

  while ((link = sio__list_take(&uv->ready)) != NULL)
    flush(SIO__CONTAINER(link, struct sio__uv_stream, ready));
}

/* ---- Reading ---- */

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buf)
{
  const struct sio__uv_stream *s = handle->data;

  (void)suggested;
  *buf = uv_buf_init((char *)s->uv->inbox, UV_INBOX_SIZE);
}

static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
  struct sio__uv_stream *s = stream->data;

  (void)buf;
  if (n == 0 || s->closing)
    return;
  if (n == UV_EOF && sio_conn_pending(s->conn) > 0) {
    /* It may still read: let it have the rest of the answer. */
    s->ended = true;
    (void)uv_read_stop(stream); /* cannot fail */
    flush(s);
    return;
  }
  if (n < 0) {
    close_stream(s, 0);
    return;
  }
  sio__uv_tick(s->uv);
  /* Not an error here: what arrives after the end is thrown away. */
  (void)sio_conn_feed(s->conn, s->uv->inbox, (size_t)n);
}

/* ---- Beginning ---- */

static void peer_address(struct sio__uv_stream *s, char *out, size_t size)
{
  struct sockaddr_storage storage;
  int len = sizeof storage;

  out[0] = '\0';
  if (s->as.handle.type != UV_TCP ||
      uv_tcp_getpeername(&s->as.tcp, (struct sockaddr *)&storage, &len) != 0)
    return;
  if (uv_ip_name((struct sockaddr *)&storage, out, size) != 0)
    out[0] = '\0';
}

static struct sio__uv_stream *new_stream(struct sio_uv *uv, uv_handle_type type)
{
  size_t handle_size = type == UV_TCP ? sizeof(uv_tcp_t) : sizeof(uv_pipe_t);
  size_t size = offsetof(struct sio__uv_stream, as) + handle_size;
  struct sio__uv_stream *s;

  if (size < sizeof *s)
    size = sizeof *s;
  s = sio__uv_alloc(uv, size);
  if (s == NULL)
    return NULL;
  s->size = size;
  s->uv = uv;
  sio__list_init(&s->ready);
  sio__list_insert(&uv->streams, &s->link);
  /* Neither can fail without flags. */
  if (type == UV_TCP)
    (void)uv_tcp_init(uv->loop, &s->as.tcp);
  else
    (void)uv_pipe_init(uv->loop, (uv_pipe_t *)&s->as, 0);
  s->as.handle.data = s;
  return s;
}

/* The stream is connected: let the server have it. */
static int serve(struct sio__uv_stream *s, sio_tls_config *tls, bool proxied)
{
  char address[64];
  sio_peer peer;
  int rv;

  sio__uv_tick(s->uv);
  if (s->as.handle.type == UV_TCP)
    (void)uv_tcp_nodelay(&s->as.tcp, 1); /* slower at worst */
  peer_address(s, address, sizeof address);
  sio_peer_init(&peer);
  peer.address = address;
  peer.tls = tls;
  peer.proxied = proxied;
  rv = sio_conn_open(s->uv->server, &peer, s, &s->conn);
  if (rv == 0 && uv_read_start(&s->as.stream, on_alloc, on_read) != 0)
    rv = SIO_ERR_IO;
  return rv;
}

bool sio__uv_accept(struct sio_uv *uv, uv_stream_t *listener,
                    sio_tls_config *tls, bool proxied)
{
  struct sio__uv_stream *s = new_stream(uv, listener->type);

  if (s == NULL)
    return false;
  if (uv_accept(listener, &s->as.stream) != 0 || serve(s, tls, proxied) != 0)
    close_stream(s, 0);
  return true;
}

/* Take a descriptor over; `*owned` says whether a stream has it now. */
static int adopt(struct sio_uv *uv, int fd, sio_span received,
                 sio_tls_config *tls, bool *owned)
{
  uv_handle_type type = uv_guess_handle(fd);
  struct sio__uv_stream *s;
  int rv;

  if (uv->closing)
    return sio__uv_fail(uv, SIO_ERR_CLOSED, "the adapter is closing");
  if (type != UV_TCP && type != UV_NAMED_PIPE)
    return sio__uv_fail(uv, SIO_ERR_IO, "descriptor %d is no stream socket",
                        fd);
  s = new_stream(uv, type);
  if (s == NULL || !keep_received(s, received)) {
    if (s != NULL)
      close_stream(s, 0);
    return sio__uv_fail(uv, SIO_ERR_NOMEM, "out of memory");
  }
  rv = type == UV_TCP ? uv_tcp_open(&s->as.tcp, fd)
                      : uv_pipe_open((uv_pipe_t *)&s->as, fd);
  *owned = rv == 0;
  rv = rv == 0 ? serve(s, tls, false)
               : sio__uv_fail(uv, SIO_ERR_IO, "descriptor %d: %s", fd,
                              uv_strerror(rv));
  if (rv != 0)
    close_stream(s, 0);
  else if (s->received != NULL)
    sio__uv_on_ready(s->conn, s, uv);
  return rv;
}

static int accept_fd(struct sio_uv *uv, int fd, sio_span received,
                     sio_tls_config *tls)
{
  bool owned = false;
  int rv = adopt(uv, fd, received, tls, &owned);

  if (!owned)
    (void)close(fd); /* nothing was written to it here */
  return rv;
}

int sio_uv_accept_fd(sio_uv *uv, int fd, sio_span received)
{
  return accept_fd(uv, fd, received, NULL);
}

int sio_uv_accept_fd_tls(sio_uv *uv, int fd, sio_span received,
                         sio_tls_config *config)
{
  if (config != NULL)
    return accept_fd(uv, fd, received, config);
  (void)close(fd); /* nothing was written to it here */
  return sio__uv_fail(uv, SIO_ERR_INVALID, "there is no configuration");
}
