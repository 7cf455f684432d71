// What the tests of agents and collections have in common.

import type { Locator, Page } from "@playwright/test";

/** The rows of a list, in their order. */
export function rows(page: Page, list: string): Locator {
  return page.getByRole("list", { name: list, exact: true }).locator("> li");
}
