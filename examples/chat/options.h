/* SPDX-License-Identifier: MIT */
#ifndef CHAT_OPTIONS_H
#define CHAT_OPTIONS_H

/* The command line. */
struct options {
  const char *host;
  int port;
  const char *web; /* the folder of the page */
};

/* 0: go on; 1: help was asked for and given; -1: refused, and said why. */
int options_parse(struct options *options, int argc, char **argv);

#endif
