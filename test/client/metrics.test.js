// SPDX-License-Identifier: MIT
// The figures of the example `metrics` after a known exchange.
'use strict';

const assert = require('node:assert/strict');
const { ask, client, collect, connect, eachMode, check, suite } = require('./lib/client');
const { startProgram } = require('./lib/server');
const { event, until } = require('./lib/wait');

// The lines by what stands before their number.
async function figures(server) {
  const response = await fetch(`${server.url}/metrics`);
  assert.equal(response.status, 200);
  assert.equal(
    response.headers.get('content-type'), 'text/plain; version=0.0.4; charset=utf-8',
  );
  const lines = (await response.text()).trimEnd().split('\n');
  const all = {};
  for (const line of lines.filter((each) => !each.startsWith('#'))) {
    const [, name, number] = /^(\w+(?:\{.*\})?) ([\d.]+)$/.exec(line);
    assert.ok(!(name in all), `twice: ${name}`);
    all[name] = Number(number);
  }
  return all;
}

const of = (all, name, labels = '') => all[`sio_${name}{namespace="/"${labels}}`];

suite('metrics', () => {
  eachMode('the figures are right after a known exchange', async (t, mode) => {
    const server = await startProgram(t, 'metrics');
    const ann = await connect(server, mode);
    const bob = await connect(server, mode);
    const heard = collect(bob, 'message');
    for (let i = 0; i < 3; i += 1) {
      assert.equal(await ask(ann, 'message', 'four', Buffer.from([1, 2, 3])), 'four');
    }
    ann.emit('strange', 1);
    await ask(ann, 'message', 12);
    await until(() => heard.length === 4, 'four messages');

    const bytes = 3 * ('"four",{"_placeholder":true,"num":0}'.length + 3) + 2;
    let all = await figures(server);
    assert.equal(of(all, 'sockets_total'), 2);
    assert.equal(of(all, 'sockets_connected'), 2);
    assert.equal(of(all, 'events_received_total'), 5);
    assert.equal(of(all, 'events_received_bytes_total'), bytes + 1);
    assert.equal(of(all, 'events_unhandled_total'), 1);
    assert.equal(of(all, 'acks_sent_total'), 4);
    assert.equal(of(all, 'acks_received_total'), 0);
    assert.equal(of(all, 'broadcasts_total'), 4);
    assert.equal(of(all, 'broadcast_recipients_total'), 8);
    assert.equal(of(all, 'events_sent_total'), 8);
    assert.equal(of(all, 'events_sent_bytes_total'), 2 * bytes);
    assert.equal(of(all, 'handled_events_total'), 4);
    assert.ok(of(all, 'handler_seconds_total') > 0);
    assert.ok(of(all, 'handler_seconds_max') <= of(all, 'handler_seconds_total'));
    const polling = mode === 'polling only';
    assert.equal(all['sio_sessions_open{transport="polling"}'], polling ? 2 : 0);
    assert.equal(all['sio_sessions_open{transport="websocket"}'], polling ? 0 : 2);
    assert.equal(all.sio_upgrades_done_total, mode === 'upgrade' ? 2 : 0);
    assert.equal(all.sio_namespaces, 1);

    ann.disconnect();
    await until(async () => {
      all = await figures(server);
      return of(all, 'sockets_connected') === 1;
    }, 'one socket less');
    const reason = ',reason="client namespace disconnect"';
    assert.equal(of(all, 'sockets_left_total', reason), 1);
    assert.equal(of(all, 'sockets_total'), 2);
  });

  check('what nobody may join is not counted', async (t) => {
    const server = await startProgram(t, 'metrics');
    const lost = client(server, 'websocket only', { nsp: '/nowhere' });
    assert.equal((await event(lost, 'connect_error'))[0].message, 'Invalid namespace');
    const all = await figures(server);
    assert.equal(of(all, 'sockets_total'), 0);
    assert.ok(Object.keys(all).every((name) => !name.includes('/nowhere')));
    assert.equal((await fetch(`${server.url}/other`)).status, 404);
  });
});
