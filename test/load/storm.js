// SPDX-License-Identifier: MIT
// All clients lose their connection at once and come back, with recovery,
// while broadcasts go on.
'use strict';

const {
  affordable, check, connectAll, options, print, sleep, until,
} = require('./lib/common');
const { startServer } = require('./lib/server');

const OPTIONS = options({
  clients: 5000, official: 100, rounds: 2, every: 50, bytes: 100, spread: 1000,
});
const LEEWAY_BYTES = 4 << 20; // of what is held after one storm and after the next
const ENDS = ['RST', 'FIN', 'silent'];

// What every client has got: one after the other from the first on.
class Crowd {
  constructor() {
    this.missed = 0;
    this.twice = 0;
    this.ended = 0;
    this.state = new Map();
  }

  async connect(port, count, official) {
    const told = {
      news: (client, n) => this.news(client, n),
      end: () => (this.ended += 1),
    };
    this.clients = await connectAll(port, count, official, told);
  }

  news(client, n) {
    const last = this.state.get(client);
    if (last !== undefined && n <= last) this.twice += 1;
    else if (last !== undefined) this.missed += n - last - 1;
    this.state.set(client, Math.max(n, last ?? 0));
  }

  // How many have event n.
  at(n) {
    return [...this.state.values()].filter((last) => last >= n).length;
  }
}

function mib(bytes) {
  return (bytes / 1048576).toFixed(1);
}

// Everybody goes at once, and each comes back when it feels like it: the time
// until the last one is there, and how many have another id.
async function storm(crowd) {
  crowd.clients.forEach((client, i) => client.vanish(ENDS[i % ENDS.length]));
  const begin = Date.now();
  const joins = await Promise.all(crowd.clients.map(async (client) => {
    await sleep(Math.random() * OPTIONS.spread);
    client.connect();
    return client.joined;
  }));
  const seconds = (Date.now() - begin) / 1000;
  for (const client of crowd.clients) client.forget();
  return { seconds, others: joins.filter(({ same }) => !same).length };
}

async function round(server, crowd, number) {
  const { cpu, memory } = server;
  const { sent, heap: held } = await server.ask('figures');
  server.forgetPeak();
  const { seconds, others } = await storm(crowd);
  const used = server.cpu - cpu;
  const figures = await server.ask('figures');
  await sleep(500); // broadcasts go on behind it
  const { sent: last, heap } = await server.ask('figures');
  await until(() => crowd.at(last) === crowd.clients.length, 'event that all have');
  const { missed, twice } = crowd;
  const recovered = figures.recovered - crowd.recovered;
  crowd.recovered = figures.recovered;
  const row = [`${number}`, seconds.toFixed(2), recovered, others, missed, twice,
    figures.sent - sent, used.toFixed(2), memory.toFixed(1), server.peak.toFixed(1),
    server.memory.toFixed(1), mib(held), mib(heap)];
  const well = recovered === crowd.clients.length && others + missed + twice + figures.lost === 0;
  return { row, well, heap };
}

async function main() {
  const clients = affordable(OPTIONS.clients, 2);
  const server = await startServer({ recovery: 120000 });
  const crowd = new Crowd();
  crowd.recovered = 0;
  const empty = server.memory;
  await crowd.connect(server.port, clients, Math.min(OPTIONS.official, clients));
  await server.ask('tick', OPTIONS.every, OPTIONS.bytes);
  await until(() => crowd.at(1) === clients, 'first event that all have');

  console.log(`${clients} clients (${OPTIONS.official} official) lose their connections by `
    + `${ENDS.join(', ')} and come back within ${OPTIONS.spread} ms; a broadcast of `
    + `${OPTIONS.bytes} bytes every ${OPTIONS.every} ms; an empty server has ${empty.toFixed(1)} MiB`);
  const rows = [['storm', 's until all', 'recovered', 'other id', 'missed', 'twice',
    'broadcasts', 'CPU s', 'MiB before', 'peak', 'after', 'heap before', 'after']];
  let well = true;
  let held;
  for (let i = 1; i <= OPTIONS.rounds; i += 1) {
    const result = await round(server, crowd, i);
    rows.push(result.row);
    well &&= result.well;
    held ??= result.heap;
    check(result.heap <= held + LEEWAY_BYTES, `${result.heap} bytes are held, not ${held}`);
  }
  print(rows);

  await server.ask('tick', 0, 0);
  const { sent } = await server.ask('figures');
  await until(() => crowd.at(sent) === clients, 'last event that all have');
  for (const client of crowd.clients) client.close();
  await server.stop();
  check(well, 'somebody has missed something, got it twice, or is somebody else');
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
