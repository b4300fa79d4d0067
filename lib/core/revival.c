/* SPDX-License-Identifier: MIT */
/* Connection state recovery: sockets that leave, and come back. */
#include "core/recovery.h"

#include "base/mem.h"
#include "core/guard.h"
#include "core/namespace.h"
#include "core/v2.h"
#include "eio/pressure.h"

/* ---- Lifelines ---- */

static uint64_t hash_of(const struct sio_ns *ns, sio_str pid)
{
  return sio__hash(&ns->server->engine.seed, pid.data, pid.len);
}

static sio_str pid_of(const struct sio__lifeline *line)
{
  sio_str pid = {line->pid, SIO__ID_LEN};

  return pid;
}

/* That of a socket that has this pid now; NULL: there is none. */
static struct sio__lifeline *find_live(const struct sio_ns *ns, sio_str pid)
{
  struct sio__map_node *node =
      sio__map_first(&ns->recovery->live, hash_of(ns, pid));

  for (; node != NULL; node = sio__map_next(node)) {
    struct sio__lifeline *line =
        SIO__CONTAINER(node, struct sio__lifeline, by_pid);

    if (sio_str_equal(pid_of(line), pid))
      return line;
  }
  return NULL;
}

static struct sio__lifeline *new_lifeline(struct sio_socket *socket,
                                          const struct sio__recovered *taken)
{
  struct sio_server *server = socket->ns->server;
  struct sio__lifeline *line = sio__mem_zalloc(&server->mem, sizeof *line);

  if (line == NULL)
    return NULL;
  if (taken != NULL) {
    memcpy(line->pid, taken->session.pid.data, SIO__ID_LEN);
  } else if (sio__ids_next(&server->engine.ids, line->pid) != 0) {
    sio__mem_free(&server->mem, line, sizeof *line);
    return NULL;
  }
  line->socket = socket;
  sio__journal_init(&line->journal, &server->mem);
  sio__map_insert(&socket->ns->recovery->live, &line->by_pid,
                  hash_of(socket->ns, pid_of(line)));
  return line;
}

void sio__lifeline_free(struct sio_socket *socket)
{
  const sio_allocator *mem = &socket->ns->server->mem;

  if (socket->lifeline == NULL)
    return;
  sio__journal_dispose(&socket->lifeline->journal);
  sio__mem_free(mem, socket->lifeline, sizeof *socket->lifeline);
}

/* Changes up to this number do not matter: whatever it has got, nothing from
 * before is replayed. */
static uint64_t settled(const struct sio_socket *socket)
{
  uint64_t hole = socket->ns->recovery->store.backlog.hole;
  uint64_t since = socket->lifeline->since;

  return since > hole ? since : hole;
}

void sio__lifeline_note(const struct sio_socket *socket, sio_str room,
                        bool joins)
{
  sio__journal_note(&socket->lifeline->journal,
                    socket->ns->recovery->store.backlog.newest, settled(socket),
                    room, joins);
}

/* It is as if it had had the rooms of its session up to now: note what the host
 * has made of them. */
static void note_changes(const struct sio_socket *socket,
                         const struct sio__recovered *taken)
{
  const struct sio__recover_session *session = &taken->session;
  const struct sio__rooms *rooms = &socket->ns->rooms;

  sio__journal_load(&socket->lifeline->journal, session->changes,
                    session->blurred);
  for (size_t i = 1; i < session->n_rooms; i++) {
    if (!sio__rooms_has(rooms, &socket->member, session->rooms[i]))
      sio__lifeline_note(socket, session->rooms[i], false);
  }
  for (size_t i = 0; i < sio__member_count(&socket->member); i++) {
    sio_str room = sio__member_room(&socket->member, i);
    const struct sio__room_name name = {hash_of(socket->ns, room), room};

    if (!sio__roomset_has(&taken->rooms, &name))
      sio__lifeline_note(socket, room, true);
  }
}

static void free_taken(const struct sio_ns *ns, struct sio__recovered *taken)
{
  sio__recovered_free(taken, &ns->server->mem);
}

/* ---- Leaving ---- */

static bool is_recoverable(sio_reason reason)
{
  return reason != SIO_REASON_CLIENT_DISCONNECT &&
         reason != SIO_REASON_SERVER_DISCONNECT &&
         reason != SIO_REASON_PARSE_ERROR;
}

static sio_str data_of(const struct sio_socket *socket)
{
  return sio_value_json(sio_socket_data(socket));
}

/* What it has now: its room of its pid first, then all others. */
static bool save_connected(struct sio_socket *socket)
{
  const struct sio__lifeline *line = socket->lifeline;
  const sio_allocator *mem = &socket->ns->server->mem;
  size_t n = sio__member_count(&socket->member);
  sio_str *rooms = sio__mem_alloc(mem, (n + 1) * sizeof *rooms);
  struct sio__recover_session session = {
      .pid = pid_of(line),
      .sid = sio__member_id(&socket->member),
      .data = data_of(socket),
      .subject = sio_socket_user_id(socket),
      .rooms = rooms,
      .n_rooms = n + 1,
      .since = line->since,
      .passed = line->passed,
      .changes = sio__journal_text(&line->journal),
      .blurred = line->journal.blurred,
  };
  int rv;

  if (rooms == NULL)
    return false;
  rooms[0] = pid_of(line);
  for (size_t i = 0; i < n; i++)
    rooms[i + 1] = sio__member_room(&socket->member, i);
  rv = sio__recovery_remember(socket->ns->recovery, &session);
  sio__mem_free(mem, rooms, (n + 1) * sizeof *rooms);
  return rv == 0;
}

/* It had not come back yet: what it had before is what it has. */
static bool save_joining(struct sio_socket *socket, bool possible)
{
  struct sio__lifeline *line = socket->lifeline;
  struct sio__recovered *taken = line->taken;
  bool saved;

  if (taken == NULL)
    return true; /* there is nothing to lose */
  line->taken = NULL;
  saved = possible &&
          sio__recovery_remember(socket->ns->recovery, &taken->session) == 0;
  if (!line->busy)
    free_taken(socket->ns, taken);
  return saved;
}

bool sio__revival_save(struct sio_socket *socket, const sio_end *end)
{
  const struct sio_ns *ns = socket->ns;
  bool recoverable = is_recoverable(end->reason);

  sio__map_remove(&ns->recovery->live, &socket->lifeline->by_pid);
  socket->lifeline->noting = false;
  if (socket->state == SOCKET_JOINING)
    return save_joining(socket, recoverable && ns->listed);
  if (!recoverable)
    return true; /* nobody expects it back */
  return ns->listed && save_connected(socket);
}

void sio__revival_tell(struct sio_socket *socket)
{
  sio__recovery_lost(socket->ns, sio__member_id(&socket->member),
                     data_of(socket));
}

/* ---- Coming back ---- */

/* Its connection is dead, but that has not been noticed yet. */
static void evict(struct sio__lifeline *line)
{
  static const sio_end end = {SIO_REASON_TRANSPORT_CLOSE, SIO_CAUSE_PEER_GONE,
                              "its client has come back", 0, 0};

  sio__session_fail(line->socket->client->session, &end, NULL);
}

/* Copy a text that is at most `max` bytes long; otherwise it is empty. */
static sio_str copy_text(char *out, size_t max, sio_value value)
{
  sio_str text = sio_value_str(value), copy = {out, 0};

  if (text.data != NULL && text.len <= max) {
    memcpy(out, text.data, text.len);
    copy.len = text.len;
  }
  return copy;
}

bool sio__revival_take(struct sio__client *client, struct sio_ns *ns,
                       sio_str auth, struct sio__recovered **taken)
{
  struct sio__recover *store = &ns->recovery->store;
  char pid_text[SIO__ID_LEN], offset_text[SIO__OFFSET_MAX];
  struct sio_document document;
  struct sio__lifeline *line;
  sio_str pid, offset;
  sio_value value;

  *taken = NULL;
  if (sio__v2_is(client))
    return true;
  sio__document_init(&document, auth.data, auth.len, &ns->server->mem);
  value = sio__document_value(&document);
  pid = copy_text(pid_text, sizeof pid_text, sio_value_member(value, "pid"));
  offset = copy_text(offset_text, sizeof offset_text,
                     sio_value_member(value, "offset"));
  sio__document_dispose(&document);
  if (sio__backlog_find(&store->backlog, offset) == 0)
    return true;
  line = find_live(ns, pid);
  if (line != NULL && line->socket->client != client)
    evict(line);
  /* Or there is none. */
  (void)sio__recover_take(store, pid, offset, ns->server->engine.clock.now_ms,
                          taken);
  if (ns->listed && client->session->state == SESSION_OPEN)
    return true;
  if (*taken != NULL)
    sio__revival_put_back(ns, *taken);
  if (!ns->listed && client->session->state == SESSION_OPEN)
    sio__client_no_namespace(client, sio__ns_str(ns));
  return false;
}

void sio__revival_put_back(struct sio_ns *ns, struct sio__recovered *taken)
{
  const struct sio__recover_session *session = &taken->session;

  if (!ns->listed || sio__recovery_remember(ns->recovery, session) != 0)
    sio__recovery_lost(ns, session->sid, session->data);
  free_taken(ns, taken);
}

/* Join the rooms of a session, and leave that of its own id if the session was
 * not in it.  False: no memory. */
static bool rejoin(struct sio_socket *socket,
                   const struct sio__recover_session *session)
{
  sio_str id = sio__member_id(&socket->member);
  bool in_own = false;

  for (size_t i = 1; i < session->n_rooms; i++) {
    if (sio_str_equal(session->rooms[i], id))
      in_own = true;
    else if (sio_join(socket, session->rooms[i]) == SIO_ERR_NOMEM)
      return false;
  }
  if (!in_own)
    (void)sio_leave(socket, id); /* if it has not left altogether */
  return true;
}

static bool restore(struct sio_socket *socket, struct sio__recovered *taken)
{
  struct sio__lifeline *line = socket->lifeline;
  const struct sio__recover_session *session = &taken->session;
  bool restored;

  line->recovered = true;
  line->since = session->since;
  line->taken = taken;
  line->busy = true; /* the host is told of the rooms */
  restored = sio_socket_set_data(socket, session->data) == 0 &&
             rejoin(socket, session);
  line->busy = false;
  if (line->taken == NULL)
    free_taken(socket->ns, taken);
  return restored;
}

bool sio__revival_begin(struct sio_socket *socket, struct sio__recovered *taken)
{
  struct sio__client *client = socket->client;

  if (sio__v2_is(client))
    return true;
  socket->lifeline = new_lifeline(socket, taken);
  if (socket->lifeline == NULL && taken != NULL)
    sio__revival_put_back(socket->ns, taken);
  if (socket->lifeline != NULL && (taken == NULL || restore(socket, taken)))
    return socket->state == SOCKET_JOINING;
  sio__session_doom(client->session, SIO_CAUSE_NOMEM, 0);
  return false;
}

/* ---- What was missed ---- */

static struct sio__shared share(const struct sio_socket *socket,
                                const struct sio__backlog_part *part)
{
  struct sio__shared shared = {
      .engine = socket->client->session->engine,
      .chunk = sio__chunk_ref(part->chunk),
      .frame_off = part->off,
      .flags = part->flags,
  };

  return shared;
}

/* Show a packet and its attachments to the host.  False: it has made the
 * socket leave. */
static bool show_missed(struct sio_socket *socket,
                        const struct sio__backlog_part *parts, size_t n)
{
  bool open = true;

  for (size_t i = 0; i < n && open; i++) {
    struct sio__shared shared = share(socket, &parts[i]);

    open = sio__session_will_send_shared(socket->client->session, &shared) &&
           socket->state == SOCKET_JOINING;
    sio__shared_release(&shared);
  }
  return open;
}

static bool send_missed(const struct sio__backlog_part *parts, size_t n,
                        void *user)
{
  struct sio_socket *socket = user;
  bool sent = show_missed(socket, parts, n);

  for (size_t i = 0; i < n && sent; i++) {
    struct sio__shared shared = share(socket, &parts[i]);
    struct sio_session *session = socket->client->session;

    /* Or its connection fails by itself. */
    sent = session->transport->send_shared(session, &shared);
    sio__shared_release(&shared);
  }
  return sent;
}

/* What has been missed, as it counts towards the limits of output. */
struct missed {
  uint64_t bytes;
  size_t n;
};

static bool add_up(const struct sio__backlog_part *parts, size_t n, void *user)
{
  struct missed *missed = user;

  for (size_t i = 0; i < n; i++)
    missed->bytes += parts[i].len;
  missed->n += n;
  return true;
}

/* Whether all of it can be sent: whoever would be cut over it would come back
 * for it again and again. */
static bool fits(const struct sio_socket *socket)
{
  struct missed missed = {0, 0};

  return sio__recover_replay(&socket->ns->recovery->store,
                             socket->lifeline->taken, add_up, &missed) == 0 &&
         (missed.n == 0 || sio__pressure_has_room(socket->client->session,
                                                  missed.bytes, missed.n));
}

void sio__revival_anew(struct sio_socket *socket)
{
  static const sio_end end = {SIO_REASON_SERVER_DISCONNECT, SIO_CAUSE_REFUSED,
                              NULL, 0, 0};
  const struct sio__given auth = sio__auth_given(socket->auth);
  struct sio__client *client = socket->client;
  struct sio_ns *ns = socket->ns;

  ns->n_sockets++; /* it is not tidied away meanwhile */
  sio__socket_leave(socket, &end);
  ns->n_sockets--;
  if (client->session->state != SESSION_OPEN)
    sio__ns_tidy(ns);
  else if (!ns->listed)
    sio__client_no_namespace(client, sio__ns_str(ns));
  else
    sio__socket_join(client, ns, &auth);
}

bool sio__revival_replay(struct sio_socket *socket)
{
  struct sio__lifeline *line = socket->lifeline;
  struct sio__recover *store = &socket->ns->recovery->store;
  struct sio__recovered *taken = line->taken;
  bool whole;

  if (taken == NULL) {
    line->since = store->backlog.newest;
    line->noting = true;
    return true;
  }
  line->busy = true;
  whole = fits(socket) &&
          sio__recover_replay(store, taken, send_missed, socket) == 0;
  line->busy = false;
  if (line->taken == NULL) {
    free_taken(socket->ns, taken);
    return false;
  }
  line->replayed = true;
  if (whole) {
    note_changes(socket, taken);
    line->noting = true;
    return true;
  }
  sio__revival_anew(socket);
  return false;
}

void sio__revival_done(struct sio_socket *socket)
{
  struct sio__lifeline *line = socket->lifeline;

  free_taken(socket->ns, line->taken);
  line->taken = NULL;
}

bool sio_socket_recovered(const sio_socket *socket)
{
  return socket->lifeline != NULL && socket->lifeline->recovered;
}

bool sio__revival_skips(const struct sio_socket *socket)
{
  return sio_socket_recovered(socket) &&
         socket->ns->server->options.recovery->skip_middlewares != 0;
}
