/* SPDX-License-Identifier: MIT */
/* Folders of JSON files: y_ must be accepted, n_ refused, i_ is free. */
#include "support.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

#include <sio/error.h>

#include "json/read.h"
#include "json/scan.h"

enum { OWN_FILES_AT_LEAST = 60, MAX_FILE = 1 << 22 };

/* What is chosen for i_: refused are these files of the public suite, as they
 * are not UTF-8 or begin with a byte order mark.  All others are accepted:
 * escaped unpaired surrogates, and numbers that no double can hold. */
static const char *const refused[] = {
    "i_string_UTF-16LE_with_BOM.json",
    "i_string_UTF-8_invalid_sequence.json",
    "i_string_UTF8_surrogate_U+D800.json",
    "i_string_invalid_utf-8.json",
    "i_string_iso_latin_1.json",
    "i_string_lone_utf8_continuation_byte.json",
    "i_string_not_in_unicode_range.json",
    "i_string_overlong_sequence_2_bytes.json",
    "i_string_overlong_sequence_6_bytes.json",
    "i_string_overlong_sequence_6_bytes_null.json",
    "i_string_truncated-utf-8.json",
    "i_string_utf16BE_no_BOM.json",
    "i_string_utf16LE_no_BOM.json",
    "i_structure_UTF-8_BOM_empty_object.json",
};

struct counts {
  unsigned seen[3]; /* y, n, i */
  unsigned accepted[3];
  unsigned wrong;
};

static uint8_t *load(const char *path, size_t *len)
{
  FILE *file = fopen(path, "rb");
  uint8_t *all = malloc(MAX_FILE);
  uint8_t *exact;

  if (file == NULL || all == NULL)
    fail_msg("cannot read %s", path);
  *len = fread(all, 1, MAX_FILE, file);
  (void)fclose(file); /* was only read */
  assert_true(*len < MAX_FILE);
  exact = test_exact(all, *len);
  free(all);
  return exact;
}

/* Read everything in a value, to any depth that the stack allows here. */
static void read_all(sio_value value, unsigned depth)
{
  sio_iter iter = sio_value_iter(value);
  sio_value key;
  sio_value item;
  double number;

  if (sio_value_type(value) == SIO_STRING)
    assert_non_null(sio_value_str(value).data);
  if (sio_value_type(value) == SIO_NUMBER) {
    int error = sio_value_double(value, &number);

    assert_true(error == 0 || error == SIO_ERR_RANGE);
  }
  while (depth > 0 && sio_iter_next(&iter, &key, &item)) {
    if (key.text != NULL)
      assert_non_null(sio_value_str(key).data);
    read_all(item, depth - 1);
  }
}

static bool is_accepted(const char *path)
{
  struct test_mem mem;
  struct sio_document document;
  size_t len;
  uint8_t *text = load(path, &len);
  int error = sio__json_check((const char *)text, len, 512, NULL);

  if (error == 0) {
    test_mem_init(&mem, TEST_MEM_NEVER);
    sio__document_init(&document, (const char *)text, len, &mem.allocator);
    read_all(sio__document_value(&document), 600);
    sio__document_dispose(&document);
    test_mem_check(&mem);
  }
  free(text);
  return error == 0;
}

static bool should_be_accepted(const char *name)
{
  for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
    if (strcmp(name, refused[i]) == 0)
      return false;
  }
  return name[0] != 'n';
}

static struct counts run_folder(const char *folder)
{
  static const char kinds[] = "yni";
  struct counts counts = {{0}, {0}, 0};
  DIR *dir = opendir(folder);
  struct dirent *entry;
  char path[1024];

  if (dir == NULL)
    fail_msg("cannot open the folder %s", folder);
  while ((entry = readdir(dir)) != NULL) {
    const char *name = entry->d_name;
    const char *kind = strchr(kinds, name[0]);
    size_t len = strlen(name);
    size_t k;
    bool accepted;

    if (len < 7 || kind == NULL || name[1] != '_' ||
        strcmp(name + len - 5, ".json") != 0)
      continue;
    assert_true(snprintf(path, sizeof path, "%s/%s", folder, name) <
                (int)sizeof path);
    k = (size_t)(kind - kinds);
    accepted = is_accepted(path);
    counts.seen[k]++;
    counts.accepted[k] += accepted;
    if (accepted != should_be_accepted(name)) {
      print_error("%s: %s\n", name, accepted ? "accepted" : "refused");
      counts.wrong++;
    }
  }
  (void)closedir(dir); /* was only read */
  print_message("%s: y %u of %u accepted, n %u of %u refused, i %u of %u "
                "accepted\n",
                folder, counts.accepted[0], counts.seen[0],
                counts.seen[1] - counts.accepted[1], counts.seen[1],
                counts.accepted[2], counts.seen[2]);
  return counts;
}

static void test_the_own_cases_are_judged_as_named(void **state)
{
  struct counts counts = run_folder(TEST_DATA_DIR "/json");

  (void)state;
  assert_int_equal(counts.wrong, 0);
  assert_true(counts.seen[0] > 0 && counts.seen[1] > 0 && counts.seen[2] > 0);
  assert_true(counts.seen[0] + counts.seen[1] + counts.seen[2] >=
              OWN_FILES_AT_LEAST);
}

static void test_the_given_vectors_are_judged_as_named(void **state)
{
  const char *folder = getenv("JSON_VECTORS");
  struct counts counts;

  (void)state;
  if (folder == NULL || *folder == '\0')
    skip();
  counts = run_folder(folder);
  assert_int_equal(counts.wrong, 0);
  assert_true(counts.seen[0] + counts.seen[1] + counts.seen[2] > 0);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_the_own_cases_are_judged_as_named),
      cmocka_unit_test(test_the_given_vectors_are_judged_as_named),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
