// SPDX-License-Identifier: MIT
// The chat: what is known about rooms and messages, and the connection.
import {
  $, fillAvatar, isAtEnd, openPanel, relate, scrollToEnd, showDelivery, showLog,
  showMessage, showPeople, showRooms, showState, showTyping, make,
} from "./view.js";

const LONGEST_TEXT = 2000; // code points; the server insists on it
const MOST_SHOWN = 500; // messages of a room
const ANSWER_MS = 8000;
const TYPING_MS = 4000;

let socket = null;
let me = "";
let current = ""; // the room on the screen
let closed = false; // this page has logged out
const directory = new Map(); // all rooms of the server: name -> people
const rooms = new Map(); // those that we are in: name -> room

// ---- rooms ----

function makeRoom(name) {
  return {
    name,
    messages: [], // by id; those without an id yet are last
    people: new Set(),
    typing: new Map(), // name -> timer that forgets it
    unread: 0,
    ready: false, // the server has let us in on this connection
    draft: "",
    list: make("ol", "messages"),
  };
}

function lastId(room) {
  return room.messages.reduce((last, message) => Math.max(last, message.id ?? 0), 0);
}

// Put a message where it belongs, on the screen as well.
function insert(room, message) {
  let at = room.messages.length;
  const order = (m) => m.id ?? Infinity;
  while (at > 0 && order(room.messages[at - 1]) > order(message)) at -= 1;
  room.messages.splice(at, 0, message);
  room.list.insertBefore(message.item, room.messages[at + 1]?.item ?? null);
  if (room.messages.length > MOST_SHOWN) {
    room.messages.shift().item.remove();
    at -= 1;
  }
  relate(undefined, room.messages[0]);
  for (let i = Math.max(at, 1); i < room.messages.length; i += 1)
    relate(room.messages[i - 1], room.messages[i]);
}

// The server knows this message of ours.
function confirm(room, message, { id, at }) {
  Object.assign(message, { id, at, state: "sent", problem: undefined });
  showDelivery(message);
  room.messages.splice(room.messages.indexOf(message), 1);
  insert(room, message);
}

// A message has come: it may be known already, by its number or as our own.
function receive(room, message) {
  if (room.messages.some((known) => known.id === message.id)) return false;
  const mine = message.from === me;
  const sent = mine && room.messages.find((m) => m.id === undefined && m.key === message.key);
  if (sent) {
    confirm(room, sent, message);
    return false;
  }
  message.state = "sent";
  showMessage(message, mine);
  insert(room, message);
  forgetTyping(room, message.from);
  return !mine;
}

function arrived(room, count) {
  const watching = room.name === current && !document.hidden;
  if (count === 0) return;
  if (!watching) room.unread += count;
  refreshRooms();
}

// Run something that adds messages, and stay at the end if we were there.
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
  all.sort((a, b) => b.joined - a.joined || a.name.localeCompare(b.name));
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

function show(name) {
  const before = rooms.get(current);
  const room = rooms.get(name);
  if (before) before.draft = $("text").value;
  current = name;
  room.unread = 0;
  $("title").textContent = name;
  $("text").value = room.draft;
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

function notice(text) {
  $("notice").textContent = text;
}

// ---- asking the server ----

// An answer, or {error}; {lost} if the connection was.
async function ask(event, data) {
  if (!socket.connected) return { error: "There is no connection.", lost: true };
  try {
    return (await socket.timeout(ANSWER_MS).emitWithAck(event, data)) ?? {};
  } catch {
    return { error: "The server did not answer.", lost: true };
  }
}

// Enter a room, or enter it again after a reconnection.
async function enter(room) {
  const answer = await ask("join", { room: room.name, after: lastId(room) });
  if (answer.error) return answer;
  room.ready = true;
  room.people = new Set(answer.people);
  let count = 0;
  keepingPlace(room, () => {
    for (const message of answer.messages) count += receive(room, message);
  });
  // What was said before we came first is no news.
  arrived(room, room.entered ? count : 0);
  room.entered = true;
  if (room.name === current) refreshPeople();
  for (const message of room.messages.filter((m) => m.state === "waiting")) deliver(room, message);
  return answer;
}

async function join(name) {
  openPanel(null);
  if (rooms.has(name)) {
    show(name);
    return;
  }
  const room = makeRoom(name);
  rooms.set(name, room);
  const answer = await enter(room);
  if (!answer.error || answer.lost) {
    show(name);
    return;
  }
  rooms.delete(name);
  refreshRooms();
  if (current) notice(answer.error);
  else backToWelcome("room", answer.error);
}

async function leave() {
  const name = current;
  const next = [...rooms.keys()].filter((other) => other !== name).at(-1);
  const answer = await ask("leave", { room: name });
  if (answer.error) {
    notice(answer.error);
    return;
  }
  rooms.delete(name);
  current = "";
  if (next) show(next);
  else backToWelcome("room", "");
}

// ---- sending ----

async function deliver(room, message) {
  message.state = "sending";
  message.problem = undefined;
  showDelivery(message);
  const answer = room.ready
    ? await ask("message", { room: room.name, text: message.text, key: message.key })
    : { lost: true };
  if (message.state !== "sending") return; // it has come back another way
  if (answer.id) {
    keepingPlace(room, () => confirm(room, message, answer));
    return;
  }
  message.state = answer.lost ? "waiting" : "failed";
  message.problem = answer.lost ? undefined : answer.error;
  showDelivery(message, () => deliver(room, message));
  // Lost on a connection that still stands: ask once more, the key tells the
  // server that it is the same one.  Otherwise enter() sends it again.
  if (answer.lost && room.ready && socket.connected) setTimeout(() => deliver(room, message), 1000);
}

function send() {
  const room = rooms.get(current);
  const text = $("text").value.trim();
  if (!room || !text || [...text].length > LONGEST_TEXT) return;
  const message = { from: me, text, at: Date.now(), key: newKey(), state: "sending" };
  showMessage(message, true);
  insert(room, message);
  scrollToEnd();
  $("text").value = "";
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
  const field = $("text");
  const left = LONGEST_TEXT - [...field.value.trim()].length;
  const follow = isAtEnd();
  field.style.height = "auto";
  field.style.height = `${Math.min(field.scrollHeight, 160)}px`;
  if (follow) scrollToEnd();
  $("left").textContent = left < 200 ? String(left) : "";
  $("left").classList.toggle("problem", left < 0);
}

// ---- typing ----

let typingRoom = null;
let typingTimer = 0;
let typingTold = 0;

function tellTyping(room, typing) {
  if (socket.connected) socket.emit("typing", { room, typing });
}

function stopTyping() {
  clearTimeout(typingTimer);
  if (typingRoom) tellTyping(typingRoom, false);
  typingRoom = null;
}

function noteTyping() {
  if ($("text").value.trim() === "") {
    stopTyping();
    return;
  }
  if (typingRoom !== current || Date.now() - typingTold > TYPING_MS / 2) {
    if (typingRoom && typingRoom !== current) stopTyping();
    typingRoom = current;
    typingTold = Date.now();
    tellTyping(current, true);
  }
  clearTimeout(typingTimer);
  typingTimer = setTimeout(stopTyping, TYPING_MS - 500);
}

function forgetTyping(room, name) {
  clearTimeout(room.typing.get(name));
  if (room.typing.delete(name) && room.name === current) refreshPeople();
}

// ---- the connection ----

// Handle an event about one of our rooms; others are none of our business.
function onRoom(event, handle) {
  socket.on(event, (data) => {
    const room = rooms.get(data.room);
    if (!room) return;
    handle(room, data);
    if (room.name === current) refreshPeople();
  });
}

function listen() {
  socket.on("rooms", (list) => {
    directory.clear();
    for (const { room, people } of list) directory.set(room, people);
    refreshRooms();
  });
  socket.on("room", ({ room, people }) => {
    directory.set(room, people);
    refreshRooms();
  });
  onRoom("joined", (room, { name }) => room.people.add(name));
  onRoom("left", (room, { name }) => {
    room.people.delete(name);
    forgetTyping(room, name);
  });
  onRoom("typing", (room, { name, typing }) => {
    forgetTyping(room, name);
    if (typing && name !== me) room.typing.set(name, setTimeout(forgetTyping, TYPING_MS + 1000, room, name));
  });
  onRoom("message", (room, message) => {
    keepingPlace(room, () => arrived(room, Number(receive(room, message))));
  });
}

function connect(wanted) {
  socket = io({ auth: { name: me }, reconnectionDelay: 500, reconnectionDelayMax: 4000 });
  showState("connecting");
  listen();
  socket.on("connect", async () => {
    showState("online");
    notice("");
    if (rooms.size > 0) {
      for (const room of rooms.values()) {
        const { error, lost } = await enter(room);
        if (error && !lost) notice(`${room.name}: ${error}`);
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
    else backToWelcome(error.data?.field ?? "name", error.message);
  });
}

function showChat() {
  $("welcome").hidden = true;
  $("chat").hidden = false;
  $("my-name").textContent = me;
  fillAvatar($("my-avatar"), me);
  if (matchMedia("(pointer: fine)").matches) $("text").focus();
}

function backToWelcome(field, problem) {
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
  $(field).focus();
}

// ---- the controls ----

$("enter").addEventListener("submit", (event) => {
  event.preventDefault();
  me = $("name").value.trim();
  const room = $("room").value.trim();
  $("enter-problem").textContent = "";
  connect({ rooms: [room], current: room });
});

$("new-room").addEventListener("submit", (event) => {
  event.preventDefault();
  const name = $("new-room-name").value.trim();
  $("new-room-name").value = "";
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
$("shade").addEventListener("click", () => openPanel(null));
for (const button of document.querySelectorAll(".panel .close"))
  button.addEventListener("click", () => openPanel(null));
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") openPanel(null);
});

const saved = JSON.parse(sessionStorage.getItem("chat") ?? "null");
$("name").value = localStorage.getItem("chat-name") ?? "";
$("room").value = "Lobby";
if (saved) {
  me = saved.me;
  connect({ rooms: saved.rooms, current: saved.current });
} else {
  $("welcome").hidden = false;
  $($("name").value ? "room" : "name").focus();
}
