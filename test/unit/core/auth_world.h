/* SPDX-License-Identifier: MIT */
#ifndef SIO_TEST_AUTH_WORLD_H
#define SIO_TEST_AUTH_WORLD_H

/* A server with a guard, at the second JWT_NOW, and clients that show tokens of
 * JWT_SECRET. */

#include "core_world.h"
#include "jwt_world.h"

#include <stdio.h>
#include <stdlib.h>

#define SECOND UINT64_C(1000)

static struct core_world w;
static struct core_client a;
static sio_server_options server_options;
static sio_auth_options options;
static sio_auth *auth;

static inline void note_online(sio_auth *of, sio_str id, sio_socket *socket,
                               void *user)
{
  (void)of;
  assert_true(sio_socket_is_connected(socket));
  world_note(user, "online %.*s", SIO_STR_ARG(id));
}

static inline void note_offline(sio_auth *of, sio_str id, void *user)
{
  (void)of;
  world_note(user, "offline %.*s", SIO_STR_ARG(id));
}

/* Settings, to be changed before guard_open(). */
static inline void guard_options(void)
{
  world_options(&w, &server_options);
  sio_auth_options_init(&options);
  options.user = &w;
}

/* Open the server, whose settings may be changed too, and guard "/". */
static inline void guard_open(void)
{
  world_open(&w, &server_options);
  sio_server_set_unix_time(w.server, JWT_NOW * SECOND);
  if (options.keys == NULL)
    options.keys = jwt_one_secret(&w.mem->allocator);
  assert_int_equal(sio_auth_new(w.server, &options, &auth), 0);
  sio_jwt_keys_release(options.keys);
  options.keys = NULL;
  assert_int_equal(sio_auth_use(auth, w.root), 0);
  (void)world_watch(&w, "/");
}

static inline void guard_begin(void)
{
  guard_options();
  guard_open();
}

/* A token with these claims; valid until the next one is made. */
static inline const char *token_of(const char *claims)
{
  static char text[4096];
  char *token = jwt_forge("{\"alg\":\"HS256\"}", claims);

  assert_true(strlen(token) < sizeof text);
  strcpy(text, token);
  free(token);
  return text;
}

/* The claims of a user, issued now, that expire in `life_s`. */
static inline const char *claims_of(const char *user, unsigned life_s)
{
  static char text[1024];
  uint64_t now_s = JWT_NOW + (w.now_ms - 1000) / 1000;

  snprintf(text, sizeof text,
           "{\"sub\":\"%s\",\"iat\":%llu,\"exp\":%llu,\"jti\":\"j-%s\"}", user,
           (unsigned long long)now_s, (unsigned long long)(now_s + life_s),
           user);
  return text;
}

/* Show a token: join with it. */
static inline void show(struct core_client *client, const char *token)
{
  char text[4200];

  snprintf(text, sizeof text, "40{\"token\":\"%s\"}", token);
  client_say(client, text);
}

/* Open and join as a user, for 1000 seconds. */
static inline void enter(struct core_client *client, const char *user)
{
  assert_true(client_open(&w, client));
  show(client, token_of(claims_of(user, 1000)));
  if (strncmp(client_hear(client), "40{\"sid\":", 9) != 0)
    fail_msg("not joined: %s", client->heard);
}

/* The refusal that a client hears. */
#define assert_refused(client, code, message)                                  \
  assert_hears((client), "44{\"message\":\"" message                           \
                         "\",\"data\":{\"code\":\"" code "\"}}\n")

#endif
