// SPDX-License-Identifier: MIT
'use strict';

const assert = require('node:assert/strict');
const {
  ask, check, collect, connect, eachMode, settle, suite,
} = require('./lib/client');
const { startServer } = require('./lib/server');
const { rawSession } = require('./lib/session');
const { event } = require('./lib/wait');

// Both entries of the socket's end are there, once, and agree.
async function assertLeft(server, id, reason, cause, nsp = '/') {
  await server.entry({ what: 'disconnect', id });
  const all = (await server.report()).filter((entry) => entry.id === id);
  const ends = all.filter((entry) => entry.what.startsWith('disconnect'));
  assert.deepEqual(ends.map((e) => e.what), ['disconnecting', 'disconnect']);
  for (const entry of ends) {
    assert.deepEqual([entry.reason, entry.cause, entry.nsp], [reason, cause, nsp]);
  }
  assert.deepEqual(ends.map((e) => e.rooms.includes(id)), [true, false]);
  assert.equal(await server.control('count', nsp), 0);
}

suite('disconnecting', () => {
  eachMode('a client leaves its namespace: client namespace disconnect', async (t, mode) => {
    const server = await startServer(t);
    const socket = await connect(server, mode, { nsp: '/custom' });
    const { id } = socket;
    socket.disconnect();
    await assertLeft(server, id, 'client namespace disconnect',
      'the client left the namespace', '/custom');
  });

  eachMode('the server makes a socket leave: server namespace disconnect', async (t, mode) => {
    const server = await startServer(t);
    const socket = await connect(server, mode);
    const { id } = socket;
    const gone = event(socket, 'disconnect');
    assert.equal(await server.control('disconnect-socket', { nsp: '/', id, close: false }), true);
    assert.equal((await gone)[0], 'io server disconnect');
    await assertLeft(server, id, 'server namespace disconnect', 'the host disconnected the socket');
  });

  eachMode('a socket that was made to leave may come back on the same connection', async (t, mode) => {
    const server = await startServer(t);
    const socket = await connect(server, mode);
    const custom = socket.io.socket('/custom', {});
    await event(custom, 'connect');
    const { id } = socket;
    const gone = event(socket, 'disconnect');
    socket.emit('leave-me', false);
    await gone;
    const again = event(socket, 'connect');
    socket.connect();
    await again;
    assert.notEqual(socket.id, id);
    await settle(socket);
    await settle(custom);
  });

  eachMode('what is still under way does not end the connection', async (t, mode) => {
    const server = await startServer(t);
    const socket = await connect(server, mode);
    const custom = socket.io.socket('/custom', {});
    await event(custom, 'connect');
    const gone = event(socket, 'disconnect');
    const dropped = collect(socket, 'message-back');
    socket.emit('leave-me', false);
    for (let i = 0; i < 200; i += 1) socket.emit('message', i, Buffer.from([i]));
    assert.equal((await gone)[0], 'io server disconnect');
    await settle(custom);
    assert.equal(custom.connected, true);
    assert.deepEqual(dropped, []);
    const again = event(socket, 'connect');
    socket.connect();
    await again;
    await settle(socket);
  });

  eachMode('disconnect(true) ends every namespace of the connection', async (t, mode) => {
    const server = await startServer(t);
    const main = await connect(server, mode);
    const custom = main.io.socket('/custom', {});
    await event(custom, 'connect');
    const ids = [main.id, custom.id];
    const gone = [event(main, 'disconnect'), event(custom, 'disconnect')];
    const closed = event(main.io.engine, 'close');
    custom.emit('leave-me', true);
    for (const [reason] of await Promise.all(gone)) assert.equal(reason, 'io server disconnect');
    await closed;
    const why = ['server namespace disconnect', 'the host disconnected the socket'];
    await assertLeft(server, ids[0], ...why);
    await assertLeft(server, ids[1], ...why, '/custom');
  });

  eachMode('the server closes: server shutting down', async (t, mode) => {
    const server = await startServer(t);
    const socket = await connect(server, mode);
    const { id } = socket;
    const gone = event(socket, 'disconnect');
    server.kill('SIGTERM');
    assert.match((await gone)[0], /^transport (close|error)$/);
    assert.equal((await server.exited).code, 0);
    const end = server.finalReport().filter((entry) => entry.id === id).slice(1);
    assert.deepEqual(
      end.map(({ what, reason, cause }) => [what, reason, cause]),
      ['disconnecting', 'disconnect'].map((what) => (
        [what, 'server shutting down', 'the server was closed'])),
    );
  });

  eachMode('an undecodable packet: forced close', async (t, mode) => {
    const server = await startServer(t);
    const socket = await connect(server, mode);
    const { id } = socket;
    const gone = event(socket, 'disconnect');
    socket.io.engine.write('abc');
    assert.equal((await gone)[0], 'transport close');
    await assertLeft(server, id, 'forced close', 'an undecodable Socket.IO packet');
  });

  eachMode('a packet that is not allowed: forced server close', async (t, mode) => {
    const server = await startServer(t);
    for (const packet of ['0', '4{"message":"x"}', '2/custom,["a"]', '3/custom,1[]', '1/custom']) {
      const socket = await connect(server, mode);
      const { id } = socket;
      const gone = event(socket, 'disconnect');
      socket.io.engine.write(packet);
      assert.equal((await gone)[0], 'transport close');
      await assertLeft(server, id, 'forced server close', 'a packet that is not allowed in this state');
    }
  });

  eachMode('a client closes its connection: transport close', async (t, mode) => {
    const server = await startServer(t);
    const socket = await connect(server, mode);
    const { id } = socket;
    socket.io.engine.close();
    const cause = mode === 'polling only'
      ? 'the client sent a close packet' : 'the peer closed the websocket';
    await assertLeft(server, id, 'transport close', cause);
  });

  eachMode('a lost connection ends all of its namespaces, in the order of joining', async (t, mode) => {
    const server = await startServer(t);
    const main = await connect(server, mode);
    const others = ['/cast', '/custom'].map((nsp) => main.io.socket(nsp, {}));
    await Promise.all(others.map((socket) => event(socket, 'connect')));
    const sockets = [main, ...others];
    const ids = sockets.map(({ id }) => id);
    for (const socket of sockets) await ask(socket, 'join', 'red');
    const gone = sockets.map((socket) => event(socket, 'disconnect'));
    main.io.engine.close();
    await Promise.all(gone);
    await server.entry({ what: 'disconnect', id: ids[2] });
    const ends = (await server.report()).filter(({ what }) => what.startsWith('disconnect'));
    assert.deepEqual(ends.map(({ what, id, reason, rooms }) => [what, id, reason, rooms]),
      ids.flatMap((id) => [
        ['disconnecting', id, 'transport close', [id, 'red']],
        ['disconnect', id, 'transport close', []],
      ]));
    for (const nsp of ['/', '/cast', '/custom']) {
      assert.equal(await server.control('count', nsp), 0);
    }
  });

  check('the websocket is cut: transport close', async (t) => {
    const server = await startServer(t);
    const session = await rawSession(server, 'upgrade');
    const id = await session.join();
    session.carrier.ws.terminate();
    await assertLeft(server, id, 'transport close',
      'the peer closed the transport without saying goodbye');
  });

  eachMode('a close packet: transport close', async (t, mode) => {
    const server = await startServer(t);
    const session = await rawSession(server, mode);
    const id = await session.join();
    await session.offend('1');
    await session.ended();
    await assertLeft(server, id, 'transport close', 'the client sent a close packet');
  });

  check('an invalid frame: transport error', async (t) => {
    const server = await startServer(t);
    const session = await rawSession(server, 'websocket only');
    const id = await session.join();
    session.carrier.ws._socket.write(Buffer.from([0xf1, 0x80, 0, 0, 0, 0]));
    assert.equal((await session.carrier.end()).code, 1002);
    await assertLeft(server, id, 'transport error', 'an invalid websocket frame');
  });

  check('invalid UTF-8: transport error', async (t) => {
    const server = await startServer(t);
    const session = await rawSession(server, 'websocket only');
    const id = await session.join();
    session.carrier.ws.send(Buffer.from([0x34, 0x32, 0xff, 0xfe]), { binary: false });
    assert.equal((await session.carrier.end()).code, 1007);
    await assertLeft(server, id, 'transport error', 'invalid UTF-8');
  });

  check('an aborted poll: transport error', async (t) => {
    const server = await startServer(t);
    const session = await rawSession(server, 'polling only');
    const id = await session.join();
    const poll = await session.carrier.waiting();
    poll.abort();
    await assertLeft(server, id, 'transport error', 'poll connection closed prematurely');
  });

  check('two polls at once: transport error', async (t) => {
    const server = await startServer(t);
    const session = await rawSession(server, 'polling only');
    const id = await session.join();
    const first = await session.carrier.waiting();
    assert.deepEqual(await session.carrier.get(), { status: 400, body: '' });
    assert.deepEqual(await first.answered, { status: 200, body: '1' });
    await assertLeft(server, id, 'transport error', 'overlap from client');
  });

  eachMode('a ping from the client: transport error', async (t, mode) => {
    const server = await startServer(t);
    const session = await rawSession(server, mode);
    const id = await session.join();
    await session.offend('2');
    await session.ended();
    await assertLeft(server, id, 'transport error', 'invalid heartbeat direction');
  });

  check('an octet-stream: transport error', async (t) => {
    const server = await startServer(t);
    const session = await rawSession(server, 'polling only');
    const id = await session.join();
    const headers = { 'content-type': 'application/octet-stream' };
    assert.equal((await session.carrier.post('42["a"]', { headers })).status, 400);
    await assertLeft(server, id, 'transport error', 'invalid content');
  });

  eachMode('no pong: ping timeout', async (t, mode) => {
    const server = await startServer(t, { pingInterval: 200, pingTimeout: 1000 });
    const socket = await connect(server, mode);
    const { id } = socket;
    socket.io.engine._sendPacket = () => {};
    const gone = event(socket, 'disconnect');
    await gone;
    await assertLeft(server, id, 'ping timeout', 'no pong arrived in time');
  });

  eachMode('a malformed Engine.IO packet: parse error', async (t, mode) => {
    const server = await startServer(t);
    const session = await rawSession(server, mode);
    const id = await session.join();
    await session.offend('abc');
    await session.ended();
    await assertLeft(server, id, 'parse error', 'an undecodable Engine.IO packet');
  });

  check('what was received before a malformed packet is delivered', async (t) => {
    const server = await startServer(t);
    const session = await rawSession(server, 'polling only');
    const id = await session.join();
    await session.offend('42["note","before"]', 'abc', '42["note","after"]');
    await server.entry({ what: 'disconnect', id });
    const notes = (await server.report()).filter((entry) => entry.what === 'note');
    assert.deepEqual(notes.map((entry) => entry.value), ['before']);
  });

  eachMode('nothing is written for a socket that has left', async (t, mode) => {
    const server = await startServer(t);
    const main = await connect(server, mode);
    const custom = main.io.socket('/custom', {});
    await event(custom, 'connect');
    const frames = collect(main.io.engine, 'data');
    const gone = event(custom, 'disconnect');
    custom.emit('leave-talking', () => {});
    await gone;
    await settle(main);
    assert.deepEqual(frames.flat().filter((data) => data.includes('late')), []);
    assert.equal(await ask(main, 'message-with-ack', 1), 1);
  });

  eachMode('events behind a leave do not reach the server', async (t, mode) => {
    const server = await startServer(t);
    const session = await rawSession(server, mode);
    const id = await session.join();
    await session.offend('42["note",1]', '41', '42["note",2]');
    const end = await server.entry({ what: 'disconnect', id });
    assert.equal(end.reason, 'client namespace disconnect');
    await session.ended();
    const notes = (await server.report()).filter((entry) => entry.what === 'note');
    assert.ok(notes.every((entry) => entry.value === 1));
  });
});
