// SPDX-License-Identifier: MIT
// The browser client, served under the path.
'use strict';

const assert = require('node:assert/strict');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const zlib = require('node:zlib');
const { check, suite } = require('./lib/client');
const { POLL4, ask } = require('./lib/http');
const { startEngine } = require('./lib/server');
const { head, rawTcp } = require('./lib/tcp');

const DIST = path.join(path.dirname(require.resolve('socket.io-client/package.json')), 'dist');
const VERSION = require('socket.io-client/package.json').version;
const NAMES = ['socket.io.js', 'socket.io.min.js', 'socket.io.msgpack.min.js', 'socket.io.esm.min.js'];
const UNPACK = { gzip: zlib.gunzipSync, deflate: zlib.inflateSync, br: zlib.brotliDecompressSync };

function serve(t, options = {}) {
  return startEngine(t, { path: '/socket.io', client: DIST, clientVersion: VERSION, ...options });
}

function content(name) {
  return fs.readFileSync(path.join(DIST, name));
}

suite('the client bundles', () => {
  check('all of them, and their maps', async (t) => {
    const server = await serve(t);
    for (const name of NAMES.flatMap((js) => [js, `${js}.map`])) {
      const { status, headers, body } = await ask(server, `/socket.io/${name}`);
      assert.equal(status, 200, name);
      assert.ok(body.equals(content(name)), name);
      const type = name.endsWith('.map') ? 'application/json' : 'application/javascript';
      assert.equal(headers['content-type'], `${type}; charset=utf-8`);
      assert.equal(headers['cache-control'], 'public, max-age=0');
      assert.equal(headers.etag, `"${VERSION}"`);
      assert.equal(headers['content-length'], String(body.length));
      assert.match(headers.vary, /\bAccept-Encoding\b/i);
    }
  });

  check('a query is passed over', async (t) => {
    const server = await serve(t);
    for (const query of ['?v=1', `?${POLL4}`, '?']) {
      const { body } = await ask(server, `/socket.io/socket.io.min.js${query}`);
      assert.ok(body.equals(content('socket.io.min.js')));
    }
  });

  check('it is not sent again if it is known', async (t) => {
    const server = await serve(t);
    for (const known of [`"${VERSION}"`, `W/"${VERSION}"`]) {
      const { status, headers, body } = await ask(server, '/socket.io/socket.io.js', {
        headers: { 'If-None-Match': known },
      });
      assert.deepEqual([status, body.length, headers['content-type']], [304, 0, undefined], known);
      assert.equal(headers.etag, `"${VERSION}"`);
    }
    const other = await ask(server, '/socket.io/socket.io.js', { headers: { 'If-None-Match': '"4.0.0"' } });
    assert.equal(other.status, 200);
  });

  check('without a version the tag is made of the content', async (t) => {
    const server = await serve(t, { clientVersion: 'none' });
    const tags = [];
    for (const name of NAMES) tags.push((await ask(server, `/socket.io/${name}`)).headers.etag);
    assert.equal(new Set(tags).size, NAMES.length);
    assert.ok(tags.every((tag) => /^"[^"]+"$/.test(tag)));
    const { status } = await ask(server, `/socket.io/${NAMES[2]}`, { headers: { 'If-None-Match': tags[2] } });
    assert.equal(status, 304);
  });

  check('compressed, as the client takes it', async (t) => {
    const server = await serve(t);
    const table = [
      ['gzip', 'gzip'], ['deflate', 'deflate'], ['gzip, deflate', 'gzip'], ['deflate;q=1, gzip;q=0.5', 'deflate'],
      ['gzip;q=0', undefined], ['identity', undefined], [undefined, undefined], ['br', undefined],
    ];
    for (const [accept, want] of table) {
      const { headers, body } = await ask(server, '/socket.io/socket.io.js', {
        headers: accept === undefined ? {} : { 'Accept-Encoding': accept },
      });
      assert.equal(headers['content-encoding'], want, String(accept));
      const text = want === undefined ? body : UNPACK[want](body);
      assert.ok(text.equals(content('socket.io.js')), String(accept));
      assert.equal(headers['content-length'], String(body.length));
    }
  });

  check('in brotli if there is such a file', async (t) => {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'sio-bundle-'));
    t.after(() => fs.rmSync(folder, { recursive: true }));
    const name = 'socket.io.min.js';
    fs.writeFileSync(path.join(folder, name), content(name));
    fs.writeFileSync(path.join(folder, `${name}.br`), zlib.brotliCompressSync(content(name)));
    const server = await serve(t, { client: folder });
    for (const accept of ['br', '*', 'gzip;q=0.5, br', 'br;q=1, gzip;q=0.9']) {
      const { headers, body } = await ask(server, `/socket.io/${name}`, { headers: { 'Accept-Encoding': accept } });
      assert.equal(headers['content-encoding'], 'br', accept);
      assert.ok(zlib.brotliDecompressSync(body).equals(content(name)));
    }
    const { headers } = await ask(server, `/socket.io/${name}`, { headers: { 'Accept-Encoding': 'gzip' } });
    assert.equal(headers['content-encoding'], 'gzip');
    assert.equal((await ask(server, '/socket.io/socket.io.js')).status, 400);
  });

  check('HEAD has the headers alone', async (t) => {
    const server = await serve(t);
    const { status, headers, body } = await ask(server, '/socket.io/socket.io.js', { method: 'HEAD' });
    assert.deepEqual([status, body.length], [200, 0]);
    assert.equal(headers['content-length'], String(content('socket.io.js').length));
    assert.equal(headers.etag, `"${VERSION}"`);
  });

  check('other methods and other names are refused as ever', async (t) => {
    const server = await serve(t);
    const targets = ['/socket.io/other.js', '/socket.io/socket.io.js/', '/socket.io/socket.io.js.br',
      '/socket.io/x/socket.io.js', '/socket.io/../socket.io.js', '/socket.io/SOCKET.IO.JS', '/socket.io/socket%2eio.js'];
    for (const target of targets) {
      const { status, body } = await ask(server, target);
      assert.deepEqual([status, body.toString()], [400, '{"code":0,"message":"Transport unknown"}'], target);
    }
    const post = await ask(server, '/socket.io/socket.io.js', { method: 'POST', body: 'x' });
    assert.ok(post.status >= 400);
    assert.equal((await ask(server, '/socket.ioXsocket.io.js')).status, 404);
    assert.equal((await ask(server, '/socket.io.js')).status, 404);
  });

  check('unless they are served they are requests like any other', async (t) => {
    const server = await startEngine(t, { path: '/socket.io' });
    assert.equal((await ask(server, '/socket.io/socket.io.js')).status, 400);
  });

  check('with the CORS headers of the server', async (t) => {
    const server = await serve(t, { cors: 'list:http://page.example', corsCredentials: 1 });
    const ours = await ask(server, '/socket.io/socket.io.js', { headers: { Origin: 'http://page.example' } });
    assert.equal(ours.headers['access-control-allow-origin'], 'http://page.example');
    assert.equal(ours.headers['access-control-allow-credentials'], 'true');
    assert.match(ours.headers.vary, /\bOrigin\b/);
    const other = await ask(server, '/socket.io/socket.io.js', { headers: { Origin: 'http://other.example' } });
    assert.deepEqual([other.status, other.headers['access-control-allow-origin']], [200, undefined]);
    const preflight = await ask(server, '/socket.io/socket.io.js', {
      method: 'OPTIONS', headers: { Origin: 'http://page.example', 'Access-Control-Request-Method': 'GET' },
    });
    assert.equal(preflight.status, 204);
  });

  check('several on one connection, while sessions go on', async (t) => {
    const server = await serve(t);
    const tcp = await rawTcp(server);
    await tcp.write(head('GET', '/socket.io/socket.io.min.js') + head('GET', `/socket.io/?${POLL4}`)
      + head('HEAD', '/socket.io/socket.io.js') + head('GET', '/hello'));
    const text = await tcp.until(/\r\n\r\nhello$/);
    const statuses = [...text.matchAll(/HTTP\/1\.1 (\d+) /g)].map((match) => match[1]);
    assert.deepEqual(statuses, ['200', '200', '200', '200']);
    assert.match(text, /\{"sid":/);
  });

  check('what it serves is the client', async (t) => {
    const server = await serve(t);
    const { body } = await ask(server, '/socket.io/socket.io.js');
    const module = { exports: {} };
    // eslint-disable-next-line no-new-func
    new Function('module', 'exports', body.toString())(module, module.exports);
    assert.equal(typeof module.exports.io, 'function');
  });

  check('a folder without them is refused at the start', async (t) => {
    await assert.rejects(serve(t, { client: os.tmpdir() }), /no server/);
  });
});
