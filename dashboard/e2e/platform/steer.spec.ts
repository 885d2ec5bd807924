import { expect, missing, statusOf, test } from "../fixtures";

test("a job that is scheduled for tomorrow is run now, with a key or its button", async ({
  page,
  open,
  submit,
  tag,
}) => {
  const id = await submit("report.generate", { hours: 1 }, { delay_seconds: 80_000, tags: [tag] });
  await open(`/jobs/${id}`);
  await expect(statusOf(page)).toHaveText("Scheduled");
  await page.keyboard.press("u");
  await expect(page.getByRole("dialog").getByRole("button", { name: "Run now" })).toBeVisible();
  await page.keyboard.press("Escape");
  await page.getByRole("button", { name: "Run now" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Run now" }).click();
  await expect(statusOf(page)).toHaveText("Completed", { timeout: 30_000 });
});

test("a dead letter is discarded with a reason, which its page shows", async ({
  page,
  open,
  submit,
  tag,
}) => {
  const id = await submit("image.process", missing(tag), { max_attempts: 1, tags: [tag] });
  await open(`/jobs/${id}`);
  await expect(statusOf(page)).toHaveText("Dead letter", { timeout: 30_000 });
  await page.getByRole("button", { name: "Discard" }).click();
  await page.getByLabel("Reason").fill("The customer has gone");
  await page.getByRole("button", { name: "Discard now" }).click();
  await expect(statusOf(page)).toHaveText("Discarded");
  await expect(page.getByText(/^Discarded by .+: The customer has gone/)).toBeVisible();
  await expect(page.getByRole("button", { name: "Retry", exact: true })).toBeVisible();
});
