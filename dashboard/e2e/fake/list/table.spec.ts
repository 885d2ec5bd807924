import { expectAccessibleInBothThemes } from "../../axe";
import { expect, test } from "../../fixtures";

test.beforeEach(({ stack }) => stack.reset({ jobs: 260, arrivals: 0 }));

test("another order loads a thousand jobs, says how many it covers, and covers all when asked", async ({
  page,
  open,
  stack,
}) => {
  stack.reset({ jobs: 1250, arrivals: 0 });
  await open("/dashboard");
  await page.getByRole("columnheader", { name: "Run" }).getByRole("button").click();
  const notice = page.getByRole("status").filter({ hasText: "are sorted" });
  await expect(notice).toContainText("Only the first 1,000 of 1,");
  await notice.getByRole("button", { name: /^Sort all [\d,]+$/ }).click();
  await expect(notice).toHaveCount(0);
  await expect(page.locator("footer").filter({ hasText: /^[\d,]+ jobs$/ })).toBeVisible();
  const times = await page.locator("[data-job] [role=cell]:nth-child(8)").allTextContents();
  const seconds = times.map((text) => parseFloat(text) * (text.includes("ms") ? 0.001 : 1));
  expect(seconds).toEqual([...seconds].sort((a, b) => b - a));
});

test("columns, density and views are kept; a view brings its filters back", async ({ page, open }) => {
  await open("/dashboard?status=dead_letter&type=image.process&sort=attempt");
  await page.getByRole("button", { name: "Columns and density" }).click();
  await page.getByRole("menuitemcheckbox", { name: "Wait" }).click();
  await page.getByRole("menuitemradio", { name: "Comfortable" }).click();
  await page.keyboard.press("Escape");
  await page.getByRole("button", { name: "Saved views" }).click();
  await page.getByLabel("Save current view as").fill("Dead pictures");
  await page.getByRole("button", { name: "Save", exact: true }).click();
  await expect(page.locator("[data-toast]")).toContainText("Saved the view “Dead pictures”");
  await open("/dashboard");
  await expect(page.getByRole("columnheader", { name: "Details" })).toBeVisible();
  await expect(page.getByRole("columnheader", { name: "Wait" })).toHaveCount(0);
  await expect(page.locator("[data-job]").first()).toHaveCSS("height", "48px");
  await page.getByRole("button", { name: "Saved views" }).click();
  await page.getByRole("button", { name: "Dead pictures", exact: true }).click();
  await expect(page).toHaveURL(/\?status=dead_letter&type=image\.process&sort=attempt$/);
});

test("a view that is saved for everyone is there in another browser, and its deletion can be undone", async ({
  page,
  open,
  stack,
  browser,
}) => {
  await open("/dashboard?status=dead_letter");
  await page.getByRole("button", { name: "Saved views" }).click();
  await page.getByLabel("Save current view as").fill("Dead now");
  await page.getByRole("button", { name: "For everyone" }).click();
  await page.getByRole("button", { name: "Save", exact: true }).click();
  await expect(page.locator("[data-toast]")).toContainText("for everyone");

  const other = await (await browser.newContext()).newPage();
  await other.goto(`${stack.site}/dashboard`);
  await other.getByRole("button", { name: "Saved views" }).click();
  const there = other.getByRole("button", { name: /^Dead now/ });
  await other.getByRole("button", { name: "Delete view Dead now" }).click();
  await expect(there).toHaveCount(0);
  await other.getByRole("button", { name: "Undo" }).click();
  await expect(other.locator("[data-toast]").last()).toContainText("Saved the view");
  await other.getByRole("button", { name: "Saved views" }).click();
  await there.click();
  await expect(other).toHaveURL(/\?status=dead_letter$/);

  await other.goto(`${stack.site}/dashboard?status=failed`);
  await other.getByRole("button", { name: "Saved views" }).click();
  await other.getByLabel("Save current view as").fill("Dead now");
  await other.getByRole("button", { name: "For everyone" }).click();
  await expect(other.getByText(/^Replaces the view that .+ saved\.$/)).toBeVisible();
  await other.getByRole("button", { name: "Save", exact: true }).click();
  await other.getByRole("button", { name: "Undo" }).click();
  await expect(other.locator("[data-toast]").last()).toContainText("Saved the view");
  const headers = { Authorization: `Bearer ${stack.viewer}` };
  const kept: unknown = await (await fetch(`${stack.api}/views`, { headers })).json();
  expect(JSON.stringify(kept)).toContain("?status=dead_letter");

  await other.getByRole("button", { name: "Saved views" }).click();
  await other.getByLabel("Save current view as").fill("Dead now");
  await other.getByRole("button", { name: "For everyone" }).click();
  await expect(other.getByText(/^Replaces the view/)).toBeVisible();
  const body = JSON.stringify({ name: "Dead now", search: "?q=colleague" });
  const admin = { Authorization: `Bearer ${stack.admin}`, "Content-Type": "application/json" };
  await fetch(`${stack.api}/views`, { method: "POST", headers: admin, body });
  await other.getByRole("button", { name: "Save", exact: true }).click();
  await expect(other.locator("[data-toast]").last()).toContainText("has a view with the name");
  const now: unknown = await (await fetch(`${stack.api}/views`, { headers })).json();
  expect(JSON.stringify(now)).toContain("?q=colleague");
  await other.context().close();
});

test("who may only read sees the views of the stage, and cannot save or delete one", async ({
  page,
  open,
  stack,
}) => {
  await page.addInitScript((token) => sessionStorage.setItem("jobflow.token", token), stack.viewer);
  await open("/dashboard");
  await page.getByRole("button", { name: "Saved views" }).click();
  await expect(page.getByRole("button", { name: "Failed reports" })).toBeVisible();
  await expect(page.getByRole("button", { name: "Delete view" })).toHaveCount(0);
  await expect(page.getByRole("button", { name: "For everyone" })).toHaveCount(0);
});

test("a selection holds the list; without it the new jobs wait behind a pill", async ({
  page,
  open,
  submit,
}) => {
  await open("/dashboard");
  const rows = page.locator("[data-job]");
  const first = (await rows.first().getAttribute("data-job")) ?? "";
  await rows.first().getByRole("checkbox").check();
  await expect(page.getByRole("toolbar")).toContainText("1 job selected · updates paused");
  const fresh = await submit("email.send", { to: ["ada@example.com"], subject: "Hi", text: "Hi" });
  const asked = page.waitForResponse((answer) => answer.url().includes("/metrics"));
  await asked;
  await expect(page.getByRole("button", { name: "1 new" })).toHaveCount(0);
  await expect(rows.first()).toHaveAttribute("data-job", first);
  await page.keyboard.press("Escape");
  await page.getByRole("button", { name: "1 new" }).click();
  await expect(rows.first()).toHaveAttribute("data-job", fresh);
  await expect(rows.nth(1)).toHaveAttribute("data-job", first);
});

test("any stretch of time can be written, and taken away again", async ({ page, open }) => {
  await page.addInitScript(() => localStorage.setItem("jobflow.prefs", JSON.stringify({ zone: "utc" })));
  await open("/dashboard");
  await page.getByRole("combobox", { name: "Created" }).selectOption("Between …");
  await page.getByLabel("From, UTC").fill("2020-01-01T00:00");
  await page.getByLabel("To, UTC").fill("2020-01-02T00:00");
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(/from=1577836800000&to=1577923200000/);
  await expect(page.getByText("No jobs match these filters")).toBeVisible();
  await page.getByRole("button", { name: "Remove the filter Created" }).click();
  await expect(page.locator("[data-job]").first()).toBeVisible();
});

test("shift picks a stretch; all that match can be picked, and what will happen is counted first", async ({
  page,
  open,
}) => {
  await open("/dashboard");
  const boxes = page.getByRole("checkbox", { name: /^Select job/ });
  await boxes.nth(1).check();
  await boxes.nth(5).click({ modifiers: ["Shift"] });
  const bar = page.getByRole("toolbar");
  await expect(bar).toContainText("5 jobs selected");
  await page.getByRole("checkbox", { name: "Select all loaded jobs" }).check();
  await bar.getByRole("button", { name: /^Select all \d+ matching/ }).click();
  await expect(bar).toContainText(/All \d+ jobs selected/);
  await bar.getByRole("button", { name: "Retry" }).click();
  await expect(page.getByRole("dialog", { name: /^Retry \d+ matching jobs?\?$/ })).toBeVisible();
  await expect(page.getByTestId("preview")).toHaveText(/\d+ jobs? will be retried\./);
});

test("a job begins from what others sent", async ({ page, open }) => {
  await open("/create?type=report.generate");
  await page.getByRole("button", { name: "Prefill" }).click();
  await expect(page.getByText("Recent jobs")).toBeVisible();
  await page.getByRole("menuitem", { name: /^\{/ }).first().click();
  await page.getByRole("button", { name: "JSON", exact: true }).click();
  await expect(page.getByLabel("Payload as JSON")).toHaveValue(/"hours": \d+/);
});

test("a key pressed the moment the rows are there is heard", async ({ page, open }) => {
  await page.addInitScript(() => {
    const press = () => document.dispatchEvent(new KeyboardEvent("keydown", { key: "j", bubbles: true }));
    new MutationObserver((_, watcher) => {
      if (!document.querySelector("[data-job]")) return;
      watcher.disconnect();
      press();
      press();
    }).observe(document, { childList: true, subtree: true });
  });
  await open("/dashboard?type=email.send");
  await expect(page.locator("[data-job] [data-row-link]").nth(1)).toBeFocused();
});

test("r, c and d act on the selection, not on the focused row; Shift extends it", async ({ page, open }) => {
  await open("/dashboard?status=dead_letter");
  await expect(page.locator("[data-job]").first()).toBeVisible();
  for (const key of ["j", "x", "j", "x", "j", "r"]) await page.keyboard.press(key);
  await expect(page.getByRole("dialog", { name: "Retry 2 selected jobs?" })).toBeVisible();
  await page.keyboard.press("Escape");
  await page.keyboard.press("d");
  await expect(page.getByRole("dialog", { name: "Discard 2 selected jobs?" })).toBeVisible();
  await page.keyboard.press("Escape");
  await page.keyboard.press("c");
  await expect(page.getByRole("dialog"), "none of them can be cancelled").toHaveCount(0);
  await page.keyboard.press("Shift+j");
  await expect(page.getByRole("toolbar")).toContainText("4 jobs selected");
  await page.keyboard.press("Escape");
  await page.keyboard.press("a");
  await expect(page.getByRole("toolbar")).toContainText(/\d+ jobs selected/);
});

test("c cancels the selected jobs and no other", async ({ page, open, stack }) => {
  const at = Date.now() + 3_600_000;
  const later = {
    type: "email.send",
    payload: {},
    more: { status: "scheduled", nextAttemptAt: at, tags: ["later"] },
  };
  await stack.order({ add: [later, later, later] });
  await open("/dashboard?tag=later");
  await expect(page.locator("[data-job]")).toHaveCount(3);
  for (const key of ["j", "x", "j", "x", "j", "c"]) await page.keyboard.press(key);
  const dialog = page.getByRole("dialog", { name: "Cancel 2 selected jobs?" });
  await dialog.getByRole("button", { name: "Cancel 2 jobs" }).click();
  await expect(page.locator("[data-run=done]")).toContainText("2 jobs cancelled");
  await page.keyboard.press("Escape");
  await expect(page.locator("[data-job] [data-status=scheduled]")).toHaveCount(1);
});

test("details are the error, or else what the payload is about, and tags stand beside them", async ({
  page,
  open,
  stack,
}) => {
  await page.setViewportSize({ width: 1440, height: 900 });
  const payload = { to: ["grace@example.com"], subject: "About lamps" };
  const more = { status: "completed", tags: ["shown"] };
  const wrong = { ...more, status: "failed", errorClass: "MailboxGone", errorMessage: "It is gone." };
  const { ids } = await stack.order({
    add: [
      { type: "email.send", payload, more },
      { type: "email.send", payload, more: wrong },
    ],
  });
  await open("/dashboard?tag=shown");
  const cells = (id: string | undefined) => page.locator(`[data-job="${id ?? ""}"]`).getByRole("cell");
  await expect(cells(ids[0]).filter({ hasText: "grace@example.com · About lamps" })).toHaveCount(1);
  await expect(cells(ids[1]).filter({ hasText: "MailboxGone · It is gone." })).toHaveCount(1);
  await expect(page.locator("[data-job]").getByRole("link", { name: "shown" })).toHaveCount(2);
});

test("a search goes on over pages without a match, stops in time, and can be continued", async ({
  page,
  open,
  stack,
}) => {
  stack.reset({ jobs: 700, arrivals: 0 });
  const old = { createdAt: Date.now() - 30 * 86_400_000, status: "failed", errorClass: "Lost", attempts: 1 };
  await stack.order({
    add: [{ type: "email.send", payload: {}, more: { ...old, errorMessage: "photo-69" } }],
  });
  await open("/dashboard?error=photo-69");
  await expect(page.locator("[data-job]")).toHaveCount(1);
  stack.reset({ jobs: 3000, arrivals: 0 });
  await open("/dashboard?error=nothing-like-this");
  await expect(page.getByText("No match so far")).toBeVisible();
  await expect(page.getByText(/Searched 2,200 of [23],\d{3} jobs: no match\./)).toBeVisible();
  await page.getByRole("button", { name: "Continue search" }).click();
  await expect(page.getByText("No jobs match these filters")).toBeVisible();
});

test("a job that no longer matches stays in its place, and can be read in both themes", async ({
  page,
  open,
  stack,
}) => {
  await open("/dashboard?status=failed");
  const row = page.locator("[data-job]").first();
  const id = (await row.getAttribute("data-job")) ?? "";
  const headers = { Authorization: `Bearer ${stack.admin}`, "Content-Type": "application/json" };
  await fetch(`${stack.api}/jobs/${id}/retry`, { method: "POST", headers, body: "{}" });
  await expect(row).toHaveAttribute("title", "No longer matches the filters");
  await expect(row).toHaveAttribute("data-job", id);
  await expectAccessibleInBothThemes(page);
});
