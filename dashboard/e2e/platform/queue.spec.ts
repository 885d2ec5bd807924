import { META } from "../../src/test/meta";
import { expect, hopeless, test } from "../fixtures";

test("a job type has a page: its backlog, charts, errors, slowest runs and definition", async ({
  page,
  open,
  submit,
  tag,
}) => {
  await submit("report.generate", hopeless(), { tags: [tag] });
  await open("/queues");
  await page.getByRole("link", { name: "report.generate" }).click();
  await expect(page).toHaveURL(/\/queues\/report-generate$/);
  await expect(page).toHaveTitle(/report-generate · JobFlow$/);
  for (const name of ["Unfinished jobs", "In and out", "Queue wait", "Run time"])
    await expect(page.getByRole("region", { name, exact: true })).not.toContainText("Loading");
  await expect(page.getByTestId("why")).toContainText(/of \d+ workers? busy/);
  await expect(
    page
      .getByRole("region", { name: /^Errors/ })
      .getByRole("listitem")
      .first(),
  ).toBeVisible();
  await expect(
    page
      .getByRole("region", { name: /^Slowest/ })
      .getByRole("listitem")
      .first(),
  ).toBeVisible();
  await page.getByRole("region", { name: "Unfinished jobs" }).getByRole("button", { name: "24 h" }).click();
  await expect(page).toHaveURL(/span=24h/);
  await page.getByRole("region", { name: "Queue wait" }).locator(".u-over").click();
  await expect(page).toHaveURL(/\/dashboard\?type=report\.generate&from=\d+&to=\d+/);
  await page.goBack();
  await page.reload();
  await expect(page.getByRole("heading", { name: "report.generate" })).toBeVisible();
  await open("/queues/no-such");
  await expect(page.getByRole("heading", { name: "Queue not found" })).toBeVisible();
});

test("what a status allows and the limits of requests are those of the API", async ({ stack }) => {
  const headers = { Authorization: `Bearer ${stack.admin}` };
  expect(await (await fetch(`${stack.api}/meta`, { headers })).json()).toEqual(META);
});
