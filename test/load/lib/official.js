// SPDX-License-Identifier: MIT
// The official client, with the interface of the raw one.
'use strict';

const { createRequire } = require('node:module');
const path = require('node:path');

const fromClient = createRequire(path.resolve(__dirname, '../../client/package.json'));
const { io } = fromClient('socket.io-client');

class OfficialClient {
  constructor(port, told) {
    this.told = told;
    this.socket = io(`http://127.0.0.1:${port}`, {
      transports: ['websocket'], forceNew: true, reconnection: false,
    });
    this.socket.on('news', (n) => told.news(this, n));
    this.socket.on('disconnect', () => told.end?.(this));
    this.wait();
  }

  wait() {
    this.joined = new Promise((resolve, reject) => {
      this.socket.once('connect', () => {
        const { id } = this.socket;
        resolve({ same: id === this.id });
        this.id = id;
      });
      this.socket.once('connect_error', reject);
    });
    this.joined.catch(() => {});
  }

  connect() {
    this.wait();
    this.socket.connect();
  }

  get websocket() {
    return this.socket.io.engine.transport.ws;
  }

  // A client in Node always learns that its own connection has gone.
  vanish() {
    this.websocket.terminate();
  }

  forget() {}

  stopReading() {
    this.websocket.pause();
  }

  goOnReading() {
    this.websocket.resume();
  }

  close() {
    this.socket.disconnect();
  }
}

module.exports = { OfficialClient, io };
