// SPDX-License-Identifier: MIT
'use strict';

const assert = require('node:assert/strict');
const { ask, check, collect, connect, eachMode, settle, suite } = require('./lib/client');
const { startServer } = require('./lib/server');

const BYTES = Buffer.from([1, 2, 3]);

// Connected clients by name, each in the rooms given, and what they receive.
async function party(server, mode, members) {
  const guests = {};
  for (const [name, rooms] of Object.entries(members)) {
    const socket = await connect(server, mode);
    await ask(socket, 'join', ...rooms);
    guests[name] = { socket, id: socket.id, got: collect(socket, 'news') };
  }
  return guests;
}

// Who has received "news", and how often; everything is forgotten after it.
async function heard(guests) {
  const counts = {};
  for (const [name, { socket, got }] of Object.entries(guests)) {
    await settle(socket);
    if (got.length > 0) counts[name] = got.length;
    got.length = 0;
  }
  return counts;
}

async function say(guest, target, ...args) {
  await ask(guest.socket, 'send', { event: 'news', ...target }, ...args);
}

const MEMBERS = { ann: ['red', 'both'], bob: ['blue', 'both'], cat: ['red', 'blue'], dan: [] };

suite('rooms', () => {
  eachMode('a broadcast reaches everybody but its sender', async (t, mode) => {
    const server = await startServer(t);
    const guests = await party(server, mode, MEMBERS);
    await say(guests.ann, { from: 'socket' }, 1);
    assert.deepEqual(await heard(guests), { bob: 1, cat: 1, dan: 1 });
  });

  eachMode('an event of the namespace reaches everybody in it', async (t, mode) => {
    const server = await startServer(t);
    const guests = await party(server, mode, MEMBERS);
    const custom = await connect(server, mode, { nsp: '/custom' });
    const elsewhere = collect(custom, 'news');
    await say(guests.ann, { from: 'namespace' }, 1);
    assert.deepEqual(await heard(guests), { ann: 1, bob: 1, cat: 1, dan: 1 });
    await settle(custom);
    assert.deepEqual(elsewhere, []);
  });

  eachMode('to and in reach the members of a room', async (t, mode) => {
    const server = await startServer(t);
    const guests = await party(server, mode, MEMBERS);
    await say(guests.dan, { from: 'socket', to: ['red'] });
    assert.deepEqual(await heard(guests), { ann: 1, cat: 1 });
    await say(guests.ann, { from: 'socket', to: ['red'] });
    assert.deepEqual(await heard(guests), { cat: 1 });
    await say(guests.ann, { from: 'namespace', in: ['red'] });
    assert.deepEqual(await heard(guests), { ann: 1, cat: 1 });
    await say(guests.ann, { from: 'namespace', to: ['nobody here'] });
    assert.deepEqual(await heard(guests), {});
  });

  eachMode('nobody receives twice what goes to several rooms', async (t, mode) => {
    const server = await startServer(t);
    const guests = await party(server, mode, MEMBERS);
    await say(guests.dan, { from: 'namespace', to: ['red', 'blue', 'both', 'red'] });
    assert.deepEqual(await heard(guests), { ann: 1, bob: 1, cat: 1 });
    await say(guests.ann, { from: 'socket', to: ['red'], in: ['both', guests.cat.id] });
    assert.deepEqual(await heard(guests), { bob: 1, cat: 1 });
  });

  eachMode('except leaves out rooms and single sockets', async (t, mode) => {
    const server = await startServer(t);
    const guests = await party(server, mode, MEMBERS);
    await say(guests.dan, { from: 'namespace', except: ['blue'] });
    assert.deepEqual(await heard(guests), { ann: 1, dan: 1 });
    await say(guests.dan, { from: 'socket', except: ['blue'] });
    assert.deepEqual(await heard(guests), { ann: 1 });
    await say(guests.dan, { from: 'namespace', to: ['red'], except: [guests.ann.id] });
    assert.deepEqual(await heard(guests), { cat: 1 });
    await say(guests.dan, { from: 'namespace', except: ['red', 'blue', 'no such room'] });
    assert.deepEqual(await heard(guests), { dan: 1 });
  });

  eachMode('a socket id is a room for one', async (t, mode) => {
    const server = await startServer(t);
    const guests = await party(server, mode, MEMBERS);
    await say(guests.ann, { from: 'socket', to: [guests.bob.id] }, 'psst');
    assert.deepEqual(await heard(guests), { bob: 1 });
    await say(guests.ann, { from: 'namespace', to: [guests.ann.id] }, 'me');
    assert.deepEqual(await heard(guests), { ann: 1 });
  });

  eachMode('binary is broadcast whole', async (t, mode) => {
    const server = await startServer(t);
    const guests = await party(server, mode, { ann: ['red'], bob: ['red'], cat: [] });
    const args = ['text', { data: [BYTES] }, Buffer.alloc(300, 7)];
    await say(guests.cat, { from: 'namespace', to: ['red'] }, ...args);
    await settle(guests.ann.socket);
    await settle(guests.bob.socket);
    assert.deepEqual(guests.ann.got, [args]);
    assert.deepEqual(guests.bob.got, [args]);
    assert.deepEqual(guests.cat.got, []);
  });

  check('a broadcast reaches websocket and polling clients alike', async (t) => {
    const server = await startServer(t);
    const modes = ['websocket only', 'polling only', 'upgrade'];
    const all = await Promise.all(modes.map((mode) => party(server, mode, { x: ['mix'] })));
    const args = ['é', BYTES, { n: [1] }];
    await server.control('emit', { nsp: '/', to: ['mix'], event: 'news' }, ...args);
    for (const { x } of all) {
      await settle(x.socket);
      assert.deepEqual(x.got, [args]);
    }
  });

  eachMode('broadcasts and single events keep their order', async (t, mode) => {
    const server = await startServer(t);
    const { ann } = await party(server, mode, { ann: ['red'] });
    for (let i = 0; i < 50; i += 1) {
      ann.socket.emit('send', { event: 'news', from: 'namespace', to: ['red'] }, i);
      ann.socket.emit('message', i);
      ann.socket.emit('burst', 'news', 2);
    }
    ann.socket.on('message-back', (i) => ann.got.push([`back ${i}`]));
    await settle(ann.socket);
    const want = Array.from({ length: 50 }, (_, i) => [[i], [`back ${i}`], [0], [1]]).flat();
    assert.deepEqual(ann.got, want);
  });

  eachMode('a room that was left is silent', async (t, mode) => {
    const server = await startServer(t);
    const guests = await party(server, mode, { ann: ['red', 'blue'], bob: ['red'] });
    const rooms = await ask(guests.ann.socket, 'leave', 'red', 'never joined');
    assert.deepEqual(rooms.sort(), [guests.ann.id, 'blue'].sort());
    await say(guests.bob, { from: 'namespace', to: ['red'] });
    assert.deepEqual(await heard(guests), { bob: 1 });
  });

  check('joining twice is joining once', async (t) => {
    const server = await startServer(t);
    const { ann } = await party(server, 'websocket only', { ann: ['red', 'red'] });
    const rooms = await ask(ann.socket, 'join', 'red');
    assert.deepEqual(rooms.sort(), [ann.id, 'red'].sort());
    await say(ann, { from: 'namespace', to: ['red'] });
    assert.deepEqual(await heard({ ann }), { ann: 1 });
    assert.deepEqual(await ask(ann.socket, 'leave', 'red'), [ann.id]);
  });

  check('a socket that left its own room hears its own broadcast', async (t) => {
    const server = await startServer(t);
    const guests = await party(server, 'websocket only', { ann: [], bob: [] });
    await ask(guests.ann.socket, 'leave', guests.ann.id);
    await say(guests.bob, { from: 'namespace', to: [guests.ann.id] });
    assert.deepEqual(await heard(guests), {});
    await say(guests.ann, { from: 'socket' });
    assert.deepEqual(await heard(guests), { ann: 1, bob: 1 });
  });

  eachMode('rooms are left when a socket disconnects', async (t, mode) => {
    const server = await startServer(t);
    const guests = await party(server, mode, { ann: ['red', 'blue'], bob: ['red'] });
    guests.ann.socket.disconnect();
    const { id } = guests.ann;
    const before = await server.entry({ what: 'disconnecting', id });
    const after = await server.entry({ what: 'disconnect', id });
    assert.deepEqual(before.rooms.sort(), [id, 'blue', 'red'].sort());
    assert.deepEqual(after.rooms, []);
    await say(guests.bob, { from: 'namespace', to: ['red', 'blue', id] });
    assert.deepEqual(await heard({ bob: guests.bob }), { bob: 1 });
  });

  check('a room joined in a middleware is kept', async (t) => {
    const server = await startServer(t);
    const options = { nsp: '/admin', auth: { token: 'secret' } };
    const socket = await connect(server, 'websocket only', options);
    const got = collect(socket, 'news');
    await server.control('emit', { nsp: '/admin', to: ['members'], event: 'news' }, 1);
    await settle(socket);
    assert.deepEqual(got, [[1]]);
  });
});
