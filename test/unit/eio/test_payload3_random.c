/* SPDX-License-Identifier: MIT */
/* lib/eio/payload3.c with random packets: each length, and both ways. */
#include "support.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/base64.h"
#include "eio/payload3.h"
#include <sio/engine.h>

#define EURO     "\xe2\x82\xac"
#define FACE     "\xf0\x9f\x98\x80"
#define COUNT(a) (sizeof(a) / sizeof *(a))

/* Characters of one to four bytes, each with its code units. */
static const struct {
  const char *text;
  size_t units;
} alphabet[] = {
    {"a", 1},
    {":", 1},
    {"1", 1},
    {"\x7f", 1},
    {"\n", 1},
    {"\xc2\x80", 1},
    {"\xdf\xbf", 1},
    {"\xe0\xa0\x80", 1},
    {EURO, 1},
    {"\xef\xbf\xbf", 1},
    {"\xf0\x90\x80\x80", 2},
    {FACE, 2},
    {"\xf4\x8f\xbf\xbf", 2},
};

/* Append `n` random characters; returns their code units. */
static size_t random_text(char *out, size_t *len, size_t n, uint32_t *seed)
{
  size_t units = 0;

  while (n-- > 0) {
    size_t k = test_random(seed) % COUNT(alphabet);
    size_t size = strlen(alphabet[k].text);

    memcpy(out + *len, alphabet[k].text, size);
    *len += size;
    units += alphabet[k].units;
  }
  return units;
}

/* ---- Lengths ---- */

/* Whether the first packet of a text payload is `want`; else it is refused. */
static bool begins_with(const char *payload, size_t len, const char *want,
                        size_t want_len)
{
  char *exact = (char *)test_exact(payload, len);
  struct sio__payload3_iter iter;
  enum sio__payload3_item item;
  char *packet;
  size_t packet_len;

  sio__payload3_begin(&iter, exact, len, false);
  item = sio__payload3_next(&iter, &packet, &packet_len);
  if (item == PAYLOAD3_TEXT) {
    assert_int_equal(packet_len, want_len);
    assert_memory_equal(packet, want, want_len);
  } else {
    assert_int_equal(item, PAYLOAD3_BAD);
    assert_int_equal(sio__payload3_next(&iter, &packet, &packet_len),
                     PAYLOAD3_END);
  }
  free(exact);
  return item == PAYLOAD3_TEXT;
}

/* Say that `text` has `n` units, which end at `end` if they end anywhere. */
static void assert_length(const char *text, size_t len, size_t n, size_t end,
                          bool fits)
{
  char payload[200];
  size_t head = (size_t)snprintf(payload, sizeof payload, "%zu:", n);

  assert_true(head + len < sizeof payload);
  memcpy(payload + head, text, len);
  assert_int_equal(begins_with(payload, head + end, text, end), fits);
  assert_int_equal(begins_with(payload, head + len, text, end), fits);
}

static void test_any_length_ends_behind_a_character_or_is_refused(void **state)
{
  uint32_t seed = 77;

  (void)state;
  for (int round = 0; round < 300; round++) {
    char text[150];
    size_t starts[40], len = 0, units = 0, n = 1 + test_random(&seed) % 30;

    for (size_t i = 0; i < n; i++) {
      starts[i] = len;
      (void)random_text(text, &len, 1, &seed);
    }
    starts[n] = len;
    for (size_t i = 0; i < n; i++) {
      bool two = starts[i + 1] - starts[i] == 4;

      if (two)
        assert_length(text, len, units + 1, starts[i + 1], false);
      units += two ? 2 : 1;
      assert_length(text, len, units, starts[i + 1], true);
    }
    assert_length(text, len, units + 1, len, false);
  }
}

struct world {
  struct sio__chunk_pool pool;
  struct sio__packetq q;
  struct sio__buf out;
};

static void start(struct world *w, struct test_mem *mem)
{
  sio__chunk_pool_init(&w->pool, &mem->allocator, 0);
  sio__packetq_init(&w->q, &w->pool);
  sio__buf_init(&w->out, &mem->allocator, SIZE_MAX);
}

static void end(struct world *w)
{
  sio__buf_dispose(&w->out);
  sio__packetq_dispose(&w->q);
  sio__chunk_pool_dispose(&w->pool);
}

static bool add(struct world *w, const void *packet, size_t len, bool binary)
{
  return sio__packetq_add(&w->q, packet, len, binary ? SIO_SEND_BINARY : 0) ==
         0;
}

/* ---- Both ways ---- */

enum { MAX_PACKETS = 12, MAX_CHARS = 130, PACKET_SIZE = 4 * MAX_CHARS + 4 };

struct packets {
  char data[MAX_PACKETS][PACKET_SIZE];
  size_t len[MAX_PACKETS];
  size_t units[MAX_PACKETS]; /* 0: binary */
  uint32_t n;
};

static void fill(struct packets *p, struct world *w, uint32_t *seed)
{
  p->n = 1 + test_random(seed) % MAX_PACKETS;
  for (uint32_t i = 0; i < p->n; i++) {
    size_t n = test_random(seed) % (test_random(seed) % 4 ? 12 : MAX_CHARS);

    p->len[i] = p->units[i] = 0;
    if (test_random(seed) % 3 == 0) {
      for (; p->len[i] < n; p->len[i]++)
        p->data[i][p->len[i]] = (char)test_random(seed);
    } else {
      p->data[i][p->len[i]++] = '4';
      p->units[i] = 1 + random_text(p->data[i], &p->len[i], n, seed);
    }
    assert_true(add(w, p->data[i], p->len[i], p->units[i] == 0));
  }
}

/* Whether a text payload says what the units were when it was made. */
static void assert_units(const struct packets *p, const struct sio__buf *out)
{
  const char *at = (const char *)out->data;

  for (uint32_t i = 0; i < p->n; i++) {
    size_t coded = 2 + sio__base64_size(p->len[i]);
    char *stop;

    assert_int_equal(strtoul(at, &stop, 10), p->units[i] ? p->units[i] : coded);
    at = stop + 1 + (p->units[i] ? p->len[i] : coded);
  }
  assert_ptr_equal(at, out->data + out->len);
}

static void assert_read_back(const struct packets *p,
                             const struct sio__buf *out, bool as_text)
{
  char *data = (char *)test_exact(out->data, out->len);
  struct sio__payload3_iter iter;
  char *packet;
  size_t len;

  sio__payload3_begin(&iter, data, out->len, !as_text);
  for (uint32_t i = 0; i < p->n; i++) {
    bool binary = p->units[i] == 0;

    assert_int_equal(sio__payload3_next(&iter, &packet, &len),
                     binary && !as_text ? PAYLOAD3_BINARY : PAYLOAD3_TEXT);
    if (binary && as_text) {
      assert_memory_equal(packet, "b4", 2);
      packet += 2;
      assert_true(sio__base64_decode(packet, len - 2, (uint8_t *)packet, &len));
    } else if (binary) {
      assert_int_equal(*packet++, 4);
      len--;
    }
    assert_int_equal(len, p->len[i]);
    if (len > 0)
      assert_memory_equal(packet, p->data[i], len);
  }
  assert_int_equal(sio__payload3_next(&iter, &packet, &len), PAYLOAD3_END);
  free(data);
}

static void test_random_queues_come_back_in_both_forms(void **state)
{
  static struct packets packets;
  uint32_t seed = 20111019;
  struct test_mem mem;
  struct world w;

  (void)state;
  test_mem_init(&mem, TEST_MEM_NEVER);
  start(&w, &mem);
  for (int round = 0; round < 500; round++) {
    fill(&packets, &w, &seed);
    for (int as_text = 0; as_text < 2; as_text++) {
      sio__buf_reset(&w.out, SIZE_MAX);
      sio__payload3_write(&w.q, packets.n, as_text, &w.out);
      assert_int_equal(w.out.error, 0);
      sio__buf_byte(&w.out, '\0'); /* for strtoul() */
      w.out.len--;
      if (as_text)
        assert_units(&packets, &w.out);
      assert_read_back(&packets, &w.out, as_text);
    }
    sio__packetq_clear(&w.q);
  }
  end(&w);
  test_mem_check(&mem);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_any_length_ends_behind_a_character_or_is_refused),
      cmocka_unit_test(test_random_queues_come_back_in_both_forms),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
