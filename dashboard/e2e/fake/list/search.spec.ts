import { expectAccessibleInBothThemes } from "../../axe";
import { expect, test } from "../../fixtures";

const order = (n: number, text: string) => ({
  type: "email.send",
  payload: { to: ["ada@example.com"], subject: text, text: `Order ${n}.` },
  more: { createdAt: Date.now() - n * 60_000 },
});

test("a job is found by a field of its payload: offered, a chip, in the address, and told how far it looked", async ({
  page,
  open,
  stack,
}) => {
  stack.reset({ jobs: 300, arrivals: 0 });
  const { ids } = await stack.order({ add: [order(1, "Shipped 4711"), order(2, "Paid 4711")] });
  await open("/dashboard");
  await expect(page.locator("[data-job]").first()).toBeVisible();
  const box = page.getByRole("combobox", { name: "Find jobs" });
  await box.fill("subj");
  await expect(page.locator('#job-search-offers option[value="payload:subject="]')).toHaveCount(1);
  await box.fill("payload:subject=shipped 4711");
  await box.press("Enter");
  await expect(page).toHaveURL(/payload=subject%3Dshipped/);
  await expect(
    page.getByRole("button", { name: "Remove the filter Payload: subject=shipped 4711" }),
  ).toBeVisible();
  await expect(page.locator("[data-job]")).toHaveCount(1);
  await expect(page.locator(`[data-job="${ids[0] ?? ""}"]`)).toBeVisible();
  await expect(page.locator("#job-list footer")).toContainText(/1 (job|loaded) · \d+ searched/);
  await expect(page.getByRole("combobox", { name: "Created" })).toHaveValue("24h");
  await page.goto(`${stack.site}/dashboard?payload=nothing-like-it`);
  await expect(page.getByText(/Searched \d+ jobs: no match\./)).toBeVisible();
});

test("plain text is searched in every place, and the answers are grouped by where it was found", async ({
  page,
  open,
  stack,
}) => {
  stack.reset({ jobs: 60, arrivals: 0 });
  const add = [
    { ...order(1, "Invoice"), more: { createdAt: Date.now() - 1000, tags: ["tenant=acme"] } },
    { ...order(2, "Invoice"), more: { createdAt: Date.now() - 2000, tags: ["tenant=acme"] } },
    { ...order(3, "Call of acme"), more: { createdAt: Date.now() - 3000, tags: ["tenant=other"] } },
  ];
  const { ids } = await stack.order({ add, fairBy: { "email.send": "text" } });
  await open("/dashboard");
  const box = page.getByRole("combobox", { name: "Find jobs" });
  await box.fill("acme");
  await box.press("Enter");
  const tenant = page.getByRole("region", { name: "Tenant acme" });
  await expect(tenant.getByRole("listitem")).toHaveCount(2);
  const payload = page.getByRole("region", { name: "Payload contains “acme”" });
  await expect(payload.getByRole("listitem")).toHaveCount(1);
  await expectAccessibleInBothThemes(page);
  await tenant.getByRole("link", { name: "Show all 2" }).click();
  await expect(page).toHaveURL(/tenant=acme/);
  await expect(page.locator("[data-job]")).toHaveCount(2);
  await page.goBack();
  await payload.getByRole("link", { name: (ids[2] ?? "").slice(0, 8) }).click();
  await expect(page).toHaveURL(new RegExp(ids[2] ?? "none"));
});

test("an empty answer says what was searched and offers a longer time", async ({ page, open, stack }) => {
  stack.reset({ jobs: 60, arrivals: 0 });
  const { ids } = await stack.order({ add: [order(60 * 48, "Zebra 17")] });
  await open("/dashboard?q=zebra");
  await expect(page.getByText("No job with “zebra”")).toBeVisible();
  await expect(page.getByText(/payloads of jobs created in the last 24 hours/)).toBeVisible();
  await page.getByRole("link", { name: "Search payloads of the last 7 days" }).click();
  await expect(page.getByRole("link", { name: (ids[0] ?? "").slice(0, 8) })).toBeVisible();
});

test("a status or a filter that does not exist is named with the nearest one, and searches nothing", async ({
  page,
  open,
}) => {
  await open("/dashboard");
  const box = page.getByRole("combobox", { name: "Find jobs" });
  await box.fill("status:dead");
  await box.press("Enter");
  await expect(page.getByRole("alert")).toContainText("status:dead");
  await expectAccessibleInBothThemes(page);
  await page.getByRole("button", { name: "Search status:dead_letter" }).click();
  await expect(page).toHaveURL(/status=dead_letter/);
  await box.fill("stauts:failed");
  await box.press("Enter");
  await page.getByRole("button", { name: "as plain text" }).click();
  await expect(page).toHaveURL(/q=stauts/);
});

test("the palette acts on the open job and finds types and schedules", async ({ page, open, stack }) => {
  stack.reset({ jobs: 20, arrivals: 0 });
  const failed = { ...order(1, "Bounced"), more: { status: "failed", createdAt: Date.now() - 1000 } };
  const { ids } = await stack.order({ add: [failed] });
  await open(`/jobs/${ids[0] ?? ""}`);
  await expect(page.getByTestId("job-id")).toBeVisible();
  await page.keyboard.press("Control+k");
  await page.keyboard.type("retry");
  await page.getByRole("option", { name: /^Retry now/ }).click();
  await expect(page.getByRole("dialog")).toContainText("Retry");
  await page.keyboard.press("Escape");
  await page.keyboard.press("Control+k");
  await page.keyboard.type("report.gen");
  await page.getByRole("option", { name: /^Queue/ }).click();
  await expect(page).toHaveURL(/queues\/report-generate/);
  await page.keyboard.press("Control+k");
  await page.keyboard.type("digest");
  await page.getByRole("option", { name: /^Schedule/ }).click();
  await expect(page).toHaveURL(/schedules#daily-digest/);
  await page.keyboard.press("Control+k");
  await page.keyboard.type("bulk");
  await page.getByRole("option", { name: "Bulk actions" }).click();
  await expect(page).toHaveURL(/\/bulk$/);
});

test("what is typed while the palette is loaded stands in it, and acts on nothing", async ({
  page,
  open,
  stack,
}) => {
  stack.reset({ jobs: 20, arrivals: 0 });
  const failed = { ...order(1, "Bounced"), more: { status: "failed", createdAt: Date.now() - 1000 } };
  const { ids } = await stack.order({ add: [failed] });
  let load: () => void = () => undefined;
  const typed = new Promise<void>((resolve) => (load = resolve));
  await page.route(/\/Palette-[^/]*\.js/, async (route) => {
    await typed;
    await route.continue();
  });
  await open(`/jobs/${ids[0] ?? ""}`);
  await expect(page.getByRole("button", { name: /^Retry/ }).first()).toBeVisible();
  await page.keyboard.press("Control+k");
  await page.keyboard.type("ret");
  await page.keyboard.press("Control+k");
  await page.keyboard.type("ry");
  load();
  const box = page.getByRole("combobox", { name: "Command palette" });
  await expect(box).toHaveValue("retry");
  await page.keyboard.type(" now");
  await expect(box).toHaveValue("retry now");
  await expect(page.getByRole("dialog")).toHaveCount(1);
});

test("the palette pauses a type after a question, and resumes it", async ({ page, open, stack }) => {
  stack.reset({ jobs: 20, arrivals: 0 });
  await open("/queues/image-process");
  await expect(page.getByRole("heading", { name: "image.process" })).toBeVisible();
  await page.keyboard.press("Control+k");
  await page.keyboard.type("pause image.process");
  await page.getByRole("option", { name: /^Pause *image\.process/ }).click();
  const question = page.getByRole("dialog", { name: "Pause image.process" });
  await expect(question).toContainText("New jobs are accepted but not started.");
  await expectAccessibleInBothThemes(page);
  await question.getByLabel("Reason").fill("provider is down");
  await page.keyboard.press("Enter");
  await expect(page.getByTestId("paused")).toContainText("provider is down");
  await page.keyboard.press("Control+k");
  await page.keyboard.type("resume image.process");
  await page.getByRole("option", { name: /^Resume *image\.process/ }).click();
  await expect(page.getByTestId("paused")).toHaveCount(0);
});

test("a viewer is offered no pause", async ({ page, open, stack }) => {
  await page.addInitScript((token) => sessionStorage.setItem("jobflow.token", token), stack.viewer);
  await open("/queues/image-process");
  await expect(page.getByRole("heading", { name: "image.process" })).toBeVisible();
  await page.keyboard.press("Control+k");
  await page.keyboard.type("image.process");
  await expect(page.getByRole("option", { name: /^Queue *image\.process/ })).toBeVisible();
  await expect(page.getByRole("option", { name: /^Pause *image/ })).toHaveCount(0);
});
