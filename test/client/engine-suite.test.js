// SPDX-License-Identifier: MIT
// The official Engine.IO suite (revision 4) in its own words: a server that
// echoes, no Socket.IO.  The same by Socket.IO: engine-protocol.test.js; the
// suite of revision 3: eio3.test.js.
'use strict';

const assert = require('node:assert/strict');
const { check, suite } = require('./lib/client');
const { POLL4, ask } = require('./lib/http');
const { rawPolling } = require('./lib/polling');
const { assertOpen } = require('./lib/protocol');
const { startEngine } = require('./lib/server');
const { upgrade } = require('./lib/session');
const { ENGINE, probe, rawWebSocket } = require('./lib/websocket');
const { sleep } = require('./lib/wait');

const SETTINGS = { pingInterval: 300, pingTimeout: 200, maxPayload: 1000000, cors: 'any' };
// For cases in which pings are answered: a busy machine takes its time.
const PATIENT = { ...SETTINGS, pingTimeout: 10000 };
// For cases that a ping in between would disturb.
const CALM = { cors: 'any' };

async function openWebSocket(server) {
  const socket = rawWebSocket(server);
  await socket.next();
  return socket;
}

suite('the suite: handshake', () => {
  check('polling and websocket open', async (t) => {
    const server = await startEngine(t, SETTINGS);
    const { status, body } = await ask(server, POLL4);
    assert.equal(status, 200);
    assertOpen(body.toString(), ['websocket']);
    assertOpen(await rawWebSocket(server).next(), []);
  });

  check('polling with wrong parameters or methods', async (t) => {
    const server = await startEngine(t, SETTINGS);
    for (const query of ['transport=polling', 'EIO=abc&transport=polling', 'EIO=4', 'EIO=4&transport=abc']) {
      assert.equal((await ask(server, query)).status, 400, query);
    }
    for (const method of ['POST', 'PUT']) assert.equal((await ask(server, POLL4, { method })).status, 400);
  });

  check('websockets with wrong parameters', async (t) => {
    const server = await startEngine(t, SETTINGS);
    for (const query of ['transport=websocket', 'EIO=abc&transport=websocket', 'EIO=4', 'EIO=4&transport=abc']) {
      await rawWebSocket(server, query).end();
    }
  });
});

suite('the suite: messages', () => {
  check('one packet, several packets, text and binary by polling', async (t) => {
    const server = await startEngine(t, CALM);
    const polling = await rawPolling(server);
    for (const payload of ['4hello', '4test1\x1e4test2\x1e4test3', '4hello\x1ebAQIDBA==']) {
      assert.deepEqual(await polling.post(payload), { status: 200, body: 'ok' });
      assert.deepEqual(await polling.get(), { status: 200, body: payload });
    }
  });

  check('an invalid body', async (t) => {
    const server = await startEngine(t, CALM);
    const polling = await rawPolling(server);
    assert.equal((await polling.post('abc')).status, 400);
    assert.equal((await polling.get()).status, 400);
  });

  check('two polls at once, and a poll that is given up', async (t) => {
    const server = await startEngine(t, CALM);
    const polling = await rawPolling(server);
    const poll = await polling.waiting();
    assert.equal((await polling.get()).status, 400);
    assert.deepEqual(await poll.answered, { status: 200, body: '1' });
    assert.equal((await polling.get()).status, 400);
    const other = await rawPolling(server);
    const dropped = await other.waiting();
    dropped.abort();
    assert.equal((await other.get()).status, 400);
  });

  check('text, binary and what is invalid by websocket', async (t) => {
    const server = await startEngine(t, CALM);
    const socket = await openWebSocket(server);
    for (const message of ['4hello', Buffer.from([1, 2, 3, 4]), '4', Buffer.alloc(0)]) {
      socket.send(message);
      assert.deepEqual(await socket.next(), message);
    }
    socket.send('abc');
    await socket.end();
  });
});

suite('the suite: heartbeat', () => {
  check('polling: three rounds', async (t) => {
    const server = await startEngine(t, PATIENT);
    const polling = await rawPolling(server);
    for (let i = 0; i < 3; i += 1) {
      assert.deepEqual(await polling.get(), { status: 200, body: '2' });
      assert.deepEqual(await polling.post('3'), { status: 200, body: 'ok' });
    }
  });

  check('websocket: three rounds', async (t) => {
    const server = await startEngine(t, PATIENT);
    const socket = await openWebSocket(server);
    for (let i = 0; i < 3; i += 1) {
      assert.equal(await socket.next(), '2');
      socket.send('3');
    }
  });

  check('without a poll or a pong it ends after 500 ms, not before', async (t) => {
    const server = await startEngine(t, SETTINGS);
    const begin = Date.now();
    const polling = await rawPolling(server);
    const opened = Date.now();
    await sleep(400 - (Date.now() - begin));
    if (Date.now() - begin < 480) assert.equal((await server.snapshot()).sessions, 1);
    await sleep(500 - (Date.now() - opened));
    assert.equal((await server.entry({ what: 'close' })).reason, 'ping timeout');
    assert.equal((await polling.get()).status, 400);
  });

  check('websocket: without a pong it ends', async (t) => {
    const server = await startEngine(t, SETTINGS);
    const socket = await openWebSocket(server);
    await socket.end();
    assert.equal((await server.entry({ what: 'close' })).reason, 'ping timeout');
  });

  check('after an upgrade it goes on', async (t) => {
    const server = await startEngine(t, PATIENT);
    const socket = await upgrade(server, await rawPolling(server));
    for (let i = 0; i < 3; i += 1) {
      assert.equal(await socket.next(), '2');
      socket.send('3');
    }
    socket.send('4alive');
    assert.equal(await socket.next(), '4alive');
  });
});

suite('the suite: close and upgrade', () => {
  check('polling: the client closes', async (t) => {
    const server = await startEngine(t, CALM);
    const polling = await rawPolling(server);
    const poll = await polling.waiting();
    assert.deepEqual(await polling.post('1'), { status: 200, body: 'ok' });
    assert.deepEqual(await poll.answered, { status: 200, body: '6' });
    assert.equal((await polling.get()).status, 400);
    assert.equal((await server.entry({ what: 'close' })).reason, 'transport close');
  });

  check('websocket: the client closes', async (t) => {
    const server = await startEngine(t, CALM);
    const socket = await openWebSocket(server);
    socket.send('1');
    await socket.end();
    const { reason, cause } = await server.entry({ what: 'close' });
    assert.deepEqual([reason, cause], ['transport close', 'the client sent a close packet']);
  });

  check('the upgrade', async (t) => {
    const server = await startEngine(t, CALM);
    const polling = await rawPolling(server);
    const socket = await probe(server, polling.sid);
    socket.send('2probe');
    assert.equal(await socket.next(), '3probe');
    assert.deepEqual(await polling.get(), { status: 200, body: '6' });
    socket.send('5');
    socket.send('4hello');
    assert.equal(await socket.next(), '4hello');
  });

  check('after it a poll is refused and another websocket closed', async (t) => {
    const server = await startEngine(t, CALM);
    const polling = await rawPolling(server);
    const socket = await upgrade(server, polling);
    assert.deepEqual(await polling.get(), { status: 400, body: '{"code":3,"message":"Bad request"}' });
    const second = await probe(server, polling.sid);
    assert.equal((await second.end()).code, 1005);
    socket.send('4hello');
    assert.equal(await socket.next(), '4hello');
    const { context } = await server.entry({ what: 'refused' });
    assert.deepEqual(context, {
      name: 'TRANSPORT_MISMATCH', transport: 'polling', previousTransport: 'websocket',
    });
  });

  check('without a probe it works as well', async (t) => {
    const server = await startEngine(t, CALM);
    const polling = await rawPolling(server);
    await server.send(polling.sid, 'waiting');
    const socket = rawWebSocket(server, `${ENGINE}&sid=${polling.sid}`);
    await socket.opened;
    socket.send('5');
    assert.equal(await socket.next(), '4waiting');
  });

  check('while it closes, what waits goes to the websocket', async (t) => {
    const server = await startEngine(t, CALM);
    const polling = await rawPolling(server);
    const socket = await probe(server, polling.sid);
    socket.send('2probe');
    await socket.next();
    await server.send(polling.sid, 'last', { close: 'gently' });
    socket.send('5');
    assert.equal(await socket.next(), '4last');
    await socket.end();
    assert.equal((await server.entry({ what: 'close' })).reason, 'forced close');
  });
});
