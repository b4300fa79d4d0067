// SPDX-License-Identifier: MIT
// The example programs, with real clients: what they answer, and how they
// refuse what they should not accept.
import assert from "node:assert/strict";
import { once } from "node:events";
import { request } from "node:http";
import { afterEach, beforeEach, describe, test } from "node:test";
import { io, run, start } from "./support.js";

let server;
let sockets = [];

afterEach(async () => {
  for (const socket of sockets) socket.disconnect();
  sockets = [];
  await server?.stop();
  server = undefined;
});

function open(options) {
  const socket = io(server.url, { reconnection: false, forceNew: true, ...options });
  sockets.push(socket);
  return socket;
}

async function connect(options) {
  const socket = open(options);
  await once(socket, "connect");
  return socket;
}

const transports = [["polling"], ["websocket"], ["polling", "websocket"]];

for (const program of ["minimal", "poll_loop"]) {
  for (const list of transports) {
    test(`${program} answers an echo with an ack over ${list.join(" and ")}`, async () => {
      server = await start(program);
      const socket = await connect({ transports: list });
      const args = ["Grüße 😀", { n: [1, 2.5, null, true] }, Buffer.from([0, 1, 255])];
      const echo = once(socket, "message");
      const ack = await socket.timeout(15000).emitWithAck("message", ...args);
      assert.equal(ack, args[0]);
      assert.deepEqual(await echo, args);
    });
  }

  test(`${program} sends a large answer to a slow reader completely`, async () => {
    server = await start(program);
    const socket = await connect({ transports: ["websocket"] });
    const text = "x".repeat(900_000);
    const { ws } = socket.io.engine.transport;
    ws.pause();
    const answers = [1, 2, 3, 4, 5, 6, 7].map(() => socket.timeout(20000).emitWithAck("message", text));
    await new Promise((resolve) => setTimeout(resolve, 500)); // the kernel is full, the program holds the rest
    ws.resume();
    for (const answer of await Promise.all(answers)) assert.ok(answer === text);
  });

  test(`${program} tells its clients and ends well on a signal`, async () => {
    server = await start(program);
    const socket = await connect();
    const gone = once(socket, "disconnect");
    await server.stop("SIGINT");
    server = undefined;
    await gone;
  });
}

// ---- rooms ----

for (const list of transports) {
  test(`rooms: two people talk in a room over ${list.join(" and ")}`, async () => {
    server = await start("rooms");
    const ada = await connect({ transports: list, auth: { name: "Ada" } });
    const bob = await connect({ transports: list, auth: { name: "Bob" } });

    ada.emit("chat:join", { room: "tea" });
    assert.deepEqual(await once(ada, "chat:joined"), [{ room: "tea", users: 1 }]);
    ada.emit("chat:message", { room: "tea", text: "Hello" });
    assert.deepEqual(await once(ada, "chat:message"), [{ room: "tea", from: "Ada", text: "Hello" }]);

    const joined = once(ada, "chat:userJoined");
    const history = once(bob, "chat:history");
    bob.emit("chat:join", { room: "tea" });
    assert.deepEqual(await joined, [{ room: "tea", name: "Bob" }]);
    assert.deepEqual(await history, [[{ from: "Ada", text: "Hello" }]]);

    bob.emit("chat:typing", { room: "tea" });
    assert.deepEqual(await once(ada, "chat:typing"), [{ room: "tea", name: "Bob" }]);
    bob.emit("chat:leave", { room: "tea" });
    assert.deepEqual(await once(ada, "chat:userLeft"), [{ room: "tea", name: "Bob" }]);
    bob.emit("chat:join", { room: "tea" });
    await once(ada, "chat:userJoined");
    bob.disconnect();
    assert.deepEqual(await once(ada, "chat:userLeft"), [{ room: "tea", name: "Bob" }]);
  });
}

test("rooms: what cannot be is answered by an error", async () => {
  server = await start("rooms");
  const nobody = open({ auth: {} });
  const [refusal] = await once(nobody, "connect_error");
  assert.equal(refusal.message, "Connect with a name of up to 64 bytes.");

  const eve = await connect({ auth: { name: "Eve" } });
  const error = async (event, ...args) => {
    const answer = once(eve, "error");
    eve.emit(event, ...args);
    return (await answer)[0].message;
  };
  assert.equal(await error("chat:message", { room: "tea", text: "x" }), "You are not in it.");
  assert.equal(await error("chat:typing"), "You are not in it.");
  assert.equal(await error("chat:join", { room: "x".repeat(65) }), "There is no such room.");
  assert.equal(await error("chat:join", { room: 5 }), "There is no such room.");
  eve.emit("chat:join", { room: "tea" });
  await once(eve, "chat:joined");
  assert.equal(await error("chat:message", { room: "tea", text: "x".repeat(1001) }),
    "A message has up to 1000 bytes.");
  for (let i = 1; i < 20; i += 1) {
    eve.emit("chat:join", { room: `room ${i}` });
    await once(eve, "chat:joined");
  }
  assert.equal(await error("chat:join", { room: "one more" }), "There is no such room.");
});

// ---- the chat ----

const enter = (name, options) => connect({ auth: { name }, ...options });
const ask = (socket, event, ...args) => socket.timeout(15000).emitWithAck(event, ...args);
const code = (points) => String.fromCodePoint(points);

describe("the chat", () => {
  beforeEach(async () => {
    server = await start("chat");
  });

  test("prints its address", () => {
    assert.match(server.output.join("\n"), new RegExp(`http://localhost:${server.port}/`));
  });

  for (const [what, auth] of [
    ["no name", undefined],
    ["a number", { name: 5 }],
    ["an empty name", { name: "" }],
    ["a blank name", { name: "  " }],
    ["a long name", { name: "é".repeat(25) }],
    ["a control character", { name: "Ad\u0000a" }],
    ["a change of direction", { name: "Ada\u202e" }],
    ["a blank at the end", { name: "Ada " }],
  ]) {
    test(`refuses ${what}, with a sentence and the field`, async () => {
      const socket = open({ auth });
      const [error] = await once(socket, "connect_error");
      assert.match(error.message, /[a-z].*\.$/);
      assert.deepEqual(error.data, { field: "name" });
    });
  }

  test("takes names and texts of the full length, counted in characters", async () => {
    const ada = await enter("😀".repeat(24));
    assert.deepEqual((await ask(ada, "join", { room: "é".repeat(32) })).people, ["😀".repeat(24)]);
    const say = (text) => ask(ada, "message", { room: "é".repeat(32), text, key: code(0x41 + text.length % 7) });
    assert.ok((await say("😀".repeat(2000))).id > 0);
    assert.match((await say("😀".repeat(2001))).error, /2000/);
  });

  for (const [what, args] of [
    ["nothing", []],
    ["a string", ["Lobby"]],
    ["null", [null]],
    ["an array", [["Lobby"]]],
    ["a room that is a number", [{ room: 7 }]],
    ["an empty room", [{ room: "" }]],
    ["a room with a line break", [{ room: "a\nb" }]],
    ["a room that is too long", [{ room: "r".repeat(33) }]],
    ["a last message that is no number", [{ room: "Lobby", after: "1" }]],
    ["a last message that is negative", [{ room: "Lobby", after: -1 }]],
  ]) {
    test(`answers a join with ${what} by an error`, async () => {
      const ada = await enter("Ada");
      assert.match((await ask(ada, "join", ...args)).error, /\.$/);
      assert.ok(ada.connected);
    });
  }

  for (const [what, data] of [
    ["no text", { room: "Lobby", key: "k" }],
    ["a text that is an object", { room: "Lobby", text: {}, key: "k" }],
    ["a blank text", { room: "Lobby", text: " \n\t", key: "k" }],
    ["a control character", { room: "Lobby", text: "\u0007", key: "k" }],
    ["no key", { room: "Lobby", text: "x" }],
    ["a long key", { room: "Lobby", text: "x", key: "k".repeat(41) }],
    ["another room", { room: "Cellar", text: "x", key: "k" }],
  ]) {
    test(`answers a message with ${what} by an error, and nobody hears of it`, async () => {
      const ada = await enter("Ada");
      const grace = await enter("Grace");
      await ask(ada, "join", { room: "Lobby" });
      await ask(grace, "join", { room: "Lobby" });
      const heard = once(grace, "message");
      assert.match((await ask(ada, "message", data)).error, /\.$/);
      await ask(ada, "message", { room: "Lobby", text: "this one", key: "good" });
      assert.equal((await heard)[0].text, "this one");
    });
  }

  test("stores a message that was sent twice once", async () => {
    const ada = await enter("Ada");
    await ask(ada, "join", { room: "Lobby" });
    const first = await ask(ada, "message", { room: "Lobby", text: "x", key: "k" });
    assert.deepEqual(await ask(ada, "message", { room: "Lobby", text: "x", key: "k" }), first);
    const { messages } = await ask(ada, "join", { room: "Lobby" });
    assert.deepEqual(messages, [{ ...first, from: "Ada", text: "x", key: "k" }]);
    assert.deepEqual((await ask(ada, "join", { room: "Lobby", after: first.id })).messages, []);
  });

  test("keeps the last 50 messages and slows down who sends too many", async () => {
    let refused = 0;
    let stored = 0;
    for (const name of ["Ada", "Grace", "Linus"]) {
      const socket = await enter(name);
      await ask(socket, "join", { room: "Lobby" });
      const answers = await Promise.all(
        Array.from({ length: 30 }, (_, i) => ask(socket, "message", { room: "Lobby", text: `${i}`, key: `${i}` })),
      );
      refused += answers.filter((answer) => /wait/.test(answer.error)).length;
      stored += answers.filter((answer) => answer.id).length;
    }
    assert.equal(refused + stored, 90);
    assert.ok(refused > 0 && stored > 50, `${refused} refused, ${stored} stored`);
    const late = await enter("Late");
    const { messages } = await ask(late, "join", { room: "Lobby" });
    assert.equal(messages.length, 50);
    assert.equal(messages.at(-1).from, "Linus");
    assert.deepEqual(messages.map((m) => m.id), messages.map((m) => m.id).sort((a, b) => a - b));
  });

  test("tells who comes and leaves, once for each person", async () => {
    const ada = await enter("Ada");
    await ask(ada, "join", { room: "Lobby" });
    const events = [];
    for (const event of ["joined", "left", "room"]) ada.on(event, (data) => events.push([event, data]));
    const desk = await enter("Grace");
    const phone = await enter("Grace", { transports: ["polling"] });
    await ask(desk, "join", { room: "Lobby" });
    await ask(phone, "join", { room: "Lobby" });
    assert.deepEqual(await ask(desk, "leave", { room: "Lobby" }), {});
    const left = once(ada, "left");
    phone.disconnect();
    await left;
    await ask(ada, "join", { room: "Lobby" });
    assert.deepEqual(events, [
      ["joined", { room: "Lobby", name: "Grace" }],
      ["room", { room: "Lobby", people: 2 }],
      ["left", { room: "Lobby", name: "Grace" }],
      ["room", { room: "Lobby", people: 1 }],
    ]);
  });

  test("lets a client be in 20 rooms and no more", async () => {
    const ada = await enter("Ada");
    for (let i = 0; i < 20; i += 1) assert.ok((await ask(ada, "join", { room: `room ${i}` })).people);
    assert.match((await ask(ada, "join", { room: "one more" })).error, /too many/);
    await ask(ada, "leave", { room: "room 3" });
    assert.ok((await ask(ada, "join", { room: "one more" })).people);
  });

  test("forgets empty rooms before there are too many, but never the lobby", async () => {
    for (const name of ["A", "B", "C", "D"]) {
      const socket = await enter(name);
      for (let i = 0; i < 20; i += 1) assert.ok((await ask(socket, "join", { room: `${name}${i}` })).people);
      socket.disconnect();
    }
    const late = open({ auth: { name: "Late" } });
    const [list] = await once(late, "rooms");
    assert.equal(list.length, 64);
    assert.ok(list.some(({ room }) => room === "Lobby"));
    assert.ok(list.some(({ room }) => room === "D19"));
    assert.ok(!list.some(({ room }) => room === "A0"));
  });

  function get(path, method = "GET") {
    return new Promise((resolve, reject) => {
      const sent = request({ host: "127.0.0.1", port: server.port, path, method, agent: false }, (response) => {
        let body = "";
        response.setEncoding("utf8");
        response.on("data", (data) => (body += data));
        response.on("end", () => resolve({ status: response.statusCode, headers: response.headers, body }));
      });
      sent.on("error", reject);
      sent.end();
    });
  }

  test("serves its page and all that the page refers to", async () => {
    const page = await get("/");
    assert.equal(page.status, 200);
    assert.match(page.headers["content-type"], /^text\/html/);
    assert.match(page.headers["content-security-policy"], /default-src 'none'/);
    assert.equal(page.headers["x-content-type-options"], "nosniff");
    const paths = [...page.body.matchAll(/(?:src|href)="(\/[^"]+)"/g)].map((match) => match[1]);
    assert.ok(paths.length >= 4);
    for (const path of [...paths, "/view.js", "/chat.js?v=1"]) {
      const { status, headers, body } = await get(path);
      assert.equal(status, 200, path);
      assert.ok(body.length > 100, path);
      assert.match(headers["content-type"], path.includes(".js") ? /javascript/ : /css|svg/);
    }
    const head = await get("/chat.js", "HEAD");
    assert.equal(head.status, 200);
    assert.equal(head.body, "");
  });

  test("serves nothing else", async () => {
    for (const path of ["/chat.c", "/../main.c", "/..%2fmain.c", "//etc/passwd", "/web/index.html", "/.npmrc"])
      assert.equal((await get(path)).status, 404, path);
    const posted = await get("/", "POST");
    assert.equal(posted.status, 405);
    assert.equal(posted.headers.allow, "GET, HEAD");
  });

  test("says that its port is taken", async () => {
    const { code: exit, stderr } = await run("chat", "--port", String(server.port));
    assert.equal(exit, 1);
    assert.match(stderr, /^chat: .*\n$/);
  });
});

test("the chat explains its options and refuses others with a reason", async () => {
  const help = await run("chat", "--help");
  assert.equal(help.code, 0);
  for (const option of ["--port", "--host", "--web"]) assert.ok(help.stdout.includes(option), option);
  for (const [args, reason] of [
    [["--prot", "1"], /unknown option: --prot/],
    [["-x"], /unknown option: -x/],
    [["--port"], /needs a value/],
    [["--port", "70000"], /0 to 65535: 70000/],
    [["--port", "12a"], /0 to 65535: 12a/],
    [["--port", ""], /0 to 65535/],
    [["extra"], /not an option: extra/],
    [["--web", "/nowhere"], /cannot read \/nowhere/],
    [["--host", "not an address"], /not an address/],
  ]) {
    const { code: exit, stderr } = await run("chat", ...args);
    assert.notEqual(exit, 0, args.join(" "));
    assert.match(stderr, reason);
  }
});
