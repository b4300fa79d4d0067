// SPDX-License-Identifier: MIT
// Waiting that always ends.
'use strict';

// How long anything may take that is not itself about time, on a machine that
// is busy with other things.
const PATIENCE_MS = 15000;

function sleep(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

// The promise's outcome, or a rejection that says what was waited for.
function within(promise, what, ms = PATIENCE_MS) {
  const error = new Error(`no ${what} within ${ms} ms`);
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(error), ms);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

// The arguments of the next event `name`.
function event(emitter, name, ms = PATIENCE_MS) {
  const next = new Promise((resolve) => {
    emitter.once(name, (...args) => resolve(args));
  });
  return within(next, `event "${name}"`, ms);
}

// Repeats `probe` until it returns something truthy, and returns that.
async function until(probe, what, ms = PATIENCE_MS) {
  const end = Date.now() + ms;
  for (;;) {
    const found = await probe();
    if (found) return found;
    if (Date.now() > end) throw new Error(`no ${what} within ${ms} ms`);
    await sleep(10);
  }
}

module.exports = { PATIENCE_MS, event, sleep, until, within };
