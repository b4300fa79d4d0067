// SPDX-License-Identifier: MIT
// Bytes are no text.
import { io, Socket } from 'socket.io-client';
import type { ClientToServerEvents, ServerToClientEvents } from '../contract';

const socket: Socket<ServerToClientEvents, ClientToServerEvents> = io('/kinds');
socket.on('file', (file) => { const text: string = file.bytes; console.log(text); });
