import type { Page } from "@playwright/test";
import { expect, test } from "../fixtures";

test.beforeEach(({ stack }) => stack.reset({ jobs: 100, arrivals: 0 }));

const card = (page: Page, name: string) => page.getByRole("region", { name });

test("the list says which receivers work, and an administrator ends a pause and enables a webhook", async ({
  page,
  open,
}) => {
  await open("/webhooks");
  await expect(page.getByText("4 webhooks, 1 disabled")).toBeVisible();
  await expect(card(page, "billing").getByText("No failures at present")).toBeVisible();
  await card(page, "audit").getByRole("button", { name: "End the pause of audit", exact: true }).click();
  await expect(card(page, "audit").getByText("No failures at present")).toBeVisible();
  await card(page, "old-crm").getByRole("button", { name: "Enable old-crm", exact: true }).click();
  await expect(page.getByText("4 webhooks", { exact: true })).toBeVisible();
});

test("a new webhook is refused by field, then created; its secret is shown once; it is edited and deleted", async ({
  page,
  open,
}) => {
  await open("/webhooks");
  await page.getByRole("link", { name: "New webhook" }).click();
  await page.getByLabel("Name").fill("shop");
  await page.getByLabel("URL").fill("http://shop.example.com/");
  await page.getByRole("button", { name: "Create webhook" }).click();
  await expect(page.getByLabel("URL")).toBeFocused();
  await page.getByLabel("URL").fill("https://shop.example.com/");
  await page.getByRole("button", { name: "Create webhook" }).click();
  await expect(page.getByText(/^whsec_/)).toBeVisible();
  await page.getByRole("button", { name: "Close" }).click();
  await expect(page.getByText(/^whsec_/)).toHaveCount(0);

  await page.getByRole("link", { name: "Edit shop" }).click();
  await page.getByLabel("Job types").fill("*");
  await page.getByRole("button", { name: "Save changes" }).click();
  await expect(card(page, "shop").getByText(/^All jobs/)).toBeVisible();

  await page.getByRole("button", { name: "Delete shop" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Delete shop" }).click();
  await expect(card(page, "shop")).toHaveCount(0);
});

test("deliveries are found behind those of busier webhooks, older ones are loaded, and one is sent again", async ({
  page,
  open,
}) => {
  await open("/webhooks?of=quiet");
  const rows = page.locator("main li");
  await expect(page.getByText("None among the newest deliveries of all webhooks")).toBeVisible();
  await page.getByRole("button", { name: "Older deliveries" }).click();
  await expect(rows).toHaveCount(1);

  await open("/webhooks?of=billing");
  await expect(rows).toHaveCount(50);
  await page.getByRole("button", { name: "Older deliveries" }).click();
  await expect(rows).toHaveCount(70);
  const failed = rows.nth(1);
  await expect(failed).toContainText("HTTP 500: <b>down");
  await failed.getByRole("button", { name: /^Send delivery .* again$/ }).click();
  await expect(failed).toContainText("Pending");
});

test("a job names its webhooks, each with its deliveries", async ({ page, open, stack }) => {
  const { ids } = await stack.order({
    add: [{ type: "email.send", payload: {}, more: { notify: ["billing"] } }],
  });
  await open(`/jobs/${ids[0] ?? ""}`);
  await page.getByRole("region", { name: "Details" }).getByRole("link", { name: "billing" }).click();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Deliveries to billing");
});
