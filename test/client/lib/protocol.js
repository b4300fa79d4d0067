// SPDX-License-Identifier: MIT
// What the official protocol suites expect of the server they run against.
'use strict';

const assert = require('node:assert/strict');
const { startServer } = require('./server');

const SETTINGS = {
  pingInterval: 300,
  pingTimeout: 200,
  maxPayload: 1000000,
  connectTimeout: 1000,
};

// For cases that a ping in between would disturb on a busy machine.
const CALM = { pingInterval: 25000, pingTimeout: 20000 };

// For cases in which pings are answered: a busy machine takes its time.
const PATIENT = { pingTimeout: 10000 };

function startSuiteServer(t, options) {
  return startServer(t, { ...SETTINGS, ...options });
}

// The open packet has exactly the members that the protocol names.
function assertOpen(packet, upgrades) {
  assert.equal(packet[0], '0');
  const { sid, ...rest } = JSON.parse(packet.slice(1));
  assert.match(sid, /^[\w-]{20}$/);
  assert.deepEqual(Object.keys(JSON.parse(packet.slice(1))),
    ['sid', 'upgrades', 'pingInterval', 'pingTimeout', 'maxPayload']);
  assert.deepEqual(rest, {
    upgrades, pingInterval: 300, pingTimeout: 200, maxPayload: 1000000,
  });
  return sid;
}

module.exports = {
  CALM, PATIENT, assertOpen, startSuiteServer,
};
