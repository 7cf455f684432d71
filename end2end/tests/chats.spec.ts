// Chats: the list, and a conversation that two people read and write.

import { type Locator, type Page } from "@playwright/test";

import { excessWidth, listen, live, open } from "../pages.ts";
import { type Server, expect, test } from "../server.ts";
import { ask, join, setUp } from "./accounts.ts";
import { type Api, connect, goTo, hold, holdAnswer, requestsOf } from "./steps.ts";

test("the list follows live events and its address", async ({ page, server }) => {
  const heard = listen(page);
  const api = connect(server);
  await open(page, "/chats");
  await expect(page.getByText("There are no chats yet.")).toBeVisible();

  await api.post("/agents", { id: "ada", name: "Ada" });
  await api.post("/chats", { id: "plan", title: "The plan", participants: [agent("ada")] });
  await api.post("/chats", { id: "lunch", title: "Lunch" });
  await expect(titles(page)).toHaveText(["Lunch", "The plan"]);
  await expect(page.getByRole("listitem").filter({ hasText: "The plan" })).toContainText("Ada");

  await page.getByRole("searchbox", { name: "Search titles and ids" }).fill("plan");
  await expect(titles(page)).toHaveText(["The plan"]);
  await expect(page).toHaveURL(/\?q=plan$/);
  await page.reload();
  await expect(titles(page)).toHaveText(["The plan"]);
  await expect(page.getByRole("searchbox", { name: "Search titles and ids" })).toHaveValue("plan");

  await page.goto("/chats?participant=ada");
  await expect(titles(page)).toHaveText(["The plan"]);
  await page.goto("/chats?sort=title");
  await expect(titles(page)).toHaveText(["Lunch", "The plan"]);
  await open(page, "/chats?q=nothing");
  await expect(page.getByText("Nothing matches.")).toBeVisible();
  await page.getByRole("link", { name: "Show all", exact: true }).click();
  await expect(titles(page)).toHaveCount(2);
  expect(heard).toEqual([]);
});

test("a later part of the list that becomes empty leads back to the start", async ({ page, server }) => {
  const api = connect(server);
  for (let number = 1; number <= 51; number++) {
    await api.post("/chats", { id: `c${number}`, title: `Chat ${number}` });
  }
  await open(page, "/chats");
  await page.getByRole("link", { name: "Next" }).click();
  await expect(titles(page)).toHaveText(["Chat 1"]);

  await api.delete("/chats/c1");
  await expect(page.getByText("Nothing matches.")).toBeVisible();
  await page.getByRole("link", { name: "Back to the start" }).click();
  await expect(titles(page)).toHaveCount(50);
});

test("a row of the list keeps the keyboard, whatever changes in it", async ({ page, server }) => {
  const api = await plan(server);
  await api.post("/chats", { id: "lunch", title: "Lunch" });
  await open(page, "/chats?sort=-updatedAt");
  await expect(titles(page)).toHaveText(["Lunch", "The plan"]);
  const row = page.getByRole("list", { name: "Chats" }).locator("> li").filter({ hasText: /plan/ });
  await row.getByRole("link").focus();

  await api.post("/chats/plan/participants", { participantId: "eve", kind: "user" });
  await expect(row).toContainText("2 participants");
  await expect(titles(page)).toHaveText(["The plan", "Lunch"]);
  await expect(row.getByRole("link")).toBeFocused();
  await api.patch("/chats/plan", { title: "Another plan" });
  await expect(titles(page)).toHaveText(["Another plan", "Lunch"]);
  await expect(row.getByRole("link")).toBeFocused();
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(/\/chats\/plan$/);
});

test("what can be no id is said at its field, and a name does where an id does", async ({
  page,
  server,
}) => {
  const api = await plan(server);
  await api.post("/agents", { id: "bob", name: "Bob Builder" });
  await api.post("/chats", { id: "lunch", title: "Lunch" });
  await open(page, "/chats?participant=bad%20id");
  const field = page.getByRole("searchbox", { name: "Id of a participant" });
  await expect(titles(page)).toHaveText(["Lunch", "The plan"]);
  await expect(page.getByText(/^Not used: /)).toBeVisible();
  await expect(field).toHaveAttribute("aria-invalid", "true");
  await field.fill("ada");
  await expect(titles(page)).toHaveText(["The plan"]);
  await expect(page.getByText(/^Not used: /)).toHaveCount(0);

  await titles(page).first().click();
  const panel = page.getByRole("region", { name: "Participants" });
  await panel.getByLabel("Id or name").fill("Bob Builder");
  await panel.getByRole("button", { name: "Add" }).click();
  await expect(panel.getByRole("listitem")).toHaveText([/Ada/, /Bob Builder/]);
  await expect(panel.getByLabel("Id or name")).toHaveValue("");
});

test("who joins is named in any case and by a beginning, and a name of nobody keeps the keyboard", async ({
  page,
  server,
}) => {
  const api = await plan(server);
  for (const [id, name] of [
    ["a-1", "Vi Viewer"],
    ["a-2", "Mel Member"],
    ["a-3", "Mel Meyer"],
    ["a-4", "a-1"],
  ]) {
    await api.post("/agents", { id, name });
  }
  await open(page, "/chats/plan");
  const panel = page.getByRole("region", { name: "Participants" });
  const field = panel.getByLabel("Id or name");
  const name = async (text: string) => {
    await field.fill(text);
    await panel.getByRole("button", { name: "Add" }).click();
  };

  await name("mel mey");
  await expect(panel.getByRole("listitem")).toHaveText([/Ada/, /Mel Meyer/]);
  await expect(field).toHaveValue("");
  for (const [text, why] of [
    ["no one", 'No agent here is called "no one". Choose from the list.'],
    ["mel me", 'More than one here is called "mel me". Choose from the list.'],
    [" ", "Enter an id or a name."],
  ] as const) {
    await name(text);
    await expect(field).toHaveAccessibleDescription(why);
    await expect(field).toHaveAttribute("aria-invalid", "true");
    await expect(field).toBeFocused();
    await expect(field).toHaveValue(text);
  }
  // What is wrong is said of what stands there.
  for (const change of [
    () => field.fill("mel me"),
    () => panel.getByRole("radio", { name: "Person" }).check({ force: true }),
    () => panel.getByRole("radio", { name: "Agent" }).check({ force: true }),
  ]) {
    await panel.getByRole("button", { name: "Add" }).click();
    await expect(field).toHaveAttribute("aria-invalid", "true");
    await change();
    await expect(field).toHaveAttribute("aria-invalid", "false");
    await expect(field).toHaveAccessibleDescription("");
  }
  // An id is an id, whoever is called so.
  await name("a-1");
  await expect(panel.getByRole("listitem")).toHaveText([/Ada/, /Mel Meyer/, /Vi Viewer/]);
  await expect(field).toHaveValue("");
  await name("MEL MEMBER");
  await expect(panel.getByRole("listitem")).toHaveText([/Ada/, /Mel Meyer/, /Vi Viewer/, /Mel Member/]);
  await expect(field).toHaveAccessibleDescription("");
});

test("a chat is created with its participants, and opens", async ({ page, server }) => {
  await connect(server).post("/agents", { id: "ada", name: "Ada" });
  await open(page, "/chats");

  await page.getByRole("button", { name: "New chat" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Title").fill("x".repeat(201));
  await dialog.getByLabel("Id").fill("ada");
  await dialog.getByRole("button", { name: "Add" }).click();
  await expect(dialog.getByRole("listitem")).toHaveText([/You/, /Ada/]);
  await dialog.getByRole("button", { name: "Create", exact: true }).click();
  await expect(dialog.getByRole("alert").filter({ hasText: "characters" })).toBeVisible();
  await dialog.getByLabel("Title").fill("The plan");
  await dialog.getByRole("button", { name: "Create", exact: true }).click();

  await expect(page.getByRole("heading", { level: 1 })).toHaveText("The plan");
  const inside = page.getByRole("region", { name: "Participants" }).getByRole("listitem");
  await expect(inside).toHaveText([/You/, /Ada/]);
});

test("what was typed of a new chat stays when its dialog is closed", async ({ page, server }) => {
  await connect(server).post("/agents", { id: "ada", name: "Ada" });
  await connect(server).post("/agents", { id: "eve", name: "Eve" });
  await open(page, "/chats");
  const dialog = page.getByRole("dialog");
  const show = page.getByRole("button", { name: "New chat" });

  await show.click();
  await dialog.getByLabel("Title").fill("The plan");
  await dialog.getByLabel("Who sees it").selectOption("Only its participants");
  await dialog.getByLabel("Id").fill("ada");
  await dialog.getByRole("button", { name: "Add" }).click();
  await expect(dialog.getByRole("listitem")).toHaveText([/You/, /Ada/]);
  await dialog.getByLabel("Id").fill("not an id");
  for (const close of [
    () => page.keyboard.press("Escape"),
    () => dialog.getByRole("button", { name: "Close" }).click(),
  ]) {
    await close();
    await expect(dialog).toBeHidden();
    await show.click();
    await expect(dialog.getByLabel("Title")).toHaveValue("The plan");
    await expect(dialog.getByLabel("Who sees it")).toHaveValue("participants");
    await expect(dialog.getByRole("listitem")).toHaveText([/You/, /Ada/]);
    await expect(dialog.getByLabel("Id")).toHaveValue("not an id");
  }
  await dialog.getByRole("button", { name: "Create", exact: true }).click();
  await expect(dialog.getByRole("alert").filter({ hasText: "id" })).toBeVisible();
  await dialog.getByLabel("Id").fill("eve");

  // Once it is created, the next one begins anew.
  const creation = await hold(page, "**/api/v1/chats");
  await dialog.getByRole("button", { name: "Create", exact: true }).click();
  await creation.asked;
  await page.keyboard.press("Escape");
  creation.release();
  await expect(page.getByText("The plan was created.")).toBeVisible();
  await expect(titles(page)).toHaveText([/The plan/]);
  await expect(page).toHaveURL(/\/chats$/);
  // Who was named was meant, too.
  const [created] = (await connect(server).get("/chats")).items;
  expect(created.participants.map((one: { participantId: string }) => one.participantId)).toEqual([
    "local",
    "ada",
    "eve",
  ]);
  await show.click();
  await expect(dialog.getByLabel("Title")).toHaveValue("");
  await expect(dialog.getByLabel("Id")).toHaveValue("");
  await expect(dialog.getByLabel("Who sees it")).toHaveValue("open");
  await expect(dialog.getByRole("listitem")).toHaveText([/You/]);
});

test("what was typed of a new chat outlives going elsewhere and a reload, until Cancel", async ({ page, server }) => {
  const kept = () => page.evaluate(() => sessionStorage.getItem("draft:new:chat"));
  await connect(server).post("/agents", { id: "ada", name: "Ada" });
  await open(page, "/events");
  await goTo(page, "Chats");
  const dialog = page.getByRole("dialog", { name: "New chat" });
  const show = () => page.getByRole("button", { name: "New chat" }).click();
  await show();
  await dialog.getByLabel("Title").fill("The plan");
  await dialog.getByLabel("Who sees it").selectOption("Only its participants");
  await dialog.getByLabel("Id").fill("ada");
  await dialog.getByRole("button", { name: "Add" }).click();
  await expect(dialog.getByRole("listitem")).toHaveText([/You/, /Ada/]);
  await dialog.getByRole("radio", { name: "Person" }).check({ force: true });
  await dialog.getByLabel("Id").fill("not an id");
  const isThere = async () => {
    await expect(dialog.getByLabel("Title")).toHaveValue("The plan");
    await expect(dialog.getByLabel("Who sees it")).toHaveValue("participants");
    await expect(dialog.getByRole("listitem")).toHaveText([/You/, /Ada/]);
    await expect(dialog.getByRole("radio", { name: "Person" })).toBeChecked();
    await expect(dialog.getByLabel("Id")).toHaveValue("not an id");
  };

  await page.goBack();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Events");
  await goTo(page, "Chats");
  await expect(dialog).toBeHidden();
  await show();
  await isThere();
  await page.reload();
  await live(page);
  await expect(dialog).toBeHidden();
  await show();
  await isThere();

  expect(await kept()).toContain("The plan");
  await dialog.getByRole("button", { name: "Cancel" }).click();
  await expect(dialog).toBeHidden();
  await expect.poll(kept).toBe(null);
  await show();
  await expect(dialog.getByLabel("Title")).toHaveValue("");
  await expect(dialog.getByLabel("Who sees it")).toHaveValue("open");
  await expect(dialog.getByRole("listitem")).toHaveText([/You/]);
  await expect(dialog.getByLabel("Id")).toHaveValue("");
});

test("who goes elsewhere while a chat is created stays there", async ({ page, server }) => {
  await open(page, "/chats");
  const creation = await hold(page, "**/api/v1/chats");
  await page.getByRole("button", { name: "New chat" }).click();
  await page.getByRole("dialog").getByLabel("Title").fill("The plan");
  await page.getByRole("dialog").getByRole("button", { name: "Create", exact: true }).click();
  await creation.asked;
  await page.keyboard.press("Escape");
  await goTo(page, "Events");
  creation.release();

  await expect(page.getByText("The plan was created.")).toBeVisible();
  await expect(page).toHaveURL(/\/events$/);
  expect((await connect(server).get("/chats")).items).toHaveLength(1);
});

test("a private chat has a lock, goes with who leaves it and comes with who is let in", async ({
  page,
  server,
  context,
}) => {
  const heard = listen(page);
  const api = connect(server);
  await api.post("/agents", { id: "ada", name: "Ada" });
  await open(page, "/chats");
  await page.getByRole("button", { name: "New chat" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Title").fill("A surprise");
  await dialog.getByLabel("Who sees it").selectOption("Only its participants");
  await dialog.getByLabel("Id").fill("ada");
  await dialog.getByRole("button", { name: "Add" }).click();
  await expect(dialog.getByRole("listitem")).toHaveText([/You/, /Ada/]);
  await dialog.getByRole("button", { name: "Create", exact: true }).click();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText(/Private: *A surprise/);

  const list = await context.newPage();
  await open(list, "/chats");
  await expect(titles(list)).toHaveText([/Private: *A surprise/]);
  const chat = new URL(page.url()).pathname;
  await api.delete(`${chat}/participants/local`, "ada");
  await expect(list.getByText("There are no chats yet.")).toBeVisible();
  await expect(page.getByText("You are not in this chat any more.")).toBeVisible();
  await api.post(`${chat}/participants`, { participantId: "local", kind: "user" }, "ada");
  await expect(titles(list)).toHaveText([/Private: *A surprise/]);
  await expect(page.getByText("You are not in this chat any more.")).toBeHidden();
  await api.post(`${chat}/messages`, { content: "Welcome back." }, "ada");
  await expect(page.getByText("Welcome back.")).toBeVisible();
  expect(heard).toEqual([]);
});

test("leaving a private chat is asked first, with what it means", async ({ page, server }) => {
  const api = connect(server);
  await api.post("/agents", { id: "ada", name: "Ada" });
  const participants = [agent("ada"), { participantId: "local", kind: "user" }];
  await api.post("/chats", { id: "secret", title: "A surprise", visibility: "participants", participants });
  await open(page, "/chats/secret");
  const leave = page.getByRole("button", { name: "Leave the chat" });
  const dialog = page.getByRole("dialog", { name: "Leave this chat?" });
  await leave.click();
  await expect(dialog).toContainText("you no longer see it until somebody in it adds you again");
  await dialog.getByRole("button", { name: "Cancel" }).click();
  await expect(dialog).toBeHidden();
  await page.getByRole("button", { name: "Remove Ada" }).click();
  await expect(page.getByRole("button", { name: "Remove Ada" })).toHaveCount(0);

  await leave.click();
  await expect(dialog).toContainText("it is deleted with all its messages");
  await dialog.getByRole("button", { name: "Leave", exact: true }).click();
  await expect(page.getByText("You are not in this chat any more.")).toBeVisible();
  await expect(dialog).toBeHidden();
  expect((await api.get("/chats")).items).toEqual([]);
});

test("without a connection, what one does oneself is there at once", async ({ page, server }) => {
  const api = await plan(server);
  await api.post("/agents", { id: "bob", name: "Bob" });
  await open(page, "/demo/websocket");
  await page.getByRole("button", { name: "Disconnect" }).click();
  await expect(page.locator(".connection-pill")).toHaveText("Disconnected");
  await goTo(page, "Chats");
  await titles(page).first().click();
  const inside = page.getByRole("region", { name: "Participants" }).getByRole("listitem");
  await expect(inside).toHaveText([/Ada/]);

  // What others do is not heard of, and stands before it afterwards.
  await api.post("/chats/plan/messages", { content: "Said meanwhile." }, "ada");
  await say(page, "Shall we begin?");
  await expect(messages(page)).toHaveText([/Shall we begin\?/]);
  await expect(page.getByLabel("Message", { exact: true })).toHaveValue("");
  await page.getByLabel("Id or name").fill("bob");
  await page.getByRole("button", { name: "Add" }).click();
  await expect(inside).toHaveText([/Ada/, /Bob/]);
  await page.getByRole("button", { name: "Remove Ada" }).click();
  await expect(inside).toHaveText([/Bob/]);

  await page.getByRole("button", { name: "Reconnect" }).click();
  await expect(messages(page)).toHaveText([/Said meanwhile\./, /Shall we begin\?/]);
  await expect(page.getByRole("button", { name: /Jump to newest/ })).toHaveCount(0);
  await expect(inside).toHaveText([/Bob/]);
});

test("whom a chat names has a name, however many agents there are", async ({ page, server }) => {
  const api = await plan(server);
  await api.post("/agents", { id: "zoe", name: "Zoe" });
  await api.post("/chats/plan/messages", { content: "Shall we begin?" }, "ada");
  for (let number = 1; number <= 200; number++) {
    await api.post("/agents", { id: `other-${number}`, name: `Other ${number}` });
  }
  await open(page, "/chats/plan");
  const inside = page.getByRole("region", { name: "Participants" }).getByRole("listitem");
  await expect(inside).toHaveText([/Ada.*offline/]);
  await expect(messages(page).first().getByText("Ada", { exact: true })).toBeVisible();

  // Who speaks later, too.
  await api.post("/chats/plan/messages", { content: "Yes." }, "zoe");
  await expect(messages(page).nth(1).getByText("Zoe", { exact: true })).toBeVisible();
});

test("two people see the same conversation and who read it", async ({ page, server, context }) => {
  const heard = listen(page);
  const api = await plan(server);
  await open(page, "/chats/plan");
  const other = await context.newPage();
  await open(other, "/chats/plan");

  await say(page, "Shall we begin?");
  for (const one of [page, other]) {
    await expect(messages(one)).toHaveText([/Shall we begin\?/]);
    await expect(messages(one).first()).toContainText("person");
  }

  await connect(server).post("/chats/plan/messages", { content: "Yes, **now**." }, "ada");
  for (const one of [page, other]) {
    const answer = messages(one).nth(1);
    await expect(answer.getByText("Ada")).toBeVisible();
    await expect(answer.getByText("agent", { exact: true })).toBeVisible();
    await expect(answer.locator("strong", { hasText: "now" })).toBeVisible();
  }

  const [{ id: question }, { id: answer }] = (await api.get("/chats/plan/messages")).items;
  await expect.poll(() => receipts(api, answer)).toMatchObject([MINE]);
  const tell = (event: string) => tells(other, "ada", event, { messageId: question });
  await tell("message:received");
  await expect(messages(page).first().getByText("Received by Ada")).toBeVisible();
  await tell("message:read");
  for (const one of [page, other]) {
    await expect(messages(one).first().getByText("Read by Ada")).toBeVisible();
    // That one has read it oneself needs no words.
    await expect(messages(one).nth(1).locator(".receipts")).toHaveCount(0);
  }
  await messages(page).first().getByText("Read by Ada").click();
  await expect(messages(page).first().getByRole("listitem")).toContainText(/received .*, read /);
  expect(heard).toEqual([]);
});

test("who reads a message is named without oneself", async ({ page, server }) => {
  const api = await plan(server);
  await api.post("/agents", { id: "bob", name: "Bob" });
  await open(page, "/chats/plan");
  const { id } = await api.post("/chats/plan/messages", { content: "Tea or coffee?" }, "ada");
  await expect.poll(() => receipts(api, id)).toMatchObject([MINE]);

  await tells(page, "bob", "message:read", { messageId: id });

  await expect(messages(page).first().getByText("Read by Bob", { exact: true })).toBeVisible();
  await messages(page).first().getByText("Read by Bob").click();
  await expect(messages(page).first().getByRole("listitem")).toHaveText([/^Bob/]);
});

test("an answer shows what it answers", async ({ page, server }) => {
  await plan(server);
  await connect(server).post("/chats/plan/messages", { content: "Tea or coffee?" }, "ada");
  await open(page, "/chats/plan");

  await messages(page).first().hover();
  await page.getByRole("button", { name: "Reply to Ada" }).click();
  await expect(page.getByText("Replying to Ada: Tea or coffee?")).toBeVisible();
  await say(page, "Tea.");

  await expect(messages(page).nth(1).getByText("Ada: Tea or coffee?")).toBeVisible();
  await expect(page.getByText("Replying to Ada")).toHaveCount(0);
});

test("an answer shows what it answers, when that is not loaded too", async ({ page, server }) => {
  const api = await plan(server);
  const { id } = await api.post("/chats/plan/messages", { content: "Tea or coffee?" }, "ada");
  await fill(server, 60);
  for (const content of ["Tea.", "With milk."]) {
    await api.post("/chats/plan/messages", { content, replyTo: id });
  }
  const asked = requestsOf(page, "GET");
  await open(page, "/chats/plan");

  await expect(messages(page)).toHaveCount(50);
  const quotes = page.locator(".message-quote");
  const quote = quotes.last();
  await expect(quotes).toHaveText(["Ada: Tea or coffee?", "Ada: Tea or coffee?"]);
  expect(asked.filter((address) => address.endsWith(`/messages/${id}`))).toHaveLength(1);
  await expect(quote.and(page.getByRole("button"))).toHaveCount(0);

  // Once it is loaded, its quote leads to it.
  await page.getByRole("button", { name: "Load older messages" }).press("Enter");
  await expect(messages(page).first()).toContainText("Tea or coffee?");
  await quote.and(page.getByRole("button", { name: "Ada: Tea or coffee?" })).click();
  await expect(messages(page).first()).toBeFocused();
});

test("hostile messages are text", async ({ page, server }) => {
  const heard = listen(page);
  await plan(server);
  const dialogs: string[] = [];
  page.on("dialog", async (dialog) => {
    dialogs.push(dialog.message());
    await dialog.dismiss();
  });
  const requests: string[] = [];
  page.on("request", (request) => requests.push(request.url()));
  const word = "w".repeat(64 * 1024);
  const hostile = [
    "<img src=x onerror=alert(1)>",
    "[x](javascript:alert(1)) and [y](https://example.org/y)",
    "<script>alert(1)</script>",
    "![picture](https://example.org/picture.png)",
    "> ".repeat(5_000) + "deep",
    word,
  ];
  for (const content of hostile) {
    await connect(server).post("/chats/plan/messages", { content }, "ada");
  }

  await open(page, "/chats/plan");
  await expect(messages(page)).toHaveCount(hostile.length);
  await expect(page.getByText("<img src=x onerror=alert(1)>")).toBeVisible();
  await expect(page.getByText("<script>alert(1)</script>")).toBeVisible();
  const links = messages(page).getByRole("link");
  await expect(links).toHaveText(["y", "Image: picture"]);
  await expect(links.first()).toHaveAttribute("rel", "noopener noreferrer nofollow");

  await page.getByRole("button", { name: "Show all 65,536 characters" }).click();
  await expect(messages(page).last()).toContainText(word);
  expect(await excessWidth(page)).toBe(0);
  expect(await excessWidth(page, ".messages")).toBe(0);
  expect(dialogs).toEqual([]);
  expect(requests.filter((url) => !url.startsWith(server.url))).toEqual([]);
  expect(heard).toEqual([]);
});

test("the keyboard goes through the messages in one stop", async ({ page, server }) => {
  const api = await plan(server);
  await api.post("/agents", { id: "bob", name: "Bob" });
  await fill(server, 3);
  await open(page, "/chats/plan");
  const last = (await api.get("/chats/plan/messages")).items.at(-1);
  await tells(page, "bob", "message:read", { messageId: last.id });
  const list = page.getByRole("log", { name: "Messages" });
  const composer = page.getByLabel("Message", { exact: true });
  await expect(messages(page).last().getByText("Read by Bob")).toBeVisible();

  await list.focus();
  await page.keyboard.press("Tab");
  await expect(composer).toBeFocused();
  await page.keyboard.press("Shift+Tab");
  await expect(list).toBeFocused();
  for (const [key, place] of [
    ["ArrowUp", 2],
    ["ArrowUp", 1],
    ["Home", 0],
    ["ArrowDown", 1],
    ["End", 2],
  ] as const) {
    await page.keyboard.press(key);
    await expect(messages(page).nth(place), `${key} to ${place}`).toBeFocused();
  }

  // What is in the message is for who is at it.
  await page.keyboard.press("Tab");
  await expect(messages(page).last().getByText("Read by Bob")).toBeFocused();
  await page.keyboard.press("Tab");
  await expect(messages(page).last().getByRole("button", { name: "Reply to Ada" })).toBeFocused();
  await page.keyboard.press("Tab");
  await expect(composer).toBeFocused();
});

test("older messages load with a button that keeps the keyboard, and not before it is pressed", async ({
  page,
  server,
}) => {
  await plan(server);
  await fill(server, 120);
  await open(page, "/chats/plan");
  await expect(messages(page)).toHaveCount(50);
  const asked = requestsOf(page, "GET");
  const parts = () => asked.filter((address) => address.includes("/messages?before="));
  const older = page.getByRole("button", { name: "Load older messages" });
  await older.focus();
  await settled(older);
  await expect(messages(page)).toHaveCount(50);
  await expect(older).toBeInViewport();
  expect(parts()).toEqual([]);

  await page.keyboard.press("Enter");
  await expect(messages(page)).toHaveCount(100);
  expect(parts()).toHaveLength(1);
  await expect(older).toBeFocused();
  const first = await messages(page).first().getAttribute("data-message");
  await page.keyboard.press("ArrowDown");
  await expect(page.locator(`[data-message="${first}"]`)).toBeFocused();
});

test("a message that is made short again keeps its button in place", async ({ page, server }) => {
  await plan(server);
  await fill(server, 20);
  const content = Array.from({ length: 200 }, (_, line) => `Line ${line}.`).join("\n");
  await connect(server).post("/chats/plan/messages", { content }, "ada");
  await fill(server, 20, 20);
  await open(page, "/chats/plan");
  await page.getByRole("button", { name: /^Show all/ }).click();
  await expect(page.getByText("Line 199.")).toBeVisible();

  const button = page.locator(".message-all");
  await button.scrollIntoViewIfNeeded();
  const before = await settled(button);
  await button.click();
  await expect(button).toHaveText(/^Show all/);
  expect(Math.abs((await settled(button)) - before)).toBeLessThanOrEqual(2);
});

test("tables, tasks and headings are shown as they are meant", async ({ page, server }) => {
  await page.setViewportSize({ width: 360, height: 780 });
  await plan(server);
  const wide = (cell: string) => `|${cell.repeat(20)}`;
  const content = [
    "# Largest\n\n## Larger\n",
    "- [x] Tea\n- [ ] Cake\n",
    `${wide(" wordswordswords |")}\n${wide("--:|")}\n${wide(" 1 |")}`,
  ].join("\n");
  await connect(server).post("/chats/plan/messages", { content }, "ada");
  await open(page, "/chats/plan");

  await expect(page.getByRole("checkbox")).toHaveCount(2);
  await expect(page.getByRole("checkbox").first()).toBeChecked();
  await expect(page.getByRole("checkbox").last()).not.toBeChecked();
  await expect(page.getByRole("checkbox").last()).toBeDisabled();
  const size = (text: string) =>
    page.getByText(text, { exact: true }).evaluate((it) => parseFloat(getComputedStyle(it).fontSize));
  expect(await size("Largest")).toBeGreaterThan(await size("Larger"));
  await expect(page.getByRole("cell").first()).toHaveCSS("text-align", "right");
  // The table scrolls, and nothing around it.
  expect(await excessWidth(page, ".markdown-table")).toBeGreaterThan(0);
  expect(await excessWidth(page)).toBe(0);
  expect(await excessWidth(page, ".messages")).toBe(0);
});

test("older messages load as one scrolls up, and nothing jumps", async ({ page, server }) => {
  await plan(server);
  await fill(server, 160);
  await open(page, "/chats/plan");
  await expect(messages(page).last()).toContainText("Message 160.");
  await expect(messages(page).last()).toBeInViewport();
  await expect(page.getByText("Message 1.", { exact: true })).toHaveCount(0);

  const oldest = page.getByText("Message 1.", { exact: true });
  for (let parts = 0; parts < 5 && !(await oldest.count()); parts++) {
    const name = await messages(page).first().getAttribute("data-message");
    const first = page.locator(`[data-message="${name}"]`);
    await first.scrollIntoViewIfNeeded();
    await expect(messages(page).first()).not.toHaveAttribute("data-message", name ?? "");
    // What was read stays where it was.
    await expect(first).toBeInViewport();
  }

  await expect(oldest).toHaveCount(1);
  await expect(messages(page)).toHaveCount(160);
});

test("who reads further up is not moved, and jumps to the newest", async ({ page, server }) => {
  const api = await plan(server);
  await fill(server, 60);
  await open(page, "/chats/plan");
  const scroller = page.getByRole("log", { name: "Messages" });
  await expect(page.getByRole("button", { name: /Jump to newest/ })).toHaveCount(0);

  await scroller.evaluate((element) => element.scrollBy(0, -600));
  await expect(page.getByRole("button", { name: "Jump to newest" })).toBeVisible();
  const read = messages(page).filter({ hasText: "Message 45." });
  await read.scrollIntoViewIfNeeded();
  const before = await settled(read);
  const post = (content: string) => api.post("/chats/plan/messages", { content }, "ada");
  const [one, two] = [await post("One more."), await post("Two more.")];

  const jump = page.getByRole("button", { name: "Jump to newest: 2 new messages" });
  await expect(jump).toBeVisible();
  expect(await settled(read)).toBe(before);
  // It was received, but not read: what the page said before this is stored when this is answered.
  await expect.poll(() => receipts(api, two.id)).toMatchObject([{ ...MINE, readAt: null }]);
  await tells(page, "ada", "message:received", { messageId: one.id });
  expect(await receipts(api, two.id)).toMatchObject([{ ...MINE, readAt: null }]);
  await jump.click();
  await expect(messages(page).filter({ hasText: "Two more." })).toBeInViewport();
  await expect.poll(() => receipts(api, two.id)).toMatchObject([MINE]);
  await expect(page.getByRole("button", { name: /Jump to newest/ })).toHaveCount(0);

  // At the end, the page follows.
  await post("Three more.");
  await expect(messages(page).filter({ hasText: "Three more." })).toBeInViewport();
});

test("a long conversation keeps the page small", async ({ page, server }) => {
  test.slow();
  await plan(server);
  await fill(server, 40);
  await open(page, "/chats/plan");
  await fill(server, 420, 40);
  await expect(messages(page).last()).toContainText("Message 460.");
  await expect.poll(() => messages(page).count()).toBeLessThanOrEqual(400);
  await expect(page.getByText("Message 1.", { exact: true })).toHaveCount(0);
});

test("a draft outlives a failed send and a reload, and is sent once", async ({ page, server }) => {
  const api = await plan(server);
  await open(page, "/chats/plan");
  await page.getByLabel("Message", { exact: true }).fill("A draft");
  await page.reload();
  await live(page);
  await expect(page.getByLabel("Message", { exact: true })).toHaveValue("A draft");

  await server.stop();
  await page.getByLabel("Message", { exact: true }).press("Enter");
  await expect(page.getByText("It was not sent.")).toBeVisible();
  await expect(page.getByLabel("Message", { exact: true })).toHaveValue("A draft");

  await server.start();
  await page.getByRole("button", { name: "Try again" }).click();
  await expect(page.getByLabel("Message", { exact: true })).toHaveValue("");
  await expect(messages(page)).toHaveText([/A draft/]);
  const sent = (await api.get("/chats/plan/messages")).items;
  expect(sent.map((message: { content: string }) => message.content)).toEqual(["A draft"]);
  await page.reload();
  await live(page);
  await expect(page.getByLabel("Message", { exact: true })).toHaveValue("");
});

test("a lost answer does not send a message twice", async ({ page, server }) => {
  const api = await plan(server);
  await open(page, "/chats/plan");
  let lost = 0;
  await page.route("**/api/v1/chats/plan/messages", async (route) => {
    if (route.request().method() === "POST" && lost++ === 0) {
      await route.fetch();
      await route.abort();
    } else {
      await route.continue();
    }
  });

  await say(page, "Only once");
  await page.getByRole("button", { name: "Try again" }).click();

  await expect(page.getByLabel("Message", { exact: true })).toHaveValue("");
  expect((await api.get("/chats/plan/messages")).items).toHaveLength(1);
});

test("an answer is not waited for without end, and the message is not sent twice", async ({ page, server }) => {
  const api = await plan(server);
  await open(page, "/chats/plan");
  // The test does not wait for the first answer for as long as the page does.
  await page.evaluate(() => {
    const timeout = AbortSignal.timeout.bind(AbortSignal);
    AbortSignal.timeout = (millis) => {
      AbortSignal.timeout = timeout;
      return timeout(millis / 10);
    };
  });
  const answer = await holdAnswer(page, "**/api/v1/chats/plan/messages");

  await say(page, "Only once");
  await answer.read;
  await expect(page.getByText("It was not sent. The server, or the network, took too long to answer.")).toBeVisible();
  answer.release();
  await page.getByRole("button", { name: "Try again" }).click();

  await expect(page.getByLabel("Message", { exact: true })).toHaveValue("");
  expect((await api.get("/chats/plan/messages")).items).toHaveLength(1);
});

test("that something was not sent is said while it stands in the field", async ({ page, server }) => {
  const api = await plan(server);
  await open(page, "/chats/plan");
  const unsent = page.getByText("It was not sent. A message has at most 65,536 characters.");
  const send = async () => {
    await say(page, "w".repeat(65_537));
    await expect(unsent).toBeVisible();
  };

  for (const text of ["", "Something else"]) {
    await send();
    await page.getByLabel("Message", { exact: true }).fill(text);
    await expect(unsent).toHaveCount(0);
    await expect(page.getByRole("button", { name: "Try again" })).toHaveCount(0);
  }
  await send();
  await api.delete("/chats/plan");
  await expect(page.getByText("What you wrote is still here.")).toBeVisible();
  await expect(unsent).toHaveCount(0);
});

test("code in a message can be copied", async ({ page, server }) => {
  await page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
  const api = await plan(server);
  const content = "Try this:\n\n```js\nlet a = 1;\nlet b = 2;\n```";
  await api.post("/chats/plan/messages", { content }, "ada");
  await open(page, "/chats/plan");
  const message = messages(page).last();
  await message.getByRole("button", { name: "Copy: Code" }).click();
  await expect(message.getByText("Copied")).toBeVisible();
  const copied = await page.evaluate(() => navigator.clipboard.readText());
  expect(copied).toBe("let a = 1;\nlet b = 2;\n");
});

test("a message whose chat is left while it is being sent is no draft any more", async ({ page, server }) => {
  const kept = () => page.evaluate(() => sessionStorage.getItem("draft:plan"));
  await plan(server);
  await open(page, "/chats/plan");
  const sending = await hold(page, "**/api/v1/chats/plan/messages");
  await say(page, "Shall we begin?");
  await sending.asked;
  expect(await kept()).toContain("Shall we begin?");
  await goTo(page, "Events");
  sending.release();
  await expect.poll(kept).toBe(null);

  await page.goBack();
  await expect(messages(page)).toHaveText([/Shall we begin\?/]);
  await expect(page.getByLabel("Message", { exact: true })).toHaveValue("");
});

test("participants come and go, and their statuses follow", async ({ page, server }) => {
  const api = await plan(server);
  await api.post("/agents", { id: "bob", name: "Bob" });
  await open(page, "/chats/plan");
  const panel = page.getByRole("region", { name: "Participants" });
  await expect(panel.getByRole("listitem")).toHaveText([/Ada.*offline/]);

  await api.put("/agents/ada/status", { status: "working" });
  await expect(panel.getByRole("listitem")).toHaveText([/Ada.*working/]);
  await panel.getByLabel("Id").fill("nobody");
  await panel.getByRole("button", { name: "Add" }).click();
  await expect(panel.getByRole("alert").filter({ hasText: "No agent here is called" })).toBeVisible();
  await expect(panel.getByLabel("Id")).toHaveValue("nobody");
  await panel.getByLabel("Id").fill("bob");
  await panel.getByRole("button", { name: "Add" }).click();
  await expect(panel.getByRole("listitem")).toHaveText([/Ada/, /Bob/]);
  await expect(panel.getByLabel("Id")).toHaveValue("");
  await panel.getByRole("button", { name: "Remove Ada" }).click();
  await panel.getByRole("button", { name: "Join the chat yourself" }).click();
  await expect(panel.getByRole("listitem")).toHaveText([/Bob/, /You/]);
  // Into an open chat one comes back by oneself, so nothing is asked.
  await panel.getByRole("button", { name: "Leave the chat" }).click();
  await expect(panel.getByRole("listitem")).toHaveText([/Bob/]);
});

test("two who edit at once see both versions", async ({ page, server }) => {
  const api = await plan(server);
  await open(page, "/chats/plan");
  await page.getByRole("button", { name: "Edit" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Title").fill("My plan");

  // That somebody joins is no conflict; another title is.
  await api.post("/chats/plan/participants", { participantId: "eve", kind: "user" });
  await page.request.patch("/api/v1/chats/plan", { data: { title: "Their plan" } });
  await dialog.getByRole("button", { name: "Save" }).click();
  await expect(dialog.getByRole("group", { name: "Title" })).toContainText(/My plan.*Their plan/);
  await dialog.getByRole("button", { name: "Overwrite with mine" }).click();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("My plan");
  await expect(dialog).toBeHidden();

  await page.getByRole("button", { name: "Edit" }).click();
  await dialog.getByLabel("Metadata").fill('{"topic": "tea"}');
  await api.post("/chats/plan/participants", { participantId: "zoe", kind: "user" });
  await dialog.getByRole("button", { name: "Save" }).click();
  await expect(dialog).toBeHidden();
  const chat = await api.get("/chats/plan");
  expect([chat.title, chat.metadata]).toEqual(["My plan", { topic: "tea" }]);
});

test("what was typed of a change stays until it is saved or given up", async ({ page, server }) => {
  await plan(server);
  await open(page, "/chats/plan");
  const dialog = page.getByRole("dialog");
  const title = dialog.getByRole("textbox", { name: "Title" });
  const edit = async () => {
    await page.getByRole("button", { name: "Edit" }).click();
    await expect(dialog).toBeVisible();
  };
  const close = async () => {
    await page.keyboard.press("Escape");
    await expect(dialog).toBeHidden();
  };

  await edit();
  await title.fill("My plan");
  await close();
  await edit();
  await expect(title).toHaveValue("My plan");
  await dialog.getByRole("button", { name: "Cancel" }).click();
  await expect(dialog).toBeHidden();
  await edit();
  await expect(title).toHaveValue("The plan");

  // What somebody else saved meanwhile takes nothing away.
  await title.fill("My plan");
  await page.request.patch("/api/v1/chats/plan", { data: { title: "Their plan" } });
  await dialog.getByRole("button", { name: "Save" }).click();
  const sides = dialog.getByRole("group", { name: "Title" });
  await expect(sides).toContainText(/My plan.*Their plan/);
  await close();
  await edit();
  await expect(title).toHaveValue("My plan");
  await dialog.getByRole("button", { name: "Save" }).click();
  await expect(sides).toContainText(/My plan.*Their plan/);
  await dialog.getByRole("button", { name: "Keep editing mine" }).click();
  await expect(title).toHaveValue("My plan");
  await dialog.getByRole("button", { name: "Save" }).click();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("My plan");
});

test("what was typed about a chat outlives a reload, and takes nothing back that others saved", async ({
  page,
  server,
}) => {
  page.on("dialog", (dialog) => dialog.accept());
  const api = await plan(server);
  await open(page, "/chats/plan");
  const dialog = page.getByRole("dialog", { name: "Edit the chat" });
  const title = dialog.getByRole("textbox", { name: "Title" });
  const metadata = dialog.getByRole("textbox", { name: "Metadata" });
  await page.getByRole("button", { name: "Edit" }).click();
  await metadata.fill('{"topic": "tea"}');
  await page.reload();
  await live(page);
  await page.getByRole("button", { name: "Edit" }).click();
  await expect(metadata).toHaveValue('{"topic": "tea"}');
  await expect(dialog.getByText("This is what you had not saved yet.")).toBeVisible();

  await api.patch("/chats/plan", { title: "Their plan" });
  await expect(dialog.getByText("Somebody else changed it meanwhile.")).toBeVisible();
  await expect(title).toHaveValue("The plan");
  // They changed the title only, so nothing is asked.
  await dialog.getByRole("button", { name: "Save" }).click();
  await expect(dialog).toBeHidden();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Their plan");

  const chat = await api.get("/chats/plan");
  expect([chat.title, chat.metadata]).toEqual(["Their plan", { topic: "tea" }]);
  expect(await page.evaluate(() => sessionStorage.getItem("draft:chat:plan"))).toBe(null);
});

test("a change of a chat whose dialog is closed while it is being saved is shown", async ({ page, server }) => {
  await plan(server);
  // What is shown comes with the answer, and not with its event.
  await open(page, "/demo/websocket");
  await page.getByRole("button", { name: "Disconnect" }).click();
  await goTo(page, "Chats");
  await titles(page).first().click();
  const dialog = page.getByRole("dialog", { name: "Edit the chat" });
  await page.getByRole("button", { name: "Edit" }).click();
  const change = await hold(page, "**/api/v1/chats/plan");
  await dialog.getByRole("textbox", { name: "Title" }).fill("My plan");
  await dialog.getByRole("button", { name: "Save" }).click();
  await change.asked;
  await page.keyboard.press("Escape");
  await expect(dialog).toBeHidden();
  change.release();

  await expect(page.getByRole("heading", { level: 1 })).toHaveText("My plan");
  expect(await page.evaluate(() => sessionStorage.getItem("draft:chat:plan"))).toBe(null);
});

test("what is typed about a chat that is deleted meanwhile stays to be read", async ({ page, server }) => {
  const api = await plan(server);
  await open(page, "/chats/plan");
  const dialog = page.getByRole("dialog", { name: "Edit the chat" });
  const title = dialog.getByRole("textbox", { name: "Title" });
  await page.getByRole("button", { name: "Edit" }).click();
  await title.fill("My plan");

  await api.delete("/chats/plan");
  await expect(dialog.getByText("this cannot be saved")).toBeVisible();
  await expect(title).toHaveValue("My plan");
  await expect(dialog.getByRole("button", { name: "Save" })).toBeDisabled();
  await dialog.getByRole("button", { name: "Cancel" }).click();
  await expect(dialog).toBeHidden();
});

test("a chat that is deleted while it is open says so", async ({ page, server, context }) => {
  await plan(server);
  await open(page, "/chats/plan");
  await page.getByLabel("Message", { exact: true }).fill("Still here");

  const other = await context.newPage();
  await open(other, "/chats/plan");
  await other.getByRole("button", { name: "Delete…" }).click();
  await other.getByRole("dialog").getByRole("button", { name: "Delete", exact: true }).click();
  await expect(other).toHaveURL(/\/chats$/);
  await expect(other.getByText("There are no chats yet.")).toBeVisible();

  const banner = page.getByRole("alert").filter({ hasText: "This chat was deleted." });
  await expect(banner.getByRole("link", { name: "All chats" })).toHaveAttribute("href", "/chats");
  await expect(page.getByText("What you wrote is still here.")).toBeVisible();
  await expect(page.getByLabel("Message", { exact: true })).toHaveValue("Still here");
  await expect(page.getByRole("button", { name: "Send" })).toBeDisabled();
  await expect(page.getByRole("button", { name: "Remove Ada" })).toHaveCount(0);
});

test.describe("where people sign in", () => {
  test.use({ flags: ["--auth", "required"] });

  test("who becomes a viewer in the middle of a message keeps it, and the keyboard", async ({
    page,
    context,
    server,
    browser,
  }) => {
    const admin = await browser.newContext({ baseURL: server.url });
    await setUp(admin, server);
    const bob = await join(admin, server, context, "Bob Member", "member");
    await ask(admin, server, "POST", "/chats", { id: "plan", title: "The plan" });
    await open(page, "/chats/plan");
    const message = page.getByLabel("Message", { exact: true });
    await message.fill("What I was about to say");

    await ask(admin, server, "PATCH", `/people/${bob.id}`, { role: "viewer" });

    await expect(page.getByText("What you wrote is still here.")).toBeVisible();
    await expect(page.getByText("viewers cannot write")).toBeVisible();
    await expect(page.getByText("You write as")).toHaveCount(0);
    await expect(page.getByRole("button", { name: "Send" })).toBeDisabled();
    await expect(message).toHaveValue("What I was about to say");
    await expect(message).toBeFocused();

    // Once they may write again, it can be sent.
    await ask(admin, server, "PATCH", `/people/${bob.id}`, { role: "member" });
    await expect(page.getByText("What you wrote is still here.")).toHaveCount(0);
    await page.getByRole("button", { name: "Send" }).click();
    await expect(messages(page)).toHaveText([/What I was about to say/]);
  });

  test("who is invited while a chat is open goes by their name, and is added by it", async ({
    page,
    context,
    server,
    browser,
  }) => {
    await setUp(context, server);
    await ask(context, server, "POST", "/chats", { id: "plan", title: "The plan" });
    await open(page, "/chats/plan");
    const panel = page.getByRole("region", { name: "Participants" });

    const other = await browser.newContext({ baseURL: server.url });
    const bob = await join(context, server, other, "Bob Member", "member");
    const himself = { participantId: bob.id, kind: "user" };
    await ask(other, server, "POST", "/chats/plan/participants", himself);
    await ask(other, server, "POST", "/chats/plan/messages", { content: "Here I am." });
    await expect(panel.getByRole("listitem")).toHaveText([/Bob Member/]);
    await expect(messages(page)).toHaveText([/Here I am\./]);
    await expect(messages(page)).toContainText(["Bob Member"]);

    const third = await browser.newContext({ baseURL: server.url });
    await join(context, server, third, "Vera Viewer", "viewer");
    await panel.getByRole("radio", { name: "Person" }).check({ force: true });
    await panel.getByLabel("Id or name").fill("vera");
    await panel.getByRole("button", { name: "Add" }).click();
    await expect(panel.getByRole("listitem")).toHaveText([/Bob Member/, /Vera Viewer/]);
  });
});

test("a dialog that is closed while somebody is looked up leaves the page alive", async ({ page }) => {
  const heard = listen(page);
  await open(page, "/chats");
  const show = page.getByRole("button", { name: "New chat" });
  const dialog = page.getByRole("dialog");
  await show.click();
  await dialog.getByRole("radio", { name: "Person" }).check({ force: true });
  await dialog.getByLabel("Id").fill("grace");
  const names = await hold(page, "**/api/v1/people/names");
  await dialog.getByRole("button", { name: "Add" }).click();
  await names.asked;
  await page.keyboard.press("Escape");
  await expect(dialog).toBeHidden();
  names.release();
  await names.answered();

  await show.click();
  await expect(dialog.getByLabel("Id")).toHaveValue("grace");
  expect(heard).toEqual([]);
});

test("a chat whose id is used again is another chat", async ({ page, server }) => {
  const api = await plan(server);
  await api.post("/chats/plan/messages", { content: "In the first one." }, "ada");
  await open(page, "/chats/plan");
  await expect(messages(page)).toHaveText([/In the first one\./]);
  await api.delete("/chats/plan");
  await expect(page.getByText("This chat was deleted.")).toBeVisible();
  await expect(page.getByText("What you wrote is still here.")).toHaveCount(0);

  await api.post("/chats", { id: "plan", title: "Another plan" });

  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Another plan");
  await expect(page.getByText("This chat was deleted.")).toHaveCount(0);
  await expect(messages(page)).toHaveCount(0);
  await say(page, "In the second one.");
  await expect(messages(page)).toHaveText([/In the second one\./]);
});

test("who goes elsewhere while a chat is deleted stays there", async ({ page, server }) => {
  const heard = listen(page);
  const api = await plan(server);
  await open(page, "/chats/plan");
  const deletion = await hold(page, "**/api/v1/chats/plan");
  await page.getByRole("button", { name: "Delete…" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Delete", exact: true }).click();
  await deletion.asked;
  await page.keyboard.press("Escape");
  await goTo(page, "Events");
  deletion.release();

  await expect(page.getByText("The plan was deleted.")).toBeVisible();
  expect((await api.get("/chats")).items).toEqual([]);
  await expect(page).toHaveURL(/\/events$/);
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Events");
  expect(heard).toEqual([]);
});

test("a confirmation that is opened again says nothing of what went wrong before", async ({ page, server }) => {
  await plan(server);
  await open(page, "/chats/plan");
  await page.route("**/api/v1/chats/plan", (route) => route.abort());
  const dialog = page.getByRole("dialog", { name: "Delete The plan?" });
  const wrong = dialog.getByText("The server cannot be reached.");

  await page.getByRole("button", { name: "Delete…" }).click();
  await dialog.getByRole("button", { name: "Delete", exact: true }).click();
  await expect(wrong).toBeVisible();
  await page.keyboard.press("Escape");
  await expect(dialog).toBeHidden();
  await page.getByRole("button", { name: "Delete…" }).click();
  await expect(dialog.getByText("Its messages go with it")).toBeVisible();
  await expect(wrong).toHaveCount(0);

  // What goes wrong now is told.
  await dialog.getByRole("button", { name: "Delete", exact: true }).click();
  await expect(wrong).toBeVisible();
  await page.unroute("**/api/v1/chats/plan");
  await dialog.getByRole("button", { name: "Delete", exact: true }).click();
  await expect(page).toHaveURL(/\/chats$/);
});

test("a chat that is not there is a 404", async ({ page }) => {
  for (const id of ["nowhere", "no%20id"]) {
    const response = await page.goto(`/chats/${id}`);
    expect(response?.status()).toBe(404);
    await expect(page.getByRole("heading", { level: 1 })).toHaveText("There is no such chat");
  }
  await live(page);
  await page.getByRole("link", { name: "All chats" }).click();
  await expect(page).toHaveURL(/\/chats$/);
});

test("another chat is a page of its own", async ({ page, server }) => {
  const api = await plan(server);
  await api.post("/chats", { id: "lunch", title: "Lunch" });
  await open(page, "/chats/plan");
  await page.getByLabel("Message", { exact: true }).fill("For the plan");

  await page.getByRole("link", { name: "Chats" }).last().click();
  await page.getByRole("link", { name: "Lunch" }).click();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Lunch");
  await expect(page.getByLabel("Message", { exact: true })).toHaveValue("");
  await page.goBack();
  await page.goBack();
  await expect(page.getByLabel("Message", { exact: true })).toHaveValue("For the plan");
});

for (const width of [360, 2560]) {
  test(`fits a screen ${width} pixels wide`, async ({ page, server }) => {
    const api = connect(server);
    await page.setViewportSize({ width, height: 800 });
    await api.post("/chats", { id: "long", title: "Un".repeat(90) });
    await api.post("/chats/long/messages", { content: "| a | b |\n|---|---|\n| 1 | 2 |" });
    for (const path of ["/chats", "/chats/long"]) {
      await open(page, path);
      expect(await excessWidth(page)).toBe(0);
    }
    expect(await excessWidth(page, ".messages")).toBe(0);
  });
}

for (const [width, height] of [
  [360, 640],
  // A laptop's screen at twice its size.
  [640, 360],
] as const) {
  test(`one can write under a long title on ${width} by ${height} pixels`, async ({ page, server }) => {
    const api = connect(server);
    await page.setViewportSize({ width, height });
    await api.post("/chats", { id: "long", title: "A long title ".repeat(15).trim() });
    await open(page, "/chats/long");
    for (const it of [
      page.getByRole("heading", { level: 1 }),
      page.getByLabel("Message", { exact: true }),
      page.getByRole("button", { name: "Send" }),
    ]) {
      await expect(it).toBeInViewport({ ratio: 1 });
    }
  });
}

test.describe("on a phone", () => {
  test.use({ viewport: { width: 360, height: 640 }, hasTouch: true, isMobile: true });

  test("Return begins a new line, and a button sends", async ({ page, server }) => {
    await plan(server);
    await open(page, "/chats/plan");
    const message = page.getByLabel("Message", { exact: true });
    const keys = page.getByText("Shift Enter");
    await expect(keys).toBeAttached();
    await expect(keys).toBeHidden();
    // With smaller letters some browsers zoom in.
    const size = await message.evaluate((it) => parseFloat(getComputedStyle(it).fontSize));
    expect(size).toBeGreaterThanOrEqual(16);
    await message.fill("One");
    await message.press("Enter");
    await message.pressSequentially("Two");
    await expect(message).toHaveValue("One\nTwo");
    await page.getByRole("button", { name: "Send" }).tap();
    await expect(messages(page)).toHaveText([/One\s*Two/]);
  });

  test("notices leave free where one writes", async ({ page, server }) => {
    const api = await plan(server);
    await open(page, "/chats/plan");
    for (let number = 1; number <= 5; number++) {
      await api.post("/notifications", { type: "error", message: `Wrong: ${number}` });
    }
    const notices = page.locator(".toast").filter({ visible: true });
    await expect(page.getByText("and 2 more")).toBeVisible();
    await expect(notices).toHaveText([/Wrong: 3/, /Wrong: 4/, /Wrong: 5/]);
    await page.getByLabel("Message", { exact: true }).tap();
    await expect(page.getByLabel("Message", { exact: true })).toBeFocused();

    await notices.last().getByRole("button", { name: "Close the notice" }).tap();
    await expect(page.getByText("and 1 more")).toBeVisible();
    await expect(notices).toHaveText([/Wrong: 2/, /Wrong: 3/, /Wrong: 4/]);
  });
});

test.describe("without scripts", () => {
  test.use({ javaScriptEnabled: false });

  test("the messages are there", async ({ page, server }) => {
    await plan(server);
    await connect(server).post("/chats/plan/messages", { content: "Readable *at once*." }, "ada");

    await page.goto("/chats/plan");

    await expect(messages(page)).toHaveText([/Readable at once\./]);
    await expect(page.getByRole("heading", { level: 1 })).toHaveText("The plan");
  });
});

/** What the server says of a message that whoever uses the page has read. */
const MINE = { principalId: "local", principalKind: "user", readAt: expect.any(String) };

/** Who has a message. */
async function receipts(api: Api, message: string): Promise<object[]> {
  return (await api.get(`/messages/${message}/receipts`)).items;
}

/** A chat with one agent in it. */
async function plan(server: Server): Promise<Api> {
  const api = connect(server);
  await api.post("/agents", { id: "ada", name: "Ada" });
  await api.post("/chats", { id: "plan", title: "The plan", participants: [agent("ada")] });
  return api;
}

/** So many messages of Ada, after those that are there. */
async function fill(server: Server, count: number, from = 0): Promise<void> {
  for (let number = from + 1; number <= from + count; number++) {
    await connect(server).post("/chats/plan/messages", { content: `Message ${number}.` }, "ada");
  }
}

/** What an agent says to the hub; it is answered, and not refused, before this returns. */
async function tells(page: Page, agent: string, event: string, payload: object): Promise<void> {
  await page.evaluate(
    async ({ agent, message }) => {
      const socket = new WebSocket(`ws://${location.host}/ws?actAs=${agent}`);
      await new Promise((open) => socket.addEventListener("open", open));
      await new Promise<void>((answered, refused) => {
        socket.addEventListener("message", ({ data }) => {
          const { reply, error } = JSON.parse(data);
          if (reply !== 1) return;
          if (error) refused(new Error(error.message));
          else answered();
        });
        socket.send(message);
      });
      socket.close();
    },
    { agent, message: JSON.stringify({ event, payload, id: 1 }) },
  );
}

function agent(participantId: string): object {
  return { participantId, kind: "agent" };
}

async function say(page: Page, text: string): Promise<void> {
  await page.getByLabel("Message", { exact: true }).fill(text);
  await page.getByLabel("Message", { exact: true }).press("Enter");
}

function titles(page: Page): Locator {
  return page.getByRole("list", { name: "Chats" }).getByRole("link");
}

function messages(page: Page): Locator {
  return page.locator("li.message");
}

/** Where something is, once it does not move any more. */
async function settled(element: Locator): Promise<number> {
  return element.evaluate(async (element) => {
    let last = Number.NaN;
    for (let now = element.getBoundingClientRect().top; now !== last; ) {
      last = now;
      await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
      now = element.getBoundingClientRect().top;
    }
    return Math.round(last);
  });
}
