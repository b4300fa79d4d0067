// SPDX-License-Identifier: MIT
// The chat: what is known about rooms and messages, and the connection.
// Events and payloads are those of contract.d.ts, which `make types` writes and
// a test checks this file against.
import {
  $, field, fillAvatar, isAtEnd, openPanel, relate, scrollToEnd, showDelivery, showLog,
  showMessage, showPeople, showRooms, showState, showTyping, make,
} from "./view.js";

/**
 * @typedef {import("./contract.js").ClientToServerEvents} ClientToServerEvents
 * @typedef {import("./contract.js").ServerToClientEvents} ServerToClientEvents
 * @typedef {import("./contract.js").SioException} SioException
 * @typedef {import("socket.io-client").Socket<ServerToClientEvents, ClientToServerEvents>} ChatSocket
 * @typedef {import("./view.js").Shown} Shown
 *
 * @typedef {Object} Room
 * @property {string} name
 * @property {Shown[]} messages by id; those without an id yet are last
 * @property {Set<string>} people
 * @property {Map<string, number>} typing name -> timer that forgets it
 * @property {number} unread
 * @property {boolean} ready the server has let us in on this connection
 * @property {boolean} entered we have been in it before
 * @property {string} draft
 * @property {HTMLElement} list
 *
 * @typedef {Object} Problem
 * @property {string} sentence
 * @property {boolean} lost not refused: the connection was gone
 */

/** @type {typeof import("socket.io-client").io} */
const io = Reflect.get(globalThis, "io"); // of socket.io.min.js

const LONGEST_TEXT = 2000; // code points; the server insists on it
const MOST_SHOWN = 500; // messages of a room
const ANSWER_MS = 8000;
const TYPING_MS = 4000;

/** @type {ChatSocket} */
let socket;
let me = "";
let current = ""; // the room on the screen
let closed = false; // this page has logged out
/** @type {Map<string, number>} */
const directory = new Map(); // all rooms of the server: name -> people
/** @type {Map<string, Room>} */
const rooms = new Map(); // those that we are in

// ---- rooms ----

/** @param {string} name @returns {Room} */
function makeRoom(name) {
  return {
    name,
    messages: [],
    people: new Set(),
    typing: new Map(),
    unread: 0,
    ready: false,
    entered: false,
    draft: "",
    list: make("ol", "messages"),
  };
}

/** @param {Room} room */
function lastId(room) {
  return room.messages.reduce((last, message) => Math.max(last, message.id ?? 0), 0);
}

/**
 * Put a message where it belongs, on the screen as well.
 * @param {Room} room
 * @param {Shown} message
 */
function insert(room, message) {
  let at = room.messages.length;
  const order = (/** @type {Shown} */ m) => m.id ?? Infinity;
  while (at > 0 && order(room.messages[at - 1]) > order(message)) at -= 1;
  room.messages.splice(at, 0, message);
  room.list.insertBefore(message.item, room.messages[at + 1]?.item ?? null);
  if (room.messages.length > MOST_SHOWN) {
    room.messages.shift()?.item.remove();
    at -= 1;
  }
  relate(undefined, room.messages[0]);
  for (let i = Math.max(at, 1); i < room.messages.length; i += 1)
    relate(room.messages[i - 1], room.messages[i]);
}

/**
 * The server knows this message of ours.
 * @param {Room} room
 * @param {Shown} message
 * @param {{id: number, sentAt: string}} answer
 */
function confirm(room, message, { id, sentAt }) {
  Object.assign(message, { id, at: Date.parse(sentAt), state: "sent", problem: undefined });
  showDelivery(message);
  room.messages.splice(room.messages.indexOf(message), 1);
  insert(room, message);
}

/**
 * A message has come: it may be known already, by its number or as our own.
 * @param {Room} room
 * @param {import("./contract.js").Message} news
 * @returns {boolean} whether it is news to us
 */
function receive(room, news) {
  if (room.messages.some((known) => known.id === news.id)) return false;
  const mine = news.from === me;
  const sent = mine && room.messages.find((m) => m.id === undefined && m.key === news.key);
  if (sent) {
    confirm(room, sent, news);
    return false;
  }
  const { id, from, text, key } = news;
  insert(room, showMessage({ id, from, text, key, at: Date.parse(news.sentAt), state: "sent" }, mine));
  forgetTyping(room, from);
  return !mine;
}

/** @param {Room} room @param {number} count */
function arrived(room, count) {
  const watching = room.name === current && !document.hidden;
  if (count === 0) return;
  if (!watching) room.unread += count;
  refreshRooms();
}

/**
 * Run something that adds messages, and stay at the end if we were there.
 * @param {Room} room
 * @param {() => void} add
 */
function keepingPlace(room, add) {
  const follow = room.name !== current || isAtEnd();
  const before = room.messages.length;
  add();
  if (room.name !== current) return;
  if (follow) scrollToEnd();
  else if (room.messages.length > before) $("newest").hidden = false;
}

// ---- what is on the screen ----

function refreshRooms() {
  const names = new Set([...directory.keys(), ...rooms.keys()]);
  const all = [...names].map((name) => ({
    name,
    people: directory.get(name) ?? 0,
    joined: rooms.has(name),
    unread: rooms.get(name)?.unread ?? 0,
  }));
  all.sort((a, b) => Number(b.joined) - Number(a.joined) || a.name.localeCompare(b.name));
  showRooms(all, current, (name) => join(name));
  const unread = all.reduce((sum, room) => sum + room.unread, 0);
  $("elsewhere").hidden = unread === 0;
  document.title = (unread > 0 ? `(${unread}) ` : "") + (current ? `${current} · Chat` : "Chat");
}

function refreshPeople() {
  const room = rooms.get(current);
  const names = room ? [...room.people] : [];
  showPeople(names.sort((a, b) => a.localeCompare(b)), me);
  showTyping(room ? [...room.typing.keys()] : []);
}

/** @param {string} name of one that we are in */
function show(name) {
  const before = rooms.get(current);
  const room = rooms.get(name);
  if (!room) return;
  if (before) before.draft = field("text").value;
  current = name;
  room.unread = 0;
  $("title").textContent = name;
  field("text").value = room.draft;
  $("notice").textContent = "";
  measure();
  showLog(room.list);
  refreshRooms();
  refreshPeople();
  remember();
}

// A reload comes back to where we were.
function remember() {
  sessionStorage.setItem("chat", JSON.stringify({ me, current, rooms: [...rooms.keys()] }));
  localStorage.setItem("chat-name", me);
}

/** @param {string} text */
function notice(text) {
  $("notice").textContent = text;
}

// ---- asking the server ----

// What people are told about an error of the contract.
/** @param {SioException} error */
function explain({ message, errors: [first] }) {
  return first ? `Expected ${first.expected}, found ${first.found}.` : message;
}

/** @param {string} sentence @returns {{answer?: undefined, problem: Problem}} */
function lost(sentence) {
  return { problem: { sentence, lost: true } };
}

/**
 * Ask with a limit on time: the answer, or why there is none.
 * @template T
 * @param {(server: ChatSocket) => Promise<T | {error: SioException}>} request
 * @returns {Promise<{answer: T, problem?: undefined} | {answer?: undefined, problem: Problem}>}
 */
async function ask(request) {
  if (!socket.connected) return lost("There is no connection.");
  try {
    // The client's types know no answers behind timeout(): it is any there.
    const limited = /** @type {unknown} */ (socket.timeout(ANSWER_MS));
    const answer = await request(/** @type {ChatSocket} */ (limited));
    if (typeof answer === "object" && answer !== null && "error" in answer)
      return { problem: { sentence: explain(answer.error), lost: false } };
    return { answer };
  } catch {
    return lost("The server did not answer.");
  }
}

/**
 * Enter a room, or enter it again after a reconnection.
 * @param {Room} room
 * @returns {Promise<Problem | undefined>}
 */
async function enter(room) {
  const { answer, problem } = await ask((server) =>
    server.emitWithAck("chat:join-room", { roomId: room.name, after: lastId(room) }));
  if (problem) return problem;
  room.ready = true;
  room.people = new Set(answer.users);
  let count = 0;
  keepingPlace(room, () => {
    for (const message of answer.recentMessages) count += Number(receive(room, message));
  });
  // What was said before we came first is no news.
  arrived(room, room.entered ? count : 0);
  room.entered = true;
  if (room.name === current) refreshPeople();
  for (const message of room.messages.filter((m) => m.state === "waiting")) deliver(room, message);
  return undefined;
}

/** @param {string} name */
async function join(name) {
  openPanel();
  if (rooms.has(name)) {
    show(name);
    return;
  }
  const room = makeRoom(name);
  rooms.set(name, room);
  const problem = await enter(room);
  if (!problem || problem.lost) {
    show(name);
    return;
  }
  rooms.delete(name);
  refreshRooms();
  if (current) notice(problem.sentence);
  else backToWelcome("room", problem.sentence);
}

async function leave() {
  const name = current;
  const next = [...rooms.keys()].filter((other) => other !== name).at(-1);
  const { problem } = await ask((server) => server.emitWithAck("chat:leave-room", { roomId: name }));
  if (problem) {
    notice(problem.sentence);
    return;
  }
  rooms.delete(name);
  current = "";
  if (next) show(next);
  else backToWelcome("room", "");
}

// ---- sending ----

/** @param {Room} room @param {Shown} message */
async function deliver(room, message) {
  message.state = "sending";
  message.problem = undefined;
  showDelivery(message);
  const { text, key } = message;
  const { answer, problem } = room.ready
    ? await ask((server) => server.emitWithAck("chat:send-message", { roomId: room.name, text, key }))
    : lost("");
  if (!isSending(message)) return; // it has come back another way
  if (!problem) {
    keepingPlace(room, () => confirm(room, message, answer));
    return;
  }
  message.state = problem.lost ? "waiting" : "failed";
  message.problem = problem.lost ? undefined : problem.sentence;
  showDelivery(message, () => deliver(room, message));
  // Lost on a connection that still stands: ask once more, the key tells the
  // server that it is the same one.  Otherwise enter() sends it again.
  if (problem.lost && room.ready && socket.connected) setTimeout(() => deliver(room, message), 1000);
}

/** @param {Shown} message */
function isSending(message) {
  return message.state === "sending";
}

function send() {
  const room = rooms.get(current);
  const text = field("text").value.trim();
  if (!room || !text || [...text].length > LONGEST_TEXT) return;
  const message = showMessage({ from: me, text, at: Date.now(), key: newKey(), state: "sending" }, true);
  insert(room, message);
  scrollToEnd();
  field("text").value = "";
  measure();
  stopTyping();
  deliver(room, message);
}

// crypto.randomUUID() is missing where the page is not on localhost or https.
function newKey() {
  const bytes = crypto.getRandomValues(new Uint8Array(12));
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

// Let the text field grow, and say how much space is left in the end.
function measure() {
  const input = field("text");
  const left = LONGEST_TEXT - [...input.value.trim()].length;
  const follow = isAtEnd();
  input.style.height = "auto";
  input.style.height = `${Math.min(input.scrollHeight, 160)}px`;
  if (follow) scrollToEnd();
  $("left").textContent = left < 200 ? String(left) : "";
  $("left").classList.toggle("problem", left < 0);
}

// ---- typing ----

let typingRoom = ""; // none
let typingTimer = 0;
let typingTold = 0;

/** @param {"chat:typing-start" | "chat:typing-stop"} event @param {string} roomId */
function tellTyping(event, roomId) {
  if (socket.connected) socket.emit(event, { roomId });
}

function stopTyping() {
  clearTimeout(typingTimer);
  if (typingRoom) tellTyping("chat:typing-stop", typingRoom);
  typingRoom = "";
}

function noteTyping() {
  if (field("text").value.trim() === "") {
    stopTyping();
    return;
  }
  if (typingRoom !== current || Date.now() - typingTold > TYPING_MS / 2) {
    if (typingRoom && typingRoom !== current) stopTyping();
    typingRoom = current;
    typingTold = Date.now();
    tellTyping("chat:typing-start", current);
  }
  clearTimeout(typingTimer);
  typingTimer = setTimeout(stopTyping, TYPING_MS - 500);
}

/** @param {Room} room @param {string} name */
function forgetTyping(room, name) {
  clearTimeout(room.typing.get(name));
  if (room.typing.delete(name) && room.name === current) refreshPeople();
}

// ---- the connection ----

/**
 * A handler of events about one of our rooms; others are none of our business.
 * @template {{roomId: string}} T
 * @param {(room: Room, data: T) => void} handle
 * @returns {(data: T) => void}
 */
function inRoom(handle) {
  return (data) => {
    const room = rooms.get(data.roomId);
    if (!room) return;
    handle(room, data);
    if (room.name === current) refreshPeople();
  };
}

function listen() {
  socket.on("chat:rooms", (list) => {
    directory.clear();
    for (const { roomId, count } of list.rooms) directory.set(roomId, count);
    refreshRooms();
  });
  socket.on("chat:room-users", ({ roomId, count }) => {
    directory.set(roomId, count);
    refreshRooms();
  });
  socket.on("chat:user-joined", inRoom((room, { name }) => {
    room.people.add(name);
  }));
  socket.on("chat:user-left", inRoom((room, { name }) => {
    room.people.delete(name);
    forgetTyping(room, name);
  }));
  socket.on("chat:typing", inRoom((room, { name, typing }) => {
    forgetTyping(room, name);
    if (typing && name !== me) room.typing.set(name, setTimeout(forgetTyping, TYPING_MS + 1000, room, name));
  }));
  socket.on("chat:message", inRoom((room, message) => {
    keepingPlace(room, () => arrived(room, Number(receive(room, message))));
  }));
  socket.on("exception", (error) => notice(explain(error)));
}

/** @param {{rooms: string[], current: string}} wanted */
function connect(wanted) {
  socket = io("/chat", { auth: { name: me }, reconnectionDelay: 500, reconnectionDelayMax: 4000 });
  showState("connecting");
  listen();
  socket.on("connect", async () => {
    showState("online");
    notice("");
    if (rooms.size > 0) {
      for (const room of rooms.values()) {
        const problem = await enter(room);
        if (problem && !problem.lost) notice(`${room.name}: ${problem.sentence}`);
      }
      return;
    }
    showChat();
    for (const name of wanted.rooms) await join(name);
    if (rooms.has(wanted.current)) show(wanted.current);
  });
  socket.on("disconnect", (reason) => {
    for (const room of rooms.values()) room.ready = false;
    if (closed) return;
    showState("offline");
    // Only after this one does the client not try again by itself.
    if (reason === "io server disconnect") setTimeout(() => socket.connect(), 1000);
  });
  socket.on("connect_error", (error) => {
    if (socket.active) showState("offline");
    else backToWelcome("name", error.message);
  });
}

function showChat() {
  $("welcome").hidden = true;
  $("chat").hidden = false;
  $("my-name").textContent = me;
  fillAvatar($("my-avatar"), me);
  if (matchMedia("(pointer: fine)").matches) $("text").focus();
}

/** @param {"name" | "room"} where @param {string} problem */
function backToWelcome(where, problem) {
  closed = true;
  socket?.disconnect();
  closed = false;
  rooms.clear();
  directory.clear();
  current = "";
  document.title = "Chat";
  sessionStorage.removeItem("chat");
  $("chat").hidden = true;
  $("welcome").hidden = false;
  $("enter-problem").textContent = problem;
  field(where).focus();
}

// ---- the controls ----

$("enter").addEventListener("submit", (event) => {
  event.preventDefault();
  me = field("name").value.trim();
  const room = field("room").value.trim();
  $("enter-problem").textContent = "";
  connect({ rooms: [room], current: room });
});

$("new-room").addEventListener("submit", (event) => {
  event.preventDefault();
  const name = field("new-room-name").value.trim();
  field("new-room-name").value = "";
  if (name) join(name);
});

$("composer").addEventListener("submit", (event) => {
  event.preventDefault();
  send();
  $("text").focus();
});

$("text").addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  send();
});

$("text").addEventListener("input", () => {
  measure();
  noteTyping();
});

function look() {
  const room = rooms.get(current);
  if (document.hidden || !room || room.unread === 0) return;
  room.unread = 0;
  refreshRooms();
}

document.addEventListener("visibilitychange", look);
$("log").addEventListener("scroll", () => {
  if (isAtEnd()) $("newest").hidden = true;
});
$("newest").addEventListener("click", scrollToEnd);
$("leave").addEventListener("click", leave);
$("quit").addEventListener("click", () => backToWelcome("name", ""));
$("show-rooms").addEventListener("click", () => openPanel("rooms"));
$("show-people").addEventListener("click", () => openPanel("people"));
$("shade").addEventListener("click", () => openPanel());
for (const button of document.querySelectorAll(".panel .close"))
  button.addEventListener("click", () => openPanel());
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") openPanel();
});

/** @type {{me: string, current: string, rooms: string[]} | null} */
const saved = JSON.parse(sessionStorage.getItem("chat") ?? "null");
field("name").value = localStorage.getItem("chat-name") ?? "";
field("room").value = "Lobby";
if (saved) {
  me = saved.me;
  connect({ rooms: saved.rooms, current: saved.current });
} else {
  $("welcome").hidden = false;
  $(field("name").value ? "room" : "name").focus();
}
