/* SPDX-License-Identifier: MIT */
/* Writes the chat's contract down for others, on standard output. */
#include "contract.h"

#include <stdio.h>

static const struct form {
  const char *option;
  int (*write)(const sio_contract *const *contracts, size_t n,
               const sio_allocator *allocator, sio_text_fn fn, void *user);
} forms[] = {
    {"--typescript", sio_contract_write_typescript},
    {"--json-schema", sio_contract_write_json_schema},
    {"--asyncapi", sio_contract_write_asyncapi},
};

static void help(void)
{
  printf("Writes what the chat and its clients tell each other.\n"
         "\n"
         "Usage: chat_types --typescript | --json-schema | --asyncapi\n"
         "\n"
         "  --typescript   types for socket.io-client, a .d.ts file\n"
         "  --json-schema  the payloads, as JSON Schema (2020-12)\n"
         "  --asyncapi     the whole contract, as AsyncAPI (3.0)\n"
         "  --help         this text\n");
}

static bool put(sio_str text, void *user)
{
  return fwrite(text.data, 1, text.len, user) == text.len;
}

static int write_form(const struct form *form)
{
  const sio_contract *const contracts[] = {chat_contract()};
  int error = form->write(contracts, 1, NULL, put, stdout);

  if (error == 0 && fflush(stdout) == 0)
    return 0;
  fprintf(stderr, "chat_types: %s\n",
          error != 0 ? sio_strerror(error) : "cannot write");
  return 1;
}

int main(int argc, char **argv)
{
  const char *option = argc == 2 ? argv[1] : "";

  if (strcmp(option, "--help") == 0) {
    help();
    return 0;
  }
  for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++)
    if (strcmp(option, forms[i].option) == 0)
      return write_form(&forms[i]);
  fprintf(stderr, "chat_types: --help tells what it can write\n");
  return 2;
}
