// SPDX-License-Identifier: MIT
// What both programs need: options, waiting, connecting many, a table.
'use strict';

const fs = require('node:fs');
const { OfficialClient } = require('./official');
const { RawClient } = require('./raw');

const AT_ONCE = 200; // handshakes under way while the clients connect first

// `--name value` over the defaults, which are numbers.
function options(defaults) {
  const chosen = { ...defaults };
  const args = process.argv.slice(2);
  for (let i = 0; i < args.length; i += 2) {
    const name = args[i].replace(/^--/, '');
    if (!(name in defaults) || !/^\d+$/.test(args[i + 1])) {
      throw new Error(`options: ${Object.keys(defaults).map((each) => `--${each} N`).join(' ')}`);
    }
    chosen[name] = Number(args[i + 1]);
  }
  return chosen;
}

function sleep(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

async function until(probe, what, ms = 60000) {
  for (const end = Date.now() + ms; !(await probe());) {
    if (Date.now() > end) throw new Error(`no ${what} within ${ms} ms`);
    await sleep(10);
  }
}

function check(holds, what) {
  if (!holds) throw new Error(what);
}

// How many clients this process may have if each takes so many descriptors.
function affordable(clients, each) {
  const line = /^Max open files +(\d+)/m.exec(fs.readFileSync('/proc/self/limits', 'latin1'));
  const most = Math.floor((Number(line[1]) - 200) / each);
  if (most >= clients) return clients;
  console.log(`${most} clients instead of ${clients}: no more open files are allowed (ulimit -n)`);
  return most;
}

// So many clients, of which the last `official` are official ones, once all of
// them have joined.
async function connectAll(port, count, official, told) {
  const clients = [];
  while (clients.length < count) {
    const some = Array.from({ length: Math.min(AT_ONCE, count - clients.length) }, (_, i) => (
      new (clients.length + i < count - official ? RawClient : OfficialClient)(port, told)
    ));
    await Promise.all(some.map((client) => client.joined));
    clients.push(...some);
  }
  return clients;
}

// Rows of cells; the first row is the heading.
function print(rows) {
  const widths = rows[0].map((_, i) => Math.max(...rows.map((row) => String(row[i]).length)));
  for (const row of rows) {
    console.log(row.map((cell, i) => (
      i === 0 ? String(cell).padEnd(widths[i]) : String(cell).padStart(widths[i]))).join('  '));
  }
}

module.exports = {
  affordable, check, connectAll, options, print, sleep, until,
};
