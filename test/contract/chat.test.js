// SPDX-License-Identifier: MIT
// The contract of the chat example, and its page, which keeps it.
'use strict';

const assert = require('node:assert/strict');
const { execFileSync, spawnSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const { test } = require('node:test');
const Ajv = require('ajv/dist/2020');
const addFormats = require('ajv-formats');
const { Parser } = require('@asyncapi/parser');
const { JAVASCRIPT, ROOT, faults } = require('./typescript');

const TYPES = process.env.SIO_TEST_CHAT_TYPES || path.join(ROOT, 'build/chat_types');
const WEB = 'examples/chat/web';
const PAGE = [`${WEB}/chat.js`, `${WEB}/view.js`];

function types(option) {
  return execFileSync(TYPES, [option], { encoding: 'utf8' });
}

function read(file) {
  return fs.readFileSync(path.join(ROOT, file), 'utf8');
}

test('the declarations are those of the contract (else: make types)', () => {
  assert.equal(read(`${WEB}/contract.d.ts`), types('--typescript'));
});

test('the page keeps the contract', () => {
  assert.deepEqual(faults(PAGE, JAVASCRIPT), []);
});

for (const [what, from, to] of [
  ['an event that there is not', '"chat:send-message", {', '"chat:send-mesage", {'],
  ['an event that it does not listen to', 'socket.emit(event,', 'socket.emit("chat:rooms",'],
  ['a missing field', '{ roomId: room.name, text, key }', '{ text, key }'],
  ['a field of another type', 'roomId: room.name, after', 'roomId: 5, after'],
  ['a field that the answer has not', 'answer.users', 'answer.people'],
  ['an answer that may be an error', 'if (problem) return problem;', ''],
  ['a field that the event has not', '({ roomId, count })', '({ roomId, people: count })'],
]) {
  test(`a page that does not keep it is found out: ${what}`, () => {
    const text = read(PAGE[0]);
    assert.equal(text.split(from).length, 2, `${from} is there once`);
    const found = faults(PAGE, JAVASCRIPT, { [PAGE[0]]: text.replace(from, to) });
    assert.ok(found.length > 0);
    assert.deepEqual([...new Set(found.map(({ file }) => file))], [PAGE[0]]);
  });
}

test('its payloads are described as JSON Schema', () => {
  const ajv = new Ajv({ strict: true, allErrors: true });
  addFormats(ajv, { mode: 'full' });
  ajv.addSchema(JSON.parse(types('--json-schema')), 'chat');
  const send = ajv.compile({ $ref: 'chat#/$defs/~1chat chat:send-message' });
  assert.ok(send([{ roomId: 'Lobby', text: 'x' }]));
  assert.ok(!send([{ roomId: 'Lobby', text: 'x'.repeat(2001) }]));
  assert.ok(!send([{ roomId: 'Lobby' }]));
  const sent = ajv.compile({ $ref: 'chat#/$defs/~1chat chat:send-message ack' });
  assert.ok(sent([{ id: 1, status: 'delivered', sentAt: '2026-01-01T00:00:00.000Z' }]));
  assert.ok(!sent([{ id: 1, status: 'lost', sentAt: '2026-01-01T00:00:00.000Z' }]));
});

test('it is described as AsyncAPI', async () => {
  const { document, diagnostics } = await new Parser().parse(types('--asyncapi'));
  assert.deepEqual(diagnostics.filter(({ severity }) => severity === 0), []);
  assert.equal(document.operations().filterByReceive().length, 5);
  assert.equal(document.operations().filterBySend().length, 6);
});

test('the program explains itself, and refuses what it does not know', () => {
  assert.match(types('--help'), /--typescript.*--json-schema.*--asyncapi/);
  for (const args of [[], ['--html'], ['--typescript', 'more']]) {
    const { status, stdout, stderr } = spawnSync(TYPES, args, { encoding: 'utf8' });
    assert.equal(status, 2);
    assert.equal(stdout, '');
    assert.match(stderr, /--help/);
  }
});
