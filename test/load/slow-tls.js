// SPDX-License-Identifier: MIT
// Connections that stop in the middle of their TLS handshake: each ends at its
// limit, others are served meanwhile, and the memory comes back.
'use strict';

const net = require('node:net');
const {
  affordable, check, options, print, sleep,
} = require('./lib/common');
const { Probe } = require('./lib/probe');
const { CA, clientHello } = require('./lib/secure');
const { startServer } = require('./lib/server');

const OPTIONS = options({
  clients: 10000, patience: 15000, rounds: 3, late: 25000,
});
const CAUSE = 'the TLS handshake took too long';
const AT_ONCE = 200; // connections that are being made
const LEEWAY_BYTES = 1 << 20; // of tables, which grow with what is in them
const LEEWAY_MIB = 64; // what malloc keeps in pieces: a quarter of what there was

// Where they stop, and behind how many bytes: the last of them have been
// answered, which is the costly part for the server.
const STOPS = {
  'silent from the beginning': 0,
  'within the first record': 40,
  'when it is answered': Infinity,
};

class SlowClient {
  constructor(port, kind, hello) {
    this.kind = kind;
    const bytes = hello.subarray(0, STOPS[kind]);
    this.ready = new Promise((resolve, reject) => {
      this.socket = net.connect({ port, host: '127.0.0.1' }, () => {
        this.since = performance.now();
        if (bytes.length > 0) this.socket.write(bytes);
        resolve();
      });
      this.socket.on('error', reject);
      this.socket.resume();
    });
    this.ended = new Promise((resolve) => {
      this.socket.on('close', () => {
        this.seconds = (performance.now() - this.since) / 1000;
        resolve();
      });
    });
  }
}

async function connectAll(port, hello) {
  const kinds = Object.keys(STOPS);
  const clients = [];
  while (clients.length < OPTIONS.clients) {
    const n = Math.min(AT_ONCE, OPTIONS.clients - clients.length);
    const some = Array.from({ length: n }, (_, i) => (
      new SlowClient(port, kinds[(clients.length + i) % kinds.length], hello)));
    await Promise.all(some.map((client) => client.ready));
    clients.push(...some);
  }
  return clients;
}

// When those of a kind have ended, as seconds from their beginning.
function ends(kind, clients) {
  const seconds = clients.filter((client) => client.kind === kind)
    .map((client) => client.seconds).sort((a, b) => a - b);
  const [first] = seconds;
  const last = seconds.at(-1);
  check(first * 1000 >= OPTIONS.patience - 1000, `${kind}: one has ended after ${first} s`);
  check(last * 1000 <= OPTIONS.patience + OPTIONS.late, `${kind}: one has lasted ${last} s`);
  return [kind, seconds.length, first.toFixed(1), last.toFixed(1)];
}

async function round(server, hello, probe) {
  const before = (await server.ask('figures')).causes[CAUSE] ?? 0;
  const { cpu } = server;
  await probe.take();
  const clients = await connectAll(server.secure, hello);
  const most = server.memory;
  await Promise.all(clients.map((client) => client.ended));
  const latency = await probe.take();
  const { causes, heap } = await server.ask('figures');
  const ended = (causes[CAUSE] ?? 0) - before;
  check(ended === clients.length, `${ended} of ${clients.length} have ended for "${CAUSE}"`);
  return {
    clients, latency, most, heap, memory: server.memory, cpu: server.cpu - cpu,
  };
}

function latencies(what, { count, p50, p99, max }) {
  return [what, count, ...[p50, p99, max].map((value) => value.toFixed(1))];
}

async function main() {
  OPTIONS.clients = affordable(OPTIONS.clients, 1);
  const server = await startServer({ tls: 1, patience: OPTIONS.patience });
  const probe = new Probe(`https://localhost:${server.secure}`, { ca: CA });
  const hello = await clientHello();
  await sleep(3000);
  const echoes = [latencies('alone', await probe.take())];
  const { heap } = await server.ask('figures');
  const memory = [['before', server.memory.toFixed(1), '']];
  const rounds = [];

  for (let n = 1; n <= OPTIONS.rounds; n += 1) {
    const it = await round(server, hello, probe);
    rounds.push(it);
    echoes.push(latencies(`round ${n}`, it.latency));
    memory.push([`round ${n}: all are there`, it.most.toFixed(1), ''],
      [`round ${n}: all have ended`, it.memory.toFixed(1), it.cpu.toFixed(1)]);
  }
  console.log(`${OPTIONS.clients} handshakes stop at once; the limit is ${OPTIONS.patience} ms`);
  print([['they stop', 'connections', 'first end s', 'last'],
    ...Object.keys(STOPS).map((kind) => ends(kind, rounds.at(-1).clients))]);
  print([['echo of another client with TLS', 'count', 'p50 ms', 'p99', 'max'], ...echoes]);
  print([['memory', 'resident MiB', 'CPU s'], ...memory]);
  check(rounds.at(-1).heap <= heap + LEEWAY_BYTES, `${rounds.at(-1).heap} bytes are held`);
  const grown = rounds.at(-1).memory - rounds[0].memory;
  check(grown <= LEEWAY_MIB, `memory grows by ${grown.toFixed(1)} MiB in each round`);
  await probe.stop();
  await server.stop();
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
