// What programs come in with.

import { open } from "../pages.ts";
import { expect, test } from "../server.ts";
import { alive, ask, join, setUp } from "./accounts.ts";
import { hold } from "./steps.ts";

test.use({ flags: ["--auth", "required"] });

test("a token for an agent is shown once, works, and is revoked", async ({
  page,
  context,
  server,
}) => {
  await setUp(context, server);
  await ask(context, server, "POST", "/agents", { id: "ada", name: "Ada" });
  await open(page, "/agents/ada");
  await page.getByRole("link", { name: "a new token" }).click();
  const creating = page.getByRole("dialog", { name: "New token" });
  await expect(creating.getByLabel("Agent", { exact: true })).toHaveValue("ada");
  await page.keyboard.press("Escape");
  await page.getByRole("button", { name: "New token" }).click();
  await creating.getByRole("button", { name: "Create token" }).click();
  await expect(creating.getByLabel("Name")).toHaveAttribute("aria-invalid", "true");
  await creating.getByLabel("Name").fill("Ada's laptop");
  await creating.getByRole("button", { name: "Create token" }).click();

  const issued = page.getByRole("dialog", { name: "Copy the token now" });
  await expect(issued).toContainText("can act as Ada");
  // Coming back to the window with a press beside it takes nothing away.
  await page.mouse.click(5, 5);
  await page.evaluate(() => new Promise(requestAnimationFrame));
  const secret = await issued.getByLabel("Token", { exact: true }).inputValue();
  expect(secret).toMatch(/^clq_[\w-]{43}$/);
  for (const language of ["In Python", "With curl"]) {
    const lines = await issued.getByRole("region", { name: `${language}, lines` }).innerText();
    expect(lines).toContain(secret);
    expect(lines).toContain(server.url);
    expect(lines.trim().split("\n")).toHaveLength(3);
  }
  await issued.getByRole("button", { name: "I have copied it" }).click();
  const row = page.getByRole("row", { name: /Ada's laptop/ });
  await expect(row).toContainText("never");
  await expect(row.getByRole("link", { name: "Ada", exact: true })).toHaveAttribute("title", "ada");
  expect(await page.content()).not.toContain(secret);

  const headers = { authorization: `Bearer ${secret}`, "content-type": "application/json" };
  const status = (text: string) =>
    fetch(`${server.url}/api/v1/agents/ada/status`, { method: "PUT", headers, body: text });
  expect((await status('{"status": "working"}')).status).toBe(200);
  const notes = { method: "POST", headers, body: '{"name": "Notes"}' };
  expect((await fetch(`${server.url}/api/v1/collections`, notes)).status).toBe(403);
  // The page sees it by itself.
  await expect(row).not.toContainText("never");

  await page.getByRole("button", { name: "Revoke Ada's laptop" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Revoke" }).click();
  await expect(row).toHaveCount(0);
  expect((await status('{"status": "idle"}')).status).toBe(401);
});

test("tokens that are made and revoked elsewhere come and go by themselves", async ({
  page,
  context,
  server,
}) => {
  await setUp(context, server);
  await open(page, "/tokens");
  const tokens = page.getByRole("region", { name: "Tokens" });
  await expect(tokens).toContainText("There are no tokens here yet.");
  const { token } = await ask(context, server, "POST", "/tokens", { name: "A script", scopes: ["read"] });
  const row = page.getByRole("row", { name: /A script/ });
  await expect(row).toBeVisible();

  await ask(context, server, "DELETE", `/tokens/${token.id}`);
  await expect(tokens).toContainText("There are no tokens here yet.");
  await expect(row).toHaveCount(0);
});

test("a late answer about one token leaves the question about another", async ({
  page,
  context,
  server,
}) => {
  await setUp(context, server);
  for (const name of ["First script", "Second script"]) {
    await ask(context, server, "POST", "/tokens", { name, scopes: ["read"] });
  }
  await open(page, "/tokens");
  const button = page.getByRole("dialog").getByRole("button", { name: "Revoke" });
  const revocation = await hold(page, "**/api/v1/tokens/*");
  await page.getByRole("button", { name: "Revoke First script" }).click();
  await button.click();
  await revocation.asked;
  await page.keyboard.press("Escape");
  await page.getByRole("button", { name: "Revoke Second script" }).click();
  const question = page.getByRole("dialog", { name: "Revoke Second script?" });
  await expect(question).toBeVisible();
  await expect(button).toBeDisabled();
  revocation.release();

  await expect(page.getByText("First script was revoked.")).toBeVisible();
  await expect(button).toBeEnabled();
  await expect(question).toBeVisible();
  await button.click();
  await expect(question).toBeHidden();
  await expect(page.getByText("There are no tokens here yet.")).toBeVisible();
});

test("what is typed of another token while one is being made stays", async ({ page, context, server }) => {
  await setUp(context, server);
  await ask(context, server, "POST", "/agents", { id: "ada", name: "Ada" });
  await open(page, "/tokens?agent=ada");
  await page.getByRole("button", { name: "New token" }).click();
  const creating = page.getByRole("dialog", { name: "New token" });
  const name = creating.getByLabel("Name");
  await name.fill("First script");
  const making = await hold(page, "**/api/v1/tokens");
  await creating.getByRole("button", { name: "Create token" }).click();
  await making.asked;
  await name.fill("Second script");
  making.release();

  const issued = page.getByRole("dialog", { name: "Copy the token now" });
  await issued.getByRole("button", { name: "I have copied it" }).click();
  await expect(name).toHaveValue("Second script");
});

test("what was chosen of a token stays until it is made", async ({ page, context, server }) => {
  await setUp(context, server);
  await ask(context, server, "POST", "/agents", { id: "ada", name: "Ada" });
  await open(page, "/tokens");
  const creating = page.getByRole("dialog", { name: "New token" });
  const show = page.getByRole("button", { name: "New token" });
  await show.click();
  await creating.getByLabel("Agent", { exact: true }).fill("ada");
  await creating.getByLabel("Name").fill("Ada's laptop");
  await creating.getByRole("checkbox", { name: "read" }).uncheck();
  await creating.getByLabel("Expires").selectOption("Never");
  await page.keyboard.press("Escape");
  await expect(creating).toBeHidden();
  await page.reload();
  await alive(page);

  await show.click();
  await expect(creating.getByLabel("Agent", { exact: true })).toHaveValue("ada");
  await expect(creating.getByLabel("Name")).toHaveValue("Ada's laptop");
  await expect(creating.getByRole("checkbox", { name: "read" })).not.toBeChecked();
  await expect(creating.getByLabel("Expires")).toHaveValue("");
  await creating.getByRole("button", { name: "Create token" }).click();
  await page.getByRole("button", { name: "I have copied it" }).click();
  await show.click();
  await expect(creating.getByLabel("Name")).toHaveValue("");
  await expect(creating.getByRole("checkbox", { name: "read" })).toBeChecked();
});

test("a member makes tokens for themselves only", async ({ page, context, server, browser }) => {
  const admin = await browser.newContext({ baseURL: server.url });
  await setUp(admin, server);
  const bob = await join(admin, server, context, "Bob Member", "member");
  await open(page, "/profile");
  await page.getByRole("link", { name: "New token" }).click();
  const creating = page.getByRole("dialog", { name: "New token" });
  await expect(creating.getByLabel("Name")).toBeFocused();
  await expect(creating.getByLabel("Agent", { exact: true })).toBeHidden();
  await creating.getByLabel("Name").fill("My script");
  await creating.getByLabel("Expires").selectOption("Never");
  await creating.getByRole("button", { name: "Create token" }).click();
  const issued = page.getByRole("dialog", { name: "Copy the token now" });
  const secret = await issued.getByLabel("Token", { exact: true }).inputValue();
  const answer = await fetch(`${server.url}/api/v1/session`, {
    headers: { authorization: `Bearer ${secret}` },
  });
  expect((await answer.json()).caller.id).toBe(bob.id);
});
