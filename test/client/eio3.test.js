// SPDX-License-Identifier: MIT
// Engine.IO 3 on the wire, byte for byte: the behaviours of the official
// protocol suite of that revision, and what is around them.
'use strict';

const assert = require('node:assert/strict');
const { check, suite } = require('./lib/client');
const { POLL4, ask, sidOf } = require('./lib/http');
const { startEngine } = require('./lib/server');
const { handshake, head, rawTcp } = require('./lib/tcp');
const { ENGINE, rawWebSocket } = require('./lib/websocket');
const { sleep, until, within } = require('./lib/wait');

const POLL3 = 'EIO=3&transport=polling';
const WS3 = 'EIO=3&transport=websocket';
const SUITE = { allowEio3: true, pingInterval: 300, pingTimeout: 200 };
// In which a busy machine has time for a ping every 600 ms.
const PINGED = { ...SUITE, pingTimeout: 1300 };
const CALM = { allowEio3: true };
const KEYS = ['sid', 'upgrades', 'pingInterval', 'pingTimeout', 'maxPayload'];

class Polling3 {
  constructor(server, sid, extra) {
    this.server = server;
    this.sid = sid;
    this.query = `${POLL3}&sid=${sid}${extra}`;
  }

  get() {
    return ask(this.server, this.query);
  }

  post(body, headers = { 'Content-Type': 'text/plain;charset=UTF-8' }) {
    return ask(this.server, this.query, { method: 'POST', body, headers });
  }

  postBytes(body) {
    return this.post(Buffer.from(body), { 'Content-Type': 'application/octet-stream' });
  }

  async send(body) {
    const { status, body: said } = await this.post(body);
    assert.deepEqual([status, said.toString()], [200, 'ok']);
  }

  async text() {
    const { status, headers, body } = await this.get();
    assert.equal(status, 200);
    assert.equal(headers['content-type'], 'text/plain; charset=UTF-8');
    return body.toString();
  }

  // A GET that the server has received.
  async waiting() {
    const tcp = await rawTcp(this.server);
    await tcp.write(head('GET', `${this.server.path}?${this.query}`));
    await this.server.caughtUp();
    return tcp;
  }
}

async function polling3(server, extra = '') {
  const { status, body } = await ask(server, POLL3 + extra);
  assert.equal(status, 200);
  return new Polling3(server, sidOf(body), extra);
}

async function websocket3(server, extra = '') {
  const socket = rawWebSocket(server, WS3 + extra);
  await socket.next();
  return socket;
}

async function candidate(server, sid, query = WS3) {
  const socket = rawWebSocket(server, `${query}&sid=${sid}`);
  await within(socket.opened, 'open websocket');
  return socket;
}

async function upgrade3(server, polling) {
  const socket = await candidate(server, polling.sid);
  socket.send('2probe');
  assert.equal(await socket.next(), '3probe');
  assert.equal(await polling.text(), '1:6');
  socket.send('5');
  return socket;
}

suite('EIO 3: handshake', () => {
  check('polling: the open packet has a length in front', async (t) => {
    const server = await startEngine(t, SUITE);
    const { status, headers, body } = await ask(server, POLL3);
    assert.equal(status, 200);
    assert.equal(headers['content-type'], 'text/plain; charset=UTF-8');
    const [, length, packet] = /^(\d+):(0\{.*\})$/.exec(body.toString());
    assert.equal(Number(length), packet.length);
    const { sid, ...rest } = JSON.parse(packet.slice(1));
    assert.deepEqual(Object.keys(JSON.parse(packet.slice(1))), KEYS);
    assert.match(sid, /^[\w-]{20}$/);
    assert.deepEqual(rest, {
      upgrades: ['websocket'], pingInterval: 300, pingTimeout: 200, maxPayload: 1000000,
    });
    assert.equal((await server.entry({ what: 'open' })).protocol, 3);
  });

  check('websocket: the open packet is the first message', async (t) => {
    const server = await startEngine(t, SUITE);
    const packet = await rawWebSocket(server, WS3).next();
    assert.equal(packet[0], '0');
    assert.deepEqual(Object.keys(JSON.parse(packet.slice(1))), KEYS);
    assert.deepEqual(JSON.parse(packet.slice(1)).upgrades, []);
  });

  check('whatever is not 4 is 3', async (t) => {
    const server = await startEngine(t, CALM);
    for (const query of ['transport=polling', 'EIO=5&transport=polling', 'EIO=&transport=polling', 'EIO=abc&transport=polling']) {
      assert.match((await ask(server, query)).body.toString(), /^\d+:0\{"sid"/, query);
    }
    assert.match(await rawWebSocket(server, 'transport=websocket').next(), /^0\{/);
    assert.ok((await server.entries('open')).every((open) => open.protocol === 3));
  });

  check('without or with an unknown transport, or by POST, it is refused', async (t) => {
    const server = await startEngine(t, SUITE);
    for (const [query, options] of [['EIO=3', {}], ['EIO=3&transport=abc', {}], [POLL3, { method: 'POST' }]]) {
      assert.equal((await ask(server, query, options)).status, 400, query);
    }
    await rawWebSocket(server, 'EIO=3').end();
    await rawWebSocket(server, 'EIO=3&transport=abc').end();
  });

  check('it is refused unless it is allowed', async (t) => {
    const server = await startEngine(t);
    const { status, body } = await ask(server, POLL3);
    assert.deepEqual([status, body.toString()], [400, '{"code":5,"message":"Unsupported protocol version"}']);
    const { code, context } = await server.entry({ what: 'refused' });
    assert.equal(code, 5);
    assert.equal(String(context.protocol), '3');
    const tcp = await rawTcp(server);
    await tcp.write(handshake(WS3, {}, server.path));
    assert.match(await tcp.end(), /^HTTP\/1\.1 400 [^]*\r\n\r\nUnsupported protocol version$/);
  });
});

suite('EIO 3: text payloads', () => {
  check('one packet and several packets come back', async (t) => {
    const server = await startEngine(t, CALM);
    const polling = await polling3(server);
    await polling.send('6:4hello');
    assert.equal(await polling.text(), '6:4hello');
    await polling.send('6:4test16:4test26:4test3');
    assert.equal(await polling.text(), '6:4test16:4test26:4test3');
  });

  check('lengths count UTF-16 code units', async (t) => {
    const server = await startEngine(t, CALM);
    const polling = await polling3(server);
    const payload = '2:4€3:4😀1:43:4äö6:4a😀€b4:4:1:';
    await polling.send(payload);
    assert.equal(await polling.text(), payload);
    assert.deepEqual((await server.entries('message')).map((e) => e.length), [3, 4, 0, 4, 9, 3]);
  });

  check('with b64 binary is base64', async (t) => {
    const server = await startEngine(t, CALM);
    const polling = await polling3(server, '&b64=1');
    await polling.send('6:4hello10:b4AQIDBA==');
    assert.equal(await polling.text(), '6:4hello10:b4AQIDBA==');
    assert.deepEqual((await server.entries('message')).map((e) => [e.binary, e.length]), [[false, 5], [true, 4]]);
  });

  check('empty entries are passed over', async (t) => {
    const server = await startEngine(t, CALM);
    const polling = await polling3(server);
    await polling.send('0:2:4a0:');
    assert.equal(await polling.text(), '2:4a');
  });

  check('a payload that is malformed ends the session', async (t) => {
    const server = await startEngine(t, CALM);
    const bodies = ['', 'abc', ':4a', '4a', '5', '10:4a', '2:4a3', '2:4a3:', '-1:4a', '1e1:4', ' 2:4a', '2:9a',
      '99999999999999999999:4a', '2:4a\x1e2:4b', Buffer.from([0x32, 0x3a, 0x34, 0xff])];
    for (const body of bodies) {
      const polling = await polling3(server);
      assert.equal((await polling.post(body)).status, 400, JSON.stringify(body));
      assert.equal((await polling.get()).status, 400, JSON.stringify(body));
    }
    const ends = await server.entries('close');
    assert.deepEqual(ends.map((e) => e.reason), bodies.map(() => 'parse error'));
  });

  check('what comes before the error is delivered', async (t) => {
    const server = await startEngine(t, CALM);
    const polling = await polling3(server);
    assert.equal((await polling.post('3:4abx')).status, 400);
    assert.deepEqual((await server.entries('message')).map((e) => e.length), [2]);
  });

  check('a length in the middle of a surrogate pair is malformed', async (t) => {
    const server = await startEngine(t, CALM);
    const polling = await polling3(server);
    assert.equal((await polling.post('2:4😀')).status, 400);
  });
});

suite('EIO 3: binary payloads', () => {
  // 0 or 1, the digits of the length, 0xFF, the packet.
  function packed(binary, ...bytes) {
    const data = Buffer.concat(bytes.map((part) => Buffer.from(part)));
    return Buffer.from([binary ? 1 : 0, ...[...String(data.length)].map(Number), 0xff, ...data]);
  }

  check('they come back byte for byte', async (t) => {
    const server = await startEngine(t, CALM);
    const polling = await polling3(server);
    const payload = Buffer.concat([packed(false, '4hello'), packed(true, [4, 1, 2, 3, 4])]);
    const posted = await polling.postBytes(payload);
    assert.deepEqual([posted.status, posted.body.toString()], [200, 'ok']);
    const { headers, body } = await polling.get();
    assert.equal(headers['content-type'], 'application/octet-stream');
    assert.deepEqual(body, payload);
  });

  check('as in the reference', async (t) => {
    const server = await startEngine(t, CALM);
    const polling = await polling3(server);
    const bytes = Buffer.from('0004ff34e282ac0105ff0401020304', 'hex');
    assert.equal((await polling.postBytes(bytes)).status, 200);
    assert.deepEqual((await polling.get()).body, bytes);
  });

  check('lengths of several digits, and empty ones', async (t) => {
    const server = await startEngine(t, CALM);
    const polling = await polling3(server);
    const big = Buffer.alloc(1233, 0xff);
    const payload = Buffer.concat([packed(true, [4], big), packed(true, [4]), packed(false, '4')]);
    assert.equal((await polling.postBytes(payload)).status, 200);
    assert.deepEqual((await polling.get()).body, payload);
    assert.deepEqual((await server.entries('message')).map((e) => e.length), [1233, 0, 0]);
  });

  check('a payload that is malformed ends the session', async (t) => {
    const server = await startEngine(t, CALM);
    const bodies = [
      [], [0], [2, 1, 0xff, 0x34], [0, 1], [0, 2, 0xff, 0x34], [0, 0xff, 0x34], [0, 10, 0xff, 0x34],
      [0, ...Array(400).fill(1), 0xff, 0x34], [0, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 0xff],
      [0, 2, 0xff, 0x39, 0x61], [0, 2, 0xff, 0x34, 0xfe], Buffer.from('2:4a'),
    ];
    for (const body of bodies) {
      const polling = await polling3(server);
      assert.equal((await polling.postBytes(body)).status, 400, JSON.stringify(body));
      assert.equal((await polling.get()).status, 400, JSON.stringify(body));
    }
    const ends = await server.entries('close');
    assert.deepEqual(ends.map((e) => e.reason), bodies.map(() => 'parse error'));
  });

  check('in EIO 4 there are none', async (t) => {
    const server = await startEngine(t, CALM);
    const query = `${POLL4}&sid=${sidOf((await ask(server, POLL4)).body)}`;
    const headers = { 'Content-Type': 'application/octet-stream' };
    const answer = await ask(server, query, { method: 'POST', body: '4hello', headers });
    assert.deepEqual([answer.status, answer.body.length], [400, 0]);
    assert.equal((await ask(server, query)).status, 400);
    const { reason, cause } = await server.entry({ what: 'close' });
    assert.deepEqual([reason, cause], ['transport error', 'invalid content']);
  });
});

suite('EIO 3: websocket', () => {
  check('text comes back, and binary with its type byte', async (t) => {
    const server = await startEngine(t, CALM);
    const socket = await websocket3(server);
    socket.send('4hello');
    assert.equal(await socket.next(), '4hello');
    socket.send(Buffer.from([4, 1, 2, 3, 4]));
    assert.deepEqual(await socket.next(), Buffer.from([4, 1, 2, 3, 4]));
    socket.send(Buffer.from([4]));
    assert.deepEqual(await socket.next(), Buffer.from([4]));
    socket.send('b4AQID');
    assert.deepEqual(await socket.next(), Buffer.from([4, 1, 2, 3]));
  });

  check('with b64 binary is text', async (t) => {
    const server = await startEngine(t, CALM);
    const socket = await websocket3(server, '&b64=1');
    socket.send('b4AQIDBA==');
    assert.equal(await socket.next(), 'b4AQIDBA==');
  });

  check('binary of an unknown type is passed over', async (t) => {
    const server = await startEngine(t, CALM);
    const socket = await websocket3(server);
    socket.send(Buffer.from([9, 1, 2]));
    socket.send('4after');
    assert.equal(await socket.next(), '4after');
  });

  check('an invalid packet closes it', async (t) => {
    const server = await startEngine(t, CALM);
    const socket = await websocket3(server);
    socket.send('abc');
    assert.equal((await socket.end()).code, 1005);
    assert.equal((await server.entry({ what: 'close' })).reason, 'parse error');
  });
});

suite('EIO 3: heartbeat', () => {
  check('polling: three pings of the client are answered', async (t) => {
    const server = await startEngine(t, PINGED);
    const polling = await polling3(server);
    for (let i = 0; i < 3; i += 1) {
      await sleep(600);
      await polling.send('1:2');
      assert.equal(await polling.text(), '1:3');
    }
    assert.equal((await server.entries('heartbeat')).length, 3);
  });

  check('websocket: three pings of the client are answered', async (t) => {
    const server = await startEngine(t, PINGED);
    const socket = await websocket3(server);
    for (let i = 0; i < 3; i += 1) {
      await sleep(600);
      socket.send('2');
      assert.equal(await socket.next(), '3');
    }
  });

  check('data of a ping does not come back', async (t) => {
    const server = await startEngine(t, CALM);
    const polling = await polling3(server);
    await polling.send('6:2hello');
    assert.equal(await polling.text(), '1:3');
  });

  check('polling: without a ping the session is gone after 500 ms', async (t) => {
    const server = await startEngine(t, SUITE);
    const polling = await polling3(server);
    await sleep(500);
    assert.equal((await server.entry({ what: 'close' })).reason, 'ping timeout');
    assert.equal((await polling.get()).status, 400);
  });

  check('websocket: without a ping it is closed, and no ping was sent', async (t) => {
    const server = await startEngine(t, SUITE);
    const begin = Date.now();
    const socket = await websocket3(server);
    assert.equal((await socket.end()).code, 1005);
    assert.ok(Date.now() - begin >= 450);
    assert.deepEqual(socket.messages, []);
  });

  check('an upgraded session that falls silent is given up', async (t) => {
    const server = await startEngine(t, SUITE);
    const socket = await upgrade3(server, await polling3(server));
    assert.equal((await socket.end()).code, 1005);
    assert.equal((await server.entry({ what: 'close' })).reason, 'ping timeout');
  });

  check('a pong of the client is an error', async (t) => {
    const server = await startEngine(t, CALM);
    const socket = await websocket3(server);
    socket.send('3');
    await socket.end();
    const polling = await polling3(server);
    assert.equal((await polling.post('1:3')).status, 400);
    assert.deepEqual((await server.entries('close')).map((e) => [e.reason, e.cause]),
      [0, 1].map(() => ['transport error', 'invalid heartbeat direction']));
  });
});

suite('EIO 3: close and upgrade', () => {
  check('polling: a close packet answers the GET and ends the session', async (t) => {
    const server = await startEngine(t, CALM);
    const polling = await polling3(server);
    const poll = await polling.waiting();
    await polling.send('1:1');
    await poll.until(/^HTTP\/1\.1 200 [^]*\r\n\r\n1:6$/);
    assert.equal((await polling.get()).status, 400);
    assert.equal((await server.entry({ what: 'close' })).reason, 'transport close');
  });

  check('websocket: a close packet closes it', async (t) => {
    const server = await startEngine(t, CALM);
    const socket = await websocket3(server);
    socket.send('1');
    await socket.end();
  });

  check('a second GET ends both', async (t) => {
    const server = await startEngine(t, CALM);
    const polling = await polling3(server);
    const first = await polling.waiting();
    assert.equal((await polling.get()).status, 400);
    await first.until(/^HTTP\/1\.1 200 [^]*\r\n\r\n1:1$/);
  });

  check('the server closes', async (t) => {
    const server = await startEngine(t, CALM);
    const polling = await polling3(server);
    await server.send(polling.sid, 'last', { close: 'gently' });
    // The end may come with the last messages or with another poll.
    let text = await polling.text();
    if (text === '5:4last') text += await polling.text();
    assert.match(text, /^5:4last(1:6)?1:1$/);
  });

  check('it upgrades; then polls are refused and a second websocket is closed', async (t) => {
    const server = await startEngine(t, CALM);
    const polling = await polling3(server);
    const socket = await upgrade3(server, polling);
    socket.send('4hello');
    assert.equal(await socket.next(), '4hello');
    assert.equal((await polling.get()).status, 400);
    const second = await candidate(server, polling.sid);
    assert.equal((await second.end()).code, 1005);
    socket.send(Buffer.from([4, 9, 8]));
    assert.deepEqual(await socket.next(), Buffer.from([4, 9, 8]));
    assert.equal((await server.control('sessions'))[0].protocol, 3);
  });

  check('messages that wait move to the websocket', async (t) => {
    const server = await startEngine(t, CALM);
    const polling = await polling3(server);
    const socket = await candidate(server, polling.sid);
    socket.send('2probe');
    await socket.next();
    await server.send(polling.sid, 'text ', { n: 2 });
    await server.send(polling.sid, Buffer.from([7]), { flags: 1 });
    socket.send('5');
    assert.equal(await socket.next(), '4text 0');
    assert.equal(await socket.next(), '4text 1');
    assert.deepEqual(await socket.next(), Buffer.from([4, 7]));
  });

  check('the protocol stays that of the handshake', async (t) => {
    const server = await startEngine(t, CALM);
    const three = await polling3(server);
    const four = sidOf((await ask(server, POLL4)).body);
    for (const query of [`${ENGINE}&sid=${three.sid}`, `${WS3}&sid=${four}`]) {
      const tcp = await rawTcp(server);
      await tcp.write(handshake(query, {}, server.path));
      assert.match(await tcp.end(), /^HTTP\/1\.1 400 [^]*\r\n\r\nBad request$/);
    }
    const mixed = await ask(server, `${POLL4}&sid=${three.sid}`, { method: 'POST', body: '6:4hello' });
    assert.ok([200, 400].includes(mixed.status));
    const refused = await server.entries('refused');
    await until(() => refused.every((e) => e.code === 3), 'code 3');
  });

  check('both protocols live side by side', async (t) => {
    const server = await startEngine(t, CALM);
    const [three, four] = [await websocket3(server), rawWebSocket(server)];
    await four.next();
    await server.send('', Buffer.from([1, 2]), { flags: 1 });
    await server.send('', '€');
    assert.deepEqual(await three.next(), Buffer.from([4, 1, 2]));
    assert.deepEqual(await four.next(), Buffer.from([1, 2]));
    assert.equal(await three.next(), '4€');
    assert.equal(await four.next(), '4€');
  });
});
