// SPDX-License-Identifier: MIT
// What a host can hook into: handshakes, ids, headers, middlewares, packets,
// receipts.
'use strict';

const assert = require('node:assert/strict');
const { MODES, check, eachMode, suite } = require('./lib/client');
const { engineClient, openClient } = require('./lib/engine-client');
const { POLL4, ask, sidOf } = require('./lib/http');
const { rawPolling } = require('./lib/polling');
const { startEngine } = require('./lib/server');
const { upgrade } = require('./lib/session');
const { handshake, rawTcp } = require('./lib/tcp');
const { ENGINE, rawWebSocket } = require('./lib/websocket');
const { event, sleep, until } = require('./lib/wait');

function refusal(code, message) {
  return JSON.stringify({ code, message });
}

// Everything that a websocket handshake is answered with, up to the end.
async function upgradeAnswer(server, query) {
  const tcp = await rawTcp(server);
  await tcp.write(handshake(query, {}, server.path));
  return tcp.end();
}

suite('the handshake hook', () => {
  check('it may accept, at once and later', async (t) => {
    const server = await startEngine(t, { handshake: true });
    for (const how of ['accept', 'accept-later']) {
      const { status, body } = await ask(server, `${POLL4}&handshake=${how}`);
      assert.equal(status, 200);
      assert.match(body.toString(), /^0\{"sid":"[\w-]{20}"/);
      const socket = rawWebSocket(server, `${ENGINE}&handshake=${how}`);
      assert.match(await socket.next(), /^0\{"sid"/);
      socket.send('4hello');
      assert.equal(await socket.next(), '4hello');
    }
    const results = (await server.entries('handshake')).map((entry) => entry.result);
    assert.deepEqual(results, [0, 0, 0, 0]);
  });

  check('it may choose the id', async (t) => {
    const server = await startEngine(t, { handshake: true });
    assert.equal(sidOf((await ask(server, `${POLL4}&id=chosen`)).body), 'chosen');
    const socket = rawWebSocket(server, `${ENGINE}&handshake=accept-later&id=t%C3%B6n`);
    assert.match(await socket.next(), /^0\{"sid":"tön"/);
    const polled = await ask(server, `${POLL4}&sid=chosen`, { method: 'POST', body: '4x' });
    assert.equal(polled.status, 200);
  });

  check('an id that is no id is not taken, one that is in use is refused', async (t) => {
    const server = await startEngine(t, { handshake: true });
    assert.equal(sidOf((await ask(server, `${POLL4}&handshake=bad-id&id=mine`)).body), 'mine');
    const again = await ask(server, `${POLL4}&id=mine`); // then the hook gives up
    assert.deepEqual([again.status, again.body.toString()], [403, refusal(4, 'Forbidden')]);
    assert.match(await upgradeAnswer(server, `${ENGINE}&id=mine`), /^HTTP\/1\.1 400 [^]*\r\n\r\nForbidden$/);
    assert.deepEqual((await server.entries('handshake')).map((e) => e.result), [-2, 0, -2, -2]);
    assert.equal((await server.snapshot()).sessions, 1);
  });

  check('it may refuse, at once and later, with a status and a message', async (t) => {
    const server = await startEngine(t, { handshake: true });
    const forms = [
      ['refuse', 403, 'Forbidden'],
      ['refuse&message=go%20away', 403, 'go away'],
      ['refuse&message=%22%0A%E2%82%AC&status=401', 401, '"\n€'],
      ['refuse&status=599', 599, 'Forbidden'],
      ['refuse-later&message=no', 403, 'no'],
    ];
    for (const [how, status, message] of forms) {
      const answer = await ask(server, `${POLL4}&handshake=${how}`);
      assert.deepEqual([answer.status, answer.body.toString()], [status, refusal(4, message)], how);
      assert.equal(answer.headers['content-type'], 'application/json');
    }
    const refused = await server.entries('refused');
    assert.deepEqual(refused.map((e) => [e.code, e.message]), forms.map(() => [4, 'Forbidden']));
    assert.deepEqual(refused.map((e) => e.context.message), forms.map(([, , message]) => message));
    assert.equal((await server.metrics()).refused[4], forms.length);
  });

  check('a websocket is refused before it opens', async (t) => {
    const server = await startEngine(t, { handshake: true });
    for (const how of ['refuse', 'refuse-later']) {
      const text = await upgradeAnswer(server, `${ENGINE}&handshake=${how}&message=go+away`);
      assert.match(text, /^HTTP\/1\.1 400 Bad Request\r\n/);
      assert.match(text, /\r\n\r\ngo away$/);
    }
    const plain = await upgradeAnswer(server, `${ENGINE}&handshake=refuse`);
    assert.match(plain, /\r\n\r\nForbidden$/);
    assert.match(await upgradeAnswer(server, `${ENGINE}&handshake=refuse&status=401`), /^HTTP\/1\.1 401 /);
  });

  for (const mode of ['polling only', 'websocket only']) {
    check(`the official client gets an error (${mode})`, async (t) => {
      const server = await startEngine(t, { handshake: true });
      const client = engineClient(server, 'EIO 4', mode, { query: { handshake: 'refuse' } });
      await event(client.socket, 'error');
      assert.equal((await server.snapshot()).sessions, 0);
    });
  }

  check('a status that is none is not taken', async (t) => {
    const server = await startEngine(t, { handshake: true });
    const answer = await ask(server, `${POLL4}&handshake=refuse&status=200`);
    assert.equal(answer.status, 403);
    assert.deepEqual((await server.entry({ what: 'handshake' })).result, -2);
  });

  check('what is decided stays decided', async (t) => {
    const server = await startEngine(t, { handshake: true });
    assert.equal((await ask(server, `${POLL4}&handshake=twice`)).status, 200);
    assert.deepEqual((await server.entries('handshake')).map((e) => e.result), [0, -3]);
  });

  check('a request that is given up is refused', async (t) => {
    const server = await startEngine(t, { handshake: true });
    for (const how of ['forget', 'forget-later']) {
      const answer = await ask(server, `${POLL4}&handshake=${how}`);
      assert.deepEqual([answer.status, answer.body.toString()], [403, refusal(4, 'Forbidden')], how);
      assert.match(await upgradeAnswer(server, `${ENGINE}&handshake=${how}`), /^HTTP\/1\.1 400 /);
    }
  });

  check('a host that does not decide in time refuses', async (t) => {
    const server = await startEngine(t, { handshake: true, handshakeTimeout: 100 });
    const answer = await ask(server, `${POLL4}&handshake=accept-later&delay=1500`);
    assert.ok(answer.status >= 400, String(answer.status));
    const { causes } = await server.snapshot();
    assert.equal(causes['the host did not decide about the handshake'], 1);
    assert.equal((await server.snapshot()).sessions, 0);
  });

  check('a client that goes meanwhile leaves nothing behind', async (t) => {
    const server = await startEngine(t, { handshake: true });
    for (const query of [POLL4, ENGINE]) {
      const tcp = await rawTcp(server);
      const text = handshake(`${query}&handshake=accept-later&delay=500`, {}, server.path);
      await tcp.write(query === POLL4 ? text.replace(/Connection: Upgrade\r\nUpgrade: websocket\r\n/, '') : text);
      await server.caughtUp();
      tcp.reset();
    }
    await until(async () => (await server.entries('handshake')).length === 2, 'two decisions');
    assert.ok((await server.entries('handshake')).every((e) => e.result === -500));
    assert.equal((await server.snapshot()).sessions, 0);
  });

  check('an upgrade is not asked about', async (t) => {
    const server = await startEngine(t, { handshake: true });
    const polling = await rawPolling(server);
    await upgrade(server, polling);
    assert.equal((await server.entries('handshake')).length, 1);
  });
});

suite('ids', () => {
  check('the host makes them', async (t) => {
    const server = await startEngine(t, { ids: 'sequence' });
    assert.equal(sidOf((await ask(server, POLL4)).body), 'session-0');
    assert.match(await rawWebSocket(server).next(), /^0\{"sid":"session-1"/);
  });

  for (const how of ['fail', 'too-long']) {
    check(`a handshake without an id is refused (${how})`, async (t) => {
      const server = await startEngine(t, { ids: how });
      const answer = await ask(server, POLL4);
      assert.deepEqual([answer.status, answer.body.toString()], [400, refusal(3, 'Bad request')]);
      assert.match(await upgradeAnswer(server, ENGINE), /^HTTP\/1\.1 400 Bad Request\r\n[^]*\r\n\r\nBad request$/);
      const refused = await server.entries('refused');
      assert.deepEqual(refused.map((e) => [e.code, e.context.name]),
        [[3, 'ID_GENERATION_ERROR'], [3, 'ID_GENERATION_ERROR']]);
      for (const mode of ['polling only', 'websocket only']) {
        await event(engineClient(server, 'EIO 4', mode).socket, 'error');
      }
    });
  }

  check('an id that is in use does not take over its session', async (t) => {
    const server = await startEngine(t, { ids: 'same' });
    const first = await rawPolling(server);
    assert.equal((await ask(server, POLL4)).status, 400);
    assert.match(await upgradeAnswer(server, ENGINE), /^HTTP\/1\.1 400 /);
    await first.send('4mine');
    assert.equal(await first.next(), '4mine');
    await first.post('1');
    assert.equal((await ask(server, POLL4)).status, 200);
  });
});

suite('the headers hook', () => {
  check('the first answer of a session is told apart', async (t) => {
    const server = await startEngine(t, { headers: 'plain' });
    const first = await ask(server, POLL4);
    assert.deepEqual([first.headers['x-first'], first.headers['x-later']], ['GET', undefined]);
    const query = `${POLL4}&sid=${sidOf(first.body)}`;
    const post = await ask(server, query, { method: 'POST', body: '4a' });
    assert.deepEqual([post.headers['x-first'], post.headers['x-later']], [undefined, 'POST']);
    const poll = await ask(server, query);
    assert.deepEqual([poll.headers['x-first'], poll.headers['x-later']], [undefined, 'GET']);
  });

  check('a polling session that upgrades is asked about three times', async (t) => {
    const server = await startEngine(t, { headers: 'plain' });
    const polling = await rawPolling(server);
    await upgrade(server, polling);
    const calls = (await server.entries('headers')).map((e) => [e.initial, e.method]);
    assert.deepEqual(calls, [[true, 'GET'], [false, 'GET'], [false, 'GET']]);
  });

  check('the 101 has them', async (t) => {
    const server = await startEngine(t, { headers: 'plain' });
    const { sid } = await rawPolling(server);
    for (const [query, name] of [[ENGINE, 'X-First'], [`${ENGINE}&sid=${sid}`, 'X-Later']]) {
      const tcp = await rawTcp(server);
      await tcp.write(handshake(query, {}, server.path));
      const text = await tcp.until(/^HTTP\/1\.1 101 [^]*?\r\n\r\n/);
      assert.ok(text.includes(`\r\n${name}: GET\r\n`), text);
    }
  });

  check('answers that are errors have none', async (t) => {
    const server = await startEngine(t, { headers: 'plain', cors: 'any' });
    const { sid } = await rawPolling(server);
    const query = `${POLL4}&sid=${sid}`;
    const answers = [
      await ask(server, 'EIO=4&transport=abc'),
      await ask(server, POLL4, { method: 'OPTIONS' }),
      await ask(server, query, { method: 'POST', body: 'x'.repeat(1000001) }),
      await ask(server, query, { method: 'PUT' }),
      await ask(server, query, { method: 'POST', body: 'abc' }),
    ];
    assert.deepEqual(answers.map((a) => a.status).slice(0, 3), [400, 204, 413]);
    for (const { headers } of answers) assert.equal(headers['x-first'] || headers['x-later'], undefined);
  });

  check('they come last: built-in ones may be replaced, a cookie is added', async (t) => {
    const server = await startEngine(t, { headers: 'override', cookie: 'io' });
    const { headers } = await ask(server, POLL4);
    assert.equal(headers['cache-control'], 'no-cache');
    assert.equal(headers['set-cookie'].length, 2);
    assert.match(headers['set-cookie'][0], /^io=/);
    assert.equal(headers['set-cookie'][1], 'mine=1; Path=/');
  });

  check('what is no header is not taken', async (t) => {
    const server = await startEngine(t, { headers: 'wrong' });
    const { status, headers } = await ask(server, POLL4);
    assert.equal(status, 200);
    assert.equal(headers['x-b'], undefined);
    const { length, split, name } = await server.entry({ what: 'headers' });
    assert.deepEqual([length, split, name], [-2, -2, -2]);
  });
});

suite('middlewares', () => {
  const middlewares = 'add=one,end,add=two,fail';

  check('they see plain requests and upgrades, in their order', async (t) => {
    const server = await startEngine(t, { middlewares });
    const { raw } = await ask(server, POLL4);
    const values = raw.filter((_, i) => raw[i - 1] === 'X-Middleware');
    assert.deepEqual(values, ['one', 'two']);
    const tcp = await rawTcp(server);
    await tcp.write(handshake(ENGINE, {}, server.path));
    assert.match(await tcp.until(/\r\n\r\n/), /^HTTP\/1\.1 101 [^]*X-Middleware: one\r\nX-Middleware: two\r\n/);
    const seen = (await server.entries('middleware')).map((e) => [e.kind, e.upgrade]);
    const order = middlewares.split(',');
    assert.deepEqual(seen, [...order.map((kind) => [kind, false]), ...order.map((kind) => [kind, true])]);
  });

  check('one that answers ends the request', async (t) => {
    const server = await startEngine(t, { middlewares });
    const answer = await ask(server, `${POLL4}&end=1`);
    assert.deepEqual([answer.status, answer.body.toString()], [503, 'not now']);
    assert.equal(answer.headers['x-middleware'], 'one');
    const tcp = await rawTcp(server);
    await tcp.write(handshake(`${ENGINE}&end=1`, {}, server.path));
    await tcp.until(/^HTTP\/1\.1 503 [^]*not now$/);
    const kinds = (await server.entries('middleware')).map((e) => e.kind);
    assert.deepEqual(kinds, ['add=one', 'end', 'add=one', 'end']);
    assert.equal((await server.entries('refused')).length, 0);
    assert.equal((await server.snapshot()).sessions, 0);
  });

  check('one that fails refuses the request', async (t) => {
    const server = await startEngine(t, { middlewares });
    const answer = await ask(server, `${POLL4}&fail=1`);
    assert.deepEqual([answer.status, answer.body.toString()], [400, refusal(3, 'Bad request')]);
    assert.match(await upgradeAnswer(server, `${ENGINE}&fail=1`), /^HTTP\/1\.1 400 [^]*Bad request$/);
    const refused = await server.entries('refused');
    assert.deepEqual(refused.map((e) => [e.code, e.context.name]),
      [[3, 'MIDDLEWARE_FAILURE'], [3, 'MIDDLEWARE_FAILURE']]);
  });

  check('they see requests of open sessions, too', async (t) => {
    const server = await startEngine(t, { middlewares });
    const polling = await rawPolling(server);
    const before = (await server.entries('middleware')).length;
    const ended = await ask(server, `${polling.query}&end=1`, { method: 'POST', body: '4never' });
    assert.equal(ended.status, 503);
    const failed = await ask(server, `${polling.query}&fail=1`);
    assert.equal(failed.status, 400);
    assert.equal((await server.entries('middleware')).length, before + 2 + 4);
    await polling.send('4alive');
    assert.equal(await polling.next(), '4alive');
    assert.deepEqual((await server.entries('message')).map((e) => e.length), [5]);
  });

  check('a body that is too large is refused with them', async (t) => {
    const server = await startEngine(t, { middlewares, maxPayload: 1000 });
    const polling = await rawPolling(server);
    const answer = await ask(server, polling.query, { method: 'POST', body: `4${'x'.repeat(1000)}` });
    assert.equal(answer.status, 413);
    await polling.send('4alive');
    assert.equal(await polling.next(), '4alive');
  });
});

suite('what a host sees of a session', () => {
  eachMode('its request, its packets and its drains', async (t, mode) => {
    const server = await startEngine(t, { packets: true });
    const client = await openClient(server, 'EIO 4', mode, {
      query: { extra: 'ä b' }, extraHeaders: { 'X-Extra': 'yes' },
    });
    client.send('hello', Buffer.from([1, 2]));
    await client.received(2);
    const open = await server.entry({ what: 'open' });
    assert.equal(open.id, client.sid);
    assert.deepEqual([open.address, open.secure, open.protocol], ['127.0.0.1', false, 4]);
    assert.deepEqual([open.query, open.header], ['ä b', 'yes']);
    assert.equal(open.transport, MODES[mode][0]);
    assert.match(open.url, /^\/engine\.io\/\?extra=/);
    await server.entry({ what: 'drain' });
    const kinds = (what) => async () => (await server.entries(what)).filter((e) => e.type === 4);
    for (const what of ['in', 'out']) {
      assert.deepEqual((await kinds(what)()).map((e) => [e.binary, e.length]), [[false, 5], [true, 2]], what);
    }
    assert.equal((await server.entries('out'))[0].type, 0);
  });

  eachMode('receipts come in order, once for each message', async (t, mode) => {
    const server = await startEngine(t);
    const client = await openClient(server, 'EIO 4', mode);
    await server.send(client.sid, 'tag', { n: 5, then: 1 });
    await client.received(5);
    await until(async () => (await server.entries('sent')).length === 5, 'five receipts');
    await server.send(client.sid, 'single', { then: 1 });
    await server.entry({ what: 'sent', name: 'single' });
    const sent = await server.entries('sent');
    assert.deepEqual(sent.map((e) => e.name), ['tag0', 'tag1', 'tag2', 'tag3', 'tag4', 'single']);
    assert.ok(sent.every((e) => e.status === 0 && e.id === client.sid));
  });

  check('receipts of what has never been sent say so', async (t) => {
    const server = await startEngine(t);
    const polling = await rawPolling(server);
    await server.send(polling.sid, 'tag', { n: 3, then: 1 });
    assert.equal((await server.entries('sent')).length, 0);
    await server.close(polling.sid, 'discard');
    const sent = await server.entries('sent');
    assert.deepEqual(sent.map((e) => [e.name, e.status]), [['tag0', -500], ['tag1', -500], ['tag2', -500]]);
  });

  check('a receipt of a message sent while upgrading comes once', async (t) => {
    const server = await startEngine(t);
    const polling = await rawPolling(server);
    const socket = rawWebSocket(server, `${ENGINE}&sid=${polling.sid}`);
    await socket.opened;
    socket.send('2probe');
    await socket.next();
    await server.send(polling.sid, 'between', { then: 1 });
    assert.equal((await server.entries('sent')).length, 0);
    socket.send('5');
    assert.equal(await socket.next(), '4between');
    await server.entry({ what: 'sent', name: 'between' });
    await sleep(50);
    assert.equal((await server.entries('sent')).length, 1);
  });

  check('a volatile message is dropped unless it can leave at once', async (t) => {
    const server = await startEngine(t);
    const polling = await rawPolling(server);
    const volatile = { flags: 4 };
    assert.equal((await server.control('sessions'))[0].writable, false);
    assert.deepEqual(await server.send(polling.sid, 'lost', volatile), { found: 1, result: 1 });
    const poll = await polling.waiting();
    assert.equal((await server.control('sessions'))[0].writable, true);
    assert.deepEqual(await server.send(polling.sid, 'kept', volatile), { found: 1, result: 0 });
    assert.equal((await poll.answered).body, '4kept');
    const socket = rawWebSocket(server);
    const { sid } = JSON.parse((await socket.next()).slice(1));
    assert.deepEqual(await server.send(sid, 'now', volatile), { found: 1, result: 0 });
    assert.equal(await socket.next(), '4now');
    assert.equal((await server.metrics()).messages_dropped, 1);
  });

  check('what is waiting is known, until the end', async (t) => {
    const server = await startEngine(t);
    const polling = await rawPolling(server);
    await server.send(polling.sid, 'x'.repeat(1000));
    assert.ok((await server.control('sessions'))[0].pending >= 1000);
    await polling.post('1');
    assert.equal((await server.entry({ what: 'close' })).open, false);
  });

  check('text with a separator is not sent', async (t) => {
    const server = await startEngine(t);
    const polling = await rawPolling(server);
    assert.equal((await server.send(polling.sid, 'a\x1eb')).result, -2);
    assert.equal((await server.send(polling.sid, Buffer.from([0xff]))).result, -10);
    assert.equal((await server.send(polling.sid, 'x', { flags: 64 })).result, -2);
    assert.equal((await server.send(polling.sid, Buffer.from([0x1e, 0xff]), { flags: 1 })).result, 0);
    assert.equal((await polling.get()).body, 'bHv8=');
  });
});

suite('metrics', () => {
  check('they count what has happened', async (t) => {
    const server = await startEngine(t);
    const client = await openClient(server, 'EIO 4', 'upgrade');
    const polling = await rawPolling(server);
    client.send('one', 'two');
    await client.received(2);
    await polling.send('4three');
    await ask(server, 'EIO=4&transport=abc');
    await ask(server, `${POLL4}&sid=nobody`);
    const m = await server.metrics();
    assert.deepEqual([m.sessions, m.sessions_polling_now, m.sessions_websocket_now], [2, 1, 1]);
    assert.deepEqual([m.upgrades, m.upgrades_done], [1, 1]);
    assert.deepEqual([m.messages_in, m.messages_out, m.messages_dropped], [3, 3, 0]);
    assert.deepEqual(m.refused, [1, 1, 0, 0, 0, 0]);
    assert.ok(m.packets_in >= 3 && m.packets_out >= 5 && m.packets_out > m.messages_out);
    assert.ok(m.bytes_in > 500 && m.bytes_out > 500);
    assert.ok(m.connections >= 6 && m.connections_now >= 2 && m.http_requests >= 6);
    assert.deepEqual(m.closes, {});
    client.socket.close();
    await server.entry({ what: 'close' });
    await server.close(polling.sid, 'discard');
    const after = await server.metrics();
    assert.deepEqual(after.closes, { 'transport close': 1, 'forced close': 1 });
    assert.deepEqual([after.sessions, after.sessions_polling_now, after.sessions_websocket_now], [2, 0, 0]);
    await server.stop();
    assert.equal(server.finalReport().metrics.connections_now, 0);
  });

  check('what is not HTTP is counted', async (t) => {
    const server = await startEngine(t, { maxSessions: 1 });
    const tcp = await rawTcp(server);
    await tcp.write('GARBAGE\r\n\r\n');
    await tcp.end();
    await rawPolling(server);
    assert.equal((await ask(server, POLL4)).status, 503);
    const m = await server.metrics();
    assert.equal(m.http_errors, 1);
    assert.equal(m.sessions_refused, 1);
  });
});
