// Every page, something to see on each, and what holds on all of them.

import AxeBuilder from "@axe-core/playwright";
import { type Page, expect } from "@playwright/test";

import type { Server } from "./server.ts";
import { connect } from "./tests/steps.ts";

export const PAGES = [
  "/",
  "/demo/websocket",
  "/agents",
  "/agents/ada",
  "/chats",
  "/chats/plan",
  "/collections",
  "/collections/notes",
  "/events",
  "/connections",
  "/people",
  "/tokens",
];

/** Agents, a chat with a conversation in it, a collection. */
export async function fill(server: Server): Promise<void> {
  const api = connect(server);
  for (const [id, name, status] of [
    ["ada", "Ada", "working"],
    ["bob", "Bob", "error"],
    ["eve", "Eve", "waiting"],
  ] as const) {
    await api.post("/agents", {
      id,
      name,
      description: `${name} takes part.`,
      capabilities: ["reading", "writing"],
      metadata: { model: "m-1", limits: { tokens: 1000 } },
    });
    await api.put(`/agents/${id}/status`, { status, statusDetail: "on step 2" });
  }
  await api.post("/chats", {
    id: "plan",
    title: "The plan",
    participants: [
      { participantId: "ada", kind: "agent" },
      { participantId: "local", kind: "user" },
    ],
  });
  for (const content of ["Shall we **begin**?", "- one\n- two", "`code` and [a link](https://example.org)"]) {
    await api.post("/chats/plan/messages", { content });
  }
  await api.post("/collections", { id: "notes", name: "Notes", metadata: { pages: 3 } });
  await api.post("/notifications", { type: "info", message: "Everything is in place." });
}

/** Everything that the page says in the console, and every error. */
export function listen(page: Page): string[] {
  const heard: string[] = [];
  page.on("console", (message) => heard.push(`${message.type()}: ${message.text()}`));
  page.on("pageerror", (error) => heard.push(`error: ${error.message}`));
  return heard;
}

/** Opens a page and waits until it is live. */
export async function open(page: Page, path: string): Promise<void> {
  await page.goto(path);
  await live(page);
}

/** Until the page is live: it listens to what is done on it, and is connected to the hub. */
export async function live(page: Page): Promise<void> {
  await page.locator('html:not([data-asleep]) .connection-pill[data-state="live"]').waitFor();
}

/** By how many pixels the page, or that one element of it, is wider than what shows it. */
export function excessWidth(page: Page, selector = "html"): Promise<number> {
  return page.locator(selector).evaluate(({ scrollWidth, clientWidth }) => scrollWidth - clientWidth);
}

/** The page as it is now: axe finds nothing, and it is no wider than the screen. */
export async function expectFit(page: Page, where: string): Promise<void> {
  const { violations } = await new AxeBuilder({ page }).analyze();
  const found = violations.map(({ id, nodes }) => [id, nodes.map((node) => node.html)]);
  expect.soft(found, where).toEqual([]);
  expect.soft(await excessWidth(page), `${where} is wider than the screen`).toBe(0);
}
