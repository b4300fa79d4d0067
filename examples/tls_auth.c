/* SPDX-License-Identifier: MIT */
/*
 * A server with TLS and a login.
 *
 *   tls_auth [--port N] [--chain FILE --key FILE] [--life SECONDS]
 *
 *   POST /login   "NAME PASSWORD": a token, by which "/" may be joined
 *   GET  /me      with a token: who that is, and on how many devices
 *   POST /logout  with a token: all devices of its user are logged out
 *   POST /rotate  with a token: other keys, so everybody has to log in anew
 */
#include <sio.h>
#include <sio/uv.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <uv.h>

enum { TOKEN_MAX = 1024 };
struct app {
  uv_loop_t *loop;
  sio_server *server;
  sio_uv *uv;
  sio_auth *auth;
  sio_jwt_keys *keys;
  unsigned life_s;
};

/* Several servers would share one. */
static sio_jwt_keys *make_keys(struct app *app)
{
  uint8_t bytes[32];
  sio_span secret = {bytes, sizeof bytes};
  sio_jwt_keys *keys;

  if (uv_random(app->loop, NULL, bytes, sizeof bytes, 0, NULL) != 0 ||
      sio_jwt_keys_new(&keys, NULL) != 0)
    return NULL;
  if (sio_jwt_keys_add_secret(keys, secret, NULL) == 0)
    return keys;
  sio_jwt_keys_release(keys);
  return NULL;
}

static int sign(const struct app *app, const char *user, char out[TOKEN_MAX])
{
  sio_payload *claims = sio_payload_new(NULL);
  sio_jwt_sign_options options;
  uv_timeval64_t now;
  sio_jwt *jwt;
  int rv;

  if (claims == NULL || uv_gettimeofday(&now) != 0)
    return SIO_ERR_NOMEM;
  sio_jwt_sign_options_init(&options);
  options.now_s = (uint64_t)now.tv_sec;
  options.lifetime_s = app->life_s;
  options.add_id = 1;
  sio_payload_format(claims, "{sub: %s}", user);
  rv = sio_jwt_sign_payload(app->keys, claims, &options, &jwt);
  if (rv == 0)
    snprintf(out, TOKEN_MAX, "%.*s", SIO_STR_ARG(sio_jwt_token(jwt)));
  sio_jwt_release(jwt);
  sio_payload_free(claims);
  return rv;
}

static void answer(sio_request *request, int status, const char *text)
{
  sio_respond_text(request, status, "text/plain", text);
}

static void login(const struct app *app, sio_request *request)
{
  sio_span body = sio_request_body(request);
  char text[128] = "", token[TOKEN_MAX], *password;

  if (body.len > 0)
    snprintf(text, sizeof text, "%.*s", (int)body.len, (const char *)body.data);
  password = strchr(text, ' ');
  if (password != NULL)
    *password++ = '\0';
  /* Yours would compare a salted hash, and limit how often. */
  if (password == NULL || text[0] == '\0' || strcmp(password, "sesame") != 0)
    answer(request, 403, "wrong name or password");
  else if (sign(app, text, token) != 0)
    answer(request, 500, "no token");
  else
    answer(request, 200, token);
}

static bool rotate(struct app *app)
{
  sio_jwt_keys *keys = make_keys(app);

  if (keys == NULL)
    return false;
  sio_auth_set_keys(app->auth, keys);
  sio_jwt_keys_release(app->keys);
  app->keys = keys;
  return true;
}

static void serve_user(struct app *app, sio_request *request, sio_str user)
{
  sio_str path = sio_request_path(request);
  char text[SIO_USER_ID_MAX + 32] = "done";
  int status = 200;

  if (sio_str_is(path, "/me"))
    snprintf(text, sizeof text, "%.*s %zu", SIO_STR_ARG(user),
             sio_auth_count(app->auth, NULL, user));
  else if (sio_str_is(path, "/logout"))
    status = sio_auth_revoke_user(app->auth, user, 0) == 0 ? 200 : 503;
  else if (sio_str_is(path, "/rotate"))
    status = rotate(app) ? 200 : 503;
  else
    status = 404;
  answer(request, status, status == 200 ? text : "sorry");
}

static void on_request(sio_request *request, void *user)
{
  struct app *app = user;
  sio_jwt *jwt;
  int rv;

  if (sio_str_is(sio_request_path(request), "/login")) {
    login(app, request);
    return;
  }
  rv = sio_auth_check_request(app->auth, request, &jwt);
  if (rv != 0)
    sio_auth_refuse_request(request, rv);
  else
    serve_user(app, request, sio_jwt_subject(jwt));
  sio_jwt_release(jwt);
}

static void on_online(sio_auth *auth, sio_str id, sio_socket *socket,
                      void *user)
{
  (void)auth;
  (void)user;
  sio_emitf(sio_others(socket), "online", "%.*s", SIO_STR_ARG(id));
}

static void on_offline(sio_auth *auth, sio_str id, void *user)
{
  (void)user;
  sio_emitf(sio_everyone(sio_of(sio_auth_server(auth), "/")), "offline", "%.*s",
            SIO_STR_ARG(id));
}

static void on_notify(sio_socket *socket, const sio_args *args, sio_ack *ack,
                      void *user)
{
  struct app *app = user;
  sio_str from = sio_socket_user_id(socket);
  sio_str to = sio_value_str(sio_arg(args, 0));
  sio_str what = sio_value_str(sio_arg(args, 1));

  sio_emitf(sio_user(sio_socket_ns(socket), to), "notice", "%.*s, %.*s",
            SIO_STR_ARG(from), SIO_STR_ARG(what));
  sio_ackf(ack, "%zu", sio_auth_count(app->auth, NULL, to));
}

static int guard(struct app *app)
{
  sio_ns *ns = sio_of(app->server, "/");
  sio_auth_options options;

  sio_auth_options_init(&options);
  options.keys = app->keys;
  options.expiring_s = app->life_s / 2 < 60 ? app->life_s / 2 : 60;
  options.max_lifetime_s = app->life_s; /* so that revocations are forgotten */
  options.grace_ms = 500;
  options.online = on_online;
  options.offline = on_offline;
  options.user = app;
  if (sio_auth_new(app->server, &options, &app->auth) != 0)
    return -1;
  sio_server_on_http(app->server, on_request, app);
  return sio_auth_use(app->auth, ns) | sio_on(ns, "notify", on_notify, app);
}

static int listen_on(struct app *app, int port, sio_uv_tls_pair pair)
{
  sio_uv_tls_files files;
  sio_tls_config *config;

  if (pair.chain == NULL)
    return sio_uv_listen(app->uv, "127.0.0.1", port);
  sio_uv_tls_files_init(&files);
  files.pairs = &pair;
  files.n_pairs = 1;
  if (sio_uv_tls_config(app->uv, &files, NULL, &config) != 0)
    return -1;
  port = sio_uv_listen_tls(app->uv, NULL, port, config);
  sio_tls_config_release(config);
  return port;
}

static void on_signal(uv_signal_t *handle, int number)
{
  (void)number;
  sio_uv_close(handle->data, NULL, NULL);
}

static const char *option(int argc, char **argv, const char *name,
                          const char *value)
{
  for (int i = 1; i + 1 < argc; i += 2)
    value = strcmp(argv[i], name) == 0 ? argv[i + 1] : value;
  return value;
}

int main(int argc, char **argv)
{
  int port = atoi(option(argc, argv, "--port", "3000"));
  struct app app = {.loop = uv_default_loop()};
  sio_uv_tls_pair pair = {0};
  uv_signal_t signal;

  pair.chain = option(argc, argv, "--chain", NULL);
  pair.key = option(argc, argv, "--key", NULL);
  app.life_s = (unsigned)atoi(option(argc, argv, "--life", "900"));
  app.server = sio_server_new(NULL);
  app.uv = sio_uv_new(app.loop, app.server);
  app.keys = make_keys(&app);
  if (app.uv == NULL || app.keys == NULL || guard(&app) != 0)
    return 1; /* out of memory */
  uv_signal_init(app.loop, &signal);
  uv_signal_start(&signal, on_signal, SIGTERM);
  uv_unref((uv_handle_t *)&signal);
  signal.data = app.uv;
  port = listen_on(&app, port, pair);
  if (port < 0) {
    fprintf(stderr, "%s\n", sio_uv_error(app.uv));
    return 1;
  }
  printf("listening on %d\n", port);
  fflush(stdout);
  uv_run(app.loop, UV_RUN_DEFAULT); /* until a signal has closed everything */
  sio_server_free(app.server);
  sio_jwt_keys_release(app.keys);
  return 0;
}
