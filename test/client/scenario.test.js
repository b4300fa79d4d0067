// SPDX-License-Identifier: MIT
// One scenario for the official clients of both protocols: over polling, over
// a websocket, and with the upgrade; with and without compression.
'use strict';

const assert = require('node:assert/strict');
const { MODES, check, suite } = require('./lib/client');
const { VERSIONS, engineClient, openClient } = require('./lib/engine-client');
const { startEngine } = require('./lib/server');
const { startUnpackingProxy } = require('./lib/unpacking-proxy');
const { event, sleep, until, within } = require('./lib/wait');

// As many as flow each way during an upgrade.
const FLOW = 50;

// A server and a way to connect to it, as one row of the table says.
async function stage(t, { version, mode, packed }, options = {}) {
  const server = await startEngine(t, {
    allowEio3: true,
    ...(packed ? { perMessageDeflate: 1 } : { noHttpCompression: true }),
    ...options,
  });
  const proxy = packed ? await startUnpackingProxy(server) : undefined;
  const settings = packed ? { url: proxy.url } : { perMessageDeflate: false };
  return {
    server,
    proxy,
    begin: () => engineClient(server, version, mode, settings),
    open: () => openClient(server, version, mode, settings),
  };
}

function numbers(prefix, n) {
  return Array.from({ length: n }, (_, i) => `${prefix}${i}`);
}

async function assertEchoed(client, messages) {
  const before = client.messages.length;
  client.send(...messages);
  const got = (await client.received(before + messages.length)).slice(before);
  assert.deepEqual(got, messages);
}

const SCENARIO = {
  'text comes back as it was sent': async (t, row) => {
    const client = await (await stage(t, row)).open();
    await assertEchoed(client, [
      'hello', '', 'é€😀', 'zwei\nZeilen\r\n', '\u2028\u2029\u0000"\\', '4hello', 'b4AQID', '2:4€', 'x'.repeat(5000),
    ]);
  },

  'binary comes back as it was sent': async (t, row) => {
    const client = await (await stage(t, row)).open();
    await assertEchoed(client, [
      Buffer.from([1, 2, 3]), Buffer.alloc(0), Buffer.from(Array.from({ length: 256 }, (_, i) => i)),
      Buffer.alloc(70000, 0xa5), Buffer.from([0x1e, 0xff, 0x00]),
    ]);
  },

  'text and binary stay in order': async (t, row) => {
    const client = await (await stage(t, row)).open();
    await assertEchoed(client, numbers('', 200).map((text, i) => (
      i % 3 === 0 ? Buffer.from(text) : `${text} €`
    )));
  },

  'large messages arrive whole': async (t, row) => {
    const client = await (await stage(t, row)).open();
    await assertEchoed(client, ['😀'.repeat(60000)]);
    await assertEchoed(client, [Buffer.from(numbers('row ', 50000).join('\n'))]);
  },

  'the server sends by itself': async (t, row) => {
    const { server, open } = await stage(t, row);
    const client = await open();
    await server.send(client.sid, 'a ', { n: FLOW });
    await server.send(client.sid, 'bytes', { flags: 1 });
    await server.send('', 'to all');
    assert.deepEqual(await client.received(FLOW + 2),
      [...numbers('a ', FLOW), Buffer.from('bytes'), 'to all']);
  },

  'the client closes': async (t, row) => {
    const { server, open } = await stage(t, row);
    const client = await open();
    await assertEchoed(client, ['first']);
    client.socket.close();
    const { reason } = await server.entry({ what: 'close' });
    assert.equal(reason, 'transport close');
    assert.equal((await server.snapshot()).sessions, 0);
  },

  'the server closes': async (t, row) => {
    const { server, open } = await stage(t, row);
    const client = await open();
    await server.close(client.sid);
    assert.equal(await within(client.closed, 'close of the client'), 'transport close');
    const { reason, cause } = await server.entry({ what: 'close' });
    assert.deepEqual([reason, cause], ['forced close', 'the host closed the connection']);
  },

  'what was sent before the server closes still arrives': async (t, row) => {
    const { server, open } = await stage(t, row);
    const client = await open();
    await server.send(client.sid, 'last ', { n: 20, close: 'gently' });
    assert.equal(await within(client.closed, 'close of the client'), 'transport close');
    assert.deepEqual(client.messages, numbers('last ', 20));
  },

  'the server closes and discards': async (t, row) => {
    const { server, open } = await stage(t, row);
    const client = await open();
    await server.close(client.sid, 'discard');
    await within(client.closed, 'close of the client');
    assert.equal((await server.entry({ what: 'close' })).reason, 'forced close');
  },

  'heartbeats keep it alive': async (t, row) => {
    const { server, open } = await stage(t, row, { pingInterval: 150, pingTimeout: 1500 });
    const client = await open();
    await until(async () => (await server.entries('heartbeat')).length >= 4, 'four heartbeats');
    await assertEchoed(client, ['still here']);
    assert.equal((await server.entries('close')).length, 0);
  },

  'a client that falls silent is given up': async (t, row) => {
    const { server, open } = await stage(t, row, { pingInterval: 250, pingTimeout: 1000 });
    const client = await open();
    client.fallSilent();
    await event(client.socket, 'close');
    const { reason, cause } = await server.entry({ what: 'close' });
    assert.deepEqual([reason, cause], ['ping timeout', 'no pong arrived in time']);
  },
};

// What only happens to clients that upgrade.
const UPGRADE = {
  'nothing is lost while it upgrades': async (t, row) => {
    const { server, begin } = await stage(t, row);
    const client = begin();
    await client.opened;
    for (let i = 0; i < FLOW; i += 1) {
      client.send(`up ${i}`);
      await server.send(client.sid, `down ${i}`);
      if (i % 10 === 0) await sleep(10);
    }
    await client.upgraded;
    const got = await client.received(2 * FLOW);
    assert.deepEqual(got.filter((text) => text.startsWith('up')), numbers('up ', FLOW));
    assert.deepEqual(got.filter((text) => text.startsWith('down')), numbers('down ', FLOW));
    assert.equal((await server.entries('upgrade')).length, 1);
  },

  'nothing is lost when all is sent at once': async (t, row) => {
    const { server, begin } = await stage(t, row, { atOpen: FLOW, atOpenSize: 1000 });
    const client = begin();
    await client.opened;
    client.send(...numbers('up ', FLOW));
    await client.upgraded;
    const got = await client.received(2 * FLOW);
    assert.deepEqual(got.filter((text) => text[0] === 'u'), numbers('up ', FLOW));
    assert.equal(got.filter((text) => text === 'x'.repeat(1000)).length, FLOW);
    assert.equal((await server.entries('message')).length, FLOW);
  },
};

// What only happens to clients that can unpack.
const PACKED = {
  'large answers are compressed': async (t, row) => {
    const { proxy, open } = await stage(t, row);
    const client = await open();
    const before = proxy.stats.packed;
    await assertEchoed(client, ['compress me '.repeat(1000)]);
    if (row.mode === 'polling only') {
      assert.ok(proxy.stats.packed > before);
    } else {
      assert.match(String(client.socket.transport.ws.extensions), /permessage-deflate/);
    }
  },
};

function define(row) {
  const packing = row.packed ? 'with' : 'without';
  suite(`${row.version}, ${row.mode}, ${packing} compression`, () => {
    const parts = {
      ...SCENARIO,
      ...(row.mode === 'upgrade' ? UPGRADE : {}),
      ...(row.packed ? PACKED : {}),
    };
    for (const [name, run] of Object.entries(parts)) check(name, (t) => run(t, row));
  });
}

for (const version of VERSIONS) {
  for (const mode of Object.keys(MODES)) {
    for (const packed of [false, true]) define({ version, mode, packed });
  }
}
