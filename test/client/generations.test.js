// SPDX-License-Identifier: MIT
// One scenario for the official clients of every generation, from Socket.IO 2
// (Engine.IO 3) on: over polling, over a websocket, and with the upgrade.
'use strict';

const assert = require('node:assert/strict');
const { MODES, check, collect, suite } = require('./lib/client');
const { startServer } = require('./lib/server');
const { event, until, within } = require('./lib/wait');

const V2 = 'socket.io-client 2.5';
const GENERATIONS = {
  [V2]: require('socket.io-client-v2'),
  'socket.io-client 3.1': require('socket.io-client-v3').io,
  'socket.io-client 4.0': require('socket.io-client-v40').io,
};
const BYTES = Buffer.from([0, 1, 2, 0xff]);

// What the clients call the answer to a refused namespace.
function refusal({ generation }) {
  return generation === V2 ? 'error' : 'connect_error';
}

class Guest {
  constructor(server, row) {
    this.server = server;
    this.row = row;
    this.root = this.begin('/', {});
  }

  // A client of a connection of its own, or of one that is there.
  begin(nsp, { on, token, ...options }) {
    const { generation, mode } = this.row;
    const auth = token === undefined ? {} : { auth: { token }, query: { token } };
    const socket = on
      ? on.io.socket(nsp, auth)
      : GENERATIONS[generation](this.server.url + nsp, {
        transports: MODES[mode], forceNew: true, reconnection: false, ...auth, ...options,
      });
    return this.server.own(socket, () => socket.disconnect());
  }

  // Connected and, if it is to upgrade, upgraded.
  async ready() {
    const { engine } = this.root.io;
    const up = this.row.mode === 'upgrade' ? event(engine, 'upgrade') : undefined;
    if (!this.root.connected) await event(this.root, 'connect');
    await up;
    return this;
  }

  async join(nsp, options = {}) {
    const socket = this.begin(nsp, { on: this.root, ...options });
    await event(socket, 'connect');
    return socket;
  }
}

function ask(socket, name, ...args) {
  const answer = new Promise((resolve) => {
    socket.emit(name, ...args, (...values) => resolve(values));
  });
  return within(answer, `answer to "${name}"`);
}

async function settle(...sockets) {
  for (const socket of sockets) await ask(socket, 'message-with-ack', 'settled');
}

async function stage(t, row, options = {}) {
  const server = await startServer(t, { allowEio3: true, ...options });
  return { server, guest: await new Guest(server, row).ready() };
}

const SCENARIO = {
  'ids are the same on both sides': async (t, row) => {
    const { server, guest } = await stage(t, row);
    const { id } = await server.entry({ what: 'connect', nsp: '/' });
    assert.equal(guest.root.id, id);
    assert.equal(guest.root.id === guest.root.io.engine.id, row.generation === V2);
    const custom = await guest.join('/custom');
    const entry = await server.entry({ what: 'connect', nsp: '/custom' });
    assert.equal(custom.id, entry.id);
    if (row.generation === V2) assert.equal(custom.id, `/custom#${guest.root.id}`);
  },

  'auth reaches the server': async (t, row) => {
    const { guest } = await stage(t, row);
    const auth = { token: 'a&b=c d/é?#,' };
    const custom = await guest.join('/custom', auth);
    const [handshake] = await ask(custom, 'handshake', 'host');
    assert.deepEqual(handshake.auth, auth);
    const [plain] = await ask(guest.root, 'handshake', 'host');
    assert.deepEqual(plain.auth, {});
  },

  'events and acknowledgements': async (t, row) => {
    const { guest: { root } } = await stage(t, row);
    const back = collect(root, 'message-back');
    const values = [1, '2', { 3: [true, null] }, 'é€😀', 'x'.repeat(5000)];
    root.emit('message', ...values);
    assert.deepEqual(await ask(root, 'message-with-ack', ...values), values);
    assert.deepEqual(back, [values]);
    root.on('question', (value, answer) => answer('answer to', value));
    root.emit('ask', { timeout: 0 }, 'why?');
    assert.deepEqual(await event(root, 'answer'), [null, 'answer to', 'why?']);
  },

  'binary in both directions': async (t, row) => {
    const { guest: { root } } = await stage(t, row);
    const back = collect(root, 'message-back');
    const values = [BYTES, { deep: [Buffer.alloc(0), 'text'] }, Buffer.alloc(70000, 0xa5)];
    root.emit('message', ...values);
    assert.deepEqual(await ask(root, 'message-with-ack', ...values), values);
    assert.deepEqual(back, [values]);
    root.on('question', (value, answer) => answer(value, value));
    root.emit('ask', { timeout: 0 }, BYTES);
    assert.deepEqual(await event(root, 'answer'), [null, BYTES, BYTES]);
  },

  'namespaces on one connection': async (t, row) => {
    const { server, guest } = await stage(t, row);
    const custom = await guest.join('/custom');
    const elsewhere = collect(guest.root, 'message-back');
    custom.emit('message', 'here', BYTES);
    assert.deepEqual(await event(custom, 'message-back'), ['here', BYTES]);
    await settle(guest.root);
    assert.deepEqual(elsewhere, []);
    custom.disconnect();
    await server.entry({ what: 'disconnect', nsp: '/custom' });
    await settle(guest.root);
  },

  'an unknown namespace': async (t, row) => {
    const { guest } = await stage(t, row);
    const socket = guest.begin('/nope', { on: guest.root });
    const refused = event(socket, refusal(row));
    assert.equal((await refused)[0].message, 'Invalid namespace');
    await settle(guest.root);
  },

  'a namespace that is made for it': async (t, row) => {
    const { guest } = await stage(t, row, { cleanup: true });
    const child = guest.begin('/dynamic-7', { on: guest.root });
    for (let i = 0; i < 2; i += 1) {
      assert.deepEqual(await event(child, 'hello'), ['/dynamic-7', '7']);
      assert.equal((await ask(child, 'join', 'red'))[0], '/dynamic-7');
      child.disconnect();
      await settle(guest.root);
      child.connect();
    }
  },

  // None of them can come back; their events have an offset behind them.
  'recovery does not disturb it': async (t, row) => {
    const { guest } = await stage(t, row, { recovery: 60000 });
    const socket = await guest.join('/recovery');
    const got = collect(socket, 'news');
    await ask(socket, 'begin', { name: 'Ann' }, 'red');
    await ask(socket, 'say', 'red', 1, BYTES);
    await ask(socket, 'say', '', 'all');
    assert.deepEqual(got.map((args) => args.slice(0, -1)), [[1, BYTES], ['all']]);
    assert.ok(got.every((args) => typeof args.at(-1) === 'string'));
    const again = await new Guest(guest.server, row).join('/recovery');
    assert.deepEqual((await ask(again, 'who')).slice(0, 1), [false]);
  },

  'a middleware refuses, and lets in': async (t, row) => {
    const { guest } = await stage(t, row);
    const refused = { plain: 'not authorized', other: { code: 401, hint: [1, 'é'] } };
    for (const [token, data] of Object.entries(refused)) {
      const other = await new Guest(guest.server, row).ready();
      const socket = other.begin('/admin', { on: other.root, token });
      const error = event(socket, refusal(row));
      const [got] = await error;
      if (row.generation === V2) {
        assert.deepEqual(got, data);
      } else {
        assert.equal(got.message, 'not authorized');
        assert.deepEqual(got.data, token === 'plain' ? undefined : data);
      }
    }
    const admin = await guest.join('/admin', { token: 'secret' });
    await settle(admin);
  },

  'the client disconnects': async (t, row) => {
    const { server, guest: { root } } = await stage(t, row);
    const { id } = root;
    root.disconnect();
    const { reason } = await server.entry({ what: 'disconnect', id });
    assert.equal(reason, 'client namespace disconnect');
  },

  'the server disconnects': async (t, row) => {
    const { server, guest: { root } } = await stage(t, row);
    const { id } = root;
    const gone = event(root, 'disconnect');
    root.emit('leave-me', false);
    assert.equal((await gone)[0], 'io server disconnect');
    const { reason } = await server.entry({ what: 'disconnect', id });
    assert.equal(reason, 'server namespace disconnect');
  },

  'the server closes the connection': async (t, row) => {
    const { server, guest } = await stage(t, row);
    const custom = await guest.join('/custom');
    const gone = Promise.all([event(guest.root, 'disconnect'), event(custom, 'disconnect')]);
    guest.root.emit('leave-me', true);
    await gone;
    assert.equal(await server.control('count', '/custom'), 0);
  },
};

suite('every generation', () => {
  for (const generation of Object.keys(GENERATIONS)) {
    for (const mode of Object.keys(MODES)) {
      for (const [name, run] of Object.entries(SCENARIO)) {
        check(`${name} (${generation}, ${mode})`, (t) => run(t, { generation, mode }));
      }
    }
  }

  // One broadcast in one namespace, for all of them.
  for (const mode of Object.keys(MODES)) {
    check(`rooms and broadcasts reach all of them (${mode})`, async (t) => {
      const server = await startServer(t, { allowEio3: true });
      const sockets = [];
      for (const generation of Object.keys(GENERATIONS)) {
        const { root } = await new Guest(server, { generation, mode }).ready();
        await ask(root, 'join', 'all', generation);
        sockets.push(root);
      }
      const got = sockets.map((socket) => collect(socket, 'news'));
      await ask(sockets[0], 'send', { from: 'socket', event: 'news', to: ['all'] }, 'é', BYTES);
      await ask(sockets[1], 'send', { from: 'namespace', event: 'news', to: [V2] }, 'two');
      await ask(sockets[2], 'send', { from: 'socket', event: 'news', to: [sockets[0].id] }, 'own');
      await until(() => got[0].length === 2 && got[2].length === 1, 'news');
      await settle(...sockets);
      assert.deepEqual(got, [[['two'], ['own']], [['é', BYTES]], [['é', BYTES]]]);
    });
  }

  for (const mode of Object.keys(MODES)) {
    check(`one question to all of them (${mode})`, async (t) => {
      const server = await startServer(t, { allowEio3: true });
      const sockets = [];
      for (const generation of Object.keys(GENERATIONS)) {
        const guest = await new Guest(server, { generation, mode }).ready();
        const socket = await guest.join('/cast');
        socket.on('question', (bytes, answer) => answer(generation, bytes));
        sockets.push(socket);
      }
      const options = { from: 'namespace', event: 'question', timeout: 5000 };
      const [[answers, ...rest]] = await ask(sockets[0], 'gather', options, BYTES);
      assert.deepEqual(rest, [null, 3, 3]);
      assert.deepEqual(new Map(answers.map(([id, ...args]) => [id, args])),
        new Map(answers.map(([id]) => [id, [
          Object.keys(GENERATIONS)[sockets.findIndex((socket) => socket.id === id)], BYTES]])));
    });
  }

  check('Socket.IO 2 is refused by default', async (t) => {
    const server = await startServer(t);
    const guest = new Guest(server, { generation: V2, mode: 'polling only' });
    const [error] = await event(guest.root, 'connect_error');
    assert.equal(error.description, 400);
  });
});
