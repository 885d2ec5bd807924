import { expect, test, vi } from "vitest";
import { previewBulk, which } from "./bulk";

/** Let the API return these answers, one after the other; return the requests that it got. */
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

test("a bulk action on a tenant's jobs says so", () => {
  const filter = { tenant: "acme", type: "email.send" };
  expect(which(filter)).toEqual({ filter });
});

test("a bulk action on the jobs of a schedule, or on the members of a batch, changes no other jobs", () => {
  expect(which({ schedule: "nightly" })).toEqual({ filter: { schedule: "nightly" } });
  expect(which({ batch: "b", status: "failed" })).toEqual({ filter: { batch: "b", status: "failed" } });
  const finishedAfter = Date.parse("2026-11-25T00:00:00Z");
  expect(which({ batch: "b", round: 2, finishedAfter })).toEqual({
    filter: { batch: "b", round: 2, finished_after: "2026-11-25T00:00:00.000Z" },
  });
});

test("a filter that no bulk action can have is refused, and not left out", () => {
  expect(() => which({ parent: "p" })).toThrow("parent");
});

test("a bulk action on all jobs says that all are meant", () => {
  expect(which({})).toEqual({ everything: true });
});
