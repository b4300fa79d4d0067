/* SPDX-License-Identifier: MIT */
/* What is kept of a handshake. */
#include "eio/snapshot.h"

#include "base/mem.h"
#include <sio/error.h>

struct sio__snapshot *sio__snapshot_new(const sio_allocator *mem,
                                        const struct sio__http_head *head,
                                        const char *address, bool secure,
                                        struct sio__subject *client)
{
  size_t len = strlen(address);
  struct sio__snapshot *snapshot;

  if (len > UINT8_MAX)
    len = UINT8_MAX;
  snapshot = sio__mem_zalloc(mem, sizeof *snapshot + len + 1);
  if (snapshot == NULL)
    return NULL;
  snapshot->mem = mem;
  snapshot->refs = 1;
  snapshot->secure = secure;
  snapshot->address_len = (uint8_t)len;
  memcpy(snapshot->address, address, len);
  if (sio__http_head_pack(head, mem, &snapshot->head) != 0) {
    sio__mem_free(mem, snapshot, sizeof *snapshot + len + 1);
    return NULL;
  }
  if (client != NULL)
    snapshot->client = sio__subject_ref(client);
  return snapshot;
}

int sio__snapshot_query(const struct sio__snapshot *snapshot, const char *name,
                        char *out, size_t cap)
{
  return sio__http_param_text(&snapshot->head, name, out, cap);
}

struct sio__snapshot *sio__snapshot_ref(struct sio__snapshot *snapshot)
{
  snapshot->refs++;
  return snapshot;
}

void sio__snapshot_unref(struct sio__snapshot *snapshot)
{
  if (--snapshot->refs > 0)
    return;
  sio__http_head_free(&snapshot->head, snapshot->mem);
  sio__subject_unref(snapshot->client);
  sio__mem_free(snapshot->mem, snapshot,
                sizeof *snapshot + snapshot->address_len + 1u);
}
