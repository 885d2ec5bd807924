import { expect, test } from "vitest";
import { T0 } from "@/test/factories";
import {
  actionFilter,
  isFiltered,
  isServerOrder,
  readQuery,
  readSearch,
  sortOf,
  toFilter,
  wider,
} from "./search";

const ID = "0b8f4d52-5c0a-4c55-9d6c-6f0c7c2f5a11";

test("each search without a match has a wider one, up to any time, or for payloads up to a week", () => {
  expect(wider({ tag: "a", range: "1h" })).toEqual({ tag: "a", range: "6h" });
  expect(wider({ tag: "a", range: "2h" })).toEqual({ tag: "a", range: "6h" });
  expect(wider({ tag: "a", range: "7d" })).toEqual({ tag: "a" });
  expect(wider({ tag: "a", from: 1, to: 2 })).toEqual({ tag: "a" });
  expect(wider({ tag: "a" })).toBeNull();
  expect(wider({ payload: "a" })).toEqual({ payload: "a", range: "7d" });
  expect(wider({ payload: "a", from: 1 })).toEqual({ payload: "a", range: "7d" });
  expect(wider({ payload: "a", range: "7d" })).toBeNull();
});

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
  [`batch:${ID.toUpperCase()} status:failed`, { batch: ID, status: "failed" }],
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
  ["status:dead", "status:dead", "status:dead_letter"],
  ["status:compelted", "status:compelted", "status:completed"],
  ["STATUS:dead", "STATUS:dead", "status:dead_letter"],
  ["status: dead", "status: dead", "status:dead_letter"],
  ["tag:a status:dead now", "status:dead", "tag:a status:dead_letter now"],
  ["stauts:failed", "stauts:failed", "status:failed"],
  ["Stauts: failed", "Stauts:", "status: failed"],
  ["tenent:acme", "tenent:acme", "tenant:acme"],
  ["tags:nightly", "tags:nightly", "tag:nightly"],
  ["eror:timed out", "eror:timed", "error:timed out"],
  ["stauts:failed type:x foo", "stauts:failed", "status:failed type:x foo"],
  ["tag:a tenent:acme type:x", "tenent:acme", "tag:a tenant:acme type:x"],
  ["stauts:dead tenent:acme", "stauts:dead", "status:dead_letter tenant:acme"],
  ["tags:$&$'", "tags:$&$'", "tag:$&$'"],
])("the box does not know %j, and offers the nearest search that it knows", (text, typed, corrected) => {
  expect(readQuery(text)).toEqual({ sought: {}, unknown: { typed, corrected } });
  expect(readQuery(corrected).unknown).toBeNull();
});

test.each(["status:nonsense", "stauts:nonsense", "tags:a status:nonsense"])(
  "for %j, a status that is like none, nothing is offered",
  (text) => {
    expect(readQuery(text)).toEqual({ sought: {}, unknown: { typed: "status:nonsense", corrected: null } });
  },
);

test("an action on all that match is offered only where it is legal", () => {
  expect(actionFilter({ status: "completed" }, "retry", T0)).toBeNull();
  expect(actionFilter({ status: "failed" }, "retry", T0)).toMatchObject({ status: "failed" });
  expect(actionFilter({ id: "1a2b", fingerprint: "0123456789ab" }, "cancel", T0)).toMatchObject({
    idPrefix: "1a2b",
    fingerprint: "0123456789ab",
  });
});

test("an action on all jobs of a round changes no others; none is offered on all jobs of one parent", () => {
  expect(actionFilter({ batch: "b" }, "retry", T0)).toMatchObject({ batch: "b" });
  expect(actionFilter({ batch: "b", round: 2 }, "retry", T0)).toMatchObject({ batch: "b", round: 2 });
  expect(actionFilter({ parent: "p" }, "cancel", T0)).toBeNull();
});

test("a round without its batch is left out of an address", () => {
  expect(readSearch({ round: "2" })).toEqual({});
  expect(readSearch({ batch: ID, round: "2" })).toEqual({ batch: ID, round: 2 });
});

test("a batch or a parent without its whole id, which the API refuses, is left out of an address", () => {
  expect(readSearch({ batch: "0b8f4d52", round: "2" })).toEqual({});
  expect(readSearch({ parent: "0b8f4d52" })).toEqual({});
  expect(readSearch({ parent: ID.toUpperCase() })).toEqual({ parent: ID });
});

test("a short id of a batch is no search, and the box says what is missing", () => {
  expect(readQuery("status:failed batch:0b8f4d52")).toEqual({
    sought: {},
    unknown: { typed: "batch:0b8f4d52", corrected: null, wholeId: true },
  });
});

test("members and child jobs are not sorted by their creation, unless the browser sorts them", () => {
  expect([sortOf({}), isServerOrder({}), isServerOrder({ sort: "created" })]).toEqual([
    "created",
    true,
    true,
  ]);
  for (const list of [{ batch: ID }, { parent: ID }]) {
    expect([sortOf(list), isServerOrder(list)]).toEqual([undefined, true]);
    expect(isServerOrder({ ...list, sort: "created" })).toBe(false);
  }
});

test("the status alone is no filter", () => {
  expect(isFiltered({ status: "failed" })).toBe(false);
  expect(isFiltered({ status: "failed", tag: "x" })).toBe(true);
  expect(isFiltered({ tenant: "acme" })).toBe(true);
});
