// What holds on the pages of accounts: what tests/everywhere.spec.ts says of all others.

import type { BrowserContext } from "@playwright/test";

import { excessWidth, expectFit, listen, open } from "../pages.ts";
import { type Server, expect, test } from "../server.ts";
import { alive, ask, join, setUp } from "./accounts.ts";

// Each test looks at every page.
test.describe.configure({ timeout: 600_000 });

test.use({ flags: ["--auth", "required"] });

const PAGES = ["/people", "/tokens", "/profile"];
const ENTRANCES = ["/sign-in", "/welcome", "/welcome#c2VjcmV0"];

for (const [colorScheme, viewport] of [
  ["light", { width: 1440, height: 900 }],
  ["dark", { width: 360, height: 780 }],
] as const) {
  test(`axe finds nothing, and nothing is said in the console (${colorScheme})`, async ({
    page,
    context,
    server,
    browser,
  }) => {
    await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    await page.setViewportSize(viewport);
    const heard = listen(page);

    await server.setUpLink();
    for (const path of ENTRANCES) {
      await page.goto(path);
      await alive(page);
      await expectFit(page, `${path} of a new hub`);
    }
    await fill(context, server, await browser.newContext());
    for (const path of PAGES) {
      await open(page, path);
      await expectFit(page, path);
    }
    for (const [path, button] of [
      ["/people", "Invite somebody"],
      ["/people", "Change Vera Viewer"],
      ["/people", "Disable Vera Viewer"],
      ["/people", "New password link for Vera Viewer"],
      ["/tokens", "New token"],
      ["/tokens", "Revoke Ada's laptop"],
      ["/profile", "Sign out everywhere"],
    ] as const) {
      await open(page, path);
      await page.getByRole("button", { name: button }).click();
      await expect(page.getByRole("dialog")).toBeVisible();
      await expectFit(page, `${button} on ${path}`);
      const excess = await excessWidth(page, "dialog[open]");
      expect.soft(excess, `${button} on ${path} scrolls sideways`).toBe(0);
    }
    await context.clearCookies();
    for (const path of ENTRANCES) {
      await page.goto(path);
      await alive(page);
      await expectFit(page, path);
    }
    expect(heard).toEqual([]);
  });
}

/** Two people, two tokens. */
async function fill(context: BrowserContext, server: Server, other: BrowserContext) {
  await setUp(context, server);
  await join(context, server, other, "Vera Viewer", "viewer");
  await ask(context, server, "POST", "/agents", { id: "ada", name: "Ada" });
  await ask(context, server, "POST", "/tokens", { name: "Ada's laptop", agentId: "ada" });
  await ask(context, server, "POST", "/tokens", {
    name: "A script of mine",
    scopes: ["read"],
    expiresAt: "2099-01-31T12:00:00Z",
  });
}
