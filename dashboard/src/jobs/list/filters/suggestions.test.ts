import { expect, test } from "vitest";
import { suggestions } from "./suggestions";

const known = {
  types: ["email.send"],
  tags: ["nightly", "customer:8"],
  tenants: ["acme"],
  schedules: ["nightly-export"],
  errors: ["TimeoutError"],
  fields: ["order"],
};

test.each([
  ["night", ["tag:nightly", "schedule:nightly-export"]],
  ["type:email.send time", ["type:email.send error:TimeoutError"]],
  ["tag:cust", ["tag:customer:8"]],
  ["ord", ["payload:order="]],
  ["acm", ["tenant:acme"]],
])("for %j the box offers the filters that exist", (typed, offered) =>
  expect(suggestions(typed, known)).toEqual(offered),
);
