/* SPDX-License-Identifier: MIT */
#ifndef SIO_TEST_RECOVERY_WORLD_H
#define SIO_TEST_RECOVERY_WORLD_H

/* Clients that come back.  The clock stands at 1000 ms until a test moves it,
 * which is "Fe" in offsets: the first is "Fe", then "Fe.0", "Fe.1" and on. */

#include "core_world.h"

#include <sio/recovery.h>

#include <stdio.h>

static struct core_world w;
static sio_recovery_options recovery;
static sio_server_options options;
static struct core_client a;

/* Options of a server with recovery, to be changed before world_open(). */
static inline void set_options(void)
{
  world_options(&w, &options);
  sio_recovery_options_init(&recovery);
  options.recovery = &recovery;
}

static inline void note_lost(sio_ns *ns, sio_str id, sio_value data, void *user)
{
  sio_str json = sio_value_json(data);

  (void)id;
  world_note(user, "lost %s %.*s", sio_ns_name(ns), SIO_STR_ARG(json));
}

static inline void open_world(void)
{
  world_open(&w, &options);
  assert_int_equal(sio_on_recovery_lost(w.root, note_lost, &w), 0);
}

static inline void begin(void)
{
  set_options();
  open_world();
}

/* What a CONNECT packet says; false: it is none. */
static inline bool read_connect(const char *text, char sid[CORE_SID_LEN + 1],
                                char pid[CORE_SID_LEN + 1])
{
  const char *at = strstr(text, "{\"sid\":\"");

  if (at == NULL || strlen(at) < 60)
    return false;
  memcpy(sid, at + 8, CORE_SID_LEN);
  memcpy(pid, at + 37, CORE_SID_LEN);
  sid[CORE_SID_LEN] = pid[CORE_SID_LEN] = '\0';
  return true;
}

/* Join a namespace as a new one; its name with a comma, or "". */
static inline void join_new(struct core_client *client, const char *nsp,
                            char pid[CORE_SID_LEN + 1])
{
  char text[300];

  snprintf(text, sizeof text, "40%s", nsp);
  client_say(client, text);
  if (!read_connect(client_hear(client), client->sid, pid))
    fail_msg("not joined: %s", client->heard);
  snprintf(text, sizeof text, "40%s{\"sid\":\"%s\",\"pid\":\"%s\"}\n", nsp,
           client->sid, pid);
  assert_string_equal(client->heard, text);
}

/* Connect, for the first time or again; what it was called stays known. */
static inline bool reopen(struct core_client *client)
{
  struct core_client **place = &w.clients;
  char sid[CORE_SID_LEN + 1];
  bool opened;

  while (*place != NULL && *place != client)
    place = &(*place)->next;
  if (*place != NULL) {
    assert_null(client->conn);
    *place = client->next;
  }
  memcpy(sid, client->sid, sizeof sid);
  opened = client_open(&w, client);
  memcpy(client->sid, sid, sizeof sid);
  return opened;
}

/* Open and join "/" as a new one. */
static inline void enter(struct core_client *client, char pid[CORE_SID_LEN + 1])
{
  assert_true(reopen(client));
  join_new(client, "", pid);
}

/* Connect again, and ask for what it had. */
static inline void ask_back(struct core_client *client, const char *pid,
                            const char *offset)
{
  char text[200];

  snprintf(text, sizeof text, "40{\"pid\":\"%s\",\"offset\":\"%s\"}", pid,
           offset);
  assert_true(reopen(client));
  client_say(client, text);
}

/* Hears `missed`, and then that it has come back. */
static inline void assert_back(struct core_client *client, const char *pid,
                               const char *missed)
{
  char want[CORE_HEARD_MAX];

  snprintf(want, sizeof want, "%s40{\"sid\":\"%s\",\"pid\":\"%s\"}\n", missed,
           client->sid, pid);
  assert_hears(client, want);
}

/* Hears that it is a new one, and nothing else. */
static inline void assert_new(struct core_client *client, const char *old_pid)
{
  char sid[CORE_SID_LEN + 1], pid[CORE_SID_LEN + 1], want[100];

  if (!read_connect(client_hear(client), sid, pid))
    fail_msg("not joined: %s", client->heard);
  assert_string_not_equal(pid, old_pid);
  assert_string_not_equal(sid, client->sid);
  snprintf(want, sizeof want, "40{\"sid\":\"%s\",\"pid\":\"%s\"}\n", sid, pid);
  assert_string_equal(client->heard, want);
}

static inline void say(const char *event)
{
  assert_int_equal(sio_emitf(sio_everyone(w.root), event, NULL), 0);
}

/* A client that has got an event, "Fe". */
static inline void enter_and_get(struct core_client *client, char *pid)
{
  enter(client, pid);
  say("e");
  (void)client_hear(client);
}

#endif
