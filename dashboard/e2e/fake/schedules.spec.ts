import type { Page } from "@playwright/test";
import { expect, test } from "../fixtures";

test.beforeEach(({ stack }) => stack.reset({ jobs: 100, arrivals: 0 }));

const card = (page: Page, id: string) => page.getByRole("region", { name: id });

test("the list shows the next firings in the schedule's zone and in UTC, and the last results", async ({
  page,
  open,
}) => {
  await open("/schedules");
  await expect(page.getByText("2 schedules, 1 paused")).toBeVisible();
  const digest = card(page, "daily-digest");
  const next = digest.getByRole("list", { name: "Next firings" }).getByRole("listitem");
  await expect(next).toHaveCount(5);
  await expect(next.first()).toContainText("06:30 +01:00");
  await expect(next.first()).toContainText("05:30 UTC");
  await expect(digest.getByRole("link", { name: /^\w+ \d\d \w+ \d\d:\d\d \+01:00: / })).toHaveCount(5);
  await digest.getByRole("link", { name: "View the jobs of daily-digest" }).click();
  await expect(page).toHaveURL(/tag=schedule%3Adaily-digest/);
});

test("an operator's verbs: resume, pause, run now", async ({ page, open }) => {
  await open("/schedules");
  const nightly = card(page, "report.generate-nightly");
  await expect(nightly.getByText("None while it is paused.")).toBeVisible();
  await expect(nightly.getByRole("link", { name: "Edit" })).toHaveCount(0);
  await nightly.getByRole("button", { name: "Resume report.generate-nightly", exact: true }).click();
  await expect(
    nightly.getByRole("list", { name: "Next firings" }).getByRole("listitem").first(),
  ).toContainText("02:00 UTC");
  const run = "Run report.generate-nightly now";
  await nightly.getByRole("button", { name: run }).click();
  await page.getByLabel("Reason").fill("The report of today is missing");
  await page.getByRole("dialog").getByRole("button", { name: run }).click();
  await expect(page.getByText("report.generate-nightly: job created.")).toBeVisible();
  await nightly.getByRole("button", { name: "Pause report.generate-nightly" }).click();
  await page.getByLabel("Reason").press("Enter");
  await expect(nightly.getByText("None while it is paused.")).toBeVisible();
});

test("a new schedule is previewed while it is typed, refused by field, and created", async ({
  page,
  open,
  stack,
}) => {
  await open("/schedules");
  await page.getByRole("link", { name: "New schedule" }).click();
  await page.getByLabel("Time zone").fill("Europe/Berlin");
  await page.getByLabel("Cron expression").fill("15 7 * *");
  await expect(page.getByText(/^Cron expression: must have five fields/)).toBeVisible();
  await page.getByLabel("Cron expression").fill("15 7 * * *");
  const firings = page.getByRole("list", { name: "Next five firings" });
  await expect(firings.getByRole("listitem").first()).toContainText("07:15 +01:00");
  await page.getByLabel("Subject").fill("Good morning");
  await page.getByLabel("Name", { exact: false }).first().fill("Not so");
  await page.getByRole("button", { name: "Create schedule" }).click();
  await expect(page.getByLabel("Name", { exact: false }).first()).toHaveAttribute("aria-invalid", "true");
  await page.getByLabel("Name", { exact: false }).first().fill("morning");
  await page.getByRole("button", { name: "Create schedule" }).click();
  await expect(
    card(page, "morning").getByRole("list", { name: "Next firings" }).getByRole("listitem").first(),
  ).toContainText("07:15 +01:00");
  const headers = { Authorization: `Bearer ${stack.viewer}` };
  const made: unknown = await (await fetch(`${stack.api}/schedules/morning`, { headers })).json();
  expect(made).toMatchObject({ payload: { subject: "Good morning" } });
});

test("a change that somebody else was faster with is refused, and what was typed stays", async ({
  page,
  open,
}) => {
  await open("/schedules?edit=daily-digest");
  await page.getByLabel("Cron expression").fill("45 8 * * *");
  await page.route("**/schedules/daily-digest", async (route) => {
    const theirs = { ...(route.request().postDataJSON() as object), cron: "0 9 * * *" };
    await route.fetch({ postData: JSON.stringify(theirs) });
    await route.continue();
  });
  await page.getByRole("button", { name: "Save changes" }).click();
  await expect(page.getByText(/was changed meanwhile/)).toBeVisible();
  await expect(page.getByLabel("Cron expression")).toHaveValue("45 8 * * *");
});

test("a change shows the firings before and after it", async ({ page, open }) => {
  await open("/schedules?edit=daily-digest");
  await expect(page.getByRole("heading", { name: "What the change does" })).toHaveCount(0);
  await page.getByLabel("Cron expression").fill("45 8 * * *");
  await expect(page.getByRole("list", { name: "Now" }).getByRole("listitem").first()).toContainText("06:30");
  const after = page.getByRole("list", { name: "After the change" }).getByRole("listitem");
  await expect(after.first()).toContainText("08:45 +01:00");
  await page.getByRole("button", { name: "Save changes" }).click();
  await expect(card(page, "daily-digest").getByText("45 8 * * *")).toBeVisible();
});

test("a deletion asks first", async ({ page, open }) => {
  await open("/schedules");
  await card(page, "daily-digest").getByRole("button", { name: "Delete daily-digest" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Delete daily-digest" }).click();
  await expect(card(page, "daily-digest")).toHaveCount(0);
});

test("a viewer reads and changes nothing; a failure tells why", async ({ page, open, stack }) => {
  await page.addInitScript((token) => sessionStorage.setItem("jobflow.token", token), stack.viewer);
  await open("/schedules");
  await expect(card(page, "daily-digest")).toBeVisible();
  await expect(page.getByRole("main").getByRole("button")).toHaveCount(0);
  await open("/schedules?edit=daily-digest");
  await expect(page.getByRole("heading", { name: "Your role cannot change schedules." })).toBeVisible();
  await stack.order({ fail: { path: "/schedules", status: 500 } });
  await open("/schedules");
  await expect(page.getByRole("heading", { name: "Couldn't load schedules" })).toBeVisible();
  await stack.order({ fail: null });
});

test("a schedule whose firings fail is a finding that leads to it", async ({ page, open, stack }) => {
  stack.reset({ jobs: 0, arrivals: 0 });
  const failed = {
    type: "email.send",
    payload: { to: ["ada@example.com"], subject: "Digest", text: "Hi" },
    more: { status: "dead_letter", errorClass: "MailboxGone", errorMessage: "Gone.", finishedAt: Date.now() },
  };
  await stack.order({ add: [1, 2, 3].map(() => failed) });
  await open("/dashboard");
  const health = page.getByRole("region", { name: "Health" });
  await expect(health.getByRole("link", { name: /^Schedule daily-digest/ })).toBeVisible();
  await expect(page, "the tab counts the findings that the page shows").toHaveTitle(/^\(2\) /);
  await health.getByRole("link", { name: "Schedule daily-digest: the last 2 firings failed." }).click();
  await expect(page).toHaveURL(/\/schedules#daily-digest$/);
  await expect(
    card(page, "daily-digest").getByRole("link", { name: "The last 2 firings failed." }),
  ).toBeVisible();
  stack.reset();
});
