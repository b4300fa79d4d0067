// SPDX-License-Identifier: MIT
// A proxy that asks for compressed answers and unpacks them, as browsers do
// and the XMLHttpRequest of the clients in Node does not.  Websockets pass as
// they are.
'use strict';

const http = require('node:http');
const net = require('node:net');
const zlib = require('node:zlib');

const UNPACK = { gzip: zlib.gunzipSync, deflate: zlib.inflateSync };

async function forward(port, stats, request, response) {
  const outgoing = http.request({
    host: '127.0.0.1',
    port,
    agent: false,
    method: request.method,
    path: request.url,
    headers: { ...request.headers, 'accept-encoding': 'gzip, deflate' },
  });
  response.on('close', () => outgoing.destroy());
  outgoing.on('error', () => response.destroy());
  outgoing.on('response', async (answer) => {
    const packed = Buffer.concat(await answer.toArray().catch(() => []));
    const { 'content-encoding': encoding, ...headers } = answer.headers;
    if (encoding) stats.packed += 1;
    const body = encoding ? UNPACK[encoding](packed) : packed;
    response.writeHead(answer.statusCode, { ...headers, 'content-length': body.length });
    response.end(body);
  });
  request.pipe(outgoing);
}

function tunnel(port, request, socket, head) {
  const onward = net.connect(port, '127.0.0.1');
  const lines = [`${request.method} ${request.url} HTTP/1.1`];
  for (let i = 0; i < request.rawHeaders.length; i += 2) {
    lines.push(`${request.rawHeaders[i]}: ${request.rawHeaders[i + 1]}`);
  }
  onward.write(`${lines.join('\r\n')}\r\n\r\n`);
  onward.write(head);
  onward.pipe(socket).pipe(onward);
  for (const [one, other] of [[onward, socket], [socket, onward]]) {
    one.on('error', () => other.destroy());
    one.on('close', () => other.destroy());
  }
}

// {url, stats: {packed: number of compressed answers}}, in front of `server`.
async function startUnpackingProxy(server) {
  const stats = { packed: 0 };
  const proxy = http.createServer((...args) => forward(server.port, stats, ...args));
  proxy.on('upgrade', (...args) => tunnel(server.port, ...args));
  await new Promise((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  server.own(proxy, () => { proxy.close(); proxy.closeAllConnections(); });
  return { url: `http://127.0.0.1:${proxy.address().port}`, stats };
}

module.exports = { startUnpackingProxy };
