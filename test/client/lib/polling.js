// SPDX-License-Identifier: MIT
// A raw long-polling session.
'use strict';

const http = require('node:http');
const { PATIENCE_MS, within } = require('./wait');

const SEP = '\x1e';

function request(server, query, options = {}) {
  return fetch(`${server.url}${server.path}?${query}`, {
    signal: AbortSignal.timeout(PATIENCE_MS),
    ...options,
  });
}

async function answer(response) {
  return { status: response.status, body: await response.text() };
}

// Binary packets become Buffers, text packets stay strings.
function decode(payload) {
  return payload.split(SEP).map((packet) => (
    packet[0] === 'b' ? Buffer.from(packet.slice(1), 'base64') : packet
  ));
}

function encode(packet) {
  return Buffer.isBuffer(packet) ? `b${packet.toString('base64')}` : packet;
}

class RawPolling {
  constructor(server, open) {
    this.server = server;
    this.open = open;
    this.sid = open.sid;
    this.query = `EIO=4&transport=polling&sid=${open.sid}`;
    this.queue = [];
  }

  async get(options) {
    return answer(await request(this.server, this.query, options));
  }

  // A GET that the server has received when this returns: `answered` is its
  // answer, abort() ends its connection.
  async waiting() {
    const url = `${this.server.url}${this.server.path}?${this.query}`;
    const request = http.get(url, { agent: false });
    const answered = new Promise((resolve, reject) => {
      request.on('error', reject);
      request.on('response', async (response) => {
        const parts = await response.toArray();
        resolve({ status: response.statusCode, body: Buffer.concat(parts).toString() });
      });
    });
    const bounded = within(answered, 'answer to the waiting GET');
    bounded.catch(() => {});
    await new Promise((resolve) => request.once('finish', resolve));
    await this.server.caughtUp();
    return { answered: bounded, abort: () => request.destroy() };
  }

  async post(body, options) {
    return answer(await request(this.server, this.query, {
      method: 'POST', body, ...options,
    }));
  }

  async send(...packets) {
    const { status, body } = await this.post(packets.map(encode).join(SEP));
    if (status !== 200 || body !== 'ok') {
      throw new Error(`POST answered ${status} "${body}"`);
    }
  }

  // The next packet.
  async next() {
    if (this.queue.length === 0) {
      const { status, body } = await this.get();
      if (status !== 200) throw new Error(`GET answered ${status}`);
      this.queue = decode(body);
    }
    return this.queue.shift();
  }
}

async function rawPolling(server, extra = '') {
  const response = await request(server, `EIO=4&transport=polling${extra}`);
  const body = await response.text();
  if (response.status !== 200) throw new Error(`${response.status} ${body}`);
  return new RawPolling(server, JSON.parse(body.slice(1)));
}

module.exports = { SEP, answer, decode, rawPolling, request };
