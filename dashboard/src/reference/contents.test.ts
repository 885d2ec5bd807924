import { expect, test } from "vitest";
import { groupsOf } from "./contents";

test("the groups come in the order of the document, each with its calls", () => {
  const call = (...tags: string[]) => ({ tags });
  const groups = groupsOf({
    info: { title: "An API" },
    tags: [{ name: "jobs" }, { name: "nothing yet" }, { name: "the API itself" }],
    paths: {
      "/health": { get: call("the API itself") },
      "/jobs": { get: call("jobs"), post: call("jobs") },
      "/views": { get: call("views") },
    },
  });
  expect(groups).toEqual([
    { name: "jobs", calls: 2 },
    { name: "the API itself", calls: 1 },
    { name: "views", calls: 1 },
  ]);
});
