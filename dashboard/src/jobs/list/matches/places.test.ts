import { expect, test } from "vitest";
import type { Found } from "@/api/jobs/jobs";
import { job, T0 } from "@/test/factories";
import { distinct, haveTenants, placesOf } from "./places";

const found = (...ids: string[]): Found => ({ jobs: ids.map((id) => job(id)), more: false, looked: 9 });

test("plain text is asked for in each place where it can be, beside the other filters", () => {
  const places = placesOf({ q: "O-3058", type: "order.ship" }, T0, true);
  expect(places.map((one) => one.place)).toEqual(["tenant", "tag", "schedule", "payload", "error"]);
  expect(places.map((one) => one.filter.type)).toEqual(Array(5).fill("order.ship"));
  expect(placesOf({ q: "1A2B" }, T0, true)[0]).toMatchObject({ place: "id", search: { id: "1a2b" } });
});

test("a place that is set already, or that cannot hold the text, is not asked", () => {
  const places = placesOf({ q: "two words", tenant: "acme" }, T0, true).map((one) => one.place);
  expect(places).toEqual(["schedule", "payload", "error"]);
});

test("a tenant is asked for only where jobs can have one", () => {
  const [plain, fair, serial] = [
    { type: "plain", fairBy: null, serialBy: null },
    { type: "fair", fairBy: "customer", serialBy: null },
    { type: "serial", fairBy: null, serialBy: "account" },
  ];
  expect(placesOf({ q: "acme" }, T0, false).map((one) => one.place)).not.toContain("tenant");
  expect([haveTenants([plain], undefined), haveTenants([plain, fair], undefined)]).toEqual([false, true]);
  expect([haveTenants([plain, fair], "plain"), haveTenants([plain, serial], "serial")]).toEqual([
    false,
    true,
  ]);
  expect(haveTenants([plain], "removed")).toBe(true);
});

test("payloads are searched for a day, or for the time that is set", () => {
  const since = (range?: string) =>
    placesOf({ q: "x y", ...(range && { range }) }, T0, true).find((one) => one.place === "payload")?.filter
      .createdAfter;
  expect([since(), since("7d")]).toEqual([T0 - 86_400_000, T0 - 7 * 86_400_000]);
});

test("a place whose jobs were all found in places before it is not shown again", () => {
  const answers = [
    { place: "tenant", found: found("a", "b") },
    { place: "payload", found: found("b", "a") },
    { place: "error", found: found("a", "c") },
    { place: "tag", found: found() },
    { place: "id", found: undefined },
  ];
  expect(distinct(answers).map((one) => one.place)).toEqual(["tenant", "error"]);
});
