import { expect, hopeless, missing, statusOf, test } from "../fixtures";
import { png } from "../png";

test("an image is uploaded, processed, and its result is seen", async ({ page, open }) => {
  await open("/create?type=image.process");
  await page
    .getByLabel("File to upload")
    .setInputFiles({ name: "photo.png", mimeType: "image/png", buffer: png(64, 48) });
  await expect(page.getByRole("status").filter({ hasText: "photo.png" })).toContainText("uploaded");
  await expect(page.getByRole("textbox", { name: /^Key/ })).toHaveValue(/^uploads\/.+\.png$/);
  await page.getByRole("button", { name: "Create job" }).click();
  await expect(page).toHaveURL(/\/jobs\/[0-9a-f-]{36}$/);
  await expect(statusOf(page)).toHaveText("Completed");
  const picture = page.getByRole("img", { name: /^Result:/ });
  await expect(picture).toBeVisible();
  expect(await picture.evaluate((img: HTMLImageElement) => img.naturalWidth)).toBeGreaterThan(0);
});

test("a report's table is seen where it was made, its page is a link", async ({
  page,
  open,
  submit,
  tag,
}) => {
  const id = await submit("report.generate", { hours: 1, formats: ["csv", "html"] }, { tags: [tag] });
  await open(`/jobs/${id}`);
  await expect(statusOf(page)).toHaveText("Completed");
  const table = page.getByRole("region", { name: /^Preview of .+\.csv$/ }).getByRole("table");
  await expect(table.getByRole("columnheader").first()).toBeVisible();
  await expect(page.getByRole("link", { name: /^Open .+\.html$/ })).toHaveAttribute("href", /^https?:/);
});

test("a failing job counts down, is retried, and reaches the dead letters; edited, it succeeds", async ({
  page,
  open,
  submit,
  tag,
}) => {
  const id = await submit("image.process", missing(tag), { max_attempts: 4, tags: [tag] });
  await open(`/jobs/${id}`);
  await expect(statusOf(page)).toHaveText("Retrying");
  await expect(page.getByTestId("countdown")).toHaveText(/^(in \d+ s|due now)$/);
  await expect(statusOf(page)).toHaveText("Dead letter", { timeout: 45_000 });
  await expect(page.getByText("Attempt 4 of 4 failed")).toBeVisible();
  await expect(page.getByTestId("job-error")).toContainText(tag);

  await page.getByRole("link", { name: "Edit and retry" }).click();
  await expect(page.getByRole("heading", { name: /^Edit and retry/ })).toBeVisible();
  await page
    .getByLabel("File to upload")
    .setInputFiles({ name: "late.png", mimeType: "image/png", buffer: png(32, 32) });
  await expect(page.getByRole("textbox", { name: /^Key/ })).not.toHaveValue(/missing/);
  await page.getByRole("button", { name: "Retry with this payload" }).click();
  await expect(page).toHaveURL(new RegExp(`/jobs/${id}$`));
  await expect(statusOf(page)).toHaveText("Completed");
  await expect(page.getByText(/^Retried by .+ with another payload$/)).toBeVisible();
});

test("what the form refuses is said beside the field, what the API refuses too", async ({ page, open }) => {
  await open("/create?type=image.process");
  await page.getByLabel("Quality").fill("400");
  await page.getByRole("button", { name: "Create job" }).click();
  await expect(page.getByLabel("Quality")).toHaveAccessibleDescription(/At most 95/);
  await expect(page.getByLabel("Quality")).toBeFocused();
  await page.getByLabel("Quality").fill("80");
  await page.getByRole("button", { name: "JSON", exact: true }).click();
  const json = page.getByLabel("Payload as JSON");
  await expect(json).toHaveValue(/"quality": 80/);
  await json.fill("{ not json");
  await expect(json).toHaveAccessibleDescription(/line 1, column 3/);
  await json.fill('{"key": "uploads/examples/landscape.jpg", "quality": 61}');
  await page.getByRole("button", { name: "Form", exact: true }).click();
  await expect(page.getByLabel("Quality")).toHaveValue("61");
});

test("filters live in the address: shared and reloaded, it is the same view", async ({
  page,
  open,
  submit,
  tag,
  stack,
  context,
}) => {
  const failed = await submit("report.generate", hopeless(), { tags: [tag] });
  await submit(
    "image.process",
    { key: "uploads/examples/landscape.jpg" },
    { tags: [tag], delay_seconds: 3600 },
  );
  await open("/dashboard");
  await page.getByRole("combobox", { name: "Find jobs" }).fill(`tag:${tag}`);
  await page.keyboard.press("Enter");
  await expect(page.locator("[data-job]")).toHaveCount(2);
  await page
    .getByRole("navigation", { name: "Status" })
    .getByRole("link", { name: /^Failed/ })
    .click();
  await expect(page.locator("[data-job]")).toHaveCount(1);
  await page.getByRole("columnheader", { name: "Run" }).getByRole("button").click();
  await expect(page).toHaveURL(/sort=run/);
  const address = page.url();
  expect(new URL(address).searchParams.get("tag")).toBe(tag);

  const other = await context.newPage();
  await other.goto(address);
  await expect(other.locator("[data-job]")).toHaveCount(1);
  await expect(other.locator(`[data-job="${failed}"]`)).toBeVisible();
  await expect(other.getByRole("columnheader", { name: "Run" })).toHaveAttribute("aria-sort", "descending");
  await other.getByRole("button", { name: `Remove the filter Tag: ${tag}` }).click();
  await expect(other).not.toHaveURL(/tag=/);
  expect(address.startsWith(stack.site)).toBe(true);
});

test("plain text is found in a tag, also where no job type has tenants", async ({
  page,
  open,
  submit,
  tag,
}) => {
  const payload = { key: "uploads/examples/landscape.jpg" };
  const id = await submit("image.process", payload, { tags: [tag], delay_seconds: 3600 });
  await open("/dashboard");
  const box = page.getByRole("combobox", { name: "Find jobs" });
  await box.fill(tag);
  await box.press("Enter");
  const found = page.getByRole("region", { name: `Tag ${tag}` });
  await expect(found.getByRole("link", { name: id.slice(0, 8) })).toBeVisible();
  await expect(page.locator('[aria-busy="true"]')).toHaveCount(0);
  await expect(page.getByRole("alert")).toHaveCount(0);
});

test("all failed jobs of a filter are selected and retried, after saying what will happen", async ({
  page,
  open,
  submit,
  settled,
  tag,
}) => {
  const ids = [];
  for (let n = 0; n < 3; n++) ids.push(await submit("report.generate", hopeless(), { tags: [tag] }));
  for (const id of ids) await settled(id);
  await open(`/dashboard?tag=${tag}&status=failed`);
  await expect(page.locator("[data-job]")).toHaveCount(3);
  await page.getByRole("checkbox", { name: "Select all loaded jobs" }).check();
  await expect(page.getByRole("toolbar")).toContainText("3 jobs selected · updates paused");
  await page.getByRole("toolbar").getByRole("button", { name: "Retry" }).click();
  await expect(page.getByTestId("preview")).toHaveText(/3 jobs will be retried/);
  await page.getByRole("button", { name: "Retry 3 jobs" }).click();
  await expect(page.locator("[data-run]")).toContainText("3 jobs requeued.");
  await open(`/jobs/${ids[0] ?? ""}`);
  await expect(page.getByText(/^Retried by /)).toBeVisible();
});

test("a waiting job is cancelled and may be retried", async ({ page, open, submit, tag }) => {
  const id = await submit(
    "image.process",
    { key: "uploads/examples/landscape.jpg" },
    { tags: [tag], delay_seconds: 3600 },
  );
  await open(`/jobs/${id}`);
  await expect(statusOf(page)).toHaveText("Scheduled");
  await page.getByRole("button", { name: /^Cancel/ }).click();
  await page.getByRole("button", { name: "Cancel now" }).click();
  await expect(statusOf(page)).toHaveText("Cancelled");
  await expect(page.getByRole("button", { name: /^Retry/ })).toBeVisible();
});
