/* SPDX-License-Identifier: MIT */
/* Options that limit who may come and how fast, and /limits, which sends more
 * than there is room for. */
#include "server.h"

#include <stdlib.h>

static int fill(sio_target target, const sio_payload *payload, sio_socket *one)
{
  uint64_t before = sio_socket_refused(one);
  int sent = 0, error;

  do {
    error = sio_emit_payload(target, "filled", payload);
    sent += error >= 0 && sio_socket_refused(one) == before;
  } while (error >= 0 && sio_socket_refused(one) == before);
  return sent;
}

/* Bytes of each event, and whether they are broadcast. */
static void on_fill(sio_socket *socket, const sio_args *args, sio_ack *ack,
                    void *user)
{
  struct test_server *server = user;
  sio_payload *payload = test_scratch(server);
  int64_t size = 0;
  bool all = false;
  int64_t i;

  (void)ack;
  test_expect(sio_value_int64(sio_arg(args, 0), &size), "size");
  test_expect(sio_value_bool(sio_arg(args, 1), &all), "all");
  sio_payload_array_begin(payload);
  for (i = 0; i < size; i += 2)
    sio_payload_int64(payload, 1); /* "1," */
  sio_payload_array_end(payload);
  sio_socket_set_user(
      socket,
      (void *)(intptr_t)fill(all ? sio_everyone(sio_socket_ns(socket))
                                 : sio_only(socket),
                             payload, socket),
      NULL);
}

static void on_drain(sio_socket *socket, void *user)
{
  (void)user;
  test_expect(sio_emitf(sio_only(socket), "drained", "%d, %d",
                        (int)(intptr_t)sio_socket_user(socket),
                        (int)sio_socket_refused(socket)),
              "drained");
}

int limits_serve(struct test_server *server)
{
  sio_ns *ns = sio_of(test_sio(server), "/limits");
  int error = sio_on_drain(ns, on_drain, server);

  return error != 0 ? error : sio_on(ns, "fill", on_fill, server);
}

bool limits_option(sio_server_options *options, const char *name,
                   const char *value)
{
  const struct {
    const char *name;
    uint32_t *value;
  } numbers[] = {
      {"--max-sessions-per-address", &options->max_sessions_per_address},
      {"--handshakes-per-address", &options->handshakes_per_address},
      {"--handshakes-per-address-burst",
       &options->handshakes_per_address_burst},
      {"--handshakes-per-second", &options->handshakes_per_second},
      {"--handshakes-burst", &options->handshakes_burst},
      {"--events-per-second", &options->events_per_second},
      {"--events-burst", &options->events_burst},
      {"--joins-per-second", &options->joins_per_second},
      {"--joins-burst", &options->joins_burst},
      {"--rate-policy", &options->rate_policy},
      {"--output-policy", &options->output_policy},
      {"--max-output-packets", &options->max_output_packets}};
  const struct {
    const char *name;
    uint64_t *value;
  } sizes[] = {{"--event-bytes-per-second", &options->event_bytes_per_second},
               {"--event-bytes-burst", &options->event_bytes_burst},
               {"--max-auth-bytes", &options->max_auth_bytes},
               {"--max-output-bytes", &options->max_output_bytes},
               {"--high-water-bytes", &options->high_water_bytes}};
  size_t i;

  for (i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
    if (strcmp(name, numbers[i].name) == 0) {
      *numbers[i].value = (uint32_t)strtoul(value, NULL, 10);
      return true;
    }
  }
  for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
    if (strcmp(name, sizes[i].name) == 0) {
      *sizes[i].value = strtoull(value, NULL, 10);
      return true;
    }
  }
  return false;
}
