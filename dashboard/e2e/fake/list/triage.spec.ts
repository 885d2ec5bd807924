import { expectAccessibleInBothThemes } from "../../axe";
import { expect, statusOf, test } from "../../fixtures";

const failed = (n: number) => ({
  type: "email.send",
  payload: { to: ["ada@example.com"], subject: `Number ${n}`, text: "Hi" },
  more: {
    status: "failed",
    attempts: 1,
    createdAt: Date.now() - n * 1000,
    errorClass: "Oops",
    errorMessage: "No.",
    finishedAt: Date.now(),
    tags: ["triage"],
  },
});

test("failed jobs are gone through one by one, by keyboard, and the list is as it was left", async ({
  page,
  open,
  stack,
}) => {
  stack.reset({ jobs: 20, arrivals: 0 });
  const { ids } = await stack.order({ add: Array.from({ length: 60 }, (_, n) => failed(n)) });
  const id = (n: number) => ids[n] ?? "";
  await open("/dashboard?status=failed&tag=triage");
  await page.locator(`[data-row-link="${id(0)}"]`).click();
  await expect(page.getByText("1 of 60")).toBeVisible();
  const place = page
    .getByRole("navigation", { name: "Main", exact: true })
    .getByRole("link", { name: "Jobs" });
  await expect(place).toHaveAttribute("aria-current", "true");
  await expect(page.getByRole("link", { name: "Previous job" })).toHaveCount(0);
  await expectAccessibleInBothThemes(page);
  await page.keyboard.press("r");
  await page.getByRole("dialog").getByRole("button", { name: "Retry now" }).press("Enter");
  await expect(statusOf(page)).not.toHaveText("Failed");
  for (let n = 1; n < 25; n++) {
    await page.keyboard.press("j");
    await expect(page.getByTestId("job-id")).toHaveText(id(n));
  }
  await page.keyboard.press("k");
  await expect(page.getByTestId("job-id")).toHaveText(id(23));
  await page.getByRole("link", { name: "Next job" }).click();
  await expect(page.getByTestId("job-id")).toHaveText(id(24));
  await page.keyboard.press("Escape");
  await expect(page).toHaveURL(/status=failed&tag=triage$/);
  const row = page.locator(`[data-row-link="${id(24)}"]`);
  await expect(row).toBeFocused();
  await expect(row).toBeInViewport();
  await page.keyboard.press("j");
  await expect(page.locator(`[data-row-link="${id(25)}"]`)).toBeFocused();
});

test("from one failed job to all of its kind: counted, then retried", async ({ page, open, stack }) => {
  stack.reset({ jobs: 20, arrivals: 0 });
  const { ids } = await stack.order({ add: [failed(0), failed(1), failed(2)] });
  await open(`/jobs/${ids[1] ?? ""}`);
  await page.getByRole("button", { name: "Count and retry…" }).click();
  await expect(page.getByRole("dialog", { name: "Retry 3 jobs that failed with Oops?" })).toBeVisible();
  await expect(page.getByTestId("preview")).toHaveText("3 jobs will be retried.");
  await page.getByRole("button", { name: "Retry 3 jobs" }).click();
  await expect(page.locator("[data-run]")).toContainText("3 jobs requeued.");
  await expect(statusOf(page)).not.toHaveText("Failed");
});

test("c asks before it cancels, and Escape leaves the job as it is", async ({ page, open, stack }) => {
  const { ids } = await stack.order({
    add: [{ ...failed(0), more: { status: "scheduled", nextAttemptAt: Date.now() + 3_600_000 } }],
  });
  await open(`/jobs/${ids[0] ?? ""}`);
  await expect(statusOf(page)).toHaveText("Scheduled");
  await page.keyboard.press("c");
  await expect(page.getByRole("dialog")).toContainText(
    "The job is cancelled immediately. You can retry it later.",
  );
  await page.keyboard.press("Escape");
  await expect(page.getByRole("dialog")).toBeHidden();
  await expect(statusOf(page)).toHaveText("Scheduled");
  await page.keyboard.press("c");
  await page.getByRole("button", { name: "Cancel now" }).click();
  await expect(statusOf(page)).toHaveText("Cancelled");
});

test("who wants no motion sees none", async ({ page, open }) => {
  await open("/dashboard");
  const dot = page.locator(".pulse-dot").first();
  await expect(dot).toBeVisible();
  const lasts = () => dot.evaluate((element) => parseFloat(getComputedStyle(element).animationDuration));
  expect(await lasts()).toBeLessThan(0.01);
  await page.emulateMedia({ reducedMotion: "no-preference" });
  expect(await lasts()).toBeGreaterThan(0.5);
});

test("Escape closes what is open before it leads back", async ({ page, open, stack }) => {
  const { ids } = await stack.order({ add: [failed(0)] });
  await open(`/jobs/${ids[0] ?? ""}`);
  await expect(statusOf(page)).toHaveText("Failed");
  await page.keyboard.press("r");
  await expect(page.getByRole("dialog")).toBeVisible();
  await page.keyboard.press("Escape");
  await expect(page.getByRole("dialog")).toBeHidden();
  await expect(page.getByTestId("job-id")).toBeVisible();
  await page.keyboard.press("Escape");
  await expect(page).toHaveURL(/\/dashboard$/);
});

test("a number of the health strip leads to its jobs", async ({ page, open, stack }) => {
  stack.reset({ jobs: 100, arrivals: 0 });
  await stack.order({ add: [{ ...failed(0), more: { ...failed(0).more, status: "dead_letter" } }] });
  await open("/dashboard");
  await page.getByRole("link", { name: "View jobs: Dead letter" }).click();
  await expect(page).toHaveURL(/status=dead_letter$/);
  await expect(page.locator("[data-job]").first()).toContainText("Dead letter");
});
