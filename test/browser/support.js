// SPDX-License-Identifier: MIT
// Starting the programs and the browser.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const END_MS = 10000;
const root = fileURLToPath(new URL("../..", import.meta.url));
const build = path.resolve(process.env.BUILD ?? path.join(root, "build"));
const requireFromChat = createRequire(path.join(root, "examples/chat/package.json"));

export const { io } = requireFromChat("socket.io-client");

// Run a server program; resolves when it is listening.
export async function start(name, port = 0, ...more) {
  const child = spawn(path.join(build, name), ["--port", String(port), ...more], {
    cwd: root,
    stdio: ["ignore", "pipe", "inherit"],
  });
  const lines = createInterface({ input: child.stdout });
  const output = [];
  const exited = once(child, "exit");
  const listening = new Promise((resolve, reject) => {
    lines.on("line", (line) => {
      output.push(line);
      const match = /^listening on (\d+)$/.exec(line);
      if (match) resolve(Number(match[1]));
    });
    exited.then(([code]) => reject(new Error(`${name} ended with ${code} before it listened`)), reject);
  });

  listening.catch(() => {});
  const actualPort = await listening;
  return {
    port: actualPort,
    url: `http://127.0.0.1:${actualPort}`,
    output,
    // End it politely; it must go soon, and without an error.
    async stop(signal = "SIGTERM") {
      child.kill(signal);
      const patience = setTimeout(() => child.kill("SIGKILL"), END_MS);
      const [code, killedBy] = await exited;
      clearTimeout(patience);
      assert.deepEqual({ code, killedBy }, { code: 0, killedBy: null }, `${name} did not end properly`);
    },
  };
}

// A server on a port that nobody else is given while it is down: below the
// range from which the system takes free ports.
export async function startLasting(name) {
  for (let tries = 0; ; tries += 1) {
    try {
      return await start(name, 20000 + Math.floor(Math.random() * 10000));
    } catch (error) {
      if (tries === 5) throw error;
    }
  }
}

// Run a program to its end.
export async function run(name, ...args) {
  const child = spawn(path.join(build, name), args, { cwd: root, stdio: ["ignore", "pipe", "pipe"] });
  const texts = { stdout: "", stderr: "" };
  for (const stream of ["stdout", "stderr"]) child[stream].on("data", (data) => (texts[stream] += data));
  const [code] = await once(child, "close");
  return { code, ...texts };
}

// Headless Chromium of the system, with a profile of its own.
export async function launch() {
  const { chromium } = await import("playwright-core");
  const known = [process.env.CHROMIUM, "/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];
  const executablePath = known.find((file) => file && existsSync(file));
  assert.ok(executablePath, "there is no Chromium; its path can be given as CHROMIUM");
  return chromium.launch({
    executablePath,
    args: [
      "--headless",
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
    ],
  });
}

// Only where somebody wants to look: SCREENSHOTS names the folder.
export async function screenshot(page, name) {
  const folder = process.env.SCREENSHOTS;
  if (!folder) return;
  mkdirSync(folder, { recursive: true });
  await page.screenshot({ path: path.join(folder, `${name}.png`) });
}
