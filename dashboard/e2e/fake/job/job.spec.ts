import { expect, missing, statusOf, test } from "../../fixtures";

test("why it waits is said: for its time, for its next attempt, for a queue that is paused", async ({
  page,
  open,
  stack,
  submit,
}) => {
  stack.reset({ jobs: 20, arrivals: 0 });
  const id = await submit("image.process", missing("why"), { max_attempts: 6 });
  await open(`/jobs/${id}`);
  await expect(page.getByText(/^Attempt \d of 6 in \d+/)).toBeVisible();
  await expect(page.getByText("If it fails", { exact: true })).toBeVisible();
  await expect(page.getByText(/attempt 6 within 32 s, then dead letter\.$/)).toBeVisible();
  await expect(page.getByRole("img", { name: /attempt 6 after .* to 32 s$/ })).toBeVisible();
  const pause = (verb: string) =>
    fetch(`${stack.api}/job-types/image.process/${verb}`, {
      method: "POST",
      headers: { Authorization: `Bearer ${stack.admin}` },
    });
  const later = await submit("image.process", missing("later"), { delay_seconds: 3600 });
  await open(`/jobs/${later}`);
  await expect(page.getByText(/^Starts in (59:\d\d|1 h 00 min) \(.+\)\.$/)).toBeVisible();
  await pause("pause");
  await expect(page.getByText(/\(image\.process is paused\)/)).toBeVisible();
  const waits = await submit("image.process", missing("other"));
  await open(`/jobs/${waits}`);
  await expect(
    page.getByText(/The image\.process queue is paused; it waits until it is resumed/),
  ).toBeVisible();
  await pause("resume");
});

test("the log is followed to the job's end, from old to new, and searched", async ({
  page,
  open,
  submit,
}) => {
  const id = await submit("report.generate", { hours: 1 });
  await open(`/jobs/${id}`);
  await expect(statusOf(page)).toHaveText(/Completed|Dead letter/);
  const log = page.getByRole("region", { name: "Log of this job" });
  await expect(log).toContainText(/job completed|UploadMissing|TimeoutError/);
  const times = await log.locator("div > span:first-child").allTextContents();
  expect(times).toEqual([...times].sort());
  const search = page.getByRole("searchbox", { name: "Search the log" });
  await search.fill("JOB STARTED");
  await expect(log).not.toContainText(/job completed|UploadMissing|TimeoutError/);
  await expect(log).toContainText("job started");
  await search.fill("nothing like it");
  await expect(page.getByText("No lines match.")).toBeVisible();
});

test("r and Enter retry; editing first is one step away", async ({ page, open, stack }) => {
  const { ids } = await stack.order({
    add: [
      {
        type: "email.send",
        payload: { to: ["ada@example.com"], subject: "Hi", text: "Hi" },
        more: {
          status: "failed",
          attempts: 1,
          errorClass: "Oops",
          errorMessage: "No.",
          finishedAt: Date.now(),
        },
      },
    ],
  });
  await open(`/jobs/${ids[0] ?? ""}`);
  await expect(statusOf(page)).toHaveText("Failed");
  await page.keyboard.press("r");
  await expect(page.getByRole("dialog").getByRole("link", { name: "Edit payload" })).toBeVisible();
  await page.keyboard.press("Enter");
  await expect(page.locator("[data-toast]")).toContainText("requeued");
});

test("a job that could not be run says why beside the time of its next try, and what to do", async ({
  page,
  open,
  stack,
}) => {
  const error = "Today's schema refuses the stored payload: cc: Field required";
  const attempt = {
    ...{
      gen: 1,
      attempt: 1,
      claim: 1,
      outcome: "deferred",
      error_class: "PayloadRefused",
      error_message: error,
    },
    ...{ started_at: new Date().toISOString(), finished_at: new Date().toISOString(), duration_ms: 3 },
    ...{ stack: null, request_id: null, cold_start: false, receive_count: 1, retry_delay_s: 3600 },
  };
  const more = { status: "retrying", attempts: 0, nextAttemptAt: Date.now() + 3_600_000, history: [attempt] };
  const payload = { to: ["ada@example.com"], subject: "Hi", text: "Hi" };
  const { ids } = await stack.order({ add: [{ type: "email.send", payload, more }] });
  await open(`/jobs/${ids[0] ?? ""}`);
  await expect(
    page.getByText(/^Attempt 1 of \d in .*give the type a `Changes\(upgrade=…\)`, or deploy/),
  ).toBeVisible();
});

test("a job with thousands of attempts says that the older ones are not shown", async ({
  page,
  open,
  stack,
  submit,
}) => {
  const id = await submit("image.process", missing("older"), { max_attempts: 10 });
  await page.route(`${stack.api}/jobs/${id}`, async (route) => {
    const answer = await route.fetch();
    await route.fulfill({
      response: answer,
      json: { ...((await answer.json()) as object), older_attempts: true },
    });
  });
  await open(`/jobs/${id}`);
  await expect(page.getByText(/^Older attempts are not shown: these are the newest \d+\.$/)).toBeVisible();
});
