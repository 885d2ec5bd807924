import type { Page } from "@playwright/test";
import { CROWD, DEAD, MADE, RULED } from "./made";

/** What a screenshot is of. */
export interface Screen {
  path: (find: Find) => Promise<string> | string;
  /** Orders to the fake API before, and undone after. */
  order?: object;
  /** What is done on the page before it is shot. */
  then?: (page: Page) => Promise<unknown>;
  /** The page from top to bottom, and not only what is in the window. */
  whole?: boolean;
  /** Its parts are those of another screen: it is shot and not tested. */
  alike?: boolean;
}
export interface Find {
  /** The newest job of this status. */
  byStatus: (status: string) => Promise<string>;
  /** A job that is made for the picture. */
  made: (name: keyof typeof MADE) => Promise<string>;
}

const press = (key: string) => (page: Page) => page.keyboard.press(key);
const selectThree = async (page: Page) => {
  for (const box of (await page.getByRole("checkbox", { name: /^Select job/ }).all()).slice(0, 3))
    await box.check();
};
const signOut = async (page: Page) => {
  await page.getByRole("button", { name: /^Account/ }).click();
  await page.getByRole("menuitem", { name: "Sign out" }).click();
};
const open = (name: string | RegExp) => (page: Page) => page.getByRole("button", { name }).first().click();

/** How a page looks while its data is on its way, and when none comes. */
const late = { latencyMs: 20_000 };
const failing = { fail: { path: "/", status: 500 } };
const withoutJobs = { reset: { jobs: 0, arrivals: 0 } };
const paused = async (page: Page) => {
  await page.getByRole("button", { name: "Pause", exact: true }).first().click();
  await page.getByLabel("Reason").fill("The mail provider is down until noon.");
  await page.getByRole("dialog").getByRole("button", { name: "Pause" }).click();
  await page.getByTestId("paused").waitFor();
};

const acknowledge = async (page: Page) => {
  const group = page.locator("main li").filter({ hasText: "ExportEmpty" });
  await group.getByRole("button", { name: "Acknowledge" }).click();
  await group.getByText("Acknowledged by").waitFor();
  await page.getByRole("link", { name: "Jobs", exact: true }).first().click();
  await page.getByRole("list", { name: "Also" }).waitFor();
};
const retryAll = async (page: Page) => {
  await page.locator("[data-job]").first().waitFor();
  await page.keyboard.press("a");
  await page.getByRole("toolbar").getByRole("button", { name: "Retry" }).click();
  await page.getByText(/^(Counting: [2-9],|Could not count)/).waitFor();
};

export const SCREENS: Record<string, Screen> = {
  landing: { path: () => "/", whole: true },
  dashboard: { path: () => "/dashboard" },
  "dashboard-loading": { path: () => "/dashboard", order: late },
  "dashboard-error": { path: () => "/dashboard", order: failing },
  "dashboard-empty": { path: () => "/dashboard", order: withoutJobs },
  "dashboard-partial": { path: () => "/dashboard", order: { fail: { path: "/metrics", status: 503 } } },
  "dashboard-sorted": { path: () => "/dashboard?sort=run" },
  "dashboard-columns": { path: () => "/dashboard", then: open("Columns and density") },
  "dashboard-views": { path: () => "/dashboard?status=failed&range=1h", then: open("Saved views") },
  "dashboard-scheduled": { path: () => "/dashboard?status=scheduled" },
  "dashboard-matches": { path: () => "/dashboard?q=ada", whole: true },
  "dashboard-no-match": { path: () => "/dashboard?q=zebra" },
  "dashboard-unknown": {
    path: () => "/dashboard",
    then: async (page) => {
      await page.getByRole("combobox", { name: "Find jobs" }).fill("status:dead");
      await page.keyboard.press("Enter");
      await page.getByRole("alert").waitFor();
    },
    alike: true,
  },
  "dashboard-filters": {
    path: () => "/dashboard?status=failed&type=report.generate&range=7d&error=period&payload=from%3D2026",
  },
  "health-ranked": { path: () => "/errors", order: DEAD, then: acknowledge, alike: true },
  "health-all": {
    path: () => "/errors",
    order: DEAD,
    then: async (page) => {
      await acknowledge(page);
      await open(/^All \d/)(page);
    },
    alike: true,
  },
  "bulk-counting": { path: () => "/dashboard?tag=many", order: CROWD, then: retryAll, alike: true },
  "bulk-uncounted": {
    path: () => "/dashboard?tag=many",
    order: { ...CROWD, fail: { path: "/bulk", status: 500 } },
    then: retryAll,
    alike: true,
  },
  selected: { path: () => "/dashboard?status=dead_letter", then: selectThree },
  empty: { path: () => "/dashboard?error=nothing-like-this" },
  "job-dead": { path: async (find) => `/jobs/${await find.byStatus("dead_letter")}`, whole: true },
  "job-done": { path: async (find) => `/jobs/${await find.byStatus("completed")}`, whole: true },
  "job-waits": { path: async (find) => `/jobs/${await find.made("waits")}`, whole: true },
  "job-acts": { path: async (find) => `/jobs/${await find.made("acts")}`, whole: true },
  "job-wild": { path: async (find) => `/jobs/${await find.made("wild")}`, whole: true },
  "job-loading": { path: () => "/jobs/00000000-0000-4000-8000-000000000000", order: late, alike: true },
  "job-error": { path: () => "/jobs/00000000-0000-4000-8000-000000000000", order: failing },
  "job-gone": { path: () => "/jobs/00000000-0000-4000-8000-000000000000" },
  "job-retry": { path: async (find) => `/jobs/${await find.byStatus("dead_letter")}`, then: press("r") },
  "job-edit": { path: async (find) => `/create?edit=${await find.byStatus("dead_letter")}`, whole: true },
  create: { path: () => "/create?type=image.process", whole: true },
  "create-loading": { path: () => "/create?type=image.process", order: late, alike: true },
  "create-error": { path: () => "/create?type=image.process", order: failing, alike: true },
  queues: { path: () => "/queues", whole: true },
  "queues-loading": { path: () => "/queues", order: late, alike: true },
  "queues-error": { path: () => "/queues", order: failing, alike: true },
  "queues-empty": { path: () => "/queues", order: withoutJobs, whole: true, alike: true },
  queue: { path: () => "/queues/image-process", whole: true },
  "queue-loading": { path: () => "/queues/image-process", order: late, alike: true },
  "queue-error": { path: () => "/queues/image-process", order: failing, alike: true },
  "queue-empty": { path: () => "/queues/image-process", order: withoutJobs, whole: true, alike: true },
  "queue-gone": { path: () => "/queues/nothing" },
  errors: { path: () => "/errors", whole: true },
  "errors-loading": { path: () => "/errors", order: late, alike: true },
  "errors-error": { path: () => "/errors", order: failing, alike: true },
  "errors-empty": { path: () => "/errors", order: withoutJobs, alike: true },
  "errors-compare": { path: () => "/errors", then: open("Compare stacks") },
  schedules: { path: () => "/schedules", whole: true },
  "schedules-loading": { path: () => "/schedules", order: late, alike: true },
  "schedules-error": { path: () => "/schedules", order: failing, alike: true },
  "schedule-new": { path: () => "/schedules?edit=new", whole: true },
  "schedule-edit": { path: () => "/schedules?edit=daily-digest", whole: true },
  "errors-retry": { path: () => "/errors", then: open("Count and retry…"), alike: true },
  "queue-rules": {
    path: () => "/queues/email-send",
    order: { reset: {}, ...RULED },
    whole: true,
    alike: true,
  },
  "create-times": {
    path: () => "/create?type=report.generate",
    order: { reset: {}, ...RULED },
    whole: true,
    alike: true,
  },
  "not-found": { path: () => "/nope" },
  palette: { path: () => "/dashboard", then: press("Control+k") },
  help: { path: () => "/dashboard", then: press("?") },
  "queue-paused": {
    path: () => "/queues/email-send",
    order: { reset: {} },
    then: paused,
    whole: true,
  },
  "sign-in": { path: () => "/dashboard", then: signOut },
};
