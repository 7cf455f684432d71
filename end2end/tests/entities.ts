// What the tests of agents and collections have in common.

import AxeBuilder from "@axe-core/playwright";
import { type Locator, type Page, expect } from "@playwright/test";

import { live } from "../pages.ts";

/** The rows of a list, in their order. */
export function rows(page: Page, list: string): Locator {
  return page.getByRole("list", { name: list, exact: true }).locator("> li");
}

/** Opens a page and waits until it is hydrated, and events arrive there. */
export async function open(page: Page, path: string): Promise<void> {
  // What a page shows subscribes when its own part of the WASM has come to life, which may be
  // later than the connection.
  const subscribed = page.waitForEvent("websocket").then((socket) =>
    socket.waitForEvent("framesent", {
      predicate: ({ payload }) => String(payload).includes('"subscribe:'),
    }),
  );
  await page.goto(path);
  await subscribed;
  await live(page);
}

/** By how many pixels the page is wider than the screen. */
export function excessWidth(page: Page): Promise<number> {
  return page.evaluate(() => {
    const { scrollWidth, clientWidth } = document.documentElement;
    return scrollWidth - clientWidth;
  });
}

/** What axe finds on the page as it is now. */
export async function expectAccessible(page: Page): Promise<void> {
  const { violations } = await new AxeBuilder({ page }).analyze();
  expect(violations.map(({ id, nodes }) => [id, nodes.map((node) => node.html)])).toEqual([]);
}
