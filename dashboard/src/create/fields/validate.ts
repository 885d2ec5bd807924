import { Validator } from "@cfworker/json-schema";
import type { FieldError } from "@/api/errors";
import { isObject, rounded, type Json, type JsonObject } from "@/lib/json";

/** Problems by path: "to.0" or "resize.width"; "" is the payload as a whole. */
export type Problems = Readonly<Record<string, string>>;

const CONTAINERS = new Set([
  "properties",
  "items",
  "anyOf",
  "oneOf",
  "allOf",
  "$ref",
  "additionalProperties",
  "if",
  "prefixItems",
]);

/** The schema's findings, by the schema that the API publishes. Interpreted, not compiled: our policy forbids eval. */
export function validate(schema: JsonObject, payload: Json): Problems {
  const { valid, errors } = new Validator(rounded(schema) as JsonObject, "2020-12", false).validate(
    rounded(payload),
  );
  if (valid) return {};
  const found: Record<string, string> = {};
  for (const { instanceLocation, keyword, keywordLocation, error } of errors) {
    const place = instanceLocation.replace(/^#\/?/, "").split("/").map(decode).join(".");
    if (keyword === "required") {
      const name = /"([^"]+)"/.exec(error)?.[1];
      if (name) found[place ? `${place}.${name}` : name] ??= "Required.";
    } else if (keyword === "additionalProperties" || (keyword === "false" && error)) {
      found[place] ??= "Unknown field.";
    } else if (!CONTAINERS.has(keyword) && !isNullBranch(keyword, error)) {
      found[place] ??=
        keyword === "pattern" ? patternHint(schema, keywordLocation) : sentence(keyword, error);
    }
  }
  return Object.keys(found).length ? found : { "": "The payload does not match the schema." };
}

/** Of "a number or null", that it is not null says nothing. */
function isNullBranch(keyword: string, error: string): boolean {
  return keyword === "type" && error.includes('Expected "null"');
}

function decode(part: string): string {
  return decodeURIComponent(part).replaceAll("~1", "/").replaceAll("~0", "~");
}

const FORMAT: Record<string, string> = {
  email: "Use an e-mail address like ada@example.com.",
  "date-time": "Use a date and time like 2026-11-27T06:00:00Z.",
  date: "Use a date like 2026-11-27.",
  uri: "Use an address like https://example.com/.",
  uuid: "Use a UUID.",
};

/** Name the text that a value must begin with, where its pattern says so. */
function patternHint(schema: JsonObject, location: string): string {
  const pattern = at(schema, location);
  const start = typeof pattern === "string" ? /^\^([\w./-]+?)(?=[[({\\.]|$)/.exec(pattern)?.[1] : undefined;
  return start ? `Invalid format: must begin with “${start}”.` : "Invalid format.";
}

/** Follow a keyword location of the validator, references included. */
function at(root: JsonObject, location: string): Json | undefined {
  let found: Json | undefined = root;
  for (const part of location.split("/").slice(1).map(decode)) {
    if (!isObject(found)) return undefined;
    const next: Json | undefined = found[part];
    found = part === "$ref" && typeof next === "string" ? at(root, next) : next;
  }
  return found;
}

function sentence(keyword: string, error: string): string {
  const limit = /-?\d+(?:\.\d+)?(?=[^\d]*$)/.exec(error)?.[0] ?? "";
  switch (keyword) {
    case "minLength":
      return "Required.";
    case "maxLength":
      return `At most ${limit} characters.`;
    case "minimum":
    case "exclusiveMinimum":
      return `At least ${limit}.`;
    case "maximum":
    case "exclusiveMaximum":
      return `At most ${limit}.`;
    case "minItems":
      return `At least ${limit}.`;
    case "maxItems":
      return `At most ${limit}.`;
    case "format":
      return FORMAT[/"([a-z-]+)"\.?$/.exec(error)?.[1] ?? ""] ?? "Invalid format.";
    case "enum":
      return "Choose one of the options.";
    case "type":
      return `Wrong type: expected ${/Expected "([a-z]+)"/.exec(error)?.[1] ?? "another type"}.`;
    default:
      return error;
  }
}

/** The API's own findings in the same shape; it has the last word. */
export function fromApi(errors: FieldError[]): Problems {
  const found: Record<string, string> = {};
  for (const { loc, msg } of errors) {
    const path = loc.filter((part, at) => !(at < 2 && (part === "body" || part === "payload")));
    found[path.join(".")] ??= msg;
  }
  return found;
}

/** The problems of one part of the payload, as that part sees them. */
export function within(problems: Problems, name: string | number): Problems {
  const prefix = `${name}.`;
  const inside = Object.entries(problems).flatMap(([path, problem]) => {
    if (path === String(name)) return [["", problem] as const];
    return path.startsWith(prefix) ? [[path.slice(prefix.length), problem] as const] : [];
  });
  return Object.fromEntries(inside);
}
