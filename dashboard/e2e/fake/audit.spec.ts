import { expect, test } from "../fixtures";

test.beforeEach(({ stack }) => stack.reset({ jobs: 100, arrivals: 0 }));

test("an administrator finds who paused a type and why, and all that one person did", async ({
  page,
  open,
}) => {
  await open("/audit");
  const rows = page.locator("main li");
  await expect(rows).toHaveCount(50);
  await page.getByRole("combobox", { name: "Action" }).selectOption("job-type.pause");
  await expect(rows).toHaveCount(1);
  await expect(rows.getByText("The mail provider is down")).toBeVisible();
  await page.getByRole("combobox", { name: "Action" }).selectOption("");
  await page.getByRole("button", { name: "Show only what ada did" }).first().click();
  await expect(page).toHaveURL(/principal=1f2e3d4c5b6a7980/);
  await expect(page.getByText("shop-backend")).toHaveCount(0);
  await page.getByRole("button", { name: /^Remove the filter/ }).click();
  await page.getByRole("button", { name: "Older" }).click();
  await expect(rows).toHaveCount(67);
});

test("refused requests are shown by caller and reason, and not to a viewer", async ({ page, open }) => {
  await open("/audit");
  await page.getByRole("button", { name: "Refused requests" }).click();
  await expect(page.getByText("at least 4,096 requests")).toBeVisible();
  await expect(page.getByText("203.0.113.9")).toBeVisible();
  await page.evaluate(() => {
    sessionStorage.setItem("jobflow.token", "viewer-token");
  });
  await open("/audit");
  await expect(page.getByText("Only administrators can read the audit log")).toBeVisible();
});

test("the page of a job leads to its changes", async ({ page, open }) => {
  await open("/audit");
  const job = page.locator('main li a[href^="/jobs/"]').first();
  const id = (await job.getAttribute("href"))?.split("/").pop() ?? "";
  await open(`/jobs/${id}`);
  await page.locator("main").getByRole("link", { name: "Audit log" }).click();
  await expect(page).toHaveURL(new RegExp(`job=${id}`));
  await expect(page.getByRole("button", { name: /^Remove the filter: Job/ })).toBeVisible();
});

test("the page of a bulk action leads to its entry", async ({ page, open, stack }) => {
  const more = {
    status: "failed",
    errorClass: "Oops",
    errorMessage: "No.",
    finishedAt: Date.now(),
    tags: ["many"],
  };
  await stack.order({ add: [1, 2].map((n) => ({ type: "email.send", payload: { n }, more })) });
  await open("/dashboard?status=failed&tag=many");
  await expect(page.locator("[data-job]").first()).toBeVisible();
  await page.keyboard.press("a");
  await page.getByRole("toolbar").getByRole("button", { name: "Retry" }).click();
  await page.getByLabel("Reason").fill("The provider is up");
  await page.getByRole("button", { name: /^Retry \d+ jobs?$/ }).click();
  await page.getByRole("region", { name: "Bulk actions" }).getByRole("link").first().click();
  await expect(page).toHaveURL(/\/bulk\/\w+$/);
  const id = page.url().split("/").pop() ?? "";
  await page.getByRole("main").getByRole("link", { name: "Audit log" }).click();
  await expect(page).toHaveURL(new RegExp(`bulk=(%22)?${id}`));
  await expect(page.getByRole("button", { name: /^Remove the filter: Action on many/ })).toBeVisible();
});
