/* SPDX-License-Identifier: MIT */
/* Namespaces that the server has made a client leave a moment ago. */
#include "core/farewell.h"

#include "base/mem.h"

enum { FIRST = 4, MOST = 64 };

/* A name is known by its hash, which nobody outside can foresee. */
struct farewell {
  uint64_t hash;
  uint64_t until_ms;
};

struct sio__farewells {
  uint32_t n, cap; /* oldest first */
  struct farewell all[];
};

static size_t size_of(uint32_t cap)
{
  return sizeof(struct sio__farewells) + cap * sizeof(struct farewell);
}

static uint64_t hash_of(const struct sio__client *client, sio_str nsp)
{
  return sio__hash(&client->server->engine.seed, nsp.data, nsp.len);
}

/* Where it is, or n. */
static uint32_t find(const struct sio__farewells *them, uint64_t hash)
{
  uint32_t i = 0;

  while (i < them->n && them->all[i].hash != hash)
    i++;
  return i;
}

static void drop(struct sio__farewells *them, uint32_t i)
{
  them->n--;
  memmove(&them->all[i], &them->all[i + 1], (them->n - i) * sizeof *them->all);
}

/* Room for one more; NULL: no memory. */
static struct sio__farewells *reserve(struct sio__client *client)
{
  const sio_allocator *mem = &client->server->mem;
  struct sio__farewells *them = client->farewells;
  uint32_t cap = them != NULL ? them->cap : 0;
  uint32_t more = cap > 0 ? cap * 2 : FIRST;

  if (them != NULL && them->n == MOST)
    drop(them, 0);
  if (them != NULL && them->n < cap)
    return them;
  them = sio__mem_resize(mem, them, cap > 0 ? size_of(cap) : 0, size_of(more));
  if (them == NULL)
    return NULL;
  if (cap == 0)
    them->n = 0;
  them->cap = more;
  client->farewells = them;
  return them;
}

void sio__farewell_note(struct sio__client *client, sio_str nsp)
{
  const struct sio_server *server = client->server;
  const sio_server_options *options = &server->options;
  uint64_t now_ms = server->engine.clock.now_ms;
  struct sio__farewells *them = client->farewells;
  struct farewell *it;

  while (them != NULL && them->n > 0 && them->all[0].until_ms < now_ms)
    drop(them, 0);
  sio__farewell_forget(client, nsp);
  them = reserve(client);
  if (them == NULL)
    return;
  it = &them->all[them->n++];
  it->hash = hash_of(client, nsp);
  it->until_ms = now_ms + options->ping_interval_ms + options->ping_timeout_ms;
}

bool sio__farewell_has(const struct sio__client *client, sio_str nsp)
{
  const struct sio__farewells *them = client->farewells;
  uint32_t i;

  if (them == NULL || them->n == 0)
    return false;
  i = find(them, hash_of(client, nsp));
  return i < them->n &&
         them->all[i].until_ms >= client->server->engine.clock.now_ms;
}

void sio__farewell_forget(struct sio__client *client, sio_str nsp)
{
  struct sio__farewells *them = client->farewells;
  uint32_t i;

  if (them == NULL || them->n == 0)
    return;
  i = find(them, hash_of(client, nsp));
  if (i < them->n)
    drop(them, i);
}

void sio__farewell_free(struct sio__client *client)
{
  if (client->farewells != NULL)
    sio__mem_free(&client->server->mem, client->farewells,
                  size_of(client->farewells->cap));
  client->farewells = NULL;
}
