/* SPDX-License-Identifier: MIT */
#ifndef TEST_CLIENT_REPORT_H
#define TEST_CLIENT_REPORT_H

/* What a test server saw, in order, as the items of a JSON array. */

#include <sio/types.h>

struct report;

struct report *report_new(void);
void report_free(struct report *report);

/* All entries, as a JSON array; NULL: out of memory.  Borrowed until the next
 * call. */
const char *report_json(struct report *report);

/* Forget all entries. */
void report_forget(struct report *report);

/* An entry: what it is, then its members, then its end. */
void report_begin(struct report *report, const char *what);
void report_text(struct report *report, const char *key, sio_str value);
void report_number(struct report *report, const char *key, int64_t value);
void report_size(struct report *report, const char *key, uint64_t value);
void report_bool(struct report *report, const char *key, bool value);
void report_null(struct report *report, const char *key);
void report_raw(struct report *report, const char *key, sio_str json);

/* An array or object as a member, and its end.  Items of an array have the
 * key NULL. */
void report_open(struct report *report, const char *key, char bracket);
void report_close(struct report *report, char bracket);
void report_finish(struct report *report);

#endif
