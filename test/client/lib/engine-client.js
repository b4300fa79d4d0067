// SPDX-License-Identifier: MIT
// The official Engine.IO clients of both protocols behind one interface.
'use strict';

const { Socket } = require('engine.io-client');
const { Socket: SocketV3 } = require('engine.io-client-v3');
const { MODES } = require('./client');
const { event, until } = require('./wait');

const CLIENTS = {
  'EIO 4': (url, options) => new Socket(url, options),
  'EIO 3': (url, options) => new SocketV3(url, options),
};

// Stops what a client does to stay alive.
const FALL_SILENT = {
  'EIO 4': (socket) => { socket._sendPacket = () => {}; },
  'EIO 3': (socket) => {
    clearTimeout(socket.pingIntervalTimer);
    socket.sendPacket = () => {};
    socket.ping = () => {};
  },
};

// The clients hand over empty text as undefined.
function plain(data = '') {
  return typeof data === 'string' ? data : Buffer.from(data);
}

class EngineClient {
  constructor(server, version, mode, options) {
    const { url = server.url, ...rest } = options;
    this.version = version;
    this.mode = mode;
    this.messages = [];
    this.socket = CLIENTS[version](url, {
      path: server.path,
      transports: [...MODES[mode]],
      ...rest,
    });
    this.socket.on('message', (data) => this.messages.push(plain(data)));
    this.upgraded = mode === 'upgrade' ? event(this.socket, 'upgrade') : undefined;
    this.upgraded?.catch(() => {});
    this.opened = Promise.race([
      event(this.socket, 'open'),
      event(this.socket, 'error').then(([error]) => { throw error; }),
    ]);
    this.opened.catch(() => {});
    this.closed = new Promise((resolve) => this.socket.once('close', resolve));
  }

  get sid() {
    return this.socket.id;
  }

  send(...messages) {
    for (const message of messages) this.socket.send(message);
  }

  // All that has arrived, once these are `n` messages.
  received(n) {
    const what = `${n} messages (there are ${this.messages.length})`;
    return until(() => this.messages.length >= n && this.messages, what, 10000);
  }

  fallSilent() {
    FALL_SILENT[this.version](this.socket);
  }
}

// A client that has only begun to connect.
function engineClient(server, version, mode, options = {}) {
  const client = new EngineClient(server, version, mode, options);
  return server.own(client, () => client.socket.close());
}

// A client that is open and, if it is to upgrade, has upgraded.
async function openClient(server, version, mode, options) {
  const client = engineClient(server, version, mode, options);
  await client.opened;
  await client.upgraded;
  return client;
}

module.exports = { VERSIONS: Object.keys(CLIENTS), engineClient, openClient };
