// SPDX-License-Identifier: MIT
// The answer may be a refusal, and its id is no string.
import { io, Socket } from 'socket.io-client';
import type { ClientToServerEvents, ServerToClientEvents } from '../contract';

const socket: Socket<ServerToClientEvents, ClientToServerEvents> = io('/kinds');
socket.emit('put', { name: 'n' }, (answer: { id: string }) => console.log(answer.id));
