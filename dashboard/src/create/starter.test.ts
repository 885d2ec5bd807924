import { expect, test } from "vitest";
import { starter } from "./starter";

test("the example comes first", () => {
  expect(starter({ example: { a: 1 }, schema: { required: ["b"] } })).toEqual({ a: 1 });
});

test("a type without an example starts with its required fields, so that a copied call is not empty", () => {
  const schema = {
    type: "object",
    required: ["order", "paper", "to", "size"],
    properties: {
      order: { type: "integer", minimum: 1 },
      paper: { enum: ["A4", "Letter"] },
      to: { $ref: "#/$defs/Person" },
      size: { type: "string", examples: ["large"] },
      note: { type: "string" },
    },
    $defs: { Person: { type: "object", required: ["name"], properties: { name: { type: "string" } } } },
  };
  expect(starter({ example: null, schema })).toEqual({
    order: 1,
    paper: "A4",
    to: { name: "" },
    size: "large",
  });
});

test("a schema that refers to itself ends", () => {
  const schema = { type: "object", required: ["next"], properties: { next: { $ref: "#" } } };
  expect(JSON.stringify(starter({ example: null, schema })).length).toBeLessThan(100);
});
