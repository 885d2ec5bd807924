import { expect, test } from "../fixtures";

test.beforeEach(({ stack }) => stack.reset({ jobs: 10, arrivals: 0 }));

test("an administrator sees who has a token, for what and until when, and what it did", async ({
  page,
  open,
}) => {
  await open("/tokens");
  const rows = page.locator("main ul").first().locator("li");
  await expect(rows).toHaveCount(4);
  await expect(page.getByText("3 tokens in use")).toBeVisible();
  await expect(rows.getByText("Types: email.send, report.* · Tenants: acme").first()).toBeVisible();
  await page.getByRole("button", { name: "All", exact: true }).click();
  await expect(rows).toHaveCount(6);
  await expect(rows.getByText("Revoked")).toBeVisible();
  await page.getByRole("link", { name: "Changes by ada" }).click();
  await expect(page).toHaveURL(/audit\?principal=1f2e3d4c5b6a7980/);
});

test("an administrator sees who has signed in, and ends the sessions of a person with a reason", async ({
  page,
  open,
}) => {
  await open("/tokens");
  const people = page.getByRole("region", { name: "Signed in" });
  await expect(people.getByRole("listitem")).toHaveCount(2);
  await expect(people.getByText("2 people")).toBeVisible();
  const grace = people.getByRole("listitem").filter({ hasText: "Grace Hopper" });
  await expect(grace.getByText("operator")).toBeVisible();
  await expect(grace.getByText("Until")).toBeVisible();
  const asked = page.waitForRequest((request) => request.url().endsWith("/sessions/revoke"));
  await grace.getByRole("button", { name: "End all sessions of Grace Hopper" }).click();
  await page.getByRole("textbox", { name: "Reason" }).fill("lost laptop");
  await page.getByRole("textbox", { name: "Reason" }).press("Enter");
  expect((await asked).postDataJSON()).toEqual({
    principal: "oidc:0f1e2d3c:00u1a2b3c4d5e6f7g8h9",
    reason: "lost laptop",
  });
  await expect(page.getByText("1 session ended")).toBeVisible();
  await expect(people.getByRole("listitem")).toHaveCount(1);
  await page.getByRole("button", { name: "All", exact: true }).click();
  await expect(people.getByRole("listitem")).toHaveCount(4);
  await expect(people.getByText("by local")).toBeVisible();
});

test("a viewer does not see the tokens", async ({ page, open }) => {
  await page.addInitScript(() => {
    sessionStorage.setItem("jobflow.token", "viewer-token");
  });
  await open("/tokens");
  await expect(page.getByText("Only administrators can see the tokens")).toBeVisible();
});
