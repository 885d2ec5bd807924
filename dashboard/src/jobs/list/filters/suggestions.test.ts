import { expect, test } from "vitest";
import { suggestions } from "./suggestions";

test("the box offers what exists and contains the text, then the text as each kind of filter", () => {
  const known = {
    types: ["email.send"],
    tags: ["nightly", "customer:8"],
    errors: ["TimeoutError"],
    fields: ["order"],
  };
  expect(suggestions("night", known)).toEqual([
    "tag:nightly",
    "tag:night",
    "error:night",
    "payload:night",
    "id:night",
  ]);
  expect(suggestions("type:email.send time", known)[0]).toBe("type:email.send error:TimeoutError");
  expect(suggestions("tag:cust", known)).toEqual(["tag:customer:8"]);
  expect(suggestions("ord", known)[0]).toBe("payload:order=");
});
