// SPDX-License-Identifier: MIT
// Official clients in the three ways they can be connected.
'use strict';

const { describe, test } = require('node:test');
const { io } = require('socket.io-client');
const { event, within } = require('./wait');

const MODES = {
  'websocket only': ['websocket'],
  'polling only': ['polling'],
  upgrade: ['polling', 'websocket'],
};

// A client that has only begun to connect.
function client(server, mode, options = {}) {
  const { nsp = '/', ...rest } = options;
  const socket = io(server.url + nsp, {
    transports: MODES[mode],
    forceNew: true,
    reconnection: false,
    ...rest,
  });
  return server.own(socket, () => socket.disconnect());
}

function upgraded(socket) {
  const { engine } = socket.io;
  if (engine.transport.name === 'websocket') return undefined;
  return event(engine, 'upgrade');
}

// A client that is connected and, if it is to upgrade, has upgraded.
async function connect(server, mode, options) {
  const socket = client(server, mode, options);
  const failed = new Promise((_, reject) => socket.once('connect_error', reject));
  failed.catch(() => {});
  await Promise.race([event(socket, 'connect'), failed]);
  if (mode === 'upgrade') await upgraded(socket);
  return socket;
}

// The acknowledgement's first argument.
function ask(socket, name, ...args) {
  return within(socket.emitWithAck(name, ...args), `answer to "${name}"`);
}

// All that arrives as event `name` from now on.
function collect(socket, name) {
  const got = [];
  socket.on(name, (...args) => got.push(args));
  return got;
}

// Everything that was sent to this client before now has arrived after it.
async function settle(socket) {
  await ask(socket, 'message-with-ack', 'settled');
}

function suite(name, define) {
  describe(name, { concurrency: 4 }, define);
}

function check(name, run) {
  test(name, { timeout: 60000 }, run);
}

// One test for each way to be connected.
function eachMode(name, run) {
  for (const mode of Object.keys(MODES)) {
    check(`${name} (${mode})`, (t) => run(t, mode));
  }
}

module.exports = {
  MODES, ask, check, client, collect, connect, eachMode, settle, suite,
};
