/* SPDX-License-Identifier: MIT */
#ifndef SIO_TEST_CORS_WORLD_H
#define SIO_TEST_CORS_WORLD_H

/* What the tests of CORS share: requests, rules, and a callback. */

#include "support.h"

#include <stdlib.h>

#include "base/mem.h"
#include "http/cors.h"

/* ---- Requests ---- */

struct pair {
  const char *name; /* in lower case */
  const char *value;
};

enum { MAX_PAIRS = 4 };

/* A request with the headers, in a block of exactly its size; an entry
 * without a value is left out. */
static inline struct sio__http_head request(const char *method,
                                            const struct pair *pairs)
{
  struct sio__http_field fields[MAX_PAIRS];
  struct sio__http_head head = {.method = method, .fields = fields}, packed;
  char *text = malloc(20000);
  size_t len = 1;

  assert_non_null(text);
  text[0] = '/';
  head.target_len = head.path_len = 1;
  for (size_t i = 0; i < MAX_PAIRS && pairs[i].name != NULL; i++) {
    struct sio__http_field *f = &fields[head.n_fields];

    if (pairs[i].value == NULL)
      continue;
    f->name = (uint16_t)len;
    f->name_len = (uint16_t)strlen(pairs[i].name);
    memcpy(text + len, pairs[i].name, f->name_len);
    len += f->name_len;
    f->value = (uint16_t)len;
    f->value_len = (uint16_t)strlen(pairs[i].value);
    memcpy(text + len, pairs[i].value, f->value_len);
    len += f->value_len;
    head.n_fields++;
  }
  head.text = text;
  head.text_len = (uint16_t)len;
  assert_int_equal(sio__http_head_pack(&head, &sio__mem_default, &packed), 0);
  free(text);
  return packed;
}

static inline struct sio__http_head from(const char *method, const char *origin,
                                         const char *asks)
{
  const struct pair pairs[MAX_PAIRS] = {
      {"host", "server.example"},
      {"origin", origin},
      {"access-control-request-headers", asks},
  };

  return request(method, pairs);
}

/* ---- Rules ---- */

/* Options with a rule; `list` ends with NULL. */
static inline sio_cors_options with_rule(uint32_t kind, const char *const *list)
{
  sio_cors_options options;

  sio_cors_options_init(&options);
  options.origin.kind = kind;
  options.origin.list = list;
  while (list[options.origin.n_list] != NULL)
    options.origin.n_list++;
  return options;
}

/* ---- A callback ---- */

struct decision {
  sio_origin_rule rule;
  int rv;
  bool keeps_rule; /* leave it as it was given */
  int asked;
  const char *expected_origin;
};

static inline int decide(sio_str origin, sio_origin_rule *rule, void *user)
{
  struct decision *d = user;

  d->asked++;
  assert_int_equal(rule->kind, SIO_ORIGIN_OFF);
  assert_true(sio_str_is(origin, d->expected_origin));
  if (!d->keeps_rule)
    *rule = d->rule;
  return d->rv;
}

static inline sio_cors_options asking(struct decision *d)
{
  sio_cors_options options;

  sio_cors_options_init(&options);
  options.decide = decide;
  options.decide_user = d;
  options.allowed_headers = "";
  d->asked = 0;
  return options;
}

#endif
