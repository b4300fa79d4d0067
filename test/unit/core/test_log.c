/* SPDX-License-Identifier: MIT */
/* What the log tells, and what it must not. */
#include "core_world.h"

#include <sio/engine.h>
#include <sio/rooms.h>

#include <stdio.h>

static struct core_world w;
static struct core_client a, b, c; /* each to be opened once in a world */
static struct core_poller p;

/* All lines, as "area #connection line". */
static char lines[16384];
static size_t lines_len;

static void keep(const sio_log_entry *entry, void *user)
{
  int len;

  (void)user;
  assert_int_equal(entry->size, sizeof *entry);
  for (const char *at = entry->line; *at != '\0'; at++)
    assert_true((unsigned char)*at >= 0x20 && *at != 0x7f);
  len =
      snprintf(lines + lines_len, sizeof lines - lines_len, "%s #%llu %s\n",
               entry->area, (unsigned long long)entry->connection, entry->line);
  assert_true(len > 0 && lines_len + (size_t)len < sizeof lines);
  lines_len += (size_t)len;
}

static void begin(void)
{
  sio_server_options options;

  lines[0] = '\0';
  lines_len = 0;
  world_options(&w, &options);
  options.log = keep;
  options.log_level = SIO_LOG_DEBUG;
  world_open(&w, &options);
}

#define assert_logged(what)                                                    \
  do {                                                                         \
    if (strstr(lines, (what)) == NULL)                                         \
      fail_msg("\"%s\" is not in:\n%s", (what), lines);                        \
  } while (0)

static void test_connections_have_numbers(void **state)
{
  (void)state;
  begin();
  client_enter(&w, &a);
  client_enter(&w, &b);
  assert_int_equal(sio_conn_id(a.conn), 1);
  assert_int_equal(sio_conn_id(b.conn), 2);
  assert_int_equal(
      sio_session_connection(sio_socket_session(client_socket(&b, "/"))), 2);
  assert_logged("engine #1 session opened from 192.0.2.7 by websocket");
  assert_logged("engine #2 session opened");
  client_say(&b, "41");
  assert_logged("socket #2 socket ");
  client_say(&a, "9");
  assert_logged("engine #1 session ended: parse error");
  client_drop(&b);
  assert_logged("engine #2 session ended: transport close");
  client_enter(&w, &c); /* no number is given twice */
  assert_int_equal(sio_conn_id(c.conn), 3);
  world_close(&w);
}

static void test_by_polling_it_is_who_asked_last(void **state)
{
  (void)state;
  begin();
  assert_true(poller_open(&w, &p)); /* 1 gets, 2 posts */
  assert_logged("engine #1 session opened from 192.0.2.7 by polling");
  poller_say(&p, "40");
  poller_get(&p);
  poller_say(&p, "1");
  assert_logged("engine #2 session ended: transport close");
  world_close(&w);
}

static void test_refusals_name_the_area_and_the_connection(void **state)
{
  (void)state;
  begin();
  assert_true(http_open(&w, &a));
  http_send(&a, "/socket.io/?EIO=4&transport=pigeon", NULL);
  assert_logged("http #1 request ended: the handshake was refused");
  assert_true(http_open(&w, &b));
  client_feed(&b, "nonsense\r\n\r\n", 12);
  assert_logged("http #2 request ended: a malformed HTTP request");
  world_close(&w);
}

static void forget(sio_socket *socket, sio_next *next, void *user)
{
  (void)socket;
  (void)next;
  (void)user;
}

static void test_the_mistakes_of_the_host_are_its_own(void **state)
{
  (void)state;
  begin();
  assert_int_equal(sio_use(w.root, forget, NULL), 0);
  assert_true(client_open(&w, &a));
  client_say(&a, "40");
  assert_logged("host #1 a middleware of / gave no answer");
  world_close(&w);
}

/* What clients send, with everything that a line could be forged with. */
static void be_a_nuisance(struct core_client *client, const char *id)
{
  char target[160];

  snprintf(target, sizeof target, "/socket.io/?EIO=4&transport=polling&sid=%s",
           id);
  assert_true(http_open(&w, client));
  http_send(client, target, "9\x1b[31m");
  (void)http_answer(client);
  http_send(client, "/socket.io/?EIO=4&transport=%0a%1b[31mERROR%7f", NULL);
  (void)http_answer(client);
  http_send(client,
            "/socket.io/?EIO=4&transport=polling&sid=unknown-but-secret", NULL);
  (void)http_answer(client);
}

static char sid[CORE_SID_LEN + 1];

static void learn_id(sio_session *session, void *user)
{
  (void)user;
  snprintf(sid, sizeof sid, "%s", sio_session_id(session));
}

static void test_no_line_has_the_id_of_a_session(void **state)
{
  sio_session_handlers handlers;

  (void)state;
  begin();
  sio_session_handlers_init(&handlers);
  handlers.open = learn_id;
  assert_int_equal(sio_server_on_sessions(w.server, &handlers, NULL), 0);
  client_enter(&w, &b);
  assert_int_equal(strlen(sid), CORE_SID_LEN);
  be_a_nuisance(&a, sid); /* of a websocket, by polling */
  client_say(&b, "41");
  client_drop(&b);
  assert_null(strstr(lines, sid));

  assert_true(poller_open(&w, &p));
  be_a_nuisance(&c, p.sid);
  assert_null(strstr(lines, p.sid));
  assert_null(strstr(lines, "unknown-but-secret"));
  assert_logged("ended");
  world_close(&w);
}

static void
test_a_client_of_protocol_3_has_its_sessions_id_kept_secret(void **state)
{
  sio_server_options options;

  (void)state;
  lines[0] = '\0';
  lines_len = 0;
  world_options(&w, &options);
  options.log = keep;
  options.log_level = SIO_LOG_DEBUG;
  options.allow_eio3 = 1;
  world_open(&w, &options);
  assert_true(http_open(&w, &a));
  http_send(&a, "/socket.io/?EIO=3&transport=polling", NULL);
  (void)http_answer(&a);
  assert_int_equal(sio_server_socket_count(w.server), 1); /* of "/", at once */
  memcpy(sid, strstr(a.heard, "\"sid\":\"") + 7, CORE_SID_LEN);
  assert_int_equal(sio_ns_socket_count(w.root), 1);
  assert_int_equal(sio_sockets_disconnect(sio_everyone(w.root), false), 0);
  assert_logged("socket ended: server namespace disconnect");
  assert_null(strstr(lines, sid));
  world_close(&w);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_connections_have_numbers),
      cmocka_unit_test(test_by_polling_it_is_who_asked_last),
      cmocka_unit_test(test_refusals_name_the_area_and_the_connection),
      cmocka_unit_test(test_the_mistakes_of_the_host_are_its_own),
      cmocka_unit_test(test_no_line_has_the_id_of_a_session),
      cmocka_unit_test(
          test_a_client_of_protocol_3_has_its_sessions_id_kept_secret),
  };

  return cmocka_run_group_tests_name("core/log", tests, NULL, NULL);
}
