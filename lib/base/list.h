/* SPDX-License-Identifier: MIT */
#ifndef SIO_BASE_LIST_H
#define SIO_BASE_LIST_H

/* Intrusive, circular, doubly linked list.  A link that is in no list points
 * to itself, so removing it twice does no harm. */

#include <stdbool.h>
#include <stddef.h>

struct sio__list {
  struct sio__list *next, *prev;
};

/* The struct of type `type` whose member `member` is at `ptr`. */
#define SIO__CONTAINER(ptr, type, member)                                      \
  ((type *)(void *)((char *)(ptr)-offsetof(type, member)))

static inline void sio__list_init(struct sio__list *list)
{
  list->next = list->prev = list;
}

static inline bool sio__list_is_empty(const struct sio__list *list)
{
  return list->next == list;
}

/* Put `link`, which is in no list, right before `place`: at the end, if
 * `place` is the head of the list. */
static inline void sio__list_insert(struct sio__list *place,
                                    struct sio__list *link)
{
  link->next = place;
  link->prev = place->prev;
  place->prev->next = link;
  place->prev = link;
}

static inline void sio__list_remove(struct sio__list *link)
{
  link->prev->next = link->next;
  link->next->prev = link->prev;
  sio__list_init(link);
}

/* Take the first link out; NULL if there is none. */
static inline struct sio__list *sio__list_take(struct sio__list *list)
{
  struct sio__list *link = list->next;

  if (link == list)
    return NULL;
  sio__list_remove(link);
  return link;
}

/* Move all links of `from` to the end of `to`. */
static inline void sio__list_move(struct sio__list *to, struct sio__list *from)
{
  if (sio__list_is_empty(from))
    return;
  from->next->prev = to->prev;
  to->prev->next = from->next;
  from->prev->next = to;
  to->prev = from->prev;
  sio__list_init(from);
}

#endif
