import { expect, test } from "vitest";
import { fromLevel, matchingLines } from "./filter";

const line = (level: string, message: string, fields = {}) => ({
  at: 0,
  level,
  message,
  gen: 1,
  attempt: 1,
  fields,
});

test("a line is found by its level, its message or its fields", () => {
  const lines = [line("INFO", "started"), line("ERROR", "Mailbox full"), line("INFO", "done", { ms: 42 })];
  expect(matchingLines(lines, "error")).toEqual([lines[1]]);
  expect(matchingLines(lines, "mailbox")).toEqual([lines[1]]);
  expect(matchingLines(lines, "42")).toEqual([lines[2]]);
  expect(matchingLines(lines, " ")).toBe(lines);
});

test("a level leaves out the lines below it; an unknown level counts as info", () => {
  const lines = [
    line("DEBUG", "a"),
    line("INFO", "b"),
    line("NOTICE", "c"),
    line("warning", "d"),
    line("CRITICAL", "e"),
  ];
  const shown = (level: Parameters<typeof fromLevel>[1]) =>
    fromLevel(lines, level)
      .map(({ message }) => message)
      .join("");
  expect([shown("all"), shown("info"), shown("warning"), shown("error")]).toEqual([
    "abcde",
    "bcde",
    "de",
    "e",
  ]);
});
