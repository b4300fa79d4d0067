// SPDX-License-Identifier: MIT
// Raw TCP: whatever one connection does, the others do not notice.
'use strict';

const assert = require('node:assert/strict');
const { check, connect, settle, suite } = require('./lib/client');
const { rawPolling } = require('./lib/polling');
const { startServer } = require('./lib/server');
const { frame, handshake, head, rawTcp } = require('./lib/tcp');
const { ENGINE } = require('./lib/websocket');

const POLL = '/socket.io/?EIO=4&transport=polling';

// A server with a client on each transport that must be well at the end.
async function withWitnesses(t, options) {
  const server = await startServer(t, options);
  const sockets = [await connect(server, 'websocket only'), await connect(server, 'polling only')];
  const ids = sockets.map((socket) => socket.id);
  const unharmed = async () => {
    for (const socket of sockets) await settle(socket);
    assert.deepEqual(sockets.map((socket) => socket.id), ids);
  };
  return { server, unharmed };
}

// A WebSocket over raw TCP whose socket has joined "/".
async function rawJoined(server) {
  const tcp = await rawTcp(server);
  await tcp.write(handshake(ENGINE));
  await tcp.until(/0\{"sid"/);
  await tcp.write(frame(1, '40'));
  await tcp.until(/42\["auth",\{\}\]/);
  return tcp;
}

suite('requests over raw TCP', () => {
  check('pipelined requests are answered in their order', async (t) => {
    const { server, unharmed } = await withWitnesses(t);
    const tcp = await rawTcp(server);
    const paths = ['/hello', POLL, '/nothing', '/hello'];
    await tcp.write(paths.map((path) => head('GET', path)).join(''));
    await tcp.until(/hello[^]*"sid"[^]*HTTP\/1\.1 404 [^]*hello$/);
    await unharmed();
  });

  check('a close packet pipelined behind its own poll works', async (t) => {
    const { server, unharmed } = await withWitnesses(t);
    const { query } = await rawPolling(server);
    const tcp = await rawTcp(server);
    const target = `/socket.io/?${query}`;
    await tcp.write(`${head('GET', target)}${head('POST', target, { 'Content-Length': 1 })}1`);
    await tcp.until(/\r\n\r\n6HTTP\/1\.1 200 [^]*\r\n\r\nok$/);
    await unharmed();
  });

  check('many pipelined posts are handled one after the other', async (t) => {
    const { server, unharmed } = await withWitnesses(t);
    const polling = await rawPolling(server);
    await polling.send('40');
    await polling.get();
    const tcp = await rawTcp(server);
    const posts = Array.from({ length: 10 }, (_, i) => {
      const body = `42["message",${i}]`;
      return head('POST', `/socket.io/?${polling.query}`, { 'Content-Length': body.length }) + body;
    });
    await tcp.write(posts.join(''));
    await tcp.until(/(HTTP\/1\.1 200 [^]*?ok){10}$/);
    assert.equal((await polling.get()).body,
      posts.map((_, i) => `42["message-back",${i}]`).join('\x1e'));
    await unharmed();
  });

  check('a request may arrive byte by byte', async (t) => {
    const { server, unharmed } = await withWitnesses(t);
    const tcp = await rawTcp(server);
    for (const byte of head('GET', POLL)) await tcp.write(byte);
    await tcp.until(/\r\n\r\n0\{"sid"/);
    await unharmed();
  });

  check('half-sent headers block nobody', async (t) => {
    const { server, unharmed } = await withWitnesses(t);
    const request = head('GET', POLL, { Cookie: 'a=b' });
    for (const cut of [0, 1, 3, 20, request.indexOf('\r\n') + 1, request.length - 1]) {
      const tcp = await rawTcp(server);
      await tcp.write(request.slice(0, cut));
    }
    await unharmed();
    const tcp = await rawTcp(server);
    await tcp.write(request.slice(0, 30));
    await server.caughtUp();
    tcp.reset();
    await unharmed();
  });

  check('a RST in the middle of a poll ends that session only', async (t) => {
    const { server, unharmed } = await withWitnesses(t);
    const polling = await rawPolling(server);
    await polling.send('40');
    await polling.get();
    const tcp = await rawTcp(server);
    await tcp.write(head('GET', `/socket.io/?${polling.query}`));
    await server.caughtUp();
    tcp.reset();
    const { reason, cause } = await server.entry({ what: 'disconnect' });
    assert.deepEqual([reason, cause], ['transport error', 'poll connection closed prematurely']);
    assert.equal((await polling.get()).status, 400);
    await unharmed();
  });

  check('a FIN in the middle of a poll is as good as a RST', async (t) => {
    const { server, unharmed } = await withWitnesses(t);
    const polling = await rawPolling(server);
    await polling.send('40');
    await polling.get();
    const tcp = await rawTcp(server);
    await tcp.write(head('GET', `/socket.io/?${polling.query}`));
    await server.caughtUp();
    tcp.socket.end();
    const { cause } = await server.entry({ what: 'disconnect' });
    assert.equal(cause, 'poll connection closed prematurely');
    await unharmed();
  });

  check('malformed requests are refused and their connections end', async (t) => {
    const { server, unharmed } = await withWitnesses(t);
    const requests = [
      'GARBAGE\r\n\r\n',
      '\x16\x03\x01\x02\x00\x01\x00\x01',
      `GET ${POLL} HTTP/9.9\r\n\r\n`,
      `GET ${POLL} HTTP/1.1\r\nHost: x\r\nBad Header: y\r\n\r\n`,
      `GET ${POLL} HTTP/1.1\r\nHost : x\r\n\r\n`,
      `POST ${POLL} HTTP/1.1\r\nHost: x\r\nContent-Length: abc\r\n\r\n`,
      `POST ${POLL} HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab`,
      `POST ${POLL} HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
      `POST ${POLL} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n`,
    ];
    for (const request of requests) {
      const tcp = await rawTcp(server);
      await tcp.write(request);
      assert.match(await tcp.end(), /^(HTTP\/1\.1 [45]|$)/, JSON.stringify(request.slice(0, 60)));
    }
    await unharmed();
  });

  check('a header block that is too large is refused', async (t) => {
    const { server, unharmed } = await withWitnesses(t);
    const big = await rawTcp(server);
    await big.write(head('GET', POLL, { 'X-Big': 'x'.repeat(20000) }));
    assert.match(await big.end(), /^HTTP\/1\.1 431 /);
    const many = await rawTcp(server);
    const headers = Array.from({ length: 200 }, (_, i) => [`X-${i}`, 'y']);
    await many.write(head('GET', POLL, Object.fromEntries(headers)));
    assert.match(await many.end(), /^HTTP\/1\.1 431 /);
    await unharmed();
  });
});

suite('websockets over raw TCP', () => {
  check('garbage behind the handshake closes that connection only', async (t) => {
    const { server, unharmed } = await withWitnesses(t);
    const garbage = [
      Buffer.alloc(14, 0xff),
      Buffer.from('GET / HTTP/1.1\r\n\r\n'),
      Buffer.alloc(3000, 0xa5),
      Buffer.from([0x81, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0]),
      frame(1, '40', { masked: false }),
      frame(1, '40', { rsv: 0x40 }),
      frame(3, '40'),
      frame(9, 'x', { fin: false }),
      frame(0, 'continues nothing'),
      frame(8, Buffer.from([0x03])),
      frame(8, Buffer.from([0x03, 0xed])),
    ];
    for (const bytes of garbage) {
      const tcp = await rawTcp(server);
      await tcp.write(Buffer.concat([Buffer.from(handshake(ENGINE)), bytes]));
      await tcp.until(/^HTTP\/1\.1 101 [^]*\x88\x02\x03/);
      await tcp.end();
    }
    await unharmed();
  });

  check('garbage behind the handshake of an upgrade leaves the session alone', async (t) => {
    const { server, unharmed } = await withWitnesses(t);
    const polling = await rawPolling(server);
    const tcp = await rawTcp(server);
    const upgrade = handshake(`${ENGINE}&sid=${polling.sid}`);
    await tcp.write(Buffer.concat([Buffer.from(upgrade), Buffer.alloc(100, 0xff)]));
    await tcp.end();
    await polling.send('40');
    assert.match(await polling.next(), /^40/);
    await unharmed();
  });

  check('a RST at any byte of the handshake hurts nobody', async (t) => {
    const { server, unharmed } = await withWitnesses(t);
    const { sid } = await rawPolling(server);
    const queries = [ENGINE, 'EIO=4&transport=abc', `${ENGINE}&sid=${sid}`];
    for (const text of queries.map((query) => handshake(query))) {
      for (let cut = 1; cut <= text.length; cut += 23) {
        const tcp = await rawTcp(server);
        await tcp.write(text.slice(0, cut));
        tcp.reset();
      }
      const tcp = await rawTcp(server);
      await tcp.write(text);
      tcp.reset();
    }
    await unharmed();
  });

  check('frames may arrive byte by byte', async (t) => {
    const { server, unharmed } = await withWitnesses(t);
    const tcp = await rawJoined(server);
    for (const byte of frame(1, '42["message","é"]')) await tcp.write(Buffer.from([byte]));
    await tcp.until(/42\["message-back","Ã©"\]$/);
    await unharmed();
  });

  check('several frames in one segment are handled in their order', async (t) => {
    const { server, unharmed } = await withWitnesses(t);
    const tcp = await rawJoined(server);
    const frames = Array.from({ length: 50 }, (_, i) => frame(1, `42["message",${i}]`));
    await tcp.write(Buffer.concat(frames));
    await tcp.until(/"message-back",49\]/);
    const got = [...tcp.text.matchAll(/"message-back",(\d+)\]/g)].map((match) => Number(match[1]));
    assert.deepEqual(got, frames.map((_, i) => i));
    await unharmed();
  });

  check('control frames may come between fragments', async (t) => {
    const { server, unharmed } = await withWitnesses(t);
    const tcp = await rawJoined(server);
    await tcp.write(Buffer.concat([
      frame(1, '42["mess', { fin: false }),
      frame(9, 'ping data'),
      frame(0, 'age",', { fin: false }),
      frame(10, 'a pong nobody asked for'),
      frame(0, '"x"]'),
    ]));
    await tcp.until(/\x8a\x09ping data[^]*42\["message-back","x"\]$/);
    await unharmed();
  });

  check('a close frame is answered with the same code and the connection ends', async (t) => {
    const { server, unharmed } = await withWitnesses(t);
    const tcp = await rawJoined(server);
    await tcp.write(frame(8, Buffer.from([0x0f, 0xa0, 0x62, 0x79, 0x65])));
    const text = await tcp.end();
    assert.ok(text.endsWith('\x88\x05\x0f\xa0bye'), JSON.stringify(text.slice(-20)));
    const { reason, cause } = await server.entry({ what: 'disconnect' });
    assert.deepEqual([reason, cause], ['transport close', 'the peer closed the websocket']);
    await unharmed();
  });

  check('a RST in the middle of a frame is a transport close', async (t) => {
    const { server, unharmed } = await withWitnesses(t);
    const tcp = await rawJoined(server);
    await tcp.write(frame(1, '42["message","cut"]').subarray(0, 10));
    await server.caughtUp();
    tcp.reset();
    const { reason } = await server.entry({ what: 'disconnect' });
    assert.equal(reason, 'transport close');
    await unharmed();
  });

  check('a client that does not read does not hold up the others', async (t) => {
    const { server, unharmed } = await withWitnesses(t);
    const tcp = await rawJoined(server);
    tcp.socket.pause();
    await tcp.write(frame(1, '42["join","slow"]'));
    for (let i = 0; i < 8; i += 1) {
      await server.control('emit', { nsp: '/', to: ['slow'], event: 'bulk' }, 'x'.repeat(500000));
    }
    await unharmed();
    tcp.socket.resume();
    await tcp.until(/("bulk"[^]*){8}$/);
    await unharmed();
  });
});
