/* SPDX-License-Identifier: MIT */
/*
 * Clients that want to join a namespace that does not exist: the parents are
 * asked one after the other.
 *
 *   next parent --pattern, or accepted--> is there one now? make it; join
 *     ^   '--function--> asked --refused--.           (none left: an error)
 *     '------------------------------------'
 */
#include "core/asking.h"

#include "base/mem.h"
#include "core/dynamic.h"
#include "core/namespace.h"

enum { ANSWER_NONE, ANSWER_ACCEPT, ANSWER_REFUSE };

static sio_str name_of(const struct sio__wish *wish)
{
  sio_str s = {wish->name, wish->name_len};

  return s;
}

/* ---- Memory ---- */

static void unref(struct sio__wish *wish)
{
  struct sio_server *server = wish->server;

  if (--wish->refs > 0)
    return;
  sio__list_remove(&wish->of_client);
  sio__auth_free(wish->auth, &server->mem);
  sio__mem_free(&server->mem, wish, sizeof *wish + wish->name_len + 1u);
  sio__server_unref(server);
}

/* Put another parent in its place; NULL: none. */
static void set_parent(struct sio__wish *wish, struct sio_ns *parent)
{
  struct sio_ns *old = wish->parent;

  wish->parent = parent != NULL ? sio__ns_ref(parent) : NULL;
  if (old != NULL)
    sio__ns_unref(old);
}

/* It is over, however it has ended; the caller has a reference. */
static void conclude(struct sio__wish *wish)
{
  if (wish->decided)
    return;
  wish->decided = true;
  wish->client->n_wishes--;
  set_parent(wish, NULL);
  unref(wish);
}

static struct sio__wish *new_wish(struct sio__client *client, sio_str name,
                                  const struct sio__given *auth)
{
  struct sio_server *server = client->server;
  struct sio__wish *wish =
      sio__mem_zalloc(&server->mem, sizeof *wish + name.len + 1);

  if (wish == NULL)
    return NULL;
  if (auth->json.len > 0) {
    wish->auth = sio__auth_new(&server->mem, auth);
    if (wish->auth == NULL) {
      sio__mem_free(&server->mem, wish, sizeof *wish + name.len + 1);
      return NULL;
    }
  }
  wish->refs = 1;
  wish->server = server;
  wish->client = client;
  wish->name_len = (uint16_t)name.len;
  memcpy(wish->name, name.data, name.len);
  sio__list_insert(&client->wishes, &wish->of_client);
  client->n_wishes++;
  sio__server_ref(server);
  return wish;
}

/* ---- Outcome ---- */

static void join(struct sio__client *client, struct sio_ns *ns,
                 const struct sio__given *auth)
{
  /* It may have asked again, and got in, when the host had made it. */
  if (client->session->state == SESSION_OPEN &&
      sio__client_socket(client, ns) == NULL)
    sio__socket_join(client, ns, auth);
  else
    sio__ns_tidy(ns);
}

/* A parent has agreed: make the child, and let the client join, unless it has
 * gone while the host was told. */
static void give_child(struct sio__client *client, struct sio_ns *parent,
                       sio_str name, const struct sio__given *auth)
{
  struct sio_ns *ns;
  int rv = sio__dynamic_child(parent, name, &ns);

  if (rv == SIO_ERR_NOMEM)
    sio__session_doom(client->session, SIO_CAUSE_NOMEM, 0);
  else if (rv != 0)
    sio__client_no_namespace(client, name);
  else
    join(client, ns, auth);
}

/* ---- Asking ---- */

static struct sio_ns_request *new_request(struct sio__wish *wish)
{
  struct sio_ns_request *request =
      sio__mem_zalloc(&wish->server->mem, sizeof *request);

  if (request == NULL)
    return NULL;
  request->refs = 1;
  request->wish = wish;
  wish->refs++;
  return request;
}

/* Call the parent's function. */
static uint8_t ask(struct sio__wish *wish)
{
  struct sio_ns_request *request = new_request(wish);

  if (request == NULL) {
    sio__session_doom(wish->client->session, SIO_CAUSE_NOMEM, 0);
    return ANSWER_NONE;
  }
  wish->answer = ANSWER_NONE;
  wish->asking = true;
  wish->parent->decide(request, wish->parent->decide_user);
  sio_ns_request_release(request); /* the last one: refused */
  wish->asking = false;
  return wish->answer;
}

/* Whether it is over, or has just been settled by what the last parent says,
 * or because the name exists now. */
static bool is_settled(struct sio__wish *wish, uint8_t answer)
{
  struct sio__client *client = wish->client;
  struct sio__given auth;
  struct sio_ns *ns, *parent = wish->parent;

  if (wish->decided)
    return true;
  ns = sio__ns_find(wish->server, name_of(wish));
  if (ns == NULL && (answer != ANSWER_ACCEPT || !parent->listed))
    return false;
  auth = sio__auth_given(wish->auth);
  if (ns != NULL)
    join(client, ns, &auth);
  else
    give_child(client, parent, name_of(wish), &auth);
  conclude(wish);
  return true;
}

/* Go on from an answer to the end, or until another one is awaited. */
static void advance(struct sio__wish *wish, uint8_t answer)
{
  struct sio__engine *engine = &wish->server->engine;

  sio__engine_enter(engine);
  wish->refs++;
  while (answer != ANSWER_NONE && !is_settled(wish, answer)) {
    set_parent(wish, sio__dynamic_candidate(wish->server, wish->parent,
                                            name_of(wish)));
    if (wish->parent == NULL) {
      sio__client_no_namespace(wish->client, name_of(wish));
      conclude(wish);
      break;
    }
    answer = wish->parent->pattern != NULL ? ANSWER_ACCEPT : ask(wish);
  }
  unref(wish);
  sio__engine_leave(engine);
}

void sio__wish(struct sio__client *client, sio_str name,
               const struct sio__given *auth)
{
  struct sio_ns *parent = sio__dynamic_candidate(client->server, NULL, name);
  char text[SIO__NS_NAME_MAX + 1];
  struct sio__wish *wish;

  if (parent == NULL || sio__ns_normal_name(name, text) == 0) {
    sio__client_no_namespace(client, name);
    return;
  }
  if (parent->pattern != NULL) {
    give_child(client, parent, name, auth);
    return;
  }
  wish = new_wish(client, name, auth);
  if (wish == NULL)
    sio__session_doom(client->session, SIO_CAUSE_NOMEM, 0);
  else
    advance(wish, ANSWER_REFUSE); /* as if there had been one before */
}

bool sio__client_wishes(const struct sio__client *client, sio_str name)
{
  const struct sio__list *link = client->wishes.next;

  for (; link != &client->wishes; link = link->next) {
    const struct sio__wish *wish =
        SIO__CONTAINER(link, struct sio__wish, of_client);

    if (!wish->decided && sio_str_equal(name_of(wish), name))
      return true;
  }
  return false;
}

void sio__wishes_drop(struct sio__client *client)
{
  struct sio__list *link;

  while ((link = sio__list_take(&client->wishes)) != NULL) {
    struct sio__wish *wish = SIO__CONTAINER(link, struct sio__wish, of_client);

    wish->refs++;
    conclude(wish);
    wish->client = NULL;
    unref(wish);
  }
}

/* ---- Requests ---- */

const char *sio_ns_request_name(const sio_ns_request *request)
{
  return request->wish->name;
}

sio_session *sio_ns_request_session(const sio_ns_request *request)
{
  const struct sio__client *client = request->wish->client;

  return client != NULL ? client->session : NULL;
}

sio_value sio_ns_request_auth(const sio_ns_request *request)
{
  static const sio_value absent = {NULL, 0, NULL};
  struct sio__auth *auth = request->wish->auth;

  return auth != NULL ? sio__document_value(&auth->document) : absent;
}

/* Use an answer, as soon as the function that gives it has returned. */
static void use(struct sio__wish *wish, uint8_t answer)
{
  if (wish->asking)
    wish->answer = answer;
  else
    advance(wish, answer);
}

static int give(struct sio_ns_request *request, uint8_t answer)
{
  struct sio__wish *wish = request->wish;

  if (request->answered)
    return SIO_ERR_STATE;
  request->answered = true;
  if (wish->decided || wish->client->session->state != SESSION_OPEN)
    return SIO_ERR_DISCONNECTED;
  use(wish, answer);
  return 0;
}

int sio_ns_request_accept(sio_ns_request *request)
{
  return give(request, ANSWER_ACCEPT);
}

int sio_ns_request_refuse(sio_ns_request *request)
{
  return give(request, ANSWER_REFUSE);
}

sio_ns_request *sio_ns_request_retain(sio_ns_request *request)
{
  request->refs++;
  return request;
}

void sio_ns_request_release(sio_ns_request *request)
{
  struct sio__wish *wish;

  if (request == NULL || --request->refs > 0)
    return;
  wish = request->wish;
  if (!request->answered)
    (void)give(request, ANSWER_REFUSE); /* or nobody needs it any more */
  sio__mem_free(&wish->server->mem, request, sizeof *request);
  unref(wish);
}
