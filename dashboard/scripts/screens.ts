import type { Page } from "@playwright/test";
import { BATCH, CROWD, DEAD, FANNED, LIMITED, MADE, PLACED, RULED, SPENDING } from "./made";

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
  await group.getByRole("button", { name: "Acknowledge", exact: true }).click();
  await group.getByText("Acknowledged by").waitFor();
  await page.getByRole("link", { name: "Jobs", exact: true }).first().click();
  await page.getByRole("button", { name: /^All \d/ }).waitFor();
};
const retryAll = async (page: Page) => {
  await page.locator("[data-job]").first().waitFor();
  await page.keyboard.press("a");
  await page.getByRole("toolbar").getByRole("button", { name: "Retry" }).click();
  await page.getByText(/^(Counting: [2-9],|Could not count)/).waitFor();
};

const retryDead = async (page: Page) => {
  await page.locator("[data-job]").first().waitFor();
  await page.keyboard.press("a");
  await page.getByRole("toolbar").getByRole("button", { name: "Retry" }).click();
  await page.getByText(/jobs will be retried/).waitFor();
  await page
    .getByRole("dialog")
    .getByRole("button", { name: /^Retry/ })
    .click();
  await page.locator("[data-run=done]").waitFor({ timeout: 30_000 });
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
  "dashboard-blocked": {
    path: async (find) => {
      await find.made("blocked");
      return "/dashboard?status=blocked";
    },
    alike: true,
  },
  "job-blocked": { path: async (find) => `/jobs/${await find.made("blocked")}`, whole: true, alike: true },
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
  "bulk-done": {
    path: () => "/dashboard?status=dead_letter",
    order: { reset: {} },
    then: retryDead,
    alike: true,
  },
  bulk: {
    path: () => "/dashboard?status=dead_letter",
    order: { reset: {} },
    then: async (page) => {
      await retryDead(page);
      await page.locator("[data-run]").getByRole("link").first().click();
      await page.getByTestId("outcome").waitFor();
    },
  },
  "bulk-list": { path: () => "/bulk", order: withoutJobs },
  "edit-many": {
    path: () => "/dashboard?status=dead_letter",
    then: async (page) => {
      await selectThree(page);
      await page.getByRole("button", { name: "Edit payloads…" }).click();
      const dialog = page.getByRole("dialog");
      await dialog.getByLabel("Field", { exact: true }).selectOption({ index: 1 });
      await dialog.getByLabel("New value").fill("ada@example.com");
      await dialog
        .getByText(/jobs? (will be retried|skipped)/)
        .first()
        .waitFor();
    },
  },
  selected: { path: () => "/dashboard?status=dead_letter", then: selectThree },
  empty: { path: () => "/dashboard?error=nothing-like-this" },
  "job-dead": { path: async (find) => `/jobs/${await find.byStatus("dead_letter")}`, whole: true },
  "job-done": { path: async (find) => `/jobs/${await find.byStatus("completed")}`, whole: true },
  "job-waits": { path: async (find) => `/jobs/${await find.made("waits")}`, whole: true },
  "job-acts": { path: async (find) => `/jobs/${await find.made("acts")}`, whole: true },
  "job-long": { path: async (find) => `/jobs/${await find.made("long")}`, whole: true, alike: true },
  "job-wild": { path: async (find) => `/jobs/${await find.made("wild")}`, whole: true },
  "job-runs": { path: async (find) => `/jobs/${await find.made("runs")}`, whole: true },
  "job-steps": { path: async (find) => `/jobs/${await find.made("steps")}`, whole: true },
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
  "queue-compare": {
    path: () => "/queues/email-send?span=24h&compare=before",
    whole: true,
    alike: true,
  },
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
  webhooks: { path: () => "/webhooks", whole: true },
  "webhooks-loading": { path: () => "/webhooks", order: late, alike: true },
  "webhooks-error": { path: () => "/webhooks", order: failing, alike: true },
  "webhooks-empty": { path: () => "/webhooks", order: withoutJobs, alike: true },
  "webhook-new": { path: () => "/webhooks?edit=%2B", whole: true },
  "webhook-edit": { path: () => "/webhooks?edit=audit", whole: true, alike: true },
  deliveries: { path: () => "/webhooks?of=billing", whole: true },
  "deliveries-none": { path: () => "/webhooks?of=quiet", alike: true },
  tokens: { path: () => "/tokens?show=all", whole: true },
  usage: { path: () => "/usage?period=30d", order: SPENDING, whole: true },
  "usage-tenants": { path: () => "/usage?period=last-month&by=tenant", order: SPENDING, whole: true },
  "usage-type": { path: () => "/usage?period=7d&type=image.process", whole: true, alike: true },
  "usage-no-tenants": { path: () => "/usage?by=tenant", whole: true, alike: true },
  "usage-loading": { path: () => "/usage", order: late, alike: true },
  "usage-error": { path: () => "/usage", order: failing },
  "usage-refused": { path: () => "/usage", order: { fail: { path: "/usage", status: 403 } } },
  "usage-empty": { path: () => "/usage", order: withoutJobs, whole: true },
  limits: { path: () => "/limits", order: LIMITED, whole: true },
  "limits-loading": { path: () => "/limits", order: late, alike: true },
  "limits-error": { path: () => "/limits", order: failing, alike: true },
  "limits-empty": { path: () => "/limits", whole: true },
  limit: { path: () => "/limits?of=0.email.send&value=acme", order: LIMITED, whole: true },
  "limit-values": { path: () => "/limits?of=0.email.send", order: LIMITED, whole: true },
  "limit-shared": { path: () => "/limits?of=3.provider", order: LIMITED, whole: true, alike: true },
  "limit-rate": { path: () => "/limits?of=3-rate.provider", order: LIMITED, whole: true, alike: true },
  "limit-gone": { path: () => "/limits?of=0.nothing", alike: true },
  "limit-change": {
    path: () => "/limits?of=3.provider",
    order: LIMITED,
    then: async (page) => {
      await open("Change the limit provider")(page);
      await page.getByRole("dialog").getByLabel("Jobs at once").fill("0");
    },
  },
  "queue-limits": { path: () => "/queues/email-send", order: LIMITED, whole: true, alike: true },
  "job-limited": {
    path: () => `/jobs/${PLACED.waits[0]}`,
    order: LIMITED,
    alike: true,
  },
  audit: { path: () => "/audit", whole: true },
  "audit-refused": { path: () => "/audit?show=refused", whole: true },
  "audit-loading": { path: () => "/audit", order: late, alike: true },
  "audit-error": { path: () => "/audit", order: failing, alike: true },
  "audit-empty": { path: () => "/audit", order: withoutJobs, alike: true },
  batches: { path: () => "/batches", order: FANNED, whole: true },
  "batches-loading": { path: () => "/batches", order: late, alike: true },
  "batches-error": { path: () => "/batches", order: failing, alike: true },
  "batches-empty": { path: () => "/batches", order: withoutJobs, alike: true },
  batch: { path: () => `/batches/${BATCH.running}`, order: FANNED, whole: true },
  "batch-open": { path: () => `/batches/${BATCH.open}`, order: FANNED, whole: true },
  "batch-closing": { path: () => `/batches/${BATCH.closing}`, order: FANNED, whole: true, alike: true },
  "batch-rounds": { path: () => `/batches/${BATCH.rounds}`, order: FANNED, whole: true },
  "batch-round": { path: () => `/batches/${BATCH.rounds}?round=1`, order: FANNED, whole: true, alike: true },
  "batch-cancelled": { path: () => `/batches/${BATCH.cancelled}`, order: FANNED, whole: true, alike: true },
  "batch-large": { path: () => `/batches/${BATCH.large}`, order: FANNED, whole: true, alike: true },
  "batch-ask": {
    path: () => `/batches/${BATCH.running}`,
    order: FANNED,
    then: async (page) => {
      await open("Retry the failed members")(page);
      await page.getByRole("dialog").waitFor();
    },
  },
  "batch-cell": {
    path: () => `/batches/${BATCH.running}`,
    order: FANNED,
    then: async (page) => {
      await page.locator('[data-group="failed"] [data-cell]').nth(1).focus();
    },
    alike: true,
  },
  "batch-loading": { path: () => `/batches/${BATCH.running}`, order: late, alike: true },
  "batch-error": { path: () => `/batches/${BATCH.running}`, order: failing, alike: true },
  "batch-gone": { path: () => `/batches/${BATCH.running}`, order: withoutJobs, alike: true },
  "job-many": { path: () => `/jobs/${BATCH.parent}`, order: FANNED, whole: true },
  "job-member": {
    path: () => `/batches/${BATCH.running}`,
    order: FANNED,
    then: async (page) => {
      await page.locator("#failed-members").getByRole("listitem").first().getByRole("link").click();
      await page.getByRole("region", { name: "Details" }).waitFor();
    },
    whole: true,
    alike: true,
  },
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
  account: { path: () => "/dashboard", then: open(/^Account/) },
  "queue-paused": {
    path: () => "/queues/email-send",
    order: { reset: {} },
    then: paused,
    whole: true,
  },
  reference: {
    path: () => "/reference/",
    then: async (page) => {
      const create = page.locator("#operations-jobs-create_job");
      await create.getByRole("button").first().click();
      await create.getByRole("button", { name: "Try it out" }).click();
      await create.scrollIntoViewIfNeeded();
    },
    alike: true,
  },
  "reference-call": {
    path: () => "/reference/",
    then: async (page) => {
      const one = page.locator("#operations-jobs-get_job");
      await one.getByRole("button").first().click();
      await one.getByRole("heading", { name: "Responses" }).waitFor();
      await one.scrollIntoViewIfNeeded();
    },
    alike: true,
  },
  "sign-in": { path: () => "/dashboard", then: signOut },
};
