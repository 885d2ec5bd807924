import { readFile } from "node:fs/promises";
import { expect, test } from "../../fixtures";

const later = (n: number) => ({
  type: "email.send",
  payload: { to: ["ada@example.com"], subject: `=1+${n}`, text: "Later." },
  more: { status: "scheduled", createdAt: Date.now() - 60_000, nextAttemptAt: Date.now() + n * 3_600_000 },
});

test("scheduled jobs say when they are due, and one key switches to the time of day and back", async ({
  page,
  open,
  stack,
}) => {
  stack.reset({ jobs: 10, arrivals: 0 });
  await stack.order({ add: [later(2), later(3)] });
  await open("/dashboard?status=scheduled");
  await expect(page.getByRole("columnheader", { name: "Due" })).toBeVisible();
  await expect(page.getByText("in 2 h", { exact: true })).toBeVisible();
  await page.keyboard.press("w");
  await expect(page.getByText("in 2 h", { exact: true })).toHaveCount(0);
  await expect(page.locator("[data-job] time").first()).toHaveText(/\d\d:\d\d/);
  await page.keyboard.press("w");
  await expect(page.getByText("in 2 h", { exact: true })).toBeVisible();
});

test("the jobs of a filter are saved as CSV and as JSON lines", async ({ page, open, stack }) => {
  stack.reset({ jobs: 10, arrivals: 0 });
  await stack.order({ add: [later(2), later(3)] });
  await open("/dashboard?status=scheduled");
  await expect(page.locator("[data-job]").first()).toBeVisible();
  const saved = async (entry: string) => {
    await page.getByRole("button", { name: "Columns and density" }).click();
    const file = page.waitForEvent("download");
    await page.getByRole("menuitem", { name: entry }).click();
    return (await readFile(await (await file).path())).toString();
  };
  const rows = await page.locator("[data-job]").count();
  const table = (await saved("Download these jobs as CSV")).trim().split("\r\n");
  expect(table).toHaveLength(rows + 1);
  const lines = (await saved("Download these jobs as JSON lines")).trim().split("\n");
  expect(lines.map((line) => (JSON.parse(line) as { status: string }).status)).toEqual(
    Array(rows).fill("scheduled"),
  );
});

test('what is typed right after "/" on another page is searched', async ({ page, open }) => {
  await open("/errors");
  await expect(page.getByRole("heading", { name: "Errors", exact: true })).toBeVisible();
  await page.keyboard.type("/tag:nightly");
  await expect(page.getByRole("combobox", { name: "Find jobs" })).toHaveValue("tag:nightly");
});

test("whoever is signed in lands on the jobs", async ({ page, stack }) => {
  await page.addInitScript((token) => sessionStorage.setItem("jobflow.token", token), stack.viewer);
  await page.goto(`${stack.site}/`);
  await expect(page).toHaveURL(/\/dashboard$/);
});
