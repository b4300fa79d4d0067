/* SPDX-License-Identifier: MIT */
/* Content types by the end of a file's name. */
#include "uv/adapter.h"

#include <strings.h>

#define UTF8 "; charset=utf-8"

const char *sio__uv_type_of(const char *path)
{
  static const struct {
    const char *ending, *type;
  } types[] = {
      {".html", "text/html" UTF8},
      {".css", "text/css" UTF8},
      {".js", "text/javascript" UTF8},
      {".mjs", "text/javascript" UTF8},
      {".json", "application/json" UTF8},
      {".map", "application/json" UTF8},
      {".txt", "text/plain" UTF8},
      {".md", "text/markdown" UTF8},
      {".xml", "application/xml" UTF8},
      {".svg", "image/svg+xml" UTF8},
      {".png", "image/png"},
      {".jpg", "image/jpeg"},
      {".jpeg", "image/jpeg"},
      {".gif", "image/gif"},
      {".webp", "image/webp"},
      {".ico", "image/x-icon"},
      {".woff", "font/woff"},
      {".woff2", "font/woff2"},
      {".wasm", "application/wasm"},
      {".pdf", "application/pdf"},
      {".mp3", "audio/mpeg"},
      {".mp4", "video/mp4"},
      {".webm", "video/webm"},
  };
  const char *slash = strrchr(path, '/');
  const char *name = slash != NULL ? slash + 1 : path;
  const char *dot = strrchr(name, '.');

  /* What has nothing before the dot is a hidden file, not a type. */
  for (size_t i = 0; dot > name && i < sizeof types / sizeof *types; i++) {
    if (strcasecmp(dot, types[i].ending) == 0)
      return types[i].type;
  }
  return "application/octet-stream";
}
