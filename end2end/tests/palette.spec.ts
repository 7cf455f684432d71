// The command palette: anything by its name, with the keyboard alone.

import type { Page } from "@playwright/test";

import { listen, live, open } from "../pages.ts";
import { expect, test } from "../server.ts";
import { connect, hold } from "./steps.ts";

test("goes to a page with the keyboard alone, and is loaded when it is wanted", async ({ page }) => {
  const heard = listen(page);
  await open(page, "/events");
  await expect(page.getByRole("dialog")).toHaveCount(0);

  await page.keyboard.press("Control+k");
  await expect(field(page)).toBeFocused();
  await page.keyboard.type("conn");
  await expect(chosen(page)).toContainText("Connections");
  await page.keyboard.press("ArrowDown");
  await expect(chosen(page)).toContainText("Disconnect from the hub");
  await page.keyboard.press("ArrowUp");
  await page.keyboard.press("Enter");

  await expect(page).toHaveURL(/\/connections$/);
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Connections");
  await expect(page.getByRole("heading", { level: 1 })).toBeFocused();
  await expect(field(page)).toBeHidden();
  expect(heard).toEqual([]);
});

test("opens while Caps Lock is on, too", async ({ page }) => {
  await open(page, "/events");

  await page.keyboard.press("Control+K");
  await expect(field(page)).toBeFocused();
});

test("finds an agent, a chat and a collection by name or id", async ({ page, server }) => {
  const api = connect(server);
  await api.post("/agents", { id: "ada", name: "Ada Lovelace" });
  await api.post("/chats", { id: "plan-7", title: "The engine" });
  await api.post("/collections", { id: "notes", name: "Notes on the engine" });
  await open(page, "/");

  await page.keyboard.press("Control+k");
  await page.keyboard.type("engine");
  await expect(lines(page)).toHaveText([/The engine.*Chat/, /Notes on the engine.*Collection/]);
  await field(page).fill("lovelace");
  await expect(chosen(page)).toContainText("Ada Lovelace");
  await field(page).fill("plan-7");
  await expect(chosen(page)).toContainText("The engine");
  await page.keyboard.press("Enter");

  await expect(page).toHaveURL(/\/chats\/plan-7$/);
});

test("many agents leave room for a chat, and those with the same name show their ids", async ({
  page,
  server,
}) => {
  const api = connect(server);
  for (let number = 1; number <= 31; number += 1) {
    await api.post("/agents", { id: `crew-${number}`, name: "Crew" });
  }
  await api.post("/chats", { id: "talk", title: "What the crew says" });
  await open(page, "/");

  await page.keyboard.press("Control+k");
  await page.keyboard.type("crew");

  await expect(lines(page)).toHaveCount(30);
  await expect(lines(page).first()).toHaveText(/Crew.*crew-\d+.*Agent/);
  await expect(lines(page).last()).toHaveText(/What the crew says.*Chat/);
  await expect(lines(page).last()).not.toContainText("talk");
});

test("titles that begin alike, which are cut, show their ids", async ({ page, server }) => {
  const api = connect(server);
  const title = "What the crew says of the weather, of the sea and of the ship, ";
  await api.post("/chats", { id: "first", title: `${title}before noon` });
  await api.post("/chats", { id: "second", title: `${title}after noon` });
  await page.setViewportSize({ width: 360, height: 640 });
  await open(page, "/");

  await button(page).click();
  await field(page).fill("weather");

  await expect(lines(page)).toHaveCount(2);
  for (const id of ["first", "second"]) {
    await expect(lines(page).getByText(id, { exact: true })).toBeInViewport({ ratio: 1 });
  }
});

test("what is typed while it is loaded is not lost", async ({ page, server }) => {
  await connect(server).post("/agents", { id: "ada", name: "Ada Lovelace" });
  // A page that does not live in the part in which the palette is.
  await open(page, "/chats");
  const code = await hold(page, "**/*.wasm");

  await page.keyboard.press("Control+k");
  await expect(button(page)).toHaveAttribute("aria-busy", "true");
  await page.keyboard.type("lovelaxx");
  await page.keyboard.press("Backspace");
  await page.keyboard.press("Backspace");
  await page.keyboard.type("ce");
  await page.keyboard.press("Enter");
  await code.asked;
  await expect(field(page)).toHaveCount(0);
  code.release();

  await expect(page).toHaveURL(/\/agents\/ada$/);
  await expect(field(page)).toBeHidden();
});

test("what was typed is in its field when that is there", async ({ page }) => {
  await open(page, "/chats");
  const code = await hold(page, "**/*.wasm");

  await page.keyboard.press("Control+k");
  await page.keyboard.type("over");
  await code.asked;
  code.release();

  await expect(field(page)).toBeFocused();
  await page.keyboard.type("view");
  await expect(field(page)).toHaveValue("overview");
  await expect(chosen(page)).toContainText("Overview");
});

test("Escape gives it up while it is loaded", async ({ page }) => {
  await open(page, "/chats");
  const code = await hold(page, "**/*.wasm");

  await page.keyboard.press("Control+k");
  await code.asked;
  await page.keyboard.press("Escape");
  await expect(button(page)).toHaveAttribute("aria-busy", "false");
  code.release();
  await page.keyboard.press("Control+k");

  await expect(field(page)).toBeFocused();
});

test("says when it cannot be loaded, and tries again", async ({ page }) => {
  await open(page, "/chats");
  await page.route("**/*.wasm", (route) => route.abort());

  await button(page).click();
  await expect(page.locator(".toast")).toContainText("could not be loaded");
  await expect(button(page)).toHaveAttribute("aria-busy", "false");

  await page.unroute("**/*.wasm");
  await button(page).click();
  await expect(field(page)).toBeFocused();
});

test("Escape closes it, and the focus is where it was", async ({ page }) => {
  await open(page, "/events");
  await page.getByLabel("Entity").focus();

  await page.keyboard.press("Control+k");
  await expect(field(page)).toBeFocused();
  await page.keyboard.type("nothing has this name");
  await expect(page.getByText("Nothing has this name or id.")).toBeVisible();
  await page.keyboard.press("Escape");

  await expect(field(page)).toBeHidden();
  await expect(page.getByLabel("Entity")).toBeFocused();
  await page.keyboard.press("Control+k");
  await expect(field(page)).toHaveValue("");
});

test("a press beside it closes it", async ({ page }) => {
  await open(page, "/events");
  await page.keyboard.press("Control+k");
  await expect(field(page)).toBeFocused();

  await page.mouse.click(5, 5);

  await expect(field(page)).toBeHidden();
});

test("runs commands", async ({ page }) => {
  await open(page, "/events");
  const run = async (command: string) => {
    await page.keyboard.press("Control+k");
    await expect(field(page)).toBeFocused();
    await page.keyboard.type(command);
    await expect(chosen(page)).toContainText(command);
    await page.keyboard.press("Enter");
  };

  await run("Switch colours");
  await expect(page.locator("html")).toHaveAttribute("data-theme", "light");
  await run("Disconnect from the hub");
  await expect(page.locator(".connection-pill")).toHaveText("Disconnected");
  await run("Connect to the hub");
  await live(page);
  await run("Notify everybody");
  await expect(page.getByRole("dialog", { name: "Notify everybody" })).toBeVisible();
});

test("leads to the page of the API, and finds things by other words", async ({ page }) => {
  await open(page, "/events");

  await page.keyboard.press("Control+k");
  await field(page).fill("dark");
  await expect(lines(page)).toHaveText([/Switch colours/]);
  // Nobody has an account in local mode.
  await field(page).fill("profile");
  await expect(page.getByText("Nothing has this name or id.")).toBeVisible();
  await field(page).fill("docs");
  await expect(chosen(page)).toContainText("API");
  await page.keyboard.press("Enter");

  await expect(page).toHaveURL(/\/docs\/?$/);
});

test("begins to create an agent from anywhere", async ({ page }) => {
  await open(page, "/events");

  await page.keyboard.press("Control+k");
  await field(page).fill("create agent");
  await expect(chosen(page)).toContainText("Create an agent");
  await page.keyboard.press("Enter");

  const creating = page.getByRole("dialog", { name: "New agent" });
  await expect(creating.getByLabel("Name", { exact: true })).toBeFocused();
  // Its address asks for the dialog, until that is closed.
  await expect(page).toHaveURL(/\/agents\?new=1$/);
  await page.keyboard.press("Escape");
  await expect(creating).toBeHidden();
  await expect(page).toHaveURL(/\/agents$/);
});

test("Back closes the dialog that an address opened, and so does a press beside it", async ({ page }) => {
  await open(page, "/agents");
  await page.keyboard.press("Control+k");
  await field(page).fill("create agent");
  await expect(chosen(page)).toContainText("Create an agent");
  await page.keyboard.press("Enter");
  const creating = page.getByRole("dialog", { name: "New agent" });
  const name = creating.getByLabel("Name", { exact: true });
  await name.fill("Ada");

  await page.goBack();
  await expect(creating).toBeHidden();
  await expect(page).toHaveURL(/\/agents$/);
  await page.goForward();
  await expect(name).toHaveValue("Ada");
  await page.mouse.click(5, 5);
  await expect(creating).toBeHidden();
  await expect(page).toHaveURL(/\/agents$/);
  await page.getByRole("button", { name: "New agent" }).click();
  await expect(name).toHaveValue("Ada");
});

test("the button opens it on a phone", async ({ page }) => {
  await page.setViewportSize({ width: 360, height: 640 });
  await open(page, "/events");

  await button(page).click();
  await field(page).fill("over");
  await lines(page).filter({ hasText: "Overview" }).click();

  await expect(page).toHaveURL(/:\d+\/$/);
});

test("an address without a page leads back", async ({ page }) => {
  const response = await page.goto("/nowhere");
  expect(response?.status()).toBe(404);

  await page.getByRole("link", { name: "To the overview" }).click();

  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Overview");
});

function button(page: Page) {
  return page.getByRole("button", { name: /Go to anything/ });
}

function field(page: Page) {
  return page.getByRole("combobox", { name: "Name, id or command" });
}

function chosen(page: Page) {
  return lines(page).and(page.getByRole("option", { selected: true }));
}

function lines(page: Page) {
  return page.getByRole("listbox", { name: "Results" }).getByRole("option");
}
