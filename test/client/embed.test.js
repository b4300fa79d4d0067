// SPDX-License-Identifier: MIT
// The engine beside other HTTP: connections that another server hands over,
// requests outside the path, static files.
'use strict';

const assert = require('node:assert/strict');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { check, suite } = require('./lib/client');
const { openClient } = require('./lib/engine-client');
const { POLL4, ask } = require('./lib/http');
const { startEngine } = require('./lib/server');
const { frame, handshake, head, rawTcp } = require('./lib/tcp');
const { ENGINE } = require('./lib/websocket');
const { until } = require('./lib/wait');

suite('connections that are handed over', () => {
  function start(t, options) {
    return startEngine(t, { handover: true, ...options });
  }

  check('a whole request that was read already', async (t) => {
    const server = await start(t);
    const answer = await ask(server, POLL4, { port: server.handover });
    assert.equal(answer.status, 200);
    assert.match(answer.body.toString(), /^0\{"sid"/);
    const open = await server.entry({ what: 'open' });
    assert.equal(open.address, '127.0.0.1');
  });

  check('a part of a request, and the rest later', async (t) => {
    const server = await start(t);
    const request = head('GET', `${server.path}?${POLL4}`);
    for (const cut of [1, 5, 30, request.length - 1]) {
      const tcp = await rawTcp(server, server.handover);
      await tcp.write(request.slice(0, cut));
      await server.caughtUp();
      await tcp.write(request.slice(cut));
      await tcp.until(/^HTTP\/1\.1 200 [^]*\r\n\r\n0\{"sid"/);
    }
  });

  check('a request with its body, and further requests', async (t) => {
    const server = await start(t);
    const tcp = await rawTcp(server, server.handover);
    await tcp.write(`${head('POST', '/echo', { 'Content-Length': 5 })}first${head('GET', '/hello')}`);
    await tcp.until(/first[^]*hello$/);
    await tcp.write(head('GET', `${server.path}?${POLL4}`));
    await tcp.until(/hello[^]*0\{"sid"/);
  });

  check('a websocket handshake with frames behind it', async (t) => {
    const server = await start(t);
    const tcp = await rawTcp(server, server.handover);
    await tcp.write(Buffer.concat([
      Buffer.from(handshake(ENGINE, {}, server.path)), frame(1, '4hello'), frame(1, '4half').subarray(0, 6),
    ]));
    await tcp.until(/^HTTP\/1\.1 101 [^]*4hello$/);
    await tcp.write(frame(1, '4half').subarray(6));
    await tcp.until(/4hello[^]*4half$/);
  });

  for (const mode of ['polling only', 'websocket only', 'upgrade']) {
    check(`the official client does not notice (${mode})`, async (t) => {
      const server = await start(t);
      const client = await openClient(server, 'EIO 4', mode, { url: `http://127.0.0.1:${server.handover}` });
      client.send('text', Buffer.from([1, 2, 3]));
      assert.deepEqual(await client.received(2), ['text', Buffer.from([1, 2, 3])]);
    });
  }

  check('what is no HTTP is refused', async (t) => {
    const server = await start(t);
    const tcp = await rawTcp(server, server.handover);
    await tcp.write('GARBAGE\r\n\r\n');
    assert.match(await tcp.end(), /^HTTP\/1\.1 400 /);
  });

  check('a client that is gone by then', async (t) => {
    const server = await start(t);
    for (let i = 0; i < 5; i += 1) {
      const tcp = await rawTcp(server, server.handover);
      await tcp.write(head('GET', `${server.path}?${POLL4}`));
      tcp.reset();
    }
    const tcp = await rawTcp(server, server.handover);
    tcp.socket.end();
    await until(async () => (await server.metrics()).connections_now <= 1, 'no connections');
  });

  check('over the limit they are closed', async (t) => {
    const server = await start(t, { maxConnections: 1 });
    const first = await rawTcp(server);
    await first.write(head('GET', '/hello'));
    await first.until(/hello$/);
    const second = await rawTcp(server, server.handover);
    await second.write(head('GET', '/hello'));
    assert.equal(await second.end(), '');
    first.socket.destroy();
    // Soon there is room for the one that asks.
    const entry = await until(() => server.entry({ what: 'handed over' }).catch(() => null), 'an answer');
    assert.equal(entry.result, -5);
  });
});

suite('requests outside the path', () => {
  check('whole bodies, up to a limit', async (t) => {
    const server = await startEngine(t, { maxBody: 1000 });
    const fits = await ask(server, '/echo', { method: 'POST', body: 'x'.repeat(1000) });
    assert.deepEqual([fits.status, fits.body.length], [200, 1000]);
    const tcp = await rawTcp(server);
    await tcp.write(head('POST', '/echo', { 'Content-Length': 1001 }));
    assert.match(await tcp.end(), /^HTTP\/1\.1 413 /);
    const chunked = await rawTcp(server);
    await chunked.write(`${head('POST', '/echo', { 'Transfer-Encoding': 'chunked' })}400\r\n${'x'.repeat(1024)}\r\n`);
    assert.match(await chunked.end(), /^HTTP\/1\.1 413 /);
  });

  check('bodies in pieces, beyond that limit', async (t) => {
    const server = await startEngine(t, { maxBody: 10 });
    const body = Buffer.from(Array.from({ length: 3000000 }, (_, i) => i % 251));
    const sum = body.reduce((total, byte) => total + byte, 0);
    const answer = await ask(server, '/upload', { method: 'POST', body });
    assert.deepEqual([answer.status, answer.body.toString()], [200, `${body.length} ${sum}`]);
    const { error, pieces } = await server.entry({ what: 'upload' });
    assert.equal(error, 0);
    assert.ok(pieces > 10, String(pieces));
    assert.equal((await ask(server, '/upload', { method: 'POST' })).body.toString(), '0 0');
  });

  check('chunked bodies in pieces, and what follows on the connection', async (t) => {
    const server = await startEngine(t);
    const tcp = await rawTcp(server);
    await tcp.write(`${head('POST', '/upload', { 'Transfer-Encoding': 'chunked' })}3\r\nab`);
    await server.caughtUp();
    await tcp.write(`c\r\n2;x=y\r\nde\r\n0\r\nTrailer: x\r\n\r\n${head('GET', '/hello')}`);
    await tcp.until(/\r\n\r\n5 495HTTP\/1\.1 200 [^]*hello$/);
  });

  check('too many pieces, and a client that goes', async (t) => {
    const server = await startEngine(t);
    const tcp = await rawTcp(server);
    await tcp.write(head('POST', '/upload?max=100', { 'Content-Length': 1000 }));
    await tcp.write('x'.repeat(1000));
    assert.match(await tcp.end(), /^HTTP\/1\.1 413 /);
    const cut = await rawTcp(server);
    await cut.write(`${head('POST', '/upload', { 'Content-Length': 1000 })}xxx`);
    await server.caughtUp();
    cut.reset();
    const uploads = await until(async () => {
      const all = await server.entries('upload');
      return all.length === 2 && all;
    }, 'two uploads');
    assert.deepEqual(uploads.map((e) => e.error), [-5, -500]);
  });

  check('an answer before the body', async (t) => {
    const server = await startEngine(t);
    const tcp = await rawTcp(server);
    await tcp.write(head('POST', '/early', { 'Content-Length': 1000000, Expect: '100-continue' }));
    const text = await tcp.until(/too early$/);
    assert.match(text, /HTTP\/1\.1 403 /);
  });

  check('answers in pieces', async (t) => {
    const server = await startEngine(t);
    for (const query of ['', '&chunked=1']) {
      const answer = await ask(server, `/download?length=1234567${query}`);
      assert.equal(answer.body.length, 1234567);
      assert.equal(answer.headers['content-length'], query ? undefined : '1234567');
      assert.ok(answer.body.every((byte) => byte === 0x64));
    }
    const nothing = await ask(server, '/download?length=0&chunked=1');
    assert.equal(nothing.body.length, 0);
    const only = await ask(server, '/download?length=1000', { method: 'HEAD' });
    assert.deepEqual([only.status, only.headers['content-length'], only.body.length], [200, '1000', 0]);
  });

  check('a client that goes in the middle of an answer', async (t) => {
    const server = await startEngine(t);
    const tcp = await rawTcp(server);
    await tcp.write(head('GET', '/download?length=100000000'));
    await tcp.until(/dddd/);
    tcp.reset();
    await until(async () => (await server.metrics()).connections_now <= 1, 'no connections');
  });

  check('one connection, many requests, each answered in its turn', async (t) => {
    const server = await startEngine(t);
    const tcp = await rawTcp(server);
    await tcp.write(head('GET', '/late') + head('GET', '/hello') + head('GET', '/download?length=5&chunked=1')
      + head('GET', `${server.path}?${POLL4}`) + head('GET', '/nothing') + head('GET', '/hello', { Connection: 'close' }));
    const text = await tcp.end();
    assert.match(text, /late[^]*hello[^]*ddddd[^]*"sid"[^]* 404 [^]*not found[^]*\r\nConnection: close\r\n[^]*hello$/i);
    assert.equal([...text.matchAll(/HTTP\/1\.1 /g)].length, 6);
  });

  check('HTTP 1.0 has its connection closed', async (t) => {
    const server = await startEngine(t);
    const tcp = await rawTcp(server);
    await tcp.write('GET /hello HTTP/1.0\r\n\r\n');
    assert.match(await tcp.end(), /^HTTP\/1\.[01] 200 [^]*hello$/);
  });
});

suite('static files', () => {
  function folder(t) {
    const name = fs.mkdtempSync(path.join(os.tmpdir(), 'sio-files-'));
    t.after(() => fs.rmSync(name, { recursive: true }));
    fs.mkdirSync(path.join(name, 'root/sub'), { recursive: true });
    const files = {
      'root/index.html': '<p>home</p>', 'root/a.txt': '0123456789', 'root/style.css': 'p{}', 'root/.secret': 'no',
      'root/empty': '', 'root/sub/index.html': '<p>sub</p>', 'root/ü b.js': 'ok()', 'outside.txt': 'no',
    };
    for (const [file, text] of Object.entries(files)) fs.writeFileSync(path.join(name, file), text);
    fs.symlinkSync('../outside.txt', path.join(name, 'root/link.txt'));
    fs.writeFileSync(path.join(name, 'root/big.bin'), Buffer.alloc(2000000, 7));
    return path.join(name, 'root');
  }

  check('types, sizes and dates', async (t) => {
    const server = await startEngine(t, { files: folder(t) });
    const table = [
      ['', '<p>home</p>', /^text\/html/], ['index.html', '<p>home</p>', /^text\/html/], ['sub/', '<p>sub</p>', /^text\/html/],
      ['style.css', 'p{}', /^text\/css/], ['%C3%BC%20b.js', 'ok()', /javascript/], ['empty', '', /./],
    ];
    for (const [name, text, type] of table) {
      const { status, headers, body } = await ask(server, `/files/${name}`);
      assert.deepEqual([status, body.toString()], [200, text], name);
      assert.match(headers['content-type'], type);
      assert.equal(headers['accept-ranges'], 'bytes');
      assert.match(headers.etag, /^(W\/)?".+"$/);
      assert.ok(Date.parse(headers['last-modified']) <= Date.now());
    }
    const big = await ask(server, '/files/big.bin');
    assert.ok(big.body.equals(Buffer.alloc(2000000, 7)));
  });

  check('nothing outside the folder, and nothing hidden', async (t) => {
    const server = await startEngine(t, { files: folder(t) });
    const names = ['../outside.txt', '%2e%2e/outside.txt', 'sub/../../outside.txt', 'link.txt', '.secret', 'sub/..%2f..%2foutside.txt',
      'nothing', 'a.txt/', 'a.txt%00', '%zz', '/etc/passwd', 'sub'];
    for (const name of names) {
      const tcp = await rawTcp(server);
      await tcp.write(head('GET', `/files/${name}`, { Connection: 'close' }));
      assert.match(await tcp.end(), /^HTTP\/1\.1 (404|301|400) /, name);
    }
  });

  check('ranges', async (t) => {
    const server = await startEngine(t, { files: folder(t) });
    const table = [
      ['bytes=0-3', 206, '0123', 'bytes 0-3/10'], ['bytes=4-', 206, '456789', 'bytes 4-9/10'],
      ['bytes=-2', 206, '89', 'bytes 8-9/10'], ['bytes=8-100', 206, '89', 'bytes 8-9/10'],
      ['bytes=-100', 206, '0123456789', 'bytes 0-9/10'],
    ];
    for (const [range, status, text, want] of table) {
      const answer = await ask(server, '/files/a.txt', { headers: { Range: range } });
      assert.deepEqual([answer.status, answer.body.toString(), answer.headers['content-range']], [status, text, want], range);
      assert.equal(answer.headers['content-length'], String(text.length));
    }
    for (const range of ['bytes=10-', 'bytes=-0', 'bytes=99-100']) {
      const answer = await ask(server, '/files/a.txt', { headers: { Range: range } });
      assert.deepEqual([answer.status, answer.headers['content-range']], [416, 'bytes */10'], range);
    }
    for (const range of ['bytes=3-1', 'lines=0-1', 'bytes=a-b', 'bytes=0-1,3-4', 'bytes=']) {
      const answer = await ask(server, '/files/a.txt', { headers: { Range: range } });
      assert.deepEqual([answer.status, answer.body.toString()], [200, '0123456789'], range);
    }
    const part = await ask(server, '/files/big.bin', { headers: { Range: 'bytes=1000000-1999998' } });
    assert.deepEqual([part.status, part.body.length], [206, 999999]);
  });

  check('what is known is not sent again', async (t) => {
    const server = await startEngine(t, { files: folder(t) });
    const { headers } = await ask(server, '/files/a.txt');
    const same = [{ 'If-None-Match': headers.etag }, { 'If-None-Match': `"x", ${headers.etag}` },
      { 'If-None-Match': '*' }, { 'If-Modified-Since': headers['last-modified'] }];
    for (const condition of same) {
      const answer = await ask(server, '/files/a.txt', { headers: condition });
      assert.deepEqual([answer.status, answer.body.length], [304, 0], JSON.stringify(condition));
      assert.equal(answer.headers.etag, headers.etag);
    }
    const other = await ask(server, '/files/a.txt', { headers: { 'If-None-Match': '"other"' } });
    assert.equal(other.status, 200);
    const range = { Range: 'bytes=0-1', 'If-Range': '"other"' };
    assert.equal((await ask(server, '/files/a.txt', { headers: range })).status, 200);
  });

  check('HEAD, and other methods', async (t) => {
    const server = await startEngine(t, { files: folder(t) });
    const only = await ask(server, '/files/a.txt', { method: 'HEAD' });
    assert.deepEqual([only.status, only.headers['content-length'], only.body.length], [200, '10', 0]);
    assert.equal((await ask(server, '/files/a.txt', { method: 'POST', body: 'x' })).status, 405);
  });
});
