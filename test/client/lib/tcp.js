// SPDX-License-Identifier: MIT
// A raw TCP connection, for what no client library would send.
'use strict';

const net = require('node:net');
const { until, within } = require('./wait');

class RawTcp {
  constructor(port) {
    this.bytes = Buffer.alloc(0);
    this.over = false;
    this.socket = net.connect({ port, host: '127.0.0.1', noDelay: true });
    this.socket.on('data', (data) => (this.bytes = Buffer.concat([this.bytes, data])));
    this.socket.on('error', () => {});
    this.closed = new Promise((resolve) => {
      this.socket.once('close', () => { this.over = true; resolve(); });
      this.socket.once('end', () => { this.over = true; resolve(); });
    });
  }

  get text() {
    return this.bytes.toString('latin1');
  }

  write(data) {
    return new Promise((resolve) => this.socket.write(data, () => resolve()));
  }

  // Everything received, once it matches.
  async until(pattern, ms) {
    const found = () => pattern.test(this.text) && this.text;
    return until(found, `match of ${pattern}`, ms).catch((error) => {
      throw new Error(`${error.message}: ${JSON.stringify(this.text)}`);
    });
  }

  // Everything received, once the server has ended the connection.
  async end(ms) {
    await within(this.closed, 'end of the connection', ms);
    return this.text;
  }

  // Ends the connection with a RST.
  reset() {
    this.socket.resetAndDestroy();
  }
}

async function rawTcp(server, port = server.port) {
  const tcp = new RawTcp(port);
  server.own(tcp, () => tcp.socket.destroy());
  await new Promise((resolve) => tcp.socket.once('connect', resolve));
  return tcp;
}

// The text of a request without a body.
function head(method, target, headers = {}) {
  const lines = Object.entries({ Host: '127.0.0.1', ...headers })
    .map(([name, value]) => `${name}: ${value}\r\n`);
  return `${method} ${target} HTTP/1.1\r\n${lines.join('')}\r\n`;
}

// The text of a WebSocket opening handshake.
function handshake(query, headers = {}, path = '/socket.io/') {
  return head('GET', `${path}?${query}`, {
    Connection: 'Upgrade',
    Upgrade: 'websocket',
    'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==',
    'Sec-WebSocket-Version': '13',
    ...headers,
  });
}

// A masked client frame (zero mask), or one with any other first two bytes.
function frame(opcode, payload = '', { fin = true, rsv = 0, masked = true } = {}) {
  const data = Buffer.from(payload);
  const first = (fin ? 0x80 : 0) | rsv | opcode;
  const mask = masked ? 0x80 : 0;
  if (data.length > 125) throw new Error('only short frames');
  return Buffer.concat([
    Buffer.from([first, mask | data.length]),
    Buffer.alloc(masked ? 4 : 0),
    data,
  ]);
}

module.exports = { frame, handshake, head, rawTcp };
