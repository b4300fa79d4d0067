// SPDX-License-Identifier: MIT
// Makes a sequence that fails as short as it can: parts of it are left out as
// long as it still fails.
'use strict';

// `fails(sequence)` is asked at most `budget` times.
async function shrink(sequence, fails, budget = 150) {
  let best = sequence;
  let left = budget;
  let size = Math.ceil(best.steps.length / 2);

  while (size >= 1 && left > 0) {
    let shorter = false;
    for (let i = best.steps.length - size; i > -size && left > 0; i -= size) {
      const from = Math.max(i, 0);
      const steps = [...best.steps.slice(0, from), ...best.steps.slice(i + size)];
      left -= 1;
      if (await fails({ ...best, steps })) {
        best = { ...best, steps };
        shorter = true;
      }
    }
    if (!shorter || size > 1) size = size === 1 ? 0 : Math.ceil(size / 2);
    size = Math.min(size, best.steps.length);
  }
  return shrinkBatches(best, fails, left);
}

// The same with what clients do in one go.
async function shrinkBatches(sequence, fails, budget) {
  let best = sequence;
  let left = budget;
  for (let i = 0; i < best.steps.length; i += 1) {
    const { op } = best.steps[i];
    const key = { batch: 'steps', series: 'list' }[op];
    for (let k = key ? best.steps[i][key].length - 1 : -1; k >= 0 && left > 0; k -= 1) {
      const step = { ...best.steps[i], [key]: best.steps[i][key].filter((_, at) => at !== k) };
      const candidate = { ...best, steps: best.steps.map((each, at) => (at === i ? step : each)) };
      left -= 1;
      if (await fails(candidate)) best = candidate;
    }
  }
  return best;
}

module.exports = { shrink };
