import { expectAccessibleInBothThemes } from "../../axe";
import { expect, test } from "../../fixtures";

const failed = (n: number) => ({
  type: "email.send",
  payload: { to: ["ada@example.com"], subject: `Number ${n}`, text: "Hi" },
  more: {
    status: "failed",
    createdAt: Date.now() - n * 1000,
    errorClass: "Oops",
    errorMessage: "No.",
    finishedAt: Date.now(),
    tags: ["many"],
  },
});

test("143 jobs of one error are retried by the platform: 2 clicks, progress at once, leave and come back", async ({
  page,
  open,
  stack,
  context,
}) => {
  stack.reset({ jobs: 20, arrivals: 0 });
  await stack.order({ add: Array.from({ length: 143 }, (_, n) => failed(n)) });
  await open("/dashboard?status=failed&tag=many");
  await expect(page.getByText("Oops").first()).toBeVisible();
  await page.keyboard.press("a");
  await page.getByRole("toolbar").getByRole("button", { name: "Retry" }).click();
  await expect(page.getByTestId("preview")).toHaveText("143 jobs will be retried.");
  // The first answer brings progress: nobody waits for a second one.
  const first = page.waitForResponse((answer) => answer.url().endsWith("/bulk") && answer.status() === 202);
  await page.getByRole("button", { name: "Retry 143 jobs" }).click();
  const run = page.getByRole("region", { name: "Bulk actions" });
  await expect(run.getByRole("status")).toHaveText(/^Retrying [1-9]\d* of 143$/);
  expect(((await (await first).json()) as { done: number }).done).toBeGreaterThan(0);
  await page.getByRole("link", { name: "Queues" }).first().click();
  await expect(page.getByRole("heading", { name: "Queues" })).toBeVisible();
  await expect(run.getByRole("status")).toHaveText(/^Retrying/);
  await expectAccessibleInBothThemes(page);
  await page.close();

  // Another tab, later: the platform has gone on.
  const other = await context.newPage();
  await other.goto(`${stack.site}/dashboard`);
  const result = other.getByRole("region", { name: "Bulk actions" });
  await expect(result.getByRole("status")).toHaveText("143 jobs requeued.");
  await result.getByRole("button", { name: "Dismiss" }).click();
  await expect(result).toHaveCount(0);
  await other.reload();
  await expect(other.locator("[data-job]").first()).toBeVisible();
  await expect(result).toHaveCount(0);
});

test("rows that a bulk action has changed show what their jobs do now, and keep their places", async ({
  page,
  open,
  stack,
}) => {
  stack.reset({ jobs: 0, arrivals: 0 });
  await stack.order({ add: [1, 2, 3].map(failed) });
  await open("/dashboard?status=failed");
  const rows = page.locator("[data-job]");
  await expect(rows).toHaveCount(3);
  await page.keyboard.press("a");
  await page.getByRole("toolbar").getByRole("button", { name: "Retry" }).click();
  await page.getByRole("button", { name: "Retry 3 jobs" }).click();
  for (const row of await rows.all()) await expect(row).not.toContainText("Failed");
  await expect(rows).toHaveCount(3);
});

test("it is stopped from another tab, and says what it skipped", async ({ page, open, stack, context }) => {
  stack.reset({ jobs: 20, arrivals: 0 });
  await stack.order({ add: Array.from({ length: 400 }, (_, n) => failed(n)) });
  await open("/dashboard?status=failed&tag=many");
  await page.keyboard.press("a");
  await page.getByRole("toolbar").getByRole("button", { name: "Retry" }).click();
  await expect(page.getByTestId("preview")).toHaveText("400 jobs will be retried.");
  await page.getByRole("button", { name: "Retry 400 jobs" }).click();
  const other = await context.newPage();
  await other.goto(`${stack.site}/queues`);
  const run = other.getByRole("region", { name: "Bulk actions" });
  await run.getByRole("button", { name: "Stop", exact: true }).click();
  await expect(run.getByRole("status")).toHaveText(/^Stopped\. \d+ jobs requeued\.$/);
  await expect(page.getByRole("region", { name: "Bulk actions" }).getByRole("status")).toHaveText(
    /^Stopped\./,
  );
});

test("a viewer sees bulk actions and cannot stop them", async ({ page, open, stack }) => {
  stack.reset({ jobs: 20, arrivals: 0 });
  await stack.order({ add: Array.from({ length: 400 }, (_, n) => failed(n)) });
  const body = JSON.stringify({ action: "retry", filter: { tag: "many" } });
  await fetch(`${stack.api}/bulk`, {
    method: "POST",
    headers: { Authorization: `Bearer ${stack.admin}` },
    body,
  });
  await page.addInitScript((token) => sessionStorage.setItem("jobflow.token", token), stack.viewer);
  await open("/queues");
  const run = page.getByRole("region", { name: "Bulk actions" });
  await expect(run.getByRole("status")).toHaveText(/^Retrying/);
  await run.getByRole("link").click();
  await expect(page.getByRole("main")).toContainText("started by admin");
  await expect(run.getByRole("button", { name: "Stop", exact: true })).toHaveCount(0);
});

test("more than 2,000 jobs are counted to the end before one can confirm", async ({ page, open, stack }) => {
  stack.reset({ jobs: 20, arrivals: 0 });
  await stack.order({ add: Array.from({ length: 3200 }, (_, n) => failed(n)) });
  await open("/dashboard?status=failed&tag=many");
  await page.keyboard.press("a");
  await page.getByRole("toolbar").getByRole("button", { name: "Retry" }).click();
  const confirm = page.getByRole("dialog").getByRole("button", { name: /^Retry/ });
  await expect(page.getByTestId("preview")).toHaveText(/^Counting: 2,[0-9]{3} so far$/);
  await expect(confirm, "nobody confirms what is not counted").toBeDisabled();
  await expect(confirm).toHaveAccessibleDescription(/^Counting: /);
  await expectAccessibleInBothThemes(page);
  await expect(page.getByTestId("preview")).toHaveText("3,200 jobs will be retried.", { timeout: 40_000 });
  await expect(confirm).toHaveText("Retry 3,200 jobs");
  await expect(confirm).toBeEnabled();
});

test("a count that fails says so and is begun again; one that is closed is stopped on the platform", async ({
  page,
  open,
  stack,
}) => {
  stack.reset({ jobs: 20, arrivals: 0 });
  await stack.order({ add: Array.from({ length: 6000 }, (_, n) => failed(n)) });
  await open("/dashboard?status=failed&tag=many");
  await page.keyboard.press("a");
  await stack.order({ fail: { path: "/bulk", status: 500 } });
  await page.getByRole("toolbar").getByRole("button", { name: "Retry" }).click();
  const dialog = page.getByRole("dialog");
  await expect(dialog.getByRole("alert")).toContainText("Could not count the jobs: Something went wrong");
  await expect(dialog.getByRole("button", { name: "Retry now" })).toBeDisabled();
  await expectAccessibleInBothThemes(page);
  await stack.order({ fail: null });
  await dialog.getByRole("button", { name: "Count again" }).click();
  await expect(page.getByTestId("preview")).toHaveText(/^Counting: [0-9,]+ so far$/);
  const stopped = page.waitForRequest((request) => request.url().endsWith("/stop"));
  await dialog.getByRole("button", { name: "Cancel" }).click();
  await stopped;
  await expect(page.getByRole("region", { name: "Bulk actions" }), "it changed nothing").toHaveCount(0);
});
