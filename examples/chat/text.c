/* SPDX-License-Identifier: MIT */
/* What people may type: lengths in code points, no invisible tricks. */
#include "text.h"

const struct text_rule text_name = {
    .max_points = 24,
    .missing = "Please say who you are.",
    .length = "A name has 1 to 24 characters.",
    .content = "This name has characters that cannot be used, or begins or "
               "ends with a blank.",
};

const struct text_rule text_room = {
    .max_points = 32,
    .missing = "Please say which room.",
    .length = "A room's name has 1 to 32 characters.",
    .content = "This room's name has characters that cannot be used, or "
               "begins or ends with a blank.",
};

const struct text_rule text_message = {
    .max_points = 2000,
    .lines = true,
    .padded = true,
    .missing = "There is no message.",
    .length = "A message has 1 to 2000 characters.",
    .content = "This message has characters that cannot be shown.",
};

const struct text_rule text_key = {
    .max_points = 40,
    .missing = "A message needs a key.",
    .length = "A key has 1 to 40 characters.",
    .content = "This key has characters that cannot be used.",
};

/* The code point at `*at`, which is moved behind it.  The library hands over
 * valid UTF-8 only. */
static uint32_t next_point(sio_str s, size_t *at)
{
  const unsigned char *p = (const unsigned char *)s.data + *at;
  uint32_t point = p[0];
  size_t more = point < 0x80 ? 0 : point < 0xe0 ? 1 : point < 0xf0 ? 2 : 3;

  if (more > 0)
    point &= 0x3fu >> more;
  for (size_t i = 1; i <= more; i++)
    point = point << 6 | (p[i] & 0x3fu);
  *at += more + 1;
  return point;
}

static bool is_within(uint32_t point, uint32_t first, uint32_t last)
{
  return point >= first && point <= last;
}

static bool is_line(uint32_t point)
{
  return point == '\n' || point == '\t';
}

static bool is_control(uint32_t point)
{
  return point < 0x20 || is_within(point, 0x7f, 0x9f);
}

/* Takes place but shows nothing. */
static bool is_blank(uint32_t point)
{
  return point == ' ' || point == 0xa0 || is_within(point, 0x2000, 0x200a) ||
         point == 0x202f || point == 0x205f || point == 0x2800 ||
         point == 0x3000 || point == 0x3164;
}

/* Takes no place, or turns the direction of what follows: with these one name
 * could be made to look like another. */
static bool is_trick(uint32_t point)
{
  return point == 0xad || point == 0x200b || is_within(point, 0x200e, 0x200f) ||
         is_within(point, 0x2028, 0x202e) || is_within(point, 0x2060, 0x206f) ||
         point == 0xfeff || is_within(point, 0xfff9, 0xfffb) ||
         is_within(point, 0xe0000, 0xe007f);
}

/* The joiners are no tricks, as emoji and some scripts need them, but alone
 * they show nothing either. */
static bool is_visible(uint32_t point)
{
  return !is_line(point) && !is_blank(point) && !is_trick(point) &&
         !is_within(point, 0x200c, 0x200d);
}

const char *text_read(const struct text_rule *rule, sio_value value,
                      sio_str *out)
{
  sio_str s = sio_value_str(value);
  size_t at = 0, points = 0, visible = 0;
  uint32_t first = 0, last = 0;

  *out = s;
  if (sio_value_type(value) != SIO_STRING)
    return rule->missing;

  while (at < s.len && points <= rule->max_points) {
    last = next_point(s, &at);
    first = points++ == 0 ? last : first;
    visible += is_visible(last);
    if (is_control(last) && !(rule->lines && is_line(last)))
      return rule->content;
    if (is_trick(last) && !rule->lines)
      return rule->content;
  }
  if (points > rule->max_points || visible == 0)
    return rule->length;
  if (!rule->padded && (is_blank(first) || is_blank(last)))
    return rule->content;
  return NULL;
}
