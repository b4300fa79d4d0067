// SPDX-License-Identifier: MIT
'use strict';

const assert = require('node:assert/strict');
const { ask, check, client, collect, connect, eachMode, settle, suite } = require('./lib/client');
const { startServer } = require('./lib/server');
const { event, until } = require('./lib/wait');

// The names of the namespaces that clients can join and that were not there
// from the beginning.
async function made(server) {
  const names = await server.control('namespaces');
  return names.filter((name) => /^\/(dynamic-|ask\/|token\/|made)/.test(name));
}

function refusal(socket) {
  return event(socket, 'connect_error').then(([error]) => error.message);
}

suite('namespaces', () => {
  eachMode('a pattern gives a child, with what it stands for', async (t, mode) => {
    const server = await startServer(t);
    const socket = client(server, mode, { nsp: '/dynamic-101' });
    assert.deepEqual(await event(socket, 'hello'), ['/dynamic-101', '101']);
    await server.entry({ what: 'parent middleware', nsp: '/dynamic-101', id: socket.id });
    assert.equal(await ask(socket, 'join', 'red'), '/dynamic-101');
    socket.disconnect();
    await server.entry({
      what: 'parent disconnect', nsp: '/dynamic-101', reason: 'client namespace disconnect',
    });
  });

  eachMode('what no parent wants is invalid', async (t, mode) => {
    const server = await startServer(t);
    const names = ['/none', '/dynamic-', '/dynamic-1/2', '/Dynamic-1', '/_0', '/_1', '/token/x'];
    for (const nsp of names) {
      const socket = client(server, mode, { nsp, auth: { token: 'wrong' } });
      assert.equal(await refusal(socket), 'Invalid namespace', nsp);
      socket.disconnect();
    }
    assert.deepEqual(await made(server), []);
  });

  eachMode('a function decides by name and auth', async (t, mode) => {
    const server = await startServer(t);
    const socket = await connect(server, mode, { nsp: '/token/a', auth: { token: 'secret' } });
    assert.equal(socket.connected, true);
    const entry = await server.entry({ what: 'namespace', nsp: '/token/a' });
    assert.equal(entry.parent, '/_0');
  });

  eachMode('two clients that race get one namespace', async (t, mode) => {
    const server = await startServer(t);
    const pair = [1, 2].map(() => client(server, mode, { nsp: '/ask/room' }));
    const got = pair.map((socket) => collect(socket, 'all'));
    const joined = pair.map((socket) => event(socket, 'connect'));
    await until(async () => (await server.control('undecided')) === 2, 'two questions');
    assert.equal(pair.some((socket) => socket.connected), false);
    await server.control('decide', true);
    await Promise.all(joined);
    assert.deepEqual(await made(server), ['/ask/room']);
    assert.equal(await server.control('count', '/ask/room'), 2);
    await server.control('emit', { nsp: '/ask/room', event: 'all' }, 1);
    await until(() => got.every((list) => list.length === 1), 'the broadcast');
    const entries = (await server.report()).filter((e) => e.what === 'namespace');
    assert.equal(entries.length, 1);
  });

  check('a late no is an error, and the client may try again', async (t) => {
    const server = await startServer(t);
    const socket = client(server, 'websocket only', { nsp: '/ask/x' });
    for (const yes of [false, true]) {
      const over = event(socket, yes ? 'connect' : 'connect_error');
      if (yes) socket.connect();
      await until(async () => (await server.control('undecided')) === 1, 'a question');
      await server.control('decide', yes);
      await over;
    }
    assert.equal(socket.connected, true);
  });

  eachMode('through a parent all children are reached', async (t, mode) => {
    const server = await startServer(t);
    const one = await connect(server, mode, { nsp: '/dynamic-1' });
    const two = await connect(server, mode, { nsp: '/dynamic-2' });
    const main = await connect(server, mode);
    const got = [one, two, main].map((socket) => collect(socket, 'news'));
    await ask(two, 'join', 'red');
    await server.control('news', '');
    await server.control('news', 'red');
    await until(() => got[1].length === 2, 'both');
    await ask(one, 'join', 'settled');
    await settle(main);
    assert.deepEqual(got, [[['']], [[''], ['red']], []]);
  });

  eachMode('empty children go, if so wished, and come again', async (t, mode) => {
    const server = await startServer(t, { cleanup: true });
    const one = await connect(server, mode, { nsp: '/dynamic-1' });
    const two = await connect(server, mode, { nsp: '/dynamic-1' });
    one.disconnect();
    await server.entry({ what: 'parent disconnect' });
    assert.deepEqual(await made(server), ['/dynamic-1']);
    two.disconnect();
    await until(async () => (await made(server)).length === 0, 'an empty list');
    const refused = client(server, mode, { nsp: '/dynamic-2', auth: { refuse: 'yes' } });
    assert.equal(await refusal(refused), 'not here');
    assert.deepEqual(await made(server), []);
    await connect(server, mode, { nsp: '/dynamic-1' });
    assert.deepEqual(await made(server), ['/dynamic-1']);
  });

  check('static ones stay, and so do all without the clean-up', async (t) => {
    for (const [options, left] of [
      [{ cleanup: true }, ['/made', '/dynamic-7']],
      [{}, ['/made', '/dynamic-7', '/dynamic-1']],
    ]) {
      const server = await startServer(t, options);
      await server.control('make', 'made');
      assert.equal(await server.control('make', '/dynamic-7'), '/dynamic-7');
      for (const nsp of left.concat('/dynamic-1')) {
        const socket = await connect(server, 'websocket only', { nsp });
        socket.disconnect();
        await until(async () => (await server.control('count', nsp)) === 0, 'nobody');
      }
      assert.deepEqual(await made(server), left);
    }
  });

  check('what the server makes is a child if the pattern matches', async (t) => {
    const server = await startServer(t);
    await server.control('make', '/dynamic-101');
    await server.control('make', '/ask/static');
    const entries = (await server.report()).filter((e) => e.what === 'namespace');
    assert.deepEqual(entries.map((e) => e.parent), ['/_1', '']);
    const socket = client(server, 'websocket only', { nsp: '/dynamic-101' });
    assert.deepEqual(await event(socket, 'hello'), ['/dynamic-101', '101']);
    await connect(server, 'websocket only', { nsp: '/ask/static' }); // nobody is asked
  });

  eachMode('a deleted namespace is left, and the others stay', async (t, mode) => {
    const server = await startServer(t);
    const socket = await connect(server, mode);
    const child = socket.io.socket('/dynamic-1', {});
    await event(child, 'connect');
    const gone = event(child, 'disconnect');
    assert.equal(await server.control('delete', '/dynamic-1'), 0);
    assert.equal((await gone)[0], 'io server disconnect');
    await settle(socket);
    child.connect(); // it is made again
    assert.deepEqual(await event(child, 'hello'), ['/dynamic-1', '1']);
    assert.equal(await server.control('delete', '/'), -3);
  });
});
