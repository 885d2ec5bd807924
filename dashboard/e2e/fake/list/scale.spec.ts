import { expectAccessible } from "../../axe";
import { expect, statusOf, test } from "../../fixtures";

const HTML =
  '<img src=x onerror="document.title=\'owned\'"><script>document.title="owned"</script><h1>502</h1>';
const RTL = "فشل إرسال الرسالة: صندوق البريد ممتلئ";

test("ten thousand rows scroll, and what was picked stays picked", async ({ page, open, stack }) => {
  test.slow();
  stack.reset({ jobs: 0, arrivals: 0 });
  const add = Array.from({ length: 10_000 }, (_, n) => ({
    type: "email.send",
    payload: { subject: `Number ${n}`, to: ["ada@example.com"] },
    more: { status: "completed", createdAt: Date.now() - n * 100, tags: ["many"] },
  }));
  await stack.order({ add });
  await open("/dashboard?tag=many");
  const top = page.locator("[data-job]").first();
  await expect(top).toBeVisible();
  const first = (await top.getAttribute("data-job")) ?? "";
  await page.locator(`[data-job="${first}"]`).getByRole("checkbox").check();
  await page.waitForFunction(
    () => {
      scrollTo(0, document.body.scrollHeight);
      return document.querySelector('[role="table"]')?.getAttribute("aria-rowcount") === "10001";
    },
    null,
    { polling: "raf", timeout: 90_000 },
  );
  expect(await page.locator("[data-job]").count()).toBeLessThan(80);
  const last = page.locator('[data-job][aria-rowindex="10001"]');
  await expect(async () => {
    await page.evaluate(() => scrollTo(0, document.body.scrollHeight));
    await expect(last).toBeVisible({ timeout: 1000 });
  }).toPass();
  await last.getByRole("checkbox").check();
  for (const share of [0.5, 0.1, 0.9, 0.3]) {
    await page.evaluate((part) => scrollTo(0, document.body.scrollHeight * part), share);
    const middle = () =>
      document.elementFromPoint(innerWidth / 2, innerHeight / 2)?.closest("[data-job]") !== null;
    await expect.poll(() => page.evaluate(middle), "a row is where one looks").toBe(true);
  }
  await page.evaluate(() => scrollTo(0, 0));
  await expect(page.locator(`[data-job="${first}"]`).getByRole("checkbox")).toBeChecked();
  await expect(page.getByRole("toolbar")).toContainText("2 jobs selected");
  await page.evaluate(() => scrollTo(0, document.body.scrollHeight));
  await expect(last.getByRole("checkbox")).toBeChecked();
});

test("text of others stays text: HTML, right-to-left, and a document of 10,000 lines", async ({
  page,
  open,
  stack,
}) => {
  const items = Array.from({ length: 10_000 }, (_, n) => n);
  const { ids } = await stack.order({
    add: [
      {
        type: "email.send",
        payload: { subject: HTML, items, rtl: RTL, long: "x".repeat(20_000), __proto__: null },
        more: {
          status: "failed",
          attempts: 1,
          errorClass: "BadGateway",
          errorMessage: `${HTML}\n${RTL}`,
          finishedAt: Date.now(),
        },
      },
    ],
  });
  await open(`/jobs/${ids[0] ?? ""}`);
  await expect(page.getByTestId("job-error")).toContainText("<script>");
  await expect(page).not.toHaveTitle(/owned/);
  await expect(page.locator("main img")).toHaveCount(0);
  const payload = page.getByRole("region", { name: "Payload as JSON" });
  expect(await payload.locator("div.absolute").count()).toBeLessThan(120);
  await payload.evaluate((box) => box.scrollTo(0, box.scrollHeight));
  await expect(payload.getByText('"long"')).toBeVisible();
  expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBeLessThanOrEqual(0);
  await expectAccessible(page);
});

test("a type is paused and resumed; dead letters of a type are retried", async ({ page, open, stack }) => {
  stack.reset({ jobs: 300, arrivals: 0 });
  await open("/queues");
  const card = page.getByRole("article", { name: "image.process" });
  await card.getByRole("button", { name: "Pause" }).click();
  await page.getByRole("button", { name: "Pause image.process" }).click();
  await expect(card).toContainText(/Paused by admin .+ New jobs are accepted but not started\./);
  await card.getByRole("button", { name: "Resume", exact: true }).click();
  await expect(card).not.toContainText("Paused by");
  await card.getByRole("button", { name: /^Retry all \d+/ }).click();
  await page.getByRole("button", { name: /^Retry \d+ jobs?$/ }).click();
  await expect(page.locator("[data-run=done]")).toContainText("requeued");
});

test("retry all of an error, from the groups", async ({ page, open, stack }) => {
  stack.reset({ jobs: 300, arrivals: 0 });
  await open("/errors");
  const group = page.getByRole("listitem").filter({ hasText: "UploadMissing" });
  await group.getByRole("button", { name: "Count and retry…" }).click();
  await expect(page.getByTestId("preview")).toHaveText(/\d+ jobs? will be retried/);
  await page.getByRole("button", { name: /^Retry \d+ jobs?$/ }).click();
  await expect(page.locator("[data-run=done]")).toContainText("requeued");
});

test("a server's error says what to do, and its correlation id", async ({ page, open, stack }) => {
  stack.reset({ jobs: 20, arrivals: 0 });
  await stack.order({ fail: { path: "/jobs", status: 500 } });
  await open("/dashboard");
  await expect(page.getByRole("alert")).toContainText(/Correlation id [0-9a-f-]{36}/);
  await stack.order({ fail: null });
  await page.getByRole("button", { name: "Retry" }).click();
  await expect(page.locator("[data-job]").first()).toBeVisible();
});

test("a stretch marked on the chart narrows the table", async ({ page, open, stack }) => {
  stack.reset({ jobs: 2000, arrivals: 0 });
  await open("/dashboard");
  const plot = page.locator(".u-over").first();
  const box = await plot.boundingBox();
  if (!box) throw new Error("The chart has no size.");
  await page.mouse.move(box.x + box.width * 0.5, box.y + 40);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width * 0.7, box.y + 40, { steps: 6 });
  await page.mouse.up();
  await expect(page).toHaveURL(/from=\d+&to=\d+/);
  await expect(page.getByRole("button", { name: "Remove the filter Created" })).toBeVisible();
  await expect(page.locator("[data-job]").first()).toBeVisible();
});

test("live: a job's page follows it to its end", async ({ page, open, submit }) => {
  const id = await submit("report.generate", { hours: 24 });
  await open(`/jobs/${id}`);
  await expect(page.getByRole("progressbar")).toBeVisible();
  await expect(statusOf(page)).toHaveText(/Completed|Dead letter/);
});
