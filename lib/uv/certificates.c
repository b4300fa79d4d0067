/* SPDX-License-Identifier: MIT */
/* TLS configurations out of files. */
#include "uv/adapter.h"

enum { MAX_PAIRS = 1024 };

/* What was read, with room for all pairs behind it. */
struct files {
  struct sio__uv_content ca, crl;
  size_t n;
  struct pair {
    struct sio__uv_content chain, key;
  } pairs[];
};

/* Keys do not stay in memory that others get. */
static void wipe(struct sio__uv_content *content)
{
  volatile uint8_t *byte = content->data;

  for (size_t i = 0; i < content->size; i++)
    byte[i] = 0;
}

static size_t size_of(size_t n_pairs)
{
  return offsetof(struct files, pairs) + n_pairs * sizeof(struct pair);
}

static void drop(struct sio_uv *uv, struct files *files)
{
  for (size_t i = 0; i < files->n; i++) {
    wipe(&files->pairs[i].key);
    sio__uv_drop_content(uv, &files->pairs[i].key);
    sio__uv_drop_content(uv, &files->pairs[i].chain);
  }
  sio__uv_drop_content(uv, &files->ca);
  sio__uv_drop_content(uv, &files->crl);
  sio__uv_free(uv, files, size_of(files->n));
}

static int must_read(struct sio_uv *uv, const char *path,
                     struct sio__uv_content *content)
{
  int rv;

  if (path == NULL)
    return sio__uv_fail(uv, SIO_ERR_INVALID, "a pair lacks the name of a file");
  rv = sio__uv_read_content(uv, path, content);
  if (rv == 0 && content->data == NULL)
    rv = sio__uv_fail(uv, SIO_ERR_NOT_FOUND, "%s is not there, or empty", path);
  return rv;
}

static int read_all(struct sio_uv *uv, const sio_uv_tls_files *wish,
                    struct files *files)
{
  int rv = 0;

  for (size_t i = 0; rv == 0 && i < files->n; i++) {
    rv = must_read(uv, wish->pairs[i].chain, &files->pairs[i].chain);
    if (rv == 0)
      rv = must_read(uv, wish->pairs[i].key, &files->pairs[i].key);
  }
  if (rv == 0 && wish->client_ca != NULL)
    rv = must_read(uv, wish->client_ca, &files->ca);
  if (rv == 0 && wish->client_crl != NULL)
    rv = must_read(uv, wish->client_crl, &files->crl);
  return rv;
}

static sio_span span_of(const struct sio__uv_content *content)
{
  return (sio_span){content->data, content->size};
}

static int build(struct sio_uv *uv, const sio_uv_tls_files *wish,
                 const struct files *files, sio_tls_options *o,
                 sio_tls_config **out)
{
  size_t size = files->n * sizeof(sio_tls_certificate);
  sio_tls_certificate *list = sio__uv_alloc(uv, size);
  sio_tls_problem problem = {"", 0, ""};
  int rv;

  if (list == NULL)
    return sio__uv_fail(uv, SIO_ERR_NOMEM, "out of memory");
  for (size_t i = 0; i < files->n; i++) {
    const sio_uv_tls_pair *pair = &wish->pairs[i];
    const char *password = pair->password != NULL ? pair->password : "";

    list[i].chain = span_of(&files->pairs[i].chain);
    list[i].key = span_of(&files->pairs[i].key);
    list[i].password = (sio_span){(const uint8_t *)password, strlen(password)};
    list[i].names = pair->names;
    list[i].n_names = pair->n_names;
  }
  o->certificates = list;
  o->n_certificates = files->n;
  rv = sio_tls_config_new(out, o, &problem);
  if (rv != 0)
    (void)sio__uv_fail(uv, rv, "%s%s%zu: %s", problem.option,
                       problem.option[0] != '\0' ? " of pair " : "pair ",
                       problem.index, problem.text);
  sio__uv_free(uv, list, size);
  return rv;
}

/* The caller's struct, as far as it goes. */
static void complete(void *out, size_t known, const void *given, size_t size)
{
  memcpy(out, given, size < known ? size : known);
  memcpy(out, &known, sizeof known);
}

void sio_uv_tls_files_init_sized(sio_uv_tls_files *files, size_t size)
{
  if (files == NULL || size < sizeof size)
    return;
  memset(files, 0, size);
  files->size = size;
}

int sio_uv_tls_config(sio_uv *uv, const sio_uv_tls_files *files,
                      const sio_tls_options *options, sio_tls_config **out)
{
  sio_uv_tls_files wish = {0};
  sio_tls_options o;
  struct files *all;
  int rv;

  *out = NULL;
  if (files == NULL || files->size < sizeof files->size)
    return sio__uv_fail(uv, SIO_ERR_INVALID, "there are no files");
  complete(&wish, sizeof wish, files, files->size);
  sio_tls_options_init(&o);
  if (options != NULL && options->size >= sizeof options->size)
    complete(&o, sizeof o, options, options->size);
  if (o.allocator == NULL)
    o.allocator = uv->mem;
  if (wish.pairs == NULL || wish.n_pairs == 0 || wish.n_pairs > MAX_PAIRS)
    return sio__uv_fail(uv, SIO_ERR_INVALID, "%zu pairs of files",
                        wish.n_pairs);
  all = sio__uv_alloc(uv, size_of(wish.n_pairs));
  if (all == NULL)
    return sio__uv_fail(uv, SIO_ERR_NOMEM, "out of memory");
  all->n = wish.n_pairs;
  rv = read_all(uv, &wish, all);
  if (wish.client_ca != NULL)
    o.client_ca = span_of(&all->ca);
  if (wish.client_crl != NULL)
    o.client_crl = span_of(&all->crl);
  if (rv == 0)
    rv = build(uv, &wish, all, &o, out);
  drop(uv, all);
  return rv;
}
