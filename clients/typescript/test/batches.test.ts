import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { BatchNotEnded, MembersNotAdded } from "../src/index.ts";
import { json, LOST, playing, type Asked } from "./fake.ts";

const ID = "0b8f4d52-5c0a-4c55-9d6c-6f0c7c2f5a11";
const batch = (state: string, done = 0) => ({
  id: ID,
  state,
  newest: { state, done, total: 2, closed_at: state === "open" ? null : "2026-11-30T00:00:00Z" },
});
const answer = (state: string, done = 0) => json(200, batch(state, done));
/** Answer each member: the same job for the same payload; a payload without a text is refused. */
const added = ({ body }: Asked) => {
  const { jobs } = JSON.parse(body ?? "") as { jobs: { payload: { text?: string } }[] };
  const results = jobs.map(({ payload: { text } }) => {
    const problem =
      text === undefined ? { type: "about:blank", title: "No", detail: "text: is missing" } : null;
    return { status: problem ? 422 : 201, job: problem ? null : { id: text }, problem, existing: null };
  });
  return json(200, { results });
};
const note = (text?: string) => ({ type: "test.note", payload: { text } });

void suite("a batch with one end", () => {
  void test("is created, filled in portions and closed with the number of its members", async () => {
    const { client, asked } = playing([answer("open"), added, added, answer("running")]);
    const texts = Array.from({ length: 30 }, (_, n) => note(String(n % 28)));
    const made = await client.startBatch(texts, { then: "report.sent", key: "k", notify: ["billing"] });
    assert.equal(made.state, "running");
    assert.deepEqual(
      asked.map(({ method, path }) => `${method} ${path}`),
      ["POST /batches", `POST /batches/${ID}/jobs`, `POST /batches/${ID}/jobs`, `POST /batches/${ID}/close`],
    );
    assert.deepEqual(JSON.parse(asked[0]?.body ?? ""), {
      then: "report.sent",
      key: "k",
      notify: ["billing"],
    });
    assert.equal(asked[0]?.headers.get("Idempotency-Key"), "k");
    assert.ok(!asked[1]?.body?.includes("idempotency_key"), "its request names it");
    assert.deepEqual(JSON.parse(asked[3]?.body ?? ""), { total: 28 });
  });

  void test("that is closed already is returned as it is", async () => {
    const { client, asked } = playing([answer("running"), answer("running", 1)]);
    assert.equal((await client.startBatch([note("a")], { key: "k" })).newest.done, 1);
    assert.equal(asked[1]?.method, "GET");
  });

  void test("stays open if a job is refused", async () => {
    const { client, left } = playing([answer("open"), added]);
    await assert.rejects(client.startBatch([note("a"), note()]), (error) => {
      assert.ok(error instanceof MembersNotAdded);
      assert.match(error.message, /1 of 2 jobs .* number 1: text: is missing/);
      return error.batch === ID;
    });
    assert.equal(left.length, 0);
  });

  void test("is waited for", async () => {
    const { client, waits } = playing([answer("closing"), LOST, answer("running", 1), answer("ended", 2)]);
    assert.equal((await client.waitBatch(ID)).newest.done, 2);
    assert.equal(waits.length, 3);
    const late = playing([answer("running", 1)]).client.waitBatch({ id: ID }, { timeoutMs: 0 });
    await assert.rejects(late, (error) => {
      assert.ok(error instanceof BatchNotEnded);
      return error.message.includes("is still running after 0 s: 1 of 2 members");
    });
  });

  void test("is named by its id, else the error says so", () => {
    const { client } = playing([]);
    assert.throws(() => void client.closeBatch({} as never, 1), /the id of a batch/);
  });

  void test("is listed, filled by hand, closed, cancelled and retried", async () => {
    const page = (next: string | null) => json(200, { batches: [batch("open")], next_cursor: next });
    const one = () => answer("open");
    const { client, asked } = playing([page("c"), page(null), one(), added, one(), one(), one(), one()]);
    const listed: string[] = [];
    for await (const { id } of client.batches()) listed.push(id);
    assert.deepEqual(listed, [ID, ID]);
    const made = await client.openBatch();
    await client.addToBatch(made, [{ ...note("a"), key: "part-1" }]);
    await client.closeBatch(made);
    await client.cancelBatch(made);
    await client.retryBatch(made);
    await client.getBatch(ID);
    assert.deepEqual(
      asked.map(({ path }) => path.replace(ID, "x")),
      [
        "/batches",
        "/batches?cursor=c",
        "/batches",
        "/batches/x/jobs",
        "/batches/x/close",
        "/batches/x/cancel",
      ].concat(["/batches/x/retry", "/batches/x"]),
    );
    assert.match(asked[3]?.body ?? "", /"idempotency_key":"part-1"/);
    assert.equal(asked[4]?.body, "{}");
  });
});
