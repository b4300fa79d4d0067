/* SPDX-License-Identifier: MIT */
/* What the fixtures of test/fixture/http cannot show: where the bytes lie,
 * how many are used, and what is allocated. */
#include "support.h"

#include "http/parse.h"

#include <stdlib.h>

static const struct sio__http_limits limits = {16384, 100};

/* A parser and an input that is read on. */
struct feed {
  struct test_mem mem;
  struct sio__http_parser *parser;
  const uint8_t *data;
  size_t len;
  size_t used; /* by the last call */
  sio_span body;
};

static void begin(struct feed *f)
{
  test_mem_init(&f->mem, TEST_MEM_NEVER);
  f->parser = sio__http_parser_new(&f->mem.allocator, &limits);
  assert_non_null(f->parser);
}

static void give(struct feed *f, const char *text)
{
  f->data = (const uint8_t *)text;
  f->len = strlen(text);
}

static enum sio__http_event next(struct feed *f)
{
  enum sio__http_event event =
      sio__http_parse(f->parser, f->data, f->len, &f->used, &f->body);

  assert_true(f->used <= f->len);
  f->data += f->used;
  f->len -= f->used;
  return event;
}

static void end(struct feed *f)
{
  sio__http_parser_free(f->parser);
  test_mem_check(&f->mem);
}

static void test_the_head_ends_exactly_where_the_stream_goes_on(void **state)
{
  static const char head[] =
      "GET / HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\n"
      "Upgrade: websocket\r\n\r\n";
  char text[sizeof head + 4];
  struct feed f;

  (void)state;
  begin(&f);
  memcpy(text, head, sizeof head - 1);
  memcpy(text + sizeof head - 1, "\x81\x80zz", 5);
  give(&f, text);
  assert_int_equal(next(&f), HTTP_HEAD);
  assert_int_equal(f.used, sizeof head - 1);
  assert_true(sio__http_parser_head(f.parser)->wants_websocket);
  assert_true(sio__http_parser_is_busy(f.parser));
  end(&f);
}

static void test_body_pieces_are_parts_of_the_input(void **state)
{
  struct feed f;
  const uint8_t *start;

  (void)state;
  begin(&f);
  give(&f, "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 6\r\n\r\nabc");
  start = f.data;
  assert_int_equal(next(&f), HTTP_HEAD);
  assert_int_equal(next(&f), HTTP_BODY);
  assert_ptr_equal(f.body.data, start + 47);
  assert_int_equal(f.body.len, 3);
  assert_int_equal(next(&f), HTTP_MORE);
  give(&f, "defGET");
  start = f.data;
  assert_int_equal(next(&f), HTTP_BODY);
  assert_ptr_equal(f.body.data, start);
  assert_int_equal(f.body.len, 3);
  assert_int_equal(f.used, 3);
  assert_true(sio__http_parser_is_busy(f.parser));
  assert_int_equal(next(&f), HTTP_DONE);
  assert_int_equal(f.used, 0);
  assert_false(sio__http_parser_is_busy(f.parser));
  assert_int_equal(next(&f), HTTP_MORE);
  assert_true(sio__http_parser_is_busy(f.parser)); /* "GET" */
  end(&f);
}

static void test_the_end_of_a_request_needs_no_further_byte(void **state)
{
  struct feed f;

  (void)state;
  begin(&f);
  give(&f, "GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  assert_int_equal(next(&f), HTTP_HEAD);
  assert_int_equal(f.len, 0);
  f.data = NULL;
  assert_int_equal(next(&f), HTTP_DONE);
  assert_int_equal(next(&f), HTTP_MORE);
  assert_int_equal(next(&f), HTTP_MORE);
  assert_false(sio__http_parser_is_busy(f.parser));
  end(&f);
}

static void test_an_idle_parser_is_not_busy(void **state)
{
  struct feed f;

  (void)state;
  begin(&f);
  assert_false(sio__http_parser_is_busy(f.parser));
  give(&f, "\r\n");
  assert_int_equal(next(&f), HTTP_MORE);
  assert_false(sio__http_parser_is_busy(f.parser));
  give(&f, "G");
  assert_int_equal(next(&f), HTTP_MORE);
  assert_true(sio__http_parser_is_busy(f.parser));
  end(&f);
}

static void test_later_requests_allocate_nothing(void **state)
{
  static const char request[] =
      "POST /engine.io/?EIO=4&sid=abc HTTP/1.1\r\nHost: example.org\r\n"
      "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n";
  struct feed f;
  size_t calls;

  (void)state;
  begin(&f);
  assert_int_equal(f.mem.calls, 1); /* text and fields come when needed */
  give(&f, request);
  while (next(&f) != HTTP_MORE)
    continue;
  calls = f.mem.calls;
  for (int i = 0; i < 10; i++) {
    unsigned seen = 0;
    enum sio__http_event event;

    give(&f, request);
    while ((event = next(&f)) != HTTP_MORE)
      seen |= 1u << event;
    assert_int_equal(seen, 1 << HTTP_HEAD | 1 << HTTP_BODY | 1 << HTTP_DONE);
  }
  assert_int_equal(f.mem.calls, calls);
  end(&f);
}

static void test_an_error_is_final(void **state)
{
  struct feed f;
  const struct sio__http_error *error;

  (void)state;
  begin(&f);
  give(&f, "BREW / HTTP/1.1\r\nHost: h\r\n\r\n");
  assert_int_equal(next(&f), HTTP_ERROR);
  error = sio__http_parser_error(f.parser);
  assert_int_equal(error->status, 400);
  assert_int_equal(error->cause, SIO_CAUSE_HTTP);
  assert_non_null(error->detail);
  assert_false(sio__http_parser_is_busy(f.parser));
  give(&f, "GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  assert_int_equal(next(&f), HTTP_ERROR);
  assert_int_equal(f.len, 0);
  assert_int_equal(sio__http_parser_error(f.parser)->status, 400);
  end(&f);
}

static void test_a_refused_host_is_named(void **state)
{
  static const struct {
    const char *text, *detail;
  } cases[] = {
      {"GET / HTTP/1.1\r\n\r\n", "no Host header"},
      {"GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n",
       "more than one Host header"},
      {"GET / HTTP/1.0\r\nHost: a\r\nhost: a\r\n\r\n",
       "more than one Host header"},
      {"GET / HTTP/1.1\r\nHost: a,b\r\n\r\n", "a malformed Host header"},
      {"GET / HTTP/1.1\r\nHost: a\\b\r\n\r\n", "a malformed Host header"},
  };

  (void)state;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    struct feed f;

    begin(&f);
    give(&f, cases[i].text);
    assert_int_equal(next(&f), HTTP_ERROR);
    assert_int_equal(sio__http_parser_error(f.parser)->status, 400);
    assert_string_equal(sio__http_parser_error(f.parser)->detail,
                        cases[i].detail);
    end(&f);
  }
}

static void test_a_head_of_64_KiB_is_addressed_rightly(void **state)
{
  static const struct sio__http_limits large = {UINT16_MAX, UINT16_MAX};
  struct test_mem mem;
  struct sio__http_parser *parser;
  char *text = malloc(UINT16_MAX);
  const size_t len = 65500;
  size_t used;
  sio_span body;
  sio_str name;
  sio_str value;

  (void)state;
  assert_non_null(text);
  test_mem_init(&mem, TEST_MEM_NEVER);
  parser = sio__http_parser_new(&mem.allocator, &large);
  assert_non_null(parser);
  memcpy(text, "GET / HTTP/1.1\r\nHost:\r\n", 23);
  memset(text + 23, 'x', len - 23);
  memcpy(text + 23, "A: ", 3);
  memcpy(text + 60000, "\r\nLast-One:  ", 13);
  memcpy(text + len - 6, "z \r\n\r\n", 6);
  assert_int_equal(sio__http_parse(parser, (uint8_t *)text, len, &used, &body),
                   HTTP_HEAD);
  assert_int_equal(used, len);
  assert_true(
      sio__http_header_at(sio__http_parser_head(parser), 2, &name, &value));
  assert_true(sio_str_is(name, "last-one"));
  assert_int_equal(value.len, len - 6 - 60013 + 1);
  assert_int_equal(value.data[value.len - 1], 'z');
  assert_true(mem.live_bytes < 70000);
  sio__http_parser_free(parser);
  test_mem_check(&mem);
  free(text);
}

static void parse_requests(struct test_mem *mem, void *user)
{
  struct sio__http_parser *parser =
      sio__http_parser_new(&mem->allocator, &limits);
  const char *text = user;
  size_t len = strlen(text);
  size_t at = 0;
  unsigned requests = 0;
  enum sio__http_event event;

  if (parser == NULL) {
    assert_true(mem->fired);
    return;
  }
  do {
    size_t used;
    sio_span body;

    event = sio__http_parse(parser, (const uint8_t *)text + at, len - at, &used,
                            &body);
    at += used;
    requests += event == HTTP_DONE;
  } while (event != HTTP_MORE && event != HTTP_ERROR);
  if (mem->fired) {
    assert_int_equal(event, HTTP_ERROR);
    assert_int_equal(sio__http_parser_error(parser)->cause, SIO_CAUSE_NOMEM);
    assert_int_equal(sio__http_parser_error(parser)->status, 503);
  } else {
    assert_int_equal(requests, 2);
  }
  sio__http_parser_free(parser);
}

static void test_out_of_memory_is_an_error_at_every_allocation(void **state)
{
  char text[4096] = "GET /1 HTTP/1.1\r\nHost: h\r\nA: b\r\n\r\nGET /2 "
                    "HTTP/1.1\r\nHost: h\r\n";

  (void)state;
  for (int i = 0; i < 40; i++)
    strcat(text, "Some-Name: some value that takes a little room\r\n");
  strcat(text, "\r\n");
  /* the parser, two steps of text at least, three of fields */
  assert_true(test_every_allocation(parse_requests, text) > 6);
}

static void test_freeing_nothing_is_allowed(void **state)
{
  (void)state;
  sio__http_parser_free(NULL);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_the_head_ends_exactly_where_the_stream_goes_on),
      cmocka_unit_test(test_body_pieces_are_parts_of_the_input),
      cmocka_unit_test(test_the_end_of_a_request_needs_no_further_byte),
      cmocka_unit_test(test_an_idle_parser_is_not_busy),
      cmocka_unit_test(test_later_requests_allocate_nothing),
      cmocka_unit_test(test_an_error_is_final),
      cmocka_unit_test(test_a_refused_host_is_named),
      cmocka_unit_test(test_a_head_of_64_KiB_is_addressed_rightly),
      cmocka_unit_test(test_out_of_memory_is_an_error_at_every_allocation),
      cmocka_unit_test(test_freeing_nothing_is_allowed),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
