import { expectAccessibleInBothThemes } from "../axe";
import { expect, test } from "../fixtures";

const of = (tenant: string, n: number) => ({
  type: "email.send",
  payload: { to: ["ada@example.com"], subject: `Invoice ${n}`, text: tenant },
  more: { status: "queued", createdAt: Date.now() - n * 1000, tags: ["vip", `tenant=${tenant}`] },
});

test("tenants are counted on the type's page, lead to their jobs, and are searched for and shown on a job", async ({
  page,
  open,
  stack,
}) => {
  stack.reset({ jobs: 20, arrivals: 0 });
  await open("/queues/email-send");
  await page.getByRole("button", { name: "Pause" }).click();
  await page.getByLabel("Reason").fill("Waiting");
  await page.keyboard.press("Enter");
  await expect(page.getByTestId("paused")).toBeVisible();
  const add = [of("acme", 1), of("acme", 2), of("acme", 3), of("two words", 4)];
  const { ids } = await stack.order({ add, fairBy: { "email.send": "text" } });
  await open("/queues/email-send");
  const tenants = page.getByRole("region", { name: "Tenants with the most unfinished jobs" });
  await expect(tenants.getByRole("listitem")).toHaveText(["3acme", "1two words"]);
  await expectAccessibleInBothThemes(page);
  await tenants.getByRole("link", { name: "two words" }).click();
  await expect(page).toHaveURL(/tenant=two(\+|%20)words/);
  await expect(page.locator("[data-job]")).toHaveCount(1);
  await page.getByRole("button", { name: "Remove the filter Tenant: two words" }).click();
  const box = page.getByRole("combobox", { name: "Find jobs" });
  await box.fill("tenant:acme");
  await box.press("Enter");
  await expect(page.locator("[data-job]")).toHaveCount(3);
  await open(`/jobs/${ids[0] ?? ""}`);
  await page.getByRole("link", { name: "Tenant: acme" }).click();
  await expect(page).toHaveURL(/tenant=acme/);
  await expect(page.locator("[data-job]")).toHaveCount(3);
});

test("a type without tenants has no such list", async ({ page, open, stack }) => {
  stack.reset({ jobs: 20, arrivals: 0 });
  await open("/queues/email-send");
  await expect(page.getByRole("region", { name: "Definition" })).toBeVisible();
  await expect(page.getByRole("region", { name: "Tenants with the most unfinished jobs" })).toHaveCount(0);
});
