import { expect, test } from "vitest";
import { inline } from "./inline";

test("a description is plain but for code and Swagger UI's italics", () => {
  expect(inline("Follow `next_cursor` until it is null.")).toEqual([
    { text: "Follow " },
    { tag: "code", text: "next_cursor" },
    { text: " until it is null." },
  ]);
  expect(inline("<i>Default value</i> : 20")).toEqual([
    { tag: "i", text: "Default value" },
    { text: " : 20" },
  ]);
  expect(inline("plain")).toEqual([{ text: "plain" }]);
});

test("other markup stays text", () => {
  const text = "<b>bold</b> <img src=x onerror=alert(1)> `unclosed";
  expect(inline(text)).toEqual([{ text }]);
});
