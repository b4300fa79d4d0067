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

function open(options, nsp = "/") {
  const socket = io(server.url + nsp, { reconnection: false, forceNew: true, ...options });
  sockets.push(socket);
  return socket;
}

async function connect(options, nsp) {
  const socket = open(options, nsp);
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

const enter = (name, options) => connect({ auth: { name }, ...options }, "/chat");
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
      const socket = open({ auth }, "/chat");
      const [error] = await once(socket, "connect_error");
      assert.match(error.message, /[a-z].*\.$/);
      assert.deepEqual(error.data, { field: "name" });
    });
  }

  test("takes names and texts of the full length, counted in characters", async () => {
    const ada = await enter("😀".repeat(24));
    assert.deepEqual((await ask(ada, "chat:join-room", { roomId: "é".repeat(32) })).users, ["😀".repeat(24)]);
    const say = (text) => ask(ada, "chat:send-message", { roomId: "é".repeat(32), text });
    assert.ok((await say("😀".repeat(2000))).id > 0);
    assert.match((await say("😀".repeat(2001))).error.errors[0].expected, /2000/);
  });

  for (const [what, args, events = ["chat:join-room", "chat:leave-room"]] of [
    ["nothing", []],
    ["a string", ["Lobby"]],
    ["null", [null]],
    ["an array", [["Lobby"]]],
    ["a room that is a number", [{ roomId: 7 }]],
    ["an empty room", [{ roomId: "" }]],
    ["a blank room", [{ roomId: "\u00a0" }]],
    ["a room with a line break", [{ roomId: "a\nb" }]],
    ["a room that begins with a blank", [{ roomId: " a" }]],
    ["a change of direction", [{ roomId: "a\u202eb" }]],
    ["a room that is too long", [{ roomId: "r".repeat(33) }]],
    ["a last message that is no number", [{ roomId: "Lobby", after: "1" }], ["chat:join-room"]],
    ["a last message that is negative", [{ roomId: "Lobby", after: -1 }], ["chat:join-room"]],
  ]) {
    test(`says where ${what} does not fit`, async () => {
      const ada = await enter("Ada");
      for (const event of events) {
        const { error } = await ask(ada, event, ...args);
        assert.equal(error.code, "invalid_payload");
        assert.equal(error.event, event);
        assert.match(error.errors[0].path, /^args\[0\]/);
        assert.ok(error.errors[0].expected && error.errors[0].found);
      }
      assert.ok(ada.connected);
    });
  }

  for (const [what, data, reason = "invalid_payload"] of [
    ["no text", { roomId: "Lobby" }],
    ["a text that is an object", { roomId: "Lobby", text: {} }],
    ["a blank text", { roomId: "Lobby", text: " \n\t" }],
    ["a control character", { roomId: "Lobby", text: "\u0007" }],
    ["a key that is a number", { roomId: "Lobby", text: "x", key: 1 }],
    ["a long key", { roomId: "Lobby", text: "x", key: "k".repeat(41) }],
    ["another room", { roomId: "Cellar", text: "x" }, "not_in_room"],
  ]) {
    test(`answers a message with ${what} by an error, and nobody hears of it`, async () => {
      const ada = await enter("Ada");
      const grace = await enter("Grace");
      await ask(ada, "chat:join-room", { roomId: "Lobby" });
      await ask(grace, "chat:join-room", { roomId: "Lobby" });
      const heard = once(grace, "chat:message");
      const { error } = await ask(ada, "chat:send-message", data);
      assert.equal(error.code, reason);
      assert.match(error.message, /\.$/);
      await ask(ada, "chat:send-message", { roomId: "Lobby", text: "this one" });
      assert.equal((await heard)[0].text, "this one");
    });
  }

  test("tells what is wrong as an exception if no answer was asked for", async () => {
    const ada = await enter("Ada");
    const exceptions = [];
    ada.on("exception", (error) => exceptions.push(error));
    ada.emit("chat:typing-start", { roomId: 5 });
    ada.emit("chat:send-message", { roomId: "Lobby", text: "x" });
    ada.emit("chat:sing", "la la");
    const { error } = await ask(ada, "chat:sing", "la la");
    assert.equal(error.code, "unknown_event");
    assert.deepEqual(exceptions.map(({ event, code: reason }) => [event, reason]), [
      ["chat:typing-start", "invalid_payload"],
      ["chat:send-message", "not_in_room"],
      ["chat:sing", "unknown_event"],
    ]);
    assert.deepEqual(exceptions[1].errors, []);
  });

  test("stores a message that was sent twice once, if it has a key", async () => {
    const ada = await enter("Ada");
    const join = (more) => ask(ada, "chat:join-room", { roomId: "Lobby", ...more });
    const say = (text, key) => ask(ada, "chat:send-message", { roomId: "Lobby", text, key });
    await join();
    const first = await say("x", "k");
    const { id, status, sentAt } = first;
    assert.equal(status, "delivered");
    assert.ok(Math.abs(Date.parse(sentAt) - Date.now()) < 60000);
    assert.deepEqual(await say("x", "k"), first);
    const answer = await join();
    assert.deepEqual(answer, {
      roomId: "Lobby",
      users: ["Ada"],
      recentMessages: [{ id, roomId: "Lobby", from: "Ada", text: "x", key: "k", sentAt }],
    });
    assert.deepEqual((await join({ after: id })).recentMessages, []);
    await say("y");
    await say("y");
    const later = (await join({ after: id })).recentMessages;
    assert.deepEqual(later.map(({ text, key }) => [text, key]), [["y", undefined], ["y", undefined]]);
  });

  test("keeps the last 50 messages and slows down who sends too many", async () => {
    let refused = 0;
    let stored = 0;
    for (const name of ["Ada", "Grace", "Linus"]) {
      const socket = await enter(name);
      await ask(socket, "chat:join-room", { roomId: "Lobby" });
      const answers = await Promise.all(
        Array.from({ length: 30 }, (_, i) => ask(socket, "chat:send-message", { roomId: "Lobby", text: `${i}`, key: `${i}` })),
      );
      refused += answers.filter((answer) => answer.error?.code === "too_fast").length;
      stored += answers.filter((answer) => answer.id).length;
    }
    assert.equal(refused + stored, 90);
    assert.ok(refused > 0 && stored > 50, `${refused} refused, ${stored} stored`);
    const late = await enter("Late");
    const { recentMessages: messages } = await ask(late, "chat:join-room", { roomId: "Lobby" });
    assert.equal(messages.length, 50);
    assert.equal(messages.at(-1).from, "Linus");
    assert.deepEqual(messages.map((m) => m.id), messages.map((m) => m.id).sort((a, b) => a - b));
  });

  test("tells who comes and leaves, once for each person", async () => {
    const ada = await enter("Ada");
    await ask(ada, "chat:join-room", { roomId: "Lobby" });
    const events = [];
    for (const event of ["chat:user-joined", "chat:user-left", "chat:room-users"])
      ada.on(event, (data) => events.push([event, data]));
    const desk = await enter("Grace");
    const phone = await enter("Grace", { transports: ["polling"] });
    await ask(desk, "chat:join-room", { roomId: "Lobby" });
    await ask(phone, "chat:join-room", { roomId: "Lobby" });
    assert.deepEqual(await ask(desk, "chat:leave-room", { roomId: "Lobby" }), { roomId: "Lobby" });
    const left = once(ada, "chat:user-left");
    phone.disconnect();
    await left;
    await ask(ada, "chat:join-room", { roomId: "Lobby" });
    assert.deepEqual(events, [
      ["chat:user-joined", { roomId: "Lobby", name: "Grace" }],
      ["chat:room-users", { roomId: "Lobby", count: 2 }],
      ["chat:user-left", { roomId: "Lobby", name: "Grace" }],
      ["chat:room-users", { roomId: "Lobby", count: 1 }],
    ]);
  });

  test("lets a client be in 20 rooms and no more", async () => {
    const ada = await enter("Ada");
    for (let i = 0; i < 20; i += 1) assert.ok((await ask(ada, "chat:join-room", { roomId: `room ${i}` })).users);
    assert.match((await ask(ada, "chat:join-room", { roomId: "one more" })).error.message, /too many/);
    await ask(ada, "chat:leave-room", { roomId: "room 3" });
    assert.ok((await ask(ada, "chat:join-room", { roomId: "one more" })).users);
  });

  test("forgets empty rooms before there are too many, but never the lobby", async () => {
    for (const name of ["A", "B", "C", "D"]) {
      const socket = await enter(name);
      for (let i = 0; i < 20; i += 1) assert.ok((await ask(socket, "chat:join-room", { roomId: `${name}${i}` })).users);
      socket.disconnect();
    }
    const late = open({ auth: { name: "Late" } }, "/chat");
    const [{ rooms: list }] = await once(late, "chat:rooms");
    assert.equal(list.length, 64);
    assert.ok(list.some(({ roomId }) => roomId === "Lobby"));
    assert.ok(list.some(({ roomId }) => roomId === "D19"));
    assert.ok(!list.some(({ roomId }) => roomId === "A0"));
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
