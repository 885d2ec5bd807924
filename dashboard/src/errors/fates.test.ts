import { expect, test } from "vitest";
import { fatesOf } from "./fates";

test("the jobs that have an error now are in the order of the tabs, without statuses that have none", () => {
  expect(fatesOf({ byStatus: { dead_letter: 20, retrying: 3, completed: 0 }, complete: true })).toEqual([
    { status: "retrying", jobs: 3 },
    { status: "dead_letter", jobs: 20 },
  ]);
});
