import { expect, test } from "vitest";
import { openFirst } from "./order";

test("errors that came again after they were resolved come first, known ones last", () => {
  const states = ["resolved", "open", "acknowledged", "regressed"] as const;
  expect(openFirst(states.map((state) => ({ state }))).map(({ state }) => state)).toEqual([
    "regressed",
    "open",
    "acknowledged",
    "resolved",
  ]);
});
