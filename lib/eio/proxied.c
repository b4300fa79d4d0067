/* SPDX-License-Identifier: MIT */
/* Connections that begin with a PROXY header. */
#include "eio/proxied.h"

#include "base/mem.h"
#include "eio/exchange.h"
#include "eio/secure.h"
#include "http/preface.h"
#include <sio/tls.h>

struct sio__proxied {
  struct sio__preface preface;
  sio_tls_config *tls; /* a reference; NULL: plain */
};

struct sio__proxied *sio__proxied_new(struct sio_tls_config *tls,
                                      const sio_allocator *mem)
{
  struct sio__proxied *proxied = sio__mem_zalloc(mem, sizeof *proxied);

  if (proxied != NULL && tls != NULL)
    proxied->tls = sio_tls_config_retain(tls);
  return proxied;
}

void sio__proxied_free(struct sio__proxied *proxied, const sio_allocator *mem)
{
  if (proxied == NULL)
    return;
  sio_tls_config_release(proxied->tls);
  sio__mem_free(mem, proxied, sizeof *proxied);
}

/* ---- In ---- */

static void know_client(struct sio_conn *conn,
                        const struct sio__preface *preface)
{
  struct sio__http_side *http = conn->http;
  char address[SIO__ADDRESS_TEXT] = "";

  if (preface->client == PREFACE_SELF)
    return;
  if (preface->client == PREFACE_ADDRESS)
    sio__address_write(&preface->address, address);
  else
    http->stranger = true; /* it is no peer without an address */
  http->address_len = (uint8_t)strlen(address);
  memcpy(http->address, address, http->address_len + 1u);
}

/* The header is there: what follows is for whoever takes over. */
static void go_on(struct sio_conn *conn, uint8_t *data, size_t len)
{
  struct sio__engine *engine = conn->engine;
  struct sio__proxied *proxied = conn->proxied;
  struct sio__tls *tls = NULL;

  know_client(conn, &proxied->preface);
  if (proxied->tls != NULL) {
    tls = sio__tls_new(proxied->tls, &engine->chunks, engine->mem);
    if (tls == NULL) {
      sio__conn_abort(conn, SIO_CAUSE_NOMEM);
      return;
    }
  }
  conn->layer = NULL;
  conn->proxied = NULL;
  sio__proxied_free(proxied, engine->mem);
  if (tls != NULL)
    sio__secure_start(conn, tls);
  if (len > 0 && conn->layer != NULL)
    conn->layer->feed(conn, data, len);
  else if (len > 0)
    sio__conn_replay(conn, data, len);
}

static void proxied_feed(struct sio_conn *conn, uint8_t *data, size_t len)
{
  struct sio__preface *preface = &conn->proxied->preface;
  const struct sio__trust *trust = conn->engine->trust;
  size_t used;

  if (trust != NULL && !sio__trust_has_peer(trust, conn->http->address)) {
    preface->detail = "the peer is no trusted proxy";
    sio__conn_abort(conn, SIO_CAUSE_PROXY);
    return;
  }
  switch (sio__preface_read(preface, data, len, &used)) {
  case PREFACE_MORE:
    break;
  case PREFACE_DONE:
    go_on(conn, data + used, len - used);
    break;
  case PREFACE_BAD:
    sio__conn_abort(conn, SIO_CAUSE_PROXY);
    break;
  }
}

/* ---- The rest is as it is without ---- */

static size_t proxied_output(struct sio_conn *conn, sio_span *spans, size_t n)
{
  return sio__outq_spans(&conn->out, spans, n);
}

static void proxied_sent(struct sio_conn *conn, size_t len)
{
  sio__outq_sent(&conn->out, len);
  conn->sent += len;
}

static size_t proxied_pending(const struct sio_conn *conn)
{
  (void)conn;
  return 0;
}

static bool proxied_timeout(struct sio_conn *conn)
{
  conn->proxied->preface.detail = "no PROXY header";
  sio__conn_abort(conn, SIO_CAUSE_HEADER_TIMEOUT);
  return true;
}

static const char *proxied_detail(const struct sio_conn *conn)
{
  return conn->proxied->preface.detail;
}

static void proxied_free(struct sio_conn *conn)
{
  sio__proxied_free(conn->proxied, conn->engine->mem);
}

static const struct sio__conn_layer layer = {
    .feed = proxied_feed,
    .output = proxied_output,
    .sent = proxied_sent,
    .pending = proxied_pending,
    .timeout = proxied_timeout,
    .detail = proxied_detail,
    .free = proxied_free,
};

void sio__proxied_start(struct sio_conn *conn, struct sio__proxied *proxied)
{
  conn->proxied = proxied;
  conn->layer = &layer;
}
