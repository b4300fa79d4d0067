// SPDX-License-Identifier: MIT
// Which answers pages of other origins may read, and which origins are
// refused.
'use strict';

const assert = require('node:assert/strict');
const { check, suite } = require('./lib/client');
const { openClient } = require('./lib/engine-client');
const { POLL4, ask, only, sidOf } = require('./lib/http');
const { startEngine } = require('./lib/server');
const { handshake, rawTcp } = require('./lib/tcp');
const { ENGINE } = require('./lib/websocket');

const CORS = /^(access-control-|vary$)/;
const HERE = 'http://page.example';

async function corsOf(server, headers = {}, query = POLL4, method = 'GET') {
  const answer = await ask(server, query, { method, headers });
  return { status: answer.status, ...only(answer.headers, CORS) };
}

function preflight(server, headers = {}, query = POLL4) {
  return ask(server, query, {
    method: 'OPTIONS',
    headers: { Origin: HERE, 'Access-Control-Request-Method': 'POST', ...headers },
  });
}

// The head of the answer to a websocket handshake.
async function upgradeHead(server, headers, query = ENGINE) {
  const tcp = await rawTcp(server);
  await tcp.write(handshake(query, headers, server.path));
  return (await tcp.until(/\r\n\r\n/)).split('\r\n\r\n')[0];
}

suite('CORS is off', () => {
  check('no header is sent and OPTIONS is no preflight', async (t) => {
    const server = await startEngine(t);
    assert.deepEqual(await corsOf(server, { Origin: HERE }), { status: 200 });
    const answer = await preflight(server);
    assert.equal(answer.status, 400);
    assert.equal(answer.body.toString(), '{"code":2,"message":"Bad handshake method"}');
    assert.deepEqual(only(answer.headers, CORS), {});
    const { headers } = await ask(server, POLL4, { headers: { Origin: HERE } });
    assert.deepEqual(only(headers, CORS), {});
  });

  check('the form "off" is the same', async (t) => {
    const server = await startEngine(t, { cors: 'off', corsCredentials: 1 });
    assert.deepEqual(await corsOf(server, { Origin: HERE }), { status: 200 });
    assert.equal((await preflight(server)).status, 400);
    assert.equal((await server.entry({ what: 'refused' })).code, 2);
  });
});

suite('which origin is allowed', () => {
  check('any', async (t) => {
    const server = await startEngine(t, { cors: 'any' });
    const star = { status: 200, 'access-control-allow-origin': '*' };
    assert.deepEqual(await corsOf(server, { Origin: HERE }), star);
    assert.deepEqual(await corsOf(server), star);
  });

  check('a fixed one, whatever the request says', async (t) => {
    const server = await startEngine(t, { cors: 'fixed:http://fixed.example' });
    const fixed = {
      status: 200, 'access-control-allow-origin': 'http://fixed.example', vary: 'Origin',
    };
    assert.deepEqual(await corsOf(server, { Origin: HERE }), fixed);
    assert.deepEqual(await corsOf(server), fixed);
  });

  check('a fixed star is any', async (t) => {
    const server = await startEngine(t, { cors: 'fixed:*' });
    assert.deepEqual(await corsOf(server, { Origin: HERE }),
      { status: 200, 'access-control-allow-origin': '*' });
  });

  check("the request's own", async (t) => {
    const server = await startEngine(t, { cors: 'reflect' });
    assert.deepEqual(await corsOf(server, { Origin: HERE }),
      { status: 200, 'access-control-allow-origin': HERE, vary: 'Origin' });
    assert.deepEqual(await corsOf(server), { status: 200, vary: 'Origin' });
  });

  check('those of a list', async (t) => {
    const server = await startEngine(t, {
      cors: 'list:http://one.example,http://*.two.example:*,null', corsCredentials: 1,
    });
    const base = { status: 200, 'access-control-allow-credentials': 'true', vary: 'Origin' };
    const allowed = ['http://one.example', 'http://a.b.two.example:8080', 'null', 'HTTP://ONE.example'];
    const others = ['http://one.example.evil', 'https://one.example', 'http://x.two.example/a:1', 'http://two.example'];
    for (const origin of allowed) {
      assert.deepEqual(await corsOf(server, { Origin: origin }),
        { ...base, 'access-control-allow-origin': origin }, origin);
    }
    for (const origin of others) {
      assert.deepEqual(await corsOf(server, { Origin: origin }), base, origin);
    }
    assert.deepEqual(await corsOf(server), base);
  });

  check('"null" only matches an entry of that name', async (t) => {
    const server = await startEngine(t, { cors: 'list:*' });
    assert.equal((await corsOf(server, { Origin: 'null' }))['access-control-allow-origin'], undefined);
  });

  check('what a callback says', async (t) => {
    const server = await startEngine(t, { cors: 'decide' });
    const allowed = async (origin) => (await corsOf(server, { Origin: origin }))['access-control-allow-origin'];
    assert.equal(await allowed('http://any.example'), '*');
    assert.equal(await allowed('http://fixed.test'), 'http://fixed.example');
    assert.equal(await allowed('http://mirror.example'), 'http://mirror.example');
    assert.equal(await allowed('http://list.example'), 'http://list.example');
    assert.equal(await allowed('http://a.list.example:1'), 'http://a.list.example:1');
    assert.equal(await allowed('http://list.test'), undefined);
    assert.deepEqual(await corsOf(server, { Origin: 'http://else.example' }), { status: 200 });
    assert.equal((await preflight(server, { Origin: 'http://else.example' })).status, 400);
  });

  check('a callback that fails refuses the request', async (t) => {
    const server = await startEngine(t, { cors: 'decide' });
    const answer = await ask(server, POLL4, { headers: { Origin: 'http://error.example' } });
    assert.equal(answer.status, 400);
    assert.equal(answer.body.toString(), '{"code":3,"message":"Bad request"}');
    const { code, context } = await server.entry({ what: 'refused' });
    assert.deepEqual([code, context.name], [3, 'MIDDLEWARE_FAILURE']);
  });
});

suite('preflights', () => {
  check('by default all methods and the headers that are asked for', async (t) => {
    const server = await startEngine(t, { cors: 'reflect' });
    const answer = await preflight(server, { 'Access-Control-Request-Headers': 'x-one,x-two' });
    assert.equal(answer.status, 204);
    assert.equal(answer.headers['content-length'], undefined); // RFC 9110 section 8.6
    assert.deepEqual(only(answer.headers, CORS), {
      'access-control-allow-origin': HERE,
      'access-control-allow-methods': 'GET,HEAD,PUT,PATCH,POST,DELETE',
      'access-control-allow-headers': 'x-one,x-two',
      vary: 'Origin, Access-Control-Request-Headers',
    });
    assert.equal(answer.body.length, 0);
  });

  check('without headers asked for', async (t) => {
    const server = await startEngine(t, { cors: 'any' });
    assert.deepEqual(only((await preflight(server)).headers, CORS), {
      'access-control-allow-origin': '*',
      'access-control-allow-methods': 'GET,HEAD,PUT,PATCH,POST,DELETE',
      vary: 'Access-Control-Request-Headers',
    });
  });

  check('all options are told', async (t) => {
    const server = await startEngine(t, {
      cors: `list:${HERE}`,
      corsCredentials: 1,
      corsMethods: 'GET,POST',
      corsAllowedHeaders: 'x-mine,x-yours',
      corsExposedHeaders: 'x-seen,x-known',
      corsMaxAge: 123,
      corsSuccessStatus: 200,
    });
    const answer = await preflight(server, { 'Access-Control-Request-Headers': 'x-other' });
    assert.equal(answer.status, 200);
    assert.deepEqual(only(answer.headers, CORS), {
      'access-control-allow-origin': HERE,
      'access-control-allow-credentials': 'true',
      'access-control-allow-methods': 'GET,POST',
      'access-control-allow-headers': 'x-mine,x-yours',
      'access-control-expose-headers': 'x-seen,x-known',
      'access-control-max-age': '123',
      vary: 'Origin',
    });
    assert.deepEqual(await corsOf(server, { Origin: HERE }), {
      status: 200,
      'access-control-allow-origin': HERE,
      'access-control-allow-credentials': 'true',
      'access-control-expose-headers': 'x-seen,x-known',
      vary: 'Origin',
    });
  });

  check('an age of 0 is told, an origin that is not allowed still gets 204', async (t) => {
    const server = await startEngine(t, { cors: 'list:http://other.example', corsMaxAge: 0 });
    const answer = await preflight(server);
    assert.equal(answer.status, 204);
    assert.equal(answer.headers['access-control-allow-origin'], undefined);
    assert.equal(answer.headers['access-control-max-age'], '0');
  });

  check('any OPTIONS under the path is one, whatever its query', async (t) => {
    const server = await startEngine(t, { cors: 'any' });
    const sid = sidOf((await ask(server, POLL4)).body);
    for (const target of [`${POLL4}&sid=${sid}`, 'transport=abc', '', '/engine.io/below/']) {
      assert.equal((await ask(server, target, { method: 'OPTIONS' })).status, 204, target);
    }
    assert.equal((await ask(server, '/hello', { method: 'OPTIONS' })).headers['access-control-allow-origin'], undefined);
    assert.equal((await ask(server, `${POLL4}&sid=${sid}`, { method: 'POST', body: '4still' })).status, 200);
  });
});

suite('CORS headers are on every answer', () => {
  check('polls, posts, refusals and the 101', async (t) => {
    const server = await startEngine(t, { cors: 'reflect', corsCredentials: 1 });
    const headers = { Origin: HERE };
    const want = {
      'access-control-allow-origin': HERE, 'access-control-allow-credentials': 'true', vary: 'Origin',
    };
    const sid = sidOf((await ask(server, POLL4)).body);
    const session = `${POLL4}&sid=${sid}`;
    const answers = [
      [200, session, { method: 'POST', body: '4hi' }], [200, session, {}],
      [400, 'EIO=4&transport=abc', {}], [400, ENGINE, {}], [400, `${POLL4}&sid=nobody`, {}],
      [413, session, { method: 'POST', body: 'x'.repeat(1000001) }],
    ];
    for (const [status, query, options] of answers) {
      const answer = await ask(server, query, { ...options, headers });
      assert.equal(answer.status, status, query);
      assert.deepEqual(only(answer.headers, CORS), want, query);
    }
    const text = await upgradeHead(server, headers);
    assert.match(text, /^HTTP\/1\.1 101 /);
    assert.match(text, /\r\nAccess-Control-Allow-Origin: http:\/\/page\.example(\r\n|$)/i);
    assert.match(text, /\r\nAccess-Control-Allow-Credentials: true(\r\n|$)/i);
  });

  for (const mode of ['polling only', 'websocket only', 'upgrade']) {
    check(`the official client works with it (${mode})`, async (t) => {
      const server = await startEngine(t, { cors: 'list:http://other.example' });
      const client = await openClient(server, 'EIO 4', mode);
      client.send('hello');
      assert.deepEqual(await client.received(1), ['hello']);
    });
  }
});

suite('check_origin', () => {
  async function assertRefused(server, origin) {
    const answer = await ask(server, POLL4, { headers: { Origin: origin } });
    assert.deepEqual([answer.status, answer.body.toString()],
      [403, '{"code":4,"message":"Forbidden"}'], origin);
    const host = `127.0.0.1:${server.port}`;
    assert.match(await upgradeHead(server, { Origin: origin, Host: host }), /^HTTP\/1\.1 400 /);
    const refused = await server.entries('refused');
    assert.deepEqual(refused.at(-1).context, { name: 'ORIGIN_NOT_ALLOWED', origin });
  }

  async function assertTaken(server, headers) {
    assert.equal((await ask(server, POLL4, { headers })).status, 200, JSON.stringify(headers));
    assert.match(await upgradeHead(server, headers), /^HTTP\/1\.1 101 /);
  }

  check('without CORS only the own origin is taken', async (t) => {
    const server = await startEngine(t, { checkOrigin: true });
    await assertTaken(server, { Origin: server.url, Host: `127.0.0.1:${server.port}` });
    await assertTaken(server, {});
    for (const origin of [HERE, 'null', 'http://127.0.0.1', `${server.url}0`, `http://x127.0.0.1:${server.port}`]) {
      await assertRefused(server, origin);
    }
  });

  check('with CORS those that it allows are taken as well', async (t) => {
    const server = await startEngine(t, { checkOrigin: true, cors: `list:${HERE}` });
    await assertTaken(server, { Origin: HERE });
    await assertTaken(server, { Origin: server.url, Host: `127.0.0.1:${server.port}` });
    await assertRefused(server, 'http://evil.example');
  });

  check('polls, posts and upgrades of a session are checked, too', async (t) => {
    const server = await startEngine(t, { checkOrigin: true, cors: `list:${HERE}` });
    const headers = { Origin: 'http://evil.example' };
    const sid = sidOf((await ask(server, POLL4, { headers: { Origin: HERE } })).body);
    const session = `${POLL4}&sid=${sid}`;
    for (const options of [{ method: 'GET' }, { method: 'POST', body: '4evil' }]) {
      assert.equal((await ask(server, session, { ...options, headers })).status, 403);
    }
    assert.match(await upgradeHead(server, headers, `${ENGINE}&sid=${sid}`), /^HTTP\/1\.1 400 /);
    assert.equal((await server.entries('message')).length, 0);
    const well = await ask(server, session, { method: 'POST', body: '4good', headers: { Origin: HERE } });
    assert.equal(well.status, 200);
  });

  check('it is off by default, and the refused origin is in the log', async (t) => {
    const open = await startEngine(t);
    await assertTaken(open, { Origin: 'http://evil.example' });
    const server = await startEngine(t, { checkOrigin: true, log: true });
    await assertRefused(server, 'http://evil.example');
    const lines = (await server.entries('log')).map((entry) => entry.line);
    assert.ok(lines.some((line) => line.includes('http://evil.example')), lines.join('\n'));
  });
});
