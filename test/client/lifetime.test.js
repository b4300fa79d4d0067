// SPDX-License-Identifier: MIT
// Heartbeat, reconnection, and the end of the server.
'use strict';

const assert = require('node:assert/strict');
const {
  ask, check, client, connect, eachMode, settle, suite,
} = require('./lib/client');
const { rawPolling } = require('./lib/polling');
const { startLastingServer, startServer } = require('./lib/server');
const { rawSession } = require('./lib/session');
const { rawTcp } = require('./lib/tcp');
const { probe } = require('./lib/websocket');
const { event, until } = require('./lib/wait');

suite('the heartbeat', () => {
  eachMode('clients that answer stay', async (t, mode) => {
    const server = await startServer(t, { pingInterval: 150, pingTimeout: 1000 });
    const socket = await connect(server, mode);
    let pings = 0;
    socket.io.on('ping', () => (pings += 1));
    await until(() => pings >= 4, 'fourth ping');
    assert.ok(socket.connected);
    await settle(socket);
  });

  eachMode('a client notices that the server hangs and comes back', async (t, mode) => {
    const server = await startServer(t, { pingInterval: 200, pingTimeout: 1000 });
    const socket = await connect(server, mode, {
      reconnection: true, reconnectionDelay: 50, reconnectionDelayMax: 100,
    });
    const { id } = socket;
    const gone = event(socket, 'disconnect');
    server.kill('SIGSTOP');
    assert.equal((await gone)[0], 'ping timeout');
    const back = event(socket, 'connect');
    server.kill('SIGCONT');
    await back;
    assert.notEqual(socket.id, id);
    await server.entry({ what: 'disconnect', id });
  });

  check('messages do not stand in for pongs', async (t) => {
    const server = await startServer(t, { pingInterval: 150, pingTimeout: 150 });
    const { carrier } = await rawSession(server, 'websocket only');
    carrier.send('40');
    const talk = setInterval(() => carrier.send('42["ack-never"]'), 20);
    await carrier.end().finally(() => clearInterval(talk));
    const { reason } = await server.entry({ what: 'disconnect' });
    assert.equal(reason, 'ping timeout');
  });

  check('an upgrade between ping and pong does not stop the clock', async (t) => {
    const server = await startServer(t, { pingInterval: 200, pingTimeout: 1500 });
    const polling = await rawPolling(server);
    assert.equal((await polling.get()).body, '2');
    const websocket = await probe(server, polling.sid);
    websocket.send('2probe');
    assert.equal(await websocket.next(), '3probe');
    websocket.send('5');
    await websocket.end();
  });
});

suite('the end of the server', () => {
  const EAGER = {
    reconnection: true,
    reconnectionDelay: 30,
    reconnectionDelayMax: 60,
    randomizationFactor: 0,
  };

  eachMode('a client reconnects after the server has crashed and restarted', async (t, mode) => {
    const first = await startLastingServer(t);
    const socket = await connect(first, mode, { ...EAGER, auth: { name: 'ann' } });
    const { id } = socket;
    const gone = event(socket, 'disconnect');
    await first.crash();
    assert.match((await gone)[0], /^transport (close|error)$/);
    socket.emit('message', 'kept until then');
    const back = event(socket, 'message-back');
    const second = await startServer(t, { port: first.port });
    second.own(socket, () => socket.disconnect());
    assert.deepEqual(await back, ['kept until then']);
    assert.notEqual(socket.id, id);
    assert.deepEqual((await ask(socket, 'handshake', 'x')).auth, { name: 'ann' });
  });

  eachMode('a client reconnects after the server was closed and restarted', async (t, mode) => {
    const first = await startLastingServer(t);
    const socket = await connect(first, mode, EAGER);
    const gone = event(socket, 'disconnect');
    first.kill('SIGTERM');
    await gone;
    await first.exited;
    const back = event(socket, 'connect');
    const second = await startServer(t, { port: first.port });
    second.own(socket, () => socket.disconnect());
    await back;
    await settle(socket);
  });

  check('a server that was closed lets everybody go and ends by itself', async (t) => {
    const server = await startServer(t);
    const modes = ['websocket only', 'polling only', 'upgrade'];
    const sockets = await Promise.all(modes.map((mode) => connect(server, mode)));
    const idle = await rawTcp(server);
    const halfSent = await rawTcp(server);
    await halfSent.write('GET /socket.io/?EIO=4&tra');
    const waiting = await rawPolling(server);
    const poll = await waiting.waiting();
    const gone = sockets.map((socket) => event(socket, 'disconnect'));
    server.kill('SIGTERM');
    for (const [reason] of await Promise.all(gone)) assert.match(reason, /^transport/);
    assert.equal((await poll.answered).body, '1');
    assert.equal((await server.exited).code, 0);
    await idle.end();
    await halfSent.end();
  });

  check('a client closes the server and nothing hangs', async (t) => {
    const server = await startServer(t);
    const socket = await connect(server, 'upgrade');
    const gone = event(socket, 'disconnect');
    server.control('close').catch(() => {});
    assert.equal((await gone)[0], 'transport close');
    assert.equal((await server.exited).code, 0);
    const reasons = server.finalReport().map((entry) => entry.reason || entry.what);
    assert.deepEqual(reasons, ['connect', 'server shutting down', 'server shutting down']);
  });

  check('sessions that are in the middle of something end with the server', async (t) => {
    const server = await startServer(t);
    const upgrading = await rawPolling(server);
    const websocket = await probe(server, upgrading.sid);
    websocket.send('2probe');
    await websocket.next();
    const thinking = client(server, 'websocket only', { nsp: '/admin', auth: { token: 'never' } });
    await event(thinking.io, 'open');
    await server.entry({ what: 'middleware', name: 'first' });
    const asked = await connect(server, 'websocket only');
    asked.emit('ask', { timeout: 60000 });
    asked.emit('ack-later', 60000, () => {});
    await settle(asked);
    server.kill('SIGTERM');
    await websocket.end();
    assert.equal((await server.exited).code, 0);
  });

  check('a port that is taken is reported', async (t) => {
    const server = await startServer(t);
    await assert.rejects(startServer({ after: () => {} }, { port: server.port }), /in use/);
    await settle(await connect(server, 'websocket only'));
  });
});
