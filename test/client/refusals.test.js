// SPDX-License-Identifier: MIT
// Every request that is refused, as bytes: by a raw socket and by curl.
'use strict';

const assert = require('node:assert/strict');
const { execFile } = require('node:child_process');
const { promisify } = require('node:util');
const { check, suite } = require('./lib/client');
const { POLL4, ask, sidOf } = require('./lib/http');
const { startEngine } = require('./lib/server');
const { frame, handshake, head, rawTcp } = require('./lib/tcp');
const { ENGINE, rawWebSocket } = require('./lib/websocket');
const { sleep } = require('./lib/wait');

const run = promisify(execFile);
const MESSAGES = [
  'Transport unknown', 'Session ID unknown', 'Bad handshake method',
  'Bad request', 'Forbidden', 'Unsupported protocol version',
];
const STATUS = {
  400: 'Bad Request',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  408: 'Request Timeout',
  413: 'Payload Too Large',
  431: 'Request Header Fields Too Large',
  503: 'Service Unavailable',
};

// An answer taken apart; header names in lower case, sorted.
function parse(text) {
  const split = text.indexOf('\r\n\r\n');
  const [status, ...lines] = text.slice(0, split).split('\r\n');
  const headers = lines.map((line) => {
    const colon = line.indexOf(': ');
    return [line.slice(0, colon).toLowerCase(), line.slice(colon + 2)];
  });
  return { status, headers: Object.fromEntries(headers.sort()), body: text.slice(split + 4) };
}

// The whole answer to a plain request that is refused with a code.
function refusal(code, status = 400, message = MESSAGES[code]) {
  const body = JSON.stringify({ code, message });
  return {
    status: `HTTP/1.1 ${status} ${STATUS[status]}`,
    headers: { 'content-length': String(Buffer.byteLength(body)), 'content-type': 'application/json' },
    body,
  };
}

// The bytes that a refused websocket handshake is answered with.
function plain(message, status = 400) {
  return {
    status: `HTTP/1.1 ${status} ${STATUS[status]}`,
    headers: {
      connection: 'close', 'content-length': String(message.length), 'content-type': 'text/html',
    },
    body: message,
  };
}

// An answer without a body.
function empty(status, headers = {}) {
  return {
    status: `HTTP/1.1 ${status} ${STATUS[status]}`,
    headers: { ...headers, 'content-length': '0' },
    body: '',
  };
}

async function exchange(server, bytes) {
  const tcp = await rawTcp(server);
  await tcp.write(bytes);
  return parse(await tcp.end());
}

// The answer to a request on a connection that the client asks to be closed.
async function refused(server, method, query, headers = {}, body = '') {
  const length = method === 'GET' || method === 'HEAD' ? {} : { 'Content-Length': Buffer.byteLength(body) };
  const target = `${server.path}?${query}`;
  const all = { Connection: 'close', ...length, ...headers };
  const answer = await exchange(server, head(method, target, all) + body);
  assert.equal(answer.headers.connection, 'close');
  delete answer.headers.connection;
  return answer;
}

async function curl(server, method, query, headers = {}) {
  const args = ['-s', '-i', '--max-time', '5', '--http1.1'];
  if (method === 'HEAD') args.push('-I');
  else args.push('-X', method);
  for (const [name, value] of Object.entries(headers)) args.push('-H', `${name}: ${value}`);
  if (method === 'POST') args.push('--data-binary', '4hello');
  args.push(`${server.url}${server.path}?${query}`);
  const { stdout } = await run('curl', args, { timeout: 8000 });
  const answer = parse(stdout);
  delete answer.headers.connection; // "close" or nothing, as the body allows
  return answer;
}

suite('plain requests that are refused', () => {
  const METHODS = ['POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS'];

  check('each code, its status and its body', async (t) => {
    const server = await startEngine(t);
    const websocket = rawWebSocket(server);
    const ws = JSON.parse((await websocket.next()).slice(1)).sid;
    const polling = sidOf((await ask(server, POLL4)).body);
    const table = [
      [0, 'GET', ''], [0, 'GET', 'EIO=4'], [0, 'GET', 'EIO=4&transport='], [0, 'GET', 'EIO=4&transport=abc'],
      [0, 'GET', 'EIO=4&transport=constructor'], [0, 'GET', 'EIO=4&transport=__proto__'],
      [0, 'GET', 'EIO=4&transport=webtransport'], [0, 'POST', 'EIO=4&transport=abc'],
      [1, 'GET', `${POLL4}&sid=abc`], [1, 'POST', `${POLL4}&sid=__proto__`], [1, 'GET', `${POLL4}&sid=constructor`],
      [1, 'GET', `${ENGINE}&sid=abc`],
      ...METHODS.map((method) => [2, method, POLL4]), [2, 'POST', ENGINE],
      [3, 'GET', ENGINE], [3, 'GET', `${ENGINE}&sid=${polling}`], [3, 'GET', `${ENGINE}&sid=${ws}`],
      [3, 'GET', `${POLL4}&sid=${ws}`], [3, 'POST', `${POLL4}&sid=${ws}`],
      [5, 'GET', 'transport=polling'], [5, 'GET', 'EIO=3&transport=polling'], [5, 'GET', 'EIO=44&transport=polling'],
    ];
    for (const [code, method, query] of table) {
      assert.deepEqual(await refused(server, method, query), refusal(code), `${method} ${query}`);
      assert.deepEqual(await curl(server, method, query), refusal(code), `curl ${method} ${query}`);
    }
    const counts = (await server.metrics()).refused;
    assert.deepEqual(counts, [0, 1, 2, 3, 4, 5].map((code) => 2 * table.filter((row) => row[0] === code).length));
    assert.equal((await ask(server, `${POLL4}&sid=${polling}`, { method: 'POST', body: '4alive' })).status, 200);
    websocket.send('4alive');
    assert.equal(await websocket.next(), '4alive');
  });

  check('the host is told more', async (t) => {
    const server = await startEngine(t);
    const ws = JSON.parse((await rawWebSocket(server).next()).slice(1)).sid;
    const table = [
      ['GET', 'EIO=4', 0, {}],
      ['GET', 'EIO=4&transport=__proto__', 0, { transport: '__proto__' }],
      ['GET', `${POLL4}&sid=nobody`, 1, { sid: 'nobody' }],
      ['PUT', POLL4, 2, { method: 'PUT' }],
      ['GET', ENGINE, 3, { name: 'TRANSPORT_HANDSHAKE_ERROR' }],
      ['GET', `${POLL4}&sid=${ws}`, 3, {
        name: 'TRANSPORT_MISMATCH', transport: 'polling', previousTransport: 'websocket',
      }],
      ['GET', 'transport=polling', 5, { protocol: '3' }],
    ];
    for (const [method, query] of table) await refused(server, method, query);
    const entries = (await server.entries('refused')).map((e) => [e.code, e.message, e.context]);
    assert.deepEqual(entries, table.map(([, , code, context]) => [code, MESSAGES[code], context]));
  });

  check('the first failure counts', async (t) => {
    const server = await startEngine(t, { handshake: true });
    const table = [
      [0, 'PUT', 'EIO=3&transport=abc&sid=nobody'], [1, 'PUT', 'EIO=3&transport=polling&sid=nobody'],
      [2, 'PUT', 'EIO=3&transport=websocket'], [3, 'GET', 'EIO=3&transport=websocket&handshake=refuse'],
    ];
    for (const [code, method, query] of table) {
      assert.deepEqual(await refused(server, method, query), refusal(code), `${method} ${query}`);
    }
    assert.deepEqual(await refused(server, 'GET', `EIO=3&transport=polling&handshake=refuse`), refusal(4, 403));
    assert.equal((await server.entries('handshake')).length, 1);
  });

  check('HEAD has no body', async (t) => {
    const server = await startEngine(t);
    const want = { ...refusal(2), body: '' };
    assert.deepEqual(await refused(server, 'HEAD', POLL4), want);
    assert.deepEqual(await curl(server, 'HEAD', POLL4), want);
  });

  check('the host may forbid', async (t) => {
    const server = await startEngine(t, { handshake: true });
    assert.deepEqual(await refused(server, 'GET', `${POLL4}&handshake=refuse`), refusal(4, 403));
    assert.deepEqual(await curl(server, 'GET', `${POLL4}&handshake=refuse&message=no`), refusal(4, 403, 'no'));
  });

  check('an origin that is none', async (t) => {
    const server = await startEngine(t);
    for (const origin of ['http://a\x01b', 'http://a\x7fb', '\x00']) {
      const tcp = await rawTcp(server);
      await tcp.write(Buffer.from(head('GET', `${server.path}?${POLL4}`, { Origin: origin }), 'latin1'));
      assert.match(await tcp.until(/\r\n\r\n/), /^HTTP\/1\.1 400 /, JSON.stringify(origin));
    }
    const fine = await ask(server, POLL4, { headers: { Origin: 'http://\xe4\xff \t~' } });
    assert.equal(fine.status, 200);
    assert.equal((await server.snapshot()).sessions, 1);
  });

  check('more sessions than there may be', async (t) => {
    const server = await startEngine(t, { maxSessions: 1 });
    await ask(server, POLL4);
    const answer = await refused(server, 'GET', POLL4);
    assert.equal(answer.status, 'HTTP/1.1 503 Service Unavailable');
    assert.equal(answer.headers['retry-after'], '5');
    const tcp = await rawTcp(server);
    await tcp.write(handshake(ENGINE, {}, server.path));
    assert.match(await tcp.end(), /^HTTP\/1\.1 503 Service Unavailable\r\n/);
  });
});

suite('requests of a session that are refused', () => {
  // A session and a query for it.
  async function session(server) {
    return `${POLL4}&sid=${sidOf((await ask(server, POLL4)).body)}`;
  }

  check('a second poll', async (t) => {
    const server = await startEngine(t);
    const query = await session(server);
    const first = await rawTcp(server);
    await first.write(head('GET', `${server.path}?${query}`));
    await server.caughtUp();
    assert.deepEqual(await refused(server, 'GET', query), empty(400));
    await first.until(/^HTTP\/1\.1 200 OK\r\n[^]*\r\n\r\n1$/);
    const { reason, cause } = await server.entry({ what: 'close' });
    assert.deepEqual([reason, cause], ['transport error', 'overlap from client']);
    assert.deepEqual(await refused(server, 'GET', query), refusal(1));
  });

  check('a second post', async (t) => {
    const server = await startEngine(t);
    const query = await session(server);
    const first = await rawTcp(server);
    await first.write(`${head('POST', `${server.path}?${query}`, { 'Content-Length': 10 })}4`);
    await server.caughtUp();
    assert.deepEqual(await refused(server, 'POST', query, {}, '4a'), empty(400));
    assert.equal(await first.end(), '');
    assert.equal((await server.entry({ what: 'close' })).cause, 'data request overlap from client');
  });

  check('what cannot be decoded', async (t) => {
    const server = await startEngine(t);
    for (const body of ['abc', '', '4a\x1e', '\x1e4a', '4a\x1e\x1e4b', '\ufeff4a', '7', 'b!', 'bAQ*D', '2', '2probe']) {
      const query = await session(server);
      assert.deepEqual(await refused(server, 'POST', query, {}, body), empty(400), JSON.stringify(body));
      assert.deepEqual(await refused(server, 'GET', query), refusal(1));
    }
  });

  check('what comes before it is delivered, what comes behind is not', async (t) => {
    const server = await startEngine(t);
    const query = await session(server);
    assert.deepEqual(await refused(server, 'POST', query, {}, '4a\x1e4bb\x1exyz\x1e4dddd'), empty(400));
    assert.deepEqual((await server.entries('message')).map((e) => e.length), [1, 2]);
  });

  check('a body that is too large, told or not, and the session goes on', async (t) => {
    const server = await startEngine(t, { maxPayload: 1000 });
    const query = await session(server);
    const target = `${server.path}?${query}`;
    const told = await exchange(server, head('POST', target, { 'Content-Length': 1001 }));
    assert.deepEqual(told, { ...empty(413), headers: { connection: 'close', 'content-length': '0' } });
    const chunk = `${(1001).toString(16)}\r\n${'x'.repeat(1001)}\r\n`;
    const chunked = await exchange(server, head('POST', target, { 'Transfer-Encoding': 'chunked' }) + chunk);
    assert.deepEqual(chunked, told);
    assert.equal((await ask(server, query, { method: 'POST', body: '4alive' })).status, 200);
    assert.equal((await ask(server, query)).body.toString(), '4alive');
  });

  check('bytes where there is only text, without waiting for them', async (t) => {
    const server = await startEngine(t);
    const query = await session(server);
    const headers = { 'Content-Type': 'application/octet-stream', 'Content-Length': 100 };
    const answer = await exchange(server, head('POST', `${server.path}?${query}`, headers));
    assert.deepEqual(answer, { ...empty(400), headers: { connection: 'close', 'content-length': '0' } });
    assert.equal((await server.entry({ what: 'close' })).cause, 'invalid content');
    const other = await session(server);
    for (const type of ['Application/Octet-Stream', 'application/octet-stream; x=y', 'text/html']) {
      const fine = await ask(server, other, { method: 'POST', body: '4a', headers: { 'Content-Type': type } });
      assert.equal(fine.status, 200, type);
    }
  });

  check('other methods, and the session goes on', async (t) => {
    const server = await startEngine(t);
    const query = await session(server);
    for (const method of ['PUT', 'DELETE', 'PATCH', 'OPTIONS', 'HEAD']) {
      const { status, body } = await refused(server, method, query);
      assert.match(status, /^HTTP\/1\.1 40[05] /, method);
      assert.equal(body, '');
    }
    assert.equal((await ask(server, query, { method: 'POST', body: '4alive' })).status, 200);
    assert.equal((await server.entries('close')).length, 0);
  });
});

suite('websocket handshakes that are refused', () => {
  // The answer, and that the connection ends.
  function upgradeRefused(server, query, headers) {
    return exchange(server, handshake(query, headers, server.path));
  }

  check('each code', async (t) => {
    const server = await startEngine(t, { handshake: true });
    const websocket = rawWebSocket(server);
    const ws = JSON.parse((await websocket.next()).slice(1)).sid;
    const polling = sidOf((await ask(server, POLL4)).body);
    const table = [
      [0, ''], [0, 'EIO=4'], [0, 'EIO=4&transport=abc'], [0, 'EIO=4&transport=__proto__'],
      [0, 'EIO=4&transport=constructor'], [1, `${ENGINE}&sid=abc`], [1, `${ENGINE}&sid=__proto__`],
      [3, POLL4], [3, `${POLL4}&sid=${polling}`], [3, `EIO=3&transport=websocket&sid=${polling}`],
      [4, `${ENGINE}&handshake=refuse`], [5, 'transport=websocket'], [5, 'EIO=3&transport=websocket'],
    ];
    for (const [code, query] of table) {
      assert.deepEqual(await upgradeRefused(server, query), plain(MESSAGES[code]), query);
    }
    websocket.send('4alive');
    assert.equal(await websocket.next(), '4alive');
    assert.equal((await ask(server, `${POLL4}&sid=${polling}`, { method: 'POST', body: '4a' })).status, 200);
    assert.ok(ws);
  });

  check('what is wrong with the handshake itself', async (t) => {
    const server = await startEngine(t);
    const sid = sidOf((await ask(server, POLL4)).body);
    const key = 'Missing or invalid Sec-WebSocket-Key header';
    const version = 'Missing or invalid Sec-WebSocket-Version header';
    const table = [
      [{ 'Sec-WebSocket-Key': 'abc' }, key], [{ 'Sec-WebSocket-Key': '' }, key],
      [{ 'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ=' }, key],
      [{ 'Sec-WebSocket-Version': '12' }, version], [{ 'Sec-WebSocket-Version': '' }, version],
      [{ 'Sec-WebSocket-Protocol': 'a,,b' }, 'Invalid Sec-WebSocket-Protocol header'],
      [{ 'Sec-WebSocket-Protocol': 'a,a' }, 'Invalid Sec-WebSocket-Protocol header'],
      [{ 'Sec-WebSocket-Protocol': 'a b' }, 'Invalid Sec-WebSocket-Protocol header'],
    ];
    for (const query of [ENGINE, `${ENGINE}&sid=${sid}`]) {
      for (const [headers, message] of table) {
        const answer = await upgradeRefused(server, query, headers);
        if (message === version) {
          assert.match(answer.headers['sec-websocket-version'], /^13/);
          delete answer.headers['sec-websocket-version'];
        }
        assert.deepEqual(answer, plain(message), JSON.stringify(headers));
      }
    }
    assert.equal((await server.snapshot()).sessions, 1);
    assert.equal((await server.entries('refused')).length, 0);
    assert.equal((await ask(server, `${POLL4}&sid=${sid}`, { method: 'POST', body: '4alive' })).status, 200);
  });

  check('a post that wants to upgrade a session', async (t) => {
    const server = await startEngine(t);
    const sid = sidOf((await ask(server, POLL4)).body);
    const text = handshake(`${ENGINE}&sid=${sid}`, { 'Content-Length': 0 }, server.path).replace(/^GET/, 'POST');
    const answer = await exchange(server, text);
    assert.match(answer.status, /^HTTP\/1\.1 40[05] /);
    assert.equal((await ask(server, `${POLL4}&sid=${sid}`, { method: 'POST', body: '4alive' })).status, 200);
  });

  check('garbage right behind a refused or an accepted handshake', async (t) => {
    const server = await startEngine(t);
    const sid = sidOf((await ask(server, POLL4)).body);
    for (const query of ['EIO=4&transport=abc', ENGINE, `${ENGINE}&sid=${sid}`]) {
      for (const garbage of [Buffer.alloc(64, 0xff), frame(1, 'x', { rsv: 0x30 }), Buffer.from('GET / HTTP/1.1\r\n\r\n')]) {
        const tcp = await rawTcp(server);
        await tcp.write(Buffer.concat([Buffer.from(handshake(query, {}, server.path)), garbage]));
        assert.match(await tcp.end(), /^HTTP\/1\.1 (400|101) /);
      }
    }
    assert.equal((await ask(server, `${POLL4}&sid=${sid}`, { method: 'POST', body: '4alive' })).status, 200);
    assert.equal((await server.snapshot()).sessions, 1);
  });
});

suite('the exact bytes', () => {
  // What comes back for these bytes, all of it, until the connection ends.
  async function bytes(server, request) {
    const tcp = await rawTcp(server);
    await tcp.write(request);
    return tcp.end();
  }

  check('of every kind of refusal', async (t) => {
    const server = await startEngine(t, { handshake: true, maxPayload: 1000, maxHeaders: 20 });
    const hasty = await startEngine(t, { headerTimeout: 300, bodyTimeout: 100 });
    const query = `${POLL4}&sid=${sidOf((await ask(server, POLL4)).body)}`;
    const close = { Connection: 'close' };
    const get = (target) => head('GET', `/engine.io/?${target}`, close);
    const post = (length, more) => head('POST', `/engine.io/?${query}`, { 'Content-Length': length, ...more });
    const many = Object.fromEntries(Array.from({ length: 30 }, (_, i) => [`X-${i}`, 'y']));
    const plainly = 'HTTP/1.1 400 Bad Request\r\nContent-Type: application/json\r\n';
    const upgrade = 'HTTP/1.1 400 Bad Request\r\nContent-Type: text/html\r\n';
    const nothing = 'Content-Length: 0\r\nConnection: close\r\n\r\n';
    const table = [
      [get('EIO=4&transport=abc'),
        `${plainly}Content-Length: 40\r\nConnection: close\r\n\r\n{"code":0,"message":"Transport unknown"}`],
      [get(`${POLL4}&sid=abc`),
        `${plainly}Content-Length: 41\r\nConnection: close\r\n\r\n{"code":1,"message":"Session ID unknown"}`],
      [head('PUT', `/engine.io/?${POLL4}`, close),
        `${plainly}Content-Length: 43\r\nConnection: close\r\n\r\n{"code":2,"message":"Bad handshake method"}`],
      [get(ENGINE), `${plainly}Content-Length: 34\r\nConnection: close\r\n\r\n{"code":3,"message":"Bad request"}`],
      [get(`${POLL4}&handshake=refuse`), 'HTTP/1.1 403 Forbidden\r\nContent-Type: application/json\r\n'
        + 'Content-Length: 32\r\nConnection: close\r\n\r\n{"code":4,"message":"Forbidden"}'],
      [get('EIO=3&transport=polling'),
        `${plainly}Content-Length: 51\r\nConnection: close\r\n\r\n{"code":5,"message":"Unsupported protocol version"}`],
      [handshake('EIO=4&transport=abc', {}, server.path),
        `${upgrade}Content-Length: 17\r\nConnection: close\r\n\r\nTransport unknown`],
      [handshake(`${ENGINE}&sid=abc`, {}, server.path),
        `${upgrade}Content-Length: 18\r\nConnection: close\r\n\r\nSession ID unknown`],
      [handshake(POLL4, {}, server.path), `${upgrade}Content-Length: 11\r\nConnection: close\r\n\r\nBad request`],
      [handshake(`${ENGINE}&handshake=refuse`, {}, server.path),
        `${upgrade}Content-Length: 9\r\nConnection: close\r\n\r\nForbidden`],
      [handshake('EIO=3&transport=websocket', {}, server.path),
        `${upgrade}Content-Length: 28\r\nConnection: close\r\n\r\nUnsupported protocol version`],
      [handshake(ENGINE, { 'Sec-WebSocket-Key': 'x' }, server.path),
        `${upgrade}Content-Length: 43\r\nConnection: close\r\n\r\nMissing or invalid Sec-WebSocket-Key header`],
      [post(1001), `HTTP/1.1 413 Payload Too Large\r\n${nothing}`],
      [head('GET', '/', many), `HTTP/1.1 431 Request Header Fields Too Large\r\n${nothing}`],
      ['GARBAGE\r\n\r\n', `HTTP/1.1 400 Bad Request\r\n${nothing}`],
    ];
    for (const [request, want] of table) assert.equal(await bytes(server, request), want);
    for (const request of [head('POST', '/echo', { 'Content-Length': 5 }), 'GET /eng']) {
      assert.equal(await bytes(hasty, request), `HTTP/1.1 408 Request Timeout\r\n${nothing}`);
    }
  });
});

suite('upgrades that nobody handles', () => {
  // The host answers "late" after so many milliseconds.
  function elsewhere(delay) {
    return handshake(`delay=${delay}`, {}, '/late');
  }

  check('they end, whatever the client sends', async (t) => {
    const server = await startEngine(t, { unhandledUpgradeTimeout: 150 });
    for (const more of ['', 'some bytes', frame(1, '4hello')]) {
      const tcp = await rawTcp(server);
      await tcp.write(Buffer.concat([Buffer.from(elsewhere(1500)), Buffer.from(more)]));
      assert.equal(await tcp.end(1200), '');
    }
    const { causes, sessions } = await server.snapshot();
    assert.deepEqual([causes['nobody handles the upgrade request'], sessions], [3, 0]);
  });

  check('an answer of the host in time is sent', async (t) => {
    const server = await startEngine(t, { unhandledUpgradeTimeout: 5000 });
    const tcp = await rawTcp(server);
    await tcp.write(elsewhere(50));
    assert.match(await tcp.end(), /^HTTP\/1\.1 200 [^]*late$/);
    const other = await rawTcp(server);
    await other.write(handshake('', {}, '/elsewhere'));
    await other.until(/^HTTP\/1\.1 404 /);
  });

  check('sessions do not notice', async (t) => {
    const server = await startEngine(t, { unhandledUpgradeTimeout: 150 });
    const socket = rawWebSocket(server);
    await socket.next();
    const tcp = await rawTcp(server);
    await tcp.write(elsewhere(1500));
    tcp.reset();
    await sleep(200);
    socket.send('4alive');
    assert.equal(await socket.next(), '4alive');
  });
});

suite('what is no proper HTTP', () => {
  const TARGET = `/engine.io/?${POLL4}`;

  check('is refused, and the connection ends', async (t) => {
    const server = await startEngine(t);
    const post = (lines, body) => `POST ${TARGET} HTTP/1.1\r\nHost: x\r\n${lines}\r\n\r\n${body}`;
    const get = (lines) => `GET ${TARGET} HTTP/1.1\r\nHost: x\r\n${lines}\r\n\r\n`;
    const requests = {
      'both lengths': post('Content-Length: 5\r\nTransfer-Encoding: chunked', '0\r\n\r\n'),
      'both lengths, the other way round': post('Transfer-Encoding: chunked\r\nContent-Length: 5', '0\r\n\r\n'),
      'two lengths': post('Content-Length: 1\r\nContent-Length: 2', 'ab'),
      'two equal lengths': post('Content-Length: 1\r\nContent-Length: 1', 'a'),
      'a negative length': post('Content-Length: -1', ''),
      'a length with a plus': post('Content-Length: +1', 'a'),
      'a length too large': post('Content-Length: 99999999999999999999', ''),
      'a coding that is not chunked': post('Transfer-Encoding: gzip', 'abc'),
      'chunked, but not last': post('Transfer-Encoding: chunked, gzip', '0\r\n\r\n'),
      'chunked twice': post('Transfer-Encoding: chunked, chunked', '0\r\n\r\n'),
      'a space before the colon': get('Host2 : x'),
      'a folded line': get('X-A: b\r\n c'),
      'a line without a colon': get('nonsense'),
      'a bare CR': get('X-A: b\rX-B: c'),
      'a NUL': get('X-A: b\0c'),
      'a bare CR at the end': `GET ${TARGET} HTTP/1.1\r\nHost: x\r\n\rX`,
      'a chunk without a size': post('Transfer-Encoding: chunked', '\r\n\r\n'),
      'a chunk size that is none': post('Transfer-Encoding: chunked', '5x\r\nhello\r\n0\r\n\r\n'),
      'a chunk that is longer than it says': post('Transfer-Encoding: chunked', '2\r\nhello\r\n0\r\n\r\n'),
      'an endless chunk extension': post('Transfer-Encoding: chunked', `1;${'x'.repeat(20000)}\r\na\r\n0\r\n\r\n`),
      'another version': `GET ${TARGET} HTTP/3.7\r\n\r\n`,
      'TLS': Buffer.from('16030100c8010000c40303', 'hex').toString('latin1'),
    };
    const session = `${POLL4}&sid=${sidOf((await ask(server, POLL4)).body)}`;
    for (const [what, request] of Object.entries(requests)) {
      const tcp = await rawTcp(server);
      const text = request.startsWith('POST') ? request.replace(TARGET, `/engine.io/?${session}`) : request;
      await tcp.write(Buffer.from(text, 'latin1'));
      assert.match(await tcp.end(), /^HTTP\/1\.1 (400|413|431|501|505) [^]*\r\nConnection: close\r\n/i, what);
    }
    assert.ok((await server.metrics()).http_errors >= 15);
    assert.equal((await server.entries('message')).length, 0);
  });

  check('a head that is too large', async (t) => {
    const server = await startEngine(t, { maxHeaderBytes: 1000 });
    const answer = await exchange(server, head('GET', TARGET, { 'X-Big': 'x'.repeat(2000) }));
    assert.equal(answer.status, `HTTP/1.1 431 ${STATUS[431]}`);
    assert.equal(answer.headers.connection, 'close');
    assert.equal((await server.snapshot()).causes['the request header is too large'], 1);
  });

  check('more headers than there may be, the last of them being Upgrade', async (t) => {
    const server = await startEngine(t, { maxHeaders: 10 });
    const request = (n) => {
      const more = Array.from({ length: n - 5 }, (_, i) => `X-${i}: y\r\n`).join('');
      return `GET /engine.io/?${ENGINE} HTTP/1.1\r\nHost: x\r\n${more}Connection: Upgrade\r\n`
        + 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\nUpgrade: websocket\r\n\r\n';
    };
    for (const [n, status] of [[9, 101], [10, 101], [11, 431]]) {
      const tcp = await rawTcp(server);
      await tcp.write(request(n));
      assert.match(await tcp.until(/\r\n\r\n/), new RegExp(`^HTTP/1\\.1 ${status} `), String(n));
    }
    assert.equal((await server.snapshot()).causes['too many request headers'], 1);
  });

  check('a head that takes too long', async (t) => {
    const server = await startEngine(t, { headerTimeout: 150 });
    const answer = await exchange(server, 'GET /engine.io/ HTT');
    assert.equal(answer.status, 'HTTP/1.1 408 Request Timeout');
    const { causes } = await server.snapshot();
    assert.equal(causes['the request header took too long'], 1);
  });

  check('a body that takes too long, and the session ends', async (t) => {
    const server = await startEngine(t, { bodyTimeout: 150 });
    const query = `${POLL4}&sid=${sidOf((await ask(server, POLL4)).body)}`;
    const request = `${head('POST', `/engine.io/?${query}`, { 'Content-Length': 10 })}4a`;
    const answer = await exchange(server, request);
    assert.equal(answer.status, 'HTTP/1.1 408 Request Timeout');
    assert.equal((await server.snapshot()).causes['the request body took too long'], 1);
  });

  check('a connection without a further request', async (t) => {
    const server = await startEngine(t, { keepAliveTimeout: 150 });
    const tcp = await rawTcp(server);
    const begin = Date.now();
    await tcp.write(head('GET', '/hello'));
    assert.match(await tcp.end(), /hello$/);
    assert.ok(Date.now() - begin >= 140);
  });

  check('too many requests at once', async (t) => {
    const server = await startEngine(t, { maxPipelined: 3 });
    const tcp = await rawTcp(server);
    await tcp.write(head('GET', '/late').repeat(10));
    await tcp.end();
    assert.equal((await server.snapshot()).causes['too many pipelined requests'], 1);
  });
});
