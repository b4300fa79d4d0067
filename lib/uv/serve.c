/* SPDX-License-Identifier: MIT */
/* The browser client: its files are read once, and served from memory. */
#include "uv/adapter.h"

#include <sio/bundle.h>

#include <stdio.h>

static const char *const names[] = {"socket.io.js", "socket.io.min.js",
                                    "socket.io.msgpack.min.js",
                                    "socket.io.esm.min.js"};

/* Serve a file if it is there, and count it. */
static int serve_file(struct sio_uv *uv, const char *folder, const char *name,
                      const char *version, unsigned *count)
{
  struct sio__uv_content plain = {NULL, 0}, brotli = {NULL, 0};
  char path[4096];
  int len = snprintf(path, sizeof path - 3, "%s/%s", folder, name);
  sio_bundle bundle;
  int rv;

  if (len < 0 || (size_t)len >= sizeof path - 3)
    return sio__uv_fail(uv, SIO_ERR_INVALID, "the path is too long");
  rv = sio__uv_read_content(uv, path, &plain);
  if (rv != 0 || plain.size == 0)
    return rv;
  sio_bundle_init(&bundle);
  bundle.name = name;
  bundle.version = version;
  memcpy(path + len, ".br", 4);
  rv = sio__uv_read_content(uv, path, &brotli);
  if (rv == 0) {
    bundle.content.data = plain.data;
    bundle.content.len = plain.size;
    bundle.brotli.data = brotli.data;
    bundle.brotli.len = brotli.size;
    rv = sio_server_serve_bundle(uv->server, &bundle);
    if (rv != 0)
      (void)sio__uv_fail(uv, rv, "%s: %s", name, sio_strerror(rv));
  }
  ++*count;
  sio__uv_drop_content(uv, &plain);
  sio__uv_drop_content(uv, &brotli);
  return rv;
}

int sio_uv_serve_client(sio_uv *uv, const char *folder, const char *version)
{
  unsigned count = 0, maps = 0;
  char map[64];
  int rv = 0;

  for (size_t i = 0; rv == 0 && i < sizeof names / sizeof *names; i++) {
    rv = serve_file(uv, folder, names[i], version, &count);
    snprintf(map, sizeof map, "%s.map", names[i]);
    if (rv == 0)
      rv = serve_file(uv, folder, map, version, &maps);
  }
  if (rv == 0 && count == 0)
    rv = sio__uv_fail(uv, SIO_ERR_NOT_FOUND, "the client is not in %s", folder);
  return rv;
}
