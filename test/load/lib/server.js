// SPDX-License-Identifier: MIT
// The server under load: a process whose memory and CPU time are watched.
'use strict';

const { spawn } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const { io } = require('./official');

const BUILT = path.resolve(__dirname, '../../../build/test/load/server');
const TICKS_PER_S = 100; // of /proc/PID/stat, on every Linux
const PATIENCE_MS = 60000;

class LoadServer {
  constructor(options) {
    const args = Object.entries(options).flatMap(([name, value]) => [`--${name}`, String(value)]);
    this.child = spawn(process.env.SIO_LOAD_SERVER || BUILT, args, {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.stdout = '';
    this.stderr = '';
    this.child.stderr.on('data', (data) => (this.stderr += data));
    this.exited = new Promise((resolve) => this.child.once('close', resolve));
    process.once('exit', () => this.child.kill('SIGKILL')); // of a run that has failed
  }

  async listening() {
    this.port = await new Promise((resolve, reject) => {
      this.child.once('error', reject);
      this.child.once('close', () => reject(new Error(`no server: ${this.stderr}`)));
      this.child.stdout.on('data', (data) => {
        this.stdout += data;
        const line = /^listening on (\d+)$/m.exec(this.stdout);
        if (line) resolve(Number(line[1]));
      });
    });
    this.secure = Number(/^secure on (\d+)$/m.exec(this.stdout)?.[1]); // with TLS
    this.steering = io(`http://127.0.0.1:${this.port}/control`, {
      transports: ['websocket'], forceNew: true, reconnection: false,
    });
    return this;
  }

  // Asks /control.
  ask(event, ...args) {
    return this.steering.timeout(PATIENCE_MS).emitWithAck(event, ...args);
  }

  status(name) {
    const text = fs.readFileSync(`/proc/${this.child.pid}/status`, 'latin1');
    return Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(text)[1]) / 1024;
  }

  // Resident memory in MiB: now, and the most since forgetPeak().
  get memory() {
    return this.status('VmRSS');
  }

  get peak() {
    return this.status('VmHWM');
  }

  forgetPeak() {
    fs.writeFileSync(`/proc/${this.child.pid}/clear_refs`, '5');
  }

  // Seconds of CPU time, user and system.
  get cpu() {
    const stat = fs.readFileSync(`/proc/${this.child.pid}/stat`, 'latin1');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_S;
  }

  async stop() {
    this.steering?.disconnect();
    this.child.kill('SIGTERM');
    const code = await this.exited;
    if (code !== 0 || this.stderr) throw new Error(`the server ended with ${code}\n${this.stderr}`);
  }
}

function startServer(options) {
  return new LoadServer(options).listening();
}

module.exports = { startServer };
