// SPDX-License-Identifier: MIT
// nginx in front of test servers, with the configuration of docs/proxy.md.
'use strict';

const { spawn } = require('node:child_process');
const fs = require('node:fs');
const net = require('node:net');
const os = require('node:os');
const path = require('node:path');
const { sleep, within } = require('./wait');

const PAGE = path.resolve(__dirname, '../../../docs/proxy.md');
const ENDING_MS = 5000;

// The blocks of the page: the usual configuration, and the upstream of several
// servers.
const BLOCKS = [...fs.readFileSync(PAGE, 'utf8').matchAll(/```nginx\n([^]*?)```/g)]
  .map((match) => match[1]);
const USUAL = BLOCKS.find((block) => block.includes('listen 80;'));
const SEVERAL = BLOCKS.find((block) => block.includes('127.0.0.1:3002'));

// What stands around the configuration of the page.
function frame(folder, inner) {
  const folders = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
    .map((name) => `${name}_temp_path ${folder}/${name};`);
  return `daemon off;
master_process off;
pid ${folder}/pid;
error_log ${folder}/error.log;
events {}
http {
access_log off;
${folders.join('\n')}
${inner}
}
`;
}

function replaced(text, from, to) {
  if (!text.includes(from)) throw new Error(`docs/proxy.md has no "${from}"`);
  return text.replace(from, to);
}

function freePort() {
  return 20000 + Math.floor(Math.random() * 10000);
}

function connects(port) {
  return new Promise((resolve) => {
    const socket = net.connect(port, '127.0.0.1');
    socket.once('connect', () => { socket.destroy(); resolve(true); });
    socket.once('error', () => resolve(false));
  });
}

function run(folder, text) {
  const file = path.join(folder, 'nginx.conf');
  fs.writeFileSync(file, frame(folder, text));
  const args = ['-p', folder, '-c', file, '-e', path.join(folder, 'error.log')];
  const env = { ...process.env, PATH: `${process.env.PATH}:/usr/sbin:/usr/local/sbin` };
  const child = spawn('nginx', args, { stdio: ['ignore', 'ignore', 'pipe'], env });
  const nginx = { child, stderr: '', over: false };
  child.stderr.on('data', (data) => (nginx.stderr += data));
  nginx.exited = new Promise((resolve) => {
    child.once('error', (error) => { nginx.stderr += error; resolve(); });
    child.once('close', resolve);
  }).then(() => { nginx.over = true; });
  return nginx;
}

async function end(nginx, folder) {
  if (!nginx.over) nginx.child.kill('SIGTERM');
  await within(nginx.exited, 'end of nginx', ENDING_MS).catch(() => nginx.child.kill('SIGKILL'));
  fs.rmSync(folder, { recursive: true, force: true });
}

async function started(text, port) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'sio-nginx-'));
  const nginx = run(folder, text);
  for (let tries = 0; tries < 500 && !nginx.over; tries += 1) {
    if (await connects(port)) {
      await sleep(20); // long enough for one that could not listen to end
      if (!nginx.over) return { nginx, folder };
    }
    await sleep(10);
  }
  await end(nginx, folder);
  throw new Error(`nginx does not run: ${nginx.stderr}`);
}

// A proxy in front of `servers`: its URL.  `more` is put into the location.
async function startNginx(t, servers, more = '') {
  for (let tries = 0; ; tries += 1) {
    const port = freePort();
    let text = replaced(USUAL, 'listen 80;', `listen 127.0.0.1:${port};`);
    text = replaced(text, 'proxy_read_timeout 60s;', more.includes('proxy_read_timeout')
      ? more : `proxy_read_timeout 60s; ${more}`);
    if (servers.length > 1) {
      let upstream = replaced(SEVERAL, '127.0.0.1:3001', `127.0.0.1:${servers[0].port}`);
      upstream = replaced(upstream, '127.0.0.1:3002', `127.0.0.1:${servers[1].port}`);
      text = text.replace(/upstream libsio \{[^]*?\n\}\n/, upstream);
    } else {
      text = replaced(text, '127.0.0.1:3000', `127.0.0.1:${servers[0].port}`);
    }
    try {
      const { nginx, folder } = await started(text, port);
      t.after(() => end(nginx, folder));
      return { url: `http://127.0.0.1:${port}`, port };
    } catch (error) {
      if (tries === 5 || !/in use|EADDRINUSE/i.test(error.message)) throw error;
    }
  }
}

module.exports = { startNginx };
