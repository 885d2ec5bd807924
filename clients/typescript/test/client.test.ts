import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { suite, test } from "node:test";
import {
  ApiError,
  JobFlow,
  JobNotCompleted,
  NotReached,
  WaitTimeout,
  type Schemas,
  type Which,
} from "../src/index.ts";
import { json, LOST, playing, problem, REFUSED, type Asked } from "./fake.ts";

interface Bounds {
  NewBatch: { properties: { jobs: { maxItems: number } } };
  Bulk: { properties: { ids: { anyOf: [{ maxItems: number }] } } };
}
interface Sent {
  tags: string[];
  idempotency_key: string;
}
const sentIn = ({ body }: Asked) => (JSON.parse(body ?? "") as { jobs: Sent[] }).jobs;
const numbered = (count: number) =>
  Array.from({ length: count }, (_, n) => ({ type: "test.note", payload: {}, tags: [`n:${n}`] }));
/** Answer a batch with a status for each of its jobs; a stored job has the tag with which it was sent. */
const answering =
  (of: (n: number) => number = () => 201) =>
  (asked: Asked) =>
    json(200, {
      results: sentIn(asked).map(({ tags }, n) => {
        const status = of(n);
        return { status, job: status < 300 ? { id: tags[0] } : null, problem: null, existing: null };
      }),
    });
const statuses = (results: { status: number }[]) => results.map(({ status }) => status);

suite("batch", () => {
  test("goes in portions, and each job has its result and its key", async () => {
    const { client, asked } = playing([answering(), answering(), answering()]);
    const results = await client.batch([
      ...numbered(60),
      { type: "test.note", payload: {}, key: "order-1", tags: ["x"] },
    ]);
    assert.deepEqual(
      asked.map((one) => sentIn(one).length),
      [25, 25, 11],
    );
    assert.deepEqual(
      results.map(({ job }) => job?.id),
      [...numbered(60).map(({ tags }) => tags[0]), "x"],
    );
    const keys = asked.flatMap(sentIn).map(({ idempotency_key }) => idempotency_key);
    assert.deepEqual(
      results.map(({ key }) => key),
      keys,
    );
    assert.equal(new Set(keys).size, 61);
    assert.equal(keys[60], "order-1");
  });

  test("a portion is as large as the API takes", async () => {
    const text = await readFile(new URL("../../../docs/openapi.json", import.meta.url), "utf8");
    const { NewBatch, Bulk } = (JSON.parse(text) as { components: { schemas: Bounds } }).components.schemas;
    assert.equal(NewBatch.properties.jobs.maxItems, 25);
    assert.equal(Bulk.properties.ids.anyOf[0].maxItems, 100);
  });

  test("what was not stored is sent again by itself, under its key, with growing waits, and then told", async () => {
    const { client, asked, waits } = playing([
      answering((n) => (n === 0 ? 201 : 503)),
      answering((n) => (n === 0 ? 503 : 422)),
      answering(() => 503),
      answering(() => 503),
    ]);
    assert.deepEqual(statuses(await client.batch(numbered(3))), [201, 503, 422]);
    assert.deepEqual(waits, [200, 400, 800]);
    assert.deepEqual(
      asked.map((one) => sentIn(one).map(({ tags }) => tags[0])),
      [["n:0", "n:1", "n:2"], ["n:1", "n:2"], ["n:1"], ["n:1"]],
    );
    assert.equal(
      new Set(asked.map((one) => sentIn(one).find(({ tags }) => tags[0] === "n:1")?.idempotency_key)).size,
      1,
    );
  });

  test("a job that was stored without an answer was made by this call", async () => {
    const found = () =>
      json(200, { results: [{ status: 200, job: { id: "a" }, problem: null, existing: "key" }] });
    const { client } = playing([answering(() => 503), found, LOST, found]);
    assert.equal((await client.batch(numbered(1)))[0]?.existing, null);
    assert.equal((await client.batch(numbered(1)))[0]?.existing, null);
  });

  test("an error while it is sent again hides nothing", async () => {
    const { client } = playing([answering((n) => (n ? 503 : 201)), problem(401)]);
    assert.deepEqual(statuses(await client.batch(numbered(2))), [201, 503]);
  });

  for (const [name, then, status] of [
    ["no answer", [REFUSED, REFUSED, REFUSED, REFUSED], 503],
    ["a refusal", [problem(401, "unauthorized")], 401],
    ["too few results", [json(200, { results: [] })], 503],
  ] as const)
    test(`a later request with ${name} hides nothing of those before`, async () => {
      const { client } = playing([answering(), ...then]);
      const results = await client.batch(numbered(60));
      assert.deepEqual(statuses(results), [
        ...Array<number>(25).fill(201),
        ...Array<number>(35).fill(status),
      ]);
      assert.equal(new Set(results.map(({ key }) => key)).size, 60);
      assert.equal(results[59]?.problem?.status, status);
    });

  test("an error of the first request is raised", async () => {
    await assert.rejects(
      playing([REFUSED, REFUSED, REFUSED, REFUSED]).client.batch(numbered(30)),
      NotReached,
    );
  });

  test("a portion that is too large goes in halves, and a job that is too large by itself is told", async () => {
    const { client, asked } = playing([problem(413), answering(), problem(413), answering(), problem(413)]);
    assert.deepEqual(statuses(await client.batch(numbered(4))), [201, 201, 201, 413]);
    assert.deepEqual(
      asked.map((one) => sentIn(one).length),
      [4, 2, 2, 1, 1],
    );
  });

  test("what has no form in JSON is told before anything is sent", async () => {
    const { client, asked } = playing([]);
    await assert.rejects(
      client.batch([...numbered(25), { type: "test.note", payload: { n: 1n } }]),
      TypeError,
    );
    assert.equal(asked.length, 0);
  });
});

suite("wait and result", () => {
  const running = () => json(200, { id: "a", type: "test.note", status: "processing", finished_at: null });
  const ended = (status: string, more: object = {}) =>
    json(200, { id: "a", type: "test.note", status, finished_at: "2026-11-29T10:00:00.000Z", ...more });

  test("look at growing intervals until the job has finished", async () => {
    const { client, waits } = playing([
      running,
      running,
      running,
      () => ended("completed", { result: { n: 1 } }),
    ]);
    assert.deepEqual(await client.result<{ n: number }>({ id: "a" }), { n: 1 });
    assert.deepEqual(waits, [100, 150, 225]);
  });

  test("are late after the given time, with the last state", async () => {
    const { client, waits } = playing(Array.from({ length: 9 }, () => running));
    await assert.rejects(client.wait("a", { timeoutMs: 300 }), (error: unknown) => {
      assert.ok(error instanceof WaitTimeout);
      assert.equal(error.message, "Job a is still processing after 0.3 s.");
      return error.job.id === "a";
    });
    assert.deepEqual(waits, [100, 150, 50]);
  });

  test("tell a failure with its error; wait() returns the job however it ended", async () => {
    const failed = () => ended("failed", { error_class: "Refused", error_message: "no" });
    const { client } = playing([failed, failed]);
    assert.equal((await client.wait("a")).status, "failed");
    await assert.rejects(client.result("a"), (error: unknown) => {
      assert.ok(error instanceof JobNotCompleted);
      return error.message === "Job a (test.note) is failed: Refused: no";
    });
  });

  test("a bulk action is waited for in the same way, for as long as it takes", async () => {
    const row = (finished_at: string | null) => () => json(200, { id: "b", state: "running", finished_at });
    const { client, waits } = playing([row(null), row(null), row("2026-11-29T10:00:00.000Z")]);
    assert.equal((await client.waitBulk("b")).id, "b");
    assert.deepEqual(waits, [250, 375]);
  });
});

test("iterate goes through all pages, and begins with the first one that is asked for", async () => {
  const page = (ids: string[], next_cursor: string | null) => () =>
    json(200, { jobs: ids.map((id) => ({ id })), next_cursor });
  const { client, asked } = playing([page(["a", "b"], "more"), page([], "still"), page(["c"], null)]);
  const jobs = client.iterate({ status: "failed", type: "test.note" }, { pageSize: 2 });
  assert.equal(asked.length, 0);
  const found = [];
  for await (const { id } of jobs) found.push(id);
  assert.deepEqual(found, ["a", "b", "c"]);
  assert.deepEqual(
    asked.map(({ path }) => path),
    [
      "/jobs?status=failed&type=test.note&limit=2",
      "/jobs?status=failed&type=test.note&limit=2&cursor=more",
      "/jobs?status=failed&type=test.note&limit=2&cursor=still",
    ],
  );
});

test("what only JavaScript lets pass is refused before anything is sent", async () => {
  const { client, asked } = playing([]);
  const which = { filter: { type: "test.note" } };
  const misspelt = { dry_run: true } as object;
  const wrong: [string, () => unknown, RegExp][] = [
    ["cancelMany", () => client.cancelMany(which, misspelt), /dry_run/],
    ["startBulk", () => client.startBulk("cancel", which, misspelt), /dry_run/],
    ["redrive", () => client.redrive({ type: "test.note" }, misspelt), /dry_run/],
    ["retry", () => client.retry("j-1", { body: {} } as object), /body/],
    ["cancel", () => client.cancel("j-1", { family: true } as object), /family/],
    ["changeSchedule", () => client.changeSchedule("s", {} as never, { Version: "1" } as object), /Version/],
    ["runSchedule", () => client.runSchedule("s", { Key: "k" } as object), /Key/],
    ["no selection", () => client.cancelMany(undefined as never), /Select/],
    ["no type", () => client.redrive(undefined as never), /Select/],
    ["no job", () => client.get(undefined as never), /id of a job/],
    ["no event", () => client.event("j-1", ""), /name is ""/],
    ["no list", () => client.batch({ type: "test.note", payload: {} } as never), /list/],
    ["no time", () => client.submit("test.note", {}, { run_at: new Date("x") as never }), /run_at/],
    [
      "no time",
      () => client.batch([{ type: "test.note", payload: {}, run_at: new Date("x") as never }]),
      /run_at/,
    ],
  ];
  for (const [name, call, said] of wrong)
    await assert.rejects(
      new Promise((resolve) => {
        resolve(call());
      }),
      { name: "TypeError", message: said },
      name,
    );
  assert.equal(asked.length, 0);
});

test("a value of a limit is sent as it is, and an empty one does not become all values", async () => {
  const { client, asked } = playing([json(200, {}), json(200, {}), json(200, {}), json(200, {})]);
  await client.setLimit("0.invoice.export", 0, { value: "a?b/100%41" });
  await client.setLimit("0.invoice.export", 0, { value: "" });
  await client.setLimit("0.invoice.export", 0);
  await client.resetLimit("0.invoice.export", { value: "*" });
  assert.deepEqual(
    asked.map(({ path }) => path),
    ["?value=a%3Fb%2F100%2541", "?value=", "", "?value=*"].map((query) => `/limits/0.invoice.export${query}`),
  );
});

test("a Date is a time in a query, as it is in a body", async () => {
  const { client, asked } = playing([() => json(200, { jobs: [], next_cursor: null })]);
  await client.page({ created_after: new Date("2027-01-15T10:00:00Z") as never });
  assert.match(asked[0]?.path ?? "", /created_after=2027-01-15T10%3A00%3A00.000Z/);
});

suite("actions on many", () => {
  const tally = (done: number, next_cursor: string | null) => () =>
    json(200, { matched: done, done, skipped: [], more: next_cursor !== null, next_cursor });

  test("listed jobs go in portions, those that match page by page; `expected` is compared once", async () => {
    const { client, asked } = playing([tally(100, null), tally(50, null), tally(7, "more"), tally(1, null)]);
    const ids = Array.from({ length: 150 }, (_, n) => String(n));
    assert.deepEqual(await client.retryMany({ ids }), { matched: 150, done: 150, skipped: [] });
    assert.equal((await client.cancelMany({ filter: { type: "test.note" } }, { expected: 8 })).done, 8);
    const bodies = asked.map(({ body }) => JSON.parse(body ?? "") as Schemas["Bulk"]);
    assert.deepEqual(
      bodies.map(({ action, ids, expected, cursor }) => [action, ids?.length, expected, cursor]),
      [
        ["retry", 100, undefined, undefined],
        ["retry", 50, undefined, undefined],
        ["cancel", undefined, 8, undefined],
        ["cancel", undefined, undefined, "more"],
      ],
    );
  });

  test("all jobs are meant only where that is said", async () => {
    const { client, asked } = playing([]);
    const unclear = [
      {},
      { filter: {} },
      { filter: { type: undefined } },
      { filter: { type: null } },
      { ids: undefined },
      { everything: false },
      { ids: ["a"], everything: true },
    ] as Which[];
    for (const which of unclear) {
      await assert.rejects(async () => client.retryMany(which), TypeError, JSON.stringify(which));
      await assert.rejects(async () => client.startBulk("retry", which), TypeError, JSON.stringify(which));
    }
    await assert.rejects(async () => client.redrive({} as { type: string }), TypeError);
    await assert.rejects(async () => client.retryMany({ ids: ["a", "b"] }, { expected: 1 }), RangeError);
    assert.equal(asked.length, 0);
  });
});

test("a bulk retry can give a field of each payload another value", async () => {
  const { client, asked } = playing([json(202, { id: "b" })]);
  await client.startBulk("retry", { filter: { tag: "x" } }, { edit: { "order.currency": "EUR" } });
  const sent = JSON.parse(asked[0]?.body ?? "") as object;
  assert.deepEqual(sent, { action: "retry", filter: { tag: "x" }, edit: { "order.currency": "EUR" } });
});

test("a file goes to the storage without the token, and its refusal is told", async () => {
  const form = () =>
    json(200, { url: "https://storage.example/", fields: { policy: "p" }, key: "uploads/1" });
  const { client, asked } = playing([
    form,
    new Response(null, { status: 204 }),
    form,
    new Response("<Code>No</Code>", { status: 403 }),
  ]);
  const file = new Blob(["abc"], { type: "image/png" });
  assert.equal(await client.upload(file), "uploads/1");
  assert.deepEqual(
    asked.map(({ path, headers }) => [path, headers.has("Authorization")]),
    [
      ["/uploads", true],
      ["https://storage.example/", false],
    ],
  );
  assert.equal(asked[0]?.body, '{"content_type":"image/png","bytes":3}');
  await assert.rejects(
    client.upload(file),
    (error: unknown) => error instanceof ApiError && error.status === 403,
  );
});

test("the reason of a change is sent with it, and a change without one is sent as before", async () => {
  const calls: [string, (client: JobFlow, reason?: string) => Promise<unknown>][] = [
    ["retry", (client, reason) => client.retry("a", { reason })],
    ["cancel", (client, reason) => client.cancel("a", { reason })],
    ["runNow", (client, reason) => client.runNow("a", { reason })],
    ["event", (client, reason) => client.event("a", "approved", 1, { reason })],
    ["closeBatch", (client, reason) => client.closeBatch("a", 1, { reason })],
    ["cancelBatch", (client, reason) => client.cancelBatch("a", { reason })],
    ["retryBatch", (client, reason) => client.retryBatch("a", { reason })],
    ["retryMany", (client, reason) => client.retryMany({ ids: ["a"] }, { reason })],
    ["redrive", (client, reason) => client.redrive({ everything: true }, { reason })],
    ["startBulk", (client, reason) => client.startBulk("retry", { ids: ["a"] }, { reason })],
    ["stopBulk", (client, reason) => client.stopBulk("a", { reason })],
    ["resume", (client, reason) => client.resume("email.send", { reason })],
    ["pauseSchedule", (client, reason) => client.pauseSchedule("daily", { reason })],
    ["resumeSchedule", (client, reason) => client.resumeSchedule("daily", { reason })],
    ["runSchedule", (client, reason) => client.runSchedule("daily", { reason })],
    ["deleteSchedule", (client, reason) => client.deleteSchedule("daily", { reason })],
    ["judge", (client, reason) => client.judge("5d41402abc4b", "resolve", { reason })],
  ];
  const answer = () => json(200, { matched: 0, done: 0, skipped: [], more: false, next_cursor: null });
  for (const [name, call] of calls) {
    const { client, asked } = playing([answer(), answer()]);
    await call(client, "asked for");
    await call(client);
    assert.equal((JSON.parse(asked[0]?.body ?? "{}") as { reason?: string }).reason, "asked for", name);
    assert.ok(!(asked[1]?.body ?? "").includes("reason"), name);
  }
});

test("payload types of a stage are checked, and any types are taken without them", () => {
  interface Payloads {
    "email.send": { to: string[]; subject?: string };
    "report.generate": { from: string };
  }
  const typed = new JobFlow<Payloads>({ url: "https://jobs.example.com", token: "t" });
  const untyped = new JobFlow({ url: "https://jobs.example.com", token: "t" });
  // Compiled and not run: `tsc` fails if it accepts one of these calls, or refuses one of the others.
  const calls = () => [
    typed.submit("email.send", { to: [] }, { delay_seconds: 5, tags: ["a"] }),
    untyped.submit("anything.else", { a: 1 }),
    typed.batch([{ type: "report.generate", payload: { from: "2026-11-29" }, key: "a" }]),
    // @ts-expect-error: no such field
    typed.submit("email.send", { too: [] }),
    // @ts-expect-error: no such type
    typed.submit("email.sent", { to: [] }),
    // @ts-expect-error: the payload of another type
    typed.batch([{ type: "report.generate", payload: { to: [] } }]),
  ];
  assert.equal(typeof calls, "function");
});
