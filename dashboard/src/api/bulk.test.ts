import { expect, test, vi } from "vitest";
import { previewBulk, runBulk, type BulkTally } from "./bulk";

/** The API's answers, one after the other; returns what was asked. */
function answers(...steps: object[]): { body: object[] } {
  const asked: { body: object[] } = { body: [] };
  vi.stubGlobal("fetch", (_: string, init: RequestInit) => {
    asked.body.push(JSON.parse(init.body as string) as object);
    return Promise.resolve(new Response(JSON.stringify(steps[asked.body.length - 1])));
  });
  return asked;
}

const step = (done: number, next_cursor: string | null) => ({
  matched: done,
  done,
  skipped: [],
  more: next_cursor !== null,
  next_cursor,
});
const told: BulkTally[] = [];

test("a filter is worked off to its end, also over steps that find nothing", async () => {
  const asked = answers(step(100, "a"), step(0, "b"), step(7, null));
  const filter = { fingerprint: "0123456789ab", idPrefix: "1a2b" };
  const sum = await runBulk("retry", { filter }, (now) => told.push(now), new AbortController().signal);
  const same = { action: "retry", filter: { fingerprint: "0123456789ab", id_prefix: "1a2b" }, limit: 100 };
  expect(asked.body).toEqual([same, { ...same, cursor: "a" }, { ...same, cursor: "b" }]);
  expect([sum.done, told.map((one) => one.done)]).toEqual([107, [100, 100, 107]]);
});

test("it stops between steps when it is told to", async () => {
  const asked = answers(step(100, "a"), step(100, "b"));
  const stop = new AbortController();
  const sum = await runBulk("cancel", { filter: { status: "queued" } }, () => stop.abort(), stop.signal);
  expect([sum.done, asked.body.length]).toEqual([100, 1]);
});

test("a preview counts all that match, and says when it stopped counting", async () => {
  const dry = (matched: number, cursor: string | null) => ({ ...step(0, cursor), matched });
  const asked = answers(dry(100, "a"), dry(43, null));
  const sum = await previewBulk("retry", { filter: {} });
  expect([sum.matched, sum.more]).toEqual([143, false]);
  expect(asked.body).toMatchObject([{ dry_run: true }, { dry_run: true, cursor: "a" }]);
  const endless = answers(...Array.from({ length: 30 }, (_, n) => dry(100, `c${n}`)));
  const part = await previewBulk("retry", { filter: {} });
  expect([part.matched, part.more, endless.body.length]).toEqual([2000, true, 20]);
});
