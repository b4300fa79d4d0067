/* SPDX-License-Identifier: MIT */
/* Prints what contracts say to others, and judges payloads.
 *
 * usage: print typescript|json-schema|asyncapi [one|two]
 *        print judge    for each line, a payload of "put": "ok" or why not
 */
#include "kinds.h"

#include <stdio.h>
#include <stdlib.h>

static bool put(sio_str text, void *user)
{
  return fwrite(text.data, 1, text.len, user) == text.len;
}

static int print(const char *what, size_t n)
{
  const sio_contract *const contracts[] = {kinds_contract(), echo_contract()};
  int rv = SIO_ERR_INVALID;

  if (strcmp(what, "typescript") == 0)
    rv = sio_contract_write_typescript(contracts, n, NULL, put, stdout);
  else if (strcmp(what, "json-schema") == 0)
    rv = sio_contract_write_json_schema(contracts, n, NULL, put, stdout);
  else if (strcmp(what, "asyncapi") == 0)
    rv = sio_contract_write_asyncapi(contracts, n, NULL, put, stdout);
  if (rv != 0)
    fprintf(stderr, "print: %s\n", sio_strerror(rv));
  return rv == 0 ? 0 : 1;
}

static void judge_line(const char *line, sio_arena *arena)
{
  sio_document *document;
  sio_mismatches mismatches;
  all_kinds value;
  int rv = sio_document_new(&document, sio_s(line), NULL);

  if (rv == 0)
    rv = sio_schema_read(all_kinds_schema(), sio_document_value(document),
                         &value, arena, &mismatches);
  if (rv == 0)
    puts("ok");
  else if (rv == SIO_ERR_TYPE)
    printf("%s: expected %s, found %s\n", mismatches.items[0].path,
           mismatches.items[0].expected, mismatches.items[0].found);
  else
    puts(sio_strerror(rv));
  sio_document_free(document);
  sio_arena_reset(arena);
}

static int judge(void)
{
  static char line[65536];
  sio_arena *arena = sio_arena_new(NULL, 1024 * 1024);

  if (arena == NULL)
    return 1;
  while (fgets(line, sizeof line, stdin) != NULL)
    judge_line(line, arena);
  sio_arena_free(arena);
  return 0;
}

int main(int argc, char **argv)
{
  if (argc == 2 && strcmp(argv[1], "judge") == 0)
    return judge();
  if (argc == 2 || argc == 3)
    return print(argv[1], argc == 3 && strcmp(argv[2], "two") == 0 ? 2 : 1);
  fprintf(stderr, "usage: print typescript|json-schema|asyncapi [one|two]\n"
                  "       print judge\n");
  return 2;
}
