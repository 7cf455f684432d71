// What the tests of accounts have in common.

import { type BrowserContext, type Page, expect } from "@playwright/test";

import type { Server } from "../server.ts";

export const PASSWORD = "three quiet otters";

export interface Known {
  id: string;
  name: string;
  email: string;
}

/** Asks the REST API as whoever is signed in there; an answer that is no success is an error. */
export async function ask(
  context: BrowserContext,
  server: Server,
  method: string,
  path: string,
  data?: object,
): Promise<any> {
  const response = await context.request.fetch(`${server.url}/api/v1${path}`, {
    method,
    headers: { origin: server.url },
    ...(data && { data }),
  });
  const text = await response.text();
  if (!response.ok()) throw new Error(`${method} ${path}: ${response.status()} ${text}`);
  return text ? JSON.parse(text) : undefined;
}

/** Makes the first administrator, who is signed in in that context afterwards. */
export async function setUp(context: BrowserContext, server: Server): Promise<Known> {
  const known = { name: "Ada Admin", email: "ada@example.org" };
  const link = secret(await server.setUpLink());
  const { caller } = await ask(context, server, "POST", "/welcome", {
    link,
    password: PASSWORD,
    ...known,
  });
  return { id: caller.id, ...known };
}

/** Invites somebody, who is signed in in the other context afterwards. */
export async function join(
  admin: BrowserContext,
  server: Server,
  context: BrowserContext,
  name: string,
  role: "admin" | "member" | "viewer",
): Promise<Known> {
  const email = `${name.toLowerCase().replace(/\s/g, ".")}@example.org`;
  const { person, link } = await ask(admin, server, "POST", "/people", { name, email, role });
  await ask(context, server, "POST", "/welcome", { link: secret(link), password: PASSWORD });
  return { id: person.id, name, email };
}

/** What a one-time link is all about. */
export function secret(link: string): string {
  return new URL(link, "http://localhost").hash.slice(1);
}

/** Until a page listens to what is done on it; one that nobody is signed in on has no connection. */
export async function alive(page: Page): Promise<void> {
  await page.locator("html:not([data-asleep])").waitFor();
}

/** Fills in the form that signs in, wherever it is on the page. */
export async function signIn(page: Page, email: string, password: string): Promise<void> {
  await page.getByLabel("E-mail address").fill(email);
  await page.getByLabel("Password", { exact: true }).fill(password);
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
}

/** The pages that the sidebar leads to. */
export async function offered(page: Page): Promise<string[]> {
  const links = page.getByRole("navigation", { name: "Main" }).getByRole("link");
  await expect(links.first()).toBeVisible();
  return links.allInnerTexts();
}
