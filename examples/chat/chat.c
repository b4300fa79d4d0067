/* SPDX-License-Identifier: MIT */
#include "chat.h"

#include <stdio.h>
#include <uv.h>

static const char prefix[] = "room:";

void room_key_init(struct room_key *key, sio_str room)
{
  int len = snprintf(key->text, sizeof key->text, "%s%.*s", prefix,
                     SIO_STR_ARG(room));

  key->s.data = key->text;
  key->s.len = (size_t)len;
}

sio_str room_of_key(sio_str key)
{
  size_t len = sizeof prefix - 1;

  if (key.len <= len || memcmp(key.data, prefix, len) != 0)
    return sio_s(NULL);
  key.data += len;
  key.len -= len;
  return key;
}

uint64_t chat_now_ms(const struct chat *chat)
{
  return uv_now(chat->loop);
}

uint64_t chat_unix_us(void)
{
  uv_timeval64_t now = {0, 0};

  uv_gettimeofday(&now);
  return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_usec;
}

void chat_refuse(sio_ack *ack, const char *sentence)
{
  sio_ackf(ack, "{error: %s}", sentence);
}

int chat_open_lobby(struct chat *chat)
{
  bool forgot;
  struct room *lobby =
      rooms_open(&chat->rooms, sio_s("Lobby"), chat_now_ms(chat), &forgot);

  if (lobby == NULL)
    return SIO_ERR_NOMEM;
  lobby->permanent = true;
  return 0;
}
