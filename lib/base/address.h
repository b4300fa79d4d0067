/* SPDX-License-Identifier: MIT */
#ifndef SIO_BASE_ADDRESS_H
#define SIO_BASE_ADDRESS_H

/* Addresses of IP, and networks of them, as numeric text and as bytes. */

#include <sio/types.h>

enum {
  SIO__ADDRESS_LEN = 16,
  SIO__ADDRESS_V4 = 12,   /* where an IPv4 address begins in one of IPv6 */
  SIO__ADDRESS_TEXT = 40, /* the longest text, with its NUL */
};

/* An IPv4 address is within an IPv6 one: ::ffff:192.0.2.7. */
struct sio__address {
  uint8_t bytes[SIO__ADDRESS_LEN];
};

/* The addresses that agree with one in their first bits. */
struct sio__network {
  struct sio__address address; /* all other bits are 0 */
  uint8_t bits;                /* 0 to 128, as of IPv6 */
};

/* Read an IPv4 or IPv6 address (RFC 4291 section 2.2), without a zone.  False:
 * it is none. */
bool sio__address_read(sio_str text, struct sio__address *out);

void sio__address_of_v4(const uint8_t bytes[4], struct sio__address *out);

/* Write it as RFC 5952 has it, IPv4 ones in their own form. */
void sio__address_write(const struct sio__address *address,
                        char out[SIO__ADDRESS_TEXT]);

bool sio__address_is_v4(const struct sio__address *address);

/* Read an address, or "address/bits" without further bits that are set.
 * False: it is none. */
bool sio__network_read(sio_str text, struct sio__network *out);

/* Whether an address is in a network; no IPv4 one is in one of IPv6. */
bool sio__network_has(const struct sio__network *network,
                      const struct sio__address *address);

#endif
