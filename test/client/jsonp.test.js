// SPDX-License-Identifier: MIT
// JSONP of Engine.IO 3: answers are scripts, posts are forms.
'use strict';

const assert = require('node:assert/strict');
const vm = require('node:vm');
const { check, suite } = require('./lib/client');
const { POLL4, ask, sidOf } = require('./lib/http');
const { startEngine } = require('./lib/server');

const POLL3 = 'EIO=3&transport=polling';
const OPTIONS = { allowEio3: true, allowJsonp: true };

// Runs a script as a browser would; what it calls ___eio[index] with.
function run(script, index = 0) {
  const got = [];
  const context = { ___eio: { [index]: (payload) => got.push(payload) } };
  vm.runInNewContext(script, context, { timeout: 1000 });
  assert.equal(got.length, 1, script);
  return got[0];
}

class Jsonp {
  constructor(server, sid, j) {
    this.server = server;
    this.query = `${POLL3}&sid=${sid}&j=${j}`;
    this.sid = sid;
  }

  async get() {
    const answer = await ask(this.server, this.query);
    assert.equal(answer.status, 200);
    assert.match(answer.headers['content-type'], /^text\/(plain|javascript); charset=UTF-8$/i);
    return answer.body.toString();
  }

  async postForm(body) {
    const headers = { 'Content-Type': 'application/x-www-form-urlencoded' };
    return ask(this.server, this.query, { method: 'POST', body, headers });
  }

  // As the form of the official client does.
  async post(payload) {
    const escaped = payload.replace(/\\n/g, '\\\\n').replace(/\n/g, '\\n');
    const { status, body } = await this.postForm(`d=${encodeURIComponent(escaped).replace(/%20/g, '+')}`);
    assert.deepEqual([status, body.toString()], [200, 'ok']);
  }
}

async function open(server, j = '0') {
  const { status, body } = await ask(server, `${POLL3}&j=${j}`);
  assert.equal(status, 200);
  const [sid] = /[\w-]{20}/.exec(body.toString());
  return { session: new Jsonp(server, sid, j), script: body.toString() };
}

suite('JSONP', () => {
  check('the handshake is a call', async (t) => {
    const server = await startEngine(t, OPTIONS);
    const { script } = await open(server, '7');
    assert.match(script, /^___eio\[7\]\("\d+:0\{\\"sid\\":\\"[\w-]{20}\\",.*\}"\);$/);
    const payload = run(script, 7);
    const [, length, packet] = /^(\d+):(.*)$/.exec(payload);
    assert.equal(Number(length), packet.length);
    assert.ok(JSON.parse(packet.slice(1)).sid);
  });

  check('messages come back', async (t) => {
    const server = await startEngine(t, OPTIONS);
    const { session } = await open(server);
    await session.post('6:4hello2:4€');
    assert.equal(await session.get(), '___eio[0]("6:4hello2:4€");');
  });

  check('whatever they contain', async (t) => {
    const server = await startEngine(t, OPTIONS);
    const { session } = await open(server);
    const texts = ['a"b\\c', 'line\nline\r\n', '\u2028 \u2029', '</script><!--', '\u0000\u0001\u001f', 'back\\nslash', '+ +%2B&d=', '😀'];
    await session.post(texts.map((text) => `${text.length + 1}:4${text}`).join(''));
    const script = await session.get();
    assert.doesNotMatch(script, /[\u2028\u2029\n\r\0]/);
    assert.equal(run(script), texts.map((text) => `${text.length + 1}:4${text}`).join(''));
  });

  check('binary is base64', async (t) => {
    const server = await startEngine(t, OPTIONS);
    const { session } = await open(server);
    await session.post('10:b4AQIDBA==');
    assert.equal(run(await session.get()), '10:b4AQIDBA==');
  });

  check('a form without data is answered and changes nothing', async (t) => {
    const server = await startEngine(t, OPTIONS);
    const { session } = await open(server);
    for (const body of ['', 'e=1', 'dd=2:4a']) {
      const answer = await session.postForm(body);
      assert.deepEqual([answer.status, answer.body.toString()], [200, 'ok'], body);
    }
    assert.equal((await server.entries('message')).length, 0);
    assert.equal((await server.entries('close')).length, 0);
  });

  check('malformed data ends the session', async (t) => {
    const server = await startEngine(t, OPTIONS);
    const { session } = await open(server);
    assert.equal((await session.postForm('d=abc')).status, 400);
    assert.equal((await server.entry({ what: 'close' })).reason, 'parse error');
  });

  check('only digits of the index are reflected, and without any it is refused', async (t) => {
    const server = await startEngine(t, OPTIONS);
    assert.match((await open(server, encodeURIComponent('1];alert(2);//</script>3'))).script, /^___eio\[123\]\("/);
    for (const j of ['', 'abc', '99999999999999999999']) {
      const { status, body } = await ask(server, `${POLL3}&j=${j}`);
      assert.deepEqual([status, body.toString()], [400, '{"code":3,"message":"Bad request"}'], j);
    }
    const refused = await server.entries('refused');
    assert.ok(refused.every((e) => e.context.name === 'INVALID_JSONP_INDEX'));
  });

  check('the index is that of the handshake', async (t) => {
    const server = await startEngine(t, OPTIONS);
    const { session } = await open(server, '4');
    session.query = session.query.replace('&j=4', '&j=5');
    await session.post('2:4a');
    assert.equal(await session.get(), '___eio[4]("2:4a");');
  });

  check('pings, noops and the end look the same', async (t) => {
    const server = await startEngine(t, OPTIONS);
    const { session } = await open(server);
    await session.post('1:2');
    assert.equal(run(await session.get()), '1:3');
    await server.close(session.sid);
    assert.match(run(await session.get()), /^(1:6)?1:1$/);
  });

  check('it is off by default, and never for EIO 4', async (t) => {
    const server = await startEngine(t, { allowEio3: true });
    const { status, body: why } = await ask(server, `${POLL3}&j=0`);
    assert.deepEqual([status, why.toString()], [400, '{"code":3,"message":"Bad request"}']);
    assert.equal((await server.entry({ what: 'refused' })).context.name, 'JSONP_DISABLED');
    const both = await startEngine(t, OPTIONS);
    const { body } = await ask(both, `${POLL4}&j=0`);
    assert.match(body.toString(), /^0\{/);
    const query = `${POLL4}&j=0&sid=${sidOf(body)}`;
    assert.equal((await ask(both, query, { method: 'POST', body: '4hello' })).status, 200);
    assert.equal((await ask(both, query)).body.toString(), '4hello');
  });
});
