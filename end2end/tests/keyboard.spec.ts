// Where the keyboard is once what had it is gone, and when a form is refused.

import type { Locator, Page } from "@playwright/test";

import { open } from "../pages.ts";
import { type Server, expect, test } from "../server.ts";
import { connect, hold, region } from "./steps.ts";

test("a subscription that is given up hands the keyboard on", async ({ page }) => {
  await open(page, "/demo/websocket");
  const panel = region(page, "Subscriptions");

  await handsOn(page, panel.getByRole("button", { name: /^Unsubscribe from / }));
  await expect(panel.getByRole("heading", { name: "Subscriptions" })).toBeFocused();
});

test("a participant who is removed hands the keyboard on", async ({ page, server }) => {
  await plan(server, ["ada", "bob", "eve"]);
  await open(page, "/chats/plan");

  await handsOn(page, page.getByRole("button", { name: /^Remove / }));
  await expect(page.getByRole("heading", { name: /^Participants/ })).toBeFocused();
});

test("whoever goes elsewhere before a participant is removed stays there", async ({
  page,
  server,
}) => {
  await plan(server, ["ada", "bob"]);
  await open(page, "/chats/plan");
  const leaving = await hold(page, "**/api/v1/chats/plan/participants/ada");
  await page.getByRole("button", { name: "Remove ada" }).press("Enter");
  await leaving.asked;
  const composer = page.getByLabel("Message", { exact: true });
  await composer.focus();
  leaving.release();

  await expect(page.getByRole("button", { name: "Remove ada" })).toHaveCount(0);
  await page.evaluate(() => new Promise(requestAnimationFrame));
  await expect(composer).toBeFocused();
});

test("whoever goes elsewhere before a participant is refused stays there", async ({
  page,
  server,
}) => {
  await plan(server, ["ada"]);
  await open(page, "/chats/plan");
  const joining = await hold(page, "**/api/v1/chats/plan/participants");
  const panel = page.getByRole("region", { name: "Participants" });
  await panel.getByLabel("Id").fill("nobody");
  await panel.getByRole("button", { name: "Add" }).press("Enter");
  await joining.asked;
  const composer = page.getByLabel("Message", { exact: true });
  await composer.focus();
  joining.release();

  await expect(panel.getByRole("alert").filter({ hasText: "No agent here is called" })).toBeVisible();
  await page.evaluate(() => new Promise(requestAnimationFrame));
  await expect(composer).toBeFocused();
});

test("whoever is taken off the list of a new chat hands the keyboard on", async ({ page, server }) => {
  for (const id of ["ada", "bob"]) await connect(server).post("/agents", { id, name: id });
  await open(page, "/chats");
  await page.getByRole("button", { name: "New chat" }).click();
  const dialog = page.getByRole("dialog", { name: "New chat" });
  for (const id of ["ada", "bob"]) {
    await dialog.getByLabel("Id").fill(id);
    await dialog.getByLabel("Id").press("Enter");
  }

  await handsOn(page, dialog.getByRole("button", { name: /off the list$/ }));
  await expect(dialog.getByRole("heading", { name: "Participants" })).toBeFocused();
});

test("a connection that is closed hands the keyboard on", async ({ page, context }) => {
  await open(page, "/connections");
  for (const path of ["/agents", "/chats"]) await open(await context.newPage(), path);
  const dialog = page.getByRole("dialog", { name: "Close this connection?" });

  await handsOn(page, page.getByRole("button", { name: /^Close the connection / }), async () => {
    await expect(dialog.getByRole("button", { name: "Cancel" })).toBeFocused();
    await dialog.getByRole("button", { name: "Close it" }).press("Enter");
  });
  await expect(page.getByText("Nobody is connected.")).toBeVisible();
  await expect(page.getByRole("heading", { level: 1 })).toBeFocused();
});

test("a token that is revoked hands the keyboard on", async ({ page, server }) => {
  const api = connect(server);
  await api.post("/agents", { id: "ada", name: "Ada" });
  for (const name of ["One", "Two", "Three"]) await api.post("/tokens", { name, agentId: "ada" });
  await open(page, "/tokens");
  const dialog = page.getByRole("dialog");

  await handsOn(page, page.getByRole("button", { name: /^Revoke / }), async () => {
    await expect(dialog.getByRole("button", { name: "Cancel" })).toBeFocused();
    await dialog.getByRole("button", { name: "Revoke" }).press("Enter");
  });
  await expect(page.getByText("There are no tokens here yet.")).toBeVisible();
  await expect(page.getByRole("heading", { level: 1 })).toBeFocused();
});

test("a capability that is taken out hands the keyboard on", async ({ page, server }) => {
  const capabilities = ["plan", "review", "write"];
  await connect(server).post("/agents", { id: "ada", name: "Ada", capabilities });
  await open(page, "/agents/ada");
  await page.getByRole("button", { name: "Edit" }).click();

  await handsOn(page, page.getByRole("button", { name: /^Remove / }));
  await expect(page.getByLabel("Capabilities", { exact: true })).toBeFocused();
});

test("a token without an agent and a name is refused at both, the keyboard at the first", async ({
  page,
  server,
}) => {
  await connect(server).post("/agents", { id: "ada", name: "Ada" });
  await open(page, "/tokens");
  await page.getByRole("button", { name: "New token" }).click();
  const dialog = page.getByRole("dialog", { name: "New token" });
  const agent = dialog.getByLabel("Agent", { exact: true });
  const name = dialog.getByLabel("Name", { exact: true });
  const make = dialog.getByRole("button", { name: "Make the token" });

  await make.press("Enter");
  await expect(agent).toHaveAccessibleDescription("Choose an agent.");
  await expect(name).toHaveAccessibleDescription(/^must not be empty/i);
  await expect(agent).toBeFocused();

  await agent.fill("ada");
  await make.press("Enter");
  await expect(name).toBeFocused();
  await expect(agent).toHaveAttribute("aria-invalid", "false");
  await name.fill("Ada's laptop");
  await make.press("Enter");
  await expect(page.getByRole("dialog", { name: "Copy the token now" })).toBeVisible();
});

/** A chat that these agents are in. */
async function plan(server: Server, ids: string[]): Promise<void> {
  const api = connect(server);
  for (const id of ids) await api.post("/agents", { id, name: id });
  const participants = ids.map((id) => ({ participantId: id, kind: "agent" }));
  await api.post("/chats", { id: "plan", title: "The plan", participants });
}

/**
 * Presses the middle one of three such buttons, and then those that have the keyboard: first that of the next
 * row, then that of the row before. `answer` answers what is asked before a row goes.
 */
async function handsOn(page: Page, buttons: Locator, answer = async () => {}): Promise<void> {
  await expect(buttons).toHaveCount(3);
  await buttons.nth(1).focus();
  for (const [left, place] of [
    [2, 1],
    [1, 0],
  ] as const) {
    await page.keyboard.press("Enter");
    await answer();
    await expect(buttons).toHaveCount(left);
    await expect(buttons.nth(place)).toBeFocused();
  }
  await page.keyboard.press("Enter");
  await answer();
  await expect(buttons).toHaveCount(0);
}
