import { expect, test } from "vitest";
import type { Metrics, TypeNumbers } from "@/api/metrics";
import { job, T0 } from "@/test/factories";
import { COLUMNS, fitColumns } from "./columns";
import { judge } from "./health";
import { newestPair, ran, sortJobs, waited } from "./measure";
import { csvRows, resultFiles } from "./preview";
import { curl, python } from "./snippets";
import { allows, STATUS, STATUSES } from "./status";

const none = Object.fromEntries(STATUSES.map((status) => [status, 0])) as Metrics["byStatus"];
const numbers = (more: Partial<Metrics["byStatus"]> = {}, type: Partial<TypeNumbers> = {}): Metrics => {
  const common = {
    byStatus: { ...none, ...more },
    total: 0,
    queueLength: 0,
    retryQueueLength: 0,
    dlqLength: 0,
  };
  return {
    ...common,
    byType: { "email.send": { ...common, oldestQueuedAgeS: null, inFlight: 0, paused: false, ...type } },
    asOf: T0,
  };
};

test("the worst is said first", () => {
  expect(judge(numbers({ dead_letter: 1, failed: 9 })).sentence).toBe("1 job gave up and waits for you.");
  expect(judge(numbers({ dead_letter: 2 }, { paused: true })).sentence).toBe(
    "2 jobs gave up and wait for you, and email.send is paused.",
  );
  expect(judge(numbers({ failed: 9 }, { oldestQueuedAgeS: 200 })).sentence).toMatch(
    /^email\.send is behind: .* 3m\.$/,
  );
  expect(judge(numbers({}, { paused: true, oldestQueuedAgeS: 900 })).sentence).toBe("email.send is paused.");
  expect(judge(numbers({ retrying: 2 })).level).toBe("busy");
  expect(judge(numbers())).toEqual({ level: "good", sentence: "All is well, and nothing waits." });
});

test("every status has a word, an icon and a meaning; nothing finished can be cancelled, nothing unfinished retried", () => {
  for (const status of STATUSES) {
    expect(STATUS[status].label && STATUS[status].meaning).toBeTruthy();
    expect(allows(status, "cancel")).toBe(!STATUS[status].terminal);
    expect(allows(status, "retry")).toBe(["failed", "dead_letter", "cancelled"].includes(status));
  }
});

test("times are measured where they are known, and not guessed where they are not", () => {
  expect(waited(job("a"), T0 + 5000)).toBe(5000);
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

test("columns go when there is no room, the least important first, and id and status never", () => {
  expect(fitColumns(COLUMNS, 5000)).toHaveLength(COLUMNS.length);
  expect(fitColumns(COLUMNS, 740).map((column) => column.key)).toContain("error");
  expect(fitColumns(COLUMNS, 100).map((column) => column.key)).toEqual(["id", "status"]);
});

test("links in a result are files only when they are web addresses", () => {
  const result = {
    url: "https://files.test/a/photo.webp?sig=1",
    files: [{ url: "https://files.test/r.csv" }, { url: "javascript:alert(1)" }, { url: "//no" }],
    deep: { deeper: { deepest: { url: "https://files.test/too-deep" } } },
  };
  expect(resultFiles(result).map((file) => [file.name, file.kind])).toEqual([
    ["photo.webp", "image"],
    ["r.csv", "csv"],
  ]);
  expect(resultFiles("https://files.test/x.png")).toEqual([]);
});

test("CSV is read with quotes, commas and line breaks in cells", () => {
  expect(csvRows('a,b\r\n"1,5","say ""hi"""\n"two\nlines",\n')).toEqual([
    ["a", "b"],
    ["1,5", 'say "hi"'],
    ["two\nlines", ""],
  ]);
});

test("snippets cannot be broken out of, and hold no token", () => {
  const evil = job("a", { payload: { text: `it's """ $(rm -rf /) \\` } });
  expect(curl(evil, "http://api.test")).toContain(String.raw`it'\''s`);
  expect(python(evil, "http://api.test").match(/"""/g)).toHaveLength(2);
  expect(curl(evil, "http://api.test")).toContain("$JOBFLOW_TOKEN");
});

test("a type's newest percentiles are those of its last minute with a job", () => {
  const none = { p50: null, p95: null };
  expect(newestPair([{ p50: 10, p95: 20 }, { p50: 800, p95: 2100 }, none])).toBe("800 ms / 2.1 s");
  expect(newestPair([none])).toBeNull();
  expect(newestPair(undefined)).toBeNull();
});
