/* SPDX-License-Identifier: MIT */
/* What connections share: settings and streams, and when there is no memory. */
#include "support.h"

#include "ws/deflate.h"

static sio_deflate_options default_options(void)
{
  sio_deflate_options o;

  sio_deflate_options_init(&o);
  return o;
}

static void test_output_is_appended(void **state)
{
  const sio_deflate_options o = default_options();
  struct test_mem mem;
  struct sio__ws_codec *codec;
  struct sio__buf out;

  (void)state;
  test_mem_init(&mem, TEST_MEM_NEVER);
  codec = sio__ws_codec_new(&o, &mem.allocator);
  sio__buf_init(&out, &mem.allocator, SIZE_MAX);
  sio__buf_text(&out, "head");
  assert_int_equal(sio__ws_codec_message(codec, 15, "Hello", 5, &out), 0);
  assert_int_equal(out.len, 11); /* RFC 7692 section 7.2.3.1 */
  assert_memory_equal(out.data, "head\xf2\x48\xcd\xc9\xc9\x07\x00", 11);
  assert_int_equal(sio__ws_codec_message(codec, 9, "Hello", 5, &out), 0);
  assert_int_equal(out.len, 18);
  assert_memory_equal(out.data + 11, "\xf2\x48\xcd\xc9\xc9\x07\x00", 7);
  sio__buf_dispose(&out);
  sio__ws_codec_free(codec);
  test_mem_check(&mem);
}

static void test_only_long_messages_want_to_be_compressed(void **state)
{
  sio_deflate_options o = default_options();
  const struct sio__ws_deflate_params params = {true, false, 12, 10};
  struct test_mem mem;
  struct sio__ws_codec *codec;
  struct sio__ws_deflate *deflate;

  (void)state;
  test_mem_init(&mem, TEST_MEM_NEVER);
  o.threshold = 100;
  codec = sio__ws_codec_new(&o, &mem.allocator);
  deflate = sio__ws_deflate_new(codec, &params);
  assert_false(sio__ws_deflate_wants(deflate, 0));
  assert_false(sio__ws_deflate_wants(deflate, 99));
  assert_true(sio__ws_deflate_wants(deflate, 100));
  assert_memory_equal(sio__ws_deflate_params(deflate), &params, sizeof params);
  sio__ws_deflate_free(deflate);
  sio__ws_codec_free(codec);
  sio__ws_deflate_free(NULL);
  sio__ws_codec_free(NULL);
  test_mem_check(&mem);
}

static void talk_in_need(struct test_mem *mem, void *user)
{
  const struct sio__ws_deflate_params *params = user;
  const sio_deflate_options o = default_options();
  struct sio__ws_codec *codec = sio__ws_codec_new(&o, &mem->allocator);
  struct sio__ws_deflate *deflate = NULL;
  struct sio__buf sent;
  struct sio__buf got;
  uint8_t data[6000];
  int rc = 0;

  for (size_t i = 0; i < sizeof data; i++)
    data[i] = (uint8_t)(i * i >> 7);
  sio__buf_init(&sent, &mem->allocator, SIZE_MAX);
  sio__buf_init(&got, &mem->allocator, SIZE_MAX);
  if (codec != NULL)
    deflate = sio__ws_deflate_new(codec, params);
  for (int i = 0; deflate != NULL && rc == 0 && i < 2; i++) {
    sio__buf_reset(&sent, 0);
    sio__buf_reset(&got, 0);
    rc = sio__ws_deflate_message(deflate, data, sizeof data, &sent);
    if (rc == 0)
      rc = sio__ws_inflate_message(deflate, sent.data, sent.len, 6000, &got);
  }
  if (deflate == NULL || rc != 0) {
    assert_true(mem->fired);
    assert_true(rc == 0 || rc == SIO_ERR_NOMEM);
  } else {
    assert_int_equal(got.len, sizeof data);
    assert_memory_equal(got.data, data, sizeof data);
  }
  sio__buf_dispose(&sent);
  sio__buf_dispose(&got);
  sio__ws_deflate_free(deflate);
  sio__ws_codec_free(codec);
}

static void test_out_of_memory_is_an_error_at_every_allocation(void **state)
{
  (void)state;
  for (int takeover = 0; takeover < 2; takeover++) {
    struct sio__ws_deflate_params params = {takeover, takeover, 15, 15};

    assert_true(test_every_allocation(talk_in_need, &params) > 10);
  }
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_output_is_appended),
      cmocka_unit_test(test_only_long_messages_want_to_be_compressed),
      cmocka_unit_test(test_out_of_memory_is_an_error_at_every_allocation),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
