import { expect, test } from "../fixtures";

test.beforeEach(({ stack }) => stack.reset({ jobs: 300, arrivals: 0 }));

test("what was typed for a new job is kept when the type changes and when one comes back", async ({
  page,
  open,
}) => {
  await open("/create?type=email.send");
  await page.getByLabel("Subject").fill("Not sent yet");
  await page.getByRole("radio", { name: /image\.process/ }).check({ force: true });
  await expect(page.getByLabel("Subject")).toHaveCount(0);
  await page.getByRole("radio", { name: /email\.send/ }).check({ force: true });
  await expect(page.getByLabel("Subject")).toHaveValue("Not sent yet");
  await open("/queues");
  await page.goBack();
  await expect(page.getByLabel("Subject")).toHaveValue("Not sent yet");
  await page.getByRole("button", { name: "Create job" }).click();
  await expect(page).toHaveURL(/\/jobs\//);
  await open("/create?type=email.send");
  await expect(page.getByLabel("Subject")).not.toHaveValue("Not sent yet");
});

test("in forced colours the values that colours carry stay visible, and what is current is marked", async ({
  page,
  open,
}) => {
  await page.emulateMedia({ forcedColors: "active" });
  await open("/dashboard");
  const fill = (element: Element) => getComputedStyle(element).backgroundColor;
  const canvas = await page.locator("body").evaluate(() => {
    const probe = document.body.appendChild(document.createElement("p"));
    probe.style.backgroundColor = "Canvas";
    const color = getComputedStyle(probe).backgroundColor;
    probe.remove();
    return color;
  });
  await expect(page.getByTestId("health")).not.toBeEmpty();
  expect(await page.locator("section[aria-label=Health] span.size-2\\.5").evaluate(fill)).not.toBe(canvas);
  const edge = (element: Element) => getComputedStyle(element).borderBottomColor;
  const tabs = page.getByRole("navigation", { name: "Status" }).getByRole("link");
  const current = await tabs.first().evaluate(edge);
  expect(await tabs.nth(1).evaluate(edge)).not.toBe(current);
  await tabs.filter({ hasText: "Dead letter" }).click();
  await page.locator("[data-row-link]").first().click();
  const bar = page.locator("main :is(figure, ol) .bg-red").first();
  await expect(bar).toBeVisible();
  expect(await bar.evaluate(fill)).not.toBe(canvas);
  await open("/queues");
  const meter = page.getByRole("meter").first().locator("div");
  await expect(meter).toHaveCount(1);
  expect(await meter.evaluate(fill)).not.toBe(canvas);
});

for (const colorScheme of ["dark", "light"] as const) {
  test(`the theme is the system's until one is chosen: ${colorScheme}`, async ({ page, open }) => {
    await page.emulateMedia({ colorScheme });
    await open("/queues");
    await expect(page.locator("html")).toHaveAttribute("data-theme", colorScheme);
    const other = colorScheme === "dark" ? "light" : "dark";
    await page.emulateMedia({ colorScheme: other });
    await expect(page.locator("html"), "it follows").toHaveAttribute("data-theme", other);
  });
}

test("a theme that the system changes while the console loads is taken", async ({ page, open }) => {
  await page.emulateMedia({ colorScheme: "light" });
  await page.route("**/config.json", async (route) => {
    await page.emulateMedia({ colorScheme: "dark" });
    await route.continue();
  });
  await open("/queues");
  await expect(page.locator("html")).toHaveAttribute("data-theme", "dark");
});

test("the reference has the console's places in its frame", async ({ page, open }) => {
  await open("/dashboard");
  const names = (name: string) => page.getByRole("navigation", { name }).getByRole("link").allTextContents();
  await expect(page.getByRole("link", { name: "Create" }).first()).toBeVisible();
  const places = (await names("Main")).slice(0, 9);
  expect(places.slice(0, 5)).toEqual(["Jobs", "Queues", "Schedules", "Errors", "Batches"]);
  expect(places.slice(5)).toEqual(["Limits", "Webhooks", "Audit log", "Create"]);
  await open("/reference/");
  expect(await names("Main")).toEqual([...places, "API reference"]);
  await page.setViewportSize({ width: 1440, height: 900 });
  expect((await names("Main")).slice(5, 7)).toEqual(["Limits", "Costs"]);
  await page.setViewportSize({ width: 320, height: 640 });
  expect(await names("Main")).toEqual(["Jobs", "Queues", "API reference"]);
});

for (const [path, height] of [
  ["/errors", 2000],
  ["/dashboard", 600],
] as const) {
  test(`a dialog does not move the page ${path}, and no room is kept for a scroll bar that is not there`, async ({
    page,
    open,
  }) => {
    await page.setViewportSize({ width: 1280, height });
    await open(path);
    const bar = page.locator("main h1");
    await expect(bar).toBeVisible();
    if (path === "/errors")
      expect((await page.locator("header").first().boundingBox())?.width, "from edge to edge").toBe(1280);
    const before = await page.locator("main").boundingBox();
    await page.keyboard.press("?");
    await expect(page.getByRole("dialog")).toBeVisible();
    const after = await page.locator("main").boundingBox();
    expect([after?.x, after?.width]).toEqual([before?.x, before?.width]);
  });
}

test("a tag stays on one line and whole words, and the icon that copies covers no text", async ({
  page,
  open,
  stack,
}) => {
  const payload = { to: ["grace@example.com"], subject: "Tagged", text: "x" };
  const tags = ["customer:42", "a-tag-that-is-exactly-forty-characters-x"];
  const { ids } = await stack.order({ add: [{ type: "email.send", payload, more: { tags } }] });
  await open(`/dashboard?id=${ids[0]}`);
  const tag = page.getByRole("link", { name: "customer:42" });
  expect((await tag.boundingBox())?.height).toBeLessThan(24);
  await open(`/jobs/${ids[0]}`);
  const long = page.getByRole("link", { name: tags[1] ?? "" }).first();
  expect(await long.evaluate((element) => element.getClientRects().length)).toBe(1);
  const id = page.getByTestId("job-id");
  const words = await id.boundingBox();
  const icon = await page.getByRole("button", { name: "Copy the id" }).boundingBox();
  expect(icon?.x).toBeGreaterThanOrEqual((words?.x ?? 0) + (words?.width ?? 0));
  for (const box of await page.locator("main pre").all()) {
    const copy = box.locator("xpath=following::button[1]");
    const [text, button] = [await box.boundingBox(), await copy.boundingBox()];
    if (text && button)
      expect(button.x >= text.x + text.width || button.y + button.height <= text.y).toBe(true);
  }
});

test("after signing out the token field has the focus, and nothing that was typed is left in the browser", async ({
  page,
  open,
}) => {
  await open("/create?type=email.send");
  await page.getByLabel("Subject").fill("Confidential one");
  await page.getByRole("button", { name: "Create job" }).click();
  await expect(page).toHaveURL(/\/jobs\//);
  await open("/create?type=email.send");
  await page.getByLabel("Subject").fill("Confidential two");
  await page.getByRole("button", { name: /^Account/ }).click();
  await page.getByRole("menuitem", { name: "Sign out" }).click();
  await expect(page.getByLabel("Token")).toBeFocused();
  await expect(page.locator("form")).toContainText(/make token/);
  const kept = await page.evaluate(() => JSON.stringify([localStorage, sessionStorage]));
  expect(kept).not.toContain("Confidential");
});

test("on a phone the filters show their values, and a card its tags and what it is about", async ({
  page,
  open,
  stack,
}) => {
  await page.setViewportSize({ width: 390, height: 900 });
  const payload = { to: ["grace@example.com"], subject: "Welcome aboard" };
  await stack.order({ add: [{ type: "email.send", payload, more: { status: "completed", tags: ["vip"] } }] });
  await open("/dashboard?tag=vip");
  for (const name of ["Type", "Created"]) {
    const width = async () => (await page.getByRole("combobox", { name }).boundingBox())?.width ?? 0;
    await expect.poll(width).toBeGreaterThan(90);
  }
  const card = page.locator("[data-job]").first();
  await expect(card).toContainText("Welcome aboard");
  await expect(card.getByRole("link", { name: "vip" })).toBeVisible();
});

test("an address without a page says so in the title too", async ({ page, open }) => {
  await open("/nope");
  await expect(page).toHaveTitle(/Page not found · JobFlow$/);
});

test("printed, the page has no controls and a white background", async ({ page, open }) => {
  await open("/dashboard");
  await expect(page.locator("[data-job]").first()).toBeVisible();
  await page.emulateMedia({ media: "print" });
  await expect(page.getByRole("navigation", { name: "Main", exact: true })).toBeHidden();
  await expect(page.locator("html")).toHaveCSS("background-color", "rgb(255, 255, 255)");
});
