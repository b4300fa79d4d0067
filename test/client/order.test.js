// SPDX-License-Identifier: MIT
'use strict';

const assert = require('node:assert/strict');
const { transports } = require('engine.io-client');
const {
  check, client, collect, connect, eachMode, settle, suite,
} = require('./lib/client');
const { rawPolling } = require('./lib/polling');
const { startServer } = require('./lib/server');
const { probe } = require('./lib/websocket');
const { event, sleep } = require('./lib/wait');

// Transports of which the second waits for `begin()`, so that there is time to
// talk before it.
function transportsInTurn() {
  let begin;
  const begun = new Promise((resolve) => (begin = resolve));
  class LateWebSocket extends transports.websocket {
    doOpen() {
      begun.then(() => super.doOpen());
    }
  }
  return { begin, inTurn: [transports.polling, LateWebSocket] };
}

const COUNT = 1000;
const NUMBERS = Array.from({ length: COUNT }, (_, i) => [i]);

function numbers(packets, name) {
  const prefix = `42["${name}",`;
  return packets
    .filter((packet) => typeof packet === 'string' && packet.startsWith(prefix))
    .map((packet) => JSON.parse(packet.slice(2))[1]);
}

function range(from, to) {
  return Array.from({ length: to - from }, (_, i) => from + i);
}

suite('order', () => {
  eachMode('1,000 messages in both directions keep their order', async (t, mode) => {
    const server = await startServer(t);
    const socket = await connect(server, mode);
    const echoes = collect(socket, 'message-back');
    const ticks = collect(socket, 'tick');
    socket.emit('burst', 'tick', COUNT);
    for (const [i] of NUMBERS) socket.emit('message', i);
    await settle(socket);
    assert.deepEqual(ticks, NUMBERS);
    assert.deepEqual(echoes, NUMBERS);
  });

  check('1,000 messages in both directions keep their order across the upgrade', async (t) => {
    const server = await startServer(t);
    const { begin, inTurn } = transportsInTurn();
    const socket = client(server, 'upgrade', { transports: inTurn });
    const echoes = collect(socket, 'message-back');
    const ticks = collect(socket, 'tick');
    const names = new Set();
    await event(socket, 'connect');
    const upgraded = event(socket.io.engine, 'upgrade');
    // Some are sent before, some during and some after it.
    for (let i = 0; i < COUNT; i += 1) {
      if (i === 300) begin();
      if (i === 700) await upgraded;
      if (i % 100 === 0) socket.emit('burst', 'tick', 100);
      socket.emit('message', i);
      names.add(socket.io.engine.transport.name);
      if (i % 5 === 4) await sleep(1);
    }
    await settle(socket);
    assert.deepEqual([...names], ['polling', 'websocket']);
    assert.deepEqual(echoes, NUMBERS);
    assert.deepEqual(ticks, Array.from({ length: 10 }, () => NUMBERS.slice(0, 100)).flat());
  });

  check('1,000 messages with binary keep their order across the upgrade', async (t) => {
    const server = await startServer(t);
    const { begin, inTurn } = transportsInTurn();
    const socket = client(server, 'upgrade', { transports: inTurn });
    const echoes = collect(socket, 'message-back');
    await event(socket, 'connect');
    const upgraded = event(socket.io.engine, 'upgrade');
    const sent = NUMBERS.map(([i]) => (i % 4 === 0 ? [i, Buffer.from([i % 256])] : [i]));
    for (const args of sent) {
      if (args[0] === 300) begin();
      if (args[0] === 700) await upgraded;
      socket.emit('message', ...args);
      if (args[0] % 10 === 9) await sleep(1);
    }
    await settle(socket);
    assert.deepEqual(echoes, sent);
  });

  // Every stage of the upgrade, one after the other, with messages in both
  // directions at each.
  check('no stage of the upgrade loses or reorders anything', async (t) => {
    const server = await startServer(t);
    const polling = await rawPolling(server);
    const seen = [];
    let sent = 0;
    const talk = async (send) => {
      const packets = range(sent, sent + 50).map((i) => `42["message",${i}]`);
      sent += 50;
      await send(packets);
    };
    const post = (packets) => polling.send(...packets);
    const drain = async () => seen.push(...(await polling.get()).body.split('\x1e'));

    await polling.send('40');
    await talk(post);
    const websocket = await probe(server, polling.sid);
    await talk(post);
    websocket.send('2probe');
    await talk(post);
    assert.equal(await websocket.next(), '3probe');
    await drain();
    await talk(post);
    await drain();
    await talk(post);
    websocket.send('5');
    await talk((packets) => packets.forEach((packet) => websocket.send(packet)));
    while (numbers(seen, 'message-back').length < sent) seen.push(await websocket.next());
    assert.deepEqual(numbers(seen, 'message-back'), range(0, sent));
  });

  check('a binary event is not torn apart by the upgrade', async (t) => {
    const server = await startServer(t);
    const polling = await rawPolling(server);
    await polling.send('40');
    await polling.get();
    const websocket = await probe(server, polling.sid);
    websocket.send('2probe');
    assert.equal(await websocket.next(), '3probe');
    // Everything is queued at the server when the transport changes.
    await polling.send('451-["message",{"_placeholder":true,"num":0}]', 'bAQID', '42["message",2]');
    websocket.send('5');
    assert.equal(await websocket.next(), '451-["message-back",{"_placeholder":true,"num":0}]');
    assert.deepEqual(await websocket.next(), Buffer.from([1, 2, 3]));
    assert.equal(await websocket.next(), '42["message-back",2]');
  });
});
