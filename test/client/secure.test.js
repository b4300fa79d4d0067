// SPDX-License-Identifier: MIT
// TLS: the official client over https and wss, openssl, and curl.
'use strict';

const assert = require('node:assert');
const { spawn } = require('node:child_process');
const { randomBytes } = require('node:crypto');
const fs = require('node:fs');
const https = require('node:https');
const net = require('node:net');
const path = require('node:path');
const tls = require('node:tls');
const { check, client, connect, eachMode, suite } = require('./lib/client');
const { startSecure } = require('./lib/server');
const { event, sleep, until, within } = require('./lib/wait');

const FOLDER = path.resolve(__dirname, '../fixture/tls');
const file = (name) => path.join(FOLDER, name);
const read = (name) => fs.readFileSync(file(name));
const CA = read('ca.pem');
const identity = (name) => ({ cert: read(`${name}.pem`), key: read(`${name}.key`) });

// What a request on a connection of its own is answered with.
function get(server, target, options = {}) {
  const answered = new Promise((resolve, reject) => {
    https.get(`${server.url}${target}`, { agent: false, ca: CA, ...options }, (response) => {
      const subject = response.socket.getPeerCertificate().subject.CN;
      response.toArray().then((parts) => resolve({
        status: response.statusCode, body: Buffer.concat(parts).toString(), subject,
      }), reject);
    }).on('error', reject);
  });
  return within(answered, `answer to ${target}`);
}

async function causes(server) {
  const response = await fetch(`http://127.0.0.1:${server.plain}/causes`);
  return response.json();
}

// The versions that the server's mbedtls has.
async function versions(server) {
  return (await causes(server)).has13 ? ['1.2', '1.3'] : ['1.2'];
}

// Runs a program to its end: {code, out}.
function run(program, args, input) {
  const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'pipe'] });
  let out = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (data) => (out += data));
  child.stdin.on('error', () => {});
  if (input !== undefined) child.stdin.end(input);
  const ended = new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, out }));
  });
  return within(ended, `end of ${program}`).finally(() => child.kill('SIGKILL'));
}

suite('official clients with TLS', () => {
  eachMode('events, acknowledgements and bytes arrive', async (t, mode) => {
    const server = await startSecure(t);
    const socket = client(server, mode, { ca: CA });
    const who = event(socket, 'who');
    await event(socket, 'connect');
    assert.deepStrictEqual(await who, [true, null, false]);
    const bytes = randomBytes(200000);
    const echo = event(socket, 'echo');
    const ack = await socket.timeout(4000).emitWithAck('echo', { a: 'é' }, bytes);
    assert.deepStrictEqual(ack, { a: 'é' });
    assert.deepStrictEqual((await echo)[1], bytes);
    if (mode === 'upgrade') {
      await until(() => socket.io.engine.transport.name === 'websocket', 'upgrade');
      assert.strictEqual(await socket.timeout(4000).emitWithAck('echo', 1), 1);
    }
  });

  eachMode('a broadcast reaches clients with TLS and without', async (t, mode) => {
    const server = await startSecure(t);
    const plain = { url: `http://127.0.0.1:${server.plain}`, own: server.own.bind(server) };
    const sockets = [
      await connect(server, mode, { ca: CA }),
      await connect(server, mode, { ca: CA }),
      await connect(plain, mode),
    ];
    const text = 'x'.repeat(30000);
    const got = sockets.map((socket) => event(socket, 'all'));
    sockets[0].emit('all', text);
    for (const args of await Promise.all(got)) assert.deepStrictEqual(args, [text]);
  });

  eachMode('a client without the CA does not connect', async (t, mode) => {
    const server = await startSecure(t);
    const socket = client(server, mode, { ca: read('other-ca.pem') });
    await event(socket, 'connect_error');
    assert.strictEqual(socket.connected, false);
    // Some clients send an alert, others just leave.
    await until(async () => (await causes(server)).now === 1, 'its end');
  });

  check('an expired certificate and a wrong name are refused by the client', async (t) => {
    const expired = await startSecure(t, { pairs: 'expired' });
    await assert.rejects(get(expired, '/hello'), { code: 'CERT_HAS_EXPIRED' });
    const named = await startSecure(t, { pairs: 'names' });
    await assert.rejects(get(named, '/hello'), { code: 'ERR_TLS_CERT_ALTNAME_INVALID' });
    const stranger = await startSecure(t, { pairs: 'stranger' });
    await assert.rejects(get(stranger, '/hello'));
  });

  check('the certificate is the one of the name', async (t) => {
    const server = await startSecure(t, { pairs: 'ec,names,common' });
    const subject = async (servername) => (await get(server, '/hello', {
      servername, rejectUnauthorized: false,
    })).subject;
    assert.strictEqual(await subject('localhost'), 'localhost');
    assert.strictEqual(await subject('one.example'), 'unused.example');
    assert.strictEqual(await subject('a.two.example'), 'unused.example');
    assert.strictEqual(await subject('unknown.example'), 'localhost');
  });
});

suite('certificates of clients', () => {
  eachMode('a verified one tells who it is', async (t, mode) => {
    const server = await startSecure(t, { clientCa: 'ca.pem', clientAuth: 2 });
    const socket = client(server, mode, { ca: CA, ...identity('client') });
    assert.deepStrictEqual(await event(socket, 'who'),
      [true, 'C=NO, O=Example\\, Inc., CN=Åse + CN=alice', true]);
  });

  check('none, a stranger, an expired and a revoked one are refused', async (t) => {
    const server = await startSecure(t, {
      clientCa: 'ca.pem', clientCrl: 'crl.pem', clientAuth: 2,
    });
    for (const name of ['client-stranger', 'client-expired', 'client-revoked']) {
      await assert.rejects(get(server, '/hello', identity(name)), name);
    }
    await assert.rejects(get(server, '/hello'));
    assert.strictEqual((await causes(server)).certificate, 4);
    const { body } = await get(server, '/hello', identity('client'));
    assert.strictEqual(body, 'hello');
  });

  check('an optional one is for the host to judge', async (t) => {
    const server = await startSecure(t, { clientCa: 'ca.pem', clientAuth: 1 });
    const who = async (options) => (await get(server, '/who', options)).body;
    assert.strictEqual(await who({}), '|0');
    assert.strictEqual(await who(identity('client-stranger')), 'CN=alice|0');
    assert.match(await who(identity('client')), /CN=alice\|1$/);
  });
});

suite('certificates that change', () => {
  check('under load old connections stay, and new ones see the new one', async (t) => {
    const server = await startSecure(t);
    const old = await connect(server, 'websocket only', { ca: CA });
    let lost = 0;
    old.on('disconnect', () => (lost += 1));
    let busy = true;
    let echoes = 0;
    const load = (async () => {
      while (busy) {
        await old.timeout(4000).emitWithAck('echo', 'x'.repeat(1000));
        echoes += 1;
      }
    })();
    const seen = new Set();
    const dial = (async () => {
      while (busy) seen.add((await get(server, '/hello')).subject);
    })();
    await until(() => echoes > 20 && seen.has('localhost'), 'load');
    assert.strictEqual((await get(server, '/swap?new')).status, 200);
    assert.strictEqual((await get(server, '/hello')).subject, 'renewed');
    const later = echoes;
    await until(() => echoes > later + 20, 'echoes after the change');
    busy = false;
    await Promise.all([load, dial]);
    assert.deepStrictEqual([...seen].sort(), ['localhost', 'renewed']);
    assert.strictEqual(lost, 0);
    await old.timeout(4000).emitWithAck('echo', 'still');
  });
});

suite('openssl and curl', () => {
  check('openssl resumes with a ticket, by every version that there is', async (t) => {
    const server = await startSecure(t);
    const suites = { 1.2: 'ECDHE-ECDSA-AES128-GCM-SHA256', 1.3: 'TLS_AES_(128|256)_GCM_SHA' };
    let resumed = 0;
    const session = path.join(fs.mkdtempSync('/tmp/sio-test-'), 'session');
    t.after(() => fs.rmSync(path.dirname(session), { recursive: true }));
    const request = 'GET /hello HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n';
    for (const version of await versions(server)) {
      const common = ['s_client', '-connect', `localhost:${server.port}`,
        `-tls${version.replace('.', '_')}`, '-CAfile', file('ca.pem'), '-verify_return_error',
        '-alpn', 'http/1.1', '-ign_eof'];
      const first = await run('openssl', [...common, '-sess_out', session], request);
      assert.match(first.out, /ALPN protocol: http\/1.1/);
      assert.match(first.out, new RegExp(`New, TLSv${version}, Cipher is ${suites[version]}`));
      assert.match(first.out, /\r\n\r\nhello/);
      const second = await run('openssl', [...common, '-sess_in', session], request);
      assert.match(second.out, new RegExp(`Reused, TLSv${version}`));
      assert.match(second.out, /\r\n\r\nhello/);
      resumed += 1;
      assert.strictEqual((await causes(server)).resumed, resumed);
    }
  });

  check('TLS 1.3 is spoken if it is there, and refused if it is not', async (t) => {
    const server = await startSecure(t);
    const { has13 } = await causes(server);
    const { out } = await run('openssl', ['s_client', '-connect', `localhost:${server.port}`,
      '-tls1_3'], '');
    assert.match(out, has13 ? /New, TLSv1.3/ : /alert (protocol version|handshake failure)/i);
    assert.strictEqual((await causes(server)).handshake, has13 ? 0 : 1);
  });

  check('renegotiation is refused', async (t) => {
    const server = await startSecure(t);
    const child = spawn('openssl', ['s_client', '-connect', `localhost:${server.port}`,
      '-tls1_2', '-CAfile', file('ca.pem')]);
    t.after(() => child.kill('SIGKILL'));
    let out = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (data) => (out += data));
    await until(() => /Verify return code: 0/.test(out), 'handshake');
    child.stdin.write('R\n');
    await until(() => /no renegotiation/i.test(out), 'refusal');
  });

  check('old versions and plain HTTP are refused, and counted', async (t) => {
    const server = await startSecure(t);
    const old = await run('openssl', ['s_client', '-connect', `localhost:${server.port}`,
      '-tls1_1', '-cipher', 'ALL@SECLEVEL=0'], '');
    assert.match(old.out, /alert protocol version|unsupported protocol|no protocols/i);
    const socket = net.connect(server.port, '127.0.0.1');
    socket.end('GET / HTTP/1.1\r\nHost: h\r\n\r\n');
    const answer = Buffer.concat(await within(socket.toArray(), 'end'));
    assert.ok(answer.length === 0 || answer[0] === 21, answer.toString());
    await until(async () => (await causes(server)).handshake >= 1, 'count');
  });

  check('a handshake that does not come to its end is cut', async (t) => {
    const server = await startSecure(t, { tlsHandshakeTimeout: 300 });
    const socket = net.connect(server.port, '127.0.0.1');
    socket.on('error', () => {});
    await within(new Promise((resolve) => socket.on('close', resolve)), 'end');
    assert.strictEqual((await causes(server)).timeout, 1);
    const secure = tls.connect({ port: server.port, host: 'localhost', ca: CA });
    await event(secure, 'secureConnect');
    await sleep(600);
    assert.strictEqual(secure.destroyed, false);
    secure.destroy();
  });

  check('one address may begin so many handshakes', async (t) => {
    const server = await startSecure(t, { tlsHandshakesPerAddress: 3 });
    const dial = () => get(server, '/hello').then(() => true, () => false);
    const came = await Promise.all(Array.from({ length: 20 }, dial));
    const admitted = came.filter(Boolean).length;
    assert.ok(admitted >= 3 && admitted < 20, `${admitted} were let in`);
    assert.strictEqual((await causes(server)).tooMany, 20 - admitted);
    await until(dial, 'a token'); // there is one again after a while
  });

  check('curl reads pages by every version, and checks the CA', async (t) => {
    const server = await startSecure(t, { pairs: 'rsa,ec' });
    const url = `${server.url}/hello`;
    for (const version of await versions(server)) {
      const good = await run('curl', ['-sS', `--tlsv${version}`, '--tls-max', version, '--cacert',
        file('ca.pem'), url]);
      assert.deepStrictEqual(good, { code: 0, out: 'hello' }, version);
    }
    const bad = await run('curl', ['-sS', '--cacert', file('other-ca.pem'), url]);
    assert.strictEqual(bad.code, 60, bad.out);
    await until(async () => (await causes(server)).alert === 1, 'alert');
  });
});
