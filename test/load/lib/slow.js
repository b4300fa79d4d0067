// SPDX-License-Identifier: MIT
// Clients that never finish what they have begun.
'use strict';

const net = require('node:net');

const UPGRADE = 'GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\n'
  + 'Host: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n'
  + 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n';

// A masked frame; the mask is zero, and the length at most 125.
function frame(first, text) {
  const data = Buffer.from(text);
  return Buffer.concat([Buffer.from([first, 0x80 | data.length, 0, 0, 0, 0]), data]);
}

const FIN = 0x80;
const TEXT = 1;
const PING = 9;
const CLOSE = 0x88; // the first byte of such a frame

// What each begins with, what it goes on with, and what ends it.
const KINDS = {
  head: {
    first: 'GET / HTTP/1.1\r\nHost: h\r\nX-Slow: ',
    next: () => 'x',
    cause: 'the request header took too long',
  },
  body: {
    first: 'POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 100000\r\n\r\n',
    next: () => 'x',
    cause: 'the request body took too long',
  },
  frame: {
    websocket: true,
    first: Buffer.from([FIN | TEXT]),
    // Its length, its mask, then what it has.
    next: (n) => Buffer.from([n === 0 ? 0xfd : 0]),
    cause: 'a websocket message took too long',
  },
  fragments: {
    websocket: true,
    first: frame(TEXT, '4'),
    next: () => frame(0, 'x'),
    cause: 'a websocket message took too long',
  },
  attachments: {
    websocket: true,
    first: frame(FIN | TEXT, '452-["x",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]'),
    next: () => frame(FIN | PING, 'x'),
    cause: 'the attachments took too long',
  },
};

class SlowClient {
  constructor(port, kind) {
    this.kind = kind;
    this.sent = 0;
    this.text = '';
    this.seconds = undefined; // from its beginning until the server ends it
    this.gone = false; // the server has closed its connection
    this.socket = net.connect({ host: '127.0.0.1', port, noDelay: true });
    this.socket.on('error', () => {});
    this.socket.on('close', () => {
      this.ended();
      this.gone = true;
    });
    this.ready = KINDS[kind].websocket ? this.join() : new Promise((resolve, reject) => {
      this.socket.once('connect', resolve);
      this.socket.once('close', reject);
      this.socket.resume();
    }).then(() => this.start());
  }

  // A socket in "/".
  join() {
    this.socket.write(UPGRADE);
    return new Promise((resolve, reject) => {
      this.socket.once('close', reject);
      this.socket.on('data', (data) => {
        if (this.joined) {
          // Pongs come as well, but have no such byte.
          if (data.includes(CLOSE)) this.ended();
          return;
        }
        this.text += data.toString('latin1');
        if (!this.asked && this.text.includes('0{"sid"')) {
          this.asked = true;
          this.socket.write(frame(FIN | TEXT, '40'));
        } else if (this.text.includes('40{')) {
          this.joined = true;
          this.text = '';
          resolve();
        }
      });
    });
  }

  // Of the head of a request the time runs from the moment of connecting.
  start() {
    this.since = Date.now();
    this.socket.write(KINDS[this.kind].first);
  }

  begin() {
    if (this.since === undefined) this.start();
  }

  goOn() {
    if (this.since === undefined || this.seconds !== undefined) return;
    if (this.socket.writable) this.socket.write(KINDS[this.kind].next(this.sent));
    this.sent += 1;
  }

  ended() {
    if (this.since !== undefined) this.seconds ??= (Date.now() - this.since) / 1000;
  }
}

module.exports = { KINDS, SlowClient };
