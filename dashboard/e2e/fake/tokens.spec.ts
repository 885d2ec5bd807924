import { expect, test } from "../fixtures";

test.beforeEach(({ stack }) => stack.reset({ jobs: 10, arrivals: 0 }));

test("an administrator sees who has a token, for what and until when, and what it did", async ({
  page,
  open,
}) => {
  await open("/tokens");
  const rows = page.locator("main li");
  await expect(rows).toHaveCount(4);
  await expect(page.getByText("3 tokens in use")).toBeVisible();
  await expect(rows.getByText("Types: email.send, report.* · Tenants: acme").first()).toBeVisible();
  await page.getByRole("button", { name: "All", exact: true }).click();
  await expect(rows).toHaveCount(6);
  await expect(rows.getByText("Revoked")).toBeVisible();
  await page.getByRole("link", { name: "Changes by ada" }).click();
  await expect(page).toHaveURL(/audit\?principal=1f2e3d4c5b6a7980/);
});

test("a viewer does not see the tokens", async ({ page, open }) => {
  await page.addInitScript(() => {
    sessionStorage.setItem("jobflow.token", "viewer-token");
  });
  await open("/tokens");
  await expect(page.getByText("Only administrators can see the tokens")).toBeVisible();
});
