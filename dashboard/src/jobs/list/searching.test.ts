import { expect, test } from "vitest";
import type { Metrics } from "@/api/numbers/metrics";
import { job, page } from "@/test/factories";
import { emptyAtEnd, searchable } from "./searching";

test("only the pages after the last match count as empty", () => {
  const none = page([], "more");
  const some = page([job("a")], "more");
  expect(emptyAtEnd([])).toBe(0);
  expect(emptyAtEnd([none, none])).toBe(2);
  expect(emptyAtEnd([none, some])).toBe(0);
  expect(emptyAtEnd([some, none, none, none])).toBe(3);
});

test("how far a search has to go is told where the counters know it", () => {
  const email = { total: 40, byStatus: { failed: 7 } };
  const all = { total: 90, byStatus: { failed: 9 }, byType: { "email.send": email } } as unknown as Metrics;
  expect(searchable({ error: "x", sort: "run" }, all)).toBe(90);
  expect(searchable({ error: "x", status: "failed" }, all)).toBe(9);
  expect(searchable({ error: "x", type: "email.send" }, all)).toBe(40);
  expect(searchable({ error: "x", type: "email.send", status: "failed" }, all)).toBe(7);
  expect(searchable({ error: "x", type: "no.such" }, all)).toBeNull();
  for (const other of [{ tag: "a" }, { range: "24h" }, { from: 1 }, { payload: "x" }, { id: "1a2b" }])
    expect(searchable({ error: "x", ...other }, all)).toBeNull();
});
