/* SPDX-License-Identifier: MIT */
/* A program (in C and C++) that has nothing of libsio but what is installed. */
#include <sio.h>

#include <stdio.h>

int main(void)
{
  sio_server *server;

  if (strcmp(sio_version(), SIO_VERSION) != 0) {
    fprintf(stderr, "version %s, header %s\n", sio_version(), SIO_VERSION);
    return 1;
  }
  server = sio_server_new(NULL);
  if (server == NULL) {
    fprintf(stderr, "no server\n");
    return 1;
  }
  sio_server_expire(server, 0);
  if (sio_server_connection_count(server) != 0)
    return 1;
  sio_server_free(server);
  return 0;
}
