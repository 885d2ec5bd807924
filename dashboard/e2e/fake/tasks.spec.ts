import { expectAccessibleInBothThemes } from "../axe";
import { counting } from "../clicks";
import { expect, test } from "../fixtures";

/** Five tasks of somebody who is on call or answers a customer: what they may cost. */

const MINUTE = 60_000;

const order = (n: number, more: object, payload: object = {}) => ({
  type: "email.send",
  payload: {
    to: [`customer-${n}@example.com`],
    subject: `Invoice ${n}`,
    text: "Amount due: 12.00 USD",
    ...payload,
  },
  more,
});

function failed(errorClass: string, at: number) {
  const attempt = {
    gen: 1, attempt: 1, claim: 1, outcome: "permanent_error", started_at: new Date(at).toISOString(),
    finished_at: new Date(at).toISOString(), duration_ms: 9, error_class: errorClass, error_message: "It broke.",
    stack: null, request_id: null, cold_start: null, receive_count: 1, retry_delay_s: null,
  }; // prettier-ignore
  return {
    status: "failed", attempts: 1, createdAt: at, finishedAt: at, errorClass, errorMessage: "It broke.",
    history: [attempt],
  }; // prettier-ignore
}

test("why is a type slow? 2 clicks, and the answer in words", async ({ page, open, stack }) => {
  stack.reset({ jobs: 300, arrivals: 0 });
  await open("/dashboard");
  await expect(page.locator("[data-job]").first()).toBeVisible();
  const took = await counting(page);
  await page.getByRole("link", { name: "Queues", exact: true }).first().click();
  await page.getByRole("link", { name: "email.send", exact: true }).click();
  await expect(page.getByTestId("why")).toContainText(/\d+ of \d+ workers? busy/);
  await expect(page.getByTestId("why")).toBeInViewport();
  expect((await took()).clicks).toBe(2);
});

test("a burst since a deployment is retried, and its end is seen: 4 clicks", async ({
  page,
  open,
  stack,
}) => {
  stack.reset({ jobs: 20, arrivals: 0 });
  const now = Date.now();
  const add = Array.from({ length: 143 }, (_, n) => order(n, failed("MailboxGone", now - 5 * MINUTE - n)));
  await stack.order({ add });
  await open("/dashboard");
  await expect(page.locator("[data-job]").first()).toBeVisible();
  const took = await counting(page);
  await page.getByRole("link", { name: "Errors", exact: true }).first().click();
  const group = page.locator("main li").filter({ hasText: "MailboxGone" });
  await expect(group.getByTestId("since-deploy")).toBeVisible();
  await group.getByRole("button", { name: "Count and retry…" }).click();
  await page.getByRole("button", { name: "Retry 143 jobs" }).click();
  await page.getByRole("region", { name: "Bulk actions" }).getByRole("link").first().click();
  const outcome = page.getByTestId("outcome");
  await expect(outcome).toBeVisible();
  await expect(outcome.getByRole("button", { name: /^Not finished yet/ })).toHaveText(/yet0$/, {
    timeout: 50_000,
  });
  expect((await took()).clicks).toBe(4);
  await expectAccessibleInBothThemes(page);
});

test("the jobs of a customer are found by plain text: 0 clicks", async ({ page, open, stack }) => {
  stack.reset({ jobs: 100, arrivals: 0 });
  const { ids } = await stack.order({
    add: [order(3058, { status: "completed", finishedAt: Date.now() }, { subject: "Order O-3058" })],
  });
  await open("/dashboard");
  await expect(page.locator("[data-job]").first()).toBeVisible();
  const took = await counting(page);
  await page.keyboard.press("/");
  await page.keyboard.type("O-3058");
  await page.keyboard.press("Enter");
  await expect(page.getByRole("link", { name: (ids[0] ?? "").slice(0, 8) })).toBeVisible();
  expect((await took()).clicks).toBe(0);
});

test("eight jobs with a wrong currency get the right one with one edit, which is shown before", async ({
  page,
  open,
  stack,
}) => {
  stack.reset({ jobs: 20, arrivals: 0 });
  const now = Date.now();
  const { ids } = await stack.order({
    add: Array.from({ length: 8 }, (_, n) => order(n, { ...failed("Refused", now - n), tags: ["invoices"] })),
  });
  await open("/dashboard?tag=invoices");
  await expect(page.locator("[data-job]")).toHaveCount(8);
  await page.getByRole("checkbox", { name: "Select all loaded jobs" }).check();
  await page.getByRole("button", { name: "Edit payloads…" }).click();
  const dialog = page.getByRole("dialog");
  await dialog
    .getByLabel("Field", { exact: true })
    .selectOption({ label: 'text: "Amount due: 12.00 USD" (8)' });
  await dialog.getByLabel("New value").fill("Amount due: 12.00 EUR");
  await expect(dialog.getByTestId("edit-preview").getByRole("listitem")).toHaveCount(8);
  await expect(dialog.getByTestId("preview")).toContainText("8 jobs will be retried");
  await expectAccessibleInBothThemes(page);
  await dialog.getByRole("button", { name: "Retry 8 jobs" }).click();
  await expect(page.locator("[data-run=done]")).toContainText("8 jobs requeued");
  const texts = await Promise.all(
    ids.map(async (id) => {
      const headers = { Authorization: `Bearer ${stack.admin}` };
      const job = (await (await fetch(`${stack.api}/jobs/${id}`, { headers })).json()) as {
        payload: { text: string; subject: string };
      };
      return job.payload;
    }),
  );
  expect(texts.map(({ text }) => text)).toEqual(Array(8).fill("Amount due: 12.00 EUR"));
  expect(new Set(texts.map(({ subject }) => subject)).size, "other fields stay").toBe(8);
});

test("payloads that are too large for the list are edited as well", async ({ page, open, stack }) => {
  stack.reset({ jobs: 20, arrivals: 0 });
  const large = { text: "Amount due ".repeat(80) };
  await stack.order({
    add: [1, 2].map((n) => order(n, { ...failed("Refused", Date.now() - n), tags: ["large"] }, large)),
  });
  await open("/dashboard?tag=large");
  await expect(page.locator("[data-job]")).toHaveCount(2);
  await page.getByRole("checkbox", { name: "Select all loaded jobs" }).check();
  const editors: string[] = [];
  page.on("request", (request) => {
    if (request.url().includes("EditMany")) editors.push(request.url());
  });
  await page.getByRole("button", { name: "Retry", exact: true }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByRole("button", { name: "Cancel" }).click();
  expect(editors, "a retry does not load the editor").toEqual([]);
  await page.getByRole("button", { name: "Edit payloads…" }).click();
  await dialog.getByLabel("Field", { exact: true }).selectOption("subject");
  expect(editors).toHaveLength(1);
  await dialog.getByLabel("New value").fill("Invoice");
  await expect(dialog.getByTestId("edit-preview").getByRole("listitem")).toHaveCount(2);
  await expectAccessibleInBothThemes(page);
  await dialog.getByRole("button", { name: "Retry 2 jobs" }).click();
  await expect(page.locator("[data-run=done]")).toContainText("2 jobs requeued");
});

test("a value that the type refuses is said before anything is changed", async ({ page, open, stack }) => {
  stack.reset({ jobs: 20, arrivals: 0 });
  await stack.order({ add: [order(1, { ...failed("Refused", Date.now()), tags: ["one"] })] });
  await open("/dashboard?tag=one");
  await page.getByRole("checkbox", { name: "Select all loaded jobs" }).check();
  await page.getByRole("button", { name: "Edit payloads…" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Field", { exact: true }).selectOption({ index: 1 });
  await dialog.getByLabel("New value").fill("not an address");
  await expect(dialog.getByRole("listitem").filter({ hasText: "1 job skipped" })).toBeVisible();
  await expect(dialog.getByRole("button", { name: /^Retry/ })).toBeDisabled();
});

test("why did a schedule not run? 1 click", async ({ page, open, stack }) => {
  stack.reset({ jobs: 100, arrivals: 0 });
  await open("/dashboard");
  await expect(page.locator("[data-job]").first()).toBeVisible();
  const took = await counting(page);
  await page.getByRole("link", { name: "Schedules", exact: true }).first().click();
  const digest = page.getByRole("region", { name: "daily-digest" });
  await expect(digest).toContainText("did not run: the platform was not running then.");
  await expect(digest).toContainText("did not run: an earlier firing had not ended.");
  expect((await took()).clicks).toBe(1);
});
