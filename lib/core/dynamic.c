/* SPDX-License-Identifier: MIT */
/* Making namespaces: by the host, as parents, and as children for clients. */
#include "core/dynamic.h"

#include "core/namespace.h"
#include "core/pattern.h"

#include <stdio.h>

/* ---- Parents ---- */

/* Their names are for people: nobody can join them. */
static struct sio_ns *new_parent(struct sio_server *server)
{
  char name[16];
  int len = snprintf(name, sizeof name, "/_%u", (unsigned)server->n_parents);
  sio_str s = {name, (size_t)len};
  struct sio_ns *parent = sio__ns_new(server, s, NULL, true);

  if (parent != NULL)
    server->n_parents++;
  return parent;
}

sio_ns *sio_of_dynamic(sio_server *server, sio_dynamic_fn fn, void *user)
{
  struct sio_ns *parent;

  if (server == NULL || server->plain || fn == NULL)
    return NULL;
  parent = new_parent(server);
  if (parent == NULL)
    return NULL;
  parent->decide = fn;
  parent->decide_user = user;
  return parent;
}

sio_ns *sio_of_pattern(sio_server *server, const char *pattern)
{
  char text[SIO__NS_NAME_MAX + 1];
  sio_str s = {text, 0};
  struct sio__pattern *compiled;
  struct sio_ns *parent;

  if (server == NULL || server->plain || pattern == NULL)
    return NULL;
  s.len = sio__ns_normal_name(sio_s(pattern), text);
  compiled = sio__pattern_new(s, &server->mem);
  if (compiled == NULL)
    return NULL;
  parent = new_parent(server);
  if (parent == NULL)
    sio__pattern_free(compiled, &server->mem);
  else
    parent->pattern = compiled;
  return parent;
}

sio_str sio_ns_param(const sio_ns *ns, const char *name)
{
  static const sio_str none = {NULL, 0};

  if (ns->parent == NULL || ns->parent->pattern == NULL)
    return none;
  return sio__pattern_param(ns->parent->pattern, sio__ns_str(ns), sio_s(name));
}

/* ---- Children ---- */

struct sio_ns *sio__dynamic_candidate(const struct sio_server *server,
                                      const struct sio_ns *after, sio_str name)
{
  const struct sio_ns *parent = after;
  struct sio_ns *next;

  while ((next = sio__ns_next_parent(server, parent)) != NULL) {
    if (next->pattern == NULL || sio__pattern_match(next->pattern, name))
      break;
    parent = next;
  }
  return next;
}

struct sio_ns *sio__dynamic_pattern(const struct sio_server *server,
                                    sio_str name)
{
  struct sio_ns *parent = NULL;

  do {
    parent = sio__dynamic_candidate(server, parent, name);
  } while (parent != NULL && parent->pattern == NULL);
  return parent;
}

sio_ns *sio_of(sio_server *server, const char *name)
{
  char text[SIO__NS_NAME_MAX + 1];
  sio_str s = {text, name != NULL ? sio__ns_normal_name(sio_s(name), text) : 0};
  struct sio_ns *ns;

  if (server == NULL || server->plain || s.len == 0)
    return NULL;
  ns = sio__ns_find(server, s);
  if (ns != NULL)
    return ns;
  sio__engine_enter(&server->engine);
  ns = sio__ns_new(server, s, sio__dynamic_pattern(server, s), false);
  if (ns != NULL && !sio__ns_announce(ns))
    ns = NULL; /* and it was deleted again */
  sio__engine_leave(&server->engine);
  return ns;
}

int sio__dynamic_child(struct sio_ns *parent, sio_str name, struct sio_ns **out)
{
  static const struct sio__about wish = {"socket", 0, "a wish to join", NULL};
  struct sio_server *server = parent->server;
  uint32_t limit = server->options.max_dynamic_namespaces;
  struct sio_ns *child;

  *out = NULL;
  if (limit > 0 && server->n_dynamic >= limit) {
    sio__engine_note(&server->engine, &wish, SIO_CAUSE_DYNAMIC_NAMESPACES, NULL,
                     0);
    return SIO_ERR_LIMIT;
  }
  child = sio__ns_new(server, name, parent, false);
  if (child == NULL)
    return SIO_ERR_NOMEM;
  child->dynamic = true;
  server->n_dynamic++;
  if (!sio__ns_announce(child))
    return SIO_ERR_NOT_FOUND;
  *out = child;
  return 0;
}
