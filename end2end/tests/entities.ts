// What the tests of agents and collections have in common.

import { type Locator, type Page, expect } from "@playwright/test";

/** The rows of a list, in their order. */
export function rows(page: Page, list: string): Locator {
  return page.getByRole("list", { name: list, exact: true }).locator("> li");
}

/** Opens a page and waits until events arrive there. */
export async function open(page: Page, path: string): Promise<void> {
  await page.goto(path);
  await expect(page.locator(".connection-pill")).toHaveText("Live");
}

/** What the page says in the console, and every error that nothing caught. */
export function listen(page: Page): string[] {
  const heard: string[] = [];
  page.on("console", (message) => heard.push(`${message.type()}: ${message.text()}`));
  page.on("pageerror", (error) => heard.push(`uncaught: ${error.message}`));
  return heard;
}

/** By how many pixels the page is wider than the screen. */
export function excessWidth(page: Page): Promise<number> {
  return page.evaluate(() => {
    const { scrollWidth, clientWidth } = document.documentElement;
    return scrollWidth - clientWidth;
  });
}
