// SPDX-License-Identifier: MIT
// What is on the screen.  Whatever people typed is set as text, never as HTML.

export const $ = (id) => document.getElementById(id);

const GROUP_MS = 5 * 60 * 1000;
const clock = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" });
const longDay = new Intl.DateTimeFormat(undefined, { weekday: "long", day: "numeric", month: "long" });

export function make(tag, className, text) {
  const element = document.createElement(tag);
  if (className) element.className = className;
  if (text !== undefined) element.textContent = text;
  return element;
}

// ---- names ----

const hues = [212, 236, 262, 288, 322, 346, 12, 28, 152, 172, 192];

function hueOf(name) {
  let hash = 7;
  for (const c of name) hash = (hash * 31 + c.codePointAt(0)) % 1000003;
  return hues[hash % hues.length];
}

function initialsOf(name) {
  const words = name.split(/\s+/).filter(Boolean);
  const first = (word) => [...word][0] ?? "";
  const letters = words.length > 1 ? first(words[0]) + first(words.at(-1)) : first(name);
  return letters.toUpperCase();
}

export function fillAvatar(element, name) {
  element.textContent = initialsOf(name);
  element.style.setProperty("--hue", hueOf(name));
  return element;
}

function avatar(name) {
  const element = fillAvatar(make("span", "avatar"), name);
  element.setAttribute("aria-hidden", "true");
  return element;
}

// ---- messages ----

function dayName(at) {
  const today = new Date().toDateString();
  const yesterday = new Date(Date.now() - 24 * 3600 * 1000).toDateString();
  const day = new Date(at).toDateString();
  if (day === today) return "Today";
  return day === yesterday ? "Yesterday" : longDay.format(at);
}

function fillTime(element, at) {
  const date = new Date(at);
  element.dateTime = date.toISOString();
  element.title = date.toLocaleString();
  element.textContent = clock.format(date);
}

// The list item of a message; message.item keeps it for later.
export function showMessage(message, isMine) {
  const item = make("li", isMine ? "message mine" : "message");
  const bubble = make("div", "bubble");
  const meta = make("p", "meta");

  if (!isMine) item.append(avatar(message.from));
  item.append(make("p", "from", isMine ? "You" : message.from));
  meta.append(make("time"), make("span", "delivery"));
  bubble.append(make("p", "text", message.text), meta);
  item.append(bubble);
  message.item = item;
  showDelivery(message);
  return item;
}

const deliveries = { sending: "sending…", waiting: "waiting for the connection…" };

// Bring the item up to date with message.at, .state and .problem.
export function showDelivery(message, onRetry) {
  const delivery = message.item.querySelector(".delivery");

  message.item.dataset.state = message.state;
  fillTime(message.item.querySelector("time"), message.at);
  delivery.textContent = message.problem ?? deliveries[message.state] ?? "";
  if (message.state === "failed" && onRetry) {
    const button = make("button", "quiet", "Try again");
    button.type = "button";
    button.addEventListener("click", onRetry);
    delivery.append(" ", button);
  }
}

// How a message looks depends on the one before it.
export function relate(before, message) {
  const sameDay = before && new Date(before.at).toDateString() === new Date(message.at).toDateString();
  const follows = sameDay && before.from === message.from && message.at - before.at < GROUP_MS;

  message.item.classList.toggle("follows", Boolean(follows));
  if (sameDay) delete message.item.dataset.day;
  else message.item.dataset.day = dayName(message.at);
}

// ---- lists ----

// rooms: [{name, people, joined, unread}], in order
export function showRooms(rooms, current, onChoose) {
  $("rooms").replaceChildren(...rooms.map((room) => {
    const item = make("li");
    const button = make("button", room.joined ? "room joined" : "room");
    button.type = "button";
    if (room.name === current) button.setAttribute("aria-current", "true");
    button.append(make("span", "room-name", room.name));
    if (room.unread > 0) {
      const badge = make("span", "badge", room.unread > 99 ? "99+" : String(room.unread));
      badge.setAttribute("aria-label", `${room.unread} unread`);
      button.append(badge);
    } else {
      const count = make("span", "count", String(room.people));
      count.title = countPeople(room.people);
      count.setAttribute("aria-label", countPeople(room.people));
      button.append(count);
    }
    button.addEventListener("click", () => onChoose(room.name));
    item.append(button);
    return item;
  }));
}

export function countPeople(n) {
  return n === 1 ? "1 person" : `${n} people`;
}

export function showPeople(names, me) {
  $("people").replaceChildren(...names.map((name) => {
    const item = make("li");
    item.append(avatar(name), make("span", "person", name));
    if (name === me) item.append(make("span", "count", "you"));
    return item;
  }));
  $("people-count").textContent = countPeople(names.length);
}

export function showTyping(names) {
  const line = $("typing");
  if (names.length === 0) line.textContent = "";
  else if (names.length === 1) line.textContent = `${names[0]} is typing…`;
  else if (names.length === 2) line.textContent = `${names[0]} and ${names[1]} are typing…`;
  else line.textContent = "Several people are typing…";
}

const states = {
  connecting: "connecting…",
  online: "connected",
  offline: "offline, trying again…",
};

export function showState(state) {
  $("state").dataset.state = state;
  $("state").textContent = states[state];
}

// ---- the message log ----

export function isAtEnd() {
  const log = $("log");
  return log.scrollHeight - log.scrollTop - log.clientHeight < 60;
}

export function scrollToEnd() {
  $("log").scrollTop = $("log").scrollHeight;
  $("newest").hidden = true;
}

// Swap in the list of another room, without having it read out as news.
export function showLog(list) {
  const log = $("log");
  log.setAttribute("aria-live", "off");
  log.replaceChildren(list);
  scrollToEnd();
  setTimeout(() => log.setAttribute("aria-live", "polite"), 200);
}

// ---- the panels of narrow screens ----

export function openPanel(which) {
  for (const name of ["rooms", "people"]) {
    const open = name === which;
    $(`${name}-panel`).classList.toggle("open", open);
    $(`show-${name}`).setAttribute("aria-expanded", String(open));
  }
  $("shade").hidden = !which;
  if (which) $(`${which}-panel`).querySelector(".close").focus();
}
