// Coming in and going out, as people do it.

import type { Browser, BrowserContext } from "@playwright/test";

import { listen, open } from "../pages.ts";
import { type Server, expect, test } from "../server.ts";
import { PASSWORD, alive, ask, join, offered, secret, setUp, signIn } from "./accounts.ts";
import { hold, holdAnswer, region } from "./steps.ts";

test.use({ flags: ["--auth", "required"] });

/** Where everybody is listed, in parts. */
const LIST = "**/api/v1/people?*";

/** A browser of its own, with cookies of its own. */
async function another(browser: Browser, server: Server): Promise<BrowserContext> {
  return browser.newContext({ baseURL: server.url });
}

test("the set-up link makes the first administrator, once", async ({ page, server, browser }) => {
  const heard = listen(page);
  await page.goto("/chats?q=plan");
  await expect(page).toHaveURL("/sign-in?next=%2Fchats%3Fq%3Dplan");
  await expect(page.getByText("This hub is new")).toBeVisible();

  const link = await server.setUpLink();
  await page.goto(link);
  // What the link is all about is in the address no longer, nor anywhere else.
  await expect(page).toHaveURL("/welcome");
  await page.getByLabel("Name").fill("Ada Admin");
  await page.getByLabel("E-mail address").fill("ada@example.org");
  await page.getByRole("button", { name: "Show: Password" }).click();
  await expect(page.getByLabel("Password", { exact: true })).toHaveAttribute("type", "text");
  await page.getByRole("button", { name: "Hide: Password" }).click();
  await page.getByLabel("Password", { exact: true }).fill("password");
  await page.keyboard.press("Enter");
  await expect(page.getByLabel("Password", { exact: true })).toHaveAttribute("aria-invalid", "true");

  await page.getByLabel("Password", { exact: true }).fill(PASSWORD);
  await page.keyboard.press("Enter");
  await expect(page.getByRole("heading", { level: 1, name: "Overview" })).toBeVisible();
  await expect(page.getByRole("link", { name: "Ada Admin" })).toContainText("admin");
  expect(await offered(page)).toEqual(expect.arrayContaining(["People", "Tokens"]));
  // The browser itself tells of an answer with 422, and of nothing else.
  expect(heard.filter((line) => !line.includes("422"))).toEqual([]);

  const other = await (await another(browser, server)).newPage();
  await other.goto(link);
  await expect(other).toHaveURL("/welcome");
  await other.getByLabel("Password", { exact: true }).fill(PASSWORD);
  await other.getByRole("button", { name: "Set password" }).click();
  await expect(other.getByRole("alert").filter({ hasText: "does not work" })).toBeVisible();
});

test("a link without its end is told apart from a good one", async ({ page, server }) => {
  await server.setUpLink();
  await page.goto("/welcome");
  await expect(page.getByText("needs the whole one-time link")).toBeVisible();
});

test("somebody who is invited comes in, and finds what they may do", async ({
  page,
  context,
  server,
  browser,
}) => {
  await setUp(context, server);
  await ask(context, server, "POST", "/agents", { id: "ada", name: "Ada" });
  await ask(context, server, "POST", "/chats", { id: "plan", title: "The plan" });
  await ask(context, server, "POST", "/chats/plan/messages", { content: "Begin." });
  await open(page, "/people");
  await page.getByRole("button", { name: "Invite somebody" }).click();
  await page.getByLabel("Name").fill("Vera Viewer");
  await page.getByLabel("E-mail address").fill("nonsense");
  await page.getByRole("radio", { name: "viewer" }).check();
  await page.keyboard.press("Enter");
  await expect(page.getByLabel("E-mail address")).toHaveAttribute("aria-invalid", "true");
  await page.getByLabel("E-mail address").fill("vera@example.org");
  await page.keyboard.press("Enter");
  const link = await page.getByLabel("One-time link", { exact: true }).inputValue();
  await page.getByRole("button", { name: "I have copied it" }).click();
  const row = page.getByRole("row", { name: /Vera Viewer/ });
  await expect(row).toContainText("invited");
  expect(await page.content()).not.toContain(secret(link));

  const viewer = await (await another(browser, server)).newPage();
  await viewer.goto(link);
  await viewer.getByLabel("Password", { exact: true }).fill(PASSWORD);
  await viewer.getByRole("button", { name: "Set password" }).click();
  await expect(viewer.getByRole("link", { name: "Vera Viewer" })).toContainText("viewer");
  // The admin's page sees it by itself.
  await expect(row).toContainText("active");

  // Out, and in again: to where one wanted to go.
  await viewer.getByRole("button", { name: "Sign out" }).click();
  await expect(viewer).toHaveURL("/sign-in");
  await viewer.goto("/chats/plan");
  await alive(viewer);
  await signIn(viewer, "vera@example.org", "a wrong password");
  await expect(viewer.getByRole("alert").filter({ hasText: "is wrong" })).toBeVisible();
  await signIn(viewer, " VERA@example.org", PASSWORD);
  await expect(viewer).toHaveURL("/chats/plan");
  await expect(viewer.getByText("Begin.")).toBeVisible();

  // What a viewer may not do is not offered.
  expect(await offered(viewer)).not.toContain("People");
  await expect(viewer.getByText("viewers cannot write")).toBeVisible();
  await expect(viewer.getByRole("textbox", { name: "Message" })).toHaveCount(0);
  for (const name of ["Edit", "Delete…", "Reply to Ada Admin"]) {
    await expect(viewer.getByRole("button", { name })).toHaveCount(0);
  }
  for (const path of ["/agents", "/chats", "/collections"]) {
    await open(viewer, path);
    await expect(viewer.getByRole("button", { name: /^(New|Create)/ })).toHaveCount(0);
  }
  await open(viewer, "/agents/ada");
  await expect(viewer.getByRole("button", { name: "Set status" })).toHaveCount(0);
  await open(viewer, "/demo/websocket");
  await expect(viewer.getByRole("region", { name: "Make something happen" })).toHaveCount(0);
  await viewer.keyboard.press("Control+k");
  await viewer.getByRole("combobox", { name: "Name, id or command" }).fill("e");
  const lines = viewer.getByRole("listbox", { name: "Results" }).getByRole("option");
  await expect(lines.filter({ hasText: "Overview" })).toBeVisible();
  for (const words of ["Create an agent", "Create a chat", "Create a collection", "People", "Notify"]) {
    await expect(lines.filter({ hasText: words })).toHaveCount(0);
  }
  await viewer.keyboard.press("Escape");

  // A changed role is on the open page by itself.
  await open(viewer, "/chats");
  await page.getByRole("button", { name: "Change Vera Viewer" }).click();
  await page.getByRole("radio", { name: "member" }).check();
  await page.getByRole("button", { name: "Save" }).click();
  await expect(row).toContainText("member");
  await expect(viewer.getByRole("button", { name: "New chat" })).toBeVisible();

  // A disabled person is out at once.
  await page.getByRole("button", { name: "Disable Vera Viewer" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Disable" }).click();
  await expect(row).toContainText("disabled");
  await expect(viewer.getByRole("dialog", { name: "Sign in again" })).toBeVisible();
  await viewer.getByLabel("Password", { exact: true }).fill(PASSWORD);
  await viewer.keyboard.press("Enter");
  await expect(viewer.getByRole("alert").filter({ hasText: "is wrong" })).toBeVisible();
});

test("an empty hub tells a viewer of no button that they do not have", async ({
  page,
  context,
  server,
  browser,
}) => {
  const admin = await another(browser, server);
  await setUp(admin, server);
  await join(admin, server, context, "Vera Viewer", "viewer");
  const managing = await admin.newPage();
  for (const path of ["/agents", "/chats", "/collections"]) {
    await open(page, path);
    await expect(page.getByText("What others do shows up here.")).toBeVisible();
    await expect(page.getByText("with the button above")).toHaveCount(0);
    await open(managing, path);
    await expect(managing.getByText("with the button above")).toBeVisible();
  }
  await open(page, "/events");
  await expect(page.getByText("What others do shows up here.")).toBeVisible();
  await expect(page.getByText("Create an agent")).toHaveCount(0);
  await open(managing, "/events");
  await expect(managing.getByText("Create an agent, or let")).toBeVisible();
  await admin.close();
});

test("the palette leads to one's profile, and signs out", async ({ page, context, server }) => {
  await setUp(context, server);
  await open(page, "/events");
  const field = page.getByRole("combobox", { name: "Name, id or command" });
  const lines = page.getByRole("listbox", { name: "Results" }).getByRole("option");
  const run = async (words: string, name: string) => {
    await page.keyboard.press("Control+k");
    await field.fill(words);
    await expect(lines.and(page.getByRole("option", { selected: true }))).toContainText(name);
    await field.press("Enter");
  };

  await run("prof", "Profile");
  await expect(page.getByRole("heading", { level: 1, name: "Profile" })).toBeVisible();
  await run("sign", "Sign out");
  await expect(page).toHaveURL("/sign-in");
});

test("a long name leaves the state of the connection on one line", async ({ page, context, server }) => {
  await setUp(context, server);
  const name = "Ada Augusta of Lovelace ".repeat(8).trim();
  await ask(context, server, "PATCH", "/profile", { name });
  await page.setViewportSize({ width: 1440, height: 900 });
  await open(page, "/demo/websocket");

  const bar = region(page, "Connection");
  await expect(bar.getByText(name, { exact: true })).toBeVisible();
  const middle = (part: string) =>
    bar.locator(part).evaluate((it) => {
      const { top, bottom } = it.getBoundingClientRect();
      return (top + bottom) / 2;
    });
  for (const part of [".facts", ".controls"]) {
    expect(Math.abs((await middle(part)) - (await middle(".connection-text"))), part).toBeLessThan(2);
  }
});

test("what is typed of somebody else while a link is being made stays", async ({ page, context, server }) => {
  await setUp(context, server);
  await open(page, "/people");
  await page.getByRole("button", { name: "Invite somebody" }).click();
  const inviting = page.getByRole("dialog", { name: "Invite somebody" });
  const name = inviting.getByLabel("Name");
  await name.fill("Vera Viewer");
  await inviting.getByLabel("E-mail address").fill("vera@example.org");
  const making = await hold(page, "**/api/v1/people");
  await inviting.getByRole("button", { name: "Create link" }).click();
  await making.asked;
  await name.fill("Bob Member");
  making.release();

  const link = page.getByRole("dialog", { name: "A link for Vera Viewer" });
  await link.getByRole("button", { name: "I have copied it" }).click();
  await expect(name).toHaveValue("Bob Member");
  await page.reload();
  await alive(page);
  await page.getByRole("button", { name: "Invite somebody" }).click();
  await expect(name).toHaveValue("Bob Member");
});

test("a late answer about somebody leaves the dialogs about somebody else", async ({
  page,
  context,
  server,
  browser,
}) => {
  await setUp(context, server);
  const vera = await join(context, server, await another(browser, server), "Vera Viewer", "viewer");
  await join(context, server, await another(browser, server), "Bob Member", "member");
  await open(page, "/people");
  const dialog = page.getByRole("dialog");
  const [name, save] = [dialog.getByLabel("Name"), dialog.getByRole("button", { name: "Save" })];
  await page.getByRole("button", { name: "Change Vera Viewer" }).click();
  // There is nothing to save yet.
  await expect(save).toBeDisabled();
  await name.fill("Vera Visitor");
  const change = await hold(page, `**/api/v1/people/${vera.id}`);
  await save.click();
  await change.asked;
  await page.keyboard.press("Escape");
  await page.getByRole("button", { name: "Change Bob Member" }).click();
  await name.fill("Bob Builder");
  change.release();
  await expect(page.getByText("Vera Visitor was changed.")).toBeVisible();
  await expect(name).toHaveValue("Bob Builder");
  await save.click();
  await expect(page.getByText("Bob Builder was changed.")).toBeVisible();
  await expect(dialog).toBeHidden();

  const disable = dialog.getByRole("button", { name: "Disable" });
  const disabling = await hold(page, `**/api/v1/people/${vera.id}`);
  await page.getByRole("button", { name: "Disable Vera Visitor" }).click();
  await disable.click();
  await disabling.asked;
  await page.keyboard.press("Escape");
  await page.getByRole("button", { name: "Disable Bob Builder" }).click();
  const question = page.getByRole("dialog", { name: "Disable Bob Builder?" });
  await expect(question).toBeVisible();
  await expect(disable).toBeDisabled();
  disabling.release();
  await expect(page.getByText("Vera Visitor was disabled.")).toBeVisible();
  await expect(disable).toBeEnabled();
  await expect(question).toBeVisible();
});

test("a list that was asked for before somebody was changed does not undo it", async ({
  page,
  context,
  server,
  browser,
}) => {
  await setUp(context, server);
  await join(context, server, await another(browser, server), "Vera Viewer", "viewer");
  await open(page, "/people");
  const list = page.getByRole("region", { name: "People" });
  const before = await holdAnswer(page, LIST);
  await before.read;

  await page.getByRole("button", { name: "Change Vera Viewer" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Name").fill("Vera Visitor");
  await dialog.getByRole("button", { name: "Save" }).click();
  await expect(list).toContainText("Vera Visitor");
  const shown = await list.evaluateHandle((list) => {
    const texts: (string | null)[] = [];
    const watch = { subtree: true, childList: true, characterData: true };
    new MutationObserver(() => texts.push(list.textContent)).observe(list, watch);
    return texts;
  });
  before.release();
  await before.answered();
  await page.waitForResponse(LIST);

  await expect(list).toContainText("Vera Visitor");
  expect((await shown.jsonValue()).join()).not.toContain("Vera Viewer");
});

test("what is typed of somebody while they are being changed is the next change", async ({
  page,
  context,
  server,
  browser,
}) => {
  await setUp(context, server);
  const vera = await join(context, server, await another(browser, server), "Vera Viewer", "viewer");
  await open(page, "/people");
  await page.getByRole("button", { name: "Change Vera Viewer" }).click();
  const dialog = page.getByRole("dialog");
  const [name, save] = [dialog.getByLabel("Name"), dialog.getByRole("button", { name: "Save" })];
  await name.fill("Vera Visitor");
  const change = await hold(page, `**/api/v1/people/${vera.id}`);
  await save.click();
  await change.asked;
  // As it was before: what differs is told from what was saved meanwhile.
  await name.fill("Vera Viewer");
  change.release();
  await expect(page.getByText("Vera Visitor was changed.")).toBeVisible();
  await expect(name).toHaveValue("Vera Viewer");
  await save.click();
  await expect(page.getByText("Vera Viewer was changed.")).toBeVisible();
  await expect(dialog).toBeHidden();
});

test("who comes in while a page is open goes by their name there", async ({
  page,
  context,
  server,
  browser,
}) => {
  await setUp(context, server);
  await ask(context, server, "POST", "/chats", { id: "plan", title: "The plan" });
  const [events, connections] = [await context.newPage(), await context.newPage()];
  const heard = [page, events, connections].map(listen);
  await open(page, "/");
  await open(events, "/events");
  await open(connections, "/connections");

  const other = await another(browser, server);
  const bob = await join(context, server, other, "Bob Member", "member");
  // Of somebody who has done nothing yet, the log says who let them in.
  const himself = { participantId: bob.id, kind: "user" };
  await ask(context, server, "POST", "/chats/plan/participants", himself);
  for (const log of [page, events]) {
    const joined = log.getByRole("article", { name: /^chat:participantJoined/ });
    await expect(joined.locator(".event-detail")).toHaveText("Bob Member");
    await expect(joined.locator(".log-actor")).toHaveText("Ada Admin");
  }

  await open(await other.newPage(), "/");
  await connections.bringToFront();
  const row = connections.getByRole("row").filter({ hasText: "Bob Member" });
  await expect(row.getByRole("button")).toHaveAccessibleName(/^Close the connection of Bob Member from/);
  expect(heard).toEqual([[], [], []]);
});

test("a session that has ended is asked for again, and goes on where it was", async ({
  page,
  context,
  server,
  browser,
}) => {
  const admin = await another(browser, server);
  await setUp(admin, server);
  const bob = await join(admin, server, context, "Bob Member", "member");
  await ask(admin, server, "POST", "/chats", { id: "plan", title: "The plan" });
  await open(page, "/chats/plan");
  await page.evaluate(() => ((window as unknown as { same: boolean }).same = true));
  const composer = page.getByRole("textbox", { name: "Message" });
  await composer.fill("What I was about to say");
  await expect(page.getByText("You write as Bob Member")).toBeVisible();

  // Somewhere else they sign out everywhere.
  const elsewhere = await another(browser, server);
  await ask(elsewhere, server, "POST", "/session", { email: bob.email, password: PASSWORD });
  await ask(elsewhere, server, "DELETE", "/logins");
  const dialog = page.getByRole("dialog", { name: "Sign in again" });
  await expect(dialog).toBeVisible();

  // Somebody who does not want to sees the page all the same, and finds the way back.
  await page.keyboard.press("Escape");
  await expect(dialog).toBeHidden();
  await expect(composer).toHaveValue("What I was about to say");
  await ask(admin, server, "POST", "/chats/plan/messages", { content: "Said meanwhile." });
  await page.getByRole("button", { name: "Sign in again" }).click();
  await expect(page.getByLabel("E-mail address")).toHaveValue(bob.email);
  await page.getByLabel("Password", { exact: true }).fill(PASSWORD);
  await page.keyboard.press("Enter");

  await expect(dialog).toBeHidden();
  await expect(page.getByText("Said meanwhile.")).toBeVisible();
  await expect(composer).toHaveValue("What I was about to say");
  await composer.press("Enter");
  await expect(page.getByRole("listitem").filter({ hasText: "What I was about to say" })).toHaveAttribute(
    "data-mine",
    "true",
  );
  // It is still the same page.
  expect(await page.evaluate(() => (window as unknown as { same: boolean }).same)).toBe(true);
});

test("a request that finds the session ended asks to sign in again, too", async ({
  page,
  context,
  server,
  browser,
}) => {
  const admin = await another(browser, server);
  await setUp(admin, server);
  const bob = await join(admin, server, context, "Bob Member", "member");
  await open(page, "/collections?new=1");
  const dialog = page.getByRole("dialog", { name: "New collection" });
  await dialog.getByLabel("Name").fill("Notes");
  // Nothing tells the page: its cookie is gone.
  await context.clearCookies();
  await dialog.getByRole("button", { name: "Create" }).click();
  const again = page.getByRole("dialog", { name: "Sign in again" });
  await again.getByLabel("Password", { exact: true }).fill(PASSWORD);
  await page.keyboard.press("Enter");
  await expect(again).toBeHidden();
  await expect(page.getByRole("link", { name: bob.name })).toBeVisible();
  await dialog.getByRole("button", { name: "Create" }).click();
  await expect(page.getByRole("heading", { level: 1, name: "Notes" })).toBeVisible();
});

test("who does not want to sign in again reads on, and what they change asks once more", async ({
  page,
  context,
  server,
  browser,
}) => {
  const admin = await another(browser, server);
  await setUp(admin, server);
  await join(admin, server, context, "Bob Member", "member");
  await open(page, "/connections");
  const again = page.getByRole("dialog", { name: "Sign in again" });
  const refused = () => page.waitForResponse((response) => response.status() === 401);
  await context.clearCookies();
  await expect(again).toBeVisible();
  await page.keyboard.press("Escape");
  await expect(again).toBeHidden();
  // The page goes on asking who is connected.
  for (let time = 0; time < 3; time++) await (await refused()).finished();
  await expect(again).toBeHidden();
  await page.getByRole("button", { name: /^Close the connection/ }).click();
  await page.getByRole("button", { name: "Close it" }).click();
  await expect(again).toBeVisible();
});

test("an answer from before signing in again does not end the new session", async ({
  page,
  context,
  server,
  browser,
}) => {
  const admin = await another(browser, server);
  await setUp(admin, server);
  await join(admin, server, context, "Bob Member", "member");
  await open(page, "/connections");
  await context.clearCookies();
  const late = await holdAnswer(page, "**/api/v1/connections?*");
  await late.read;
  // The next one tells the page, and another one is late.
  const again = page.getByRole("dialog", { name: "Sign in again" });
  await page.getByRole("navigation", { name: "Main" }).getByRole("link", { name: "Agents" }).click();
  await again.getByLabel("Password", { exact: true }).fill(PASSWORD);
  await page.keyboard.press("Enter");
  await expect(again).toBeHidden();

  late.release();
  await late.answered();
  // What is asked for after it is answered.
  await page.getByRole("navigation", { name: "Main" }).getByRole("link", { name: "Chats" }).click();
  await expect(page.getByRole("heading", { level: 1, name: "Chats" })).toBeVisible();
  await expect(again).toBeHidden();
  await expect(page.getByRole("button", { name: "Sign in again" })).toHaveCount(0);
});

test("what a session that had ended could not load is loaded after signing in again", async ({
  page,
  context,
  server,
  browser,
}) => {
  const admin = await another(browser, server);
  await setUp(admin, server);
  await join(admin, server, context, "Bob Member", "member");
  await ask(admin, server, "POST", "/agents", { id: "ada", name: "Ada" });
  const again = page.getByRole("dialog", { name: "Sign in again" });
  const signInAgain = async () => {
    await again.getByLabel("Password", { exact: true }).fill(PASSWORD);
    await page.keyboard.press("Enter");
    await expect(again).toBeHidden();
  };

  // A page that is gone to. The connection stays: nothing but the cookie is gone.
  await open(page, "/chats");
  await context.clearCookies();
  await page.getByRole("navigation", { name: "Main" }).getByRole("link", { name: "Agents" }).click();
  await expect(page.getByText("The list could not be loaded.")).toBeVisible();
  await signInAgain();
  await expect(page.getByRole("link", { name: "Ada", exact: true })).toBeVisible();

  // And one that an event made load afresh.
  await open(page, "/agents?q=ad");
  await context.clearCookies();
  await ask(admin, server, "POST", "/agents", { id: "adam", name: "Adam" });
  const failure = page.getByText("The list could not be refreshed.");
  await expect(failure).toBeVisible();
  await signInAgain();
  await expect(page.getByRole("link", { name: "Adam", exact: true })).toBeVisible();
  await expect(failure).toHaveCount(0);
});

test("one sees where one is signed in, and signs out there and everywhere", async ({
  page,
  context,
  server,
  browser,
}) => {
  const ada = await setUp(context, server);
  const other = await another(browser, server);
  await ask(other, server, "POST", "/session", { email: ada.email, password: PASSWORD });
  const third = await another(browser, server);
  await ask(third, server, "POST", "/session", { email: ada.email, password: PASSWORD });
  const page3 = await third.newPage();
  await open(page3, "/events");

  await open(page, "/profile");
  const logins = page.getByRole("region", { name: "Where you are signed in" });
  await expect(logins.getByRole("row")).toHaveCount(4);
  await expect(logins.getByRole("row").filter({ hasText: "this browser" })).toHaveCount(1);
  // The page sees by itself that one signs in elsewhere.
  const fourth = await another(browser, server);
  await ask(fourth, server, "POST", "/session", { email: ada.email, password: PASSWORD });
  await expect(logins.getByRole("row")).toHaveCount(5);

  await page.getByLabel("Name").fill("Ada Lovelace");
  await page.getByRole("button", { name: "Save name" }).click();
  await expect(page.getByRole("link", { name: "Ada Lovelace" })).toBeVisible();

  // A new password ends the others, not this one.
  await page.getByLabel("Current password", { exact: true }).fill("not this one");
  await page.getByLabel("New password", { exact: true }).fill("four quiet otters");
  await page.keyboard.press("Enter");
  await expect(page.getByLabel("Current password", { exact: true })).toHaveAttribute(
    "aria-invalid",
    "true",
  );
  await page.getByLabel("Current password", { exact: true }).fill(PASSWORD);
  await page.keyboard.press("Enter");
  await expect(page.getByText("You are signed out everywhere else")).toBeVisible();
  await expect(logins.getByRole("row")).toHaveCount(2);
  await expect(page3.getByRole("dialog", { name: "Sign in again" })).toBeVisible();

  await page.getByRole("button", { name: "Sign out everywhere" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Sign out everywhere" }).click();
  await expect(page).toHaveURL("/sign-in");
  await page.goto("/profile");
  await expect(page).toHaveURL("/sign-in?next=%2Fprofile");
});

test("one can sign in before the page is alive, and goes nowhere else", async ({
  page,
  context,
  server,
}) => {
  const ada = await setUp(context, server);
  await context.clearCookies();
  const wasm = await hold(page, "**/*.wasm");
  await page.goto("/sign-in?next=//example.org/");
  await wasm.asked;
  await page.getByLabel("E-mail address").fill(ada.email);
  await page.getByLabel("Password", { exact: true }).fill(PASSWORD);
  await page.keyboard.press("Enter");
  wasm.release();
  await expect(page.getByRole("heading", { level: 1, name: "Overview" })).toBeVisible();
  await expect(page).toHaveURL("/");
});
