/* SPDX-License-Identifier: MIT */
#include "pages.h"

#include <stdio.h>
#include <stdlib.h>

#define BUNDLE "../node_modules/socket.io-client/dist/socket.io.min.js"

static const struct {
  const char *path; /* in the request */
  const char *file; /* in the folder */
  const char *type;
} table[] = {
    {"/", "index.html", "text/html; charset=utf-8"},
    {"/chat.css", "chat.css", "text/css; charset=utf-8"},
    {"/chat.js", "chat.js", "text/javascript; charset=utf-8"},
    {"/view.js", "view.js", "text/javascript; charset=utf-8"},
    {"/icon.svg", "icon.svg", "image/svg+xml"},
    {"/socket.io.min.js", BUNDLE, "text/javascript; charset=utf-8"},
};

enum { COUNT = sizeof table / sizeof table[0] };

/* Scripts, styles and connections from here and from nowhere else: even a
 * mistake in the page could not run what somebody has typed. */
static const char policy[] =
    "default-src 'none'; script-src 'self'; style-src 'self'; "
    "img-src 'self'; connect-src 'self'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'";

struct pages {
  sio_uv *uv;
  char *files[COUNT]; /* where they are, by the table */
};

static char *join(const char *dir, const char *file)
{
  size_t size = strlen(dir) + strlen(file) + 2;
  char *path = malloc(size);

  if (path != NULL)
    snprintf(path, size, "%s/%s", dir, file);
  return path;
}

static bool can_read(const char *path)
{
  FILE *file = fopen(path, "rb");

  if (file == NULL)
    return false;
  fclose(file);
  return true;
}

static void send_file(const struct pages *pages, sio_request *request, size_t i)
{
  const sio_header headers[] = {
      {"Content-Type", table[i].type},
      {"Content-Security-Policy", policy},
      {"X-Content-Type-Options", "nosniff"},
      {"Referrer-Policy", "no-referrer"},
      {"Cache-Control", "no-cache"},
  };

  if (sio_uv_respond_file(pages->uv, request, pages->files[i], headers,
                          sizeof headers / sizeof headers[0]) != 0)
    sio_respond_text(request, 500, "text/plain", "Out of memory.\n");
}

static void on_request(sio_request *request, void *user)
{
  const struct pages *pages = user;
  const char *method = sio_request_method(request);
  sio_str path = sio_request_path(request);
  const sio_header allow = {"Allow", "GET, HEAD"};

  if (strcmp(method, "GET") != 0 && strcmp(method, "HEAD") != 0) {
    sio_respond(request, 405, &allow, 1, (sio_span){NULL, 0});
    return;
  }
  for (size_t i = 0; i < COUNT; i++) {
    if (sio_str_is(path, table[i].path)) {
      send_file(pages, request, i);
      return;
    }
  }
  sio_respond_text(request, 404, "text/plain; charset=utf-8",
                   "There is nothing here.\n");
}

struct pages *pages_new(sio_server *server, sio_uv *uv, const char *dir)
{
  struct pages *pages = calloc(1, sizeof *pages);

  if (pages == NULL)
    return NULL;
  pages->uv = uv;
  for (size_t i = 0; i < COUNT; i++) {
    pages->files[i] = join(dir, table[i].file);
    if (pages->files[i] == NULL || !can_read(pages->files[i])) {
      fprintf(stderr, "chat: cannot read %s/%s\n", dir, table[i].file);
      if (strcmp(table[i].file, BUNDLE) == 0)
        fprintf(stderr, "chat: \"npm ci\" in the folder above %s gets it\n",
                dir);
      pages_free(pages);
      return NULL;
    }
  }
  sio_server_on_http(server, on_request, pages);
  return pages;
}

void pages_free(struct pages *pages)
{
  if (pages == NULL)
    return;
  for (size_t i = 0; i < COUNT; i++)
    free(pages->files[i]);
  free(pages);
}
