// SPDX-License-Identifier: MIT
// What TLS costs a server, through sockets and side by side with connections
// without: CPU time of events and of handshakes, and memory of idle clients.
'use strict';

const { check, options, print } = require('./lib/common');
const { dial, SecureClient } = require('./lib/secure');
const { startServer } = require('./lib/server');

const OPTIONS = options({
  clients: 20, seconds: 4, idle: 1000, handshakes: 1000,
});
const AT_ONCE = 20; // handshakes

async function connect(port, count, plain) {
  const clients = [];
  while (clients.length < count) {
    const some = Array.from({ length: Math.min(AT_ONCE, count - clients.length) },
      () => new SecureClient(port, { plain }));
    await Promise.all(some.map((each) => each.joined));
    clients.push(...some);
  }
  return clients;
}

// Each client has one event under way: microseconds of the server for each, and
// how many there were in a second.
async function echo(server, plain, bytes) {
  const clients = await connect(plain ? server.port : server.secure, OPTIONS.clients, plain);
  const text = 'x'.repeat(bytes);
  let count = 0;
  for (const client of clients) await client.echo(text);
  const cpu = server.cpu;
  const begin = performance.now();
  const end = begin + OPTIONS.seconds * 1000;
  await Promise.all(clients.map(async (client) => {
    for (; performance.now() < end; count += 1) await client.echo(text);
  }));
  const seconds = (performance.now() - begin) / 1000;
  const used = server.cpu - cpu;
  for (const client of clients) client.close();
  return { cost: (used / count) * 1e6, rate: count / seconds };
}

// One handshake, after which the connection is closed; with the session of an
// earlier one, or without.
function shake(port, session) {
  return new Promise((resolve, reject) => {
    let ticket;
    const socket = dial(port, { session });
    socket.on('session', (each) => (ticket = each));
    socket.on('error', reject);
    socket.on('secureConnect', () => {
      if (session) check(socket.isSessionReused(), 'a session was not resumed');
      socket.end();
    });
    socket.on('close', () => resolve(ticket));
    socket.resume();
  });
}

// Milliseconds of the server for each.
async function handshakes(server, session) {
  const cpu = server.cpu;
  let left = OPTIONS.handshakes;
  await Promise.all(Array.from({ length: AT_ONCE }, async () => {
    for (; left > 0;) {
      left -= 1;
      await shake(server.secure, session);
    }
  }));
  return ((server.cpu - cpu) / OPTIONS.handshakes) * 1000;
}

// KiB of resident memory for each idle client.
async function idle(plain) {
  const server = await startServer({ tls: 1 });
  const port = plain ? server.port : server.secure;
  const first = await connect(port, 20, plain); // what all share is there now
  const before = server.memory;
  const clients = await connect(port, OPTIONS.idle, plain);
  const each = ((server.memory - before) * 1024) / OPTIONS.idle;
  for (const client of [...first, ...clients]) client.close();
  await server.stop();
  return each;
}

function row(name, unit, plain, secure) {
  return [name, unit, plain.toFixed(1), secure.toFixed(1), `${(secure / plain).toFixed(2)} : 1`];
}

async function main() {
  const server = await startServer({ tls: 1 });
  const rows = [['', '', 'plain', 'TLS', 'ratio']];

  for (const bytes of [100, 1000, 16000]) {
    const plain = await echo(server, true, bytes);
    const secure = await echo(server, false, bytes);
    rows.push(row(`event of ${bytes} bytes, echoed`, 'CPU us', plain.cost, secure.cost));
    rows.push(row('', 'in a second', plain.rate, secure.rate));
  }
  const session = await shake(server.secure);
  const full = await handshakes(server);
  const resumed = session ? await handshakes(server, session) : NaN;
  rows.push(['whole handshake', 'CPU ms', '', full.toFixed(2), '']);
  rows.push(['resumed handshake', 'CPU ms', '', resumed.toFixed(2),
    `${(resumed / full).toFixed(2)} : 1 whole`]);
  await server.stop();
  rows.push(row('idle client', 'KiB', await idle(true), await idle(false)));
  print(rows);
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
