/* SPDX-License-Identifier: MIT */
#include "support.h"

#include "http/compress.h"
#include <sio/error.h>

#include <stdlib.h>
#include <zlib.h>

enum { ALL = CODING_GZIP | CODING_DEFLATE, MAX_FIELDS = 8 };

/* A head with these fields, "name: value", in a block of its size. */
static enum sio__coding choose(const char *const *lines, unsigned available)
{
  struct sio__http_field fields[MAX_FIELDS];
  struct sio__http_head head = {0};
  char text[1024];
  char *exact;
  size_t len = 0;
  enum sio__coding coding;

  for (; *lines != NULL; lines++) {
    const char *colon = strchr(*lines, ':');
    size_t n = strlen(*lines);
    struct sio__http_field *f = &fields[head.n_fields++];

    assert_true(len + n <= sizeof text && head.n_fields <= MAX_FIELDS);
    memcpy(text + len, *lines, n);
    f->name = (uint16_t)len;
    f->name_len = (uint16_t)(colon - *lines);
    f->value = (uint16_t)(len + f->name_len + 2);
    f->value_len = (uint16_t)(n - f->name_len - 2);
    len += n;
  }
  exact = (char *)test_exact(text, len);
  head.text = exact;
  head.text_len = (uint16_t)len;
  head.fields = fields;
  coding = sio__coding_choose(&head, available);
  free(exact);
  return coding;
}

static enum sio__coding choose_one(const char *value, unsigned available)
{
  char line[512] = "accept-encoding: ";
  const char *lines[] = {line, NULL};

  assert_true(strlen(value) < 480);
  (void)strcat(line, value);
  return choose(lines, available);
}

static void test_the_coding_with_the_highest_weight_is_chosen(void **state)
{
  static const struct {
    const char *value;
    enum sio__coding want;
  } cases[] = {
      {"gzip, deflate, br", CODING_GZIP},
      {"deflate,gzip", CODING_GZIP},
      {"gzip", CODING_GZIP},
      {"deflate", CODING_DEFLATE},
      {"*", CODING_GZIP},
      {"GZip", CODING_GZIP},
      {"x-gzip", CODING_GZIP},
      {"X-GZIP;q=0.5, deflate;q=0.4", CODING_GZIP},
      {"gzip;q=0, deflate;q=0.1", CODING_DEFLATE},
      {"gzip;q=0.5, deflate;q=0.6", CODING_DEFLATE},
      {"gzip;q=0.5, deflate;q=0.50", CODING_GZIP},
      {"gzip;q=0.999, deflate;q=1.000", CODING_DEFLATE},
      {"gzip;q=0.001", CODING_GZIP},
      {"gzip;q=0, *", CODING_DEFLATE},
      {"*;q=0.2, deflate;q=0.1", CODING_GZIP},
      {"*;q=0, deflate", CODING_DEFLATE},
      {"*;q=0", CODING_IDENTITY},
      {"*, *;q=0", CODING_GZIP},
      {"gzip;q=0", CODING_IDENTITY},
      {"gzip;q=0.000", CODING_IDENTITY},
      {"gzip;q=0, x-gzip", CODING_GZIP}, /* the higher weight */
      {"gzip, gzip;q=0", CODING_GZIP},
      {"identity", CODING_IDENTITY},
      {"identity;q=0", CODING_IDENTITY},
      {"identity, gzip;q=0.1", CODING_GZIP},
      {"br", CODING_IDENTITY},
      {"", CODING_IDENTITY},
      {" , ,,", CODING_IDENTITY},
      {",, gzip ,", CODING_GZIP},
      {" \tgzip \t; \tq=0.5\t", CODING_GZIP},
      {"gzip ;Q=0, deflate ; Q = 0.3", CODING_DEFLATE},
      {"gzip;level=9;q=0, deflate", CODING_DEFLATE},
      {"gzip;level=9", CODING_GZIP},
      {"gzip;q=0;q=1", CODING_IDENTITY}, /* the first one counts */
      {"gzipp, xgzip, gzi, defla te", CODING_IDENTITY},
      {"gzip deflate", CODING_IDENTITY},
      {"g\xc3\xa4zip, \"gzip\"", CODING_IDENTITY},
  };

  (void)state;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    if (choose_one(cases[i].value, ALL) != cases[i].want)
      fail_msg("%s: %s", cases[i].value,
               sio__coding_name(choose_one(cases[i].value, ALL)));
  }
}

static void test_a_malformed_weight_is_a_refusal(void **state)
{
  static const char *const bad[] = {
      "",    "2",    "1.1", "1.001", "-1",      "+1",   ".5", "0,5",
      "0x1", "0.5x", "01",  "0 .5",  "\"0.5\"", "0.-5", "1e", "0.1.2"};
  static const char *const good[] = {"1",   "1.",      "1.0",
                                     "0.9", "0.12345", "1.0000"};

  (void)state;
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    char value[64] = "deflate;q=0.0005, gzip;q=";

    (void)strcat(value, bad[i]);
    if (choose_one(value, ALL) != CODING_IDENTITY)
      fail_msg("%s was understood", bad[i]);
  }
  for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
    char value[64] = "deflate;q=0.01, gzip;q=";

    (void)strcat(value, good[i]);
    if (choose_one(value, ALL) != CODING_GZIP)
      fail_msg("%s was not understood", good[i]);
  }
  assert_int_equal(choose_one("gzip;q", ALL), CODING_IDENTITY);
  assert_int_equal(choose_one("gzip;q=0.", ALL), CODING_IDENTITY);
}

static void test_all_fields_of_the_name_count(void **state)
{
  static const char *const none[] = {"host: gzip", "accept: gzip", NULL};
  static const char *const two[] = {"accept-encoding: deflate;q=0.5",
                                    "host: gzip", "accept-encoding: gzip",
                                    NULL};
  static const char *const star[] = {
      "accept-encoding: *;q=0.5",
      "accept-encoding: ", "accept-encoding: gzip;q=0", NULL};

  (void)state;
  assert_int_equal(choose(none + 2, ALL), CODING_IDENTITY);
  assert_int_equal(choose(none, ALL), CODING_IDENTITY);
  assert_int_equal(choose(two, ALL), CODING_GZIP);
  assert_int_equal(choose(star, ALL), CODING_DEFLATE);
}

static void test_only_what_is_available_is_chosen(void **state)
{
  (void)state;
  assert_int_equal(choose_one("gzip, deflate, br", 0), CODING_IDENTITY);
  assert_int_equal(choose_one("gzip, deflate, br", CODING_BR), CODING_BR);
  assert_int_equal(choose_one("*", CODING_BR), CODING_BR);
  assert_int_equal(choose_one("*", CODING_BR | CODING_GZIP), CODING_BR);
  assert_int_equal(choose_one("gzip;q=0.9, br", CODING_BR | CODING_GZIP),
                   CODING_BR);
  assert_int_equal(choose_one("gzip", CODING_BR | CODING_DEFLATE),
                   CODING_IDENTITY);
}

static void test_codings_have_names(void **state)
{
  (void)state;
  assert_string_equal(sio__coding_name(CODING_GZIP), "gzip");
  assert_string_equal(sio__coding_name(CODING_DEFLATE), "deflate");
  assert_string_equal(sio__coding_name(CODING_BR), "br");
  assert_string_equal(sio__coding_name(CODING_IDENTITY), "identity");
}

/* What a client does with an answer. */
static void check_inflates(const uint8_t *data, size_t len,
                           enum sio__coding coding, sio_span want)
{
  uint8_t *plain = malloc(want.len + 1);
  z_stream z = {0};

  assert_non_null(plain);
  assert_int_equal(inflateInit2(&z, coding == CODING_GZIP ? 15 + 16 : 15),
                   Z_OK);
  z.next_in = (Bytef *)(uintptr_t)data;
  z.avail_in = (uInt)len;
  z.next_out = plain;
  z.avail_out = (uInt)want.len + 1;
  assert_int_equal(inflate(&z, Z_FINISH), Z_STREAM_END);
  assert_int_equal(z.avail_in, 0); /* and nothing behind it */
  assert_int_equal(z.avail_out, 1);
  if (want.len > 0)
    assert_memory_equal(plain, want.data, want.len);
  (void)inflateEnd(&z);
  free(plain);
}

static void fill(uint8_t *data, size_t len, bool is_random)
{
  uint32_t seed = 77;

  for (size_t i = 0; i < len; i++)
    data[i] = (uint8_t)(is_random ? test_random(&seed) >> 9 : i / 5 % 50);
}

static void test_bodies_of_all_sizes_survive(void **state)
{
  static const size_t sizes[] = {0,     1,     125,     126,          4000,
                                 65535, 65536, 1 << 20, (2 << 20) + 7};
  uint8_t *data = malloc((2 << 20) + 7);
  struct test_mem mem;
  struct sio__compressor *compressor;
  struct sio__buf out;

  (void)state;
  assert_non_null(data);
  test_mem_init(&mem, TEST_MEM_NEVER);
  for (int level = 1; level <= 9; level += 4) {
    compressor = sio__compressor_new(&mem.allocator, level);
    sio__buf_init(&out, &mem.allocator, SIZE_MAX);
    assert_non_null(compressor);
    for (unsigned i = 0; i < 4 * sizeof sizes / sizeof *sizes; i++) {
      sio_span in = {data, sizes[i / 4]};
      enum sio__coding coding = i % 2 != 0 ? CODING_GZIP : CODING_DEFLATE;

      fill(data, in.len, (i & 2) != 0);
      sio__buf_reset(&out, 0);
      sio__buf_text(&out, "head");
      assert_int_equal(sio__compress(compressor, coding, in, &out), 0);
      assert_memory_equal(out.data, "head", 4);
      check_inflates(out.data + 4, out.len - 4, coding, in);
      assert_true((i & 2) != 0 || in.len < 1000 || out.len < in.len / 5);
    }
    sio__buf_dispose(&out);
    sio__compressor_free(compressor);
    test_mem_check(&mem);
  }
  free(data);
}

static void test_formats_have_their_signatures(void **state)
{
  const sio_span in = {NULL, 0};
  struct test_mem mem;
  struct sio__compressor *compressor;
  struct sio__buf out;

  (void)state;
  test_mem_init(&mem, TEST_MEM_NEVER);
  compressor = sio__compressor_new(&mem.allocator, 6);
  sio__buf_init(&out, &mem.allocator, SIZE_MAX);
  assert_int_equal(sio__compress(compressor, CODING_GZIP, in, &out), 0);
  assert_memory_equal(out.data, "\x1f\x8b\x08", 3);
  sio__buf_reset(&out, 0);
  assert_int_equal(sio__compress(compressor, CODING_DEFLATE, in, &out), 0);
  assert_int_equal(out.data[0], 0x78); /* not a raw stream */
  sio__buf_dispose(&out);
  sio__compressor_free(compressor);
  sio__compressor_free(NULL);
  test_mem_check(&mem);
}

static void test_the_steady_state_allocates_nothing(void **state)
{
  uint8_t data[5000];
  const sio_span in = {data, sizeof data};
  struct test_mem mem;
  struct sio__compressor *compressor;
  struct sio__buf out;
  size_t calls = 0;

  (void)state;
  fill(data, sizeof data, false);
  test_mem_init(&mem, TEST_MEM_NEVER);
  compressor = sio__compressor_new(&mem.allocator, 6);
  assert_true(mem.live_bytes < 512); /* streams are made when needed */
  sio__buf_init(&out, &mem.allocator, SIZE_MAX);
  for (int i = 0; i < 20; i++) {
    sio__buf_reset(&out, SIZE_MAX);
    assert_int_equal(sio__compress(compressor, CODING_GZIP, in, &out), 0);
    sio__buf_reset(&out, SIZE_MAX);
    assert_int_equal(sio__compress(compressor, CODING_DEFLATE, in, &out), 0);
    if (i == 0)
      calls = mem.calls;
  }
  assert_int_equal(mem.calls, calls);
  sio__buf_dispose(&out);
  sio__compressor_free(compressor);
  test_mem_check(&mem);
}

static void compress_in_need(struct test_mem *mem, void *user)
{
  uint8_t data[9000];
  const sio_span in = {data, sizeof data};
  struct sio__compressor *compressor = sio__compressor_new(&mem->allocator, 6);
  struct sio__buf out;

  (void)user;
  fill(data, sizeof data, true);
  sio__buf_init(&out, &mem->allocator, SIZE_MAX);
  for (int i = 0; compressor != NULL && i < 2; i++) {
    int rc = sio__compress(compressor, i == 0 ? CODING_GZIP : CODING_DEFLATE,
                           in, &out);

    assert_int_equal(rc, out.error);
    assert_true(rc == 0 || (rc == SIO_ERR_NOMEM && mem->fired));
    if (rc != 0) { /* the next one is better */
      sio__buf_reset(&out, 0);
      assert_int_equal(sio__compress(compressor, CODING_GZIP, in, &out), 0);
      check_inflates(out.data, out.len, CODING_GZIP, in);
    }
    sio__buf_reset(&out, 0);
  }
  sio__buf_dispose(&out);
  sio__compressor_free(compressor);
}

static void test_out_of_memory_is_an_error_at_every_allocation(void **state)
{
  (void)state;
  assert_true(test_every_allocation(compress_in_need, NULL) > 10);
}

static void test_a_full_buffer_is_an_error(void **state)
{
  uint8_t data[9000];
  const sio_span in = {data, sizeof data};
  struct test_mem mem;
  struct sio__compressor *compressor;
  struct sio__buf out;

  (void)state;
  fill(data, sizeof data, true);
  test_mem_init(&mem, TEST_MEM_NEVER);
  compressor = sio__compressor_new(&mem.allocator, 6);
  sio__buf_init(&out, &mem.allocator, 5000);
  assert_int_equal(sio__compress(compressor, CODING_GZIP, in, &out),
                   SIO_ERR_LIMIT);
  assert_int_equal(out.error, SIO_ERR_LIMIT);
  sio__buf_dispose(&out);
  sio__compressor_free(compressor);
  test_mem_check(&mem);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_the_coding_with_the_highest_weight_is_chosen),
      cmocka_unit_test(test_a_malformed_weight_is_a_refusal),
      cmocka_unit_test(test_all_fields_of_the_name_count),
      cmocka_unit_test(test_only_what_is_available_is_chosen),
      cmocka_unit_test(test_codings_have_names),
      cmocka_unit_test(test_bodies_of_all_sizes_survive),
      cmocka_unit_test(test_formats_have_their_signatures),
      cmocka_unit_test(test_the_steady_state_allocates_nothing),
      cmocka_unit_test(test_out_of_memory_is_an_error_at_every_allocation),
      cmocka_unit_test(test_a_full_buffer_is_an_error),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
