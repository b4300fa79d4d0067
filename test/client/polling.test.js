// SPDX-License-Identifier: MIT
// What the transports do beyond the official suites, and the upgrade between
// them.
'use strict';

const assert = require('node:assert/strict');
const { check, suite } = require('./lib/client');
const { rawPolling, request } = require('./lib/polling');
const { startServer } = require('./lib/server');
const { frame, handshake, head, rawTcp } = require('./lib/tcp');
const { ENGINE, probe, rawWebSocket } = require('./lib/websocket');
const { sleep } = require('./lib/wait');

async function joined(server) {
  const polling = await rawPolling(server);
  await polling.send('40');
  await polling.get();
  return polling;
}

async function assertAlive(polling) {
  await polling.send('42["message","alive"]');
  assert.equal(await polling.next(), '42["message-back","alive"]');
}

suite('long-polling', () => {
  check('responses have the headers that proxies and clients need', async (t) => {
    const server = await startServer(t);
    const { query } = await joined(server);
    const post = await request(server, query, { method: 'POST', body: '42["message"]' });
    assert.equal(post.headers.get('content-type'), 'text/html');
    assert.equal(post.headers.get('content-length'), '2');
    assert.equal(post.headers.get('cache-control'), 'no-store');
    const get = await request(server, query);
    assert.equal(get.headers.get('content-type'), 'text/plain; charset=UTF-8');
    assert.equal(get.headers.get('cache-control'), 'no-store');
    assert.ok(Number(get.headers.get('content-length')) > 0);
  });

  check('a GET waits until there is something', async (t) => {
    const server = await startServer(t);
    const polling = await joined(server);
    const poll = await polling.waiting();
    await server.control('emit', { nsp: '/', event: 'news' }, 1);
    assert.equal((await poll.answered).body, '42["news",1]');
  });

  check('a chunked body is put together', async (t) => {
    const server = await startServer(t);
    const polling = await joined(server);
    const parts = ['42["mess', 'age","', 'é😀', '"]'];
    const body = new ReadableStream({
      async start(controller) {
        for (const part of parts) {
          controller.enqueue(Buffer.from(part));
          await sleep(5);
        }
        controller.close();
      },
    });
    assert.equal((await polling.post(body, { duplex: 'half' })).status, 200);
    assert.equal(await polling.next(), '42["message-back","é😀"]');
  });

  check('Expect: 100-continue is answered', async (t) => {
    const server = await startServer(t);
    const polling = await joined(server);
    const tcp = await rawTcp(server);
    const body = '42["message",1]';
    await tcp.write(head('POST', `/socket.io/?${polling.query}`, {
      Expect: '100-continue', 'Content-Length': body.length,
    }));
    await tcp.until(/^HTTP\/1\.1 100 Continue\r\n\r\n/);
    await tcp.write(body);
    await tcp.until(/HTTP\/1\.1 200 [^]*ok$/);
    assert.equal(await polling.next(), '42["message-back",1]');
  });

  check('Connection: close does not close the session', async (t) => {
    const server = await startServer(t);
    const polling = await joined(server);
    for (let i = 0; i < 2; i += 1) {
      await polling.send(`42["message",${i}]`);
      const tcp = await rawTcp(server);
      await tcp.write(head('GET', `/socket.io/?${polling.query}`, { Connection: 'close' }));
      assert.match(await tcp.end(), new RegExp(`\\r\\n\\r\\n42\\["message-back",${i}\\]$`));
    }
    await assertAlive(polling);
  });

  check('a session survives that its connections change', async (t) => {
    const server = await startServer(t);
    const polling = await joined(server);
    const tcp = await rawTcp(server);
    await tcp.write(head('GET', '/hello'));
    await tcp.until(/hello$/);
    tcp.reset();
    await assertAlive(polling);
  });

  check('two POSTs at once end the session', async (t) => {
    const server = await startServer(t);
    const polling = await joined(server);
    const poll = await polling.waiting();
    const slow = await rawTcp(server);
    await slow.write(`${head('POST', `/socket.io/?${polling.query}`, { 'Content-Length': 100 })}42[`);
    await server.caughtUp();
    assert.deepEqual(await polling.post('42["a"]'), { status: 400, body: '' });
    assert.deepEqual(await poll.answered, { status: 200, body: '1' });
    await slow.end();
    const { cause } = await server.entry({ what: 'disconnect' });
    assert.equal(cause, 'data request overlap from client');
  });

  check('a POST that is cut ends the session', async (t) => {
    const server = await startServer(t);
    const polling = await joined(server);
    const cut = await rawTcp(server);
    await cut.write(`${head('POST', `/socket.io/?${polling.query}`, { 'Content-Length': 100 })}42[`);
    await server.caughtUp();
    cut.reset();
    const { reason, cause } = await server.entry({ what: 'disconnect' });
    assert.deepEqual([reason, cause],
      ['transport error', 'data request connection closed prematurely']);
  });

  check('malformed payloads end the session', async (t) => {
    const server = await startServer(t);
    for (const body of ['', '\x1e', '42["a"]\x1e', '\x1e42["a"]', '42["a"]\x1e\x1e42["a"]',
      '9', '\ufeff42["a"]', 'b!!!!', Buffer.from([0x34, 0x32, 0xff])]) {
      const polling = await joined(server);
      assert.equal((await polling.post(body)).status, 400, JSON.stringify(body));
      assert.equal((await polling.get()).status, 400, JSON.stringify(body));
    }
    const ends = (await server.report()).filter((entry) => entry.what === 'disconnect');
    assert.deepEqual([...new Set(ends.map((e) => e.reason))], ['parse error']);
    assert.equal(ends.length, 9);
  });

  check('base64 without padding is accepted', async (t) => {
    const server = await startServer(t);
    const polling = await joined(server);
    await polling.send('451-["message",{"_placeholder":true,"num":0}]', 'bAQIDBA');
    assert.equal((await polling.get()).body.split('\x1e')[1], 'bAQIDBA==');
  });
});

suite('the upgrade', () => {
  check('every GET during it is answered with a noop', async (t) => {
    const server = await startServer(t);
    const polling = await joined(server);
    const socket = await probe(server, polling.sid);
    socket.send('2probe');
    await socket.next();
    for (let i = 0; i < 3; i += 1) {
      assert.deepEqual(await polling.get(), { status: 200, body: '6' });
    }
  });

  check('a GET that waits already is answered at the probe', async (t) => {
    const server = await startServer(t);
    let took = Infinity;
    // Not by a timer of 100 ms; a busy machine may need several tries.
    for (let tries = 0; took >= 90 && tries < 20; tries += 1) {
      const polling = await joined(server);
      const poll = await polling.waiting();
      const socket = await probe(server, polling.sid);
      const begin = Date.now();
      socket.send('2probe');
      assert.equal((await poll.answered).body, '6');
      took = Date.now() - begin;
      assert.equal(await socket.next(), '3probe');
    }
    assert.ok(took < 90, `${took} ms`);
  });

  check('a GET that waits at its end is answered with a noop', async (t) => {
    const server = await startServer(t);
    const polling = await joined(server);
    const poll = await polling.waiting();
    const socket = await probe(server, polling.sid);
    socket.send('5');
    assert.deepEqual(await poll.answered, { status: 200, body: '6' });
    socket.send('42["message",1]');
    assert.equal(await socket.next(), '42["message-back",1]');
  });

  check('a candidate that says anything else goes and the session stays', async (t) => {
    const server = await startServer(t);
    const polling = await joined(server);
    for (const packet of ['42["note",1]', '3', '1', 'abc', '', Buffer.from([1])]) {
      const socket = await probe(server, polling.sid);
      socket.send(packet);
      await socket.end();
      await assertAlive(polling);
    }
    const socket = await probe(server, polling.sid);
    socket.send('2probe');
    assert.equal(await socket.next(), '3probe');
    socket.send('5');
    socket.send('42["message",2]');
    assert.equal(await socket.next(), '42["message-back",2]');
    const kinds = (await server.report()).map((entry) => entry.what);
    assert.deepEqual(kinds, ['connect']);
  });

  check('a candidate that vanishes leaves the session alone', async (t) => {
    const server = await startServer(t);
    const polling = await joined(server);
    for (const stage of [[], ['2probe']]) {
      const socket = await probe(server, polling.sid);
      stage.forEach((packet) => socket.send(packet));
      await server.caughtUp();
      socket.ws.terminate();
      await server.caughtUp();
      await assertAlive(polling);
    }
  });

  check('a candidate that is too slow goes and the session stays', async (t) => {
    const server = await startServer(t, { upgradeTimeout: 1000 });
    const polling = await joined(server);
    const begin = Date.now();
    const socket = await probe(server, polling.sid);
    socket.send('2probe');
    assert.equal(await socket.next(), '3probe');
    await socket.end();
    assert.ok(Date.now() - begin >= 990);
    await assertAlive(polling);
  });

  check('a session that ends takes its candidate along', async (t) => {
    const server = await startServer(t);
    const polling = await joined(server);
    const socket = await probe(server, polling.sid);
    await polling.post('1');
    await socket.end();
  });

  check('a websocket session cannot be taken over', async (t) => {
    const server = await startServer(t);
    const first = rawWebSocket(server);
    const { sid } = JSON.parse((await first.next()).slice(1));
    first.send('40');
    await first.next();
    await first.next();
    const thief = rawWebSocket(server, `${ENGINE}&sid=${sid}`);
    thief.opened.then(() => { thief.send('2probe'); thief.send('5'); }, () => {});
    await thief.end();
    first.send('42["message","mine"]');
    assert.equal(await first.next(), '42["message-back","mine"]');
  });

  check('a POST in progress at its end is cut and the session lives on', async (t) => {
    const server = await startServer(t);
    const polling = await joined(server);
    const socket = await probe(server, polling.sid);
    const slow = await rawTcp(server);
    await slow.write(`${head('POST', `/socket.io/?${polling.query}`, { 'Content-Length': 100 })}42[`);
    await server.caughtUp();
    socket.send('5');
    await slow.end();
    socket.send('42["message",1]');
    assert.equal(await socket.next(), '42["message-back",1]');
  });

  check('bytes right behind the handshake belong to the websocket', async (t) => {
    const server = await startServer(t);
    const tcp = await rawTcp(server);
    await tcp.write(Buffer.concat([Buffer.from(handshake(ENGINE)), frame(1, '40')]));
    await tcp.until(/40\{"sid":/);
  });
});
