/* SPDX-License-Identifier: MIT */
#include "auth_world.h"

/* ---- Errors ---- */

static void test_errors_have_words_and_texts(void **state)
{
  (void)state;
  assert_string_equal(sio_auth_error_word(SIO_AUTH_MISSING), "missing_token");
  assert_string_equal(sio_auth_error_word(SIO_AUTH_REVOKED), "revoked");
  assert_string_equal(sio_auth_error_word(SIO_JWT_EXPIRED), "expired");
  assert_string_equal(sio_auth_error_word(SIO_ERR_NOMEM), "out_of_memory");
  assert_string_equal(sio_auth_strerror(SIO_AUTH_LONG_LIVED),
                      "the token is valid for too long");
  assert_string_equal(sio_auth_strerror(SIO_JWT_EXPIRED),
                      "the token has expired");
  assert_string_equal(sio_auth_strerror(SIO_ERR_NOMEM), "out of memory");
}

/* ---- Where it is ---- */

static void join_with(const char *header_lines, const char *payload)
{
  char text[4400];

  assert_true(client_open_with(&w, &a, header_lines));
  snprintf(text, sizeof text, "40%s", payload);
  client_say(&a, text);
}

static void assert_in(const char *user)
{
  sio_socket *socket;

  assert_memory_equal(client_hear(&a), "40{\"sid\":", 9);
  memcpy(a.sid, a.heard + 10, CORE_SID_LEN);
  socket = sio_ns_socket(w.root, sio_s(a.sid));
  assert_non_null(socket);
  assert_true(sio_str_is(sio_socket_user_id(socket), user));
  world_drop_clients(&w);
}

static void test_a_token_may_be_in_several_places(void **state)
{
  char text[4400];
  const char *token;

  (void)state;
  guard_options();
  server_options.check_origin = 1;
  options.cookie = "session";
  guard_open();
  token = token_of(claims_of("ann", 1000));
  snprintf(text, sizeof text, "{\"token\":\"%s\"}", token);
  join_with("", text);
  assert_in("ann");
  snprintf(text, sizeof text, "{\"token\":\"BEARER   %s\"}", token);
  join_with("", text);
  assert_in("ann");
  snprintf(text, sizeof text, "Authorization: Bearer %s\r\n", token);
  join_with(text, "");
  assert_in("ann");
  join_with(text, "{\"token\":null}");
  assert_in("ann");
  snprintf(text, sizeof text, "Cookie: a=b; session=%s\r\n", token);
  join_with(text, "{\"other\":1}");
  assert_in("ann");
  world_close(&w);
}

static void test_the_payload_comes_first(void **state)
{
  char text[4400];

  (void)state;
  guard_begin();
  snprintf(text, sizeof text, "Authorization: Bearer %s\r\n",
           token_of(claims_of("ann", 1000)));
  join_with(text, "{\"token\":\"x.y.z\"}");
  assert_refused(&a, "malformed", "not a signed token in the compact form");
  world_drop_clients(&w);
  join_with(text, "{\"token\":5}");
  assert_refused(&a, "malformed", "not a signed token in the compact form");
  world_close(&w);
}

static void test_other_places_are_looked_at_only_if_wished(void **state)
{
  char text[13000];
  const char *token;

  (void)state;
  guard_options();
  options.no_header = 1;
  guard_open();
  token = token_of(claims_of("ann", 1000));
  snprintf(text, sizeof text,
           "Authorization: Bearer %s\r\nCookie: token=%s; session=%s\r\n",
           token, token, token);
  join_with(text, "");
  assert_refused(&a, "missing_token", "a token is required");
  world_drop_clients(&w);
  join_with("Authorization: Basic YTpi\r\n", "");
  assert_refused(&a, "missing_token", "a token is required");
  world_close(&w);
}

static void test_nothing_of_a_token_is_logged(void **state)
{
  (void)state;
  guard_begin();
  assert_true(client_open(&w, &a));
  show(&a, token_of(claims_of("secret-ann", 0)));
  assert_refused(&a, "expired", "the token has expired");
  assert_non_null(strstr(w.logged, "a token for / was refused: expired"));
  assert_null(strstr(w.logged, "ann"));
  world_close(&w);
}

/* A handshake with a query, whose session joins by a POST. */
static const char *join_by_query(const char *query)
{
  static char text[512];
  struct core_client get, post;
  char target[4600];
  const char *sid;

  assert_true(http_open(&w, &get));
  assert_true(http_open(&w, &post));
  snprintf(target, sizeof target, "/socket.io/?EIO=4&transport=polling%s",
           query);
  http_send(&get, target, NULL);
  sid = strstr(http_answer(&get), "\"sid\":\"");
  assert_non_null(sid);
  snprintf(target, sizeof target,
           "/socket.io/?EIO=4&transport=polling&sid=%.20s", sid + 7);
  http_send(&post, target, "40");
  http_send(&get, target, NULL);
  snprintf(text, sizeof text, "%s", http_answer(&get));
  world_drop_clients(&w);
  return text;
}

static void test_a_parameter_of_the_query_is_decoded(void **state)
{
  char query[4400];
  const char *token;

  (void)state;
  guard_options();
  options.query = "access_token";
  guard_open();
  token = token_of(claims_of("ann", 1000));
  snprintf(query, sizeof query, "&access_token=%%%02x%s", token[0], token + 1);
  assert_memory_equal(join_by_query(query), "200 40{\"sid\":", 13);
  assert_non_null(strstr(join_by_query(""), "missing_token"));
  assert_non_null(strstr(join_by_query("&access_token="), "malformed"));
  world_close(&w);
}

/* ---- Whether it is good ---- */

static void assert_code(const char *claims, const char *code)
{
  char want[64];

  assert_true(client_open(&w, &a));
  show(&a, token_of(claims));
  snprintf(want, sizeof want, "\"data\":{\"code\":\"%s\"}", code);
  if (strstr(client_hear(&a), want) == NULL)
    fail_msg("not %s: %s", code, a.heard);
  world_drop_clients(&w);
}

static void test_users_have_ids_of_some_length(void **state)
{
  char claims[700], id[SIO_USER_ID_MAX + 2];

  (void)state;
  guard_begin();
  assert_code("{\"sub\":\"\",\"exp\":1000010}", "invalid_claim");
  memset(id, 'i', sizeof id);
  id[sizeof id - 1] = '\0';
  snprintf(claims, sizeof claims, "{\"sub\":\"%s\",\"exp\":1000010}", id);
  assert_code(claims, "invalid_claim");
  id[sizeof id - 2] = '\0';
  snprintf(claims, sizeof claims, "{\"sub\":\"%s\",\"exp\":1000010}", id);
  assert_true(client_open(&w, &a));
  show(&a, token_of(claims));
  assert_in(id);
  world_close(&w);
}

static void test_tokens_may_be_valid_for_too_long(void **state)
{
  (void)state;
  guard_options();
  options.max_lifetime_s = 100;
  guard_open();
  assert_code("{\"exp\":1000050}", "missing_claim");
  assert_code("{\"iat\":1000000,\"exp\":1000101}", "lifetime_too_long");
  assert_true(client_open(&w, &a));
  show(&a, token_of("{\"iat\":1000000,\"exp\":1000100}"));
  assert_int_equal(sio_ns_socket_count(w.root), 1);
  world_close(&w);
}

static void test_without_the_time_of_the_day_nobody_comes_in(void **state)
{
  (void)state;
  guard_options();
  world_open(&w, NULL);
  options.keys = jwt_one_secret(NULL);
  assert_int_equal(sio_auth_new(w.server, &options, &auth), 0);
  sio_jwt_keys_release(options.keys);
  assert_int_equal(sio_auth_use(auth, w.root), 0);
  assert_true(client_open(&w, &a));
  show(&a, token_of(claims_of("ann", 1000)));
  assert_non_null(strstr(client_hear(&a), "{\"code\":\"failed\"}"));
  world_close(&w);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_errors_have_words_and_texts),
      cmocka_unit_test(test_a_token_may_be_in_several_places),
      cmocka_unit_test(test_the_payload_comes_first),
      cmocka_unit_test(test_other_places_are_looked_at_only_if_wished),
      cmocka_unit_test(test_nothing_of_a_token_is_logged),
      cmocka_unit_test(test_a_parameter_of_the_query_is_decoded),
      cmocka_unit_test(test_users_have_ids_of_some_length),
      cmocka_unit_test(test_tokens_may_be_valid_for_too_long),
      cmocka_unit_test(test_without_the_time_of_the_day_nobody_comes_in),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
