// Local mode: nobody has an identity, and the pages say so.

import { open } from "../pages.ts";
import { expect, test } from "../server.ts";
import { PASSWORD } from "./accounts.ts";

test("local mode says so, and ends with the first administrator", async ({
  page,
  browser,
  server,
}) => {
  await open(page, "/");
  await expect(page.getByText("whoever is on this machine is an administrator")).toBeVisible();
  await expect(page.getByRole("button", { name: "Sign out" })).toHaveCount(0);
  const other = await (await browser.newContext({ baseURL: server.url })).newPage();
  await open(other, "/events");

  await page.getByRole("link", { name: "Invite the first administrator" }).click();
  await page.getByLabel("Name").fill("Ada Admin");
  await page.getByLabel("E-mail address").fill("ada@example.org");
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL("/welcome");
  await page.getByLabel("Password", { exact: true }).fill(PASSWORD);
  await page.getByRole("button", { name: "Set password" }).click();
  await expect(page.getByRole("link", { name: "Ada Admin" })).toContainText("admin");
  await expect(page.getByText("Local mode")).toHaveCount(0);

  // Whoever had a page open is asked who they are.
  const dialog = other.getByRole("dialog", { name: "Sign in again" });
  await expect(dialog).toContainText("has its first person now");
  await dialog.getByLabel("E-mail address").fill("ada@example.org");
  await dialog.getByLabel("Password", { exact: true }).fill(PASSWORD);
  await other.keyboard.press("Enter");
  await expect(other.getByRole("link", { name: "Ada Admin" })).toBeVisible();
  await expect(other).toHaveURL("/events");
});
