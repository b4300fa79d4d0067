/* SPDX-License-Identifier: MIT */
/* When somebody has joined and left rooms. */
#include "adapter/journal.h"

/* Then comes the name.  Records lie behind one another without gaps. */
struct record {
  uint64_t number;
  uint32_t len;
  uint32_t joined;
};

/* The record at this place of the text, and the name in it. */
static struct record read_at(sio_str text, size_t at, sio_str *name)
{
  struct record record;

  memcpy(&record, text.data + at, sizeof record);
  name->data = text.data + at + sizeof record;
  name->len = record.len;
  return record;
}

static size_t size_of(sio_str name)
{
  return sizeof(struct record) + name.len;
}

static void cut(struct sio__journal *journal, size_t at, size_t len)
{
  struct sio__buf *text = &journal->text;

  text->len -= len;
  memmove(text->data + at, text->data + at + len, text->len - at);
}

static void drop_settled(struct sio__journal *journal, uint64_t settled)
{
  sio_str text = sio__journal_text(journal), name;
  size_t at = 0;

  while (at < text.len && read_at(text, at, &name).number <= settled)
    at += size_of(name);
  if (at > 0)
    cut(journal, 0, at);
}

/* The changes that are dropped may matter. */
static void blur(struct sio__journal *journal, size_t len)
{
  sio_str text = sio__journal_text(journal), name;
  size_t at = 0;

  while (at < text.len && text.len - at + len > SIO__JOURNAL_MAX) {
    journal->blurred = read_at(text, at, &name).number;
    at += size_of(name);
  }
  if (at > 0)
    cut(journal, 0, at);
}

/* Two changes of one room with no packet between them are none.  False: there
 * is no other. */
static bool take_back(struct sio__journal *journal, uint64_t number,
                      sio_str room)
{
  sio_str text = sio__journal_text(journal), name;

  for (size_t at = 0; at < text.len; at += size_of(name)) {
    if (read_at(text, at, &name).number == number &&
        sio_str_equal(name, room)) {
      cut(journal, at, size_of(name));
      return true;
    }
  }
  return false;
}

void sio__journal_init(struct sio__journal *journal, const sio_allocator *mem)
{
  sio__buf_init(&journal->text, mem, SIO__JOURNAL_MAX);
  journal->blurred = 0;
}

void sio__journal_dispose(struct sio__journal *journal)
{
  sio__buf_dispose(&journal->text);
}

void sio__journal_note(struct sio__journal *journal, uint64_t number,
                       uint64_t settled, sio_str room, bool joined)
{
  const struct record record = {number, (uint32_t)room.len, joined};
  struct sio__buf *text = &journal->text;

  if (text->len > 0)
    drop_settled(journal, settled);
  if (number <= settled || take_back(journal, number, room))
    return;
  blur(journal, size_of(room));
  if (sio__buf_reserve(text, size_of(room)) == NULL) {
    sio__buf_reset(text, 0);
    journal->blurred = number;
    return;
  }
  sio__buf_append(text, &record, sizeof record);
  sio__buf_append(text, room.data, room.len);
}

void sio__journal_load(struct sio__journal *journal, sio_str text,
                       uint64_t blurred)
{
  sio_str name;

  sio__buf_reset(&journal->text, SIO__JOURNAL_MAX);
  journal->blurred = blurred;
  sio__buf_append(&journal->text, text.data, text.len);
  if (journal->text.error == 0)
    return;
  sio__buf_reset(&journal->text, 0);
  for (size_t at = 0; at < text.len; at += size_of(name))
    journal->blurred = read_at(text, at, &name).number;
}

bool sio__journal_was_in(sio_str text, sio_str room, uint64_t number, bool now)
{
  sio_str name;

  for (size_t at = 0; at < text.len; at += size_of(name)) {
    struct record record = read_at(text, at, &name);

    if (record.number >= number && sio_str_equal(name, room))
      return record.joined == 0;
  }
  return now;
}
