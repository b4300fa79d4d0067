// SPDX-License-Identifier: MIT
'use strict';

const assert = require('node:assert/strict');
const { ask, check, collect, connect, eachMode, settle, suite } = require('./lib/client');
const { startServer } = require('./lib/server');
const { event, sleep, within } = require('./lib/wait');

const BYTES = Buffer.from([0, 1, 2, 255]);
const NESTED = { deep: [{ data: Buffer.from([9]) }, BYTES], n: 1 };

// All arguments of the acknowledgement.
function acked(socket, name, ...args) {
  const answer = new Promise((resolve) => {
    socket.emit(name, ...args, (...values) => resolve(values));
  });
  return within(answer, `answer to "${name}"`);
}

suite('acknowledgements', () => {
  eachMode('the server acknowledges with any arguments', async (t, mode) => {
    const server = await startServer(t);
    const socket = await connect(server, mode);
    for (const args of [[], [null], [1, 'two', { three: [true] }]]) {
      assert.deepEqual(await acked(socket, 'message-with-ack', ...args), args);
    }
  });

  eachMode('the server acknowledges with binary', async (t, mode) => {
    const server = await startServer(t);
    const socket = await connect(server, mode);
    for (const args of [[BYTES], ['a', NESTED, BYTES], [Buffer.alloc(0)]]) {
      assert.deepEqual(await acked(socket, 'message-with-ack', ...args), args);
    }
  });

  eachMode('the client acknowledges with and without binary', async (t, mode) => {
    const server = await startServer(t);
    const socket = await connect(server, mode);
    const questions = collect(socket, 'question');
    socket.on('question', (...args) => {
      const reply = args.pop();
      reply(...args);
    });
    const samples = [[], [null], [1, 'two', [3]], [BYTES], ['x', NESTED]];
    for (const args of samples) {
      for (const timeout of [0, 3000]) {
        const answer = event(socket, 'answer');
        socket.emit('ask', { timeout }, ...args);
        assert.deepEqual(await answer, [null, ...args]);
      }
    }
    assert.equal(questions.length, 2 * samples.length);
  });

  eachMode('many acknowledgements in flight find their events', async (t, mode) => {
    const server = await startServer(t);
    const socket = await connect(server, mode);
    const asked = Array.from({ length: 100 }, (_, i) => (
      i % 5 === 0 ? acked(socket, 'ack-later', 20 - (i % 20), i)
        : acked(socket, 'message-with-ack', i)
    ));
    const answers = await Promise.all(asked);
    assert.deepEqual(answers, Array.from({ length: 100 }, (_, i) => [i]));
  });

  eachMode('an acknowledgement may come later', async (t, mode) => {
    const server = await startServer(t);
    const socket = await connect(server, mode);
    assert.deepEqual(await acked(socket, 'ack-later', 50, 'x', BYTES), ['x', BYTES]);
  });

  eachMode('only the first of two acknowledgements counts', async (t, mode) => {
    const server = await startServer(t);
    const socket = await connect(server, mode);
    const answers = [];
    socket.emit('ack-twice', (value) => answers.push(value));
    await settle(socket);
    assert.deepEqual(answers, ['first']);
  });

  eachMode('a client that waits for an acknowledgement in vain times out', async (t, mode) => {
    const server = await startServer(t);
    const socket = await connect(server, mode);
    for (const name of ['ack-never', 'no-such-event']) {
      await assert.rejects(socket.timeout(50).emitWithAck(name), /timed out/);
    }
    await settle(socket);
  });

  eachMode('a server that waits for an acknowledgement in vain times out once', async (t, mode) => {
    const server = await startServer(t);
    const socket = await connect(server, mode);
    const answers = collect(socket, 'answer');
    let late;
    socket.on('question', (...args) => (late = args.pop()));
    const first = event(socket, 'answer');
    const begin = Date.now();
    socket.emit('ask', { timeout: 100 }, 'anybody?');
    assert.deepEqual(await first, ['timeout']);
    assert.ok(Date.now() - begin >= 95);
    late('too late');
    await settle(socket);
    assert.equal(answers.length, 1);
    assert.equal(await ask(socket, 'message-with-ack', 1), 1);
  });

  check('a pending acknowledgement fails when the client disconnects', async (t) => {
    const server = await startServer(t);
    for (const timeout of [0, 3000]) {
      const socket = await connect(server, 'websocket only');
      const asked = event(socket, 'question');
      socket.emit('ask', { timeout }, 'anybody?');
      await asked;
      const { id } = socket;
      socket.disconnect();
      const entry = await server.entry({ what: 'answer', id });
      assert.equal(entry.error, 'disconnected');
    }
  });

  check('an acknowledgement after the socket has left is dropped', async (t) => {
    const server = await startServer(t);
    const main = await connect(server, 'websocket only');
    const custom = main.io.socket('/custom', {});
    await event(custom, 'connect');
    const frames = collect(main.io.engine, 'data').flat();
    let answered = false;
    custom.emit('ack-later', 40, 'x', () => (answered = true));
    custom.emit('leave-me', false);
    await event(custom, 'disconnect');
    await sleep(80);
    await settle(main);
    assert.equal(answered, false);
    assert.ok(frames.every((data) => !data.startsWith('3/custom')));
  });

  check('one client cannot answer for another', async (t) => {
    const server = await startServer(t);
    const asked = await connect(server, 'websocket only');
    const other = await connect(server, 'websocket only');
    const got = event(asked, 'question');
    asked.emit('ask', { timeout: 150 });
    await got;
    const answer = event(asked, 'answer');
    for (let id = 0; id < 10; id += 1) {
      other.packet({ type: 3, id, data: ['forged'], nsp: '/' });
    }
    assert.deepEqual(await answer, ['timeout']);
    await settle(other);
  });
});
