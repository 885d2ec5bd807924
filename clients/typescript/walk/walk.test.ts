/**
 * Test the installed package on a running platform. `tests/flow/test_typescript.py` installs the tarball,
 * generates `stage.ts` from the platform's document, compiles this file and runs it. JOBFLOW_URL and
 * JOBFLOW_TOKEN contain the address and the token.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { ApiError, JobFlow, JobNotCompleted, NotReached, type Options } from "jobflow-aws";
import type { components } from "./stage.ts";

type Payloads = components["schemas"]["Payloads"];
const here = { url: process.env.JOBFLOW_URL ?? "", token: process.env.JOBFLOW_TOKEN ?? "" };
const connect = (more: Partial<Options> = {}) => new JobFlow<Payloads>({ ...here, ...more });
const jobs = connect();
const PATIENT = { timeoutMs: 120_000 };
const refused = (status: number, kind: string | null) => (error: unknown) => {
  assert.ok(error instanceof ApiError, String(error));
  assert.deepEqual([error.status, error.kind], [status, kind]);
  return true;
};

test("a job is submitted, tried again by its worker, and its result returned", async () => {
  const job = await jobs.submit("flow.probe", { fail: 1 });
  assert.equal(job.existing, null);
  assert.deepEqual(await jobs.result<{ attempt: number }>(job, PATIENT), { attempt: 2 });
  assert.equal((await jobs.get(job.id)).attempt_history.length, 2);
});

test("a failure is told with its error, and the job can be settled", async () => {
  const job = await jobs.submit("flow.probe", { fail: 1, how: "permanent" });
  await assert.rejects(jobs.result(job, PATIENT), (error: unknown) => {
    assert.ok(error instanceof JobNotCompleted);
    assert.match(error.message, /PermanentError: never/);
    return error.job.attempt_history[0]?.outcome === "permanent_error";
  });
  assert.equal((await jobs.discard(job, "known")).discarded?.reason, "known");
});

test("a key makes one job, also when the answer to the first request is lost", async () => {
  let lost = 1;
  const unlucky = connect({
    fetch: async (url, init) => {
      const answer = await fetch(url, init);
      if (lost-- > 0) throw new TypeError("fetch failed");
      return answer;
    },
  });
  const key = `walk-${Date.now()}`;
  const first = await unlucky.submit("flow.probe", {}, { key });
  const second = await jobs.submit("flow.probe", {}, { key });
  assert.deepEqual([first.existing, second.existing, second.id], [null, "key", first.id]);
  await assert.rejects(jobs.submit("flow.probe", { fail: 1 }, { key }), refused(422, "idempotency-mismatch"));
});

test("a batch is made, and found again by its tag", async () => {
  const tag = `walk:${Date.now()}`;
  const results = await jobs.batch(
    Array.from({ length: 30 }, () => ({ type: "flow.probe", payload: {}, tags: [tag] })),
  );
  const made = results.map(({ status, job }) => (assert.equal(status, 201), job?.id));
  const found: string[] = [];
  for await (const { id } of jobs.iterate({ tag }, { pageSize: 7 })) found.push(id);
  assert.deepEqual(found.sort(), made.sort());
  for (const id of found) assert.equal((await jobs.wait(id, PATIENT)).status, "completed");
});

test("a waiting job is cancelled, run again with another payload, and run at once", async () => {
  const job = await jobs.submit("flow.probe", {}, { delay_seconds: 600 });
  assert.equal((await jobs.cancel(job)).status, "cancelled");
  await assert.rejects(jobs.cancel(job), refused(409, "job-conflict"));
  await jobs.retry(job, { payload: { fail: 1 } });
  assert.deepEqual(await jobs.result(job, PATIENT), { attempt: 2 });
  const later = await jobs.submit("flow.probe", {}, { delay_seconds: 600 });
  await jobs.runNow(later);
  assert.deepEqual(await jobs.result(later, PATIENT), { attempt: 1 });
});

test("what is wrong is told with its field, and who may not is told so", async () => {
  const wrong = { fail: "once" } as unknown as Payloads["flow.probe"];
  await assert.rejects(jobs.submit("flow.probe", wrong), (error: unknown) => {
    refused(422, "invalid-payload")(error);
    return (error as ApiError).errors[0]?.loc.join(".") === "payload.fail";
  });
  await assert.rejects(jobs.get("00000000-0000-4000-8000-000000000000"), refused(404, "job-not-found"));
  await assert.rejects(connect({ token: "jf_nobody" }).me(), (error: unknown) => {
    assert.ok(error instanceof ApiError);
    return error.status === 401 && error.detail !== "";
  });
  await assert.rejects(connect({ url: "http://127.0.0.1:9", tries: 1 }).me(), NotReached);
});

test("an answer that would say the same is not sent again", async () => {
  const seen: number[] = [];
  const poller = connect({
    keep: 4,
    fetch: async (url, init) => {
      const answer = await fetch(url, init);
      seen.push(answer.status);
      return answer;
    },
  });
  const first = await poller.page({ tag: "nobody" });
  assert.equal(await poller.page({ tag: "nobody" }), first);
  assert.deepEqual(seen, [200, 304]);
});

test("the platform works off a bulk action", async () => {
  const tag = `bulk:${Date.now()}`;
  const settings = { tags: [tag], delay_seconds: 600 };
  await jobs.batch([1, 2, 3].map(() => ({ type: "flow.probe", payload: {}, ...settings })));
  const counted = await jobs.waitBulk(
    await jobs.startBulk("cancel", { filter: { tag } }, { dryRun: true }),
    PATIENT,
  );
  assert.equal(counted.matched, 3);
  const more = jobs.cancelMany({ filter: { tag } }, { expected: 1 });
  await assert.rejects(more, refused(409, "more-than-expected"));
  assert.equal((await jobs.cancelMany({ filter: { tag } }, { expected: 3 })).done, 3);
});

test("a schedule is stored, run, changed and deleted", async () => {
  const settings = { type: "flow.probe", cron: "0 6 * * *", payload: {} };
  const made = await jobs.createSchedule("walk", settings);
  assert.equal(made.next_firings.length, 5);
  assert.deepEqual(await jobs.result(await jobs.runSchedule("walk"), PATIENT), { attempt: 1 });
  const { version } = await jobs.changeSchedule(
    "walk",
    { ...settings, timezone: "Europe/Berlin" },
    { version: made.version },
  );
  await assert.rejects(
    jobs.changeSchedule("walk", settings, { version: made.version }),
    refused(409, "schedule-conflict"),
  );
  assert.notEqual(version, made.version);
  assert.equal((await jobs.pauseSchedule("walk")).paused, true);
  await jobs.deleteSchedule("walk");
  for await (const { id } of jobs.schedules()) assert.notEqual(id, "walk");
  assert.equal((await jobs.previewSchedule({ cron: "@daily", count: 3 })).length, 3);
});

test("types, numbers, the token and the limits are read; a file is uploaded", async () => {
  assert.ok((await jobs.jobTypes()).some(({ type }) => type === "flow.probe"));
  assert.equal((await jobs.pause("flow.serial", "the walk")).paused, true);
  assert.ok((await jobs.findings()).some(({ kind, type }) => kind === "paused" && type === "flow.serial"));
  assert.equal((await jobs.resume("flow.serial")).paused, false);
  assert.ok((await jobs.metrics()).total_jobs > 0);
  assert.ok((await jobs.usage({ by: "day" })).total.cost_nano_usd >= 0);
  assert.ok(Array.isArray((await jobs.series({ metric: "throughput" })).points));
  assert.ok(Array.isArray(await jobs.errors()));
  assert.equal((await jobs.me()).role, "admin");
  assert.equal((await jobs.meta()).limits.batch_jobs, 25);
  assert.match(await jobs.upload(new Blob(["\x89PNG"], { type: "image/png" })), /\w/);
  await assert.rejects(jobs.upload(new Blob(["a"], { type: "text/plain" })), refused(422, "invalid-request"));
});
