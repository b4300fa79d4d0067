// SPDX-License-Identifier: MIT
'use strict';

const assert = require('node:assert/strict');
const { ask, check, collect, connect, eachMode, settle, suite } = require('./lib/client');
const { startServer } = require('./lib/server');
const { event, sleep, until } = require('./lib/wait');

const BYTES = Buffer.from([1, 2, 3]);

// Clients of "/cast" by name, each in the rooms given.
async function party(server, mode, members) {
  const guests = {};
  for (const [name, rooms] of Object.entries(members)) {
    const socket = await connect(server, mode, { nsp: '/cast' });
    await ask(socket, 'join', ...rooms);
    guests[name] = socket;
  }
  return guests;
}

// Nothing is on its way to this client: what is volatile arrives.
async function idle(server, ...sockets) {
  for (const { id } of sockets) {
    const probe = () => server.control('writable', { nsp: '/cast', id });
    await until(probe, 'writable session');
  }
}

// Emits all of a list in one turn; returns the result of each.
function series(socket, ...list) {
  return ask(socket, 'series', list.map((entry) => ({ event: 'news', ...entry })));
}

const numbers = (got) => got.map(([i]) => i);
const MEMBERS = { ann: ['red', 'both'], bob: ['blue', 'both'], cat: [] };
const [SENT, DROPPED] = [0, 1];

suite('volatile events', () => {
  eachMode('one is dropped behind a regular event', async (t, mode) => {
    const server = await startServer(t);
    const { ann } = await party(server, mode, { ann: [] });
    const got = collect(ann, 'news');
    await idle(server, ann);
    const me = { from: 'me' };
    const results = await series(ann, me, { ...me, volatile: true });
    await settle(ann);
    assert.deepEqual(results, [SENT, DROPPED]);
    assert.deepEqual(numbers(got), [0]);
  });

  eachMode('one alone arrives, of two only the first', async (t, mode) => {
    const server = await startServer(t);
    const { ann } = await party(server, mode, { ann: [] });
    const got = collect(ann, 'news');
    const lossy = { from: 'me', volatile: true };
    await idle(server, ann);
    assert.deepEqual(await series(ann, lossy), [SENT]);
    await idle(server, ann);
    assert.deepEqual(await series(ann, lossy, lossy), [SENT, DROPPED]);
    await settle(ann);
    assert.deepEqual(numbers(got), [0, 0]);
  });

  for (const from of ['me', 'namespace']) {
    eachMode(`attachments go or stay with it, from ${from}`, async (t, mode) => {
      const server = await startServer(t);
      const { ann } = await party(server, mode, { ann: [] });
      const got = collect(ann, 'news');
      const lossy = { from, volatile: true, binary: true };
      await idle(server, ann);
      await series(ann, lossy, lossy);
      await settle(ann);
      assert.deepEqual(got, [[0, BYTES]]);
    });
  }

  eachMode('regular events go on after a drop', async (t, mode) => {
    const server = await startServer(t);
    const { ann } = await party(server, mode, { ann: [] });
    const got = collect(ann, 'news');
    const me = { from: 'me' };
    await idle(server, ann);
    await series(ann, me, { ...me, volatile: true }, me);
    await settle(ann);
    assert.deepEqual(numbers(got), [0, 2]);
  });

  eachMode('the namespace drops it for whom it must wait', async (t, mode) => {
    const server = await startServer(t);
    const { ann, bob } = await party(server, mode, { ann: [], bob: [] });
    const got = [collect(ann, 'news'), collect(bob, 'news')];
    await idle(server, ann, bob);
    await series(ann, { from: 'me' }, { from: 'namespace', volatile: true });
    await settle(ann);
    await settle(bob);
    assert.deepEqual(got.map(numbers), [[0], [1]]);
    await idle(server, ann, bob);
    await series(ann, { from: 'namespace', volatile: true });
    await settle(ann);
    await settle(bob);
    assert.deepEqual(got.map(numbers), [[0, 0], [1, 0]]);
  });
});

suite('targets', () => {
  eachMode('a target is as it was after every use', async (t, mode) => {
    const server = await startServer(t);
    const { ann, bob, cat } = await party(server, mode, MEMBERS);
    const got = [ann, bob, cat].map((socket) => collect(socket, 'reuse'));
    await idle(server, ann, bob, cat);
    await ask(ann, 'reuse', 'both');
    for (const socket of [ann, bob, cat]) await settle(socket);
    assert.deepEqual(got, [
      [],
      [['base'], ['room'], ['base again']],
      [['base'], ['base again']],
    ]);
  });

  eachMode('local changes nothing without other nodes', async (t, mode) => {
    const server = await startServer(t);
    const { ann, bob } = await party(server, mode, { ann: [], bob: ['red'] });
    const got = [ann, bob].map((socket) => collect(socket, 'news'));
    await series(ann, { from: 'namespace', local: true },
      { from: 'others', local: true }, { from: 'namespace', to: ['red'], local: true });
    await settle(ann);
    await settle(bob);
    assert.deepEqual(got.map(numbers), [[0], [0, 1, 2]]);
  });

  eachMode('send is the event "message"', async (t, mode) => {
    const server = await startServer(t);
    const { ann } = await party(server, mode, { ann: [] });
    const got = collect(ann, 'message');
    ann.emit('send-back', 1, 'é', BYTES);
    await settle(ann);
    assert.deepEqual(got, [[1, 'é', BYTES], [{ done: true }]]);
  });

  check('a broadcast is framed once for all', async (t) => {
    const server = await startServer(t);
    const guests = await Promise.all(['websocket only', 'websocket only', 'polling only']
      .map((mode) => party(server, mode, { x: ['mix'] })));
    const got = guests.map(({ x }) => collect(x, 'news'));
    await series(guests[0].x, { from: 'namespace', to: ['mix'], binary: true },
      { from: 'namespace', to: ['mix'], uncompressed: true });
    for (const { x } of guests) await settle(x);
    for (const list of got) assert.deepEqual(list, [[0, BYTES], [1]]);
  });
});

// Answers "question" by `answer`, which may be nothing.
function answering(socket, ...answer) {
  socket.on('question', (...args) => args.at(-1)(...answer));
}

suite('broadcast acknowledgements', () => {
  eachMode('all answer, with as much as they like', async (t, mode) => {
    const server = await startServer(t);
    const { ann, bob, cat } = await party(server, mode, MEMBERS);
    answering(ann, 1, 'é');
    answering(bob, { b: [BYTES] });
    answering(cat);
    const options = { from: 'namespace', event: 'question', timeout: 5000 };
    const [answers, error, ...counts] = await ask(ann, 'gather', options, 'x', BYTES);
    assert.equal(error, null);
    assert.deepEqual(counts, [3, 3]);
    assert.deepEqual(Object.fromEntries(answers.map(([id, ...args]) => [id, args])), {
      [ann.id]: [1, 'é'], [bob.id]: [{ b: [BYTES] }], [cat.id]: [],
    });
  });

  eachMode('in time it ends with the answers that came', async (t, mode) => {
    const server = await startServer(t);
    const { ann, bob, cat } = await party(server, mode, MEMBERS);
    answering(ann, 'a');
    answering(cat, 'c');
    let late;
    bob.on('question', (answer) => { late = answer; });
    const options = { from: 'namespace', event: 'question', timeout: 1500 };
    const [answers, ...rest] = await ask(ann, 'gather', options);
    assert.deepEqual(answers.map(([id]) => id).sort(), [ann.id, cat.id].sort());
    assert.deepEqual(rest, ['timeout', 2, 3]);
    late('too late');
    await settle(bob); // and nothing happens
    bob.off('question');
    answering(bob, 'b');
    const again = await ask(ann, 'gather', { ...options, timeout: 5000, to: ['blue'] });
    assert.deepEqual(again, [[[bob.id, 'b']], null, 1, 1]);
  });

  eachMode('nobody is asked: it ends at once', async (t, mode) => {
    const server = await startServer(t);
    const { ann } = await party(server, mode, { ann: [] });
    const options = { from: 'namespace', event: 'question', timeout: 60000, to: ['nobody'] };
    assert.deepEqual(await ask(ann, 'gather', options), [[], null, 0, 0]);
  });

  eachMode('who leaves is not waited for', async (t, mode) => {
    const server = await startServer(t);
    const { ann, bob, cat } = await party(server, mode, MEMBERS);
    answering(ann, 'a');
    bob.on('question', () => bob.disconnect());
    cat.on('question', () => cat.io.engine.close());
    const options = { from: 'namespace', event: 'question', timeout: 60000 };
    const result = await ask(ann, 'gather', options);
    assert.deepEqual(result,
      [[[ann.id, 'a']], 'the socket is disconnected', 1, 3]);
  });

  eachMode('a socket in two rooms of the target is asked once', async (t, mode) => {
    const server = await startServer(t);
    const { ann, bob } = await party(server, mode, MEMBERS);
    answering(ann, 'a');
    answering(bob, 'b');
    const asked = collect(ann, 'question');
    const options = {
      from: 'namespace', event: 'question', timeout: 5000, to: ['red', 'both'],
    };
    const [answers, ...rest] = await ask(bob, 'gather', options);
    assert.deepEqual(rest, [null, 2, 2]);
    assert.equal(answers.length, 2);
    assert.equal(asked.length, 1);
  });

  eachMode('a timeout of 0 comes once, whatever the answer', async (t, mode) => {
    const server = await startServer(t);
    const { ann } = await party(server, mode, { ann: [] });
    const got = collect(ann, 'at-once');
    answering(ann, 'here');
    ann.emit('ask-at-once');
    await event(ann, 'at-once');
    await settle(ann);
    await sleep(50);
    assert.deepEqual(got, [[-15]]);
  });
});

suite('many sockets at once', () => {
  const everybody = { from: 'namespace' };

  eachMode('they are found and counted', async (t, mode) => {
    const server = await startServer(t);
    const { ann, bob, cat } = await party(server, mode, MEMBERS);
    const found = async (target) => {
      const [count, ids] = await new Promise((resolve) => {
        ann.emit('fetch', target, (...args) => resolve(args));
      });
      assert.equal(count, ids.length);
      return ids.sort();
    };
    assert.deepEqual(await found(everybody), [ann.id, bob.id, cat.id].sort());
    assert.deepEqual(await found({ ...everybody, to: ['both'] }), [ann.id, bob.id].sort());
    assert.deepEqual(await found({ ...everybody, except: ['red'] }), [bob.id, cat.id].sort());
    assert.deepEqual(await found({ from: 'others' }), [bob.id, cat.id].sort());
    assert.deepEqual(await found({ ...everybody, to: [cat.id] }), [cat.id]);
    assert.deepEqual(await found({ ...everybody, to: ['nobody'] }), []);
  });

  eachMode('they join and leave', async (t, mode) => {
    const server = await startServer(t);
    const { ann, bob, cat } = await party(server, mode, MEMBERS);
    const rooms = async (socket) => (await ask(socket, 'join')).slice(1);
    await ask(ann, 'bulk', 'join', everybody, ['new']);
    await ask(ann, 'bulk', 'join', { ...everybody, to: ['red'] }, ['a', 'b']);
    assert.deepEqual(await rooms(ann), ['red', 'both', 'new', 'a', 'b']);
    assert.deepEqual(await rooms(cat), ['new']);
    await ask(ann, 'bulk', 'leave', { ...everybody, to: ['both'] }, ['new', 'a', 'x']);
    await ask(ann, 'bulk', 'leave', everybody, ['both']);
    assert.deepEqual(await rooms(ann), ['red', 'b']);
    assert.deepEqual(await rooms(bob), ['blue']);
    assert.deepEqual(await rooms(cat), ['new']);
    const list = await ask(ann, 'list-rooms');
    assert.deepEqual(list.sort(), [['b', 1], ['blue', 1], ['new', 1], ['red', 1]]);
  });

  eachMode('they are disconnected, and nobody else is', async (t, mode) => {
    const server = await startServer(t);
    const { ann, bob, cat } = await party(server, mode, MEMBERS);
    const gone = event(bob, 'disconnect');
    await ask(ann, 'bulk', 'close', { ...everybody, to: ['blue'] });
    assert.equal((await gone)[0], 'io server disconnect');
    assert.equal(ann.connected && cat.connected, true);
    const all = [event(ann, 'disconnect'), event(cat, 'disconnect')];
    ann.emit('bulk', 'disconnect', everybody);
    for (const [reason] of await Promise.all(all)) {
      assert.equal(reason, 'io server disconnect');
    }
  });

  eachMode('rooms come and go with who is in them', async (t, mode) => {
    const server = await startServer(t);
    const { ann, bob } = await party(server, mode, { ann: ['red', 'blue'], bob: ['red'] });
    const [a, b] = [ann.id, bob.id];
    ann.disconnect();
    await server.entry({ what: 'disconnect', id: a });
    bob.disconnect();
    await server.entry({ what: 'disconnect', id: b });
    const report = (await server.report()).filter(({ what }) => what !== 'note');
    assert.deepEqual(report.map(({ what, room, id }) => [what, room ?? id, room && id]), [
      ['create-room', a, undefined], ['join-room', a, a], ['connect', a, undefined],
      ['create-room', 'red', undefined], ['join-room', 'red', a],
      ['create-room', 'blue', undefined], ['join-room', 'blue', a],
      ['create-room', b, undefined], ['join-room', b, b], ['connect', b, undefined],
      ['join-room', 'red', b],
      ['disconnecting', a, undefined],
      ['leave-room', a, a], ['delete-room', a, undefined],
      ['leave-room', 'red', a],
      ['leave-room', 'blue', a], ['delete-room', 'blue', undefined],
      ['disconnect', a, undefined],
      ['disconnecting', b, undefined],
      ['leave-room', b, b], ['delete-room', b, undefined],
      ['leave-room', 'red', b], ['delete-room', 'red', undefined],
      ['disconnect', b, undefined],
    ]);
  });
});
