/* SPDX-License-Identifier: MIT */
#ifndef SIO_TEST_MSGPACK_WORLD_H
#define SIO_TEST_MSGPACK_WORLD_H

/* A server of SIO_PARSER_MSGPACK and its clients, whose packets are written as
 * in test/unit/proto/msgpack_bytes.h. */

#include "core_world.h"

#include "../proto/msgpack_bytes.h"

#include <stdio.h>

#define IN(type, nsp) "a4'type' " type " a3'nsp' " nsp " "
#define ROOT(type)    IN(type, "a1'/'")

/* As JavaScript writes them: what is not there is undefined. */
#define CONNECT       "83 " ROOT("00") "a4'data' d40000"
#define LEAVE         "83 " ROOT("01") "a4'data' d40000"
#define EVENT(data)   "83 " ROOT("02") "a4'data' " data
#define ASK(data, id) "84 " ROOT("02") "a4'data' " data " a2'id' " id
#define ACK(data, id) "84 " ROOT("03") "a4'data' " data " a2'id' " id

#define ECHO   "a4'echo' "
#define ECHOED "a6'echoed' "

static struct core_world w;
static struct core_client c, other;

static inline void begin_with(sio_server_options *options)
{
  options->parser = SIO_PARSER_MSGPACK;
  world_open(&w, options);
  world_echo(world_watch(&w, "/"));
}

static inline void begin(void)
{
  sio_server_options options;

  world_options(&w, &options);
  begin_with(&options);
}

static inline void say(struct core_client *to, const char *spec)
{
  size_t len;
  uint8_t *bytes = bytes_of(spec, &len);

  client_say_bytes(to, bytes, len);
  free(bytes);
}

/* As test/support/core_world.h writes a binary message. */
static inline void write_message(char *out, const char *spec)
{
  size_t len;
  uint8_t *bytes = bytes_of(spec, &len);

  *out++ = '<';
  for (size_t i = 0; i < len; i++)
    out += sprintf(out, "%02x", bytes[i]);
  memcpy(out, ">\n", 3);
  free(bytes);
}

/* Exactly these messages have come; NULL: not a second one. */
static inline void hears(struct core_client *by, const char *first,
                         const char *second)
{
  char want[2048] = "";

  write_message(want, first);
  if (second != NULL)
    write_message(want + strlen(want), second);
  assert_hears(by, want);
}

/* Join by this packet; `nsp` is the namespace in it. */
static inline void join(struct core_client *by, const char *packet,
                        const char *nsp)
{
  char want[256], message[256], id[2 * CORE_SID_LEN + 1];
  const char *sid;

  say(by, packet);
  sid = strstr(client_hear(by), "a3736964b4"); /* 'sid', text of 20 bytes */
  if (sid == NULL)
    fail_msg("%s was not joined but answered: %s", nsp, by->heard);
  memcpy(id, sid + 10, sizeof id - 1);
  id[sizeof id - 1] = '\0';
  for (size_t i = 0; i < CORE_SID_LEN; i++)
    by->sid[i] = (char)(hex_digit(id[2 * i]) << 4 | hex_digit(id[2 * i + 1]));
  by->sid[CORE_SID_LEN] = '\0';
  snprintf(want, sizeof want, "83 " IN("00", "%s") "a4'data' 81 a3'sid' b4 %s",
           nsp, id);
  write_message(message, want);
  assert_string_equal(by->heard, message);
}

static inline void enter(struct core_client *by)
{
  assert_true(client_open(&w, by));
  join(by, CONNECT, "a1'/'");
}

static inline void begin_joined(void)
{
  begin();
  enter(&c);
  assert_noted(&w, "joined /\n");
}

/* So many attachments of one byte each. */
static inline void add_binary(sio_payload *payload, size_t n)
{
  for (size_t i = 0; i < n; i++) {
    uint8_t byte = (uint8_t)i;

    sio_payload_binary(payload, (sio_span){&byte, 1});
  }
}

static inline void note_outgoing(sio_socket *socket, sio_str event,
                                 sio_str json, void *user)
{
  (void)socket;
  (void)user;
  world_note(&w, "out %.*s %.*s", (int)event.len, event.data, (int)json.len,
             json.data);
}

#endif
