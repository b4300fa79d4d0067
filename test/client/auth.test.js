// SPDX-License-Identifier: MIT
// Tokens: the official client against the example `tls_auth`.
'use strict';

const assert = require('node:assert/strict');
const fs = require('node:fs');
const http = require('node:http');
const https = require('node:https');
const path = require('node:path');
const { ask, check, client, collect, connect, eachMode, suite } = require('./lib/client');
const { startProgram } = require('./lib/server');
const { event, sleep, until, within } = require('./lib/wait');

const FOLDER = path.resolve(__dirname, '../fixture/tls');
const CA = fs.readFileSync(path.join(FOLDER, 'ca.pem'));
const TLS = { chain: path.join(FOLDER, 'ec.pem'), key: path.join(FOLDER, 'ec.key') };

async function start(t, options = {}) {
  const server = await startProgram(t, 'tls_auth', options);
  if (options.chain) server.url = `https://localhost:${server.port}`;
  return server;
}

// The answer to a request, with a token if there is one.
function request(server, method, target, token, body) {
  const headers = token ? { authorization: `Bearer ${token}` } : {};
  const { request: send } = server.url.startsWith('https') ? https : http;
  const answered = new Promise((resolve, reject) => {
    send(server.url + target, { method, headers, ca: CA, agent: false }, (response) => {
      response.toArray().then((parts) => resolve({
        status: response.statusCode,
        challenge: response.headers['www-authenticate'],
        text: Buffer.concat(parts).toString(),
      }), reject);
    }).on('error', reject).end(body);
  });
  return within(answered, `answer to ${target}`);
}

async function login(server, name) {
  const { status, text } = await request(server, 'POST', '/login', null, `${name} sesame`);
  assert.equal(status, 200);
  return text;
}

const enter = (server, mode, token) => connect(server, mode, { ca: CA, auth: { token } });

async function refusal(server, mode, options) {
  const [error] = await event(client(server, mode, { ca: CA, ...options }), 'connect_error');
  return [error.message, error.data];
}

suite('tokens', () => {
  eachMode('all devices of a user are reached, counted and logged out', async (t, mode) => {
    const server = await start(t, TLS);
    const ann = await login(server, 'ann');
    const devices = [];
    for (let i = 0; i < 3; i += 1) devices.push(await enter(server, mode, ann));
    const online = event(devices[0], 'online');
    const ben = await enter(server, mode, await login(server, 'ben'));
    assert.deepEqual(await online, ['ben']);
    const heard = [...devices, ben].map((socket) => collect(socket, 'notice'));
    assert.equal(await ask(ben, 'notify', 'ann', 'hello'), 3);
    await until(() => heard.flat().length === 3, 'three notices');
    assert.deepEqual(heard, [[['ben', 'hello']], [['ben', 'hello']], [['ben', 'hello']], []]);
    assert.equal((await request(server, 'GET', '/me', ann)).text, 'ann 3');
    const ends = devices.map((socket) => event(socket, 'disconnect'));
    const revoked = devices.map((socket) => event(socket, 'auth:revoked'));
    const offline = event(ben, 'offline');
    assert.equal((await request(server, 'POST', '/logout', ann)).text, 'done');
    await Promise.all(revoked);
    for (const [reason] of await Promise.all(ends)) assert.equal(reason, 'io server disconnect');
    assert.deepEqual(await offline, ['ann']);
    assert.deepEqual(await refusal(server, mode, { auth: { token: ann } }),
      ['the token has been revoked', { code: 'revoked' }]);
    assert.equal(await ask(ben, 'notify', 'ann', 'hello'), 0);
  });

  eachMode('who shows no good token is told why', async (t, mode) => {
    const server = await start(t, { life: 1 });
    const token = await login(server, 'ann');
    const cut = `${token.slice(0, -4)}AAAA`;
    assert.deepEqual(await refusal(server, mode),
      ['a token is required', { code: 'missing_token' }]);
    assert.deepEqual(await refusal(server, mode, { auth: { token: 'x' } }),
      ['not a signed token in the compact form', { code: 'malformed' }]);
    assert.deepEqual(await refusal(server, mode, { auth: { token: cut } }),
      ['the signature is wrong', { code: 'bad_signature' }]);
    await sleep(2100); // a whole life, and what the second was old at the login
    assert.deepEqual(await refusal(server, mode, { auth: { token: `Bearer ${token}` } }),
      ['the token has expired', { code: 'expired' }]);
  });

  eachMode('a header does as well', async (t, mode) => {
    const server = await start(t);
    const extraHeaders = { authorization: `Bearer ${await login(server, 'ann')}` };
    await connect(server, mode, { extraHeaders });
  });

  eachMode('a token is renewed on the live socket', async (t, mode) => {
    const server = await start(t, { life: 4 });
    const socket = await enter(server, mode, await login(server, 'ann'));
    const ended = event(socket, 'disconnect');
    const [{ exp }] = await event(socket, 'auth:expiring');
    const wrong = await ask(socket, 'auth:renew', { token: await login(server, 'ben') });
    assert.deepEqual([wrong.ok, wrong.code], [false, 'wrong_subject']);
    const answer = await ask(socket, 'auth:renew', { token: await login(server, 'ann') });
    assert.equal(answer.ok, true);
    assert.ok(answer.exp > exp);
    const [again] = await event(socket, 'auth:expiring');
    assert.equal(again.exp, answer.exp);
    const expired = event(socket, 'auth:expired');
    assert.deepEqual(await ended.then(([reason]) => reason), 'io server disconnect');
    await expired;
    assert.ok(Date.now() >= answer.exp * 1000);
    socket.auth = { token: await login(server, 'ann') };
    socket.connect();
    await event(socket, 'connect');
  });

  eachMode('other keys are for new sockets', async (t, mode) => {
    const server = await start(t);
    const token = await login(server, 'ann');
    const socket = await enter(server, mode, token);
    assert.equal((await request(server, 'POST', '/rotate', token)).text, 'done');
    assert.deepEqual(await refusal(server, mode, { auth: { token } }),
      ['the signature is wrong', { code: 'bad_signature' }]);
    await enter(server, mode, await login(server, 'ann'));
    assert.equal(await ask(socket, 'notify', 'ann', 'still here'), 2);
  });

  eachMode('a reload is no absence', async (t, mode) => {
    const server = await start(t);
    const token = await login(server, 'ann');
    const ben = await enter(server, mode, await login(server, 'ben'));
    const first = await enter(server, mode, token);
    const [online, offline] = [collect(ben, 'online'), collect(ben, 'offline')];
    first.disconnect();
    const second = await enter(server, mode, token);
    second.disconnect();
    await until(() => offline.length === 1, 'the end');
    assert.ok(online.length <= 1); // of the first time
    assert.deepEqual(offline, [['ann']]);
  });

  check('requests are challenged as RFC 6750 has it', async (t) => {
    const server = await start(t);
    const none = await request(server, 'GET', '/me');
    assert.deepEqual([none.status, none.challenge], [401, 'Bearer']);
    const bad = await request(server, 'GET', '/me', 'a.b.c');
    assert.equal(bad.status, 401);
    assert.match(bad.challenge, /^Bearer error="invalid_token", error_description="/);
    assert.equal((await request(server, 'POST', '/login', null, 'ann wrong')).status, 403);
  });
});
