/* SPDX-License-Identifier: MIT */
#ifndef SIO_UV_ADAPTER_H
#define SIO_UV_ADAPTER_H

/*
 * What the files of the libuv adapter share.
 *
 * In each turn of the loop connections are fed as they become readable, and
 * note that they have output.  After polling, and again before it, everything
 * that was noted is written: one write per connection and turn.
 */

#include "base/list.h"
#include <sio/conn.h>
#include <sio/tls.h>
#include <sio/uv.h>

#include <uv.h>

enum {
  UV_INBOX_SIZE = 65536,
  UV_ERROR_SIZE = 256,
  UV_MAX_SPANS = 32,
  UV_KEPT_WRITES = 64,
  UV_PIECE_SIZE = 65536,              /* of files that are sent */
  UV_INDEX_ROOM = sizeof "index.html" /* behind a clean path */
};

/* A write that the kernel did not take at once. */
struct sio__uv_pending_write {
  uv_write_t request;
  size_t len;
  struct sio__uv_pending_write *next_free;
};

struct sio_uv {
  uv_loop_t *loop;
  sio_server *server;
  const sio_allocator *mem;
  sio_allocator closing_mem; /* for when the server is gone */
  uv_prepare_t prepare;
  uv_check_t check;
  uv_timer_t timer;
  uv_async_t wake;       /* for what other threads post */
  unsigned open_handles; /* of the four above */
  struct sio__list streams;
  struct sio__list ready; /* streams with output, or a wish to close */
  struct sio__list listeners;
  unsigned busy_files;   /* files that are being sent */
  uint64_t timer_at;     /* when the timer is set to, or SIO_NEVER */
  uint64_t told_now;     /* the time that the server knows */
  uint64_t unix_time_at; /* when the server was last told the wall clock */
  bool proxied;          /* listeners that are made expect PROXY headers */
  bool closing;
  bool finishing;
  sio_uv_closed_fn on_closed;
  void *on_closed_user;
  struct sio__uv_pending_write *free_writes;
  unsigned n_free_writes;
  uv_mutex_t post_lock; /* guards the next three */
  struct sio__uv_post *first_post, *last_post;
  bool posts_refused;
  char error[UV_ERROR_SIZE];
  uint8_t inbox[UV_INBOX_SIZE]; /* every connection reads into it */
};

/* ---- adapter.c ---- */

/* Memory of the server's allocator. */
void *sio__uv_alloc(struct sio_uv *uv, size_t size);
void sio__uv_free(struct sio_uv *uv, void *memory, size_t size);

/* Tell the server the loop's time, once per change. */
void sio__uv_tick(struct sio_uv *uv);

/* Keep an explanation for sio_uv_error(); returns `rv`. */
int sio__uv_fail(struct sio_uv *uv, int rv, const char *format, ...)
    SIO_PRINTF(3, 4);

/* Closing: see whether everything is gone. */
void sio__uv_check_closed(struct sio_uv *uv);

/* ---- stream.c ---- */

struct sio__uv_stream;

/* Accept a connection from a listener; `tls` NULL: a plain one.  False: no
 * memory, and libuv does not ask again before it has been accepted. */
bool sio__uv_accept(struct sio_uv *uv, uv_stream_t *listener,
                    sio_tls_config *tls, bool proxied);
void sio__uv_on_ready(sio_conn *conn, void *conn_user, void *user);
void sio__uv_flush_ready(struct sio_uv *uv);
void sio__uv_free_writes(struct sio_uv *uv);

/* ---- listener.c ---- */

void sio__uv_close_listeners(struct sio_uv *uv);
/* Accept what could not be accepted before. */
void sio__uv_accept_starving(struct sio_uv *uv);

/* ---- type.c ---- */

/* The content type of a file; constant. */
const char *sio__uv_type_of(const char *path);

/* ---- file.c ---- */

/* Answer with a file below a folder, or with just a file if `folder` is NULL;
 * `path` NULL: with 404.  As sio_uv_respond_file(). */
int sio__uv_send_file(struct sio_uv *uv, sio_request *request,
                      const char *folder, const char *path,
                      const sio_header *headers, size_t n_headers);

/* ---- folder.c ---- */

/* What a path names below a folder: decoded, "index.html" added.  False: it
 * names nothing there.  `out` has room for path.len + UV_INDEX_ROOM bytes. */
bool sio__uv_clean_path(sio_str path, char *out);

/* Open a file by a clean path, for reading: a descriptor, or -1 and errno.
 * For any thread. */
int sio__uv_open_below(const char *folder, const char *path);

/* ---- content.c ---- */

struct sio__uv_content {
  uint8_t *data; /* NULL: there is none */
  size_t size;
};

/* Read a file, at once.  0, also if there is no such file or it is empty, and
 * `content` has none then; SIO_ERR_NOMEM or SIO_ERR_IO, and what is to be said
 * about it. */
int sio__uv_read_content(struct sio_uv *uv, const char *path,
                         struct sio__uv_content *content);
void sio__uv_drop_content(struct sio_uv *uv, struct sio__uv_content *content);

/* ---- post.c ---- */

int sio__uv_posts_init(struct sio_uv *uv);
void sio__uv_run_posts(struct sio_uv *uv);
/* Refuse further ones. */
void sio__uv_stop_posts(struct sio_uv *uv);
void sio__uv_posts_dispose(struct sio_uv *uv);

#endif
