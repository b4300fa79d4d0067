// SPDX-License-Identifier: MIT
// A raw WebSocket whose messages are read one by one.
'use strict';

const { WebSocket } = require('ws');
const { within } = require('./wait');

const ENGINE = 'EIO=4&transport=websocket';

class RawWebSocket {
  constructor(url, options) {
    this.ws = new WebSocket(url, { perMessageDeflate: false, ...options });
    this.messages = [];
    this.waiting = null;
    // {code, reason} of the close frame; 1006 if the connection just ended.
    this.closed = new Promise((resolve) => {
      this.ws.on('close', (code, reason) => {
        resolve({ code, reason: reason.toString() });
      });
    });
    this.opened = new Promise((resolve, reject) => {
      this.ws.on('open', resolve);
      this.ws.on('error', (error) => reject(error));
    });
    this.opened.catch(() => {});
    this.ws.on('message', (data, isBinary) => {
      this.messages.push(isBinary ? data : data.toString());
      if (this.waiting) this.waiting();
    });
  }

  send(data) {
    this.ws.send(data);
  }

  // The next message: a string, or a Buffer if it is binary.
  async next(ms) {
    if (this.messages.length === 0) {
      const more = new Promise((resolve) => (this.waiting = resolve));
      const over = this.closed.then((how) => {
        if (this.messages.length > 0) return;
        throw new Error(`closed instead of a message: ${JSON.stringify(how)}`);
      });
      await within(Promise.race([more, over]), 'websocket message', ms);
    }
    return this.messages.shift();
  }

  // How it was closed.
  end(ms) {
    return within(this.closed, 'end of the websocket', ms);
  }
}

// A WebSocket that has begun to connect; `query` replaces the usual one.
function rawWebSocket(server, query = ENGINE, options = {}) {
  const url = `ws://127.0.0.1:${server.port}${server.path}?${query}`;
  const socket = new RawWebSocket(url, options);
  return server.own(socket, () => socket.ws.terminate());
}

// A websocket that joins (or was refused by) an existing session.
async function probe(server, sid) {
  const socket = rawWebSocket(server, `${ENGINE}&sid=${sid}`);
  await within(socket.opened, 'open websocket');
  return socket;
}

module.exports = { ENGINE, probe, rawWebSocket };
