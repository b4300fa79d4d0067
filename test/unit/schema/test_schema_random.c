/* SPDX-License-Identifier: MIT */
/* Random types and random structs of them: what is written reads back, and
 * what is then changed at random is read or refused, with a path. */
#include "schema_world.h"

#include <stdio.h>

#include "base/utf8.h"
#include "json/write.h"
#include "schema/arena.h"
#include "schema/shape.h"

enum { N_TYPES = 5, MAX_TEXT = 1 << 16 };

struct world {
  uint32_t seed;
  sio_arena *arena; /* of what the random structs hold */
  sio_schema *types[N_TYPES];
  sio_schema *names;
  struct sio_document json;
};

static uint32_t below(struct world *w, uint32_t n)
{
  return test_random(&w->seed) % n;
}

static uint64_t wide(struct world *w)
{
  uint64_t n = (uint64_t)test_random(&w->seed) << 32 | test_random(&w->seed);

  return n >> below(w, 64);
}

/* ---- Types ---- */

static void add_random_field(struct world *w, sio_schema *s, size_t parts,
                             size_t number)
{
  sio_kind kind = (sio_kind)(1 + below(w, 13));
  sio_mode mode = (sio_mode)(1 + below(w, 4));
  const sio_schema *type = NULL;
  char name[16];

  if (kind == SIO_KIND_OBJECT && parts == 0)
    kind = SIO_KIND_NUMBER;
  if (kind == SIO_KIND_OBJECT)
    type = w->types[below(w, (uint32_t)parts)];
  if (kind == SIO_KIND_ENUMERATION)
    type = w->names;
  (void)snprintf(name, sizeof name, "%c%u", (char)('a' + below(w, 3)),
                 (unsigned)number);
  assert_int_equal(
      sio_schema_add_field(s, name, mode, kind, type, 1 + below(w, 20)), 0);
}

static void make_types(struct world *w)
{
  static const char *const names[] = {"one", "two", "\xC3\xA9"};

  w->names = sio_schema_new(NULL, "names", SIO_SHAPE_ENUMERATION);
  for (int32_t i = 0; i < 3; i++)
    assert_int_equal(sio_schema_add_name(w->names, names[i], i * 1000 - 1000),
                     0);
  for (size_t i = 0; i < N_TYPES; i++) {
    size_t n = below(w, 9);

    w->types[i] = sio_schema_new(NULL, "type", SIO_SHAPE_OBJECT);
    for (size_t k = 0; k < n; k++)
      add_random_field(w, w->types[i], i, k);
    assert_int_equal(sio_schema_check(w->types[i], NULL), 0);
  }
}

static void free_types(struct world *w)
{
  for (size_t i = 0; i < N_TYPES; i++)
    sio_schema_free(w->types[i]);
  sio_schema_free(w->names);
}

/* ---- Structs ---- */

static void *take(struct world *w, size_t size)
{
  void *memory;

  assert_int_equal(sio__arena_alloc(w->arena, size, &memory), 0);
  memset(memory, 0, size);
  return memory;
}

/* Characters of all lengths, and those that need escapes. */
static sio_str random_text(struct world *w, size_t max_bytes)
{
  static const char *const pieces[] = {"a",
                                       "b",
                                       " ",
                                       "\"",
                                       "\\",
                                       "/",
                                       "\n",
                                       "\x01",
                                       "\xC3\xA9",
                                       "\xE2\x82\xAC",
                                       "\xF0\x9F\x98\x80",
                                       "some longer text"};
  char *text = take(w, 256);
  sio_str s = {text, 0};

  for (uint32_t n = below(w, 10); n > 0; n--) {
    const char *piece = pieces[below(w, 12)];
    size_t len = strlen(piece);

    if (s.len + len <= max_bytes && s.len + len < 256) {
      memcpy(text + s.len, piece, len);
      s.len += len;
    }
  }
  return s;
}

static double random_number(struct world *w)
{
  static const double numbers[] = {0,      0.1,          -1.5,  1e300,
                                   5e-324, 123456789.25, -1e21, 3};

  return below(w, 2) ? numbers[below(w, 8)] : (double)wide(w) / 1000;
}

static void fill(struct world *w, const sio_schema *s, char *out);

static void fill_value(struct world *w, const sio_field *f, char *out)
{
  static const uint8_t bytes[] = {1, 2, 3, 0, 255};
  union {
    sio_str text;
    int32_t i32;
    uint64_t u64;
    double real;
    bool yes;
    sio_span bytes;
    sio_value value;
  } v;

  memset(&v, 0, sizeof v);
  switch (f->kind) {
  case SIO_KIND_STRING:
    v.text = random_text(w, 255);
    break;
  case SIO_KIND_TEXT:
    v.text = random_text(w, f->item_size - 1);
    memcpy(out, v.text.data, v.text.len);
    return;
  case SIO_KIND_OBJECT:
    fill(w, sio__field_type(f), out);
    return;
  case SIO_KIND_BOOLEAN:
    v.yes = below(w, 2);
    break;
  case SIO_KIND_NUMBER:
    v.real = random_number(w);
    break;
  case SIO_KIND_ENUMERATION:
    v.i32 = (int32_t)below(w, 3) * 1000 - 1000;
    break;
  case SIO_KIND_BINARY:
    v.bytes.data = bytes;
    v.bytes.len = below(w, 6);
    break;
  case SIO_KIND_JSON:
    v.value = sio_value_at(sio__document_value(&w->json), below(w, 5));
    break;
  case SIO_KIND_TIMESTAMP:
    v.u64 = wide(w) % UINT64_C(253402300800000);
    break;
  default:
    v.u64 = wide(w) * (below(w, 2) ? 1 : UINT64_MAX);
  }
  memcpy(out, &v, f->item_size);
}

static void fill(struct world *w, const sio_schema *s, char *out)
{
  for (size_t i = 0; i < s->n_fields; i++) {
    const sio_field *f = &s->fields[i];
    struct sio__items list = {NULL, 0};
    size_t stride = sio__field_stride(f);
    char *items;

    if (sio__field_is_optional(f)) {
      if (below(w, 3) == 0)
        continue;
      out[f->has_offset] = 1;
    }
    if (!sio__field_is_list(f)) {
      fill_value(w, f, out + f->offset);
      continue;
    }
    list.count = below(w, 4) == 0 ? below(w, 20) : below(w, 3);
    items = take(w, list.count * stride);
    for (size_t k = 0; k < list.count; k++)
      fill_value(w, f, items + k * stride);
    list.items = items;
    memcpy(out + f->offset, &list, sizeof list);
  }
}

static void assert_same(const sio_schema *s, const char *a, const char *b);

static void assert_same_value(const sio_field *f, const char *a, const char *b)
{
  sio_str text[2];
  sio_span bytes[2];
  sio_value value[2];

  switch (f->kind) {
  case SIO_KIND_STRING:
    memcpy(&text[0], a, sizeof text[0]);
    memcpy(&text[1], b, sizeof text[1]);
    assert_true(sio_str_equal(text[0], text[1]));
    break;
  case SIO_KIND_BINARY:
    memcpy(&bytes[0], a, sizeof bytes[0]);
    memcpy(&bytes[1], b, sizeof bytes[1]);
    assert_int_equal(bytes[0].len, bytes[1].len);
    if (bytes[0].len > 0)
      assert_memory_equal(bytes[0].data, bytes[1].data, bytes[0].len);
    break;
  case SIO_KIND_JSON:
    memcpy(&value[0], a, sizeof value[0]);
    memcpy(&value[1], b, sizeof value[1]);
    assert_true(
        sio_str_equal(sio_value_json(value[0]), sio_value_json(value[1])));
    break;
  case SIO_KIND_OBJECT:
    assert_same(sio__field_type(f), a, b);
    break;
  default:
    assert_memory_equal(a, b, f->item_size);
  }
}

static void assert_same(const sio_schema *s, const char *a, const char *b)
{
  for (size_t i = 0; i < s->n_fields; i++) {
    const sio_field *f = &s->fields[i];
    size_t stride = sio__field_stride(f);
    struct sio__items lists[2];

    if (sio__field_is_optional(f)) {
      assert_int_equal(a[f->has_offset], b[f->has_offset]);
      if (!a[f->has_offset])
        continue;
    }
    if (!sio__field_is_list(f)) {
      assert_same_value(f, a + f->offset, b + f->offset);
      continue;
    }
    memcpy(&lists[0], a + f->offset, sizeof lists[0]);
    memcpy(&lists[1], b + f->offset, sizeof lists[1]);
    assert_int_equal(lists[0].count, lists[1].count);
    for (size_t k = 0; k < lists[0].count; k++)
      assert_same_value(f, (const char *)lists[0].items + k * stride,
                        (const char *)lists[1].items + k * stride);
  }
}

/* ---- Payloads ---- */

/* What a payload holds, as it would arrive. */
struct arrived {
  sio_span attachments[512];
  struct sio_document document;
};

static void arrive(struct arrived *a, const sio_payload *p, const char *text,
                   size_t len)
{
  size_t n = p->n_attachments < 512 ? p->n_attachments : 512;

  for (size_t i = 0; i < n; i++)
    a->attachments[i] = sio__payload_attachment(p, i);
  sio__document_init(&a->document, text, len, NULL);
  a->document.attachments = a->attachments;
  a->document.n_attachments = n;
}

/* What was read is written and read once more. */
static void assert_stable(const sio_schema *s, const char *first,
                          sio_arena *arena)
{
  static struct arrived a;
  sio_payload *p = sio_payload_new(NULL);
  char *again = malloc(s->struct_size + 1);

  sio_payload_struct(p, s, first);
  assert_int_equal(sio_payload_error(p), 0);
  arrive(&a, p, (const char *)p->json.data, p->json.len);
  assert_int_equal(
      sio_schema_read(s, sio__document_value(&a.document), again, arena, NULL),
      0);
  assert_same(s, first, again);
  free(again);
  sio_payload_free(p);
}

static size_t mutate(struct world *w, char *text, size_t len)
{
  static const char bytes[] = "\"{}[],:0123456789-.eE\\ntfua_b";
  size_t at = below(w, (uint32_t)len);
  size_t n = 1 + below(w, 12);
  size_t to = below(w, (uint32_t)len + 1);

  switch (below(w, 4)) {
  case 0: /* without a few bytes */
    if (n > len - at)
      n = len - at;
    memmove(text + at, text + at + n, len - at - n);
    return len - n;
  case 1: { /* some of it twice */
    char copy[64];

    n = 1 + below(w, 60);
    if (n > len - at)
      n = len - at;
    if (len + n > MAX_TEXT)
      return len;
    memcpy(copy, text + at, n);
    memmove(text + to + n, text + to, len - to);
    memcpy(text + to, copy, n);
    return len + n;
  }
  default:
    text[at] = bytes[below(w, sizeof bytes - 1)];
    return len;
  }
}

/* Read a text that may be anything. */
static void try_text(const sio_schema *s, const sio_payload *p,
                     const char *text, size_t len, sio_arena *arena,
                     size_t *read, size_t *refused)
{
  static struct arrived a;
  sio_mismatches m;
  char *exact;
  char *out;
  int err;

  if (sio__json_check(text, len, 100, NULL) != 0)
    return;
  exact = (char *)test_exact(text, len);
  out = malloc(s->struct_size + 1);
  arrive(&a, p, exact, len);
  sio_arena_reset(arena);
  err = sio_schema_read(s, sio__document_value(&a.document), out, arena, &m);
  if (err == 0) {
    assert_int_equal(m.count, 0);
    if (a.document.n_attachments < 512)
      assert_stable(s, out, arena);
    ++*read;
  } else {
    assert_int_equal(err, SIO_ERR_TYPE);
    assert_true(m.kept > 0 && m.count >= m.kept);
    for (size_t i = 0; i < m.kept; i++) {
      assert_memory_equal(m.items[i].path, "value", 5);
      assert_true(strlen(m.items[i].expected) > 0);
      assert_true(strlen(m.items[i].found) > 0);
      assert_true(sio__utf8_is_valid((const uint8_t *)m.items[i].path,
                                     strlen(m.items[i].path)));
    }
    ++*refused;
  }
  free(out);
  free(exact);
}

static void run(uint32_t seed, size_t *read, size_t *refused)
{
  static char text[MAX_TEXT + 64];
  static struct arrived a;
  struct world w = {.seed = seed};
  sio_payload *p = sio_payload_new(NULL);
  sio_arena *arena = sio_arena_new(NULL, 1 << 22);
  const sio_schema *s;
  char *out;
  char *in;

  sio__document_init(&w.json, "[null,1.5e3,\"\\n\",{\"a\":[]},[[ ] ]]", 33,
                     NULL);
  w.arena = sio_arena_new(NULL, 1 << 22);
  make_types(&w);
  s = w.types[N_TYPES - 1];
  in = calloc(1, s->struct_size + 1);
  out = malloc(s->struct_size + 1);
  fill(&w, s, in);
  sio_payload_struct(p, s, in);
  assert_int_equal(sio_payload_error(p), 0);
  if (p->n_attachments <= 512 && p->json.len < MAX_TEXT) {
    arrive(&a, p, (const char *)p->json.data, p->json.len);
    assert_int_equal(
        sio_schema_read(s, sio__document_value(&a.document), out, arena, NULL),
        0);
    assert_same(s, in, out);
    for (int round = 0; round < 60; round++) {
      size_t len = p->json.len;

      memcpy(text, p->json.data, len);
      for (uint32_t n = 1 + below(&w, 3); n > 0 && len > 0; n--)
        len = mutate(&w, text, len);
      try_text(s, p, text, len, arena, read, refused);
    }
  }
  free(in);
  free(out);
  free_types(&w);
  sio_arena_free(w.arena);
  sio_arena_free(arena);
  sio_payload_free(p);
}

static void
test_random_structs_read_back_and_random_text_does_no_harm(void **state)
{
  size_t read = 0;
  size_t refused = 0;

  (void)state;
  for (uint32_t seed = 1; seed <= 400; seed++)
    run(seed, &read, &refused);
  assert_true(read > 1000);
  assert_true(refused > 1000);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(
          test_random_structs_read_back_and_random_text_does_no_harm),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
