import { expect, test } from "vitest";
import type { BulkTally } from "@/api/jobs/bulk";
import { type ManyAsk } from "./actions";
import { act, outlook, reasons, title } from "./bulkWords";

const tally = (matched: number): BulkTally => ({ matched, done: 0, skipped: [], more: false });
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

test("the button says how many jobs change once they are counted", () => {
  expect(act(ask("matching"), tally(143))).toBe("Retry 143 jobs");
  expect(act(ask("selected"), { ...tally(2), skipped: [{ id: "a", reason: "running" }] })).toBe(
    "Retry 1 job",
  );
  expect(act(ask("matching"), null)).toBe("Retry now");
  expect(act({ kind: "redrive", type: "email.send", count: 18 }, null)).toBe("Retry 18 jobs");
});

test("jobs that are skipped do not count", () => {
  const some = { ...tally(5), skipped: [{ id: "a", reason: "running" }] };
  expect(outlook("cancel", some)).toBe("4 jobs will be cancelled.");
});

test("reasons are counted without the ids that make each one differ", () => {
  const skipped = ["a", "b"].map((id) => ({ id, reason: `Job ${id} is running.` }));
  expect(reasons({ matched: 2, done: 0, skipped, more: false })).toEqual([["is running.", 2]]);
});
