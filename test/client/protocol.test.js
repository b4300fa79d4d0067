// SPDX-License-Identifier: MIT
// The Socket.IO half of the official protocol suite (revision 5), on every
// transport.  Its first sixteen cases are those of engine-protocol.test.js.
'use strict';

const assert = require('node:assert/strict');
const { check, eachMode, suite } = require('./lib/client');
const { CALM, PATIENT, startSuiteServer: startServer } = require('./lib/protocol');
const { rawSession } = require('./lib/session');
const { rawPolling } = require('./lib/polling');
const { rawWebSocket } = require('./lib/websocket');

const PLACES = '{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}';
const FIRST = Buffer.from([1, 2, 3]);
const SECOND = Buffer.from([4, 5, 6]);

// A session that has not joined anything.  The official suite uses WebSockets
// only, and its heartbeat.
async function fresh(t, mode) {
  const options = mode === 'websocket only' ? PATIENT : CALM;
  return rawSession(await startServer(t, options), mode);
}

async function joined(t, mode) {
  const session = await fresh(t, mode);
  await session.join();
  return session;
}

// The reply to CONNECT has an id and nothing else.
function assertConnect(packet, nsp = '') {
  assert.ok(packet.startsWith(`40${nsp}{`), packet);
  const data = JSON.parse(packet.slice(2 + nsp.length));
  assert.deepEqual(Object.keys(data), ['sid']);
  assert.match(data.sid, /^[\w-]{20}$/);
}

async function assertAnswers(session, packets, answers) {
  await session.send(...packets);
  for (const want of answers) assert.deepEqual(await session.next(), want);
}

suite('Socket.IO: connect', () => {
  eachMode('the main namespace is joined', async (t, mode) => {
    const session = await fresh(t, mode);
    await session.send('40');
    assertConnect(await session.next());
    assert.equal(await session.next(), '42["auth",{}]');
  });

  eachMode('the main namespace is joined with auth', async (t, mode) => {
    const session = await fresh(t, mode);
    await session.send('40{"token":"123"}');
    assertConnect(await session.next());
    assert.equal(await session.next(), '42["auth",{"token":"123"}]');
  });

  eachMode('a custom namespace is joined', async (t, mode) => {
    const session = await fresh(t, mode);
    await session.send('40/custom,');
    assertConnect(await session.next(), '/custom,');
    assert.equal(await session.next(), '42/custom,["auth",{}]');
  });

  eachMode('a custom namespace is joined with auth', async (t, mode) => {
    const session = await fresh(t, mode);
    await session.send('40/custom,{"token":"abc"}');
    assertConnect(await session.next(), '/custom,');
    assert.equal(await session.next(), '42/custom,["auth",{"token":"abc"}]');
  });

  eachMode('an unknown namespace is refused and the connection stays', async (t, mode) => {
    const session = await fresh(t, mode);
    await assertAnswers(session, ['40/random'], ['44/random,{"message":"Invalid namespace"}']);
    await session.send('40');
    assertConnect(await session.next());
  });

  eachMode('an invalid packet instead of CONNECT closes the connection', async (t, mode) => {
    const session = await fresh(t, mode);
    await session.offend('4abc');
    assert.deepEqual(await session.ended(), []);
  });

  eachMode('a connection that joins nothing is closed', async (t, mode) => {
    const session = await fresh(t, mode);
    const begin = Date.now();
    assert.deepEqual(await session.ended(), []);
    const took = Date.now() - begin;
    assert.ok(took > 800 && took < 10000, `closed after ${took} ms`);
  });
});

suite('Socket.IO: disconnect', () => {
  check('after a leave nothing but the heartbeat goes on', async (t) => {
    const { carrier } = await joined(t, 'websocket only');
    carrier.send('41');
    for (let i = 0; i < 4; i += 1) {
      assert.equal(await carrier.next(), '2');
      carrier.send('3');
    }
  });

  eachMode('a namespace may be left and another one goes on', async (t, mode) => {
    const session = await joined(t, mode);
    await session.send('40/custom');
    assertConnect(await session.next(), '/custom,');
    assert.equal(await session.next(), '42/custom,["auth",{}]');
    await assertAnswers(session,
      ['41/custom', '42["message","message to main namespace"]'],
      ['42["message-back","message to main namespace"]']);
  });
});

suite('Socket.IO: messages', () => {
  eachMode('text comes back', async (t, mode) => {
    const session = await joined(t, mode);
    await assertAnswers(session,
      ['42["message",1,"2",{"3":[true]}]'],
      ['42["message-back",1,"2",{"3":[true]}]']);
  });

  eachMode('binary comes back', async (t, mode) => {
    const session = await joined(t, mode);
    await assertAnswers(session,
      [`452-["message",${PLACES}]`, FIRST, SECOND],
      [`452-["message-back",${PLACES}]`, FIRST, SECOND]);
  });

  eachMode('text is acknowledged', async (t, mode) => {
    const session = await joined(t, mode);
    await assertAnswers(session,
      ['42456["message-with-ack",1,"2",{"3":[false]}]'],
      ['43456[1,"2",{"3":[false]}]']);
  });

  eachMode('binary is acknowledged', async (t, mode) => {
    const session = await joined(t, mode);
    await assertAnswers(session,
      [`452-789["message-with-ack",${PLACES}]`, FIRST, SECOND],
      [`462-789[${PLACES}]`, FIRST, SECOND]);
  });

  eachMode('the server asks for an acknowledgement', async (t, mode) => {
    const session = await joined(t, mode);
    await assertAnswers(session, ['42["ask",{"timeout":0},1]'], ['420["question",1]']);
    await assertAnswers(session, ['430["fine",{"a":1}]'], ['42["answer",null,"fine",{"a":1}]']);
    await assertAnswers(session,
      ['451-["ask",{"timeout":0},{"_placeholder":true,"num":0}]', FIRST],
      ['451-1["question",{"_placeholder":true,"num":0}]', FIRST]);
    await assertAnswers(session,
      [`462-1[${PLACES}]`, SECOND, FIRST],
      [`452-["answer",null,${PLACES}]`, SECOND, FIRST]);
  });

  eachMode('an invalid packet closes the connection', async (t, mode) => {
    for (const packet of ['4abc', '42{}', '42abc["message-with-ack",1,"2",{"3":[false]}]']) {
      const session = await joined(t, mode);
      await session.offend(packet);
      assert.deepEqual(await session.ended(), [], packet);
    }
  });
});

suite('Socket.IO: how a connection ends', () => {
  // The next GET is answered with exactly a noop and a close.
  async function assertPollEnds(polling, packet) {
    await polling.post(packet);
    assert.deepEqual(await polling.get(), { status: 200, body: '6\x1e1' });
    assert.equal((await polling.get()).status, 400);
  }

  check('an event without CONNECT', async (t) => {
    const polling = await rawPolling(await startServer(t));
    await assertPollEnds(polling, '42["message"]');
  });

  check('a second CONNECT for the same namespace', async (t) => {
    const polling = await rawPolling(await startServer(t));
    await polling.send('40');
    assert.match((await polling.get()).body, /^40\{"sid"/);
    await assertPollEnds(polling, '40');
  });

  check('an undecodable packet', async (t) => {
    const polling = await rawPolling(await startServer(t));
    await polling.send('40');
    assert.match((await polling.get()).body, /^40\{"sid"/);
    await assertPollEnds(polling, '4abc');
  });

  check('a websocket is closed without a code', async (t) => {
    const socket = rawWebSocket(await startServer(t));
    await socket.next();
    socket.send('4abc');
    assert.equal((await socket.end()).code, 1005);
  });
});
