import { expect, test } from "vitest";
import { attempt } from "@/test/factories";
import { sameStack, sideBySide } from "./compare";

test("equal lines stand beside each other, also behind what differs in length", () => {
  expect(sideBySide("a\nb\nz", "a\nc\nd\nz")).toEqual([
    { left: "a", right: "a" },
    { left: "b", right: "c" },
    { left: null, right: "d" },
    { left: "z", right: "z" },
  ]);
  expect(sideBySide("a", "a")).toEqual([{ left: "a", right: "a" }]);
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
