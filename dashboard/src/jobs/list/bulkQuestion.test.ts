import { expect, test } from "vitest";
import { job } from "@/test/factories";
import { bulkQuestion, countOf, editQuestion } from "./bulkQuestion";

const done = () => undefined;
const rows = [
  job("a", { status: "failed" }),
  job("b", { status: "completed" }),
  job("c", { status: "dead_letter" }),
  job("d", { status: "failed" }),
];
const picked = { rows, ids: new Set(["a", "b", "c"]), matching: false, search: {}, now: 0 };

test("an action takes every selected job that allows it, and no other", () => {
  expect(bulkQuestion(picked, "retry", done)).toMatchObject({
    target: { ids: ["a", "c"] },
    scope: "selected",
  });
  expect(bulkQuestion(picked, "cancel", done)).toBeNull();
});

test("the number of jobs is known where they are listed", () => {
  expect(countOf(bulkQuestion(picked, "retry", done))).toBe(2);
  expect(countOf(bulkQuestion(picked, "cancel", done))).toBe(0);
  expect(countOf(bulkQuestion({ ...picked, matching: true }, "retry", done))).toBeNull();
});

test("with all matching jobs selected, the action takes the filter", () => {
  const all = { ...picked, matching: true, search: { status: "failed" as const } };
  expect(bulkQuestion(all, "retry", done)).toMatchObject({ target: { filter: { status: "failed" } } });
  expect(bulkQuestion(all, "cancel", done)).toBeNull();
});

test("a failed job without its payload is neither retried nor edited, and can be discarded", () => {
  const removed = { ...picked, rows: [...rows, job("e", { status: "failed", payloadRemovedAt: 1 })] };
  const all = { ...removed, ids: new Set(["a", "e"]) };
  expect(bulkQuestion(all, "retry", done)).toMatchObject({ target: { ids: ["a"] } });
  expect(bulkQuestion(all, "discard", done)).toMatchObject({ target: { ids: ["a", "e"] } });
  const asked = editQuestion({ ...all, matching: true }, done);
  expect(asked?.kind === "edit" && asked.jobs.map(({ id }) => id)).toEqual(["a", "c", "d"]);
});

test("an edit takes every selected job that can be retried, with its payload", () => {
  const asked = editQuestion(picked, done);
  expect(asked).toMatchObject({ kind: "edit", target: { ids: ["a", "c"] }, scope: "selected" });
  expect(asked?.kind === "edit" && asked.jobs.map(({ id }) => id)).toEqual(["a", "c"]);
  expect(editQuestion({ ...picked, ids: new Set(["b"]) }, done)).toBeNull();
});
