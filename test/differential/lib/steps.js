// SPDX-License-Identifier: MIT
// The steps of a sequence: STEPS[op](party, member, step) is resolved when
// the step is over for the client who did it; with false if there was nothing
// to do.
'use strict';

const { until } = require('./member');

// The longest message that both servers accept: `max_payload`.
const LONGEST = 1000000;
const NOT_JOINED = '/nowhere';

// To be called before that happens: the client may be back at once.
function whenGone(socket) {
  const { id } = socket;
  return until(() => socket.id !== id);
}

// ---- Steps that are an event ----

function emitted(member, n, name, args) {
  member.connected(n).emit(name, ...args);
  return member.barrier();
}

const QUICK = {
  message: (member, n, step) => emitted(member, n, 'message', step.args),
  burst: (member, n, step) => emitted(member, n, 'burst', step.args),
  note: (member, n, step) => emitted(member, n, step.name, step.args),
  unheard: (member, n, step) => emitted(member, n, 'unheard', step.args),
  'send-back': (member, n, step) => emitted(member, n, 'send-back', step.args),
  'message-with-ack': (member, n, step) => member.call(n, 'message-with-ack', step.args),
  'ack-later': (member, n, step) => member.call(n, 'ack-later', step.args),
  'ack-twice': (member, n) => member.call(n, 'ack-twice', []),
  'ack-never': (member, n) => member.call(n, 'ack-never', [], 10),
  join: (member, n, step) => member.call(n, 'join', step.args),
  leave: (member, n, step) => member.call(n, 'leave', step.args),
  handshake: (member, n, step) => member.call(n, 'handshake', step.args),
  send: (member, n, step) => member.call(n, 'send', [step.options, ...step.args]),
  fetch: (member, n, step) => member.call(n, 'fetch', [step.options]),
  bulk: (member, n, step) => member.call(n, 'bulk', step.args),
  'list-rooms': (member, n) => member.call(n, 'list-rooms', []),
  reuse: (member, n, step) => member.call(n, 'reuse', step.args),
};

function quick(party, member, step) {
  if (step.op === 'volatile-offline') return volatileOffline(party, member, step);
  if (!member.connected(step.n)) return false;
  return QUICK[step.op](member, step.n, party.real(step));
}

async function batch(party, member, step) {
  const all = step.steps.map((each) => quick(party, member, each));
  if (all.every((each) => each === false)) return false;
  await Promise.all(all);
  return true;
}

// ---- Questions ----

async function ask(party, member, step) {
  const socket = member.connected(step.n);
  if (!socket) return false;
  const answered = new Promise((resolve) => {
    socket.once('answer', resolve);
    setTimeout(resolve, 4000).unref();
  });
  member.manner = step.manner;
  socket.emit('ask', { timeout: step.timeout }, ...party.real(step.args));
  await answered;
  await member.barrier();
  member.manner = 'answers';
  return true;
}

async function gather(party, member, step) {
  if (!member.connected(step.n)) return false;
  step.manners.forEach((manner, i) => (party.members[i].manner = manner));
  await member.call(step.n, 'gather', [party.real(step.options), ...party.real(step.args)]);
  party.members.forEach((each) => (each.manner = 'answers'));
  return true;
}

async function askAtOnce(party, member, step) {
  const socket = member.connected(step.n);
  if (!socket) return false;
  const answered = new Promise((resolve) => {
    socket.once('at-once', resolve);
    setTimeout(resolve, 4000).unref();
  });
  member.manner = 'nothing';
  socket.emit('ask-at-once');
  await answered;
  await member.barrier();
  member.manner = 'answers';
  return true;
}

async function series(party, member, step) {
  if (!member.connected(step.n)) return false;
  await party.writable(step.n);
  await member.call(step.n, 'series', [party.real(step.list)]);
  return true;
}

async function reuse(party, member, step) {
  if (!member.connected(step.n)) return false;
  await party.writable(step.n);
  return quick(party, member, step);
}

// ---- Coming and going ----

async function open(party, member, step) {
  if (member.socket(step.n).active) return false;
  await member.open(step.n, party.real(step.auth));
  return true;
}

async function openNowhere(party, member) {
  await member.open(NOT_JOINED, {});
  return true;
}

async function leaveMe(party, member, step) {
  const socket = member.connected(step.n);
  if (!socket) return false;
  const gone = whenGone(socket);
  socket.emit(step.op, ...(step.op === 'leave-me' ? [step.close] : [() => {}]));
  await gone;
  return true;
}

function disconnect(party, member, step) {
  const socket = member.connected(step.n);
  if (!socket) return false;
  socket.disconnect();
  return true;
}

function quit(party, member) {
  member.quit();
  return true;
}

// Kept by the client until it is connected again.
function offline(party, member, step) {
  const socket = member.sockets.get(step.n);
  if (!socket || socket.active) return false;
  socket.emit('message', ...party.real(step.args));
  return true;
}

function volatileOffline(party, member, step) {
  const socket = member.sockets.get(step.n);
  if (!socket || socket.active) return false;
  socket.volatile.emit('message', ...party.real(step.args));
  return true;
}

async function drop(party, member) {
  const socket = [...member.sockets.values()].find((each) => each.connected);
  if (!socket) return false;
  const gone = whenGone(socket);
  member.drop();
  await gone;
  return true;
}

// ---- What closes the connection ----

const OFFENCES = {
  attachments: (member, n) => {
    member.connected(n).emit('message', ...Array.from({ length: 11 }, () => Buffer.from([1])));
  },
  stranger: (member) => member.write('2/nowhere,["x"]'),
  garbage: (member) => member.write('abc'),
  again: (member, n) => member.write(n === '/' ? '0' : `0${n}`),
  reserved: (member, n) => member.write(n === '/' ? '2["connect"]' : `2${n},["connect"]`),
  binary: (member) => member.write(Buffer.from([1, 2])),
  'no-name': (member, n) => member.write(n === '/' ? '2[]' : `2${n},[]`),
  'too-big': (member, n) => member.connected(n).emit('message', 'x'.repeat(LONGEST)),
};

async function offend(party, member, step) {
  const socket = member.connected(step.n);
  if (!socket) return false;
  const gone = whenGone(socket);
  OFFENCES[step.how](member, step.n);
  await gone;
  return true;
}

// The longest message that is accepted, or one that is a byte longer.
async function brim(party, member, step) {
  const socket = member.connected(step.n);
  if (!socket) return false;
  const prefix = step.n === '/' ? '42' : `42${step.n},`;
  const around = prefix.length + JSON.stringify(['unheard', '']).length;
  const gone = step.over > 0 ? whenGone(socket) : undefined;
  socket.emit('unheard', 'x'.repeat(LONGEST - around + step.over));
  await gone;
  await member.barrier();
  return true;
}

// ---- From outside ----

async function emit(party, member, step) {
  await party.target.control('emit', party.real(step.options), ...party.real(step.args));
  return true;
}

function disconnectSocket(party, member, step) {
  const where = { nsp: step.id.$id[1], id: party.real(step.id), close: step.close };
  return party.target.control('disconnect-socket', where);
}

async function count(party, member, step) {
  member.observe(step.n, 'count', await party.target.control('count', step.n));
  return true;
}

const STEPS = {
  ...Object.fromEntries(Object.keys(QUICK).map((op) => [op, quick])),
  'volatile-offline': volatileOffline,
  batch,
  ask,
  gather,
  'ask-at-once': askAtOnce,
  series,
  reuse,
  open,
  'open-nowhere': openNowhere,
  'leave-me': leaveMe,
  'leave-talking': leaveMe,
  disconnect,
  quit,
  offline,
  drop,
  offend,
  brim,
  emit,
  'disconnect-socket': disconnectSocket,
  count,
};

module.exports = { STEPS };
