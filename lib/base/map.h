/* SPDX-License-Identifier: MIT */
#ifndef SIO_BASE_MAP_H
#define SIO_BASE_MAP_H

/* Hash map of intrusive nodes, seeded against chosen keys (SipHash-1-3).
 * Inserting cannot fail: where the table cannot grow, chains get longer. */

#include <sio/types.h>

struct sio__map_node {
  struct sio__map_node *next;
  uint64_t hash;
};

struct sio__map {
  struct sio__map_node **buckets; /* &one until it has grown */
  size_t mask;                    /* number of buckets - 1 */
  size_t count;
  struct sio__map_node *one;
  const sio_allocator *mem;
};

/* The secret of all maps of one server. */
struct sio__hash_seed {
  uint64_t k0, k1;
};

uint64_t sio__hash(const struct sio__hash_seed *seed, const void *data,
                   size_t len);

/* Allocates nothing; the map must not move in memory afterwards. */
void sio__map_init(struct sio__map *map, const sio_allocator *mem);
/* The nodes are not touched. */
void sio__map_dispose(struct sio__map *map);

/* Insert a node under a hash; nodes of equal hash may coexist. */
void sio__map_insert(struct sio__map *map, struct sio__map_node *node,
                     uint64_t hash);
void sio__map_remove(struct sio__map *map, struct sio__map_node *node);

/* The first node with this hash, and the next one after it; NULL: no more.
 * The caller compares the keys. */
struct sio__map_node *sio__map_first(const struct sio__map *map, uint64_t hash);
struct sio__map_node *sio__map_next(const struct sio__map_node *node);

/* Any node, for emptying a map; NULL if there is none. */
struct sio__map_node *sio__map_any(const struct sio__map *map);

#endif
