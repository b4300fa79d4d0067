/* SPDX-License-Identifier: MIT */
#include "options.h"

#include <errno.h>
#include <getopt.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#ifndef CHAT_WEB_DIR
#define CHAT_WEB_DIR "examples/chat/web"
#endif

/* Above what a letter can be, so that it is known how an option was given. */
enum { OPTION_HOST = 256, OPTION_PORT, OPTION_WEB, OPTION_HELP };

static void help(void)
{
  printf("A chat with rooms, for the browser.\n"
         "\n"
         "Usage: chat [--host ADDRESS] [--port N] [--web DIR]\n"
         "\n"
         "  --host ADDRESS  where to listen: 127.0.0.1 for this machine only,\n"
         "                  which is the default; 0.0.0.0 or :: for everybody\n"
         "                  in the network, a phone for example\n"
         "  --port N        the port, 3000 by default; 0 takes any free one\n"
         "  --web DIR       the folder of the page, by default\n"
         "                  %s\n"
         "  --help          this text\n"
         "\n"
         "It prints \"listening on PORT\" when it is ready, and ends on Ctrl-C."
         "\n",
         CHAT_WEB_DIR);
}

static int refuse(const char *what, const char *value)
{
  fprintf(stderr, "chat: %s%s%s\n", what, value != NULL ? ": " : "",
          value != NULL ? value : "");
  fprintf(stderr, "chat: --help tells which options there are\n");
  return -1;
}

static int refuse_option(char **argv)
{
  char letter[] = {'-', (char)optopt, '\0'};

  if (optopt > 0 && optopt < OPTION_HOST)
    return refuse("unknown option", letter);
  return refuse("unknown option", argv[optind - 1]);
}

static int parse_port(struct options *options, const char *text)
{
  char *end;
  long port;

  errno = 0;
  port = strtol(text, &end, 10);
  if (end == text || *end != '\0' || errno != 0 || port < 0 || port > 65535)
    return refuse("a port is a number from 0 to 65535", text);
  options->port = (int)port;
  return 0;
}

int options_parse(struct options *options, int argc, char **argv)
{
  static const struct option known[] = {
      {"host", required_argument, NULL, OPTION_HOST},
      {"port", required_argument, NULL, OPTION_PORT},
      {"web", required_argument, NULL, OPTION_WEB},
      {"help", no_argument, NULL, OPTION_HELP},
      {NULL, 0, NULL, 0},
  };
  int c;

  *options = (struct options){"127.0.0.1", 3000, CHAT_WEB_DIR};
  opterr = 0; /* we have words of our own */
  while ((c = getopt_long(argc, argv, ":h", known, NULL)) != -1) {
    switch (c) {
    case OPTION_HOST:
      options->host = optarg;
      break;
    case OPTION_PORT:
      if (parse_port(options, optarg) != 0)
        return -1;
      break;
    case OPTION_WEB:
      options->web = optarg;
      break;
    case OPTION_HELP:
    case 'h':
      help();
      return 1;
    case ':':
      return refuse("this option needs a value", argv[optind - 1]);
    default:
      return refuse_option(argv);
    }
  }
  if (optind < argc)
    return refuse("this is not an option", argv[optind]);
  return 0;
}
