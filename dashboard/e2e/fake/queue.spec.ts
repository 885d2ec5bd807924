import { BUSY, expectAccessibleInBothThemes } from "../axe";
import { expect, test } from "../fixtures";

const HOUR = 3_600_000;
const dead = (age: number, n = 0) => ({
  type: "image.process",
  payload: { key: `uploads/lost/${n}.jpg` },
  more: {
    status: "dead_letter",
    attempts: 3,
    createdAt: Date.now() - age - 60_000,
    finishedAt: Date.now() - age,
    errorClass: "UploadMissing",
    errorMessage: "There is no such upload.",
  },
});

test("a type's page tells the ages of its dead letters, its settings, waits and example", async ({
  page,
  open,
  stack,
}) => {
  stack.reset({ jobs: 0, arrivals: 0 });
  const old = Array.from({ length: 120 }, (_, n) => dead(40 * HOUR, n));
  await stack.order({ add: [dead(60_000), dead(5 * HOUR), ...old] });
  await open("/queues/image-process");
  const letters = page.getByRole("region", { name: "Dead letters" });
  await expect(letters.getByRole("definition")).toHaveText(["122", "1", "1", "98", "1 d"]);
  await expect(letters).toContainText("Ages of the newest 100 of 122 dead letters.");
  await expect(letters.getByRole("listitem").first()).toContainText(/^(59 s|1 min)/);
  const definition = page.getByRole("region", { name: "Definition" });
  await definition.getByText("Definition and schema").click();
  await expect(definition).toContainText("Longest waits before attempt 2, 3, …2.0 s, 4.0 s");
  await expect(page.getByRole("region", { name: "Example of image.process" })).toContainText("uploads/");
  await expect(page.getByRole("region", { name: "Schema of image.process" })).toBeVisible();
  await expectAccessibleInBothThemes(page);
  await definition.getByRole("link", { name: "Create from the example" }).click();
  await expect(page).toHaveURL(/\/create\?type=image\.process$/);
});

test("a type's definition tells its rate, whose jobs take turns or run one at a time, and when it pauses by itself", async ({
  page,
  open,
  stack,
}) => {
  stack.reset({ jobs: 20, arrivals: 0 });
  const rate = { n: 14, per: 1, burst: 10 };
  const flow = { rate, fair_by: "customer", serial_by: "account", pause_when: { of: 20, within: 600 } };
  const unique = { unique_for: 3600, unique_by: ["to", "subject"] };
  await stack.order({ declared: { "email.send": { ...flow, ...unique } } });
  await open("/queues/email-send");
  const definition = page.getByRole("region", { name: "Definition" });
  await definition.getByText("Definition and schema").click();
  const facts = definition.locator("dl > div");
  await expect(facts.filter({ hasText: "Rate" })).toBeVisible();
  const told = await facts.evaluateAll((rows) =>
    rows.map((row) => [row.querySelector("dt")?.textContent, row.querySelector("dd")?.textContent]),
  );
  expect(told.slice(-5)).toEqual([
    ["Rate", "14 a second, burst 10"],
    ["Tenants take turns, by the field", "customer"],
    ["One job at a time for each value of the field", "account"],
    ["Unique jobs", "one job within 1 h for the same to, subject"],
    ["Pauses by itself", "when the last 20 attempts, all within 10 min, failed with one error"],
  ]);
  const about = definition.locator("p").first();
  expect(await about.innerText(), "a paragraph is one, however its lines were written").toContain(
    "the next one sends it again, with",
  );
  await expectAccessibleInBothThemes(page);
  await open("/queues/image-process");
  await expect(definition).toContainText("Longest waits");
  for (const name of ["Rate", "Pauses by itself"])
    await expect(definition.getByText(name, { exact: true })).toHaveCount(0);
});

test("a pause says who, since when and why, on the queue's page and beside its card", async ({
  page,
  open,
  stack,
}) => {
  stack.reset({ jobs: 20, arrivals: 0 });
  await open("/queues/email-send");
  await page.getByRole("button", { name: "Pause" }).click();
  await page.getByLabel("Reason").fill("The mail provider is down");
  await page.keyboard.press("Enter");
  const note = page.getByTestId("paused");
  await expect(note).toHaveText(
    /^Paused by admin (just now|\d+ s ago): The mail provider is down\. New jobs are accepted but not started\.$/,
  );
  await expectAccessibleInBothThemes(page);
  await open("/queues");
  await expect(page.getByRole("article", { name: "email.send" }).getByTestId("paused")).toContainText(
    "The mail provider is down",
  );
  await page
    .getByRole("article", { name: "email.send" })
    .getByRole("button", { name: "Resume", exact: true })
    .click();
  await expect(note).toHaveCount(0);
  await open("/queues/email-send");
  const past = page.getByRole("region", { name: "Past pauses" });
  await expect(past.getByRole("listitem")).toHaveText(
    /paused by admin, resumed by adminThe mail provider is down$/,
  );
  await expectAccessibleInBothThemes(page);
  await open("/queues/image-process");
  await expect(past).toContainText("None in the last 90 days.");
});

test("a type that is paused by itself says why and when the next job is tried, and is resumed at once", async ({
  page,
  open,
  stack,
}) => {
  stack.reset({ jobs: 20, arrivals: 0 });
  const reason = "20 attempts in a row failed with SMTPServerDisconnected";
  const next_probe_at = new Date(Date.now() + 150_000).toISOString();
  await stack.order({ pauses: { "email.send": { reason, next_probe_at } } });
  await open("/queues/email-send");
  const note = page.getByTestId("paused");
  await expect(note).toHaveText(
    new RegExp(
      `^Paused by itself (just now|\\d+ s ago): ${reason}; next probe in [12] min\\. New jobs are accepted but not started\\.$`,
    ),
  );
  await expectAccessibleInBothThemes(page);
  await open("/queues");
  const card = page.getByRole("article", { name: "email.send" });
  await expect(card.getByTestId("paused")).toContainText(`${reason}; next probe in 2 min`);
  await card.getByRole("button", { name: "Resume", exact: true }).click();
  await expect(note).toHaveCount(0);
});

test("a type with a rate says how often its jobs start and how long the backlog takes", async ({
  page,
  open,
  stack,
}) => {
  stack.reset({ jobs: 20, arrivals: 0 });
  const rate = { n: 14, per: 1, burst: 0 };
  await stack.order({ rates: { "email.send": { rate, paced_for_s: 7300 } } });
  await open("/queues");
  const card = page.getByRole("article", { name: "email.send" });
  await expect(card).toContainText("Starts 14 a second; empty in about 2 h");
  await expect(page.getByRole("article", { name: "image.process" })).not.toContainText("Starts");
});

test("the charts of a type are compared with the day before, and the address says so", async ({
  page,
  open,
  stack,
}) => {
  stack.reset({ jobs: 600, arrivals: 0 });
  await open("/queues/email-send?span=24h");
  const flow = page.getByRole("region", { name: "In and out" });
  await expect(flow).not.toContainText("yesterday");
  await page.getByRole("button", { name: "Compare with yesterday" }).click();
  await expect(flow.getByRole("listitem").filter({ hasText: "Ended, yesterday" })).toBeVisible();
  await expect(page.getByRole("region", { name: "Run time", exact: true })).toContainText("p95, yesterday");
  await expect(page).toHaveURL(/compare=before/);
  await page.getByRole("button", { name: "7 d" }).click();
  await expect(flow).toContainText("Ended, the week before");
  await expectAccessibleInBothThemes(page);
  await page.getByRole("button", { name: "Compare with the week before" }).click();
  await expect(flow).not.toContainText("the week before");
});

test("an earlier period that could not be loaded is said in the legend, whose mark is dashed", async ({
  page,
  open,
  stack,
}) => {
  stack.reset({ jobs: 50, arrivals: 0 });
  await page.route(/metrics\/series/, (route) => {
    const from = Date.parse(new URL(route.request().url()).searchParams.get("from") ?? "");
    return Date.now() - from > 30 * HOUR ? route.abort() : route.continue();
  });
  await open("/queues/email-send?span=24h&compare=before");
  const entries = page.getByRole("region", { name: "Unfinished jobs" }).getByRole("listitem");
  await expect(entries.nth(1)).toContainText("Unfinished, yesterday");
  await expect(entries.nth(1)).toContainText("Couldn't load chart");
  await expect(entries.locator("rect")).toHaveCount(1);
  await expect(entries.locator("path")).toHaveCount(1);
});

test("what a queue's page could not load is said, and no zero or empty list stands for it", async ({
  page,
  open,
  stack,
}) => {
  stack.reset({ jobs: 50, arrivals: 0 });
  await stack.order({ fail: { path: "/errors", status: 503 } });
  await open("/queues/image-process");
  await expect(page.getByRole("region", { name: "Errors, last 24 h" })).toContainText("Couldn't load: ");
  await stack.order({ fail: { path: "/metrics", status: 503 } });
  await open("/queues/image-process");
  const letters = page.getByRole("region", { name: "Dead letters" });
  await expect(letters).toContainText("Dead letters: –");
  for (const name of ["Unfinished jobs", "Oldest job", "In and out", "Queue wait", "Run time"])
    await expect(page.getByRole("region", { name, exact: true })).toContainText("Couldn't load chart");
  await stack.order({ fail: null });
});

test("the oldest job's wait is drawn beside the backlog", async ({ page, open, stack }) => {
  stack.reset({ jobs: 0, arrivals: 0 });
  const late = { createdAt: Date.now() - 400_000, nextAttemptAt: Date.now() + HOUR };
  await stack.order({ add: [{ type: "email.send", payload: {}, more: late }] });
  await open("/queues/email-send");
  const chart = page.getByRole("region", { name: "Oldest job" });
  await expect(chart).toContainText(/Longest wait6m \d\ds/);
  await expect(page.locator(BUSY)).toHaveCount(0);
});
