// Nothing is missed: not before the page is live, not while the connection is lost.

import type { Page, WebSocketRoute } from "@playwright/test";

import { live, open } from "../pages.ts";
import { expect, test } from "../server.ts";
import { connect, connection, history, hold, isLive, offered } from "./steps.ts";

const DEMO = "/demo/websocket";

test("what happens between rendering and hydration is not lost", async ({ page, server }) => {
  const code = await hold(page, "**/*.wasm");
  const requests: string[] = [];
  page.on("request", (request) => requests.push(new URL(request.url()).pathname));
  await page.goto(DEMO, { waitUntil: "commit" });
  await expect(connection(page)).toHaveText("Connecting");

  await connect(server).post("/agents", { id: "ada", name: "Ada" });
  code.release();

  await isLive(page);
  await expect(history(page)).toHaveText([/agent:created.*Ada.*replayed/]);
  await connect(server).post("/agents", { id: "bob", name: "Bob" });
  await expect(history(page)).toHaveText([/Bob/, /Ada/]);
  await expect(offered(page, "agents")).toHaveText(["Bob", "Ada"]);
  expect(requests.filter((path) => path.startsWith("/api/"))).toEqual([]);
});

test("the server stops and starts, and the missed events arrive", async ({ page, server }) => {
  const api = connect(server);
  await page.clock.install();
  await open(page, DEMO);
  await api.post("/agents", { id: "ada", name: "Ada" });
  await expect(history(page)).toHaveCount(1);

  expect(await server.stop()).toBe(0);
  await expect(connection(page)).toHaveText("Waiting to reconnect");
  // The page's clock stands still until the events are there, so that it does miss them.
  await page.clock.pauseAt(await page.evaluate(() => Date.now() + 60_000));
  await server.start();
  await api.post("/agents", { id: "bob", name: "Bob" });
  await api.put("/agents/ada/status", { status: "working" });
  await expect(history(page)).toHaveCount(1);
  await page.clock.resume();
  // However long the next attempt would be away.
  await page.clock.fastForward("01:00");

  await isLive(page);
  await expect(history(page)).toHaveText([
    /Back after [\d.]+ s.*The 2 missed events were replayed\./,
    /agent:statusChanged.*Ada.*replayed/,
    /agent:created.*Bob.*replayed/,
    /agent:created.*Ada/,
  ]);

  await api.post("/agents", { id: "eve", name: "Eve" });
  await expect(history(page).first()).toContainText(/agent:created.*Eve/);
  await expect(history(page).first()).not.toContainText("replayed");
  await expect(history(page)).toHaveCount(5);
});

test("disconnected by hand, the page catches up when it connects", async ({ page, server }) => {
  await open(page, DEMO);

  await page.getByRole("button", { name: "Disconnect" }).click();
  await expect(connection(page)).toHaveText("Disconnected");
  await connect(server).post("/agents", { id: "ada", name: "Ada" });
  await expect(history(page)).toHaveCount(0);
  await page.getByRole("button", { name: "Connect", exact: true }).click();

  await isLive(page);
  await expect(history(page)).toHaveText([
    /The one missed event was replayed/,
    /agent:created.*Ada.*replayed/,
  ]);
});

test("a replaced connection misses nothing and repeats nothing", async ({ page, server }) => {
  const api = connect(server);
  await open(page, DEMO);
  await api.post("/agents", { id: "ada", name: "Ada" });
  await expect(history(page)).toHaveCount(1);

  await page.getByRole("button", { name: "Reconnect" }).click();

  await expect(history(page)).toHaveText([/Nothing was missed/, /agent:created.*Ada/]);
  await isLive(page);
  // Whatever was repeated would be before it.
  await api.post("/agents", { id: "bob", name: "Bob" });
  await expect(history(page)).toHaveText([/agent:created.*Bob/, /Nothing was missed/, /agent:created.*Ada/]);
});

test("offline, the page waits; online again, it goes on at once", async ({ page, server }) => {
  const network = await unsteadyNetwork(page);
  const api = connect(server);
  await open(page, DEMO);

  await network.cut();
  await expect(connection(page)).toHaveText("Waiting to reconnect");
  await api.post("/agents", { id: "ada", name: "Ada" });
  // However long the next attempt would be away: the browser says when the network is back.
  await expect.poll(() => network.attempts).toBeGreaterThan(2);
  await expect(connection(page)).toHaveText("Waiting to reconnect");
  await network.mend();

  await isLive(page);
  await expect(history(page)).toHaveText([
    /Back after [\d.]+ s.*The one missed event was replayed\./,
    /agent:created.*Ada.*replayed/,
  ]);
});

test("a hub that fell silent is left, and what it did not say is replayed", async ({ page, server }) => {
  const network = await unsteadyNetwork(page);
  const api = connect(server);
  await page.clock.install();
  await open(page, DEMO);

  network.silence();
  await api.post("/agents", { id: "ada", name: "Ada" });
  // Nothing says that the connection is gone, but for the heartbeats that do not come.
  await page.clock.fastForward("01:00");

  await expect(history(page)).toHaveText([
    /Back after [\d.]+ s.*The one missed event was replayed\./,
    /agent:created.*Ada.*replayed/,
  ]);
  await isLive(page);
  expect(network.attempts).toBe(2);
});

test("when nothing can be replayed, the lists are refreshed", async ({ page, server }) => {
  const hub = await forgetfulHub(page);
  const api = connect(server);
  await open(page, DEMO);

  await page.getByRole("button", { name: "Disconnect" }).click();
  await api.post("/agents", { id: "ada", name: "Ada" });
  hub.forgets = true;
  await page.getByRole("button", { name: "Connect", exact: true }).click();

  await isLive(page);
  await expect(history(page)).toHaveText([/the lists are refreshed/]);
  await expect(offered(page, "agents")).toHaveText(["Ada"]);
  await api.post("/agents", { id: "bob", name: "Bob" });
  await expect(history(page).first()).toContainText(/agent:created.*Bob/);
  await expect(offered(page, "agents")).toHaveText(["Bob", "Ada"]);
});

test("a page that comes too late for a replay says so once", async ({ page, server }) => {
  const hub = await forgetfulHub(page);
  hub.forgets = true;
  const loads: string[] = [];
  page.on("requestfinished", (request) => loads.push(new URL(request.url()).pathname));

  await open(page, DEMO);
  await expect(history(page)).toHaveText([/the lists are refreshed/]);
  await expect.poll(() => loads).toContain("/api/v1/collections");
  // Whatever was said again would be before it.
  await connect(server).post("/agents", { id: "ada", name: "Ada" });
  await expect(history(page)).toHaveText([/agent:created.*Ada/, /the lists are refreshed/]);
  await expect(page.getByRole("alert").filter({ hasText: "could not be refreshed" })).toHaveCount(0);
});

test("a page whose code cannot come from the hub comes when it can", async ({ page }) => {
  const network = await unsteadyNetwork(page);
  await open(page, "/chats");
  await page.evaluate(() => document.documentElement.setAttribute("data-same", ""));

  await network.cut();
  await expect(page.locator(".connection-pill")).toHaveAttribute("data-state", "waiting");
  await page.getByRole("link", { name: "Agents" }).click();
  await expect(page.locator(".toast")).toContainText(/could not be loaded.*tried again/);
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Chats");
  await network.mend();

  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Agents");
  await expect(page).toHaveURL(/\/agents$/);
  await expect(page.locator(".toast")).toHaveCount(0);
  await expect(page.locator("html")).toHaveAttribute("data-same");
});

test("a page whose code cannot come while the connection is live comes when it can", async ({ page }) => {
  await open(page, "/chats");
  await page.evaluate(() => document.documentElement.setAttribute("data-same", ""));
  // The network for everything but the socket is gone.
  await page.route("**/health", (route) => route.abort());
  await page.route("**/*.wasm", (route) => route.abort());

  await page.getByRole("link", { name: "Agents" }).click();
  await expect(page.locator(".toast")).toContainText(/could not be loaded.*tried again/);
  await expect(page.locator(".connection-pill")).toHaveAttribute("data-state", "live");
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Chats");
  await page.unroute("**/*.wasm");

  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Agents");
  await expect(page).toHaveURL(/\/agents$/);
  await expect(page.locator(".toast")).toHaveCount(0);
  await expect(page.locator("html")).toHaveAttribute("data-same");
});

test("another page is gone to while the code of one cannot come", async ({ page }) => {
  const network = await unsteadyNetwork(page);
  await open(page, "/chats");
  await network.cut();
  await expect(page.locator(".connection-pill")).toHaveAttribute("data-state", "waiting");
  await page.getByRole("link", { name: "Agents" }).click();
  await expect(page.locator(".toast")).toBeVisible();
  await network.mend();

  await page.locator("nav").getByRole("link", { name: "Live", exact: true }).click();
  await isLive(page);
  await expect(page).toHaveURL(/\/demo\/websocket$/);
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("What happens, as it happens");
});

test("the page that is there stays alive while the code of several cannot come", async ({ page }) => {
  const network = await unsteadyNetwork(page);
  let failures = 0;
  page.on("requestfailed", (request) => {
    if (request.url().includes(".wasm")) failures += 1;
  });
  const failsAgain = async (act: () => Promise<void>) => {
    const before = failures;
    await act();
    await expect.poll(() => failures).toBeGreaterThan(before);
  };
  const heading = page.getByRole("heading", { level: 1 });
  await page.clock.install();
  await open(page, "/chats");
  await page.evaluate(() => document.documentElement.setAttribute("data-same", ""));

  await network.cut();
  await expect(page.locator(".connection-pill")).toHaveAttribute("data-state", "waiting");
  for (const name of ["Agents", "Live", "Agents"]) {
    const link = page.locator("nav").getByRole("link", { name, exact: true });
    await failsAgain(() => link.click());
  }
  // Every one of them is tried again, or given up.
  for (let round = 0; round < 3; round += 1) await failsAgain(() => page.clock.fastForward("00:03"));
  await expect(heading).toHaveText("Chats");
  await page.getByRole("button", { name: "New chat" }).click();
  await expect(page.getByRole("dialog", { name: "New chat" })).toBeVisible();
  await page.keyboard.press("Escape");
  await network.mend();

  await expect(heading).toHaveText("Agents");
  await expect(page).toHaveURL(/\/agents$/);
  await expect(page.locator(".toast")).toHaveCount(0);
  await expect(page.locator("html")).toHaveAttribute("data-same");
});

test("another agent is gone to while the code of the first is on its way", async ({ page, server }) => {
  const api = connect(server);
  await api.post("/agents", { id: "ada", name: "Ada" });
  await api.post("/agents", { id: "bob", name: "Bob" });
  const participants = ["ada", "bob"].map((participantId) => ({ participantId, kind: "agent" }));
  await api.post("/chats", { id: "plan", title: "The plan", participants });
  await open(page, "/chats/plan");
  const heading = page.getByRole("heading", { level: 1 });
  const code = await hold(page, "**/*.wasm");

  await page.getByRole("link", { name: "Ada", exact: true }).click();
  await code.asked;
  await page.getByRole("link", { name: "Bob", exact: true }).click();
  await expect(page).toHaveURL(/\/agents\/bob$/);
  await expect(heading).toHaveText("The plan");
  code.release();

  await expect(heading).toHaveText("Bob");
  await live(page);
  await api.patch("/agents/bob", { name: "Robert" });
  await expect(heading).toHaveText("Robert");
});

test("a page whose code does not fit any more is loaded anew", async ({ page }) => {
  await open(page, "/chats");
  await page.evaluate(() => document.documentElement.setAttribute("data-same", ""));
  await page.route("**/*.wasm", (route) => route.fulfill({ body: "of another version" }), { times: 1 });

  await page.getByRole("link", { name: "Agents" }).click();

  await expect(page.locator("html:not([data-same])")).toBeAttached();
  await expect(page).toHaveURL(/\/agents$/);
  await live(page);
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Agents");
});

/** A hub whose log does not hold what was missed, when it forgets: it says so, and replays nothing. */
async function forgetfulHub(page: Page): Promise<{ forgets: boolean }> {
  const state = { forgets: false };
  await page.routeWebSocket(/\/ws$/, (socket) => {
    const hub = socket.connectToServer();
    hub.onMessage((text) => {
      const frame = JSON.parse(String(text));
      if (state.forgets && frame.replay) return;
      if (state.forgets && frame.ok?.recovered) frame.ok.recovered = false;
      socket.send(JSON.stringify(frame));
    });
  });
  return state;
}

/** A network that can be cut, and on which what was sent can get lost without a word. */
async function unsteadyNetwork(page: Page) {
  const open = new Set<WebSocketRoute>();
  let isCut = false;
  let isSilent = (_: WebSocketRoute) => false;
  const network = {
    /** How often a connection was tried. */
    attempts: 0,
    async cut() {
      await page.context().setOffline(true);
      isCut = true;
      for (const socket of open) void socket.close({ code: 1012 });
    },
    async mend() {
      isCut = false;
      await page.context().setOffline(false);
    },
    /** The connections that are open now bring nothing any more, and do not end. */
    silence() {
      const silent = new Set(open);
      isSilent = (socket) => silent.has(socket);
    },
  };
  await page.routeWebSocket(/\/ws$/, (socket) => {
    network.attempts += 1;
    if (isCut) {
      void socket.close({ code: 1012 });
      return;
    }
    open.add(socket);
    const hub = socket.connectToServer();
    socket.onMessage((text) => {
      if (!isSilent(socket)) hub.send(text);
    });
    hub.onMessage((text) => {
      if (!isSilent(socket)) socket.send(text);
    });
  });
  return network;
}
