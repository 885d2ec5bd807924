import { beforeEach, expect, test } from "vitest";
import { NO_OPTIONS } from "./draft";
import { dropDraft, keepDraft, keptDraft } from "./kept";

beforeEach(() => sessionStorage.clear());

test("a draft is kept for its type until it is dropped, long integers exact", () => {
  const draft = { payload: { order: 9007199254740993n }, options: { ...NO_OPTIONS, tags: "a" } };
  keepDraft("email.send", draft);
  expect(keptDraft("email.send")).toEqual(draft);
  expect(keptDraft("image.process")).toBeNull();
  dropDraft("email.send");
  expect(keptDraft("email.send")).toBeNull();
});

test("what is not a draft is not taken for one", () => {
  sessionStorage.setItem("jobflow.draft.email.send", '{"payload": 1}');
  expect(keptDraft("email.send")).toBeNull();
  sessionStorage.setItem("jobflow.draft.email.send", "{");
  expect(keptDraft("email.send")).toBeNull();
});
