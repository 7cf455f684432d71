// Agents: the list, one agent's page, and its form.

import type { Locator, Page } from "@playwright/test";

import { excessWidth, expectFit, listen, live, open } from "../pages.ts";
import { expect, test } from "../server.ts";
import { rows } from "./entities.ts";
import { connect, goTo, hold, requestsOf } from "./steps.ts";

const ADA = {
  id: "ada",
  name: "Ada",
  description: "Plans the work.",
  capabilities: ["plan", "review"],
  metadata: { team: "blue", limits: { steps: 12 } },
};

test("the list and an agent's page hydrate without a word in the console", async ({
  page,
  server,
}) => {
  const heard = listen(page);
  await connect(server).post("/agents", ADA);

  await open(page, "/agents");
  await connect(server).put("/agents/ada/status", { status: "working" });
  await expect(rows(page, "Agents")).toHaveText([/working/]);
  await open(page, "/agents/ada");
  await connect(server).put("/agents/ada/status", { status: "idle" });
  await expect(status(page)).toContainText("idle");

  expect(heard).toEqual([]);
});

test("an agent that is created in one page is there in the other", async ({
  page,
  context,
  server,
}) => {
  const other = await context.newPage();
  await open(other, "/agents");
  await expect(other.getByText("There are no agents yet.")).toBeVisible();

  await open(page, "/agents");
  await page.getByRole("button", { name: "New agent" }).click();
  await page.getByLabel("Name", { exact: true }).fill("Ada");
  await page.getByLabel("Description", { exact: true }).fill("Plans the work.");
  await page.getByLabel("Capabilities", { exact: true }).fill("plan");
  await page.getByLabel("Capabilities", { exact: true }).press("Enter");
  await page.getByLabel("Capabilities", { exact: true }).fill("review");
  await page.getByLabel("Metadata", { exact: true }).fill('{"team": "blue"}');
  await page.getByLabel("Id", { exact: true }).fill("ada");
  await page.getByRole("button", { name: "Create", exact: true }).click();

  await expect(page).toHaveURL(/\/agents\/ada$/);
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Ada");
  await expect(rows(other, "Agents")).toHaveText([/Ada.*offline.*plan.*review/]);
  const saved = await connect(server).get("/agents/ada");
  expect(saved).toMatchObject({ capabilities: ["plan", "review"], metadata: { team: "blue" } });
});

test("what the server refuses stands at its field, and what was typed stays", async ({
  page,
  server,
}) => {
  await connect(server).post("/agents", ADA);
  await open(page, "/agents");
  await page.getByRole("button", { name: "New agent" }).click();
  await page.getByLabel("Description", { exact: true }).fill("Checks the work.");
  await page.getByLabel("Id", { exact: true }).fill("ada");

  await page.getByRole("button", { name: "Create", exact: true }).click();
  await expect(page.getByLabel("Name", { exact: true })).toHaveAccessibleDescription("Must not be empty.");
  await expect(page.getByLabel("Name", { exact: true })).toHaveAttribute("aria-invalid", "true");
  await expect(page.getByLabel("Name", { exact: true })).toBeFocused();

  await page.getByLabel("Name", { exact: true }).fill("Another Ada");
  await page.getByRole("button", { name: "Create", exact: true }).click();
  await expect(page.getByLabel("Id", { exact: true })).toHaveAccessibleDescription(
    /There is another agent with this id\./,
  );
  await expect(page.getByLabel("Id", { exact: true })).toBeFocused();
  await expectFit(page, "a form that was refused");

  await page.keyboard.press("Escape");
  await expect(page.getByRole("dialog")).toBeHidden();
  await page.getByRole("button", { name: "New agent" }).click();
  await expect(page.getByLabel("Name", { exact: true })).toHaveValue("Another Ada");
  await expect(page.getByLabel("Description", { exact: true })).toHaveValue("Checks the work.");
});

test("what was typed about a new agent outlives going elsewhere and a reload, until Cancel", async ({ page }) => {
  await open(page, "/chats");
  await goTo(page, "Agents");
  const dialog = page.getByRole("dialog", { name: "New agent" });
  const show = () => page.getByRole("button", { name: "New agent" }).click();
  const field = (label: string) => dialog.getByLabel(label, { exact: true });
  await show();
  await field("Name").fill("Ada");
  await field("Description").fill("Plans the work.");
  await field("Capabilities").fill("plan");
  await field("Capabilities").press("Enter");
  await field("Metadata").fill('{"team": ');
  await field("Id").fill("ada");
  const isThere = async () => {
    await expect(field("Name")).toHaveValue("Ada");
    await expect(field("Description")).toHaveValue("Plans the work.");
    await expect(dialog.getByRole("button", { name: "Remove plan" })).toBeVisible();
    await expect(field("Metadata")).toHaveValue('{"team": ');
    await expect(field("Id")).toHaveValue("ada");
  };

  await page.goBack();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Chats");
  await goTo(page, "Agents");
  await expect(dialog).toBeHidden();
  await show();
  await isThere();
  await page.reload();
  await live(page);
  await expect(dialog).toBeHidden();
  await show();
  await isThere();

  expect(await kept(page, "new:agent")).toContain("Plans the work.");
  await dialog.getByRole("button", { name: "Cancel" }).click();
  await expect(dialog).toBeHidden();
  await expect.poll(() => kept(page, "new:agent")).toBe(null);
  await show();
  await expect(field("Name")).toHaveValue("");
  await expect(field("Metadata")).toHaveValue("{}");
  await expect(field("Id")).toHaveValue("");
});

test("who goes elsewhere while an agent is created stays there", async ({ page, server }) => {
  await open(page, "/agents");
  const creation = await hold(page, "**/api/v1/agents");
  await page.getByRole("button", { name: "New agent" }).click();
  await page.getByLabel("Name", { exact: true }).fill("Ada");
  await page.getByRole("button", { name: "Create", exact: true }).click();
  await creation.asked;
  await page.keyboard.press("Escape");
  await goTo(page, "Collections");
  expect(await kept(page, "new:agent")).toContain("Ada");
  creation.release();

  await expect(page.locator(".toast")).toContainText("Ada was created.");
  expect(await kept(page, "new:agent")).toBe(null);
  await expect(page).toHaveURL(/\/collections$/);
  expect((await connect(server).get("/agents")).items).toHaveLength(1);
});

test("a creation whose answer was lost is tried again once", async ({ page, server }) => {
  await createWithLostAnswer(page);

  await page.getByRole("button", { name: "Create", exact: true }).click();

  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Ada");
  expect((await connect(server).get("/agents")).items).toHaveLength(1);
});

test("a creation whose answer was lost is tried again once after a reload, too", async ({ page, server }) => {
  await createWithLostAnswer(page);

  await page.reload();
  await live(page);
  await page.getByRole("button", { name: "New agent" }).click();
  await page.getByRole("button", { name: "Create", exact: true }).click();

  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Ada");
  expect((await connect(server).get("/agents")).items).toHaveLength(1);
  expect(await kept(page, "new:agent")).toBe(null);
});

test("a mistake in the JSON is told with its place, and its line is marked", async ({
  page,
  server,
}) => {
  await connect(server).post("/agents", ADA);
  const metadata = await edit(page);

  await metadata.fill('{\n  "a": 1\n  "b": 2\n}');
  await expect(metadata).toHaveAccessibleDescription(
    /^Line 3, column 3: a comma or } is expected here\. A JSON object\./,
  );
  await expect(page.getByRole("button", { name: "Save" })).toBeDisabled();
  await expect(page.getByRole("button", { name: "Format" })).toBeDisabled();
  await expectFit(page, "a mistake in JSON");
  const expectThirdLineMarked = async () => {
    const mark = await box(page.locator(".json-mistake"));
    const first = await box(metadata);
    expect(mark.y - first.y).toBeGreaterThan(2 * mark.height);
    expect(mark.y - first.y).toBeLessThan(3 * mark.height);
  };
  await expectThirdLineMarked();

  await metadata.fill('{\n  "a": 1,\n  "b": tru\n}');
  await expect(metadata).toHaveAccessibleDescription(
    /^Line 3, column 10: true, false or null is expected here\. A JSON object\./,
  );
  await expectThirdLineMarked();

  await metadata.fill('{"a":1,"b":2}');
  await expect(page.locator(".json-mistake")).toHaveCount(0);
  await page.getByRole("button", { name: "Format" }).click();
  await expect(metadata).toHaveValue('{\n  "a": 1,\n  "b": 2\n}');
});

test("Tab indents in the JSON, and Escape gives the key back", async ({ page, server }) => {
  await connect(server).post("/agents", ADA);
  const metadata = await edit(page);

  await metadata.fill('{\n"a": 1\n}');
  await metadata.press("ArrowUp");
  await metadata.press("Home");
  await metadata.press("Tab");
  await expect(metadata).toHaveValue('{\n  "a": 1\n}');
  await metadata.press("Shift+Tab");
  await expect(metadata).toHaveValue('{\n"a": 1\n}');
  await metadata.press("ControlOrMeta+z");
  await expect(metadata).toHaveValue('{\n  "a": 1\n}');

  await metadata.press("Escape");
  await metadata.press("Tab");
  await expect(metadata).not.toBeFocused();
});

test("a null that a change cannot carry is refused at the field", async ({ page, server }) => {
  await connect(server).post("/agents", ADA);
  const metadata = await edit(page);

  await metadata.fill('{"team": "blue", "limits": {"steps": null}}');

  await expect(metadata).toHaveAccessibleDescription(/^limits\.steps cannot become null/);
  await expect(page.getByRole("button", { name: "Save" })).toBeDisabled();
});

test("a change shows in both pages, and a member that was taken out is gone", async ({
  page,
  context,
  server,
}) => {
  const api = connect(server);
  await api.post("/agents", ADA);
  const other = await context.newPage();
  await open(other, "/agents/ada");
  const metadata = await edit(page);

  await page.getByLabel("Name", { exact: true }).fill("Ada the second");
  await page.getByRole("button", { name: "Remove plan" }).click();
  await metadata.fill('{"limits": {"steps": 13}}');
  await page.getByRole("button", { name: "Save" }).click();

  for (const one of [page, other]) {
    await expect(one.getByRole("heading", { level: 1 })).toHaveText("Ada the second");
    await expect(one.getByRole("region", { name: "Capabilities" })).not.toContainText("plan");
    await expect(events(one)).toHaveText([/agent:updated/, /agent:created/]);
  }
  expect((await api.get("/agents/ada")).metadata).toEqual({ limits: { steps: 13 } });
});

test("a list that is pasted becomes one capability for each of its items", async ({ page, server }) => {
  await page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
  await connect(server).post("/agents", { ...ADA, capabilities: [] });
  await edit(page);
  const capabilities = page.getByLabel("Capabilities", { exact: true });
  for (const text of ["read, write", "plan\nthink, read"]) {
    await page.evaluate((text) => navigator.clipboard.writeText(text), text);
    await capabilities.focus();
    await page.keyboard.press("ControlOrMeta+v");
  }
  await expect(capabilities).toHaveValue("");
  await capabilities.pressSequentially("rest,");
  await expect(capabilities).toHaveValue("");
  await page.getByRole("button", { name: "Save" }).click();

  await expect(page.getByRole("region", { name: "Capabilities" }).getByRole("listitem")).toHaveText([
    "read",
    "write",
    "plan",
    "think",
    "rest",
  ]);
});

test("what was typed about an agent outlives going elsewhere and a reload, until Cancel", async ({
  page,
  server,
}) => {
  page.on("dialog", (dialog) => dialog.accept());
  await connect(server).post("/agents", ADA);
  const metadata = await edit(page);
  const name = page.getByLabel("Name", { exact: true });
  await name.fill("Ada the second");
  await page.getByRole("button", { name: "Remove plan" }).click();
  await metadata.fill('{"team": ');

  await goTo(page, "Chats");
  await page.goBack();
  await expect(name).toHaveValue("Ada the second");
  await expect(metadata).toHaveValue('{"team": ');
  await expect(page.getByText("This is what you had not saved yet.")).toBeVisible();
  await page.reload();
  await live(page);
  await expect(name).toHaveValue("Ada the second");
  await expect(page.getByRole("button", { name: "Remove review" })).toBeVisible();
  await expect(page.getByRole("button", { name: "Remove plan" })).toHaveCount(0);

  expect(await kept(page)).toContain("Ada the second");
  await page.getByRole("button", { name: "Cancel" }).click();
  await expect(page.getByRole("form")).toHaveCount(0);
  expect(await kept(page)).toBe(null);
  await goTo(page, "Chats");
  await page.goBack();
  await expect(page.getByRole("button", { name: "Edit" })).toBeEnabled();
  await expect(page.getByRole("form")).toHaveCount(0);
});

test("a change that was left is saved over what it began with, and over nothing else", async ({
  page,
  server,
}) => {
  const api = connect(server);
  await api.post("/agents", ADA);
  await edit(page);
  await page.getByLabel("Name", { exact: true }).fill("Ada of mine");
  await goTo(page, "Chats");
  await api.patch("/agents/ada", { name: "Ada of theirs" });

  await page.goBack();
  await expect(page.getByLabel("Name", { exact: true })).toHaveValue("Ada of mine");
  await expect(page.getByText("Somebody else changed it meanwhile.")).toBeVisible();
  await page.getByRole("button", { name: "Save" }).click();
  await expect(conflict(page).getByRole("group", { name: "Name" })).toContainText(/Ada of mine.*Ada of theirs/s);
  await expect(page.getByText("This is what you had not saved yet.")).toHaveCount(0);
  await page.getByRole("button", { name: "Overwrite with mine" }).click();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Ada of mine");

  await goTo(page, "Chats");
  await page.goBack();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Ada of mine");
  await expect(page.getByRole("button", { name: "Edit" })).toBeEnabled();
});

test("a change whose page is left while it is being saved does not come back", async ({ page, server }) => {
  await connect(server).post("/agents", ADA);
  await edit(page);
  const change = await hold(page, "**/api/v1/agents/ada");
  await page.getByLabel("Name", { exact: true }).fill("Ada the second");
  await page.getByRole("button", { name: "Save" }).click();
  await change.asked;
  expect(await kept(page)).toContain("Ada the second");
  await goTo(page, "Chats");
  change.release();
  await change.answered();
  await expect.poll(() => kept(page)).toBe(null);

  await page.goBack();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Ada the second");
  await expect(page.getByRole("form")).toHaveCount(0);
});

test("what is typed while a change is being saved stays, and is the next change", async ({ page, server }) => {
  const api = connect(server);
  await api.post("/agents", ADA);
  await edit(page);
  const change = await hold(page, "**/api/v1/agents/ada");
  await page.getByLabel("Name", { exact: true }).fill("Ada the second");
  await page.getByRole("button", { name: "Save" }).click();
  await change.asked;
  const description = page.getByLabel("Description", { exact: true });
  await description.fill("Thinks further.");
  change.release();
  await change.answered();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Ada the second");
  await expect(description).toHaveValue("Thinks further.");

  await page.getByRole("button", { name: "Save" }).click();
  await expect(page.getByRole("form")).toHaveCount(0);
  const { name, description: saved } = await api.get("/agents/ada");
  expect([name, saved]).toEqual(["Ada the second", "Thinks further."]);
});

test("what is typed while a change is put together with another one stays, and takes nothing back", async ({
  page,
  server,
}) => {
  const api = connect(server);
  await api.post("/agents", ADA);
  await edit(page);
  const name = page.getByLabel("Name", { exact: true });
  const change = await hold(page, "**/api/v1/agents/ada");
  await name.fill("Ada the second");
  await page.getByRole("button", { name: "Save" }).click();
  await change.asked;
  await api.patch("/agents/ada", { description: "Theirs." });
  await name.fill("Ada the third");
  change.release();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Ada the second");
  await expect(page.getByLabel("Description", { exact: true })).toHaveValue("Theirs.");
  await expect(name).toHaveValue("Ada the third");

  await page.getByRole("button", { name: "Save" }).click();
  await expect(page.getByRole("form")).toHaveCount(0);
  const saved = await api.get("/agents/ada");
  expect(saved).toMatchObject({ name: "Ada the third", description: "Theirs." });
});

test("a status is set in one page and seen in the others", async ({ page, context, server }) => {
  await connect(server).post("/agents", ADA);
  const list = await context.newPage();
  await open(list, "/agents");
  await open(page, "/agents/ada");

  await page.getByRole("radio", { name: "working" }).check({ force: true });
  await page.getByLabel("What it is doing", { exact: true }).fill("Reading");
  await page.getByRole("button", { name: "Set status" }).click();

  await expect(status(page)).toContainText(/working.*Reading/);
  await expect(rows(list, "Agents")).toHaveText([/Ada.*working.*Reading/]);

  // What it is doing was said of that status only.
  const doing = page.getByLabel("What it is doing", { exact: true });
  await page.getByRole("radio", { name: "waiting" }).check({ force: true });
  await expect(doing).toHaveValue("");
  await page.getByRole("radio", { name: "working" }).check({ force: true });
  await expect(doing).toHaveValue("Reading");
  await page.getByRole("radio", { name: "waiting" }).check({ force: true });
  await page.getByRole("button", { name: "Set status" }).click();
  await expect(status(page)).toContainText("waiting");
  await expect(status(page)).not.toContainText("Reading");
  await connect(server).put("/agents/ada/status", { status: "working", statusDetail: "Writing" });
  await expect(doing).toHaveValue("Writing");
  await doing.fill("Resting");
  await page.getByRole("radio", { name: "idle" }).check({ force: true });
  await expect(doing).toHaveValue("Resting");
});

test("a status that was set shows although no event comes", async ({ page, server }) => {
  await connect(server).post("/agents", ADA);
  await page.routeWebSocket(/\/ws$/, (socket) => {
    const hub = socket.connectToServer();
    hub.onMessage((text) => {
      if (JSON.parse(String(text)).event !== "agent:statusChanged") socket.send(text);
    });
  });
  await open(page, "/agents/ada");

  await page.getByRole("radio", { name: "working" }).check({ force: true });
  await page.getByRole("button", { name: "Set status" }).click();

  await expect(status(page)).toContainText("working");
  await expect(page.getByRole("radio", { name: "working" })).toBeChecked();
});

test("a button keeps the keyboard while it does something, and does it once", async ({ page, server }) => {
  await connect(server).post("/agents", ADA);
  await open(page, "/agents/ada");
  const puts = requestsOf(page, "PUT");
  const change = await hold(page, "**/api/v1/agents/ada/status");
  await page.getByRole("radio", { name: "working" }).check({ force: true });
  const button = page.getByRole("button", { name: "Set status" });

  await button.press("Enter");
  await change.asked;
  await expect(button).toBeDisabled();
  await expect(button).toBeFocused();
  await page.keyboard.press("Enter");
  await page.getByLabel("What it is doing", { exact: true }).press("Enter");
  await button.focus();
  change.release();

  await expect(button).toBeEnabled();
  await expect(button).toBeFocused();
  const { items } = await connect(server).get("/events?event=agent:statusChanged");
  expect(items).toHaveLength(1);
  // Said a second time, the same status would be no event.
  expect(puts).toHaveLength(1);
});

test("what is typed while a status is being set stays", async ({ page, server }) => {
  await connect(server).post("/agents", ADA);
  await open(page, "/agents/ada");
  const change = await hold(page, "**/api/v1/agents/ada/status");
  const doing = page.getByLabel("What it is doing", { exact: true });
  await doing.fill("Reading");
  await page.getByRole("button", { name: "Set status" }).click();
  await change.asked;
  await doing.fill("Reading and writing");
  change.release();

  await expect(status(page)).toContainText("Reading");
  await expect(page.getByRole("button", { name: "Set status" })).toBeEnabled();
  await expect(doing).toHaveValue("Reading and writing");
});

test.describe("when somebody else saved first", () => {
  test.beforeEach(async ({ page, server }) => {
    const api = connect(server);
    await api.post("/agents", ADA);
    await edit(page);
    await page.getByLabel("Name", { exact: true }).fill("Ada of mine");
    await api.patch("/agents/ada", { name: "Ada of theirs", description: "Theirs." });
    await expect(page.getByText("Somebody else changed it meanwhile.")).toBeVisible();
    await expect(page.getByLabel("Name", { exact: true })).toHaveValue("Ada of mine");
    await page.getByRole("button", { name: "Save" }).click();
    const names = conflict(page).getByRole("group", { name: "Name" });
    await expect(names).toContainText(/Yours.*Ada of mine.*Theirs.*Ada of theirs/s);
    await expect(names.locator("mark")).toHaveText(["mine", "theirs"]);
    // What only they changed is no conflict.
    await expect(conflict(page).getByRole("group")).toHaveCount(1);
  });

  test("theirs can be taken", async ({ page }) => {
    await expectFit(page, "a conflict");
    await page.getByRole("button", { name: "Use theirs" }).click();

    await expect(page.getByRole("form")).toHaveCount(0);
    await expect(page.getByRole("heading", { level: 1 })).toHaveText("Ada of theirs");
  });

  test("mine can overwrite it, and nothing that I left alone", async ({ page, server }) => {
    await page.getByRole("button", { name: "Overwrite with mine" }).click();

    await expect(page.getByRole("heading", { level: 1 })).toHaveText("Ada of mine");
    const saved = await connect(server).get("/agents/ada");
    expect(saved).toMatchObject({ name: "Ada of mine", description: "Theirs." });
  });

  test("the text can be kept and edited on, with theirs where nothing was typed", async ({
    page,
    server,
  }) => {
    await page.getByRole("button", { name: "Keep editing mine" }).press("Enter");
    await expect(page.getByLabel("Name", { exact: true })).toBeFocused();
    await expect(page.getByLabel("Name", { exact: true })).toHaveValue("Ada of mine");
    await expect(page.getByLabel("Description", { exact: true })).toHaveValue("Theirs.");
    await page.getByLabel("Name", { exact: true }).fill("Ada of both");
    await page.getByRole("button", { name: "Save" }).click();

    await expect(page.getByRole("heading", { level: 1 })).toHaveText("Ada of both");
    const saved = await connect(server).get("/agents/ada");
    expect(saved).toMatchObject({ name: "Ada of both", description: "Theirs." });
  });
});

test("what only one of two changed is saved without a question", async ({ page, server }) => {
  const api = connect(server);
  await api.post("/agents", ADA);
  const metadata = await edit(page);
  await page.getByLabel("Name", { exact: true }).fill("Ada of mine");
  await page.getByRole("button", { name: "Remove plan" }).click();
  await api.patch("/agents/ada", { description: "Theirs.", metadata: { team: "red" } });
  await expect(page.getByText("Somebody else changed it meanwhile.")).toBeVisible();
  await expect(metadata).toHaveValue(/blue/);

  await page.getByRole("button", { name: "Save" }).click();

  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Ada of mine");
  await expect(page.getByRole("form")).toHaveCount(0);
  await expect(page.getByRole("region", { name: "Metadata" })).toContainText('"red"');
  expect(await api.get("/agents/ada")).toMatchObject({
    name: "Ada of mine",
    description: "Theirs.",
    capabilities: ["review"],
    metadata: { team: "red", limits: { steps: 12 } },
  });
});

test("a status that changes meanwhile is no conflict", async ({ page, server }) => {
  const api = connect(server);
  await api.post("/agents", ADA);
  await edit(page);
  await page.getByLabel("Name", { exact: true }).fill("Ada the second");

  await api.put("/agents/ada/status", { status: "working" });
  await page.getByRole("button", { name: "Save" }).click();

  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Ada the second");
  await expect(status(page)).toContainText("working");
});

test("deleting asks first, and a page that is open says that it is gone", async ({
  page,
  context,
  server,
}) => {
  await connect(server).post("/agents", ADA);
  const other = await context.newPage();
  await open(other, "/agents/ada");
  await open(page, "/agents/ada");

  await page.getByRole("button", { name: "Delete" }).click();
  const dialog = page.getByRole("dialog", { name: "Delete Ada?" });
  await expect(dialog).toContainText("It leaves all of its chats. The messages that it wrote stay.");
  await dialog.getByRole("button", { name: "Delete" }).click();

  await expect(page).toHaveURL(/\/agents$/);
  await expect(page.getByText("There are no agents yet.")).toBeVisible();
  await expect(other.getByText("This agent was deleted.")).toBeVisible();
  await expect(other.getByRole("heading", { level: 1 })).toHaveText("Ada");
  await expect(other.getByRole("button", { name: "Edit" })).toBeDisabled();
  await expect(other.getByRole("button", { name: "Set status" })).toBeHidden();
});

test("who goes elsewhere while an agent is deleted stays there", async ({ page, server }) => {
  const heard = listen(page);
  await connect(server).post("/agents", ADA);
  await open(page, "/agents/ada");
  const deletion = await hold(page, "**/api/v1/agents/ada");
  await page.getByRole("button", { name: "Delete" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Delete" }).click();
  await deletion.asked;
  await page.keyboard.press("Escape");
  await goTo(page, "Chats");
  deletion.release();

  await expect(page.locator(".toast")).toContainText("Ada was deleted.");
  expect((await connect(server).get("/agents")).items).toEqual([]);
  await expect(page).toHaveURL(/\/chats$/);
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Chats");
  expect(heard).toEqual([]);
});

test("what is typed about an agent that is deleted meanwhile stays to be read", async ({
  page,
  server,
}) => {
  const api = connect(server);
  await api.post("/agents", ADA);
  await edit(page);
  await page.getByLabel("Name", { exact: true }).fill("Ada the second");

  await api.delete("/agents/ada");
  await expect(page.getByText("this cannot be saved")).toBeVisible();
  await expect(page.getByLabel("Name", { exact: true })).toHaveValue("Ada the second");
  await expect(page.getByRole("button", { name: "Save" })).toBeDisabled();
  await page.getByRole("button", { name: "Cancel" }).click();
  await expect(page.getByLabel("Name", { exact: true })).toBeHidden();
});

test("search, status and order stand in the address and survive a reload", async ({
  page,
  server,
}) => {
  const api = connect(server);
  for (const name of ["Anna", "Anton", "Bert"]) {
    await api.post("/agents", { id: name.toLowerCase(), name });
    await api.put(`/agents/${name.toLowerCase()}/status`, { status: "idle" });
  }
  await api.post("/agents", { id: "annika", name: "Annika" });
  await open(page, "/agents");
  await expect(rows(page, "Agents")).toHaveCount(4);

  await page.getByLabel("Search names, ids and descriptions").fill("an");
  await page.getByLabel("Status", { exact: true }).selectOption("Idle");
  await page.getByLabel("Order", { exact: true }).selectOption("Name, Z to A");
  await expect(rows(page, "Agents")).toHaveText([/Anton/, /Anna/]);
  const asked = { q: "an", status: "idle", sort: "-name" };
  await expect(page).toHaveURL(({ searchParams }) =>
    Object.entries(asked).every(([name, value]) => searchParams.get(name) === value),
  );

  await page.reload();
  await expect(rows(page, "Agents")).toHaveText([/Anton/, /Anna/]);
  await expect(page.getByLabel("Search names, ids and descriptions")).toHaveValue("an");
  await expect(page.getByLabel("Status", { exact: true })).toHaveValue("idle");
  await expect(page.getByLabel("Order", { exact: true })).toHaveValue("-name");
  await live(page);

  await api.put("/agents/annika/status", { status: "idle" });
  await expect(rows(page, "Agents")).toHaveText([/Anton/, /Annika/, /Anna/]);
  await api.patch("/agents/anton", { name: "Bernd" });
  await api.delete("/agents/anton");
  await expect(rows(page, "Agents")).toHaveText([/Annika/, /Anna/]);

  await page.getByLabel("Search names, ids and descriptions").fill("nobody");
  await expect(page.getByText("Nothing matches.")).toBeVisible();
  await page.getByRole("link", { name: "Show all" }).click();
  await expect(rows(page, "Agents")).toHaveCount(3);
});

test("120 agents are shown part by part, and a reload stays in its part", async ({
  page,
  server,
}) => {
  const api = connect(server);
  const number = (one: number) => String(one).padStart(3, "0");
  for (let one = 1; one <= 120; one += 1) {
    await api.post("/agents", { id: `a${number(one)}`, name: `Agent ${number(one)}` });
  }
  await open(page, "/agents?sort=name");
  await expect(rows(page, "Agents")).toHaveCount(50);

  await page.getByRole("link", { name: "Next" }).click();
  await expect(rows(page, "Agents").first()).toContainText("Agent 051");
  await page.reload();
  await expect(rows(page, "Agents").first()).toContainText("Agent 051");
  await page.getByRole("link", { name: "Next" }).click();
  await expect(rows(page, "Agents")).toHaveCount(20);
  await expect(page.getByRole("link", { name: "Next" })).toHaveCount(0);
  await page.getByRole("link", { name: "Back to the start" }).click();
  await expect(rows(page, "Agents").first()).toContainText("Agent 001");
});

test("the whole row leads to the agent, with the mouse and the keyboard", async ({
  page,
  server,
}) => {
  await connect(server).post("/agents", ADA);
  await open(page, "/agents");

  await rows(page, "Agents").first().click();
  await expect(page).toHaveURL(/\/agents\/ada$/);
  await page.goBack();
  await rows(page, "Agents").first().getByRole("link").focus();
  await connect(server).put("/agents/ada/status", { status: "working" });
  await expect(rows(page, "Agents").first()).toContainText("working");
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(/\/agents\/ada$/);
});

test("a row with the keyboard keeps it, whichever row moves", async ({ page, server }) => {
  const api = connect(server);
  for (const name of ["Ada", "Bob", "Eve"]) await api.post("/agents", { id: name.toLowerCase(), name });
  await open(page, "/agents?sort=-updatedAt");
  await expect(rows(page, "Agents")).toHaveText([/Eve/, /Bob/, /Ada/]);
  const ada = rows(page, "Agents").getByRole("link", { name: "Ada" });
  await ada.focus();

  for (const [id, names] of [
    ["bob", [/Bob/, /Eve/, /Ada/]],
    ["ada", [/Ada/, /Bob/, /Eve/]],
    ["eve", [/Eve/, /Ada/, /Bob/]],
  ] as const) {
    await api.put(`/agents/${id}/status`, { status: "working" });
    await expect(rows(page, "Agents")).toHaveText([...names]);
    await expect(ada).toBeFocused();
  }
});

test("one agent's whole story and its chats are a click away", async ({ page, server }) => {
  const api = connect(server);
  await api.post("/agents", ADA);
  await api.post("/chats", { id: "lunch", title: "Lunch" });
  await open(page, "/agents/ada");

  const story = page.getByRole("link", { name: "The whole story" });
  await expect(story).toHaveAttribute("href", "/events?topic=agent%3Aada");
  const chats = page.getByRole("region", { name: "Chats", exact: true });
  await expect(chats.getByRole("link")).toHaveAttribute("href", "/chats?participant=ada");
  await expect(chats).toContainText("It is in no chats.");

  const participants = [{ participantId: "ada", kind: "agent" }];
  await api.post("/chats", { id: "plan", title: "The plan", participants });
  await api.post("/chats/lunch/participants", participants[0]!);
  await expect(chats.getByRole("listitem")).toHaveText([/^Lunch/, /^The plan/]);
  await api.delete("/chats/lunch/participants/ada");
  await expect(chats.getByRole("listitem")).toHaveText([/^The plan/]);
  // A row with the keyboard keeps it.
  await chats.getByRole("link", { name: "The plan" }).focus();
  await api.patch("/chats/plan", { title: "Another plan" });
  await expect(chats.getByRole("link", { name: "Another plan" })).toBeFocused();
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(/\/chats\/plan$/);
});

test("an agent that does not exist is a 404 that leads on", async ({ page }) => {
  for (const path of ["/agents/nobody", "/agents/not%20an%20id"]) {
    const response = await page.goto(path);
    expect(response?.status()).toBe(404);
    await expect(page.getByRole("heading", { level: 1 })).toHaveText("There is no such agent");
  }

  await page.getByRole("link", { name: "All agents" }).click();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Agents");
});

for (const path of ["/agents", "/agents/ada"]) {
  test(`${path} fits a screen 360 pixels wide`, async ({ page, server }) => {
    await page.setViewportSize({ width: 360, height: 800 });
    await connect(server).post("/agents", { ...ADA, name: "Un".repeat(90) });
    await connect(server).put("/agents/ada/status", {
      status: "error",
      statusDetail: "x".repeat(300),
    });

    await open(page, path);

    expect(await excessWidth(page)).toBe(0);
  });
}

test.describe("without scripts", () => {
  test.use({ javaScriptEnabled: false });

  test("the list and the agent's page read well", async ({ page, server }) => {
    await connect(server).post("/agents", ADA);

    await page.goto("/agents?sort=name");
    await expect(rows(page, "Agents")).toHaveText([/Ada.*offline.*plan.*review/]);

    await page.goto("/agents/ada");
    await expect(page.getByRole("heading", { level: 1 })).toHaveText("Ada");
    await expect(page.getByText("Plans the work.").first()).toBeVisible();
    await expect(page.getByRole("region", { name: "Metadata" })).toContainText('"blue"');
    await expect(events(page)).toHaveText([/agent:created/]);
  });
});

/** Opens Ada's form, and returns the field of her metadata. */
async function edit(page: Page): Promise<Locator> {
  await open(page, "/agents/ada");
  await page.getByRole("button", { name: "Edit" }).click();
  return page.getByLabel("Metadata", { exact: true });
}

/** What the browser keeps of a change that is not saved, or of something new that is not created. */
function kept(page: Page, what = "agent:ada"): Promise<string | null> {
  return page.evaluate((what) => sessionStorage.getItem(`draft:${what}`), what);
}

function status(page: Page): Locator {
  return page.locator(".status-now");
}

function events(page: Page): Locator {
  return page.getByRole("region", { name: "Latest events" }).getByRole("listitem");
}

function conflict(page: Page): Locator {
  return page.getByRole("region", { name: "Somebody else saved first" });
}

async function box(locator: Locator) {
  const found = await locator.boundingBox();
  if (!found) throw new Error("it is not there");
  return found;
}

/** Ada is created, and the page does not hear of it. */
async function createWithLostAnswer(page: Page) {
  await open(page, "/agents");
  await page.route("**/api/v1/agents", async (route) => {
    await route.fetch();
    await route.abort();
  });
  await page.getByRole("button", { name: "New agent" }).click();
  await page.getByLabel("Name", { exact: true }).fill("Ada");
  await page.getByRole("button", { name: "Create", exact: true }).click();
  await expect(page.getByText("The server cannot be reached.")).toBeVisible();
  await page.unroute("**/api/v1/agents");
}
