// SPDX-License-Identifier: MIT
'use strict';

const assert = require('node:assert/strict');
const { ask, check, connect, eachMode, settle, suite } = require('./lib/client');
const { rawPolling } = require('./lib/polling');
const { startServer } = require('./lib/server');
const { rawSession } = require('./lib/session');
const { event } = require('./lib/wait');

const TEXT = 'libsio é '.repeat(90000);
const BYTES = Buffer.from(Array.from({ length: 1000 }, (_, i) => (i * 31) % 256));

// A packet of exactly `size` bytes as it travels.
function packetOf(size) {
  const frame = '42["message-with-ack",""]';
  return `42["message-with-ack","${'x'.repeat(size - frame.length)}"]`;
}

suite('sizes', () => {
  eachMode('900 KB of text go both ways', async (t, mode) => {
    const server = await startServer(t);
    const socket = await connect(server, mode);
    assert.equal(Buffer.byteLength(TEXT), 900000);
    assert.equal(await ask(socket, 'message-with-ack', TEXT), TEXT);
    assert.equal(await ask(socket, 'message-with-ack', TEXT), TEXT);
  });

  // base64 makes 900 KB out of 675,000 bytes.
  eachMode('900 KB of binary go both ways', async (t, mode) => {
    const server = await startServer(t);
    const socket = await connect(server, mode);
    const data = Buffer.alloc(mode === 'polling only' ? 675000 : 900000, BYTES);
    const back = await ask(socket, 'message-with-ack', data);
    assert.ok(back.equals(data));
  });

  check('a large broadcast reaches clients on both transports', async (t) => {
    const server = await startServer(t);
    const sockets = [
      await connect(server, 'websocket only'),
      await connect(server, 'polling only'),
      await connect(server, 'upgrade'),
    ];
    const got = sockets.map((socket) => event(socket, 'large'));
    await server.control('emit', { nsp: '/', event: 'large' }, TEXT);
    for (const [text] of await Promise.all(got)) assert.equal(text, TEXT);
  });

  check('a websocket message of exactly the limit is accepted', async (t) => {
    const server = await startServer(t, { maxPayload: 5000 });
    const session = await rawSession(server, 'websocket only');
    await session.join();
    const packet = packetOf(5000).replace('42', '421').replace('x', '');
    assert.equal(packet.length, 5000);
    await session.send(packet);
    assert.equal((await session.next()).slice(0, 4), '431[');
  });

  for (const mode of ['websocket only', 'upgrade']) {
    check(`a websocket message over the limit ends the session with 1009 (${mode})`, async (t) => {
      const server = await startServer(t, { maxPayload: 5000 });
      const session = await rawSession(server, mode);
      const id = await session.join();
      await session.send(packetOf(5001));
      assert.deepEqual(await session.carrier.end(), { code: 1009, reason: '' });
      const { reason, cause, limit, seen } = await server.entry({ what: 'disconnect', id });
      assert.deepEqual([reason, cause], ['transport error', 'Max payload size exceeded']);
      assert.deepEqual([limit, seen], [5000, 5001]);
    });
  }

  check('the size is checked before the payload has arrived', async (t) => {
    const server = await startServer(t, { maxPayload: 5000 });
    const session = await rawSession(server, 'websocket only');
    await session.join();
    // The header of a masked frame of 2^40 bytes.
    const header = Buffer.from([0x81, 0xff, 0, 0, 1, 0, 0, 0, 0, 0, 1, 2, 3, 4]);
    session.carrier.ws._socket.write(header);
    assert.equal((await session.carrier.end()).code, 1009);
  });

  check('fragments are added up', async (t) => {
    const server = await startServer(t, { maxPayload: 5000 });
    const session = await rawSession(server, 'websocket only');
    await session.join();
    const { ws } = session.carrier;
    ws.send(`42["message","${'x'.repeat(2486)}`, { fin: false });
    ws.send(`${'y'.repeat(2498)}"]`, { fin: true });
    const back = JSON.parse((await session.next()).slice(2));
    assert.equal(back[1].length, 2486 + 2498);
    ws.send('x'.repeat(2500), { fin: false });
    ws.send('x'.repeat(2501), { fin: true });
    assert.equal((await session.carrier.end()).code, 1009);
  });

  check('a POST over the limit is answered 413 and the session goes on', async (t) => {
    const server = await startServer(t, { maxPayload: 5000 });
    const polling = await rawPolling(server);
    assert.equal(polling.open.maxPayload, 5000);
    await polling.send('40');
    await polling.get();
    assert.equal((await polling.post(packetOf(5001))).status, 413);
    assert.equal((await polling.post(packetOf(5000))).status, 200);
    await polling.send('42["message","still here"]');
    assert.equal(await polling.next(), '42["message-back","still here"]');
  });

  check('a POST without length over the limit is answered 413, too', async (t) => {
    const server = await startServer(t, { maxPayload: 5000 });
    const polling = await rawPolling(server);
    await polling.send('40');
    await polling.get();
    const body = new ReadableStream({
      start(controller) {
        for (let i = 0; i < 3; i += 1) controller.enqueue(Buffer.from('4'.repeat(2000)));
        controller.close();
      },
    });
    // The client may lose the answer because it was still sending.
    const late = await polling.post(body, { duplex: 'half' }).catch(() => ({ status: 413 }));
    assert.equal(late.status, 413);
    await polling.send('42["message","still here"]');
    assert.equal(await polling.next(), '42["message-back","still here"]');
  });

  eachMode('an official client that sends too much does not hurt others', async (t, mode) => {
    const server = await startServer(t, { maxPayload: 100000 });
    const good = await connect(server, mode);
    const bad = await connect(server, mode);
    const gone = event(bad, 'disconnect');
    bad.emit('message', 'x'.repeat(200000));
    const [reason] = await gone;
    assert.match(reason, /^transport (error|close)$/);
    await settle(good);
  });

  eachMode('ten attachments are accepted and eleven are not', async (t, mode) => {
    const server = await startServer(t);
    const session = await rawSession(server, mode);
    const id = await session.join();
    const packet = (n) => {
      const places = range(n).map((num) => ({ _placeholder: true, num }));
      return `45${n}-${JSON.stringify(['message', ...places])}`;
    };
    const range = (n) => Array.from({ length: n }, (_, i) => i);
    await session.send(packet(10), ...range(10).map((i) => Buffer.from([i])));
    assert.equal(await session.next(), packet(10).replace('message', 'message-back'));
    for (const i of range(10)) assert.deepEqual(await session.next(), Buffer.from([i]));
    await session.send(packet(11));
    assert.deepEqual(await session.ended(), []);
    const { reason, cause } = await server.entry({ what: 'disconnect', id });
    assert.deepEqual([reason, cause], ['forced close', 'too many attachments']);
  });
});
