// SPDX-License-Identifier: MIT
// The reference server with the contract of test/client/README.md: what
// build/test/client/server does with libsio, done with socket.io for Node.
//
// usage: node reference.js
'use strict';

const http = require('node:http');
const { Server } = require('socket.io');
const { serveCasts } = require('./lib/casts');

const report = [];
const httpServer = http.createServer();
const io = new Server(httpServer);

function note(what, socket, more = {}) {
  report.push({ what, id: socket.id, nsp: socket.nsp.name, ...more });
}

// ---- Messages and acknowledgements ----

function serveMessages(socket) {
  socket.on('message', (...args) => socket.emit('message-back', ...args));
  socket.on('message-with-ack', (...args) => args.pop()(...args));
  socket.on('ack-later', (ms, ...args) => {
    const ack = args.pop();
    setTimeout(() => ack(...args), ms);
  });
  socket.on('ack-twice', (ack) => { ack('first'); ack('second'); });
  socket.on('ack-never', () => {});
  socket.on('burst', (event, count) => {
    for (let i = 0; i < count; i += 1) socket.emit(event, i);
  });
  socket.on('ask', ({ timeout }, ...args) => {
    const answered = (error, ...values) => {
      const left = socket.connected ? 'timeout' : 'disconnected';
      const text = error ? left : null;
      note('answer', socket, { error: text });
      socket.emit('answer', text, ...values);
    };
    if (timeout > 0) socket.timeout(timeout).emit('question', ...args, answered);
    else socket.emit('question', ...args, (...values) => answered(null, ...values));
  });
}

// ---- Rooms ----

function serveRooms(socket) {
  socket.on('join', (...rooms) => {
    const ack = rooms.pop();
    rooms.forEach((room) => socket.join(room));
    ack([...socket.rooms]);
  });
  socket.on('leave', (...rooms) => {
    const ack = rooms.pop();
    rooms.forEach((room) => socket.leave(room));
    ack([...socket.rooms]);
  });
  socket.on('send', (options, ...args) => {
    const ack = args.pop();
    const from = options.from === 'namespace' ? socket.nsp : socket;
    const rooms = [...(options.to || []), ...(options.in || [])];
    from.to(rooms).except(options.except || []).emit(options.event, ...args);
    ack();
  });
}

// ---- The socket itself ----

function serveLife(socket) {
  socket.on('note', (value) => note('note', socket, { value }));
  socket.on('1', (value) => note('note', socket, { value }));
  socket.on('leave-me', (close) => socket.disconnect(close));
  socket.on('leave-talking', (ack) => {
    socket.disconnect();
    socket.emit('late');
    ack('late');
    socket.join('late');
  });
  socket.on('handshake', (name, ack) => {
    const { address, url, headers, query, auth } = socket.handshake;
    ack({
      address, url, header: headers[name] ?? null, query: query[name] ?? null, auth,
    });
  });
  for (const what of ['disconnecting', 'disconnect']) {
    socket.on(what, (reason) => {
      note(what, socket, { reason, rooms: [...socket.rooms] });
    });
  }
}

function serve(name) {
  io.of(name).on('connection', (socket) => {
    note('connect', socket);
    socket.emit('auth', socket.handshake.auth);
    serveMessages(socket);
    serveRooms(socket);
    serveLife(socket);
    if (name === '/cast') serveCasts(socket);
  });
}

// ---- Middlewares ----

function refusal(token) {
  const error = new Error('not authorized');
  if (token !== 'plain') error.data = { code: 401, hint: [1, 'é'] };
  return error;
}

function guard(name) {
  io.of(name).use((socket, next) => {
    const { token, delay = 0 } = socket.handshake.auth;
    const decide = () => (token === 'secret' ? next() : next(refusal(token)));
    note('middleware', socket, { name: 'first' });
    if (token === 'never') return;
    if (delay === 0) decide();
    else setTimeout(decide, delay);
  });
  io.of(name).use((socket, next) => {
    note('middleware', socket, { name: 'second' });
    socket.join('members');
    next();
  });
}

// ---- Rooms, to the report ----

function reportRooms(name) {
  const { adapter } = io.of(name);
  for (const what of ['create-room', 'delete-room', 'join-room', 'leave-room']) {
    adapter.on(what, (room, id) => {
      report.push(id === undefined ? { what, room } : { what, room, id });
    });
  }
}

// ---- Control ----

function stop() {
  io.close(() => process.exit(0));
}

function serveControl(socket) {
  socket.on('emit', ({ nsp, event, to, except }, ...args) => {
    const ack = args.pop();
    io.of(nsp).to(to || []).except(except || []).emit(event, ...args);
    ack();
  });
  socket.on('disconnect-socket', ({ nsp, id, close }, ack) => {
    const victim = io.of(nsp).sockets.get(id);
    if (victim) victim.disconnect(close);
    ack(victim !== undefined);
  });
  socket.on('count', (nsp, ack) => ack(io.of(nsp).sockets.size));
  socket.on('writable', ({ nsp, id }, ack) => {
    const other = io.of(nsp).sockets.get(id);
    ack(other !== undefined && other.conn.transport.writable);
  });
  socket.on('report', (ack) => ack(report));
  socket.on('forget', (ack) => { report.length = 0; ack(); });
  socket.on('close', (ack) => { ack(); stop(); });
}

guard('/admin');
['/', '/custom', '/admin', '/cast'].forEach(serve);
reportRooms('/cast');
io.of('/control').on('connection', serveControl);
process.on('SIGTERM', stop);
httpServer.listen(0, '127.0.0.1', () => {
  process.stdout.write(`listening on ${httpServer.address().port}\n`);
});
