/* SPDX-License-Identifier: MIT */
#include "history.h"

#include <stdlib.h>

/* A message and its three texts, in one block. */
struct block {
  struct message message;
  char texts[];
};

static sio_str put(char **at, sio_str text)
{
  sio_str stored = {*at, text.len};

  memcpy(*at, text.data, text.len);
  *at += text.len;
  return stored;
}

static struct message *copy(const struct message *m)
{
  struct block *block =
      malloc(sizeof *block + m->from.len + m->text.len + m->key.len);
  char *at;

  if (block == NULL)
    return NULL;
  at = block->texts;
  block->message = (struct message){.id = m->id, .at_ms = m->at_ms};
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

static const struct message *find(const struct history *history,
                                  const struct message *wanted)
{
  for (size_t i = 0; i < history->count; i++) {
    const struct message *m = history_at(history, i);

    if (is_same(m->key, wanted->key) && is_same(m->from, wanted->from))
      return m;
  }
  return NULL;
}

const struct message *history_add(struct history *history,
                                  const struct message *message, bool *is_new)
{
  const struct message *known = find(history, message);
  struct message *added;
  size_t slot;

  *is_new = known == NULL;
  if (known != NULL)
    return known;
  added = copy(message);
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

const struct message *history_at(const struct history *history, size_t i)
{
  if (i >= history->count)
    return NULL;
  return history->ring[(history->first + i) % HISTORY_MESSAGES];
}
