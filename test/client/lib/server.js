// SPDX-License-Identifier: MIT
// The servers under test: one process for each test (contract: README.md).
'use strict';

const { spawn } = require('node:child_process');
const http = require('node:http');
const path = require('node:path');
const { io } = require('socket.io-client');
const msgpack = require('socket.io-msgpack-parser');
const { ask } = require('./http');
const { PATIENCE_MS, until, within } = require('./wait');

const BUILT = path.resolve(__dirname, '../../../build/test/client/server');
const FOLDER = path.resolve(__dirname, '../../fixture/tls');
const COMMAND = (process.env.SIO_TEST_SERVER || BUILT).split(' ');

// The command that runs a program beside the server.
function command(name) {
  return [...COMMAND.slice(0, -1), path.join(path.dirname(COMMAND.at(-1)), name)];
}

// pingInterval: 300 becomes --ping-interval 300; true stands for a bare flag.
function flags(options) {
  return Object.entries(options).flatMap(([name, value]) => {
    const flag = `--${name.replace(/[A-Z]/g, (c) => `-${c.toLowerCase()}`)}`;
    return value === true ? [flag] : [flag, String(value)];
  });
}

class TestServer {
  constructor(options, name = 'server') {
    const [program, ...args] = name === 'server' ? COMMAND : command(name);
    this.path = '/socket.io/';
    this.options = options;
    this.owned = [];
    this.stdout = '';
    this.stderr = '';
    this.child = spawn(program, [...args, ...flags({ port: 0, ...options })], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.child.stderr.on('data', (data) => (this.stderr += data));
    this.exited = new Promise((resolve) => {
      this.child.once('error', (error) => resolve({ error }));
      this.child.once('close', (code, signal) => resolve({ code, signal }));
    });
  }

  async listening() {
    const said = new Promise((resolve) => {
      this.child.stdout.on('data', (data) => {
        this.stdout += data;
        const line = /^listening on (\d+)$/m.exec(this.stdout);
        if (line) resolve(Number(line[1]));
      });
    });
    const ended = this.exited.then((how) => {
      throw new Error(`no server: ${JSON.stringify(how)} ${this.stderr}`);
    });
    ended.catch(() => {});
    this.port = await within(Promise.race([said, ended]), 'listening server');
    this.url = `http://127.0.0.1:${this.port}`;
    return this;
  }

  // What was written to the server before now has been read by it.  One turn of
  // its loop may see an answer's connection before the others that are ready,
  // two in a row cannot.
  async caughtUp() {
    await ask(this, '/hello');
    await ask(this, '/hello');
  }

  // `close` is called before the server stops, newest first.
  own(thing, close) {
    this.owned.push(() => close(thing));
    return thing;
  }

  // A client of its own through which tests look at and steer the server.
  async control(name, ...args) {
    if (!this.steering) {
      const polling = this.options.transports === 'polling';
      this.steering = io(`${this.url}/control`, {
        transports: [polling ? 'polling' : 'websocket'],
        parser: this.options.msgpack && msgpack,
        forceNew: true,
        reconnection: false,
      });
      this.own(this.steering, (socket) => socket.disconnect());
    }
    return this.steering.timeout(PATIENCE_MS).emitWithAck(name, ...args);
  }

  // All that happened outside /control, in order.
  report() {
    return this.control('report');
  }

  // The first entry of the report that has these members.
  entry(like) {
    const is = (e) => Object.keys(like).every((key) => e[key] === like[key]);
    const what = `report entry ${JSON.stringify(like)}`;
    return until(async () => (await this.report()).find(is), what);
  }

  // The report that a server prints when it has closed by itself.
  finalReport() {
    return JSON.parse(/^report (.*)$/m.exec(this.stdout)[1]);
  }

  kill(signal) {
    this.child.kill(signal);
  }

  // Ends the server and fails unless it was well until then: no sanitizer
  // report, no leak, and nothing that keeps a closed server alive.
  async stop() {
    for (const close of this.owned.splice(0).reverse()) close();
    this.steering = undefined;
    if (this.child.pid === undefined) return;
    if (this.port === undefined) {
      this.child.kill('SIGKILL');
      return;
    }
    this.child.kill('SIGCONT');
    this.child.kill('SIGTERM');
    const how = await within(this.exited, 'end of the server').catch((e) => {
      this.child.kill('SIGKILL');
      throw e;
    });
    if (this.expectedEnd !== 'killed' && (how.code !== 0 || this.stderr)) {
      throw new Error(`the server ended with ${JSON.stringify(how)}\n${this.stderr}`);
    }
  }

  // Ends the server as a crash would.
  async crash() {
    this.expectedEnd = 'killed';
    this.child.kill('SIGKILL');
    await within(this.exited, 'end of the server');
    this.steering = undefined;
  }
}

// The Engine.IO server that echoes: it is steered by requests under /control.
class TestEngine extends TestServer {
  constructor(options) {
    super(options, 'engine');
    this.path = `${(options.path || '/engine.io').replace(/\/$/, '')}/`;
  }

  async control(name, query = {}, body = undefined) {
    const target = `/control/${name}?${new URLSearchParams(query)}`;
    const request = http.request(this.url + target, {
      method: body === undefined ? 'GET' : 'POST', agent: false,
    });
    request.end(body);
    const answered = new Promise((resolve, reject) => {
      request.on('error', reject);
      request.on('response', (response) => resolve(response.toArray()));
    });
    return JSON.parse(Buffer.concat(await within(answered, `answer of ${target}`)));
  }

  // Sends to a session, or to all if `sid` is empty; see README.md.
  send(sid, data, query = {}) {
    return this.control('send', { sid, ...query }, data);
  }

  close(sid, how = 'gently') {
    return this.control('close', { sid, close: how });
  }

  snapshot() {
    return this.control('report');
  }

  async report() {
    return (await this.snapshot()).events;
  }

  // The entries of one kind.
  async entries(what) {
    return (await this.report()).filter((entry) => entry.what === what);
  }

  async metrics() {
    return (await this.snapshot()).metrics;
  }

  // The port whose connections another HTTP server hands over.
  get handover() {
    return Number(/^handover on (\d+)$/m.exec(this.stdout)[1]);
  }
}

async function startEngine(t, options = {}) {
  const engine = new TestEngine(options);
  t.after(() => engine.stop());
  return engine.listening();
}

async function startServer(t, options = {}) {
  const server = new TestServer(options);
  t.after(() => server.stop());
  return server.listening();
}

// An example that listens.
async function startProgram(t, name, options = {}) {
  const server = new TestServer(options, `../../${name}`);
  t.after(() => server.stop());
  return server.listening();
}

// A server with TLS; `plain` is its other port.
async function startSecure(t, options = {}) {
  const server = new TestServer({ folder: FOLDER, ...options }, 'secure');
  t.after(() => server.stop());
  await server.listening();
  server.plain = Number(/^plain on (\d+)$/m.exec(server.stdout)[1]);
  server.url = `https://localhost:${server.port}`;
  return server;
}

// A server on a port that no other test is given while it is down: below the
// range from which the system takes free ports.
async function startLastingServer(t) {
  for (let tries = 0; ; tries += 1) {
    const port = 20000 + Math.floor(Math.random() * 10000);
    try {
      return await startServer(t, { port });
    } catch (error) {
      if (tries === 5 || !/in use/i.test(error.message)) throw error;
    }
  }
}

module.exports = {
  startEngine, startLastingServer, startProgram, startSecure, startServer,
};
