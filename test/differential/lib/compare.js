// SPDX-License-Identifier: MIT
// Whether two servers have behaved alike.  What is left out of the comparison
// is left out here, each with its reason.
'use strict';

// Members of a report entry that both servers know and write alike.
const COMMON = ['what', 'id', 'nsp', 'reason', 'rooms', 'name', 'value', 'error', 'room'];
// Steps whose connections end and begin while the server is not waited for,
// and one that goes from socket to socket: the reference in the order in which
// they came, libsio in any.
const UNORDERED = new Set(['drop', 'offend', 'brim', 'quit', 'bulk']);
// The packets of a client that are well-formed and not allowed.
const VIOLATIONS = new Set(['stranger', 'again']);

const text = (value) => JSON.stringify(value);

function sorted(list) {
  return [...list].sort((a, b) => (text(a) < text(b) ? -1 : 1));
}

// In libsio a socket's own room is the first one even if it has joined others
// before: in a middleware, or when it has left its own and come back.
function ownFirst(rooms, isOwn) {
  return [...rooms.filter(isOwn), ...rooms.filter((room) => !isOwn(room))];
}

// The same in the order in which it leaves them: of entries in a row about
// rooms that were left, those about own rooms, and their ends, come first.
function ownLeftFirst(entries) {
  const ordered = [];
  let row = { own: [], others: [] };
  let which = 'others';
  const flush = () => {
    ordered.push(...row.own, ...row.others);
    row = { own: [], others: [] };
    which = 'others';
  };
  for (const entry of entries) {
    const left = entry.what === 'leave-room' || entry.what === 'delete-room';
    if (entry.what === 'leave-room') which = entry.room === entry.id ? 'own' : 'others';
    if (!left) flush();
    row[which].push(entry);
    if (!left) flush();
  }
  flush();
  return ordered;
}

function serverEntries(entries, step) {
  const common = entries
    // libsio tells at once when a client that was asked has left, the
    // reference never or when the time is over.
    .filter(({ what, error }) => !(what === 'answer' && error === 'disconnected'))
    .map((entry) => Object.fromEntries(COMMON
      .filter((key) => entry[key] !== undefined)
      .map((key) => [key, entry[key]])));
  for (const entry of common) {
    if (entry.rooms) entry.rooms = ownFirst(entry.rooms, (room) => room === entry.id);
    // Of a socket that no client has ever heard of.
    if (entry.id && !entry.id.startsWith('<')) entry.id = '?';
    // On an idle websocket the reference says "forced close".
    if (VIOLATIONS.has(step.how) && entry.reason === 'forced close') {
      entry.reason = 'forced server close';
    }
  }
  return UNORDERED.has(step.op) ? sorted(common) : ownLeftFirst(common);
}

// ---- What clients have observed ----

// {name of event: f(values)}; the values of acknowledgements
const ACKS = {
  // What each emit has returned is a matter of the language.
  series: ([results]) => [results.length],
  // The reference gathers first values without their senders, in any order.
  gather: ([[answers, error]]) => [
    sorted(answers.map(([, first]) => first ?? null)), error],
  // Neither promises an order.
  fetch: ([number, ids]) => [number, sorted(ids)],
  'list-rooms': ([rooms]) => [sorted(rooms)],
  handshake: ([{ url, header, ...rest }]) => [{
    ...rest,
    url: url.replace(/&(t|sid)=[^&]*/g, ''),
    header: header && header.replace(/:\d+$/, ''),
  }],
};

function observation(client, [n, what, name, values, ...more]) {
  if (what === 'ack' && (name === 'join' || name === 'leave')) {
    const own = (room) => room.startsWith(`<${client}${n}#`);
    return [n, what, name, [ownFirst(values[0], own)]];
  }
  if (what === 'ack' && ACKS[name]) return [n, what, name, ACKS[name](values), ...more];
  // A number of one, a text of the other.
  if (what === 'event' && name === 'at-once') return [n, what, name];
  return [n, what, name, values, ...more];
}

function normalise(record, step) {
  const { server, done, ...clients } = record;
  const seen = { done, server: serverEntries(server, step) };
  for (const [name, log] of Object.entries(clients)) {
    seen[name] = log.map((each) => observation(name, each));
    // Who comes back joins its namespaces in any order; sort() is stable.
    if (UNORDERED.has(step.op)) seen[name].sort(([a], [b]) => (a < b ? -1 : Number(a > b)));
  }
  return seen;
}

// The first difference of two lists.
function parting(ours, theirs) {
  let i = 0;
  while (i < ours.length && i < theirs.length && text(ours[i]) === text(theirs[i])) i += 1;
  return { at: i, libsio: ours.slice(i, i + 4), reference: theirs.slice(i, i + 4) };
}

// The first difference, or undefined.
function difference(sequence, libsio, reference) {
  for (let i = 0; i < libsio.length; i += 1) {
    const step = sequence.steps[i] || { op: 'end' };
    const ours = normalise(libsio[i], step);
    const theirs = normalise(reference[i], step);
    for (const where of Object.keys(ours)) {
      if (text(ours[where]) !== text(theirs[where])) {
        const lists = Array.isArray(ours[where]);
        const how = lists ? parting(ours[where], theirs[where])
          : { libsio: ours[where], reference: theirs[where] };
        return { step: i, op: step.op, where, ...how };
      }
    }
    const stuck = text(ours).includes('"STUCK"');
    if (stuck) return { step: i, op: step.op, where: 'both', stuck: ours };
  }
  return undefined;
}

module.exports = { difference };
