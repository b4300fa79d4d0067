// SPDX-License-Identifier: MIT
// There is no such event.
import { io, Socket } from 'socket.io-client';
import type { ClientToServerEvents, ServerToClientEvents } from '../contract';

const socket: Socket<ServerToClientEvents, ClientToServerEvents> = io('/kinds');
socket.emit('putt', { name: 'n' }, () => {});
