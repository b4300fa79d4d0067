/* SPDX-License-Identifier: MIT */
#include "support.h"

#include <stdlib.h>

#include "schema/format.h"

struct sample {
  const char *text;
  bool fits;
};

static void check_samples(uint32_t format, const struct sample *samples,
                          size_t n)
{
  for (size_t i = 0; i < n; i++) {
    size_t len = strlen(samples[i].text);
    char *exact = (char *)test_exact(samples[i].text, len);
    bool fits = sio__format_fits(format, exact, len);

    free(exact);
    if (fits != samples[i].fits)
      fail_msg("\"%s\" was %s", samples[i].text, fits ? "taken" : "refused");
  }
}

#define CHECK(format, samples)                                                 \
  check_samples((format), (samples), sizeof(samples) / sizeof(*(samples)))

static void test_uuids_are_hexadecimal_with_four_dashes(void **state)
{
  static const struct sample samples[] = {
      {"f81d4fae-7dec-11d0-a765-00a0c91e6bf6", true},
      {"F81D4FAE-7DEC-11D0-A765-00A0C91E6BF6", true},
      {"00000000-0000-0000-0000-000000000000", true},
      {"", false},
      {"f81d4fae7dec11d0a76500a0c91e6bf6", false},
      {"f81d4fae-7dec-11d0-a765-00a0c91e6bf", false},
      {"f81d4fae-7dec-11d0-a765-00a0c91e6bf60", false},
      {"f81d4fae-7dec-11d0-a765-00a0c91e6bfg", false},
      {"f81d4fae-7dec-11d0-a76-500a0c91e6bf6", false},
      {"f81d4fae-7dec-11d0-a765_00a0c91e6bf6", false},
      {"{81d4fae-7dec-11d0-a765-00a0c91e6bf}", false},
      {"urn:uuid:f81d4fae-7dec-11d0-a765-00a0c91e6bf6", false},
  };

  (void)state;
  CHECK(SIO_FORMAT_UUID, samples);
}

#define TEN   "abcdefghij"
#define SIXTY TEN TEN TEN TEN TEN TEN

static void test_email_addresses_have_an_atom_and_a_domain(void **state)
{
  static const struct sample samples[] = {
      {"a@b.c", true},
      {"first.last+tag@mail.example.org", true},
      {"!#$%&'*+-/=?^_`{|}~@example.org", true},
      {"a@1.2", true},
      {"a@b-c.d", true},
      {SIXTY "1234@example.org", true},
      {SIXTY "12345@example.org", false},
      {"a@" SIXTY "123.org", true},
      {"a@" SIXTY "1234.org", false},
      {"a@" SIXTY "." SIXTY "." SIXTY "." SIXTY ".12345.12345", true},
      {"a@" SIXTY "." SIXTY "." SIXTY "." SIXTY ".12345.123456", false},
      {"", false},
      {"a", false},
      {"@", false},
      {"a@", false},
      {"@b.c", false},
      {"a@b", false},
      {"a@b.", false},
      {"a@.b", false},
      {"a@b..c", false},
      {"a@-b.c", false},
      {"a@b-.c", false},
      {"a@b_c.d", false},
      {".a@b.c", false},
      {"a.@b.c", false},
      {"a..b@c.d", false},
      {"a b@c.d", false},
      {"a@b@c.d", false},
      {"\"a b\"@c.d", false},
      {"a@[127.0.0.1]", false},
      {"\xC3\xA9@b.c", false},
      {"a@\xC3\xA9.c", false},
  };

  (void)state;
  CHECK(SIO_FORMAT_EMAIL, samples);
}

static void test_uris_follow_the_grammar(void **state)
{
  static const struct sample samples[] = {
      {"http://example.org", true},
      {"http://example.org/", true},
      {"HTTPS://user:pw@example.org:8080/a/b;c=d?q=1&r=/?#frag/?", true},
      {"http://[::1]:80/", true},
      {"http://[2001:db8::7]/c=GB?objectClass?one", true},
      {"http://[1:2:3:4:5:6:7:8]", true},
      {"http://[1:2:3:4:5:6:7::]", true},
      {"http://[::]", true},
      {"http://[::ffff:1.2.3.4]", true},
      {"http://[1:2:3:4:5:6:1.2.3.4]", true},
      {"http://[v7.a:b]", true},
      {"mailto:John.Doe@example.com", true},
      {"urn:oasis:names:specification:docbook:dtd:xml:4.1.2", true},
      {"tel:+1-816-555-1212", true},
      {"file:///etc/passwd", true},
      {"a:", true},
      {"a+b-c.d:e", true},
      {"http://ex%20ample/%ff", true},
      {"http:/one", true},
      {"http://host:/", true},
      {"", false},
      {"/relative", false},
      {"//host/path", false},
      {"nothing", false},
      {":", false},
      {"1http://x", false},
      {"ht tp://x", false},
      {"http://a b", false},
      {"http://a/ b", false},
      {"http://a/%2", false},
      {"http://a/%zz", false},
      {"http://a/%", false},
      {"http://a/<b>", false},
      {"http://a/{b}", false},
      {"http://a/\\b", false},
      {"http://a/#b#c", false},
      {"http://a:b/", false},
      {"http://u@v@w/", false},
      {"http://u<@w/", false},
      {"http://[::1", false},
      {"http://[::1]x", false},
      {"http://[1:2:3:4:5:6:7]", false},
      {"http://[1:2:3:4:5:6:7:8:9]", false},
      {"http://[1:2:3:4:5:6:7:8::]", false},
      {"http://[1::2::3]", false},
      {"http://[12345::]", false},
      {"http://[:1]", false},
      {"http://[1:]", false},
      {"http://[]", false},
      {"http://[::1.2.3]", false},
      {"http://[::1.2.3.256]", false},
      {"http://[::1.2.3.04]", false},
      {"http://[1:2:3:4:5:6:7:1.2.3.4]", false},
      {"http://[v.a]", false},
      {"http://[v7.]", false},
      {"http://[v7.%20]", false},
      {"http://\xC3\xA9/", false},
  };

  (void)state;
  CHECK(SIO_FORMAT_URI, samples);
}

static void test_other_formats_are_those_of_others(void **state)
{
  static const struct sample dates[] = {
      {"2024-02-29T12:00:00Z", true},
      {"9999-12-31T23:59:59-01:00", true},
      {"2023-02-29T12:00:00Z", false},
  };
  static const struct sample all[] = {{"", true}, {"\xFF", true}};

  (void)state;
  CHECK(SIO_FORMAT_DATETIME, dates);
  CHECK(SIO_FORMAT_ANY, all);
  assert_false(sio__format_fits(SIO_FORMAT_UUID, NULL, 0));
  assert_false(sio__format_fits(SIO_FORMAT_EMAIL, NULL, 0));
  assert_false(sio__format_fits(SIO_FORMAT_URI, NULL, 0));
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_uuids_are_hexadecimal_with_four_dashes),
      cmocka_unit_test(test_email_addresses_have_an_atom_and_a_domain),
      cmocka_unit_test(test_uris_follow_the_grammar),
      cmocka_unit_test(test_other_formats_are_those_of_others),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
