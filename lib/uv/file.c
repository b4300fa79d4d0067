/* SPDX-License-Identifier: MIT */
/*
 * Answering HTTP requests with files: opened, measured and read by libuv's
 * threads, so that the loop does not wait for the disk.
 *
 *   opening --> reading --> writing --> ... --> closing
 *                  ^           |
 *                  +-----------+  the next piece is read while this one leaves
 *
 * Whatever its size, a file takes one piece here and one in the output of its
 * connection: nothing is written before all of it has left.
 */
#include "uv/adapter.h"

#include "http/conditional.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <strings.h>
#include <sys/stat.h>

enum { OWN_HEADERS = 5 };

struct sio__uv_file {
  union {
    uv_work_t work;
    uv_fs_t fs;
  } job;
  struct sio_uv *uv;
  sio_request *request; /* a reference */
  const char *folder;   /* NULL: the path is as it is */
  const char *path;
  uv_file fd; /* -1: not open */
  int error;  /* of libuv: why it could not be opened */
  uv_stat_t stat;
  struct sio__part left; /* what is still to be read */
  int status;            /* 200 or 206, once it is known to be sent */
  bool reading;
  bool begun;    /* the head has been written */
  bool draining; /* a piece is on its way */
  bool failed;   /* there will be no more pieces */
  uint8_t *piece;
  size_t piece_size, have; /* the latter: read, but not written yet */
  char etag[32];
  char modified[SIO__HTTP_DATE_SIZE];
  char range[80];
  size_t block; /* size of this allocation */
  size_t n_headers;
  sio_header headers[]; /* their texts and the paths are behind them */
};

/* ---- Short answers ---- */

static const char *text_of(int status)
{
  switch (status) {
  case 404:
    return "Not Found";
  case 405:
    return "Method Not Allowed";
  case 412:
    return "Precondition Failed";
  case 416:
    return "Range Not Satisfiable";
  default:
    return "Internal Server Error";
  }
}

/* Answer with an error and, if `name` is not NULL, one more header. */
static void refuse(sio_request *request, int status, const char *name,
                   const char *value)
{
  const sio_header headers[] = {{"Content-Type", "text/plain"}, {name, value}};
  const char *text = text_of(status);
  const sio_span body = {(const uint8_t *)text, strlen(text)};

  /* The peer may have gone meanwhile. */
  (void)sio_respond(request, status, headers, name != NULL ? 2 : 1, body);
}

static int status_of(int error)
{
  switch (error) {
  case UV_ENOENT:
  case UV_ENOTDIR:
  case UV_ELOOP: /* a link where none is followed */
  case UV_ENAMETOOLONG:
  case UV_ENXIO: /* a socket */
    return 404;
  default:
    return 500;
  }
}

/* ---- End ---- */

static void destroy(struct sio__uv_file *file)
{
  struct sio_uv *uv = file->uv;

  if (file->piece != NULL)
    sio__uv_free(uv, file->piece, file->piece_size);
  sio__uv_free(uv, file, file->block);
  uv->busy_files--;
  sio__uv_check_closed(uv);
}

static void on_closed(uv_fs_t *fs)
{
  uv_fs_req_cleanup(fs);
  destroy(fs->data);
}

/* Nothing is read or on its way: the answer ends here, complete or not. */
static void finish(struct sio__uv_file *file)
{
  if (file->begun)
    (void)sio_respond_end(file->request); /* the peer may have gone */
  sio_request_release(file->request);
  if (file->fd < 0 ||
      uv_fs_close(file->uv->loop, &file->job.fs, file->fd, on_closed) != 0)
    destroy(file);
}

static void fail(struct sio__uv_file *file, int status)
{
  refuse(file->request, status, NULL, NULL);
  finish(file);
}

/* ---- Pieces ---- */

static void step(struct sio__uv_file *file);

static void on_read(uv_fs_t *fs)
{
  struct sio__uv_file *file = fs->data;
  ssize_t n = fs->result;

  uv_fs_req_cleanup(fs);
  sio__uv_tick(file->uv);
  file->reading = false;
  if (n > 0) {
    file->have = (size_t)n;
    file->left.first += (uint64_t)n;
    file->left.len -= (uint64_t)n;
  } else {
    file->failed = true; /* it cannot be read, or has become shorter */
  }
  step(file);
}

static void read_piece(struct sio__uv_file *file)
{
  size_t size = file->piece_size;
  uv_buf_t buf;

  if (file->left.len < size)
    size = (size_t)file->left.len;
  buf = uv_buf_init((char *)file->piece, (unsigned)size);
  file->reading = uv_fs_read(file->uv->loop, &file->job.fs, file->fd, &buf, 1,
                             (int64_t)file->left.first, on_read) == 0;
  file->failed = !file->reading;
}

static void on_drained(sio_request *request, void *user)
{
  struct sio__uv_file *file = user;

  (void)request;
  file->draining = false;
  step(file);
}

/* The head before the first piece, so that a file that cannot be read is still
 * an error.  False: the peer has gone, or there is no memory. */
static bool write_piece(struct sio__uv_file *file)
{
  sio_span piece = {file->piece, file->have};

  if (!file->begun &&
      sio_respond_begin(file->request, file->status, file->headers,
                        file->n_headers, file->have + file->left.len) != 0)
    return false;
  file->begun = true;
  file->have = 0;
  return sio_respond_write(file->request, piece) == 0;
}

/* Go on as soon as a piece has been read and the one before has left. */
static void step(struct sio__uv_file *file)
{
  if (file->reading || file->draining)
    return;
  if (file->failed && !file->begun) {
    fail(file, 500);
    return;
  }
  if (file->failed || !write_piece(file) || file->left.len == 0) {
    finish(file);
    return;
  }
  /* The piece has been copied: there is room for the next one. */
  read_piece(file);
  if (file->failed) {
    finish(file);
    return;
  }
  file->draining = true;
  if (sio_respond_on_drain(file->request, on_drained, file) != 0) {
    file->draining = false;
    file->failed = true;
  }
}

static void send_content(struct sio__uv_file *file)
{
  const struct sio_uv *uv = file->uv;

  file->piece_size =
      file->left.len < UV_PIECE_SIZE ? (size_t)file->left.len : UV_PIECE_SIZE;
  file->piece = uv->mem->alloc(file->piece_size, uv->mem->user_data);
  if (file->piece == NULL) {
    fail(file, 500);
    return;
  }
  read_piece(file);
  if (file->failed)
    fail(file, 500);
}

/* ---- The head ---- */

static const char *find_header(const struct sio__uv_file *file,
                               const char *name)
{
  for (size_t i = 0; i < file->n_headers; i++) {
    if (strcasecmp(file->headers[i].name, name) == 0)
      return file->headers[i].value;
  }
  return NULL;
}

/* A header of ours, unless the host has one of that name: the value that
 * counts. */
static const char *add_header(struct sio__uv_file *file, const char *name,
                              const char *value)
{
  const char *given = find_header(file, name);

  if (given != NULL)
    return given;
  file->headers[file->n_headers].name = name;
  file->headers[file->n_headers++].value = value;
  return value;
}

static uint64_t mix(uint64_t hash, uint64_t number)
{
  hash = (hash ^ number) * UINT64_C(0x9e3779b97f4a7c15);
  return hash ^ hash >> 29;
}

/* Made of what changes when the file does.  A time without a fraction may be
 * too coarse to tell two changes apart: then the tag is a weak one. */
static void write_etag(struct sio__uv_file *file)
{
  const uv_stat_t *stat = &file->stat;
  uint64_t hash = mix(stat->st_dev, stat->st_ino);

  hash = mix(hash, stat->st_size);
  hash = mix(hash, (uint64_t)stat->st_mtim.tv_sec);
  hash = mix(hash, (uint64_t)stat->st_mtim.tv_nsec);
  snprintf(file->etag, sizeof file->etag, "%s\"%016llx\"",
           stat->st_mtim.tv_nsec == 0 ? "W/" : "", (unsigned long long)hash);
}

/* What the request makes of the file: a status, and what to send. */
static int judge(struct sio__uv_file *file, bool is_get)
{
  const sio_request *request = file->request;
  const sio_str none = {NULL, 0};
  struct sio__conditions conditions = {
      .if_match = sio_request_header(request, "if-match"),
      .if_unmodified_since = sio_request_header(request, "if-unmodified-since"),
      .if_none_match = sio_request_header(request, "if-none-match"),
      .if_modified_since = sio_request_header(request, "if-modified-since"),
      .range = is_get ? sio_request_header(request, "range") : none,
      .if_range = sio_request_header(request, "if-range"),
  };
  struct sio__representation have = {.size = file->stat.st_size};
  long seconds = file->stat.st_mtim.tv_sec;

  write_etag(file);
  sio__http_date_write(seconds > 0 ? (uint64_t)seconds : 0, file->modified);
  have.etag = sio_s(add_header(file, "ETag", file->etag));
  have.modified = sio__http_date_parse(
      sio_s(add_header(file, "Last-Modified", file->modified)));
  (void)add_header(file, "Accept-Ranges", "bytes");
  return sio__conditional(&conditions, &have, &file->left);
}

/* Send the file, or a part of it, or only the head. */
static void send_file(struct sio__uv_file *file, bool is_get)
{
  (void)add_header(file, "Content-Type", sio__uv_type_of(file->path));
  if (file->status == 206) {
    snprintf(file->range, sizeof file->range, "bytes %llu-%llu/%llu",
             (unsigned long long)file->left.first,
             (unsigned long long)(file->left.first + file->left.len - 1),
             (unsigned long long)file->stat.st_size);
    (void)add_header(file, "Content-Range", file->range);
  }
  if (is_get && file->left.len > 0) {
    send_content(file);
    return;
  }
  file->begun = sio_respond_begin(file->request, file->status, file->headers,
                                  file->n_headers, file->left.len) == 0;
  finish(file);
}

static void answer(struct sio__uv_file *file)
{
  const sio_span none = {NULL, 0};
  bool is_get = strcmp(sio_request_method(file->request), "GET") == 0;

  file->status = judge(file, is_get);
  switch (file->status) {
  case 200:
  case 206:
    send_file(file, is_get);
    return;
  case 304:
    (void)sio_respond(file->request, 304, file->headers, file->n_headers,
                      none); /* the peer may have gone meanwhile */
    break;
  case 416:
    snprintf(file->range, sizeof file->range, "bytes */%llu",
             (unsigned long long)file->stat.st_size);
    refuse(file->request, 416, "Content-Range", file->range);
    break;
  default:
    refuse(file->request, file->status, NULL, NULL);
    break;
  }
  finish(file);
}

/* ---- Opening ---- */

/* On a thread of libuv.  A pipe without a writer must not hold it up. */
static void open_file(uv_work_t *work)
{
  struct sio__uv_file *file = work->data;
  uv_fs_t fs;

  file->fd = file->folder != NULL
                 ? sio__uv_open_below(file->folder, file->path)
                 : open(file->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (file->fd < 0) {
    file->error = uv_translate_sys_error(errno);
    return;
  }
  file->error = uv_fs_fstat(NULL, &fs, file->fd, NULL);
  file->stat = fs.statbuf;
  uv_fs_req_cleanup(&fs);
}

static void on_opened(uv_work_t *work, int status)
{
  struct sio__uv_file *file = work->data;

  (void)status; /* nobody cancels it */
  sio__uv_tick(file->uv);
  if (file->error != 0)
    fail(file, status_of(file->error));
  else if (!S_ISREG(file->stat.st_mode))
    fail(file, 404);
  else
    answer(file);
}

/* Copy a text to `*at` and move on behind it. */
static const char *put(char **at, const char *text)
{
  size_t size = strlen(text) + 1;
  const char *copy = memcpy(*at, text, size);

  *at += size;
  return copy;
}

/* The file, its headers and its path in one block. */
static struct sio__uv_file *new_file(struct sio_uv *uv, const char *folder,
                                     const char *path,
                                     const sio_header *headers, size_t n)
{
  size_t block =
      sizeof(struct sio__uv_file) + (n + OWN_HEADERS) * sizeof *headers;
  size_t texts = strlen(path) + 1 + (folder != NULL ? strlen(folder) + 1 : 0);
  struct sio__uv_file *file;
  char *at;

  for (size_t i = 0; i < n; i++)
    texts += strlen(headers[i].name) + strlen(headers[i].value) + 2;
  file = sio__uv_alloc(uv, block + texts);
  if (file == NULL)
    return NULL;
  file->uv = uv;
  file->fd = -1;
  file->block = block + texts;
  file->job.work.data = file;
  at = (char *)file + block;
  for (size_t i = 0; i < n; i++) {
    file->headers[i].name = put(&at, headers[i].name);
    file->headers[i].value = put(&at, headers[i].value);
  }
  file->n_headers = n;
  file->path = put(&at, path);
  file->folder = folder != NULL ? put(&at, folder) : NULL;
  return file;
}

int sio__uv_send_file(struct sio_uv *uv, sio_request *request,
                      const char *folder, const char *path,
                      const sio_header *headers, size_t n_headers)
{
  const char *method = sio_request_method(request);
  struct sio__uv_file *file;

  if (sio_headers_check(headers, n_headers) != 0)
    return SIO_ERR_INVALID;
  if (uv->closing)
    return SIO_ERR_CLOSED;
  if (strcmp(method, "GET") != 0 && strcmp(method, "HEAD") != 0) {
    refuse(request, 405, "Allow", "GET, HEAD");
    return 0;
  }
  if (path == NULL) {
    refuse(request, 404, NULL, NULL);
    return 0;
  }
  file = new_file(uv, folder, path, headers, n_headers);
  if (file == NULL)
    return SIO_ERR_NOMEM;
  file->request = sio_request_retain(request);
  uv->busy_files++;
  /* Cannot fail: there is something to call. */
  (void)uv_queue_work(uv->loop, &file->job.work, open_file, on_opened);
  return 0;
}

int sio_uv_respond_file(sio_uv *uv, sio_request *request, const char *path,
                        const sio_header *headers, size_t n_headers)
{
  return sio__uv_send_file(uv, request, NULL, path, headers, n_headers);
}
