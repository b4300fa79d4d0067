// SPDX-License-Identifier: MIT
// Clients of three servers that an adapter has joined: the example `hub`.
'use strict';

const assert = require('node:assert/strict');
const { ask, collect, connect, eachMode, suite } = require('./lib/client');
const { startProgram } = require('./lib/server');
const { event, until } = require('./lib/wait');

// Two clients of the first server and one of each other one.
async function joined(t, mode) {
  const server = await startProgram(t, 'hub');
  const others = [...server.stdout.matchAll(/^also on (\d+)$/gm)].map((found) => found[1]);
  assert.equal(others.length, 2);
  const urls = [server.url, server.url, ...others.map((port) => `http://127.0.0.1:${port}`)];
  const clients = [];
  for (const url of urls) {
    const at = { url, own: (socket, close) => server.own(socket, close) };
    clients.push(await connect(at, mode));
  }
  return clients;
}

suite('hub', () => {
  eachMode('a broadcast reaches the clients of all servers', async (t, mode) => {
    const clients = await joined(t, mode);
    const said = clients.map((socket) => collect(socket, 'said'));
    const bytes = Buffer.from([1, 2, 255]);
    await ask(clients[0], 'say', 'hello', { n: 1 }, bytes);
    await until(() => said.slice(1).every((each) => each.length === 1), 'everybody has heard');
    for (const each of said.slice(1)) assert.deepEqual(each, [['hello', { n: 1 }, bytes]]);
    assert.deepEqual(said[0], []);
  });

  eachMode('a room has members on several servers', async (t, mode) => {
    const clients = await joined(t, mode);
    const said = clients.map((socket) => collect(socket, 'said in'));
    assert.equal(await ask(clients[2], 'join', 'red'), 0);
    await ask(clients[0], 'say in', 'red', 1);
    await ask(clients[0], 'say in', clients[3].id, 2);
    await ask(clients[1], 'move', 'blue');
    await ask(clients[3], 'say in', 'blue', 3);
    await until(() => said.flat().length === 5, 'all have heard');
    assert.deepEqual(said, [
      [['blue', 3]], [['blue', 3]], [['red', 1], ['blue', 3]], [[clients[3].id, 2]],
    ]);
  });

  eachMode('answers of all clients and servers are counted', async (t, mode) => {
    const clients = await joined(t, mode);
    const answers = (socket, name) =>
      new Promise((resolve) => { socket.emit(name, 'x', (...values) => resolve(values)); });
    for (const socket of clients) socket.on('question', (text, answer) => answer(text));
    assert.deepEqual(await answers(clients[3], 'ask'), [0, 4, 4]);
    assert.deepEqual(await answers(clients[0], 'ask servers'), [0, 2, 2]);
    const ids = (await answers(clients[2], 'list')).sort();
    assert.deepEqual(ids, clients.map((socket) => socket.id).sort());
  });

  eachMode('clients of other servers are disconnected', async (t, mode) => {
    const clients = await joined(t, mode);
    const gone = clients.slice(1).map((socket) => event(socket, 'disconnect'));
    await ask(clients[0], 'clear');
    for (const [reason] of await Promise.all(gone)) assert.equal(reason, 'io server disconnect');
    assert.equal(clients[0].connected, true);
  });
});
