// The contract of "/kinds", version "1.2", made from its declaration in C.

/** Bytes: an attachment of the event. */
export type SioBinary = ArrayBuffer | Uint8Array;

/** Why an event was refused. */
export interface SioException {
  event: string;
  code: string;
  message: string;
  errors: { path: string; expected: string; found: string }[];
}

/** The answer to an event, or why it was refused. */
export type SioAnswer<T> = T | { error: SioException };

/** Everything * / there is. */
export interface AllKinds {
  name: string;
  nick?: string;
  on?: boolean;
  small?: number;
  large?: number;
  count?: number;
  /** of all */
  total?: number;
  ratio?: number;
  paint?: Color | null;
  at?: Point;
  anything?: unknown;
  when?: string;
  id?: string;
  mail?: string;
  date?: string;
  link?: string;
  tags?: string[];
  path?: Point[];
  level?: number;
}

export type Color = "red" | "dark blue";

export interface Point {
  x: number;
  y: number;
}

export interface Stored {
  id: number;
}

export interface FileSent {
  bytes: SioBinary;
  level: number;
}

export interface KindsClientToServerEvents {
  /** Put it away. */
  put: (payload: AllKinds, ack: (answer: SioAnswer<Stored>) => void) => void;
  "move:to": (x: number, y: number, fast?: boolean) => void;
  jump: (x: number, y: number, fast: boolean | undefined, ack: (...answer: [x: number, y: number, fast?: boolean] | [{ error: SioException }]) => void) => void;
  rest: () => void;
}

export interface KindsServerToClientEvents {
  file: (payload: FileSent) => void;
  quit: (ack: (answer: Stored) => void) => void;
  moved: (x: number, y: number, fast?: boolean) => void;
  exception: (error: SioException) => void;
}

export type ClientToServerEvents = KindsClientToServerEvents;

export type ServerToClientEvents = KindsServerToClientEvents;
