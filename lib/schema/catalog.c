/* SPDX-License-Identifier: MIT */
/* What contracts consist of, and how descriptions are written. */
#include "schema/catalog.h"

#include "base/mem.h"
#include "json/read.h"
#include "json/write.h"

enum { TYPES_AT_FIRST = 16 };

/* ---- Types ---- */

bool sio__catalog_may_miss(const struct sio__entry *entry,
                           const sio_field *field)
{
  return sio__field_is_optional(field) ||
         (field->fallback != NULL && entry->by_client);
}

/* The one of this name, or NULL. */
static struct sio__entry *find_name(const struct sio__catalog *catalog,
                                    const char *name)
{
  for (size_t i = 0; i < catalog->n; i++) {
    if (strcmp(catalog->entries[i].schema->name, name) == 0)
      return &catalog->entries[i];
  }
  return NULL;
}

const struct sio__entry *sio__catalog_find(const struct sio__catalog *catalog,
                                           const sio_schema *schema)
{
  return find_name(catalog, schema->name);
}

static int add_entry(struct sio__catalog *catalog, const sio_schema *schema)
{
  const size_t size = sizeof *catalog->entries;

  if (catalog->n == catalog->cap) {
    size_t cap = catalog->cap > 0 ? 2 * catalog->cap : TYPES_AT_FIRST;
    struct sio__entry *entries = sio__mem_resize(
        catalog->mem, catalog->entries, catalog->cap * size, cap * size);

    if (entries == NULL)
      return SIO_ERR_NOMEM;
    catalog->entries = entries;
    catalog->cap = cap;
  }
  catalog->entries[catalog->n++] = (struct sio__entry){.schema = schema};
  return 0;
}

/* Whether two descriptions are of one type: each file that includes a header
 * has its own. */
static bool is_same(const sio_schema *a, const sio_schema *b)
{
  return a == b || (a->shape == b->shape && a->struct_size == b->struct_size &&
                    a->n_fields == b->n_fields && a->n_names == b->n_names);
}

static int add(struct sio__catalog *catalog, const sio_schema *schema,
               bool by_client, bool by_server);

static int add_fields(struct sio__catalog *catalog, const sio_schema *schema,
                      bool by_client, bool by_server)
{
  int rv = 0;

  for (size_t i = 0; rv == 0 && i < schema->n_fields; i++) {
    sio_field room;
    const sio_field *field = sio__field_at(schema, i, &room);

    if (field->kind == SIO_KIND_BINARY)
      catalog->has_binary = true;
    rv = add(catalog, sio__field_type(field), by_client, by_server);
  }
  return rv;
}

/* A type and all that it uses; NULL: nothing.  What is known is looked into
 * again only if it says something new, so that recursive types end. */
static int add(struct sio__catalog *catalog, const sio_schema *schema,
               bool by_client, bool by_server)
{
  struct sio__entry *entry;
  int rv = 0;

  if (schema == NULL)
    return 0;
  entry = find_name(catalog, schema->name);
  if (entry != NULL && !is_same(entry->schema, schema))
    return SIO_ERR_INVALID;
  if (entry != NULL && entry->by_client >= by_client &&
      entry->by_server >= by_server)
    return 0;
  if (entry == NULL) {
    rv = add_entry(catalog, schema);
    if (rv != 0)
      return rv;
    entry = &catalog->entries[catalog->n - 1];
  }
  entry->by_client |= by_client;
  entry->by_server |= by_server;
  return add_fields(catalog, schema, entry->by_client, entry->by_server);
}

static int add_contract(struct sio__catalog *catalog,
                        const sio_contract *contract)
{
  int rv = sio_contract_check(contract, NULL);

  for (size_t i = 0; rv == 0 && i < contract->n_events; i++) {
    sio_event_schema event;
    bool by_client;

    sio__contract_event(contract, i, &event);
    by_client = event.sender == SIO_SENT_BY_CLIENT;
    catalog->has_refusal |= by_client;
    rv = add(catalog, sio__event_payload(&event), by_client, !by_client);
    if (rv == 0)
      rv = add(catalog, sio__event_answer(&event), !by_client, by_client);
  }
  return rv;
}

int sio__catalog_init(struct sio__catalog *catalog,
                      const sio_contract *const *contracts, size_t n,
                      const sio_allocator *mem)
{
  int rv = contracts != NULL && n > 0 ? 0 : SIO_ERR_INVALID;

  memset(catalog, 0, sizeof *catalog);
  catalog->mem = mem;
  catalog->contracts = contracts;
  catalog->n_contracts = n;
  for (size_t i = 0; rv == 0 && i < n; i++)
    rv = add_contract(catalog, contracts[i]);
  if (rv != 0)
    sio__catalog_dispose(catalog);
  return rv;
}

void sio__catalog_dispose(struct sio__catalog *catalog)
{
  sio__mem_free(catalog->mem, catalog->entries,
                catalog->cap * sizeof *catalog->entries);
  catalog->entries = NULL;
}

/* ---- Text ---- */

void sio__catalog_write_name(struct sio__buf *out, const char *name)
{
  bool begins = true;

  for (; *name != '\0'; name++) {
    char c = *name;

    if (c == '_') {
      begins = true;
      continue;
    }
    if (begins && c >= 'a' && c <= 'z')
      c = (char)(c - 'a' + 'A');
    sio__buf_byte(out, (uint8_t)c);
    begins = false;
  }
}

void sio__catalog_begin(struct sio__buf *text, const sio_payload *out)
{
  sio__buf_init(text, &out->mem, SIO__DESCRIPTION_MAX);
}

void sio__catalog_put(struct sio__buf *text, sio_payload *out,
                      void (*write)(sio_payload *, const char *))
{
  sio__buf_byte(text, '\0');
  if (text->error == 0)
    write(out, (const char *)text->data);
  else if (out->error == 0)
    out->error = text->error;
  sio__buf_dispose(text);
}

void sio__catalog_member(sio_payload *out, const char *key, const char *text)
{
  sio_payload_key(out, key);
  sio_payload_string(out, text);
}

int sio__catalog_flush(struct sio__buf *out, sio_text_fn fn, void *user)
{
  sio_str text = {(const char *)out->data, out->len};

  if (out->error != 0)
    return out->error;
  if (text.len > 0 && !fn(text, user))
    return SIO_ERR_STATE;
  sio__buf_reset(out, SIO__DESCRIPTION_MAX);
  return 0;
}

/* ---- JSON for people ---- */

static void begin_line(struct sio__buf *out, unsigned depth)
{
  sio__buf_byte(out, '\n');
  for (unsigned i = 0; i < depth; i++)
    sio__buf_text(out, "  ");
}

static void write_text(struct sio__buf *out, sio_value value)
{
  sio_str text = sio_value_json(value);

  sio__buf_append(out, text.data, text.len);
}

/* It is no deeper than a payload may be. */
static void write_value(struct sio__buf *out, sio_value value, unsigned depth)
{
  bool is_object = sio_value_type(value) == SIO_OBJECT;
  sio_iter iter = sio_value_iter(value);
  sio_value key, item;
  bool first = true;

  if (!is_object && sio_value_type(value) != SIO_ARRAY) {
    write_text(out, value);
    return;
  }
  sio__buf_byte(out, is_object ? '{' : '[');
  while (sio_iter_next(&iter, &key, &item)) {
    if (!first)
      sio__buf_byte(out, ',');
    first = false;
    begin_line(out, depth + 1);
    if (is_object) {
      write_text(out, key);
      sio__buf_text(out, ": ");
    }
    write_value(out, item, depth + 1);
  }
  if (!first)
    begin_line(out, depth);
  sio__buf_byte(out, is_object ? '}' : ']');
}

int sio__catalog_write_json(const sio_payload *json, sio_text_fn fn, void *user)
{
  struct sio_document document;
  struct sio__buf out;
  int rv = sio__payload_check(json);

  if (rv != 0)
    return rv;
  sio__document_init(&document, (const char *)json->json.data, json->json.len,
                     &json->mem);
  sio__buf_init(&out, &json->mem, SIO__DESCRIPTION_MAX);
  write_value(&out, sio__document_value(&document), 0);
  sio__buf_byte(&out, '\n');
  rv = sio__catalog_flush(&out, fn, user);
  sio__buf_dispose(&out);
  sio__document_dispose(&document);
  return rv;
}
