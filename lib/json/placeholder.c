/* SPDX-License-Identifier: MIT */
/* Finding placeholders at any depth in one pass. */
#include "json/placeholder.h"

#include <sio/error.h>

#include "json/number.h"
#include "json/string.h"

void sio__object_walk_init(struct sio__object_walk *walk, const char *text,
                           size_t len)
{
  walk->at = len > 0 ? text : "";
  walk->end = walk->at + len;
  walk->depth = 0;
  walk->is_placeholder = false;
  walk->num = SIO__NO_NUM;
}

/* Only a number is looked at beyond its first byte: what is inside of other
 * values is walked over in its own time, once. */
static uint64_t read_num(const char *at, const char *end)
{
  uint64_t num = SIO__NO_NUM;

  if (*at != '-' && (*at < '0' || *at > '9'))
    return SIO__NO_NUM;
  if (sio__json_read_uint64(at, (size_t)(sio__json_skip_value(at, end) - at),
                            &num) != 0)
    return SIO__NO_NUM;
  return num;
}

/* Take note of a member's value, which begins at `at`, by the member's name.
 * Of duplicates the last one counts. */
static void note_member(struct sio__object_walk *walk, const char *key,
                        const char *key_end, const char *at)
{
  struct sio__object_level *level = &walk->levels[walk->depth - 1];
  size_t len = (size_t)(key_end - key);

  at = sio__json_skip_blank(at, walk->end);
  if (sio__is_placeholder_key(key, len)) {
    level->is_placeholder = *at == 't';
  } else if (sio__json_string_equals(key + 1, len - 2, "num", 3)) {
    level->num = read_num(at, walk->end);
  }
}

/* A string; if a colon follows, in an object, it is the name of a member. */
static void pass_string(struct sio__object_walk *walk)
{
  const char *begin = walk->at;
  const char *stop = sio__json_skip_value(begin, walk->end);
  const char *colon;

  walk->at = stop;
  if (walk->depth == 0 || !walk->levels[walk->depth - 1].is_object)
    return;
  colon = sio__json_skip_blank(stop, walk->end);
  if (colon < walk->end && *colon == ':') {
    walk->at = colon + 1;
    note_member(walk, begin, stop, walk->at);
  }
}

static void enter(struct sio__object_walk *walk, bool is_object)
{
  struct sio__object_level *level = &walk->levels[walk->depth++];

  level->is_object = is_object;
  level->is_placeholder = false;
  level->num = SIO__NO_NUM;
}

enum sio__object_event sio__object_walk_next(struct sio__object_walk *walk)
{
  while (walk->at < walk->end) {
    switch (*walk->at) {
    case '"':
      pass_string(walk);
      break;
    case '{':
    case '[':
      enter(walk, *walk->at == '{');
      if (*walk->at++ == '{')
        return OBJECT_OPEN;
      break;
    case '}':
      walk->at++;
      walk->depth--;
      walk->is_placeholder = walk->levels[walk->depth].is_placeholder;
      walk->num = walk->levels[walk->depth].num;
      return OBJECT_CLOSE;
    case ']':
      walk->at++;
      walk->depth--;
      break;
    default:
      walk->at++;
    }
  }
  return OBJECT_NONE;
}

int sio__document_check_placeholders(const struct sio_document *document)
{
  struct sio__object_walk walk;
  enum sio__object_event event;

  if (document->n_attachments == 0)
    return 0;
  sio__object_walk_init(&walk, document->text, document->len);
  while ((event = sio__object_walk_next(&walk)) != OBJECT_NONE) {
    if (event == OBJECT_CLOSE && walk.is_placeholder &&
        walk.num >= document->n_attachments)
      return SIO_ERR_RANGE;
  }
  return 0;
}
