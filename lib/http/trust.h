/* SPDX-License-Identifier: MIT */
#ifndef SIO_HTTP_TRUST_H
#define SIO_HTTP_TRUST_H

/* The proxies that a host trusts to tell for whom they ask. */

#include "base/address.h"

struct sio__trust {
  const sio_allocator *mem;
  const char *header; /* in which they tell; lower case */
  bool nameless;      /* peers without an address are trusted, too */
  size_t n;
  struct sio__network networks[];
};

/* Whether a list is one of addresses, networks and "unix", separated by commas
 * or blanks; an empty one is. */
bool sio__trust_is_list(const char *list);

/* Whether a text is the name of a header, in lower case. */
bool sio__trust_is_header(const char *name);

/* NULL: no memory.  The texts are valid and copied, `mem` is borrowed. */
struct sio__trust *sio__trust_new(const char *list, const char *header,
                                  const sio_allocator *mem);
void sio__trust_free(struct sio__trust *trust);

bool sio__trust_has(const struct sio__trust *trust,
                    const struct sio__address *address);

/* Likewise by the text that a host has given: with a zone, perhaps, or
 * empty. */
bool sio__trust_has_peer(const struct sio__trust *trust, const char *peer);

#endif
