/* SPDX-License-Identifier: MIT */
/* How fast a client may send. */
#include "core/rates.h"

#include "base/mem.h"
#include "core/v2.h"

int sio__rates_open(struct sio__client *client)
{
  const sio_server_options *o = &client->server->options;

  if (o->events_per_second == 0 && o->event_bytes_per_second == 0 &&
      o->joins_per_second == 0)
    return 0;
  client->rates = sio__mem_zalloc(&client->server->mem, sizeof *client->rates);
  return client->rates != NULL ? 0 : SIO_ERR_NOMEM;
}

void sio__rates_free(struct sio__client *client)
{
  sio__mem_free(&client->server->mem, client->rates, sizeof *client->rates);
}

static bool take(struct sio__client *client, struct sio__bucket *bucket,
                 const struct sio__rate *rate, uint64_t amount)
{
  return sio__bucket_take(bucket, rate, amount,
                          client->server->engine.clock.now_ms);
}

static bool is_to_be_dropped(const struct sio__client *client)
{
  return client->server->options.rate_policy == SIO_RATE_DROP;
}

/* The client must go: it has sent `amount` more than it may. */
static void cut(struct sio__client *client, sio_cause cause,
                const struct sio__bucket *bucket, const struct sio__rate *rate,
                uint64_t amount)
{
  uint64_t taken =
      sio__bucket_taken(bucket, rate, client->server->engine.clock.now_ms);
  const sio_end end = {SIO_REASON_FORCED_SERVER_CLOSE, cause, NULL, rate->burst,
                       taken + amount};

  sio__client_end(client, &end);
}

/* An event of this client, for `socket`, or NULL: for one that has left. */
struct incoming {
  struct sio__client *client;
  struct sio_socket *socket;
  sio_str event;
};

static bool spend(const struct incoming *in, sio_cause cause,
                  struct sio__bucket *bucket, const struct sio__rate *rate,
                  uint64_t amount)
{
  struct sio__client *client = in->client;

  if (take(client, bucket, rate, amount))
    return true;
  if (!is_to_be_dropped(client)) {
    cut(client, cause, bucket, rate, amount);
    return false;
  }
  client->server->engine.metrics.events_dropped++;
  if (in->socket == NULL)
    return false;
  in->socket->ns->metrics.events_over_rate++;
  (void)sio_socket_retain(in->socket);
  sio__listeners_problem(in->socket, SIO_ERR_LIMIT, sio_cause_text(cause),
                         in->event);
  sio_socket_release(in->socket);
  return false;
}

static bool spend_all(const struct incoming *in,
                      const struct sio__packet *packet,
                      const sio_span *attachments)
{
  struct sio__rates *rates = in->client->rates;
  const sio_server_options *o = &in->client->server->options;
  const struct sio__rate events =
      sio__rate_of(o->events_per_second, o->events_burst);
  const struct sio__rate bytes =
      sio__rate_of(o->event_bytes_per_second, o->event_bytes_burst);
  uint64_t size = packet->json.len;

  for (size_t i = 0; i < packet->attachments; i++)
    size += attachments[i].len;
  return spend(in, SIO_CAUSE_RATE_EVENTS, &rates->events, &events, 1) &&
         spend(in, SIO_CAUSE_RATE_BYTES, &rates->bytes, &bytes, size);
}

bool sio__rates_event(struct sio_socket *socket,
                      const struct sio__packet *packet,
                      const sio_span *attachments)
{
  const struct incoming in = {socket->client, socket, packet->event};

  return spend_all(&in, packet, attachments);
}

void sio__rates_late(struct sio__client *client,
                     const struct sio__packet *packet,
                     const sio_span *attachments)
{
  const struct incoming in = {client, NULL, packet->event};

  (void)spend_all(&in, packet, attachments); /* it is dropped anyway */
}

/* Who is refused may try again later. */
static void refuse_join(struct sio__client *client, sio_str nsp)
{
  static const sio_str none = {NULL, 0};
  struct sio__buf *out =
      sio__packet_begin(client->server, PACKET_CONNECT_ERROR, 0, nsp, false, 0);

  client->server->engine.metrics.events_dropped++;
  if (sio__v2_is(client))
    sio__v2_refusal(out, "Too many joins", none);
  else
    sio__buf_text(out, "{\"message\":\"Too many joins\"}");
  (void)sio__packet_send(client); /* or its session fails */
}

bool sio__rates_join(struct sio__client *client, sio_str nsp)
{
  const sio_server_options *o = &client->server->options;
  const struct sio__rate joins =
      sio__rate_of(o->joins_per_second, o->joins_burst);
  struct sio__bucket *bucket = &client->rates->joins;

  if (take(client, bucket, &joins, 1))
    return true;
  if (is_to_be_dropped(client))
    refuse_join(client, nsp);
  else
    cut(client, SIO_CAUSE_RATE_JOINS, bucket, &joins, 1);
  return false;
}
