// SPDX-License-Identifier: MIT
// The two servers: a process for each, shared by many sequences.
'use strict';

const { spawn } = require('node:child_process');
const path = require('node:path');
const { io } = require('socket.io-client');

const BUILT = path.resolve(__dirname, '../../../build/test/client/server');
const COMMANDS = {
  libsio: (process.env.SIO_TEST_SERVER || BUILT).split(' '),
  reference: [process.execPath, path.resolve(__dirname, '../reference.js')],
};
const PATIENCE_MS = 5000;

// A limit that the reference does not have is out of the way.
const OPTIONS = ['--port', '0', '--max-auth-bytes', '1000000'];

class Target {
  constructor(name) {
    const [program, ...args] = COMMANDS[name];
    this.name = name;
    this.stderr = '';
    this.child = spawn(program, name === 'libsio' ? [...args, ...OPTIONS] : args,
      { stdio: ['ignore', 'pipe', 'pipe'] });
    this.child.stderr.on('data', (data) => (this.stderr += data));
    this.ended = new Promise((resolve) => {
      this.child.once('error', (error) => resolve(error.message));
      this.child.once('close', (code, signal) => resolve(code ?? signal));
    });
  }

  async listening() {
    let text = '';
    const said = new Promise((resolve) => {
      this.child.stdout.on('data', (data) => {
        text = (text + data).slice(0, 1000);
        const line = /^listening on (\d+)$/m.exec(text);
        if (line) resolve(Number(line[1]));
      });
    });
    const ended = this.ended.then((how) => {
      throw new Error(`${this.name} has ended: ${how} ${this.stderr}`);
    });
    ended.catch(() => {});
    this.url = `http://127.0.0.1:${await Promise.race([said, ended])}`;
    this.steering = io(`${this.url}/control`, { transports: ['websocket'], forceNew: true });
    return this;
  }

  // What the server says to an event in /control.
  async control(name, ...args) {
    const got = await new Promise((resolve, reject) => {
      this.steering.timeout(PATIENCE_MS).emit(name, ...args, (error, value) => {
        if (error) reject(new Error(`${this.name}: no answer to ${name}; ${this.stderr}`));
        else resolve(value);
      });
    });
    return got;
  }

  // What the server has said on standard error since the last time.
  complaints() {
    const said = this.stderr;
    this.stderr = '';
    return said;
  }

  // Anything but silence and the status 0 is a complaint.
  async stop() {
    this.steering.disconnect();
    this.child.kill('SIGTERM');
    const timer = setTimeout(() => this.child.kill('SIGKILL'), PATIENCE_MS);
    const how = await this.ended;
    clearTimeout(timer);
    return how === 0 ? this.complaints() : `ended with ${how} ${this.complaints()}`;
  }
}

module.exports = { Target };
