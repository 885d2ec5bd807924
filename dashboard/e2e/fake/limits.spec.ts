import { LIMITED, PLACED } from "../../scripts/made";
import { expect, test } from "../fixtures";

test("a blocked job leads to its limits, and an operator changes the number and resets it", async ({
  page,
  open,
  stack,
}) => {
  await stack.order(LIMITED);
  await open(`/jobs/${PLACED.waits[0]}`);
  await page.getByRole("link", { name: "View the limits" }).click();
  await expect(page.getByRole("heading", { name: "Limits of email.send" })).toBeVisible();
  await expect(page.locator("[data-limit]")).toHaveCount(5);
  await page.getByRole("link", { name: "email.send · acme" }).click();
  await expect(page.getByRole("region", { name: "3 jobs with a place" })).toContainText("running since");
  await page.getByRole("button", { name: "Change the limit email.send · acme" }).click();
  await page.getByLabel("Jobs at once").fill("8");
  await page.getByLabel("Reason").fill("A migration of this customer");
  await page.keyboard.press("Enter");
  await expect(page.getByText("At most 8 jobs run at once.")).toBeVisible();
  await expect(page.getByText("A migration of this customer")).toBeVisible();
  const reset = "Reset email.send · acme to the code";
  await page.getByRole("button", { name: reset }).click();
  await page.getByRole("dialog").getByRole("button", { name: reset }).click();
  await expect(page.getByText("At most 3 jobs run at once.")).toBeVisible();
  await expect(page.getByText("As in the code.", { exact: true })).toBeVisible();
});

test("any value of a field is found, and a viewer changes nothing", async ({ page, open, stack }) => {
  await stack.order(LIMITED);
  await page.addInitScript(() => {
    sessionStorage.setItem("jobflow.token", "viewer-token");
  });
  await open("/limits");
  await page.getByRole("link", { name: "email.send", exact: true }).click();
  await page.getByLabel("Another customer").fill("initech");
  await page.keyboard.press("Enter");
  await expect(page.getByRole("heading", { name: "initech" })).toBeVisible();
  await expect(page.getByText("Operators can change the number.")).toBeVisible();
});
