// SPDX-License-Identifier: MIT
// The official Engine.IO client by itself.
'use strict';

const assert = require('node:assert/strict');
const { Socket } = require('engine.io-client');
const { MODES, check, eachMode, suite } = require('./lib/client');
const { startServer } = require('./lib/server');
const { event, until } = require('./lib/wait');

function engine(server, mode, options = {}) {
  const socket = new Socket(server.url, {
    path: '/socket.io/',
    transports: MODES[mode],
    ...options,
  });
  return server.own(socket, () => socket.close());
}

// Opened, upgraded if it is to, and with all messages kept.
async function opened(server, mode, options) {
  const socket = engine(server, mode, options);
  socket.messages = [];
  socket.on('message', (data) => socket.messages.push(data));
  const upgraded = mode === 'upgrade' ? event(socket, 'upgrade') : undefined;
  await event(socket, 'open');
  await upgraded;
  return socket;
}

// Joins "/" and waits until that is done, as every client does.
async function join(socket) {
  socket.send('0');
  await until(() => socket.messages.length === 2, 'two messages');
}

suite('the Engine.IO client', () => {
  eachMode('it opens, talks and closes', async (t, mode) => {
    const server = await startServer(t);
    const socket = await opened(server, mode);
    await join(socket);
    socket.send('2["message","é€😀"]');
    await until(() => socket.messages.length === 3, 'three messages');
    assert.match(socket.messages[0], /^0\{"sid":"[\w-]{20}"\}$/);
    assert.deepEqual(socket.messages.slice(1), ['2["auth",{}]', '2["message-back","é€😀"]']);
    const closed = event(socket, 'close');
    socket.close();
    await closed;
    const { reason } = await server.entry({ what: 'disconnect' });
    assert.match(reason, /^transport close$/);
  });

  eachMode('binary arrives as binary', async (t, mode) => {
    const server = await startServer(t);
    const socket = await opened(server, mode);
    await join(socket);
    socket.send('51-["message",{"_placeholder":true,"num":0}]');
    socket.send(Buffer.from([5, 6, 7]));
    await until(() => socket.messages.length === 4, 'four messages');
    assert.deepEqual(Buffer.from(socket.messages[3]), Buffer.from([5, 6, 7]));
  });

  check('polling with base64 works', async (t) => {
    const server = await startServer(t);
    const socket = await opened(server, 'polling only', { forceBase64: true });
    await join(socket);
    socket.send('51-["message",{"_placeholder":true,"num":0}]');
    socket.send(Buffer.from([5, 6, 7]));
    await until(() => socket.messages.length === 4, 'four messages');
    assert.deepEqual(Buffer.from(socket.messages[3]), Buffer.from([5, 6, 7]));
  });

  eachMode('the server ends it when nothing is joined in time', async (t, mode) => {
    const server = await startServer(t, { connectTimeout: 1500 });
    const socket = await opened(server, mode);
    const [reason] = await event(socket, 'close');
    assert.equal(reason, 'transport close');
  });

  eachMode('it is ended when it does not answer pings', async (t, mode) => {
    const server = await startServer(t, { pingInterval: 200, pingTimeout: 1000 });
    const socket = await opened(server, mode);
    socket._sendPacket = () => {};
    const [reason] = await event(socket, 'close');
    assert.match(reason, /^transport (close|error)$/);
  });
});
