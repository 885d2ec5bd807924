import type { Page } from "@playwright/test";

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

const now = Date.now();
const HTML = '<html><body><h1>502 Bad Gateway</h1><script>document.title="owned"</script></body></html>';

/** Jobs that the simulation would not come up with. */
export const MADE = {
  wild: {
    type: "email.send",
    payload: {
      to: ["ada@example.com"],
      subject: "فاتورة شهر نوفمبر جاهزة · Invoice for November",
      text: "x".repeat(3000),
      order: 9007199254740993n,
      lines: Array.from({ length: 10_000 }, (_, n) => n),
    },
    more: {
      status: "dead_letter",
      attempts: 3,
      errorClass: "BadGateway",
      errorMessage: `${HTML}\nفشل إرسال الرسالة: صندوق البريد ممتلئ\n${"a-very-long-word-".repeat(30)}`,
      finishedAt: now,
      tags: ["customer:42", "a-tag-that-is-exactly-forty-characters-x"],
    },
  },
  acts: {
    type: "email.send",
    payload: { to: ["ada@example.com"], subject: "Right", text: "Hi" },
    more: {
      status: "cancelled",
      gen: 3,
      attempts: 1,
      createdAt: now - 7_200_000,
      updatedAt: now - 60_000,
      finishedAt: now - 900_000,
      errorClass: "MailboxFull",
      errorMessage: "The mailbox is full.",
      tags: ["customer:42", "nightly"],
      discarded: { at: new Date(now - 60_000).toISOString(), by: "ada", reason: "The customer has gone." },
      acts: [
        ["run-now", 7_100_000, "ada", 1],
        ["cancel", 7_000_000, "billing-service", 1],
        ["retry", 3_600_000, "bob", 2, false, true],
        ["retry", 905_000, "ada", 3, true],
        ["discard", 60_000, "ada", 3],
      ].map(([action, ago, by, gen, edited = false, in_bulk = false]) => ({
        action,
        at: new Date(now - Number(ago)).toISOString(),
        by,
        gen,
        edited,
        in_bulk,
      })),
      history: [2, 3].map((gen) => ({
        gen,
        attempt: 1,
        claim: 1,
        outcome: "permanent_error",
        started_at: new Date(now - (gen === 2 ? 3_599_000 : 901_000)).toISOString(),
        finished_at: new Date(now - (gen === 2 ? 3_598_000 : 900_000)).toISOString(),
        duration_ms: 1000,
        error_class: "MailboxFull",
        error_message: "The mailbox is full.",
        stack: null,
        request_id: "54b891aa-b383-4632-ad87-cdb925f321b2",
        cold_start: false,
        receive_count: 1,
        retry_delay_s: null,
      })),
    },
  },
  waits: {
    type: "image.process",
    payload: { key: "uploads/missing/photo.png", format: "png" },
    more: {
      status: "retrying",
      attempts: 2,
      maxAttempts: 6,
      createdAt: now - 12_000,
      startedAt: now - 6000,
      updatedAt: now - 4900,
      nextAttemptAt: now + 3_600_000,
      errorClass: "UploadMissing",
      errorMessage: "There is no upload uploads/missing/photo.png yet; it may still be on its way.",
      history: [1, 2].map((n) => ({
        gen: 1,
        attempt: n,
        claim: n,
        outcome: "error",
        started_at: new Date(now - 12_000 + n * 4000).toISOString(),
        finished_at: new Date(now - 10_900 + n * 4000).toISOString(),
        duration_ms: 1100,
        error_class: "UploadMissing",
        error_message: "There is no upload uploads/missing/photo.png yet; it may still be on its way.",
        stack: null,
        request_id: "54b891aa-b383-4632-ad87-cdb925f321b2",
        cold_start: n === 1,
        receive_count: n,
        retry_delay_s: 2 ** n,
      })),
    },
  },
} as const;

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

/** A type that declares every rule there is, and a payload with a time of day and a length of time. */
const ruled = {
  declared: {
    "email.send": {
      rate: { n: 14, per: 1, burst: 10 },
      fair_by: "customer",
      serial_by: "account",
      pause_when: { of: 20, within: 600 },
      unique_for: 86_400,
      unique_by: ["to", "subject"],
    },
    "report.generate": {
      schema: {
        type: "object",
        required: ["every"],
        properties: {
          every: { type: "string", format: "duration", description: "How often." },
          send_at: { type: "string", format: "time", description: "When, each time." },
        },
      },
      example: { every: "P1DT12H", send_at: "06:30:00+02:00" },
    },
  },
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
  "dashboard-filters": {
    path: () => "/dashboard?status=failed&type=report.generate&range=7d&error=period&payload=from%3D2026",
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
    order: { reset: {}, ...ruled },
    whole: true,
    alike: true,
  },
  "create-times": {
    path: () => "/create?type=report.generate",
    order: { reset: {}, ...ruled },
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
