// Who is connected, and closing one.

import type { Page } from "@playwright/test";

import { listen, open } from "../pages.ts";
import { expect, test } from "../server.ts";
import { connect, hold } from "./steps.ts";

test("everybody who is connected is listed, this page marked", async ({ page, context, server }) => {
  const heard = listen(page);
  await open(page, "/connections");
  await expect(rows(page)).toHaveCount(1);
  await expect(rows(page)).toContainText("this page");
  await expect(rows(page)).toContainText("nothing but notifications");

  const other = await context.newPage();
  await open(other, "/events?topic=agent:ada");

  await expect(rows(page)).toHaveCount(2);
  const listed = rows(page).filter({ hasNotText: "this page" });
  await expect(listed).toContainText("local");
  await expect(listed).toContainText("agent:ada");
  await expect(listed).toContainText("empty");
  await expect(listed).toContainText(/· Chrome on \w+/);
  await expect(listed.locator(".who-agent")).toHaveAttribute("title", /^Mozilla\/5\.0 .*Chrome\//);

  await other.close();
  await expect(rows(page)).toHaveCount(1);
  const api = connect(server);
  await api.post("/agents", { id: "bob", name: "Bob" });
  // What comes after it is there.
  await api.post("/notifications", { type: "warning", message: "Bob is here" });
  await expect(page.locator(".toast")).toContainText("Bob is here");
  expect(heard).toEqual([]);
});

test("a connection is closed after asking, and stays away", async ({ page, context }) => {
  await open(page, "/connections");
  const other = await context.newPage();
  await open(other, "/events");
  const listed = rows(page).filter({ hasNotText: "this page" });

  await listed.getByRole("button", { name: /^Close the connection of local/ }).click();
  const dialog = page.getByRole("dialog", { name: "Close this connection?" });
  await dialog.getByRole("button", { name: "Cancel" }).click();
  await expect(dialog).toBeHidden();
  await expect(listed).toHaveCount(1);

  await listed.getByRole("button", { name: /^Close the connection of local/ }).click();
  await dialog.getByRole("button", { name: "Close it" }).click();
  await expect(dialog).toBeHidden();
  await expect(listed).toHaveCount(0);
  await expect(other.locator(".connection-pill")).toHaveText("Disconnected");
});

test("a late answer about one connection leaves the question about another", async ({ page, context }) => {
  await open(page, "/connections");
  const other = await context.newPage();
  await open(other, "/events");
  const listed = rows(page).filter({ hasNotText: "this page" });
  const own = rows(page).filter({ hasText: "this page" });
  await listed.getByRole("button", { name: /^Close the connection of local/ }).click();
  const dialog = page.getByRole("dialog", { name: "Close this connection?" });
  const button = dialog.getByRole("button", { name: "Close it" });
  const closing = await hold(page, "**/api/v1/connections/*");
  await button.click();
  await closing.asked;
  await page.keyboard.press("Escape");
  await own.getByRole("button", { name: /^Close the connection/ }).click();
  await expect(dialog).toContainText("It is this page's own");
  await expect(button).toBeDisabled();
  closing.release();

  await expect(listed).toHaveCount(0);
  await expect(button).toBeEnabled();
  await expect(dialog).toContainText("It is this page's own");
});

test("closing this page's own connection says what follows", async ({ page }) => {
  await open(page, "/connections");

  await rows(page).getByRole("button", { name: /^Close the connection/ }).click();
  const dialog = page.getByRole("dialog", { name: "Close this connection?" });
  await expect(dialog).toContainText("It is this page's own");
  await dialog.getByRole("button", { name: "Close it" }).click();

  await expect(page.locator(".connection-pill")).toHaveText("Disconnected");
  await expect(page.getByText("Nobody is connected.")).toBeVisible();
});

test("many connections are shown part by part, and searched", async ({ page, context, server }) => {
  await connect(server).post("/agents", { id: "ada", name: "Augusta" });
  const other = await context.newPage();
  await open(other, "/events");
  await other.evaluate(async () => {
    const opened = async (number: number) => {
      const socket = new WebSocket(`ws://${location.host}/ws${number === 58 ? "?actAs=ada" : ""}`);
      await new Promise((welcome) => socket.addEventListener("message", welcome, { once: true }));
      return socket;
    };
    const sockets: WebSocket[] = [];
    for (let number = 0; number < 59; number++) sockets.push(await opened(number));
    const ada = sockets[58];
    const replied = new Promise((reply) => ada?.addEventListener("message", reply, { once: true }));
    for (let number = 10; number < 35; number++) {
      const payload = `helper-${number}`;
      ada?.send(JSON.stringify({ event: "subscribe:agent", payload, ...(number === 34 && { id: 1 }) }));
    }
    await replied;
    Object.assign(window, { sockets });
  });

  await open(page, "/connections");
  await expect(rows(page)).toHaveCount(50);
  await page.getByRole("link", { name: "Next" }).click();
  // This page's is the last: 59 sockets and the other page's came before.
  await expect(rows(page)).toHaveCount(11);
  await expect(rows(page).last()).toContainText("this page");

  await page.getByRole("searchbox", { name: "Search names, ids, addresses and programs" }).fill("AUGUST");
  await expect(rows(page)).toHaveCount(1);
  await expect(page).toHaveURL(/\/connections\?q=AUGUST$/);
  await expect(rows(page)).toContainText("Augusta");
  await expect(rows(page)).toContainText("helper-29");
  await expect(rows(page)).not.toContainText("helper-30");
  await rows(page).getByRole("button", { name: "and 5 others" }).click();
  await expect(rows(page)).toContainText("helper-34");
  await expect(rows(page).getByRole("button", { name: /others/ })).toHaveCount(0);

  await page.getByLabel("Which").selectOption("Far behind only");
  await expect(page.getByText("Nothing matches.")).toBeVisible();
  await page.getByRole("link", { name: "Show all" }).click();
  await expect(rows(page)).toHaveCount(50);
});

test.describe("without scripts", () => {
  test.use({ javaScriptEnabled: false });

  test("the list is there", async ({ page }) => {
    await page.goto("/connections");
    await expect(page.getByText("Nobody is connected.")).toBeVisible();
  });
});

function rows(page: Page) {
  return page.getByRole("region", { name: "Connections" }).locator("tbody tr");
}
