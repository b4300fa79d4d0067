/* SPDX-License-Identifier: MIT */
/* A socket as the servers of Node.js describe it to each other. */
#include "core/describe.h"

#include "base/utf8.h"

#include <stdio.h>

/* Bytes of a request, which are Latin-1 if they are not UTF-8. */
static void put_bytes(sio_payload *out, sio_str text)
{
  struct sio__buf buf;
  sio_str utf8;

  if (sio__utf8_is_valid((const uint8_t *)text.data, text.len)) {
    sio_payload_str(out, text);
    return;
  }
  sio__buf_init(&buf, &out->mem, SIO__DESCRIBED_MAX);
  for (size_t i = 0; i < text.len; i++) {
    uint8_t byte = (uint8_t)text.data[i];

    if (byte >= 0x80) {
      sio__buf_byte(&buf, (uint8_t)(0xc0 | byte >> 6));
      byte = 0x80 | (byte & 0x3f);
    }
    sio__buf_byte(&buf, byte);
  }
  if (buf.error != 0 && out->error == 0)
    out->error = SIO_ERR_NOMEM;
  utf8.data = (const char *)buf.data;
  utf8.len = buf.len;
  sio_payload_str(out, utf8);
  sio__buf_dispose(&buf);
}

/* A name of a member; sio_payload_key() wants a NUL behind it. */
static void put_key(sio_payload *out, sio_str name)
{
  char text[256];

  if (name.len >= sizeof text ||
      !sio__utf8_is_valid((const uint8_t *)name.data, name.len))
    name.len = 0;
  if (name.len > 0)
    memcpy(text, name.data, name.len);
  text[name.len] = '\0';
  sio_payload_key(out, text);
}

/* ---- Headers ---- */

static bool came_before(const struct sio_socket *socket, size_t i, sio_str name)
{
  sio_str other, value;

  for (size_t j = 0; j < i; j++) {
    if (sio_socket_header_at(socket, j, &other, &value) &&
        sio_str_equal(other, name))
      return true;
  }
  return false;
}

/* All values of a header, with commas between them. */
static void put_header(sio_payload *out, const struct sio_socket *socket,
                       size_t i, sio_str name)
{
  struct sio__buf buf;
  sio_str other, value, all;

  put_key(out, name);
  sio__buf_init(&buf, &out->mem, SIO__DESCRIBED_MAX);
  for (; sio_socket_header_at(socket, i, &other, &value); i++) {
    if (!sio_str_equal(other, name))
      continue;
    if (buf.len > 0)
      sio__buf_text(&buf, ", ");
    sio__buf_append(&buf, value.data, value.len);
  }
  if (buf.error != 0 && out->error == 0)
    out->error = SIO_ERR_NOMEM;
  all.data = (const char *)buf.data;
  all.len = buf.len;
  put_bytes(out, all);
  sio__buf_dispose(&buf);
}

static void put_headers(sio_payload *out, const struct sio_socket *socket)
{
  sio_str name, value;

  sio_payload_object_begin(out);
  for (size_t i = 0; sio_socket_header_at(socket, i, &name, &value); i++) {
    if (!came_before(socket, i, name))
      put_header(out, socket, i, name);
  }
  sio_payload_object_end(out);
}

/* ---- Query ---- */

static void put_param(sio_payload *out, sio_str name, sio_str value)
{
  struct sio__buf buf;
  sio_str text;
  uint8_t *room;
  size_t len;

  sio__buf_init(&buf, &out->mem, SIO__DESCRIBED_MAX);
  room = sio__buf_reserve(&buf, name.len + value.len + 1);
  if (room == NULL) {
    out->error = out->error != 0 ? out->error : SIO_ERR_NOMEM;
    sio__buf_dispose(&buf);
    return;
  }
  text.data = (const char *)room;
  text.len = len = sio__http_decode(name, (char *)room);
  put_key(out, text);
  text.data += len;
  text.len = sio__http_decode(value, (char *)room + len);
  put_bytes(out, text);
  sio__buf_dispose(&buf);
}

static void put_query(sio_payload *out, const struct sio_socket *socket)
{
  sio_str query = sio__http_query(&socket->snapshot->head), name, value;
  size_t at = 0;

  sio_payload_object_begin(out);
  while (sio__http_param_next(query, &at, &name, &value))
    put_param(out, name, value);
  sio_payload_object_end(out);
}

/* ---- Time ---- */

/* Days since 1970 to a date of the Gregorian calendar; years begin in March
 * meanwhile, so that leap days are last. */
static void date_of(uint64_t days, unsigned *year, unsigned *month,
                    unsigned *day)
{
  uint64_t shifted = days + 719468; /* since March 1 of the year 0 */
  uint64_t era = shifted / 146097, in_era = shifted % 146097;
  uint64_t of_era =
      (in_era - in_era / 1460 + in_era / 36524 - in_era / 146096) / 365;
  uint64_t of_year = in_era - (365 * of_era + of_era / 4 - of_era / 100);
  uint64_t from_march = (5 * of_year + 2) / 153;

  *day = (unsigned)(of_year - (153 * from_march + 2) / 5 + 1);
  *month = (unsigned)(from_march < 10 ? from_march + 2 : from_march - 10);
  *year = (unsigned)(era * 400 + of_era) + (*month < 2);
}

/* As JavaScript writes a date where the clock is UTC; `*month` from 0. */
static void put_time(sio_payload *out, uint64_t ms)
{
  static const char days[] = "ThuFriSatSunMonTueWed";
  static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
  unsigned s = (unsigned)(ms / 1000 % 86400), year, month, day;
  uint64_t day_number = ms / 86400000 % 100000000; /* JavaScript's last day */
  char text[96];

  date_of(day_number, &year, &month, &day);
  snprintf(text, sizeof text,
           "%.3s %.3s %02u %04u %02u:%02u:%02u GMT+0000 (Coordinated Universal "
           "Time)",
           days + day_number % 7 * 3, months + month * 3, day, year, s / 3600,
           s / 60 % 60, s % 60);
  sio_payload_string(out, text);
}

/* ---- All of it ---- */

/* A value of the client's or the host's; none is an empty object. */
static void put_value(sio_payload *out, sio_value value)
{
  if (sio_value_type(value) == SIO_ABSENT || sio_value_type(value) == SIO_NULL)
    sio_payload_json(out, sio_s("{}"));
  else
    sio_payload_json(out, sio_value_json(value));
}

static void put_handshake(sio_payload *out, const struct sio_socket *socket)
{
  uint64_t issued = sio_socket_issued_ms(socket);

  sio_payload_object_begin(out);
  sio_payload_key(out, "headers");
  put_headers(out, socket);
  sio_payload_key(out, "time");
  put_time(out, issued);
  sio_payload_key(out, "address");
  put_bytes(out, sio_s(sio_socket_address(socket)));
  sio_payload_key(out, "xdomain");
  sio_payload_bool(out, sio_socket_is_cross_domain(socket));
  sio_payload_key(out, "secure");
  sio_payload_bool(out, sio_socket_is_secure(socket));
  sio_payload_key(out, "issued");
  sio_payload_uint64(out, issued);
  sio_payload_key(out, "url");
  put_bytes(out, sio_socket_url(socket));
  sio_payload_key(out, "query");
  put_query(out, socket);
  sio_payload_key(out, "auth");
  put_value(out, sio_socket_auth(socket));
  sio_payload_object_end(out);
}

void sio__describe(sio_payload *out, const struct sio_socket *socket)
{
  size_t n = sio_socket_room_count(socket);

  sio_payload_object_begin(out);
  sio_payload_key(out, "id");
  sio_payload_string(out, sio_socket_id(socket));
  sio_payload_key(out, "handshake");
  put_handshake(out, socket);
  sio_payload_key(out, "rooms");
  sio_payload_array_begin(out);
  for (size_t i = 0; i < n; i++)
    put_bytes(out, sio_socket_room(socket, i));
  sio_payload_array_end(out);
  sio_payload_key(out, "data");
  put_value(out, sio_socket_data(socket));
  sio_payload_object_end(out);
}

/* ---- What other nodes say ---- */

static bool are_strings(sio_value rooms)
{
  sio_iter iter = sio_value_iter(rooms);
  sio_value room;

  while (sio_iter_next(&iter, NULL, &room)) {
    if (sio_value_type(room) != SIO_STRING)
      return false;
  }
  return sio_value_type(rooms) == SIO_ARRAY;
}

sio_value sio__described_next(sio_document *document, const char **at)
{
  return sio__value_begin(document, *at, document->text + document->len, at);
}

int sio__described_check(sio_document *sockets)
{
  const char *at = sockets->text;
  sio_value each;

  while ((each = sio__described_next(sockets, &at)).text != NULL) {
    if (sio_value_type(sio_value_member(each, "id")) != SIO_STRING ||
        sio_value_type(sio_value_member(each, "handshake")) != SIO_OBJECT ||
        !are_strings(sio_value_member(each, "rooms")))
      return SIO_ERR_INVALID;
  }
  return 0;
}
