/* SPDX-License-Identifier: MIT */
/* What is registered for the events of a namespace or of one socket. */
#include "core/listeners.h"

#include "base/mem.h"
#include "proto/packet.h"

enum { FEW = 4 }; /* names are found faster one by one than by their hash */

/* ---- Beginning and end ---- */

void sio__listeners_init(struct sio__listeners *listeners,
                         const sio_allocator *mem,
                         const struct sio__hash_seed *seed)
{
  memset(listeners, 0, sizeof *listeners);
  listeners->mem = mem;
  listeners->seed = seed;
  sio__map_init(&listeners->by_name, mem);
  sio__list_init(&listeners->names);
}

static void free_named(struct sio__listeners *listeners,
                       struct sio__named *named)
{
  sio__map_remove(&listeners->by_name, &named->node);
  sio__list_remove(&named->link);
  sio__handlers_dispose(&named->handlers, listeners->mem);
  sio__mem_free(listeners->mem, named, sizeof *named + named->len);
}

static void free_matcher(struct sio__listeners *listeners,
                         struct sio__matcher *matcher)
{
  sio__mem_free(listeners->mem, matcher, sizeof *matcher + matcher->len);
}

void sio__listeners_dispose(struct sio__listeners *listeners)
{
  const sio_allocator *mem = listeners->mem;

  while (!sio__list_is_empty(&listeners->names))
    free_named(listeners,
               SIO__CONTAINER(listeners->names.next, struct sio__named, link));
  sio__map_dispose(&listeners->by_name);
  (void)sio__listeners_unmatch(listeners, NULL, NULL, NULL); /* or none */
  sio__handlers_dispose(&listeners->any, mem);
  sio__handlers_dispose(&listeners->matching, mem);
  sio__handlers_dispose(&listeners->middlewares, mem);
  sio__handlers_dispose(&listeners->outgoing, mem);
  sio__handlers_dispose(&listeners->problems, mem);
}

void sio__listeners_changed(struct sio__listeners *listeners)
{
  listeners->is_special = sio__handlers_count(&listeners->any) > 0 ||
                          sio__handlers_count(&listeners->matching) > 0 ||
                          listeners->middlewares.n > 0 ||
                          listeners->fallback.fn != NULL ||
                          listeners->has_contract;
}

/* ---- By name ---- */

static bool is_called(const struct sio__named *named, sio_str name)
{
  return named->len == name.len &&
         (name.len == 0 || memcmp(named->name, name.data, name.len) == 0);
}

struct sio__named *sio__listeners_find(const struct sio__listeners *listeners,
                                       sio_str name)
{
  const struct sio__list *names = &listeners->names;
  struct sio__map_node *node;

  if (listeners->by_name.count <= FEW) {
    for (struct sio__list *at = names->next; at != names; at = at->next) {
      struct sio__named *named = SIO__CONTAINER(at, struct sio__named, link);

      if (is_called(named, name))
        return named;
    }
    return NULL;
  }
  node = sio__map_first(&listeners->by_name,
                        sio__hash(listeners->seed, name.data, name.len));
  for (; node != NULL; node = sio__map_next(node)) {
    struct sio__named *named = SIO__CONTAINER(node, struct sio__named, node);

    if (is_called(named, name))
      return named;
  }
  return NULL;
}

/* NULL: no memory. */
static struct sio__named *new_named(struct sio__listeners *listeners,
                                    sio_str name)
{
  struct sio__named *named =
      sio__mem_zalloc(listeners->mem, sizeof *named + name.len);

  if (named == NULL)
    return NULL;
  named->len = name.len;
  if (name.len > 0)
    memcpy(named->name, name.data, name.len);
  sio__map_insert(&listeners->by_name, &named->node,
                  sio__hash(listeners->seed, name.data, name.len));
  sio__list_init(&named->link);
  sio__list_insert(&listeners->names, &named->link);
  return named;
}

int sio__listeners_on(struct sio__listeners *listeners, sio_str name,
                      sio_event_fn fn, void *user, bool once)
{
  struct sio__named *named;
  int rv;

  if (fn == NULL)
    return SIO_ERR_INVALID;
  if (sio__event_is_reserved(name))
    return SIO_ERR_RESERVED;
  named = sio__listeners_find(listeners, name);
  if (named == NULL)
    named = new_named(listeners, name);
  if (named == NULL)
    return SIO_ERR_NOMEM;
  rv = (once ? sio__handlers_once : sio__handlers_add)(
      &named->handlers, listeners->mem, (void (*)(void))fn, user);
  sio__listeners_tidy(listeners, named);
  return rv;
}

void sio__listeners_tidy(struct sio__listeners *listeners,
                         struct sio__named *named)
{
  if (named->handlers.n == 0 && named->handlers.walks == 0)
    free_named(listeners, named);
}

static int off_named(struct sio__listeners *listeners, struct sio__named *named,
                     sio_event_fn fn, void *user)
{
  int rv = sio__handlers_remove(&named->handlers, (void (*)(void))fn, user);

  sio__listeners_tidy(listeners, named);
  return rv;
}

int sio__listeners_off(struct sio__listeners *listeners, const char *name,
                       sio_event_fn fn, void *user)
{
  struct sio__list *link = listeners->names.next;
  int rv = SIO_ERR_NOT_FOUND;

  if (name != NULL) {
    struct sio__named *named = sio__listeners_find(listeners, sio_s(name));

    return named != NULL ? off_named(listeners, named, fn, user) : rv;
  }
  while (link != &listeners->names) {
    struct sio__named *named = SIO__CONTAINER(link, struct sio__named, link);

    link = link->next;
    if (off_named(listeners, named, fn, user) == 0)
      rv = 0;
  }
  return rv;
}

/* ---- By pattern ---- */

int sio__listeners_match(struct sio__listeners *listeners, sio_str pattern,
                         sio_any_fn fn, void *user)
{
  struct sio__matcher *matcher;
  int rv;

  if (fn == NULL)
    return SIO_ERR_INVALID;
  matcher = sio__mem_alloc(listeners->mem, sizeof *matcher + pattern.len);
  if (matcher == NULL)
    return SIO_ERR_NOMEM;
  matcher->fn = fn;
  matcher->user = user;
  matcher->len = pattern.len;
  if (pattern.len > 0)
    memcpy(matcher->pattern, pattern.data, pattern.len);
  rv = sio__handlers_add(&listeners->matching, listeners->mem,
                         (void (*)(void))fn, matcher);
  if (rv != 0)
    free_matcher(listeners, matcher);
  sio__listeners_changed(listeners);
  return rv;
}

/* Whether it is one of those: `fn` NULL: any function, `pattern` NULL: any
 * pattern. */
static bool is_meant(const struct sio__matcher *matcher, const char *pattern,
                     sio_any_fn fn, const void *user)
{
  const sio_str text = {matcher->pattern, matcher->len};

  return (fn == NULL || (matcher->fn == fn && matcher->user == user)) &&
         (pattern == NULL || sio_str_is(text, pattern));
}

int sio__listeners_unmatch(struct sio__listeners *listeners,
                           const char *pattern, sio_any_fn fn, void *user)
{
  struct sio__handlers *matching = &listeners->matching;
  const struct sio__handler *each;
  struct sio__walk walk;
  int rv = SIO_ERR_NOT_FOUND;

  sio__walk_begin(&walk, matching);
  while ((each = sio__walk_next(&walk)) != NULL) {
    struct sio__matcher *matcher = each->user;

    if (is_meant(matcher, pattern, fn, user)) {
      sio__handlers_remove_at(matching, walk.i - 1);
      free_matcher(listeners, matcher);
      rv = 0;
    }
  }
  sio__walk_end(&walk);
  sio__listeners_changed(listeners);
  return rv;
}
