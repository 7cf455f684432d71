// Where the keyboard is once what had it is gone, and when a form is refused.

import type { Locator, Page } from "@playwright/test";

import { open } from "../pages.ts";
import { type Server, expect, test } from "../server.ts";
import { PASSWORD, ask, join, setUp } from "./accounts.ts";
import { connect, history, hold, region } from "./steps.ts";

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

  await handsOn(page, dialog.getByRole("button", { name: /^Remove / }));
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
  await revokeAll(page);
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
  const make = dialog.getByRole("button", { name: "Create token" });

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

test("whoever joins a chat is at its participants then", async ({ page, server }) => {
  await plan(server, ["ada"]);
  await open(page, "/chats/plan");
  const joining = page.getByRole("button", { name: "Join the chat yourself" });

  await joining.press("Enter");
  await expect(joining).toHaveCount(0);
  await expect(page.getByRole("heading", { name: /^Participants/ })).toBeFocused();
});

test("whoever put the keyboard nowhere keeps it there", async ({ page, server }) => {
  await plan(server, ["ada", "bob"]);
  await open(page, "/chats/plan");
  await page.route("**/api/v1/chats/plan/participants/ada", (route) => route.abort());
  const remove = page.getByRole("button", { name: "Remove ada" });
  await remove.press("Enter");
  await expect(page.getByText("The server cannot be reached.")).toBeVisible();
  await expect(remove).toBeFocused();
  await remove.blur();
  await page.evaluate(() => new Promise(requestAnimationFrame));

  await connect(server).delete("/chats/plan/participants/ada");
  await expect(remove).toHaveCount(0);
  await page.evaluate(() => new Promise(requestAnimationFrame));
  await expect(page.locator(":focus")).toHaveCount(0);
});

test("a message is written on after another try, and after a reply is cancelled", async ({
  page,
  server,
}) => {
  await plan(server, ["ada"]);
  await connect(server).post("/chats/plan/messages", { content: "Tea or coffee?" }, "ada");
  await open(page, "/chats/plan");
  const composer = page.getByLabel("Message", { exact: true });
  const messages = page.getByRole("log", { name: "Messages" }).locator(".message");
  await page.route("**/api/v1/chats/plan/messages", (route) => route.abort());
  await composer.fill("Tea.");
  await composer.press("Enter");
  const again = page.getByRole("button", { name: "Try again" });
  await expect(again).toBeVisible();
  await page.unroute("**/api/v1/chats/plan/messages");

  await again.press("Enter");
  await expect(messages).toHaveText([/Tea or coffee\?/, /Tea\./]);
  await expect(again).toHaveCount(0);
  await expect(composer).toBeFocused();

  await messages.first().getByRole("button", { name: "Reply to ada" }).press("Enter");
  const cancel = page.getByRole("button", { name: "Cancel the reply" });
  await cancel.press("Enter");
  await expect(cancel).toHaveCount(0);
  await expect(composer).toBeFocused();
});

test("a quotation leads the keyboard to the message", async ({ page, server }) => {
  await plan(server, ["ada"]);
  const api = connect(server);
  const { id } = await api.post("/chats/plan/messages", { content: "Tea or coffee?" }, "ada");
  await api.post("/chats/plan/messages", { content: "Tea.", replyTo: id });
  await open(page, "/chats/plan");

  await page.getByRole("button", { name: "ada: Tea or coffee?" }).press("Enter");
  await expect(page.locator(`[data-message="${id}"]`)).toBeFocused();
});

test("another try to load a list leads to the page's heading", async ({ page }) => {
  await open(page, "/agents");
  await page.route("**/api/v1/collections?*", (route) => route.abort());
  await page.getByRole("link", { name: "Collections" }).click();
  const again = page.getByRole("button", { name: "Try again" });
  await expect(again).toBeVisible();
  await page.unroute("**/api/v1/collections?*");

  await again.press("Enter");
  await expect(page.getByText("There are no collections yet.")).toBeVisible();
  await expect(page.getByRole("heading", { level: 1 })).toBeFocused();
});

test("filters that are cleared lead to the page's heading", async ({ page }) => {
  await open(page, "/events?topic=agent:ada");
  const clear = page.getByRole("link", { name: "Clear" });

  await clear.press("Enter");
  await expect(clear).toHaveCount(0);
  await expect(page.getByRole("heading", { level: 1 })).toBeFocused();
});

test("a notice that is closed hands the keyboard on to the next", async ({ page, server }) => {
  await open(page, "/agents");
  for (const message of ["One", "Two", "Three"]) {
    await connect(server).post("/notifications", { type: "error", message });
  }
  const closing = page.getByRole("button", { name: "Close the notice" });
  await expect(closing).toHaveCount(3);

  await closing.first().press("Enter");
  await expect(closing).toHaveCount(2);
  await expect(closing.first()).toBeFocused();
  await page.keyboard.press("Escape");
  await expect(closing).toHaveCount(1);
  await expect(closing).toBeFocused();
  await page.keyboard.press("Enter");
  await expect(closing).toHaveCount(0);
  await expect(page.getByRole("heading", { level: 1 })).toBeFocused();
});

test("what is done with the history leaves the keyboard in it", async ({ page, server }) => {
  const api = connect(server);
  await open(page, "/demo/websocket");
  const list = page.getByRole("listbox", { name: "Events" });
  await api.post("/agents", { id: "ada", name: "Ada" });
  await history(page).first().click();
  const close = page.getByRole("button", { name: "Close the payload" });
  await close.press("Enter");
  await expect(close).toHaveCount(0);
  await expect(list).toBeFocused();

  await page.getByRole("button", { name: "Pause" }).press("Enter");
  await api.post("/agents", { id: "bob", name: "Bob" });
  const waiting = page.getByRole("button", { name: "1 new" });
  await waiting.press("Enter");
  await expect(waiting).toHaveCount(0);
  await expect(list).toBeFocused();

  const clear = page.getByRole("button", { name: "Clear" });
  await clear.press("Enter");
  await expect(history(page)).toHaveCount(0);
  await expect(clear).toBeDisabled();
  await expect(clear).toBeFocused();
});

test.describe("where people sign in", () => {
  test.use({ flags: ["--auth", "required"] });

  test("a session that is ended hands the keyboard on", async ({ page, context, server, browser }) => {
    const { email } = await setUp(context, server);
    for (let number = 0; number < 3; number += 1) {
      const other = await browser.newContext({ baseURL: server.url });
      await ask(other, server, "POST", "/session", { email, password: PASSWORD });
    }
    await open(page, "/profile");
    const logins = region(page, "Where you are signed in");
    const others = logins.getByRole("button", { name: /^Sign out .+ at / });
    await expect(others).toHaveCount(3);

    for (const left of [2, 1, 0]) {
      await others.first().press("Enter");
      await expect(others).toHaveCount(left);
      await expect(logins.locator("td button:focus")).toHaveCount(1);
    }
    await expect(logins.getByRole("button", { name: "Sign out here" })).toBeFocused();
  });

  test("one's own token that is revoked hands the keyboard on", async ({ page, context, server }) => {
    await setUp(context, server);
    for (const name of ["One", "Two", "Three"]) await ask(context, server, "POST", "/tokens", { name });
    await open(page, "/profile");
    await revokeAll(page);
    await expect(region(page, "Your tokens").getByRole("heading", { name: "Your tokens" })).toBeFocused();
  });

  test("whoever is disabled and enabled again keeps the keyboard in their row", async ({
    page,
    context,
    server,
    browser,
  }) => {
    await setUp(context, server);
    await join(context, server, await browser.newContext({ baseURL: server.url }), "Bob Member", "member");
    await open(page, "/people");
    const disable = page.getByRole("button", { name: "Disable Bob Member" });
    const enable = page.getByRole("button", { name: "Enable Bob Member" });
    const change = page.getByRole("button", { name: "Change Bob Member" });

    await disable.press("Enter");
    await page.getByRole("dialog").getByRole("button", { name: "Disable" }).press("Enter");
    await expect(enable).toBeVisible();
    await expect(change).toBeFocused();
    await enable.press("Enter");
    await expect(disable).toBeVisible();
    await expect(change).toBeFocused();
  });
});

/** A chat that these agents are in. */
async function plan(server: Server, ids: string[]): Promise<void> {
  const api = connect(server);
  for (const id of ids) await api.post("/agents", { id, name: id });
  const participants = ids.map((id) => ({ participantId: id, kind: "agent" }));
  await api.post("/chats", { id: "plan", title: "The plan", participants });
}

/** Revokes one token after the other, with the keyboard. */
async function revokeAll(page: Page): Promise<void> {
  const dialog = page.getByRole("dialog");
  await handsOn(page, page.getByRole("button", { name: /^Revoke / }), async () => {
    await expect(dialog.getByRole("button", { name: "Cancel" })).toBeFocused();
    await dialog.getByRole("button", { name: "Revoke" }).press("Enter");
  });
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
