// The live page, as a newcomer uses it.

import { readFile } from "node:fs/promises";

import { excessWidth, listen, live, open } from "../pages.ts";
import { expect, test } from "../server.ts";
import { join, setUp } from "./accounts.ts";
import { type Api, connect, goTo, history, hold, isLive, offered, region } from "./steps.ts";

const DEMO = "/demo/websocket";

test("hydrates without a word in the console", async ({ page, server }) => {
  const heard = listen(page);
  await connect(server).post("/agents", { id: "ada", name: "Ada" });

  await open(page, DEMO);
  await connect(server).post("/chats", { id: "plan", title: "The plan" });
  await expect(history(page)).toHaveCount(1);

  expect(heard).toEqual([]);
});

test("events arrive as they happen, the newest on top", async ({ page, server }) => {
  const api = connect(server);
  await open(page, DEMO);
  await expect(page.getByText("Nothing to show yet.")).toBeVisible();

  await api.post("/agents", { id: "ada", name: "Ada" });
  await api.put("/agents/ada/status", { status: "working", statusDetail: "Reading" });
  await api.post("/chats", { id: "plan", title: "The plan" });
  await api.post("/chats/plan/messages", { content: "Shall we begin?" });
  await api.post("/collections", { id: "notes", name: "Notes" });

  await expect(history(page)).toHaveText([
    /collection:created.*Notes/,
    /chat:messageCreated.*The plan.*you: Shall we begin\?/,
    /chat:created.*The plan/,
    /agent:statusChanged.*Ada.*working: Reading/,
    /agent:created.*Ada.*#1/,
  ]);
  await expect(region(page, "Connection").getByText("collection:created")).toBeVisible();
});

test("a payload is shown on demand, by mouse and by keyboard", async ({ page, server }) => {
  const api = connect(server);
  await open(page, DEMO);
  await api.post("/agents", { id: "ada", name: "Ada" });
  await api.post("/agents", { id: "bob", name: "Bob" });
  await expect(history(page)).toHaveCount(2);
  const payload = region(page, "Payload");

  await history(page).last().click();
  await expect(payload).toContainText('"agentId": "ada"');
  await page.getByRole("button", { name: "Close the payload" }).click();
  await expect(payload).toHaveCount(0);

  await page.getByRole("listbox", { name: "Events" }).focus();
  await page.keyboard.press("ArrowDown");
  await expect(payload).toContainText('"agentId": "bob"');
  await expect(history(page).first()).toHaveAttribute("aria-selected", "true");
  await page.keyboard.press("End");
  await expect(payload).toContainText('"agentId": "ada"');
  await expect(history(page).last()).toHaveAttribute("aria-posinset", "2");
  await page.keyboard.press("Escape");
  await expect(payload).toHaveCount(0);
});

test("the history can be cleared", async ({ page, server }) => {
  await open(page, DEMO);
  await connect(server).post("/agents", { id: "ada", name: "Ada" });
  await expect(history(page)).toHaveCount(1);

  await page.getByRole("button", { name: "Clear" }).click();
  await expect(history(page)).toHaveCount(0);
  await expect(page.getByText("Nothing to show yet.")).toBeVisible();

  await connect(server).post("/agents", { id: "bob", name: "Bob" });
  await expect(history(page)).toHaveText([/agent:created.*Bob/]);
});

test("what the filter hides is not cleared, and its payload is not shown", async ({ page, server }) => {
  const api = connect(server);
  await open(page, DEMO);
  await api.post("/agents", { id: "ada", name: "Ada" });
  await api.post("/agents", { id: "bob", name: "Bob" });
  await expect(history(page)).toHaveText([/Bob/, /Ada/]);
  await history(page).last().click();
  await expect(region(page, "Payload")).toContainText('"agentId": "ada"');
  const clear = page.getByRole("button", { name: "Clear" });

  await page.getByLabel("Text in the events").fill("bob");
  await expect(history(page)).toHaveText([/Bob/]);
  await expect(region(page, "Payload")).toHaveCount(0);
  await clear.click();
  await expect(page.getByText("No event matches.")).toBeVisible();
  await expect(clear).toBeDisabled();
  await page.getByLabel("Text in the events").fill("");

  await expect(history(page)).toHaveText([/Ada/]);
});

test("the history is filtered by event and by text, and taken along as JSON", async ({
  page,
  server,
}) => {
  const api = connect(server);
  await page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
  await open(page, DEMO);
  await api.post("/agents", { id: "ada", name: "Ada", metadata: { team: "blue" } });
  await api.post("/agents", { id: "bob", name: "Bob" });
  await api.post("/chats", { id: "blue", title: "The plan" });
  await expect(history(page)).toHaveCount(3);

  await page.getByLabel("Which events").selectOption("agent:");
  await expect(history(page)).toHaveText([/Bob/, /Ada/]);
  await page.getByLabel("Text in the events").fill("BLUE");
  await expect(history(page)).toHaveText([/Ada/]);
  await expect(region(page, "Live history")).toContainText("1 of 3 entries");

  await page.getByRole("button", { name: "Copy" }).click();
  await expect(page.getByText("The shown events are copied, as JSON.")).toBeVisible();
  const copied = JSON.parse(await page.evaluate(() => navigator.clipboard.readText()));
  expect(copied).toMatchObject([{ event: "agent:created", payload: { agentId: "ada" }, offset: 1 }]);

  const [download] = await Promise.all([
    page.waitForEvent("download"),
    page.getByRole("button", { name: "Download" }).click(),
  ]);
  expect(download.suggestedFilename()).toBe("colloquy-events.json");
  expect(JSON.parse(await readFile(await download.path(), "utf8"))).toEqual(copied);

  // What comes is filtered, too; and what the filter hid is still there.
  await api.post("/agents", { id: "eve", name: "Eve" });
  await api.put("/agents/ada/status", { status: "idle" });
  await expect(history(page)).toHaveText([/agent:statusChanged.*Ada/, /agent:created.*Ada/]);
  await page.getByLabel("Text in the events").fill("nothing of the kind");
  await expect(page.getByText("No event matches.")).toBeVisible();
  await page.getByLabel("Text in the events").fill("");
  await page.getByLabel("Which events").selectOption("");
  await expect(history(page)).toHaveCount(5);
});

test("stopped, the history loses nothing", async ({ page, server }) => {
  const api = connect(server);
  await open(page, DEMO);
  await api.post("/agents", { id: "ada", name: "Ada" });
  await expect(history(page)).toHaveCount(1);

  await page.getByRole("button", { name: "Pause" }).click();
  await api.post("/agents", { id: "bob", name: "Bob" });
  await api.post("/agents", { id: "eve", name: "Eve" });
  await expect(page.getByRole("button", { name: "2 new" })).toBeVisible();
  await expect(history(page)).toHaveCount(1);
  await page.getByRole("button", { name: "Resume" }).click();

  await expect(history(page)).toHaveText([/Eve/, /Bob/, /Ada/]);
  await expect(page.getByRole("button", { name: "2 new" })).toBeHidden();
});

test("cleared while it is stopped, the history shows no payload and says what waits", async ({
  page,
  server,
}) => {
  const api = connect(server);
  await open(page, DEMO);
  await api.post("/agents", { id: "ada", name: "Ada" });
  await history(page).first().click();
  await expect(region(page, "Payload")).toContainText('"agentId": "ada"');
  const pause = page.getByRole("button", { name: "Pause" });
  const resume = page.getByRole("button", { name: "Resume" });

  const before = await pause.boundingBox();
  await pause.click();
  await expect(resume).toBeVisible();
  expect((await resume.boundingBox())?.width).toBe(before?.width);
  await api.post("/agents", { id: "bob", name: "Bob" });
  await expect(page.getByRole("button", { name: "1 new" })).toBeVisible();
  await page.getByRole("button", { name: "Clear" }).click();
  await expect(region(page, "Payload")).toHaveCount(0);
  await expect(page.getByText("1 event waits for Resume.")).toBeVisible();
  await expect(page.getByText("Nothing to show yet.")).toHaveCount(0);
  await api.post("/agents", { id: "eve", name: "Eve" });
  await expect(page.getByText("2 events wait for Resume.")).toBeVisible();

  await resume.click();
  await expect(history(page)).toHaveText([/Eve/, /Bob/]);
});

test("a notification in the history says how grave it is", async ({ page, server }) => {
  await open(page, DEMO);
  for (const type of ["info", "success", "warning", "error"]) {
    await connect(server).post("/notifications", { type, message: "Tea is ready" });
  }
  await expect(history(page)).toHaveText([
    /error: Tea is ready/,
    /warning: Tea is ready/,
    /success: Tea is ready/,
    /info: Tea is ready/,
  ]);
});

test("every event can be made to happen with the buttons", async ({ page, server }) => {
  await open(page, DEMO);
  const panel = region(page, "Make something happen");
  const expected: string[] = [];
  const click = async (button: string, event: string) => {
    await panel.getByRole("button", { name: button, exact: true }).click();
    await expect(panel.getByRole("status")).toHaveText(new RegExp(`^${event} was here after \\d+ ms`));
    expected.unshift(event);
  };

  await panel.getByLabel("Name").fill("Ada");
  await click("Create", "agent:created");
  await expect(panel.getByLabel("Name")).toHaveValue("");
  await click("Rename", "agent:updated");
  await click("Working", "agent:statusChanged");
  const agent = await panel.getByLabel("Agent", { exact: true }).last().inputValue();
  await panel.getByText("Chat", { exact: true }).first().click();
  await click("Create", "chat:created");
  await click("Rename", "chat:updated");
  await panel.getByLabel("Who joins or leaves").fill(agent);
  await click("Join", "chat:participantJoined");
  await panel.getByLabel("Title or message").fill("Hello, Ada.");
  await click("Post", "chat:messageCreated");
  await click("Received", "chat:receiptUpdated");
  await click("Read", "chat:receiptUpdated");
  await click("Leave", "chat:participantLeft");
  await click("Delete", "chat:deleted");
  await panel.getByText("Collection", { exact: true }).first().click();
  await click("Create", "collection:created");
  await click("Rename", "collection:updated");
  await click("Delete", "collection:deleted");
  await panel.getByText("Notice", { exact: true }).click();
  await click("Inform", "system:notification");
  await panel.getByText("Agent", { exact: true }).first().click();
  await click("Delete", "agent:deleted");

  await expect(history(page)).toHaveText(expected.map((event) => new RegExp(event)));
  expect(new Set(expected).size).toBe(15);
  expect((await connect(server).get("/agents")).items).toEqual([]);
});

test("all events are played, and nothing is left behind", async ({ page, server }) => {
  const api = connect(server);
  await open(page, DEMO);

  await page.getByRole("button", { name: "Play every event" }).click();

  await expect(page.getByText("All 15 events.")).toBeVisible({ timeout: 60_000 });
  await expect(history(page)).toHaveText([
    /system:notification/,
    /agent:deleted/,
    /collection:deleted/,
    /collection:updated/,
    /collection:created/,
    /chat:deleted/,
    /chat:participantLeft/,
    /chat:receiptUpdated/,
    /chat:messageCreated/,
    /chat:participantJoined/,
    /chat:updated/,
    /chat:created/,
    /agent:statusChanged/,
    /agent:updated/,
    /agent:created/,
  ]);
  for (const path of ["/agents", "/chats", "/collections"]) {
    expect((await api.get(path)).items).toEqual([]);
  }
});

test("a refusal stands beside the button, and what was typed stays", async ({ page, server }) => {
  await open(page, DEMO);
  const panel = region(page, "Make something happen");
  const name = "A".repeat(201);

  await panel.getByLabel("Name").fill(name);
  await panel.getByRole("button", { name: "Create" }).click();
  await expect(panel.getByText("Name must have at most 200 characters.")).toBeVisible();
  await expect(panel.getByLabel("Name")).toHaveValue(name);

  await panel.getByLabel("Agent", { exact: true }).last().fill("not an id");
  await panel.getByRole("button", { name: "Delete" }).click();
  await expect(panel.getByText(/^An id has 1 to 64 characters.*\.$/)).toBeVisible();
  await panel.getByLabel("Agent", { exact: true }).last().fill("nobody");
  await panel.getByRole("button", { name: "Delete" }).click();
  await page.getByRole("dialog", { name: "Delete nobody?" }).getByRole("button", { name: "Delete" }).click();
  await expect(panel.getByText('No agent has the id "nobody".')).toBeVisible();

  await panel.getByLabel("Name").fill("Ada");
  await panel.getByRole("button", { name: "Create" }).click();
  await expect(history(page)).toHaveText([/agent:created.*Ada/]);
  expect((await connect(server).get("/agents")).items).toHaveLength(1);
});

test("what is created has the id that was typed, if there is none with it", async ({ page, server }) => {
  const api = connect(server);
  await api.post("/agents", { id: "ada", name: "Ada" });
  await api.post("/agents", { id: "bob", name: "Bob" });
  await open(page, DEMO);
  const panel = region(page, "Make something happen");
  const agent = panel.getByLabel("Agent", { exact: true }).last();
  const create = panel.getByRole("button", { name: "Create" });
  const creates = async (id: string | RegExp) => {
    await create.click();
    await expect(panel.getByRole("status")).toHaveText(/^agent:created was here/);
    await expect(agent).toHaveValue(id);
    await expect(create).toBeEnabled();
  };
  const chosen = /^[a-z]+-[a-z]+-\d+$/;

  // What nobody typed is not taken, although it is free again.
  await expect(agent).toHaveValue("bob");
  await api.delete("/agents/bob");
  await expect(offered(page, "agents")).toHaveText(["Ada"]);
  await creates(chosen);
  await agent.fill("my-bot");
  await creates("my-bot");
  expect(await api.get("/agents/my-bot")).toMatchObject({ id: "my-bot" });
  await creates(chosen);
  await agent.fill("ada");
  await creates(chosen);
  expect((await api.get("/agents")).items).toHaveLength(5);

  await agent.fill("not an id");
  await create.click();
  await expect(panel.getByText(/^An id has 1 to 64 characters.*\.$/)).toBeVisible();
  await expect(agent).toHaveValue("not an id");
  expect((await api.get("/agents")).items).toHaveLength(5);
});

test("what others made is deleted only if one says so twice, and nothing else takes its place", async ({
  page,
  server,
}) => {
  const api = connect(server);
  await api.post("/agents", { id: "ada", name: "Ada" });
  await api.post("/agents", { id: "bob", name: "Bob" });
  await open(page, DEMO);
  const panel = region(page, "Make something happen");
  const agent = panel.getByLabel("Agent", { exact: true }).last();
  const deletion = panel.getByRole("button", { name: "Delete" });
  const dialog = page.getByRole("dialog", { name: "Delete Bob?" });
  await expect(agent).toHaveValue("bob");

  await deletion.click();
  await dialog.getByRole("button", { name: "Cancel" }).click();
  await expect(dialog).toBeHidden();
  await expect(deletion).toBeFocused();
  expect((await api.get("/agents")).items).toHaveLength(2);
  await deletion.click();
  await dialog.getByRole("button", { name: "Delete" }).click();

  await expect(history(page)).toHaveText([/agent:deleted/]);
  await expect(panel.getByRole("status")).toHaveText(/^agent:deleted was here/);
  await expect(deletion).toBeFocused();
  await expect(agent).toHaveValue("");
  await deletion.click();
  await expect(panel.getByText("Say which agent, or create one.")).toBeVisible();
  expect((await api.get("/agents")).items).toMatchObject([{ id: "ada" }]);
});

test("how it went is said of what it was about", async ({ page }) => {
  await open(page, DEMO);
  const panel = region(page, "Make something happen");
  await panel.getByRole("button", { name: "Create" }).click();
  await expect(panel.getByRole("status")).toHaveText(/^agent:created was here/);

  await panel.getByText("Collection", { exact: true }).first().click();

  await expect(panel.getByText("was here")).toBeHidden();
});

for (const [id, whose] of [
  ["", "that was chosen"],
  ["my-bot", "that was typed"],
] as const) {
  test(`tried again after a lost answer, it is created once, with the id ${whose}`, async ({ page, server }) => {
    let isCut = true;
    await page.route("**/api/v1/agents", async (route) => {
      const response = await route.fetch();
      await (isCut ? route.abort() : route.fulfill({ response }));
    });
    await open(page, DEMO);
    const panel = region(page, "Make something happen");
    await panel.getByLabel("Agent", { exact: true }).last().fill(id);

    await panel.getByRole("button", { name: "Create" }).click();
    await expect(panel.getByText("The server cannot be reached.")).toBeVisible();
    // It was created all the same.
    await expect(history(page)).toHaveText([/agent:created/]);
    isCut = false;
    await panel.getByRole("button", { name: "Create" }).click();

    await expect(panel.getByText("The server cannot be reached.")).toBeHidden();
    // Its event may have been here the first time.
    await expect(panel.getByRole("status")).toHaveText(/^(Done\.|agent:created was here)/);
    await expect(panel.getByRole("button", { name: "Create" })).toBeEnabled();
    expect((await connect(server).get("/agents")).items).toHaveLength(1);
  });
}

test("the page can be left while something is made to happen", async ({ page, server }) => {
  const heard = listen(page);
  await open(page, DEMO);
  const creation = await hold(page, "**/api/v1/agents");
  await region(page, "Make something happen").getByRole("button", { name: "Create" }).click();
  await creation.asked;
  await goTo(page, "Agents");
  creation.release();
  await creation.answered();

  await expect(page.getByRole("list", { name: "Agents" }).getByRole("listitem")).toHaveCount(1);
  expect(heard).toEqual([]);
});

test("what came while the page was being loaded is in its history", async ({ page, server }) => {
  await open(page, "/agents");
  const lists = await hold(page, "**/api/v1/collections*");
  await page.getByRole("navigation", { name: "Main" }).getByRole("link", { name: "Live", exact: true }).click();
  await lists.asked;
  await connect(server).post("/notifications", { type: "info", message: "Tea is ready" });
  // The page was sent it, and is not sent it again.
  await expect(page.locator(".toast")).toContainText("Tea is ready");
  lists.release();

  await expect(history(page)).toHaveText([/system:notification.*Tea is ready/]);
});

test("subscribed to one chat, the page sees that chat only", async ({ page, server }) => {
  const api = connect(server);
  await open(page, DEMO);
  for (const topic of ["agent:*", "chat:*", "collection:*"]) {
    await page.getByRole("button", { name: `Unsubscribe from ${topic}` }).click();
  }
  await expect(page.getByText("None: nothing will arrive.")).toBeVisible();
  await subscribedTo(api, []);

  await region(page, "Subscriptions").getByText("Chats", { exact: true }).click();
  await page.getByLabel("Which", { exact: true }).fill("not an id");
  await page.getByRole("button", { name: "Subscribe", exact: true }).click();
  await expect(page.getByText("An id has 1 to 64 characters")).toBeVisible();
  await expect(page.getByLabel("Which", { exact: true })).toHaveValue("not an id");
  await page.getByLabel("Which", { exact: true }).fill("plan");
  await page.getByRole("button", { name: "Subscribe", exact: true }).click();
  await subscribedTo(api, ["chat:plan"]);

  await api.post("/chats", { id: "other", title: "Another" });
  await api.post("/chats", { id: "plan", title: "The plan" });
  await expect(history(page)).toHaveText([/chat:created.*The plan/]);
});

test("a subscription that the hub ends is gone, and why is said", async ({ page, server }) => {
  await page.routeWebSocket(/\/ws$/, (socket) => {
    const hub = socket.connectToServer();
    hub.onMessage((text) => {
      socket.send(text);
      if (JSON.parse(String(text)).event === "agent:created") {
        const payload = { topic: "chat:*", reason: "not for you" };
        socket.send(JSON.stringify({ event: "hub:unsubscribed", payload }));
      }
    });
  });
  await open(page, DEMO);

  await connect(server).post("/agents", { id: "ada", name: "Ada" });

  await expect(page.getByText("The hub ended chat:*: not for you")).toBeVisible();
  await expect(page.getByRole("button", { name: "Unsubscribe from chat:*" })).toHaveCount(0);
  await expect(page.getByRole("button", { name: "Unsubscribe from agent:*" })).toBeVisible();
});

test("what exists can be chosen, and follows live events", async ({ page, server }) => {
  const api = connect(server);
  await api.post("/agents", { id: "ada", name: "Ada" });
  await page.goto(DEMO);
  await expect(offered(page, "agents")).toHaveText(["Ada"]);
  await live(page);

  await api.post("/agents", { id: "bob", name: "Bob" });
  await expect(offered(page, "agents")).toHaveText(["Bob", "Ada"]);
  await api.delete("/agents/ada");
  await expect(offered(page, "agents")).toHaveText(["Bob"]);

  const subscriptions = region(page, "Subscriptions");
  await subscriptions.getByLabel("Which").fill("bob");
  await expect(subscriptions.getByText("Bob", { exact: true })).toBeVisible();
  await subscriptions.getByRole("button", { name: "Subscribe", exact: true }).click();
  await subscribedTo(api, ["agent:*", "agent:bob", "chat:*", "collection:*"]);

  const held = subscriptions.getByRole("listitem").filter({ hasText: "agent:bob" });
  await expect(held).toContainText("Bob");
  await api.patch("/agents/bob", { name: "Robert" });
  await expect(held).toContainText("Robert");
});

test("an address without a page says so and leads on", async ({ page }) => {
  const response = await page.goto("/nowhere");
  expect(response?.status()).toBe(404);

  await page.getByRole("link", { name: "Watch live events" }).click();

  await isLive(page);
});

for (const width of [360, 2560]) {
  test(`fits a screen ${width} pixels wide`, async ({ page, server }) => {
    await page.setViewportSize({ width, height: 800 });
    await open(page, DEMO);
    await connect(server).post("/chats", { title: "Un".repeat(90) });
    await expect(history(page)).toHaveCount(1);

    expect(await excessWidth(page)).toBe(0);
  });
}

test.describe("where people sign in", () => {
  test.use({ flags: ["--auth", "required"] });

  test("who can make nothing happen is not told to", async ({ page, context, server, browser }) => {
    const admin = await browser.newContext({ baseURL: server.url });
    await setUp(admin, server);
    await join(admin, server, context, "Vera Viewer", "viewer");
    await open(page, DEMO);

    const panel = region(page, "Live history");
    await expect(panel.getByText("What others create shows up here by itself.")).toBeVisible();
    await expect(panel.getByText("make something happen")).toHaveCount(0);
  });
});

test.describe("without scripts", () => {
  test.use({ javaScriptEnabled: false });

  test("the page reads well, with its data", async ({ page, server }) => {
    await connect(server).post("/agents", { id: "ada", name: "Ada" });

    await page.goto(DEMO);

    await expect(page.getByRole("heading", { level: 1 })).toHaveText("What happens, as it happens");
    await expect(offered(page, "agents")).toHaveText(["Ada"]);
    await expect(page.getByText("#1", { exact: true })).toBeVisible();
    await expect(page.getByText("agent:*")).toBeVisible();
  });
});

/** Waits until the hub sees these subscriptions of the page. */
async function subscribedTo(api: Api, topics: string[]): Promise<void> {
  const seen = async () => (await api.get("/connections")).items[0]?.subscriptions.sort();
  await expect.poll(seen).toEqual(topics);
}
