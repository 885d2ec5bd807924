import { expect, test } from "vitest";
import { changes } from "./difference";

test("what was changed, added and removed is told by its path, in the order of the fields", () => {
  const before = { to: ["a", "b"], subject: "Hi", keep: 1, gone: true };
  const after = { to: ["a", "c"], subject: "Hello", keep: 1, added: { deep: null } };
  expect(changes(before, after)).toEqual([
    { path: "to.1", before: '"b"', after: '"c"' },
    { path: "subject", before: '"Hi"', after: '"Hello"' },
    { path: "added.deep", before: null, after: "null" },
    { path: "gone", before: "true", after: null },
  ]);
  expect(changes(before, before)).toEqual([]);
});
