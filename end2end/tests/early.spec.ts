// What people do on a page that is there, but not alive yet: it counts as soon as it is.

import type { Page } from "@playwright/test";

import { listen, live, open } from "../pages.ts";
import { expect, test } from "../server.ts";
import { connect, hold, region, requestsOf } from "./steps.ts";

test("a search and a choice", async ({ page, server }) => {
  const api = connect(server);
  await api.post("/agents", { id: "anna", name: "Anna" });
  await api.post("/agents", { id: "anton", name: "Anton" });
  await api.post("/agents", { id: "bert", name: "Bert" });
  await api.put("/agents/anton/status", { status: "idle" });
  await api.put("/agents/bert/status", { status: "idle" });
  const heard = listen(page);
  const code = await asleep(page, "/agents");
  const agents = page.getByRole("list", { name: "Agents" }).getByRole("listitem");

  await page.getByLabel("Search names, ids and descriptions").pressSequentially("an");
  await page.getByLabel("Status", { exact: true }).selectOption("Idle");
  await expect(agents).toHaveCount(3);
  code.release();
  await live(page);

  await expect(agents).toHaveText([/Anton/]);
  await expect(page.getByLabel("Search names, ids and descriptions")).toHaveValue("an");
  await expect(page.getByLabel("Status", { exact: true })).toHaveValue("idle");
  await expect(page).toHaveURL(
    ({ searchParams: asked }) => asked.get("q") === "an" && asked.get("status") === "idle",
  );
  expect(heard).toEqual([]);
});

test("filters of the log", async ({ page, server }) => {
  const api = connect(server);
  await api.post("/agents", { id: "ada", name: "Ada" });
  await api.post("/agents", { id: "bob", name: "Bob" });
  const code = await asleep(page, "/events");

  await page.getByLabel("Entity").pressSequentially("agent:ada");
  await page.getByLabel("From").fill("2001-01-31T12:05");
  code.release();
  await live(page);

  await expect(region(page, "Log").getByRole("listitem")).toHaveText([/agent:created.*Ada/]);
  await expect(page.getByLabel("Entity")).toHaveValue("agent:ada");
  await expect(page.getByLabel("From")).toHaveValue("2001-01-31T12:05");
});

test("a form, sent once with its last button", async ({ page, server }) => {
  const api = connect(server);
  await api.post("/agents", { id: "ada", name: "Ada" });
  const puts = requestsOf(page, "PUT");
  const code = await asleep(page, "/agents/ada");

  await page.getByRole("radio", { name: "working" }).check({ force: true });
  await page.getByLabel("What it is doing", { exact: true }).pressSequentially("Reading");
  await page.getByRole("button", { name: "Set status" }).click();
  await page.getByLabel("What it is doing", { exact: true }).press("Enter");
  await expect(page.getByLabel("What it is doing", { exact: true })).toHaveValue("Reading");
  code.release();

  await expect(page.locator(".status-now")).toContainText(/working.*Reading/);
  const { items } = await api.get("/events?event=agent:statusChanged");
  expect(items).toHaveLength(1);
  // Said a second time, the same status would be no event.
  expect(puts).toHaveLength(1);
});

test("a message that is begun, rather than the draft from before", async ({ page, server }) => {
  await connect(server).post("/chats", { id: "plan", title: "The plan" });
  await open(page, "/chats/plan");
  const message = page.getByLabel("Message", { exact: true });
  await message.fill("An old draft");
  const code = await asleep(page, "/chats/plan");

  await message.pressSequentially("Shall we begin?");
  code.release();
  await live(page);

  await expect(message).toHaveValue("Shall we begin?");
  await message.press("Enter");
  await expect(page.locator("li.message")).toHaveText([/Shall we begin\?/]);
  await expect(message).toHaveValue("");
});

test("a message that Enter was to send, once and without another line", async ({ page, server }) => {
  const api = connect(server);
  await api.post("/chats", { id: "plan", title: "The plan" });
  const posts = requestsOf(page, "POST");
  const code = await asleep(page, "/chats/plan");
  const message = page.getByLabel("Message", { exact: true });

  await message.pressSequentially("Shall we begin?");
  await message.press("Shift+Enter");
  await message.pressSequentially("Now.");
  await message.press("Enter");
  await expect(message).toHaveValue("Shall we begin?\nNow.");
  code.release();

  await expect(page.locator("li.message")).toHaveText([/Shall we begin\?\s*Now\./]);
  await expect(message).toHaveValue("");
  const { items } = await api.get("/chats/plan/messages");
  expect(items).toMatchObject([{ content: "Shall we begin?\nNow." }]);
  // What would be sent a second time is sent by then.
  await message.fill("And now?");
  await message.press("Enter");
  await expect(page.locator("li.message")).toHaveText([/Shall we begin/, /And now/]);
  expect(posts).toHaveLength(2);
});

test("what is typed after Enter is not sent by it", async ({ page, server }) => {
  await connect(server).post("/chats", { id: "plan", title: "The plan" });
  const posts = requestsOf(page, "POST");
  const code = await asleep(page, "/chats/plan");
  const message = page.getByLabel("Message", { exact: true });

  await message.pressSequentially("One.");
  await message.press("Enter");
  await message.pressSequentially(" Two.");
  code.release();
  await live(page);
  await expect(message).toHaveValue("One. Two.");
  await message.press("Enter");

  await expect(page.locator("li.message")).toHaveText([/One\. Two\./]);
  expect(posts).toHaveLength(1);
});

test("a draft from before is not sent by Enter before it is seen", async ({ page, server }) => {
  await connect(server).post("/chats", { id: "plan", title: "The plan" });
  await open(page, "/chats/plan");
  const message = page.getByLabel("Message", { exact: true });
  await message.fill("An old draft");
  const posts = requestsOf(page, "POST");
  const code = await asleep(page, "/chats/plan");

  await message.press("Enter");
  code.release();
  await live(page);
  await expect(message).toHaveValue("An old draft");
  await message.press("Enter");

  await expect(page.locator("li.message")).toHaveText([/An old draft/]);
  expect(posts).toHaveLength(1);
});

test("the fields and buttons of the live page", async ({ page, server }) => {
  const code = await asleep(page, "/demo/websocket");
  const panel = region(page, "Make something happen");

  await panel.getByLabel("Name").pressSequentially("Ada");
  await page.getByLabel("Text in the events").pressSequentially("ada");
  await panel.getByLabel("Name").press("Enter");
  code.release();
  await live(page);

  await expect(page.getByLabel("Text in the events")).toHaveValue("ada");
  await expect(panel.getByRole("status")).toHaveText(/^agent:created was here/);
  expect((await connect(server).get("/agents")).items).toMatchObject([{ name: "Ada" }]);
});

test("the buttons of the frame", async ({ page }) => {
  const code = await asleep(page, "/agents");
  const colours = page.getByRole("button", { name: /^Colours/ });
  const before = await colours.getAttribute("aria-label");

  await colours.click();
  await expect(colours).toHaveAttribute("aria-label", before ?? "");
  code.release();
  await live(page);

  await expect(colours).not.toHaveAttribute("aria-label", before ?? "");
});

/** Opens a page whose program does not arrive until it is released. */
async function asleep(page: Page, path: string) {
  const code = await hold(page, "**/*.wasm");
  await page.goto(path, { waitUntil: "commit" });
  await code.asked;
  await expect(page.locator(".connection-pill")).toHaveText("Connecting");
  return code;
}
