import { afterEach, expect, test, vi } from "vitest";
import { job, T0 } from "@/test/factories";
import { everyJob, MOST_LOOKED, written } from "./download";

afterEach(() => void vi.unstubAllGlobals());

const hostile = job("a", { errorMessage: '=HYPERLINK("x"), \n two', tags: ["b", "c"], nextAttemptAt: T0 });

test("a table has a header, quotes what needs it, and holds no formula", () => {
  const [header, ...rest] = written([hostile], "csv").split("\r\n");
  expect(header).toMatch(/^id,type,status,attempts/);
  expect(rest.join("\r\n")).toContain(`,"'=HYPERLINK(""x""), \n two",`);
  expect(rest.join("\r\n")).toContain("2026-11-25T00:00:00.000Z,,b c,");
});

test("JSON lines hold an object for each job, with numbers, nulls, lists and the payload as they are", () => {
  const lines = written([hostile, job("b")], "jsonl")
    .trim()
    .split("\n");
  expect(lines.map((line) => (JSON.parse(line) as { id: string }).id)).toEqual(["a", "b"]);
  const first = JSON.parse(lines[0] ?? "") as object;
  expect(first).toMatchObject({
    tags: ["b", "c"],
    payload: hostile.payload,
    max_attempts: hostile.maxAttempts,
  });
  expect(first).toMatchObject({ tenant: null, error_class: null, finished_at: null });
  expect(first).toMatchObject({
    error_message: hostile.errorMessage,
    next_attempt_at: "2026-11-25T00:00:00.000Z",
  });
});

test("a filter that few jobs match reads a limited number of jobs", async () => {
  let requests = 0;
  vi.stubGlobal("fetch", () => {
    requests += 1;
    return Promise.resolve(
      Response.json({ jobs: [], total: null, next_cursor: requests < 1000 ? "next" : null, looked: 5000 }),
    );
  });
  expect(await everyJob({ error: "rare" })).toEqual({ jobs: [], looked: MOST_LOOKED, more: true });
  expect(requests).toBe(MOST_LOOKED / 5000);
});
