/* SPDX-License-Identifier: MIT */
/* Types of payloads, declared in C and, with the same macros, in C++20. */
#include <sio/schema.h>

#define MEMBER_ROLE(NAME)                                                      \
  NAME(ROLE_GUEST, "guest")                                                    \
  NAME(ROLE_OWNER, "owner")
SIO_ENUM(member_role, MEMBER_ROLE);

#define POINT(FIELD)                                                           \
  FIELD(required, number, x, SIO_RANGE(-1, 1))                                 \
  FIELD(required, text(8), name, SIO_DOC("what it is called"))
SIO_TYPE(point, POINT, .doc = "a point");

#define MESSAGE(FIELD)                                                         \
  FIELD(required, string, id, SIO_FORMAT(UUID), SIO_LENGTH(1, 64))             \
  FIELD(optional, int64, replyTo, SIO_NULLABLE)                                \
  FIELD(required, enumeration(member_role), as, SIO_DEFAULT("\"guest\""))      \
  FIELD(required, object(point), at)                                           \
  FIELD(list, object(point), path, SIO_ITEMS(0, 8), SIO_DEFAULT("[]"))         \
  FIELD(list, object(message), answers, SIO_DEFAULT("[]"))                     \
  FIELD(optional_list, text(8), codes)
SIO_TYPE(message, MESSAGE, .unknown = SIO_UNKNOWN_REFUSE);

#define MOVE(FIELD)                                                            \
  FIELD(required, object(point), to)                                           \
  FIELD(optional, timestamp, at)
SIO_ARGUMENTS(move, MOVE);

int main(void)
{
  const char *why;

  return sio_schema_check(message_schema(), &why) == 0 &&
                 sio_schema_check(move_schema(), &why) == 0
             ? 0
             : 1;
}
