// SPDX-License-Identifier: MIT
'use strict';

const assert = require('node:assert/strict');
const {
  ask, check, client, collect, connect, eachMode, settle, suite,
} = require('./lib/client');
const { startServer } = require('./lib/server');
const { event, sleep } = require('./lib/wait');

suite('connecting', () => {
  eachMode('a client without auth connects and the server sees an empty object', async (t, mode) => {
    const server = await startServer(t);
    const socket = client(server, mode);
    const [auth] = await event(socket, 'auth');
    assert.deepEqual(auth, {});
    assert.ok(socket.connected);
    assert.match(socket.id, /^[\w-]{20}$/);
    assert.notEqual(socket.id, socket.io.engine.id);
    await server.entry({ what: 'connect', nsp: '/', id: socket.id });
  });

  eachMode('the server sees the auth that a client gives', async (t, mode) => {
    const server = await startServer(t);
    const auth = { token: 'é "quoted"', nested: { list: [1, null, false] } };
    const socket = client(server, mode, { auth });
    assert.deepEqual((await event(socket, 'auth'))[0], auth);
  });

  eachMode('refused auth reaches the client with message and data', async (t, mode) => {
    const server = await startServer(t);
    const socket = client(server, mode, { nsp: '/admin', auth: { token: 'wrong' } });
    const [error] = await event(socket, 'connect_error');
    assert.equal(error.message, 'not authorized');
    assert.deepEqual(error.data, { code: 401, hint: [1, 'é'] });
    assert.equal(socket.connected, false);
    assert.equal(await server.control('count', '/admin'), 0);
  });

  eachMode('refused auth without data has a message only', async (t, mode) => {
    const server = await startServer(t);
    const socket = client(server, mode, { nsp: '/admin', auth: { token: 'plain' } });
    const [error] = await event(socket, 'connect_error');
    assert.equal(error.message, 'not authorized');
    assert.equal(error.data, undefined);
  });

  eachMode('a refused client may try again with better auth', async (t, mode) => {
    const server = await startServer(t);
    const socket = client(server, mode, { nsp: '/admin', auth: { token: 'wrong' } });
    await event(socket, 'connect_error');
    socket.auth = { token: 'secret' };
    socket.connect();
    await event(socket, 'connect');
    const rooms = await ask(socket, 'join');
    assert.deepEqual(rooms.sort(), [socket.id, 'members'].sort());
  });

  eachMode('a middleware may answer later', async (t, mode) => {
    const server = await startServer(t);
    const good = client(server, mode, { nsp: '/admin', auth: { token: 'secret', delay: 60 } });
    const bad = client(server, mode, { nsp: '/admin', auth: { token: 'wrong', delay: 60 } });
    const [, [error]] = await Promise.all([event(good, 'connect'), event(bad, 'connect_error')]);
    assert.equal(error.message, 'not authorized');
    const report = await server.report();
    const mine = report.filter((entry) => entry.id === good.id);
    assert.deepEqual(mine.map((e) => e.name || e.what), ['first', 'second', 'connect']);
    const theirs = report.filter((entry) => entry.id !== good.id);
    assert.deepEqual(theirs.map((e) => e.name || e.what), ['first']);
  });

  check('a client that leaves while a middleware is thinking is forgotten', async (t) => {
    const server = await startServer(t);
    for (const auth of [{ token: 'never' }, { token: 'secret', delay: 80 }]) {
      const socket = client(server, 'websocket only', { nsp: '/admin', auth });
      await event(socket.io, 'open');
      await server.entry({ what: 'middleware', name: 'first' });
      socket.io.engine.close();
    }
    await sleep(150);
    const kinds = (await server.report()).map((entry) => entry.what);
    assert.ok(!kinds.includes('connect') && !kinds.includes('disconnect'));
    assert.equal(await server.control('count', '/admin'), 0);
  });

  eachMode('a custom namespace has its own socket and auth', async (t, mode) => {
    const server = await startServer(t);
    const socket = client(server, mode, { nsp: '/custom', auth: { a: 1 } });
    assert.deepEqual((await event(socket, 'auth'))[0], { a: 1 });
    assert.equal(await ask(socket, 'message-with-ack', 'hello'), 'hello');
    assert.equal(await server.control('count', '/custom'), 1);
    assert.equal(await server.control('count', '/'), 0);
  });

  eachMode('an unknown namespace is refused', async (t, mode) => {
    const server = await startServer(t);
    const socket = client(server, mode, { nsp: '/random' });
    const [error] = await event(socket, 'connect_error');
    assert.equal(error.message, 'Invalid namespace');
    assert.equal(error.data, undefined);
  });

  eachMode('several namespaces share one connection', async (t, mode) => {
    const server = await startServer(t);
    const main = await connect(server, mode);
    const custom = main.io.socket('/custom', {});
    const unknown = main.io.socket('/random', {});
    await Promise.all([event(custom, 'connect'), event(unknown, 'connect_error')]);
    assert.equal(main.io.engine, custom.io.engine);
    assert.notEqual(main.id, custom.id);
    const backs = collect(main, 'message-back');
    assert.equal(await ask(custom, 'message-with-ack', 'c'), 'c');
    main.emit('message', 'm');
    await settle(main);
    assert.deepEqual(backs, [['m']]);
    const { id } = custom;
    custom.disconnect();
    await server.entry({ what: 'disconnect', nsp: '/custom', id });
    await settle(main);
  });

  eachMode('the handshake is known to the server', async (t, mode) => {
    const server = await startServer(t);
    const socket = await connect(server, mode, {
      auth: { who: 'me' },
      query: { 'x-test': 'a&b=ü' },
      extraHeaders: { 'X-Test': 'header value' },
    });
    const seen = await ask(socket, 'handshake', 'x-test');
    assert.match(seen.address, /^(::ffff:)?127\.0\.0\.1$/);
    assert.match(seen.url, /^\/socket\.io\/\?.*EIO=4/);
    assert.equal(seen.header, 'header value');
    assert.equal(seen.query, 'a&b=ü');
    assert.deepEqual(seen.auth, { who: 'me' });
  });

  eachMode('namespaces of one connection share its query and have their own auth', async (t, mode) => {
    const server = await startServer(t);
    const main = await connect(server, mode, { query: { '&=bb': '&=a b' }, auth: { n: 1 } });
    const custom = main.io.socket('/custom', { auth: { n: 2, '&=bb': 'x' } });
    await event(custom, 'connect');
    const [one, two] = await Promise.all([main, custom].map((s) => ask(s, 'handshake', '&=bb')));
    assert.deepEqual([one.query, two.query], ['&=a b', '&=a b']);
    assert.deepEqual([one.auth, two.auth], [{ n: 1 }, { n: 2, '&=bb': 'x' }]);
    assert.equal(one.url, two.url);
  });

  eachMode('a client that leaves and comes back gets every event once', async (t, mode) => {
    const server = await startServer(t);
    const socket = await connect(server, mode);
    const got = collect(socket, 'news');
    for (let i = 0; i < 3; i += 1) {
      await ask(socket, 'join', 'red');
      socket.emit('note', i);
      await ask(socket, 'send', { event: 'news', from: 'namespace', to: ['red', socket.id] }, i);
      await settle(socket);
      const { id } = socket;
      socket.disconnect();
      await server.entry({ what: 'disconnect', id });
      const again = event(socket, 'connect');
      socket.connect();
      await again;
    }
    assert.deepEqual(got, [[0], [1], [2]]);
    assert.equal(await server.control('count', '/'), 1);
    const report = await server.report();
    const values = report.filter(({ what }) => what === 'note').map(({ value }) => value);
    assert.deepEqual(values, [0, 1, 2]);
    assert.equal(report.filter(({ what }) => what === 'connect').length, 4);
  });

  check('middlewares of one namespace do not run for another', async (t) => {
    const server = await startServer(t);
    await connect(server, 'websocket only');
    const report = await server.report();
    assert.deepEqual(report.map((entry) => entry.what), ['connect']);
  });
});
