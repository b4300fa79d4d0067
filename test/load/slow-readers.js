// SPDX-License-Identifier: MIT
// Clients that stop reading while others receive a flood of broadcasts; once
// for each way to deal with them.
'use strict';

const {
  affordable, check, connectAll, options, print, sleep, until,
} = require('./lib/common');
const { startServer } = require('./lib/server');

const OPTIONS = options({
  readers: 1000, slow: 100, official: 20, events: 400, bytes: 16000, cap: 262144,
});
const UNSENT = 'too many unsent bytes';
const ROUGHLY_MIB = 8; // what the server and the allocator keep for reuse

// How the server is told to treat who does not read, how it sends, and how many
// events may be under way to those who do read: a volatile one goes out if
// nothing else waits.  Events that are sent to each socket by itself are in memory
// once for each that is slow, and cost more, so that fewer clients have to do.
const TO_ALL = 0;
const VOLATILE = 1;
const ONE_BY_ONE = 2;
const POLICIES = {
  disconnect: { policy: 0, way: TO_ALL, batch: 4 },
  refuse: { policy: 1, way: TO_ALL, batch: 4 },
  'drop volatile': { policy: 0, way: VOLATILE, batch: 1 },
  'refuse, one by one': { policy: 1, way: ONE_BY_ONE, batch: 1, divisor: 5 },
};

// Clients and what they have got.
class Group {
  async connect(port, count) {
    this.ended = 0;
    this.waiting = 0;
    this.awaited = 0;
    this.state = new Map();
    this.clients = await connectAll(port, count, Math.min(OPTIONS.official, count / 2), {
      news: (client, n) => this.news(client, n),
      end: () => (this.ended += 1),
    });
    for (const client of this.clients) this.state.set(client, { last: 0, gaps: 0 });
  }

  news(client, n) {
    const state = this.state.get(client);
    check(n > state.last, `event ${n} comes behind ${state.last}`);
    if (n !== state.last + 1) state.gaps += 1;
    state.last = n;
    if (n === this.awaited && (this.waiting -= 1) === 0) this.arrived();
  }

  // Every client has got event n, which is yet to be sent.
  reach(n) {
    this.awaited = n;
    this.waiting = this.clients.length;
    return new Promise((resolve) => (this.arrived = resolve));
  }

  // How many have got all of the first n events, and nothing twice.
  complete(n) {
    return [...this.state.values()].filter(({ last, gaps }) => last === n && gaps === 0).length;
  }

  // How many have event n as the last one.
  at(n) {
    return [...this.state.values()].filter(({ last }) => last === n).length;
  }

  get gaps() {
    return [...this.state.values()].filter(({ gaps }) => gaps > 0).length;
  }
}

// Sends all events, as fast as those who read can take them.
async function flood(server, readers, total, { way, batch }) {
  for (let sent = 0; sent < total; sent += batch) {
    const events = Math.min(batch, total - sent);
    const arrived = readers.reach(sent + events);
    await server.ask('send', events, OPTIONS.bytes, way);
    await arrived;
  }
}

// Those who were cut have got the beginning, without a gap, and then the end.
async function assertCut(slow, figures, readers) {
  check(figures.causes[UNSENT] === OPTIONS.slow, `ends: ${JSON.stringify(figures.causes)}`);
  check(figures.sockets === readers, `${figures.sockets} sockets are left`);
  await until(() => slow.ended === OPTIONS.slow, 'end of the slow ones');
  check(slow.gaps === 0, 'a gap before the end');
}

// Those who were not are still there: they miss something, and get what is
// sent when they have caught up.
async function assertCaughtUp(server, slow, readers, total) {
  let n = total;
  await until(async () => {
    n += 1;
    const arrived = readers.reach(n);
    await server.ask('send', 1, 100, TO_ALL);
    await arrived;
    await sleep(20);
    return slow.at(n) === OPTIONS.slow;
  }, 'slow client that has caught up');
  check(slow.gaps === OPTIONS.slow, `only ${slow.gaps} have missed something`);
  check(slow.ended === 0, `${slow.ended} were closed`);
}

// How many MiB the server may need for it.  A broadcast is in memory once.
function bound({ way, batch }, readers) {
  const { slow, events, bytes, cap } = OPTIONS;
  const most = way === ONE_BY_ONE
    ? slow * cap + readers * batch * bytes : Math.min(slow * cap, events * bytes);
  return most / 1048576 + ROUGHLY_MIB;
}

async function run(name) {
  const manner = POLICIES[name];
  const total = OPTIONS.events;
  const count = Math.ceil(OPTIONS.readers / (manner.divisor ?? 1));
  const server = await startServer({
    'output-policy': manner.policy, 'max-output-bytes': OPTIONS.cap,
  });
  const readers = new Group();
  const slow = new Group();
  await readers.connect(server.port, count);
  await slow.connect(server.port, OPTIONS.slow);
  for (const client of slow.clients) client.stopReading();

  const before = server.memory;
  const cpu = server.cpu;
  const begin = Date.now();
  server.forgetPeak();
  await flood(server, readers, total, manner);
  const seconds = (Date.now() - begin) / 1000;
  const used = server.cpu - cpu;
  const figures = await server.ask('figures');
  const after = server.memory;
  const { peak } = server;

  check(readers.complete(total) === count, 'a reader misses something');
  for (const client of slow.clients) client.goOnReading();
  if (manner.policy === 0 && manner.way !== VOLATILE) await assertCut(slow, figures, count);
  else await assertCaughtUp(server, slow, readers, total);
  check(readers.ended === 0 && readers.gaps === 0, 'a reader was harmed');
  const grown = peak - before;
  check(grown <= bound(manner, count), `memory has grown by ${grown.toFixed(1)} MiB`);

  for (const client of [...readers.clients, ...slow.clients]) client.close();
  await server.stop();
  return [name, count, count * total, figures.causes[UNSENT] ?? 0,
    figures.refused, figures.dropped, before.toFixed(1), peak.toFixed(1), after.toFixed(1),
    seconds.toFixed(1), used.toFixed(1)];
}

async function main() {
  OPTIONS.readers = affordable(OPTIONS.readers + OPTIONS.slow, 1) - OPTIONS.slow;
  console.log(`${OPTIONS.slow} slow clients, ${OPTIONS.readers} that read `
    + `(${OPTIONS.official} of both official), ${OPTIONS.events} broadcasts of `
    + `${OPTIONS.bytes} bytes, a cap of ${OPTIONS.cap} bytes for each connection`);
  const rows = [['policy', 'readers', 'delivered', 'closed', 'refused', 'dropped', 'MiB before', 'peak',
    'after', 's', 'CPU s']];
  for (const name of Object.keys(POLICIES)) rows.push(await run(name));
  print(rows);
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
