/* SPDX-License-Identifier: MIT */
#ifndef SIO_SCHEMA_CATALOG_H
#define SIO_SCHEMA_CATALOG_H

/*
 * What contracts consist of, for those who describe them: every type once,
 * before those that use it, and who sends it.
 */

#include "base/buf.h"
#include "schema/contract.h"
#include "schema/shape.h"

/* A type. */
struct sio__entry {
  const sio_schema *schema;
  bool by_client; /* clients send it: in an event, or as an answer */
  bool by_server;
};

struct sio__catalog {
  const sio_allocator *mem;
  const sio_contract *const *contracts;
  size_t n_contracts;
  struct sio__entry *entries;
  size_t n, cap;
  bool has_binary;  /* some field is of SIO_KIND_BINARY */
  bool has_refusal; /* clients may be told that an event does not fit */
};

/* `mem` is borrowed.  0, or SIO_ERR_INVALID (a contract is wrong, or two types
 * have one name) and SIO_ERR_NOMEM; then there is nothing to dispose of. */
int sio__catalog_init(struct sio__catalog *catalog,
                      const sio_contract *const *contracts, size_t n,
                      const sio_allocator *mem);
void sio__catalog_dispose(struct sio__catalog *catalog);

/* What it knows of a type, which is in it. */
const struct sio__entry *sio__catalog_find(const struct sio__catalog *catalog,
                                           const sio_schema *schema);

/* Whether it may be missing where this one sends it. */
bool sio__catalog_may_miss(const struct sio__entry *entry,
                           const sio_field *field);

/* The name of a C identifier elsewhere: "send_message" is "SendMessage". */
void sio__catalog_write_name(struct sio__buf *out, const char *name);

/* A text that is put together, to become a key or a string of a payload: it is
 * begun, and handed over by `write`, which ends it. */
void sio__catalog_begin(struct sio__buf *text, const sio_payload *out);
void sio__catalog_put(struct sio__buf *text, sio_payload *out,
                      void (*write)(sio_payload *, const char *));

/* `"key": "text"`, as the next member of an object. */
void sio__catalog_member(sio_payload *out, const char *key, const char *text);

/* Hand over text that has been written, and forget it.  0, SIO_ERR_STATE, or
 * the error of the text. */
int sio__catalog_flush(struct sio__buf *out, sio_text_fn fn, void *user);

/* The most bytes of one description. */
enum { SIO__DESCRIPTION_MAX = 16 * 1024 * 1024 };

/* Write a JSON text for people: indented by two. */
int sio__catalog_write_json(const sio_payload *json, sio_text_fn fn,
                            void *user);

#endif
