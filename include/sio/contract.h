/* SPDX-License-Identifier: MIT */
#ifndef SIO_CONTRACT_H
#define SIO_CONTRACT_H

/**
 * Contracts: which events clients and server of a namespace send each other,
 * with which payloads, checked by the C compiler here, by the TypeScript
 * compiler in the front end, and by the library on what arrives.
 *
 *     #define CHAT_EVENTS(CLIENT, SERVER)                                     \
 *       CLIENT(chat_send, "chat:send-message", send_message, delivered)       \
 *       CLIENT(chat_typing, "chat:typing-start", room_ref, sio_none)          \
 *       SERVER(chat_message, "chat:message", chat_text, sio_none)
 *     SIO_CONTRACT(chat, "/chat", CHAT_EVENTS);
 *
 * CLIENT are events that clients send, SERVER those that the server sends; each
 * has a name in C, its name on the wire, the type of its payload and that of
 * its acknowledgement (<sio/schema.h>; sio_none: nothing).  Then:
 *
 *     static void on_send(sio_socket *socket, const send_message *message,
 *                         sio_ack *ack, void *user)
 *     {
 *       sio_typed_emit(chat_message, sio_to(socket, message->roomId),
 *                      &(chat_text){.text = message->text});
 *       sio_typed_ack(chat_send, ack, &(delivered){.id = 7});
 *     }
 *
 *     sio_ns_set_contract(ns, chat_contract(), NULL);
 *     sio_typed_on(chat_send, ns, on_send, NULL);
 *
 * on_send() is called only with what fits the type; a handler, a payload or an
 * answer of another type does not compile.
 */

#include <sio/broadcast.h>
#include <sio/schema.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Who sends an event. */
typedef enum sio_sender {
  SIO_SENT_BY_CLIENT = 1,
  SIO_SENT_BY_SERVER = 2
} sio_sender;

/** One event of a contract. */
typedef struct sio_event_schema {
  const char *name;                   /**< on the wire */
  uint32_t sender;                    /**< sio_sender */
  const sio_schema *(*payload)(void); /**< or: */
  const sio_schema *payload_schema;   /**< the same, if made at run time */
  const sio_schema *(*answer)(void);  /**< of the acknowledgement; or: */
  const sio_schema *answer_schema;
  const char *doc; /**< a sentence for the front end, or NULL */
} sio_event_schema;

/** A contract: constant data, made by SIO_CONTRACT() or at run time by
 *  sio_contract_new(). */
typedef struct sio_contract {
  size_t size;       /**< of this struct */
  size_t event_size; /**< of a sio_event_schema, as its maker knew it */
  const char *name;
  const char *nsp; /**< the namespace, or a pattern of <sio/dynamic.h> */
  const sio_event_schema *events;
  size_t n_events;
  const char *doc;     /**< or NULL */
  const char *version; /**< of the contract, for descriptions; or NULL */
} sio_contract;

/* ---- Contracts of a namespace ---- */

/** What becomes of events that a contract does not name. */
typedef enum sio_unknown_event {
  SIO_UNKNOWN_EVENT_REFUSE =
      0,                       /**< the client is told, as of a wrong payload */
  SIO_UNKNOWN_EVENT_PASS = 1,  /**< they are handled as without a contract */
  SIO_UNKNOWN_EVENT_IGNORE = 2 /**< they are dropped */
} sio_unknown_event;

/** Why an event was refused. */
typedef struct sio_violation {
  const char *code;                 /**< "invalid_payload" or "unknown_event" */
  const char *message;              /**< a sentence, constant */
  sio_str event;                    /**< borrowed, as all of it */
  const sio_mismatches *mismatches; /**< NULL for unknown events */
} sio_violation;

/** Tells a client, instead of the library; `ack` is NULL if none was asked
 *  for. */
typedef void (*sio_violation_fn)(sio_socket *socket,
                                 const sio_violation *violation, sio_ack *ack,
                                 void *user);

typedef struct sio_contract_options {
  size_t size;             /**< set by sio_contract_options_init() */
  uint32_t unknown_events; /**< sio_unknown_event */
  uint32_t reserved_;
  size_t max_decoded_bytes;      /**< lists and unescaped strings of one event;
                                      default 1 MiB */
  sio_violation_fn on_violation; /**< or NULL: see sio_ns_set_contract() */
  void *user;
} sio_contract_options;

#define sio_contract_options_init(options)                                     \
  sio_contract_options_init_sized((options), sizeof(*(options)))
SIO_API void sio_contract_options_init_sized(sio_contract_options *options,
                                             size_t size);

/**
 * Let a contract stand between the clients of a namespace and its handlers, in
 * place of the one before; NULL: none.  What the client sends is checked where
 * the handlers would be called, behind the middlewares: handlers of
 * sio_typed_on() get the struct, those of sio_on() the arguments as ever, and
 * none of them what does not fit.
 *
 * A client that sends what does not fit is told: if it asked for an
 * acknowledgement that is `{error: {event, code, message, errors}}`, else it
 * gets the event `exception` with `{event, code, message, errors}`, where
 * `errors` are `{path, expected, found}`.  `options` NULL: the defaults.
 * That of a parent goes for its children that have none of their own.
 *
 * Lifetime: the contract is borrowed as long as the namespace has it.
 * Errors:   SIO_ERR_INVALID (sio_contract_check() says why; or `size` is not
 *           set), SIO_ERR_NOMEM.
 */
SIO_API int sio_ns_set_contract(sio_ns *ns, const sio_contract *contract,
                                const sio_contract_options *options);

/** Check a contract, as sio_schema_check(): its types, and that no two events
 *  of a sender have one name, and none a reserved one. */
SIO_API int sio_contract_check(const sio_contract *contract, const char **why);

/* ---- Typed handlers, emits and acks ---- */

/*
 * `event` is the name in C that CLIENT or SERVER gave.  The last argument of
 * each is a pointer to the struct, `&(type){...}` too, or SIO_NONE.
 */

/** Add a handler of a client's event:
 *  `void fn(sio_socket *, const payload *, sio_ack *, void *user)`; `ack` is
 *  NULL if none is asked for.  The struct is borrowed until it returns.
 *
 *  Errors: as sio_on(); SIO_ERR_STATE: the contract of the namespace does not
 *  have this event. */
#define sio_typed_on(event, ns, fn, user)                                      \
  event##_on_((ns), SIO_HANDLER_(event##_fn, fn), (user))

/** Remove it; as sio_off(). */
#define sio_typed_off(event, ns, fn, user)                                     \
  event##_off_((ns), SIO_HANDLER_(event##_fn, fn), (user))

/** Answer a client's event; errors as sio_ackf(), and of the payload. */
#define sio_typed_ack(event, ack, ...)                                         \
  event##_ack_((ack), SIO_POINTER_(event##_answer_type_, __VA_ARGS__))

/** Emit an event of the server to any target; as sio_emitf(). */
#define sio_typed_emit(event, target, ...)                                     \
  event##_emit_((target), SIO_POINTER_(event##_payload_type_, __VA_ARGS__))

/** Likewise to one socket, asking for its answer: `void fn(sio_socket *,
 *  int status, const answer *, void *user)`.  It is called exactly once;
 *  `status` is as of sio_response_fn, or SIO_ERR_TYPE if the client's answer
 *  does not fit; the struct is NULL if it is not 0. */
#define sio_typed_ask(event, target, timeout_ms, fn, user, ...)                \
  event##_ask_((target), SIO_POINTER_(event##_payload_type_, __VA_ARGS__),     \
               (timeout_ms), SIO_HANDLER_(event##_answer_fn, fn), (user))

/** Declare a contract: see the top of this header.  More arguments set `.doc`
 *  and `.version` of its sio_contract. */
#define SIO_CONTRACT(...) SIO_CONTRACT_X_(__VA_ARGS__, )

/* ---- The same by functions, for bindings ---- */

/** A function of some type, only to be called as what it is. */
typedef void (*sio_any_function)(void);
/** Calls a handler with what has been read. */
typedef void (*sio_typed_call)(sio_any_function fn, sio_socket *socket,
                               const void *payload, sio_ack *ack, void *user);
typedef void (*sio_typed_answer_call)(sio_any_function fn, sio_socket *socket,
                                      int status, const void *answer,
                                      void *user);

/** Behind sio_typed_on() and sio_typed_off(): `call` is called with `fn`. */
SIO_API int sio_typed_add(sio_ns *ns, const sio_event_schema *event,
                          sio_typed_call call, sio_any_function fn, void *user);
SIO_API int sio_typed_remove(sio_ns *ns, const sio_event_schema *event,
                             sio_any_function fn, void *user);

/** Emit a struct, or answer with one; `schema` NULL: no values. */
SIO_API int sio_emit_struct(sio_target target, const char *event,
                            const sio_schema *schema, const void *value);
SIO_API int sio_ack_struct(sio_ack *ack, const sio_schema *schema,
                           const void *value);

/** Behind sio_typed_ask(). */
SIO_API int sio_ask_struct(sio_target target, const sio_event_schema *event,
                           const void *value, uint64_t timeout_ms,
                           sio_typed_answer_call call, sio_any_function fn,
                           void *user);

/**
 * Make an empty contract at run time.  Names and texts are copied, schemas are
 * borrowed as long as the contract.
 *
 * Ownership: the caller owns it and ends it with sio_contract_free(), after
 *            all namespaces that have it.  `allocator` is copied; NULL means
 *            malloc.
 * Errors:    NULL when out of memory.
 */
SIO_API SIO_MUST_USE sio_contract *
sio_contract_new(const sio_allocator *allocator, const char *name,
                 const char *nsp);
/** End a contract of sio_contract_new(); NULL is ignored. */
SIO_API void sio_contract_free(sio_contract *contract);
/** Add an event.  Errors: SIO_ERR_INVALID, SIO_ERR_NOMEM. */
SIO_API int sio_contract_add(sio_contract *contract, sio_sender sender,
                             const char *name, const sio_schema *payload,
                             const sio_schema *answer, const char *doc);

/* ---- Descriptions for others ---- */

/** Takes a piece of text; false stops, and the writer returns
 *  SIO_ERR_STATE. */
typedef bool (*sio_text_fn)(sio_str text, void *user);

/**
 * Write what a front end needs, of one or several contracts:
 *
 * - TypeScript: a declaration file with an interface for each type and, for a
 *   contract `chat`, the event maps `ChatClientToServerEvents` and
 *   `ChatServerToClientEvents` that socket.io-client takes; of a single
 *   contract also `ClientToServerEvents` and `ServerToClientEvents`.
 * - JSON Schema (2020-12): `$defs` has each type, and each event by
 *   "namespace event" with its array of arguments.
 * - AsyncAPI (3.0): a channel for each namespace, operations and messages.
 *
 * `allocator` NULL means malloc.
 *
 * Errors: SIO_ERR_INVALID (sio_contract_check(); or two types have one name),
 *         SIO_ERR_NOMEM, SIO_ERR_STATE (`fn` stopped it).
 */
SIO_API int sio_contract_write_typescript(const sio_contract *const *contracts,
                                          size_t n,
                                          const sio_allocator *allocator,
                                          sio_text_fn fn, void *user);
SIO_API int sio_contract_write_json_schema(const sio_contract *const *contracts,
                                           size_t n,
                                           const sio_allocator *allocator,
                                           sio_text_fn fn, void *user);
SIO_API int sio_contract_write_asyncapi(const sio_contract *const *contracts,
                                        size_t n,
                                        const sio_allocator *allocator,
                                        sio_text_fn fn, void *user);

/* ---- What the macros above are made of ---- */

#ifdef __cplusplus
#define SIO_POINTER_(type, ...) (__VA_ARGS__)
#define SIO_HANDLER_(type, fn)  (fn)
#else
/* A pointer of another type matches nothing, which is an error, where an
 * argument's conversion may be but a warning. */
#define SIO_POINTER_(type, ...)                                                \
  _Generic((__VA_ARGS__), type * : (__VA_ARGS__), const type * : (__VA_ARGS__))
#define SIO_HANDLER_(type, fn) _Generic((fn), type : (fn))
#endif

#define SIO_CONTRACT_X_(contract_name, namespace_name, EVENTS, ...)            \
  SIO_QUIET_                                                                   \
  EVENTS(SIO_CLIENT_EVENT_, SIO_SERVER_EVENT_)                                 \
  static inline SIO_UNUSED const sio_contract *contract_name##_contract(void)  \
  {                                                                            \
    static const sio_event_schema events[] = {                                 \
        EVENTS(SIO_CLIENT_ROW_, SIO_SERVER_ROW_)};                             \
    static const sio_contract contract = {                                     \
        .size = sizeof(sio_contract),                                          \
        .event_size = sizeof(sio_event_schema),                                \
        .name = #contract_name,                                                \
        .nsp = (namespace_name),                                               \
        .events = events,                                                      \
        .n_events = sizeof(events) / sizeof(events[0]),                        \
        __VA_ARGS__};                                                          \
    return &contract;                                                          \
  }                                                                            \
  SIO_LOUD_                                                                    \
  struct sio_none

#define SIO_ROW_(sent_by, text, payload_type, answer_type, ...)                \
  {                                                                            \
    .name = (text), .sender = (sent_by), .payload = payload_type##_schema,     \
    .answer = answer_type##_schema, __VA_ARGS__                                \
  }

#define SIO_CLIENT_ROW_(...)       SIO_CLIENT_ROW_X_(__VA_ARGS__, )
#define SIO_CLIENT_ROW_X_(id, ...) SIO_ROW_(SIO_SENT_BY_CLIENT, __VA_ARGS__),
#define SIO_SERVER_ROW_(...)       SIO_SERVER_ROW_X_(__VA_ARGS__, )
#define SIO_SERVER_ROW_X_(id, ...) SIO_ROW_(SIO_SENT_BY_SERVER, __VA_ARGS__),

#define SIO_EVENT_(sent_by, id, text, payload_type, answer_type)               \
  static inline SIO_UNUSED const sio_event_schema *id##_event(void)            \
  {                                                                            \
    static const sio_event_schema event =                                      \
        SIO_ROW_(sent_by, text, payload_type, answer_type, );                  \
    return &event;                                                             \
  }

/* Of each kind there is only what can be done with it: a server that emits an
 * event of clients does not compile. */
#define SIO_CLIENT_EVENT_(...) SIO_CLIENT_EVENT_X_(__VA_ARGS__, )
#define SIO_CLIENT_EVENT_X_(id, text, payload_type, answer_type, ...)          \
  SIO_EVENT_(SIO_SENT_BY_CLIENT, id, text, payload_type, answer_type)          \
  typedef answer_type id##_answer_type_;                                       \
  typedef void (*id##_fn)(sio_socket *, const payload_type *, sio_ack *,       \
                          void *);                                             \
  static inline SIO_UNUSED void id##_call_(                                    \
      sio_any_function fn, sio_socket *socket, const void *payload,            \
      sio_ack *ack, void *user)                                                \
  {                                                                            \
    ((id##_fn)fn)(socket, (const payload_type *)payload, ack, user);           \
  }                                                                            \
  static inline SIO_UNUSED int id##_on_(sio_ns *ns, id##_fn fn, void *user)    \
  {                                                                            \
    return sio_typed_add(ns, id##_event(), id##_call_, (sio_any_function)fn,   \
                         user);                                                \
  }                                                                            \
  static inline SIO_UNUSED int id##_off_(sio_ns *ns, id##_fn fn, void *user)   \
  {                                                                            \
    return sio_typed_remove(ns, id##_event(), (sio_any_function)fn, user);     \
  }                                                                            \
  static inline SIO_UNUSED int id##_ack_(sio_ack *ack,                         \
                                         const answer_type *value)             \
  {                                                                            \
    return sio_ack_struct(ack, answer_type##_schema(), value);                 \
  }

#define SIO_SERVER_EVENT_(...) SIO_SERVER_EVENT_X_(__VA_ARGS__, )
#define SIO_SERVER_EVENT_X_(id, text, payload_type, answer_type, ...)          \
  SIO_EVENT_(SIO_SENT_BY_SERVER, id, text, payload_type, answer_type)          \
  typedef payload_type id##_payload_type_;                                     \
  typedef void (*id##_answer_fn)(sio_socket *, int, const answer_type *,       \
                                 void *);                                      \
  static inline SIO_UNUSED void id##_call_(sio_any_function fn,                \
                                           sio_socket *socket, int status,     \
                                           const void *answer, void *user)     \
  {                                                                            \
    ((id##_answer_fn)fn)(socket, status, (const answer_type *)answer, user);   \
  }                                                                            \
  static inline SIO_UNUSED int id##_emit_(sio_target target,                   \
                                          const payload_type *value)           \
  {                                                                            \
    return sio_emit_struct(target, (text), payload_type##_schema(), value);    \
  }                                                                            \
  static inline SIO_UNUSED int id##_ask_(                                      \
      sio_target target, const payload_type *value, uint64_t timeout_ms,       \
      id##_answer_fn fn, void *user)                                           \
  {                                                                            \
    return sio_ask_struct(target, id##_event(), value, timeout_ms, id##_call_, \
                          (sio_any_function)fn, user);                         \
  }

#ifdef __cplusplus
}
#endif

#endif
