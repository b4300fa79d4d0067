/* SPDX-License-Identifier: MIT */
#ifndef SIO_HTTP_PREFACE_H
#define SIO_HTTP_PREFACE_H

/*
 * What a proxy says about its client before the client's bytes: the PROXY
 * protocol, version 2 (binary) and version 1 (a line of text).
 *
 *   v2  12 bytes signature, version and command, family, length; addresses,
 *       and behind them what is of no concern here (TLVs)
 *   v1  "PROXY TCP4 192.0.2.7 198.51.100.1 4711 443" CRLF
 */

#include "base/address.h"

enum { SIO__PREFACE_MAX = 107 }; /* the longest line; of v2 less is kept */

enum sio__preface_result {
  PREFACE_MORE, /* all bytes are used; more are needed */
  PREFACE_DONE, /* what is not used is the client's */
  PREFACE_BAD,  /* see `detail` */
};

enum sio__preface_client {
  PREFACE_SELF,    /* the proxy itself: a health check */
  PREFACE_ADDRESS, /* see `address` */
  PREFACE_UNKNOWN, /* no address of IP, or none at all */
};

/* All 0 is the beginning. */
struct sio__preface {
  uint8_t bytes[SIO__PREFACE_MAX];
  uint8_t have;
  uint32_t missing; /* of v2, behind its first 16 bytes */
  enum sio__preface_client client;
  struct sio__address address;
  const char *detail; /* constant */
};

/* Read on, in pieces of any size; `*used` bytes belong to it. */
enum sio__preface_result sio__preface_read(struct sio__preface *preface,
                                           const uint8_t *data, size_t len,
                                           size_t *used);

#endif
