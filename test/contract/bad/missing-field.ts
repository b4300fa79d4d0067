// SPDX-License-Identifier: MIT
// The name must be there.
import { io, Socket } from 'socket.io-client';
import type { ClientToServerEvents, ServerToClientEvents } from '../contract';

const socket: Socket<ServerToClientEvents, ClientToServerEvents> = io('/kinds');
socket.emit('put', {}, () => {});
