/* SPDX-License-Identifier: MIT */
/* Files that are read once; see test_serve.c for the rest. */
#include "uv_world.h"

#include "uv/adapter.h"

static struct uv_world w;

static void test_whole_files_are_read(void **state)
{
  struct sio__uv_content content = {NULL, 0};
  char path[160];
  FILE *file;

  (void)state;
  world_open(&w, NULL);
  snprintf(path, sizeof path, "%s/file", w.dir);
  assert_int_equal(sio__uv_read_content(w.uv, path, &content), 0);
  assert_null(content.data);
  file = fopen(path, "wb");
  assert_non_null(file);
  assert_int_equal(sio__uv_read_content(w.uv, path, &content), 0);
  assert_null(content.data);
  assert_int_equal(fputs("text", file) >= 0, 1);
  assert_int_equal(fclose(file), 0);
  assert_int_equal(sio__uv_read_content(w.uv, path, &content), 0);
  assert_int_equal(content.size, 4);
  assert_memory_equal(content.data, "text", 4);
  sio__uv_drop_content(w.uv, &content);
  assert_null(content.data);
  assert_int_equal(sio__uv_read_content(w.uv, w.dir, &content), SIO_ERR_IO);
  assert_non_null(strstr(sio_uv_error(w.uv), "cannot read"));
  assert_int_equal(unlink(path), 0);
  world_close(&w);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_whole_files_are_read),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
