/* SPDX-License-Identifier: MIT */
/* Writing packets. */
#include "proto/encode.h"

void sio__packet_write_head(struct sio__buf *out, enum sio__packet_type type,
                            size_t attachments, sio_str nsp, bool has_id,
                            uint64_t id)
{
  if (attachments > 0 && type == PACKET_EVENT)
    type = PACKET_BINARY_EVENT;
  else if (attachments > 0 && type == PACKET_ACK)
    type = PACKET_BINARY_ACK;

  sio__buf_byte(out, (uint8_t)('0' + (int)type));
  if (attachments > 0) {
    sio__buf_u64(out, attachments);
    sio__buf_byte(out, '-');
  }
  if (nsp.len > 0 && !(nsp.len == 1 && nsp.data[0] == '/')) {
    sio__buf_append(out, nsp.data, nsp.len);
    sio__buf_byte(out, ',');
  }
  if (has_id)
    sio__buf_u64(out, id);
}
