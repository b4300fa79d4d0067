// SPDX-License-Identifier: MIT
// The cookie with the session id.
'use strict';

const assert = require('node:assert/strict');
const { check, suite } = require('./lib/client');
const { POLL4, ask, sidOf } = require('./lib/http');
const { startEngine } = require('./lib/server');
const { handshake, rawTcp } = require('./lib/tcp');
const { ENGINE } = require('./lib/websocket');

// What the handshake sets, with the id cut out.
async function cookieOf(server) {
  const { headers, body } = await ask(server, POLL4);
  const [cookie, ...more] = headers['set-cookie'] || [];
  assert.deepEqual(more, []);
  return cookie?.replace(encodeURIComponent(sidOf(body)), 'SID');
}

const FORMS = [
  ['the default', {}, 'io=SID; Path=/; HttpOnly; SameSite=Lax'],
  ['another name', { cookie: 'node' }, 'node=SID; Path=/; HttpOnly; SameSite=Lax'],
  ['another path', { cookiePath: '/custom' }, 'io=SID; Path=/custom; HttpOnly; SameSite=Lax'],
  ['no path', { cookiePath: 'none' }, 'io=SID; HttpOnly; SameSite=Lax'],
  ['for scripts', { cookieHttpOnly: 0 }, 'io=SID; Path=/; SameSite=Lax'],
  ['strict', { cookieSameSite: 2 }, 'io=SID; Path=/; HttpOnly; SameSite=Strict'],
  ['for all sites', { cookieSameSite: 3, cookieSecure: 1 }, 'io=SID; Path=/; HttpOnly; Secure; SameSite=None'],
  ['without a site rule', { cookieSameSite: 0 }, 'io=SID; Path=/; HttpOnly'],
  ['everything', {
    cookie: 'x-1',
    cookieMaxAge: 3600,
    cookieDomain: 'example.com',
    cookieExpires: 784111777,
    cookieSecure: 1,
    cookiePartitioned: 1,
    cookiePriority: 3,
    cookieSameSite: 3,
  }, 'x-1=SID; Max-Age=3600; Domain=example.com; Path=/; Expires=Sun, 06 Nov 1994 08:49:37 GMT; HttpOnly; Secure; Partitioned; Priority=High; SameSite=None'],
  ['an age of nothing', { cookieMaxAge: 0, cookiePriority: 1 }, 'io=SID; Max-Age=0; Path=/; HttpOnly; Priority=Low; SameSite=Lax'],
];

suite('the cookie', () => {
  for (const [name, options, want] of FORMS) {
    check(name, async (t) => {
      const server = await startEngine(t, { cookie: 'io', ...options });
      assert.equal(await cookieOf(server), want);
    });
  }

  check('there is none by default', async (t) => {
    assert.equal(await cookieOf(await startEngine(t)), undefined);
  });

  check('only the answer to the polling handshake has it', async (t) => {
    const server = await startEngine(t, { cookie: 'io' });
    const sid = sidOf((await ask(server, POLL4)).body);
    const answers = [
      await ask(server, `${POLL4}&sid=${sid}`, { method: 'POST', body: '4a' }),
      await ask(server, `${POLL4}&sid=${sid}`),
      await ask(server, `${POLL4}&sid=nobody`),
    ];
    for (const { headers } of answers) assert.equal(headers['set-cookie'], undefined);
    for (const query of [ENGINE, `${ENGINE}&sid=${sid}`]) {
      const tcp = await rawTcp(server);
      await tcp.write(handshake(query, {}, server.path));
      assert.doesNotMatch(await tcp.until(/^HTTP\/1\.1 101 [^]*\r\n\r\n/), /set-cookie/i);
    }
  });

  check('an id of the host is encoded', async (t) => {
    const server = await startEngine(t, { cookie: 'io', ids: 'umlaut' });
    const { headers, body } = await ask(server, POLL4);
    assert.equal(sidOf(body), 'ä0');
    assert.match(headers['set-cookie'][0], /^io=%C3%A40; Path/);
  });

  check('what no browser would take is refused at the start', async (t) => {
    const wrong = [
      { cookie: 'a b' }, { cookie: 'a;b' }, { cookie: 'é' }, { cookiePath: '/;x' },
      { cookieDomain: 'a\nb' }, { cookieSameSite: 4 }, { cookieExpires: '253402300800' },
    ];
    for (const options of wrong) {
      await assert.rejects(startEngine(t, { cookie: 'io', ...options }), /not understood: cookie/,
        JSON.stringify(options));
    }
  });
});
