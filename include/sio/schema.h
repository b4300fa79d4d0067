/* SPDX-License-Identifier: MIT */
#ifndef SIO_SCHEMA_H
#define SIO_SCHEMA_H

/**
 * Types of payloads: one declaration gives a C struct and its description,
 * by which the library checks and reads what arrives, writes what is sent,
 * and tells the front end (<sio/contract.h>).
 *
 *     #define MEMBER_ROLE(NAME)                                               \
 *       NAME(ROLE_GUEST, "guest")                                             \
 *       NAME(ROLE_OWNER, "owner")
 *     SIO_ENUM(member_role, MEMBER_ROLE);
 *
 *     #define SEND_MESSAGE(FIELD)                                             \
 *       FIELD(required, string, roomId, SIO_LENGTH(1, 64))                    \
 *       FIELD(required, string, text, SIO_LENGTH(1, 2000))                    \
 *       FIELD(optional, int64, replyTo, SIO_DOC("the message answered"))      \
 *       FIELD(optional, enumeration(member_role), as, SIO_NULLABLE)           \
 *       FIELD(list, string, tags, SIO_LENGTH(1, 20), SIO_ITEMS(0, 8))
 *     SIO_TYPE(send_message, SEND_MESSAGE);
 *
 * The last line declares `struct send_message` (and a typedef of that name)
 * and `send_message_schema()`, its description.  What the struct has for a
 * field `f` of each kind:
 *
 * | kind | in the struct | in JSON |
 * | --- | --- | --- |
 * | `string` | `sio_str f`, borrowed | a string |
 * | `text(N)` | `char f[N]`, NUL-terminated | a string of up to N - 1 bytes |
 * | `boolean` | `bool f` | `true`, `false` |
 * | `int32` `int64` `uint32` `uint64` | `int32_t f` ... | a whole number |
 * | `number` | `double f` | a number |
 * | `enumeration(e)` | `e f` | one of the names, a string |
 * | `binary` | `sio_span f`, borrowed | an attachment |
 * | `object(t)` | `t f` | an object |
 * | `json` | `sio_value f`, borrowed | anything |
 * | `timestamp` | `int64_t f`, ms since 1970 | ISO 8601 with a zone |
 *
 * and for each mode:
 *
 * | mode | also in the struct | in JSON |
 * | --- | --- | --- |
 * | `required` | | must be there, unless it has a default |
 * | `optional` | `bool has_f` | may be missing |
 * | `list` | `struct { const T *items; size_t count; } f` | an array |
 * | `optional_list` | both | may be missing |
 *
 * What is missing and has a default (SIO_DEFAULT()) gets that; `has_f` still
 * says that it was missing.
 *
 * Borrowed parts, and the items of lists, live as long as what they were read
 * from (see sio_schema_read()).
 */

#include <sio/payload.h>

#ifdef __cplusplus
extern "C" {
#endif

/** What a field holds. */
typedef enum sio_kind {
  SIO_KIND_STRING = 1,
  SIO_KIND_TEXT = 2,
  SIO_KIND_BOOLEAN = 3,
  SIO_KIND_INT32 = 4,
  SIO_KIND_INT64 = 5,
  SIO_KIND_UINT32 = 6,
  SIO_KIND_UINT64 = 7,
  SIO_KIND_NUMBER = 8,
  SIO_KIND_ENUMERATION = 9,
  SIO_KIND_BINARY = 10,
  SIO_KIND_OBJECT = 11,
  SIO_KIND_JSON = 12,
  SIO_KIND_TIMESTAMP = 13
} sio_kind;

/** Whether a field must be there, and whether there are many of it. */
typedef enum sio_mode {
  SIO_MODE_REQUIRED = 1,
  SIO_MODE_OPTIONAL = 2,
  SIO_MODE_LIST = 3,
  SIO_MODE_OPTIONAL_LIST = 4
} sio_mode;

/** What the text of a string must look like. */
typedef enum sio_format {
  SIO_FORMAT_ANY = 0,
  SIO_FORMAT_UUID = 1,     /**< RFC 9562, any version, either case */
  SIO_FORMAT_EMAIL = 2,    /**< local@domain as of RFC 5321, ASCII, unquoted */
  SIO_FORMAT_DATETIME = 3, /**< RFC 3339, section 5.6 */
  SIO_FORMAT_URI = 4       /**< RFC 3986: absolute, with a scheme */
} sio_format;

/** What becomes of members that a type does not know. */
typedef enum sio_unknown {
  SIO_UNKNOWN_DROP = 0,
  SIO_UNKNOWN_REFUSE = 1
} sio_unknown;

typedef struct sio_schema sio_schema;

/** A check of the host's: NULL if all is well, else what was expected, as a
 *  constant text ("a weekday").  `value` is a pointer to the field (of a list:
 *  to each item), or to the struct where it stands for the whole type.  It is
 *  asked only if everything else is in order, looks and does nothing else. */
typedef const char *(*sio_check_fn)(const void *value);

/** One field.  Members are only added at the end; the schema says how large
 *  the struct is. */
typedef struct sio_field {
  const char *name;    /**< the member's name in JSON; no escapes */
  uint32_t kind;       /**< sio_kind */
  uint32_t mode;       /**< sio_mode */
  uint32_t offset;     /**< of the value, or of the list, in bytes */
  uint32_t has_offset; /**< of the bool, for both optional modes */
  uint32_t item_size;  /**< of the value, or of each item, in bytes; lists of
                            objects: 0 is as large as the type says */
  const sio_schema *(*type)(void); /**< of objects and enumerations, or */
  const sio_schema *schema;        /**< the same, if made at run time */
  uint32_t format;                 /**< sio_format */
  uint64_t min_length;             /**< strings: code points; binary: bytes */
  uint64_t max_length;             /**< 0: no limit */
  uint64_t min_items;
  uint64_t max_items; /**< 0: no limit but that of the whole payload */
  double min, max;    /**< numbers; the bounds themselves are allowed */
  bool has_min, has_max;
  bool nullable;        /**< `null` counts as missing; optional modes only */
  const char *fallback; /**< the default as JSON text, or NULL */
  const char *doc;      /**< a sentence for the front end, or NULL */
  sio_check_fn check;   /**< or NULL */
} sio_field;

/** What a schema describes. */
typedef enum sio_shape {
  SIO_SHAPE_OBJECT = 1,     /**< a struct that is an object in JSON */
  SIO_SHAPE_ARGUMENTS = 2,  /**< a struct whose fields are the arguments of an
                                 event, in order */
  SIO_SHAPE_ENUMERATION = 3 /**< a C enum */
} sio_shape;

/** A name of an enumeration. */
typedef struct sio_enum_name {
  const char *name;
  int32_t value;
} sio_enum_name;

/** A type: constant data, made by the macros below or at run time by
 *  sio_schema_new(). */
struct sio_schema {
  size_t size;       /**< of this struct */
  size_t field_size; /**< of a sio_field, as its maker knew it */
  const char *name;
  uint32_t shape; /**< sio_shape */
  size_t struct_size;
  const sio_field *fields;
  size_t n_fields;
  const sio_enum_name *names;
  size_t n_names;
  const char *doc;    /**< or NULL */
  uint32_t unknown;   /**< sio_unknown */
  sio_check_fn check; /**< of the whole, after its fields; or NULL */
};

/* ---- Declaring ---- */

/** Constraints, behind a field's name; in C++ (from C++20 on) in this order. */
#define SIO_FORMAT(word)      .format = SIO_FORMAT_##word
#define SIO_LENGTH(low, high) .min_length = (low), .max_length = (high)
#define SIO_ITEMS(low, high)  .min_items = (low), .max_items = (high)
#define SIO_RANGE(low, high)                                                   \
  .min = (low), .max = (high), .has_min = true, .has_max = true
#define SIO_NULLABLE           .nullable = true
#define SIO_DEFAULT(json_text) .fallback = (json_text)
#define SIO_DOC(sentence)      .doc = (sentence)
#define SIO_CHECK(function)    .check = (function)

/** Declare an enum whose values have names: see the top of this header. */
#define SIO_ENUM(type_name, NAMES)                                             \
  SIO_QUIET_                                                                   \
  typedef enum type_name { NAMES(SIO_ENUM_VALUE_) } type_name;                 \
  static inline SIO_UNUSED const sio_schema *type_name##_schema(void)          \
  {                                                                            \
    static const sio_enum_name names[] = {NAMES(SIO_ENUM_NAME_)};              \
    static const sio_schema schema = {.size = sizeof(sio_schema),              \
                                      .field_size = sizeof(sio_field),         \
                                      .name = #type_name,                      \
                                      .shape = SIO_SHAPE_ENUMERATION,          \
                                      .struct_size = sizeof(type_name),        \
                                      .names = names,                          \
                                      .n_names =                               \
                                          sizeof(names) / sizeof(names[0])};   \
    return &schema;                                                            \
  }                                                                            \
  SIO_LOUD_                                                                    \
  struct sio_none

/** Declare a type: see the top of this header.  More arguments set `.doc`,
 *  `.unknown` and `.check` of its sio_schema. */
#define SIO_TYPE(...) SIO_TYPE_X_(SIO_SHAPE_OBJECT, __VA_ARGS__, )

/** Likewise, of events with several arguments: the fields are the arguments,
 *  in order; optional ones can only be the last. */
#define SIO_ARGUMENTS(...) SIO_TYPE_X_(SIO_SHAPE_ARGUMENTS, __VA_ARGS__, )

/** The type of events without payload, and of acks without values. */
typedef struct sio_none sio_none;
static inline const sio_schema *sio_none_schema(void)
{
  return NULL;
}

/** What is passed where the type is sio_none. */
#define SIO_NONE ((const sio_none *)NULL)

/* What the macros above are made of.  C++ compilers warn of members that an
 * initializer leaves out, even if it names the others. */
#if defined(__cplusplus) && defined(__GNUC__)
#define SIO_QUIET_                                                             \
  _Pragma("GCC diagnostic push")                                               \
      _Pragma("GCC diagnostic ignored \"-Wmissing-field-initializers\"")       \
          _Pragma("GCC diagnostic ignored \"-Wparentheses\"")
#define SIO_LOUD_ _Pragma("GCC diagnostic pop")
#else
#define SIO_QUIET_
#define SIO_LOUD_
#endif

#define SIO_ENUM_VALUE_(constant, text) constant,
#define SIO_ENUM_NAME_(constant, text)  {text, constant},

#define SIO_TYPE_X_(shape_of, type_name, FIELDS, ...)                          \
  SIO_QUIET_                                                                   \
  typedef struct type_name {                                                   \
    FIELDS(SIO_MEMBER_)                                                        \
  } type_name;                                                                 \
  static inline SIO_UNUSED const sio_schema *type_name##_schema(void)          \
  {                                                                            \
    typedef type_name sio_this_;                                               \
    static const sio_field fields[] = {FIELDS(SIO_DESCRIBE_)};                 \
    static const sio_schema schema = {.size = sizeof(sio_schema),              \
                                      .field_size = sizeof(sio_field),         \
                                      .name = #type_name,                      \
                                      .shape = (shape_of),                     \
                                      .struct_size = sizeof(type_name),        \
                                      .fields = fields,                        \
                                      .n_fields =                              \
                                          sizeof(fields) / sizeof(fields[0]),  \
                                      __VA_ARGS__};                            \
    return &schema;                                                            \
  }                                                                            \
  SIO_LOUD_                                                                    \
  struct sio_none

#define SIO_MEMBER_(...) SIO_MEMBER_X_(__VA_ARGS__, )
#define SIO_MEMBER_X_(mode, kind, name, ...)                                   \
  SIO_MEMBER_##mode(SIO_C_##kind, SIO_DIM_##kind, name)
#define SIO_MEMBER_required(c, dim, name) c name dim;
#define SIO_MEMBER_optional(c, dim, name)                                      \
  c name dim;                                                                  \
  bool has_##name;
#define SIO_MEMBER_list(c, dim, name)                                          \
  struct {                                                                     \
    const c(*items) dim;                                                       \
    size_t count;                                                              \
  } name;
#define SIO_MEMBER_optional_list(c, dim, name)                                 \
  SIO_MEMBER_list(c, dim, name) bool has_##name;

#define SIO_DESCRIBE_(...) SIO_DESCRIBE_X_(__VA_ARGS__, )
#define SIO_DESCRIBE_X_(mode_of, kind_of, name_of, ...)                        \
  {.name = #name_of,                                                           \
   .kind = SIO_K_##kind_of,                                                    \
   .mode = SIO_M_##mode_of,                                                    \
   .offset = (uint32_t)offsetof(sio_this_, name_of),                           \
   .has_offset = SIO_HAS_##mode_of(name_of),                                   \
   .item_size = SIO_SIZE_##mode_of(name_of),                                   \
   .type = SIO_T_##kind_of,                                                    \
   __VA_ARGS__},

#define SIO_M_required      SIO_MODE_REQUIRED
#define SIO_M_optional      SIO_MODE_OPTIONAL
#define SIO_M_list          SIO_MODE_LIST
#define SIO_M_optional_list SIO_MODE_OPTIONAL_LIST

#define SIO_HAS_required(name)      0
#define SIO_HAS_optional(name)      (uint32_t) offsetof(sio_this_, has_##name)
#define SIO_HAS_list(name)          0
#define SIO_HAS_optional_list(name) SIO_HAS_optional(name)

#define SIO_SIZE_required(name)      (uint32_t)sizeof(((sio_this_ *)0)->name)
#define SIO_SIZE_optional(name)      SIO_SIZE_required(name)
#define SIO_SIZE_list(name)          (uint32_t)sizeof(*((sio_this_ *)0)->name.items)
#define SIO_SIZE_optional_list(name) SIO_SIZE_list(name)

#define SIO_C_string         sio_str
#define SIO_C_text(n)        char
#define SIO_C_boolean        bool
#define SIO_C_int32          int32_t
#define SIO_C_int64          int64_t
#define SIO_C_uint32         uint32_t
#define SIO_C_uint64         uint64_t
#define SIO_C_number         double
#define SIO_C_enumeration(e) e
#define SIO_C_binary         sio_span
#define SIO_C_object(t)      struct t
#define SIO_C_json           sio_value
#define SIO_C_timestamp      int64_t

#define SIO_DIM_string
#define SIO_DIM_text(n) [n]
#define SIO_DIM_boolean
#define SIO_DIM_int32
#define SIO_DIM_int64
#define SIO_DIM_uint32
#define SIO_DIM_uint64
#define SIO_DIM_number
#define SIO_DIM_enumeration(e)
#define SIO_DIM_binary
#define SIO_DIM_object(t)
#define SIO_DIM_json
#define SIO_DIM_timestamp

#define SIO_K_string         SIO_KIND_STRING
#define SIO_K_text(n)        SIO_KIND_TEXT
#define SIO_K_boolean        SIO_KIND_BOOLEAN
#define SIO_K_int32          SIO_KIND_INT32
#define SIO_K_int64          SIO_KIND_INT64
#define SIO_K_uint32         SIO_KIND_UINT32
#define SIO_K_uint64         SIO_KIND_UINT64
#define SIO_K_number         SIO_KIND_NUMBER
#define SIO_K_enumeration(e) SIO_KIND_ENUMERATION
#define SIO_K_binary         SIO_KIND_BINARY
#define SIO_K_object(t)      SIO_KIND_OBJECT
#define SIO_K_json           SIO_KIND_JSON
#define SIO_K_timestamp      SIO_KIND_TIMESTAMP

#define SIO_T_string         NULL
#define SIO_T_text(n)        NULL
#define SIO_T_boolean        NULL
#define SIO_T_int32          NULL
#define SIO_T_int64          NULL
#define SIO_T_uint32         NULL
#define SIO_T_uint64         NULL
#define SIO_T_number         NULL
#define SIO_T_enumeration(e) e##_schema
#define SIO_T_binary         NULL
#define SIO_T_object(t)      t##_schema
#define SIO_T_json           NULL
#define SIO_T_timestamp      NULL

/* ---- Reading and writing ---- */

/** What is wrong at one place of a payload; NUL-terminated texts, cut short if
 *  they are too long. */
typedef struct sio_mismatch {
  char path[112];    /**< "args[0].items[3].name" */
  char expected[80]; /**< "a string of 1 to 64 characters" */
  char found[40];    /**< "a number", "70 characters", "nothing" */
} sio_mismatch;

/** Mismatches that one payload reports; the others are counted. */
enum { SIO_MAX_MISMATCHES = 8 };

typedef struct sio_mismatches {
  size_t count; /**< of all */
  size_t kept;  /**< up to SIO_MAX_MISMATCHES */
  sio_mismatch items[SIO_MAX_MISMATCHES];
} sio_mismatches;

/** Memory for what is read from a payload: lists, and strings with escapes. */
typedef struct sio_arena sio_arena;

/**
 * Make an arena that holds up to `max_bytes`, which is what keeps a client
 * from having a small payload fill the memory: `[{},{},{}]` is three structs.
 * A list may need three times its size while it grows.
 *
 * Ownership: the caller owns it and ends it with sio_arena_free().
 *            `allocator` is copied; NULL means malloc.
 * Errors:    NULL when out of memory.
 */
SIO_API SIO_MUST_USE sio_arena *sio_arena_new(const sio_allocator *allocator,
                                              size_t max_bytes);
/** End an arena and what was read into it; NULL is ignored. */
SIO_API void sio_arena_free(sio_arena *arena);
/** Empty an arena; its memory is kept for reuse. */
SIO_API void sio_arena_reset(sio_arena *arena);

/**
 * Check a description: SIO_ERR_INVALID if it contradicts itself (a default
 * that its own field refuses, an optional argument before a required one, two
 * fields of one name, bounds the wrong way round, ...); `*why` (which may be
 * NULL) is then set to a constant text.  NULL, which describes nothing, passes.
 * All other functions take for granted that it has passed.
 */
SIO_API int sio_schema_check(const sio_schema *schema, const char **why);

/**
 * Read an object (or of SIO_SHAPE_ENUMERATION: a name) into the struct that a
 * schema describes.  Of duplicate members the last one counts.  Objects and
 * arrays may be nested 64 deep, those of SIO_KIND_JSON as deep as they are.
 * `arena` may be NULL if nothing that is sent can need it.
 *
 * Lifetime: what the struct borrows lives as long as the value's document and
 *           until the arena is reset.
 * Errors:   SIO_ERR_TYPE: it does not match; `mismatches` (which may be NULL)
 *           say where, and the struct is not to be read.  SIO_ERR_NOMEM;
 *           SIO_ERR_LIMIT: more than the arena may hold.
 */
SIO_API int sio_schema_read(const sio_schema *schema, sio_value value,
                            void *out, sio_arena *arena,
                            sio_mismatches *mismatches);

/** Likewise the arguments of an event or of an acknowledgement: into a struct
 *  of SIO_SHAPE_ARGUMENTS, or the one argument into the struct.  `schema`
 *  NULL: there must be none. */
SIO_API int sio_schema_read_args(const sio_schema *schema, const sio_args *args,
                                 void *out, sio_arena *arena,
                                 sio_mismatches *mismatches);

/**
 * Append what a struct holds to a payload: as one object, or for
 * SIO_SHAPE_ARGUMENTS one value for each field.  Constraints are not checked.
 *
 * Errors: kept in the payload: also SIO_ERR_RANGE (a value that its enum does
 *         not name, a timestamp outside of the years 0 to 9999, a number that
 *         is not finite), SIO_ERR_UTF8.
 */
SIO_API void sio_payload_struct(sio_payload *payload, const sio_schema *schema,
                                const void *value);

/* ---- Types made at run time, for bindings ---- */

/**
 * Make an empty description of a struct that the library lays out itself, or
 * an enumeration.  Fields get their places in the order of adding; the layout
 * is that of C.  Names and texts are copied.
 *
 * Ownership: the caller owns it and ends it with sio_schema_free(), after all
 *            that uses it.  `allocator` is copied; NULL means malloc.
 * Errors:    NULL: no memory, or an unknown shape.
 */
SIO_API SIO_MUST_USE sio_schema *sio_schema_new(const sio_allocator *allocator,
                                                const char *name,
                                                sio_shape shape);
/** End a description of sio_schema_new(); NULL is ignored. */
SIO_API void sio_schema_free(sio_schema *schema);

/** Say what becomes of unknown members, what the type is for, and who checks
 *  it as a whole. */
SIO_API void sio_schema_set_unknown(sio_schema *schema, sio_unknown unknown);
SIO_API int sio_schema_set_doc(sio_schema *schema, const char *doc);
SIO_API void sio_schema_set_check(sio_schema *schema, sio_check_fn check);

/** Add a name to an enumeration. */
SIO_API int sio_schema_add_name(sio_schema *schema, const char *name,
                                int32_t value);

/**
 * Add a field.  `type` is that of objects and enumerations, else NULL;
 * `text_size` that of SIO_KIND_TEXT.  What is set after it goes for the field
 * that was added last.
 *
 * A type is borrowed as long as the schema, and complete before it becomes a
 * part of another, other than in a list.
 *
 * Errors: SIO_ERR_INVALID, SIO_ERR_NOMEM.
 */
SIO_API int sio_schema_add_field(sio_schema *schema, const char *name,
                                 sio_mode mode, sio_kind kind,
                                 const sio_schema *type, size_t text_size);
SIO_API int sio_schema_set_format(sio_schema *schema, sio_format format);
SIO_API int sio_schema_set_length(sio_schema *schema, uint64_t min,
                                  uint64_t max);
SIO_API int sio_schema_set_items(sio_schema *schema, uint64_t min,
                                 uint64_t max);
SIO_API int sio_schema_set_min(sio_schema *schema, double min);
SIO_API int sio_schema_set_max(sio_schema *schema, double max);
SIO_API int sio_schema_set_nullable(sio_schema *schema, bool nullable);
SIO_API int sio_schema_set_default(sio_schema *schema, const char *json);
SIO_API int sio_schema_set_field_doc(sio_schema *schema, const char *doc);
SIO_API int sio_schema_set_field_check(sio_schema *schema, sio_check_fn check);

/** The size of the struct, and where a field stands in it; SIZE_MAX: there is
 *  none of that name.  `has` (which may be NULL) is set to the place of its
 *  bool, or SIZE_MAX. */
SIO_API size_t sio_schema_struct_size(const sio_schema *schema);
SIO_API size_t sio_schema_offset(const sio_schema *schema, const char *name,
                                 size_t *has);

#ifdef __cplusplus
}
#endif

#endif
