/* SPDX-License-Identifier: MIT */
#include "support.h"

#include <stdlib.h>

#include "proto/binary.h"

#define INPUT                                                                  \
  "52-/admin,13[\"te\\u0073t\",{\"_placeholder\":true,\"num\":0},"             \
  "{\"_placeholder\":true,\"num\":1}]"
#define ARGS                                                                   \
  "{\"_placeholder\":true,\"num\":0},{\"_placeholder\":true,\"num\":1}"

static const struct sio__packet_limits limits = {.max_attachments = 10,
                                                 .max_depth = 8};

/* A reassembly of what `text` says; the text itself is gone afterwards. */
static struct sio__reassembly *begin(const char *text, const sio_allocator *mem)
{
  size_t len = strlen(text);
  char *copy = (char *)test_exact(text, len);
  struct sio__packet packet;
  struct sio__reassembly *r;
  const char *why;
  sio_cause cause;

  assert_int_equal(
      sio__packet_decode(copy, len, &limits, &packet, &why, &cause), 0);
  r = sio__reassembly_new(mem, &packet);
  memset(copy, 'x', len);
  memset(&packet, 'x', sizeof packet);
  free(copy);
  return r;
}

static int add(struct sio__reassembly *r, const char *bytes, uint64_t max)
{
  size_t len = strlen(bytes);
  uint8_t *copy = test_exact(bytes, len);
  int rv = sio__reassembly_add(r, copy, len, max);

  free(copy);
  return rv;
}

static void test_the_packet_outlives_its_text(void **state)
{
  struct sio__reassembly *r;
  struct test_mem mem;

  (void)state;
  test_mem_init(&mem, TEST_MEM_NEVER);
  r = begin(INPUT, &mem.allocator);
  assert_non_null(r);
  assert_int_equal(mem.live_blocks, 1);
  assert_int_equal(r->packet.type, PACKET_BINARY_EVENT);
  assert_true(r->packet.has_id && r->packet.id == 13);
  assert_true(r->packet.has_payload);
  assert_int_equal(r->packet.attachments, 2);
  assert_true(sio_str_is(r->packet.nsp, "/admin"));
  assert_true(sio_str_is(r->packet.event, "test"));
  assert_true(sio_str_is(r->packet.json, ARGS));
  sio__reassembly_free(r);
  test_mem_check(&mem);
}

static void test_a_numeric_name_and_missing_parts_are_kept(void **state)
{
  struct sio__reassembly *r;
  struct test_mem mem;

  (void)state;
  test_mem_init(&mem, TEST_MEM_NEVER);
  r = begin("51-[1.5]", &mem.allocator);
  assert_true(sio_str_is(r->packet.event, "1.5"));
  assert_true(sio_str_is(r->packet.nsp, "/"));
  assert_int_equal(r->packet.json.len, 0);
  sio__reassembly_free(r);

  r = begin("61-", &mem.allocator);
  assert_int_equal(r->packet.type, PACKET_BINARY_ACK);
  assert_int_equal(r->packet.event.len, 0);
  assert_false(r->packet.has_payload);
  sio__reassembly_free(r);
  test_mem_check(&mem);
}

static void test_it_is_whole_with_the_last_attachment(void **state)
{
  struct sio__reassembly *r;
  struct test_mem mem;

  (void)state;
  test_mem_init(&mem, TEST_MEM_NEVER);
  r = begin(INPUT, &mem.allocator);
  assert_false(sio__reassembly_is_whole(r));
  assert_int_equal(add(r, "abc", 100), 0);
  assert_false(sio__reassembly_is_whole(r));
  assert_int_equal(add(r, "de", 100), 0);
  assert_true(sio__reassembly_is_whole(r));
  assert_int_equal(r->bytes, 5);
  assert_int_equal(r->attachments[0].len, 3);
  assert_memory_equal(r->attachments[0].data, "abc", 3);
  assert_int_equal(r->attachments[1].len, 2);
  assert_memory_equal(r->attachments[1].data, "de", 2);

  assert_int_equal(add(r, "f", 100), SIO_ERR_STATE);
  assert_int_equal(r->bytes, 5);
  sio__reassembly_free(r);
  test_mem_check(&mem);
}

static void test_an_empty_attachment_is_a_real_one(void **state)
{
  struct sio__reassembly *r;
  struct test_mem mem;

  (void)state;
  test_mem_init(&mem, TEST_MEM_NEVER);
  r = begin(INPUT, &mem.allocator);
  assert_int_equal(sio__reassembly_add(r, NULL, 0, 0), 0);
  assert_int_equal(add(r, "", 0), 0);
  assert_true(sio__reassembly_is_whole(r));
  assert_int_equal(r->attachments[1].len, 0);
  assert_int_equal(mem.live_blocks, 1);
  sio__reassembly_free(r);
  test_mem_check(&mem);
}

static void test_the_bytes_together_are_limited(void **state)
{
  struct sio__reassembly *r;
  struct test_mem mem;

  (void)state;
  test_mem_init(&mem, TEST_MEM_NEVER);
  r = begin(INPUT, &mem.allocator);
  assert_int_equal(add(r, "abcde", 4), SIO_ERR_LIMIT);
  assert_int_equal(add(r, "abc", 4), 0);
  assert_int_equal(add(r, "de", 4), SIO_ERR_LIMIT);
  assert_int_equal(add(r, "d", 2), SIO_ERR_LIMIT); /* a limit made smaller */
  assert_int_equal(r->have, 1);
  assert_int_equal(r->bytes, 3);
  assert_int_equal(add(r, "d", 4), 0);
  assert_true(sio__reassembly_is_whole(r));
  sio__reassembly_free(r);
  test_mem_check(&mem);
}

static void test_a_half_finished_one_is_freed(void **state)
{
  struct sio__reassembly *r;
  struct test_mem mem;

  (void)state;
  test_mem_init(&mem, TEST_MEM_NEVER);
  r = begin(INPUT, &mem.allocator);
  assert_int_equal(add(r, "abc", 100), 0);
  sio__reassembly_free(r);
  sio__reassembly_free(NULL);
  test_mem_check(&mem);
}

static void put_together(struct test_mem *mem, void *user)
{
  struct sio__reassembly *r = begin(INPUT, &mem->allocator);
  int rv;

  (void)user;
  if (r == NULL) {
    assert_true(mem->fired);
    return;
  }
  rv = add(r, "abc", 100);
  assert_int_equal(r->have, rv == 0 ? 1 : 0);
  assert_int_equal(r->bytes, rv == 0 ? 3 : 0);
  if (rv == 0)
    rv = add(r, "de", 100);
  assert_int_equal(rv, mem->fired ? SIO_ERR_NOMEM : 0);
  assert_int_equal(sio__reassembly_is_whole(r), rv == 0);
  sio__reassembly_free(r);
}

static void test_every_failed_allocation_is_reported(void **state)
{
  (void)state;
  assert_int_equal(test_every_allocation(put_together, NULL), 4);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_the_packet_outlives_its_text),
      cmocka_unit_test(test_a_numeric_name_and_missing_parts_are_kept),
      cmocka_unit_test(test_it_is_whole_with_the_last_attachment),
      cmocka_unit_test(test_an_empty_attachment_is_a_real_one),
      cmocka_unit_test(test_the_bytes_together_are_limited),
      cmocka_unit_test(test_a_half_finished_one_is_freed),
      cmocka_unit_test(test_every_failed_allocation_is_reported),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
