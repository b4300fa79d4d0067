/* SPDX-License-Identifier: MIT */
#ifndef SIO_HTTP_FORWARDED_H
#define SIO_HTTP_FORWARDED_H

/*
 * For whom a proxy asks: X-Forwarded-For, Forwarded (RFC 7239), or a header
 * with one address.
 *
 * Each proxy adds an entry about its own peer at the end, so that the last one
 * is of the proxy that is connected, and true if that one is trusted.  If it
 * names a trusted proxy, too, the one before it is true, and so on.  The first
 * that is not trusted is the client; whatever stands before it is its own
 * claim, and not looked at.  What is no address ends the walk: then the client
 * is whoever has written that.
 */

#include "http/request.h"
#include "http/trust.h"

struct sio__forwarded {
  char address[SIO__ADDRESS_TEXT]; /* "": that of the peer */
  bool secure;                     /* the client's leg is encrypted */
};

/* `peer` is who is connected, `secure` whether that leg is encrypted: what
 * holds if no trusted proxy says otherwise. */
void sio__forwarded_read(const struct sio__http_head *head,
                         const struct sio__trust *trust, const char *peer,
                         bool secure, struct sio__forwarded *out);

#endif
