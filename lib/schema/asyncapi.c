/* SPDX-License-Identifier: MIT */
/* Contracts as AsyncAPI (3.0): a channel for each namespace, an operation and
 * a message for each event, and a message for each acknowledgement. */
#include "schema/jsonschema.h"

#include "base/mem.h"
#include "json/write.h"

/* Schemas are those of draft 07 there. */
static const struct sio__dialect dialect = {"#/components/schemas/", "items",
                                            "additionalItems"};

/* ---- Names ---- */

/* A name that keys may have: other characters are "_" and their code. */
static void append_safe(struct sio__buf *name, const char *text)
{
  static const char hex[] = "0123456789abcdef";

  for (; *text != '\0'; text++) {
    unsigned char c = (unsigned char)*text;

    if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
        (c >= '0' && c <= '9') || c == '-') {
      sio__buf_byte(name, c);
    } else {
      sio__buf_byte(name, '_');
      if (c != ':' && c != '_') {
        sio__buf_byte(name, (uint8_t)hex[c >> 4]);
        sio__buf_byte(name, (uint8_t)hex[c & 15]);
      }
    }
  }
}

/* "chat.in.say", "chat.out.said", and with ".ack" */
static void append_event(struct sio__buf *name, const sio_contract *contract,
                         const sio_event_schema *event, bool is_ack)
{
  append_safe(name, contract->name);
  sio__buf_text(name, event->sender == SIO_SENT_BY_CLIENT ? ".in." : ".out.");
  append_safe(name, event->name);
  if (is_ack)
    sio__buf_text(name, ".ack");
}

static void event_key(sio_payload *out, const sio_contract *contract,
                      const sio_event_schema *event, bool is_ack)
{
  struct sio__buf name;

  sio__catalog_begin(&name, out);
  append_event(&name, contract, event, is_ack);
  sio__catalog_put(&name, out, sio_payload_key);
}

static void contract_key(sio_payload *out, const sio_contract *contract)
{
  struct sio__buf name;

  sio__catalog_begin(&name, out);
  append_safe(&name, contract->name);
  sio__catalog_put(&name, out, sio_payload_key);
}

/* `{"$ref": "#/channels/chat"}`, or that of a message in it */
static void write_channel_ref(sio_payload *out, const sio_contract *contract,
                              const sio_event_schema *event, bool is_ack)
{
  struct sio__buf name;

  sio__catalog_begin(&name, out);
  sio__buf_text(&name, "#/channels/");
  append_safe(&name, contract->name);
  if (event != NULL) {
    sio__buf_text(&name, "/messages/");
    append_event(&name, contract, event, is_ack);
  }
  sio_payload_object_begin(out);
  sio_payload_key(out, "$ref");
  sio__catalog_put(&name, out, sio_payload_string);
  sio_payload_object_end(out);
}

/* ---- Messages ---- */

static void write_message(sio_payload *out, const struct sio__catalog *catalog,
                          const sio_contract *contract,
                          const sio_event_schema *event, bool is_ack)
{
  event_key(out, contract, event, is_ack);
  sio_payload_object_begin(out);
  sio__catalog_member(out, "name", event->name);
  sio__catalog_member(out, "title", is_ack ? "Acknowledgement" : event->name);
  if (!is_ack && event->doc != NULL)
    sio__catalog_member(out, "summary", event->doc);
  sio_payload_key(out, "payload");
  sio__jsonschema_arguments(
      out, catalog,
      is_ack ? sio__event_answer(event) : sio__event_payload(event), &dialect);
  sio_payload_object_end(out);
}

static void write_channel(sio_payload *out, const struct sio__catalog *catalog,
                          const sio_contract *contract)
{
  contract_key(out, contract);
  sio_payload_object_begin(out);
  sio__catalog_member(out, "address", contract->nsp);
  if (contract->doc != NULL)
    sio__catalog_member(out, "description", contract->doc);
  sio_payload_key(out, "messages");
  sio_payload_object_begin(out);
  for (size_t i = 0; i < contract->n_events; i++) {
    sio_event_schema event;

    sio__contract_event(contract, i, &event);
    write_message(out, catalog, contract, &event, false);
    if (sio__event_answer(&event) != NULL)
      write_message(out, catalog, contract, &event, true);
  }
  sio_payload_object_end(out);
  sio_payload_object_end(out);
}

/* ---- Operations ---- */

static void write_messages_ref(sio_payload *out, const sio_contract *contract,
                               const sio_event_schema *event, bool is_ack)
{
  sio_payload_key(out, "channel");
  write_channel_ref(out, contract, NULL, false);
  sio_payload_key(out, "messages");
  sio_payload_array_begin(out);
  write_channel_ref(out, contract, event, is_ack);
  sio_payload_array_end(out);
}

/* As the server sees it: it receives what clients send. */
static void write_operation(sio_payload *out, const sio_contract *contract,
                            const sio_event_schema *event)
{
  event_key(out, contract, event, false);
  sio_payload_object_begin(out);
  sio__catalog_member(out, "action",
                      event->sender == SIO_SENT_BY_CLIENT ? "receive" : "send");
  write_messages_ref(out, contract, event, false);
  if (sio__event_answer(event) != NULL) {
    sio_payload_key(out, "reply");
    sio_payload_object_begin(out);
    write_messages_ref(out, contract, event, true);
    sio_payload_object_end(out);
  }
  sio_payload_object_end(out);
}

/* ---- The document ---- */

static void write_info(sio_payload *out, const sio_contract *contract)
{
  sio_payload_key(out, "info");
  sio_payload_object_begin(out);
  sio__catalog_member(out, "title", contract->name);
  sio__catalog_member(out, "version",
                      contract->version != NULL ? contract->version : "0");
  if (contract->doc != NULL)
    sio__catalog_member(out, "description", contract->doc);
  sio_payload_object_end(out);
}

static void write_operations(sio_payload *out, const sio_contract *contract)
{
  for (size_t i = 0; i < contract->n_events; i++) {
    sio_event_schema event;

    sio__contract_event(contract, i, &event);
    write_operation(out, contract, &event);
  }
}

static void write_all(sio_payload *out, const struct sio__catalog *catalog)
{
  sio_payload_object_begin(out);
  sio__catalog_member(out, "asyncapi", "3.0.0");
  write_info(out, catalog->contracts[0]);
  sio_payload_key(out, "channels");
  sio_payload_object_begin(out);
  for (size_t i = 0; i < catalog->n_contracts; i++)
    write_channel(out, catalog, catalog->contracts[i]);
  sio_payload_object_end(out);
  sio_payload_key(out, "operations");
  sio_payload_object_begin(out);
  for (size_t i = 0; i < catalog->n_contracts; i++)
    write_operations(out, catalog->contracts[i]);
  sio_payload_object_end(out);
  sio_payload_key(out, "components");
  sio_payload_object_begin(out);
  sio_payload_key(out, "schemas");
  sio_payload_object_begin(out);
  for (size_t i = 0; i < catalog->n; i++)
    sio__jsonschema_type(out, &catalog->entries[i], &dialect);
  sio_payload_object_end(out);
  sio_payload_object_end(out);
  sio_payload_object_end(out);
}

int sio_contract_write_asyncapi(const sio_contract *const *contracts, size_t n,
                                const sio_allocator *allocator, sio_text_fn fn,
                                void *user)
{
  const sio_allocator *mem = sio__mem_or_default(allocator);
  struct sio__catalog catalog;
  struct sio_payload out;
  int rv = fn != NULL ? sio__catalog_init(&catalog, contracts, n, mem)
                      : SIO_ERR_INVALID;

  if (rv != 0)
    return rv;
  sio__payload_init(&out, mem, SIO__DESCRIPTION_MAX);
  write_all(&out, &catalog);
  rv = sio__catalog_write_json(&out, fn, user);
  sio__payload_dispose(&out);
  sio__catalog_dispose(&catalog);
  return rv;
}
