import { expect, test } from "vitest";
import type { BulkTally } from "@/api/bulk";
import { type ManyAsk } from "./actions";
import { outlook, progressOf, result, title } from "./bulkWords";

const tally = (matched: number, more = false): BulkTally => ({ matched, done: 0, skipped: [], more });
const ask = (scope: Extract<ManyAsk, { kind: "many" }>["scope"]): ManyAsk => ({
  kind: "many",
  action: "retry",
  target: { ids: [] },
  scope,
});

test("the question names the jobs and how many there are", () => {
  expect(title(ask("selected"), tally(2))).toBe("Retry 2 selected jobs?");
  expect(title(ask("matching"), null)).toBe("Retry matching jobs?");
  expect(title(ask({ failedWith: "ImageRefused" }), tally(143))).toBe(
    "Retry 143 jobs that failed with ImageRefused?",
  );
  expect(title({ kind: "redrive", type: "email.send", count: 1 }, null)).toBe(
    "Retry 1 dead-lettered job of email.send?",
  );
});

test("jobs that are skipped do not count; a count that stopped says so", () => {
  const some = { ...tally(5), skipped: [{ id: "a", reason: "running" }] };
  expect(outlook("cancel", some)).toBe("4 jobs will be cancelled.");
  expect(outlook("retry", tally(2000, true))).toBe("More than 2,000 jobs will be retried.");
});

test("progress and result say how many of how many", () => {
  expect(progressOf(ask("matching"), 56, tally(143))).toBe("Retrying 56 of 143");
  expect(progressOf(ask("matching"), 56, tally(2000, true))).toBe("Retrying 56");
  expect(result(ask("matching"), { ...tally(3), done: 2, skipped: [{ id: "a", reason: "running" }] })).toBe(
    "2 jobs re-queued; 1 skipped.",
  );
});
