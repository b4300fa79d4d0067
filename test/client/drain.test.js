// SPDX-License-Identifier: MIT
// A server that closes slowly: what its clients notice.
'use strict';

const assert = require('node:assert/strict');
const {
  check, client, collect, connect, eachMode, suite,
} = require('./lib/client');
const { POLL4, ask } = require('./lib/http');
const { startLastingServer, startServer } = require('./lib/server');
const { event, within } = require('./lib/wait');

const MANY = 12;

function ends(server, nsp) {
  return server.finalReport().filter((e) => e.what === 'disconnect' && e.nsp === nsp);
}

suite('draining', () => {
  eachMode('everybody is told, a few at a time', async (t, mode) => {
    const server = await startServer(t);
    const sockets = [];
    for (let i = 0; i < MANY; i += 1) sockets.push(await connect(server, mode));
    const gone = sockets.map(async (socket) => (await event(socket, 'disconnect'))[0]);
    const begin = Date.now();
    await server.control('drain', { perSecond: 10 });
    assert.deepEqual(new Set(await Promise.all(gone)), new Set(['transport close']));
    assert.ok(Date.now() - begin >= 600, 'not at once');
    assert.equal((await within(server.exited, 'end of the server')).code, 0);
    const reasons = ends(server, '/').map((e) => e.reason);
    assert.deepEqual(reasons, Array(MANY).fill('server shutting down'));
  });

  eachMode('what was sent before still arrives', async (t, mode) => {
    const server = await startServer(t);
    const socket = await connect(server, mode);
    const got = collect(socket, 'news');
    const gone = event(socket, 'disconnect');
    socket.emit('burst', 'news', 200);
    socket.emit('note', 'sent'); // behind it
    await server.entry({ what: 'note' });
    await server.control('drain', { perSecond: 1000 });
    await gone;
    assert.equal(got.length, 200);
    await within(server.exited, 'end of the server');
  });

  check('new clients are told when to come back', async (t) => {
    const server = await startServer(t);
    const socket = await connect(server, 'websocket only');
    await server.control('drain', { perSecond: 1, deadline: 3000 });
    const answer = await ask(server, POLL4);
    assert.equal(answer.status, 503);
    const seconds = Number(answer.headers['retry-after']);
    assert.ok(seconds >= 5 && seconds <= 10, answer.headers['retry-after']);
    const late = client(server, 'websocket only');
    await event(late, 'connect_error');
    if (socket.connected) await event(socket, 'disconnect');
    await within(server.exited, 'end of the server');
  });

  check('clients come back to the next server', async (t) => {
    const first = await startLastingServer(t);
    const socket = client(first, 'websocket only', {
      reconnection: true, reconnectionDelay: 50, reconnectionDelayMax: 100,
    });
    await event(socket, 'connect');
    const gone = event(socket, 'disconnect');
    await first.control('drain', { perSecond: 100 });
    await gone;
    await within(first.exited, 'end of the server');
    await startServer(t, { port: first.port });
    if (!socket.connected) await event(socket, 'connect');
  });
});
