// SPDX-License-Identifier: MIT
'use strict';

const assert = require('node:assert/strict');
const { collect, connect, eachMode, settle, suite } = require('./lib/client');
const { startServer } = require('./lib/server');
const { event } = require('./lib/wait');

const JSON_VALUES = {
  null: null,
  true: true,
  false: false,
  zero: 0,
  negative: -17,
  'largest safe integer': Number.MAX_SAFE_INTEGER,
  'smallest safe integer': Number.MIN_SAFE_INTEGER,
  fraction: 0.1,
  'large number': 1e21,
  'tiny number': 5e-324,
  'largest number': Number.MAX_VALUE,
  'empty string': '',
  string: 'plain',
  escapes: '" \\ / \b \f \n \r \t \u0000 \u001f \u007f',
  'line separators': '\u2028\u2029',
  'multi-byte text': 'тест てすと é € 😀 \u{10ffff}',
  'looks like a placeholder': { _placeholder: 1, num: 0 },
  'looks like a packet': '42["message","x"]',
  'empty array': [],
  'empty object': {},
  array: [1, 'two', [3, [4, []]], null],
  object: { a: 1, 'b c': { d: [{ e: null }] }, é: '😀', '': 0 },
  'deep nesting': JSON.parse(`${'['.repeat(60)}${']'.repeat(60)}`),
};

// Members named like this are ordinary, but not when written in a literal.
JSON_VALUES['odd keys'] = JSON.parse('{"__proto__":1,"constructor":{"x":2}}');

function bytes(length, seed) {
  return Buffer.from(Array.from({ length }, (_, i) => (i * 7 + seed) % 256));
}

// Buffers come back as Buffers; everything else is compared as it is.
async function echo(socket, ...args) {
  const back = event(socket, 'message-back');
  socket.emit('message', ...args);
  return back;
}

suite('payloads', () => {
  eachMode('every type of JSON goes both ways', async (t, mode) => {
    const server = await startServer(t);
    const socket = await connect(server, mode);
    for (const [name, value] of Object.entries(JSON_VALUES)) {
      assert.deepEqual(await echo(socket, value), [value], name);
    }
    const all = Object.values(JSON_VALUES);
    assert.deepEqual(await echo(socket, ...all), all);
    assert.deepEqual(await echo(socket), []);
  });

  eachMode('multi-byte text keeps its order', async (t, mode) => {
    const server = await startServer(t);
    const socket = await connect(server, mode);
    const texts = ['てすと', 'Я Б Г Д Ж Й', 'Ä ä Ü ü ß', 'utf8 — string', '𝒳😀'];
    const got = collect(socket, 'message-back');
    for (const text of texts) socket.emit('message', text);
    await settle(socket);
    assert.deepEqual(got, texts.map((text) => [text]));
  });

  eachMode('binary alone, mixed and nested goes both ways', async (t, mode) => {
    const server = await startServer(t);
    const socket = await connect(server, mode);
    const samples = [
      [bytes(1, 0)],
      [Buffer.alloc(0)],
      [bytes(256, 1), 'text', bytes(1000, 2)],
      [{ a: { b: [bytes(3, 3), { c: bytes(70000, 4) }] }, d: null, e: [[bytes(125, 5)]] }],
      ['before', [bytes(126, 6), 1, bytes(65535, 7)], { z: bytes(65536, 8) }],
      Array.from({ length: 10 }, (_, i) => bytes(i, i)),
    ];
    for (const sample of samples) {
      assert.deepEqual(await echo(socket, ...sample), sample);
    }
  });

  eachMode('typed arrays arrive as their bytes', async (t, mode) => {
    const server = await startServer(t);
    const socket = await connect(server, mode);
    const wide = new Uint16Array([1, 2, 65535]);
    const [back, view] = await echo(socket, wide.buffer, new Uint8Array([9, 8, 7]));
    assert.deepEqual(back, Buffer.from(wide.buffer));
    assert.deepEqual(view, Buffer.from([9, 8, 7]));
  });

  eachMode('text and binary events keep their order', async (t, mode) => {
    const server = await startServer(t);
    const socket = await connect(server, mode);
    const got = collect(socket, 'message-back');
    const sent = Array.from({ length: 60 }, (_, i) => (
      i % 3 === 0 ? [i, bytes(i, i), bytes(i + 1, 0)] : [i]
    ));
    for (const args of sent) socket.emit('message', ...args);
    await settle(socket);
    assert.deepEqual(got, sent);
  });

  eachMode('event names may be any text that is not reserved', async (t, mode) => {
    const server = await startServer(t);
    const socket = await connect(server, mode);
    for (const name of ['message', 'error', 'connection', '', 'é "x"', '__proto__', '1']) {
      const got = event(socket, name);
      socket.emit('send', { from: 'namespace', event: name }, name);
      assert.deepEqual(await got, [name]);
    }
  });
});
