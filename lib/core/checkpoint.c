/* SPDX-License-Identifier: MIT */
/* Where tokens are shown: by sockets that join, and by those that have joined
 * and renew theirs. */
#include "core/guard.h"

#include "base/mem.h"
#include "core/recovery.h"

/* Of a socket that joins, or of one that renews. */
struct sio_auth_answer {
  uint32_t refs;
  bool answered;
  struct sio_socket *socket; /* a reference */
  sio_jwt *jwt;              /* a reference */
  struct sio_next *next;     /* joining: a reference */
  struct sio_ack *ack;       /* renewing: a reference, or NULL */
};

/* ---- Telling the client ---- */

static void log_refusal(const struct sio_socket *socket, const char *what,
                        const char *word)
{
  struct sio__engine *engine = &socket->ns->server->engine;
  uint64_t connection = socket->client != NULL
                            ? sio_session_connection(socket->client->session)
                            : 0;

  sio__engine_log(engine, SIO_LOG_INFO, "socket", connection,
                  "a token %s %s was refused: %s", what, socket->ns->name,
                  word);
}

static int refuse_next(struct sio_next *next, const char *code,
                       const char *message)
{
  log_refusal(next->socket, "for", code);
  return sio_next_refusef(next, message, "{code: %s}", code);
}

static void refuse_ack(struct sio_socket *socket, struct sio_ack *ack,
                       const char *code, const char *message)
{
  log_refusal(socket, "that renews one of", code);
  /* Or the client does not hear of it. */
  (void)sio_ackf(ack, "{ok: false, code: %s, message: %s}", code, message);
}

static void accept_ack(struct sio_ack *ack, const sio_jwt *jwt)
{
  uint64_t exp_s = sio_jwt_expires_s(jwt);

  /* Or the client does not hear of it. */
  if (exp_s == SIO_NEVER)
    (void)sio_ackf(ack, "{ok: true}");
  else
    (void)sio_ackf(ack, "{ok: true, exp: %llu}", (unsigned long long)exp_s);
}

/* ---- Answers of the host ---- */

static struct sio_auth_answer *new_answer(struct sio_socket *socket,
                                          sio_jwt *jwt, struct sio_next *next,
                                          struct sio_ack *ack)
{
  struct sio_auth_answer *answer =
      sio__mem_zalloc(&socket->ns->server->mem, sizeof *answer);

  if (answer == NULL)
    return NULL;
  answer->refs = 1;
  answer->socket = sio_socket_retain(socket);
  answer->jwt = sio_jwt_retain(jwt);
  if (next != NULL)
    answer->next = sio_next_retain(next);
  if (ack != NULL)
    answer->ack = sio_ack_retain(ack);
  return answer;
}

/* The renewal is over, whatever came of it. */
static void end_renewal(struct sio_socket *socket)
{
  if (socket->pass != NULL)
    socket->pass->renewing = false;
}

static int finish_joining(const struct sio_auth_answer *answer)
{
  struct sio_socket *socket = answer->socket;
  struct sio_auth *auth = sio__guard_of(socket->ns);
  int rv, taken;

  if (socket->state != SOCKET_JOINING)
    return SIO_ERR_DISCONNECTED;
  rv = sio__credential_recheck(auth, answer->jwt);
  if (rv == 0)
    rv = sio__pass_new(socket, auth, answer->jwt);
  if (rv == 0)
    return sio_next_ok(answer->next);
  taken =
      refuse_next(answer->next, sio_auth_error_word(rv), sio_auth_strerror(rv));
  return taken != 0 ? taken : rv;
}

static int finish_renewal(const struct sio_auth_answer *answer)
{
  struct sio_socket *socket = answer->socket;
  struct sio__pass *pass = socket->pass;
  int rv;

  if (socket->state != SOCKET_CONNECTED || !pass->listed)
    return SIO_ERR_DISCONNECTED;
  rv = sio__credential_recheck(pass->auth, answer->jwt);
  if (rv != 0) {
    refuse_ack(socket, answer->ack, sio_auth_error_word(rv),
               sio_auth_strerror(rv));
    return rv;
  }
  sio__pass_renew(pass, answer->jwt);
  accept_ack(answer->ack, answer->jwt);
  return 0;
}

int sio_auth_accept(sio_auth_answer *answer)
{
  struct sio__engine *engine = &answer->socket->ns->server->engine;
  int rv;

  if (answer->answered)
    return SIO_ERR_STATE;
  answer->answered = true;
  sio__engine_enter(engine);
  if (answer->next != NULL) {
    rv = finish_joining(answer);
  } else {
    end_renewal(answer->socket);
    rv = finish_renewal(answer);
  }
  sio__engine_leave(engine);
  return rv;
}

int sio_auth_refuse(sio_auth_answer *answer, const char *code,
                    const char *message)
{
  struct sio_socket *socket = answer->socket;
  bool joining = answer->next != NULL;

  if (answer->answered)
    return SIO_ERR_STATE;
  answer->answered = true;
  if (!joining)
    end_renewal(socket);
  if (socket->state != (joining ? SOCKET_JOINING : SOCKET_CONNECTED))
    return SIO_ERR_DISCONNECTED;
  code = code != NULL ? code : "forbidden";
  message = message != NULL ? message : "Forbidden";
  if (joining)
    return refuse_next(answer->next, code, message);
  refuse_ack(socket, answer->ack, code, message);
  return 0;
}

sio_auth_answer *sio_auth_answer_retain(sio_auth_answer *answer)
{
  answer->refs++;
  return answer;
}

void sio_auth_answer_release(sio_auth_answer *answer)
{
  struct sio_server *server;

  if (answer == NULL || --answer->refs > 0)
    return;
  server = answer->socket->ns->server;
  if (!answer->answered)
    (void)sio_auth_refuse(answer, "failed", "no answer"); /* or it has left */
  sio_jwt_release(answer->jwt);
  sio_ack_release(answer->ack);
  sio__server_ref(server);
  sio_next_release(answer->next);
  sio_socket_release(answer->socket);
  sio__mem_free(&server->mem, answer, sizeof *answer);
  sio__server_unref(server);
}

/* Have the host look at a token.  0 or SIO_ERR_NOMEM. */
static int ask(struct sio_socket *socket, sio_jwt *jwt, struct sio_next *next,
               struct sio_ack *ack)
{
  const sio_auth_options *o = &sio__guard_of(socket->ns)->options;
  struct sio_auth_answer *answer = new_answer(socket, jwt, next, ack);

  if (answer == NULL)
    return SIO_ERR_NOMEM;
  o->check(socket, jwt, answer, o->user);
  sio_auth_answer_release(answer);
  return 0;
}

/* ---- Joining ---- */

/* Whether it comes back to what another user has left. */
static bool is_of_another(const struct sio_socket *socket, const sio_jwt *jwt)
{
  const struct sio__lifeline *line = socket->lifeline;

  return line != NULL && line->taken != NULL &&
         !sio_str_equal(line->taken->session.subject, sio_jwt_subject(jwt));
}

void sio__checkpoint(sio_socket *socket, sio_next *next, void *user)
{
  struct sio_auth *auth = user;
  sio_jwt *jwt;
  int rv = sio__credential_of_socket(auth, socket, &jwt);

  if (rv == 0 && is_of_another(socket, jwt)) {
    sio_jwt_release(jwt);
    sio__revival_anew(socket);
    return;
  }
  if (rv == 0 && auth->options.check != NULL)
    rv = ask(socket, jwt, next, NULL);
  else if (rv == 0 && (rv = sio__pass_new(socket, auth, jwt)) == 0)
    (void)sio_next_ok(next); /* or the host has disconnected it */
  if (rv != 0)
    (void)refuse_next(next, sio_auth_error_word(rv), sio_auth_strerror(rv));
  sio_jwt_release(jwt);
}

bool sio__checkpoint_is(const struct sio__handler *middleware)
{
  return middleware->fn == (void (*)(void))sio__checkpoint;
}

int sio__checkpoint_admits(const struct sio_socket *socket)
{
  const struct sio_auth *auth = sio__guard_of(socket->ns);

  if (auth == NULL)
    return 0;
  if (socket->pass == NULL)
    return SIO_AUTH_MISSING; /* it has been guarded since */
  return sio__credential_recheck(auth, socket->pass->jwt);
}

/* ---- Renewing ---- */

bool sio__renewal_is(const struct sio_socket *socket, sio_str event)
{
  const char *name = socket->pass->auth->options.renew_event;

  return name[0] != '\0' && sio_str_is(event, name);
}

/* Verify the token that the event has. */
static int read_renewal(const struct sio__pass *pass,
                        const struct sio_args *args, sio_jwt **out)
{
  sio_value value = sio_get(args, 0, "token");
  sio_str token;
  int rv;

  *out = NULL;
  if (pass->renewing)
    return SIO_AUTH_BUSY;
  if (sio_value_type(value) == SIO_ABSENT)
    value = sio_arg(args, 0);
  if (sio_value_type(value) == SIO_ABSENT)
    return SIO_AUTH_MISSING;
  if (sio_value_type(value) != SIO_STRING)
    return SIO_JWT_MALFORMED;
  token = sio_value_str(value);
  if (token.data == NULL)
    return SIO_ERR_NOMEM;
  rv = sio__credential_verify(pass->auth, token, out);
  if (rv == 0 &&
      !sio_str_equal(sio_jwt_subject(*out), sio_jwt_subject(pass->jwt))) {
    sio_jwt_release(*out);
    *out = NULL;
    rv = SIO_JWT_WRONG_SUBJECT;
  }
  return rv;
}

void sio__renewal_handle(struct sio_socket *socket, const struct sio_args *args,
                         struct sio_ack *ack)
{
  struct sio__pass *pass = socket->pass;
  sio_jwt *jwt = NULL;
  int rv;

  if (socket->state != SOCKET_CONNECTED || !pass->listed)
    return;
  rv = read_renewal(pass, args, &jwt);
  if (rv == 0 && pass->auth->options.check != NULL) {
    pass->renewing = true;
    rv = ask(socket, jwt, NULL, ack);
    if (rv != 0)
      pass->renewing = false;
  } else if (rv == 0) {
    sio__pass_renew(pass, jwt);
    accept_ack(ack, jwt);
  }
  if (rv != 0)
    refuse_ack(socket, ack, sio_auth_error_word(rv), sio_auth_strerror(rv));
  sio_jwt_release(jwt);
}
