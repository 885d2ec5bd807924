import { expect, test } from "vitest";
import { cameAgain, openFirst } from "./order";

const open = { acknowledged: null, lastSeen: 5 };
const known = { acknowledged: { by: "ada", at: 10 }, lastSeen: 5 };
const again = { acknowledged: { by: "ada", at: 10 }, lastSeen: 15 };

test("errors that somebody knows of come last, unless they came again", () => {
  expect(openFirst([known, open, again])).toEqual([open, again, known]);
  expect([open, known, again].map(cameAgain)).toEqual([false, false, true]);
});
