// SPDX-License-Identifier: MIT
// The Engine.IO half of the official protocol suites (revision 4), where
// messages are echoed by the Socket.IO event "message".
'use strict';

const assert = require('node:assert/strict');
const { check, suite } = require('./lib/client');
const { answer, rawPolling, request } = require('./lib/polling');
const {
  CALM, PATIENT, assertOpen, startSuiteServer: startServer,
} = require('./lib/protocol');
const { upgrade } = require('./lib/session');
const { ENGINE, probe, rawWebSocket } = require('./lib/websocket');
const { sleep, until } = require('./lib/wait');

const SEP = '\x1e';

async function status(server, query, options) {
  return (await answer(await request(server, query, options))).status;
}

// Joined, and everything read.
async function joinedPolling(server) {
  const polling = await rawPolling(server);
  await polling.send('40');
  await polling.get();
  return polling;
}

async function joinedWebSocket(server) {
  const socket = rawWebSocket(server);
  await socket.next();
  socket.send('40');
  await socket.next();
  await socket.next();
  return socket;
}

suite('Engine.IO: handshake', () => {
  check('a polling handshake answers with an open packet', async (t) => {
    const server = await startServer(t);
    const response = await request(server, 'EIO=4&transport=polling');
    assert.equal(response.status, 200);
    assert.equal(response.headers.get('content-type'), 'text/plain; charset=UTF-8');
    assert.equal(response.headers.get('cache-control'), 'no-store');
    assert.equal(response.headers.get('access-control-allow-origin'), null);
    assertOpen(await response.text(), ['websocket']);
  });

  check('a websocket handshake begins with an open packet', async (t) => {
    const server = await startServer(t);
    assertOpen(await rawWebSocket(server).next(), []);
  });

  check('polling without or with an invalid EIO is refused', async (t) => {
    const server = await startServer(t);
    assert.equal(await status(server, 'transport=polling'), 400);
    assert.equal(await status(server, 'EIO=abc&transport=polling'), 400);
  });

  check('a websocket without or with an invalid EIO is closed', async (t) => {
    const server = await startServer(t);
    await rawWebSocket(server, 'transport=websocket').end();
    await rawWebSocket(server, 'EIO=abc&transport=websocket').end();
  });

  check('polling without or with an unknown transport is refused', async (t) => {
    const server = await startServer(t);
    assert.equal(await status(server, 'EIO=4'), 400);
    assert.equal(await status(server, 'EIO=4&transport=abc'), 400);
  });

  check('a websocket without or with an unknown transport is closed', async (t) => {
    const server = await startServer(t);
    await rawWebSocket(server, 'EIO=4').end();
    await rawWebSocket(server, 'EIO=4&transport=abc').end();
  });

  check('POST and PUT without a session are refused', async (t) => {
    const server = await startServer(t);
    for (const method of ['POST', 'PUT']) {
      assert.equal(await status(server, 'EIO=4&transport=polling', { method }), 400);
    }
  });
});

suite('Engine.IO: messages', () => {
  check('one packet by POST comes back by GET', async (t) => {
    const server = await startServer(t, CALM);
    const polling = await joinedPolling(server);
    const posted = await polling.post('42["message","hello"]');
    assert.deepEqual(posted, { status: 200, body: 'ok' });
    const got = await polling.get();
    assert.deepEqual(got, { status: 200, body: '42["message-back","hello"]' });
  });

  check('several packets by POST come back in one payload, in order', async (t) => {
    const server = await startServer(t, CALM);
    const polling = await joinedPolling(server);
    const packets = ['test1', 'test2', 'test3'];
    await polling.send(...packets.map((text) => `42["message","${text}"]`));
    assert.equal((await polling.get()).body,
      packets.map((text) => `42["message-back","${text}"]`).join(SEP));
  });

  check('text and binary may be mixed in a payload', async (t) => {
    const server = await startServer(t, CALM);
    const polling = await joinedPolling(server);
    const place = '{"_placeholder":true,"num":0}';
    await polling.send('42["message","hello"]', `451-["message",${place}]`, 'bAQIDBA==');
    assert.equal((await polling.get()).body,
      ['42["message-back","hello"]', `451-["message-back",${place}]`, 'bAQIDBA=='].join(SEP));
  });

  check('an invalid body is refused and ends the session', async (t) => {
    const server = await startServer(t, CALM);
    const polling = await rawPolling(server);
    assert.equal((await polling.post('abc')).status, 400);
    assert.equal((await polling.get()).status, 400);
  });

  check('a second GET ends both and the session', async (t) => {
    const server = await startServer(t, CALM);
    const polling = await rawPolling(server);
    const first = await polling.waiting();
    assert.ok([400, 500].includes((await polling.get()).status));
    assert.deepEqual(await first.answered, { status: 200, body: '1' });
    assert.equal((await polling.get()).status, 400);
  });

  check('an aborted GET ends the session', async (t) => {
    const server = await startServer(t, CALM);
    const polling = await rawPolling(server);
    const poll = await polling.waiting();
    poll.abort();
    await assert.rejects(poll.answered);
    assert.equal((await polling.get()).status, 400);
  });

  check('text over a websocket comes back', async (t) => {
    const server = await startServer(t, CALM);
    const socket = await joinedWebSocket(server);
    socket.send('42["message","hello"]');
    assert.equal(await socket.next(), '42["message-back","hello"]');
  });

  check('binary over a websocket comes back as the same bytes', async (t) => {
    const server = await startServer(t, CALM);
    const socket = await joinedWebSocket(server);
    socket.send('451-["message",{"_placeholder":true,"num":0}]');
    socket.send(Buffer.from([1, 2, 3, 4]));
    assert.equal(await socket.next(), '451-["message-back",{"_placeholder":true,"num":0}]');
    assert.deepEqual(await socket.next(), Buffer.from([1, 2, 3, 4]));
  });

  check('an invalid packet closes the websocket without a code', async (t) => {
    const server = await startServer(t, CALM);
    const socket = rawWebSocket(server);
    await socket.next();
    socket.send('abc');
    assert.equal((await socket.end()).code, 1005);
  });
});

suite('Engine.IO: heartbeat', () => {
  check('polling: three pings are answered', async (t) => {
    const server = await startServer(t, PATIENT);
    const polling = await joinedPolling(server);
    let last = 0;
    for (let i = 0; i < 3; i += 1) {
      assert.deepEqual(await polling.get(), { status: 200, body: '2' });
      assert.ok(Date.now() - last >= 290, 'the ping came too early');
      last = Date.now();
      assert.deepEqual(await polling.post('3'), { status: 200, body: 'ok' });
    }
  });

  check('polling: without a pong the session is gone after 500 ms', async (t) => {
    const server = await startServer(t);
    const polling = await rawPolling(server);
    await sleep(500);
    await until(async () => (await polling.get()).status === 400, 'end of the session');
  });

  check('websocket: three pings are answered', async (t) => {
    const server = await startServer(t, PATIENT);
    const socket = await joinedWebSocket(server);
    for (let i = 0; i < 3; i += 1) {
      assert.equal(await socket.next(), '2');
      socket.send('3');
    }
    socket.send('42["message","alive"]');
    assert.equal(await socket.next(), '42["message-back","alive"]');
  });

  check('websocket: without a pong it is closed', async (t) => {
    const server = await startServer(t);
    const begin = Date.now();
    const socket = rawWebSocket(server);
    await socket.next();
    assert.equal((await socket.end()).code, 1005);
    assert.ok(Date.now() - begin >= 450);
  });
});

suite('Engine.IO: close and upgrade', () => {
  check('polling: a close packet answers the GET with a noop and ends the session', async (t) => {
    const server = await startServer(t, CALM);
    const polling = await rawPolling(server);
    const poll = await polling.waiting();
    assert.deepEqual(await polling.post('1'), { status: 200, body: 'ok' });
    assert.deepEqual(await poll.answered, { status: 200, body: '6' });
    assert.equal((await polling.get()).status, 400);
  });

  check('websocket: a close packet closes it at once', async (t) => {
    const server = await startServer(t, CALM);
    const socket = rawWebSocket(server);
    await socket.next();
    socket.send('1');
    await socket.end();
  });

  check('a session moves from polling to a websocket', async (t) => {
    const server = await startServer(t, CALM);
    const polling = await joinedPolling(server);
    const socket = await probe(server, polling.sid);
    socket.send('2probe');
    assert.equal(await socket.next(), '3probe');
    assert.deepEqual(await polling.get(), { status: 200, body: '6' });
    socket.send('5');
    socket.send('42["message","hello"]');
    assert.equal(await socket.next(), '42["message-back","hello"]');
  });

  check('after the upgrade a GET is refused and the websocket lives on', async (t) => {
    const server = await startServer(t, CALM);
    const polling = await joinedPolling(server);
    const socket = await upgrade(server, polling);
    assert.equal((await polling.get()).status, 400);
    socket.send('42["message","hello"]');
    assert.equal(await socket.next(), '42["message-back","hello"]');
  });

  check('after the upgrade a second websocket is closed and the first lives on', async (t) => {
    const server = await startServer(t, CALM);
    const polling = await joinedPolling(server);
    const socket = await upgrade(server, polling);
    const second = await probe(server, polling.sid);
    assert.equal((await second.end()).code, 1005);
    socket.send('42["message","hello"]');
    assert.equal(await socket.next(), '42["message-back","hello"]');
  });

  check('a second websocket during the upgrade is closed and the first goes on', async (t) => {
    const server = await startServer(t, CALM);
    const polling = await joinedPolling(server);
    const first = await probe(server, polling.sid);
    const second = rawWebSocket(server, `${ENGINE}&sid=${polling.sid}`);
    await second.end();
    first.send('2probe');
    assert.equal(await first.next(), '3probe');
  });
});
