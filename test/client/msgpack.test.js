// SPDX-License-Identifier: MIT
// Clients with socket.io-msgpack-parser, whose packets are binary messages.
'use strict';

const assert = require('node:assert/strict');
const parser = require('socket.io-msgpack-parser');
const lib = require('./lib/client');
const { startServer } = require('./lib/server');
const { rawSession } = require('./lib/session');
const { event, sleep, until } = require('./lib/wait');

const { ask, check, collect, eachMode, settle, suite } = lib;
const RESERVED = [
  'connect', 'connect_error', 'disconnect', 'disconnecting', 'newListener', 'removeListener',
];

function start(t, options) {
  return startServer(t, { msgpack: true, ...options });
}

function client(server, mode, options) {
  return lib.client(server, mode, { parser, ...options });
}

function connect(server, mode, options) {
  return lib.connect(server, mode, { parser, ...options });
}

async function echo(socket, ...args) {
  const back = event(socket, 'message-back');
  socket.emit('message', ...args);
  return back;
}

function bytes(length, seed) {
  return Buffer.from(Array.from({ length }, (_, i) => (i * 7 + seed) % 256));
}

const nested = (depth) => JSON.parse('['.repeat(depth) + ']'.repeat(depth));

// Not among them: whole numbers of 2^64 and more, which the client does not
// encode as what they are.
const VALUES = [
  null, true, false, 0, 127, 128, 255, 256, 65535, 65536, 2 ** 32 - 1, 2 ** 32,
  Number.MAX_SAFE_INTEGER, -1, -32, -33, -128, -129, -32769, -(2 ** 31) - 1,
  Number.MIN_SAFE_INTEGER, 0.1, -1.5, 5e-324, '', 'plain',
  'x'.repeat(31), 'x'.repeat(32), 'x'.repeat(255), 'x'.repeat(256), 'x'.repeat(70000),
  '" \\ / \b \n \u0000 \u001f \u007f', '\u2028 тест é € 😀 \u{10ffff}', '42["message"]',
  [], {}, [1, 'two', [3, [4, []]], null], { a: 1, 'b c': { d: [{ e: null }] }, é: '😀', '': 0 },
  Array.from({ length: 16 }, (_, i) => i), Array.from({ length: 70000 }, (_, i) => i % 7),
  Object.fromEntries(Array.from({ length: 17 }, (_, i) => [`key ${i}`, i])), nested(60),
  { _placeholder: true, num: 0 }, { _placeholder: 1, num: 0 },
];

suite('msgpack', () => {
  eachMode('every type of JSON goes both ways', async (t, mode) => {
    const socket = await connect(await start(t), mode);
    for (const value of VALUES) assert.deepEqual(await echo(socket, value), [value]);
    assert.deepEqual(await echo(socket, ...VALUES), VALUES);
    assert.deepEqual(await echo(socket), []);
  });

  eachMode('binary alone, mixed and nested goes both ways', async (t, mode) => {
    const socket = await connect(await start(t), mode);
    const samples = [
      [bytes(1, 0)],
      [Buffer.alloc(0)],
      [bytes(255, 1), 'text', bytes(256, 2)],
      [{ a: { b: [bytes(3, 3), { c: bytes(70000, 4) }] }, d: null, e: [[bytes(125, 5)]] }],
      [{ _placeholder: true, num: 0 }, bytes(2, 6), { _placeholder: true, num: 7 }],
      Array.from({ length: 10 }, (_, i) => bytes(i, i)),
    ];
    for (const sample of samples) {
      assert.deepEqual(await echo(socket, ...sample), sample);
      assert.deepEqual(await ask(socket, 'message-with-ack', ...sample), sample[0]);
    }
    const wide = new Uint16Array([1, 2, 65535]);
    assert.deepEqual(await echo(socket, wide.buffer, new Uint8Array([9, 8, 7])),
      [Buffer.from(wide.buffer), Buffer.from([9, 8, 7])]);
  });

  eachMode('what JSON has no form for becomes what it writes', async (t, mode) => {
    const socket = await connect(await start(t), mode);
    const date = new Date(1234567890123);
    const got = await echo(socket, date, undefined, NaN, [Infinity, undefined], { a: undefined });
    const want = [date.toISOString(), null, null, [null, null]];
    assert.deepEqual(got.slice(0, 4), want);
    assert.ok(got[4].a === null || got[4].a === undefined);
  });

  eachMode('acknowledgements go both ways', async (t, mode) => {
    const server = await start(t);
    const socket = await connect(server, mode);
    assert.equal(await ask(socket, 'message-with-ack', 'x'), 'x');
    assert.equal(await ask(socket, 'message-with-ack'), undefined);
    assert.equal(await ask(socket, 'ack-later', 20, 'later'), 'later');
    socket.on('question', (...args) => args.pop()('yes', bytes(3, 0), ...args));
    const answer = event(socket, 'answer');
    socket.emit('ask', { timeout: 2000 }, { a: [1] });
    assert.deepEqual(await answer, [null, 'yes', bytes(3, 0), { a: [1] }]);
    socket.off('question');
    const late = event(socket, 'answer');
    socket.emit('ask', { timeout: 20 }, 'nobody answers');
    assert.deepEqual(await late, ['timeout']);
  });

  eachMode('rooms and broadcasts', async (t, mode) => {
    const server = await start(t);
    const [ann, bob] = [await connect(server, mode, { nsp: '/cast' }),
      await connect(server, mode, { nsp: '/cast' })];
    await ask(ann, 'join', 'red');
    await ask(bob, 'join', 'red');
    const got = [ann, bob].map((socket) => collect(socket, 'news'));
    const targets = [
      { from: 'namespace' }, { from: 'others' }, { from: 'namespace', to: ['red'], binary: true },
    ];
    await ask(ann, 'series', targets.map((target) => ({ event: 'news', ...target })));
    await Promise.all([ann, bob].map(settle));
    assert.deepEqual(got[0].map(([i]) => i), [0, 2]);
    assert.deepEqual(got[1].map(([i]) => i), [0, 1, 2]);
    assert.ok(got[1][2].slice(1).some((arg) => Buffer.isBuffer(arg) && arg.length === 3));

    for (const socket of [ann, bob]) socket.on('poll', (n, done) => done(socket.id, n));
    const target = { event: 'poll', from: 'namespace', timeout: 2000 };
    const [answers, error, answered, asked] = await ask(ann, 'gather', target, 7);
    assert.deepEqual(answers.sort(), [[ann.id, ann.id, 7], [bob.id, bob.id, 7]].sort());
    assert.deepEqual([error, answered, asked], [null, 2, 2]);
  });

  eachMode('the initial message is a packet that it understands', async (t, mode) => {
    const server = await start(t, { initialMessage: '2["first",{"a":["é",null]},1.5]' });
    const socket = client(server, mode);
    assert.deepEqual(await event(socket, 'first'), [{ a: ['é', null] }, 1.5]);
    assert.equal(await ask(socket, 'message-with-ack', 1), 1);
  });

  eachMode('who comes back has all that was missed', async (t, mode) => {
    const server = await start(t, { recovery: 60000 });
    const again = {
      nsp: '/recovery', reconnection: true, reconnectionDelay: 150, reconnectionDelayMax: 150,
      randomizationFactor: 0,
    };
    const stays = await connect(server, 'websocket only', { nsp: '/recovery' });
    const goes = await connect(server, mode, again);
    const got = collect(goes, 'news');
    const { id } = goes;
    await ask(goes, 'begin', { name: 'Ann', list: [1, null] }, 'red');
    await ask(stays, 'say', '', 'first');
    await until(() => got.length === 1, 'the first news');
    for (let i = 1; i <= 2; i += 1) {
      const away = event(goes, 'disconnect');
      await ask(stays, 'cut', id);
      await away;
      await ask(stays, 'say', '', 'to all', i);
      await ask(stays, 'say', 'blue', 'not to it');
      await ask(stays, 'say', 'red', bytes(300, i), { deep: [bytes(0, 0)] });
      await event(goes, 'connect');
      assert.equal(goes.recovered, true);
      assert.equal(goes.id, id);
      await until(() => got.length === 1 + 2 * i, 'what was missed');
      assert.deepEqual(got.slice(-2).map((args) => args.slice(0, -1)),
        [['to all', i], [bytes(300, i), { deep: [bytes(0, 0)] }]]);
    }
    const who = await new Promise((resolve) => goes.emit('who', (...args) => resolve(args)));
    assert.deepEqual(who, [true, { name: 'Ann', list: [1, null] }, ['red']]);
  });

  eachMode('auth may have binary values', async (t, mode) => {
    const auth = { name: 'Ann', token: bytes(300, 1), deep: [{ key: Buffer.alloc(0) }, null] };
    const socket = client(await start(t), mode, { auth });
    assert.deepEqual(await event(socket, 'auth'), [auth]);
    assert.equal(await ask(socket, 'message-with-ack', 1), 1);
  });

  eachMode('namespaces, auth and middleware errors', async (t, mode) => {
    const server = await start(t);
    const root = await connect(server, mode);
    const custom = root.io.socket('/custom', { auth: { a: [1, 'é'] } });
    const auth = event(custom, 'auth');
    assert.deepEqual(await auth, [{ a: [1, 'é'] }]);
    const refused = client(server, mode, { nsp: '/admin', auth: { token: 'wrong' } });
    const [error] = await event(refused, 'connect_error');
    assert.equal(error.message, 'not authorized');
    assert.deepEqual(error.data, { code: 401, hint: [1, 'é'] });
    const none = client(server, mode, { nsp: '/none' });
    assert.equal((await event(none, 'connect_error'))[0].message, 'Invalid namespace');
    await connect(server, mode, { nsp: '/admin', auth: { token: 'secret' } });
    const child = client(server, mode, { nsp: '/dynamic-5' });
    assert.deepEqual(await event(child, 'hello'), ['/dynamic-5', '5']);
    custom.disconnect();
    await server.entry({
      what: 'disconnect', nsp: '/custom', reason: 'client namespace disconnect',
    });
    const left = event(root, 'disconnect');
    root.emit('leave-me', false);
    assert.equal((await left)[0], 'io server disconnect');
  });

  check('a large message arrives by an upgrade in order', async (t) => {
    const server = await start(t);
    const socket = client(server, 'upgrade');
    const got = collect(socket, 'message-back');
    const sent = Array.from({ length: 60 }, (_, i) => [i, bytes(i * 100, i)]);
    await event(socket, 'connect');
    for (const args of sent) {
      socket.emit('message', ...args);
      await sleep(1);
    }
    await settle(socket);
    assert.deepEqual(got, sent);
  });

  check('a client with another parser is cut', async (t) => {
    const server = await start(t);
    const socket = lib.client(server, 'websocket only');
    await Promise.race([event(socket.io, 'close'), event(socket.io, 'error')]);
    assert.equal(socket.connected, false);
  });
});

function packed(packet) {
  return Buffer.from(new parser.Encoder().encode(packet)[0]);
}

function unpacked(data) {
  let packet;
  const decoder = new parser.Decoder();
  decoder.on('decoded', (decoded) => (packet = decoded));
  decoder.add(data);
  return packet;
}

async function joined(server, mode) {
  const session = await rawSession(server, mode);
  await session.send(packed({ type: 0, nsp: '/', data: undefined }));
  const answer = unpacked(await session.next());
  assert.equal(answer.type, 0);
  assert.match(answer.data.sid, /^[\w-]{20}$/);
  assert.deepEqual(unpacked(await session.next()).data, ['auth', {}]);
  return session;
}

const HOSTILE = {
  ...Object.fromEntries(RESERVED.map((name) => [
    `the event "${name}"`, packed({ type: 2, nsp: '/', data: [name, 1] })])),
  'an event without a name': packed({ type: 2, nsp: '/', data: [] }),
  'an object as name': packed({ type: 2, nsp: '/', data: [{}] }),
  'type 5': packed({ type: 5, nsp: '/', data: ['note', 1] }),
  'no namespace': packed({ type: 2, data: ['note', 1] }),
  'an id that is a text': packed({ type: 2, nsp: '/', data: ['note', 1], id: '1' }),
  'a packet of servers': packed({ type: 4, nsp: '/', data: { message: 'x' } }),
  'an array of 4 GiB': Buffer.from('83a4747970650002a36e7370a12fa464617461ddffffffff', 'hex'),
  'a text of 4 GiB': Buffer.from('dbffffffff', 'hex'),
  'half a packet': packed({ type: 2, nsp: '/', data: ['note', 'cut'] }).subarray(0, -2),
  'two packets': Buffer.concat([1, 2].map(() => packed({ type: 2, nsp: '/', data: ['x'] }))),
  'deep nesting': packed({ type: 2, nsp: '/', data: ['note', nested(300)] }),
  'eleven attachments': packed({
    type: 2, nsp: '/', data: ['note', ...Array.from({ length: 11 }, () => bytes(1, 0))],
  }),
  'nothing but a byte': Buffer.from([0xc1]),
  text: '42["note",1]',
};

suite('msgpack, hostile', () => {
  for (const mode of ['websocket only', 'polling only']) {
    for (const [name, packet] of Object.entries(HOSTILE)) {
      check(`${name} ends the session (${mode})`, async (t) => {
        const server = await start(t);
        const session = await joined(server, mode);
        await session.offend(packet);
        assert.deepEqual(await session.ended(), []);
        const report = await server.report();
        assert.deepEqual(report.filter(({ what }) => what === 'note'), []);
        assert.equal(report.filter(({ what }) => what === 'disconnect').length, 1);
        assert.equal(await ask(await connect(server, mode), 'message-with-ack', 1), 1);
      });
    }
  }
});
