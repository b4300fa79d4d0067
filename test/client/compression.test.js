// SPDX-License-Identifier: MIT
// Compression of HTTP answers, and permessage-deflate (RFC 7692).
'use strict';

const assert = require('node:assert/strict');
const zlib = require('node:zlib');
const { Fetch, NodeWebSocket, Socket } = require('engine.io-client');
const { check, suite } = require('./lib/client');
const { POLL4, ask, sidOf } = require('./lib/http');
const { startEngine } = require('./lib/server');
const { frame, handshake, rawTcp } = require('./lib/tcp');
const { ENGINE, rawWebSocket } = require('./lib/websocket');
const { event, sleep, until } = require('./lib/wait');

const UNPACK = {
  gzip: zlib.gunzipSync, deflate: zlib.inflateSync, undefined: (data) => data,
};

// A polling session whose next poll gets a message of `length` - 1 bytes.
async function waitingMessage(server, length, query = {}) {
  const sid = sidOf((await ask(server, POLL4)).body);
  const text = 'x'.repeat(length - 1);
  await server.send(sid, text, query);
  return { sid, payload: `4${text}` };
}

// How a payload of so many bytes is answered.
async function encodingOf(server, length, accept, query) {
  const { sid, payload } = await waitingMessage(server, length, query);
  const headers = accept === undefined ? {} : { 'Accept-Encoding': accept };
  const answer = await ask(server, `${POLL4}&sid=${sid}`, { headers });
  const encoding = answer.headers['content-encoding'];
  assert.equal(answer.status, 200);
  assert.equal(Number(answer.headers['content-length']), answer.body.length);
  assert.equal(UNPACK[encoding](answer.body).toString(), payload);
  if (encoding) assert.ok(answer.body.length < length);
  return encoding;
}

suite('compression of answers', () => {
  check('from 1024 bytes on', async (t) => {
    const server = await startEngine(t);
    assert.equal(await encodingOf(server, 1023, 'gzip'), undefined);
    assert.equal(await encodingOf(server, 1024, 'gzip'), 'gzip');
    assert.equal(await encodingOf(server, 100000, 'gzip'), 'gzip');
  });

  check('what the client takes best, then gzip', async (t) => {
    const server = await startEngine(t);
    const table = [
      ['gzip, deflate', 'gzip'], ['deflate, gzip', 'gzip'], ['deflate', 'deflate'], ['*', 'gzip'],
      ['gzip;q=0, deflate;q=0.1', 'deflate'], ['gzip;q=0.5, deflate;q=0.8', 'deflate'],
      ['br, gzip;q=0.001', 'gzip'], ['GZIP', 'gzip'], ['gzip;q=0, *', 'deflate'],
      ['br', undefined], ['identity', undefined], ['', undefined], [undefined, undefined],
      ['gzip;q=0', undefined], ['*;q=0', undefined], ['gzip;q=0, deflate;q=0', undefined],
    ];
    for (const [accept, want] of table) {
      assert.equal(await encodingOf(server, 2000, accept), want, String(accept));
    }
  });

  check('another threshold', async (t) => {
    const server = await startEngine(t, { httpCompressionThreshold: 50, httpCompressionLevel: 9 });
    assert.equal(await encodingOf(server, 49, 'gzip'), undefined);
    assert.equal(await encodingOf(server, 50, 'gzip'), 'gzip');
  });

  check('off', async (t) => {
    const server = await startEngine(t, { noHttpCompression: true });
    assert.equal(await encodingOf(server, 100000, 'gzip, deflate'), undefined);
  });

  check('not if no message is worth it', async (t) => {
    const server = await startEngine(t);
    assert.equal(await encodingOf(server, 5000, 'gzip', { flags: 2 }), undefined);
    const { sid } = await waitingMessage(server, 5000, { flags: 2 });
    await server.send(sid, 'worth it');
    const answer = await ask(server, `${POLL4}&sid=${sid}`, { headers: { 'Accept-Encoding': 'gzip' } });
    assert.equal(answer.headers['content-encoding'], 'gzip');
  });

  check('only polls are compressed', async (t) => {
    const server = await startEngine(t, { httpCompressionThreshold: 1 });
    const headers = { 'Accept-Encoding': 'gzip' };
    const sid = sidOf((await ask(server, POLL4)).body);
    const query = `${POLL4}&sid=${sid}`;
    const answers = [
      await ask(server, query, { method: 'POST', body: '4a', headers }),
      await ask(server, 'EIO=4&transport=abc', { headers }),
      await ask(server, '/hello', { headers }),
      await ask(server, query, { method: 'POST', body: 'abc', headers }),
    ];
    for (const answer of answers) assert.equal(answer.headers['content-encoding'], undefined);
    assert.equal(answers[0].body.toString(), 'ok');
  });

  check('binary payloads of EIO 3 are compressed as well', async (t) => {
    const server = await startEngine(t, { allowEio3: true });
    const poll3 = 'EIO=3&transport=polling';
    const sid = sidOf((await ask(server, poll3)).body);
    await server.send(sid, Buffer.alloc(3000, 7), { flags: 1 });
    const answer = await ask(server, `${poll3}&sid=${sid}`, { headers: { 'Accept-Encoding': 'gzip' } });
    assert.equal(answer.headers['content-encoding'], 'gzip');
    assert.equal(answer.headers['content-type'], 'application/octet-stream');
    const length = [...'3001'].map(Number);
    const head = Buffer.from([1, ...length, 0xff, 4]);
    assert.deepEqual(zlib.gunzipSync(answer.body), Buffer.concat([head, Buffer.alloc(3000, 7)]));
  });

  check('the official client with fetch', async (t) => {
    const server = await startEngine(t, { perMessageDeflate: 1 });
    const socket = new Socket(server.url, { transports: [Fetch, NodeWebSocket] });
    server.own(socket, () => socket.close());
    const got = [];
    socket.on('message', (data) => got.push(data));
    await event(socket, 'open');
    const text = 'compress me '.repeat(5000);
    socket.send(text);
    await event(socket, 'upgrade');
    socket.send(text);
    await until(() => got.length === 2, 'two messages');
    assert.ok(got.every((data) => data === text));
    assert.ok((await server.metrics()).bytes_out < text.length);
  });
});

// What a websocket handshake with this offer is answered: the sorted
// parameters, or undefined if the extension is declined.
async function negotiate(server, offer) {
  const tcp = await rawTcp(server);
  await tcp.write(handshake(ENGINE, offer === undefined ? {} : { 'Sec-WebSocket-Extensions': offer }, server.path));
  const text = await tcp.until(/\r\n\r\n/);
  assert.match(text, /^HTTP\/1\.1 101 /, offer);
  const line = /\r\nSec-WebSocket-Extensions: ([^\r]*)\r\n/i.exec(text);
  if (line === null) return undefined;
  const [name, ...parameters] = line[1].split(/;\s*/);
  assert.equal(name, 'permessage-deflate');
  return parameters.sort();
}

const NO_CLIENT = 'client_no_context_takeover';
const NO_SERVER = 'server_no_context_takeover';

suite('permessage-deflate: negotiation', () => {
  check('it is off by default', async (t) => {
    const server = await startEngine(t);
    assert.equal(await negotiate(server, 'permessage-deflate; client_max_window_bits'), undefined);
  });

  check('without takeover, unless it is allowed', async (t) => {
    const server = await startEngine(t, { perMessageDeflate: 1 });
    assert.deepEqual(await negotiate(server, 'permessage-deflate'), [NO_CLIENT, NO_SERVER]);
    assert.equal(await negotiate(server, undefined), undefined);
    for (const [server1, client1, want] of [[1, 0, [NO_CLIENT]], [0, 1, [NO_SERVER]], [1, 1, []]]) {
      const other = await startEngine(t, {
        perMessageDeflate: 1, deflateServerTakeover: server1, deflateClientTakeover: client1,
      });
      assert.deepEqual(await negotiate(other, 'permessage-deflate'), want);
      const asked = await negotiate(other, `permessage-deflate; ${NO_SERVER}`);
      assert.ok(asked.includes(NO_SERVER));
    }
  });

  check('windows', async (t) => {
    const server = await startEngine(t, { perMessageDeflate: 1 });
    assert.deepEqual(await negotiate(server, 'permessage-deflate; server_max_window_bits=10'),
      [NO_CLIENT, 'server_max_window_bits=10', NO_SERVER]);
    assert.deepEqual(await negotiate(server, 'permessage-deflate; server_max_window_bits="12"'),
      [NO_CLIENT, 'server_max_window_bits=12', NO_SERVER]);
    const bare = await negotiate(server, 'permessage-deflate; client_max_window_bits');
    assert.ok(bare.filter((p) => p.startsWith('client_max')).every((p) => p === 'client_max_window_bits=15'));
    const small = await startEngine(t, {
      perMessageDeflate: 1, deflateServerBits: 11, deflateClientBits: 10,
    });
    assert.deepEqual(await negotiate(small, 'permessage-deflate; client_max_window_bits'),
      ['client_max_window_bits=10', NO_CLIENT, 'server_max_window_bits=11', NO_SERVER]);
    assert.deepEqual(await negotiate(small, 'permessage-deflate; client_max_window_bits=9'),
      ['client_max_window_bits=9', NO_CLIENT, 'server_max_window_bits=11', NO_SERVER]);
    assert.deepEqual(await negotiate(small, 'permessage-deflate; server_max_window_bits=9'),
      [NO_CLIENT, 'server_max_window_bits=9', NO_SERVER]);
  });

  check('the first offer that will do is taken', async (t) => {
    const server = await startEngine(t, { perMessageDeflate: 1 });
    const base = [NO_CLIENT, NO_SERVER];
    for (const offer of ['x-webkit-deflate-frame, permessage-deflate',
      'permessage-deflate; what=1, permessage-deflate',
      'permessage-deflate; server_max_window_bits=16, permessage-deflate']) {
      assert.deepEqual(await negotiate(server, offer), base, offer);
    }
    assert.deepEqual(await negotiate(server, 'permessage-deflate; server_max_window_bits=9, permessage-deflate'),
      [NO_CLIENT, 'server_max_window_bits=9', NO_SERVER]);
  });

  check('what is not understood is declined', async (t) => {
    const server = await startEngine(t, { perMessageDeflate: 1 });
    const offers = [
      'constructor', '__proto__', 'permessage-deflate; what', 'permessage-bzip2',
      'permessage-deflate; server_max_window_bits', 'permessage-deflate; server_max_window_bits=7',
      'permessage-deflate; server_max_window_bits=16', 'permessage-deflate; server_max_window_bits=010',
      'permessage-deflate; server_max_window_bits=x', 'permessage-deflate; client_max_window_bits=7',
      'permessage-deflate; client_max_window_bits=4294967306',
      'permessage-deflate; server_no_context_takeover=1',
      'permessage-deflate; server_no_context_takeover; server_no_context_takeover',
      'permessage-deflate; server_max_window_bits=10; server_max_window_bits=10',
    ];
    for (const offer of offers) assert.equal(await negotiate(server, offer), undefined, offer);
  });
});

// A raw websocket with compression, past its open packet.
async function rawDeflate(server, offer = 'permessage-deflate') {
  const tcp = await rawTcp(server);
  await tcp.write(handshake(ENGINE, { 'Sec-WebSocket-Extensions': offer }, server.path));
  const text = await tcp.until(/"maxPayload":\d+\}$/);
  assert.match(text, /\r\nSec-WebSocket-Extensions: permessage-deflate/i);
  tcp.sid = sidOf(text);
  tcp.bytes = Buffer.alloc(0);
  return tcp;
}

function deflated(text) {
  return zlib.deflateRawSync(text, { finishFlush: zlib.constants.Z_SYNC_FLUSH }).subarray(0, -4);
}

// The message of a compressed frame that is not masked.
function inflated(bytes) {
  const payload = bytes.subarray(bytes[1] === 126 ? 4 : 2);
  return zlib.inflateRawSync(Buffer.concat([payload, Buffer.from([0, 0, 0xff, 0xff])]), {
    finishFlush: zlib.constants.Z_SYNC_FLUSH,
  }).toString();
}

suite('permessage-deflate: messages', () => {
  check('the threshold and the flag of a message are honoured', async (t) => {
    for (const takeover of [0, 1]) {
      const server = await startEngine(t, { perMessageDeflate: 1, deflateServerTakeover: takeover });
      const tcp = await rawDeflate(server);
      const firstByte = async (length, query) => {
        tcp.bytes = Buffer.alloc(0);
        await server.send(tcp.sid, 'x'.repeat(length - 1), query);
        await tcp.until(/^[\x81\xc1][^]/);
        await sleep(20);
        return tcp.bytes[0];
      };
      assert.equal(await firstByte(1023), 0x81);
      assert.equal(await firstByte(1024), 0xc1);
      assert.equal(await firstByte(5000, { flags: 2 }), 0x81);
    }
  });

  check('another threshold', async (t) => {
    const server = await startEngine(t, { perMessageDeflate: 1, deflateThreshold: 10 });
    const tcp = await rawTcp(server);
    await tcp.write(handshake(ENGINE, { 'Sec-WebSocket-Extensions': 'permessage-deflate' }, server.path));
    const text = await tcp.until(/\r\n\r\n\xc1[^]{4}/);
    const opened = tcp.bytes.subarray(text.indexOf('\r\n\r\n') + 4);
    assert.match(inflated(opened), /^0\{"sid":"[\w-]{20}"/);
    tcp.bytes = Buffer.alloc(0);
    await server.send('', 'a'.repeat(12));
    await tcp.until(/^\xc1[^]{4}/);
    assert.equal(inflated(tcp.bytes), `4${'a'.repeat(12)}`);
  });

  check('compressed, plain and fragmented messages are all understood', async (t) => {
    const server = await startEngine(t, { perMessageDeflate: 1 });
    const tcp = await rawDeflate(server);
    const packed = deflated('4packed');
    await tcp.write(Buffer.concat([
      frame(1, packed, { rsv: 0x40 }),
      frame(1, '4plain'),
      frame(1, packed.subarray(0, 2), { rsv: 0x40, fin: false }),
      frame(9, 'ping'),
      frame(0, packed.subarray(2)),
      frame(2, deflated(Buffer.from([1, 2, 3])), { rsv: 0x40 }),
    ]));
    await tcp.until(/4packed[^]*4plain[^]*\x8a\x04ping[^]*4packed[^]*\x82\x03\x01\x02\x03$/);
  });

  check('what is wrong is refused', async (t) => {
    const server = await startEngine(t, { perMessageDeflate: 1 });
    const cases = [
      [1007, frame(1, Buffer.alloc(20, 0xff), { rsv: 0x40 })],
      [1007, frame(1, deflated(Buffer.from([0x34, 0xff, 0xfe])), { rsv: 0x40 })],
      [1002, frame(9, 'ping', { rsv: 0x40 })],
      [1002, frame(1, '4text', { rsv: 0x20 })],
      [1002, Buffer.concat([frame(1, '4te', { fin: false }), frame(0, 'xt', { rsv: 0x40 })])],
    ];
    for (const [code, bytes] of cases) {
      const tcp = await rawDeflate(server);
      await tcp.write(bytes);
      await tcp.end();
      assert.deepEqual([...tcp.bytes.subarray(-4)], [0x88, 2, code >> 8, code & 0xff]);
    }
  });

  check('without negotiation nothing may be compressed', async (t) => {
    const server = await startEngine(t, { perMessageDeflate: 1 });
    const tcp = await rawTcp(server);
    await tcp.write(Buffer.concat([
      Buffer.from(handshake(ENGINE, {}, server.path)), frame(1, deflated('4text'), { rsv: 0x40 }),
    ]));
    await tcp.end();
    assert.deepEqual([...tcp.bytes.subarray(-4)], [0x88, 2, 0x03, 0xea]);
  });

  check('a bomb goes off in nobody\'s memory', async (t) => {
    const server = await startEngine(t, { perMessageDeflate: 1 });
    const socket = rawWebSocket(server, ENGINE, { perMessageDeflate: { threshold: 0 } });
    await socket.next();
    socket.send(`4${'x'.repeat(5000000)}`);
    assert.equal((await socket.end()).code, 1009);
    const { reason, cause, limit } = await server.entry({ what: 'close' });
    assert.deepEqual([reason, cause, limit], ['transport error', 'Max payload size exceeded', 1000000]);
    assert.ok((await server.metrics()).bytes_in < 20000);
    const exact = rawWebSocket(server, ENGINE, { perMessageDeflate: { threshold: 0 } });
    await exact.next();
    exact.send(`4${'x'.repeat(999999)}`);
    assert.equal((await exact.next()).length, 1000000);
    exact.send(`4${'x'.repeat(1000000)}`);
    assert.equal((await exact.end()).code, 1009);
  });
});

// Text that compresses badly by itself but well against an earlier copy.
function noise(length) {
  let state = 12345;
  return Array.from({ length }, () => {
    state = (state * 1103515245 + 12345) % 2147483648;
    return String.fromCharCode(33 + Math.floor((state / 2147483648) * 90));
  }).join('');
}

// Bytes on the wire, each way, for the first and the second of two equal
// messages and their echoes.
async function costs(server, options) {
  const socket = rawWebSocket(server, ENGINE, { perMessageDeflate: { threshold: 0, ...options } });
  await socket.next();
  const text = `4${noise(6000)}`;
  const found = [];
  for (let i = 0; i < 2; i += 1) {
    const { _socket: tcp } = socket.ws;
    const [wrote, read] = [tcp.bytesWritten, tcp.bytesRead];
    socket.send(text);
    assert.equal(await socket.next(), text);
    found.push({ up: tcp.bytesWritten - wrote, down: tcp.bytesRead - read });
  }
  return found;
}

suite('permessage-deflate: contexts and windows', () => {
  for (const [server1, client1] of [[0, 0], [1, 0], [0, 1], [1, 1]]) {
    check(`takeover by the server ${server1}, by the client ${client1}`, async (t) => {
      const server = await startEngine(t, {
        perMessageDeflate: 1, deflateServerTakeover: server1, deflateClientTakeover: client1,
      });
      const [first, second] = await costs(server, {});
      assert.equal(second.down < first.down / 4, server1 === 1, JSON.stringify([first, second]));
      assert.equal(second.up < first.up / 4, client1 === 1, JSON.stringify([first, second]));
    });
  }

  check('a client that wants no takeover gets none', async (t) => {
    const server = await startEngine(t, {
      perMessageDeflate: 1, deflateServerTakeover: 1, deflateClientTakeover: 1,
    });
    const [first, second] = await costs(server, {
      serverNoContextTakeover: true, clientNoContextTakeover: true,
    });
    assert.ok(second.down > first.down / 2);
    assert.ok(second.up > first.up / 2);
  });

  for (const bits of [9, 10, 15]) {
    check(`windows of ${bits} bits, both ways`, async (t) => {
      const server = await startEngine(t, {
        perMessageDeflate: 1, deflateServerBits: bits, deflateClientBits: bits,
        deflateServerTakeover: 1, deflateClientTakeover: 1, deflateLevel: 1, deflateMemoryLevel: 1,
      });
      const socket = rawWebSocket(server, ENGINE, {
        perMessageDeflate: { threshold: 0, clientMaxWindowBits: bits, serverMaxWindowBits: bits },
      });
      await socket.next();
      for (const text of [noise(3000), 'abc'.repeat(20000), noise(3000), '']) {
        socket.send(`4${text}`);
        assert.equal(await socket.next(), `4${text}`);
      }
    });
  }

  check('one message for many, with and without compression', async (t) => {
    const server = await startEngine(t, { perMessageDeflate: 1 });
    const forms = [{}, { perMessageDeflate: {} }, { perMessageDeflate: { serverMaxWindowBits: 10 } }];
    const sockets = [...forms, ...forms].map((form) => rawWebSocket(server, ENGINE, form));
    await Promise.all(sockets.map((socket) => socket.next()));
    const text = noise(500).repeat(10);
    await server.send('', text);
    for (const socket of sockets) assert.equal(await socket.next(), `4${text}`);
  });
});
