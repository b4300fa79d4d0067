// SPDX-License-Identifier: MIT
// Payloads of "put" (kinds.h): good ones, and ones with something wrong.
'use strict';

// Numbers that repeat.
function randomizer(seed) {
  let state = seed;
  return (n) => {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    return Math.floor((state / 4294967296) * n);
  };
}

const POINTS = [{ x: 0, y: 0 }, { x: -1.5, y: 1e300 }, { x: 1.5, y: -0.1 }, { x: 1.6, y: 0 },
  { x: 0 }, { x: 0, y: 0, z: 0 }, [], null, { x: '0', y: 0 }];
const NUMBERS = [0, 1, -1, 1.5, 9, 10, 2147483647, 2147483648, -2147483648, -2147483649,
  4294967295, 4294967296, 1000, 1001, -5, -6, 1e15, 0.5, 1e-9, '1', null, true, []];
const STRINGS = ['', 'a', 'ab', 'abc', 'abcd', 'abcdefgh', 'abcdefghij', 'abcdefghijk',
  '\u20ac\u20ac', '\u{1f600}\u{1f600}\u{1f600}', '\ud83d\ude00', 'a\nb', '"', '\\', null, 5, {}, ['a']];

// Values of each member; about half of them fit.
const VALUES = {
  name: STRINGS,
  nick: STRINGS.filter((s) => typeof s !== 'string' || Buffer.byteLength(s) === [...s].length),
  on: [true, false, 0, 'true', null],
  small: NUMBERS,
  large: NUMBERS,
  count: NUMBERS,
  total: NUMBERS,
  ratio: NUMBERS,
  paint: ['red', 'dark blue', null, 'blue', 'Red', 0, ''],
  at: POINTS,
  anything: [null, 1, 'x', [], { a: [{}] }],
  when: ['2026-01-31T23:59:59Z', '2026-01-31T23:59:59.123456+01:30', '2024-02-29T00:00:00-23:59',
    '2026-02-29T00:00:00Z', '2026-13-01T00:00:00Z', '2026-01-01T24:00:00Z', '2026-01-01', 'now', 5, null],
  id: ['123e4567-e89b-12d3-a456-426614174000', '123E4567-E89B-12D3-A456-426614174000',
    '123e4567e89b12d3a456426614174000', '123e4567-e89b-12d3-a456-42661417400g', '', 7],
  mail: ['a@b.example', 'first.last+tag@sub.example.org', 'a@b', 'a b@c.example', '@b.example',
    'a@', 'a..b@c.example', '.a@c.example', 5],
  date: ['2026-01-31T23:59:59Z', '2026-01-31t10:00:00.5z', '2026-1-31T23:59:59Z', '2026-01-31', 5],
  link: ['https://example.org/a?b=c#d', 'urn:isbn:0451450523', 'mailto:a@b.example', '/a/b',
    'example.org', 'http://[::1]:80/', 'http://a b/', '', 5],
  tags: [['a'], ['a', 'abc'], ['a', 'b', 'c', 'd'], ['a', 'b', 'c', 'd', 'e'], [], [''], ['abcd'],
    [5], 'a', null],
  path: [[], [POINTS[0]], [POINTS[0], POINTS[1]], [POINTS[3]], [POINTS[5]], [[]], {}, null],
  level: [0, 9, 10, -1, 3.5, '3', null],
  more: [1, null, {}],
};
const OTHERS = [null, 1, 'put', [], [{}], true, {}];

function pick(random, list) {
  return list[random(list.length)];
}

// `n` payloads: mostly with a good name and a few other members.
function payloads(n) {
  const random = randomizer(20261121);
  const keys = Object.keys(VALUES);
  const all = [...OTHERS];
  for (const key of keys) {
    for (const value of VALUES[key]) all.push({ name: 'n', [key]: value });
  }
  while (all.length < n) {
    const payload = random(10) > 0 ? { name: 'name' } : {};
    for (let i = random(4); i > 0; i -= 1) {
      const key = pick(random, keys);
      payload[key] = pick(random, VALUES[key]);
    }
    all.push(payload);
  }
  return all;
}

module.exports = { payloads };
