/* SPDX-License-Identifier: MIT */
#include "support.h"

#include <math.h>
#include <stdlib.h>

#include <sio/error.h>

#include "json/read.h"
#include "json/scan.h"
#include "json/write.h"

#define PLACE(num) "{\"_placeholder\":true,\"num\":" num "}"

struct fixture {
  struct test_mem mem;
  struct sio_payload p;
};

static struct sio_payload *begin(struct fixture *f)
{
  test_mem_init(&f->mem, TEST_MEM_NEVER);
  sio__payload_init(&f->p, &f->mem.allocator, SIZE_MAX);
  return &f->p;
}

static void end(struct fixture *f)
{
  sio__payload_dispose(&f->p);
  test_mem_check(&f->mem);
}

static void assert_json(const struct sio_payload *p, const char *want)
{
  assert_int_equal(sio_payload_error(p), 0);
  assert_int_equal(sio__payload_check(p), 0);
  if (p->json.len != strlen(want) ||
      (p->json.len > 0 && memcmp(p->json.data, want, p->json.len) != 0))
    fail_msg("%.*s instead of %s", (int)p->json.len, (const char *)p->json.data,
             want);
}

static sio_span bytes(const char *text)
{
  sio_span span = {(const uint8_t *)text, strlen(text)};

  return span;
}

static void test_every_kind_of_value_is_written(void **state)
{
  struct fixture f;
  struct sio_payload *p = begin(&f);
  sio_str with_nul = {"a\0b", 3};
  sio_str none = {NULL, 0};

  (void)state;
  assert_json(p, "");
  sio_payload_null(p);
  sio_payload_bool(p, true);
  sio_payload_bool(p, false);
  sio_payload_int64(p, INT64_MIN);
  sio_payload_uint64(p, UINT64_MAX);
  sio_payload_double(p, 0.5);
  sio_payload_double(p, (double)NAN);
  sio_payload_str(p, with_nul);
  sio_payload_str(p, none);
  sio_payload_string(p, "x\"y");
  sio_payload_string(p, NULL);
  sio_payload_json(p, sio_s(" [1, 2]"));
  assert_json(p, "null,true,false,-9223372036854775808,18446744073709551615,"
                 "0.5,null,\"a\\u0000b\",\"\",\"x\\\"y\",null, [1, 2]");
  end(&f);
}

static void test_containers_have_commas_where_they_belong(void **state)
{
  struct fixture f;
  struct sio_payload *p = begin(&f);

  (void)state;
  sio_payload_array_begin(p);
  sio_payload_array_end(p);
  sio_payload_object_begin(p);
  sio_payload_key(p, "a");
  sio_payload_int64(p, 1);
  sio_payload_key(p, "b\n");
  sio_payload_array_begin(p);
  sio_payload_int64(p, 2);
  sio_payload_object_begin(p);
  sio_payload_object_end(p);
  sio_payload_array_begin(p);
  sio_payload_int64(p, 3);
  sio_payload_array_end(p);
  sio_payload_array_end(p);
  sio_payload_key(p, "c");
  sio_payload_binary(p, bytes("xyz"));
  sio_payload_object_end(p);
  sio_payload_string(p, "end");
  assert_json(p,
              "[],{\"a\":1,\"b\\n\":[2,{},[3]],\"c\":" PLACE("0") "},\"end\"");
  end(&f);
}

static void test_attachments_are_kept_in_order(void **state)
{
  struct fixture f;
  struct sio_payload *p = begin(&f);
  sio_span got;

  (void)state;
  sio_payload_binary(p, (sio_span){NULL, 0});
  for (int i = 0; i < 9; i++) {
    char text[] = "attachment 0";

    text[11] = (char)('0' + i);
    sio_payload_binary(p, bytes(text));
  }
  sio_payload_binary(p, (sio_span){NULL, 0});
  assert_int_equal(p->n_attachments, 11);
  assert_int_equal(sio__payload_attachment(p, 0).len, 0);
  assert_int_equal(sio__payload_attachment(p, 10).len, 0);
  for (size_t i = 0; i < 9; i++) {
    got = sio__payload_attachment(p, i + 1);
    assert_int_equal(got.len, 12);
    assert_int_equal(got.data[11], '0' + i);
  }
  end(&f);
}

/* Each misuse by its letters: [ ] { } brackets, k key, v value, b binary,
 * f format, 0 a key that is NULL. */
static void apply(struct sio_payload *p, char step)
{
  switch (step) {
  case '[':
    sio_payload_array_begin(p);
    break;
  case ']':
    sio_payload_array_end(p);
    break;
  case '{':
    sio_payload_object_begin(p);
    break;
  case '}':
    sio_payload_object_end(p);
    break;
  case 'k':
    sio_payload_key(p, "k");
    break;
  case '0':
    sio_payload_key(p, NULL);
    break;
  case 'b':
    sio_payload_binary(p, bytes("b"));
    break;
  case 'f':
    sio_payload_format(p, "%d", 1);
    break;
  case 'e':
    sio_payload_format(p, "%s", "");
    break;
  default:
    sio_payload_null(p);
  }
}

static void test_misuse_is_an_error_that_stays(void **state)
{
  static const char *const misuses[] = {"]",   "}",   "k",  "[k",    "{v",
                                        "{b",  "{f",  "{[", "{]",    "[}",
                                        "{kk", "{k}", "{0", "[{kv}k"};

  (void)state;
  for (size_t i = 0; i < sizeof misuses / sizeof *misuses; i++) {
    static const char later[] = "v[]{kb}fev";
    struct fixture f;
    struct sio_payload *p = begin(&f);
    size_t len;

    for (const char *step = misuses[i]; *step != '\0'; step++) {
      assert_int_equal(sio_payload_error(p), 0);
      apply(p, *step);
    }
    assert_int_equal(sio_payload_error(p), SIO_ERR_STATE);
    len = p->json.len;
    for (const char *step = later; *step != '\0'; step++)
      apply(p, *step);
    sio_payload_json(p, sio_s("nonsense"));
    sio_payload_str(p, sio_s("\xFF"));
    sio_payload_int64(p, 1);
    sio_payload_uint64(p, 1);
    sio_payload_double(p, 1);
    assert_int_equal(sio_payload_error(p), SIO_ERR_STATE);
    assert_int_equal(p->json.len, len);
    sio_payload_reset(p);
    apply(p, 'v');
    assert_json(p, "null");
    end(&f);
  }
}

static void test_what_is_not_finished_cannot_be_sent(void **state)
{
  static const char *const steps[] = {"[", "{", "{k", "[[v]"};

  (void)state;
  for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
    struct fixture f;
    struct sio_payload *p = begin(&f);

    for (const char *step = steps[i]; *step != '\0'; step++)
      apply(p, *step);
    assert_int_equal(sio_payload_error(p), 0);
    assert_int_equal(sio__payload_check(p), SIO_ERR_STATE);
    end(&f);
  }
}

static void test_nesting_ends_at_64(void **state)
{
  struct fixture f;
  struct sio_payload *p = begin(&f);

  (void)state;
  for (int i = 0; i < 64; i++) {
    apply(p, i % 2 == 0 ? '[' : '{');
    if (i % 2 == 1)
      apply(p, 'k');
  }
  apply(p, 'v');
  for (int i = 64; i-- > 0;)
    apply(p, i % 2 == 0 ? ']' : '}');
  assert_int_equal(sio__payload_check(p), 0);
  assert_int_equal(sio__json_check((char *)p->json.data, p->json.len, 64, NULL),
                   0);
  sio_payload_reset(p);
  for (int i = 0; i < 64; i++)
    apply(p, '[');
  assert_int_equal(sio_payload_error(p), 0);
  apply(p, '[');
  assert_int_equal(sio_payload_error(p), SIO_ERR_STATE);
  end(&f);
}

static void test_bad_text_is_refused(void **state)
{
  struct fixture f;
  struct sio_payload *p = begin(&f);

  (void)state;
  sio_payload_json(p, sio_s("[1"));
  assert_int_equal(sio_payload_error(p), SIO_ERR_JSON);
  sio_payload_reset(p);
  sio_payload_json(p, sio_s(NULL));
  assert_int_equal(sio_payload_error(p), SIO_ERR_JSON);
  sio_payload_reset(p);
  sio_payload_string(p, "a\xC3");
  assert_int_equal(sio_payload_error(p), SIO_ERR_UTF8);
  sio_payload_reset(p);
  sio_payload_object_begin(p);
  sio_payload_key(p, "\xFF");
  assert_int_equal(sio_payload_error(p), SIO_ERR_UTF8);
  sio_payload_reset(p);
  sio_payload_format(p, "%s %s", "a", "b");
  assert_int_equal(sio_payload_error(p), SIO_ERR_FORMAT);
  end(&f);
}

static void test_formats_fit_in_where_values_do(void **state)
{
  struct fixture f;
  struct sio_payload *p = begin(&f);

  (void)state;
  sio_payload_format(p, "%s", "a");
  sio_payload_format(p, " ");
  sio_payload_format(p, "1,{n: %d}", 2);
  sio_payload_array_begin(p);
  sio_payload_format(p, " ");
  sio_payload_format(p, "3,4");
  sio_payload_format(p, "5");
  sio_payload_array_end(p);
  sio_payload_object_begin(p);
  sio_payload_key(p, "k");
  sio_payload_format(p, "[%d]", 6);
  sio_payload_object_end(p);
  assert_json(p, "\"a\",1,{\"n\":2},[3,4,5],{\"k\":[6]}");
  for (int i = 0; i < 2; i++) {
    sio_payload_reset(p);
    sio_payload_object_begin(p);
    sio_payload_key(p, "k");
    sio_payload_format(p, i == 0 ? "7,8" : " ");
    assert_int_equal(sio_payload_error(p), SIO_ERR_STATE);
  }
  end(&f);
}

static const sio_span received[3] = {
    {(const uint8_t *)"zero", 4}, {(const uint8_t *)"one", 3}, {NULL, 0}};

/* A value that was received, copied behind an attachment of the payload's
 * own, so that all numbers change. */
static void test_received_values_are_copied_with_attachments(void **state)
{
  static const struct {
    const char *text;
    const char *want; /* behind the first attachment */
    size_t n;         /* attachments that it brings */
    size_t first;     /* which one of the received comes first */
  } cases[] = {
      {"[1, {\"a\": 2}]", "[1, {\"a\": 2}]", 0, 0},
      {PLACE("1"), PLACE("1"), 1, 1},
      {" [ " PLACE("2") " , " PLACE("0") ",0] ",
       "[ " PLACE("1") " , " PLACE("2") ",0]", 2, 2},
      {"{\"x\":{\"y\":[{}," PLACE("0") ",{\"z\":1}]},\"e\":{}}",
       "{\"x\":{\"y\":[{}," PLACE("1") ",{\"z\":1}]},\"e\":{}}", 1, 0},
      {"[{\"num\":1,\"more\":[{}],\"_placeholder\":true}]", "[" PLACE("1") "]",
       1, 1},
      {"[{\"_placeholder\":true,\"in\":[" PLACE("0") "," PLACE(
           "2") "],\"num\":1}," PLACE("0") "]",
       "[" PLACE("1") "," PLACE("2") "]", 2, 1},
      {"\"{\"", "\"{\"", 0, 0},
  };

  (void)state;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    struct fixture f;
    struct sio_payload *p = begin(&f);
    struct sio_document from;
    char want[256] = PLACE("0") ",";

    sio__document_init(&from, cases[i].text, strlen(cases[i].text), NULL);
    from.attachments = received;
    from.n_attachments = 3;
    sio_payload_binary(p, bytes("own"));
    sio_payload_value(p, sio__document_value(&from));
    strcat(want, cases[i].want);
    assert_json(p, want);
    assert_int_equal(p->n_attachments, 1 + cases[i].n);
    if (cases[i].n > 0) {
      sio_span got = sio__payload_attachment(p, 1);

      assert_int_equal(got.len, received[cases[i].first].len);
      if (got.len > 0)
        assert_memory_equal(got.data, received[cases[i].first].data, got.len);
    }
    end(&f);
  }
}

static void test_values_without_attachments_are_copied_as_they_are(void **state)
{
  static const char text[] = "[1, " PLACE("0") "]";
  struct fixture f;
  struct sio_payload *p = begin(&f);
  struct sio_document from;

  (void)state;
  sio__document_init(&from, text, sizeof text - 1, NULL);
  sio_payload_value(p, sio__document_value(&from));
  sio_payload_value(p, (sio_value){NULL, 0, NULL});
  assert_json(p, "[1, " PLACE("0") "],null");
  assert_int_equal(p->n_attachments, 0);
  sio_payload_reset(p);
  sio__document_init(&from, "[" PLACE("3") "]", sizeof PLACE("3") + 1, NULL);
  from.attachments = received;
  from.n_attachments = 3; /* of which it names a fourth */
  sio_payload_value(p, sio__document_value(&from));
  assert_int_equal(sio_payload_error(p), SIO_ERR_RANGE);
  end(&f);
}

static void test_a_reset_payload_needs_no_new_memory(void **state)
{
  struct fixture f;
  struct sio_payload *p = begin(&f);
  size_t calls = 0;

  (void)state;
  for (int i = 0; i < 3; i++) {
    sio_payload_string(p, "the same text every time, and rather long too");
    sio_payload_binary(p, bytes("bytes"));
    assert_int_equal(p->n_attachments, 1);
    if (i > 0)
      assert_int_equal(f.mem.calls, calls);
    calls = f.mem.calls;
    sio_payload_reset(p);
    assert_json(p, "");
  }
  end(&f);
}

static void test_a_payload_has_the_size_it_is_given(void **state)
{
  struct test_mem mem;
  struct sio_payload p;

  (void)state;
  for (int binary = 0; binary < 2; binary++) {
    test_mem_init(&mem, TEST_MEM_NEVER);
    sio__payload_init(&p, &mem.allocator, 40);
    if (binary)
      sio_payload_binary(&p, (sio_span){(const uint8_t *)"0123456789"
                                                         "0123456789"
                                                         "0123456789"
                                                         "0123456789-",
                                        41});
    else
      sio_payload_json(&p, sio_s("[0,1,2,3,4,5,6,7,8,9,0,1,2,3,4,5,6,7,8,9]"));
    assert_int_equal(sio_payload_error(&p), SIO_ERR_LIMIT);
    assert_int_equal(p.n_attachments, 0);
    sio__payload_dispose(&p);
    test_mem_check(&mem);
  }
}

static void build(struct test_mem *mem, void *user)
{
  struct sio_document from;
  sio_payload *p = sio_payload_new(&mem->allocator);

  (void)user;
  if (p == NULL) {
    assert_true(mem->fired);
    return;
  }
  sio__document_init(&from, PLACE("0"), sizeof PLACE("0") - 1, NULL);
  from.attachments = received;
  from.n_attachments = 3;
  for (int i = 0; i < 6; i++) {
    sio_payload_array_begin(p);
    sio_payload_string(p, "some text, long enough to make the buffer grow");
    sio_payload_format(p, "{text: %s, n: [1,2,3]}", "more of it");
    sio_payload_value(p, sio__document_value(&from));
    sio_payload_binary(p, bytes("more bytes than fit in a small buffer, too"));
    sio_payload_array_end(p);
  }
  assert_int_equal(sio_payload_error(p), mem->fired ? SIO_ERR_NOMEM : 0);
  if (!mem->fired)
    assert_int_equal(p->n_attachments, 12);
  sio_payload_free(p);
}

static void test_a_payload_survives_every_failed_allocation(void **state)
{
  (void)state;
  assert_true(test_every_allocation(build, NULL) > 6);
}

static void test_a_payload_can_use_malloc(void **state)
{
  sio_payload *p = sio_payload_new(NULL);

  (void)state;
  assert_non_null(p);
  sio_payload_string(p, "x");
  assert_json(p, "\"x\"");
  sio_payload_free(p);
  sio_payload_free(NULL);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_every_kind_of_value_is_written),
      cmocka_unit_test(test_containers_have_commas_where_they_belong),
      cmocka_unit_test(test_attachments_are_kept_in_order),
      cmocka_unit_test(test_misuse_is_an_error_that_stays),
      cmocka_unit_test(test_what_is_not_finished_cannot_be_sent),
      cmocka_unit_test(test_nesting_ends_at_64),
      cmocka_unit_test(test_bad_text_is_refused),
      cmocka_unit_test(test_formats_fit_in_where_values_do),
      cmocka_unit_test(test_received_values_are_copied_with_attachments),
      cmocka_unit_test(test_values_without_attachments_are_copied_as_they_are),
      cmocka_unit_test(test_a_reset_payload_needs_no_new_memory),
      cmocka_unit_test(test_a_payload_has_the_size_it_is_given),
      cmocka_unit_test(test_a_payload_survives_every_failed_allocation),
      cmocka_unit_test(test_a_payload_can_use_malloc),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
