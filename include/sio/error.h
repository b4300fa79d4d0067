/* SPDX-License-Identifier: MIT */
#ifndef SIO_ERROR_H
#define SIO_ERROR_H

#include <sio/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * Every error code: name, value, text.
 *
 * From -1 to -499 the call failed and had no effect; from -500 on the object
 * is finished and every further call on it says so.
 */
#define SIO_ERROR_LIST(X)                                                      \
  X(NOMEM, -1, "out of memory")                                                \
  X(INVALID, -2, "an argument or option is out of range")                      \
  X(STATE, -3, "not possible in the present state")                            \
  X(REENTRANT, -4, "the connection is already being fed further up the stack") \
  X(LIMIT, -5, "a configured limit was reached")                               \
  X(NOT_FOUND, -6, "there is nothing by that name")                            \
  X(JSON, -7, "not valid JSON")                                                \
  X(TYPE, -8, "the value has another type")                                    \
  X(RANGE, -9, "the number does not fit")                                      \
  X(UTF8, -10, "not valid UTF-8")                                              \
  X(RESERVED, -11, "the event name is reserved")                               \
  X(FORMAT, -12, "the format string is malformed")                             \
  X(RANDOM, -13, "the random source failed")                                   \
  X(UNSUPPORTED, -14, "not supported here")                                    \
  X(TIMEOUT, -15, "the operation has timed out")                               \
  X(IO, -16, "an operating system call failed")                                \
  X(ADDRESS, -17, "the address cannot be used")                                \
  X(IN_USE, -18, "the address is already in use")                              \
  X(DISCONNECTED, -500, "the socket is disconnected")                          \
  X(CLOSED, -501, "the server is closed")

/** Error codes; see SIO_ERROR_LIST.  What is not negative is no error. */
enum sio_error {
  SIO_OK = 0,
  SIO_DROPPED = 1,  /**< a volatile message that could not go out now */
  SIO_BUFFERED = 2, /**< sent, but much has not gone out yet */
#define SIO_ERROR_ENUM(name, value, text) SIO_ERR_##name = value,
  SIO_ERROR_LIST(SIO_ERROR_ENUM)
#undef SIO_ERROR_ENUM
};

/**
 * Explain an error code.
 *
 * Lifetime: the text is constant; an unknown code gives "unknown error".
 */
SIO_API const char *sio_strerror(int error);

/**
 * Why a socket left, in the words that Socket.IO uses everywhere.
 * Name, value, text (Socket.IO server API, "disconnect").
 */
#define SIO_REASON_LIST(X)                                                     \
  X(NONE, 0, "")                                                               \
  X(CLIENT_DISCONNECT, 1, "client namespace disconnect")                       \
  X(SERVER_DISCONNECT, 2, "server namespace disconnect")                       \
  X(SHUTTING_DOWN, 3, "server shutting down")                                  \
  X(FORCED_SERVER_CLOSE, 4, "forced server close")                             \
  X(FORCED_CLOSE, 5, "forced close")                                           \
  X(TRANSPORT_CLOSE, 6, "transport close")                                     \
  X(TRANSPORT_ERROR, 7, "transport error")                                     \
  X(PING_TIMEOUT, 8, "ping timeout")                                           \
  X(PARSE_ERROR, 9, "parse error")

/** Standard reasons; see SIO_REASON_LIST. */
typedef enum sio_reason {
#define SIO_REASON_ENUM(name, value, text) SIO_REASON_##name = value,
  SIO_REASON_LIST(SIO_REASON_ENUM)
#undef SIO_REASON_ENUM
      SIO_REASON_MAX_ = 0x7fffffff
} sio_reason;

/** The standard text of a reason; constant. */
SIO_API const char *sio_reason_text(sio_reason reason);

/**
 * What precisely ended a connection, a session or a request: a closed set,
 * one cause for each end.  Name, value, text.
 */
#define SIO_CAUSE_LIST(X)                                                      \
  X(NONE, 0, "none")                                                           \
  X(CLIENT_LEFT, 1, "the client left the namespace")                           \
  X(SERVER_LEFT, 2, "the host disconnected the socket")                        \
  X(SERVER_CLOSED, 3, "the server was closed")                                 \
  X(PEER_CLOSED, 4, "the peer closed the websocket")                           \
  X(PEER_GONE, 5, "the peer closed the transport without saying goodbye")      \
  X(CLOSE_PACKET, 6, "the client sent a close packet")                         \
  X(PING_TIMEOUT, 7, "no pong arrived in time")                                \
  X(CONNECT_TIMEOUT, 8, "no namespace was joined in time")                     \
  X(NOT_ALLOWED, 9, "a packet that is not allowed in this state")              \
  X(PACKET, 10, "an undecodable Socket.IO packet")                             \
  X(ENGINE_PACKET, 11, "an undecodable Engine.IO packet")                      \
  X(FRAME, 12, "an invalid websocket frame")                                   \
  X(TEXT, 13, "invalid UTF-8")                                                 \
  X(MESSAGE_SIZE, 14, "Max payload size exceeded")                             \
  X(FRAGMENTS, 15, "too many fragments in one message")                        \
  X(POLL_OVERLAP, 16, "overlap from client")                                   \
  X(POST_OVERLAP, 17, "data request overlap from client")                      \
  X(POLL_ABORTED, 18, "poll connection closed prematurely")                    \
  X(POST_ABORTED, 19, "data request connection closed prematurely")            \
  X(CONTENT_TYPE, 20, "invalid content")                                       \
  X(HEARTBEAT, 21, "invalid heartbeat direction")                              \
  X(HTTP, 22, "a malformed HTTP request")                                      \
  X(HEADER_SIZE, 23, "the request header is too large")                        \
  X(HEADER_COUNT, 24, "too many request headers")                              \
  X(HEADER_TIMEOUT, 25, "the request header took too long")                    \
  X(BODY_TIMEOUT, 26, "the request body took too long")                        \
  X(BODY_SIZE, 27, "the request body is too large")                            \
  X(IDLE_TIMEOUT, 28, "no further request on a kept-alive connection")         \
  X(CLOSE_TIMEOUT, 29, "the peer did not finish closing in time")              \
  X(OUTPUT_SIZE, 30, "too many unsent bytes")                                  \
  X(ATTACHMENTS, 31, "too many attachments")                                   \
  X(ATTACHMENT_SIZE, 32, "too many bytes of attachments")                      \
  X(ATTACHMENT_TIMEOUT, 33, "the attachments took too long")                   \
  X(PAYLOAD_PACKETS, 34, "too many packets in one payload")                    \
  X(NAMESPACES, 35, "too many namespaces on one connection")                   \
  X(PIPELINE, 36, "too many pipelined requests")                               \
  X(CONNECTIONS, 37, "too many connections")                                   \
  X(NOMEM, 38, "out of memory")                                                \
  X(HOST, 39, "the host closed the connection")                                \
  X(WRITE, 40, "write error")                                                  \
  X(REFUSED, 41, "the handshake was refused")                                  \
  X(UPGRADE_TIMEOUT, 42, "the upgrade was not finished in time")               \
  X(DONE, 43, "the exchange was complete")                                     \
  X(SESSIONS, 44, "too many sessions")                                         \
  X(HANDSHAKE_TIMEOUT, 45, "the host did not decide about the handshake")      \
  X(UNHANDLED_UPGRADE, 46, "nobody handles the upgrade request")               \
  X(MESSAGE_TIMEOUT, 47, "a websocket message took too long")                  \
  X(DYNAMIC_NAMESPACES, 48, "too many namespaces that clients have made")      \
  X(WAITING_EVENTS, 49, "too many events that wait for a middleware")          \
  X(WAITING_BYTES, 50, "too many bytes of events that wait")                   \
  X(RATE_ADDRESS, 51, "too many handshakes from one address")                  \
  X(SESSIONS_ADDRESS, 52, "too many sessions from one address")                \
  X(RATE_HANDSHAKES, 53, "too many handshakes at a time")                      \
  X(HANDSHAKES_PENDING, 54, "too many handshakes that wait for the host")      \
  X(RATE_EVENTS, 55, "too many events at a time")                              \
  X(RATE_BYTES, 56, "too many bytes of events at a time")                      \
  X(RATE_JOINS, 57, "too many joins at a time")                                \
  X(OUTPUT_PACKETS, 58, "too many unsent packets")                             \
  X(TLS_HANDSHAKE, 59, "the TLS handshake failed")                             \
  X(TLS_TIMEOUT, 60, "the TLS handshake took too long")                        \
  X(TLS_CERTIFICATE, 61, "the client certificate was refused")                 \
  X(TLS_ALERT, 62, "the peer has ended TLS with an alert")                     \
  X(TLS_RECORD, 63, "an invalid TLS record")                                   \
  X(PROXY, 64, "not the header of a trusted proxy")                            \
  X(AUTH_SIZE, 65, "the auth payload is too large")                            \
  X(TOKEN_EXPIRED, 66, "the token has expired")                                \
  X(TOKEN_REVOKED, 67, "the token has been revoked")                           \
  X(RATE_TLS_ADDRESS, 68, "too many TLS handshakes from one address")          \
  X(RATE_TLS, 69, "too many TLS handshakes at a time")

/** Precise causes; see SIO_CAUSE_LIST. */
typedef enum sio_cause {
#define SIO_CAUSE_ENUM(name, value, text) SIO_CAUSE_##name = value,
  SIO_CAUSE_LIST(SIO_CAUSE_ENUM)
#undef SIO_CAUSE_ENUM
      SIO_CAUSE_COUNT_ = 70,
  SIO_CAUSE_MAX_ = 0x7fffffff
} sio_cause;

/** The text of a cause; constant. */
SIO_API const char *sio_cause_text(sio_cause cause);

/** How something ended: given to callbacks and to the log. */
typedef struct sio_end {
  sio_reason reason;  /**< the standard reason */
  sio_cause cause;    /**< which one of its many triggers */
  const char *detail; /**< constant text that says more, or NULL */
  uint64_t limit;     /**< the limit that was hit, or 0 */
  uint64_t seen;      /**< the size seen when it was hit, or 0 */
} sio_end;

#ifdef __cplusplus
}
#endif

#endif
