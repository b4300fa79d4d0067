// SPDX-License-Identifier: MIT
// Connection state recovery, with the official client.
'use strict';

const assert = require('node:assert/strict');
const { ask, check, collect, connect, eachMode, suite } = require('./lib/client');
const { startServer } = require('./lib/server');
const { rawSession } = require('./lib/session');
const { event, until } = require('./lib/wait');

const NSP = { nsp: '/recovery' };
const BYTES = Buffer.from([1, 2, 3]);

// A client that goes and comes back, with what it has got of "news", and
// another one that stays.
async function pair(t, mode, options = {}, more = {}) {
  const server = await startServer(t, { recovery: 60000, ...options });
  const stays = await connect(server, 'websocket only', NSP);
  const goes = await connect(server, mode, { ...NSP, ...more });
  const got = collect(goes, 'news');
  await ask(goes, 'begin', { name: 'Ann' }, 'red', 'blue');
  await ask(stays, 'say', '', 'first');
  await until(() => got.length === 1, 'the first news');
  return { server, stays, goes, got, id: goes.id };
}

// The connection goes without a word.
function cut(socket) {
  const away = event(socket, 'disconnect');
  const { transport } = socket.io.engine;
  if (transport.name === 'websocket') transport.ws.close();
  else socket.io.engine.close();
  return away;
}

async function back(socket) {
  const connected = event(socket, 'connect');
  socket.connect();
  await connected;
}

// Without the offsets.
function told(got) {
  return got.map((args) => args.slice(0, -1));
}

suite('recovery', () => {
  eachMode('what was missed comes in order, with id, rooms and data', async (t, mode) => {
    const { stays, goes, got, id } = await pair(t, mode);
    await cut(goes);
    assert.equal(goes.connected, false);
    await ask(stays, 'say', '', 'to all');
    await ask(stays, 'say', 'red', 'to red');
    await ask(stays, 'say', 'green', 'to green');
    await ask(stays, 'say', id, 'to me', { deep: [BYTES] }, BYTES);
    await ask(stays, 'say', 'blue', 'to blue', 1, null);
    await back(goes);
    assert.equal(goes.recovered, true);
    assert.equal(goes.id, id);
    await until(() => got.length === 5, 'what was missed');
    assert.deepEqual(told(got), [
      ['first'], ['to all'], ['to red'], ['to me', { deep: [BYTES] }, BYTES], ['to blue', 1, null],
    ]);
    await ask(stays, 'say', '', 'live');
    await until(() => got.length === 6, 'what is sent now');
    const who = await new Promise((resolve) => goes.emit('who', (...args) => resolve(args)));
    assert.deepEqual(who, [true, { name: 'Ann' }, ['red', 'blue']]);
  });

  eachMode('what was sent to a room before it joined is not replayed', async (t, mode) => {
    const { stays, goes, got } = await pair(t, mode);
    const offset = goes._lastOffset;
    await ask(stays, 'say', 'green', 'before');
    await ask(goes, 'begin', { name: 'Ann' }, 'green');
    await ask(stays, 'say', 'green', 'after');
    await until(() => got.length === 2, 'what is for it');
    goes._lastOffset = offset; // as if that had been lost on the way
    await cut(goes);
    await back(goes);
    assert.equal(goes.recovered, true);
    await until(() => got.length === 3, 'what was missed');
    await ask(goes, 'who');
    assert.deepEqual(told(got), [['first'], ['after'], ['after']]);
  });

  eachMode('whoever has missed more than there is room for joins anew', async (t, mode) => {
    const { stays, goes, got, id } = await pair(t, mode, { maxOutputBytes: 20000 });
    await cut(goes);
    for (let i = 0; i < 5; i += 1) await ask(stays, 'say', '', 'x'.repeat(6000));
    await back(goes);
    assert.equal(goes.recovered, false);
    assert.notEqual(goes.id, id);
    assert.equal(got.length, 1);
    await ask(goes, 'who');
  });

  eachMode('it comes back by itself, again and again', async (t, mode) => {
    const { stays, goes, got, id } = await pair(t, mode, {}, {
      reconnection: true, reconnectionDelay: 100, reconnectionDelayMax: 100,
    });
    for (let i = 0; i < 3; i += 1) {
      const connected = event(goes, 'connect');
      await cut(goes);
      await ask(stays, 'say', '', i);
      await connected;
      assert.equal(goes.recovered, true);
      assert.equal(goes.id, id);
      await until(() => got.length === i + 2, 'what was missed');
    }
    assert.deepEqual(told(got), [['first'], [0], [1], [2]]);
  });

  eachMode('after the server has cut it', async (t, mode) => {
    const { stays, goes, got, id } = await pair(t, mode);
    const away = event(goes, 'disconnect');
    await ask(stays, 'cut', id);
    await away;
    await ask(stays, 'say', '', 'missed');
    await back(goes);
    assert.equal(goes.recovered, true);
    await until(() => got.length === 2, 'what was missed');
  });

  eachMode('not after it has left by itself', async (t, mode) => {
    const { server, stays, goes, got, id } = await pair(t, mode);
    goes.disconnect();
    await until(async () => await server.control('count', NSP.nsp) === 1, 'that it has left');
    await ask(stays, 'say', '', 'missed');
    await back(goes);
    assert.equal(goes.recovered, false);
    assert.notEqual(goes.id, id);
    assert.equal(got.length, 1);
  });

  eachMode('not after it was sent away', async (t, mode) => {
    const { stays, goes, got, id } = await pair(t, mode);
    const away = event(goes, 'disconnect');
    await ask(stays, 'kick', id);
    assert.deepEqual((await away)[0], 'io server disconnect');
    await ask(stays, 'say', '', 'missed');
    await back(goes);
    assert.equal(goes.recovered, false);
    assert.equal(got.length, 1);
  });

  eachMode('not when it has been away for too long', async (t, mode) => {
    const { stays, goes, got, id } = await pair(t, mode, { recovery: 30 });
    await cut(goes);
    await ask(stays, 'say', '', 'missed');
    await until(async () => await ask(stays, 'lost') === 1, 'that it is lost');
    await back(goes);
    assert.equal(goes.recovered, false);
    assert.notEqual(goes.id, id);
    assert.equal(got.length, 1);
  });

  eachMode('not when a middleware refuses', async (t, mode) => {
    const { stays, goes, got } = await pair(t, mode);
    await ask(goes, 'begin', { name: 'banned' });
    await cut(goes);
    await ask(stays, 'say', '', 'secret');
    const refused = event(goes, 'connect_error');
    goes.connect();
    const [error] = await refused;
    assert.equal(error.message, 'banned');
    assert.equal(got.length, 1);
    assert.equal(await ask(stays, 'lost'), 1);
  });

  eachMode('of two connections with one session the older one goes', async (t, mode) => {
    const server = await startServer(t, { recovery: 60000 });
    const first = await rawSession(server, mode);
    await first.send('40/recovery,');
    const { sid, pid } = JSON.parse((await first.next()).slice('40/recovery,'.length));
    await first.send('42/recovery,0["say","","x"]');
    const [, , offset] = JSON.parse((await first.next()).slice('42/recovery,'.length));
    const second = await rawSession(server, mode);
    await second.send(`40/recovery,${JSON.stringify({ pid, offset })}`);
    assert.deepEqual(JSON.parse((await second.next()).slice('40/recovery,'.length)), { sid, pid });
    await first.ended();
    const third = await rawSession(server, mode);
    await third.send(`40/recovery,${JSON.stringify({ pid: 'x'.repeat(20), offset })}`);
    const fresh = JSON.parse((await third.next()).slice('40/recovery,'.length));
    assert.notEqual(fresh.sid, sid);
    assert.notEqual(fresh.pid, pid);
    assert.equal(await server.control('count', '/recovery'), 2);
  });

  check('middlewares may be skipped', async (t) => {
    const { goes } = await pair(t, 'websocket only', { recovery: 1, skipping: 60000 });
    await ask(goes, 'begin', { name: 'banned' });
    await cut(goes);
    await back(goes);
    assert.equal(goes.recovered, true);
  });

  check('it is off by default', async (t) => {
    const server = await startServer(t);
    const socket = await connect(server, 'websocket only', NSP);
    const got = collect(socket, 'news');
    await ask(socket, 'say', '', 'x');
    await until(() => got.length === 1, 'the news');
    assert.deepEqual(got, [['x']]);
    assert.equal(socket._pid, undefined);
  });
});
