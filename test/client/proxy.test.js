// SPDX-License-Identifier: MIT
// Behind nginx, with the configuration of docs/proxy.md.
'use strict';

const assert = require('node:assert/strict');
const { check, eachMode, suite } = require('./lib/client');
const { openClient } = require('./lib/engine-client');
const { POLL4, ask } = require('./lib/http');
const { startNginx } = require('./lib/nginx');
const { startEngine } = require('./lib/server');
const { handshake, head, rawTcp } = require('./lib/tcp');
const { ENGINE } = require('./lib/websocket');
const { event, sleep, until } = require('./lib/wait');

const VARIANTS = { 'as it is': '', 'without buffering': 'proxy_buffering off;' };

function start(t, options) {
  return startEngine(t, { path: '/socket.io', allowEio3: true, ...options });
}

for (const [name, more] of Object.entries(VARIANTS)) {
  suite(`the usual configuration, ${name}`, () => {
    for (const version of ['EIO 4', 'EIO 3']) {
      eachMode(`${version}: text, binary, large messages`, async (t, mode) => {
        const server = await start(t, { perMessageDeflate: 1 });
        const { url } = await startNginx(t, [server], more);
        const client = await openClient(server, version, mode, { url });
        const messages = ['hello', 'é€😀', '', Buffer.from([1, 2, 3]), 'x'.repeat(200000), Buffer.alloc(300000, 9)];
        for (const message of messages) client.send(message);
        assert.deepEqual(await client.received(messages.length), messages);
        const name = mode === 'polling only' ? 'polling' : 'websocket';
        assert.equal((await server.control('sessions'))[0].transport, name);
      });
    }

    eachMode('what the server sends arrives at once', async (t, mode) => {
      const server = await start(t);
      const { url } = await startNginx(t, [server], more);
      const client = await openClient(server, 'EIO 4', mode, { url });
      for (let i = 0; i < 5; i += 1) {
        const begin = Date.now();
        await server.send(client.sid, `news ${i}`);
        await client.received(i + 1);
        assert.ok(Date.now() - begin < 5000);
      }
    });

    eachMode('heartbeats', async (t, mode) => {
      const server = await start(t, { pingInterval: 200, pingTimeout: 1500 });
      const { url } = await startNginx(t, [server], more);
      const client = await openClient(server, 'EIO 4', mode, { url });
      await until(async () => (await server.entries('heartbeat')).length >= 3, 'three heartbeats');
      client.send('alive');
      assert.deepEqual(await client.received(1), ['alive']);
    });

    eachMode('either side closes', async (t, mode) => {
      const server = await start(t);
      const { url } = await startNginx(t, [server], more);
      const first = await openClient(server, 'EIO 4', mode, { url });
      const { sid } = first;
      first.socket.close();
      assert.equal((await server.entry({ what: 'close', id: sid })).reason, 'transport close');
      const second = await openClient(server, 'EIO 4', mode, { url });
      await server.send(second.sid, 'last', { close: 'gently' });
      await event(second.socket, 'close');
      assert.deepEqual(second.messages, ['last']);
    });
  });
}

suite('what passes the proxy', () => {
  check('refusals, as they are', async (t) => {
    const server = await start(t, { maxSessions: 1 });
    const { port } = await startNginx(t, [server]);
    const unknown = await ask(server, 'EIO=4&transport=abc', { port });
    assert.deepEqual([unknown.status, unknown.body.toString()], [400, '{"code":0,"message":"Transport unknown"}']);
    const tcp = await rawTcp(server, port);
    await tcp.write(handshake('EIO=4&transport=abc', {}, server.path));
    await tcp.until(/^HTTP\/1\.1 400 [^]*Transport unknown/);
    assert.equal((await ask(server, POLL4, { port })).status, 200);
    const full = await ask(server, POLL4, { port });
    assert.deepEqual([full.status, full.headers['retry-after']], [503, '5']);
  });

  check('the origin check finds the own host', async (t) => {
    const server = await start(t, { checkOrigin: true });
    const { url, port } = await startNginx(t, [server]);
    const own = { Origin: url, Host: `127.0.0.1:${port}` };
    assert.equal((await ask(server, POLL4, { port, headers: own })).status, 200);
    const tcp = await rawTcp(server, port);
    await tcp.write(handshake(ENGINE, own, server.path));
    await tcp.until(/^HTTP\/1\.1 101 /);
    const evil = { ...own, Origin: 'http://evil.example' };
    assert.equal((await ask(server, POLL4, { port, headers: evil })).status, 403);
  });

  check('a client that drops its poll', async (t) => {
    const server = await start(t);
    const { port } = await startNginx(t, [server]);
    const { body } = await ask(server, POLL4, { port });
    const [sid] = /[\w-]{20}/.exec(body.toString());
    const tcp = await rawTcp(server, port);
    await tcp.write(head('GET', `${server.path}?${POLL4}&sid=${sid}`));
    await until(async () => (await server.control('sessions'))[0].writable, 'a waiting poll');
    tcp.reset();
    const { reason, cause } = await server.entry({ what: 'close' });
    assert.deepEqual([reason, cause], ['transport error', 'poll connection closed prematurely']);
  });

  check('the connections to the server are used again', async (t) => {
    const server = await start(t);
    const { url } = await startNginx(t, [server]);
    const client = await openClient(server, 'EIO 4', 'polling only', { url });
    const before = await server.metrics();
    for (let i = 1; i <= 10; i += 1) {
      client.send(`message ${i}`);
      await client.received(i);
    }
    const after = await server.metrics();
    assert.ok(after.http_requests - before.http_requests > 15);
    assert.ok(after.connections - before.connections <= 3); // one of them asks for the figures
  });

  check('a read timeout below the heartbeat ends sessions', async (t) => {
    const server = await start(t);
    const { url } = await startNginx(t, [server], 'proxy_read_timeout 1s;');
    const clients = [
      await openClient(server, 'EIO 4', 'polling only', { url }),
      await openClient(server, 'EIO 4', 'websocket only', { url }),
    ];
    const reasons = await Promise.all(clients.map((client) => event(client.socket, 'close')));
    for (const [reason] of reasons) assert.match(reason, /^transport (error|close)$/);
  });

  check('a server that is down', async (t) => {
    const server = await start(t);
    const { url, port } = await startNginx(t, [server]);
    const client = await openClient(server, 'EIO 4', 'websocket only', { url });
    const closed = event(client.socket, 'close');
    await server.stop();
    await closed;
    assert.equal((await ask({ path: '/socket.io/' }, POLL4, { port })).status, 502);
  });
});

suite('several servers', () => {
  eachMode('each client stays with one', async (t, mode) => {
    const servers = [await start(t), await start(t)];
    const { url } = await startNginx(t, servers);
    const clients = [];
    for (let i = 0; i < 4; i += 1) clients.push(await openClient(servers[0], 'EIO 4', mode, { url }));
    for (const client of clients) {
      for (let i = 1; i <= 5; i += 1) {
        client.send(`message ${i}`);
        await client.received(i);
      }
    }
    await Promise.all(servers.map((server) => server.caughtUp()));
    const refused = await Promise.all(servers.map((server) => server.entries('refused')));
    assert.deepEqual(refused, [[], []]);
  });
});
