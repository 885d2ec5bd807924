import { expect, test } from "vitest";
import { T0 } from "@/test/factories";
import { actionFilter, isFiltered, readQuery, readSearch, toFilter } from "./search";

test("an address is read back as it was written", () => {
  const search = {
    status: "failed",
    type: "email.send",
    tag: "a:b",
    tenant: "two words",
    error: "timed out",
    range: "6h",
    sort: "run",
    dir: "asc",
  };
  expect(readSearch(search)).toEqual(search);
});

test("what makes no sense in an address is left out", () => {
  expect(
    readSearch({ status: "nonsense", range: "soon", sort: "colour", from: "yesterday", dir: "sideways" }),
  ).toEqual({});
});

test("a picked stretch survives as milliseconds", () => {
  expect(readSearch({ from: "1795564800000", to: "1795568400000" })).toEqual({
    from: 1795564800000,
    to: 1795568400000,
  });
});

test("a relative range begins that long ago, and a picked one wins over it", () => {
  expect(toFilter({ range: "1h" }, T0).createdAfter).toBe(T0 - 3_600_000);
  expect(toFilter({ range: "1h", from: T0 }, T0 + 5).createdAfter).toBe(T0);
});

test("a search of payloads looks at one day, unless another time is chosen", () => {
  expect(toFilter({ payload: "x" }, T0).createdAfter).toBe(T0 - 86_400_000);
  expect(toFilter({ payload: "x", range: "7d" }, T0).createdAfter).toBe(T0 - 7 * 86_400_000);
  expect(toFilter({ payload: "x", from: T0 }, T0).createdAfter).toBe(T0);
});

test.each([
  ["tag:nightly", { tag: "nightly" }],
  ["tenant:acme type:email.send", { tenant: "acme", type: "email.send" }],
  ["ERROR: timed out", { error: "timed out" }],
  ["id:1A2B", { id: "1a2b" }],
  ["schedule:nightly", { schedule: "nightly" }],
  ["1A2B", { q: "1A2B" }],
  ["mailbox full", { q: "mailbox full" }],
  ["customer:8", { q: "customer:8" }],
  ["payment:42", { q: "payment:42" }],
  ["identity:42", { q: "identity:42" }],
  ["https://example.com/a", { q: "https://example.com/a" }],
  [
    "tag:customer:8 status:dead-letter type:email.send",
    { tag: "customer:8", status: "dead_letter", type: "email.send" },
  ],
  ["tag:a connection refused", { tag: "a", q: "connection refused" }],
  ["payload:to=ada type:email.send", { payload: "to=ada", type: "email.send" }],
  ["error:timed out Payload: big order", { error: "timed out", payload: "big order" }],
  ["type:email.send error:1a2b", { type: "email.send", error: "1a2b" }],
  ["   ", {}],
])("the box reads %j", (typed, meant) => expect(readQuery(typed)).toEqual({ sought: meant, unknown: null }));

test.each([
  ["status:dead", "status:dead_letter"],
  ["status:compelted", "status:completed"],
  ["status:nonsense", null],
  ["stauts:failed", "status:failed"],
  ["tenent:acme", "tenant:acme"],
  ["tags:nightly", "tag:nightly"],
])("the box does not know %j and names the nearest it knows", (typed, nearest) => {
  expect(readQuery(typed)).toEqual({ sought: {}, unknown: { typed, nearest } });
});

test("an action on all that match is offered only where it is legal", () => {
  expect(actionFilter({ status: "completed" }, "retry", T0)).toBeNull();
  expect(actionFilter({ status: "failed" }, "retry", T0)).toMatchObject({ status: "failed" });
  expect(actionFilter({ id: "1a2b", fingerprint: "0123456789ab" }, "cancel", T0)).toMatchObject({
    idPrefix: "1a2b",
    fingerprint: "0123456789ab",
  });
});

test("the status alone is no filter", () => {
  expect(isFiltered({ status: "failed" })).toBe(false);
  expect(isFiltered({ status: "failed", tag: "x" })).toBe(true);
  expect(isFiltered({ tenant: "acme" })).toBe(true);
});
