// SPDX-License-Identifier: MIT
// A raw Engine.IO session that sends and receives packets, in the three ways
// it can be connected.
'use strict';

const { probe, rawWebSocket } = require('./websocket');
const { rawPolling } = require('./polling');

class RawSession {
  constructor(server, open, carrier) {
    this.server = server;
    this.sid = open.sid;
    this.carrier = carrier;
    this.onWebSocket = carrier.ws !== undefined;
  }

  // Sends packets: strings, or Buffers for binary messages.
  async send(...packets) {
    if (!this.onWebSocket) return this.carrier.send(...packets);
    return packets.forEach((packet) => this.carrier.send(packet));
  }

  // As send(), for what the server is going to refuse.
  async offend(...packets) {
    await this.send(...packets).catch(() => {});
  }

  // The next packet that is not a ping; pings are answered.
  async next() {
    for (;;) {
      const packet = await this.carrier.next();
      if (packet !== '2') return packet;
      await this.send('3');
    }
  }

  // Joins a namespace and returns the socket's id.
  async join(nsp = '/', auth = undefined) {
    const prefix = nsp === '/' ? '' : `${nsp},`;
    await this.send(`40${prefix}${auth === undefined ? '' : JSON.stringify(auth)}`);
    const reply = await this.next();
    if (!reply.startsWith(`40${prefix}{`)) throw new Error(`not joined: ${reply}`);
    await this.next(); // the event "auth"
    return JSON.parse(reply.slice(2 + prefix.length)).sid;
  }

  // Reads until the server has ended the session; returns what came before.
  async ended() {
    const seen = [];
    for (;;) {
      let packet;
      try {
        packet = await this.carrier.next();
      } catch (error) {
        if (/^(closed instead|GET answered 400)/.test(error.message)) return seen;
        throw error;
      }
      if (packet === '1' && !this.onWebSocket) return seen;
      if (packet === '2') await this.offend('3');
      else if (packet !== '6') seen.push(packet);
    }
  }
}

async function overWebSocket(server) {
  const socket = rawWebSocket(server);
  const open = JSON.parse((await socket.next()).slice(1));
  return new RawSession(server, open, socket);
}

async function overPolling(server) {
  const polling = await rawPolling(server);
  return new RawSession(server, polling.open, polling);
}

// Moves a polling session to a WebSocket as the official client does.
async function upgrade(server, polling) {
  const socket = await probe(server, polling.sid);
  const pending = polling.get();
  socket.send('2probe');
  const reply = await socket.next();
  if (reply !== '3probe') throw new Error(`probe answered ${reply}`);
  const { body } = await pending;
  if (body !== '6') throw new Error(`GET answered ${body}`);
  socket.send('5');
  return socket;
}

async function overBoth(server) {
  const polling = await rawPolling(server);
  return new RawSession(server, polling.open, await upgrade(server, polling));
}

const OPEN = {
  'websocket only': overWebSocket,
  'polling only': overPolling,
  upgrade: overBoth,
};

function rawSession(server, mode) {
  return OPEN[mode](server);
}

module.exports = { rawSession, upgrade };
