// SPDX-License-Identifier: MIT
// What the types of a contract let a front end say.
import { io, Socket } from 'socket.io-client';
import type {
  AllKinds, ClientToServerEvents, Color, ServerToClientEvents, SioException,
} from './contract';

const socket: Socket<ServerToClientEvents, ClientToServerEvents> = io('/kinds');

const paint: Color = 'dark blue';
const all: AllKinds = {
  name: 'n', nick: 'nick', on: true, small: 1, large: 2, count: 3, total: 4,
  ratio: 0.5, paint, at: { x: 1, y: 2 }, anything: [1, { a: null }],
  when: '2026-01-01T00:00:00Z', tags: ['a'], path: [{ x: 0, y: 0 }],
};
const least: AllKinds = { name: 'n', paint: null };

socket.emit('put', all, (answer) => {
  if ('error' in answer) {
    const why: SioException = answer.error;
    console.log(why.errors[0].path);
  } else {
    const id: number = answer.id;
    console.log(id);
  }
});
socket.emitWithAck('put', least).then((answer) => {
  if (!('error' in answer)) console.log(answer.id + 1);
});
socket.emit('move:to', 1, 2);
socket.emit('move:to', 1, 2, true);
socket.emit('jump', 1, 2, undefined, (...answer) => {
  if (typeof answer[0] === 'number') console.log(answer[0]);
});
socket.emit('rest');

socket.on('file', (file) => {
  const level: number = file.level; // it has a default, but is always sent
  console.log(level, file.bytes.byteLength);
});
socket.on('quit', (ack) => ack({ id: 1 }));
socket.on('moved', (x: number, y: number, fast?: boolean) => console.log(x, y, fast));
socket.on('exception', (error) => console.log(error.code, error.event));
