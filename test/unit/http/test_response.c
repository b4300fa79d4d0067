/* SPDX-License-Identifier: MIT */
#include "support.h"

#include "http/response.h"
#include <sio/error.h>

#include <stdio.h>

static void expect(const struct sio__buf *buf, const char *want)
{
  assert_int_equal(buf->error, 0);
  assert_int_equal(buf->len, strlen(want));
  assert_memory_equal(buf->data, want, buf->len);
}

static void test_a_whole_head_is_written(void **state)
{
  struct test_mem mem;
  struct sio__buf buf;
  const sio_str name = {"X-Bytes!", 7};
  const sio_str value = {"a\tb...", 3};
  const sio_str nothing = {NULL, 0};

  (void)state;
  test_mem_init(&mem, TEST_MEM_NEVER);
  sio__buf_init(&buf, &mem.allocator, 1000);
  sio__http_write_status(&buf, 200);
  sio__http_write_header(&buf, "Content-Type", "text/plain; charset=UTF-8");
  sio__http_write_header_str(&buf, name, value);
  sio__http_write_header_str(&buf, name, nothing);
  sio__http_write_length(&buf, UINT64_MAX);
  sio__http_write_length(&buf, 0);
  sio__http_write_end(&buf);
  expect(&buf, "HTTP/1.1 200 OK\r\n"
               "Content-Type: text/plain; charset=UTF-8\r\n"
               "X-Bytes: a\tb\r\n"
               "X-Bytes: \r\n"
               "Content-Length: 18446744073709551615\r\n"
               "Content-Length: 0\r\n"
               "\r\n");
  sio__buf_dispose(&buf);
  test_mem_check(&mem);
}

static void test_every_status_that_is_sent_has_a_text(void **state)
{
  static const struct {
    int status;
    const char *text;
  } cases[] = {
      {100, "Continue"},
      {101, "Switching Protocols"},
      {102, "Unknown"},
      {200, "OK"},
      {201, "Created"},
      {202, "Accepted"},
      {203, "Non-Authoritative Information"},
      {204, "No Content"},
      {205, "Reset Content"},
      {206, "Partial Content"},
      {207, "Unknown"},
      {300, "Multiple Choices"},
      {301, "Moved Permanently"},
      {302, "Found"},
      {303, "See Other"},
      {304, "Not Modified"},
      {306, "Unknown"},
      {307, "Temporary Redirect"},
      {308, "Permanent Redirect"},
      {309, "Unknown"},
      {400, "Bad Request"},
      {401, "Unauthorized"},
      {402, "Payment Required"},
      {403, "Forbidden"},
      {404, "Not Found"},
      {405, "Method Not Allowed"},
      {406, "Not Acceptable"},
      {408, "Request Timeout"},
      {409, "Conflict"},
      {410, "Gone"},
      {411, "Length Required"},
      {412, "Precondition Failed"},
      {413, "Payload Too Large"},
      {414, "URI Too Long"},
      {415, "Unsupported Media Type"},
      {416, "Range Not Satisfiable"},
      {417, "Expectation Failed"},
      {418, "Unknown"},
      {421, "Misdirected Request"},
      {422, "Unprocessable Content"},
      {423, "Locked"},
      {425, "Too Early"},
      {426, "Upgrade Required"},
      {428, "Precondition Required"},
      {429, "Too Many Requests"},
      {431, "Request Header Fields Too Large"},
      {432, "Unknown"},
      {451, "Unavailable For Legal Reasons"},
      {500, "Internal Server Error"},
      {501, "Not Implemented"},
      {502, "Bad Gateway"},
      {503, "Service Unavailable"},
      {504, "Gateway Timeout"},
      {505, "HTTP Version Not Supported"},
      {507, "Insufficient Storage"},
      {599, "Unknown"},
      {600, "Unknown"},
      {99, "Unknown"},
      {299, "Unknown"},
      {0, "Unknown"},
      {-1, "Unknown"},
  };

  (void)state;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
    assert_string_equal(sio__http_status_text(cases[i].status), cases[i].text);
}

static void test_every_status_line_fits(void **state)
{
  (void)state;
  for (int status = 100; status < 1000; status++) {
    uint8_t line[SIO__HTTP_STATUS_MOST];
    char want[SIO__HTTP_STATUS_MOST];
    size_t len = sio__http_put_status(line, status);
    size_t want_len = (size_t)snprintf(want, sizeof want, "HTTP/1.1 %d %s\r\n",
                                       status, sio__http_status_text(status));

    assert_int_equal(len, want_len);
    assert_memory_equal(line, want, len);
  }
}

static void test_a_full_buffer_is_an_error_not_half_a_head(void **state)
{
  struct test_mem mem;
  struct sio__buf buf;

  (void)state;
  test_mem_init(&mem, TEST_MEM_NEVER);
  sio__buf_init(&buf, &mem.allocator, 20);
  sio__http_write_status(&buf, 200);
  assert_int_equal(buf.error, 0);
  sio__http_write_header(&buf, "Name", "value");
  assert_int_equal(buf.error, SIO_ERR_LIMIT);
  sio__buf_dispose(&buf);
  test_mem_check(&mem);
}

static void write_head(struct test_mem *mem, void *user)
{
  struct sio__buf buf;

  (void)user;
  sio__buf_init(&buf, &mem->allocator, 1000);
  sio__http_write_status(&buf, 431);
  sio__http_write_header(&buf, "Some-Name", "some value that is not short");
  sio__http_write_length(&buf, 12);
  sio__http_write_end(&buf);
  assert_int_equal(buf.error, mem->fired ? SIO_ERR_NOMEM : 0);
  sio__buf_dispose(&buf);
}

static void test_out_of_memory_sticks_in_the_buffer(void **state)
{
  (void)state;
  assert_true(test_every_allocation(write_head, NULL) > 1);
}

static void test_a_name_is_a_token(void **state)
{
  (void)state;
  for (unsigned c = 0; c < 256; c++) {
    char name[3] = {'a', (char)c, 'z'};
    const sio_str s = {name, 3};
    bool is_token = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
                    (c >= 'A' && c <= 'Z');

    for (const char *p = "!#$%&'*+-.^_`|~"; *p != '\0'; p++)
      is_token = is_token || (unsigned char)*p == c;
    assert_int_equal(sio__http_name_is_valid(s), is_token);
  }
  assert_false(sio__http_name_is_valid(sio_s("")));
  assert_false(sio__http_name_is_valid(sio_s("Name:")));
  assert_true(sio__http_name_is_valid(sio_s("X")));
}

static void test_a_value_has_no_control_characters_but_tabs(void **state)
{
  (void)state;
  for (unsigned c = 0; c < 256; c++) {
    char value[3] = {'a', (char)c, 'z'};
    const sio_str s = {value, 3};

    assert_int_equal(sio__http_value_is_valid(s),
                     c == '\t' || (c >= 0x20 && c != 0x7f));
  }
  assert_true(sio__http_value_is_valid(sio_s("")));
  assert_false(sio__http_value_is_valid(sio_s("a\r\nSet-Cookie: evil=1")));
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_a_whole_head_is_written),
      cmocka_unit_test(test_every_status_that_is_sent_has_a_text),
      cmocka_unit_test(test_every_status_line_fits),
      cmocka_unit_test(test_a_full_buffer_is_an_error_not_half_a_head),
      cmocka_unit_test(test_out_of_memory_sticks_in_the_buffer),
      cmocka_unit_test(test_a_name_is_a_token),
      cmocka_unit_test(test_a_value_has_no_control_characters_but_tabs),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
