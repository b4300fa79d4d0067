// SPDX-License-Identifier: MIT
// A Socket.IO client on a TCP socket: thousands of them fit into one process.
// It can do what no library does: stop reading, and vanish without a word.
'use strict';

const net = require('node:net');

const READ_BYTES = 1 << 18;
const shared = Buffer.alloc(READ_BYTES); // what is read is used up at once
const NONE = Buffer.alloc(0);
const NEWS = '42["news",';
const COMMA = 0x2c;
const LONGEST_OFFSET = 64;

function request(port) {
  return 'GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\n'
    + `Host: 127.0.0.1:${port}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n`
    + 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n';
}

// A masked text frame of up to 65535 bytes; the mask is zero.
function frame(text) {
  const data = Buffer.from(text);
  const { length } = data;
  if (length > 65535) throw new Error('too long');
  const head = length <= 125 ? [0x81, 0x80 | length]
    : [0x81, 0x80 | 126, length >> 8, length & 255];
  return Buffer.concat([Buffer.from([...head, 0, 0, 0, 0]), data]);
}

// {begin, end} of the payload of the frame at the beginning, or null: more has
// to come.
function locate(bytes) {
  if (bytes.length < 2) return null;
  let length = bytes[1];
  let begin = 2;
  if (length === 126) {
    if (bytes.length < 4) return null;
    length = bytes.readUInt16BE(2);
    begin = 4;
  } else if (length === 127) {
    if (bytes.length < 10) return null;
    length = Number(bytes.readBigUInt64BE(2));
    begin = 10;
  }
  return bytes.length < begin + length ? null : { begin, end: begin + length };
}

class RawClient {
  // `told.news(client, n)` for each event, `told.end(client)` when the server
  // has ended the connection.
  constructor(port, told) {
    this.port = port;
    this.told = told;
    this.id = undefined;
    this.pid = undefined; // of recovery
    this.offset = undefined;
    this.reading = true;
    this.connect();
  }

  // Connects, or connects anew; `joined` is a promise.
  connect() {
    this.joined = new Promise((resolve, reject) => {
      this.onJoin = resolve;
      this.onFailure = reject;
    });
    this.joined.catch(() => {});
    this.upgraded = false;
    this.rest = NONE;
    const socket = net.connect({
      host: '127.0.0.1',
      port: this.port,
      noDelay: true,
      onread: { buffer: shared, callback: (n) => this.read(socket, shared.subarray(0, n)) },
    });
    this.socket = socket;
    socket.on('error', () => {});
    socket.on('close', () => this.ended(socket));
    socket.write(request(this.port));
  }

  ended(socket) {
    if (socket !== this.socket) return; // one that was given up
    this.onFailure(new Error('the connection ended'));
    this.told.end?.(this);
  }

  send(text) {
    this.socket.write(frame(text));
  }

  // The connection is gone, and the server learns of it by a RST, by a FIN, or
  // not at all.
  vanish(how) {
    const { socket } = this;
    this.socket = undefined;
    if (how === 'RST') socket.resetAndDestroy();
    else if (how === 'FIN') socket.destroy();
    else this.silent = socket.pause();
  }

  // Ends a connection that has vanished silently.
  forget() {
    this.silent?.destroy();
    this.silent = undefined;
  }

  stopReading() {
    this.reading = false;
    this.socket.pause();
  }

  goOnReading() {
    this.reading = true;
    this.socket.resume();
  }

  read(socket, piece) {
    if (socket !== this.socket) return false;
    let bytes = this.rest.length > 0 ? Buffer.concat([this.rest, piece]) : piece;
    if (!this.upgraded) {
      const end = bytes.indexOf('\r\n\r\n');
      if (end >= 0) {
        if (!bytes.toString('latin1', 0, 12).endsWith(' 101')) return socket.destroy();
        this.upgraded = true;
        bytes = bytes.subarray(end + 4);
      }
    }
    for (let at = this.upgraded && locate(bytes); at; at = locate(bytes)) {
      if ((bytes[0] & 15) === 1) this.packet(bytes.subarray(at.begin, at.end));
      bytes = bytes.subarray(at.end);
    }
    this.rest = bytes.length > 0 ? Buffer.from(bytes) : NONE;
    return this.reading;
  }

  packet(bytes) {
    const kind = bytes.toString('latin1', 0, 2);
    if (kind[0] === '0') {
      const session = this.pid && { pid: this.pid, offset: this.offset };
      this.send(`40${session ? JSON.stringify(session) : ''}`);
    } else if (kind === '2') {
      this.send('3');
    } else if (kind === '40') {
      const { sid, pid } = JSON.parse(bytes.toString('latin1', 2));
      this.pid = pid;
      this.onJoin({ same: sid === this.id });
      this.id = sid;
    } else if (kind === '42') {
      this.news(bytes);
    } else if (kind[0] !== '1') {
      throw new Error(`not expected: ${bytes.toString('latin1', 0, 80)}`);
    }
  }

  news(bytes) {
    const end = bytes.indexOf(COMMA, NEWS.length);
    const n = Number(bytes.toString('latin1', NEWS.length, end));
    if (this.pid) {
      const tail = bytes.toString('latin1', Math.max(end, bytes.length - LONGEST_OFFSET));
      this.offset = /"([^"]+)"\]$/.exec(tail)[1];
    }
    this.told.news(this, n);
  }

  close() {
    this.socket?.destroy();
    this.forget();
  }
}

module.exports = {
  frame, locate, RawClient, request,
};
