/* SPDX-License-Identifier: MIT */
/* Whole files, for what is read once. */
#include "uv/adapter.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

enum { MAX_FILE = 64 * 1024 * 1024 };

/* How long an open file is; -1 and errno. */
static off_t measure(int fd)
{
  off_t size = lseek(fd, 0, SEEK_END);

  if (size > MAX_FILE) {
    errno = EFBIG;
    return -1;
  }
  return size >= 0 && lseek(fd, 0, SEEK_SET) == 0 ? size : -1;
}

/* Read exactly so much; false: an error, or it has become shorter. */
static bool read_all(int fd, struct sio__uv_content *content)
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

void sio__uv_drop_content(struct sio_uv *uv, struct sio__uv_content *content)
{
  if (content->data != NULL)
    sio__uv_free(uv, content->data, content->size);
  content->data = NULL;
  content->size = 0;
}

int sio__uv_read_content(struct sio_uv *uv, const char *path,
                         struct sio__uv_content *content)
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
    sio__uv_drop_content(uv, content);
  return rv;
}
