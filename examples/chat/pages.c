/* SPDX-License-Identifier: MIT */
#include "pages.h"

#include <stdio.h>
#include <stdlib.h>

#define CLIENT "../node_modules/socket.io-client/dist"

/* Scripts, styles and connections from here and from nowhere else: even a
 * mistake in the page could not run what somebody has typed. */
static const char policy[] =
    "default-src 'none'; script-src 'self'; style-src 'self'; "
    "img-src 'self'; connect-src 'self'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'";

struct pages {
  sio_uv *uv;
  const char *dir;
};

static char *join(const char *dir, const char *file)
{
  size_t size = strlen(dir) + strlen(file) + 2;
  char *path = malloc(size);

  if (path != NULL)
    snprintf(path, size, "%s/%s", dir, file);
  return path;
}

static void on_request(sio_request *request, void *user)
{
  static const sio_header headers[] = {
      {"Content-Security-Policy", policy},
      {"X-Content-Type-Options", "nosniff"},
      {"Referrer-Policy", "no-referrer"},
      {"Cache-Control", "no-cache"},
  };
  const struct pages *pages = user;

  if (sio_uv_respond_folder(pages->uv, request, pages->dir,
                            sio_request_path(request), headers,
                            sizeof headers / sizeof headers[0]) != 0)
    sio_respond_text(request, 500, "text/plain", "Out of memory.\n");
}

/* Whether there is a page in the folder. */
static bool has_page(const char *dir)
{
  char *path = join(dir, "index.html");
  FILE *file = path != NULL ? fopen(path, "rb") : NULL;

  if (file != NULL)
    fclose(file);
  else
    fprintf(stderr, "chat: cannot read %s/index.html\n", dir);
  free(path);
  return file != NULL;
}

/* Whether the browsers' part of Socket.IO is there; it is served under the
 * path of the server. */
static bool serve_client(sio_uv *uv, const char *dir)
{
  char *folder = join(dir, CLIENT);
  int rv =
      folder != NULL ? sio_uv_serve_client(uv, folder, NULL) : SIO_ERR_NOMEM;

  if (rv != 0) {
    fprintf(stderr, "chat: %s\n", sio_uv_error(uv));
    fprintf(stderr, "chat: \"npm ci\" in the folder above %s gets it\n", dir);
  }
  free(folder);
  return rv == 0;
}

struct pages *pages_new(sio_server *server, sio_uv *uv, const char *dir)
{
  struct pages *pages;

  if (!has_page(dir) || !serve_client(uv, dir))
    return NULL;
  pages = calloc(1, sizeof *pages);
  if (pages == NULL)
    return NULL;
  pages->uv = uv;
  pages->dir = dir;
  sio_server_on_http(server, on_request, pages);
  return pages;
}

void pages_free(struct pages *pages)
{
  free(pages);
}
