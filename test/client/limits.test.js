// SPDX-License-Identifier: MIT
// Limits of addresses and rates, and what becomes of what has no room.
'use strict';

const assert = require('node:assert/strict');
const io2 = require('socket.io-client-v2');
const { ask, check, client, collect, connect, eachMode, suite } = require('./lib/client');
const { startServer } = require('./lib/server');
const { event, until, within } = require('./lib/wait');

const LIMITS = { nsp: '/limits' };

async function handshake(server) {
  const answer = await fetch(`${server.url}/socket.io/?EIO=4&transport=polling`);
  return {
    status: answer.status,
    after: answer.headers.get('retry-after'),
    connection: answer.headers.get('connection'),
    body: await answer.text(),
  };
}

// Too many handshakes: an official client learns of it, and may try again.
async function assertRefused(server, mode, status) {
  const socket = client(server, mode);
  const [error] = await event(socket, 'connect_error');
  assert.equal(socket.connected, false);
  if (mode !== 'websocket only') assert.equal(error.context.status, status);
}

// The first handshake that is refused, and how many were not: a slow machine
// gives the server time to allow more.
async function turnedAway(server) {
  for (let passed = 0; passed < 1000; passed += 1) {
    const answer = await handshake(server);
    if (answer.status !== 200) return { passed, answer };
  }
  throw new Error('nobody is turned away');
}

// Somebody gets in again.
function again(server) {
  return until(async () => (await handshake(server)).status === 200, 'handshake');
}

// The arguments of the first event `name` of any of them.
function anyEvent(emitters, name) {
  const first = new Promise((resolve) => {
    for (const emitter of emitters) emitter.once(name, (...args) => resolve(args));
  });
  return within(first, `event "${name}"`);
}

async function ended(server, socket) {
  const { id } = socket;
  await event(socket, 'disconnect');
  return server.entry({ what: 'disconnect', id });
}

suite('limits', () => {
  eachMode('an auth payload that is too large is refused, and the client may try again', async (t, mode) => {
    const server = await startServer(t);
    const socket = await connect(server, mode);
    const custom = socket.io.socket('/custom', { auth: { token: 'x'.repeat(16384) } });
    const [error] = await event(custom, 'connect_error');
    assert.equal(error.message, 'Auth payload too large');
    custom.auth = { token: 'x'.repeat(16384 - 12) };
    const back = event(custom, 'auth');
    custom.connect();
    assert.deepEqual(await back, [custom.auth]);
    await ask(socket, 'message-with-ack', 'still here');
  });

  check('an address that comes too often gets 429', async (t) => {
    const server = await startServer(t, {
      handshakesPerAddress: 1, handshakesPerAddressBurst: 2,
    });
    const { passed, answer } = await turnedAway(server);
    assert.ok(passed >= 2);
    assert.deepEqual(answer, {
      status: 429, after: '1', connection: 'close', body: '',
    });
    await again(server);
  });

  check('if all together come too often they get 503', async (t) => {
    const server = await startServer(t, { handshakesPerSecond: 1, handshakesBurst: 1 });
    const { passed, answer } = await turnedAway(server);
    assert.ok(passed >= 1);
    assert.deepEqual(answer, {
      status: 503, after: '1', connection: 'close', body: '',
    });
  });

  eachMode('an address has so many sessions', async (t, mode) => {
    const server = await startServer(t, { maxSessionsPerAddress: 3 });
    assert.equal(await server.control('count', '/'), 0); // this is the first
    const first = await connect(server, mode);
    const second = await connect(server, mode);
    await assertRefused(server, mode, 429);
    assert.equal(await ask(first, 'message-with-ack', 'still here'), 'still here');
    second.disconnect();
    // The place is free when the session has ended, which the server learns
    // after the end of the socket: a client that tries again gets in.
    const third = client(server, mode, {
      reconnection: true, reconnectionDelay: 10, reconnectionDelayMax: 50,
    });
    await event(third, 'connect');
  });

  eachMode('a client with too many events is closed', async (t, mode) => {
    const server = await startServer(t, { eventsPerSecond: 1, eventsBurst: 5 });
    const socket = await connect(server, mode);
    const end = ended(server, socket);
    for (let i = 0; i < 20; i += 1) socket.emit('message', i);
    const { reason, cause, limit, seen } = await end;
    assert.deepEqual({ reason, cause, limit, seen }, {
      reason: 'forced server close', cause: 'too many events at a time', limit: 5, seen: 6,
    });
  });

  eachMode('a client with too many bytes is closed', async (t, mode) => {
    const server = await startServer(t, { eventBytesPerSecond: 1000, eventBytesBurst: 5000 });
    const socket = await connect(server, mode);
    const end = ended(server, socket);
    for (let i = 0; i < 3; i += 1) socket.emit('message', Buffer.alloc(2000));
    assert.equal((await end).cause, 'too many bytes of events at a time');
  });

  eachMode('a client with too many joins is closed', async (t, mode) => {
    const server = await startServer(t, { joinsPerSecond: 1, joinsBurst: 2 });
    const socket = await connect(server, mode);
    const end = ended(server, socket);
    // One more than there is room for if all have come back meanwhile.
    for (const nsp of ['/custom', '/cast', '/limits']) socket.io.socket(nsp).connect();
    assert.equal((await end).cause, 'too many joins at a time');
  });

  check('a client of Socket.IO 2 is told in its own words', async (t) => {
    const server = await startServer(t, {
      allowEio3: true, joinsPerSecond: 1, joinsBurst: 1, ratePolicy: 0,
    });
    const root = server.own(io2(server.url, { forceNew: true, reconnection: false }),
      (socket) => socket.disconnect());
    await event(root, 'connect');
    const others = ['/custom', '/cast', '/limits'].map((nsp) => root.io.socket(nsp));
    assert.deepEqual(await anyEvent(others, 'error'), ['Too many joins']);
  });

  eachMode('what is too much may be dropped instead', async (t, mode) => {
    const server = await startServer(t, {
      eventsPerSecond: 1, eventsBurst: 3, joinsPerSecond: 1, joinsBurst: 1, ratePolicy: 0,
    });
    const socket = await connect(server, mode);
    const back = collect(socket, 'message-back');
    for (let i = 0; i < 10; i += 1) socket.emit('message', i);
    // Two at once: there is room for one of them at most.
    const others = ['/custom', '/cast'].map((nsp) => socket.io.socket(nsp));
    const refused = anyEvent(others, 'connect_error');
    for (const other of others) other.connect();
    assert.equal((await refused)[0].message, 'Too many joins');
    assert.deepEqual(back.slice(0, 3), [[0], [1], [2]]);
    assert.ok(back.length < 10, 'none was dropped');
    await until(() => socket.timeout(100).emitWithAck('message-with-ack', 'again').catch(() => false),
      'answer');
  });

  for (const all of [false, true]) {
    eachMode(`there is room again after ${all ? 'a broadcast' : 'an emit'}`, async (t, mode) => {
      const server = await startServer(t, {
        outputPolicy: 1, maxOutputBytes: 100000, highWaterBytes: 20000,
      });
      const socket = await connect(server, mode, LIMITS);
      const got = collect(socket, 'filled');
      for (let round = 1; round <= 3; round += 1) {
        const told = event(socket, 'drained');
        socket.emit('fill', 10000, all);
        await told;
      }
      assert.equal(got.length % 3, 0);
      assert.ok(got.length >= 3 * 7 && got.length <= 3 * 9, `${got.length} events`);
      assert.equal(socket.connected, true);
    });
  }

  eachMode('without a policy the connection is cut', async (t, mode) => {
    const server = await startServer(t, { maxOutputBytes: 100000 });
    const socket = await connect(server, mode);
    const end = ended(server, socket);
    socket.emit('burst', 'x'.repeat(100), 2000);
    const { reason, cause, limit } = await end;
    assert.deepEqual({ reason, cause, limit }, {
      reason: 'transport error', cause: 'too many unsent bytes', limit: 100000,
    });
  });
});
