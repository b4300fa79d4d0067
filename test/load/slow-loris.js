// SPDX-License-Identifier: MIT
// Clients that begin something and go on with it a byte at a time, in each
// place where that is possible; meanwhile another client measures how long
// the server takes to answer.
'use strict';

const {
  affordable, check, options, print, sleep, until,
} = require('./lib/common');
const { KINDS, SlowClient } = require('./lib/slow');
const { Probe } = require('./lib/probe');
const { startServer } = require('./lib/server');

const OPTIONS = options({
  clients: 10000, patience: 12000, every: 2000, late: 4000,
});
const AT_ONCE = 200; // connections that are being made
const STEPS = 100; // in which everybody's turn comes
const LEEWAY_BYTES = 1 << 20; // of tables, which grow with what is in them

async function connectAll(port, kinds, count) {
  const clients = [];
  while (clients.length < count) {
    const n = Math.min(AT_ONCE, count - clients.length);
    const some = Array.from({ length: n }, (_, i) => (
      new SlowClient(port, kinds[(clients.length + i) % kinds.length])));
    await Promise.all(some.map((client) => client.ready));
    clients.push(...some);
  }
  return clients;
}

// A byte more from everybody in each so many milliseconds, one after the other.
function trickle(clients) {
  let step = 0;
  return setInterval(() => {
    for (let i = step % STEPS; i < clients.length; i += STEPS) clients[i].goOn();
    step += 1;
  }, OPTIONS.every / STEPS);
}

function mib(bytes) {
  return (bytes / 1048576).toFixed(1);
}

function latencies(what, { count, p50, p99, max }) {
  const ms = (value) => value.toFixed(1);
  return [what, count, ms(p50), ms(p99), ms(max)];
}

// When those of a kind have ended, as seconds from their beginning.
function ends(kind, clients, causes) {
  const { cause } = KINDS[kind];
  const seconds = clients.filter((client) => client.kind === kind)
    .map((client) => client.seconds).sort((a, b) => a - b);
  const same = clients.filter((client) => KINDS[client.kind].cause === cause).length;
  check(causes[cause] === same, `${causes[cause] ?? 0} of ${same} have ended for "${cause}"`);
  const first = seconds[0];
  const last = seconds[seconds.length - 1];
  check(first * 1000 >= OPTIONS.patience - 100, `${kind}: one has ended after ${first} s`);
  check(last * 1000 <= OPTIONS.patience + OPTIONS.late, `${kind}: one has lasted ${last} s`);
  return [kind, seconds.length, first.toFixed(1), last.toFixed(1), cause];
}

async function main() {
  const kinds = Object.keys(KINDS);
  const count = affordable(OPTIONS.clients, 1);
  const frames = kinds.filter((kind) => KINDS[kind].websocket);
  const heads = kinds.filter((kind) => !KINDS[kind].websocket);
  const server = await startServer({ patience: OPTIONS.patience });
  const probe = new Probe(`http://127.0.0.1:${server.port}`);
  await sleep(3000);
  const idle = await probe.take();
  const before = { heap: (await server.ask('figures')).heap, memory: server.memory };

  const share = Math.floor((count * frames.length) / kinds.length);
  const clients = await connectAll(server.port, frames, share);
  clients.push(...await connectAll(server.port, heads, count - share));
  await probe.take();
  const { cpu } = server;
  const begin = Date.now();
  for (const client of clients) client.begin();
  const timer = trickle(clients);
  await sleep(OPTIONS.patience / 2);
  const during = { heap: (await server.ask('figures')).heap, memory: server.memory };
  const there = clients.filter((client) => client.seconds === undefined).length;
  check(there === count, `only ${there} of ${count} are there after half of the time`);
  await until(() => clients.every((client) => client.gone), 'end of all');
  const used = (server.cpu - cpu) / ((Date.now() - begin) / 1000);
  clearInterval(timer);
  const busy = await probe.take();
  await sleep(1000);
  const { heap, causes } = await server.ask('figures');

  console.log(`${count} clients at once send a byte every ${OPTIONS.every} ms; each limit is `
    + `${OPTIONS.patience} ms; the server uses ${(used * 100).toFixed(0)} % of a processor`);
  print([['kind', 'clients', 'first end s', 'last', 'cause'],
    ...kinds.map((kind) => ends(kind, clients, causes))]);
  print([['echo of another client', 'count', 'p50 ms', 'p99', 'max'],
    latencies('alone', idle), latencies('meanwhile', busy)]);
  print([['memory', 'before', 'during', 'after'],
    ['heap MiB', mib(before.heap), mib(during.heap), mib(heap)],
    ['resident MiB', before.memory.toFixed(1), during.memory.toFixed(1),
      server.memory.toFixed(1)]]);
  check(heap <= before.heap + LEEWAY_BYTES, `${heap} bytes are held`);
  await probe.stop();
  await server.stop();
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
