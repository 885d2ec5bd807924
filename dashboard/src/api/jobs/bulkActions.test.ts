import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { countBulk } from "./bulkActions";

const WIRE = {
  id: "a1", action: "retry", state: "running", expected: null, matched: 0, done: 0, skipped: 0, reasons: [],
  per_second: null, started_by: "ada", started_at: "2026-11-25T00:00:00Z", finished_at: null, problem: null,
}; // prettier-ignore
const at = (matched: number, more: object = {}) => ({ ...WIRE, matched, skipped: 1, ...more });
const done = { state: "done", finished_at: "2026-11-25T00:01:00Z" };

/** Let the platform return these answers, one after the other (null: no answer); return the requests that it got. */
function answers(...steps: (object | null)[]): string[] {
  const asked: string[] = [];
  vi.stubGlobal("fetch", (url: string, { method = "GET" }: RequestInit) => {
    asked.push(`${method} ${url.replace(/^.*\/bulk/, "/bulk")}`);
    const answer = steps[asked.length - 1];
    return answer
      ? Promise.resolve(new Response(JSON.stringify(answer)))
      : Promise.reject(new TypeError("x"));
  });
  return asked;
}

beforeEach(() => void vi.useFakeTimers());
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

test("the platform is looked at until it has counted all, and tells how far it is", async () => {
  const asked = answers(at(25), at(4001), at(9001, done));
  const told: number[] = [];
  const counting = countBulk("retry", { filter: {} }, new AbortController().signal, (n) => told.push(n));
  await vi.advanceTimersByTimeAsync(2000);
  expect((await counting).matched).toBe(9001);
  expect([told, asked]).toEqual([
    [24, 4000],
    ["POST /bulk", "GET /bulk/a1", "GET /bulk/a1"],
  ]);
});

test("an answer that does not come ends no count; four in a row do, and the platform is told to stop", async () => {
  const asked = answers(at(25), null, null, null, at(99), null, null, null, null, at(99, done));
  const counting = countBulk("retry", { filter: {} }, new AbortController().signal, () => undefined);
  const failed = expect(counting).rejects.toThrow();
  await vi.advanceTimersByTimeAsync(20_000);
  await failed;
  expect(asked.at(-1)).toBe("POST /bulk/a1/stop");
});

test("a count that nobody waits for any more is stopped, also when it had not begun", async () => {
  const asked = answers(at(25), at(25, done));
  const closed = new AbortController();
  const counting = countBulk("retry", { filter: {} }, closed.signal, () => undefined);
  closed.abort();
  const failed = expect(counting).rejects.toThrow();
  await vi.advanceTimersByTimeAsync(1000);
  await failed;
  expect(asked).toContain("POST /bulk/a1/stop");
});
