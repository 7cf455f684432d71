// The log: searched, followed, read backwards.

import type { Page } from "@playwright/test";

import { listen, live, open } from "../pages.ts";
import { expect, test } from "../server.ts";
import { type Api, connect, goTo, hold } from "./steps.ts";

test("new events come on top, and a payload is shown on demand", async ({ page, server }) => {
  const heard = listen(page);
  const api = connect(server);
  await open(page, "/events");
  await expect(page.getByText("Nothing has happened yet.")).toBeVisible();

  await api.post("/agents", { id: "ada", name: "Ada" });
  await api.post("/chats", { id: "plan", title: "The plan" });
  await expect(rows(page)).toHaveText([
    /chat:created.*The plan.*chat:plan.*local.*#2/,
    /agent:created.*Ada.*agent:ada.*local.*#1/,
  ]);

  await page.getByRole("button", { name: "agent:created" }).click();
  await expect(page.getByLabel("Payload", { exact: true })).toContainText('"agentId": "ada"');
  await page.getByRole("button", { name: "agent:created" }).click();
  await expect(page.getByLabel("Payload", { exact: true })).toHaveCount(0);
  expect(heard).toEqual([]);
});

test.describe("somewhere else", () => {
  test.use({ timezoneId: "Asia/Tokyo", locale: "en-GB" });

  test("a time says when that was where one is, and exactly", async ({ page, server }) => {
    const { createdAt } = await connect(server).post("/agents", { id: "ada", name: "Ada" });
    for (const path of ["/events", "/agents/ada"]) {
      await open(page, path);
      const time = page.getByRole("time").filter({ visible: true }).first();
      await time.hover();
      await expect(time).toHaveAttribute("title", / 20\d\d.* GMT\+9\n/);
      expect(await time.getAttribute("title")).toContain(`\n${createdAt}`);
    }
  });
});

test("a row opens wherever it is clicked, but not for its links nor for who selects text", async ({
  page,
  server,
}) => {
  await connect(server).post("/agents", { id: "ada", name: "Ada" });
  await open(page, "/events");
  const row = rows(page).first();
  const button = row.getByRole("button", { name: "agent:created", exact: true });
  const payload = row.getByLabel("Payload", { exact: true });

  await row.getByRole("time").click();
  await expect(payload).toBeVisible();
  await expect(button).toHaveAttribute("aria-expanded", "true");
  await payload.click();
  await expect(payload).toBeVisible();
  const { x, y, height } = (await row.getByRole("time").boundingBox())!;
  await page.mouse.move(x + 2, y + height / 2);
  await page.mouse.down();
  await page.mouse.move(x + 80, y + height / 2);
  await page.mouse.up();
  expect(await page.evaluate(() => getSelection()?.toString())).toMatch(/^\d{4}-/);
  await expect(payload).toBeVisible();
  await row.getByText("#1", { exact: true }).click();
  await expect(payload).toHaveCount(0);

  await button.press("Enter");
  await expect(payload).toBeVisible();
  await button.click();
  await expect(payload).toHaveCount(0);
  await row.getByRole("link", { name: "agent:ada" }).click();
  await expect(page).toHaveURL(/topic=agent/);
  await expect(rows(page)).toHaveCount(1);
  await expect(payload).toHaveCount(0);
});

test("filters are combined, and are in the address", async ({ page, server }) => {
  const api = connect(server);
  await story(api);
  await open(page, "/events");
  await expect(rows(page)).toHaveCount(5);

  await page.getByLabel("Event", { exact: true }).selectOption("agent:created");
  await expect(rows(page)).toHaveCount(2);
  await page.getByLabel("Search the payloads").fill("Countess");
  await expect(rows(page)).toHaveText([/agent:created.*Ada/]);
  await expect(page).toHaveURL(/\?.*event=agent(:|%3A)created/);
  await expect(page).toHaveURL(/q=Countess/);

  await page.reload();
  await live(page);
  await expect(rows(page)).toHaveCount(1);
  await expect(page.getByLabel("Search the payloads")).toHaveValue("Countess");
  await expect(page.getByLabel("Event", { exact: true })).toHaveValue("agent:created");

  // What matches comes by itself, and nothing else does.
  await api.post("/agents", { name: "Bella" });
  await api.post("/agents", { name: "Charlotte", description: "Another Countess" });
  await expect(rows(page)).toHaveText([/Charlotte/, /Ada/]);

  await page.getByRole("link", { name: "Clear" }).click();
  await expect(page).toHaveURL(/\/events$/);
  await expect(rows(page)).toHaveCount(7);
});

test("receipts, of which there are many, can be left out, and are not among the latest", async ({
  page,
  server,
}) => {
  const api = connect(server);
  await story(api);
  // Reading it sends the receipt.
  await open(page, "/chats/plan");
  const events = page.getByLabel("Event", { exact: true });
  await expect
    .poll(async () => (await api.get("/events?event=chat:receiptUpdated")).items.length)
    .toBeGreaterThan(0);

  await goTo(page, "Events");
  await expect(rows(page).filter({ hasText: "chat:receiptUpdated" })).not.toHaveCount(0);
  await events.selectOption("All but receipts");
  await expect(rows(page)).toHaveText([
    /collection:created/,
    /chat:messageCreated/,
    /chat:created/,
    /agent:created.*Bob/,
    /agent:created.*Ada/,
  ]);
  await page.reload();
  await live(page);
  await expect(events).toHaveValue("-chat:receiptUpdated");
  await expect(rows(page)).toHaveCount(5);

  await goTo(page, "Overview");
  const latest = page.getByRole("region", { name: "Latest events" }).getByRole("listitem");
  await expect(latest).toHaveCount(5);
});

test("agents go by their names, those too who come while one looks", async ({ page, server }) => {
  const api = connect(server);
  await api.post("/agents", { id: "0198-ada", name: "Ada" });
  await api.post("/chats", { id: "plan", title: "The plan" }, "0198-ada");
  // Before any script: the page is rendered with their names.
  expect(await (await page.request.get("/events")).text()).toMatch(/log-actor[^>]*>Ada</);
  await open(page, "/events");
  const actors = page.locator(".log-actor");
  await expect(actors).toHaveText(["Ada", "local"]);
  await api.post("/agents", { id: "0198-bob", name: "Bob" });
  await api.post("/chats/plan/messages", { content: "Shall we begin?" }, "0198-bob");
  await expect(actors).toHaveText(["Bob", "local", "Ada", "local"]);
  await expect(page.locator(".event-what").first()).toHaveText("Bob: Shall we begin?");
});

test("a name that could not be read is asked for again", async ({ page, server }) => {
  const api = connect(server);
  await page.clock.install();
  await open(page, "/events");
  const failing = (url: URL) => url.searchParams.has("ids");
  await page.route(failing, (route) => route.fulfill({ status: 503, body: "" }), { times: 1 });
  const failed = page.waitForResponse((response) => response.status() === 503);
  await api.post("/agents", { id: "0198-bob", name: "Bob" });
  await api.post("/chats", { id: "plan", title: "The plan" }, "0198-bob");
  await (await failed).finished();
  const actors = page.locator(".log-actor");
  await expect(actors).toHaveText(["0198-bob", "local"]);
  await page.clock.runFor(11_000);
  await expect(actors).toHaveText(["Bob", "local"]);
});

test("an entity's whole story is one click away, an actor's deeds too", async ({ page, server }) => {
  await story(connect(server));
  await open(page, "/events");

  await page.getByRole("link", { name: "chat:plan" }).first().click();
  await expect(page).toHaveURL(/topic=chat/);
  await expect(rows(page)).toHaveText([/chat:messageCreated/, /chat:created/]);
  await expect(page.getByRole("link", { name: "Open it" })).toHaveAttribute("href", "/chats/plan");
  await expect(page.getByLabel("Entity")).toHaveValue("chat:plan");

  await page.getByLabel("Entity").fill("");
  await page.getByLabel("Entity").press("Enter");
  await expect(rows(page)).toHaveCount(5);
  await page.getByRole("link", { name: "Ada", exact: true }).first().click();
  await expect(page).toHaveURL(/actor=ada/);
  await expect(rows(page)).toHaveText([/chat:messageCreated.*Ada/]);
});

test("a time narrows it down, and a mistake in a filter is told", async ({ page, server }) => {
  await story(connect(server));
  await open(page, "/events");

  await page.getByLabel("From").fill("2001-01-31T12:05");
  await expect(rows(page)).toHaveCount(5);
  await expect(page).toHaveURL(/from=2001-01-31T12(:|%3A)05(:|%3A)00Z/);
  await page.getByLabel("To (UTC)").fill("2001-01-31T12:06");
  await expect(page.getByText("No event matches.")).toBeVisible();

  await open(page, "/events?from=xx&to=2001-13-01");
  await expect(rows(page)).toHaveCount(5);
  await expect(page.getByLabel("From")).toHaveAccessibleDescription(/^Not used: xx is not an RFC 3339/);
  await expect(page.getByLabel("From")).toHaveAttribute("aria-invalid", "true");
  await expect(page.getByLabel("To (UTC)")).toHaveAccessibleDescription(/^Not used: 2001-13-01 is not/);
  await page.getByLabel("From").fill("2001-01-31T12:05");
  await expect(page).toHaveURL(/from=2001/);
  await expect(page.getByLabel("From")).toHaveAccessibleDescription("");
  await expect(rows(page)).toHaveCount(5);

  await page.goto("/events?topic=ada");
  await expect(page.getByRole("alert")).toContainText("a topic is agent:ID");
  await expect(page.getByLabel("Entity")).toHaveValue("ada");
});

test("an event that there is not is told at its field, and all are shown", async ({ page, server }) => {
  await story(connect(server));
  await open(page, "/events?event=bogus");
  const filters = page.getByRole("search", { name: "Filter the events" });

  await expect(rows(page)).toHaveCount(5);
  await expect(page.getByText("could not be loaded")).toHaveCount(0);
  await expect(filters.getByRole("alert")).toHaveText("Not used: no event is called bogus.");
  await filters.getByLabel("Event", { exact: true }).selectOption("agent:created");

  await expect(rows(page)).toHaveCount(2);
  await expect(filters.getByRole("alert")).toHaveCount(0);
});

test("the entity and the actor count while one types, and are told when they cannot", async ({
  page,
  server,
}) => {
  await story(connect(server));
  await open(page, "/events");
  const entity = page.getByLabel("Entity");
  const actor = page.getByLabel("Actor", { exact: true });

  await entity.pressSequentially("agent:ada");
  await expect(rows(page)).toHaveText([/agent:created.*Ada/]);
  await expect(page).toHaveURL(/topic=agent(:|%3A)ada/);
  await page.reload();
  await live(page);
  await expect(entity).toHaveValue("agent:ada");
  await expect(rows(page)).toHaveCount(1);

  await entity.fill("ada");
  await expect(entity).toHaveAccessibleDescription(/a topic is agent:ID/);
  await expect(entity).toHaveAttribute("aria-invalid", "true");
  await expect(rows(page)).toHaveCount(5);
  await actor.fill("ada");
  await expect(rows(page)).toHaveText([/chat:messageCreated.*Ada/]);
  await actor.fill("a b");
  await expect(actor).toHaveAccessibleDescription(/an id has 1 to 64 characters/);
  await expect(rows(page)).toHaveCount(5);
  await page.getByRole("link", { name: "Clear" }).click();
  await expect(page).toHaveURL(/\/events$/);
  await expect(entity).toHaveValue("");
  await expect(actor).toHaveAttribute("aria-invalid", "false");
  for (const label of ["From (UTC)", "To (UTC)"]) {
    await expect(page.getByLabel(label)).toBeVisible();
  }
});

test("older events load while one scrolls, and new ones do not move what one reads", async ({ page, server }) => {
  const api = connect(server);
  await api.post("/chats", { id: "plan", title: "The plan" });
  for (let n = 1; n < 240; n += 1) await api.post("/chats/plan/messages", { content: `Message ${n}.` });
  await open(page, "/events");
  await expect(rows(page)).toHaveCount(100);

  await scrollToEnd(page);
  await expect(rows(page)).toHaveCount(200);
  await scrollToEnd(page);
  await expect(rows(page)).toHaveCount(240);
  await expect(rows(page).last()).toContainText("chat:created");
  await expect(page.getByRole("link", { name: "Older events" })).toHaveCount(0);

  await api.post("/agents", { id: "ada", name: "Ada" });
  await api.post("/agents", { id: "bob", name: "Bob" });
  const fresh = page.getByRole("button", { name: "2 new" });
  await expect(fresh).toBeVisible();
  await expect(rows(page)).toHaveCount(240);

  await fresh.click();
  await expect(rows(page).first()).toContainText("Bob");
  await expect(rows(page).first()).toBeInViewport();
  await expect(rows(page)).toHaveCount(242);
});

test("what has the keyboard keeps it when many events arrive, and only they light up", async ({
  page,
  server,
}) => {
  const api = connect(server);
  await api.post("/agents", { id: "ada", name: "Ada" });
  await api.post("/agents", { id: "bob", name: "Bob" });
  await open(page, "/events");
  const first = rows(page).last().getByRole("button", { name: "agent:created" });
  await first.focus();
  await rows(page).last().evaluate(async (row) => {
    await Promise.all(row.getAnimations().map((animation) => animation.finished));
    row.addEventListener("animationstart", () => row.setAttribute("data-lit", ""));
  });

  // They come in one answer.
  const load = await hold(page, "**/api/v1/events?*");
  await api.post("/chats", { id: "plan", title: "The plan" });
  for (const content of ["One.", "Two.", "Three."]) await api.post("/chats/plan/messages", { content });
  await load.asked;
  load.release();

  await expect(rows(page)).toHaveCount(6);
  await expect(first).toBeFocused();
  await expect(rows(page).first()).toContainText("Three.");
  // Animations begin with a frame.
  await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => setTimeout(done))));
  await expect(rows(page).last()).not.toHaveAttribute("data-lit");
});

test("the page can be left while older events are on their way", async ({ page, server }) => {
  const heard = listen(page);
  const api = connect(server);
  await api.post("/chats", { id: "plan", title: "The plan" });
  for (let n = 1; n < 102; n += 1) await api.post("/chats/plan/messages", { content: `Message ${n}.` });
  await open(page, "/events");
  const older = await hold(page, "**/api/v1/events?before=*");
  await scrollToEnd(page);
  await older.asked;
  await goTo(page, "Agents");
  older.release();
  await older.answered();

  await api.post("/agents", { id: "ada", name: "Ada" });
  await expect(page.getByRole("list", { name: "Agents" })).toContainText("Ada");
  expect(heard).toEqual([]);
});

test("paused, new events wait", async ({ page, server }) => {
  const api = connect(server);
  await open(page, "/events");

  await page.getByRole("button", { name: "Pause" }).click();
  await api.post("/agents", { id: "ada", name: "Ada" });
  await expect(page.getByRole("button", { name: "1 new" })).toBeVisible();
  await expect(rows(page)).toHaveCount(0);

  await page.getByRole("button", { name: "Resume" }).click();
  await expect(rows(page)).toHaveCount(1);
  await expect(page.getByRole("button", { name: "1 new" })).toHaveCount(0);
});

test.describe("without scripts", () => {
  test.use({ javaScriptEnabled: false });

  test("the log is read, and the older part of it", async ({ page, server }) => {
    const api = connect(server);
    await api.post("/chats", { id: "plan", title: "The plan" });
    for (let n = 1; n < 102; n += 1) await api.post("/chats/plan/messages", { content: `Message ${n}.` });

    await page.goto("/events");
    await expect(rows(page)).toHaveCount(100);
    // By keyboard: rows get their height when they are scrolled to, so a link below them moves, and
    // without scripts nobody notices when a click meets the place where it was.
    await page.getByRole("link", { name: "Older events" }).press("Enter");

    await expect(rows(page)).toHaveText([/Message 1\./, /chat:created/]);
    await page.getByRole("link", { name: "To the newest" }).press("Enter");
    await expect(rows(page).first()).toContainText("Message 101.");
  });
});

/** Two agents, and a chat in which one of them says something. */
async function story(api: Api): Promise<void> {
  await api.post("/agents", { id: "ada", name: "Ada", description: "Countess" });
  await api.post("/agents", { id: "bob", name: "Bob" });
  await api.post("/chats", { id: "plan", title: "The plan" });
  await api.post("/chats/plan/messages", { content: "Shall we begin?" }, "ada");
  await api.post("/collections", { id: "notes", name: "Notes" });
}

function rows(page: Page) {
  return page.getByRole("region", { name: "Log" }).getByRole("listitem");
}

async function scrollToEnd(page: Page): Promise<void> {
  await page.evaluate(() => window.scrollTo(0, document.documentElement.scrollHeight));
}
