import { expect, test } from "../fixtures";

/** Runs in the page: adds up how far things moved by themselves (the browser's own measure). */
const WATCH_SHIFTS = `window.shifted = 0;
new PerformanceObserver((list) => list.getEntries().forEach((entry) => (window.shifted += entry.value)))
  .observe({ type: "layout-shift", buffered: true });`;
/** A tenth counts as good; half a hundredth is less than a line of text that becomes two. */
const STILL = 0.005;

/** Answers that are there with the first picture, and some that come after it. */
const QUICK_MS = 100;
const LATE_MS = 400;

for (const [width, latencyMs] of [
  [320, QUICK_MS],
  [320, LATE_MS],
  [768, LATE_MS],
  [1440, QUICK_MS],
  [1440, LATE_MS],
] as const) {
  test(`what is loading holds its place, at ${width} px, with answers after ${latencyMs} ms`, async ({
    page,
    open,
    stack,
  }) => {
    stack.reset({ jobs: 300, arrivals: 0 });
    const { ids } = await stack.order({
      add: [{ type: "email.send", payload: {}, more: { status: "completed", result: { recipients: 1 } } }],
    });
    await page.setViewportSize({ width, height: 900 });
    await page.addInitScript({ content: WATCH_SHIFTS });
    for (const path of ["/", "/dashboard", `/jobs/${ids[0] ?? ""}`, "/create", "/queues", "/errors"]) {
      await stack.order({ latencyMs });
      await open(path);
      await page.waitForLoadState("networkidle");
      await expect(page.locator('[aria-busy="true"], .skeleton')).toHaveCount(0);
      expect(await page.evaluate<number>("window.shifted"), path).toBeLessThan(STILL);
    }
    await stack.order({ latencyMs: 0 });
  });
}

test("a part that fails later is named with its age; the rest goes on", async ({ page, open, stack }) => {
  stack.reset({ jobs: 50, arrivals: 0 });
  await open("/dashboard");
  await expect(page.getByTestId("health")).not.toBeEmpty();
  await stack.order({ fail: { path: "/metrics", status: 503 } });
  const banner = page.getByRole("status").filter({ hasText: "Some data is out of date" });
  await expect(banner).toContainText("Something went wrong on our side.");
  await expect(banner).toContainText(/[0-9a-f-]{36}/);
  await expect(page.locator("[data-job]").first()).toBeVisible();
  await stack.order({ fail: null });
  await expect(banner).toHaveCount(0);
});

test("numbers and charts that never came say so, and no zero is shown for them", async ({
  page,
  open,
  stack,
}) => {
  stack.reset({ jobs: 50, arrivals: 0 });
  await stack.order({ fail: { path: "/metrics", status: 503 } });
  await open("/dashboard");
  await expect(page.getByTestId("health")).toHaveText(
    "Couldn't load metrics: Something went wrong on our side.",
  );
  await expect(page.locator("main dl dd")).toHaveText(["–", "–", "–", "–", "–", "–"]);
  await expect(page.getByRole("region", { name: "Throughput" })).toContainText("Couldn't load chart");
  await expect(page.getByRole("region", { name: "Throughput" })).toContainText("Completed–");
  await expect(page.locator("[data-job]").first()).toBeVisible();
  await stack.order({ fail: null });
});

test("paused by a key, it asks for nothing and says since when; times are local or UTC", async ({
  page,
  open,
  stack,
}) => {
  stack.reset({ jobs: 20, arrivals: 0 });
  await open("/dashboard");
  await expect(page.locator("[data-job]").first()).toBeVisible();
  await page.keyboard.press(".");
  await expect(page.getByText(/^Paused at \d\d:\d\d:\d\d\./)).toBeVisible();
  await page.waitForLoadState("networkidle");
  const time = page.locator("[data-job] time").first();
  await expect(time).toHaveAttribute("title", /UTC[+−]/);
  await page.getByRole("button", { name: /^Account/ }).click();
  await page.getByRole("menuitemradio", { name: "UTC" }).click();
  await expect(time).toHaveAttribute("title", /UTC$/);
  await page.keyboard.press("Escape");
  await page.keyboard.press(".");
  await expect(page.getByText(/^Paused at/)).toHaveCount(0);
  await page.keyboard.press("t");
  await expect(page.locator("html")).toHaveAttribute("data-theme", "dark");
});

test("an integer longer than a number stays exact: shown, copied, edited as JSON and as a form", async ({
  page,
  open,
  stack,
}) => {
  const exact = 9007199254740993n;
  const { ids } = await stack.order({
    add: [
      {
        type: "email.send",
        payload: { to: ["ada@example.com"], subject: "Order", order: exact },
        more: {
          status: "failed",
          attempts: 1,
          errorClass: "Oops",
          errorMessage: "No.",
          finishedAt: Date.now(),
        },
      },
    ],
  });
  await open(`/jobs/${ids[0] ?? ""}`);
  await expect(page.getByRole("region", { name: "Payload as JSON" })).toContainText(`"order": ${exact}`);
  await expect(page.getByRole("region", { name: "As curl" })).toContainText(`"order": ${exact}`);
  await page.getByRole("button", { name: "Python", exact: true }).click();
  await expect(page.getByRole("region", { name: "As python" })).toContainText(`"order": ${exact}`);
  await page.getByRole("link", { name: "Edit and retry" }).click();
  await page.getByRole("button", { name: "JSON", exact: true }).click();
  const json = page.getByLabel("Payload as JSON");
  await expect(json).toHaveValue(new RegExp(`"order": ${exact}`));
  await page.getByRole("button", { name: "Form", exact: true }).click();
  await page.getByLabel("Subject").fill("Another");
  await page.getByRole("button", { name: "JSON", exact: true }).click();
  await expect(json).toHaveValue(new RegExp(`"subject": "Another",[^]*"order": ${exact}`));
});

test("queues without metrics show unknown numbers, not zeros", async ({ page, open, stack }) => {
  stack.reset({ jobs: 50, arrivals: 0 });
  await stack.order({ fail: { path: "/metrics", status: 503 } });
  await open("/queues");
  const card = page.getByRole("article", { name: "email.send" });
  await expect(card).toContainText(/– of \d+ workers/);
  await expect(card).toContainText("Dead letters: –");
  await expect(card).not.toContainText("No dead letters");
  await stack.order({ fail: null });
  await expect(card).toContainText(/\d+ of \d+ workers/);
});

test("a backlog is told beside dead letters", async ({ page, open, stack }) => {
  stack.reset({ jobs: 0, arrivals: 0 });
  const at = Date.now();
  const dead = {
    type: "email.send",
    payload: {},
    more: { status: "dead_letter", attempts: 3, createdAt: at, finishedAt: at },
  };
  const late = {
    type: "image.process",
    payload: {},
    more: { createdAt: at - 400_000, nextAttemptAt: at + 900_000 },
  };
  await stack.order({ add: [dead, ...Array.from({ length: 30 }, () => late)] });
  await open("/dashboard");
  await expect(page.getByTestId("health")).toHaveText(/^image\.process is falling behind: oldest job queued/);
  const fresh = page
    .getByRole("list", { name: "Also" })
    .getByRole("link", { name: /^email\.send: 1 new dead letter/ });
  await fresh.click();
  await expect(page).toHaveURL(/\?status=dead_letter&type=email\.send&ended=\d+$/);
  await expect(page.locator("[data-job]")).toHaveCount(1);
  await page.getByTestId("health").getByRole("link").click();
  await expect(page).toHaveURL(/\/queues\/image-process$/);
});
