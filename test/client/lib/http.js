// SPDX-License-Identifier: MIT
// One request on a connection of its own, with any header.
'use strict';

const http = require('node:http');
const { within } = require('./wait');

const POLL4 = 'EIO=4&transport=polling';

// `target` is a query of the server's path, or a path that begins with "/".
// Answers {status, headers, raw, body}; header names are in lower case, `raw`
// has them as they came.
async function ask(server, target, options = {}) {
  const { method = 'GET', headers = {}, body, port = server.port } = options;
  const path = target.startsWith('/') ? target : `${server.path}?${target}`;
  const request = http.request({
    host: '127.0.0.1', port, method, path, headers, agent: false,
  });
  const answered = new Promise((resolve, reject) => {
    request.on('error', reject);
    request.on('upgrade', () => reject(new Error('upgraded')));
    request.on('response', (response) => {
      response.toArray().then((parts) => resolve({
        status: response.statusCode,
        headers: response.headers,
        raw: response.rawHeaders,
        body: Buffer.concat(parts),
      }), reject);
    });
  });
  request.end(body);
  return within(answered, `answer to ${method} ${path}`);
}

// The id in an open packet of either protocol.
function sidOf(body) {
  return /"sid":"([^"]+)"/.exec(body.toString())[1];
}

// Only the headers whose names match, as an object.
function only(headers, pattern) {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => pattern.test(name)));
}

module.exports = { POLL4, ask, only, sidOf };
