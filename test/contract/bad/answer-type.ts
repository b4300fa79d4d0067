// SPDX-License-Identifier: MIT
// What the server asks for is an id.
import { io, Socket } from 'socket.io-client';
import type { ClientToServerEvents, ServerToClientEvents } from '../contract';

const socket: Socket<ServerToClientEvents, ClientToServerEvents> = io('/kinds');
socket.on('quit', (ack) => ack({ name: 1 }));
