/* SPDX-License-Identifier: MIT */
/* Contracts as TypeScript declarations, for socket.io-client. */
#include "schema/catalog.h"

#include "base/mem.h"
#include "json/string.h"

/* What the library says to clients, and what bytes are: those that may be
 * sent, and what arrives in a browser or in Node. */
static const char binary_type[] =
    "\n/** Bytes: an attachment of the event. */\n"
    "export type SioBinary = ArrayBuffer | Uint8Array;\n";
static const char refusal_types[] =
    "\n/** Why an event was refused. */\n"
    "export interface SioException {\n"
    "  event: string;\n"
    "  code: string;\n"
    "  message: string;\n"
    "  errors: { path: string; expected: string; found: string }[];\n"
    "}\n"
    "\n/** The answer to an event, or why it was refused. */\n"
    "export type SioAnswer<T> = T | { error: SioException };\n";

/* ---- Pieces ---- */

static void write_quoted(struct sio__buf *out, const char *text)
{
  if (sio__json_quote(out, text, strlen(text)) != 0)
    out->error = SIO_ERR_INVALID;
}

/* A comment cannot contain its own end. */
static void write_doc(struct sio__buf *out, const char *indent, const char *doc)
{
  if (doc == NULL)
    return;
  sio__buf_text(out, indent);
  sio__buf_text(out, "/** ");
  for (; *doc != '\0'; doc++) {
    sio__buf_byte(out, (uint8_t)(*doc == '\n' ? ' ' : *doc));
    if (doc[0] == '*' && doc[1] == '/')
      sio__buf_byte(out, ' ');
  }
  sio__buf_text(out, " */\n");
}

static bool is_identifier(const char *name)
{
  const char *first = name;

  for (; *name != '\0'; name++) {
    bool is_letter = (*name >= 'a' && *name <= 'z') ||
                     (*name >= 'A' && *name <= 'Z') || *name == '_' ||
                     *name == '$';

    if (!is_letter && (name == first || *name < '0' || *name > '9'))
      return false;
  }
  return name != first;
}

/* The name of a member, in quotes if it needs them. */
static void write_key(struct sio__buf *out, const char *name)
{
  if (is_identifier(name))
    sio__buf_text(out, name);
  else
    write_quoted(out, name);
}

static const char *plain_type(const sio_field *field)
{
  switch (field->kind) {
  case SIO_KIND_STRING:
  case SIO_KIND_TEXT:
  case SIO_KIND_TIMESTAMP:
    return "string";
  case SIO_KIND_BOOLEAN:
    return "boolean";
  case SIO_KIND_BINARY:
    return "SioBinary";
  case SIO_KIND_JSON:
    return "unknown";
  default:
    return "number";
  }
}

static void write_field_type(struct sio__buf *out, const sio_field *field)
{
  const sio_schema *type = sio__field_type(field);

  if (type != NULL)
    sio__catalog_write_name(out, type->name);
  else
    sio__buf_text(out, plain_type(field));
  if (sio__field_is_list(field))
    sio__buf_text(out, "[]");
  if (field->nullable)
    sio__buf_text(out, " | null");
}

/* ---- Types ---- */

static void write_interface(struct sio__buf *out,
                            const struct sio__entry *entry)
{
  const sio_schema *schema = entry->schema;

  sio__buf_text(out, "export interface ");
  sio__catalog_write_name(out, schema->name);
  sio__buf_text(out, " {\n");
  for (size_t i = 0; i < schema->n_fields; i++) {
    sio_field room;
    const sio_field *field = sio__field_at(schema, i, &room);

    write_doc(out, "  ", field->doc);
    sio__buf_text(out, "  ");
    write_key(out, field->name);
    sio__buf_text(out, sio__catalog_may_miss(entry, field) ? "?: " : ": ");
    write_field_type(out, field);
    sio__buf_text(out, ";\n");
  }
  sio__buf_text(out, "}\n");
}

static void write_names(struct sio__buf *out, const sio_schema *schema)
{
  sio__buf_text(out, "export type ");
  sio__catalog_write_name(out, schema->name);
  sio__buf_text(out, " =");
  for (size_t i = 0; i < schema->n_names; i++) {
    sio__buf_text(out, i == 0 ? " " : " | ");
    write_quoted(out, schema->names[i].name);
  }
  sio__buf_text(out, ";\n");
}

static void write_type(struct sio__buf *out, const struct sio__entry *entry)
{
  if (entry->schema->shape == SIO_SHAPE_ARGUMENTS)
    return; /* where they are used */
  sio__buf_byte(out, '\n');
  write_doc(out, "", entry->schema->doc);
  if (entry->schema->shape == SIO_SHAPE_ENUMERATION)
    write_names(out, entry->schema);
  else
    write_interface(out, entry);
}

/* ---- Events ---- */

/* "x: number, fast?: boolean"; a parameter cannot be left out in front of the
 * one for the answer, which is then `undefined`. */
static void write_parameters(struct sio__buf *out,
                             const struct sio__catalog *catalog,
                             const sio_schema *schema, bool before_answer)
{
  const struct sio__entry *entry;

  if (schema == NULL)
    return;
  if (schema->shape != SIO_SHAPE_ARGUMENTS) {
    sio__buf_text(out, "payload: ");
    sio__catalog_write_name(out, schema->name);
    return;
  }
  entry = sio__catalog_find(catalog, schema);
  for (size_t i = 0; i < schema->n_fields; i++) {
    sio_field room;
    const sio_field *field = sio__field_at(schema, i, &room);
    bool may_miss;

    may_miss = sio__catalog_may_miss(entry, field);
    sio__buf_text(out, i > 0 ? ", " : "");
    sio__buf_text(out, field->name);
    sio__buf_text(out, may_miss && !before_answer ? "?: " : ": ");
    write_field_type(out, field);
    if (may_miss && before_answer)
      sio__buf_text(out, " | undefined");
  }
}

/* The function that gets the answer; the library may answer in its place if
 * the client asks. */
static void write_answer(struct sio__buf *out,
                         const struct sio__catalog *catalog,
                         const sio_schema *answer, bool by_client)
{
  sio__buf_text(out, "ack: (");
  if (answer->shape != SIO_SHAPE_ARGUMENTS) {
    sio__buf_text(out, by_client ? "answer: SioAnswer<" : "answer: ");
    sio__catalog_write_name(out, answer->name);
    sio__buf_text(out, by_client ? ">" : "");
  } else if (by_client) {
    sio__buf_text(out, "...answer: [");
    write_parameters(out, catalog, answer, false);
    sio__buf_text(out, "] | [{ error: SioException }]");
  } else {
    write_parameters(out, catalog, answer, false);
  }
  sio__buf_text(out, ") => void");
}

static void write_event(struct sio__buf *out,
                        const struct sio__catalog *catalog,
                        const sio_event_schema *event)
{
  const sio_schema *payload = sio__event_payload(event);
  const sio_schema *answer = sio__event_answer(event);

  write_doc(out, "  ", event->doc);
  sio__buf_text(out, "  ");
  write_key(out, event->name);
  sio__buf_text(out, ": (");
  write_parameters(out, catalog, payload, answer != NULL);
  if (payload != NULL && answer != NULL)
    sio__buf_text(out, ", ");
  if (answer != NULL)
    write_answer(out, catalog, answer, event->sender == SIO_SENT_BY_CLIENT);
  sio__buf_text(out, ") => void;\n");
}

/* The events of one sender.  The library itself sends one more. */
static void write_map(struct sio__buf *out, const struct sio__catalog *catalog,
                      const sio_contract *contract, sio_sender sender,
                      const char *name)
{
  bool has_exception = sender == SIO_SENT_BY_SERVER && catalog->has_refusal;

  sio__buf_text(out, "\nexport interface ");
  sio__catalog_write_name(out, contract->name);
  sio__buf_text(out, name);
  sio__buf_text(out, " {\n");
  for (size_t i = 0; i < contract->n_events; i++) {
    sio_event_schema event;

    sio__contract_event(contract, i, &event);
    if (event.sender != (uint32_t)sender)
      continue;
    write_event(out, catalog, &event);
    if (strcmp(event.name, "exception") == 0)
      has_exception = false;
  }
  if (has_exception)
    sio__buf_text(out, "  exception: (error: SioException) => void;\n");
  sio__buf_text(out, "}\n");
}

static const char to_server[] = "ClientToServerEvents";
static const char to_client[] = "ServerToClientEvents";

/* Of a single contract, under names that every tutorial uses. */
static void write_alias(struct sio__buf *out, const sio_contract *contract,
                        const char *name)
{
  sio__buf_text(out, "\nexport type ");
  sio__buf_text(out, name);
  sio__buf_text(out, " = ");
  sio__catalog_write_name(out, contract->name);
  sio__buf_text(out, name);
  sio__buf_text(out, ";\n");
}

static void write_heading(struct sio__buf *out, const sio_contract *contract)
{
  sio__buf_text(out, "// The contract of ");
  write_quoted(out, contract->nsp);
  if (contract->version != NULL) {
    sio__buf_text(out, ", version ");
    write_quoted(out, contract->version);
  }
  sio__buf_text(out, ", made from its declaration in C.\n");
}

static void write_all(struct sio__buf *out, const struct sio__catalog *catalog)
{
  const sio_contract *const *contracts = catalog->contracts;

  for (size_t i = 0; i < catalog->n_contracts; i++)
    write_heading(out, contracts[i]);
  if (catalog->has_binary)
    sio__buf_text(out, binary_type);
  if (catalog->has_refusal)
    sio__buf_text(out, refusal_types);
  for (size_t i = 0; i < catalog->n; i++)
    write_type(out, &catalog->entries[i]);
  for (size_t i = 0; i < catalog->n_contracts; i++) {
    write_map(out, catalog, contracts[i], SIO_SENT_BY_CLIENT, to_server);
    write_map(out, catalog, contracts[i], SIO_SENT_BY_SERVER, to_client);
  }
  if (catalog->n_contracts == 1) {
    write_alias(out, contracts[0], to_server);
    write_alias(out, contracts[0], to_client);
  }
}

int sio_contract_write_typescript(const sio_contract *const *contracts,
                                  size_t n, const sio_allocator *allocator,
                                  sio_text_fn fn, void *user)
{
  const sio_allocator *mem = sio__mem_or_default(allocator);
  struct sio__catalog catalog;
  struct sio__buf out;
  int rv = fn != NULL ? sio__catalog_init(&catalog, contracts, n, mem)
                      : SIO_ERR_INVALID;

  if (rv != 0)
    return rv;
  sio__buf_init(&out, mem, SIO__DESCRIPTION_MAX);
  write_all(&out, &catalog);
  rv = sio__catalog_flush(&out, fn, user);
  sio__buf_dispose(&out);
  sio__catalog_dispose(&catalog);
  return rv;
}
