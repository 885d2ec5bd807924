import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { createBody } from "@/api/jobs/newJob";
import type { JsonObject } from "@/lib/json";
import { T0 } from "@/test/factories";
import { checkOptions, NO_OPTIONS, tagsOf, toNewJob } from "./draft";
import { blank, fieldsOf, wholeLines, type FieldSpec } from "@/create/fields/controls";
import { fromApi, within } from "@/create/fields/problems";
import { validate } from "@/create/fields/validate";

const types = JSON.parse(readFileSync("fake/sim/job-types.json", "utf8")) as {
  type: string;
  schema: JsonObject;
  example: JsonObject;
}[];
const schemaOf = (type: string) => types.find((one) => one.type === type)?.schema ?? {};
const field = (type: string, name: string): FieldSpec => {
  const found = fieldsOf(schemaOf(type)).find((one) => one.name === name);
  if (!found) throw new Error(`${type} has no ${name}`);
  return found;
};

test.each(types)(
  "the example of $type is valid, and every field of it has a control that is not bare JSON",
  ({ schema, example }) => {
    expect(validate(schema, example)).toEqual({});
    for (const one of fieldsOf(schema)) expect(one.control.kind, one.name).not.toBe("json");
  },
);

test("each kind of property gets its own control", () => {
  expect(field("image.process", "key").control.kind).toBe("upload");
  expect(field("image.process", "format").control).toEqual({
    kind: "choice",
    options: ["jpeg", "png", "webp"],
  });
  expect(field("image.process", "quality").control).toEqual({
    kind: "number",
    integer: true,
    min: 1,
    max: 95,
  });
  expect(field("image.process", "resize")).toMatchObject({ nullable: true, control: { kind: "object" } });
  expect(field("email.send", "to").control).toMatchObject({
    kind: "list",
    item: { control: { kind: "text", format: "email" } },
  });
  expect(field("email.send", "text").control).toMatchObject({ kind: "text", long: true });
  expect(field("report.generate", "formats").control).toEqual({ kind: "choices", options: ["csv", "html"] });
  expect(field("report.generate", "from").control).toMatchObject({ kind: "text", format: "datetime" });
});

test("choices and lists of short texts get chips, whichever way the schema writes them", () => {
  const control = (schema: JsonObject) =>
    fieldsOf({ type: "object", properties: { one: schema }, $defs: { Mode: { enum: ["a", "b"] } } })[0]
      ?.control;
  const list = (items: JsonObject): JsonObject => ({ type: "array", items });
  expect(control({ $ref: "#/$defs/Mode" })).toEqual({ kind: "choice", options: ["a", "b"] });
  expect(control({ oneOf: [{ const: 1, title: "One" }, { const: 2 }] })).toEqual({
    kind: "choice",
    options: [1, 2],
  });
  expect(control({ anyOf: [{ const: "x" }, { const: "y" }, { type: "null" }] })).toEqual({
    kind: "choice",
    options: ["x", "y"],
  });
  expect(control({ anyOf: [{ const: 1 }, { type: "string" }] })?.kind).toBe("json");
  expect(control(list({ $ref: "#/$defs/Mode" }))).toEqual({ kind: "choices", options: ["a", "b"] });
  expect(control(list({ type: "string", maxLength: 40 }))).toEqual({ kind: "chips" });
  expect(control(list({ type: "string" }))?.kind).toBe("list");
  expect(control(list({ type: "string", maxLength: 40, format: "email" }))?.kind).toBe("list");
});

test("a field's name is read as words, and initials stay initials", () => {
  const properties = { reply_to: {}, html: {}, user_id: {}, identity: {}, bcc: {} };
  expect(fieldsOf({ type: "object", properties }).map(({ title }) => title)).toEqual([
    "Reply to",
    "HTML",
    "User ID",
    "Identity",
    "BCC",
  ]);
});

test("required fields come first, and adding an object starts with what it needs", () => {
  expect(fieldsOf(schemaOf("email.send"))[0]?.name).toBe("subject");
  expect(blank(field("image.process", "resize"))).toEqual({ width: 800, height: 800 });
});

test("a text takes a whole line where nothing small stands beside it", () => {
  const text = { type: "string", maxLength: 40 };
  const properties = {
    alone: text,
    many: { type: "array", items: text },
    left: text,
    right: text,
    last: { type: "integer" },
  };
  const wide = wholeLines(fieldsOf({ type: "object", properties }));
  expect([...wide].map((field) => field.name).sort()).toEqual(["alone", "many"]);
});

test("a schema that refers to itself ends", () => {
  const schema: JsonObject = {
    $defs: { Node: { type: "object", properties: { next: { $ref: "#/$defs/Node" } } } },
    properties: { root: { $ref: "#/$defs/Node" } },
  };
  expect(fieldsOf(schema)).toHaveLength(1);
});

test("what is wrong is said in words, at its place", () => {
  const problems = validate(schemaOf("image.process"), {
    key: "nowhere.png",
    quality: 400,
    resize: { width: 5 },
    colour: 1,
  });
  expect(problems).toMatchObject({
    key: "Invalid format: must begin with “uploads/”.",
    quality: "At most 95.",
    "resize.height": "Required.",
    colour: "Unknown field.",
  });
  expect(within(problems, "resize")).toEqual({ height: "Required." });
  expect(validate(schemaOf("email.send"), { subject: "Hi", to: ["no address"] })["to.0"]).toBe(
    "Use an e-mail address like ada@example.com.",
  );
  expect(validate(schemaOf("email.send"), {})).toEqual({ subject: "Required." });
});

test("the API's findings land on the same fields", () => {
  const found = fromApi([
    { loc: ["payload", "to", 0], msg: "not an address" },
    { loc: ["body", "payload", "subject"], msg: "too long" },
    { loc: ["tags", 1], msg: "bad tag" },
  ]);
  expect(found).toEqual({ "to.0": "not an address", subject: "too long", "tags.1": "bad tag" });
});

const LIMITS = { max_attempts: 30, max_delay_s: 31_536_000, tags: 10 };

test("options are checked as the API checks them", () => {
  const wrong = {
    ...NO_OPTIONS,
    maxAttempts: "31",
    when: "at" as const,
    runAt: "2020-01-01T00:00",
    tags: "fine, bad tag!",
    key: "with space",
  };
  expect(Object.keys(checkOptions(wrong, LIMITS, T0)).sort()).toEqual([
    "idempotency_key",
    "max_attempts",
    "run_at",
    "tags",
  ]);
  expect(
    checkOptions({ ...NO_OPTIONS, maxAttempts: "10", when: "delay", delay: "60", tags: "a,b a" }, LIMITS, T0),
  ).toEqual({});
  expect(tagsOf("a, b  a")).toEqual(["a", "b"]);
  expect(createBody(toNewJob("t", {}, NO_OPTIONS))).toEqual({ type: "t", payload: {} });
  expect(createBody(toNewJob("t", {}, { ...NO_OPTIONS, priority: "high" }))).toMatchObject({
    priority: "high",
  });
  expect(toNewJob("t", {}, { ...NO_OPTIONS, when: "delay", delay: "60" })).toMatchObject({
    delaySeconds: 60,
    runAt: undefined,
  });
});
