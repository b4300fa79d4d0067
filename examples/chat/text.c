/* SPDX-License-Identifier: MIT */
#include "text.h"

/* What is found in a text. */
struct look {
  size_t points;
  size_t visible;
  size_t controls; /* but line breaks and tabs */
  size_t lines;    /* those */
  size_t tricks;
  bool padded; /* blank at an end */
};

/* The code point at `*at`, which is moved behind it. */
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

static struct look look_at(const sio_str *s)
{
  struct look look = {.points = 0};
  uint32_t first = 0, last = 0;
  size_t at = 0;

  while (at < s->len) {
    last = next_point(*s, &at);
    first = look.points++ == 0 ? last : first;
    look.visible += is_visible(last);
    look.lines += is_line(last);
    look.controls += is_control(last) && !is_line(last);
    look.tricks += is_trick(last);
  }
  look.padded = is_blank(first) || is_blank(last);
  return look;
}

/* Whether it can stand in one line, as what it looks like. */
static bool is_name(const struct look *look)
{
  return look->visible > 0 && look->controls == 0 && look->lines == 0 &&
         look->tricks == 0 && !look->padded;
}

const char *text_check_name(const void *str)
{
  struct look look = look_at(str);

  return is_name(&look) && look.points <= NAME_POINTS
             ? NULL
             : "a visible name of 1 to 24 characters without blanks at its "
               "ends";
}

const char *text_check_room(const void *str)
{
  struct look look = look_at(str);

  return is_name(&look) ? NULL : "a visible name without blanks at its ends";
}

const char *text_check_message(const void *str)
{
  struct look look = look_at(str);

  return look.visible > 0 && look.controls == 0
             ? NULL
             : "a message to see, without control characters";
}
