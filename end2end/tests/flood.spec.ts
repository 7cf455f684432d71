// Very many events: the page stays quick, and nothing is lost.

import type { Page } from "@playwright/test";

import { open } from "../pages.ts";
import { expect, test } from "../server.ts";
import { history, region } from "./steps.ts";

const DEMO = "/demo/websocket";

// A trace of every change of the page would take longer than the changes.
test.use({ trace: "off" });

test("10,000 events are held, and the rows that can be seen are in the page", async ({ page }) => {
  const flood = await floodable(page);
  await open(page, DEMO);

  await flood.send(10_050);

  const panel = region(page, "Live history");
  await expect(panel).toContainText("the latest 10,000 entries", { timeout: 60_000 });
  await expect(history(page).first()).toContainText("step 10050");
  expect(await history(page).count()).toBeLessThan(100);
  await page.getByRole("listbox", { name: "Events" }).focus();
  await page.keyboard.press("End");
  await expect(history(page).last()).toContainText("step 51");
  await expect(history(page).last()).toBeInViewport();
  expect(await history(page).count()).toBeLessThan(100);

  await page.getByLabel("Text in the events").fill("step 9999");
  await expect(history(page)).toHaveCount(1);
  await expect(panel).toContainText("1 of 10,000 entries");
});

test("what one reads stays where it is while events come", async ({ page }) => {
  const flood = await floodable(page);
  await open(page, DEMO);
  await flood.send(500);
  await expect(history(page).first()).toContainText("step 500");

  const list = page.getByRole("listbox", { name: "Events" });
  await list.evaluate((element) => element.scrollTo(0, 4_000));
  const read = history(page).filter({ hasText: "step 395" });
  await expect(read).toBeInViewport();
  const before = await read.boundingBox();
  await flood.send(300);

  await expect(page.getByRole("button", { name: "300 new" })).toBeVisible();
  expect(await read.boundingBox()).toEqual(before);
  await page.getByRole("button", { name: "300 new" }).click();
  await expect(history(page).first()).toContainText("step 800");
  await expect(history(page).first()).toBeInViewport();
});

declare global {
  interface Window {
    bring: (text: string) => void;
  }
}

/** Lets a page's socket bring as many status changes as one likes, beside what the hub sends. */
async function floodable(page: Page) {
  await page.addInitScript(() => {
    window.WebSocket = class extends WebSocket {
      constructor(url: string | URL) {
        super(url);
        window.bring = (text) => this.dispatchEvent(new MessageEvent("message", { data: text }));
      }
    };
  });
  let sent = 0;
  return {
    async send(count: number) {
      const events = Array.from({ length: count }, () => statusChanged(++sent));
      await page.evaluate((events) => events.forEach((event) => window.bring(event)), events);
    },
  };
}

/** The event with that offset. */
function statusChanged(offset: number): string {
  const timestamp = new Date().toISOString();
  const agent = {
    id: `agent-${offset % 50}`,
    name: `Agent ${offset % 50}`,
    description: "One of many.",
    status: "working",
    statusDetail: `step ${offset}`,
    capabilities: ["read", "write"],
    metadata: { team: "blue", place: [1, 2, 3] },
    createdAt: timestamp,
    updatedAt: timestamp,
    version: offset,
  };
  const payload = { agentId: agent.id, agent, userId: "local", timestamp };
  return JSON.stringify({ event: "agent:statusChanged", payload, offset });
}
