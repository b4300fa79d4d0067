/* SPDX-License-Identifier: MIT */
#ifndef SIO_HTTP_CONDITIONAL_H
#define SIO_HTTP_CONDITIONAL_H

/* Conditional and range requests (RFC 9110 sections 13 and 14), and the dates
 * that they are made with.  Part of both libraries: it needs nothing else. */

#include <sio/types.h>

enum { SIO__HTTP_DATE_SIZE = sizeof "Sun, 06 Nov 1994 08:49:37 GMT" };

/* What is asked for, as far as the server has it. */
struct sio__representation {
  sio_str etag;      /* with its quotes, and W/ if it is weak */
  uint64_t modified; /* Unix time in seconds; SIO_NEVER: unknown */
  uint64_t size;     /* bytes */
};

/* Header fields of a request; `data` NULL: not there. */
struct sio__conditions {
  sio_str if_match;
  sio_str if_unmodified_since;
  sio_str if_none_match;
  sio_str if_modified_since;
  sio_str range; /* of a GET */
  sio_str if_range;
};

struct sio__part {
  uint64_t first; /* offset */
  uint64_t len;
};

/* The status of the answer to GET or HEAD: 200, 206, 304, 412 or 416; `*part`
 * is what to send of the representation with 200 and 206. */
int sio__conditional(const struct sio__conditions *conditions,
                     const struct sio__representation *have,
                     struct sio__part *part);

/* Whether a list of entity tags names `etag`, or is "*".  Weak tags match
 * unless `strong`.  What follows a malformed tag is not looked at. */
bool sio__etag_is_listed(sio_str list, sio_str etag, bool strong);

enum sio__range {
  RANGE_WHOLE, /* no range of bytes, or several: what a server may ignore */
  RANGE_PART,
  RANGE_NOWHERE /* there is nothing in it */
};

/* What a Range field means for something of `size` bytes. */
enum sio__range sio__range_parse(sio_str range, uint64_t size,
                                 struct sio__part *part);

/* Unix time of a date in any of the three formats of HTTP (RFC 9110 section
 * 5.6.7); SIO_NEVER: it is no date, or before 1970. */
uint64_t sio__http_date_parse(sio_str text);

/* Write a date; what is beyond the year 9999 is its last second. */
void sio__http_date_write(uint64_t unix_seconds,
                          char out[static SIO__HTTP_DATE_SIZE]);

#endif
