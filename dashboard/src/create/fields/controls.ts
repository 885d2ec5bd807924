import { isObject, type Json, type JsonObject } from "@/lib/json";

/** The control for a property of a payload. */
export type Control =
  | {
      kind: "text";
      format: "plain" | "email" | "uri" | "date" | "datetime" | "time" | "duration";
      long: boolean;
      maxLength: number | null;
    }
  | { kind: "upload" }
  | { kind: "number"; integer: boolean; min: number | null; max: number | null }
  | { kind: "boolean" }
  | { kind: "choice"; options: Json[] }
  | { kind: "choices"; options: Json[] }
  | { kind: "chips" }
  | { kind: "list"; item: FieldSpec }
  | { kind: "object"; fields: FieldSpec[] }
  | { kind: "json" };

export interface FieldSpec {
  name: string;
  title: string;
  description: string;
  required: boolean;
  nullable: boolean;
  /** The API's default; undefined without one. */
  fallback: Json | undefined;
  example: Json | undefined;
  control: Control;
}

const LONG = 500;
/** Maximum number of characters of a text that is shown as a chip. */
const CHIP = 80;
const DEEPEST = 4;

/** Return the fields of an object's schema, in the schema's order, required fields first. */
export function fieldsOf(schema: JsonObject, root: JsonObject = schema, depth = 0): FieldSpec[] {
  const required = Array.isArray(schema.required) ? schema.required : [];
  const properties = isObject(schema.properties) ? schema.properties : {};
  const fields = Object.entries(properties).map(([name, property]) =>
    fieldOf(name, property, required.includes(name), root, depth),
  );
  return [...fields.filter((field) => field.required), ...fields.filter((field) => !field.required)];
}

function fieldOf(
  name: string,
  property: Json,
  required: boolean,
  root: JsonObject,
  depth: number,
): FieldSpec {
  const outer = resolve(property, root);
  const { schema, nullable } = unwrap(outer, root);
  const text = (key: string) =>
    [outer[key], schema[key]].find((value): value is string => typeof value === "string") ?? "";
  const examples = [outer.examples, schema.examples].find((value): value is Json[] => Array.isArray(value));
  return {
    name,
    title: titleOf(name),
    description: text("description"),
    required,
    nullable,
    fallback: outer.default,
    example: examples?.[0],
    control: controlOf(schema, root, depth),
  };
}

const INITIALS = /\b(bcc|cc|csv|html|http|https|id|ip|json|pdf|sms|sql|uri|url|utc|uuid|xml)\b/g;

/**
 * Return a readable name: "reply_to" becomes "Reply to", and "html" becomes "HTML". (pydantic's own titles capitalise
 * every word.)
 */
function titleOf(name: string): string {
  const words = name.replace(/_/g, " ").replace(INITIALS, (initials) => initials.toUpperCase());
  return words.charAt(0).toUpperCase() + words.slice(1);
}

function resolve(schema: Json | undefined, root: JsonObject): JsonObject {
  if (!isObject(schema)) return {};
  const ref = schema.$ref;
  if (typeof ref !== "string" || !ref.startsWith("#/")) return schema;
  let found: Json | undefined = root;
  for (const part of ref.slice(2).split("/")) found = isObject(found) ? found[part] : undefined;
  // A description or default beside a $ref describes the field better than the referenced schema.
  const { $ref: _, ...beside } = schema;
  return { ...(isObject(found) ? found : {}), ...beside };
}

/** Treat "X or null" as an X that may be missing. */
function unwrap(schema: JsonObject, root: JsonObject): { schema: JsonObject; nullable: boolean } {
  const options = schema.anyOf ?? schema.oneOf;
  if (!Array.isArray(options)) return { schema, nullable: false };
  const real = options.map((one) => resolve(one, root)).filter((one) => one.type !== "null");
  const nullable = real.length < options.length;
  const [only] = real;
  if (real.length === 1 && only) return { schema: only, nullable };
  return { schema: real.every((one) => "const" in one) ? { oneOf: real } : {}, nullable };
}

function controlOf(schema: JsonObject, root: JsonObject, depth: number): Control {
  const options = optionsOf(schema);
  if (options) return { kind: "choice", options };
  switch (schema.type) {
    case "string":
      return stringControl(schema);
    case "integer":
    case "number":
      return {
        kind: "number",
        integer: schema.type === "integer",
        min: numberOr(schema.minimum ?? schema.exclusiveMinimum),
        max: numberOr(schema.maximum ?? schema.exclusiveMaximum),
      };
    case "boolean":
      return { kind: "boolean" };
    case "array":
      return arrayControl(schema, root, depth);
    case "object":
      return isObject(schema.properties) && depth < DEEPEST
        ? { kind: "object", fields: fieldsOf(schema, root, depth + 1) }
        : { kind: "json" };
    default:
      return { kind: "json" };
  }
}

function optionsOf(schema: JsonObject): Json[] | null {
  if (Array.isArray(schema.enum)) return schema.enum;
  if ("const" in schema) return [schema.const ?? null];
  // A schema that has a description for each value is a choice, too.
  const each = schema.anyOf ?? schema.oneOf;
  const fixed = Array.isArray(each)
    ? each.flatMap((one) => (isObject(one) && "const" in one ? [one.const ?? null] : []))
    : [];
  return Array.isArray(each) && fixed.length === each.length ? fixed : null;
}

const FORMATS: Record<string, Extract<Control, { kind: "text" }>["format"]> = {
  email: "email",
  uri: "uri",
  date: "date",
  "date-time": "datetime",
  time: "time",
  duration: "duration",
};

function stringControl(schema: JsonObject): Control {
  if (typeof schema.pattern === "string" && schema.pattern.startsWith("^uploads/")) return { kind: "upload" };
  const format = FORMATS[typeof schema.format === "string" ? schema.format : ""] ?? "plain";
  const maxLength = numberOr(schema.maxLength);
  return { kind: "text", format, long: format === "plain" && (maxLength ?? 0) > LONG, maxLength };
}

function arrayControl(schema: JsonObject, root: JsonObject, depth: number): Control {
  if (depth >= DEEPEST) return { kind: "json" };
  const item = fieldOf("", schema.items ?? {}, true, root, depth + 1);
  if (item.control.kind === "choice") return { kind: "choices", options: item.control.options };
  if (isShort(item.control)) return { kind: "chips" };
  return item.control.kind === "json" || item.control.kind === "list"
    ? { kind: "json" }
    : { kind: "list", item };
}

/** Return true for a text that fits into a chip, by its declared maximum length. */
function isShort(control: Control): boolean {
  if (control.kind !== "text" || control.format !== "plain") return false;
  return control.maxLength !== null && control.maxLength <= CHIP;
}

function numberOr(value: Json | undefined): number | null {
  return typeof value === "number" ? value : null;
}

/** Return the first value of a new field of this kind. */
export function blank(field: FieldSpec): Json {
  if (field.example !== undefined) return field.example;
  switch (field.control.kind) {
    case "object":
      return Object.fromEntries(
        field.control.fields.filter((one) => one.required).map((one) => [one.name, blank(one)]),
      );
    case "number":
      return field.control.min ?? 0;
    case "boolean":
      return false;
    case "choice":
      return field.control.options[0] ?? null;
    case "list":
    case "chips":
    case "choices":
      return [];
    default:
      return "";
  }
}

/** Return the fields that use a whole line: large fields, and a text without a small field beside it. */
export function wholeLines(fields: FieldSpec[]): Set<FieldSpec> {
  const wide = new Set(fields.filter(isWide));
  let beside = false;
  fields.forEach((field, at) => {
    const next = fields[at + 1];
    const alone = !beside && (next === undefined || wide.has(next));
    if (alone && field.control.kind === "text") wide.add(field);
    beside = !wide.has(field) && !beside;
  });
  return wide;
}

function isWide({ control }: FieldSpec): boolean {
  if (control.kind === "text") return control.long;
  return ["upload", "list", "object", "json", "choices", "chips"].includes(control.kind);
}
