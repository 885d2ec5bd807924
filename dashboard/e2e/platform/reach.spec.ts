import { expect, hopeless, statusOf, test } from "../fixtures";

test("everything is done by keyboard: find, walk, pick, open, retry, go", async ({
  page,
  open,
  submit,
  tag,
}) => {
  const first = await submit("report.generate", hopeless(), { tags: [tag] });
  await submit("report.generate", hopeless(), { tags: [tag] });
  await open("/dashboard");
  await expect(page.locator("[data-job]").first()).toBeVisible();
  await page.keyboard.press("/");
  await expect(page.getByRole("combobox", { name: "Find jobs" })).toBeFocused();
  await page.keyboard.type(`tag:${tag}`);
  await page.keyboard.press("Enter");
  await expect(page.getByRole("button", { name: `Remove the filter Tag: ${tag}` })).toBeVisible();
  await expect(page.locator("[data-job]")).toHaveCount(2);
  await page.keyboard.press("Escape");
  await page.keyboard.press("j");
  await page.keyboard.press("j");
  await expect(page.locator(`[data-row-link="${first}"]`)).toBeFocused();
  await page.keyboard.press("x");
  await expect(page.getByRole("toolbar")).toContainText("1 job selected");
  await page.keyboard.press("Escape");
  await expect(page.getByRole("toolbar")).toBeHidden();
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(new RegExp(first));
  await expect(statusOf(page)).toHaveText("Failed");
  await page.keyboard.press("r");
  await expect(page.getByRole("dialog")).toContainText("Retry job");
  await page.getByRole("button", { name: "Retry now" }).press("Enter");
  await expect(page.locator("[data-toast]")).toContainText("requeued");
  await page.keyboard.press("g");
  await page.keyboard.press("q");
  await expect(page.getByRole("heading", { name: "Queues", exact: true })).toBeVisible();
  await page.keyboard.press("g");
  await page.keyboard.press("e");
  await expect(page.getByRole("heading", { name: "Errors", exact: true })).toBeVisible();
  await page.keyboard.press("n");
  await expect(page.getByRole("heading", { name: "Create a job" })).toBeVisible();
  await page.keyboard.press("?");
  await expect(page.getByRole("dialog", { name: "Keyboard" })).toBeVisible();
  await page.keyboard.press("Escape");
  await page.keyboard.press("Control+k");
  await page.getByRole("dialog").getByRole("combobox").fill(first);
  await page.getByRole("option", { name: `report.generate · ${first.slice(0, 8)}` }).waitFor();
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(new RegExp(first));
});

test("a viewer sees everything and can change nothing", async ({ page, stack, submit, tag }) => {
  expect(stack.viewer, "VIEWER_TOKEN names a viewer's token of the stack").not.toBe("");
  const id = await submit("report.generate", hopeless(), { tags: [tag] });
  await page.addInitScript((token) => sessionStorage.setItem("jobflow.token", token), stack.viewer);
  await page.goto(`${stack.site}/jobs/${id}`);
  await expect(statusOf(page)).toHaveText("Failed");
  await expect(page.getByRole("button", { name: /^Retry/ })).toHaveCount(0);
  await expect(page.getByRole("link", { name: "Create" })).toHaveCount(0);
  await page.keyboard.press("r");
  await expect(page.getByRole("dialog")).toHaveCount(0);
  await page.goto(`${stack.site}/dashboard?tag=${tag}`);
  await expect(page.locator(`[data-job="${id}"]`)).toBeVisible();
  await expect(page.getByRole("checkbox")).toHaveCount(0);
  await page.getByRole("button", { name: /^Account/ }).click();
  await expect(page.getByTestId("role")).toHaveText("viewer");
  await page.goto(`${stack.site}/create`);
  await expect(page.getByRole("heading", { name: "Your token is read-only" })).toBeVisible();
});

test("a refused token leads to the sign-in and back to the same page", async ({
  page,
  stack,
  submit,
  tag,
}) => {
  const id = await submit("report.generate", hopeless(), { tags: [tag] });
  await page.addInitScript(() => {
    if (!sessionStorage.getItem("asked")) sessionStorage.setItem("jobflow.token", "no-such-token");
    sessionStorage.setItem("asked", "yes");
  });
  await page.goto(`${stack.site}/jobs/${id}`);
  await expect(page.getByRole("heading", { name: "Sign in" })).toBeVisible();
  await expect(page.getByText("Invalid or revoked token.")).toBeVisible();
  await expect(page.getByLabel("Token")).toBeFocused();
  await expect(page).toHaveURL(new RegExp(id));
  await page.getByLabel("Token").fill(stack.admin);
  await page.keyboard.press("Enter");
  await expect(page.getByTestId("job-id")).toHaveText(id);
});

test("the API goes away and comes back: what is shown stays, and says how old it is", async ({
  page,
  open,
  stack,
  submit,
  tag,
}) => {
  const id = await submit("report.generate", hopeless(), { tags: [tag] });
  await open(`/dashboard?tag=${tag}`);
  await expect(page.locator(`[data-job="${id}"]`)).toBeVisible();
  await page.route(`${stack.api}/**`, (route) => route.abort("connectionrefused"));
  await expect(page.getByRole("alert")).toContainText("The API cannot be reached.");
  await expect(page.locator(`[data-job="${id}"]`)).toBeVisible();
  await page.unroute(`${stack.api}/**`);
  await expect(page.getByRole("alert")).toHaveCount(0);
});

test("at 320 px nothing is cut off, and everything is there", async ({ page, open, submit, tag }) => {
  const id = await submit("report.generate", hopeless(), { tags: [tag] });
  await page.setViewportSize({ width: 320, height: 640 });
  for (const path of ["/", `/dashboard?tag=${tag}`, `/jobs/${id}`, "/create", "/queues", "/errors"]) {
    await open(path);
    await expect(page.locator("main h1, main h2, main [data-job]").first()).toBeVisible();
    expect(await page.evaluate(() => document.documentElement.scrollWidth), path).toBeLessThanOrEqual(320);
  }
  await open(`/dashboard?tag=${tag}`);
  await page.locator(`[data-job="${id}"]`).click();
  await expect(page).toHaveURL(new RegExp(id));
  await page
    .getByRole("navigation", { name: "Main, at the bottom" })
    .getByRole("link", { name: "Queues" })
    .click();
  await expect(page.getByRole("heading", { name: "Queues", exact: true })).toBeVisible();
});

test("new jobs wait behind a pill; rows do not jump", async ({ page, open, submit, tag }) => {
  const old = await submit("report.generate", hopeless(), { tags: [tag] });
  await open(`/dashboard?tag=${tag}`);
  await expect(page.locator("[data-job]")).toHaveCount(1);
  const fresh = await submit("report.generate", hopeless(), { tags: [tag] });
  await expect(page.getByRole("button", { name: "1 new" })).toBeVisible();
  await expect(page.locator("[data-job]")).toHaveCount(1);
  await page.getByRole("button", { name: "1 new" }).click();
  await expect(page.locator("[data-job]")).toHaveCount(2);
  await expect(page.locator("[data-job]").first()).toHaveAttribute("data-job", fresh);
  await expect(page.locator("[data-job]").last()).toHaveAttribute("data-job", old);
});
