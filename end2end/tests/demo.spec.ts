// The live page, as a newcomer uses it.

import type { Page } from "@playwright/test";

import { expect, test } from "../server.ts";
import { type Api, connect, history, isLive } from "./steps.ts";

const DEMO = "/demo/websocket";

test("hydrates without a word in the console", async ({ page, server }) => {
  const heard = listen(page);
  await connect(server).post("/agents", { id: "ada", name: "Ada" });

  await page.goto(DEMO);
  await isLive(page);
  await connect(server).post("/chats", { id: "plan", title: "The plan" });
  await expect(history(page)).toHaveCount(1);

  expect(heard).toEqual([]);
});

test("events arrive as they happen, the newest on top", async ({ page, server }) => {
  const api = connect(server);
  await page.goto(DEMO);
  await isLive(page);
  await expect(page.getByText("Nothing has happened yet.")).toBeVisible();

  await api.post("/agents", { id: "ada", name: "Ada" });
  await api.put("/agents/ada/status", { status: "working", statusDetail: "Reading" });
  await api.post("/chats", { id: "plan", title: "The plan" });
  await api.post("/chats/plan/messages", { content: "Shall we begin?" });
  await api.post("/collections", { id: "notes", name: "Notes" });

  await expect(history(page)).toContainText([
    /collection:created.*Notes/,
    /chat:messageCreated.*The plan.*local: Shall we begin\?/,
    /chat:created.*The plan/,
    /agent:statusChanged.*Ada.*working: Reading/,
    /agent:created.*Ada.*#1/,
  ]);
});

test("a payload is shown on demand", async ({ page, server }) => {
  await page.goto(DEMO);
  await isLive(page);
  await connect(server).post("/agents", { id: "ada", name: "Ada" });

  await history(page).first().getByText("agent:created").click();

  await expect(page.getByLabel("Payload")).toContainText('"agentId": "ada"');
});

test("the history can be cleared", async ({ page, server }) => {
  await page.goto(DEMO);
  await isLive(page);
  await connect(server).post("/agents", { id: "ada", name: "Ada" });
  await expect(history(page)).toHaveCount(1);

  await page.getByRole("button", { name: "Clear" }).click();
  await expect(history(page)).toHaveCount(0);

  await connect(server).post("/agents", { id: "bob", name: "Bob" });
  await expect(history(page)).toContainText([/agent:created.*Bob/]);
});

test("the button creates an agent, and its event comes back", async ({ page, server }) => {
  await page.goto(DEMO);
  await isLive(page);

  await page.getByRole("button", { name: "Create an agent" }).click();

  await expect(page.getByText(/was created; its event was here after \d+ ms\./)).toBeVisible();
  await expect(history(page)).toContainText([/agent:created/]);
  expect((await connect(server).get("/agents")).items).toHaveLength(1);
});

test("a refusal stands beside the button, which can be tried again", async ({ page }) => {
  let answer = () => {};
  const asked = new Promise<void>((resolve) => {
    answer = resolve;
  });
  await page.route("**/api/v1/agents", async (route) => {
    await asked;
    const problem = {
      type: "about:blank",
      title: "Unprocessable Content",
      status: 422,
      detail: "The agent is not valid.",
      errors: [{ field: "name", message: "has 1 to 200 characters" }],
    };
    await route.fulfill({ status: 422, contentType: "application/problem+json", json: problem });
  });
  await page.goto(DEMO);
  await isLive(page);

  await page.getByRole("button", { name: "Create an agent" }).click();
  await expect(page.getByRole("button", { name: "Creating…" })).toBeDisabled();
  answer();

  const refusal = page.getByText("The agent is not valid. (name: has 1 to 200 characters)");
  await expect(refusal).toBeVisible();
  await expect(page.getByRole("button", { name: "Create an agent" })).toBeEnabled();
});

test("subscribed to one chat, the page sees that chat only", async ({ page, server }) => {
  const api = connect(server);
  await page.goto(DEMO);
  await isLive(page);
  for (const topic of ["agent:*", "chat:*", "collection:*"]) {
    await page.getByRole("button", { name: `Unsubscribe from ${topic}` }).click();
  }
  await expect(page.getByText("None: nothing will arrive.")).toBeVisible();
  await subscribedTo(api, []);

  await page.getByText("Chats", { exact: true }).click();
  await page.getByLabel("Which").selectOption({ label: "By id…" });
  await page.getByLabel("Id", { exact: true }).fill("not an id");
  await page.getByRole("button", { name: "Subscribe", exact: true }).click();
  await expect(page.getByText("an id has 1 to 64 characters")).toBeVisible();
  await page.getByLabel("Id", { exact: true }).fill("plan");
  await page.getByRole("button", { name: "Subscribe", exact: true }).click();
  await subscribedTo(api, ["chat:plan"]);

  await api.post("/chats", { id: "other", title: "Another" });
  await api.post("/chats", { id: "plan", title: "The plan" });
  await expect(history(page)).toContainText([/chat:created.*The plan/]);
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
  await page.goto(DEMO);
  await isLive(page);

  await connect(server).post("/agents", { id: "ada", name: "Ada" });

  await expect(page.getByText("The hub ended chat:*: not for you")).toBeVisible();
  await expect(page.getByRole("button", { name: "Unsubscribe from chat:*" })).toHaveCount(0);
  await expect(page.getByRole("button", { name: "Unsubscribe from agent:*" })).toBeVisible();
});

test("what exists can be chosen, and follows live events", async ({ page, server }) => {
  const api = connect(server);
  await api.post("/agents", { id: "ada", name: "Ada" });
  await page.goto(DEMO);
  const names = page.getByLabel("Which").locator("option");
  await expect(names).toHaveText(["All agents", "Ada", "By id…"]);
  await isLive(page);

  await api.post("/agents", { id: "bob", name: "Bob" });
  await expect(names).toHaveText(["All agents", "Bob", "Ada", "By id…"]);
  await api.delete("/agents/ada");
  await expect(names).toHaveText(["All agents", "Bob", "By id…"]);

  await page.getByLabel("Which").selectOption({ label: "Bob" });
  await page.getByRole("button", { name: "Subscribe", exact: true }).click();
  await subscribedTo(api, ["agent:*", "agent:bob", "chat:*", "collection:*"]);
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
    await page.goto(DEMO);
    await isLive(page);
    await connect(server).post("/chats", { title: "Un".repeat(90) });
    await expect(history(page)).toHaveCount(1);

    const excess = await page.evaluate(() => {
      const { scrollWidth, clientWidth } = document.documentElement;
      return scrollWidth - clientWidth;
    });
    expect(excess).toBe(0);
  });
}

test.describe("without scripts", () => {
  test.use({ javaScriptEnabled: false });

  test("the page reads well, with its data", async ({ page, server }) => {
    await connect(server).post("/agents", { id: "ada", name: "Ada" });

    await page.goto(DEMO);

    await expect(page.getByRole("heading", { level: 1 })).toHaveText("What happens, as it happens");
    await expect(page.getByLabel("Which").locator("option")).toContainText(["Ada"]);
    await expect(page.getByText("#1", { exact: true })).toBeVisible();
    await expect(page.getByText("agent:*")).toBeVisible();
  });
});

/** What the page says in the console, and every error that nothing caught. */
function listen(page: Page): string[] {
  const heard: string[] = [];
  page.on("console", (message) => heard.push(`${message.type()}: ${message.text()}`));
  page.on("pageerror", (error) => heard.push(`uncaught: ${error.message}`));
  return heard;
}

/** Waits until the hub sees these subscriptions of the page. */
async function subscribedTo(api: Api, topics: string[]): Promise<void> {
  const seen = async () => (await api.get("/connections")).items[0]?.subscriptions.sort();
  await expect.poll(seen).toEqual(topics);
}
