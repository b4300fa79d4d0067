// SPDX-License-Identifier: MIT
// Requests that are refused, and requests that are for somebody else.
'use strict';

const assert = require('node:assert/strict');
const { check, client, connect, settle, suite } = require('./lib/client');
const { answer, rawPolling, request } = require('./lib/polling');
const { startServer } = require('./lib/server');
const { handshake, head, rawTcp } = require('./lib/tcp');
const { ENGINE, probe, rawWebSocket } = require('./lib/websocket');
const { event } = require('./lib/wait');

const TEXTS = [
  'Transport unknown', 'Session ID unknown', 'Bad handshake method',
  'Bad request', 'Forbidden', 'Unsupported protocol version',
];

function body(code) {
  return JSON.stringify({ code, message: TEXTS[code] });
}

async function assertRefused(server, query, code, options) {
  const response = await request(server, query, options);
  const what = `${options?.method || 'GET'} ${query}`;
  assert.equal(response.status, 400, what);
  assert.equal(response.headers.get('content-type'), 'application/json', what);
  assert.equal(response.headers.get('set-cookie'), null, what);
  assert.equal(await response.text(), body(code), what);
}

// The raw answer to a WebSocket handshake that is refused.
async function refusal(server, query, headers) {
  const tcp = await rawTcp(server);
  await tcp.write(handshake(query, headers));
  return tcp.end();
}

suite('verification', () => {
  check('unknown transports are refused, whatever they are called', async (t) => {
    const server = await startServer(t);
    for (const name of ['abc', 'constructor', '__proto__', '', 'Polling', 'webtransport', 'polling%00']) {
      await assertRefused(server, `EIO=4&transport=${name}`, 0);
      assert.match(await refusal(server, `EIO=4&transport=${name}`), /^HTTP\/1\.1 400 /);
    }
    await assertRefused(server, 'EIO=4', 0);
    await assertRefused(server, '', 0);
  });

  check('unknown sessions are refused, whatever they are called', async (t) => {
    const server = await startServer(t);
    const names = ['abc', '__proto__', 'constructor', 'x'.repeat(3000), '%00', '%F0%9F', '%zz'];
    for (const sid of names) {
      await assertRefused(server, `EIO=4&transport=polling&sid=${sid}`, 1);
      await assertRefused(server, `EIO=4&transport=polling&sid=${sid}`, 1, { method: 'POST', body: '40' });
      assert.match(await refusal(server, `${ENGINE}&sid=${sid}`), /^HTTP\/1\.1 400 /);
    }
  });

  check('a handshake must be a GET', async (t) => {
    const server = await startServer(t);
    for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS']) {
      await assertRefused(server, 'EIO=4&transport=polling', 2, { method });
    }
    const { status } = await request(server, 'EIO=4&transport=polling', { method: 'HEAD' });
    assert.equal(status, 400);
  });

  check('a websocket transport needs a websocket', async (t) => {
    const server = await startServer(t);
    await assertRefused(server, ENGINE, 3);
    const polling = await rawPolling(server);
    await assertRefused(server, `${ENGINE}&sid=${polling.sid}`, 3);
    await polling.send('40');
    assert.match(await polling.next(), /^40/);
    const socket = rawWebSocket(server);
    const { sid } = JSON.parse((await socket.next()).slice(1));
    await assertRefused(server, `${ENGINE}&sid=${sid}`, 3);
    await assertRefused(server, `EIO=4&transport=polling&sid=${sid}`, 3);
  });

  check('a websocket must not call itself polling', async (t) => {
    const server = await startServer(t);
    assert.match(await refusal(server, 'EIO=4&transport=polling'), /^HTTP\/1\.1 400 /);
    const { sid } = await rawPolling(server);
    assert.match(await refusal(server, `EIO=4&transport=polling&sid=${sid}`), /^HTTP\/1\.1 400 /);
  });

  check('another protocol version is refused', async (t) => {
    const server = await startServer(t);
    for (const version of ['EIO=3&', 'EIO=5&', 'EIO=&', 'EIO=4&EIO=3&', 'EIO=04&', '']) {
      await assertRefused(server, `${version}transport=polling`, 5);
      assert.match(await refusal(server, `${version}transport=websocket`), /^HTTP\/1\.1 400 /);
    }
  });

  check('of duplicate parameters the last one counts', async (t) => {
    const server = await startServer(t);
    const { status } = await request(server, 'EIO=3&transport=abc&EIO=4&transport=poll%69ng&sid=');
    assert.equal(status, 200);
  });

  check('an upgrade with another protocol version is refused', async (t) => {
    const server = await startServer(t);
    const polling = await rawPolling(server);
    const query = `EIO=3&transport=websocket&sid=${polling.sid}`;
    assert.match(await refusal(server, query), /^HTTP\/1\.1 400 /);
    await polling.send('40');
    assert.match(await polling.next(), /^40/);
  });

  check('other methods do not hurt a session', async (t) => {
    const server = await startServer(t);
    const polling = await rawPolling(server);
    for (const method of ['PUT', 'DELETE', 'OPTIONS', 'HEAD']) {
      const { status } = await request(server, polling.query, { method });
      assert.ok(status >= 400 && status < 500, `${method} ${status}`);
    }
    await polling.send('40');
    assert.match(await polling.next(), /^40/);
  });

  check('a refused websocket handshake is answered in plain text', async (t) => {
    const server = await startServer(t);
    const text = await refusal(server, 'EIO=4&transport=abc');
    assert.match(text, /^HTTP\/1\.1 400 Bad Request\r\n/);
    assert.match(text, /\r\nConnection: close\r\n/i);
    assert.match(text, /\r\nContent-Type: text\/html\r\n/i);
    assert.match(text, /\r\n\r\nTransport unknown$/);
  });

  check('an invalid websocket handshake is refused with its reason', async (t) => {
    const server = await startServer(t);
    for (const name of ['Sec-WebSocket-Key', 'Sec-WebSocket-Version']) {
      const text = await refusal(server, ENGINE, { [name]: '12' });
      assert.match(text, /^HTTP\/1\.1 400 /);
      assert.ok(text.endsWith(`\r\n\r\nMissing or invalid ${name} header`), text);
      if (name.endsWith('Version')) assert.match(text, /\r\nSec-WebSocket-Version: 13/i);
    }
  });

  check('an upgrade to another protocol is served as a plain request', async (t) => {
    const server = await startServer(t);
    const tcp = await rawTcp(server);
    const target = '/socket.io/?EIO=4&transport=polling';
    await tcp.write(head('GET', target, { Connection: 'Upgrade', Upgrade: 'h2c' }));
    await tcp.until(/^HTTP\/1\.1 200 [^]*\r\n\r\n0\{"sid"/);
  });

  check('the first subprotocol is chosen and extensions are declined', async (t) => {
    const server = await startServer(t);
    const tcp = await rawTcp(server);
    await tcp.write(handshake(ENGINE, {
      'Sec-WebSocket-Protocol': 'chat, other',
      'Sec-WebSocket-Extensions': 'permessage-deflate; client_max_window_bits',
    }));
    const text = await tcp.until(/\{"sid"/);
    assert.match(text, /^HTTP\/1\.1 101 /);
    assert.match(text, /\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK\+xOo=\r\n/i);
    assert.match(text, /\r\nSec-WebSocket-Protocol: chat\r\n/i);
    assert.doesNotMatch(text, /Sec-WebSocket-Extensions/i);
  });
});

suite('paths', () => {
  check('requests outside the path reach the host', async (t) => {
    const server = await startServer(t);
    const hello = await fetch(`${server.url}/hello`);
    assert.deepEqual([hello.status, await hello.text()], [200, 'hello']);
    assert.equal(hello.headers.get('x-test'), 'yes');
    assert.equal(hello.headers.get('content-length'), '5');
    const data = 'x'.repeat(300000);
    const echoed = await fetch(`${server.url}/echo`, { method: 'POST', body: data });
    assert.equal(await echoed.text(), data);
    const query = '?EIO=4&transport=polling';
    for (const path of ['/', `/socket.io${query}`, `/socket.iox/${query}`, '/other']) {
      assert.equal((await fetch(server.url + path)).status, 404, path);
    }
  });

  check('any suffix below the path belongs to Socket.IO', async (t) => {
    const server = await startServer(t);
    const response = await fetch(`${server.url}/socket.io/default/?EIO=4&transport=polling`);
    assert.equal(response.status, 200);
    assert.match(await response.text(), /^0\{"sid"/);
  });

  check('an upgrade outside the path ends', async (t) => {
    const server = await startServer(t);
    const tcp = await rawTcp(server);
    await tcp.write(head('GET', '/elsewhere', {
      Connection: 'Upgrade',
      Upgrade: 'websocket',
      'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==',
      'Sec-WebSocket-Version': '13',
    }));
    const text = await Promise.race([tcp.end(), tcp.until(/\r\n\r\n/)]);
    assert.doesNotMatch(text, /^HTTP\/1\.1 [12]/);
  });
});

suite('transports that are switched off', () => {
  check('websocket only', async (t) => {
    const server = await startServer(t, { transports: 'websocket' });
    await settle(await connect(server, 'websocket only'));
    await assertRefused(server, 'EIO=4&transport=polling', 0);
    await event(client(server, 'polling only'), 'connect_error');
  });

  check('polling only', async (t) => {
    const server = await startServer(t, { transports: 'polling' });
    const polling = await rawPolling(server);
    assert.deepEqual(polling.open.upgrades, []);
    await settle(await connect(server, 'polling only'));
    await assertRefused(server, ENGINE, 0);
    await rawWebSocket(server).end();
    await rawWebSocket(server, `${ENGINE}&sid=${polling.sid}`).end();
    await polling.send('40');
    assert.match(await polling.next(), /^40/);
  });

  check('upgrades', async (t) => {
    const server = await startServer(t, { noUpgrades: true });
    const polling = await rawPolling(server);
    assert.deepEqual(polling.open.upgrades, []);
    await settle(await connect(server, 'websocket only'));
    const socket = client(server, 'upgrade');
    await event(socket, 'connect');
    await settle(socket);
    assert.equal(socket.io.engine.transport.name, 'polling');
    await assert.rejects(probe(server, polling.sid).then((ws) => ws.next()));
    await polling.send('40');
    assert.match(await polling.next(), /^40/);
  });
});
