/* SPDX-License-Identifier: MIT */
/* The browser client: its files are read once, and served from memory. */
#include "uv/adapter.h"

#include <sio/bundle.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

enum { MAX_CLIENT_FILE = 64 * 1024 * 1024 };

static const char *const names[] = {"socket.io.js", "socket.io.min.js",
                                    "socket.io.msgpack.min.js",
                                    "socket.io.esm.min.js"};

struct content {
  uint8_t *data;
  size_t size; /* 0: there is none */
};

static void drop(struct sio_uv *uv, struct content *content)
{
  if (content->data != NULL)
    sio__uv_free(uv, content->data, content->size);
  content->data = NULL;
  content->size = 0;
}

/* How long an open file is; -1 and errno. */
static off_t measure(int fd)
{
  off_t size = lseek(fd, 0, SEEK_END);

  if (size > MAX_CLIENT_FILE) {
    errno = EFBIG;
    return -1;
  }
  return size >= 0 && lseek(fd, 0, SEEK_SET) == 0 ? size : -1;
}

/* Read exactly so much; false: an error, or it has become shorter. */
static bool read_all(int fd, struct content *content)
{
  size_t have = 0;

  while (have < content->size) {
    ssize_t n = read(fd, content->data + have, content->size - have);

    if (n < 0 && errno == EINTR)
      continue;
    if (n == 0)
      errno = EIO;
    if (n <= 0)
      return false;
    have += (size_t)n;
  }
  return true;
}

/* 0, also if there is no such file; or an error. */
static int read_file(struct sio_uv *uv, const char *path,
                     struct content *content)
{
  int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK), rv = 0;
  off_t size;

  if (fd < 0 && (errno == ENOENT || errno == ENOTDIR))
    return 0;
  size = fd >= 0 ? measure(fd) : -1;
  if (size > 0) {
    content->size = (size_t)size;
    content->data = uv->mem->alloc(content->size, uv->mem->user_data);
    if (content->data == NULL)
      rv = sio__uv_fail(uv, SIO_ERR_NOMEM, "no memory for %s", path);
  }
  if (size < 0 || (rv == 0 && !read_all(fd, content)))
    rv = sio__uv_fail(uv, SIO_ERR_IO, "cannot read %s: %s", path,
                      uv_strerror(uv_translate_sys_error(errno)));
  if (fd >= 0)
    (void)close(fd); /* nothing was written to it */
  if (rv != 0)
    drop(uv, content);
  return rv;
}

/* Serve a file if it is there, and count it. */
static int serve_file(struct sio_uv *uv, const char *folder, const char *name,
                      const char *version, unsigned *count)
{
  struct content plain = {NULL, 0}, brotli = {NULL, 0};
  char path[4096];
  int len = snprintf(path, sizeof path - 3, "%s/%s", folder, name);
  sio_bundle bundle = {.name = name, .version = version};
  int rv;

  if (len < 0 || (size_t)len >= sizeof path - 3)
    return sio__uv_fail(uv, SIO_ERR_INVALID, "the path is too long");
  rv = read_file(uv, path, &plain);
  if (rv != 0 || plain.size == 0)
    return rv;
  memcpy(path + len, ".br", 4);
  rv = read_file(uv, path, &brotli);
  if (rv == 0) {
    bundle.content.data = plain.data;
    bundle.content.len = plain.size;
    bundle.brotli.data = brotli.data;
    bundle.brotli.len = brotli.size;
    rv = sio_server_serve_bundle(uv->server, &bundle);
    if (rv != 0)
      (void)sio__uv_fail(uv, rv, "%s: %s", name, sio_strerror(rv));
  }
  ++*count;
  drop(uv, &plain);
  drop(uv, &brotli);
  return rv;
}

int sio_uv_serve_client(sio_uv *uv, const char *folder, const char *version)
{
  unsigned count = 0, maps = 0;
  char map[64];
  int rv = 0;

  for (size_t i = 0; rv == 0 && i < sizeof names / sizeof *names; i++) {
    rv = serve_file(uv, folder, names[i], version, &count);
    snprintf(map, sizeof map, "%s.map", names[i]);
    if (rv == 0)
      rv = serve_file(uv, folder, map, version, &maps);
  }
  if (rv == 0 && count == 0)
    rv = sio__uv_fail(uv, SIO_ERR_NOT_FOUND, "the client is not in %s", folder);
  return rv;
}
