// SPDX-License-Identifier: MIT
// What contracts say to others: to TypeScript, to validators of JSON Schema, to
// readers of AsyncAPI, and to the C compiler.
'use strict';

const assert = require('node:assert/strict');
const { execFileSync, spawnSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const { before, test } = require('node:test');
const Ajv = require('ajv/dist/2020');
const addFormats = require('ajv-formats');
const { Parser } = require('@asyncapi/parser');
const { payloads } = require('./payloads');
const { ROOT, TYPESCRIPT, faults } = require('./typescript');

const PRINT = process.env.SIO_TEST_PRINT || path.join(ROOT, 'build/test/contract/print');

function print(...args) {
  return execFileSync(PRINT, args, { encoding: 'utf8' });
}

// ---- TypeScript ----

test('the declarations are those that were looked at (contract.d.ts)', () => {
  assert.equal(print('typescript'),
    fs.readFileSync(path.join(__dirname, 'contract.d.ts'), 'utf8'));
});

const bad = fs.readdirSync(path.join(__dirname, 'bad')).sort().map((file) => `bad/${file}`);
let found;

before(() => {
  found = faults(['good.ts', ...bad].map((file) => `test/contract/${file}`), TYPESCRIPT);
});

// Their lines in a file of this folder.
function wrong(file) {
  return found.filter((fault) => fault.file === `test/contract/${file}`).map(({ line }) => line);
}

test('a front end that keeps the contract compiles', () => {
  assert.deepEqual(found.filter(({ file }) => !/contract\/bad\//.test(file)), []);
});

for (const file of bad) {
  test(`a front end that does not keep it does not compile: ${path.basename(file)}`, () => {
    assert.deepEqual(wrong(file), [7]); // that line, and nothing else
  });
}

test('two contracts share their types, and have maps of their own', () => {
  const text = print('typescript', 'two');
  assert.equal(text.match(/export interface AllKinds /g).length, 1);
  for (const name of ['Kinds', 'Echo']) {
    assert.match(text, new RegExp(`export interface ${name}ClientToServerEvents `));
    assert.match(text, new RegExp(`export interface ${name}ServerToClientEvents `));
  }
  assert.doesNotMatch(text, /export type ClientToServerEvents/);
});

// ---- JSON Schema ----

function compile(name) {
  const ajv = new Ajv({ strict: true, strictTuples: false, allErrors: true });
  addFormats(ajv, { mode: 'full' });
  const schema = JSON.parse(print('json-schema'));
  ajv.addSchema(schema, 'contract');
  return ajv.compile({ $ref: `contract#/$defs/${name}` });
}

test('JSON Schema and the library accept and refuse the same payloads', () => {
  const validate = compile('AllKinds');
  const all = payloads(3000);
  const judged = execFileSync(PRINT, ['judge'], {
    encoding: 'utf8', input: `${all.map((payload) => JSON.stringify(payload)).join('\n')}\n`,
  }).trimEnd().split('\n');
  assert.equal(judged.length, all.length);
  let accepted = 0;
  all.forEach((payload, i) => {
    const valid = validate(payload);
    accepted += valid ? 1 : 0;
    assert.equal(judged[i] === 'ok', valid, `${JSON.stringify(payload)}\n` +
      `library: ${judged[i]}\nschema: ${JSON.stringify(validate.errors)}`);
    if (!valid) assert.match(judged[i], /^(value|args)?[^:]*: expected .+, found .+$/);
  });
  assert.ok(accepted > all.length / 10 && accepted < all.length * 0.9, `${accepted} accepted`);
});

test('the arguments of events are described too', () => {
  const move = compile('~1kinds move:to');
  assert.ok(move([1, 2]) && move([1, 2, true]));
  assert.ok(!move([1]) && !move([1, 2, 3]) && !move([1, 2, true, 4]) && !move(['1', 2]));
  const rest = compile('~1kinds rest');
  assert.ok(rest([]) && !rest([1]));
  const ack = compile('~1kinds put ack');
  assert.ok(ack([{ id: 1 }]) && !ack([{}]) && !ack([]));
});

// ---- AsyncAPI ----

test('AsyncAPI is accepted by its parser', async () => {
  const { document, diagnostics } = await new Parser().parse(print('asyncapi', 'two'));
  const faults = diagnostics.filter(({ severity }) => severity === 0);
  assert.deepEqual(faults, []);
  assert.ok(document, JSON.stringify(diagnostics));
  assert.equal(document.version(), '3.0.0');
  assert.deepEqual(document.channels().all().map((channel) => channel.address()).sort(),
    ['/echo', '/kinds']);
  const receives = document.operations().filterByReceive();
  assert.equal(receives.length, 5); // what clients send
  const put = receives.find((operation) => operation.id() === 'kinds.in.put');
  assert.equal(put.messages().all()[0].name(), 'put');
  assert.equal(put.reply().messages().all()[0].title(), 'Acknowledgement');
});

// ---- The C compiler ----

function compileC(wrong, more) {
  return spawnSync(process.env.CC || 'cc', ['-std=c11', '-Wall', '-Wextra', '-Wpedantic',
    '-Wshadow', '-Wconversion', '-fsyntax-only', '-Iinclude', ...more, `-DWRONG=${wrong}`,
    'test/contract/wrong.c'], { cwd: ROOT, encoding: 'utf8' });
}

test('C that keeps the contract compiles without a warning', () => {
  const { status, stderr } = compileC(0, ['-Werror']);
  assert.equal(stderr, '');
  assert.equal(status, 0);
});

const WRONG = ['an answer of another type', 'no answer where there is one',
  'a field that there is not', 'a handler of another type', 'a payload of another type',
  'an event that clients send', 'an event that there is not',
  'an answer of another type is expected'];

WRONG.forEach((what, i) => {
  test(`C that does not keep it does not compile: ${what}`, () => {
    const { status, stderr } = compileC(i + 1, []);
    assert.notEqual(status, 0);
    assert.match(stderr, /error:/);
  });
});
