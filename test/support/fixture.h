/* SPDX-License-Identifier: MIT */
#ifndef SIO_TEST_FIXTURE_H
#define SIO_TEST_FIXTURE_H

/* Parser tests as text: why, bytes in, event log out (see test/fixture).
 *
 * A file holds any number of cases:
 *
 *   == the name of the case, a sentence
 *   Why the case is here: any number of lines.
 *   -- options max=10 strict=1          (may be left out)
 *   -- input
 *   GET / HTTP/1.1\r\n
 *   \r\n
 *   -- events
 *   head GET /
 *   done
 *
 * The ends of lines of the input do not count, its other characters stand for
 * themselves, and these are escapes:
 *
 *   \r \n \t \0 \s \\ \} \|    \s is a space (for the end of a line)
 *   \xHH                       a byte
 *   \rep{COUNT|...}            the bytes COUNT times
 *   \mask{KKKKKKKK|...}        a websocket mask (4 bytes in hexadecimal) and
 *                              the bytes masked with it
 *
 * \rep and \mask may be nested and end on the line where they begin. */

#include "support.h"

enum { TEST_LOG_SIZE = 16384 };

/* The events of one run, as lines of text. */
struct test_log {
  char text[TEST_LOG_SIZE];
  size_t len;
  const char *data_label; /* of data that more may be joined to, or NULL */
  size_t data_len;
  uint8_t data[64]; /* its beginning */
};

struct test_fixture {
  const char *file;
  size_t line; /* where it begins */
  const char *name;
  const char *why;
  const char *options;
  uint8_t *input;
  size_t input_len;
  const char *events; /* lines, each with its end */
};

/* What is tested.  One object is made per run and fed the input in pieces,
 * each in a heap block of exactly its size that is freed afterwards. */
struct test_fixture_target {
  void *(*start)(const struct test_fixture *fixture, struct test_log *log);
  void (*feed)(void *object, uint8_t *data, size_t len);
  void (*end)(void *object);
  bool whole; /* feed the input in one piece only: it is not a stream */
};

/* One line, written like printf. */
void test_log_line(struct test_log *log, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* "LABEL DATA" in one line, escaped, its middle left out if it is long. */
void test_log_bytes(struct test_log *log, const char *label, const void *data,
                    size_t len);

/* Likewise, but neighbouring data of one label is joined. */
void test_log_data(struct test_log *log, const char *label, const void *data,
                   size_t len);

/* The value of an option, `missing` if the case does not have it. */
uint64_t test_fixture_option(const struct test_fixture *fixture,
                             const char *name, uint64_t missing);

/* Run all cases in TEST_FIXTURE_DIR/folder, with the input cut at every chunk
 * size (a selection of sizes for inputs of more than 2 KiB), and fail the
 * test if a log is not as wanted or there are fewer than `at_least` cases. */
void test_fixtures_run(const char *folder, size_t at_least,
                       const struct test_fixture_target *target);

#endif
