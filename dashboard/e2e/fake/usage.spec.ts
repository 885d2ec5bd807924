import { SPENDING } from "../../scripts/made";
import { expect, test } from "../fixtures";

test.beforeEach(({ stack }) => stack.reset({ jobs: 60, arrivals: 0 }));

test("what jobs cost: the month, the trend, types and tenants with their jobs, the dearest runs", async ({
  page,
  open,
  stack,
}) => {
  await stack.order(SPENDING);
  await open("/dashboard");
  await expect(page.locator("[data-job]").first()).toBeVisible();
  await page.keyboard.press("Control+k");
  await page.keyboard.type("dearest");
  await page.getByRole("option", { name: "What jobs cost" }).click();
  await expect(page).toHaveURL(/\/usage$/);
  const total = page.getByTestId("total");
  await expect(total).toHaveText(/^\$\d/);
  const month = await total.textContent();
  await page.getByRole("button", { name: "90 d" }).click();
  await expect(page).toHaveURL(/period=90d/);
  await expect(total).not.toHaveText(month ?? "");
  await expect(page.getByRole("region", { name: "Cost by day" })).toContainText("Retries$");

  const dearest = page.getByRole("region", { name: "Dearest runs" });
  await expect(dearest.getByRole("listitem").first()).toContainText("$0.");

  await page.getByRole("button", { name: "By tenant" }).click();
  await page.getByRole("link", { name: "Jobs of acme" }).click();
  await expect(page).toHaveURL(/dashboard\?type=email\.send&tenant=acme&from=\d+/);
});

test("budgets say what is spent today, and which type they have paused", async ({ page, open, stack }) => {
  await stack.order(SPENDING);
  await open("/usage");
  const budgets = page.getByRole("region", { name: "Budgets of today" }).getByRole("listitem");
  await expect(budgets).toHaveCount(3);
  await expect(budgets.filter({ hasText: "report.generate" })).toContainText("Paused until midnight (UTC)");
  await expect(budgets.filter({ hasText: "email.send" })).toContainText("of $50.00");
});

test("one type has its own sums, and an attempt its own cost", async ({ page, open }) => {
  await open("/usage?period=7d");
  await page.getByLabel("Type").selectOption("image.process");
  await expect(page).toHaveURL(/type=image\.process/);
  const rows = page.getByRole("region", { name: "What costs most" }).getByRole("listitem");
  await expect(rows).toHaveCount(1);
  await page.getByRole("region", { name: "Cost by day" }).locator(".u-over").click();
  await expect(page).toHaveURL(/dashboard\?type=image\.process&from=\d+&to=\d+/);
  await page.goBack();
  await page.getByRole("region", { name: "Dearest runs" }).getByRole("link").first().click();
  await expect(page).toHaveURL(/\/jobs\//);
  const cost = page.locator("dl > div").filter({ hasText: /^Cost\$0\.0/ });
  await expect(cost.first()).toBeVisible();
  expect(await cost.count()).toBeGreaterThan(1);
});
