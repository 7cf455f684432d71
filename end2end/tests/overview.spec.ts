// The overview: what there is, what happens, what is wrong.

import type { Page } from "@playwright/test";

import { listen, live, open } from "../pages.ts";
import { expect, test } from "../server.ts";
import { connect, hold, requestsOf } from "./steps.ts";

test("a first visit says what to do next", async ({ page, server }) => {
  const heard = listen(page);
  await open(page, "/");

  await expect(count(page, "Agents")).toHaveText("0");
  await expect(wrong(page)).toContainText("No agent is stuck, and nobody is behind.");
  await expect(page.getByRole("heading", { name: "Begin here" })).toBeVisible();
  await expect(page.getByText("colloquy demo", { exact: true })).toBeVisible();
  await expect(page.getByText("Nothing has happened yet.")).toBeVisible();

  await connect(server).post("/agents", { id: "ada", name: "Ada" });
  await expect(count(page, "Agents")).toHaveText("1");
  await expect(page.getByRole("heading", { name: "Begin here" })).toHaveCount(0);
  expect(heard).toEqual([]);
});

test("counts and the latest events follow what happens", async ({ page, server }) => {
  const api = connect(server);
  await api.post("/agents", { id: "ada", name: "Ada" });
  await open(page, "/");
  await expect(count(page, "Agents")).toHaveText("1");
  await expect(page.getByRole("link", { name: "offline 1" })).toBeVisible();

  await api.put("/agents/ada/status", { status: "working" });
  await api.post("/chats", { id: "plan", title: "The plan" });
  await api.post("/chats/plan/messages", { content: "Shall we begin?" });
  await api.post("/collections", { id: "notes", name: "Notes" });

  await expect(page.getByRole("link", { name: "working 1" })).toBeVisible();
  await expect(page.getByRole("link", { name: "offline 1" })).toHaveCount(0);
  await expect(count(page, "Chats")).toHaveText("1");
  await expect(page.getByText("1 message", { exact: true })).toBeVisible();
  await expect(count(page, "Collections")).toHaveText("1");
  await expect(count(page, "Connections")).toHaveText("1");
  await expect(latest(page)).toHaveText([
    /collection:created.*Notes/,
    /chat:messageCreated.*Shall we begin\?/,
    /chat:created.*The plan/,
    /agent:statusChanged.*Ada.*working/,
    /agent:created.*Ada.*#1/,
  ]);
});

test("the chart counts events, also those from before it was opened", async ({ page, server }) => {
  const api = connect(server);
  for (const id of ["ada", "bob", "eve"]) await api.post("/agents", { id, name: id });

  await page.goto("/");
  await expect(page.getByText(/^3 events in the last minute, at most \d in a second/)).toBeVisible();
  await live(page);
  await api.post("/chats", { title: "The plan" });

  await expect(page.getByText(/^4 events in the last minute/)).toBeVisible();
  await page.reload();
  await expect(page.getByText(/^4 events in the last minute/)).toBeVisible();
});

test("what nobody looks at is loaded once, when somebody does", async ({ page, server }) => {
  const api = connect(server);
  await page.clock.install();
  await open(page, "/");
  await expect(count(page, "Connections")).toHaveText("1");
  await turn(page, "hidden");
  const asked = requestsOf(page, "GET");
  const loads = () => asked.filter((url) => url.endsWith("/api/v1/overview"));

  for (const id of ["ada", "bob"]) await api.post("/agents", { id, name: id });
  // What events tell by themselves is followed.
  await expect(page.getByText(/^2 events in the last minute/)).toBeVisible();
  // After any pause before a next load; from then on nothing happens because of the time.
  await page.clock.pauseAt(await page.evaluate(() => Date.now() + 4_000));
  expect(loads()).toEqual([]);
  await turn(page, "visible");

  await expect(count(page, "Agents")).toHaveText("2");
  expect(loads()).toHaveLength(1);
});

test("times are the hub's, whatever the browser's clock says", async ({ page, server }) => {
  const api = connect(server);
  await api.post("/notifications", { type: "warning", message: "The disk is nearly full" });
  await page.clock.install({ time: Date.now() + 3 * 60 * 60 * 1000 });
  await open(page, "/");

  await api.post("/chats", { title: "The plan" });
  // The page has asked for everything once more.
  await expect(count(page, "Chats")).toHaveText("1");
  await expect(wrong(page)).toContainText("warning: The disk is nearly full");
  await expect(page.getByText(/^2 events in the last minute/)).toBeVisible();
});

test("what is wrong appears, and goes", async ({ page, server }) => {
  const api = connect(server);
  await api.post("/agents", { id: "ada", name: "Ada" });
  await open(page, "/");

  await api.put("/agents/ada/status", { status: "error", statusDetail: "Out of memory" });
  const stuck = wrong(page).getByRole("listitem").filter({ hasText: "Ada: Out of memory" });
  await expect(stuck).toBeVisible();
  await expect(stuck.getByRole("link", { name: "Ada" })).toHaveAttribute("href", "/agents/ada");
  await api.put("/agents/ada/status", { status: "idle" });
  await expect(stuck).toHaveCount(0);
  await expect(wrong(page)).toContainText("Nothing is wrong");

  await api.post("/notifications", { type: "success", message: "All is well" });
  await api.post("/notifications", { type: "warning", message: "The disk is nearly full" });
  await expect(wrong(page)).toContainText("warning: The disk is nearly full");
  await expect(wrong(page)).not.toContainText("All is well");
});

test("of much that is wrong, five are told, and the rest is counted", async ({ page, server }) => {
  const api = connect(server);
  for (const id of ["ada", "bob", "eve", "kim"]) {
    await api.post("/agents", { id, name: id });
    await api.put(`/agents/${id}/status`, { status: "error" });
  }
  for (const message of ["The disk is nearly full", "The disk is full"]) {
    await api.post("/notifications", { type: "warning", message });
  }

  await open(page, "/");

  await expect(wrong(page).getByRole("listitem")).toHaveCount(6);
  await expect(wrong(page)).toContainText("warning: The disk is full");
  await expect(wrong(page).getByRole("link", { name: "1 more warning", exact: true })).toBeVisible();
  for (const id of ["zoe", "tom"]) {
    await api.post("/agents", { id, name: id });
    await api.put(`/agents/${id}/status`, { status: "error" });
  }
  await expect(wrong(page).getByRole("link", { name: "1 more agent in error", exact: true })).toBeVisible();
  await expect(wrong(page).getByRole("link", { name: "2 more warnings", exact: true })).toBeVisible();
});

test("the lost connection to the hub is told, and that it is back", async ({ page, server }) => {
  await open(page, "/");

  await server.stop();
  await expect(wrong(page)).toContainText("This page is not connected to the hub");

  await server.start();
  await expect(wrong(page)).toContainText("Nothing is wrong");
});

test("everybody is notified, with what was typed kept until it is sent", async ({ page, context, server }) => {
  const other = await context.newPage();
  await open(other, "/connections");
  await open(page, "/");

  await page.getByRole("button", { name: "Notify everybody…" }).click();
  const dialog = page.getByRole("dialog", { name: "Notify everybody" });
  await dialog.getByText("error", { exact: true }).click();
  await dialog.getByLabel("Details for programs").fill('{"disk": }');
  await expect(dialog.getByText("Line 1, column 10: a value is expected here.")).toBeVisible();
  await expect(dialog.getByRole("button", { name: "Notify everybody" })).toBeDisabled();
  await dialog.getByLabel("Details for programs").fill('{"disk": "/data"}');

  // Nothing to say: the server refuses it, and says so at the field.
  await dialog.getByRole("button", { name: "Notify everybody" }).click();
  await expect(dialog.getByText("Must not be empty.", { exact: true })).toBeVisible();
  await dialog.getByLabel("Message").fill("The disk is full");
  await page.keyboard.press("Escape");
  await expect(dialog).toBeHidden();
  await page.getByRole("button", { name: "Notify everybody…" }).click();
  await expect(dialog.getByLabel("Message")).toHaveValue("The disk is full");
  await expect(dialog.getByText("Must not be empty.", { exact: true })).toHaveCount(0);
  await page.reload();
  await live(page);
  await page.getByRole("button", { name: "Notify everybody…" }).click();
  await expect(dialog.getByRole("radio", { name: "error" })).toBeChecked();
  await expect(dialog.getByLabel("Message")).toHaveValue("The disk is full");
  await expect(dialog.getByLabel("Details for programs")).toHaveValue('{"disk": "/data"}');
  await dialog.getByRole("button", { name: "Notify everybody" }).click();
  await expect(dialog).toBeHidden();

  for (const shown of [page, other]) {
    await expect(shown.getByRole("alert").filter({ hasText: "error: The disk is full" })).toBeVisible();
  }
  await other.getByRole("button", { name: "Close the notice" }).click();
  await expect(other.getByRole("alert")).toHaveCount(0);
  const { items } = await connect(server).get("/events?event=system:notification");
  expect(items.map((entry: any) => entry.payload.details)).toEqual([{ disk: "/data" }]);
  await page.reload();
  await live(page);
  await page.getByRole("button", { name: "Notify everybody…" }).click();
  await expect(dialog.getByRole("radio", { name: "info" })).toBeChecked();
  await expect(dialog.getByLabel("Message")).toHaveValue("");
});

test("what is typed while a notification is being sent stays for the next one", async ({ page, server }) => {
  await open(page, "/");
  await page.getByRole("button", { name: "Notify everybody…" }).click();
  const dialog = page.getByRole("dialog", { name: "Notify everybody" });
  const message = dialog.getByLabel("Message");
  const send = dialog.getByRole("button", { name: "Notify everybody" });
  await message.fill("The disk is full");
  const sending = await hold(page, "**/api/v1/notifications");
  await send.click();
  await sending.asked;
  await expect(send).toBeDisabled();
  await message.fill("The disk is empty again");
  sending.release();

  await expect(send).toBeEnabled();
  await expect(message).toHaveValue("The disk is empty again");
  await dialog.getByRole("button", { name: "Cancel" }).click();
  await expect(dialog).toBeHidden();
  const { items } = await connect(server).get("/events?event=system:notification");
  expect(items.map((entry: any) => entry.payload.message)).toEqual(["The disk is full"]);
});

test("a notice goes by itself, but not while somebody is at it", async ({ page, server }) => {
  const api = connect(server);
  await open(page, "/events");
  const notice = (text: string) => page.locator(".toast").filter({ hasText: text });
  // Somebody is at the first one from its first moment on, however slow the test is.
  await page.evaluate(() => {
    new MutationObserver((_, observer) => {
      const button = document.querySelector<HTMLElement>(".toast button");
      if (button) observer.disconnect();
      button?.focus();
    }).observe(document.body, { childList: true, subtree: true });
  });

  await api.post("/notifications", { type: "info", message: "Tea is ready" });
  await expect(notice("Tea").getByRole("button", { name: "Close the notice" })).toBeFocused();
  await api.post("/notifications", { type: "info", message: "The cake, too" });
  await expect(notice("cake")).toBeVisible();
  await expect(notice("cake")).toHaveCount(0);
  await expect(notice("Tea")).toBeVisible();

  await page.getByLabel("Entity").focus();
  await expect(notice("Tea")).toHaveCount(0);
});

test("a notice that is closed with the mouse does not keep the next one", async ({ page, server }) => {
  const api = connect(server);
  await open(page, "/events");
  for (const message of ["Tea is ready", "The cake, too"]) {
    await api.post("/notifications", { type: "info", message });
  }
  const notices = page.locator(".toast");
  await expect(notices).toHaveCount(2);
  await notices.filter({ hasText: "Tea" }).getByRole("button", { name: "Close the notice" }).click();
  await expect(notices).toHaveCount(1);
  await page.mouse.move(0, 0);
  await expect(notices).toHaveCount(0);
});

test("of many notices the latest are seen, and all are counted and closed", async ({ page, server }) => {
  const api = connect(server);
  await page.setViewportSize({ width: 360, height: 780 });
  await open(page, "/agents");
  const notices = page.locator(".toast").filter({ visible: true });
  const closing = page.getByRole("button", { name: "Close all" });
  const tell = (number: number) =>
    api.post("/notifications", { type: "error", message: `Wrong: ${number}` });
  await tell(1);
  await expect(notices).toHaveCount(1);
  await expect(closing).toHaveCount(0);

  for (let number = 2; number <= 14; number += 1) await tell(number);
  await expect(notices).toHaveText([/Wrong: 12/, /Wrong: 13/, /Wrong: 14/]);
  await expect(page.getByText("and 11 more")).toBeVisible();

  await closing.press("Enter");
  await expect(page.locator(".toast")).toHaveCount(0);
  await expect(closing).toHaveCount(0);
  await expect(page.getByRole("heading", { level: 1 })).toBeFocused();
  for (const number of [15, 16]) await tell(number);
  await expect(notices).toHaveText([/Wrong: 15/, /Wrong: 16/]);
  await expect(closing).toBeVisible();
  await expect(page.getByText(/and \d+ more/)).toHaveCount(0);
});

test.describe("without scripts", () => {
  test.use({ javaScriptEnabled: false });

  test("the overview reads well, with its data", async ({ page, server }) => {
    const api = connect(server);
    await api.post("/agents", { id: "ada", name: "Ada" });
    await api.put("/agents/ada/status", { status: "error" });

    await page.goto("/");

    await expect(count(page, "Agents")).toHaveText("1");
    await expect(latest(page)).toHaveText([/agent:statusChanged/, /agent:created/]);
    await expect(wrong(page)).toContainText("Ada");
    await expect(page.getByText(/^2 events in the last minute/)).toBeVisible();
  });
});

function count(page: Page, name: string) {
  return page.locator(".count").filter({ has: page.getByRole("link", { name, exact: true }) }).locator(".count-number");
}

/** Has the page believe that somebody looks at it, or that nobody does. */
async function turn(page: Page, state: DocumentVisibilityState): Promise<void> {
  await page.evaluate((state) => {
    Object.defineProperty(document, "visibilityState", { configurable: true, get: () => state });
    document.dispatchEvent(new Event("visibilitychange", { bubbles: true }));
  }, state);
}

function wrong(page: Page) {
  return page.getByRole("region", { name: /(What|Nothing) is wrong$/ });
}

function latest(page: Page) {
  return page.getByRole("region", { name: "Latest events" }).getByRole("listitem");
}
