/* SPDX-License-Identifier: MIT */
/* Hash map of intrusive nodes, and its hash function SipHash-1-3 (Aumasson
 * and Bernstein, "SipHash: a fast short-input PRF"). */
#include "base/map.h"

#include "base/mem.h"

enum {
  FIRST_BUCKETS = 8, /* once one is not enough */
  KEPT_BUCKETS = 64  /* that an emptied map may keep */
};

static uint64_t rotate(uint64_t x, unsigned bits)
{
  return x << bits | x >> (64 - bits);
}

static inline void sip_round(uint64_t v[4])
{
  v[0] += v[1];
  v[2] += v[3];
  v[1] = rotate(v[1], 13) ^ v[0];
  v[3] = rotate(v[3], 16) ^ v[2];
  v[0] = rotate(v[0], 32);
  v[2] += v[1];
  v[0] += v[3];
  v[1] = rotate(v[1], 17) ^ v[2];
  v[3] = rotate(v[3], 21) ^ v[0];
  v[2] = rotate(v[2], 32);
}

static inline void sip_word(uint64_t v[4], uint64_t word)
{
  v[3] ^= word;
  sip_round(v);
  v[0] ^= word;
}

/* Up to eight bytes, the first one lowest, on every machine. */
static uint64_t load(const uint8_t *data, size_t len)
{
  uint64_t word = 0;

  for (size_t i = 0; i < len; i++)
    word |= (uint64_t)data[i] << (8 * i);
  return word;
}

static uint64_t load_word(const uint8_t *p)
{
  /* written out, so that compilers make one load of it */
  return (uint64_t)p[0] | (uint64_t)p[1] << 8 | (uint64_t)p[2] << 16 |
         (uint64_t)p[3] << 24 | (uint64_t)p[4] << 32 | (uint64_t)p[5] << 40 |
         (uint64_t)p[6] << 48 | (uint64_t)p[7] << 56;
}

static struct sio__map_node **bucket_of(const struct sio__map *map,
                                        uint64_t hash)
{
  return &map->buckets[(size_t)hash & map->mask];
}

static void put(struct sio__map *map, struct sio__map_node *node)
{
  struct sio__map_node **bucket = bucket_of(map, node->hash);

  node->next = *bucket;
  *bucket = node;
}

static void drop_table(struct sio__map *map)
{
  if (map->buckets != &map->one)
    sio__mem_free(map->mem, map->buckets,
                  (map->mask + 1) * sizeof *map->buckets);
  map->buckets = &map->one;
  map->mask = 0;
}

/* More buckets, if there is memory for them; else it stays as it is. */
static void grow(struct sio__map *map)
{
  size_t old_n = map->mask + 1;
  size_t n = old_n < FIRST_BUCKETS ? FIRST_BUCKETS : old_n * 2;
  struct sio__map_node **old = map->buckets;
  struct sio__map_node **buckets;

  if (n > SIZE_MAX / sizeof *buckets)
    return;
  buckets = sio__mem_zalloc(map->mem, n * sizeof *buckets);
  if (buckets == NULL)
    return;
  map->buckets = buckets;
  map->mask = n - 1;
  for (size_t i = 0; i < old_n; i++) {
    while (old[i] != NULL) {
      struct sio__map_node *node = old[i];

      old[i] = node->next;
      put(map, node);
    }
  }
  if (old != &map->one)
    sio__mem_free(map->mem, old, old_n * sizeof *old);
}

uint64_t sio__hash(const struct sio__hash_seed *seed, const void *data,
                   size_t len)
{
  const uint8_t *bytes = data;
  uint64_t v[4] = {seed->k0 ^ UINT64_C(0x736f6d6570736575),
                   seed->k1 ^ UINT64_C(0x646f72616e646f6d),
                   seed->k0 ^ UINT64_C(0x6c7967656e657261),
                   seed->k1 ^ UINT64_C(0x7465646279746573)};
  size_t whole = len & ~(size_t)7;

  for (size_t i = 0; i < whole; i += 8)
    sip_word(v, load_word(bytes + i));
  sip_word(v, (uint64_t)len << 56 |
                  (len > whole ? load(bytes + whole, len - whole) : 0));
  v[2] ^= 0xff;
  sip_round(v);
  sip_round(v);
  sip_round(v);
  return v[0] ^ v[1] ^ v[2] ^ v[3];
}

void sio__map_init(struct sio__map *map, const sio_allocator *mem)
{
  map->one = NULL;
  map->buckets = &map->one;
  map->mask = 0;
  map->count = 0;
  map->mem = mem;
}

void sio__map_dispose(struct sio__map *map)
{
  drop_table(map);
  map->one = NULL;
  map->count = 0;
}

void sio__map_insert(struct sio__map *map, struct sio__map_node *node,
                     uint64_t hash)
{
  if (map->count > map->mask)
    grow(map);
  node->hash = hash;
  put(map, node);
  map->count++;
}

void sio__map_remove(struct sio__map *map, struct sio__map_node *node)
{
  struct sio__map_node **link = bucket_of(map, node->hash);

  while (*link != NULL && *link != node)
    link = &(*link)->next;
  if (*link == NULL)
    return;
  *link = node->next;
  node->next = NULL;
  map->count--;
  if (map->count == 0 && map->mask >= KEPT_BUCKETS)
    drop_table(map);
}

struct sio__map_node *sio__map_first(const struct sio__map *map, uint64_t hash)
{
  struct sio__map_node *node = *bucket_of(map, hash);

  while (node != NULL && node->hash != hash)
    node = node->next;
  return node;
}

struct sio__map_node *sio__map_next(const struct sio__map_node *node)
{
  struct sio__map_node *next = node->next;

  while (next != NULL && next->hash != node->hash)
    next = next->next;
  return next;
}

struct sio__map_node *sio__map_any(const struct sio__map *map)
{
  /* Each call begins elsewhere: from a fixed beginning, emptying a map would
   * walk over all the buckets emptied before, again and again. */
  uint64_t spread = map->count * UINT64_C(0x9e3779b97f4a7c15);
  size_t i = (size_t)(spread >> 32);

  if (map->count == 0)
    return NULL;
  while (map->buckets[i & map->mask] == NULL)
    i++;
  return map->buckets[i & map->mask];
}
