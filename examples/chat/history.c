/* SPDX-License-Identifier: MIT */
#include "history.h"

#include <stdlib.h>

/* A message and its texts, in one block. */
struct block {
  message message;
  char texts[];
};

static sio_str put(char **at, sio_str text)
{
  sio_str stored = {*at, text.len};

  if (text.len > 0)
    memcpy(*at, text.data, text.len);
  *at += text.len;
  return stored;
}

static message *copy(const message *m)
{
  struct block *block = malloc(sizeof *block + m->roomId.len + m->from.len +
                               m->text.len + m->key.len);
  char *at;

  if (block == NULL)
    return NULL;
  at = block->texts;
  block->message = *m;
  block->message.roomId = put(&at, m->roomId);
  block->message.from = put(&at, m->from);
  block->message.text = put(&at, m->text);
  block->message.key = put(&at, m->key);
  return &block->message;
}

static bool is_same(sio_str a, sio_str b)
{
  return a.len == b.len && memcmp(a.data, b.data, a.len) == 0;
}

void history_dispose(struct history *history)
{
  for (size_t i = 0; i < HISTORY_MESSAGES; i++)
    free(history->ring[i]); /* the message comes first in its block */
  memset(history, 0, sizeof *history);
}

static const message *find(const struct history *history, const message *wanted)
{
  for (size_t i = 0; i < history->count; i++) {
    const message *m = history_at(history, i);

    if (m->has_key && is_same(m->key, wanted->key) &&
        is_same(m->from, wanted->from))
      return m;
  }
  return NULL;
}

const message *history_add(struct history *history, const message *draft,
                           bool *is_new)
{
  const message *known = draft->has_key ? find(history, draft) : NULL;
  message *added;
  size_t slot;

  *is_new = known == NULL;
  if (known != NULL)
    return known;
  added = copy(draft);
  if (added == NULL)
    return NULL;

  if (history->count == HISTORY_MESSAGES)
    history->first = (history->first + 1) % HISTORY_MESSAGES;
  else
    history->count++;
  slot = (history->first + history->count - 1) % HISTORY_MESSAGES;
  free(history->ring[slot]);
  history->ring[slot] = added;
  return added;
}

const message *history_at(const struct history *history, size_t i)
{
  if (i >= history->count)
    return NULL;
  return history->ring[(history->first + i) % HISTORY_MESSAGES];
}
