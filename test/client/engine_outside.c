/* SPDX-License-Identifier: MIT */
/* What the Engine.IO test server answers outside its path. */
#include "engine.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

static const char text_plain[] = "text/plain";

/* ---- Bodies in pieces ---- */

/* A body that is being received: its length and the sum of its bytes. */
struct upload {
  struct engine *engine;
  uint64_t len;
  uint64_t sum;
  uint64_t pieces;
};

static void on_piece(sio_request *request, sio_span piece, void *user)
{
  struct upload *upload = user;
  size_t i;

  (void)request;
  for (i = 0; i < piece.len; i++)
    upload->sum += piece.data[i];
  upload->len += piece.len;
  upload->pieces++;
}

static void on_body_end(sio_request *request, int error, void *user)
{
  struct upload *upload = user;
  struct report *report = upload->engine->report;
  char text[128];

  report_begin(report, "upload");
  report_number(report, "error", error);
  report_size(report, "length", upload->len);
  report_size(report, "pieces", upload->pieces);
  report_finish(report);
  (void)snprintf(text, sizeof(text), "%" PRIu64 " %" PRIu64, upload->len,
                 upload->sum);
  if (error == 0)
    engine_expect(sio_respond_text(request, 200, text_plain, text), "upload");
  free(upload);
}

static void receive(struct engine *engine, sio_request *request)
{
  struct upload *upload = calloc(1, sizeof(*upload));
  uint64_t max = control_number(request, "max", 100000000);

  if (upload == NULL)
    return;
  upload->engine = engine;
  engine_expect(
      sio_request_stream_body(request, max, on_piece, on_body_end, upload),
      "stream");
}

static void on_head(sio_request *request, void *user)
{
  sio_str path = sio_request_path(request);

  if (sio_str_is(path, "/upload"))
    receive(user, request);
  else if (sio_str_is(path, "/early"))
    engine_expect(sio_respond_text(request, 403, text_plain, "too early"),
                  "early");
}

/* ---- Answers in pieces ---- */

enum { PIECE_BYTES = 10000 };

/* An answer that is being written. */
struct download {
  uint64_t left;
};

static void on_drain(sio_request *request, void *user)
{
  struct download *download = user;
  uint8_t bytes[PIECE_BYTES];
  sio_span piece = {bytes, sizeof(bytes)};
  int rv = SIO_ERR_DISCONNECTED;

  if (download->left < piece.len)
    piece.len = (size_t)download->left;
  memset(bytes, 'd', sizeof(bytes));
  if (piece.len > 0)
    rv = sio_respond_write(request, piece);
  download->left -= piece.len;
  if (rv == 0)
    rv = sio_respond_on_drain(request, on_drain, download);
  if (rv != 0) {
    (void)sio_respond_end(request); /* the client may have gone */
    free(download);
  }
}

static void send_pieces(sio_request *request)
{
  static const sio_header type = {"Content-Type", text_plain};
  struct download *download = calloc(1, sizeof(*download));
  uint64_t len = control_number(request, "length", 1000000);
  bool known = control_number(request, "chunked", 0) == 0;

  if (download == NULL)
    return;
  download->left = len;
  engine_expect(
      sio_respond_begin(request, 200, &type, 1, known ? len : SIO_NEVER),
      "begin");
  on_drain(request, download);
}

/* ---- Whole answers ---- */

static void answer_late(sio_request *request, void *user)
{
  (void)user;
  engine_expect(sio_respond_text(request, 200, text_plain, "late"), "late");
}

static int answer_file(struct engine *engine, sio_request *request)
{
  static const char prefix[] = "/files/";
  const size_t skip = sizeof(prefix) - 1;
  sio_str path = sio_request_path(request);

  if (engine->options->files == NULL || path.len < skip ||
      memcmp(path.data, prefix, skip) != 0)
    return SIO_ERR_NOT_FOUND;
  path.data += skip;
  path.len -= skip;
  return sio_uv_respond_folder(engine->uv, request, engine->options->files,
                               path, NULL, 0);
}

static void on_request(sio_request *request, void *user)
{
  static const sio_header headers[] = {{"Content-Type", text_plain},
                                       {"X-Test", "yes"}};
  static const sio_span hello = {(const uint8_t *)"hello", 5};
  struct engine *engine = user;
  sio_str path = sio_request_path(request);
  int error = 0;

  if (control_request(engine, request))
    return;
  if (sio_str_is(path, "/hello"))
    error = sio_respond(request, 200, headers, 2, hello);
  else if (sio_str_is(path, "/echo"))
    error = sio_respond(request, 200, headers, 1, sio_request_body(request));
  else if (sio_str_is(path, "/late"))
    engine_later(engine, control_number(request, "delay", 50), answer_late,
                 request);
  else if (sio_str_is(path, "/download"))
    send_pieces(request);
  else if (answer_file(engine, request) != 0)
    error = sio_respond_text(request, 404, text_plain, "not found");
  engine_expect(error, "respond");
}

void outside_serve(struct engine *engine)
{
  sio_server_on_http(engine->sio, on_request, engine);
  sio_server_on_http_head(engine->sio, on_head, engine);
}
