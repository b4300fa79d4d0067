// SPDX-License-Identifier: MIT
// A Socket.IO client with TLS or without, which sends an event and waits for its
// acknowledgement; and the beginning of a TLS handshake.
'use strict';

const fs = require('node:fs');
const net = require('node:net');
const path = require('node:path');
const { Duplex } = require('node:stream');
const tls = require('node:tls');
const { frame, locate, request } = require('./raw');

const CA = fs.readFileSync(path.resolve(__dirname, '../../fixture/tls/ca.pem'));
const NONE = Buffer.alloc(0);

function dial(port, options) {
  return tls.connect({
    port, host: '127.0.0.1', servername: 'localhost', ca: CA, ...options,
  });
}

// The bytes that a client says first.
function clientHello() {
  return new Promise((resolve) => {
    const wire = new Duplex({ read() {}, write: (data) => resolve(data) });
    tls.connect({ socket: wire, servername: 'localhost', ca: CA }).on('error', () => {});
  });
}

class SecureClient {
  constructor(port, { plain = false } = {}) {
    const options = { port, host: '127.0.0.1', noDelay: true };
    this.rest = NONE;
    this.joined = new Promise((resolve, reject) => {
      this.onJoin = resolve;
      this.onFailure = reject;
    });
    const begin = () => this.socket.write(request(port));
    this.socket = plain ? net.connect(options, begin) : dial(port).once('secureConnect', begin);
    this.socket.setNoDelay(true);
    this.socket.on('data', (data) => this.read(data));
    this.socket.on('error', (error) => this.fail(error));
    this.socket.on('close', () => this.fail(new Error('the connection ended')));
  }

  fail(error) {
    this.onFailure(error);
    this.onLoss?.(error);
  }

  read(piece) {
    let bytes = this.rest.length > 0 ? Buffer.concat([this.rest, piece]) : piece;
    if (!this.upgraded) {
      const end = bytes.indexOf('\r\n\r\n');
      if (end < 0) return void (this.rest = bytes);
      if (!bytes.toString('latin1', 0, 12).endsWith(' 101')) return void this.socket.destroy();
      this.upgraded = true;
      bytes = bytes.subarray(end + 4);
    }
    for (let at = locate(bytes); at; at = locate(bytes)) {
      this.packet(bytes.toString('latin1', at.begin, at.begin + 2));
      bytes = bytes.subarray(at.end);
    }
    this.rest = bytes;
  }

  packet(kind) {
    if (kind[0] === '0') this.socket.write(frame('40'));
    else if (kind === '2') this.socket.write(frame('3'));
    else if (kind === '40') this.onJoin();
    else if (kind === '43') this.onAck();
  }

  // Sends text, and waits for it to come back: how many milliseconds.
  echo(text) {
    const since = performance.now();
    return new Promise((resolve, reject) => {
      this.onLoss = reject;
      this.onAck = () => resolve(performance.now() - since);
      this.socket.write(frame(`420["echo","${text}"]`));
    });
  }

  close() {
    this.onLoss = undefined;
    this.socket.destroy();
  }
}

module.exports = {
  CA, clientHello, dial, SecureClient,
};
