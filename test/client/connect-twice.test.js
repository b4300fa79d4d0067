// SPDX-License-Identifier: MIT
// Programs that call connect() again before the first answer is there.
'use strict';

const assert = require('node:assert/strict');
const {
  check, client, connect, eachMode, settle, suite,
} = require('./lib/client');
const { startServer } = require('./lib/server');
const { event } = require('./lib/wait');

async function assertJoinedOnce(server, socket, nsp) {
  await settle(socket);
  const joins = (await server.report()).filter((e) => e.what === 'connect' && e.nsp === nsp);
  assert.deepEqual(joins.map((e) => e.id), [socket.id]);
}

suite('connecting twice', () => {
  eachMode('before there is a connection', async (t, mode) => {
    const server = await startServer(t);
    const socket = client(server, mode, { autoConnect: false });
    socket.connect().connect();
    await event(socket, 'connect');
    await assertJoinedOnce(server, socket, '/');
  });

  // The client sends while a request is under way in the next one: both
  // packets are in its payload.
  check('a namespace, in one payload', async (t) => {
    const server = await startServer(t);
    const root = await connect(server, 'polling only');
    root.emit('note', 'under way');
    const custom = root.io.socket('/custom'); // connects by itself
    custom.connect();
    await event(custom, 'connect');
    await assertJoinedOnce(server, custom, '/custom');
    await settle(root);
  });

  check('the same one again, in one payload', async (t) => {
    const server = await startServer(t);
    const root = await connect(server, 'polling only');
    const custom = root.io.socket('/custom');
    await event(custom, 'connect');
    root.disconnect();
    root.connect().connect();
    await event(root, 'connect');
    await settle(root, custom);
  });
});
