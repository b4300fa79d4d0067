/* SPDX-License-Identifier: MIT */
/* Files below a folder, and only those.
 *
 * A path is walked one component at a time, from one open folder to the next,
 * and no link is followed on the way: whatever somebody else changes there
 * meanwhile, the walk cannot leave the folder. */
#include "uv/adapter.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/ascii.h"

enum { MAX_PATH = 4096 };

/* Take a character off a path, decoded; -1: it is malformed, or such that no
 * component may have it. */
static int take_char(sio_str *path)
{
  int c = (unsigned char)*path->data;
  size_t len = 1;

  if (c == '%') {
    int high = path->len > 2 ? sio__hex_value(path->data[1]) : -1;
    int low = path->len > 2 ? sio__hex_value(path->data[2]) : -1;

    c = high < 0 || low < 0 ? -1 : high << 4 | low;
    if (c == '/') /* it is said not to separate anything */
      c = -1;
    len = 3;
  }
  if (c <= 0 || c == '\\')
    return -1;
  path->data += len;
  path->len -= len;
  return c;
}

bool sio__uv_clean_path(sio_str path, char *out)
{
  static const char index[] = "index.html";
  size_t len = 0, start = 0; /* of the component */

  if (path.len > MAX_PATH)
    return false;
  if (path.len > 0 && *path.data == '/') {
    path.data++;
    path.len--;
  }
  while (path.len > 0) {
    int c = take_char(&path);

    if (c < 0 || (len == start && (c == '.' || c == '/')))
      return false;
    out[len++] = (char)c;
    if (c == '/')
      start = len;
  }
  if (len == start)
    memcpy(out + len, index, sizeof index);
  else
    out[len] = '\0';
  return true;
}

/* Open a component that `len` says, without following it. */
static int open_step(int folder, const char *name, size_t len, int flags)
{
  char text[MAX_PATH + UV_INDEX_ROOM];

  memcpy(text, name, len);
  text[len] = '\0';
  return openat(folder, text, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | flags);
}

int sio__uv_open_below(const char *folder, const char *path)
{
  int at = open(folder, O_RDONLY | O_CLOEXEC | O_DIRECTORY);

  while (at >= 0) {
    size_t len = strcspn(path, "/");
    bool is_last = path[len] == '\0';
    int next = open_step(at, path, len, is_last ? O_NONBLOCK : O_DIRECTORY);
    int error = errno;

    (void)close(at); /* nothing was written to it */
    errno = error;
    if (is_last)
      return next;
    path += len + 1;
    at = next;
  }
  return -1;
}

int sio_uv_respond_folder(sio_uv *uv, sio_request *request, const char *folder,
                          sio_str path, const sio_header *headers,
                          size_t n_headers)
{
  char clean[MAX_PATH + UV_INDEX_ROOM];

  return sio__uv_send_file(uv, request, folder,
                           sio__uv_clean_path(path, clean) ? clean : NULL,
                           headers, n_headers);
}
