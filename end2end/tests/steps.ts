// What more than one test does.

import { type Locator, type Page, type Request, type Route, expect } from "@playwright/test";

import type { Server } from "../server.ts";

/** The REST API, as any program uses it; an answer that is no success is an error. */
export interface Api {
  get(path: string): Promise<any>;
  /** `actAs`: the id of the agent that does it. */
  post(path: string, body: object, actAs?: string): Promise<any>;
  put(path: string, body: object): Promise<any>;
  patch(path: string, body: object): Promise<any>;
  delete(path: string, actAs?: string): Promise<void>;
}

export function connect(server: Server): Api {
  const call = async (method: string, path: string, body?: object, actAs?: string) => {
    const response = await fetch(`${server.url}/api/v1${path}`, {
      method,
      headers: {
        ...(body && { "content-type": "application/json" }),
        ...(actAs && { "colloquy-act-as": actAs }),
      },
      body: body ? JSON.stringify(body) : null,
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
    return text ? JSON.parse(text) : undefined;
  };
  return {
    get: (path) => call("GET", path),
    post: (path, body, actAs) => call("POST", path, body, actAs),
    put: (path, body) => call("PUT", path, body),
    patch: (path, body) => call("PATCH", path, body),
    delete: (path, actAs) => call("DELETE", path, undefined, actAs),
  };
}

/** The lines of the live history, the newest first. */
export function history(page: Page): Locator {
  return page.getByRole("listbox", { name: "Events" }).getByRole("option");
}

/** A part of a page with a name, such as the live history. */
export function region(page: Page, name: string): Locator {
  return page.getByRole("region", { name, exact: true });
}

/** What the fields of the live page offer: "agents", "chats" or "collections". */
export function offered(page: Page, what: string): Locator {
  return page.locator(`datalist#${what} option`);
}

/** The words for the state of the connection. */
export function connection(page: Page): Locator {
  return page.getByRole("region", { name: "Connection" }).getByRole("status");
}

export async function isLive(page: Page): Promise<void> {
  await expect(connection(page)).toHaveText("Live");
}

/** Goes to the page of that name with the link that is beside every page. */
export async function goTo(page: Page, name: string): Promise<void> {
  await page.getByRole("navigation", { name: "Main" }).getByRole("link", { name, exact: true }).click();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText(name);
}

/** The addresses that the page asks with this method from now on, as soon as it asks. */
export function requestsOf(page: Page, method: string): string[] {
  const asked: string[] = [];
  page.on("request", (request) => {
    if (request.method() === method) asked.push(request.url());
  });
  return asked;
}

/**
 * Holds back what the page asks for at these addresses until it is released. `asked` waits until the page
 * asks for something there, and `answered` until it has the whole answer to that.
 */
export async function hold(page: Page, addresses: string) {
  const { waited: released, done: release } = latch();
  const asked = page.waitForRequest(addresses);
  await page.route(addresses, async (route) => {
    await released;
    await route.continue();
  });
  return { asked, release, answered: answerTo(asked) };
}

/**
 * Holds back the next answer from these addresses, which shows how it was when it was `read`, until it is
 * released. `answered` waits until the page has the whole of it.
 */
export async function holdAnswer(page: Page, addresses: string) {
  const { waited: released, done: release } = latch();
  const { waited: read, done: wasRead } = latch<Request>();
  const answer = async (route: Route) => {
    const response = await route.fetch();
    wasRead(route.request());
    await released;
    await route.fulfill({ response });
  };
  await page.route(addresses, answer, { times: 1 });
  return { read, release, answered: answerTo(read) };
}

/** What waits for something, and what says that it is done. */
function latch<T = void>() {
  let done = (_: T) => {};
  const waited = new Promise<T>((resolve) => {
    done = resolve;
  });
  return { waited, done };
}

/** Waits until the page has the whole answer to a request. */
function answerTo(asked: Promise<Request>) {
  return async () => {
    const request = await asked;
    const response = await request.response();
    if (!response) throw new Error(`${request.url()}: there was no answer`);
    await response.finished();
  };
}
