// A Colloquy server for each test, on a port and with data of its own.
//
//   import { test, expect } from "../server.ts";
//
//   test("a page loads", async ({ page, server }) => {
//     await page.goto("/demo/websocket");   // relative to the test's own server
//     await server.stop();                  // SIGTERM; `kill` sends SIGKILL
//     await server.start();                 // again: the same port and the same data
//   });
//
//   test.use({ flags: ["--auth", "required"] });   // what else the server is told

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

import { test as base } from "@playwright/test";

export { expect } from "@playwright/test";

export const test = base.extend<{ flags: string[]; server: Server }>({
  flags: [[], { option: true }],
  server: async ({ flags }, use, testInfo) => {
    const server = await Server.create(flags);
    try {
      await server.start();
      await use(server);
    } finally {
      await server.remove();
      if (testInfo.status !== testInfo.expectedStatus) {
        await testInfo.attach("server.log", { body: server.log });
      }
    }
  },
  baseURL: async ({ server }, use) => use(server.url),
});

const WORKSPACE = resolve(import.meta.dirname, "..");
const EXECUTABLE = process.env.E2E_SERVER ?? join(WORKSPACE, "target/debug/colloquy");

/** The browser: what `cargo xtask` has found, or Debian's. */
export const CHROMIUM = process.env.E2E_CHROMIUM ?? "/usr/bin/chromium-headless-shell";

/** How long a server may take to start or to stop, in milliseconds. */
const PATIENCE = 60_000;

export class Server {
  readonly url: string;
  /** Everything that the server has written so far. */
  log = "";

  private process?: ChildProcess;

  private constructor(
    private readonly port: number,
    private readonly data: string,
    private readonly flags: string[],
  ) {
    this.url = `http://127.0.0.1:${port}`;
  }

  static async create(flags: string[] = []): Promise<Server> {
    return new Server(await freePort(), await mkdtemp(join(tmpdir(), "colloquy-")), flags);
  }

  /** Starts the server, and returns when it answers. */
  async start(): Promise<void> {
    const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith("COLLOQUY_"));
    const args = ["serve", "--listen", `127.0.0.1:${this.port}`, "--data-dir", this.data, ...this.flags];
    const child = spawn(EXECUTABLE, args, {
      cwd: this.data,
      env: {
        ...Object.fromEntries(inherited),
        LEPTOS_SITE_ROOT: join(WORKSPACE, "target/site"),
      },
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.process = child;
    // Whoever ends the tests before they are done ends the servers, too.
    const end = () => child.kill("SIGKILL");
    process.once("exit", end);
    child.once("exit", () => process.off("exit", end));
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8").on("data", (text: string) => (this.log += text));
    }
    const ended = new Promise<never>((_, reject) => {
      child.once("error", reject);
      child.once("exit", (code, signal) => {
        reject(new Error(`the server ended (${code ?? signal}):\n${this.log}`));
      });
    });
    // Once it has started, its end is what a test asked for.
    ended.catch(() => {});
    await Promise.race([this.answers(), ended]);
  }

  /** Asks the server to stop, and returns its exit code. */
  stop(): Promise<number | null> {
    return this.end("SIGTERM");
  }

  /** The link that makes the first administrator, as the server last wrote it. */
  async setUpLink(): Promise<string> {
    const link = () => [...this.log.matchAll(/https?:\/\/[^\s"]+\/welcome#[\w-]+/g)].at(-1)?.[0];
    const giveUp = Date.now() + PATIENCE;
    while (Date.now() < giveUp) {
      const written = link();
      if (written) return written;
      await new Promise((done) => setTimeout(done, 50));
    }
    throw new Error(`the server wrote no set-up link:\n${this.log}`);
  }

  /** Ends the server as a power cut would. */
  async kill(): Promise<void> {
    await this.end("SIGKILL");
  }

  /** Ends the server for good, and removes its data. */
  async remove(): Promise<void> {
    await this.kill();
    await rm(this.data, { recursive: true, force: true });
  }

  private async answers(): Promise<void> {
    const giveUp = Date.now() + PATIENCE;
    while (Date.now() < giveUp) {
      const response = await fetch(`${this.url}/health`).catch(() => undefined);
      if (response?.ok) return;
      await new Promise((done) => setTimeout(done, 50));
    }
    throw new Error(`the server did not answer:\n${this.log}`);
  }

  private async end(signal: NodeJS.Signals): Promise<number | null> {
    const child = this.process;
    if (!child?.pid || child.exitCode !== null || child.signalCode !== null) {
      return child?.exitCode ?? null;
    }
    const exit = once(child, "exit", { signal: AbortSignal.timeout(PATIENCE) });
    child.kill(signal);
    await exit;
    return child.exitCode;
  }
}

/**
 * A port that nobody listens on; none of those that the system gives to connections, one of which
 * might have it while the server is stopped.
 */
async function freePort(): Promise<number> {
  for (let tries = 0; tries < 100; tries += 1) {
    const port = 10_000 + Math.floor(Math.random() * 20_000);
    const probe = createServer();
    const isFree = new Promise<boolean>((resolve) => {
      probe.once("listening", () => resolve(true)).once("error", () => resolve(false));
    });
    probe.listen(port, "127.0.0.1");
    if (await isFree) {
      probe.close();
      await once(probe, "close");
      return port;
    }
  }
  throw new Error("no port is free");
}
