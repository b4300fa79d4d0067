/* SPDX-License-Identifier: MIT */
/* Answering HTTP requests with files: opened, measured and read by libuv's
 * threads, so that the loop does not wait for the disk. */
#include "uv/adapter.h"

#include <fcntl.h>
#include <strings.h>
#include <sys/stat.h>

enum { MAX_FILE = 64 * 1024 * 1024 };

struct sio__uv_file {
  uv_fs_t fs;
  struct sio_uv *uv;
  sio_request *request; /* a reference */
  uv_file fd;           /* -1: not open */
  uint8_t *data;
  size_t size, have;
  int status;   /* to answer with */
  size_t block; /* size of this allocation */
  size_t n_headers;
  sio_header headers[]; /* their texts are behind them */
};

static const char *guess_type(const char *path)
{
  static const struct {
    const char *ending, *type;
  } types[] = {
      {".html", "text/html; charset=utf-8"},
      {".css", "text/css; charset=utf-8"},
      {".js", "text/javascript; charset=utf-8"},
      {".mjs", "text/javascript; charset=utf-8"},
      {".json", "application/json; charset=utf-8"},
      {".map", "application/json; charset=utf-8"},
      {".txt", "text/plain; charset=utf-8"},
      {".svg", "image/svg+xml"},
      {".png", "image/png"},
      {".jpg", "image/jpeg"},
      {".webp", "image/webp"},
      {".ico", "image/x-icon"},
      {".woff2", "font/woff2"},
  };
  size_t len = strlen(path);

  for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
    size_t n = strlen(types[i].ending);

    if (len > n && strcasecmp(path + len - n, types[i].ending) == 0)
      return types[i].type;
  }
  return "application/octet-stream";
}

static void on_closed(uv_fs_t *fs)
{
  struct sio__uv_file *file = fs->data;
  struct sio_uv *uv = file->uv;

  uv_fs_req_cleanup(fs);
  sio_request_release(file->request);
  if (file->data != NULL)
    sio__uv_free(uv, file->data, file->size);
  sio__uv_free(uv, file, file->block);
  uv->busy_files--;
  sio__uv_check_closed(uv);
}

/* Answer, and give up the file. */
static void finish(struct sio__uv_file *file)
{
  sio_span body = {file->data, file->have};
  int rv;

  sio__uv_tick(file->uv);
  if (file->status == 200)
    rv = sio_respond(file->request, 200, file->headers, file->n_headers, body);
  else
    rv = sio_respond_text(file->request, file->status, "text/plain",
                          file->status == 404 ? "Not Found"
                                              : "Internal Server Error");
  (void)rv; /* the peer may have gone meanwhile */
  if (file->fd < 0 ||
      uv_fs_close(file->uv->loop, &file->fs, file->fd, on_closed) != 0)
    on_closed(&file->fs);
}

static void fail(struct sio__uv_file *file, int status)
{
  file->status = status;
  finish(file);
}

static void read_more(struct sio__uv_file *file);

static void on_read(uv_fs_t *fs)
{
  struct sio__uv_file *file = fs->data;
  ssize_t n = fs->result;

  uv_fs_req_cleanup(fs);
  if (n < 0) {
    fail(file, 500);
    return;
  }
  file->have += (size_t)n;
  if (n == 0 || file->have == file->size)
    finish(file);
  else
    read_more(file);
}

static void read_more(struct sio__uv_file *file)
{
  uv_buf_t buf = uv_buf_init((char *)file->data + file->have,
                             (unsigned)(file->size - file->have));

  if (uv_fs_read(file->uv->loop, &file->fs, file->fd, &buf, 1, -1, on_read) !=
      0)
    fail(file, 500);
}

static void on_stat(uv_fs_t *fs)
{
  struct sio__uv_file *file = fs->data;
  ssize_t rv = fs->result;
  uv_stat_t stat = fs->statbuf;

  uv_fs_req_cleanup(fs);
  if (rv < 0 || !S_ISREG(stat.st_mode)) {
    fail(file, 404);
    return;
  }
  if (stat.st_size > MAX_FILE) {
    fail(file, 500);
    return;
  }
  file->size = (size_t)stat.st_size;
  if (file->size == 0) {
    finish(file);
    return;
  }
  file->data = sio__uv_alloc(file->uv, file->size);
  if (file->data == NULL)
    fail(file, 500);
  else
    read_more(file);
}

static void on_open(uv_fs_t *fs)
{
  struct sio__uv_file *file = fs->data;
  ssize_t rv = fs->result;

  uv_fs_req_cleanup(fs);
  if (rv < 0) {
    fail(file, 404);
    return;
  }
  file->fd = (uv_file)rv;
  if (uv_fs_fstat(file->uv->loop, fs, file->fd, on_stat) != 0)
    fail(file, 500);
}

/* Copy a text to `*at` and move on behind it. */
static const char *put(char **at, const char *text)
{
  size_t size = strlen(text) + 1;
  const char *copy = memcpy(*at, text, size);

  *at += size;
  return copy;
}

/* The file and its headers in one block. */
static struct sio__uv_file *new_file(struct sio_uv *uv,
                                     const sio_header *headers, size_t n,
                                     const char *type)
{
  size_t block = sizeof(struct sio__uv_file) + (n + 1) * sizeof *headers;
  size_t texts = strlen(type) + sizeof "Content-Type" + 1;
  struct sio__uv_file *file;
  bool typed = false;
  char *at;

  for (size_t i = 0; i < n; i++)
    texts += strlen(headers[i].name) + strlen(headers[i].value) + 2;
  file = sio__uv_alloc(uv, block + texts);
  if (file == NULL)
    return NULL;
  file->uv = uv;
  file->fd = -1;
  file->status = 200;
  file->block = block + texts;
  file->fs.data = file;
  at = (char *)file + block;
  for (size_t i = 0; i < n; i++) {
    typed = typed || strcasecmp(headers[i].name, "content-type") == 0;
    file->headers[i].name = put(&at, headers[i].name);
    file->headers[i].value = put(&at, headers[i].value);
  }
  file->n_headers = n;
  if (!typed) {
    file->headers[n].name = put(&at, "Content-Type");
    file->headers[n].value = put(&at, type);
    file->n_headers++;
  }
  return file;
}

int sio_uv_respond_file(sio_uv *uv, sio_request *request, const char *path,
                        const sio_header *headers, size_t n_headers)
{
  struct sio__uv_file *file;

  if (sio_headers_check(headers, n_headers) != 0)
    return SIO_ERR_INVALID;
  file = new_file(uv, headers, n_headers, guess_type(path));
  if (file == NULL)
    return SIO_ERR_NOMEM;
  if (uv_fs_open(uv->loop, &file->fs, path, O_RDONLY | O_CLOEXEC, 0, on_open) !=
      0) {
    uv_fs_req_cleanup(&file->fs);
    sio__uv_free(uv, file, file->block);
    return SIO_ERR_NOMEM;
  }
  file->request = sio_request_retain(request);
  uv->busy_files++;
  return 0;
}
