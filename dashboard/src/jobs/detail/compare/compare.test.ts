import { expect, test } from "vitest";
import { attempt } from "@/test/factories";
import { folded, inOrder, sameStack, sideBySide } from "./compare";

test("equal lines stand beside each other, also behind what differs in length", () => {
  expect(sideBySide("a\nb\nz", "a\nc\nd\nz")).toEqual([
    { left: "a", right: "a" },
    { left: "b", right: "c" },
    { left: null, right: "d" },
    { left: "z", right: "z" },
  ]);
  expect(sideBySide("a", "a")).toEqual([{ left: "a", right: "a" }]);
});

test("long runs of equal lines are folded, but for those beside a difference; two equal texts are shown whole", () => {
  const lines = Array.from({ length: 20 }, (_, n) => `line ${n}`);
  const rows = folded(sideBySide([...lines, "a", ...lines].join("\n"), [...lines, "b", ...lines].join("\n")));
  expect(rows.map((row) => (typeof row === "number" ? row : row.right))).toEqual([
    17,
    ...lines.slice(17),
    "b",
    ...lines.slice(0, 3),
    17,
  ]);
  expect(folded(sideBySide(lines.join("\n"), lines.join("\n")))).toHaveLength(20);
});

test("the order of keys is no difference", () => {
  const value = { b: [{ z: 1, a: null }], a: 9007199254740993n };
  expect(JSON.stringify(Object.keys(inOrder(value) as object))).toBe('["a","b"]');
  expect(inOrder(value)).toEqual(value);
  expect(Object.keys((inOrder(value) as typeof value).b[0] ?? {})).toEqual(["a", "z"]);
});

test("a stack is the same when its frames are, whatever the message says", () => {
  const stack = (file: string, message: string) =>
    `Traceback:\n  File "${file}", line 3, in f\n    f()\nE: ${message}`;
  const [one, other] = [
    attempt(1, { stack: stack("a.py", "5 s") }),
    attempt(2, { stack: stack("a.py", "7 s") }),
  ];
  expect(sameStack(one, other)).toBe(true);
  expect(sameStack(one, attempt(2, { stack: stack("b.py", "5 s") }))).toBe(false);
  expect(sameStack(attempt(1), attempt(2)), "no stack is none that is the same").toBe(false);
});
