/* SPDX-License-Identifier: MIT */
#include "support.h"

#include "proto/decode.h"
#include "proto/encode.h"
#include <sio/error.h>

static void expect_bytes(const struct sio__buf *buf, const char *want)
{
  assert_int_equal(buf->error, 0);
  assert_int_equal(buf->len, strlen(want));
  assert_memory_equal(buf->data, want, buf->len);
}

static void test_a_head_holds_what_the_packet_has(void **state)
{
  static const struct {
    enum sio__packet_type type;
    size_t attachments;
    const char *nsp;
    bool has_id;
    uint64_t id;
    const char *want;
  } rows[] = {
      {PACKET_CONNECT, 0, "/", false, 0, "0"},
      {PACKET_CONNECT, 0, "/admin", false, 0, "0/admin,"},
      {PACKET_DISCONNECT, 0, "/", false, 0, "1"},
      {PACKET_DISCONNECT, 0, "/admin", false, 0, "1/admin,"},
      {PACKET_EVENT, 0, "/", false, 7, "2"},
      {PACKET_EVENT, 0, "", false, 0, "2"},
      {PACKET_EVENT, 0, "/", true, 0, "20"},
      {PACKET_EVENT, 0, "/a", true, 12, "2/a,12"},
      {PACKET_ACK, 0, "/", true, UINT64_MAX, "318446744073709551615"},
      {PACKET_CONNECT_ERROR, 0, "/x", false, 0, "4/x,"},
      {PACKET_EVENT, 1, "/", false, 0, "51-"},
      {PACKET_EVENT, 1, "/admin", true, 13, "51-/admin,13"},
      {PACKET_ACK, 12, "/", true, 4, "612-4"},
      {PACKET_BINARY_EVENT, 2, "/", false, 0, "52-"},
      {PACKET_BINARY_ACK, 2, "/b", true, 1, "62-/b,1"},
  };
  struct test_mem mem;
  struct sio__buf buf;

  (void)state;
  test_mem_init(&mem, TEST_MEM_NEVER);
  sio__buf_init(&buf, &mem.allocator, 1000);
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    sio__buf_reset(&buf, 1000);
    sio__packet_write_head(&buf, rows[i].type, rows[i].attachments,
                           sio_s(rows[i].nsp), rows[i].has_id, rows[i].id);
    expect_bytes(&buf, rows[i].want);
  }
  sio__buf_dispose(&buf);
  test_mem_check(&mem);
}

static void write_many_heads(struct test_mem *mem, void *user)
{
  struct sio__buf buf;

  (void)user;
  sio__buf_init(&buf, &mem->allocator, 10000);
  for (unsigned i = 0; i < 200; i++)
    sio__packet_write_head(&buf, PACKET_EVENT, 3, sio_s("/admin"), true, 99);
  assert_int_equal(buf.error, mem->fired ? SIO_ERR_NOMEM : 0);
  sio__buf_dispose(&buf);
}

static void test_out_of_memory_is_kept_in_the_buffer(void **state)
{
  (void)state;
  assert_true(test_every_allocation(write_many_heads, NULL) > 1);
}

static void test_the_maximum_of_the_buffer_holds(void **state)
{
  struct test_mem mem;
  struct sio__buf buf;

  (void)state;
  test_mem_init(&mem, TEST_MEM_NEVER);
  sio__buf_init(&buf, &mem.allocator, 8);
  sio__packet_write_head(&buf, PACKET_EVENT, 0, sio_s("/long/name"), true, 1);
  assert_int_equal(buf.error, SIO_ERR_LIMIT);
  sio__buf_dispose(&buf);
  test_mem_check(&mem);
}

static void test_what_is_written_is_decoded_again(void **state)
{
  static const struct sio__packet_limits limits = {.max_attachments = 10,
                                                   .max_depth = 8};
  struct sio__packet packet;
  struct test_mem mem;
  struct sio__buf buf;
  const char *why;
  sio_cause cause;

  (void)state;
  test_mem_init(&mem, TEST_MEM_NEVER);
  sio__buf_init(&buf, &mem.allocator, 1000);
  sio__packet_write_head(&buf, PACKET_EVENT, 2, sio_s("/a?b"), true, 77);
  sio__buf_text(&buf, "[\"\\t\\\"\\\\\",[1],\"x\"]");
  assert_int_equal(sio__packet_decode((char *)buf.data, buf.len, &limits,
                                      &packet, &why, &cause),
                   0);
  assert_int_equal(packet.type, PACKET_BINARY_EVENT);
  assert_int_equal(packet.attachments, 2);
  assert_true(sio_str_is(packet.nsp, "/a?b"));
  assert_int_equal(packet.id, 77);
  assert_true(sio_str_is(packet.event, "\t\"\\"));
  assert_true(sio_str_is(packet.json, "[1],\"x\""));
  sio__buf_dispose(&buf);
  test_mem_check(&mem);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_a_head_holds_what_the_packet_has),
      cmocka_unit_test(test_out_of_memory_is_kept_in_the_buffer),
      cmocka_unit_test(test_the_maximum_of_the_buffer_holds),
      cmocka_unit_test(test_what_is_written_is_decoded_again),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
