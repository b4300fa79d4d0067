// SPDX-License-Identifier: MIT
// Contracts: typed events, and what does not fit its type.
'use strict';

const assert = require('node:assert/strict');
const parser = require('socket.io-msgpack-parser');
const { MODES, ask, check, client, collect, connect, suite } = require('./lib/client');
const { startServer } = require('./lib/server');
const { rawSession } = require('./lib/session');
const { event, until, within } = require('./lib/wait');

// Each test with both parsers, in the ways to be connected.
const WAYS = Object.keys(MODES).flatMap((mode) => [
  { mode, name: mode },
  { mode, name: `${mode}, msgpack`, msgpack: true },
]);

function eachWay(name, run, nsp = '/typed') {
  for (const way of WAYS) {
    check(`${name} (${way.name})`, async (t) => {
      const server = await startServer(t, way.msgpack ? { msgpack: true } : {});
      const another = (options) => connect(server, way.mode, {
        nsp, ...(way.msgpack ? { parser } : {}), ...options,
      });
      await run({ server, socket: await another(), another, ...way });
    });
  }
}

// All arguments of the acknowledgement.
function answers(socket, name, ...args) {
  const all = new Promise((resolve) => {
    socket.emit(name, ...args, (...got) => resolve(got));
  });
  return within(all, `answer to "${name}"`);
}

function bytes(length) {
  return Buffer.from(Array.from({ length }, (_, i) => (i * 7) % 256));
}

const LEAST = { title: '', count: 0, ratio: 0.5, ok: false, parts: [] };
// The server writes what has a default.
const LEAST_BACK = { ...LEAST, level: 'low' };
const FULL = {
  title: 'é "😀" \\ \n \u2028',
  count: 10 ** 12,
  ratio: -1.25e-9,
  ok: true,
  level: 'high',
  sent: '2026-02-28T23:59:59.123Z',
  data: bytes(300),
  parts: [{ name: 'a', data: Buffer.alloc(0) }, { name: 'é'.repeat(8), data: bytes(70000) }],
  tags: ['', 'x', '\t'],
  more: { a: [1, null, { b: 'c' }], d: 'text' },
};

const path = (error) => error.errors.map((each) => each.path);

suite('contract', () => {
  eachWay('a handler gets a struct, which is sent back', async ({ socket }) => {
    for (const [sent, back] of [[LEAST, LEAST_BACK], [FULL, FULL]]) {
      const got = event(socket, 'got');
      assert.deepEqual(await answers(socket, 'put', sent), [back]);
      assert.deepEqual(await got, [back]);
    }
    const got = event(socket, 'got');
    socket.emit('put', FULL);
    assert.deepEqual(await got, [FULL]);
  });

  eachWay('fields may come in any order, and unknown ones are dropped', async ({ socket }) => {
    const turned = Object.fromEntries([...Object.entries(FULL), ['unknown', [bytes(2)]]].reverse());
    assert.deepEqual(await answers(socket, 'put', turned), [FULL]);
    // The MessagePack parser makes null of undefined.
    for (const sent of [null, undefined]) {
      assert.deepEqual(await answers(socket, 'put', { ...LEAST, sent, tags: [] }),
        [{ ...LEAST_BACK, tags: [] }]);
    }
  });

  eachWay('arguments go one by one', async ({ socket }) => {
    const moved = collect(socket, 'moved');
    assert.deepEqual(await answers(socket, 'move', -5, bytes(3)), [-5, bytes(3)]);
    assert.deepEqual(await answers(socket, 'move', 7, bytes(0), true), [7, bytes(0), true]);
    assert.deepEqual(moved, [[-5, bytes(3)], [7, bytes(0), true]]);
    assert.deepEqual(await answers(socket, 'rest'), []);
  });

  eachWay('a typed event reaches everybody', async ({ socket, another }) => {
    const other = await another();
    const told = [event(socket, 'told'), event(other, 'told')];
    socket.emit('tell', { name: 'n', data: bytes(9) });
    for (const each of told) assert.deepEqual(await each, [{ name: 'n', data: bytes(9) }]);
  });

  for (const [what, args, paths] of [
    ['nothing', [], ['args[0]']],
    ['null', [null], ['args[0]']],
    ['a text', ['title'], ['args[0]']],
    ['an array', [[LEAST]], ['args[0]']],
    ['bytes', [bytes(4)], ['args[0]']],
    ['a missing field', [{ ...LEAST, title: undefined }], ['args[0].title']],
    ['a number as text', [{ ...LEAST, count: '1' }], ['args[0].count']],
    ['half a number', [{ ...LEAST, count: 0.5 }], ['args[0].count']],
    ['too much', [{ ...LEAST, count: 10 ** 12 + 1 }], ['args[0].count']],
    ['a name that there is not', [{ ...LEAST, level: 'LOW' }], ['args[0].level']],
    ['no time', [{ ...LEAST, sent: '2026-02-29T00:00:00Z' }], ['args[0].sent']],
    ['bytes as text', [{ ...LEAST, data: 'abc' }], ['args[0].data']],
    ['text as bytes', [{ ...LEAST, title: bytes(3) }], ['args[0].title']],
    ['something in a list', [{ ...LEAST, parts: [FULL.parts[0], { name: '', data: 1 }] }],
      ['args[0].parts[1].name', 'args[0].parts[1].data']],
    ['a list that is too long', [{ ...LEAST, parts: Array(4).fill(FULL.parts[0]) }],
      ['args[0].parts']],
    ['several', [{ ...LEAST, count: 'a', ok: 1, tags: 'x' }],
      ['args[0].count', 'args[0].ok', 'args[0].tags']],
  ]) {
    check(`it is told where it does not fit: ${what}`, async (t) => {
      for (const msgpack of [false, true]) {
        const server = await startServer(t, msgpack ? { msgpack } : {});
        const socket = await connect(server, 'websocket only',
          { nsp: '/typed', ...(msgpack ? { parser } : {}) });
        const got = collect(socket, 'got');
        const exceptions = collect(socket, 'exception');
        const [{ error }, ...rest] = await answers(socket, 'put', ...args);
        assert.deepEqual(rest, []);
        assert.deepEqual(Object.keys(error), ['event', 'code', 'message', 'errors']);
        assert.equal(error.event, 'put');
        assert.equal(error.code, 'invalid_payload');
        assert.deepEqual(path(error).sort(), [...paths].sort());
        for (const { expected, found } of error.errors) assert.ok(expected && found);
        assert.deepEqual(exceptions, []);

        socket.emit('put', ...args); // the same as an event
        assert.deepEqual(await event(socket, 'exception'), [error]);
        assert.deepEqual(await ask(socket, 'put', LEAST), LEAST_BACK);
        assert.deepEqual(got, [[LEAST_BACK]]); // that one, and no other
        const problems = (await server.report()).filter(({ what: kind }) => kind === 'problem');
        assert.deepEqual(problems.map((problem) => problem.event), ['put', 'put']);
      }
    });
  }

  eachWay('exceptions come in the order of the events', async ({ socket }) => {
    const seen = [];
    socket.on('exception', (error) => seen.push(error.errors[0].found));
    socket.on('told', ({ name }) => seen.push(name));
    for (let i = 0; i < 20; i += 1) {
      socket.emit('tell', { name: `${i}`, data: i % 3 === 1 ? Array(i).fill(0) : bytes(i) });
    }
    await ask(socket, 'rest');
    assert.deepEqual(seen.map((each, i) => (i % 3 === 1 ? each : Number(each))),
      Array.from({ length: 20 }, (_, i) => (i % 3 === 1 ? 'an array' : i)));
  });

  eachWay('unknown events are refused', async ({ socket }) => {
    const [{ error }] = await answers(socket, 'extra', 1);
    assert.deepEqual(error, {
      event: 'extra', code: 'unknown_event', message: 'There is no such event.', errors: [],
    });
    const exception = event(socket, 'exception');
    socket.emit('got', FULL); // which the server sends
    assert.equal((await exception)[0].event, 'got');
    assert.equal((await exception)[0].code, 'unknown_event');
  });

  eachWay('unknown events may pass', async ({ socket }) => {
    const exceptions = collect(socket, 'exception');
    assert.deepEqual(await answers(socket, 'extra', 1, bytes(2)), ['extra', 1, bytes(2)]);
    socket.emit('extra', 1);
    const [{ error }] = await answers(socket, 'put');
    assert.equal(error.code, 'invalid_payload');
    assert.deepEqual(exceptions, []);
  }, '/typed-pass');

  eachWay('unknown events may be ignored', async ({ server, socket }) => {
    const exceptions = collect(socket, 'exception');
    let answered = false;
    socket.emit('extra', 1, () => { answered = true; });
    socket.emit('extra', bytes(2));
    assert.deepEqual(await answers(socket, 'rest'), []);
    assert.equal(answered, false);
    assert.deepEqual(exceptions, []);
    assert.deepEqual((await server.report()).filter(({ what }) => what === 'problem'), []);
  }, '/typed-ignore');

  eachWay('the host may have words of its own', async ({ socket }) => {
    assert.deepEqual(await answers(socket, 'put', { ...LEAST, ok: 0 }), ['no', 'args[0].ok']);
    assert.deepEqual(await answers(socket, 'extra'), ['no', 'unknown_event']);
    const no = event(socket, 'no');
    socket.emit('move', 1, 'text');
    assert.deepEqual(await no, ['move', 'args[1]']);
  }, '/typed-own');

  eachWay('lists take no more memory than they may', async ({ socket }) => {
    const tags = Array(100).fill('x');
    assert.deepEqual((await ask(socket, 'put', { ...LEAST, tags: tags.slice(0, 50) })).tags.length, 50);
    const { error } = await ask(socket, 'put', { ...LEAST, tags: Array(2000).fill('x') });
    assert.equal(error.code, 'payload_too_large');
    assert.deepEqual((await ask(socket, 'put', { ...LEAST, tags: ['y'] })).tags, ['y']);
  }, '/typed-small');

  eachWay('the server asks, and gets a struct', async ({ socket }) => {
    const part = { name: 'what', data: bytes(20) };
    const asked = [];
    let reply = () => {};
    socket.on('question', (...args) => {
      asked.push(args.slice(0, -1));
      reply(args.at(-1));
    });
    const outcome = async (answer, timeout = 30000) => {
      reply = answer;
      const told = event(socket, 'outcome');
      socket.emit('inquire', { part, timeout });
      return (await told)[0];
    };
    const back = { name: 'back', data: bytes(1000) };
    assert.deepEqual(await outcome((ack) => ack(back)), { status: 'answered', part: back });
    for (const wrong of [[], [null], [{ name: 'back' }], [{ ...back, name: '' }], ['back', bytes(1)]]) {
      assert.deepEqual(await outcome((ack) => ack(...wrong)), { status: 'of another type' });
    }
    const { status, part: none } = await outcome(() => {}, 20);
    assert.match(status, /time/);
    assert.equal(none, undefined);
    assert.deepEqual(asked, Array(7).fill([part]));
  });

  check('a placeholder that stands for nothing is no binary', async (t) => {
    const server = await startServer(t);
    const session = await rawSession(server, 'websocket only');
    await session.send('40/typed,');
    assert.match(await session.next(), /^40\/typed,\{"sid"/);
    await session.send('42/typed,7["tell",{"name":"n","data":{"_placeholder":true,"num":0}}]');
    const answer = await session.next();
    assert.match(answer, /^43\/typed,7\[\{"error":/);
    const [{ error }] = JSON.parse(answer.slice(answer.indexOf('[')));
    assert.deepEqual(path(error), ['args[0].data']);
  });

  check('who leaves with a question open is no trouble', async (t) => {
    const server = await startServer(t);
    const socket = client(server, 'websocket only', { nsp: '/typed' });
    await event(socket, 'connect');
    socket.on('question', () => socket.disconnect());
    socket.emit('inquire', { part: { name: 'n', data: bytes(1) }, timeout: 30000 });
    await until(() => !socket.connected, 'the end');
    const other = await connect(server, 'websocket only', { nsp: '/typed' });
    assert.deepEqual(await answers(other, 'rest'), []);
  });
});
