// The contract of "/chat", version "1.0", made from its declaration in C.

/** Why an event was refused. */
export interface SioException {
  event: string;
  code: string;
  message: string;
  errors: { path: string; expected: string; found: string }[];
}

/** The answer to an event, or why it was refused. */
export type SioAnswer<T> = T | { error: SioException };

export interface JoinRoom {
  roomId: string;
  /** The last message that is known: those behind it are sent. */
  after?: number;
}

export interface JoinedRoom {
  roomId: string;
  /** Their names, each once. */
  users: string[];
  /** The oldest first. */
  recentMessages: Message[];
}

export interface Message {
  /** It grows with every message, of all rooms. */
  id: number;
  roomId: string;
  /** The name of the sender. */
  from: string;
  text: string;
  /** What the sender calls it. */
  key?: string;
  sentAt: string;
}

export interface RoomRef {
  roomId: string;
}

export interface SendMessage {
  roomId: string;
  text: string;
  /** Sent twice with the same key, it is stored once. */
  key?: string;
}

export interface Delivered {
  id: number;
  status: Delivery;
  sentAt: string;
}

export type Delivery = "delivered";

export interface UserInRoom {
  roomId: string;
  name: string;
}

export interface UserTyping {
  roomId: string;
  name: string;
  typing: boolean;
}

export interface RoomList {
  rooms: RoomUsers[];
}

export interface RoomUsers {
  roomId: string;
  count: number;
}

export interface ChatClientToServerEvents {
  /** Enter a room, which is made if there is none; or ask for what was missed. */
  "chat:join-room": (payload: JoinRoom, ack: (answer: SioAnswer<JoinedRoom>) => void) => void;
  "chat:leave-room": (payload: RoomRef, ack: (answer: SioAnswer<RoomRef>) => void) => void;
  /** Say something to everybody else in a room. */
  "chat:send-message": (payload: SendMessage, ack: (answer: SioAnswer<Delivered>) => void) => void;
  "chat:typing-start": (payload: RoomRef) => void;
  "chat:typing-stop": (payload: RoomRef) => void;
}

export interface ChatServerToClientEvents {
  "chat:message": (payload: Message) => void;
  "chat:user-joined": (payload: UserInRoom) => void;
  "chat:user-left": (payload: UserInRoom) => void;
  "chat:typing": (payload: UserTyping) => void;
  /** All rooms: on connect, and when one has gone. */
  "chat:rooms": (payload: RoomList) => void;
  /** A new room, or somebody came to one or left it. */
  "chat:room-users": (payload: RoomUsers) => void;
  exception: (error: SioException) => void;
}

export type ClientToServerEvents = ChatClientToServerEvents;

export type ServerToClientEvents = ChatServerToClientEvents;
