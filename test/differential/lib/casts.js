// SPDX-License-Identifier: MIT
// The namespace "/cast" of the reference: every way to emit, and many sockets
// at once.
'use strict';

const BYTES = Buffer.from([1, 2, 3]);

// {from: "me", "others" or "namespace", to, except, volatile, ...}
function aim(socket, options) {
  const { from, to = [], except = [] } = options;
  let target = socket;
  if (from !== 'me') {
    target = (from === 'others' ? socket.broadcast : socket.nsp).to(to).except(except);
    if (options.local) target = target.local;
  }
  if (options.volatile) target = target.volatile;
  if (options.uncompressed) target = target.compress(false);
  return target;
}

function serveEmitting(socket) {
  socket.on('series', (list, ack) => {
    list.forEach((options, i) => {
      const args = options.binary ? [i, BYTES] : [i];
      aim(socket, options).emit(options.event, ...args);
    });
    ack(list.map(() => 0));
  });
  socket.on('reuse', (name, ack) => {
    const base = socket.broadcast;
    const room = base.to(name);
    const lossy = room.local.volatile;
    base.emit('reuse', 'base');
    room.emit('reuse', 'room');
    lossy.emit('reuse', 'lossy');
    base.emit('reuse', 'base again');
    ack();
  });
  socket.on('send-back', (...args) => {
    socket.send(...args);
    socket.send({ done: true });
  });
}

// Only first values are known here, and not whose they are.
function serveAsking(socket) {
  socket.on('gather', (options, ...args) => {
    const ack = args.pop();
    const { timeout, event } = options;
    aim(socket, options).timeout(timeout).emit(event, ...args, (error, answers) => {
      ack([answers.map((value) => [null, value]), error ? 'timeout' : null]);
    });
  });
  socket.on('ask-at-once', () => {
    socket.timeout(0).emit('question', (error) => {
      socket.emit('at-once', error ? 'timeout' : null);
    });
  });
}

// The room of a socket's own id does not count while it is alone in it.
function rooms({ adapter, sockets }) {
  return [...adapter.rooms]
    .filter(([room, ids]) => !(sockets.has(room) && ids.size === 1 && ids.has(room)))
    .map(([room, ids]) => [room, ids.size]);
}

function serveMany(socket) {
  socket.on('fetch', async (options, ack) => {
    const found = await aim(socket, options).fetchSockets();
    ack(found.length, found.map(({ id }) => id));
  });
  socket.on('bulk', (what, options, names, ack) => {
    const target = aim(socket, options);
    if (what === 'join') target.socketsJoin(names);
    else if (what === 'leave') target.socketsLeave(names);
    else target.disconnectSockets(what === 'close');
    ack();
  });
  socket.on('list-rooms', (ack) => ack(rooms(socket.nsp)));
}

function serveCasts(socket) {
  serveEmitting(socket);
  serveAsking(socket);
  serveMany(socket);
}

module.exports = { serveCasts };
