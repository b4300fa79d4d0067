// SPDX-License-Identifier: MIT
// What the server makes of packets that no official client would send.
'use strict';

const assert = require('node:assert/strict');
const { check, suite } = require('./lib/client');
const { rawPolling } = require('./lib/polling');
const { startServer } = require('./lib/server');
const { rawSession } = require('./lib/session');

const PLACE = '{"_placeholder":true,"num":0}';
const BYTES = Buffer.from([1, 2, 3]);

// Each of these closes the connection of a socket that has joined "/".
const UNDECODABLE = [
  '4', '4 ', '4\t', '47', '4x',
  '40null', '40[]', '40"x"', '41{}', '41null',
  '42', '42/custom,', '421', '42[]', '42{}', '42"a"', '42[null]', '42[true]',
  '42[{}]', '42[[]]', '42[{"toString":1}]', '420[{"toString":1}]',
  '42["connect"]', '42["connect_error"]', '42["disconnect"]', '42["disconnecting"]',
  '42["newListener"]', '42["removeListener"]', '42["dis\\u0063onnect"]',
  '42 ["a"]', '42\n["a"]', '42-1["a"]', '42+1["a"]', '421.5["a"]', '421e3["a"]', '42abc["a"]',
  '42["a",1]x', '42["a"', '42["a",]', "42['a']", '42["a",01]', '42["a",NaN]', '42["\u0001"]',
  `42["a",${'['.repeat(3000)}${']'.repeat(3000)}]`,
  '4299999999999999999999["a"]',
  '431{}', '431null', '44{', '45woooot', '45', '451', '45a-', '451.23-', '45-["a"]', '450-["a"]',
  '45-1-["a"]', '451e0-["a"]', '450x1-["a"]', '45 1-["a"]', '45+1-["a"]', '451.0-["a"]',
  '4511-["a"]', '4599999999999999999999-["a"]', '46-[]', '460-[]',
];

// Sequences that fail after their first packet.
const SEQUENCES = {
  'text between attachments': [`452-["message",${PLACE}]`, BYTES, '42["message"]'],
  'binary out of place': [BYTES],
  'one attachment too many': [`451-["note",1,${PLACE}]`, BYTES, BYTES],
  'an index that is text': ['451-["message",{"_placeholder":true,"num":"splice"}]', BYTES],
  'an index beyond the end': ['451-["message",{"_placeholder":true,"num":1}]', BYTES],
  'a negative index': ['451-["message",{"_placeholder":true,"num":-1}]', BYTES],
  'a fractional index': ['451-["message",{"_placeholder":true,"num":0.5}]', BYTES],
  'a missing index': ['451-["message",{"_placeholder":true}]', BYTES],
  'a placeholder instead of the name': [`451-[${PLACE}]`, BYTES],
};

// Accepted, with the answers they get.
const ACCEPTED = [
  [['42[1,"a"]', '42["message",1]'], ['42["message-back",1]']],
  [['42[""]', '42["error",{"x":1}]', '42["connection"]', '42["message"]'], ['42["message-back"]']],
  [['43', '43[]', '431', '4399[1,2]', '42["message"]'], ['42["message-back"]']],
  [['42007["message-with-ack","x"]'], ['437["x"]']],
  [['420["message-with-ack"]'], ['430[]']],
  [['421234567890123456789["message-with-ack"]'], ['431234567890123456789[]']],
  [['42["message", 1 , [ ] ]'], null],
  [['42["message",{"a":1,"a":2}]'], null],
  [['42["message","\\ud800"]'], ['42["message-back","\\ud800"]']],
  [['42["unknown event",1]', '42["message"]'], ['42["message-back"]']],
  [[`42["message",${PLACE}]`], [`42["message-back",${PLACE}]`]],
  [['40/random?x=1,'], ['44/random?x=1,{"message":"Invalid namespace"}']],
  [['40/RANDOM', '40/custom/'], [
    '44/RANDOM,{"message":"Invalid namespace"}', '44/custom/,{"message":"Invalid namespace"}']],
  [['40/%63ustom'], ['44/%63ustom,{"message":"Invalid namespace"}']],
];

// Reads until the session is over and says why the socket left.
async function reasonAfter(server, packets) {
  const session = await rawSession(server, 'websocket only');
  const id = await session.join();
  await session.offend(...packets);
  await session.ended();
  return server.entry({ what: 'disconnect', id });
}

suite('packets', () => {
  check('undecodable packets close the connection that sent them', async (t) => {
    const server = await startServer(t);
    const witness = await rawSession(server, 'websocket only');
    await witness.join();
    for (const packet of UNDECODABLE) {
      const { reason } = await reasonAfter(server, [packet]).catch((error) => {
        throw new Error(`${packet.slice(0, 60)}: ${error.message}`);
      });
      assert.equal(reason, 'forced close', packet.slice(0, 60));
    }
    await witness.send('42["message","unharmed"]');
    assert.equal(await witness.next(), '42["message-back","unharmed"]');
  });

  check('packets that go wrong with their attachments close the connection', async (t) => {
    const server = await startServer(t);
    for (const [name, packets] of Object.entries(SEQUENCES)) {
      const { reason } = await reasonAfter(server, packets).catch((error) => {
        throw new Error(`${name}: ${error.message}`);
      });
      assert.equal(reason, 'forced close', name);
    }
  });

  check('unusual packets are accepted', async (t) => {
    const server = await startServer(t);
    const session = await rawSession(server, 'websocket only');
    await session.join();
    for (const [packets, answers] of ACCEPTED) {
      await session.send(...packets);
      if (answers === null) assert.match(await session.next(), /^42\["message-back",/);
      else for (const answer of answers) assert.equal(await session.next(), answer, packets[0]);
    }
  });

  check('a number as event name is its decimal text', async (t) => {
    const server = await startServer(t);
    const session = await rawSession(server, 'websocket only');
    await session.join();
    await session.send('42[1,"x"]', '42["1","y"]', '42[1.0,"z"]', '42["message"]');
    await session.next();
    const notes = (await server.report()).filter((entry) => entry.what === 'note');
    assert.deepEqual(notes.map((entry) => entry.value), ['x', 'y', 'z']);
  });

  check('one attachment may be used twice and another not at all', async (t) => {
    const server = await startServer(t);
    const session = await rawSession(server, 'websocket only');
    await session.join();
    await session.send(`452-["message",${PLACE},${PLACE}]`, BYTES, Buffer.from([9]));
    const text = await session.next();
    const count = Number(/^45(\d)-/.exec(text)[1]);
    const places = JSON.parse(text.slice(4)).slice(1);
    const got = [];
    for (let i = 0; i < count; i += 1) got.push(await session.next());
    assert.deepEqual(places.map((place) => got[place.num]), [BYTES, BYTES]);
  });

  check('packets of other namespaces may arrive in between, attachments not', async (t) => {
    const server = await startServer(t);
    const session = await rawSession(server, 'websocket only');
    await session.join();
    await session.join('/custom');
    await session.send(`451-/custom,["message",${PLACE}]`, BYTES, '42["message",2]');
    assert.equal(await session.next(), `451-/custom,["message-back",${PLACE}]`);
    assert.deepEqual(await session.next(), BYTES);
    assert.equal(await session.next(), '42["message-back",2]');
  });

  check('text frames may carry binary as base64', async (t) => {
    const server = await startServer(t);
    const session = await rawSession(server, 'websocket only');
    await session.join();
    await session.send(`451-["message",${PLACE}]`, 'bAQID');
    assert.equal(await session.next(), `451-["message-back",${PLACE}]`);
    assert.deepEqual(await session.next(), BYTES);
  });

  check('a duplicate CONNECT while the first is pending makes one socket', async (t) => {
    const server = await startServer(t);
    const session = await rawSession(server, 'websocket only');
    const auth = '{"token":"secret","delay":60}';
    await session.send(`40/admin,${auth}`, `40/admin,${auth}`);
    assert.match(await session.next(), /^40\/admin,\{"sid"/);
    assert.match(await session.next(), /^42\/admin,\["auth"/);
    await session.send('42/admin,["message",1]');
    assert.equal(await session.next(), '42/admin,["message-back",1]');
    assert.equal(await server.control('count', '/admin'), 1);
  });

  check('an event while the join is pending is not allowed', async (t) => {
    const server = await startServer(t);
    const session = await rawSession(server, 'websocket only');
    await session.send('40/admin,{"token":"secret","delay":500}', '42/admin,["note",1]');
    assert.deepEqual(await session.ended(), []);
    const kinds = (await server.report()).map((entry) => entry.what);
    assert.deepEqual(kinds, ['middleware']);
  });

  check('packets on an established session that mean nothing are ignored', async (t) => {
    const server = await startServer(t);
    const polling = await rawPolling(server);
    await polling.send('40', '0', '5', '6', '0{"sid":"x"}', '3', '3probe');
    assert.match(await polling.next(), /^40\{"sid"/);
    await polling.next();
    await polling.send('42["message",1]');
    assert.equal(await polling.next(), '42["message-back",1]');
  });
});
