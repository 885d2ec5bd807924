import { expect, test } from "vitest";
import { job, T0 } from "@/test/factories";
import { written } from "./download";

const hostile = job("a", { errorMessage: '=HYPERLINK("x"), \n two', tags: ["b", "c"], nextAttemptAt: T0 });

test("a table has a header, quotes what needs it, and holds no formula", () => {
  const [header, ...rest] = written([hostile], "csv").split("\r\n");
  expect(header).toMatch(/^id,type,status,attempts/);
  expect(rest.join("\r\n")).toContain(`,"'=HYPERLINK(""x""), \n two",`);
  expect(rest.join("\r\n")).toContain("2026-11-25T00:00:00.000Z,,b c,");
});

test("JSON lines hold an object for each job, with its payload and tags as they are", () => {
  const lines = written([hostile, job("b")], "jsonl")
    .trim()
    .split("\n");
  expect(lines.map((line) => (JSON.parse(line) as { id: string }).id)).toEqual(["a", "b"]);
  expect(JSON.parse(lines[0] ?? "")).toMatchObject({ tags: ["b", "c"], payload: hostile.payload });
});
