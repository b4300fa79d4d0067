/* SPDX-License-Identifier: MIT */
/* Checking the values that other nodes send. */
#include "core/inbox.h"

#include "json/scan.h"

enum { KEPT_TEXT = 65536 };

static int check_spans(const struct sio_server *server, const sio_span *spans,
                       size_t n)
{
  if (n > server->options.max_attachments)
    return SIO_ERR_LIMIT;
  if (n > 0 && spans == NULL)
    return SIO_ERR_INVALID;
  for (size_t i = 0; i < n; i++) {
    if (spans[i].data == NULL && spans[i].len > 0)
      return SIO_ERR_INVALID;
  }
  return 0;
}

/* The text with brackets around it, which makes it one value. */
static int copy(struct sio__buf *text, sio_str data)
{
  sio__buf_reset(text, KEPT_TEXT);
  sio__buf_byte(text, '[');
  sio__buf_append(text, data.data, data.len);
  sio__buf_byte(text, ']');
  if (text->error != 0)
    return SIO_ERR_NOMEM;
  return sio__json_check((const char *)text->data, text->len,
                         SIO__JSON_MAX_DEPTH, NULL) == 0
             ? 0
             : SIO_ERR_JSON;
}

static void put_back(struct sio__inbox *inbox, struct sio_server *server)
{
  sio__buf_dispose(&server->cluster.inbox); /* of another one meanwhile */
  server->cluster.inbox = inbox->text;
}

int sio__inbox_open(struct sio__inbox *inbox, struct sio_server *server,
                    sio_str data, const sio_span *attachments, size_t n)
{
  struct sio_document *document = &inbox->args.document;
  int rv = check_spans(server, attachments, n);

  if (rv == 0 && data.data == NULL && data.len > 0)
    rv = SIO_ERR_INVALID;
  if (rv != 0)
    return rv;
  inbox->text = server->cluster.inbox;
  sio__buf_init(&server->cluster.inbox, inbox->text.mem, inbox->text.max);
  rv = copy(&inbox->text, data);
  if (rv == 0) {
    sio__document_init(document, (const char *)inbox->text.data + 1, data.len,
                       &server->mem);
    document->attachments = attachments;
    document->n_attachments = n;
    if (n > 0)
      rv = sio__document_check_placeholders(document);
  }
  if (rv != 0)
    put_back(inbox, server);
  return rv;
}

void sio__inbox_close(struct sio__inbox *inbox, struct sio_server *server)
{
  sio__document_dispose(&inbox->args.document);
  put_back(inbox, server);
}
