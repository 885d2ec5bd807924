import { expect, test } from "vitest";
import { job, page } from "@/test/factories";
import { emptyAtEnd } from "./searching";

test("only the pages after the last match count as empty", () => {
  const none = page([], "more");
  const some = page([job("a")], "more");
  expect(emptyAtEnd([])).toBe(0);
  expect(emptyAtEnd([none, none])).toBe(2);
  expect(emptyAtEnd([none, some])).toBe(0);
  expect(emptyAtEnd([some, none, none, none])).toBe(3);
});
