// SPDX-License-Identifier: MIT
// A client in a thread of its own, which others do not delay: how long the
// server takes to acknowledge an event.
'use strict';

const {
  Worker, isMainThread, parentPort, workerData,
} = require('node:worker_threads');

const EVERY_MS = 10;

class Probe {
  // `options` are those of socket.io-client.
  constructor(url, options = {}) {
    this.worker = new Worker(__filename, { workerData: { url, options } });
    this.worker.once('error', (error) => {
      throw error;
    });
  }

  // What it has seen since it was asked last: {count, p50, p99, max} in ms.
  take() {
    return new Promise((resolve) => {
      this.worker.once('message', resolve);
      this.worker.postMessage('take');
    });
  }

  stop() {
    return this.worker.terminate();
  }
}

function summary(times) {
  times.sort((a, b) => a - b);
  const at = (part) => times[Math.min(times.length - 1, Math.floor(times.length * part))] ?? NaN;
  return { count: times.length, p50: at(0.5), p99: at(0.99), max: at(1) };
}

async function measure({ url, options }) {
  const { io } = require('./official');
  const socket = io(`${url}/control`, {
    transports: ['websocket'], forceNew: true, reconnection: false, ...options,
  });
  let times = [];
  parentPort.on('message', () => {
    parentPort.postMessage(summary(times));
    times = [];
  });
  for (;;) {
    const begin = performance.now();
    await socket.timeout(60000).emitWithAck('tick', 0, 0);
    times.push(performance.now() - begin);
    await new Promise((resolve) => setTimeout(resolve, EVERY_MS));
  }
}

if (!isMainThread) measure(workerData);

module.exports = { Probe };
