/* SPDX-License-Identifier: MIT */
/* The adapter: written against <sio/adapter.h> and nothing else. */
#include "hub.h"

/* Whether a node has a namespace, and so gets what is published in it. */
static bool has(const struct hub_node *node, sio_ns *ns)
{
  return node->server != NULL && node->server != sio_ns_server(ns) &&
         sio_find(node->server, sio_ns_name(ns)) != NULL;
}

/* What a request shows to those who answer: who has asked, and the request.
 * Here a node is a digit in front. */
enum { REQUEST_CAP = 64 };

static sio_str address(char text[REQUEST_CAP], const struct hub_node *node,
                       sio_str request)
{
  sio_str whole = {text, request.len + 1};

  if (request.len == 0 || request.len >= REQUEST_CAP)
    return request; /* no answer is wanted */
  text[0] = (char)('0' + (node - node->hub->nodes));
  memcpy(text + 1, request.data, request.len);
  return whole;
}

static int publish(sio_ns *ns, const sio_operation *operation, void *user)
{
  struct hub_node *self = user;
  sio_operation theirs = *operation;
  char request[REQUEST_CAP];
  uint64_t others = 0;

  theirs.request = address(request, self, operation->request);
  for (int i = 0; i < HUB_MAX; i++) {
    if (!has(&self->hub->nodes[i], ns))
      continue;
    others++;
    /* An error is theirs: a node that cannot do it is one that is silent. */
    (void)sio_adapter_receive(self->hub->nodes[i].server, &theirs);
  }
  /* Everybody may have answered by now, and then it is not awaited. */
  if (operation->request.len > 0)
    (void)sio_adapter_expect(sio_ns_server(ns), operation->request, others);
  return 0;
}

static int answer(sio_ns *ns, const sio_answer *given, void *user)
{
  struct hub_node *self = user, *asker;
  sio_answer theirs = *given;

  (void)ns;
  asker = &self->hub->nodes[given->request.data[0] - '0'];
  theirs.request.data++;
  theirs.request.len--;
  if (asker->server != NULL) /* or nobody wants to know any more */
    (void)sio_adapter_answer(asker->server, &theirs);
  return 0;
}

/* "/" is closed only when the whole server goes. */
static void closed(sio_ns *ns, void *user)
{
  struct hub_node *self = user;

  if (strcmp(sio_ns_name(ns), "/") == 0)
    self->server = NULL;
}

void hub_init(struct hub *hub)
{
  memset(hub, 0, sizeof *hub);
}

int hub_add(struct hub *hub, sio_server *server)
{
  sio_adapter_ops ops;
  int i = 0, rv;

  while (i < HUB_MAX && hub->nodes[i].server != NULL)
    i++;
  if (i == HUB_MAX)
    return SIO_ERR_LIMIT;
  hub->nodes[i].hub = hub;
  sio_adapter_ops_init(&ops);
  ops.publish = publish;
  ops.answer = answer;
  ops.closed = closed;
  rv = sio_server_set_adapter(server, &ops, &hub->nodes[i]);
  if (rv == 0)
    hub->nodes[i].server = server;
  return rv;
}
