// SPDX-License-Identifier: MIT
// A random sequence: {modes: [...], steps: [...]}, plain JSON.  `modes` says
// how each client is connected; a step is {c, n, op, ...}: what the client
// `c` does in the namespace `n`.  A step whose client is in no state to do it
// does nothing, so that any part of a sequence is a sequence.
'use strict';

const { Random, object, payload } = require('./random');

const MODES = ['websocket', 'polling', 'upgrade'];
const NAMESPACES = [[4, '/'], [2, '/custom'], [1, '/admin'], [6, '/cast']];
const ROOMS = ['red', 'green', 'blue', '', 'r é', '0', 'a,b', '/', 'toString', 'x'.repeat(90)];
const EVENTS = ['news', 'é☃', '7', '', 'message', 'a"b', 'error', 'toString', '/x,1', 'question'];
const OFFENCES = [
  'attachments', 'stranger', 'garbage', 'again', 'reserved', 'binary', 'no-name', 'too-big',
];
// What a client does when it is asked for an acknowledgement.
const MANNERS = [[8, 'answers'], [2, 'nothing'], [1, 'twice'], [1, 'binary']];

class Author {
  constructor(seed, index, transport) {
    this.r = new Random(seed, index);
    this.count = this.r.between(2, 6);
    this.modes = Array.from({ length: this.count },
      () => (transport === 'mixed' ? this.r.pick(MODES) : transport));
    // What is known of the namespaces that each client has joined or left.
    this.inside = this.modes.map(() => new Set());
    this.outside = this.modes.map(() => new Set());
  }

  join(c, n) {
    this.inside[c].add(n);
    this.outside[c].delete(n);
  }

  part(c, n) {
    this.inside[c].delete(n);
    this.outside[c].add(n);
  }

  // A namespace for a step of this client, mostly one that it is in.
  where(c) {
    const known = [...this.inside[c]];
    return known.length > 0 && this.r.chance(0.92) ? this.r.pick(known) : this.r.weighted(NAMESPACES);
  }

  client() {
    return this.r.between(0, this.count - 1);
  }

  room(n) {
    const own = { $id: [this.client(), n] };
    return this.r.chance(0.15) ? own : this.r.pick(ROOMS);
  }

  rooms(n, low, high) {
    return this.r.list(low, high, () => this.room(n));
  }

  // Where events go, as `send` and /cast take it.
  aim(n) {
    const to = this.r.chance(0.6) ? this.rooms(n, 1, 3) : [];
    const except = this.r.chance(0.4) ? this.rooms(n, 1, 5) : [];
    return { to, except };
  }

  target(n) {
    return {
      from: this.r.pick(['others', 'namespace']),
      ...this.aim(n),
      local: this.r.chance(0.1),
      uncompressed: this.r.chance(0.1),
    };
  }

  // ---- Steps of any namespace ----

  open(c, n) {
    const auth = object(this.r);
    this.join(c, n);
    if (n === '/admin') {
      auth.token = this.r.pick(['secret', 'secret', 'secret', 'plain', 'wrong']);
      auth.delay = this.r.pick([0, 0, 5]);
    }
    return { c, n, op: 'open', auth };
  }

  // What needs no waiting for others.
  quick(n) {
    const { r } = this;
    const kinds = [
      [4, () => ({ op: 'message', args: payload(r) })],
      [3, () => ({ op: 'message-with-ack', args: payload(r) })],
      [3, () => ({ op: 'join', args: this.rooms(n, 0, 4) })],
      [2, () => ({ op: 'leave', args: this.rooms(n, 0, 3) })],
      [5, () => ({
        op: 'send',
        options: {
          from: r.pick(['socket', 'namespace']), event: r.pick(EVENTS.slice(0, -1)), ...this.aim(n),
        },
        args: payload(r),
      })],
      [1, () => ({ op: 'burst', args: [r.pick(EVENTS.slice(0, 4)), r.between(0, 20)] })],
      [1, () => ({ op: 'note', name: r.pick(['note', '1', 1]), args: [payload(r, { binaries: false }).at(0) ?? null] })],
      [1, () => ({ op: 'ack-twice' })],
    ];
    return { n, ...r.weighted(kinds)() };
  }

  // What ends something.
  ending(c, n) {
    const { r } = this;
    const kinds = [
      [3, () => ({ op: 'leave-me', close: r.chance(0.4) })],
      [1, () => ({ op: 'leave-talking' })],
      [5, () => ({ op: 'disconnect' })],
      [4, () => ({ op: 'drop' })],
      [1, () => ({ op: 'quit' })],
      [4, () => ({ op: 'offend', how: r.pick(OFFENCES) })],
    ];
    const step = { c, n, ...r.weighted(kinds)() };
    if (step.op === 'quit' || step.close) [...this.inside[c]].forEach((each) => this.part(c, each));
    else if (!['drop', 'offend'].includes(step.op)) this.part(c, n);
    return step;
  }

  // What a client does in a namespace that it is not in.
  away(c) {
    const n = this.outside[c].size > 0 ? this.r.pick([...this.outside[c]]) : this.r.weighted(NAMESPACES);
    if (this.r.chance(0.6)) return this.open(c, n);
    const op = this.r.pick(['offline', 'offline', 'volatile-offline']);
    return { c, n, op, args: payload(this.r) };
  }

  disconnectSocket() {
    const c = this.client();
    return { op: 'disconnect-socket', id: { $id: [c, this.where(c)] }, close: this.r.chance(0.3) };
  }

  common(c, n) {
    const { r } = this;
    const kinds = [
      [30, () => this.quick(n)],
      [4, () => ({ op: 'batch', steps: r.list(2, 8, () => this.quick(r.chance(0.7) ? n : this.where(c))) })],
      [4, () => ({ op: 'ask', timeout: 0, args: payload(r), manner: 'answers' })],
      [1, () => ({ op: 'ask', timeout: 2000, args: payload(r), manner: r.weighted(MANNERS.filter(([, m]) => m !== 'nothing')) })],
      [1, () => ({ op: 'ask', timeout: 15, args: payload(r), manner: 'nothing' })],
      [2, () => ({ op: 'ack-later', args: [r.between(0, 4), ...payload(r)] })],
      [1, () => ({ op: 'ack-never' })],
      [1, () => ({ op: 'unheard', args: payload(r) })],
      [1, () => ({ op: 'handshake', args: [r.pick(['user-agent', 'host', 'origin', 'who', 'EIO', 'nothing'])] })],
      [2, () => ({ op: 'emit', options: { nsp: n, event: r.pick(EVENTS.slice(0, -1)), ...this.aim(n) }, args: payload(r) })],
      [1, () => this.disconnectSocket()],
      [1, () => ({ op: 'count' })],
      [1, () => ({ op: 'brim', over: r.pick([0, 0, 1]) })],
      [1, () => ({ op: 'open-nowhere' })],
    ];
    return { c, n, ...r.weighted(kinds)() };
  }

  // ---- Steps of /cast ----

  series() {
    const { r } = this;
    return r.list(1, 5, () => ({
      ...this.target('/cast'),
      ...(r.chance(0.3) ? { from: 'me', to: [], except: [] } : {}),
      event: r.pick(EVENTS.slice(0, 4)),
      volatile: r.chance(0.5),
      binary: r.chance(0.3),
    }));
  }

  cast(c) {
    const { r } = this;
    const n = '/cast';
    const answering = r.chance(0.8);
    const kinds = [
      [5, () => ({ op: 'series', list: this.series() })],
      [1, () => ({ op: 'reuse', args: [this.room(n)] })],
      [1, () => ({ op: 'send-back', args: payload(r) })],
      [3, () => ({
        op: 'gather',
        options: { ...this.target(n), event: 'question', timeout: answering ? 2000 : 60 },
        // The answers go back in one packet, of at most ten attachments.
        args: payload(r, { binaries: false }),
        manners: Array.from({ length: this.count }, () => (answering ? 'answers' : r.weighted(MANNERS))),
      })],
      [1, () => ({ op: 'ask-at-once' })],
      [3, () => ({ op: 'fetch', options: this.target(n) })],
      [2, () => ({ op: 'bulk', args: ['join', this.target(n), this.rooms(n, 0, 3)] })],
      [2, () => ({ op: 'bulk', args: ['leave', this.target(n), this.rooms(n, 0, 3)] })],
      [1, () => ({ op: 'bulk', args: [r.pick(['disconnect', 'close']), this.target(n), []] })],
      [2, () => ({ op: 'list-rooms' })],
    ];
    return { c, n, ...r.weighted(kinds)() };
  }

  // Sequences in which only something small happens are not of interest, so
  // that everybody is there at first, most of them in some room.
  beginning() {
    const steps = [];
    for (let c = 0; c < this.count; c += 1) {
      const n = this.r.weighted(NAMESPACES);
      steps.push(this.open(c, n));
      if (this.r.chance(0.6)) steps.push({ c, n, op: 'join', args: this.rooms(n, 1, 3) });
      if (this.r.chance(0.4)) steps.push(this.open(c, this.r.weighted(NAMESPACES)));
    }
    return steps;
  }

  step() {
    const c = this.client();
    const n = this.where(c);
    if (this.r.chance(0.12)) return this.away(c);
    if (this.r.chance(0.12)) return this.ending(c, n);
    return n === '/cast' && this.r.chance(0.5) ? this.cast(c) : this.common(c, n);
  }

  sequence() {
    const steps = this.beginning();
    const length = this.r.between(8, 40);
    for (let i = 0; i < length; i += 1) steps.push(this.step());
    return { modes: this.modes, steps };
  }
}

function generate(seed, index, transport) {
  return new Author(seed, index, transport).sequence();
}

module.exports = { MODES, generate };
