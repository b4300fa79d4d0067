/* SPDX-License-Identifier: MIT */
/*
 * The packets that were sent lately in one namespace.
 *
 * They have numbers without gaps, and a packet that could not be stored has
 * used up its number.  So the stored ones are hole + 1 .. newest, in the order
 * of the list, and a replay knows from the numbers alone that it has skipped
 * nothing.
 *
 * A packet that is dropped during a replay moves to the end of another list,
 * in the same order: both lists, one after the other, are what a replay walks.
 */
#include "adapter/backlog.h"

#include <assert.h>
#include <sio/error.h>

#include "adapter/pack.h"
#include "base/mem.h"

struct packet {
  struct sio__map_node by_offset;
  struct sio__list link;
  uint64_t number;
  uint64_t added_ms;
  size_t size;  /* of this block */
  size_t bytes; /* with all chunks */
  sio_str offset;
  struct sio__backlog_part *parts; /* behind the names; then comes all text */
  size_t n_parts;
  size_t n_rooms, n_except;
  struct sio__room_name names[]; /* rooms, then excepted ones */
};

static struct packet *packet_of(struct sio__list *link)
{
  return SIO__CONTAINER(link, struct packet, link);
}

/* ---- Offsets ---- */

/* A number in base 64, most significant digit first; returns its length. */
static size_t write_number(char *out, uint64_t number)
{
  static const char digits[] =
      "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-_";
  size_t len = 1;

  for (uint64_t rest = number >> 6; rest > 0; rest >>= 6)
    len++;
  for (size_t i = len; i > 0; i--) {
    out[i - 1] = digits[number & 63];
    number >>= 6;
  }
  return len;
}

/* ---- Making packets ---- */

/* The size of the block, and with the chunks that it keeps; false: too much. */
static bool measure(const struct sio__backlog *log, sio_str offset,
                    const struct sio__backlog_part *parts, size_t n,
                    const struct sio__selection *to, size_t *size,
                    size_t *bytes)
{
  *size = sizeof(struct packet);
  if (!sio__pack_add(size, to->n_rooms, sizeof(struct sio__room_name)) ||
      !sio__pack_add(size, to->n_except, sizeof(struct sio__room_name)) ||
      !sio__pack_add(size, n, sizeof *parts) ||
      !sio__pack_add(size, offset.len, 1) ||
      !sio__pack_add_texts(size, to->rooms, to->n_rooms) ||
      !sio__pack_add_texts(size, to->except, to->n_except))
    return false;
  *bytes = *size;
  for (size_t i = 0; i < n; i++) {
    if (!sio__pack_add(bytes, 1, sizeof *parts->chunk) ||
        !sio__pack_add(bytes, parts[i].chunk->cap, 1))
      return false;
  }
  return *bytes <= log->limits.max_bytes && log->limits.max_packets > 0;
}

static void copy_names(const struct sio__backlog *log,
                       struct sio__room_name *out, const sio_str *names,
                       size_t n, char **at)
{
  for (size_t i = 0; i < n; i++) {
    out[i].hash = sio__hash(log->seed, names[i].data, names[i].len);
    out[i].text = sio__pack_text(at, names[i]);
  }
}

static int new_packet(struct sio__backlog *log, sio_str offset,
                      const struct sio__backlog_part *parts, size_t n,
                      const struct sio__selection *to, struct packet **out)
{
  struct packet *packet;
  size_t size, bytes;
  char *text;

  if (!measure(log, offset, parts, n, to, &size, &bytes))
    return SIO_ERR_LIMIT;
  packet = sio__mem_alloc(log->mem, size);
  if (packet == NULL)
    return SIO_ERR_NOMEM;
  packet->size = size;
  packet->bytes = bytes;
  packet->n_parts = n;
  packet->n_rooms = to->n_rooms;
  packet->n_except = to->n_except;
  packet->parts = (void *)(packet->names + to->n_rooms + to->n_except);
  for (size_t i = 0; i < n; i++) {
    packet->parts[i] = parts[i];
    (void)sio__chunk_ref(parts[i].chunk); /* the same chunk */
  }
  text = (char *)(packet->parts + n);
  packet->offset = sio__pack_text(&text, offset);
  copy_names(log, packet->names, to->rooms, to->n_rooms, &text);
  copy_names(log, packet->names + to->n_rooms, to->except, to->n_except, &text);
  *out = packet;
  return 0;
}

static void free_packet(const struct sio__backlog *log, struct packet *packet)
{
  for (size_t i = 0; i < packet->n_parts; i++)
    sio__chunk_unref(packet->parts[i].chunk);
  sio__mem_free(log->mem, packet, packet->size);
}

/* ---- Dropping them ---- */

static void drop_oldest(struct sio__backlog *log)
{
  struct packet *packet = packet_of(sio__list_take(&log->packets));

  sio__map_remove(&log->by_offset, &packet->by_offset);
  log->bytes -= packet->bytes;
  log->hole = packet->number;
  if (log->replays > 0)
    sio__list_insert(&log->dropped, &packet->link);
  else
    free_packet(log, packet);
}

static void drop_all(struct sio__backlog *log)
{
  while (!sio__list_is_empty(&log->packets))
    drop_oldest(log);
}

static bool is_beyond_limits(const struct sio__backlog *log)
{
  const struct sio__backlog_limits *limits = &log->limits;
  const struct packet *oldest;

  if (sio__list_is_empty(&log->packets))
    return false;
  oldest = packet_of(log->packets.next);
  return log->by_offset.count > limits->max_packets ||
         log->bytes > limits->max_bytes ||
         log->now_ms - oldest->added_ms > limits->max_age_ms;
}

static void set_time(struct sio__backlog *log, uint64_t now_ms)
{
  if (now_ms > log->now_ms)
    log->now_ms = now_ms;
}

/* ---- Replaying ---- */

static bool is_meant(const struct packet *packet,
                     const struct sio__roomset *rooms)
{
  const struct sio__room_name *except = packet->names + packet->n_rooms;

  return (packet->n_rooms == 0 ||
          sio__roomset_had_any(rooms, packet->names, packet->n_rooms,
                               packet->number)) &&
         !sio__roomset_had_any(rooms, except, packet->n_except, packet->number);
}

/* The packet at this link of the two lists; NULL: they end here. */
static struct packet *packet_at(struct sio__backlog *log,
                                struct sio__list *link)
{
  if (link == &log->dropped)
    link = log->packets.next;
  return link == &log->packets ? NULL : packet_of(link);
}

/* The first packet after this number; all of those are stored. */
static struct packet *first_after(struct sio__backlog *log, uint64_t number)
{
  struct sio__list *link = &log->packets;

  while (link->prev != &log->packets && packet_of(link->prev)->number > number)
    link = link->prev;
  return packet_at(log, link);
}

static void end_replay(struct sio__backlog *log)
{
  struct sio__list *link;

  if (--log->replays > 0)
    return;
  while ((link = sio__list_take(&log->dropped)) != NULL)
    free_packet(log, packet_of(link));
}

/* ---- The backlog ---- */

void sio__backlog_init(struct sio__backlog *log, const sio_allocator *mem,
                       const struct sio__hash_seed *seed,
                       const struct sio__backlog_limits *limits)
{
  memset(log, 0, sizeof *log);
  log->limits = *limits;
  log->mem = mem;
  log->seed = seed;
  sio__map_init(&log->by_offset, mem);
  sio__list_init(&log->packets);
  sio__list_init(&log->dropped);
}

void sio__backlog_dispose(struct sio__backlog *log)
{
  assert(log->replays == 0);
  drop_all(log);
  sio__map_dispose(&log->by_offset);
}

size_t sio__backlog_offset(struct sio__backlog *log, uint64_t now_ms,
                           char out[SIO__OFFSET_MAX + 1])
{
  size_t len;

  if (now_ms > log->offset_ms) {
    log->offset_ms = now_ms;
    log->repeats = 0;
  }
  len = write_number(out, log->offset_ms);
  if (log->repeats > 0) {
    out[len++] = '.';
    len += write_number(out + len, log->repeats - 1);
  }
  log->repeats++;
  out[len] = '\0';
  return len;
}

int sio__backlog_add(struct sio__backlog *log, sio_str offset,
                     const struct sio__backlog_part *parts, size_t n,
                     const struct sio__selection *to, uint64_t now_ms)
{
  struct packet *packet;
  int rv;

  rv = new_packet(log, offset, parts, n, to, &packet);
  if (rv != 0) {
    sio__backlog_miss(log);
    return rv;
  }
  log->newest++;
  set_time(log, now_ms);
  packet->number = log->newest;
  packet->added_ms = log->now_ms;
  log->bytes += packet->bytes;
  sio__list_insert(&log->packets, &packet->link);
  sio__map_insert(&log->by_offset, &packet->by_offset,
                  sio__hash(log->seed, offset.data, offset.len));
  sio__backlog_sweep(log, now_ms);
  return 0;
}

void sio__backlog_miss(struct sio__backlog *log)
{
  drop_all(log);
  log->hole = ++log->newest;
}

uint64_t sio__backlog_find(const struct sio__backlog *log, sio_str offset)
{
  uint64_t hash = sio__hash(log->seed, offset.data, offset.len);
  struct sio__map_node *node = sio__map_first(&log->by_offset, hash);

  for (; node != NULL; node = sio__map_next(node)) {
    struct packet *packet = SIO__CONTAINER(node, struct packet, by_offset);

    if (sio_str_equal(packet->offset, offset))
      return packet->number;
  }
  return 0;
}

int sio__backlog_replay(struct sio__backlog *log, uint64_t after,
                        const struct sio__roomset *rooms, sio__replay_fn fn,
                        void *user)
{
  bool goes_on = true;
  struct packet *packet;

  if (!sio__backlog_is_whole(log, after))
    return SIO_ERR_NOT_FOUND;
  log->replays++;
  packet = first_after(log, after);
  while (goes_on && packet != NULL && packet->number == after + 1) {
    after++;
    if (is_meant(packet, rooms))
      goes_on = fn(packet->parts, packet->n_parts, user);
    packet = packet_at(log, packet->link.next);
  }
  end_replay(log);
  return goes_on && after != log->newest ? SIO_ERR_NOT_FOUND : 0;
}

void sio__backlog_sweep(struct sio__backlog *log, uint64_t now_ms)
{
  set_time(log, now_ms);
  while (is_beyond_limits(log))
    drop_oldest(log);
}

uint64_t sio__backlog_deadline(const struct sio__backlog *log)
{
  uint64_t max_ms = log->limits.max_age_ms, added_ms;

  if (sio__list_is_empty(&log->packets))
    return SIO_NEVER;
  added_ms = packet_of(log->packets.next)->added_ms;
  return max_ms < SIO_NEVER - added_ms ? added_ms + max_ms + 1 : SIO_NEVER;
}
