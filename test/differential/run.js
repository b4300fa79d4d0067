// SPDX-License-Identifier: MIT
// The same random sequences against libsio and against the reference server;
// see README.md.
'use strict';

const fs = require('node:fs');
const { parseArgs } = require('node:util');
const { difference } = require('./lib/compare');
const { MODES, generate } = require('./lib/generate');
const { Party } = require('./lib/party');
const { shrink } = require('./lib/shrink');
const { Target } = require('./lib/target');

const TRANSPORTS = [...MODES, 'mixed'];

const { values: options } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    sequences: { type: 'string', default: '300' },
    first: { type: 'string', default: '0' },
    only: { type: 'string' },
    replay: { type: 'string' },
    transport: { type: 'string', default: 'mixed' },
    seconds: { type: 'string', default: '900' },
    failures: { type: 'string', default: '5' },
    whole: { type: 'boolean', default: false },
  },
});
const seed = Number(options.seed);
const say = (line) => process.stdout.write(`${line}\n`);

let targets = [];

async function startTargets() {
  targets = ['libsio', 'reference'].map((name) => new Target(name));
  await Promise.all(targets.map((target) => target.listening()));
}

async function stopTargets() {
  const complaints = await Promise.all(targets.map((target) => target.stop()));
  targets.forEach(({ name }, i) => complaints[i] && say(`${name}: ${complaints[i]}`));
  return complaints.every((each) => each === '');
}

// A server that has failed is not used again.
async function restart() {
  await stopTargets();
  await startTargets();
}

// The first difference in a sequence, or undefined.
async function judge(sequence) {
  const parties = targets.map((target) => new Party(target, sequence));
  let found;
  try {
    const [ours, theirs] = await Promise.all(parties.map((p) => p.run(sequence.steps)));
    found = difference(sequence, ours, theirs);
    if (options.whole) say(JSON.stringify({ ours, theirs }, null, 1));
  } catch (error) {
    found = { step: -1, op: '', where: 'harness', error: error.stack };
  }
  for (const target of targets) {
    const said = target.complaints();
    if (said && !found) found = { step: -1, op: '', where: target.name, said };
  }
  for (const { members } of parties) members.forEach((member) => member.abandon());
  if (found) await restart();
  return found;
}

function describe({ libsio, reference, ...found }) {
  say(JSON.stringify(found));
  if (libsio !== undefined) {
    say(`  libsio:    ${JSON.stringify(libsio)}`);
    say(`  reference: ${JSON.stringify(reference)}`);
  }
}

async function tell(index, sequence, found) {
  const again = options.replay === undefined
    ? `--seed ${seed} --transport ${options.transport} --only ${index}`
    : `--replay ${options.replay}`;
  say(`difference: node run.js ${again}`);
  describe(found);
  let last = found;
  // Shrinking looks for the same kind of difference.
  const kind = ({ op, where: place }) => `${op} ${place}`;
  const shortest = await shrink(sequence, async (candidate) => {
    const other = await judge(candidate);
    const same = other !== undefined && kind(other) === kind(found);
    if (same) last = other;
    return same;
  });
  say(`shortest: ${JSON.stringify(shortest)}`);
  if (last !== found) describe(last);
}

async function one(index, sequence) {
  const found = await judge(sequence);
  if (found) await tell(index, sequence, found);
  return found === undefined;
}

async function many() {
  const first = Number(options.only ?? options.first);
  const end = options.only === undefined ? first + Number(options.sequences) : first + 1;
  const deadline = Date.now() + Number(options.seconds) * 1000;
  let index = first;
  let failed = 0;
  let steps = 0;
  for (; index < end && failed < Number(options.failures) && Date.now() < deadline; index += 1) {
    const sequence = generate(seed, index, options.transport);
    steps += sequence.steps.length;
    if (!await one(index, sequence)) failed += 1;
  }
  say(`differential: ${index - first} sequences, ${steps} steps, ${options.transport}, `
    + `seed ${seed}: ${failed} with a difference`);
  return failed === 0 && index === end;
}

async function main() {
  if (!TRANSPORTS.includes(options.transport)) {
    throw new Error(`--transport ${TRANSPORTS.join('|')}`);
  }
  await startTargets();
  const well = options.replay === undefined ? await many()
    : await one('?', JSON.parse(fs.readFileSync(options.replay, 'utf8')));
  const quiet = await stopTargets();
  process.exitCode = well && quiet ? 0 : 1;
}

main().catch((error) => {
  for (const target of targets) target.child.kill('SIGKILL');
  say(error.stack);
  process.exit(1);
});
