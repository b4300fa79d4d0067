/* SPDX-License-Identifier: MIT */
#ifndef SIO_JWT_H
#define SIO_JWT_H

/**
 * JSON Web Tokens (RFC 7519) in the compact form: signed ones are verified
 * and made; encrypted ones are not supported.
 *
 * A key set says which keys are trusted and which algorithms each of them may
 * be used with; a token never chooses more than one of these pairs, and there
 * is no way to accept an unsigned one.  Nothing here does I/O or asks a clock.
 *
 * Threads: a key set and the tokens are for one thread at a time.
 */

#include <sio/payload.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Algorithms (RFC 7518 section 3.1); `|` makes a set of them. */
typedef enum sio_jwt_alg {
  SIO_JWT_HS256 = 0x001, /**< HMAC: whoever verifies can sign, too */
  SIO_JWT_HS384 = 0x002,
  SIO_JWT_HS512 = 0x004,
  SIO_JWT_RS256 = 0x008, /**< RSA, PKCS #1 v1.5 */
  SIO_JWT_RS384 = 0x010,
  SIO_JWT_RS512 = 0x020,
  SIO_JWT_PS256 = 0x040, /**< RSA, PSS with a salt as long as the hash */
  SIO_JWT_PS384 = 0x080,
  SIO_JWT_PS512 = 0x100,
  SIO_JWT_ES256 = 0x200, /**< ECDSA with P-256 */
  SIO_JWT_ES384 = 0x400, /**< ECDSA with P-384 */
  SIO_JWT_ES512 = 0x800  /**< ECDSA with P-521 */
} sio_jwt_alg;

/**
 * What is wrong with a token or a key: name, value, machine word, text.
 *
 * Functions below return these besides those of <sio/error.h>; all are
 * negative.  The words are stable: clients may be told them.
 */
#define SIO_JWT_ERROR_LIST(X)                                                  \
  X(TOO_LARGE, -200, "too_large", "the token is too long")                     \
  X(MALFORMED, -201, "malformed", "not a signed token in the compact form")    \
  X(DUPLICATE, -202, "duplicate_member", "a member is there twice")            \
  X(TOO_DEEP, -203, "too_deep", "nested too deep, or too many members")        \
  X(ALGORITHM, -204, "algorithm_not_allowed",                                  \
    "no key may be used with the algorithm of the token")                      \
  X(CRITICAL, -205, "unknown_critical",                                        \
    "the token asks for an extension that is not supported")                   \
  X(WRONG_TYPE, -206, "wrong_type", "the token is of another type")            \
  X(UNKNOWN_KEY, -207, "unknown_key",                                          \
    "no key has the id that the token names")                                  \
  X(BAD_SIGNATURE, -208, "bad_signature", "the signature is wrong")            \
  X(EXPIRED, -209, "expired", "the token has expired")                         \
  X(NOT_YET_VALID, -210, "not_yet_valid", "the token is not valid yet")        \
  X(ISSUED_LATER, -211, "issued_in_future", "the token is issued later")       \
  X(TOO_OLD, -212, "too_old", "the token was issued too long ago")             \
  X(WRONG_ISSUER, -213, "wrong_issuer", "another issuer is expected")          \
  X(WRONG_AUDIENCE, -214, "wrong_audience", "the token is for others")         \
  X(WRONG_SUBJECT, -215, "wrong_subject", "another subject is expected")       \
  X(MISSING_CLAIM, -216, "missing_claim", "a required claim is missing")       \
  X(INVALID_CLAIM, -217, "invalid_claim", "a claim is not what it has to be")  \
  X(KEY_MALFORMED, -230, "key_malformed", "not a key, or an inconsistent one") \
  X(KEY_EMPTY, -231, "key_empty", "the secret is empty")                       \
  X(KEY_TOO_SHORT, -232, "key_too_short",                                      \
    "the key is too short for the algorithm")                                  \
  X(KEY_UNSUPPORTED, -233, "key_unsupported",                                  \
    "the type, the curve or the algorithm of the key is not supported")        \
  X(KEY_ALGORITHM, -234, "key_algorithm",                                      \
    "the algorithm cannot be used with the key")                               \
  X(KEY_USE, -235, "key_use", "the key is not for signatures")                 \
  X(KEY_IS_PEM, -236, "key_is_pem", "a secret that is the text of a key")      \
  X(KEY_NONE, -237, "key_none", "there is no key that can be used")            \
  X(CRYPTO, -238, "crypto_failed", "the cryptographic library has failed")

/** What is wrong; see SIO_JWT_ERROR_LIST. */
enum sio_jwt_error {
#define SIO_JWT_ERROR_ENUM(name, value, word, text) SIO_JWT_##name = value,
  SIO_JWT_ERROR_LIST(SIO_JWT_ERROR_ENUM)
#undef SIO_JWT_ERROR_ENUM
};

/**
 * The machine word of an error, such as "expired"; those of <sio/error.h>
 * have "out_of_memory" or "failed", and 0 has "ok".
 *
 * Lifetime: the text is constant.
 */
SIO_API const char *sio_jwt_error_word(int error);

/** Explain an error, those of <sio/error.h> too; constant. */
SIO_API const char *sio_jwt_strerror(int error);

/* ---- Keys ---- */

/**
 * A set of keys.  It is filled once and then shared: to change keys, a new
 * set is made and given to whoever verifies.
 *
 * Ownership: counted references.  As long as there are several, nothing can
 *            be added.
 */
typedef struct sio_jwt_keys sio_jwt_keys;

/** Settings of a key set; 0 is the default of each. */
typedef struct sio_jwt_keys_options {
  size_t size;                    /**< set by sio_jwt_keys_options_init() */
  const sio_allocator *allocator; /**< copied; NULL means malloc */
  sio_random_fn random;           /**< NULL: CTR_DRBG of mbedtls */
  void *random_user;              /**< passed to `random` */
  /** Fewest bytes of a secret; 0: as many as the hash of its algorithm has,
   *  which RFC 7518 section 3.2 demands (32, 48, 64). */
  uint32_t min_secret_bytes;
  uint32_t min_rsa_bits; /**< 1024..8192; 0: 2048 */
} sio_jwt_keys_options;

/** Fill in the defaults. */
#define sio_jwt_keys_options_init(o)                                           \
  sio_jwt_keys_options_init_sized((o), sizeof(*(o)))
SIO_API void sio_jwt_keys_options_init_sized(sio_jwt_keys_options *options,
                                             size_t size);

/** How a key may be used. */
typedef struct sio_jwt_key_options {
  size_t size;          /**< set by sio_jwt_key_options_init() */
  const char *kid;      /**< its id, copied; NULL: none, or that of the JWK */
  uint32_t algorithms;  /**< sio_jwt_alg; 0: HS256, RS256, or by the curve */
  uint32_t verify_only; /**< 1: sio_jwt_sign() does not take it */
} sio_jwt_key_options;

/** Fill in the defaults. */
#define sio_jwt_key_options_init(o)                                            \
  sio_jwt_key_options_init_sized((o), sizeof(*(o)))
SIO_API void sio_jwt_key_options_init_sized(sio_jwt_key_options *options,
                                            size_t size);

/**
 * Make an empty set.  `options` may be NULL.
 *
 * Ownership: the caller has one reference, for sio_jwt_keys_release().
 * Errors:    SIO_ERR_INVALID, SIO_ERR_NOMEM; `*out` is then NULL.
 */
SIO_API SIO_MUST_USE int sio_jwt_keys_new(sio_jwt_keys **out,
                                          const sio_jwt_keys_options *options);

/** One more reference, which is returned. */
SIO_API sio_jwt_keys *sio_jwt_keys_retain(sio_jwt_keys *keys);

/** End a reference; NULL is ignored.  Secrets are wiped with the last one. */
SIO_API void sio_jwt_keys_release(sio_jwt_keys *keys);

/** How many keys there are. */
SIO_API size_t sio_jwt_keys_count(const sio_jwt_keys *keys);

/*
 * Each of the following copies what it is given, and adds nothing when it
 * fails.  `options` may be NULL.
 *
 * Errors: SIO_ERR_NOMEM, SIO_ERR_RANDOM, SIO_ERR_STATE (somebody else holds
 *         the set), SIO_ERR_LIMIT (64 keys), SIO_ERR_INVALID (the options), or
 *         one of SIO_JWT_KEY_...
 */

/** Add a secret, for HS256, HS384 and HS512.  The text of a PEM key is
 *  refused: public keys are no secrets. */
SIO_API SIO_MUST_USE int
sio_jwt_keys_add_secret(sio_jwt_keys *keys, sio_span secret,
                        const sio_jwt_key_options *options);

/** Add a public or private key in PEM: RSA, or EC on P-256, P-384 or P-521;
 *  not encrypted, and no certificate. */
SIO_API SIO_MUST_USE int
sio_jwt_keys_add_pem(sio_jwt_keys *keys, sio_str pem,
                     const sio_jwt_key_options *options);

/**
 * Add a JSON Web Key (RFC 7517): oct, RSA or EC.
 *
 * If it has an `alg`, it is used with that alone, which has to be among the
 * `algorithms` of the options if there are any.
 */
SIO_API SIO_MUST_USE int
sio_jwt_keys_add_jwk(sio_jwt_keys *keys, sio_str json,
                     const sio_jwt_key_options *options);

/**
 * Add the keys of a JSON Web Key Set.
 *
 * Members that cannot be used are left out: other types, curves and
 * algorithms, keys for encryption, those that are malformed or too short, and
 * those that the `algorithms` of the options have no use for.  Sets that come
 * from elsewhere should be limited to what their owner signs with; a set then
 * cannot bring a secret along.  A `kid` in the options is refused.
 *
 * Errors: SIO_JWT_KEY_NONE if nothing is left, SIO_JWT_KEY_MALFORMED if it is
 *         no set at all.
 */
SIO_API SIO_MUST_USE int
sio_jwt_keys_add_jwks(sio_jwt_keys *keys, sio_str json,
                      const sio_jwt_key_options *options);

/* ---- Tokens ---- */

/**
 * A token that was verified, or signed.
 *
 * Ownership: counted references; the caller of sio_jwt_verify() or
 *            sio_jwt_sign() has the first one.
 * Lifetime:  what is read from it is borrowed, as long as a reference is held.
 */
typedef struct sio_jwt sio_jwt;

/** One more reference, which is returned. */
SIO_API sio_jwt *sio_jwt_retain(sio_jwt *jwt);

/** End a reference; NULL is ignored. */
SIO_API void sio_jwt_release(sio_jwt *jwt);

/** The claims: an object. */
SIO_API sio_value sio_jwt_claims(const sio_jwt *jwt);

/** The header: an object. */
SIO_API sio_value sio_jwt_header(const sio_jwt *jwt);

/** The claim `sub`; `data` is NULL if there is none. */
SIO_API sio_str sio_jwt_subject(const sio_jwt *jwt);

/** The claim `jti`; `data` is NULL if there is none. */
SIO_API sio_str sio_jwt_id(const sio_jwt *jwt);

/** The first second in which it is expired, leeway not counted; SIO_NEVER if
 *  it has no `exp`. */
SIO_API uint64_t sio_jwt_expires_s(const sio_jwt *jwt);

/** The second in which it was issued; 0 if it has no `iat`. */
SIO_API uint64_t sio_jwt_issued_s(const sio_jwt *jwt);

/** The text of a token that was signed; that of a verified one is not kept,
 *  `data` is then NULL. */
SIO_API sio_str sio_jwt_token(const sio_jwt *jwt);

/** What a token has to be.  All is borrowed during the call. */
typedef struct sio_jwt_options {
  size_t size;    /**< set by sio_jwt_options_init() */
  uint64_t now_s; /**< wall clock, seconds since 1970; required */
  /** If there are any, `iss` has to be one of them. */
  const char *const *issuers;
  size_t n_issuers;
  /** One of them has to be in `aud`.  If there are none, a token with `aud`
   *  is for others (RFC 7519 section 4.1.3). */
  const char *const *audiences;
  size_t n_audiences;
  const char *const *required; /**< names of claims that have to be there */
  size_t n_required;
  const char *subject;    /**< NULL: any */
  const char *typ;        /**< NULL: "JWT", which may also be left out */
  size_t max_bytes;       /**< of the token; 8192 */
  uint32_t max_depth;     /**< of nested JSON, 1..64; 16 */
  uint32_t algorithms;    /**< sio_jwt_alg; 0: all that the keys allow */
  uint32_t leeway_s;      /**< for `exp`, `nbf` and `iat`, 0..86400; 0 */
  uint32_t max_age_s;     /**< since `iat`, which is then required; 0: any */
  uint32_t allow_no_exp;  /**< 1: a token need not expire; 0 */
  uint32_t allow_any_aud; /**< 1: whoever `aud` names; 0 */
} sio_jwt_options;

/** Fill in the defaults. */
#define sio_jwt_options_init(o) sio_jwt_options_init_sized((o), sizeof(*(o)))
SIO_API void sio_jwt_options_init_sized(sio_jwt_options *options, size_t size);

/**
 * Verify a token.
 *
 * Keys whose `kid` is the one of the token are tried, else those without one;
 * for a token without `kid`, all that allow its algorithm; at most four.
 *
 * Ownership: `*out` is for sio_jwt_release(); NULL on any error.
 * Errors:    what is wrong with it, in this order: its form, the algorithm,
 *            the key, the signature, the claims; or SIO_ERR_INVALID (the
 *            options), SIO_ERR_NOMEM.
 */
SIO_API SIO_MUST_USE int sio_jwt_verify(const sio_jwt_keys *keys, sio_str token,
                                        const sio_jwt_options *options,
                                        sio_jwt **out);

/** How to sign. */
typedef struct sio_jwt_sign_options {
  size_t size;     /**< set by sio_jwt_sign_options_init() */
  const char *kid; /**< of the key; NULL: the first that can */
  const char *typ; /**< NULL: "JWT" */
  uint64_t now_s;  /**< if not 0, `iat` is added unless it is there */
  /** If not 0, `exp` is added unless it is there; needs `now_s`. */
  uint64_t lifetime_s;
  uint32_t algorithm; /**< sio_jwt_alg, one; 0: the first of the key */
  uint32_t add_id;    /**< 1: a random `jti` is added unless it is there */
} sio_jwt_sign_options;

/** Fill in the defaults. */
#define sio_jwt_sign_options_init(o)                                           \
  sio_jwt_sign_options_init_sized((o), sizeof(*(o)))
SIO_API void sio_jwt_sign_options_init_sized(sio_jwt_sign_options *options,
                                             size_t size);

/**
 * Sign claims: the JSON text of an object.  `options` may be NULL.
 *
 * Ownership: `*out` is for sio_jwt_release(); NULL on any error.
 * Errors:    SIO_JWT_KEY_NONE (no key that can sign has that id and that
 *            algorithm), SIO_ERR_JSON (not an object), SIO_JWT_DUPLICATE,
 *            SIO_JWT_TOO_DEEP (64 levels), SIO_JWT_INVALID_CLAIM,
 *            SIO_ERR_INVALID (the options), SIO_ERR_NOMEM, SIO_ERR_RANDOM,
 *            SIO_JWT_CRYPTO.
 */
SIO_API SIO_MUST_USE int sio_jwt_sign(const sio_jwt_keys *keys, sio_str claims,
                                      const sio_jwt_sign_options *options,
                                      sio_jwt **out);

/** As sio_jwt_sign(), with the one argument of a payload.
 *
 *  Errors: further those of sio_payload_error(), and SIO_ERR_TYPE if it has
 *          attachments. */
SIO_API SIO_MUST_USE int
sio_jwt_sign_payload(const sio_jwt_keys *keys, const sio_payload *payload,
                     const sio_jwt_sign_options *options, sio_jwt **out);

#ifdef __cplusplus
}
#endif

#endif
