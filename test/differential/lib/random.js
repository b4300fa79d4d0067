// SPDX-License-Identifier: MIT
// Random numbers that can be had again, and payloads made of them.
'use strict';

// mulberry32: good enough to choose test cases, and small.
class Random {
  constructor(seed, index) {
    this.state = (Math.imul(seed, 0x9e3779b1) ^ Math.imul(index + 1, 0x85ebca6b)) >>> 0;
  }

  // From 0 to 1, without 1.
  next() {
    this.state = (this.state + 0x6d2b79f5) >>> 0;
    let t = this.state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  }

  // From `low` to `high`, both included.
  between(low, high) {
    return low + Math.floor(this.next() * (high - low + 1));
  }

  chance(probability) {
    return this.next() < probability;
  }

  pick(list) {
    return list[this.between(0, list.length - 1)];
  }

  // One of [[weight, thing], ...].
  weighted(list) {
    let left = this.next() * list.reduce((sum, [weight]) => sum + weight, 0);
    for (const [weight, thing] of list) {
      left -= weight;
      if (left < 0) return thing;
    }
    return list.at(-1)[1];
  }

  list(low, high, make) {
    return Array.from({ length: this.between(low, high) }, make);
  }
}

const NUMBERS = [
  0, 1, -1, 0.5, -1.25, 1e21, 1e-7, 5e-324, 1.7976931348623157e308, 0.1, 2 ** 31, -(2 ** 31),
  2 ** 32, 2 ** 53 - 1, 2 ** 53, -(2 ** 63), 123456789.125, 1 / 3,
];
const TEXTS = [
  '', 'a', 'é', 'ß€☃', '𝄞😀', '\u0000', '\u0001\b\f\n\r\t\u001f\u007f', '"\\/', '\u2028\u2029',
  '\ufeffbom', '\ud800', 'x\udc00y', '[1,2]', '{"a":1}', '_placeholder', '4', 'b64', '\u001e',
  '\u001eb\u001e4', 'null', ',', '%20+&=', '</script>',
];
const KEYS = ['a', 'b', '', 'é', '"', '0', '1', 'a b', '_placeholder_', 'toString', 'length', '\u0001', '__proto__'];
const SIZES = [0, 1, 2, 3, 4, 5, 63, 124, 125, 126, 127, 255, 256, 1000, 4095];
const LARGE = [16383, 65535, 65536, 65537, 100000];

const SCALARS = [
  [1, () => null],
  [1, (r) => r.chance(0.5)],
  [2, (r) => r.pick(NUMBERS)],
  [2, (r) => r.between(-1000, 1000)],
  [4, (r) => r.pick(TEXTS)],
  [1, (r) => ({ $text: r.pick(SIZES), of: r.pick(['x', 'é', '☃', '😀', '"']) })],
];

function scalar(r) {
  return r.weighted(SCALARS)(r);
}

function binary(r) {
  return { $bytes: r.pick(SIZES), from: r.between(0, 255) };
}

function large(r, binaries) {
  return binaries && r.chance(0.5) ? { $bytes: r.pick(LARGE), from: 1 }
    : { $text: r.pick(LARGE), of: r.pick(['y', 'ü']) };
}

// A JSON value; binary ones in it are taken from `budget.left`.
function value(r, budget, depth = 0) {
  if (budget.left > 0 && r.chance(0.5)) {
    budget.left -= 1;
    return binary(r);
  }
  if (depth === 5 || r.chance(0.55)) return scalar(r);
  if (r.chance(0.5)) return r.list(0, 4, () => value(r, budget, depth + 1));
  const entries = r.list(0, 4, () => [r.pick(KEYS), value(r, budget, depth + 1)]);
  return Object.fromEntries(entries);
}

// The arguments of an event.  Values that cannot be written as JSON are
// objects with a key that begins with a dollar; see real() in drive.js.
function payload(r, { binaries = true } = {}) {
  const budget = { left: binaries && r.chance(0.3) ? r.between(1, 10) : 0 };
  if (budget.left === 0 && r.chance(0.03)) return [{ _placeholder: true, num: 0 }];
  const args = r.list(0, 4, () => value(r, budget));
  if (r.chance(0.02)) args.push(large(r, binaries));
  if (r.chance(0.02)) args.push({ $deep: r.pick([10, 50, 100]) });
  return args;
}

function object(r) {
  const entries = r.list(0, 3, () => [r.pick(KEYS), value(r, { left: 0 }, 3)]);
  return Object.fromEntries(entries);
}

module.exports = { Random, object, payload };
