/* SPDX-License-Identifier: MIT */
/* The CORS protocol: which origins are allowed, and the headers that say so. */
#include "http/cors.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/ascii.h"
#include "base/glob.h"
#include "base/mem.h"
#include "base/versioned.h"
#include "http/response.h"
#include <sio/error.h>

static const sio_cors_options defaults = {
    .size = sizeof defaults,
    .origin = {.kind = SIO_ORIGIN_ANY},
    .success_status = 204,
    .methods = "GET,HEAD,PUT,PATCH,POST,DELETE",
    .max_age_s = -1,
};

static sio_cors_options complete(const sio_cors_options *given)
{
  sio_cors_options all;

  sio__versioned_complete(&all, given, &defaults, sizeof all);
  return all;
}

/* ---- Which settings are possible ---- */

static bool has_list(const sio_origin_rule *rule)
{
  return rule->kind == SIO_ORIGIN_FIXED || rule->kind == SIO_ORIGIN_LIST;
}

static bool rule_is_valid(const sio_origin_rule *rule)
{
  if (!has_list(rule))
    return rule->kind <= SIO_ORIGIN_OFF;
  if (rule->n_list == 0)
    return rule->kind == SIO_ORIGIN_LIST;
  if (rule->list == NULL)
    return false;
  for (size_t i = 0; i < rule->n_list; i++) {
    sio_str entry = sio_s(rule->list[i]);

    if (entry.len == 0 || !sio__http_value_is_valid(entry))
      return false;
  }
  return true;
}

/* At least one token, separated by commas, with blanks around them. */
static bool is_token_list(const char *text)
{
  for (;;) {
    sio_str token = {text, strcspn(text, ",")};

    text += token.len;
    if (!sio__http_name_is_valid(sio__trim(token)))
      return false;
    if (*text++ == '\0')
      return true;
  }
}

static bool is_optional_list(const char *text)
{
  return text == NULL || *text == '\0' || is_token_list(text);
}

/* ---- Copies ---- */

/* What a copy takes: the struct, behind it the list, behind it the texts. */
static size_t copy_size(const sio_cors_options *all)
{
  size_t size = sizeof *all + all->origin.n_list * sizeof *all->origin.list;

  for (size_t i = 0; i < all->origin.n_list; i++)
    size += sio__text_size(all->origin.list[i]);
  return size + sio__text_size(all->methods) +
         sio__text_size(all->allowed_headers) +
         sio__text_size(all->exposed_headers);
}

/* ---- Origins ---- */

/* Whether an origin is what a pattern says; "null" has no parts. */
static bool matches(const char *pattern, sio_str origin)
{
  if (sio__same_in_any_case(origin, sio_s("null")))
    return sio__same_in_any_case(origin, sio_s(pattern));
  return sio__glob_matches(sio_s(pattern), origin, GLOB_ORIGIN);
}

static bool matches_any(const sio_origin_rule *rule, sio_str origin)
{
  for (size_t i = 0; i < rule->n_list; i++) {
    if (matches(rule->list[i], origin))
      return true;
  }
  return false;
}

/* The rule for a request; false: the callback could not tell. */
static bool find_rule(const sio_cors_options *cors, sio_str origin,
                      sio_origin_rule *rule)
{
  *rule = cors->origin;
  if (cors->decide != NULL) {
    *rule = (sio_origin_rule){.kind = SIO_ORIGIN_OFF};
    if (cors->decide(origin, rule, cors->decide_user) != 0 ||
        !rule_is_valid(rule))
      return false;
  }
  if (rule->kind == SIO_ORIGIN_FIXED && strcmp(rule->list[0], "*") == 0)
    rule->kind = SIO_ORIGIN_ANY;
  return true;
}

/* "host", "host:port" or "[address]:port"; the port may be empty. */
static bool split_authority(sio_str authority, sio_str *host, sio_str *port)
{
  const char *end = authority.data + authority.len;
  const char *colon = authority.data;

  if (authority.len == 0)
    return false;
  if (*colon == '[') {
    colon = memchr(colon, ']', authority.len);
    if (colon == NULL)
      return false;
    colon++;
  } else {
    colon = memchr(colon, ':', authority.len);
    if (colon == NULL)
      colon = end;
  }
  if (colon < end && *colon != ':')
    return false;
  host->data = authority.data;
  host->len = (size_t)(colon - authority.data);
  port->data = colon < end ? colon + 1 : end;
  port->len = (size_t)(end - port->data);
  return host->len > 0;
}

static const char *default_port(sio_str scheme)
{
  if (sio__same_in_any_case(scheme, sio_s("https")) ||
      sio__same_in_any_case(scheme, sio_s("wss")))
    return "443";
  if (sio__same_in_any_case(scheme, sio_s("http")) ||
      sio__same_in_any_case(scheme, sio_s("ws")))
    return "80";
  return NULL;
}

/* Take the scheme off an origin; false if it has none that is known here. */
static bool take_scheme(sio_str *origin, const char **port)
{
  static const char mark[] = "://";
  const size_t mark_len = sizeof mark - 1;
  const char *colon =
      origin->len > 0 ? memchr(origin->data, ':', origin->len) : NULL;
  sio_str scheme = *origin;

  if (colon == NULL)
    return false;
  scheme.len = (size_t)(colon - origin->data);
  *port = default_port(scheme);
  if (*port == NULL || origin->len - scheme.len < mark_len ||
      memcmp(colon, mark, mark_len) != 0)
    return false;
  origin->data = colon + mark_len;
  origin->len -= scheme.len + mark_len;
  return true;
}

/* Whether a page comes from the host that it asks.  The scheme only tells the
 * default port: whether there is TLS in front, a proxy may know alone. */
static bool is_own(sio_str origin, const struct sio__http_head *head)
{
  sio_str from, from_port, asked, asked_port;
  const char *port;

  if (!sio__http_header(head, "host", &asked) || !take_scheme(&origin, &port) ||
      !split_authority(origin, &from, &from_port) ||
      !split_authority(asked, &asked, &asked_port))
    return false;
  if (from_port.len == 0)
    from_port = sio_s(port);
  if (asked_port.len == 0)
    asked_port = sio_s(port);
  return sio__same_in_any_case(from, asked) &&
         sio_str_equal(from_port, asked_port);
}

/* `origin` has no data if the request has none. */
static bool may_come(const sio_origin_rule *rule, sio_str origin,
                     const struct sio__http_head *head)
{
  if (origin.data == NULL || is_own(origin, head))
    return true;
  switch (rule->kind) {
  case SIO_ORIGIN_ANY:
  case SIO_ORIGIN_REFLECT:
    return true;
  case SIO_ORIGIN_FIXED:
    return sio__same_in_any_case(origin, sio_s(rule->list[0]));
  case SIO_ORIGIN_LIST:
    return matches_any(rule, origin);
  default:
    return false;
  }
}

/* ---- Headers ---- */

static void set(struct sio_headers *out, const char *name, sio_str value)
{
  sio__fields_set(out, sio_s(name), value);
}

/* Whether what a request says may be said in its answer. */
static bool can_echo(sio_str value)
{
  return value.len > 0 && sio__http_value_is_valid(value);
}

static void write_origin(const sio_origin_rule *rule, sio_str origin,
                         struct sio_headers *out)
{
  static const char name[] = "Access-Control-Allow-Origin";

  if (rule->kind == SIO_ORIGIN_ANY) {
    set(out, name, sio_s("*"));
    return;
  }
  if (rule->kind == SIO_ORIGIN_FIXED)
    set(out, name, sio_s(rule->list[0]));
  else if (can_echo(origin) &&
           (rule->kind == SIO_ORIGIN_REFLECT || matches_any(rule, origin)))
    set(out, name, origin);
  sio__fields_join(out, sio_s("Vary"), sio_s("Origin"));
}

static void write_preflight(const sio_cors_options *cors,
                            const struct sio__http_head *head,
                            struct sio_headers *out)
{
  sio_str allowed = sio_s(cors->allowed_headers);
  char max_age[24];

  set(out, "Access-Control-Allow-Methods", sio_s(cors->methods));
  if (cors->allowed_headers == NULL &&
      (!sio__http_header(head, "access-control-request-headers", &allowed) ||
       !can_echo(allowed)))
    allowed.len = 0;
  if (allowed.len > 0)
    set(out, "Access-Control-Allow-Headers", allowed);
  if (cors->max_age_s >= 0) {
    snprintf(max_age, sizeof max_age, "%" PRId64, cors->max_age_s);
    set(out, "Access-Control-Max-Age", sio_s(max_age));
  }
}

/* ---- What others call ---- */

void sio_cors_options_init_sized(sio_cors_options *options, size_t size)
{
  sio__versioned_init(options, size, &defaults, sizeof defaults);
}

const char *sio__cors_problem(const sio_cors_options *options)
{
  sio_cors_options all;

  if (options == NULL)
    return NULL;
  if (options->size < sizeof options->size)
    return "cors.size";
  all = complete(options);
  if (!rule_is_valid(&all.origin))
    return "cors.origin";
  if (all.credentials > 1)
    return "cors.credentials";
  if (all.success_status < 200 || all.success_status > 299)
    return "cors.success_status";
  if (all.methods == NULL || !is_token_list(all.methods))
    return "cors.methods";
  if (!is_optional_list(all.allowed_headers))
    return "cors.allowed_headers";
  if (!is_optional_list(all.exposed_headers))
    return "cors.exposed_headers";
  return all.max_age_s < -1 ? "cors.max_age_s" : NULL;
}

int sio__cors_copy(const sio_cors_options *options, const sio_allocator *mem,
                   sio_cors_options **out)
{
  sio_cors_options all, *copy;
  const char **list;
  char *end;

  *out = NULL;
  if (options == NULL)
    return 0;
  all = complete(options);
  if (!has_list(&all.origin))
    all.origin.n_list = 0;
  copy = sio__mem_alloc(mem, copy_size(&all));
  if (copy == NULL)
    return SIO_ERR_NOMEM;
  *copy = all;
  list = (const char **)(void *)(copy + 1);
  end = (char *)(list + all.origin.n_list);
  copy->origin.list = all.origin.n_list > 0 ? list : NULL;
  for (size_t i = 0; i < all.origin.n_list; i++)
    list[i] = sio__text_put(&end, all.origin.list[i]);
  copy->methods = sio__text_put(&end, all.methods);
  copy->allowed_headers = sio__text_put(&end, all.allowed_headers);
  copy->exposed_headers = sio__text_put(&end, all.exposed_headers);
  *out = copy;
  return 0;
}

void sio__cors_free(sio_cors_options *copy, const sio_allocator *mem)
{
  if (copy != NULL)
    sio__mem_free(mem, copy, copy_size(copy));
}

enum sio__cors_result sio__cors_apply(const sio_cors_options *cors,
                                      const struct sio__http_head *head,
                                      struct sio_headers *out, bool *allowed)
{
  bool is_preflight = strcmp(head->method, "OPTIONS") == 0;
  sio_str origin = {NULL, 0}, exposed;
  sio_origin_rule rule = {.kind = SIO_ORIGIN_OFF};

  (void)sio__http_header(head, "origin", &origin); /* empty if missing */
  if (cors != NULL && !find_rule(cors, origin, &rule))
    return CORS_FAILED;
  *allowed = may_come(&rule, origin, head);
  if (rule.kind == SIO_ORIGIN_OFF)
    return CORS_OFF;

  write_origin(&rule, origin, out);
  if (is_preflight && cors->allowed_headers == NULL)
    sio__fields_join(out, sio_s("Vary"),
                     sio_s("Access-Control-Request-Headers"));
  if (cors->credentials != 0)
    set(out, "Access-Control-Allow-Credentials", sio_s("true"));
  if (is_preflight)
    write_preflight(cors, head, out);
  exposed = sio_s(cors->exposed_headers);
  if (exposed.len > 0)
    set(out, "Access-Control-Expose-Headers", exposed);
  return is_preflight ? CORS_PREFLIGHT : CORS_GO_ON;
}
