import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import type { TypeNumbers } from "@/api/numbers/metrics";
import type { JobType } from "@/api/types";
import { BY_BUDGET, budgetsOf } from "./budgets";

const type = (name: string, perDay: number | null, warn = 0.8) =>
  ({ type: name, spending: { perDay, warn, byTenant: false } }) as JobType;
const paused = (by: string) => ({ paused: true, pause: { since: 0, by, reason: "" } }) as TypeNumbers;
const spent = (dollars: Record<string, number>) =>
  new Map(Object.entries(dollars).map(([name, amount]) => [name, amount * 1e9]));

test("only types with a budget are listed, the one with the largest share first", () => {
  const none = { type: "c", spending: null } as JobType;
  const found = budgetsOf([type("a", 10), none, type("d", null), type("b", 1)], spent({ a: 2, b: 0.5 }), {});
  expect(found.map((one) => [one.type, one.share])).toEqual([
    ["b", 0.5],
    ["a", 0.2],
  ]);
});

test("a budget warns from its own share on, and says whether the budget or an operator has paused the type", () => {
  const state = (dollars: number, numbers = {}) =>
    budgetsOf([type("a", 10, 0.5)], spent({ a: dollars }), numbers)[0]?.state;
  expect(state(4.99)).toBe("fine");
  expect(state(5)).toBe("warns");
  expect(state(10)).toBe("spent");
  expect(state(12, { a: paused(BY_BUDGET) })).toBe("stopped");
  expect(state(1, { a: paused("ada") })).toBe("paused");
});

test("a type without jobs today has spent nothing", () => {
  expect(budgetsOf([type("a", 10)], new Map(), {})[0]).toMatchObject({ spent: 0, share: 0, state: "fine" });
});

test("the name of who pauses for a budget is the one that the API promises", () => {
  const { components } = JSON.parse(readFileSync("../docs/openapi.json", "utf8")) as {
    components: { schemas: { PauseNote: { properties: { by: { description: string } } } } };
  };
  expect(components.schemas.PauseNote.properties.by.description).toContain(`\`${BY_BUDGET}\``);
});
