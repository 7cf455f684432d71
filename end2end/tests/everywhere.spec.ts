// What holds on every page.

import type { Locator, Page } from "@playwright/test";

import { PAGES, excessWidth, expectFit, fill, listen, live, open } from "../pages.ts";
import { expect, test } from "../server.ts";
import { PASSWORD, alive, ask, join, setUp, signIn } from "./accounts.ts";
import { rows } from "./entities.ts";
import { connect, goTo, history, hold } from "./steps.ts";

const WIDE = { width: 1440, height: 900 };
const NARROW = { width: 360, height: 780 };

// Each test looks at every page.
test.describe.configure({ timeout: 600_000 });

for (const filled of [true, false]) {
  // Without data there is nothing to show of one entity.
  const pages = filled ? PAGES : PAGES.filter((path) => path.split("/").length < 3);
  const state = filled ? "with data" : "empty";

  test(`nothing is said in the console, and nothing moves when data arrives (${state})`, async ({
    page,
    server,
  }) => {
    if (filled) await fill(server);
    const heard = listen(page);
    await watchShifts(page);
    for (const path of pages) {
      await open(page, path);
      expect.soft(await shifts(page), `${path} shifts`).toBeLessThan(0.01);
    }
    expect(heard).toEqual([]);
  });

  for (const [colorScheme, viewport] of [
    ["light", WIDE],
    ["dark", NARROW],
  ] as const) {
    test(`axe finds nothing (${state}, ${colorScheme})`, async ({ page, server }) => {
      if (filled) await fill(server);
      await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
      await page.setViewportSize(viewport);
      for (const path of [...pages, "/nowhere"]) {
        await open(page, path);
        await expectFit(page, path);
      }
    });
  }
}

for (const viewport of [WIDE, NARROW]) {
  test(`pages ${viewport.width} pixels wide are laid out in one go`, async ({ page, server }) => {
    await fill(server);
    await page.setViewportSize(viewport);
    for (const path of PAGES) {
      await open(page, path);
      // Lists that ask for their width are styled again with each layout of them, which grids
      // within grids would repeat over and over.
      const count = await stylings(page);
      expect.soft(count, path).toBeGreaterThan(0);
      expect.soft(count, path).toBeLessThan(20);
    }
  });
}

test("a dialog is no wider than a phone's screen", async ({ page, server }) => {
  await fill(server);
  await page.setViewportSize(NARROW);
  for (const [path, button] of [
    ["/", "Notify everybody…"],
    ["/agents", "New agent"],
    ["/chats", "New chat"],
    ["/collections", "New collection"],
    ["/tokens", "New token"],
  ] as const) {
    await open(page, path);
    await page.getByRole("button", { name: button }).click();
    await expect(page.getByRole("dialog")).toBeVisible();
    expect.soft(await excessWidth(page, "dialog[open]"), `${button} on ${path}`).toBe(0);
  }
});

test("a long id is no wider than a phone's screen", async ({ page, server }) => {
  const api = connect(server);
  const id = "a".repeat(64);
  await api.post("/agents", { id, name: "Ada" });
  await api.post("/collections", { id, name: "Notes" });
  await page.setViewportSize(NARROW);
  for (const path of [`/agents/${id}`, `/collections/${id}`]) {
    await open(page, path);
    expect.soft(await excessWidth(page), path).toBe(0);
  }
});

test("the log names events whole where there is little room", async ({ page, server }) => {
  await fill(server);
  await connect(server).post("/chats/plan/participants", { participantId: "bob", kind: "agent" });
  // A laptop's screen at twice its size.
  await page.setViewportSize({ width: 640, height: 800 });
  await open(page, "/events");

  const names = page.locator(".log-row .event-name");
  await expect(names.filter({ hasText: "chat:participantJoined" }).first()).toBeVisible();
  const cut = await names.evaluateAll((all) =>
    all.filter((it) => it.scrollWidth > it.clientWidth + 1).map((it) => it.textContent),
  );
  expect(cut).toEqual([]);
});

test("a name that is read from the right stands where all others stand", async ({ page, server }) => {
  await fill(server);
  const api = connect(server);
  await api.post("/agents", { id: "lovelace", name: "آدا" });
  await api.post("/chats/plan/participants", { participantId: "lovelace", kind: "agent" });
  await open(page, "/chats/plan");

  /** Where the letters of a participant's name begin. */
  const begin = (name: string) =>
    page.locator(".participant-name").getByRole("link", { name, exact: true }).evaluate((it) => {
      const letters = document.createRange();
      letters.selectNodeContents(it);
      return letters.getBoundingClientRect().left;
    });
  expect(Math.abs((await begin("آدا")) - (await begin("Ada")))).toBeLessThan(2);
});

test("every page is rendered with its data, and says 404 for what is not there", async ({
  request,
  server,
}) => {
  await fill(server);
  for (const [path, text] of [
    ["/agents", "Ada"],
    ["/agents/ada", "on step 2"],
    ["/chats", "The plan"],
    ["/chats/plan", "begin"],
    ["/collections/notes", "Notes"],
    ["/events", "chat:messageCreated"],
  ] as const) {
    const answer = await request.get(path);
    expect(answer.status(), path).toBe(200);
    expect(await answer.text(), path).toContain(text);
  }
  for (const path of ["/agents/nobody", "/chats/none", "/collections/none", "/nowhere"]) {
    expect((await request.get(path)).status(), path).toBe(404);
  }
});

test("no page, and not the page of the API, wants what its policy refuses", async ({
  page,
  server,
}) => {
  await fill(server);
  const heard = listen(page);
  const refused = await refusals(page);
  for (const path of [...PAGES, "/nowhere"]) {
    const policy = (await page.goto(path))?.headers()["content-security-policy"];
    expect(policy, path).toMatch(/script-src 'self' 'nonce-[\w-]{22}' 'wasm-unsafe-eval';/);
    await live(page);
  }
  // What comes and goes while one works: dialogs, charts, the palette, rows of the history.
  await page.goto("/demo/websocket");
  await live(page);
  await connect(server).post("/agents", { id: "new", name: "New" });
  await expect(history(page)).toHaveCount(1);
  await page.keyboard.press("Control+k");
  await expect(page.getByRole("dialog")).toBeVisible();

  await page.goto("/docs/");
  await page.getByText("listAgents").first().or(page.getByText("/api/v1/agents").first()).waitFor();
  await page.locator("#operations-agents-listAgents button").first().click();
  await page.getByRole("button", { name: "Execute" }).click();
  await expect(page.locator(".live-responses-table tbody .response-col_status").first()).toContainText("200");
  expect(refused).toEqual([]);
  expect(heard.filter((line) => !line.includes("404"))).toEqual([]);
});

test("going from page to page loads data, and code only the first time", async ({
  page,
  server,
}) => {
  await fill(server);
  await open(page, "/agents");
  for (const name of ["Chats", "Agents"]) await goTo(page, name);

  const asked: string[] = [];
  page.on("request", (request) => asked.push(new URL(request.url()).pathname));
  await goTo(page, "Chats");
  await expect(page.getByText("The plan")).toBeVisible();
  expect(asked).toContain("/api/v1/chats");
  // The browser asks for the icon when it likes to.
  const other = asked.filter((path) => !path.startsWith("/api/v1/") && path !== "/favicon.svg");
  expect(other).toEqual([]);
});

test("Back leads to where one was on a page, and a new page begins at its top", async ({
  page,
  server,
}) => {
  const api = connect(server);
  for (let number = 1; number <= 60; number += 1) {
    await api.post("/agents", { name: `Agent ${number}` });
    await api.post("/collections", { name: `Collection ${number}` });
  }
  await page.setViewportSize({ width: 1280, height: 600 });
  for (const [name, elsewhere] of [
    ["Agents", "Chats"],
    ["Collections", "Events"],
    ["Events", "Agents"],
  ] as const) {
    await open(page, `/${name.toLowerCase()}`);
    await scrollTo(page, 800);
    await goTo(page, elsewhere);
    await expect.poll(() => place(page), elsewhere).toBe(0);
    await page.goBack();
    await expect(page.getByRole("heading", { level: 1 })).toHaveText(name);
    await expect.poll(() => place(page), name).toBeGreaterThan(700);
    expect(await place(page), name).toBeLessThan(900);
  }

  // It is so when what the page shows comes late, too; and who scrolls decides.
  await open(page, "/agents");
  await scrollTo(page, 800);
  await goTo(page, "Chats");
  const list = await hold(page, "**/api/v1/agents*");
  await page.goBack();
  await list.asked;
  list.release();
  await expect.poll(() => place(page)).toBe(800);
  await page.mouse.move(640, 300);
  await page.mouse.wheel(0, -500);
  await expect.poll(() => place(page)).toBe(300);
  await page.goForward();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Chats");
  await page.goBack();
  await expect.poll(() => place(page)).toBe(300);
});

test("the first link leads past the frame, and takes the keyboard along", async ({ page }) => {
  await open(page, "/agents");

  await page.keyboard.press("Tab");
  await expect(page.getByRole("link", { name: "Skip to the content" })).toBeFocused();
  await page.keyboard.press("Enter");

  await expect(page.getByRole("main")).toBeFocused();
  await page.keyboard.press("Tab");
  await expect(page.getByRole("button", { name: "New agent" })).toBeFocused();
});

test("the keyboard begins at the heading of a page that one goes to", async ({ page, server }) => {
  await fill(server);
  await open(page, "/");
  const heading = page.getByRole("heading", { level: 1 });
  await expect(heading).not.toBeFocused();

  await goTo(page, "Agents");
  await expect(heading).toBeFocused();
  await page.getByRole("list", { name: "Agents" }).getByRole("link", { name: "Ada" }).click();
  await expect(heading).toHaveText("Ada");
  await expect(heading).toBeFocused();
  await page.goBack();
  await expect(heading).toHaveText("Agents");
  await expect(heading).toBeFocused();

  // Who searches stays in the field.
  const search = page.getByLabel("Search names, ids and descriptions");
  await search.fill("ada");
  await expect(page).toHaveURL(/q=ada/);
  await expect(rows(page, "Agents")).toHaveCount(1);
  await expect(search).toBeFocused();
});

test("a page without a connection says so, and connects again from there", async ({ page }) => {
  await page.setViewportSize(NARROW);
  await open(page, "/agents");
  await page.keyboard.press("Control+k");
  await page.getByRole("combobox", { name: "Name, id or command" }).fill("disconnect");
  const chosen = page.getByRole("listbox", { name: "Results" }).getByRole("option", { selected: true });
  await expect(chosen).toContainText("Disconnect from the hub");
  await page.keyboard.press("Enter");
  const notice = page.getByRole("status").filter({ hasText: "You ended it." });
  await expect(notice).toBeVisible();

  await notice.getByRole("button", { name: "Reconnect" }).click();

  await live(page);
  await expect(notice).toHaveCount(0);
  await expect(page.getByRole("heading", { level: 1 })).toBeFocused();
});

test.describe("on a touch screen", () => {
  test.use({ viewport: NARROW, hasTouch: true, isMobile: true });

  test("what closes a dialog is beside its title", async ({ page }) => {
    await open(page, "/agents");
    await page.getByRole("button", { name: "New agent" }).click();
    const dialog = page.getByRole("dialog");
    const close = dialog.getByRole("button", { name: "Close" });
    await expect(close).toHaveCSS("height", "44px");

    const title = await middle(dialog.getByRole("heading", { level: 2 }));
    expect(Math.abs((await middle(close)) - title)).toBeLessThan(1);
  });
});

test.describe("when somebody else signs in", () => {
  test.use({ flags: ["--auth", "required"] });

  test("nothing is there of what was typed before", async ({ page, context, server, browser }) => {
    const elsewhere = await browser.newContext({ baseURL: server.url });
    const admin = await setUp(elsewhere, server);
    const bob = await join(elsewhere, server, context, "Bob Member", "member");
    await ask(elsewhere, server, "POST", "/collections", { id: "notes", name: "Notes" });
    await ask(elsewhere, server, "POST", "/chats", { id: "plan", title: "The plan" });
    const name = page.getByLabel("Name", { exact: true });
    const message = page.getByLabel("Message", { exact: true });
    await open(page, "/collections/notes");
    await page.getByRole("button", { name: "Edit" }).click();
    await name.fill("Notes of Bob");
    await goTo(page, "Chats");
    await page.getByRole("link", { name: "The plan" }).click();
    await message.fill("Said by Bob");

    // Whoever signs in again goes on; somebody else begins anew.
    for (const [email, typed] of [
      [bob.email, "Said by Bob"],
      [admin.email, ""],
    ] as const) {
      await page.getByRole("button", { name: "Sign out" }).click();
      await expect(page).toHaveURL("/sign-in");
      await alive(page);
      await signIn(page, email, PASSWORD);
      await expect(page.getByRole("heading", { level: 1, name: "Overview" })).toBeVisible();
      await open(page, "/chats/plan");
      await expect(message).toHaveValue(typed);
    }
    await open(page, "/collections/notes");
    await expect(page.getByRole("button", { name: "Edit" })).toBeEnabled();
    await expect(name).toHaveCount(0);
    await elsewhere.close();
  });
});

/** How far down the middle of something is. */
function middle(element: Locator): Promise<number> {
  return element.evaluate((element) => {
    const { top, bottom } = element.getBoundingClientRect();
    return (top + bottom) / 2;
  });
}

/** Scrolls the page, and waits until it has heard of that. */
async function scrollTo(page: Page, place: number): Promise<void> {
  await page.evaluate(async (place) => {
    const scrolled = new Promise((done) => addEventListener("scroll", done, { once: true }));
    window.scrollTo(0, place);
    await scrolled;
  }, place);
}

/** How far the page is scrolled from its top. */
function place(page: Page): Promise<number> {
  return page.evaluate(() => Math.round(window.scrollY));
}

/** Everything that the browser refused because a page's policy does not let it. */
async function refusals(page: Page): Promise<string[]> {
  const refused: string[] = [];
  await page.exposeFunction("refused", (what: string) => refused.push(what));
  await page.addInitScript(() => {
    document.addEventListener("securitypolicyviolation", (event) => {
      const { effectiveDirective, blockedURI, sourceFile, lineNumber, sample } = event;
      const what = [location.pathname, effectiveDirective, blockedURI, sourceFile, lineNumber, sample];
      (window as unknown as { refused: (what: string) => void }).refused(what.join(" "));
    });
  });
  return refused;
}

/** Adds up layout shifts from the first moment on. */
async function watchShifts(page: Page): Promise<void> {
  await page.addInitScript(() => {
    const shifted = window as unknown as { shifted: number };
    shifted.shifted = 0;
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries() as unknown as { value: number }[]) {
        shifted.shifted += entry.value;
      }
    }).observe({ type: "layout-shift", buffered: true });
  });
}

async function shifts(page: Page): Promise<number> {
  // A shift is told after the frame in which it was.
  await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => setTimeout(done))));
  return page.evaluate(() => (window as unknown as { shifted: number }).shifted);
}

/** How often styles are worked out when the page becomes a little narrower. */
async function stylings(page: Page): Promise<number> {
  const session = await page.context().newCDPSession(page);
  await session.send("Performance.enable");
  const count = async () => {
    const { metrics } = await session.send("Performance.getMetrics");
    const metric = metrics.find(({ name }) => name === "RecalcStyleCount");
    if (!metric) throw new Error("the browser does not count it");
    return metric.value;
  };
  const before = await count();
  await page.evaluate(() => {
    document.body.style.width = `${document.body.clientWidth - 1}px`;
    document.body.getBoundingClientRect();
  });
  const after = await count();
  await session.detach();
  return after - before;
}
