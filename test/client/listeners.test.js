// SPDX-License-Identifier: MIT
// Every way to listen to events, and middlewares for them (catalogue S4, S6,
// S11 to S13, S15, W8).
'use strict';

const assert = require('node:assert/strict');
const { ask, check, collect, connect, eachMode, suite } = require('./lib/client');
const { startServer } = require('./lib/server');
const { rawSession } = require('./lib/session');
const { within } = require('./lib/wait');

const LISTENERS = { nsp: '/listeners' };
const GO = { nsp: '/go' };

async function joined(t, mode) {
  const server = await startServer(t);
  return { server, socket: await connect(server, mode, LISTENERS) };
}

// Who has handled an event, and with which arguments.
function answers(socket, name, ...args) {
  const all = new Promise((resolve) => {
    socket.emit(name, ...args, (...got) => resolve(got));
  });
  return within(all, `answer to "${name}"`);
}

async function rawJoined(server, mode) {
  const session = await rawSession(server, mode);
  await session.send('40/listeners,');
  assert.match(await session.next(), /^40\/listeners,\{"sid"/);
  return session;
}

async function events(server, what) {
  const report = await server.report();
  return report.filter((e) => e.what === what).map((e) => e.event);
}

suite('listeners', () => {
  eachMode('by name, by pattern, once, else the fallback', async (t, mode) => {
    const { socket } = await joined(t, mode);
    const got = [];
    for (const name of ['named', 'single', 'single', 'chat:new', 'chat:', 'chat', 'error']) {
      got.push(await ask(socket, name));
    }
    assert.deepEqual(got, [
      'named', 'once', 'fallback', 'matching', 'matching', 'fallback', 'fallback',
    ]);
  });

  eachMode('a socket has handlers of its own', async (t, mode) => {
    const { server, socket } = await joined(t, mode);
    const other = await connect(server, mode, LISTENERS);
    assert.equal(await ask(socket, 'own'), 'fallback');
    await ask(socket, 'listen');
    assert.equal(await ask(socket, 'own'), 'socket');
    assert.equal(await ask(other, 'own'), 'fallback');
  });

  eachMode('what is removed is not called any more', async (t, mode) => {
    const { server, socket } = await joined(t, mode);
    await ask(socket, 'stop');
    assert.equal(await ask(socket, 'named'), 'fallback');
    assert.equal(await ask(socket, 'chat:new'), 'fallback');
    assert.deepEqual(await events(server, 'any'), ['first', 'second'].map((n) => `stop ${n}`));
  });

  eachMode('all events are seen in order, also binary and refused ones', async (t, mode) => {
    const { server, socket } = await joined(t, mode);
    socket.emit('named', Buffer.from([1, 2]));
    socket.emit('forbidden');
    assert.deepEqual(await answers(socket, 'named', Buffer.from([3])), ['named', Buffer.from([3])]);
    const seen = ['named', 'forbidden', 'named'];
    // what is put in front comes first
    assert.deepEqual(await events(server, 'any'), seen.flatMap((e) => [`${e} first`, `${e} second`]));
  });

  eachMode('what is emitted and broadcast is seen', async (t, mode) => {
    const { server, socket } = await joined(t, mode);
    const other = await connect(server, mode, LISTENERS);
    const said = collect(socket, 'said');
    const shouted = collect(other, 'shouted');
    await ask(socket, 'say', 1);
    await ask(socket, 'shout', 'a');
    await ask(socket, 'shout', Buffer.from([7]));
    await ask(other, 'named');
    assert.deepEqual(said, [[1]]);
    assert.deepEqual(shouted, [['a'], [Buffer.from([7])]]);
    // for each recipient, without acknowledgements
    assert.deepEqual(await events(server, 'outgoing'), [
      'said', 'shouted', 'shouted', 'shouted', 'shouted',
    ]);
  });
});

suite('event middlewares', () => {
  eachMode('an event may be rewritten, its name included', async (t, mode) => {
    const { server, socket } = await joined(t, mode);
    assert.deepEqual(await answers(socket, 'old-name', 1, Buffer.from([2])), [
      'named', 1, Buffer.from([2]), 'and more',
    ]);
    assert.deepEqual(await events(server, 'last middleware'), ['named']);
  });

  eachMode('a refused event reaches nobody, and is not acknowledged', async (t, mode) => {
    const { server, socket } = await joined(t, mode);
    let acknowledged = false;
    socket.emit('forbidden', () => { acknowledged = true; });
    assert.equal(await ask(socket, 'named'), 'named');
    assert.equal(acknowledged, false);
    assert.equal((await server.entry({ what: 'problem' })).message, 'not allowed');
    assert.deepEqual(await events(server, 'last middleware'), ['named']);
    assert.equal(socket.connected, true);
  });

  eachMode('later events wait, and keep their order', async (t, mode) => {
    const { server, socket } = await joined(t, mode);
    const go = await connect(server, mode, GO);
    const order = [];
    const all = Promise.all([
      answers(socket, 'wait', 1).then((got) => order.push(got)),
      answers(socket, 'named', Buffer.from([2])).then((got) => order.push(got)),
      answers(socket, 'chat:x', 3).then((got) => order.push(got)),
    ]);
    await server.entry({ what: 'any', event: 'chat:x second' });
    assert.deepEqual(order, []);
    assert.equal(await ask(go, 'go'), 1);
    await within(all, 'answers');
    assert.deepEqual(order, [['waited', 1], ['named', Buffer.from([2])], ['matching', 3]]);
  });

  eachMode('who leaves takes what waits along', async (t, mode) => {
    const { server, socket } = await joined(t, mode);
    const go = await connect(server, mode, GO);
    socket.emit('wait');
    socket.emit('named');
    await server.entry({ what: 'any', event: 'named second' });
    socket.disconnect();
    await server.entry({ what: 'disconnect', nsp: '/listeners' });
    assert.equal(await ask(go, 'go'), 0);
    assert.deepEqual(await events(server, 'last middleware'), []);
    assert.deepEqual(await events(server, 'problem'), []);
  });

  check('an event behind a disconnect is not delivered', async (t) => {
    const server = await startServer(t);
    const session = await rawJoined(server, 'polling only');
    await session.send('42/listeners,["named"]', '41/listeners,', '40/listeners,');
    await session.next();
    assert.deepEqual(await events(server, 'any'), ['named first', 'named second']);
  });
});

suite('problems', () => {
  const cases = {
    '45woooot': 'Illegal attachments',
    45: 'Illegal attachments',
    '444["handle me please"]': 'invalid payload',
    '42/listeners,["connect_error"]': 'invalid payload',
    4: /unknown packet type/,
  };
  for (const [packet, message] of Object.entries(cases)) {
    eachMode(`"${packet}" is told, and then the client is cut`, async (t, mode) => {
      const server = await startServer(t);
      const session = await rawJoined(server, mode);
      await session.offend(packet);
      await session.ended();
      const end = await server.entry({ what: 'disconnect', nsp: '/listeners' });
      assert.equal(end.reason, 'forced close');
      const problem = await server.entry({ what: 'problem' });
      assert.match(problem.message, new RegExp(message));
      assert.equal(problem.event, '');
    });
  }
});
