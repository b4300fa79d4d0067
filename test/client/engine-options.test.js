// SPDX-License-Identifier: MIT
// Options of the engine, and what a session is told of them.
'use strict';

const assert = require('node:assert/strict');
const { check, eachMode, suite } = require('./lib/client');
const { engineClient, openClient } = require('./lib/engine-client');
const { POLL4, ask, sidOf } = require('./lib/http');
const { SEP, rawPolling } = require('./lib/polling');
const { startEngine } = require('./lib/server');
const { upgrade } = require('./lib/session');
const { handshake, head, rawTcp } = require('./lib/tcp');
const { ENGINE, probe, rawWebSocket } = require('./lib/websocket');
const { event, sleep, until, within } = require('./lib/wait');

async function openPacket(server, query = POLL4) {
  const { status, body } = await ask(server, query);
  assert.equal(status, 200);
  return JSON.parse(body.toString().split(SEP)[0].slice(1));
}

suite('the open packet', () => {
  check('it tells the defaults', async (t) => {
    const server = await startEngine(t);
    const { sid, ...rest } = await openPacket(server);
    assert.match(sid, /^[\w-]{20}$/);
    assert.deepEqual(rest, {
      upgrades: ['websocket'], pingInterval: 25000, pingTimeout: 20000, maxPayload: 1000000,
    });
    const socket = rawWebSocket(server);
    assert.deepEqual(JSON.parse((await socket.next()).slice(1)).upgrades, []);
  });

  check('it tells what was set', async (t) => {
    const server = await startEngine(t, { pingInterval: 123, pingTimeout: 45, maxPayload: 678 });
    const { sid, ...rest } = await openPacket(server);
    assert.ok(sid);
    assert.deepEqual(rest, {
      upgrades: ['websocket'], pingInterval: 123, pingTimeout: 45, maxPayload: 678,
    });
  });

  check('no two ids are alike', async (t) => {
    const server = await startEngine(t);
    const ids = new Set();
    for (let i = 0; i < 50; i += 1) ids.add((await openPacket(server)).sid);
    assert.equal(ids.size, 50);
    assert.equal((await server.snapshot()).sessions, 50);
  });
});

suite('the first message', () => {
  check('it comes with the open packet', async (t) => {
    const server = await startEngine(t, { initialMessage: 'wel€ome' });
    const { body } = await ask(server, POLL4);
    assert.match(body.toString(), /^0\{"sid":[^\x1e]*\}\x1e4wel€ome$/);
    const socket = rawWebSocket(server);
    assert.match(await socket.next(), /^0\{/);
    assert.equal(await socket.next(), '4wel€ome');
  });

  for (const version of ['EIO 4', 'EIO 3']) {
    for (const mode of ['polling only', 'websocket only']) {
      check(`the official client gets it first (${version}, ${mode})`, async (t) => {
        const server = await startEngine(t, { initialMessage: 'first', atOpen: 2, atOpenSize: 3, allowEio3: true });
        const client = await openClient(server, version, mode);
        assert.deepEqual(await client.received(3), ['first', 'xxx', 'xxx']);
      });
    }
  }
});

suite('transports and upgrades', () => {
  check('polling alone', async (t) => {
    const server = await startEngine(t, { transports: 'polling' });
    assert.deepEqual((await openPacket(server)).upgrades, []);
    const answer = await ask(server, ENGINE);
    assert.equal(answer.body.toString(), '{"code":0,"message":"Transport unknown"}');
    const client = engineClient(server, 'EIO 4', 'polling only');
    await client.opened;
    client.send('hello');
    await client.received(1);
    await event(engineClient(server, 'EIO 4', 'websocket only').socket, 'error');
    const tcp = await rawTcp(server);
    await tcp.write(handshake(ENGINE, {}, server.path));
    assert.match(await tcp.end(), /^HTTP\/1\.1 400 [^]*Transport unknown/);
  });

  check('websockets alone', async (t) => {
    const server = await startEngine(t, { transports: 'websocket' });
    assert.equal((await ask(server, POLL4)).body.toString(), '{"code":0,"message":"Transport unknown"}');
    const client = await openClient(server, 'EIO 4', 'websocket only');
    client.send('hello');
    await client.received(1);
    await event(engineClient(server, 'EIO 4', 'polling only').socket, 'error');
  });

  check('no upgrades: none is offered and none is taken', async (t) => {
    const server = await startEngine(t, { noUpgrades: true });
    const polling = await rawPolling(server);
    assert.deepEqual(polling.open.upgrades, []);
    await assert.rejects(probe(server, polling.sid));
    const client = engineClient(server, 'EIO 4', 'upgrade');
    await client.opened;
    client.send('hello');
    await client.received(1);
    await sleep(100);
    assert.equal(client.socket.transport.name, 'polling');
    await openClient(server, 'EIO 4', 'websocket only');
    assert.equal((await server.metrics()).upgrades, 0);
  });

  check('an upgrade that is not finished in time is given up', async (t) => {
    const server = await startEngine(t, { upgradeTimeout: 150 });
    const polling = await rawPolling(server);
    const socket = await probe(server, polling.sid);
    assert.equal((await socket.end()).code, 1005);
    await polling.send('4alive');
    assert.equal(await polling.next(), '4alive');
    const { causes, metrics } = await server.snapshot();
    assert.equal(causes['the upgrade was not finished in time'], 1);
    assert.deepEqual([metrics.upgrades, metrics.upgrades_done], [1, 0]);
    await upgrade(server, polling);
    assert.equal((await server.metrics()).upgrades_done, 1);
  });
});

suite('the path', () => {
  check('another one', async (t) => {
    const server = await startEngine(t, { path: '/my/own' });
    for (const target of ['/my/own/', '/my/own/below/it/']) {
      assert.equal((await ask(server, `${target}?${POLL4}`)).status, 200, target);
    }
    for (const target of ['/engine.io/', '/my/own', '/my/ownership/', '/my/']) {
      assert.equal((await ask(server, `${target}?${POLL4}`)).status, 404, target);
    }
    const client = await openClient(server, 'EIO 4', 'upgrade');
    client.send('hello');
    await client.received(1);
  });

  check('without a slash at its end', async (t) => {
    const server = await startEngine(t, { noTrailingSlash: true });
    for (const target of ['/engine.io', '/engine.io/', '/engine.io/below']) {
      assert.equal((await ask(server, `${target}?${POLL4}`)).status, 200, target);
    }
    assert.equal((await ask(server, `/engine.iox?${POLL4}`)).status, 404);
    const tcp = await rawTcp(server);
    await tcp.write(handshake(ENGINE, {}, '/engine.io'));
    await tcp.until(/^HTTP\/1\.1 101 /);
    const client = await openClient(server, 'EIO 4', 'upgrade', { addTrailingSlash: false });
    client.send('hello');
    await client.received(1);
  });

  check('nothing is decoded, and the whole URL is not a path', async (t) => {
    const server = await startEngine(t);
    for (const target of ['/engine%2eio/', '/x/../engine.io/', '//engine.io/', '/ENGINE.IO/']) {
      assert.equal((await ask(server, `${target}?${POLL4}`)).status, 404, target);
    }
    const tcp = await rawTcp(server);
    await tcp.write(head('GET', `http://127.0.0.1/engine.io/?${POLL4}`));
    assert.doesNotMatch(await tcp.until(/\r\n\r\n/), /^HTTP\/1\.1 200 /);
  });
});

suite('counts and addresses', () => {
  eachMode('sessions are counted and found by their ids', async (t, mode) => {
    const server = await startEngine(t);
    const clients = [];
    for (let i = 1; i <= 3; i += 1) {
      clients.push(await openClient(server, 'EIO 4', mode));
      assert.equal((await server.snapshot()).sessions, i);
    }
    const sessions = await server.control('sessions');
    assert.deepEqual(sessions.map((s) => s.id).sort(), clients.map((c) => c.sid).sort());
    const name = mode === 'polling only' ? 'polling' : 'websocket';
    assert.ok(sessions.every((s) => s.transport === name && s.protocol === 4 && s.open));
    for (const client of clients) client.socket.close();
    await until(async () => (await server.snapshot()).sessions === 0, 'no sessions');
    const opens = await server.entries('open');
    assert.ok(opens.every((open) => open.address === '127.0.0.1'));
  });

  check('more sessions than there may be are sent away', async (t) => {
    const server = await startEngine(t, { maxSessions: 2 });
    const polling = await rawPolling(server);
    await openClient(server, 'EIO 4', 'websocket only');
    const answer = await ask(server, POLL4);
    assert.equal(answer.status, 503);
    assert.equal(answer.headers['retry-after'], '5');
    await polling.post('1');
    assert.equal((await ask(server, POLL4)).status, 200);
  });
});

suite('sizes', () => {
  check('one answer to a poll has at most so many bytes', async (t) => {
    const server = await startEngine(t, { maxPollBytes: 30 });
    const polling = await rawPolling(server);
    await server.send(polling.sid, 'message ', { n: 6 });
    await server.send(polling.sid, 'x'.repeat(100));
    await server.send(polling.sid, 'last');
    const bodies = [];
    while (!bodies.at(-1)?.endsWith('4last')) bodies.push((await polling.get()).body);
    assert.ok(bodies.every((body) => body.length <= 30 || body === `4${'x'.repeat(100)}`), bodies.join('\n'));
    assert.deepEqual(bodies.join(SEP).split(SEP),
      [...[0, 1, 2, 3, 4, 5].map((i) => `4message ${i}`), `4${'x'.repeat(100)}`, '4last']);
    assert.ok(bodies.length >= 5);
  });

  check('without a limit one answer has all of it', async (t) => {
    const server = await startEngine(t);
    const polling = await rawPolling(server);
    await server.send(polling.sid, 'message ', { n: 500 });
    assert.equal((await polling.get()).body.split(SEP).length, 500);
  });

  check('a message of just the largest size is taken, one more is not', async (t) => {
    const server = await startEngine(t, { maxPayload: 1000 });
    const socket = rawWebSocket(server);
    await socket.next();
    socket.send(`4${'x'.repeat(999)}`);
    assert.equal((await socket.next()).length, 1000);
    socket.send(`4${'y'.repeat(1000)}`);
    assert.equal((await socket.end()).code, 1009);
    const end = await server.entry({ what: 'close' });
    assert.deepEqual([end.reason, end.cause, end.limit, end.seen],
      ['transport error', 'Max payload size exceeded', 1000, 1001]);

    const polling = await rawPolling(server);
    assert.equal((await polling.post(`4${'x'.repeat(999)}`)).status, 200);
    assert.equal((await polling.post(`4${'y'.repeat(1000)}`)).status, 413);
    const chunked = new Blob([`4${'z'.repeat(1000)}`]).stream();
    assert.equal((await polling.post(chunked, { duplex: 'half' })).status, 413);
    assert.equal((await polling.get()).body, `4${'x'.repeat(999)}`);
    assert.deepEqual((await server.entries('message')).map((e) => e.length), [999, 999]);
  });

  for (const mode of ['polling only', 'websocket only']) {
    check(`the official client is closed when it sends too much (${mode})`, async (t) => {
      const server = await startEngine(t, { maxPayload: 1000 });
      const client = await openClient(server, 'EIO 4', mode);
      client.send('fits');
      await client.received(1);
      client.send('x'.repeat(2000));
      await event(client.socket, 'close');
      assert.deepEqual((await server.entries('message')).map((e) => e.length), [4]);
    });
  }

  check('many large messages at the beginning do not break the heartbeat', async (t) => {
    const server = await startEngine(t, {
      atOpen: 100, atOpenSize: 65536, pingInterval: 100, pingTimeout: 1500,
    });
    const client = await openClient(server, 'EIO 4', 'websocket only');
    await client.received(100);
    await until(async () => (await server.entries('heartbeat')).length >= 2, 'two heartbeats');
    client.send('hello');
    await client.received(101);
  });

  check('a megabyte in many segments, and in chunks', async (t) => {
    const server = await startEngine(t, { maxPayload: 2000000 });
    const polling = await rawPolling(server);
    const body = `4${'€uro '.repeat(150000)}`;
    const bytes = Buffer.from(body);
    const target = `${server.path}?${polling.query}`;
    const tcp = await rawTcp(server);
    await tcp.write(head('POST', target, { 'Content-Length': bytes.length }));
    for (let at = 0; at < bytes.length; at += 9999) await tcp.write(bytes.subarray(at, at + 9999));
    await tcp.until(/^HTTP\/1\.1 200 [^]*ok$/);
    assert.equal((await polling.get()).body, body);
    const pieces = (function* pieces() {
      for (let at = 0; at < bytes.length; at += 7777) yield bytes.subarray(at, at + 7777);
    }());
    const stream = new ReadableStream({
      pull(controller) {
        const { value, done } = pieces.next();
        if (done) controller.close();
        else controller.enqueue(value);
      },
    });
    assert.equal((await polling.post(stream, { duplex: 'half' })).status, 200);
    assert.equal((await polling.get()).body, body);
  });
});

suite('closing the server', () => {
  eachMode('clients are closed, new ones refused, until it is used anew', async (t, mode) => {
    const server = await startEngine(t, { closeTimeout: 300 });
    const client = await openClient(server, 'EIO 4', mode);
    await server.control('close-server');
    assert.match(await within(client.closed, 'close of the client'), /^transport (close|error)$/);
    const again = await until(() => openClient(server, 'EIO 4', mode).catch(() => null), 'a new session');
    again.send('hello');
    await again.received(1);
    const { reason: seen, cause } = await server.entry({ what: 'close' });
    assert.equal(cause, 'the server was closed');
    assert.match(seen, /^(forced close|server shutting down)$/);
    await server.entry({ what: 'server closed' });
  });

  check('what is buffered is not delivered', async (t) => {
    const server = await startEngine(t, { closeTimeout: 300 });
    const polling = await rawPolling(server);
    const closing = await rawPolling(server);
    await server.send(polling.sid, 'never');
    await server.send(closing.sid, 'never', { close: 'gently' });
    await server.control('close-server');
    // Nobody is answered until it has closed.
    await until(() => server.entry({ what: 'server closed' }).catch(() => null), 'the end');
    assert.equal((await server.entries('close')).length, 2);
    for (const session of [polling, closing]) {
      const answer = await ask(server, session.query).catch(() => ({ body: '' }));
      assert.doesNotMatch(answer.body.toString(), /never/);
    }
  });

  check('the program ends with sessions in every state', async (t) => {
    const server = await startEngine(t, { handover: true, closeTimeout: 500 });
    await openClient(server, 'EIO 4', 'websocket only');
    await openClient(server, 'EIO 4', 'upgrade');
    await rawPolling(server);
    const upgrading = await rawPolling(server);
    const poll = await upgrading.waiting();
    poll.answered.catch(() => {});
    (await probe(server, upgrading.sid)).send('2probe');
    const half = await rawTcp(server);
    await half.write('GET /engine.io/?EIO');
    await server.stop();
    const { events, metrics } = server.finalReport();
    assert.equal(events.filter((e) => e.what === 'close').length, 4);
    assert.equal(metrics.connections_now, 0);
  });
});

suite('closing a polling session', () => {
  check('a waiting poll is answered at once', async (t) => {
    const server = await startEngine(t);
    const polling = await rawPolling(server);
    const poll = await polling.waiting();
    await server.close(polling.sid);
    assert.deepEqual(await poll.answered, { status: 200, body: '1' });
    assert.equal((await polling.get()).status, 400);
    assert.equal((await server.entry({ what: 'close' })).reason, 'forced close');
  });

  check('without one, the next poll gets what waits and the end', async (t) => {
    const server = await startEngine(t);
    const polling = await rawPolling(server);
    await server.send(polling.sid, 'last', { close: 'gently' });
    assert.equal((await server.snapshot()).sessions, 1);
    assert.equal((await server.send(polling.sid, 'too late')).result, -500);
    // The end may come with the last messages or with another poll.
    let { body } = await polling.get();
    if (body === '4last') body += SEP + (await polling.get()).body;
    assert.match(body, /^4last(\x1e6)?\x1e1$/);
    assert.equal((await polling.get()).status, 400);
    assert.equal((await server.entry({ what: 'close' })).reason, 'forced close');
  });

  check('a second time with discard, it ends at once', async (t) => {
    const server = await startEngine(t);
    const polling = await rawPolling(server);
    await server.send(polling.sid, 'never', { close: 'gently' });
    await server.close(polling.sid, 'discard');
    assert.equal((await polling.get()).status, 400);
    assert.equal((await server.snapshot()).sessions, 0);
  });

  check('a client that has vanished is given up at the heartbeat', async (t) => {
    const server = await startEngine(t, { pingInterval: 150, pingTimeout: 150 });
    const polling = await rawPolling(server);
    await server.send(polling.sid, 'never', { close: 'gently' });
    const { reason } = await server.entry({ what: 'close' });
    assert.match(reason, /^(ping timeout|forced close)$/); // the first one counts
    assert.equal((await server.snapshot()).sessions, 0);
  });

  check('or after the time that closing may take', async (t) => {
    const server = await startEngine(t, { closeTimeout: 150 });
    const polling = await rawPolling(server);
    await server.close(polling.sid);
    const { reason } = await server.entry({ what: 'close' });
    assert.equal(reason, 'forced close');
  });

  check('packets behind a close packet are not delivered', async (t) => {
    const server = await startEngine(t);
    const polling = await rawPolling(server);
    await polling.send('4before', '1', '4behind');
    assert.deepEqual((await server.entries('message')).map((e) => e.length), [6]);
    const { reason, cause } = await server.entry({ what: 'close' });
    assert.deepEqual([reason, cause], ['transport close', 'the client sent a close packet']);
  });

  check('a post in progress is cut', async (t) => {
    const server = await startEngine(t);
    const polling = await rawPolling(server);
    const tcp = await rawTcp(server);
    await tcp.write(head('POST', `${server.path}?${polling.query}`, { 'Content-Length': 100 }));
    await tcp.write('4half');
    await server.caughtUp();
    await server.close(polling.sid, 'discard');
    await tcp.end();
    assert.equal((await server.entries('message')).length, 0);
  });
});

suite('heartbeats', () => {
  check('a session that was pinged and then upgrades is still given up', async (t) => {
    const server = await startEngine(t, { pingInterval: 150, pingTimeout: 1500 });
    const polling = await rawPolling(server);
    assert.equal((await polling.get()).body, '2');
    await upgrade(server, polling);
    assert.equal((await server.entry({ what: 'close' })).reason, 'ping timeout');
  });

  check('pings of websockets are answered but do not count', async (t) => {
    const server = await startEngine(t, { pingInterval: 200, pingTimeout: 1000 });
    const socket = rawWebSocket(server);
    await socket.next();
    const pong = event(socket.ws, 'pong');
    socket.ws.ping('data');
    assert.equal(String((await pong)[0]), 'data');
    const beat = setInterval(() => socket.ws.ping(), 30);
    await socket.end();
    clearInterval(beat);
    assert.equal((await server.entry({ what: 'close' })).reason, 'ping timeout');
  });

  check('neither do messages', async (t) => {
    const server = await startEngine(t, { pingInterval: 200, pingTimeout: 200 });
    const socket = rawWebSocket(server);
    await socket.next();
    const talk = setInterval(() => socket.ws.readyState === 1 && socket.send('4hi'), 30);
    await socket.end();
    clearInterval(talk);
    assert.equal((await server.entry({ what: 'close' })).reason, 'ping timeout');
  });

  for (const packet of ['2', '2probe']) {
    check(`a client's own ping is an error (${packet})`, async (t) => {
      const server = await startEngine(t);
      const socket = rawWebSocket(server);
      await socket.next();
      socket.send(packet);
      assert.equal((await socket.end()).code, 1005);
      const polling = await rawPolling(server);
      assert.equal((await polling.post(packet)).status, 400);
      const ends = await server.entries('close');
      assert.deepEqual(ends.map((e) => [e.reason, e.cause]),
        [0, 1].map(() => ['transport error', 'invalid heartbeat direction']));
    });
  }

  check('packets that mean nothing now are passed over', async (t) => {
    const server = await startEngine(t);
    const polling = await rawPolling(server);
    await polling.send('0', '5', '6', '4hello');
    assert.equal(await polling.next(), '4hello');
    assert.equal((await server.entries('close')).length, 0);
  });
});

suite('old browsers', () => {
  check('get the header that keeps Internet Explorer quiet', async (t) => {
    const server = await startEngine(t);
    const agents = {
      'Mozilla/4.0 (compatible; MSIE 8.0; Windows NT 6.1; Trident/4.0)': '0',
      'Mozilla/5.0 (Windows NT 6.3; Trident/7.0; rv:11.0) like Gecko': '0',
      'Mozilla/4.0 (compatible;MSIE 8.0)': '0',
      'Mozilla/5.0 Firefox/130.0': undefined,
    };
    for (const [agent, want] of Object.entries(agents)) {
      const headers = { 'User-Agent': agent };
      const first = await ask(server, POLL4, { headers });
      assert.equal(first.headers['x-xss-protection'], want, agent);
      const query = `${POLL4}&sid=${sidOf(first.body)}`;
      const post = await ask(server, query, { method: 'POST', body: '4a', headers });
      assert.equal(post.headers['x-xss-protection'], want, agent);
    }
  });

  check('b64 has binary sent as text', async (t) => {
    const server = await startEngine(t);
    const socket = rawWebSocket(server, `${ENGINE}&b64=1`);
    await socket.next();
    socket.send(Buffer.from([1, 2, 3, 4]));
    assert.equal(await socket.next(), 'bAQIDBA==');
    socket.send('bAQIDBA==');
    assert.equal(await socket.next(), 'bAQIDBA==');
    assert.deepEqual((await server.entries('message')).map((e) => [e.binary, e.length]), [[true, 4], [true, 4]]);
  });
});
