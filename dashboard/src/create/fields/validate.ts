import { format, Validator } from "@cfworker/json-schema";
import { isObject, rounded, type Json, type JsonObject } from "@/lib/json";
import { t } from "@/texts/en/create";
import type { Problems } from "./problems";

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

/**
 * The formats as the API reads them: a time of day needs no offset, and a duration may have gaps ("PT1H30S"), a sign
 * and fractions of a second.
 */
const DURATION = /^[-+]?P(?=\d|T\d)(\d+Y)?(\d+M)?(\d+W)?(\d+D)?(T(?=\d)(\d+H)?(\d+M)?(\d+(\.\d+)?S)?)?$/;
const TIME = /^([01]\d|2[0-3]):[0-5]\d(:[0-5]\d(\.\d+)?)?(z|[+-]\d\d:?\d\d)?$/i;
Object.assign(format, {
  time: (text: string) => TIME.test(text),
  duration: (text: string) => DURATION.test(text),
});

/**
 * Return the findings of the schema that the API publishes. The schema is interpreted, not compiled, because our policy
 * forbids eval.
 */
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
      if (name) found[place ? `${place}.${name}` : name] ??= t.requiredSentence;
    } else if (keyword === "additionalProperties" || (keyword === "false" && error)) {
      found[place] ??= t.unknownField;
    } else if (!CONTAINERS.has(keyword) && !isNullBranch(keyword, error)) {
      found[place] ??=
        keyword === "pattern"
          ? patternHint(schema, keywordLocation)
          : keyword === "format" && isEmpty(payload, place)
            ? t.requiredSentence
            : sentence(keyword, error);
    }
  }
  return Object.keys(found).length ? found : { "": t.schemaMismatch };
}

/** Return true for an empty field: for it, the message "required" is more useful than a message about the format. */
function isEmpty(payload: Json, place: string): boolean {
  return place.split(".").reduce<Json | undefined>(fieldOf, payload) === "";
}

function fieldOf(found: Json | undefined, name: string): Json | undefined {
  return isObject(found) ? found[name] : undefined;
}

/** For "a number or null", omit the message that the value is not null. */
function isNullBranch(keyword: string, error: string): boolean {
  return keyword === "type" && error.includes('Expected "null"');
}

function decode(part: string): string {
  return decodeURIComponent(part).replaceAll("~1", "/").replaceAll("~0", "~");
}

const FORMAT: Record<string, string> = {
  email: t.formatEmail,
  "date-time": t.formatDateTime,
  date: t.formatDate,
  time: t.formatTime,
  duration: t.formatDuration,
  uri: t.formatUri,
  uuid: t.formatUuid,
};

/** Name the text with which a value must begin, if its pattern contains one. */
function patternHint(schema: JsonObject, location: string): string {
  const pattern = at(schema, location);
  const start = typeof pattern === "string" ? /^\^([\w./-]+?)(?=[[({\\.]|$)/.exec(pattern)?.[1] : undefined;
  return start ? t.invalidFormatMustBegin(start) : t.invalidFormat;
}

/** Follow a keyword location of the validator, including references. */
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
      return t.requiredSentence;
    case "maxLength":
      return t.atMostCharacters(limit);
    case "minimum":
    case "exclusiveMinimum":
      return t.atLeast(limit);
    case "maximum":
    case "exclusiveMaximum":
      return t.atMost(limit);
    case "minItems":
      return t.atLeast(limit);
    case "maxItems":
      return t.atMost(limit);
    case "format":
      return FORMAT[/"([a-z-]+)"\.?$/.exec(error)?.[1] ?? ""] ?? t.invalidFormat;
    case "enum":
      return t.chooseOneOfThe;
    case "type":
      return t.wrongTypeExpected(/Expected "([a-z]+)"/.exec(error)?.[1] ?? t.anotherType);
    default:
      return error;
  }
}
