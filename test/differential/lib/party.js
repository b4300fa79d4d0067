// SPDX-License-Identifier: MIT
// Runs one sequence against one server: a step, then quiet, then the next.
'use strict';

const { LONGEST, Member, digest, until } = require('./member');
const { STEPS } = require('./steps');

// How often what has happened may make something else happen.
const QUIET_TURNS = 8;

class Party {
  constructor(target, sequence) {
    this.target = target;
    this.url = target.url;
    this.stir = 0; // counts what may cause more to happen
    this.names = new Map(); // of ids
    this.owners = new Map(); // [member, n] of ids
    this.ids = new Map(); // the newest id of "c n"
    this.left_here = new Set(); // ids: the client has noticed its end
    this.left_there = new Set(); // ids: the server has
    this.entries = []; // of the server's report
    this.members = sequence.modes.map((mode, i) => new Member(this, i, mode));
  }

  joined(member, n, id, name) {
    this.stir += 1;
    this.names.set(id, name);
    this.owners.set(id, [member, n]);
    this.ids.set(`${member.index} ${n}`, id);
  }

  left(id) {
    this.stir += 1;
    this.left_here.add(id);
  }

  // A value of a sequence as it is sent.
  real(value) {
    if (value === null || typeof value !== 'object') return value;
    if (Array.isArray(value)) return value.map((each) => this.real(each));
    if (value.$id) return this.ids.get(value.$id.join(' ')) ?? `nobody ${value.$id.join(' ')}`;
    if (value.$text !== undefined) return value.of.repeat(value.$text);
    if (value.$bytes !== undefined) {
      return Buffer.from(Array.from({ length: value.$bytes }, (_, i) => (value.from + i) & 0xff));
    }
    if (value.$deep) return JSON.parse(`${'['.repeat(value.$deep)}${']'.repeat(value.$deep)}`);
    return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, this.real(each)]));
  }

  // A value as it was received, to be compared.
  plain(value) {
    if (typeof value === 'string') {
      if (this.names.has(value)) return `<${this.names.get(value)}>`;
      return value.length > LONGEST ? digest('text', value) : value;
    }
    if (value === null || typeof value !== 'object') return value;
    if (value instanceof ArrayBuffer || ArrayBuffer.isView(value)) {
      const bytes = Buffer.from(value);
      return bytes.length > 8 ? digest('bytes', bytes) : `<bytes ${bytes.toString('hex')}>`;
    }
    if (Array.isArray(value)) return value.map((each) => this.plain(each));
    return Object.fromEntries(Object.entries(value)
      .map(([key, each]) => [this.plain(key), this.plain(each)]));
  }

  isAgreed() {
    for (const id of this.left_here) if (!this.left_there.has(id)) return false;
    for (const id of this.left_there) {
      if (this.owners.has(id) && !this.left_here.has(id)) return false;
    }
    return true;
  }

  async readReport() {
    const report = await this.target.control('report');
    for (const entry of report.slice(this.entries.length)) {
      this.entries.push(entry);
      if (entry.what === 'disconnect') this.left_there.add(entry.id);
    }
  }

  // Both sides know who has left.
  async agree() {
    const end = Date.now() + 4000;
    await this.readReport();
    while (!this.isAgreed()) {
      if (Date.now() > end) {
        this.members[0].observe('', 'STUCK', 'only one side knows who has left');
        return;
      }
      await new Promise((resolve) => setTimeout(resolve, 2));
      await this.readReport();
    }
  }

  async settle() {
    for (let turn = 0; turn < QUIET_TURNS; turn += 1) {
      const before = this.stir;
      await this.reconnect();
      await this.agree();
      await Promise.all(this.members.map((member) => member.barrier()));
      if (this.stir === before) return;
    }
    this.members[0].observe('', 'STUCK', 'no rest');
  }

  async reconnect() {
    for (const member of this.members) {
      if (!await until(() => member.isSettled())) {
        member.observe('', 'STUCK', 'connection');
      }
    }
  }

  // Events that are volatile have one outcome if everybody can be written to.
  async writable(n) {
    for (const member of this.members) {
      const socket = member.connected(n);
      const end = Date.now() + 2000;
      while (socket && !await this.target.control('writable', { nsp: n, id: socket.id })) {
        if (Date.now() > end) {
          member.observe(n, 'STUCK', 'not writable');
          break;
        }
      }
    }
  }

  // What has been observed since the last time.
  take() {
    const seen = { server: this.entries.slice(this.taken ?? 0).map((e) => this.plain(e)) };
    this.taken = this.entries.length;
    for (const member of this.members) seen[`c${member.index}`] = member.log.splice(0);
    return seen;
  }

  async run(steps) {
    const record = [];
    for (const step of steps) {
      const member = this.members[step.c];
      const done = await STEPS[step.op](this, member, step);
      await this.settle();
      record.push({ done: done !== false, ...this.take() });
    }
    await this.end();
    record.push({ done: true, ...this.take() });
    return record;
  }

  // Nothing of this sequence is left for the next one.
  async end() {
    for (const member of this.members) {
      member.quit();
      await this.agree();
    }
    for (const nsp of ['/', '/custom', '/admin', '/cast']) {
      const left = await this.target.control('count', nsp);
      if (left > 0) this.members[0].observe(nsp, 'STUCK', `${left} sockets left over`);
    }
    await this.target.control('forget');
  }
}

module.exports = { Party };
