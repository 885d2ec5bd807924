import { t } from "@/texts/en/base";
/**
 * JSON as it was received. An integer that a JavaScript number would round is a bigint, so that it is shown and sent
 * unchanged.
 */
export type Json = null | boolean | number | bigint | string | Json[] | { [key: string]: Json };
export type JsonObject = Record<string, Json>;

export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Strings (to skip their content) and numbers. */
const TOKENS = /"[^"\\]*(?:\\.[^"\\]*)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g;
const WHOLE = /^-?\d+$/;
const LONG = /\d{16}/;
/** Marks a bigint while the built-in functions process it. It is random, so that no received text can contain it. */
const MARK = `${Math.random().toString(36).slice(2)}:`;

/** Like JSON.parse, without rounding an integer. Raises SyntaxError. */
export function parse(text: string): unknown {
  const rough = JSON.parse(text) as unknown;
  if (!LONG.test(text)) return rough;
  const marked = text.replace(TOKENS, (token) =>
    WHOLE.test(token) && typeof toInteger(token) === "bigint" ? `"${MARK}${token}"` : token,
  );
  return JSON.parse(marked, (_, value: unknown) =>
    typeof value === "string" && value.startsWith(MARK) ? BigInt(value.slice(MARK.length)) : value,
  ) as unknown;
}

/** Like JSON.stringify; bigints are written as integers. */
export function stringify(value: unknown, indent?: number): string {
  const mark = (_: string, one: unknown) => (typeof one === "bigint" ? MARK + String(one) : one);
  const text = JSON.stringify(value, mark, indent);
  return text.includes(MARK) ? text.replaceAll(new RegExp(`"${MARK}(-?\\d+)"`, "g"), "$1") : text;
}

/** Return digits as a number, or as a bigint if a number would be rounded. */
export function toInteger(digits: string): number | bigint {
  const number = Number(digits);
  return Number.isSafeInteger(number) ? number : BigInt(digits);
}

export function pretty(value: unknown): string {
  return stringify(value, 2);
}

/**
 * Return the value with every bigint as a number, for code that does not support bigints: exact enough for a comparison
 * with a limit.
 */
export function rounded(value: Json): Json {
  return JSON.parse(
    JSON.stringify(value, (_, one: unknown) => (typeof one === "bigint" ? Number(one) : one)),
  ) as Json;
}

/** Return the value, or a sentence that says where the text is not valid JSON. */
export function parseJson(text: string): { ok: true; value: Json } | { ok: false; error: string } {
  try {
    return { ok: true, value: parse(text) as Json };
  } catch (error) {
    const message = error instanceof Error ? error.message : "";
    const position = /position (\d+)/.exec(message)?.[1];
    if (!position) return { ok: false, error: t.invalidJson };
    const before = text.slice(0, Number(position)).split("\n");
    const column = (before.at(-1) ?? "").length + 1;
    return { ok: false, error: t.notJson(before.length, column) };
  }
}
