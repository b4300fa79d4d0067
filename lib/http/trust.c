/* SPDX-License-Identifier: MIT */
/* The proxies that a host trusts. */
#include "http/trust.h"

#include "base/ascii.h"
#include "base/mem.h"

/* What a list has. */
struct item {
  bool nameless;
  struct sio__network network; /* unless it is nameless */
};

static bool separates(char c)
{
  return c == ',' || c == ' ' || c == '\t' || c == '\n';
}

/* The next item; `*at` moves on.  1; 0: there are no more; -1: it is none. */
static int next(const char **at, struct item *item)
{
  sio_str text;

  while (separates(**at))
    ++*at;
  text.data = *at;
  while (**at != '\0' && !separates(**at))
    ++*at;
  text.len = (size_t)(*at - text.data);
  if (text.len == 0)
    return 0;
  item->nameless = sio__same_in_any_case(text, sio_s("unix"));
  return item->nameless || sio__network_read(text, &item->network) ? 1 : -1;
}

bool sio__trust_is_list(const char *list)
{
  struct item item;
  int rv;

  while ((rv = next(&list, &item)) > 0)
    continue;
  return rv == 0;
}

bool sio__trust_is_header(const char *name)
{
  size_t n = 0;

  while (sio__is_token_char(name[n]) && sio__lower(name[n]) == name[n])
    n++;
  return n > 0 && name[n] == '\0';
}

static size_t count(const char *list)
{
  struct item item;
  size_t n = 0;

  while (next(&list, &item) > 0)
    n += !item.nameless;
  return n;
}

static size_t size_of(size_t n, size_t header_len)
{
  return sizeof(struct sio__trust) + n * sizeof(struct sio__network) +
         header_len + 1;
}

struct sio__trust *sio__trust_new(const char *list, const char *header,
                                  const sio_allocator *mem)
{
  size_t n = count(list), len = strlen(header);
  struct sio__trust *trust = sio__mem_zalloc(mem, size_of(n, len));
  struct item item;

  if (trust == NULL)
    return NULL;
  trust->mem = mem;
  while (next(&list, &item) > 0) {
    if (item.nameless)
      trust->nameless = true;
    else
      trust->networks[trust->n++] = item.network;
  }
  /* The name lies behind the last network. */
  trust->header = memcpy(trust->networks + n, header, len + 1);
  return trust;
}

void sio__trust_free(struct sio__trust *trust)
{
  if (trust != NULL)
    sio__mem_free(trust->mem, trust, size_of(trust->n, strlen(trust->header)));
}

bool sio__trust_has(const struct sio__trust *trust,
                    const struct sio__address *address)
{
  for (size_t i = 0; i < trust->n; i++) {
    if (sio__network_has(&trust->networks[i], address))
      return true;
  }
  return false;
}

bool sio__trust_has_peer(const struct sio__trust *trust, const char *peer)
{
  sio_str text = {peer, strcspn(peer, "%")};
  struct sio__address address;

  if (peer[0] == '\0')
    return trust->nameless;
  return sio__address_read(text, &address) && sio__trust_has(trust, &address);
}
