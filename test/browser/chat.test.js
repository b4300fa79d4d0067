// SPDX-License-Identifier: MIT
// The chat in a real browser.
import assert from "node:assert/strict";
import { after, afterEach, before, beforeEach, test } from "node:test";
import { launch, screenshot, start, startLasting } from "./support.js";

const PATIENCE_MS = 15000;

let browser;
let server;
let people = [];

before(async () => {
  browser = await launch();
});

after(() => browser?.close());

beforeEach(async () => {
  server = await start("chat");
  people = [];
});

afterEach(async () => {
  for (const person of people) await person.context.close();
  await server.stop();
  for (const person of people) assert.deepEqual(person.complaints, [], "the browser complains");
});

// Somebody opens the page, in a browser profile of their own.
async function arrive(options = {}) {
  const context = await browser.newContext({ viewport: { width: 1100, height: 720 }, locale: "en-GB", ...options });
  const page = await context.newPage();
  const person = { context, page, complaints: [] };

  page.setDefaultTimeout(PATIENCE_MS);
  page.on("pageerror", (error) => person.complaints.push(String(error)));
  page.on("console", (message) => {
    // Requests may fail while a server or a connection comes to its end.
    if (message.type() === "error" && !/Failed to load resource|WebSocket connection/.test(message.text()))
      person.complaints.push(message.text());
  });
  people.push(person);
  await page.goto(server.url);
  return page;
}

async function join(page, name, room = "Lobby") {
  await page.getByLabel("Your name").fill(name);
  await page.getByLabel("Room", { exact: true }).fill(room);
  await page.getByRole("button", { name: "Join", exact: true }).click();
  await page.getByRole("heading", { level: 1, name: room }).waitFor();
}

async function say(page, text) {
  await page.getByLabel("Message", { exact: true }).fill(text);
  await page.keyboard.press("Enter");
}

const message = (page, text) => page.locator(".message .text").getByText(text, { exact: true });
const texts = (page) => page.locator(".message .text").allTextContents();
const names = (page) => page.locator("#people .person").allTextContents();
const roomButton = (page, room) => page.locator("#rooms .room", { hasText: room });

async function until(what, check) {
  const end = Date.now() + PATIENCE_MS;
  while (!(await check())) {
    assert.ok(Date.now() < end, `in vain: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

const untilNames = (page, expected) =>
  until(`people ${expected}`, async () => (await names(page)).join() === expected.join());

test("two people see each other and talk", async () => {
  const ada = await arrive();
  await join(ada, "Ada");
  const grace = await arrive();
  await join(grace, "Grace");

  await untilNames(ada, ["Ada", "Grace"]);
  await untilNames(grace, ["Ada", "Grace"]);
  assert.equal(await ada.getByRole("status").textContent(), "connected");

  await say(ada, "Good morning, Grace!");
  await message(grace, "Good morning, Grace!").waitFor();
  await say(grace, "Hello Ada. Ça va? 😀");
  await message(ada, "Hello Ada. Ça va? 😀").waitFor();

  await until("an acknowledgement", async () => (await ada.locator(".mine[data-state=sent]").count()) === 1);
  assert.equal(await ada.locator(".message.mine").count(), 1);
  assert.equal(await ada.locator(".message:not(.mine) .from").textContent(), "Grace");
  assert.match(await ada.locator(".message time").first().textContent(), /^\d\d:\d\d$/);

  await grace.close();
  await untilNames(ada, ["Ada"]);
});

test("one sees that the other is typing, until the message comes", async () => {
  const ada = await arrive();
  await join(ada, "Ada");
  const grace = await arrive();
  await join(grace, "Grace");

  await ada.getByLabel("Message", { exact: true }).pressSequentially("I think");
  await grace.getByText("Ada is typing…").waitFor();
  await ada.keyboard.press("Enter");
  await message(grace, "I think").waitFor();
  await grace.getByText("Ada is typing…").waitFor({ state: "detached" });
});

test("markup in a message, a name and a room is shown as text", async () => {
  const name = "<b>Ada</b>";
  const room = "<i>x</i>&amp;";
  const text = '<img src=x onerror="document.title=1"><script>alert(1)</script>';
  const ada = await arrive();
  await join(ada, name, room);
  const grace = await arrive();
  await join(grace, "Grace", room);

  await say(ada, text);
  await message(grace, text).waitFor();
  await untilNames(grace, [name, "Grace"]);
  for (const page of [ada, grace]) {
    assert.equal(await page.locator("#log img, #log script, #chat b, #chat i").count(), 0);
    assert.equal(await page.locator("#title").textContent(), room);
  }
});

test("a reload comes back to the same rooms and messages, each shown once", async () => {
  const ada = await arrive();
  await join(ada, "Ada");
  const grace = await arrive();
  await join(grace, "Grace");
  await say(ada, "one");
  await say(grace, "two");
  await message(ada, "two").waitFor();

  await ada.reload();
  await ada.getByRole("heading", { level: 1, name: "Lobby" }).waitFor();
  await message(ada, "two").waitFor();
  assert.deepEqual(await texts(ada), ["one", "two"]);
  assert.equal(await ada.locator(".message.mine .text").textContent(), "one");
  await say(grace, "three");
  await message(ada, "three").waitFor();
  await untilNames(grace, ["Ada", "Grace"]);
});

test("rooms are separate, and another room's news is counted", async () => {
  const ada = await arrive();
  await join(ada, "Ada");
  const grace = await arrive();
  await join(grace, "Grace");

  await grace.getByLabel("Another room").fill("Garden");
  await grace.keyboard.press("Enter");
  await grace.getByRole("heading", { level: 1, name: "Garden" }).waitFor();
  await roomButton(ada, "Garden").waitFor();

  await say(grace, "only flowers here");
  await say(ada, "hello Lobby");
  await grace.getByLabel("1 unread").waitFor();
  assert.equal(await grace.title(), "(1) Garden · Chat");
  assert.deepEqual(await texts(grace), ["only flowers here"]);
  assert.deepEqual(await texts(ada), ["hello Lobby"]);
  assert.deepEqual(await names(grace), ["Grace"]);

  await roomButton(grace, "Lobby").click();
  await message(grace, "hello Lobby").waitFor();
  assert.equal(await grace.getByLabel("1 unread").count(), 0);

  await roomButton(ada, "Garden").click();
  await message(ada, "only flowers here").waitFor();
  await ada.getByRole("button", { name: "Leave" }).click();
  await ada.getByRole("heading", { level: 1, name: "Lobby" }).waitFor();
});

test("two windows of one person are one person, and both show what was said", async () => {
  const desk = await arrive();
  await join(desk, "Ada");
  const phone = await arrive();
  await join(phone, "Ada");
  const grace = await arrive();
  await join(grace, "Grace");

  await untilNames(grace, ["Ada", "Grace"]);
  await say(desk, "from the desk");
  await message(phone, "from the desk").waitFor();
  assert.equal(await phone.locator(".message.mine").count(), 1);
  await phone.close();
  await say(grace, "still there?");
  await message(desk, "still there?").waitFor();
  await untilNames(grace, ["Ada", "Grace"]);
});

test("a name that cannot be used is refused with a sentence", async () => {
  const page = await arrive();
  await page.getByLabel("Your name").fill("Ada\u202eecarG");
  await page.getByRole("button", { name: "Join", exact: true }).click();
  await page.getByRole("alert").filter({ hasText: "name has" }).waitFor();
  await join(page, "Ada");
});

test("what the contract or the chat refuses is shown", async () => {
  const page = await arrive();
  await join(page, "Ada");
  const another = async (room) => {
    await page.getByLabel("Another room").fill(room);
    await page.keyboard.press("Enter");
  };
  await another("Gard\u202een");
  await page.getByRole("alert").filter({ hasText: /^Expected a visible name .*, found / }).waitFor();
  for (let i = 1; i < 20; i += 1) await another(`Room ${i}`);
  await page.getByRole("heading", { level: 1, name: "Room 19" }).waitFor();
  await another("Room 20");
  await page.getByRole("alert").filter({ hasText: "You are in too many rooms." }).waitFor();
  await page.getByRole("heading", { level: 1, name: "Room 19" }).waitFor();
});

test("on a phone nothing is wider than the screen, and the panels open", async () => {
  const viewport = { width: 360, height: 640 };
  const page = await arrive({ viewport, hasTouch: true, isMobile: true });
  const isNarrow = () => page.evaluate(() => document.documentElement.scrollWidth <= window.innerWidth);
  assert.ok(await isNarrow());
  await screenshot(page, "phone-welcome");
  await join(page, "Ada", "A room with a rather long name");
  await say(page, `A long word: ${"x".repeat(300)}`);
  await page.locator(".mine[data-state=sent]").waitFor();
  assert.ok(await isNarrow());
  assert.equal(await page.evaluate(() => window.innerWidth), viewport.width);

  await page.getByRole("button", { name: "Rooms" }).click();
  await roomButton(page, "Lobby").click();
  await page.getByRole("heading", { level: 1, name: "Lobby" }).waitFor();
  await page.getByRole("button", { name: "1 person", exact: true }).click();
  await page.getByRole("heading", { name: "Who is here" }).waitFor();
  assert.ok(await isNarrow());
  await page.keyboard.press("Escape");
  await until("a closed panel", async () => !(await page.locator("#people-panel").isVisible()));
});

test("the page survives a restart of the server, and nothing is lost or doubled", async () => {
  await server.stop();
  server = await startLasting("chat");
  const ada = await arrive();
  await join(ada, "Ada");
  const grace = await arrive();
  await join(grace, "Grace");
  await say(ada, "before");
  await message(grace, "before").waitFor();

  await server.stop();
  await ada.getByText("offline, trying again…").waitFor();
  await say(ada, "meanwhile");
  await ada.locator(".mine[data-state=waiting]").waitFor();

  server = await start("chat", server.port);
  await ada.getByText("connected", { exact: true }).waitFor();
  await grace.getByText("connected", { exact: true }).waitFor();
  await message(grace, "meanwhile").waitFor();
  await say(grace, "after");
  await message(ada, "after").waitFor();
  assert.deepEqual(await texts(ada), ["before", "meanwhile", "after"]);
  assert.deepEqual(await texts(grace), ["before", "meanwhile", "after"]);
  await untilNames(ada, ["Ada", "Grace"]);
});

test("it looks right: light, dark, and on a phone", { skip: !process.env.SCREENSHOTS }, async () => {
  const conversation = [
    ["Grace", "Good morning! Has anybody seen the new build?"],
    ["Ada", "Yes, it compiled on the first try. I am suspicious."],
    ["Ada", "The tests are green as well, even the slow ones. I have let them run over night, with the sanitizers, and nothing has come up. Shall we show it to the others after lunch?"],
    ["Linus Pauling", "After lunch is good 👍"],
    ["Grace", "Then I will bring cake.\nChocolate, or with apples?"],
    ["Ada", "Apples!"],
  ];
  const pages = new Map();
  for (const name of ["Grace", "Linus Pauling", "Ada"]) {
    const page = await arrive();
    if (name === "Ada") await screenshot(page, "light-welcome");
    await join(page, name);
    pages.set(name, page);
  }
  const ada = pages.get("Ada");
  await pages.get("Grace").getByLabel("Another room").fill("Kitchen");
  await pages.get("Grace").keyboard.press("Enter");
  await roomButton(ada, "Kitchen").click();
  await roomButton(ada, "Lobby").click();
  await say(pages.get("Grace"), "The kettle is on.");
  await ada.getByLabel("1 unread").waitFor();
  await roomButton(pages.get("Grace"), "Lobby").click();
  for (const [name, text] of conversation) {
    await say(pages.get(name), text);
    await until(text, async () => (await texts(ada)).includes(text));
  }
  await pages.get("Linus Pauling").getByLabel("Message", { exact: true }).pressSequentially("I");
  await ada.getByText("Linus Pauling is typing…").waitFor();
  await screenshot(ada, "light");
  await ada.emulateMedia({ colorScheme: "dark" });
  await screenshot(ada, "dark");

  const phone = await arrive({ viewport: { width: 390, height: 780 }, hasTouch: true, isMobile: true, colorScheme: "light", deviceScaleFactor: 2 });
  await join(phone, "Ada");
  await screenshot(phone, "phone-light");
  await phone.emulateMedia({ colorScheme: "dark" });
  await screenshot(phone, "phone-dark");
  await phone.getByRole("button", { name: "Rooms" }).click();
  await phone.waitForTimeout(300);
  await screenshot(phone, "phone-rooms");
});
