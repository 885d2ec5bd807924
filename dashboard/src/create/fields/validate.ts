import { Validator } from "@cfworker/json-schema";
import type { FieldError } from "@/api/errors";
import { rounded, type Json, type JsonObject } from "@/lib/json";

/** What is wrong, by where: "to.0" or "resize.width"; "" is the payload as a whole. */
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
  for (const { instanceLocation, keyword, error } of errors) {
    const place = instanceLocation.replace(/^#\/?/, "").split("/").map(decode).join(".");
    if (keyword === "required") {
      const name = /"([^"]+)"/.exec(error)?.[1];
      if (name) found[place ? `${place}.${name}` : name] ??= "Fill this in.";
    } else if (keyword === "additionalProperties" || (keyword === "false" && error)) {
      found[place] ??= "There is no such field.";
    } else if (!CONTAINERS.has(keyword) && !isNullBranch(keyword, error)) {
      found[place] ??= sentence(keyword, error);
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

function sentence(keyword: string, error: string): string {
  const limit = /-?\d+(?:\.\d+)?(?=[^\d]*$)/.exec(error)?.[0] ?? "";
  switch (keyword) {
    case "minLength":
      return "Fill this in.";
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
      return /"([a-z-]+)"\.?$/.test(error)
        ? `Not a valid ${/"([a-z-]+)"\.?$/.exec(error)?.[1] ?? "value"}.`
        : "Not in the right form.";
    case "pattern":
      return "Not in the right form.";
    case "enum":
      return "Not one of the choices.";
    case "type":
      return "Not the right kind of value.";
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
