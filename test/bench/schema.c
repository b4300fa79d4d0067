/* SPDX-License-Identifier: MIT */
/*
 * One payload of five fields into one struct, by libsio, jansson and cJSON:
 * each checks types and lengths and leaves nothing behind.  To be counted with
 * `make bench-schema`.  usage: schema LIBRARY COUNT
 */
#include <sio/error.h>
#include <sio/schema.h>

#include <cjson/cJSON.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#include "json/read.h"
#include "json/scan.h"

#define MESSAGE(FIELD)                                                         \
  FIELD(required, string, roomId, SIO_LENGTH(1, 64))                           \
  FIELD(required, string, text, SIO_LENGTH(1, 2000))                           \
  FIELD(required, int64, replyTo)                                              \
  FIELD(required, boolean, urgent)                                             \
  FIELD(list, string, tags, SIO_LENGTH(1, 20), SIO_ITEMS(0, 8))
SIO_TYPE(message, MESSAGE);

static const char text[] =
    "{\"roomId\":\"general\",\"text\":\"Good morning, how is everybody?\","
    "\"replyTo\":1234567,\"urgent\":true,\"tags\":[\"greeting\",\"morning\"]}";

enum { TEXT_LEN = sizeof text - 1 };

/* ---- libsio: what arrives has been validated when it was framed ---- */

static sio_arena *arena;

static bool by_sio(message *out)
{
  struct sio_args args;

  sio__document_init(&args.document, text, TEXT_LEN, NULL);
  sio_arena_reset(arena);
  return sio_schema_read_args(message_schema(), &args, out, arena, NULL) == 0;
}

static bool by_sio_all(message *out)
{
  return sio__json_check(text, TEXT_LEN, 64, NULL) == 0 && by_sio(out);
}

/* ---- jansson ---- */

static bool is_between(size_t n, size_t low, size_t high)
{
  return n >= low && n <= high;
}

static bool jansson_string(const json_t *value, sio_str *out)
{
  if (!json_is_string(value))
    return false;
  out->data = json_string_value(value);
  out->len = json_string_length(value);
  return true;
}

static bool jansson_fields(const json_t *root, message *out, sio_str tags[8])
{
  const json_t *list = json_object_get(root, "tags");
  const json_t *reply = json_object_get(root, "replyTo");
  const json_t *urgent = json_object_get(root, "urgent");

  if (!jansson_string(json_object_get(root, "roomId"), &out->roomId) ||
      !is_between(out->roomId.len, 1, 64) ||
      !jansson_string(json_object_get(root, "text"), &out->text) ||
      !is_between(out->text.len, 1, 2000) || !json_is_integer(reply) ||
      !json_is_boolean(urgent) || !json_is_array(list) ||
      json_array_size(list) > 8)
    return false;
  out->replyTo = json_integer_value(reply);
  out->urgent = json_is_true(urgent);
  out->tags.count = json_array_size(list);
  out->tags.items = tags;
  for (size_t i = 0; i < out->tags.count; i++) {
    if (!jansson_string(json_array_get(list, i), &tags[i]) ||
        !is_between(tags[i].len, 1, 20))
      return false;
  }
  return true;
}

static bool by_jansson(message *out)
{
  sio_str tags[8];
  json_t *root = json_loadb(text, TEXT_LEN, 0, NULL);
  bool ok = json_is_object(root) && jansson_fields(root, out, tags);

  out->tags.items = NULL; /* which goes with this function */
  json_decref(root);
  return ok;
}

/* ---- cJSON ---- */

static bool cjson_string(const cJSON *value, sio_str *out)
{
  if (!cJSON_IsString(value))
    return false;
  *out = sio_s(value->valuestring);
  return true;
}

static bool cjson_fields(const cJSON *root, message *out, sio_str tags[8])
{
  const cJSON *list = cJSON_GetObjectItemCaseSensitive(root, "tags");
  const cJSON *reply = cJSON_GetObjectItemCaseSensitive(root, "replyTo");
  const cJSON *urgent = cJSON_GetObjectItemCaseSensitive(root, "urgent");
  const cJSON *item;

  if (!cjson_string(cJSON_GetObjectItemCaseSensitive(root, "roomId"),
                    &out->roomId) ||
      !is_between(out->roomId.len, 1, 64) ||
      !cjson_string(cJSON_GetObjectItemCaseSensitive(root, "text"),
                    &out->text) ||
      !is_between(out->text.len, 1, 2000) || !cJSON_IsNumber(reply) ||
      !cJSON_IsBool(urgent) || !cJSON_IsArray(list))
    return false;
  out->replyTo = (int64_t)reply->valuedouble;
  out->urgent = cJSON_IsTrue(urgent);
  out->tags.items = tags;
  out->tags.count = 0;
  cJSON_ArrayForEach(item, list)
  {
    if (out->tags.count == 8 || !cjson_string(item, &tags[out->tags.count]) ||
        !is_between(tags[out->tags.count].len, 1, 20))
      return false;
    out->tags.count++;
  }
  return true;
}

static bool by_cjson(message *out)
{
  sio_str tags[8];
  cJSON *root = cJSON_ParseWithLength(text, TEXT_LEN);
  bool ok = cJSON_IsObject(root) && cjson_fields(root, out, tags);

  out->tags.items = NULL; /* which goes with this function */
  cJSON_Delete(root);
  return ok;
}

int main(int argc, char **argv)
{
  static const struct {
    const char *name;
    bool (*read)(message *out);
  } libraries[] = {{"libsio", by_sio},
                   {"libsio+validation", by_sio_all},
                   {"jansson", by_jansson},
                   {"cjson", by_cjson}};
  message got;

  arena = sio_arena_new(NULL, 4096);
  for (size_t i = 0; argc == 3 && i < 4; i++) {
    if (strcmp(libraries[i].name, argv[1]) != 0)
      continue;
    for (long n = strtol(argv[2], NULL, 10); n > 0; n--) {
      if (!libraries[i].read(&got) || got.replyTo != 1234567 ||
          got.tags.count != 2)
        return 1;
    }
    sio_arena_free(arena);
    return 0;
  }
  fprintf(stderr, "usage: schema LIBRARY COUNT\n");
  return 2;
}
