/* SPDX-License-Identifier: MIT */
/* Files under the path, served from memory. */
#include "eio/bundle.h"

#include "base/mem.h"
#include "http/conditional.h"

#include <stdio.h>

enum { HASH_DIGITS = 16 };

struct sio__bundle {
  struct sio__map_node node; /* in engine->bundles */
  const char *type;
  unsigned available; /* codings that there are, or that may be tried */
  /* By coding; the compressed ones are made when somebody asks for them. */
  struct sio__chunk *bodies[CODING_BR + 1];
  size_t size; /* of this allocation */
  size_t name_len;
  char *etag;  /* with its quotes; behind the name */
  char name[]; /* NUL-terminated, as is the tag */
};

/* ---- What may be served ---- */

static bool is_name(const char *name)
{
  static const char allowed[] = "abcdefghijklmnopqrstuvwxyz"
                                "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                "0123456789-_.";

  return name != NULL && *name != '\0' && name[strspn(name, allowed)] == '\0';
}

/* What an entity tag may have, and no more than all recipients understand. */
static bool is_version(const char *version)
{
  for (; *version != '\0'; version++) {
    if (*version <= ' ' || *version > '~' || *version == '"')
      return false;
  }
  return true;
}

static const char *type_of(const char *name)
{
  static const char script[] = "application/javascript; charset=utf-8";
  static const char json[] = "application/json; charset=utf-8";
  static const struct {
    const char *ending, *type;
  } types[] = {
      {".js", script},
      {".mjs", script},
      {".map", json},
      {".json", json},
      {".css", "text/css; charset=utf-8"},
      {".html", "text/html; charset=utf-8"},
      {".txt", "text/plain; charset=utf-8"},
  };
  const char *dot = strrchr(name, '.');

  for (size_t i = 0; dot != NULL && i < sizeof types / sizeof *types; i++) {
    if (strcmp(dot, types[i].ending) == 0)
      return types[i].type;
  }
  return "application/octet-stream";
}

/* ---- Keeping ---- */

static struct sio__chunk *new_body(struct sio__engine *engine,
                                   const uint8_t *data, size_t len)
{
  struct sio__chunk *chunk = sio__chunk_new(&engine->chunks, len);

  if (chunk != NULL && len > 0)
    memcpy(chunk->data, data, len);
  if (chunk != NULL)
    chunk->len = (uint32_t)len;
  return chunk;
}

static void destroy(struct sio__engine *engine, struct sio__bundle *bundle)
{
  for (size_t i = 0; i < sizeof bundle->bodies / sizeof *bundle->bodies; i++) {
    if (bundle->bodies[i] != NULL)
      sio__chunk_unref(bundle->bodies[i]);
  }
  sio__mem_free(engine->mem, bundle, bundle->size);
}

/* The bytes, and which codings of them are worth a try. */
static bool fill(struct sio__engine *engine, struct sio__bundle *bundle,
                 const sio_bundle *given)
{
  const sio_server_options *options = engine->options;
  const sio_span *content = &given->content, *brotli = &given->brotli;

  bundle->bodies[CODING_IDENTITY] =
      new_body(engine, content->data, content->len);
  if (bundle->bodies[CODING_IDENTITY] == NULL)
    return false;
  if (options->no_http_compression != 0)
    return true;
  if (engine->compressor != NULL &&
      content->len >= options->http_compression_threshold)
    bundle->available |= CODING_GZIP | CODING_DEFLATE;
  if (brotli->len == 0)
    return true;
  bundle->available |= CODING_BR;
  bundle->bodies[CODING_BR] = new_body(engine, brotli->data, brotli->len);
  return bundle->bodies[CODING_BR] != NULL;
}

/* Not yet among those of the engine; NULL: no memory. */
static struct sio__bundle *make(struct sio__engine *engine,
                                const sio_bundle *given)
{
  /* The same contents have the same tag, whatever server they come from. */
  static const struct sio__hash_seed fixed = {0, 0};
  char hash[HASH_DIGITS + 1];
  const char *version = given->version;
  size_t name_len = strlen(given->name), etag_size;
  struct sio__bundle *bundle;

  if (version == NULL) {
    snprintf(hash, sizeof hash, "%016llx",
             (unsigned long long)sio__hash(&fixed, given->content.data,
                                           given->content.len));
    version = hash;
  }
  etag_size = strlen(version) + sizeof "\"\"";
  bundle =
      sio__mem_zalloc(engine->mem, sizeof *bundle + name_len + 1 + etag_size);
  if (bundle == NULL)
    return NULL;
  bundle->size = sizeof *bundle + name_len + 1 + etag_size;
  bundle->type = type_of(given->name);
  bundle->name_len = name_len;
  memcpy(bundle->name, given->name, name_len);
  bundle->etag = bundle->name + name_len + 1;
  snprintf(bundle->etag, etag_size, "\"%s\"", version);
  if (fill(engine, bundle, given))
    return bundle;
  destroy(engine, bundle);
  return NULL;
}

static struct sio__bundle *find(const struct sio__engine *engine, sio_str name)
{
  uint64_t hash = sio__hash(&engine->seed, name.data, name.len);
  struct sio__map_node *node = sio__map_first(&engine->bundles, hash);

  for (; node != NULL; node = sio__map_next(node)) {
    struct sio__bundle *bundle = SIO__CONTAINER(node, struct sio__bundle, node);

    if (sio_str_is(name, bundle->name))
      return bundle;
  }
  return NULL;
}

static void remove_bundle(struct sio__engine *engine,
                          struct sio__bundle *bundle)
{
  sio__map_remove(&engine->bundles, &bundle->node);
  destroy(engine, bundle);
}

int sio__bundle_add(struct sio__engine *engine, const sio_bundle *given)
{
  struct sio__bundle *old, *bundle;

  if (!is_name(given->name) ||
      (given->version != NULL && !is_version(given->version)))
    return SIO_ERR_INVALID;
  bundle = make(engine, given);
  if (bundle == NULL)
    return SIO_ERR_NOMEM;
  old = find(engine, sio_s(given->name));
  if (old != NULL)
    remove_bundle(engine, old);
  sio__map_insert(&engine->bundles, &bundle->node,
                  sio__hash(&engine->seed, bundle->name, bundle->name_len));
  return 0;
}

void sio__bundles_dispose(struct sio__engine *engine)
{
  struct sio__map_node *node;

  while ((node = sio__map_any(&engine->bundles)) != NULL)
    remove_bundle(engine, SIO__CONTAINER(node, struct sio__bundle, node));
}

/* ---- Serving ---- */

/* The bytes in a coding, compressed if that has not been done yet; NULL: no
 * memory, or it is of no use. */
static struct sio__chunk *get_body(struct sio__engine *engine,
                                   struct sio__bundle *bundle,
                                   enum sio__coding coding)
{
  const struct sio__chunk *plain = bundle->bodies[CODING_IDENTITY];
  const sio_span in = {plain->data, plain->len};
  struct sio__buf out;

  if (bundle->bodies[coding] != NULL)
    return bundle->bodies[coding];
  sio__buf_init(&out, engine->mem, PTRDIFF_MAX);
  if (sio__compress(engine->compressor, coding, in, &out) == 0) {
    if (out.len < in.len)
      bundle->bodies[coding] = new_body(engine, out.data, out.len);
    else
      bundle->available &= ~(unsigned)coding;
  }
  sio__buf_dispose(&out);
  return bundle->bodies[coding];
}

/* What follows the path, and the slash behind it; empty: nothing. */
static sio_str name_in(const struct sio__engine *engine,
                       const struct sio__http_head *head)
{
  sio_str path = sio__http_path(head), none = {NULL, 0};
  size_t skip = engine->path.len;

  if (skip > 0 && engine->path.data[skip - 1] != '/')
    skip++;
  if (path.len <= skip || path.data[skip - 1] != '/')
    return none;
  path.data += skip;
  path.len -= skip;
  return path;
}

/* The fields; of a response without a body, `coding` is identity and `type`
 * NULL. */
static void write_fields(struct sio_request *request,
                         const struct sio__bundle *bundle, const char *type,
                         enum sio__coding coding)
{
  struct sio_headers *fields = sio__request_fields(request, NULL);

  sio__fields_set(fields, sio_s("Cache-Control"), sio_s("public, max-age=0"));
  sio__fields_set(fields, sio_s("ETag"), sio_s(bundle->etag));
  if (type != NULL)
    sio__fields_set(fields, sio_s("Content-Type"), sio_s(type));
  sio__fields_join(fields, sio_s("Vary"), sio_s("Accept-Encoding"));
  if (coding != CODING_IDENTITY)
    sio__fields_set(fields, sio_s("Content-Encoding"),
                    sio_s(sio__coding_name(coding)));
}

static void send_body(struct sio_request *request, struct sio__bundle *bundle,
                      const struct sio__http_head *head)
{
  struct sio__engine *engine = request->engine;
  enum sio__coding coding = sio__coding_choose(head, bundle->available);
  struct sio__chunk *body = get_body(engine, bundle, coding);
  struct sio__outq *out;
  bool ok;

  if (body == NULL) {
    coding = CODING_IDENTITY;
    body = bundle->bodies[coding];
  }
  write_fields(request, bundle, bundle->type, coding);
  out = sio__request_begin(request, 200, body->len);
  ok = out != NULL && (request->is_head || body->len == 0 ||
                       sio__outq_push(out, body, 0, body->len) == 0);
  sio__request_done(request, ok);
}

bool sio__bundle_serve(struct sio_request *request,
                       const struct sio__http_head *head)
{
  static const sio_span none = {NULL, 0};
  const struct sio__engine *engine = request->engine;
  struct sio__bundle *bundle;
  sio_str condition;

  if (engine->bundles.count == 0 || head->wants_upgrade ||
      (strcmp(head->method, "GET") != 0 && strcmp(head->method, "HEAD") != 0))
    return false;
  bundle = find(engine, name_in(engine, head));
  if (bundle == NULL)
    return false;
  sio__request_turn_away(request);
  if (sio__http_header(head, "if-none-match", &condition) &&
      sio__etag_is_listed(condition, sio_s(bundle->etag), false)) {
    write_fields(request, bundle, NULL, CODING_IDENTITY);
    (void)sio__request_answer_fields(request, 304, none); /* or cut */
  } else if (sio__conn_has_room(request->conn, 0)) {
    send_body(request, bundle, head);
  }
  return true;
}
