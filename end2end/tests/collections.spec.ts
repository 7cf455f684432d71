// Collections: what is their own; the rest they share with agents.

import { excessWidth, listen, open } from "../pages.ts";
import { expect, test } from "../server.ts";
import { rows } from "./entities.ts";
import { connect } from "./steps.ts";

const NOTES = {
  id: "notes",
  name: "Notes",
  description: "What was found out.",
  metadata: { source: "web", items: [{ a: 1 }] },
};

test("the list and a collection's page hydrate without a word in the console", async ({
  page,
  server,
}) => {
  const heard = listen(page);
  const api = connect(server);
  await api.post("/collections", NOTES);

  await open(page, "/collections");
  await api.patch("/collections/notes", { name: "Better notes" });
  await expect(rows(page, "Collections")).toHaveText([/Better notes.*items, source/]);
  await open(page, "/collections/notes");
  await api.patch("/collections/notes", { name: "Best notes" });
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Best notes");

  expect(heard).toEqual([]);
});

test("a collection is created, changed and deleted, and another page agrees", async ({
  page,
  context,
  server,
}) => {
  const api = connect(server);
  const other = await context.newPage();
  await open(other, "/collections");
  await expect(other.getByText("There are no collections yet.")).toBeVisible();

  await open(page, "/collections");
  await page.getByRole("button", { name: "New collection" }).click();
  await page.getByLabel("Name", { exact: true }).fill("Notes");
  await page.getByLabel("Metadata", { exact: true }).fill('{"source": "web", "count": 1}');
  await page.getByLabel("Id", { exact: true }).fill("notes");
  await page.getByRole("button", { name: "Create", exact: true }).click();
  await expect(page).toHaveURL(/\/collections\/notes$/);
  await expect(rows(other, "Collections")).toHaveText([/Notes.*count, source/]);

  await page.getByRole("button", { name: "Edit" }).click();
  await page.getByLabel("Metadata", { exact: true }).fill('{"source": "book"}');
  await page.getByRole("button", { name: "Save" }).click();
  await expect(page.getByRole("region", { name: "Metadata" })).toContainText('"book"');
  await expect(rows(other, "Collections")).toHaveText([/Notes(?!.*count).*source/]);
  expect((await api.get("/collections/notes")).metadata).toEqual({ source: "book" });

  await page.getByRole("button", { name: "Delete" }).click();
  const dialog = page.getByRole("dialog", { name: "Delete Notes?" });
  await expect(dialog).toContainText("Its metadata goes with it.");
  await dialog.getByRole("button", { name: "Delete" }).click();
  await expect(page).toHaveURL(/\/collections$/);
  await expect(other.getByText("There are no collections yet.")).toBeVisible();
});

test("a conflict shows both versions of the metadata, and what only they changed stays", async ({ page, server }) => {
  const api = connect(server);
  await api.post("/collections", NOTES);
  await open(page, "/collections/notes");
  await page.getByRole("button", { name: "Edit" }).click();
  await page.getByLabel("Metadata", { exact: true }).fill('{"source": "mine"}');
  await api.patch("/collections/notes", { description: "Theirs.", metadata: { source: "theirs" } });
  await page.getByRole("button", { name: "Save" }).click();

  const sides = page.getByRole("group", { name: "Metadata" });
  await expect(sides).toContainText(/Yours.*mine.*Theirs.*theirs/s);
  await expect(page.getByRole("group", { name: "Description" })).toHaveCount(0);
  await page.getByRole("button", { name: "Overwrite with mine" }).click();

  await expect(page.getByRole("form")).toHaveCount(0);
  const saved = await api.get("/collections/notes");
  expect([saved.description, saved.metadata]).toEqual(["Theirs.", { source: "mine" }]);
});

test("a collection that is deleted while it is edited keeps the text", async ({ page, server }) => {
  const api = connect(server);
  await api.post("/collections", NOTES);
  await open(page, "/collections/notes");
  await page.getByRole("button", { name: "Edit" }).click();
  await page.getByLabel("Name", { exact: true }).fill("Notes of mine");

  await api.delete("/collections/notes");

  await expect(page.getByText("This collection was deleted.")).toBeVisible();
  await expect(page.getByRole("button", { name: "Save" })).toBeDisabled();
  await expect(page.getByLabel("Name", { exact: true })).toHaveValue("Notes of mine");
});

test("a description without a word is none", async ({ page, server }) => {
  await connect(server).post("/collections", { ...NOTES, description: "" });

  await open(page, "/collections/notes");

  await expect(page.getByRole("region", { name: "Description" })).toContainText("None.");
});

test("a list that could not be loaded says so and can be tried again", async ({ page, server }) => {
  await connect(server).post("/collections", NOTES);
  await open(page, "/agents");
  await page.route("**/api/v1/collections?*", (route) => route.abort());
  await page.getByRole("link", { name: "Collections" }).click();
  await expect(page.getByText("The list could not be loaded.")).toBeVisible();

  await page.unroute("**/api/v1/collections?*");
  await page.getByRole("button", { name: "Try again" }).click();

  await expect(rows(page, "Collections")).toHaveText([/Notes/]);
});

test("a list that could not be loaded comes by itself when the hub is back", async ({
  page,
  server,
}) => {
  await connect(server).post("/collections", NOTES);
  await open(page, "/agents");
  await server.stop();
  await page.getByRole("link", { name: "Collections" }).click();
  await expect(page.getByText("The list could not be loaded.")).toBeVisible();
  await server.start();

  await expect(rows(page, "Collections")).toHaveText([/Notes/]);
});

test("a collection that does not exist is a 404 that leads on", async ({ page }) => {
  const response = await page.goto("/collections/nothing");
  expect(response?.status()).toBe(404);

  await page.getByRole("link", { name: "All collections" }).click();

  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Collections");
});

for (const path of ["/collections", "/collections/notes"]) {
  test(`${path} fits a screen 360 pixels wide`, async ({ page, server }) => {
    await page.setViewportSize({ width: 360, height: 800 });
    const metadata = { ["key".repeat(60)]: "x".repeat(300) };
    await connect(server).post("/collections", { ...NOTES, name: "Un".repeat(90), metadata });

    await open(page, path);

    expect(await excessWidth(page)).toBe(0);
  });
}

test.describe("without scripts", () => {
  test.use({ javaScriptEnabled: false });

  test("the list and the collection's page read well", async ({ page, server }) => {
    await connect(server).post("/collections", NOTES);

    await page.goto("/collections");
    await expect(rows(page, "Collections")).toHaveText([/Notes.*items, source/]);

    await page.goto("/collections/notes");
    await expect(page.getByRole("region", { name: "Metadata" })).toContainText('"web"');
    await expect(page.getByText("What was found out.").first()).toBeVisible();
  });
});
