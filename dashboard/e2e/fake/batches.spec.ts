import { BATCH, FANNED } from "../../scripts/made";
import { expect, test } from "../fixtures";

test("the failed members of a batch come first, each number leads to exactly its jobs, and a member leads back", async ({
  page,
  open,
  stack,
}) => {
  await stack.order(FANNED);
  await open("/batches");
  await expect(page.locator("[data-batch]")).toHaveCount(6);
  await page.getByRole("link", { name: "Product photos of November" }).click();
  await expect(page.getByRole("heading", { level: 1 })).toContainText("Product photos of November");
  await expect(page.getByText("128 of 200 ended")).toBeVisible();
  await expect(page.locator("[data-cell]")).toHaveCount(200);
  const failed = page.getByRole("region", { name: "Failed members" });
  await expect(failed.getByRole("listitem")).toHaveCount(4);
  const made = page.getByTestId("following").getByRole("link");
  await expect(made, "the job of on_failure").toHaveCount(1);

  await page.getByRole("link", { name: "Completed: 124" }).click();
  await expect(page).toHaveURL(new RegExp(`batch=${BATCH.running}&status=completed`));
  await expect(page.getByText("Load").or(page.locator("[data-job]")).first()).toBeVisible();
  await page.goBack();

  await page.getByRole("link", { name: "List: 3 jobs, Failed" }).click();
  await expect(page.locator("[data-job]")).toHaveCount(3);
  await page.goBack();

  await failed.getByRole("listitem").first().getByRole("link").click();
  await page.getByRole("link", { name: /^Batch 0b8f4d52, round 1/ }).click();
  await expect(page.getByRole("heading", { level: 1 })).toContainText("Product photos of November");
});

test("200 members are one stop of the Tab key; arrows move between them, Enter opens one", async ({
  page,
  open,
  stack,
}) => {
  await stack.order(FANNED);
  await open(`/batches/${BATCH.running}`);
  await page.getByRole("link", { name: "Open in Jobs" }).focus();
  await page.keyboard.press("Tab");
  await page.keyboard.press("Tab");
  const cells = page.locator("[data-cell]");
  await expect(cells.first()).toBeFocused();
  await page.keyboard.press("ArrowRight");
  await expect(cells.nth(1)).toBeFocused();
  await page.keyboard.press("ArrowDown");
  await expect(cells.nth(3), "the dead letter below").toBeFocused();
  await page.keyboard.press("End");
  await expect(cells.last()).toBeFocused();
  await page.keyboard.press("Home");
  const id = (await cells.first().getAttribute("data-cell")) ?? "";
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(new RegExp(`/jobs/${id}$`));
});

test("the failed members are retried as a round, whose members, rate and bulk action the page shows", async ({
  page,
  open,
  stack,
}) => {
  await stack.order(FANNED);
  await open(`/batches/${BATCH.running}`);
  await page.getByRole("button", { name: "Retry the failed members" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Retry the failed members" }).click();
  const rounds = page.getByRole("navigation", { name: "Rounds" });
  await expect(rounds.getByRole("link")).toHaveCount(2);
  await expect(page.getByText(/ of 4 ended/)).toBeVisible();
  await expect(page.getByRole("region", { name: "Bulk actions on this batch" })).toContainText(
    "started by admin",
  );
  await rounds.getByRole("link", { name: /^Round 1/ }).click();
  await expect(page.getByText("128 of 200 ended")).toBeVisible();
  await expect(page.locator("[data-cell]"), "the others are in round 2").toHaveCount(196);
});

test("an open batch is closed, and a running one is cancelled, each after a question", async ({
  page,
  open,
  stack,
}) => {
  await stack.order(FANNED);
  await open(`/batches/${BATCH.open}`);
  await page.getByRole("button", { name: "Close the batch" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Close the batch" }).click();
  await expect(page.locator("h1 [data-state]")).toHaveText("Running");
  await page.getByRole("button", { name: "Cancel the batch" }).click();
  await expect(page.getByRole("dialog")).toContainText("Members that have not ended are cancelled");
  await page.getByRole("dialog").getByRole("button", { name: "Cancel the batch" }).click();
  await expect(page.getByText("The batch is being cancelled, by admin.")).toBeVisible();
  await expect(page.getByRole("button", { name: "Cancel the batch" })).toHaveCount(0);
  await expect(page.locator("h1 [data-state]")).toHaveText("Ended");
  await expect(page.getByRole("button", { name: "Cancel the batch" })).toHaveCount(0);
});

test("a viewer sees a batch and cannot change it", async ({ page, open, stack }) => {
  await stack.order(FANNED);
  await page.addInitScript((token) => sessionStorage.setItem("jobflow.token", token), stack.viewer);
  await open(`/batches/${BATCH.running}`);
  await expect(page.getByText("128 of 200 ended")).toBeVisible();
  await expect(page.getByRole("button", { name: /^Account/ }), "the role is known").toHaveAccessibleName(
    /viewer/,
  );
  await expect(page.getByRole("button", { name: /^(Retry|Cancel|Close)/ })).toHaveCount(0);
});

test("a job with 200 child jobs shows them as cells, and as one row for each type on its timeline", async ({
  page,
  open,
  stack,
}) => {
  await stack.order(FANNED);
  await open(`/jobs/${BATCH.parent}`);
  await expect(page.locator("[data-crowd]")).toHaveCount(2);
  const made = page.getByRole("region", { name: "Jobs it made" });
  await expect(made.locator("[data-cell]")).toHaveCount(200);
  await made.getByRole("button", { name: "As a list" }).click();
  await expect(made.getByRole("listitem")).toHaveCount(200);
});

test("an action on all members of a round acts on those of this round only", async ({
  page,
  open,
  stack,
}) => {
  await stack.order(FANNED);
  await open(`/dashboard?batch=${BATCH.large}&round=1`);
  await expect(page.locator("[data-job]").first()).toBeVisible();
  const created = page.getByRole("columnheader", { name: "Created" });
  await expect(created, "the order is that of ids").toHaveAttribute("aria-sort", "none");
  await page.getByRole("checkbox", { name: "Select all loaded jobs" }).check();
  const bar = page.getByRole("toolbar");
  await bar.getByRole("button", { name: /^Select all .*matching/ }).click();
  await bar.getByRole("button", { name: "Retry" }).click();
  await expect(page.getByTestId("preview")).toHaveText("20 jobs will be retried.");
  await page.keyboard.press("Escape");
  await page.getByRole("combobox", { name: "Find jobs" }).fill(`batch:${BATCH.open}`);
  await page.keyboard.press("Enter");
  await expect(page, "a round belongs to its batch").toHaveURL(new RegExp(`batch=${BATCH.open}$`));
});
