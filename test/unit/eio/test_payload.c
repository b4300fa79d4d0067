/* SPDX-License-Identifier: MIT */
/* lib/eio/payload.c: polling payloads, both ways. */
#include "support.h"

#include <stdlib.h>

#include "eio/payload.h"
#include <sio/error.h>

/* ---- Taking apart ---- */

/* The packets of a payload, each followed by "|". */
static void assert_packets(const char *payload, size_t len, const char *want)
{
  char *data = (char *)test_exact(payload, len);
  struct sio__payload_iter iter;
  char got[100] = "", *packet;
  size_t got_len = 0, packet_len;

  sio__payload_begin(&iter, data, len);
  while (sio__payload_next(&iter, &packet, &packet_len)) {
    assert_true(got_len + packet_len + 2 < sizeof got);
    if (packet_len > 0)
      memcpy(got + got_len, packet, packet_len);
    got_len += packet_len;
    got[got_len++] = '|';
  }
  got[got_len] = '\0';
  assert_string_equal(got, want);
  assert_false(sio__payload_next(&iter, &packet, &packet_len));
  free(data);
}

static void test_packets_are_what_is_between_separators(void **state)
{
  (void)state;
  assert_packets("4hello", 6, "4hello|");
  assert_packets("4a\x1e"
                 "bAQ==\x1e"
                 "1",
                 10, "4a|bAQ==|1|");
}

static void test_empty_packets_are_seen(void **state)
{
  (void)state;
  assert_packets("", 0, "|");
  assert_packets("\x1e", 1, "||");
  assert_packets("4\x1e", 2, "4||");
  assert_packets("\x1e"
                 "4",
                 2, "|4|");
  assert_packets("4\x1e\x1e"
                 "5",
                 4, "4||5|");
}

/* ---- Putting together ---- */

struct out {
  struct test_mem *mem;
  struct sio__chunk_pool pool;
  struct sio__packetq q;
  struct sio__outq out;
};

static void start(struct out *t, struct test_mem *mem)
{
  t->mem = mem;
  sio__chunk_pool_init(&t->pool, &mem->allocator, 0);
  sio__packetq_init(&t->q, &t->pool);
  sio__outq_init(&t->out, &t->pool);
}

static void end(struct out *t)
{
  sio__outq_dispose(&t->out);
  sio__packetq_dispose(&t->q);
  sio__chunk_pool_dispose(&t->pool);
}

static void assert_written(struct out *t, const char *want, size_t len)
{
  char *got = malloc(len + 1);
  size_t at = 0;
  sio_span span;

  assert_non_null(got);
  assert_int_equal(t->q.encoded, len);
  assert_int_equal(t->out.bytes, len);
  while (sio__outq_spans(&t->out, &span, 1) == 1) {
    memcpy(got + at, span.data, span.len);
    at += span.len;
    sio__outq_sent(&t->out, span.len);
  }
  assert_memory_equal(got, want, len);
  free(got);
}

static void test_the_payload_has_the_length_that_was_foretold(void **state)
{
  static const char want[] = "4a\x1e"
                             "bAQIDBA==\x1e"
                             "b\x1e"
                             "4";
  struct test_mem mem;
  struct out t;

  (void)state;
  test_mem_init(&mem, TEST_MEM_NEVER);
  start(&t, &mem);
  assert_int_equal(sio__packetq_add(&t.q, "4a", 2, 0), 0);
  assert_int_equal(sio__packetq_add(&t.q, "\1\2\3\4", 4, SIO_SEND_BINARY), 0);
  assert_int_equal(sio__packetq_add(&t.q, "", 0, SIO_SEND_BINARY), 0);
  assert_int_equal(sio__packetq_add(&t.q, "4", 1, 0), 0);
  assert_int_equal(sio__payload_write(&t.q, t.q.count, &t.out), 0);
  assert_written(&t, want, sizeof want - 1);
  end(&t);
  test_mem_check(&mem);
}

static void test_nothing_makes_an_empty_payload(void **state)
{
  struct test_mem mem;
  struct out t;

  (void)state;
  test_mem_init(&mem, TEST_MEM_NEVER);
  start(&t, &mem);
  assert_int_equal(sio__payload_write(&t.q, t.q.count, &t.out), 0);
  assert_int_equal(t.out.bytes, 0);
  end(&t);
  test_mem_check(&mem);
}

static void test_long_texts_are_not_copied(void **state)
{
  static char text[5000];
  struct test_mem mem;
  struct out t;
  sio_span span;

  (void)state;
  memset(text, 'x', sizeof text);
  text[0] = '4';
  test_mem_init(&mem, TEST_MEM_NEVER);
  start(&t, &mem);
  assert_int_equal(sio__packetq_add(&t.q, text, sizeof text, 0), 0);
  assert_int_equal(sio__payload_write(&t.q, t.q.count, &t.out), 0);
  assert_int_equal(sio__outq_spans(&t.out, &span, 1), 1);
  assert_ptr_equal(span.data, t.q.items[0].chunk->data + t.q.items[0].off);
  sio__packetq_clear(&t.q); /* the output has a reference of its own */
  assert_memory_equal(span.data, text, sizeof text);
  end(&t);
  test_mem_check(&mem);
}

static void test_shared_packets_are_written_from_their_place(void **state)
{
  struct sio__chunk *shared;
  struct test_mem mem;
  struct out t;

  (void)state;
  test_mem_init(&mem, TEST_MEM_NEVER);
  start(&t, &mem);
  shared = sio__chunk_new(&t.pool, 100);
  assert_non_null(shared);
  memcpy(shared->data, "0123456789abc", 13);
  shared->len = 13;
  assert_int_equal(sio__packetq_push(&t.q, shared, 10, 3, 0), 0);
  assert_int_equal(sio__packetq_push(&t.q, shared, 10, 3, SIO_SEND_BINARY), 0);
  sio__chunk_unref(shared);
  assert_int_equal(sio__payload_write(&t.q, t.q.count, &t.out), 0);
  assert_written(&t,
                 "abc\x1e"
                 "bYWJj",
                 9);
  end(&t);
  test_mem_check(&mem);
}

static void write_short_of_memory(struct test_mem *mem, void *user)
{
  static char text[3000];
  struct out t;

  (void)user;
  start(&t, mem);
  memset(text, 'x', sizeof text);
  if (sio__packetq_add(&t.q, text, 2000, 0) == 0 &&
      sio__packetq_add(&t.q, text, 3000, SIO_SEND_BINARY) == 0 &&
      sio__packetq_add(&t.q, "4", 1, 0) == 0) {
    int rv = sio__payload_write(&t.q, t.q.count, &t.out);

    assert_int_equal(rv, mem->fired ? SIO_ERR_NOMEM : 0);
    if (rv == 0)
      assert_int_equal(t.out.bytes, t.q.encoded);
  }
  end(&t);
}

static void test_without_memory_writing_fails(void **state)
{
  (void)state;
  assert_true(test_every_allocation(write_short_of_memory, NULL) > 4);
}

static void test_the_first_packets_make_a_payload(void **state)
{
  struct test_mem mem;
  struct sio__buf buf;
  struct out t;
  size_t encoded;
  uint32_t n;

  (void)state;
  test_mem_init(&mem, TEST_MEM_NEVER);
  start(&t, &mem);
  sio__buf_init(&buf, &mem.allocator, SIZE_MAX);
  assert_int_equal(sio__packetq_add(&t.q, "4a", 2, 0), 0);
  assert_int_equal(sio__packetq_add(&t.q, "\1\2\3\4", 4, SIO_SEND_BINARY), 0);
  assert_int_equal(sio__packetq_add(&t.q, "4long", 5, 0), 0);
  n = sio__packetq_fit(&t.q, 12, 0, &encoded);
  assert_int_equal(n, 2);
  assert_int_equal(sio__payload_write(&t.q, n, &t.out), 0);
  assert_int_equal(t.out.bytes, encoded);
  sio__payload_collect(&t.q, n, &buf);
  assert_int_equal(buf.len, encoded);
  assert_memory_equal(buf.data,
                      "4a\x1e"
                      "bAQIDBA==",
                      encoded);
  sio__packetq_drop(&t.q, n);
  sio__buf_reset(&buf, 0);
  sio__payload_collect(&t.q, 1, &buf);
  assert_int_equal(buf.len, 5);
  assert_memory_equal(buf.data, "4long", 5);
  sio__buf_dispose(&buf);
  end(&t);
  test_mem_check(&mem);
}

static void collect(struct test_mem *mem, void *user)
{
  struct sio__buf buf;
  struct out t;

  (void)user;
  start(&t, mem);
  sio__buf_init(&buf, &mem->allocator, SIZE_MAX);
  if (sio__packetq_add(&t.q, "4a", 2, 0) == 0 &&
      sio__packetq_add(&t.q, (const char[400]){0}, 400, SIO_SEND_BINARY) == 0) {
    sio__payload_collect(&t.q, 2, &buf);
    assert_true(buf.error == 0 ? buf.len == t.q.encoded : mem->fired);
  }
  sio__buf_dispose(&buf);
  end(&t);
}

static void test_collecting_survives_a_lack_of_memory(void **state)
{
  (void)state;
  assert_true(test_every_allocation(collect, NULL) > 3);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_packets_are_what_is_between_separators),
      cmocka_unit_test(test_empty_packets_are_seen),
      cmocka_unit_test(test_the_payload_has_the_length_that_was_foretold),
      cmocka_unit_test(test_nothing_makes_an_empty_payload),
      cmocka_unit_test(test_long_texts_are_not_copied),
      cmocka_unit_test(test_shared_packets_are_written_from_their_place),
      cmocka_unit_test(test_without_memory_writing_fails),
      cmocka_unit_test(test_the_first_packets_make_a_payload),
      cmocka_unit_test(test_collecting_survives_a_lack_of_memory),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
