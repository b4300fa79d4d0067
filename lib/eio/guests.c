/* SPDX-License-Identifier: MIT */
/* What is known about the peers by their address. */
#include "eio/guests.h"

#include <assert.h>
#include <sio/error.h>

#include "base/address.h"
#include "base/mem.h"

enum { KEY_MAX = 255, V4_LEN = 4, V6_NETWORK = 8 };
enum { FORGOTTEN_AT_ONCE = 2 }; /* one comes at most */

/* An address reduced to what counts.  The first byte says what the others
 * are, so that no text can be taken for a number. */
struct key {
  uint8_t len; /* 0: unknown */
  uint8_t bytes[KEY_MAX];
};

enum key_kind { KEY_V4 = 4, KEY_V6 = 6, KEY_TEXT = 't' };

struct sio__guest {
  struct sio__map_node by_address;
  struct sio__list idle; /* in guests->idle while `open` is 0 */
  struct sio__bucket handshakes;
  uint32_t open; /* sessions */
  uint8_t key_len;
  uint8_t key[];
};

/* ---- Addresses ---- */

static void set_key(struct key *key, enum key_kind kind, const void *data,
                    size_t len)
{
  key->bytes[0] = (uint8_t)kind;
  memcpy(key->bytes + 1, data, len);
  key->len = (uint8_t)(len + 1);
}

static void make_key(struct key *key, const char *text)
{
  sio_str whole = sio_s(text), bare = whole;
  const char *zone = whole.len > 0 ? memchr(text, '%', whole.len) : NULL;
  struct sio__address address;

  key->len = 0;
  if (whole.len == 0)
    return;
  if (zone != NULL && memchr(text, ':', whole.len) != NULL)
    bare.len = (size_t)(zone - text);
  if (!sio__address_read(bare, &address))
    set_key(key, KEY_TEXT, text, whole.len < KEY_MAX ? whole.len : KEY_MAX - 1);
  else if (sio__address_is_v4(&address))
    set_key(key, KEY_V4, address.bytes + SIO__ADDRESS_V4, V4_LEN);
  else
    set_key(key, KEY_V6, address.bytes, V6_NETWORK);
}

/* ---- Guests ---- */

static struct sio__guest *find(const struct sio__guests *guests,
                               const struct key *key, uint64_t hash)
{
  struct sio__map_node *node = sio__map_first(&guests->by_address, hash);

  for (; node != NULL; node = sio__map_next(node)) {
    struct sio__guest *guest =
        SIO__CONTAINER(node, struct sio__guest, by_address);

    if (guest->key_len == key->len &&
        memcmp(guest->key, key->bytes, key->len) == 0)
      return guest;
  }
  return NULL;
}

static void forget(struct sio__guests *guests, struct sio__guest *guest)
{
  sio__list_remove(&guest->idle);
  sio__map_remove(&guests->by_address, &guest->by_address);
  sio__mem_free(guests->mem, guest, sizeof *guest + guest->key_len);
}

static struct sio__guest *first_idle(const struct sio__guests *guests)
{
  if (sio__list_is_empty(&guests->idle))
    return NULL;
  return SIO__CONTAINER(guests->idle.next, struct sio__guest, idle);
}

static bool is_full(const struct sio__guests *guests,
                    const struct sio__guest *guest, uint64_t now_ms)
{
  return sio__bucket_refill_ms(&guest->handshakes, &guests->limits.handshakes,
                               now_ms) == 0;
}

/* A guest about whom nothing is known, as the last of the idle ones.  NULL: it
 * cannot be remembered. */
static struct sio__guest *meet(struct sio__guests *guests,
                               const struct key *key, uint64_t hash)
{
  struct sio__guest *guest = NULL, *oldest = first_idle(guests);

  if (guests->by_address.count >= guests->limits.max && oldest != NULL)
    forget(guests, oldest);
  if (guests->by_address.count < guests->limits.max)
    guest = sio__mem_alloc(guests->mem, sizeof *guest + key->len);
  if (guest == NULL) {
    guests->uncounted++;
    return NULL;
  }
  sio__bucket_init(&guest->handshakes);
  guest->open = 0;
  guest->key_len = key->len;
  memcpy(guest->key, key->bytes, key->len);
  sio__list_insert(&guests->idle, &guest->idle);
  sio__map_insert(&guests->by_address, &guest->by_address, hash);
  return guest;
}

/* Another handshake: 0, SIO_ERR_LIMIT.  `guest` NULL: it is not known. */
static int take_handshake(struct sio__guests *guests, struct sio__guest *guest,
                          const struct key *key, uint64_t hash, uint64_t now_ms,
                          uint64_t *wait_ms)
{
  const struct sio__rate *rate = &guests->limits.handshakes;
  struct sio__bucket bucket;

  if (rate->per_second == 0)
    return 0;
  sio__bucket_init(&bucket);
  if (guest != NULL)
    bucket = guest->handshakes;
  if (!sio__bucket_take(&bucket, rate, 1, now_ms)) {
    *wait_ms = sio__bucket_wait_ms(&bucket, rate, 1, now_ms);
    return SIO_ERR_LIMIT;
  }
  if (guest == NULL)
    guest = meet(guests, key, hash);
  if (guest == NULL)
    return 0;
  guest->handshakes = bucket;
  if (guest->open == 0) { /* the one seen last */
    sio__list_remove(&guest->idle);
    sio__list_insert(&guests->idle, &guest->idle);
  }
  return 0;
}

void sio__guests_init(struct sio__guests *guests, const sio_allocator *mem,
                      const struct sio__hash_seed *seed,
                      const struct sio__guest_limits *limits)
{
  guests->limits = *limits;
  guests->mem = mem;
  guests->seed = seed;
  sio__map_init(&guests->by_address, mem);
  sio__list_init(&guests->idle);
  guests->uncounted = 0;
}

void sio__guests_dispose(struct sio__guests *guests)
{
  struct sio__guest *guest;

  while ((guest = first_idle(guests)) != NULL)
    forget(guests, guest);
  assert(guests->by_address.count == 0);
  sio__map_dispose(&guests->by_address);
}

int sio__guests_admit(struct sio__guests *guests, const char *address,
                      uint64_t now_ms, uint64_t *wait_ms)
{
  const struct sio__guest_limits *limits = &guests->limits;
  struct sio__guest *guest;
  struct key key;
  uint64_t hash;

  *wait_ms = 0;
  if (limits->max_sessions == 0 && limits->handshakes.per_second == 0)
    return 0;
  for (size_t i = 0; i < FORGOTTEN_AT_ONCE; i++) {
    guest = first_idle(guests);
    if (guest != NULL && is_full(guests, guest, now_ms))
      forget(guests, guest);
  }
  make_key(&key, address);
  if (key.len == 0)
    return 0;
  hash = sio__hash(guests->seed, key.bytes, key.len);
  guest = find(guests, &key, hash);
  if (guest != NULL && limits->max_sessions > 0 &&
      guest->open >= limits->max_sessions) {
    *wait_ms = SIO_NEVER;
    return SIO_ERR_LIMIT;
  }
  return take_handshake(guests, guest, &key, hash, now_ms, wait_ms);
}

int sio__guests_opened(struct sio__guests *guests, const char *address,
                       struct sio__guest **guest)
{
  struct sio__guest *found;
  struct key key;
  uint64_t hash;

  *guest = NULL;
  if (guests->limits.max_sessions == 0)
    return 0;
  make_key(&key, address);
  if (key.len == 0)
    return 0;
  hash = sio__hash(guests->seed, key.bytes, key.len);
  found = find(guests, &key, hash);
  if (found == NULL)
    found = meet(guests, &key, hash);
  if (found == NULL)
    return 0;
  if (found->open >= guests->limits.max_sessions)
    return SIO_ERR_LIMIT;
  found->open++;
  sio__list_remove(&found->idle);
  *guest = found;
  return 0;
}

void sio__guests_closed(struct sio__guests *guests, struct sio__guest *guest,
                        uint64_t now_ms)
{
  if (guest == NULL)
    return;
  assert(guest->open > 0);
  guest->open--;
  if (guest->open > 0)
    return;
  sio__list_insert(&guests->idle, &guest->idle);
  if (is_full(guests, guest, now_ms))
    forget(guests, guest);
}

void sio__guests_sweep(struct sio__guests *guests, uint64_t now_ms)
{
  struct sio__list *link = guests->idle.next;

  while (link != &guests->idle) {
    struct sio__guest *guest = SIO__CONTAINER(link, struct sio__guest, idle);

    link = link->next;
    if (is_full(guests, guest, now_ms))
      forget(guests, guest);
  }
}

uint64_t sio__guests_deadline(const struct sio__guests *guests, uint64_t now_ms)
{
  const struct sio__guest *guest = first_idle(guests);
  uint64_t wait;

  if (guest == NULL)
    return SIO_NEVER;
  wait = sio__bucket_refill_ms(&guest->handshakes, &guests->limits.handshakes,
                               now_ms);
  return wait < SIO_NEVER - now_ms ? now_ms + wait : SIO_NEVER;
}
