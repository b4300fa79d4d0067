// SPDX-License-Identifier: MIT
// The Engine.IO client bundle in a real browser, on a page of another origin.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import path from "node:path";
import { after, afterEach, before, beforeEach, test } from "node:test";
import { launch, start } from "./support.js";

const PATIENCE_MS = 10000;
const require = createRequire(import.meta.url);
const dist = path.join(path.dirname(require.resolve("engine.io-client/package.json")), "dist");
const bundle = readFileSync(path.join(dist, "engine.io.js"));
const html = '<!doctype html><meta charset="utf-8"><title>page</title><script src="/engine.io.js"></script>';

const modes = { polling: ["polling"], websocket: ["websocket"], upgrade: ["polling", "websocket"] };

let browser;
let pages;
let server;
let context;
let page;
let origin;

before(async () => {
  browser = await launch();
  pages = createServer((request, response) => {
    const isScript = request.url === "/engine.io.js";
    response.setHeader("Content-Type", isScript ? "text/javascript" : "text/html");
    response.end(isScript ? bundle : html);
  });
  await new Promise((resolve) => pages.listen(0, "127.0.0.1", resolve));
  origin = `http://127.0.0.1:${pages.address().port}`;
});

after(async () => {
  await browser?.close();
  pages?.close();
  pages?.closeAllConnections();
});

beforeEach(async () => {
  context = await browser.newContext();
  page = await context.newPage();
  page.setDefaultTimeout(PATIENCE_MS);
  await page.goto(origin);
});

afterEach(async () => {
  await context.close();
  await server?.stop();
  server = undefined;
});

async function serve(...options) {
  server = await start("test/client/engine", 0, ...options);
}

// Cross-origin, for this page and its cookies.
const allowed = () => ["--cors", `list:${origin}`, "--cors-credentials", "1", "--cookie", "io", "--check-origin"];

async function report() {
  const response = await fetch(`${server.url}/control/report`);
  return (await response.json()).events;
}

const entries = async (what) => (await report()).filter((entry) => entry.what === what);

async function until(probe) {
  const end = Date.now() + PATIENCE_MS;
  for (;;) {
    const found = await probe();
    if (found) return found;
    assert.ok(Date.now() < end, "in vain");
    await new Promise((resolve) => setTimeout(resolve, 30));
  }
}

// Connects in the page, has everything echoed, and closes.  Binary messages
// are given, and come back, as arrays of numbers.
function converse(transports, messages, options = {}) {
  return page.evaluate(
    ([url, settings, list]) =>
      new Promise((resolve) => {
        const socket = window.eio(url, settings);
        const got = [];
        const upgrades = settings.transports.length > 1;
        let upgraded = !upgrades;
        socket.binaryType = "arraybuffer";

        const done = (error) => {
          const transport = socket.transport?.name;
          socket.close();
          resolve({ got, transport, error: error && String(error.message || error) });
        };
        const look = () => upgraded && got.length === list.length && done();
        socket.on("open", () => {
          for (const message of list) socket.send(typeof message === "string" ? message : new Uint8Array(message));
        });
        socket.on("upgrade", () => {
          upgraded = true;
          setTimeout(look); // here the client does not take a close() yet
        });
        socket.on("message", (data) => {
          got.push(data instanceof ArrayBuffer ? [...new Uint8Array(data)] : (data ?? ""));
          look();
        });
        socket.on("error", done);
      }),
    [server.url, { transports, ...options }, messages],
  );
}

const messages = ["hello", "é€😀", "", [1, 2, 3, 255], "x".repeat(100000), []];

for (const [mode, transports] of Object.entries(modes)) {
  for (const deflate of ["0", "1"]) {
    test(`${mode}, cross-origin with credentials${deflate === "1" ? ", compressed" : ""}`, async () => {
      await serve(...allowed(), "--per-message-deflate", deflate);
      const requests = [];
      page.on("request", (request) => requests.push(request));
      const { got, transport, error } = await converse(transports, messages, { withCredentials: true });
      assert.equal(error, undefined);
      assert.deepEqual(got, messages);
      assert.equal(transport, transports.at(-1));

      const [open] = await entries("open");
      assert.equal(open.protocol, 4);
      if (mode !== "websocket") {
        const cookies = await context.cookies(server.url);
        assert.deepEqual(cookies.map(({ name, value, httpOnly }) => [name, value, httpOnly]), [["io", open.id, true]]);
        const polls = requests.filter((request) => request.url().includes("sid="));
        const headers = await polls[0].allHeaders();
        assert.equal(headers.cookie, `io=${open.id}`);
        assert.equal(headers.origin, origin);
      }
      const closed = await until(async () => (await entries("close"))[0]);
      assert.equal(closed.reason, "transport close");
    });
  }
}

test("a header of its own is asked for by a preflight", async () => {
  await serve(...allowed());
  const options = { withCredentials: true, extraHeaders: { "X-Extra": "yes" } };
  const { got, error } = await converse(["polling"], ["hello"], options);
  assert.equal(error, undefined);
  assert.deepEqual(got, ["hello"]);
  assert.equal((await entries("open"))[0].header, "yes");
});

test("without CORS the page cannot read the answers", async () => {
  await serve();
  const { got, error } = await converse(["polling"], ["hello"]);
  assert.deepEqual([got, error], [[], "xhr poll error"]);
  assert.equal((await entries("open")).length, 1); // it is the browser that hides it
});

test("without credentials allowed the browser hides answers to requests with them", async () => {
  await serve("--cors", `list:${origin}`);
  const { error } = await converse(["polling"], ["hello"], { withCredentials: true });
  assert.equal(error, "xhr poll error");
});

for (const [mode, transports] of Object.entries(modes)) {
  test(`an origin that is not allowed is refused (${mode})`, async () => {
    await serve("--cors", "list:http://other.example", "--check-origin");
    const { got, error } = await converse(transports, ["hello"], { withCredentials: true });
    assert.deepEqual(got, []);
    assert.match(error, /^(xhr poll|websocket) error$/);
    assert.equal((await entries("open")).length, 0);
    const refused = await entries("refused");
    assert.ok(refused.length >= 1);
    for (const entry of refused) assert.deepEqual([entry.code, entry.context.origin], [4, origin]);
  });
}

test("heartbeats go on in the browser", async () => {
  await serve(...allowed(), "--ping-interval", "200", "--ping-timeout", "2000");
  await page.evaluate((url) => {
    window.socket = window.eio(url, { withCredentials: true });
  }, server.url);
  await until(async () => (await entries("heartbeat")).length >= 4);
  assert.equal((await entries("upgrade")).length, 1);
  assert.equal((await entries("close")).length, 0);
  await page.evaluate(() => window.socket.close());
  await until(async () => (await entries("close")).length === 1);
});

test("a page that goes away closes its session", async () => {
  await serve(...allowed());
  await page.evaluate(
    (url) =>
      new Promise((resolve) => {
        window.socket = window.eio(url, { withCredentials: true });
        window.socket.on("upgrade", resolve);
      }),
    server.url,
  );
  await page.close();
  const closed = await until(async () => (await entries("close"))[0]);
  assert.equal(closed.reason, "transport close");
});
