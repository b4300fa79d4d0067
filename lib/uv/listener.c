/* SPDX-License-Identifier: MIT */
/* Listening: TCP and Unix sockets. */
#include "uv/adapter.h"

#include <errno.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum { BACKLOG = 4096 };

struct sio__uv_listener {
  struct sio__list link; /* in uv->listeners */
  struct sio_uv *uv;
  sio_tls_config *tls; /* a reference; NULL: plain */
  int port;            /* TCP */
  bool proxied;        /* PROXY headers come first */
  bool starving;       /* a connection waits: there was no memory for it */
  union {
    uv_handle_t handle;
    uv_stream_t stream;
    uv_tcp_t tcp;
    uv_pipe_t pipe;
  } as;
};

static void on_closed(uv_handle_t *handle)
{
  struct sio__uv_listener *l = handle->data;
  struct sio_uv *uv = l->uv;

  sio__list_remove(&l->link);
  sio_tls_config_release(l->tls);
  sio__uv_free(uv, l, sizeof *l);
  sio__uv_check_closed(uv);
}

static void close_listener(struct sio__uv_listener *l)
{
  if (!uv_is_closing(&l->as.handle))
    uv_close(&l->as.handle, on_closed);
}

void sio__uv_close_listeners(struct sio_uv *uv)
{
  struct sio__list *link;

  for (link = uv->listeners.next; link != &uv->listeners; link = link->next)
    close_listener(SIO__CONTAINER(link, struct sio__uv_listener, link));
}

static void on_connection(uv_stream_t *stream, int status)
{
  struct sio__uv_listener *l = stream->data;

  if (status == 0)
    l->starving = !sio__uv_accept(l->uv, stream, l->tls, l->proxied);
}

void sio__uv_accept_starving(struct sio_uv *uv)
{
  struct sio__list *link;

  for (link = uv->listeners.next; link != &uv->listeners; link = link->next) {
    struct sio__uv_listener *l =
        SIO__CONTAINER(link, struct sio__uv_listener, link);

    if (l->starving && !uv_is_closing(&l->as.handle))
      l->starving = !sio__uv_accept(uv, &l->as.stream, l->tls, l->proxied);
  }
}

static struct sio__uv_listener *new_listener(struct sio_uv *uv, bool tcp)
{
  struct sio__uv_listener *l = sio__uv_alloc(uv, sizeof *l);

  if (l == NULL)
    return NULL;
  l->uv = uv;
  l->proxied = uv->proxied;
  /* Neither can fail without flags. */
  if (tcp)
    (void)uv_tcp_init(uv->loop, &l->as.tcp);
  else
    (void)uv_pipe_init(uv->loop, &l->as.pipe, 0);
  l->as.handle.data = l;
  sio__list_insert(&uv->listeners, &l->link);
  return l;
}

static int code_of(int rv)
{
  switch (rv) {
  case UV_EADDRINUSE:
    return SIO_ERR_IN_USE;
  case UV_EADDRNOTAVAIL:
  case UV_EAFNOSUPPORT:
  case UV_EACCES:
  case UV_EINVAL:
    return SIO_ERR_ADDRESS;
  case UV_ENOMEM:
    return SIO_ERR_NOMEM;
  default:
    return SIO_ERR_IO;
  }
}

/* ---- TCP ---- */

/* Bind and listen; a port, or an error of libuv. */
static int listen_tcp(struct sio__uv_listener *l,
                      const struct sockaddr *address)
{
  struct sockaddr_storage bound;
  int len = sizeof bound, rv;

  rv = uv_tcp_bind(&l->as.tcp, address, 0);
  if (rv == 0)
    rv = uv_listen(&l->as.stream, BACKLOG, on_connection);
  if (rv == 0)
    rv = uv_tcp_getsockname(&l->as.tcp, (struct sockaddr *)&bound, &len);
  if (rv != 0)
    return rv;
  return bound.ss_family == AF_INET6
             ? ntohs(((struct sockaddr_in6 *)&bound)->sin6_port)
             : ntohs(((struct sockaddr_in *)&bound)->sin_port);
}

/* Numeric addresses, and names that the system knows. */
static int resolve(struct sio_uv *uv, const char *address, int port,
                   struct sockaddr_storage *out)
{
  uv_getaddrinfo_t request;
  struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
  int rv;

  if (uv_ip4_addr(address, port, (struct sockaddr_in *)out) == 0 ||
      uv_ip6_addr(address, port, (struct sockaddr_in6 *)out) == 0)
    return 0;
  rv = uv_getaddrinfo(uv->loop, &request, NULL, address, NULL, &hints);
  if (rv != 0)
    return rv;
  memcpy(out, request.addrinfo->ai_addr, request.addrinfo->ai_addrlen);
  if (out->ss_family == AF_INET6)
    ((struct sockaddr_in6 *)out)->sin6_port = htons((uint16_t)port);
  else
    ((struct sockaddr_in *)out)->sin_port = htons((uint16_t)port);
  uv_freeaddrinfo(request.addrinfo);
  return 0;
}

static int listen_on(struct sio_uv *uv, const char *address, int port,
                     sio_tls_config *tls)
{
  struct sockaddr_storage storage = {0};
  struct sio__uv_listener *l;
  int rv = resolve(uv, address, port, &storage);

  if (rv != 0)
    return rv;
  l = new_listener(uv, true);
  if (l == NULL)
    return UV_ENOMEM;
  if (tls != NULL)
    l->tls = sio_tls_config_retain(tls);
  rv = listen_tcp(l, (struct sockaddr *)&storage);
  if (rv < 0)
    close_listener(l);
  else
    l->port = rv;
  return rv;
}

static int listen_at(struct sio_uv *uv, const char *address, int port,
                     sio_tls_config *tls)
{
  int rv;

  if (port < 0 || port > 65535)
    return sio__uv_fail(uv, SIO_ERR_ADDRESS, "%d is no port", port);
  if (uv->closing)
    return sio__uv_fail(uv, SIO_ERR_CLOSED, "the adapter is closing");
  rv = listen_on(uv, address != NULL ? address : "::", port, tls);
  if (address == NULL && (rv == UV_EAFNOSUPPORT || rv == UV_EADDRNOTAVAIL))
    rv = listen_on(uv, "0.0.0.0", port, tls);
  if (rv < 0)
    return sio__uv_fail(uv, code_of(rv), "cannot listen on %s port %d: %s",
                        address != NULL ? address : "any address", port,
                        uv_strerror(rv));
  return rv;
}

int sio_uv_listen(sio_uv *uv, const char *address, int port)
{
  return listen_at(uv, address, port, NULL);
}

int sio_uv_listen_tls(sio_uv *uv, const char *address, int port,
                      sio_tls_config *config)
{
  if (config == NULL)
    return sio__uv_fail(uv, SIO_ERR_INVALID, "there is no configuration");
  return listen_at(uv, address, port, config);
}

void sio_uv_expect_proxy(sio_uv *uv, bool expect)
{
  uv->proxied = expect;
}

int sio_uv_set_tls(sio_uv *uv, int port, sio_tls_config *config)
{
  struct sio__list *link;
  bool found = false;

  if (config == NULL)
    return sio__uv_fail(uv, SIO_ERR_INVALID, "there is no configuration");
  if (uv->closing)
    return sio__uv_fail(uv, SIO_ERR_CLOSED, "the adapter is closing");
  for (link = uv->listeners.next; link != &uv->listeners; link = link->next) {
    struct sio__uv_listener *l =
        SIO__CONTAINER(link, struct sio__uv_listener, link);

    if (l->tls == NULL || l->port != port || uv_is_closing(&l->as.handle))
      continue;
    (void)sio_tls_config_retain(config); /* it may be the one that is there */
    sio_tls_config_release(l->tls);
    l->tls = config;
    found = true;
  }
  if (!found)
    return sio__uv_fail(uv, SIO_ERR_NOT_FOUND, "nobody listens with TLS on %d",
                        port);
  return 0;
}

/* ---- Unix sockets ---- */

/* Whether the file is a socket that nobody listens on. */
static bool is_stale(const char *path)
{
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  struct stat file;
  int fd, rv, error;

  /* Other files refuse connections, too. */
  if (lstat(path, &file) != 0 || !S_ISSOCK(file.st_mode))
    return false;
  memcpy(address.sun_path, path, strlen(path));
  fd = socket(AF_UNIX, SOCK_STREAM, 0);
  if (fd < 0)
    return false;
  rv = connect(fd, (struct sockaddr *)&address, sizeof address);
  error = uv_translate_sys_error(errno);
  (void)close(fd); /* nothing was written */
  return rv != 0 && error == UV_ECONNREFUSED;
}

int sio_uv_listen_unix(sio_uv *uv, const char *path)
{
  struct sio__uv_listener *l;
  int rv;

  if (uv->closing)
    return sio__uv_fail(uv, SIO_ERR_CLOSED, "the adapter is closing");
  if (strlen(path) >= sizeof((struct sockaddr_un *)NULL)->sun_path)
    return sio__uv_fail(uv, SIO_ERR_ADDRESS, "the path is too long");
  l = new_listener(uv, false);
  if (l == NULL)
    return sio__uv_fail(uv, SIO_ERR_NOMEM, "out of memory");
  rv = uv_pipe_bind(&l->as.pipe, path);
  if (rv == UV_EADDRINUSE && is_stale(path) && unlink(path) == 0)
    rv = uv_pipe_bind(&l->as.pipe, path);
  if (rv == 0)
    rv = uv_listen(&l->as.stream, BACKLOG, on_connection);
  if (rv == 0)
    return 0;
  close_listener(l);
  return sio__uv_fail(uv, code_of(rv), "cannot listen on %s: %s", path,
                      uv_strerror(rv));
}
