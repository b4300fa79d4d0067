/* SPDX-License-Identifier: MIT */
#ifndef SIO_UV_H
#define SIO_UV_H

/**
 * Driving a server with libuv: library libsio-uv.
 *
 * The loop belongs to the host, as do the server and what else runs on the
 * loop.  Listeners and connections keep the loop alive, the adapter itself
 * does not: without any of them uv_run() returns, whatever is posted.  All
 * functions but sio_uv_post() are for the loop's thread.
 */

#include <sio/http.h>
#include <sio/server.h>
#include <sio/tls.h>

#ifdef __cplusplus
extern "C" {
#endif

struct uv_loop_s;

/** A server on a loop. */
typedef struct sio_uv sio_uv;

/**
 * Put a server on a loop.  SIGPIPE, if the program has not set it, is ignored
 * from now on: writing to a peer that has gone would raise it.
 *
 * Ownership: the caller owns it and ends it with sio_uv_close(); `loop` and
 *            `server` are borrowed until then.
 * Errors:    NULL: out of memory, or `server` is NULL, so that one check does
 *            for both.
 */
SIO_API SIO_MUST_USE sio_uv *sio_uv_new(struct uv_loop_s *loop,
                                        sio_server *server);

/**
 * Listen on a TCP port of an address: "0.0.0.0", "127.0.0.1", "::1", or "::"
 * for IPv6 and IPv4 alike; NULL is "::", or "0.0.0.0" where there is no IPv6.
 * Port 0 takes any free one.  May be called several times.  Returns the port.
 *
 * A host name is looked up, which may take its time.
 *
 * Errors: SIO_ERR_IN_USE, SIO_ERR_ADDRESS, SIO_ERR_NOMEM, SIO_ERR_IO (also: an
 *         unknown name), SIO_ERR_CLOSED; sio_uv_error() explains.
 */
SIO_API int sio_uv_listen(sio_uv *uv, const char *address, int port);

/**
 * Listen on a Unix socket.  A socket file that nobody listens on any more is
 * replaced; it is removed when the adapter closes.
 *
 * Errors: as sio_uv_listen().
 */
SIO_API int sio_uv_listen_unix(sio_uv *uv, const char *path);

/**
 * Serve a stream socket that was accepted elsewhere, by another HTTP server
 * of the program for example.  `received` is what has been read from it
 * already, from the first byte of a request on; it is copied.
 *
 * Ownership: the descriptor is the adapter's from now on; on failure it is
 *            closed.  A program that has it in a handle of its own passes a
 *            dup() and closes the handle.
 * Errors:    SIO_ERR_NOMEM, SIO_ERR_LIMIT, SIO_ERR_CLOSED, SIO_ERR_IO.
 */
SIO_API int sio_uv_accept_fd(sio_uv *uv, int fd, sio_span received);

/**
 * Listen on a TCP port with TLS; as sio_uv_listen() otherwise, and side by
 * side with plain ports.
 *
 * Ownership: the adapter keeps a reference to `config`.
 * Errors:    as sio_uv_listen(), and SIO_ERR_INVALID: `config` is NULL.
 */
SIO_API int sio_uv_listen_tls(sio_uv *uv, const char *address, int port,
                              sio_tls_config *config);

/**
 * As sio_uv_accept_fd(), with TLS from the first byte on: `received` is what
 * has been read of it, and nobody has answered yet.
 *
 * Ownership: as sio_uv_accept_fd(); the connection keeps a reference to
 *            `config`.
 * Errors:    as sio_uv_accept_fd(), and SIO_ERR_INVALID: `config` is NULL.
 */
SIO_API int sio_uv_accept_fd_tls(sio_uv *uv, int fd, sio_span received,
                                 sio_tls_config *config);

/**
 * Whether ports and Unix sockets that are listened on from now on get a header
 * of the PROXY protocol in front of each connection, as load balancers send it:
 * see `proxied` in <sio/conn.h>.  At first they do not.
 */
SIO_API void sio_uv_expect_proxy(sio_uv *uv, bool expect);

/**
 * Another configuration, new certificates for example, for what connects from
 * now on to the ports that sio_uv_listen_tls() has returned; `port` is one of
 * them.  Connections that are open keep theirs.
 *
 * Ownership: as sio_uv_listen_tls().
 * Errors:    SIO_ERR_NOT_FOUND, SIO_ERR_INVALID (`config` is NULL),
 *            SIO_ERR_CLOSED; nothing has changed then.
 */
SIO_API int sio_uv_set_tls(sio_uv *uv, int port, sio_tls_config *config);

/** As sio_tls_certificate, by the names of files. */
typedef struct sio_uv_tls_pair {
  const char *chain;
  const char *key;
  const char *password; /**< of an encrypted key; NULL: it is not */
  const char *const *names;
  size_t n_names;
} sio_uv_tls_pair;

/** What sio_uv_tls_config() reads; fields are only added at the end. */
typedef struct sio_uv_tls_files {
  size_t size; /**< set by sio_uv_tls_files_init() */
  const sio_uv_tls_pair *pairs;
  size_t n_pairs;
  const char *client_ca;  /**< NULL: that of the options */
  const char *client_crl; /**< NULL: that of the options */
} sio_uv_tls_files;

#define sio_uv_tls_files_init(files)                                           \
  sio_uv_tls_files_init_sized((files), sizeof(*(files)))

/** Fill in the first `size` bytes with nothing. */
SIO_API void sio_uv_tls_files_init_sized(sio_uv_tls_files *files, size_t size);

/**
 * Make a TLS configuration of files, which are read now.  The rest comes from
 * `options` (NULL: the defaults), whose `certificates` are not looked at, and
 * whose allocator is the server's unless it has one.
 *
 * Ownership: one reference, the caller's, also beyond the adapter.
 * Errors:    SIO_ERR_NOT_FOUND (a file is not there, or empty), SIO_ERR_IO,
 *            and those of sio_tls_config_new(); sio_uv_error() explains.
 *            `*out` is then NULL.
 */
SIO_API SIO_MUST_USE int sio_uv_tls_config(sio_uv *uv,
                                           const sio_uv_tls_files *files,
                                           const sio_tls_options *options,
                                           sio_tls_config **out);

/** What went wrong last, in words; borrowed until the next call. */
SIO_API const char *sio_uv_error(const sio_uv *uv);

/** Run on the server's thread. */
typedef void (*sio_post_fn)(sio_server *server, void *arg);

/**
 * Have `fn` called on the loop's thread, in the order of posting.  The one
 * function that any thread may call; each call that returned 0 is run, or,
 * once sio_uv_close() has been called, refused.
 *
 * Errors: SIO_ERR_NOMEM, SIO_ERR_CLOSED; `fn` is then not called.
 */
SIO_API int sio_uv_post(sio_uv *uv, sio_post_fn fn, void *arg);

/**
 * Answer a request with a file, which is read in the background, a piece at a
 * time: files of any size.  GET and HEAD are answered, with ETag,
 * Last-Modified and Accept-Ranges; 304, 206, 412 and 416 if the client asks so
 * (RFC 9110 sections 13 and 14; one range), anything else with 405.
 * Content-Type is guessed from the name.  A header of the host, which is
 * copied, takes the place of the one of that name.  What is not there, or not
 * a file, answers 404; what cannot be read, 500.
 *
 * Errors: SIO_ERR_INVALID (as sio_respond()), SIO_ERR_NOMEM, SIO_ERR_CLOSED
 *         (the adapter is closing); the request is not answered then.
 */
SIO_API int sio_uv_respond_file(sio_uv *uv, sio_request *request,
                                const char *path, const sio_header *headers,
                                size_t n_headers);

/**
 * Answer with the file below `folder` that a path names, such as what is left
 * of sio_request_path() behind a prefix; %XX is decoded, and "index.html" is
 * added to what ends in "/" or is empty; other folders answer 404.  So do
 * names that begin with a dot, ".." among them, and links: none is followed
 * below the folder, which may be one itself.
 *
 * Errors: as sio_uv_respond_file().
 */
SIO_API int sio_uv_respond_folder(sio_uv *uv, sio_request *request,
                                  const char *folder, sio_str path,
                                  const sio_header *headers, size_t n_headers);

/**
 * Serve the browser client under the path of the server: the files
 * socket.io.js, socket.io.min.js, socket.io.msgpack.min.js and
 * socket.io.esm.min.js of `folder`, their ".map" and, if there are, ".br"
 * files; they are read now.  `version` is that of the client, NULL: made of
 * the contents.  See <sio/bundle.h>.
 *
 * Errors: SIO_ERR_NOT_FOUND (none of them is there), SIO_ERR_IO, SIO_ERR_NOMEM,
 *         SIO_ERR_INVALID; sio_uv_error() explains.
 */
SIO_API int sio_uv_serve_client(sio_uv *uv, const char *folder,
                                const char *version);

/** A clock for the option `clock_us`, uv_hrtime(); `user` is not looked at. */
SIO_API uint64_t sio_uv_clock_us(void *user);

/** Called when an adapter has closed; `uv` is freed right after. */
typedef void (*sio_uv_closed_fn)(sio_uv *uv, void *user);

/**
 * Close gracefully: stop listening, close the server (sio_server_close()),
 * send what is queued on connections (but not what waits for a client's next
 * poll), and give up every handle; then `done` (which may be NULL) is called.
 * Posted functions that were accepted are run before.  The server itself is not
 * freed.  Closing twice does no harm.
 */
SIO_API void sio_uv_close(sio_uv *uv, sio_uv_closed_fn done, void *user);

/**
 * Drain the server (sio_server_drain()), then sio_uv_close().  Listeners stay
 * open until then: clients that poll may need new connections, and new clients
 * are told when to come back.  sio_uv_close() may be called meanwhile: it does
 * not wait, and its `done` takes the place of this one.
 *
 * Errors: as sio_server_drain(), and SIO_ERR_CLOSED (the adapter is closing);
 *         `done` is not called.
 */
SIO_API int sio_uv_drain(sio_uv *uv, const sio_drain_options *options,
                         sio_uv_closed_fn done, void *user);

#ifdef __cplusplus
}
#endif

#endif
