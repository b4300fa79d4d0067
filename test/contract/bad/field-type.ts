// SPDX-License-Identifier: MIT
// The name is no number.
import { io, Socket } from 'socket.io-client';
import type { ClientToServerEvents, ServerToClientEvents } from '../contract';

const socket: Socket<ServerToClientEvents, ClientToServerEvents> = io('/kinds');
socket.emit('put', { name: 5 }, () => {});
