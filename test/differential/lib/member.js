// SPDX-License-Identifier: MIT
// One client of a sequence: an official client with one connection and a
// socket for each namespace, and the list of what it observes.
'use strict';

const { createHash } = require('node:crypto');
const { Manager } = require('socket.io-client');

const TRANSPORTS = {
  websocket: ['websocket'],
  polling: ['polling'],
  upgrade: ['polling', 'websocket'],
};
const PATIENCE_MS = 4000;
// What is longer is compared by its digest.
const LONGEST = 120;

function digest(kind, data) {
  const sum = createHash('sha1').update(data).digest('hex').slice(0, 12);
  return `<${kind} of ${data.length}: ${sum}>`;
}

// Repeats `is` until it says yes or the time is over; the last answer.
async function until(is, ms = PATIENCE_MS) {
  const end = Date.now() + ms;
  while (!is()) {
    if (Date.now() > end) return false;
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  return true;
}

class Member {
  constructor(party, index, mode) {
    this.party = party;
    this.index = index;
    this.mode = mode;
    this.log = [];
    this.sockets = new Map();
    this.manner = 'answers';
    this.manager = new Manager(party.url, {
      transports: TRANSPORTS[mode],
      autoConnect: false,
      reconnectionDelay: 1,
      reconnectionDelayMax: 1,
      randomizationFactor: 0,
      query: { who: `c${index}` },
    });
  }

  observe(n, what, ...more) {
    this.log.push([n, what, ...more.map((each) => this.party.plain(each))]);
  }

  socket(n) {
    if (!this.sockets.has(n)) {
      const socket = this.manager.socket(n);
      this.sockets.set(n, socket);
      this.listen(n, socket);
    }
    return this.sockets.get(n);
  }

  // The socket if it is connected.
  connected(n) {
    const socket = this.sockets.get(n);
    return socket !== undefined && socket.connected ? socket : undefined;
  }

  listen(n, socket) {
    let id;
    let times = 0;
    socket.on('connect', () => {
      id = socket.id;
      times += 1;
      this.party.joined(this, n, id, `c${this.index}${n}#${times}`);
      this.observe(n, 'connect', id, socket.recovered);
    });
    socket.on('disconnect', (reason) => {
      this.party.left(id);
      this.observe(n, 'disconnect', reason);
    });
    socket.on('connect_error', ({ message, data }) => {
      this.party.stir += 1;
      this.observe(n, 'connect_error', message, data ?? null);
    });
    socket.onAny((event, ...args) => {
      const ack = typeof args.at(-1) === 'function' ? args.pop() : undefined;
      this.observe(n, ack ? 'question' : 'event', event, args);
      if (ack) this.answer(ack, args);
    });
  }

  answer(ack, args) {
    this.party.stir += 1;
    if (this.manner === 'nothing') return;
    if (this.manner === 'binary') ack(Buffer.from([this.index]), args);
    else ack(this.index, ...args);
    if (this.manner === 'twice') ack('again');
  }

  // Whether nothing is going to happen by itself.
  isSettled() {
    const sockets = [...this.sockets.values()];
    if (sockets.some((socket) => socket.active && !socket.connected)) return false;
    if (this.mode !== 'upgrade' || !sockets.some((socket) => socket.connected)) return true;
    return this.manager.engine.transport.name === 'websocket';
  }

  open(n, auth) {
    const socket = this.socket(n);
    const settled = new Promise((resolve) => {
      socket.once('connect', resolve);
      socket.once('connect_error', resolve);
      setTimeout(resolve, PATIENCE_MS).unref();
    });
    socket.auth = auth;
    socket.connect();
    return settled;
  }

  // Emits and observes the acknowledgement; resolved in any case.
  call(n, name, args, ms = PATIENCE_MS) {
    return new Promise((resolve) => {
      this.connected(n).timeout(ms).emit(name, ...args, (error, ...values) => {
        const lost = error && error.message === 'socket has been disconnected';
        if (error) this.observe(n, lost ? 'ack lost' : 'ack timeout', name);
        else this.observe(n, 'ack', name, values);
        resolve();
      });
    });
  }

  // Resolved when all that was sent before has been observed.
  barrier() {
    const socket = [...this.sockets.values()].find((each) => each.connected);
    if (socket === undefined) return undefined;
    return new Promise((resolve) => {
      socket.timeout(PATIENCE_MS).emit('message-with-ack', (error) => {
        if (error && error.message !== 'socket has been disconnected') {
          this.observe(socket.nsp, 'STUCK', 'barrier');
        }
        resolve();
      });
    });
  }

  // Writes a raw packet behind the client's back.
  write(data) {
    this.manager.engine.write(data);
  }

  // Ends the connection without a word of Socket.IO.
  drop() {
    const { engine } = this.manager;
    const { ws } = engine.transport;
    if (ws) ws.terminate();
    else engine.close();
  }

  quit() {
    for (const socket of this.sockets.values()) socket.disconnect();
  }

  // Whatever state it is in, nothing happens any more.
  abandon() {
    this.manager.reconnection(false);
    this.manager._close();
  }
}

module.exports = { LONGEST, Member, digest, until };
