import { meta } from "@/api/meta";
import { expect, test } from "vitest";
import { job, T0 } from "@/test/factories";
import { newestPair, ran, sortJobs, waited } from "./measure";
import { isFinished, allows, STATUS, STATUSES } from "./status";

test("every status has a word, an icon and a meaning; nothing finished can be cancelled, nothing unfinished retried", () => {
  for (const status of STATUSES) {
    expect(STATUS[status].label && STATUS[status].meaning).toBeTruthy();
    expect(allows(status, "cancel")).toBe(!isFinished(status));
    expect(allows(status, "retry")).toBe(["failed", "dead_letter", "cancelled"].includes(status));
    expect(allows(status, "discard")).toBe(["failed", "dead_letter"].includes(status));
    expect(allows(status, "run")).toBe(["scheduled", "retrying"].includes(status));
  }
});

test("times are measured where they are known, and not guessed where they are not", () => {
  expect(waited(job("a"), T0 + 5000)).toBe(5000);
  expect(waited(job("a", { attempts: 1, startedAt: T0 + 40 }), T0 + 5000)).toBe(40);
  expect(waited(job("a", { attempts: 2, startedAt: T0 + 9000 }), T0 + 9000)).toBeNull();
  expect(waited(job("a", { gen: 2, startedAt: T0 + 9000 }), T0 + 9000)).toBeNull();
  expect(waited(job("a", { attempts: 1, steps: 2, startedAt: T0 + 9000 }), T0 + 9000)).toBeNull();
  expect(waited(job("a", { status: "scheduled" }), T0 + 5000)).toBeNull();
  expect(ran(job("a"), T0)).toBeNull();
  expect(ran(job("a", { status: "processing", startedAt: T0 }), T0 + 700)).toBe(700);
  expect(ran(job("a", { status: "completed", startedAt: T0, finishedAt: T0 + 300 }), T0 + 9000)).toBe(300);
});

test("sorting is stable, goes both ways, and leaves the server's order alone without a key", () => {
  const rows = [job("b", { attempts: 1 }), job("a", { attempts: 3 }), job("c", { attempts: 1 })];
  const ids = (sorted: { id: string }[]) => sorted.map((row) => row.id).join("");
  expect(ids(sortJobs(rows, undefined, "desc", T0))).toBe("bac");
  expect(ids(sortJobs(rows, "attempt", "desc", T0))).toBe("abc");
  expect(ids(sortJobs(rows, "attempt", "asc", T0))).toBe("bca");
});

test("a type's newest percentiles are those of its last minute with a job", () => {
  const none = { p50: null, p95: null };
  expect(newestPair([{ p50: 10, p95: 20 }, { p50: 800, p95: 2100 }, none])).toBe("800 ms / 2.1 s");
  expect(newestPair([none])).toBeNull();
  expect(newestPair(undefined)).toBeNull();
});

test("before the API has told its sets nothing is offered, and nothing counts as finished", () => {
  meta.set(null);
  for (const status of STATUSES)
    expect([allows(status, "retry"), allows(status, "cancel"), isFinished(status)]).toEqual([
      false,
      false,
      false,
    ]);
});
