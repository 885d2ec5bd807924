import { expect, test } from "../fixtures";

test.beforeEach(({ stack }) => stack.reset({ jobs: 300, arrivals: 0 }));

test("the first row is within 420 px at 1440 x 900; a filter makes room for the jobs", async ({
  page,
  open,
}) => {
  await page.setViewportSize({ width: 1440, height: 900 });
  await open("/dashboard");
  const first = page.locator("[data-job]").first();
  await expect(page.getByRole("region", { name: "Latency" })).toBeVisible();
  const top = async () => (await first.boundingBox())?.y ?? Infinity;
  await expect.poll(top).toBeLessThanOrEqual(420);
  await page.getByRole("link", { name: /^Dead letter/ }).click();
  await expect(page.getByRole("region", { name: "Latency" })).toHaveCount(0);
  await expect.poll(top).toBeLessThanOrEqual(280);
  await page.getByRole("button", { name: "Show numbers and charts" }).click();
  await expect(page.getByRole("region", { name: "Latency" })).toBeVisible();
});

test("an idle tab asks for less than 24 answers and 40 KB a minute, and at once after an action", async ({
  page,
  open,
}) => {
  test.slow(); // a hundred steps of the clock, each with its answers
  await page.clock.install();
  await open("/dashboard?status=dead_letter");
  await page.getByRole("button", { name: "Show numbers and charts" }).click();
  await expect(page.locator("[data-job]").first()).toBeVisible();
  const asked: { url: string; bytes: number }[] = [];
  page.on("response", async (response) => {
    const request = response.request();
    if (!/\/(metrics|jobs|errors|me|bulk)\b/.test(request.url()) || request.method() === "OPTIONS") return;
    const bytes = response.status() === 304 ? 0 : (await response.body()).length;
    asked.push({ url: request.url(), bytes });
  });
  // Seconds pass one by one, so that each answer comes before the next poll.
  const pass = async (seconds: number) => {
    for (let n = 0; n < seconds; n += 2) {
      await page.clock.runFor(2000);
      await page.waitForTimeout(10);
    }
  };
  await pass(150);
  asked.length = 0;
  await pass(60);
  await expect.poll(() => asked.length).toBeGreaterThan(0);
  expect(asked.length, JSON.stringify(asked)).toBeLessThan(24);
  expect(asked.reduce((sum, one) => sum + one.bytes, 0)).toBeLessThan(40_000);
  await page.locator("[data-row-link]").first().focus();
  await page.keyboard.press("r");
  await page.getByRole("button", { name: "Retry now" }).click();
  await expect(page.getByText(/requeued\.$/)).toBeVisible();
  asked.length = 0;
  await pass(10);
  // An answer is noted once its body has been read, which may be after the clock has run.
  await expect
    .poll(() => asked.filter(({ url }) => url.endsWith("/metrics")).length)
    .toBeGreaterThanOrEqual(1);
});

test("a chart names its values at the pointer, filters the jobs by a click, and keeps its time in the URL", async ({
  page,
  open,
}) => {
  await open("/dashboard");
  const chart = page.getByRole("region", { name: "Throughput" });
  const plot = chart.locator(".u-over");
  await expect(plot).toBeVisible();
  await plot.hover();
  await expect(chart.getByTestId("chart-tip")).toContainText("Completed");
  await plot.click();
  await expect(page).toHaveURL(/from=\d+&to=\d+/);
  const query = new URL(page.url()).searchParams;
  expect(Number(query.get("to")) - Number(query.get("from"))).toBe(60_000);
  await expect(chart, "the chart that was clicked stays").toBeVisible();
  await open("/dashboard");
  await chart.getByRole("button", { name: "6 h" }).click();
  await expect(page).toHaveURL(/span=6h/);
  await page.reload();
  await expect(chart.getByRole("button", { name: "6 h" })).toHaveAttribute("aria-pressed", "true");
});

test("several filters are typed at once, each becomes a chip, and what exists is offered", async ({
  page,
  open,
}) => {
  await open("/dashboard");
  const box = page.getByRole("combobox", { name: "Find jobs" });
  await box.fill("bill");
  await expect(page.locator('#job-search-offers option[value="tag:billing"]')).toBeAttached();
  await box.fill("tag:billing status:completed type:email.send");
  await box.press("Enter");
  await expect(page).toHaveURL(/tag=billing/);
  await expect(page).toHaveURL(/status=completed/);
  await expect(page.getByRole("button", { name: "Remove the filter Tag: billing" })).toBeVisible();
  await expect(page.getByRole("link", { name: /^Completed/ })).toHaveAttribute("aria-current", "page");
  // The status and the type, too; the chip of the type can be changed where it stands.
  await page.getByRole("button", { name: "Remove the filter Status: Completed" }).click();
  await expect(page).not.toHaveURL(/status=/);
  await page.getByRole("combobox", { name: "Type" }).selectOption("image.process");
  await page.getByRole("button", { name: "Remove the filter Type: image.process" }).click();
  await expect(page).not.toHaveURL(/type=/);
  await expect(page.getByRole("button", { name: /^Remove the filter/ })).toHaveCount(1);
  await page.getByRole("combobox", { name: "Created" }).selectOption("Last hour");
  await page.getByRole("button", { name: "Remove the filter Created: Last hour" }).click();
  await expect(page).toHaveURL(/\/dashboard\?tag=billing$/);
});
