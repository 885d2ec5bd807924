import { expect, test } from "vitest";
import { job, T0 } from "@/test/factories";
import { grouped, moved } from "./groups";

test("jobs are grouped by type and status, failed ones first, each group in the order of creation and keys", () => {
  const found = grouped([
    job("a", { status: "completed", idempotencyKey: "part.10", createdAt: T0 + 5 }),
    job("b", { status: "completed", idempotencyKey: "part.2", createdAt: T0 + 9 }),
    job("c", { status: "completed", idempotencyKey: "part.1", createdAt: T0 + 2000 }),
    job("d", { status: "dead_letter" }),
    job("e", { status: "failed", type: "image.process" }),
    job("f", { status: "processing" }),
  ]);
  expect(found.map(({ type, number }) => [type, number])).toEqual([
    ["email.send", 5],
    ["image.process", 1],
  ]);
  expect(found[0]?.groups.map(({ status, jobs }) => [status, ...jobs.map(({ id }) => id)])).toEqual([
    ["dead_letter", "d"],
    ["processing", "f"],
    ["completed", "b", "a", "c"],
  ]);
});

test.each([
  ["ArrowRight", "c", "d"],
  ["ArrowRight", "f", null],
  ["ArrowLeft", "d", "c"],
  ["ArrowDown", "b", "e"],
  ["ArrowDown", "c", "e"],
  ["ArrowUp", "f", "d"],
  ["ArrowUp", "a", null],
  ["Home", "f", "a"],
  ["End", "a", "f"],
  ["Enter", "a", null],
  ["ArrowRight", "gone", null],
])("%s leads from %s to %s", (key, from, to) => {
  expect(moved([["a", "b", "c"], ["d", "e"], ["f"]], from, key)).toBe(to);
});
