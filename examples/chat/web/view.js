// SPDX-License-Identifier: MIT
// What is on the screen.  Whatever people typed is set as text, never as HTML.

/**
 * A message on the screen.
 * @typedef {Object} Shown
 * @property {number} [id] missing until the server has told it
 * @property {string} from
 * @property {string} text
 * @property {string} [key]
 * @property {number} at milliseconds since 1970
 * @property {"sending" | "waiting" | "sent" | "failed"} state
 * @property {string} [problem] why it has failed
 * @property {HTMLElement} item its list item
 */

/** @param {string} id of what the page has @returns {HTMLElement} */
export function $(id) {
  const element = document.getElementById(id);
  if (!element) throw new Error(`there is no ${id}`);
  return element;
}

/** @param {"name" | "room" | "new-room-name" | "text"} id */
export function field(id) {
  return /** @type {HTMLInputElement | HTMLTextAreaElement} */ ($(id));
}

/**
 * @template {Element} E
 * @param {Element} element
 * @param {string} selector of a part that it has
 * @param {new () => E} type
 * @returns {E}
 */
function part(element, selector, type) {
  const found = element.querySelector(selector);
  if (!(found instanceof type)) throw new Error(`there is no ${selector}`);
  return found;
}

const GROUP_MS = 5 * 60 * 1000;
const clock = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" });
const longDay = new Intl.DateTimeFormat(undefined, { weekday: "long", day: "numeric", month: "long" });

/**
 * @template {keyof HTMLElementTagNameMap} T
 * @param {T} tag
 * @param {string} [className]
 * @param {string} [text]
 * @returns {HTMLElementTagNameMap[T]}
 */
export function make(tag, className, text) {
  const element = document.createElement(tag);
  if (className) element.className = className;
  if (text !== undefined) element.textContent = text;
  return element;
}

// ---- names ----

const hues = [212, 236, 262, 288, 322, 346, 12, 28, 152, 172, 192];

/** @param {string} name */
function hueOf(name) {
  let hash = 7;
  for (const c of name) hash = (hash * 31 + (c.codePointAt(0) ?? 0)) % 1000003;
  return hues[hash % hues.length];
}

/** @param {string} name */
function initialsOf(name) {
  const words = name.split(/\s+/).filter(Boolean);
  const first = (/** @type {string} */ word) => [...word][0] ?? "";
  const letters = words.length > 1 ? first(words[0]) + first(words[words.length - 1]) : first(name);
  return letters.toUpperCase();
}

/** @param {HTMLElement} element @param {string} name */
export function fillAvatar(element, name) {
  element.textContent = initialsOf(name);
  element.style.setProperty("--hue", String(hueOf(name)));
  return element;
}

/** @param {string} name */
function avatar(name) {
  const element = fillAvatar(make("span", "avatar"), name);
  element.setAttribute("aria-hidden", "true");
  return element;
}

// ---- messages ----

/** @param {number} at */
function dayName(at) {
  const today = new Date().toDateString();
  const yesterday = new Date(Date.now() - 24 * 3600 * 1000).toDateString();
  const day = new Date(at).toDateString();
  if (day === today) return "Today";
  return day === yesterday ? "Yesterday" : longDay.format(at);
}

/** @param {HTMLTimeElement} element @param {number} at */
function fillTime(element, at) {
  const date = new Date(at);
  element.dateTime = date.toISOString();
  element.title = date.toLocaleString();
  element.textContent = clock.format(date);
}

/**
 * Give a message its list item.
 * @param {Omit<Shown, "item">} message
 * @param {boolean} isMine
 * @returns {Shown}
 */
export function showMessage(message, isMine) {
  const item = make("li", isMine ? "message mine" : "message");
  const bubble = make("div", "bubble");
  const meta = make("p", "meta");

  if (!isMine) item.append(avatar(message.from));
  item.append(make("p", "from", isMine ? "You" : message.from));
  meta.append(make("time"), make("span", "delivery"));
  bubble.append(make("p", "text", message.text), meta);
  item.append(bubble);
  const shown = { ...message, item };
  showDelivery(shown);
  return shown;
}

/** @type {Partial<Record<Shown["state"], string>>} */
const deliveries = { sending: "sending…", waiting: "waiting for the connection…" };

/**
 * Bring the item up to date with message.at, .state and .problem.
 * @param {Shown} message
 * @param {() => void} [onRetry]
 */
export function showDelivery(message, onRetry) {
  const delivery = part(message.item, ".delivery", HTMLElement);

  message.item.dataset.state = message.state;
  fillTime(part(message.item, "time", HTMLTimeElement), message.at);
  delivery.textContent = message.problem ?? deliveries[message.state] ?? "";
  if (message.state === "failed" && onRetry) {
    const button = make("button", "quiet", "Try again");
    button.type = "button";
    button.addEventListener("click", onRetry);
    delivery.append(" ", button);
  }
}

/**
 * How a message looks depends on the one before it.
 * @param {Shown | undefined} before
 * @param {Shown} message
 */
export function relate(before, message) {
  const sameDay = before !== undefined && new Date(before.at).toDateString() === new Date(message.at).toDateString();
  const follows = sameDay && before.from === message.from && message.at - before.at < GROUP_MS;

  message.item.classList.toggle("follows", follows);
  if (sameDay) delete message.item.dataset.day;
  else message.item.dataset.day = dayName(message.at);
}

// ---- lists ----

/**
 * @param {{name: string, people: number, joined: boolean, unread: number}[]} rooms in order
 * @param {string} current
 * @param {(name: string) => void} onChoose
 */
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

/** @param {number} n */
export function countPeople(n) {
  return n === 1 ? "1 person" : `${n} people`;
}

/** @param {string[]} names @param {string} me */
export function showPeople(names, me) {
  $("people").replaceChildren(...names.map((name) => {
    const item = make("li");
    item.append(avatar(name), make("span", "person", name));
    if (name === me) item.append(make("span", "count", "you"));
    return item;
  }));
  $("people-count").textContent = countPeople(names.length);
}

/** @param {string[]} names */
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

/** @param {keyof typeof states} state */
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

/**
 * Swap in the list of another room, without having it read out as news.
 * @param {HTMLElement} list
 */
export function showLog(list) {
  const log = $("log");
  log.setAttribute("aria-live", "off");
  log.replaceChildren(list);
  scrollToEnd();
  setTimeout(() => log.setAttribute("aria-live", "polite"), 200);
}

// ---- the panels of narrow screens ----

/** @param {"rooms" | "people"} [which] none: close them */
export function openPanel(which) {
  for (const name of ["rooms", "people"]) {
    const open = name === which;
    $(`${name}-panel`).classList.toggle("open", open);
    $(`show-${name}`).setAttribute("aria-expanded", String(open));
  }
  $("shade").hidden = !which;
  if (which) part($(`${which}-panel`), ".close", HTMLElement).focus();
}
