/* SPDX-License-Identifier: MIT */
/* Connections of a client that says one thing at a time. */
#include "upgrade_line.h"

#include <stdio.h>
#include <string.h>

void line_close(struct line *l)
{
  sio_conn *conn = l->conn;

  l->conn = NULL;
  l->asked = false;
  if (conn != NULL)
    sio_conn_closed(conn, 0);
}

void line_flush(struct line *l)
{
  sio_span spans[8];
  size_t n;

  while (l->conn != NULL && (n = sio_conn_output(l->conn, spans, 8)) > 0) {
    size_t sum = 0;

    for (size_t i = 0; i < n; i++) {
      memcpy(l->out + l->n, spans[i].data, spans[i].len);
      l->n += spans[i].len;
      sum += spans[i].len;
    }
    sio_conn_sent(l->conn, sum);
  }
  l->out[l->n] = '\0';
  if (l->conn != NULL && sio_conn_wants_close(l->conn) != SIO_CLOSE_NO)
    line_close(l);
}

void line_say(sio_server *server, struct line *l, const char *text, size_t len)
{
  uint8_t bytes[1024];

  if (l->conn == NULL && sio_conn_open(server, NULL, l, &l->conn) != 0)
    return;
  memcpy(bytes, text, len);
  (void)sio_conn_feed(l->conn, bytes, len); /* it may be closing */
}

void request(sio_server *server, const char *sid, struct line *l,
             const char *method, const char *transport, const char *rest)
{
  char text[600];
  int n = snprintf(text, sizeof text,
                   "%s /engine.io/?EIO=4&transport=%s%s%s HTTP/1.1\r\n"
                   "Host: a\r\n%s",
                   method, transport, sid[0] != '\0' ? "&sid=" : "", sid, rest);

  line_close(l);
  l->n = 0;
  l->upgraded = l->dead = false;
  l->asked = true;
  line_say(server, l, text, (size_t)n);
}

void frame(sio_server *server, struct line *l, unsigned char first,
           const char *text)
{
  char bytes[64] = {(char)first, (char)(0x80 | strlen(text))};

  memcpy(bytes + 6, text, strlen(text)); /* the mask is zero */
  line_say(server, l, bytes, 6 + strlen(text));
}
