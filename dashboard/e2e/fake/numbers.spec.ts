import { BUSY, expectAccessible, expectAccessibleInBothThemes } from "../axe";
import { counting } from "../clicks";
import { expect, test } from "../fixtures";

const mail = (subject: string, more: object) => ({
  type: "email.send",
  payload: { to: ["ada@example.com"], subject, text: "Hi" },
  more,
});

test("all well? 0 clicks: the first screen says what needs attention", async ({ page, open, stack }) => {
  stack.reset({ jobs: 100, arrivals: 0 });
  await open("/dashboard");
  const health = page.getByRole("region", { name: "Health" });
  await expect(health).toContainText(/All healthy\.|dead letter|growing|error group|falling behind/);
  await expect(health).toBeInViewport();
});

test("the job of customer:8: 1 field, 1 click", async ({ page, open, stack }) => {
  stack.reset({ jobs: 100, arrivals: 0 });
  const { ids } = await stack.order({ add: [mail("Eight", { tags: ["customer:8"] })] });
  await open("/dashboard");
  await expect(page.locator("[data-job]").first()).toBeVisible();
  const took = await counting(page);
  await page.keyboard.press("/");
  await page.keyboard.type("tag:customer:8");
  await page.keyboard.press("Enter");
  await expect(page.locator("[data-job]")).toHaveCount(1);
  await page.locator(`[data-row-link="${ids[0] ?? ""}"]`).click();
  await expect(page.getByTestId("job-id")).toHaveText(ids[0] ?? "");
  expect(await took()).toEqual({ clicks: 1, fields: 1 });
});

test("143 jobs of one error: 2 clicks, progress at once, leave and come back", async ({
  page,
  open,
  stack,
}) => {
  stack.reset({ jobs: 20, arrivals: 0 });
  const at = Date.now() - 60_000;
  const attempt = {
    gen: 1,
    attempt: 1,
    claim: 1,
    outcome: "permanent_error",
    started_at: new Date(at).toISOString(),
    finished_at: new Date(at).toISOString(),
    duration_ms: 9,
    error_class: "MailboxGone",
    error_message: "Gone.",
    stack: null,
    request_id: null,
    cold_start: null,
    receive_count: 1,
    retry_delay_s: null,
  };
  const gone = {
    status: "failed",
    attempts: 1,
    errorClass: "MailboxGone",
    errorMessage: "Gone.",
    finishedAt: at,
  };
  const add = Array.from({ length: 143 }, (_, n) =>
    mail(`Number ${n}`, { ...gone, createdAt: at - n, history: [attempt] }),
  );
  await stack.order({ add });
  await open("/errors");
  const group = page.locator("main li").filter({ hasText: "MailboxGone" });
  await expect(group).toContainText("143 failed");
  const took = await counting(page);
  await group.getByRole("button", { name: "Count and retry…" }).click();
  await expect(page.getByTestId("preview")).toHaveText("143 jobs will be retried.");
  await page.getByRole("button", { name: "Retry 143 jobs" }).click();
  const run = page.getByRole("region", { name: "Bulk actions" }).getByRole("status");
  await expect(run).toHaveText(/^Retrying [1-9]\d* of 143$|^143 jobs requeued\.$/);
  expect(await took()).toMatchObject({ clicks: 2 });
  await page.goto("about:blank");
  await open("/queues");
  await expect(run).toHaveText("143 jobs requeued.");
});

test("edit and retry: 2 clicks, and the difference is shown", async ({ page, open, stack }) => {
  stack.reset({ jobs: 20, arrivals: 0 });
  const { ids } = await stack.order({
    add: [
      mail("Wrong", { status: "failed", errorClass: "Oops", errorMessage: "No.", finishedAt: Date.now() }),
    ],
  });
  await open(`/jobs/${ids[0] ?? ""}`);
  const edit = page.getByRole("link", { name: "Edit and retry" });
  await expect(edit).toBeVisible();
  const took = await counting(page);
  await edit.click();
  const subject = page.getByLabel(/^Subject/);
  await expect(subject).toHaveValue("Wrong");
  await expect(page.getByTestId("changes")).toHaveCount(0);
  await subject.fill("Right");
  await expect(page.getByTestId("changes")).toHaveText('subject: "Wrong" "Right"');
  await expectAccessible(page);
  await page.getByRole("button", { name: "Retry with this payload" }).click();
  await expect(page.getByTestId("job-id")).toHaveText(ids[0] ?? "");
  expect((await took()).clicks).toBe(2);
});

test("will it drain? 1 look: every queue says when it is empty, or that it grows", async ({
  page,
  open,
  stack,
}) => {
  stack.reset({ jobs: 200, arrivals: 0 });
  await open("/queues");
  const cards = page.getByRole("article");
  await expect(cards.first()).toBeVisible();
  await expect(page.locator(BUSY)).toHaveCount(0);
  for (const card of await cards.all()) {
    await expect(card).toContainText(
      /(Empty in|Backlog)\s*(none|< 1 min|about \d+ (min|h)|growing|not shrinking|nothing finishes)/,
    );
  }
});

const SCREENS = [
  "/",
  "/dashboard",
  "/dashboard?status=dead_letter",
  "/jobs/",
  "/queues",
  "/queues/email-send",
  "/schedules",
  "/schedules?edit=new",
  "/webhooks",
  "/webhooks?edit=%2B",
  "/webhooks?of=billing",
  "/errors",
  "/create?type=email.send",
  "/create?type=report.generate",
  "/nope",
];

for (const path of SCREENS) {
  test(`axe finds nothing in forced colours, and at 200 % zoom nothing is cut off: ${path}`, async ({
    page,
    open,
    stack,
  }) => {
    stack.reset({ jobs: 200, arrivals: 0 });
    const { ids } = await stack.order({
      add: [mail("One", { status: "completed", finishedAt: Date.now() })],
    });
    await page.emulateMedia({ forcedColors: "active", colorScheme: "dark" });
    await open(path === "/jobs/" ? `/jobs/${ids[0] ?? ""}` : path);
    await expect(page.locator("main").locator("h1, h2").first()).toBeVisible();
    await expect(page.locator(BUSY)).toHaveCount(0);
    await expectAccessible(page, "forced colours, dark");
    await page.emulateMedia({ forcedColors: "active", colorScheme: "light" });
    await expectAccessible(page, "forced colours, light");
    await page.emulateMedia({ forcedColors: "none" });
    // A zoom of 200 % is half as many CSS pixels.
    await page.setViewportSize({ width: 640, height: 450 });
    await expectAccessibleInBothThemes(page);
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(640);
  });
}
